"""Whole days that somebody is away, where they live: from a form's days to instants, and back to days.

In: days as a form sends them, or an absence as it is kept; and the owner's time zone. Called by the pages of owners.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

if TYPE_CHECKING:
    from scoville.web.api.owners import Absence

_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class Days:
    """An absence in days of the owner: the first and the last one away, and the one on which leads come again."""

    absence_no: int
    first: str
    last: str
    back: str
    note: str


def days_away(absence: Absence, zone: str) -> Days:
    """The days of an absence; a day of which a part is away is one of them."""
    there = ZoneInfo(zone)
    first, last, back = (
        at.replace(tzinfo=UTC).astimezone(there).date().isoformat()
        for at in (absence.from_at, absence.until_at - _INSTANT, absence.until_at)
    )
    return Days(absence.absence_no, first, last, back, absence.note)


def beginning(day: str, zone: str, *, days_later: int = 0) -> str:
    """The instant, as text in UTC, at which a day begins there. What is no day comes back, for its reader to refuse."""
    try:
        begins = datetime.combine(date.fromisoformat(day) + timedelta(days=days_later), time(), ZoneInfo(zone))
        return begins.astimezone(UTC).isoformat()
    except (ValueError, OverflowError):  # no day at all, or the calendar's last
        return day
