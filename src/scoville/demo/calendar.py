"""The window of time the demo covers, and the hours in which people work."""

from __future__ import annotations

from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from scoville.errors import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoville.demo.columns import Ints

DAY_US = 86_400_000_000
HOUR_US = 3_600_000_000
MILLISECOND_US = 1_000
EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - naive UTC, as everywhere in the relations
MONTHS_PER_YEAR = 12
SATURDAY = 5

# share of activity by local hour of an office day, from midnight; quiet nights, a dip at noon
HOUR_SHARES = (1, 1, 1, 1, 1, 2, 6, 16, 40, 66, 72, 66, 44, 52, 66, 66, 56, 38, 20, 13, 12, 10, 6, 2)


@dataclass(frozen=True)
class Window:
    """From `start` (included) to `end` (not included), both at midnight UTC, naive."""

    start: datetime
    end: datetime

    @classmethod
    def before(cls, end: datetime, months: int) -> Window:
        """The `months` calendar months before `end`, which is cut to midnight UTC.

        Raises: UsageError if months < 1.
        """
        if months < 1:
            msg = f"months is {months}, but the demo needs at least 1."
            raise UsageError(msg)
        last = naive_utc(end).replace(hour=0, minute=0, second=0, microsecond=0)
        index = last.year * MONTHS_PER_YEAR + last.month - 1 - months
        year, month = index // MONTHS_PER_YEAR, index % MONTHS_PER_YEAR + 1
        return cls(last.replace(year=year, month=month, day=min(last.day, monthrange(year, month)[1])), last)

    @property
    def days(self) -> int:
        """Whole days covered."""
        return (self.end - self.start).days

    @property
    def start_us(self) -> int:
        """Start in microseconds since 1970."""
        return to_microseconds(self.start)

    @property
    def end_us(self) -> int:
        """End in microseconds since 1970."""
        return to_microseconds(self.end)

    def weekday(self, day: Ints) -> Ints:
        """0 for Monday to 6 for Sunday, of days counted from the start."""
        return (self.start.weekday() + day) % 7


def naive_utc(at: datetime) -> datetime:
    """The same instant in UTC without a zone; a naive time is taken as UTC."""
    return at if at.tzinfo is None else at.astimezone(UTC).replace(tzinfo=None)


def to_microseconds(at: datetime) -> int:
    """Microseconds since 1970 of a naive UTC time."""
    return (at - EPOCH) // timedelta(microseconds=1)


def office_instants(rng: np.random.Generator, window: Window, day: Ints, hours_ahead: Ints) -> Ints:
    """A time on each day (counted from the window's start), drawn from local office hours, in microseconds UTC."""
    edges = np.cumsum(HOUR_SHARES) / np.sum(HOUR_SHARES)
    hour = np.searchsorted(edges, rng.random(len(day)), side="right")
    within = rng.integers(0, HOUR_US // MILLISECOND_US, len(day)) * MILLISECOND_US
    return window.start_us + day * DAY_US + (hour - hours_ahead) * HOUR_US + within


def off_weekends(rng: np.random.Generator, window: Window, day: Ints, keep: float) -> Ints:
    """Move days that fall on a weekend to the Monday after, but for the share `keep`."""
    weekday = window.weekday(day)
    moved: npt.NDArray[np.bool_] = (weekday >= SATURDAY) & (rng.random(len(day)) >= keep)
    return np.where(moved, day + 7 - weekday, day)
