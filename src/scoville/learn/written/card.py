"""Chosen factors with their points -> rules of an ordinary model, and the lines of its score.

In: factors with points, and where each candidate came from. Out: a `Card`: rules as plain values that give every row
exactly what the learner gave it. Pure. Called by `learning`; `write` makes text of it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from scoville.learn.choosing.bands import Column
from scoville.learn.choosing.selecting import Amount
from scoville.learn.choosing.together import Both
from scoville.learn.tried.naming import NAME_AT_MOST, name_of
from scoville.learn.tried.origins import Counted, Decayed, Recent, Trait

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from numpy.typing import NDArray

    from scoville.learn.choosing.bands import Bands
    from scoville.learn.choosing.selecting import Candidate, Form
    from scoville.learn.tried.origins import Happening, Origin

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Section = Literal["fit", "engagement"]
Content = dict[str, Any]
SCALE = 100.0
START = "To start with"
EVERYBODY: Content = {"lead_id": {"is": "present"}}
TOLD = 0.01  # share of the leads from which a value with points is named even where all others have the same
_HALF = 0.5


@dataclass(frozen=True)
class Pointed:
    """A chosen factor with its points: one for each band, or of an amount one per unit, and the most it gives.

    `most` is signed as the points are; None for bands. Of a part of two columns, `other` and `other_origin` are the
    second one, and the points are those outside and inside.
    """

    candidate: Candidate
    origin: Origin
    form: Form
    points: tuple[float, ...]
    most: float | None = None
    other: Column | None = None
    other_origin: Origin | None = None

    @property
    def low(self) -> float:
        """The least that a lead gets from it."""
        return min(self.points) if self.most is None else min(0.0, self.most)

    @property
    def high(self) -> float:
        """The most that a lead gets from it."""
        return max(self.points) if self.most is None else max(0.0, self.most)

    def gives(self) -> Floats:
        """What it gives each row."""
        if isinstance(self.candidate, Amount):
            raw, most = self.points[0] * self.candidate.of, self.most or 0.0
            return np.minimum(raw, most) if most > 0 else np.maximum(raw, most)
        return np.array(self.points, np.float64)[self.codes]

    @property
    def codes(self) -> Ints:
        """The band of each row; of a part of two columns 1 inside and 0 outside."""
        if isinstance(self.form, Both) and self.other is not None:
            return self.form.codes(self.column, self.other)
        return cast("Bands", self.form).codes(self.column)

    @property
    def column(self) -> Column:
        """The candidate, of a factor that is no amount."""
        return cast("Column", self.candidate)

    def shifted(self, by: float) -> Pointed:
        """With the points of every band moved."""
        return replace(self, points=tuple(points + by for points in self.points)) if by else self

    @property
    def by_cell(self) -> Floats:
        """The points of each cell of a column."""
        return np.array(self.points, np.float64)[cast("Bands", self.form).of]

    @property
    def bands_shares(self) -> Floats:
        """The share of the rows that each band has."""
        return np.bincount(self.codes, minlength=len(self.points)) / max(1, self.codes.size)


@dataclass(frozen=True)
class CardRule:
    """One rule of the model. `content` is what the file says; `factor` what the learner knows of it."""

    name: str
    section: Section
    content: Content
    factor: Pointed


@dataclass(frozen=True)
class Scores:
    """Scores, fit and engagement of all open leads at all snapshots: what lines are drawn from."""

    score: Floats
    fit: Floats
    engagement: Floats


@dataclass(frozen=True)
class Lines:
    """Where stages, grades and levels begin; `grades` and `levels` end with a letter for everything below."""

    stages: tuple[tuple[str, float], ...]
    grades: dict[str, float | None]
    levels: dict[str, float | None]


@dataclass(frozen=True)
class Card:
    """The rules of a learned model. `start` is what everybody has, so that nothing falls below 0."""

    rules: tuple[CardRule, ...]
    start: float

    def section(self, kind: Section) -> Floats:
        """Fit or engagement of each row, as the plan gives it."""
        rows = self.rules[0].factor.candidate.rows if self.rules else 0
        total = np.full(rows, self.start if kind == "fit" else 0.0)
        for rule in self.rules:
            if rule.section == kind:
                total = total + rule.factor.gives()
        return total

    @cached_property
    def score(self) -> Floats:
        """The score of each row, as the plan gives it."""
        return np.clip(self.section("fit") + self.section("engagement"), 0.0, SCALE)

    @cached_property
    def highest_alone(self) -> float:
        """The highest score that a single rule can make."""
        return max([self.start, *(rule.factor.high for rule in self.rules)])

    def content(self, name: str, lines: Lines, probability: Content | None = None) -> Content:
        """The whole model file as plain values."""
        fit, engagement = ([rule.content for rule in self.rules if rule.section == kind] for kind in _SECTIONS)
        if self.start:
            fit = [{"name": START, "when": EVERYBODY, "points": plain_number(self.start)}, *fit]
        whole: Content = {"scoville": 1, "name": name, "scale": {"min": 0, "max": plain_number(SCALE)}}
        whole |= {"fit": {"rules": fit}} if fit else {}
        whole |= {"engagement": {"rules": engagement}} if engagement else {}
        whole |= {"grades": lines.grades} if lines.grades else {}
        whole |= {"levels": lines.levels} if lines.levels else {}
        whole |= {"priorities": priorities} if (priorities := _priorities(lines)) else {}
        whole["stages"] = [{"name": stage, "from": plain_number(start)} for stage, start in lines.stages]
        return whole | ({"probability": probability} if probability is not None else {})


_SECTIONS: tuple[Section, Section] = ("fit", "engagement")


def card_of(factors: Sequence[Pointed]) -> Card:
    """The card of some factors: each a rule with 0 for what is usual or never happened, and a start for everybody."""
    kept = [_at_rest(factor) for factor in factors if factor.high > factor.low]
    kept = _with_something_negative(kept)
    names = _unique([_name_of(factor) for factor in kept])
    rules = [CardRule(name, _section(factor), {"name": name, **_said(factor)}, factor)
             for name, factor in zip(names, kept, strict=True)]  # fmt: skip
    rules.sort(key=lambda rule: (_SECTIONS.index(rule.section), -max(abs(rule.factor.high), abs(rule.factor.low))))
    return Card(tuple(rules), _start(kept))


def _start(factors: Sequence[Pointed]) -> float:
    """What keeps everybody at 0 or above; less where the highest row would leave the scale."""
    if not factors:
        return 0.0
    total = np.sum([factor.gives() for factor in factors], axis=0)
    start = -sum(factor.low for factor in factors)
    over = math.ceil(start + float(total.max()) - SCALE)
    return start - max(0, min(over, math.floor(start + float(total.min())))) + 0.0


def _section(factor: Pointed) -> Section:
    return "fit" if isinstance(factor.origin, Trait) else "engagement"


def _at_rest(factor: Pointed) -> Pointed:
    """With 0 for the lowest band of a trait, and for never having done what a rule of behaviour asks for."""
    if factor.most is not None:
        return factor
    if isinstance(factor.form, Both):
        return factor.shifted(-factor.points[0])
    if isinstance(factor.origin, Trait):
        return factor.shifted(-factor.low)
    cells = factor.column.cells
    never = cells.missing if isinstance(factor.origin, Recent) else int(cells.codes(np.zeros(1))[0])
    return factor.shifted(-float(factor.by_cell[never]))


def _with_something_negative(factors: list[Pointed]) -> list[Pointed]:
    """Where nothing takes points away, the trait with the fewest leads in its lowest band counts down from the next.

    People argue about what speaks against a lead; as the lowest of many positive numbers it would be overlooked.
    """
    if any(factor.low < 0 for factor in factors):
        return factors
    plain = [place for place, one in enumerate(factors) if _section(one) == "fit" and not isinstance(one.form, Both)]
    share = {place: _lowest(factors[place])[1] for place in plain}
    if len(factors) < 2 or not share or min(share.values()) > _HALF:  # noqa: PLR2004 - one rule alone has nothing beside it
        return factors
    chosen = min(share, key=share.__getitem__)
    return [factor.shifted(-_lowest(factor)[0]) if place == chosen else factor for place, factor in enumerate(factors)]


def _lowest(factor: Pointed) -> tuple[float, float]:
    """The second lowest points, and the share of the rows that have the lowest."""
    points = np.array(factor.points)
    low = points.min()
    return float(points[points > low].min()), float(factor.bands_shares[points == low].sum())


# What a rule says


def _said(factor: Pointed) -> Content:
    origin = factor.origin
    if isinstance(factor.form, Both):
        return _of_two(factor, factor.form)
    if isinstance(origin, Trait):
        return _banded_trait(factor, origin) if factor.column.cells.ordered else _valued_trait(factor, origin)
    if isinstance(origin, Decayed):
        points, most = plain_number(factor.points[0]), plain_number(factor.most or 0.0)
        fades: Content = {
            "decay": "none" if origin.half_life_days is None else {"half_life": _days(origin.half_life_days)}
        }
        return {**_events(origin.of), "points": points, **fades, ("max" if most > 0 else "min"): most}
    if isinstance(origin, Counted):
        return {**_events(origin.of), **_within(origin.within_days), "count": list(_bands(factor))}
    if isinstance(origin, Recent):
        return {**_events(origin.of), "recency": list(_bands(factor))}
    summed = {"of": origin.what, "bands": list(_bands(factor))}
    return {**_events(origin.of), **_within(origin.within_days), "sum": summed}


def _events(of: Happening) -> Content:
    return {"event": of.event} | ({} if of.when is None else {"when": of.when})


def _within(days: float | None) -> Content:
    return {} if days is None else {"within": _days(days)}


def _days(days: float) -> str:
    return f"{plain_number(days)}d"


def _bands(factor: Pointed) -> Iterator[Content]:
    """Ranges of a number with points other than 0, neighbours of equal points as one."""
    for low, high, points in ranges(factor):
        if points:
            ends = {"from": low, "below": high}
            yield {**{key: plain_number(end) for key, end in ends.items() if end is not None}, "points": points}


def ranges(factor: Pointed) -> Iterator[tuple[float | None, float | None, float]]:
    """The ranges of a column of numbers: from, below, points. Neighbours of equal points are one range."""
    edges = cast("Floats", factor.column.cells.edges)
    points = factor.by_cell[:-1]
    begins = [0, *(np.flatnonzero(np.diff(points)) + 1).tolist()]
    for place, cell in enumerate(begins):
        low = None if cell == 0 else float(edges[cell - 1])
        high = float(edges[begins[place + 1] - 1]) if place + 1 < len(begins) else None
        yield low, high, plain_number(float(points[cell]))


def _banded_trait(factor: Pointed, origin: Trait) -> Content:
    missing = plain_number(float(factor.by_cell[-1]))
    bands = list(_bands(factor))
    if not bands:
        return {"when": {origin.trait: {"is": "missing"}}, "points": missing}
    return {"by": origin.trait, "bands": bands, **({"missing": missing} if missing else {})}


def _valued_trait(factor: Pointed, origin: Trait) -> Content:
    """Points by value. Values like all others are listed only where they are frequent and have points."""
    by_cell = [plain_number(points) for points in factor.by_cell.tolist()]
    *listed, other, missing = by_cell
    named = list(zip(factor.column.cells.values, listed, strict=True))
    if all(points == other for points in listed) and not (other and missing):
        return {"when": {origin.trait: {"is": "present" if other else "missing"}}, "points": other or missing}
    share = np.bincount(factor.column.codes, minlength=factor.column.cells.count) / max(1, factor.column.rows)
    values = {
        key_of(value): points
        for (value, points), often in zip(named, share.tolist(), strict=False)
        if points != other or (points and often >= TOLD)
    }
    values = values or {key_of(value): points for value, points in named[:1]}
    values = dict(sorted(values.items(), key=lambda item: -item[1]))
    ends = {"other": other, "missing": missing}
    return {"by": origin.trait, "values": values, **{key: points for key, points in ends.items() if points}}


def _of_two(factor: Pointed, form: Both) -> Content:
    """Points where two traits both lie in a part of theirs."""
    pairs = ((factor.candidate, factor.origin, form.cells), (factor.other, factor.other_origin, form.other_cells))
    parts = []
    for column, origin, cells in pairs:
        if not isinstance(column, Column) or not isinstance(origin, Trait):
            raise TypeError(f"{factor.candidate.name}: only two traits can make a rule together")
        parts.append(_among(column, origin.trait, cells))
    both = [key for part in parts for key in part]
    when = {**parts[0], **parts[1]} if len(both) == len(set(both)) else {"all": parts}
    return {"when": when, "points": plain_number(factor.points[1])}


def _among(column: Column, trait: str, inside: Bools) -> Content:
    """The condition that holds for some cells of a column."""
    if column.cells.edges is not None:
        return _between(column.cells.edges, trait, inside)
    *listed, other, missing = inside.tolist()
    values = [key_of(value) for value, is_in in zip(column.cells.values, listed, strict=True) if is_in != other]
    if other:
        if not values:
            return {} if missing else {trait: {"is": "present"}}
        return {"not": {trait: values}} if missing else {trait: {"not_in": values}}
    if not missing:
        return {trait: values}
    return {"any": [{trait: values}, {trait: {"is": "missing"}}]} if values else {trait: {"is": "missing"}}


def _between(edges: Floats, trait: str, inside: Bools) -> Content:
    cells = np.flatnonzero(inside[:-1])
    if inside[-1] and cells.size:
        raise TypeError(f"{trait}: a range of numbers does not hold what is missing")
    if not cells.size:
        return {trait: {"is": "missing"}}
    ends: Content = {}
    if cells[0] > 0:
        ends["gte"] = plain_number(float(edges[cells[0] - 1]))
    if cells[-1] < edges.size:
        ends["lt"] = plain_number(float(edges[cells[-1]]))
    return {trait: ends or {"is": "present"}}


def key_of(value: object) -> str | float:
    """A value as the key of a rule: texts as they are, numbers without a needless fraction, yes and no as text."""
    if isinstance(value, bool | np.bool_):
        return str(bool(value)).lower()
    return plain_number(float(value)) if isinstance(value, int | float | np.number) else str(value)


def plain_number(value: float) -> float:
    """A whole number as an int, so that it is written without a point; never -0."""
    return int(value) if float(value).is_integer() else float(value)


# Names


def _name_of(factor: Pointed) -> str:
    if factor.other_origin is None:
        return name_of(factor.origin)
    other = name_of(factor.other_origin)
    return f"{name_of(factor.origin)} with {other[:1].lower()}{other[1:]}"


def _unique(names: Iterable[str]) -> list[str]:
    names = [name[:NAME_AT_MOST].strip() for name in names]
    seen: Counter[str] = Counter()
    made = []
    for name in names:
        seen[name.lower()] += 1
        made.append(name if seen[name.lower()] == 1 else f"{name} ({seen[name.lower()]})")
    return made


# Lines of the score

# name, share of the leads that are about above it, times the usual rate that it asks for
QUALIFIED = (("MQL", 0.20, 2.0), ("SQL", 0.05, 4.0))
LEAD_SHARE = 0.5
GRADES = (("A", 0.10), ("B", 0.30), ("C", 0.60))
LEVELS = (("1", 0.10), ("2", 0.30), ("3", 0.60))


def lines_of(card: Card, seen: Scores, rate: Floats | None, base: float) -> Lines:
    """Stages, grades and levels.

    `rate` is the calibrated rate of each whole score from 0 to the end of the scale, None where it is not known; `base`
    the rate of all.

    Lead begins at the middle score. MQL begins where leads convert twice as often as usual, SQL four times; but no
    lower than twice, and no higher than half, of the share that is meant for it (20 % and 5 % of the leads), and SQL
    above what any rule reaches alone.
    """
    at, stages = 0.0, [("Prospect", 0.0)]
    wanted = [("Lead", _above(seen.score, LEAD_SHARE))]
    wanted += [(name, _line(seen.score, rate, base, share, times)) for name, share, times in QUALIFIED]
    highest = math.floor(float(seen.score.max(initial=0.0)))
    for name, line in wanted:
        least = math.floor(card.highest_alone) + 1 if name == QUALIFIED[-1][0] else 0
        start = max(line, at + 1, min(least, highest))
        if at < start <= highest:
            stages.append((name, start))
            at = start
    has = {rule.section for rule in card.rules}
    grades = _thresholds(seen.fit, GRADES, "D") if "fit" in has else {}
    levels = _thresholds(seen.engagement, LEVELS, "4") if "engagement" in has else {}
    return Lines(tuple(stages), grades, levels)


def _line(score: Floats, rate: Floats | None, base: float, share: float, times: float) -> float:
    if rate is None or not (reached := np.flatnonzero(rate >= times * base)).size:
        return _above(score, share)
    return float(min(max(reached[0], _above(score, 2 * share)), _above(score, share / 2)))


def _above(score: Floats, share: float) -> float:
    """The whole score that about this share of the rows reaches."""
    return float(math.ceil(np.quantile(score, 1 - share) - 1e-9)) if score.size else 0.0


def _thresholds(points: Floats, shares: Sequence[tuple[str, float]], last: str) -> dict[str, float | None]:
    """The round points that these shares of the rows reach, falling; the last letter takes all below."""
    low, high = float(points.min()), float(points.max())
    step = 5.0 if high - low >= 40 else 1.0  # noqa: PLR2004 - rounding to fives keeps eight steps then
    found: dict[str, float | None] = {}
    at = math.inf
    for name, share in shares:
        line = round(float(np.quantile(points, 1 - share)) / step) * step
        line = min(line, at - step, math.floor(high))
        if line > low:
            found[name] = plain_number(line)
            at = line
    return {**found, last: None} if found else {}


def _priorities(lines: Lines) -> list[Content]:
    """What to do with them, where the default ones do not fit the letters there are."""
    if {"A", "B"} <= {*lines.grades} and {"1", "2"} <= {*lines.levels}:
        return []
    key, letters = ("grade", lines.grades) if lines.grades else ("level", lines.levels)
    if lines.grades and lines.levels:
        best_fit, levels = ([*of][: max(1, min(2, len(of) - 1))] for of in (lines.grades, lines.levels))
        best_level = [int(level) for level in levels]
        return [
            {"name": "hot", "when": {"grade": best_fit, "level": best_level}},
            {"name": "nurture", "when": {"grade": best_fit}},
            {"name": "engaged", "when": {"level": best_level}},
            {"name": "cold"},
        ]
    named = list(
        zip(("hot", "nurture"), [letter for letter, line in letters.items() if line is not None], strict=False)
    )
    return [*({"name": name, "when": {key: [letter]}} for name, letter in named), {"name": "cold"}] if named else []
