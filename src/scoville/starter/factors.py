"""The forms that a factor of a starter model takes, and how each is written as YAML."""

from __future__ import annotations

import json
import re
import textwrap
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDTH = 110
NAME_AT_MOST = 120  # characters of a name in the model format
# Texts that YAML reads as text without quotes, wherever they stand. All else gets quotes.
_PLAIN = re.compile(r"[A-Za-z_/][\w/ .()+-]*[\w/)+]|[A-Za-z_]")
_WORDS_OF_YAML = frozenset({"true", "false", "null", "yes", "no", "on", "off", "y", "n"})

# A band: from (included) and below (not included), null for no end, and its points.
BandEnds = tuple[float | None, float | None, float]


class Factor(Protocol):
    """One rule of the starter model. `high` and `low` are the most it can give and take; `why` becomes its comment."""

    @property
    def name(self) -> str:
        """What a person would call it."""

    @property
    def why(self) -> str:
        """Why it is there."""

    @property
    def high(self) -> float:
        """The most points it gives; 0 for one that only takes points away."""

    @property
    def low(self) -> float:
        """The most it takes away, as a negative number; 0 for one that only gives."""

    def scaled(self, by: float) -> Self:
        """With its positive points multiplied, in whole points, and never less than one."""

    def lines(self) -> list[str]:
        """Its keys as lines of YAML, without the name."""


def times(points: float, by: float) -> float:
    """Positive points multiplied and whole; fractions and what takes points away stay as they are."""
    return max(1, round(points * by)) if points >= 1 else points


@dataclass(frozen=True)
class ByValue:
    """Points by the value of a trait."""

    name: str
    why: str
    by: str
    values: tuple[tuple[str, float], ...]

    @property
    def high(self) -> float:
        """The best value."""
        return max(0, *(points for _, points in self.values))

    @property
    def low(self) -> float:
        """The worst value."""
        return min(0, *(points for _, points in self.values))

    def scaled(self, by: float) -> Self:
        """As Factor says."""
        return replace(self, values=tuple((value, times(points, by)) for value, points in self.values))

    def lines(self) -> list[str]:
        """`by` and `values`."""
        return [
            f"by: {quoted(self.by)}",
            "values:",
            *(f"  {quoted(value)}: {points:g}" for value, points in self.values),
        ]


@dataclass(frozen=True)
class ByBand:
    """Points by the range of a number."""

    name: str
    why: str
    by: str
    bands: tuple[BandEnds, ...]

    @property
    def high(self) -> float:
        """The best band."""
        return max(0, *(points for _, _, points in self.bands))

    @property
    def low(self) -> float:
        """The worst band."""
        return min(0, *(points for _, _, points in self.bands))

    def scaled(self, by: float) -> Self:
        """As Factor says."""
        return replace(self, bands=scaled_bands(self.bands, by))

    def lines(self) -> list[str]:
        """`by` and `bands`."""
        return [f"by: {quoted(self.by)}", "bands:", *(f"  - {band(ends)}" for ends in self.bands)]


@dataclass(frozen=True)
class When:
    """Points when a condition, written as YAML, holds."""

    name: str
    why: str
    when: str
    points: float

    @property
    def high(self) -> float:
        """Its points."""
        return max(0, self.points)

    @property
    def low(self) -> float:
        """Its points."""
        return min(0, self.points)

    def scaled(self, by: float) -> Self:
        """As Factor says."""
        return replace(self, points=times(self.points, by))

    def lines(self) -> list[str]:
        """`when` and `points`."""
        return [f"when: {self.when}", f"points: {self.points:g}"]


@dataclass(frozen=True)
class Events:
    """Points for each of some events. `most` is the most they give; null for events that take points away, once."""

    name: str
    why: str
    events: tuple[str, ...]
    points: float
    repeat: float = 0
    most: float | None = None
    when: str | None = None
    group: str | None = None

    @property
    def high(self) -> float:
        """Its limit; what a group limits is counted there."""
        return (self.most or 0) if self.group is None else 0

    @property
    def low(self) -> float:
        """Its points, when they are taken away."""
        return min(0, self.points)

    def scaled(self, by: float) -> Self:
        """As Factor says."""
        most = None if self.most is None else times(self.most, by)
        points, repeat = times(self.points, by), times(self.repeat, by)
        return replace(self, points=points if most is None else min(points, most), repeat=repeat, most=most)

    def lines(self) -> list[str]:
        """`event`, and how it counts."""
        named = quoted(self.events[0]) if len(self.events) == 1 else f"[{', '.join(map(quoted, self.events))}]"
        head = [f"event: {named}", *([f"when: {self.when}"] if self.when else []), f"points: {self.points:g}"]
        if self.points < 0:
            return [*head, "at_most: 1", "decay: none"]
        tail = [f"group: {self.group}"] if self.group else [f"max: {self.most:g}"]
        return [*head, f"repeat: {self.repeat:g}", *tail]


@dataclass(frozen=True)
class Recency:
    """Points by the days since the newest event of any kind."""

    name: str
    why: str
    bands: tuple[BandEnds, ...]

    @property
    def high(self) -> float:
        """The best band."""
        return max(0, *(points for _, _, points in self.bands))

    @property
    def low(self) -> float:
        """Nothing is taken away."""
        return 0

    def scaled(self, by: float) -> Self:
        """As Factor says."""
        return replace(self, bands=scaled_bands(self.bands, by))

    def lines(self) -> list[str]:
        """`recency` of any event."""
        return ['event: "*"', "recency:", *(f"  - {band(ends)}" for ends in self.bands)]


@dataclass(frozen=True)
class Quiet:
    """Points taken away when nothing at all happened for some days."""

    name: str
    why: str
    days: int
    points: float

    @property
    def high(self) -> float:
        """Nothing is given."""
        return 0

    @property
    def low(self) -> float:
        """Its points."""
        return self.points

    def scaled(self, by: float) -> Self:  # noqa: ARG002 - only positive points are
        """As Factor says: there is nothing to multiply."""
        return self

    def lines(self) -> list[str]:
        """A count of no event in the window."""
        return ['event: "*"', f"within: {self.days}d", f"count: [{{below: 1, points: {self.points:g}}}]"]


def scaled_bands(bands: Iterable[BandEnds], by: float) -> tuple[BandEnds, ...]:
    """Bands with their positive points multiplied."""
    return tuple((low, high, times(points, by)) for low, high, points in bands)


def band(ends: BandEnds) -> str:
    """One band as YAML."""
    low, high, points = ends
    parts = [f"from: {plain(low)}"] if low is not None else []
    parts += [f"below: {plain(high)}"] if high is not None else []
    return "{" + ", ".join([*parts, f"points: {points:g}"]) + "}"


def plain(number: float) -> str:
    """A number without an exponent or a needless fraction."""
    return str(int(number)) if float(number).is_integer() else f"{number:.10f}".rstrip("0")


def quoted(text: str) -> str:
    """A text as a YAML scalar, with quotes only where it needs them."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS_OF_YAML and "  " not in text:
        return text
    return "".join(
        letter if letter.isprintable() else _escape(letter) for letter in json.dumps(text, ensure_ascii=False)
    )


def _escape(letter: str) -> str:
    """What YAML may not hold as it is: control characters, byte order marks, other blanks."""
    return f"\\U{ord(letter):08x}"


def comment(text: str, indent: int = 0) -> list[str]:
    """A text as comment lines; line breaks and the like in it (a column may be called anything) are blanks."""
    lead = " " * indent + "# "
    printable = "".join(letter if letter.isprintable() else " " for letter in text)
    return textwrap.wrap(
        " ".join(printable.split()), WIDTH, initial_indent=lead, subsequent_indent=lead, break_long_words=False
    )


def rule_lines(factor: Factor) -> list[str]:
    """A rule of a section with its comment above it."""
    first, *others = [f"name: {quoted(factor.name)}", *factor.lines()]
    return [*comment(factor.why, 4), f"    - {first}", *(f"      {line}" for line in others)]
