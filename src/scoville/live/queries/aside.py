"""What was put aside and is still there, by reason: what somebody who looks after the data has to do.

In: a connection. Out: counts. Called by the page Data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from scoville.live.store.log import quarantine, sources

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

MOST_COUNTED = 20_000


@dataclass(frozen=True)
class Aside:
    """Messages that were put aside for one reason and not let in since; `newest_at` is when the last one came."""

    reason: str
    count: int
    newest_at: datetime


def aside_by_reason(connection: Connection) -> list[Aside]:
    """Among the newest messages put aside, the most frequent reason first."""
    newest = (
        select(quarantine.c.reason, quarantine.c.received_at)
        .where(quarantine.c.replayed_at.is_(None))
        .order_by(quarantine.c.quarantine_no.desc())
        .limit(MOST_COUNTED)
        .subquery()
    )
    counted = select(newest.c.reason, func.count(), func.max(newest.c.received_at)).group_by(newest.c.reason)
    return sorted((Aside(*row) for row in connection.execute(counted)), key=lambda one: (-one.count, one.reason))


def put_aside_since(connection: Connection, source: str, since: datetime, limit: int) -> list[tuple[str, str, str]]:
    """Reason, detail and text of the messages of a source that were put aside since an instant, the oldest first."""
    chosen = (
        select(quarantine.c.reason, quarantine.c.detail, quarantine.c.body)
        .join(sources, sources.c.source_no == quarantine.c.source_no)
        .where(sources.c.name == source, quarantine.c.received_at >= since)
        .order_by(quarantine.c.quarantine_no)
        .limit(limit)
    )
    return [(row.reason, row.detail, row.body) for row in connection.execute(chosen)]
