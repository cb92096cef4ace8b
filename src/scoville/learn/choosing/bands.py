"""Columns cut into fine cells, and cells joined into the few bands that a rule shows.

In: a column of numbers or values, and per row how strongly its outcome pulls (gradient, curvature of the log
likelihood). Out: the bands that gain most. Pure; called by `selecting`, for every column at every step.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Objects = NDArray[np.object_]

Shape = Literal["free", "up", "down", "either"]
SHAPES: tuple[Shape, ...] = ("free", "up", "down", "either")
FINE_CELLS = 64  # finer cuts move the figures by less than chance does, and would be read as false precision
RARE_SHARE = 0.002  # a value of fewer rows than this share, or than RARE_ROWS, is joined with the other rare ones
RARE_ROWS = 20
CUT_CHANCE = 10.0  # twice the log likelihood: cuts at their best places add less to noise, some five times of six
_PLAY = 0.3  # of a cell's width: how far an edge may move to be a rounder number


@dataclass(frozen=True)
class Cells:
    """How a column is cut: `edges` of numbers (a cell begins at its edge), or the `values` that have their own cell.

    Cells are numbered from 0; the last one is for missing. Of values, the one before it is for all others.
    """

    edges: Floats | None = None
    values: tuple[object, ...] = ()

    @property
    def ordered(self) -> bool:
        """Whether these are cells of numbers."""
        return self.edges is not None

    @property
    def count(self) -> int:
        """How many cells there are, those for missing and for other values included."""
        return len(self.values) + 2 if self.edges is None else self.edges.size + 2

    @property
    def missing(self) -> int:
        """The cell of rows without a value."""
        return self.count - 1

    @cached_property
    def _place(self) -> dict[object, int]:
        return {value: place for place, value in enumerate(self.values)}

    def codes(self, column: Floats | Objects) -> Ints:
        """The cell of each row. A number that is not finite, None and NaN are missing."""
        if self.edges is None:
            distinct, at = _distinct(column)
            return self.codes_of(distinct)[at]
        numbers = np.asarray(column, np.float64)
        codes = np.searchsorted(self.edges, numbers, side="right").astype(np.int64)
        codes[~np.isfinite(numbers)] = self.missing
        return codes

    def codes_of(self, distinct: Sequence[object]) -> Ints:
        """The cell of each of some values."""
        other = len(self.values)
        of = [self.missing if is_missing(one) else self._place.get(one, other) for one in distinct]
        return np.array(of, np.int64)


@dataclass(frozen=True)
class Column:
    """A candidate to become a banded rule: the cell of each row, and what is asked of its bands.

    `shape` says how points may go along the numbers: freely, only up, only down, or either way but without turning. Of
    columns that share a `group` at most one is chosen: they say the same thing in different ways.
    """

    name: str
    cells: Cells
    codes: Ints
    shape: Shape = "free"
    group: str | None = None

    @property
    def rows(self) -> int:
        """How many rows it has."""
        return self.codes.size


@dataclass(frozen=True)
class Bands:
    """Which band each cell belongs to: `of` per cell, numbered from 0 without gaps, rising along the numbers."""

    of: Ints

    @property
    def count(self) -> int:
        """How many bands there are."""
        return int(self.of.max()) + 1

    def codes(self, column: Column) -> Ints:
        """The band of each row."""
        return self.of[column.codes]


@dataclass(frozen=True)
class Limits:
    """What bands must keep to.

    `share` is the least share of the rows in a band. `price` is what one more band must add to twice the log
    likelihood (2: Akaike's criterion); `ridge` is how strongly estimates are drawn to the average, as a curvature.
    """

    bands: int = 5
    share: float = 0.01
    price: float = 2.0
    ridge: float = 1.0


# From columns to cells


def numbers(
    name: str,
    column: Floats,
    *,
    cells: int = FINE_CELLS,
    shape: Shape = "free",
    group: str | None = None,
    weight: Floats | None = None,
) -> Column:
    """A column of numbers in up to `cells` cells of about equal weight, cut at the roundest numbers near their ends.

    Raises:
        UsageError: an unknown shape.
    """
    if shape not in SHAPES:
        raise UsageError(f"the shape of {name} is {shape!r}: give one of {', '.join(SHAPES)}")
    column = np.asarray(column, np.float64)
    weight = np.ones(column.size) if weight is None else weight
    there = np.isfinite(column) & (weight > 0)
    cut = Cells(edges=_edges(column[there], weight[there], cells))
    return Column(name, cut, cut.codes(column), shape, group)


def values(name: str, column: Objects, *, group: str | None = None, weight: Floats | None = None) -> Column:
    """A column of values: a cell for each that is not rare, the most frequent first."""
    distinct, at = _distinct(column)
    rows = np.bincount(at, weight, len(distinct))
    least = max(RARE_ROWS, RARE_SHARE * rows.sum())
    often = [place for place, one in enumerate(distinct) if rows[place] >= least and not is_missing(one)]
    often.sort(key=lambda place: (-rows[place], str(distinct[place])))
    cut = Cells(values=tuple(distinct[place] for place in often))
    return Column(name, cut, cut.codes_of(distinct)[at], "free", group)


def _distinct(column: Floats | Objects) -> tuple[list[object], Ints]:
    """The different values in order of appearance, and which of them each row has. One NaN is like another."""
    place: dict[object, int] = {}
    cells = np.asarray(column).tolist()
    text = str  # is never missing, and most of what there is
    at = [place.setdefault(one if type(one) is text or not is_missing(one) else None, len(place)) for one in cells]
    return list(place), np.array(at, np.int64)


def is_missing(value: object) -> bool:
    """Whether a cell holds nothing: None, NaN, NaT, or pandas' NA, which alone does not know if it equals itself."""
    same: object = value == value  # noqa: PLR0124
    return value is None or not isinstance(same, bool | np.bool_) or not same


def _edges(column: Floats, weight: Floats, cells: int) -> Floats:
    """Where cells begin: between each two numbers where these are few, else near the quantiles."""
    different, at = np.unique(column, return_inverse=True)
    if different.size <= cells:
        return np.array([_roundest(low, high) for low, high in pairwise(different.tolist())])
    upto = np.cumsum(np.bincount(at, weight))
    edges = set()
    for cell in range(1, cells):
        low, high = (int(np.searchsorted(upto, (cell + off) / cells * upto[-1])) for off in (-_PLAY, _PLAY))
        begin = max(low, 1) if low == high else low + 1  # a number that fills the whole stretch begins a cell
        edges.add(_roundest(float(different[begin - 1]), float(different[min(max(begin, high), different.size - 1)])))
    return np.array(sorted(edges))


def _roundest(low: float, high: float) -> float:
    """The number above `low`, up to `high`, that is shortest to say: 50 rather than 47.3."""
    if low < 0 <= high:
        return 0.0
    power = math.floor(math.log10(max(abs(low), abs(high)))) + 1
    for exponent in range(power, power - 17, -1):
        for digit in (5, 2, 1):
            size = digit * 10.0**exponent
            nearest = math.floor(low / size) + 1
            found = round(nearest * size, max(0, -exponent))
            if low < found <= high:
                return found
    return high


# From cells to bands


@dataclass(frozen=True)
class Banding:
    """The best bands of a column, and what they add to twice the log likelihood, less the price of the bands."""

    gain: float
    bands: Bands


NOTHING = -np.inf


def best_bands(
    column: Column, gradient: Floats, curvature: Floats, weight: Floats, limits: Limits, rows: Floats | None = None
) -> Banding:
    """The bands that add most, to second order, if all else stays as it is: a sum of G^2 / (H + ridge) over bands.

    Numbers keep their order; values are put in the order of their rate, which makes the best grouping one of
    neighbours (Fisher 1958). Missing is a band of its own where that pays, else part of the one it is most like.
    `rows` is the weight of each cell, where it is known already.
    """
    count = column.cells.count
    pull, hold = (_summed(column.codes, of, count) for of in (gradient, curvature))
    rows = _summed(column.codes, weight, count) if rows is None else rows
    least = limits.share * rows.sum()
    if column.cells.ordered:
        return max(
            (_ordered(pull, hold, rows, limits, least, way) for way in _ways(column.shape)), key=lambda one: one.gain
        )
    return _listed(pull, hold, rows, limits, least)


def _summed(of: Ints, what: Floats, count: int) -> Floats:
    """The sum of `what` per cell."""
    sums: Floats = np.bincount(of, what, count).astype(np.float64)
    return sums


def _ways(shape: Shape) -> tuple[int, ...]:
    return {"free": (0,), "up": (1,), "down": (-1,), "either": (1, -1)}[shape]


def _ordered(pull: Floats, hold: Floats, rows: Floats, limits: Limits, least: float, way: int) -> Banding:
    """Cells of numbers, the last cell being the missing."""
    there = np.flatnonzero(rows[:-1])
    if not there.size:
        return _nothing(rows.size)
    blocks = _pooled(pull[there], hold[there] + 1e-12, way) if way else np.arange(there.size)
    sums = [_summed(blocks, of[there], int(blocks.max()) + 1) for of in (pull, hold, rows)]
    whole = pull.sum() ** 2 / (hold.sum() + limits.ridge)
    options = []
    if rows[-1] >= least and rows[-1] > 0:
        alone = pull[-1] ** 2 / (hold[-1] + limits.ridge) - limits.price
        gain, of_block = _split(sums, limits, limits.bands - 1, least)
        options.append((gain + alone, of_block, int(of_block.max()) + 1))
    gain, of_block = _split(sums, limits, limits.bands, least)
    if rows[-1] > 0:
        better, nearest = _merged(pull, hold, of_block, sums, limits)
        options.append((gain + better, of_block, nearest))
    else:
        options.append((gain, of_block, _middle(of_block, sums, limits)))
    gain, of_block, missing = max(options, key=lambda option: option[0])
    of = np.full(rows.size, missing)
    # a cell without rows belongs to the band below it, or to the first
    at = np.clip(np.searchsorted(there, np.arange(rows.size - 1), side="right") - 1, 0, None)
    of[:-1] = of_block[blocks][at]
    chance = CUT_CHANCE if of_block.max() and there.size > 2 else 0.0  # noqa: PLR2004 - two cells have one place
    return Banding(float(gain - whole) - chance, Bands(of.astype(np.int64)))


def _merged(pull: Floats, hold: Floats, of_block: Ints, sums: Sequence[Floats], limits: Limits) -> tuple[float, int]:
    """What the missing add to the band that they are most like, and which band that is."""
    band_pull, band_hold = np.bincount(of_block, sums[0]), np.bincount(of_block, sums[1]) + limits.ridge
    change = (band_pull + pull[-1]) ** 2 / (band_hold + hold[-1]) - band_pull**2 / band_hold
    return float(change.max()), int(change.argmax())


def _middle(of_block: Ints, sums: Sequence[Floats], limits: Limits) -> int:
    """The band nearest to the average: for what was never seen."""
    rate = np.bincount(of_block, sums[0]) / (np.bincount(of_block, sums[1]) + limits.ridge)
    return int(np.abs(rate - sums[0].sum() / (sums[1].sum() + limits.ridge)).argmin())


def _listed(pull: Floats, hold: Floats, rows: Floats, limits: Limits, least: float) -> Banding:
    there = np.flatnonzero(rows)
    # Rare values stand near the average, not at the ends where chance would put them.
    rate = pull[there] / (hold[there] + limits.ridge + 2.0)
    order = there[np.argsort(rate, kind="stable")]
    sums = [of[order] for of in (pull, hold, rows)]
    gain, of_cell = _split(sums, limits, limits.bands, least)
    of = np.full(rows.size, _middle(of_cell, sums, limits))
    of[order] = of_cell
    # Values put in order by their own outcomes gain by chance alone about one for each value more than the first two.
    chance = max(0, there.size - 2) if of_cell.max() else 0
    return Banding(float(gain - pull.sum() ** 2 / (hold.sum() + limits.ridge) - chance), Bands(of.astype(np.int64)))


def turning(column: Column, bands: Bands, effects: Floats) -> Bands | None:
    """Bands with those two joined that turn most against the shape of their column; None where none does."""
    if column.shape == "free" or not column.cells.ordered:
        return None
    there = bands.of[:-1]
    order = there[np.sort(np.unique(there, return_index=True)[1])]
    steps = np.diff(effects[order])
    way = {"up": 1.0, "down": -1.0}.get(column.shape, 1.0 if steps.sum() >= 0 else -1.0)
    if not steps.size or (way * steps).min() >= 0:
        return None
    worst = int((way * steps).argmin())
    joined = np.where(bands.of == order[worst + 1], order[worst], bands.of)
    return Bands(np.unique(joined, return_inverse=True)[1].astype(np.int64))


def _nothing(cells: int) -> Banding:
    return Banding(NOTHING, Bands(np.zeros(cells, np.int64)))


def _pooled(pull: Floats, hold: Floats, way: int) -> Ints:
    """Neighbours joined until the rates go one way: pool adjacent violators (Ayer et al. 1955).

    The best few monotone bands are unions of these blocks (Hardwick and Stout 2014), so `_split` may go on from them.
    """
    blocks: list[tuple[float, float, int]] = []
    for one_pull, one_hold in zip((way * pull).tolist(), hold.tolist(), strict=True):
        block = (one_pull, one_hold, 1)
        while blocks and blocks[-1][0] * block[1] >= block[0] * blocks[-1][1]:
            last = blocks.pop()
            block = (last[0] + block[0], last[1] + block[1], last[2] + block[2])
        blocks.append(block)
    return np.repeat(np.arange(len(blocks)), [cells for *_, cells in blocks])


def _split(sums: Sequence[Floats], limits: Limits, most: int, least: float) -> tuple[float, Ints]:
    """Neighbouring cells joined into at most `most` bands of at least `least` rows: dynamic programming, exact."""
    cells = sums[0].size
    ends = [np.concatenate([[0.0], np.cumsum(of)]) for of in sums]
    g, h, w = (end[None, :] - end[:, None] for end in ends)
    allowed = np.triu(w >= least * (1 - 1e-9), 1)
    value = np.where(allowed, g * g / np.where(allowed, h + limits.ridge, 1.0), -np.inf)
    best, back = value[0], [np.zeros(cells + 1, np.int64)]
    totals = [best[cells]]
    for _ in range(1, max(1, most)):
        through = best[:, None] + value
        back.append(through.argmax(axis=0))
        best = through.max(axis=0)
        totals.append(best[cells])
    count = int(np.argmax(np.array(totals) - limits.price * np.arange(len(totals))))
    if not np.isfinite(totals[count]):
        return float(sums[0].sum() ** 2 / (sums[1].sum() + limits.ridge)), np.zeros(cells, np.int64)
    of, end = np.zeros(cells, np.int64), cells
    for band in range(count, -1, -1):
        begin = int(back[band][end])
        of[begin:end], end = band, begin
    return float(totals[count] - limits.price * count), of
