"""Fit against engagement: how many leads stand in each cell, and what cells were worth.

In: a connection and the model in force. Out: a `Matrix` with the counts that the worker made last. Called by the page.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from scoville.live.scoring.cells import NONE, Band, Side, cells_of, sides_of
from scoville.live.store.summed import matrix_counts

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.model.load import Model


_ENOUGH = 10  # leads: as in the report, below them a cell is no news


@dataclass(frozen=True)
class Rate:
    """How many of the leads that stood in a cell converted within the horizon; rates are null without leads.

    `effective_leads` counts rows of one lead as one, as in the evidence.
    """

    leads: int
    conversions: int
    rate: float | None
    low: float | None
    high: float | None
    effective_leads: float

    @property
    def says(self) -> bool:
        """Whether there were enough leads to say anything."""
        return self.rate is not None and self.effective_leads >= _ENOUGH


@dataclass(frozen=True)
class Cell:
    """Leads that stand here now, their share of all, and what standing here was worth; null where nothing says."""

    row: Band
    column: Band
    leads: int
    share: float
    rate: Rate | None


@dataclass(frozen=True)
class Matrix:
    """All cells, the best row and the best column first. `counted_at` is null when it was counted just now."""

    rows: Side
    columns: Side
    cells: tuple[tuple[Cell, ...], ...]
    leads: int
    counted_at: datetime | None


def matrix_of(connection: Connection, publication_no: int, model: Model, rates: Mapping[str, Any] | None) -> Matrix:
    """The matrix by the counts that were made last; before the worker made any, it is counted here.

    `rates` is the `matrix` of an `Evidence` as plain values; it counts where its letters are those of the model.
    """
    chosen = select(matrix_counts).where(matrix_counts.c.publication_no == publication_no)
    kept = connection.execute(chosen).first()
    counts = (
        {(row, column): leads for row, column, leads in kept.cells}
        if kept is not None
        else cells_of(connection, publication_no, model)
    )
    rows, columns = (_with_rest(side, {cell[place] for cell in counts}) for place, side in enumerate(sides_of(model)))
    known, everyone = _rates(rates, rows, columns), sum(counts.values())
    cells = tuple(tuple(_cell(row, column, counts, everyone, known) for column in columns.bands) for row in rows.bands)
    return Matrix(rows, columns, cells, everyone, kept.counted_at if kept is not None else None)


def _with_rest(side: Side, found: set[str]) -> Side:
    """A model whose lowest letter has a limit leaves some leads without one."""
    if NONE not in found:
        return side
    return Side(side.by, (*side.bands, Band(NONE, None, side.bands[-1].from_)))


def _cell(
    row: Band, column: Band, counts: Mapping[tuple[str, str], int], everyone: int, known: Mapping[tuple[str, str], Rate]
) -> Cell:
    at = (row.label, column.label)
    leads = counts.get(at, 0)
    return Cell(row, column, leads, leads / everyone if everyone else 0.0, known.get(at))


def _rates(found: Mapping[str, Any] | None, rows: Side, columns: Side) -> dict[tuple[str, str], Rate]:
    """What each cell was worth; nothing where the evidence was sorted by other letters or bands."""
    if found is None or (found["rows_by"], found["columns_by"]) != (rows.by, columns.by):
        return {}
    down, along = ([side["label"] for side in found[name]] for name in ("rows", "columns"))
    ours = ({band.label for band in side.bands} | {NONE} for side in (rows, columns))
    if not all({*labels} <= known for labels, known in zip((down, along), ours, strict=True)):
        return {}
    return {
        (row, column): Rate(*(cell[name] for name in Rate.__dataclass_fields__))
        for row, cells in zip(down, found["cells"], strict=True)
        for column, cell in zip(along, cells, strict=True)
    }
