"""Working hours in a time zone: whether it is one, when the next one begins, how much of them lies between. Pure.

In: `{"mon": ["09:00-12:30", "13:30-17:00"], ...}` and the IANA name of a zone. Instants are naive UTC. The hours are
those of clocks on the wall: a night on which they are put forward has an hour less.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
_SPAN = re.compile(r"([01]\d|2[0-3]):([0-5]\d)-([01]\d|2[0-4]):([0-5]\d)$")
_DAY = timedelta(days=1)
_FARTHEST = 4000 * _DAY  # a deadline beyond it is a slip of the hand
_MIDNIGHT = 24 * 60


@dataclass(frozen=True)
class Hours:
    """Spans of minutes after midnight for each day of the week; none at all: open at all hours."""

    zone: ZoneInfo
    week: tuple[tuple[tuple[int, int], ...], ...]

    @property
    def is_always(self) -> bool:
        """Whether all time counts."""
        return not any(self.week)

    def are_open(self, at: datetime) -> bool:
        """Whether this instant is one of them: the first of a span is, its end is not."""
        return self.is_always or any(start <= at < end for start, end in self._spans(self.day(at), self.day(at)))

    def between(self, start: datetime, end: datetime) -> timedelta:
        """How much of them lies in [start, end); zero where end comes first."""
        if self.is_always:
            return max(end - start, timedelta(0))
        spans = self._spans(self.day(start), self.day(max(start, end)))
        return sum((max(min(end, b) - max(start, a), timedelta(0)) for a, b in spans), timedelta(0))

    def after(self, start: datetime, duration: timedelta) -> datetime:
        """When so much of them has gone by since `start`."""
        if self.is_always:
            return start + duration
        for a, b in self._spans(self.day(start), self.day(start + _FARTHEST)):
            begin = max(a, start)
            left = b - begin
            if left > timedelta(0) and duration <= left:
                return begin + duration
            duration -= max(left, timedelta(0))
        return start + _FARTHEST

    def day(self, at: datetime) -> date:
        """The day on the calendar there."""
        return at.replace(tzinfo=UTC).astimezone(self.zone).date()

    def midnight(self, day: date) -> datetime:
        """When a day begins there."""
        return self._utc(day, 0)

    def works_on(self, day: date) -> bool:
        """Whether there is any of them on a day."""
        return self.is_always or bool(self.week[day.weekday()])

    def _spans(self, first: date, last: date) -> Iterator[tuple[datetime, datetime]]:
        day = first
        while day <= last:
            for start, end in self.week[day.weekday()]:
                yield self._utc(day, start), self._utc(day, end)
            day += _DAY

    def _utc(self, day: date, minutes: int) -> datetime:
        """A time on the wall as an instant; one that comes twice is the first, one that is left out the one after."""
        day, minutes = day + timedelta(days=minutes // _MIDNIGHT), minutes % _MIDNIGHT
        local = datetime.combine(day, time(minutes // 60, minutes % 60), self.zone)
        return local.astimezone(UTC).replace(tzinfo=None)


def hours_of(week: Mapping[str, object], time_zone: str) -> Hours:
    """The hours as they were written. Raises: UsageError for an unknown zone or day, or spans that are none."""
    try:
        zone = ZoneInfo(time_zone)
    except (KeyError, ValueError, OSError):
        raise UsageError(f"'{time_zone}' is no time zone; write one such as Europe/Berlin or UTC") from None
    if unknown := week.keys() - set(DAYS):
        raise UsageError(f"'{min(unknown)}' is no day; allowed: {', '.join(DAYS)}")
    return Hours(zone, tuple(_spans(day, week.get(day, ())) for day in DAYS))


def _spans(day: str, written: object) -> tuple[tuple[int, int], ...]:
    if not isinstance(written, (list, tuple)):
        raise UsageError(f"the hours of {day} are a list such as ['09:00-17:00'], and not {written!r}")
    spans = sorted(_span(day, one) for one in written)
    if any(end > start for (_, end), (start, _) in pairwise(spans)):
        raise UsageError(f"two spans of {day} overlap; write one for both")
    return tuple(spans)


def _span(day: str, written: object) -> tuple[int, int]:
    found = _SPAN.match(written) if isinstance(written, str) else None
    if found:
        start, end = int(found[1]) * 60 + int(found[2]), int(found[3]) * 60 + int(found[4])
        if start < end <= _MIDNIGHT:
            return start, end
    raise UsageError(f"{written!r} on {day} is no span of one day such as '09:00-17:30'; the last end is 24:00")
