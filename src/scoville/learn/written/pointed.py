"""A chosen factor with its points, and what it gives each row.

In: a candidate, where it came from, points. Pure values. Made by `scaled`, read by `rules`, `card` and `earned`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, cast

import numpy as np

from scoville.learn.choosing.selecting import Amount
from scoville.learn.choosing.together import Both
from scoville.learn.tried.origins import Recent, Trait

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from scoville.learn.choosing.bands import Bands, Column
    from scoville.learn.choosing.selecting import Candidate, Form
    from scoville.learn.tried.origins import Origin

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

Section = Literal["fit", "engagement"]
SECTIONS: tuple[Section, Section] = ("fit", "engagement")
SCALE = 100.0


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

    @property
    def section(self) -> Section:
        """Where its rule stands."""
        return "fit" if isinstance(self.origin, Trait) else "engagement"

    def at_rest(self) -> Pointed:
        """With 0 for what most leads have of a trait, and for never having done what a rule of behaviour asks for."""
        if self.most is not None:
            return self
        return self.shifted(-self.points[self._usual()])

    def _usual(self) -> int:
        """The band whose points are 0."""
        if isinstance(self.form, Both):
            return 0
        if isinstance(self.origin, Trait):
            return int(self.bands_shares.argmax())
        cells = self.column.cells
        never = cells.missing if isinstance(self.origin, Recent) else int(cells.codes(np.zeros(1))[0])
        return int(cast("Bands", self.form).of[never])
