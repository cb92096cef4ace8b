"""When a message is tried again: the schedule of Standard Webhooks, with jitter. Pure.

Source: https://www.standardwebhooks.com, "Retries"; ten attempts over 75 hours.
"""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

_S, _MIN, _H = timedelta(seconds=1), timedelta(minutes=1), timedelta(hours=1)
SCHEDULE = (0 * _S, 5 * _S, 5 * _MIN, 30 * _MIN, 2 * _H, 5 * _H, 10 * _H, 14 * _H, 20 * _H, 24 * _H)
"""Before each attempt, how long after the one before."""
_JITTER = 0.2  # share of the wait, at most: many messages that failed together do not come back together
_LONGEST_WISH = 24 * _H


def next_attempt_at(message_id: str, attempts: int, now: datetime, retry_after: timedelta | None) -> datetime | None:
    """When to try again after `attempts` failed ones; None when that was the last.

    A wish of the other side (`Retry-After`) makes it later, never earlier, and by a day at most.
    """
    if attempts >= len(SCHEDULE):
        return None
    wait = SCHEDULE[attempts] * (1 + _JITTER * _share(message_id, attempts))
    return now + max(wait, min(retry_after or timedelta(0), _LONGEST_WISH))


def _share(message_id: str, attempts: int) -> float:
    """Between 0 and 1, the same for the same message and attempt."""
    return int.from_bytes(hashlib.sha256(f"{message_id}:{attempts}".encode()).digest()[:4]) / 2**32


def retry_after(written: str | None, now: datetime) -> timedelta | None:
    """The header `Retry-After`, seconds or a date; None when there is none that can be read. `now` is naive UTC."""
    text = (written or "").strip()
    if text.isascii() and text.isdecimal():
        return timedelta(seconds=min(int(text[:9]), 999_999))
    try:
        at = parsedate_to_datetime(text)
    except ValueError:
        return None
    at = at.astimezone(UTC).replace(tzinfo=None) if at.tzinfo else at
    return max(at - now, timedelta(0))
