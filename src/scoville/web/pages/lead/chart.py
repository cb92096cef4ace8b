"""The score of a lead over time as a picture: a line over those of its stages, what the lead did, what is to come.

In: what the score was and when, lines of stages, instants of events, and an outlook. Out: `Chart`, all in the units of
the picture. Pure. Drawn twice, for wide screens and for narrow ones, so that words keep their size.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scoville import words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_TOP, _BELOW, _LEFT, _RIGHT = 12, 40, 30, 10  # room around the line, for words and for the row of events
_ROW = 16  # from the line's ground to the row of events
_LEAST_SPAN = timedelta(days=14)  # of one day alone nobody sees a course
_MOST_NAMED = 3
_HALF_DATE = 20  # units: what a date needs on either side, so that it is not cut off
_TICKS = (
    (16, 2),
    (45, 7),
    (100, 14),
    (200, 30),
    (400, 61),
    (1_200, 183),
)  # days shown -> days between two dates below the line
_YEAR = 365


@dataclass(frozen=True)
class Point:
    """The score at an instant. `is_jump`: it changed there at once; else it came there bit by bit, as by fading."""

    at: datetime
    score: float
    is_jump: bool
    says: str = ""


@dataclass(frozen=True)
class Line:
    """Where a stage begins."""

    name: str
    score: float


@dataclass(frozen=True)
class Course:
    """What is drawn. `to_come` begins with the score of now."""

    points: Sequence[Point]
    to_come: Sequence[Point]
    lines: Sequence[Line]
    events: Sequence[tuple[datetime, str]]
    scale: tuple[float, float]
    now: datetime


@dataclass(frozen=True)
class Mark:
    """Something at a place, with what it says to who hovers or listens."""

    x: float
    y: float
    says: str
    size: float = 3.0


@dataclass(frozen=True)
class Chart:
    """A picture of `width` by `height`: ready to be written down."""

    width: int
    height: int
    past: str
    to_come: str
    now_x: float
    ground: float
    lines: tuple[Mark, ...]
    dots: tuple[Mark, ...]
    days: tuple[Mark, ...]
    ticks: tuple[Mark, ...]
    figures: tuple[Mark, ...]
    last: Mark | None
    label: str


def chart_of(course: Course, width: int, height: int) -> Chart:
    """The picture. A course without points is a picture without a line."""
    across, up = _across(course, width), _up(course, height)
    ground = height - _BELOW
    past = _stepped(course.points, across, up)
    coming = "".join(f"{'L' if i else 'M'}{across(p.at)} {up(p.score)}" for i, p in enumerate(course.to_come))
    jumps = [Mark(across(p.at), up(p.score), p.says) for p in course.points if p.is_jump]
    end = course.points[-1] if course.points else None
    return Chart(
        width, height, past, coming, across(course.now), ground,
        tuple(Mark(_LEFT, up(line.score), line.name) for line in course.lines),
        tuple(jumps), tuple(_days(course.events, across, ground + _ROW)), tuple(_ticks(course, across, height)),
        tuple(Mark(_LEFT - 6, up(value), words.plain(value)) for value in course.scale),
        Mark(across(end.at), up(end.score), words.number(end.score)) if end is not None else None, _label(course),
    )  # fmt: skip


def _span(course: Course) -> tuple[datetime, datetime]:
    points = [*course.points, *course.to_come]
    end = max([course.now, *(p.at for p in points)])
    begin = min([course.now - _LEAST_SPAN, *(p.at for p in points)])
    return begin, end


def _across(course: Course, width: int) -> _Ruler:
    begin, end = _span(course)
    return _Ruler(begin, (end - begin).total_seconds(), width - _LEFT - _RIGHT)


@dataclass(frozen=True)
class _Ruler:
    """Instants -> places from left to right."""

    begin: datetime
    span_s: float
    width: int

    def __call__(self, at: datetime) -> float:
        share = min(max((at - self.begin).total_seconds() / self.span_s, 0.0), 1.0)
        return round(_LEFT + self.width * share, 1)


@dataclass(frozen=True)
class _Ladder:
    """Scores -> places from the top down."""

    low: float
    high: float
    height: int

    def __call__(self, score: float) -> float:
        share = (score - self.low) / (self.high - self.low or 1.0)
        return round(_TOP + (self.height - _TOP - _BELOW) * (1 - min(max(share, 0.0), 1.0)), 1)


def _up(course: Course, height: int) -> _Ladder:
    return _Ladder(*course.scale, height)


def _stepped(points: Sequence[Point], across: _Ruler, up: _Ladder) -> str:
    """A line that goes level to each jump, and straight to what came bit by bit."""
    drawn, before = [], None
    for point in points:
        x, y = across(point.at), up(point.score)
        level = f"L{x} {up(before.score)}" if before is not None and point.is_jump else ""
        drawn.append(f"{level}{'L' if before is not None else 'M'}{x} {y}")
        before = point
    return "".join(drawn)


def _days(events: Iterable[tuple[datetime, str]], across: _Ruler, y: float) -> Iterable[Mark]:
    """A mark for each day with events, larger for more of them, which names the most frequent ones."""
    by_day: dict[datetime, list[str]] = defaultdict(list)
    for at, name in events:
        if at >= across.begin:
            by_day[datetime(at.year, at.month, at.day, 12)].append(name)  # noqa: DTZ001 - naive UTC, noon of the day
    for noon, names in sorted(by_day.items()):
        yield Mark(across(noon), y, f"{words.day(noon)}: {_named(names)}", min(2.5 + 0.5 * len(names), 6.0))


def _named(names: Sequence[str]) -> str:
    counts = Counter(names).most_common()
    said = [f"{name} {words.times(count)}" if count > 1 else name for name, count in counts[:_MOST_NAMED]]
    more = len(counts) - _MOST_NAMED
    return ", ".join(said) + (f" and {more} more" if more > 0 else "")


def _ticks(course: Course, across: _Ruler, height: int) -> Iterable[Mark]:
    """Dates below, counted from today so that one of them is now."""
    begin, end = _span(course)
    days = (end - begin).days
    every = next((step for most, step in _TICKS if days <= most), _YEAR)
    if across.width < 400:  # noqa: PLR2004 - units of the picture: half as many dates fit
        every *= 2
    first = -((course.now - begin).days // every)
    for number in range(first, (end - course.now).days // every + 1):
        at = course.now + timedelta(days=number * every)
        last = _LEFT + across.width - _HALF_DATE
        if number == 0:
            yield Mark(min(across(at), last), height - 4, "today")
        elif _LEFT < across(at) < last:
            yield Mark(across(at), height - 4, _short(at, course.now))


def _short(at: datetime, now: datetime) -> str:
    day, month, *year = words.day(at).split()
    return f"{day} {month[:3]}" + (f" {year[0]}" if at.year != now.year else "")


def _label(course: Course) -> str:
    if not course.points:
        return "No score yet"
    first, last = course.points[0], course.points[-1]
    said = f"Score over time: {words.number(first.score)} on {words.day(first.at)}, {words.number(last.score)} now"
    if not course.to_come:
        return said
    end = course.to_come[-1]
    return f"{said}, and {words.number(end.score)} on {words.day(end.at)} if nothing happens"
