"""Two columns together: one rule for the leads whose values lie in a part of both, such as students reached by phone.

In: columns, and per row how strongly its outcome pulls. Out: the part of two columns whose leads gain most from points
of their own, after what each column says alone. Pure; called by `selecting`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np

from scoville.learn.choosing.bands import Column, Limits, best_bands

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

Together = Literal["none", "chosen", "any"]
LEVELS = 8  # parts that a column is cut into before a stretch of them is looked for
_LEVEL_SHARE = 0.03
_LEVEL_PRICE = 0.5  # levels may be fine: what is looked for is a stretch of them


@dataclass(frozen=True)
class Both:
    """The rows whose cell is among `cells` of one column, and among `other_cells` of the column `other`."""

    cells: Bools
    other: int
    other_cells: Bools

    def codes(self, column: Column, other: Column) -> Ints:
        """1 for a row inside, 0 for a row outside."""
        return (self.cells[column.codes] & self.other_cells[other.codes]).astype(np.int64)


@dataclass(frozen=True)
class Pairing:
    """The best part of two columns: its gain in twice the log likelihood, the first column, the part."""

    gain: float
    column: int
    both: Both


@dataclass
class Levels:
    """Columns cut into a few levels each, by their own outcomes; made when first asked for."""

    candidates: Sequence[object]
    gradient: Floats
    curvature: Floats
    weight: Floats
    _made: dict[int, tuple[Ints, int, Ints, bool]] = field(default_factory=dict)

    def of(self, which: int) -> tuple[Ints, int, Ints, bool]:
        """Level of each cell, how many levels, level of each row, and whether the last one is for missing alone."""
        if which not in self._made:
            self._made[which] = self._make(which)
        return self._made[which]

    def _make(self, which: int) -> tuple[Ints, int, Ints, bool]:
        column = self.candidates[which]
        if not isinstance(column, Column):
            return np.zeros(0, np.int64), 1, np.zeros(0, np.int64), False
        limits = Limits(LEVELS, _LEVEL_SHARE, _LEVEL_PRICE)
        level = best_bands(column, self.gradient, self.curvature, self.weight, limits).bands.of.copy()
        apart = column.cells.ordered and bool((column.codes == column.cells.missing).any())
        if apart:  # numbers are compared, and a comparison never holds for what is missing
            level[-1] = level.size + 1
            level = np.unique(level, return_inverse=True)[1].astype(np.int64)
        return level, int(level.max()) + 1, level[column.codes], apart


def best_pairing(
    pairs: Iterable[tuple[int, int]], levels: Levels, gradient: Floats, curvature: Floats, limits: Limits
) -> Pairing | None:
    """The stretch of levels of one column, within a stretch of another, whose rows gain most from own points."""
    best: Pairing | None = None
    for one, other in pairs:
        (_, rows, of_row, apart), (_, columns, of_other, other_apart) = levels.of(one), levels.of(other)
        if rows < 2 or columns < 2:  # noqa: PLR2004 - a column of one level has no part
            continue
        cell = of_row * columns + of_other
        tables = [
            np.bincount(cell, of, rows * columns).astype(np.float64) for of in (gradient, curvature, levels.weight)
        ]
        inside = [_stretches(table.reshape(rows, columns)) for table in tables]
        gain = _gains(inside, [float(table.sum()) for table in tables], limits)
        gain[~_allowed(rows, columns, apart, other_apart)] = -np.inf
        at = int(gain.argmax())
        if gain.flat[at] > (best.gain if best else 0.0):
            low, high, left, right = (int(end) for end in np.unravel_index(at, gain.shape))
            best = Pairing(float(gain.flat[at]), one, Both(
                _between(levels.of(one)[0], low, high), other, _between(levels.of(other)[0], left, right)
            ))  # fmt: skip
    return best


def _between(level: Ints, low: int, high: int) -> Bools:
    return (level >= low) & (level < high)


def _stretches(table: Floats) -> Floats:
    """The sum of every rectangle of a table: from row, below row, from column, below column."""
    ends = np.zeros((table.shape[0] + 1, table.shape[1] + 1))
    ends[1:, 1:] = table.cumsum(axis=0).cumsum(axis=1)
    by_row = ends[None, :, :] - ends[:, None, :]
    sums: Floats = by_row[:, :, None, :] - by_row[:, :, :, None]
    return sums


def _gains(inside: Sequence[Floats], whole: Sequence[float], limits: Limits) -> Floats:
    """What inside and outside gain over one average for all."""
    (pull, hold, rows), (all_pull, all_hold, all_rows) = inside, whole
    enough = (rows >= limits.share * all_rows) & (rows <= (1 - limits.share) * all_rows)
    hold = np.clip(hold, 0.0, all_hold)
    gain = pull**2 / (hold + limits.ridge) + (all_pull - pull) ** 2 / (all_hold - hold + limits.ridge)
    return np.where(enough, gain - all_pull**2 / (all_hold + limits.ridge), -np.inf)


_ALLOWED: dict[tuple[int, int, bool, bool], Bools] = {}


def _allowed(rows: int, columns: int, apart: bool, other_apart: bool) -> Bools:  # noqa: FBT001
    """Stretches that are not empty, are not the whole column, and do not join missing with numbers."""
    key = rows, columns, apart, other_apart
    if key not in _ALLOWED:
        _ALLOWED[key] = _stretch(rows, apart)[:, :, None, None] & _stretch(columns, other_apart)[None, None]
    return _ALLOWED[key]


def _stretch(count: int, apart: bool) -> Bools:  # noqa: FBT001
    fine = np.triu(np.ones((count + 1, count + 1), np.bool_), 1)
    fine[0, count] = False
    if apart:
        fine[: count - 1, count] = False
    return fine
