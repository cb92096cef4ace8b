"""What became of the leads that a rule gives points to, and of the others: the evidence beside each rule of a card.

In: a rule of a card, outcomes and leads of the rows. Out: shares and rates with intervals. Pure. Called by `learning`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.sample import design_effect, wilson
from scoville.learn.choosing.bands import Bands, Column
from scoville.learn.written.rules import key_of, plain_number, ranges

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from scoville.learn.written.card import CardRule
    from scoville.learn.written.pointed import Pointed

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]


@dataclass(frozen=True)
class Outcomes:
    """Per row: whether it converted, which lead it is of, what it counts, and whether it was held out."""

    won: Bools
    lead: Ints
    weight: Floats
    held_out: Bools


@dataclass(frozen=True)
class Group:
    """Some rows: how many, their share of all, and what share of them converted, with its 95 % interval.

    `rate` and its ends are None where there are no rows.
    """

    rows: int
    share: float
    rate: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class Line:
    """One band or value of a rule, as the file says it (`from 50`, `software`, `other`), and who is in it."""

    label: str
    key: str | float | tuple[float | None, float | None]
    points: float
    group: Group


@dataclass(frozen=True)
class Band:
    """The lines of a rule that have the same points: their labels, and who is in any of them."""

    labels: tuple[str, ...]
    points: float
    group: Group


@dataclass(frozen=True)
class Earned:
    """The evidence of a rule: leads that it gives points (or takes some from), and the others; then line by line.

    `with_points` and `without` are of the rows it was learned from, `later_with` and `later_without` of held-out ones.
    `bands` are the lines with values of equal points as one, the most points first; lines without rows are left out.
    `half_life` is the 95 % interval of its half-life in days, where that was measured; `opposed` says that the points
    go against the plain rates, and only the other rules explain why.
    """

    rule: str
    with_points: Group
    without: Group
    later_with: Group
    later_without: Group
    lines: tuple[Line, ...]
    bands: tuple[Band, ...] = ()
    half_life: tuple[float, float] | None = None
    opposed: bool = False


def earned(rule: CardRule, of: Outcomes, half_life: tuple[float, float] | None = None) -> Earned:
    """The evidence of one rule; `half_life` is the interval of its half-life, in days."""
    given = rule.factor.gives() != 0
    learned, later = ~of.held_out, of.held_out
    lines = tuple(_lines(rule.factor, of, np.ones_like(learned)))
    return Earned(
        rule=rule.name,
        with_points=_group(of, given, learned),
        without=_group(of, ~given, learned),
        later_with=_group(of, given, later),
        later_without=_group(of, ~given, later),
        lines=lines,
        bands=tuple(_bands(rule.factor, lines, of)),
        half_life=half_life,
        opposed=_opposed(rule.factor.gives(), of),
    )


def _opposed(given: Floats, of: Outcomes) -> bool:
    """Whether those with more points convert less often than others, so that only the other rules explain the sign."""
    weight = of.weight / of.weight.sum()
    return float(weight @ ((given - weight @ given) * of.won)) < 0


def _group(of: Outcomes, chosen: Bools, among: Bools) -> Group:
    rows = chosen & among
    count = int(rows.sum())
    if not count:
        return Group(0, 0.0, None, None, None)
    won, weight = of.won[rows], of.weight[rows]
    rate = float(weight @ won / weight.sum())
    # weights count as so many rows of weight 1, which a design effect is told of
    size = float(weight.sum()) ** 2 / float(weight @ weight)
    low, high = wilson(rate * size, size, design_effect(won, of.lead[rows]))
    return Group(count, float(weight.sum() / of.weight[among].sum()), rate, low, high)


def _lines(factor: Pointed, of: Outcomes, among: Bools) -> Iterator[Line]:
    """The ranges or values of a column, those of equal points apart where the file lists them apart."""
    if not (isinstance(factor.candidate, Column) and isinstance(factor.form, Bands)):
        return
    cells, codes, by_cell = factor.candidate.cells, factor.candidate.codes, factor.by_cell
    if cells.ordered:
        numbers = np.where(codes == cells.missing, -1, codes)
        for low, high, points in ranges(factor):
            first = 0 if low is None else int(cells.codes(np.array([low]))[0])
            end = cells.missing if high is None else int(cells.codes(np.array([high]))[0])
            yield Line(_range(low, high), (low, high), points, _group(of, (numbers >= first) & (numbers < end), among))
    else:
        for place, value in enumerate(cells.values):
            key = key_of(value)
            yield Line(str(key), key, plain_number(by_cell[place]), _group(of, codes == place, among))
        other = len(cells.values)
        yield Line("other", "other", plain_number(by_cell[other]), _group(of, codes == other, among))
    yield Line("missing", "missing", plain_number(by_cell[-1]), _group(of, codes == cells.missing, among))


def _bands(factor: Pointed, lines: Sequence[Line], of: Outcomes) -> Iterator[Band]:
    there = [line for line in lines if line.group.rows]
    given = factor.gives() if there else np.empty(0)
    for points in sorted({line.points for line in there}, reverse=True):
        labels = tuple(line.label for line in there if line.points == points)
        yield Band(labels, points, _group(of, given == points, np.ones_like(of.won)))


def _range(low: float | None, high: float | None) -> str:
    if low is None:
        return "any" if high is None else f"below {plain_number(high)}"
    return f"from {plain_number(low)}" + ("" if high is None else f" to below {plain_number(high)}")
