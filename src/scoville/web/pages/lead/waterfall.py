"""The contributions of a lead as a waterfall: each row a step from the total so far to the next, down to the score.

In: contributions, as stored or in sentences. Out: `Waterfall`, all that its picture and its table show. Pure. Sections
come in the order in which a score is made: who they are, what they did, and then what happens to the sum of both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoville import words
from scoville.plan.adjusted import PREFIX
from scoville.web.api.explaining import Told

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from scoville.web.api.leads import Contribution

    Given = Contribution | Told

_NOISE = 1e-9  # what sums of floats leave behind
_SHOWN = 0.05  # half of the last digit shown
_CAP, _OUT = "cap: ", "disqualified: "
_TITLES = {"fit": "Who they are", "engagement": "What they did", "score": "After that"}


@dataclass(frozen=True)
class Step:
    """One row. `left` and `width` are percent of the picture; `total` is the sum of all points down to here."""

    rule: str
    says: str
    points: float
    raw_points: float | None
    newest_at: datetime | None
    total: float
    left: float
    width: float
    kind: str


@dataclass(frozen=True)
class Part:
    """A section with its steps and their sum; `name` is null for what happens to the sum of both sections."""

    title: str
    name: str | None
    steps: tuple[Step, ...]
    sum: float


@dataclass(frozen=True)
class Waterfall:
    """All parts, which add up to `score`. `zero` is where no points are, and `end` where the score is, in percent.

    `is_rounded`: the numbers as shown do not add up to the last tenth, though the points do.
    """

    parts: tuple[Part, ...]
    score: float
    zero: float
    left: float
    width: float
    is_rounded: bool

    @property
    def is_empty(self) -> bool:
        """Whether no rule gave or took anything."""
        return not self.parts


def waterfall_of(given: Sequence[Given], score: float) -> Waterfall:
    """The picture of a score. Contributions that give nothing are left out."""
    rows = sorted((one for one in given if abs(one.points) > _NOISE), key=_place)
    totals = _totals([one.points for one in rows])
    low, high = min(0.0, score, *totals), max(0.0, score, *totals)
    span = high - low or 1.0

    def across(value: float) -> float:
        return round(100 * (value - low) / span, 2)

    steps = [
        _step(one, total, across(min(total - one.points, total)), round(100 * abs(one.points) / span, 2))
        for one, total in zip(rows, totals, strict=True)
    ]
    parts = tuple(
        Part(title, name if name != "score" else None, tuple(found), sum(step.points for step in found))
        for name, title in _TITLES.items()
        if (found := [step for one, step in zip(rows, steps, strict=True) if one.section == name])
    )
    shown = sum(words.rounded(one.points) for one in rows)
    return Waterfall(
        parts, score, across(0.0), across(min(0.0, score)), round(100 * abs(score) / span, 2),
        abs(shown - words.rounded(score)) >= _SHOWN,
    )  # fmt: skip


@dataclass(frozen=True)
class Moved:
    """What one rule gave before and gives now."""

    rule: str
    before: float
    now: float

    @property
    def points(self) -> float:
        """How far that moved the score."""
        return self.now - self.before


def moved_between(before: Sequence[Given], now: Sequence[Given]) -> list[Moved]:
    """What makes two scores of one lead differ, by rule, the greatest first. They add up to the difference."""
    named = {(one.section, one.rule): _name(one) for one in (*before, *now)}
    was, stands = ({(one.section, one.rule): one.points for one in some} for some in (before, now))
    found = [Moved(name, was.get(key, 0.0), stands.get(key, 0.0)) for key, name in named.items()]
    return sorted((one for one in found if abs(one.points) > _NOISE), key=lambda one: (-abs(one.points), one.rule))


def _totals(points: Sequence[float]) -> list[float]:
    totals, so_far = [], 0.0
    for one in points:
        so_far += one
        totals.append(so_far)
    return totals


def _place(one: Given) -> tuple[int, int, float, str]:
    """Rules by how much they move the score, then the limits of groups, of the section, of the scale."""
    sections = list(_TITLES)
    return sections.index(one.section), _weight(one), -abs(one.points), one.rule


def _weight(one: Given) -> int:
    if one.rule.startswith(_OUT) and one.section == "score":
        return 3
    if one.rule.startswith(_CAP):
        return 2 if one.section in {"score", one.rule.removeprefix(_CAP)} else 1
    return 0


def _step(one: Given, total: float, left: float, width: float) -> Step:
    says = _told(one) if isinstance(one, Told) else _plainly(one)
    return Step(_name(one), says, one.points, one.raw_points, one.newest_at, total, left, width, _kind(one))


def _kind(one: Given) -> str:
    if one.section == "score" and one.rule.startswith(_OUT):
        return "out"
    if one.rule.startswith(_CAP):
        return "cap"
    if one.section == "score" and one.rule.startswith(PREFIX):
        return "hand"
    return "up" if one.points > 0 else "down"


def _name(one: Given) -> str:
    kind = _kind(one)
    if kind == "cap":
        return f"Limit of {_limited(one)}"
    if kind == "hand":
        return "By hand"
    return f"Disqualified: {one.rule.removeprefix(_OUT)}" if kind == "out" else one.rule


def _limited(one: Given) -> str:
    name = one.rule.removeprefix(_CAP)
    if one.section == "score":
        return "the scale"
    return f"the section {name}" if name == one.section else name


def _told(one: Told) -> str:
    """The sentence without the name of the rule, which stands before it."""
    rest = one.sentence.removeprefix(one.rule).strip() if one.rule else one.sentence
    if rest.startswith("(") and rest.endswith(")"):
        rest = rest[1:-1]
    return rest.removeprefix(":").strip()


def _plainly(one: Contribution) -> str:
    """What a stored row says by itself: how often, and when last; of points by hand the reason."""
    if _kind(one) == "hand":
        return one.rule.removeprefix(PREFIX)
    if one.newest_at is None or not one.matched:
        return ""
    on = "on" if one.matched == 1 else "last on"
    return f"{words.times(one.matched)}, {on} {words.day(one.newest_at)}"
