"""Fit against engagement: who the leads are down the side, what they did along the top, and how each cell converts.

In: a model and its panel. Out: a `Matrix`, whose cells add up to the panel. Called by `backtest.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import product
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scoville.evidence.figures.brackets import Bracket, by_code
from scoville.evidence.figures.sample import even_groups, levels

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.evidence.figures.sample import Floats, Ints
    from scoville.evidence.snapshots import Labels, Panel
    from scoville.model.load import Model

THIRDS = 3
NONE = "(none)"


@dataclass(frozen=True)
class Side:
    """A row or a column: points at least `from_` and below `below`; either is null where nothing limits it.

    The highest of several ranges holds its `below` too.
    """

    label: str
    from_: float | None
    below: float | None


@dataclass(frozen=True)
class Matrix:
    """Conversion by fit and engagement, the best row and the best column first.

    `rows_by` is "grade" where the model has grades, else "fit": thirds of the rows of the panel by their points, ties
    together, so that they may be uneven or fewer. `columns_by` is "level" or "engagement", likewise. `cells[i][j]` is
    the bracket of row i and column j; together they hold every row of the panel once.
    """

    rows_by: Literal["grade", "fit"]
    columns_by: Literal["level", "engagement"]
    rows: tuple[Side, ...]
    columns: tuple[Side, ...]
    cells: tuple[tuple[Bracket, ...], ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values: `rows` and `columns` with label, from and below; `cells` one by one, row by row."""
        return {
            "rows_by": self.rows_by,
            "columns_by": self.columns_by,
            "rows": [_side(side) for side in self.rows],
            "columns": [_side(side) for side in self.columns],
            "cells": [
                _cell(row, column, self.cells[i][j])
                for (i, row), (j, column) in product(enumerate(self.rows), enumerate(self.columns))
            ],
        }


def _side(side: Side) -> dict[str, Any]:
    return {"label": side.label, "from": side.from_, "below": side.below}


def _cell(row: Side, column: Side, cell: Bracket) -> dict[str, Any]:
    return {
        "row": row.label, "column": column.label, "leads": cell.leads, "conversions": cell.conversions,
        "rate": cell.rate, "low": cell.low, "high": cell.high,
    }  # fmt: skip


def matrix_of(model: Model, panel: Panel) -> Matrix:
    """Conversion by grade and level, or by thirds of the points where the model has no words for them."""
    rows, row = _sides(model.grades, panel.labels["grade"], panel.fit)
    columns, column = _sides(model.levels, panel.labels["level"], panel.engagement)
    names = [f"{one.label} × {other.label}" for one, other in product(rows, columns)]
    cells = by_code(names, row * len(columns) + column, panel.sample, names) if names else ()
    return Matrix(
        "grade" if model.grades else "fit",
        "level" if model.levels else "engagement",
        rows,
        columns,
        tuple(cells[i : i + len(columns)] for i in range(0, len(cells), len(columns) or 1)),
    )


def _sides(
    thresholds: Mapping[str, float | None] | None, labels: Labels, points: Floats
) -> tuple[tuple[Side, ...], Ints]:
    """The rows (or columns) of the matrix, the best first, and in which of them each row of the panel stands."""
    return _by_words(thresholds, labels) if thresholds else _by_thirds(points)


def _by_words(thresholds: Mapping[str, float | None], labels: Labels) -> tuple[tuple[Side, ...], Ints]:
    below = [None, *thresholds.values()]
    sides = [Side(name, from_, below[place]) for place, (name, from_) in enumerate(thresholds.items())]
    names = list(thresholds)
    if (labels.codes < 0).any():
        sides.append(Side(NONE, None, below[-1]))
    places = np.array([*(names.index(name) for name in labels.names), len(names)], dtype=np.int64)
    return tuple(sides), places[labels.codes]  # code -1 is the last one


def _by_thirds(points: Floats) -> tuple[tuple[Side, ...], Ints]:
    if not points.size:
        return (), np.zeros(0, dtype=np.int64)
    values, level = levels(points)
    group = even_groups(np.bincount(level).astype(np.float64), THIRDS)
    starts = values[np.flatnonzero(np.diff(group, prepend=-1))]
    sides = [_range(start, end) for start, end in zip(starts, [*starts[1:], values[-1]], strict=True)]
    return tuple(reversed(sides)), len(sides) - 1 - group[level]


def _range(start: float, end: float) -> Side:
    low, high = f"{start:,.6g}", f"{end:,.6g}"
    return Side(low if low == high else f"{low} to {high}", float(start), float(end))
