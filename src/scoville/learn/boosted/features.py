"""What a boosted model looks at: a compact part of the candidates, as numbers, and what a person would call each.

In: candidates, or the same figures worked out anew for scoring. Out: `Feature`s and columns of numbers. Pure. Called
by `boosting` and `predicting`, so that what is scored is what was learned from.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.learn.choosing.selecting import Amount
from scoville.learn.tried.naming import name_of
from scoville.learn.tried.origins import Counted, Decayed, Recent, Summed, Trait

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scoville.learn.choosing.bands import Cells, Column
    from scoville.learn.tried.candidates import Candidate, Candidates
    from scoville.learn.tried.origins import Origin

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Singles = NDArray[np.float32]

HALF_LIVES_DAYS = (7.0, 30.0, 90.0, None)  # those between say nearly the same, and trees find what lies between


@dataclass(frozen=True)
class Feature:
    """Where a column comes from, and how it is cut into cells; `cells` None: an amount, which is taken as it is."""

    origin: Origin
    cells: Cells | None

    @property
    def by_value(self) -> bool:
        """Whether its cells are kinds without an order."""
        return self.cells is not None and not self.cells.ordered

    @property
    def name(self) -> str:
        """Such as `Pricing page viewed, half-life 30d`."""
        named = name_of(self.origin)
        if not isinstance(self.origin, Decayed):
            return named
        days = self.origin.half_life_days
        return f"{named}, times in all" if days is None else f"{named}, half-life {days:g}d"

    def column(self, codes: Ints) -> Singles:
        """Cells as the trees see them: of numbers, those that are missing have none."""
        numbers = codes.astype(np.float32)
        if self.cells is not None and self.cells.ordered:
            numbers[codes == self.cells.missing] = np.nan
        return numbers

    def spoken(self, value: float) -> str:
        """The feature with what a lead has there: `Job seniority: executive`, `Demo requested: never`."""
        if isinstance(self.origin, Trait):
            return f"{self.name}: {_cell(self.cells, value)}"
        if isinstance(self.origin, Recent):
            return f"{self.name}: {'never' if np.isnan(value) else _cell(self.cells, value)}"
        return self.name if value > 0 else f"{_did(self.origin)}: never"


def wanted(candidates: Candidates) -> list[Candidate]:
    """The candidates that become features: every trait, and of what leads did a few forms that differ."""
    return [one for one in candidates if _is_wanted(one.origin)]


def feature_of(candidate: Candidate) -> Feature:
    """A candidate as a feature."""
    of = candidate.candidate
    return Feature(candidate.origin, None if isinstance(of, Amount) else of.cells)


def column_of(feature: Feature, of: Column | Amount) -> Singles:
    """The numbers of a candidate, as the trees see them."""
    return of.of.astype(np.float32) if isinstance(of, Amount) else feature.column(of.codes)


def matrix_of(columns: Sequence[Singles], rows: int) -> Singles:
    """Columns side by side."""
    matrix = np.empty((rows, len(columns)), np.float32)
    for place, column in enumerate(columns):
        matrix[:, place] = column
    return matrix


def _is_wanted(origin: Origin) -> bool:
    if isinstance(origin, Decayed):
        return origin.half_life_days in HALF_LIVES_DAYS
    return not isinstance(origin, Counted)


def _did(origin: Origin) -> str:
    if isinstance(origin, Summed | Trait):
        return name_of(origin)
    return name_of(Decayed(origin.of, None))


def _cell(cells: Cells | None, value: float) -> str:
    if cells is None or np.isnan(value):
        return "missing"
    cell = int(value)
    if cells.edges is None:
        if cell >= len(cells.values):
            return "missing" if cell == cells.missing else "another one"
        return str(cells.values[cell])
    low = None if cell == 0 else f"{cells.edges[cell - 1]:,.6g}"
    high = None if cell >= cells.edges.size else f"{cells.edges[cell]:,.6g}"
    if low is None or high is None:
        return f"below {high}" if high is not None else f"from {low}" if low is not None else "there"
    return f"{low} to below {high}"
