"""Logs as JSON lines: one line an entry, whatever stands in it.

In: nothing. Out: structlog, set up once for the process. Entries name routes, ids of keys and users, times and counts;
never bodies, paths, addresses or anything else that may be somebody's.
"""

from __future__ import annotations

import sys
from typing import TextIO

import structlog


def set_up_logs(to: TextIO | None = None) -> None:
    """Write all entries to a file, stderr unless said. Called once, by whatever starts a server."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.JSONRenderer(),
        ],
        logger_factory=structlog.WriteLoggerFactory(file=to or sys.stderr),
        cache_logger_on_first_use=True,
    )
