"""Rows of the past whose horizon is over, counted once: for any number of forecasts, each of which knows some of them.

In: a panel's rows. Out: `Past`, which can be cut at every instant. Pure. Called by `forecast.py`.

A forecast for each of twelve past days over eleven million rows would sort them twelve times. What it needs of them are
counts by score and fold, instant by instant, and these add up.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scoville.evidence.figures.calibration import FOLDS, fold_counts, grouped_levels, map_of, steady_folds
from scoville.evidence.figures.sample import distinct, rows_of, sample

if TYPE_CHECKING:
    from scoville.evidence.figures.calibration import Calibration
    from scoville.evidence.figures.sample import Bools, Floats, Ints, Sample

BANDS = ("stage", "source")  # what the value of a win may depend on
MOST_LEADS = 200_000  # from whom it is seen how far probabilities may be off; the probabilities come from all


@dataclass(frozen=True)
class Rows:
    """Leads at instants, one entry for each; `value` is NaN without a win or where its value is not known.

    `at` is the instant, counted in horizons from any beginning. `bands` has a code per row for each of `BANDS`, -1 for
    none; codes mean the same wherever rows are used together.
    """

    score: Floats
    won: Bools
    value: Floats
    lead: Ints
    at: Floats
    bands: dict[str, Ints]

    def where(self, here: Bools) -> Rows:
        """Some of the rows."""
        return Rows(
            self.score[here], self.won[here], self.value[here], self.lead[here], self.at[here],
            {name: codes[here] for name, codes in self.bands.items()},
        )  # fmt: skip


class Some(NamedTuple):
    """All rows of some leads: instant and score by their numbers in `Past`, and the number of the lead."""

    instant: Ints
    level: Ints
    won: Bools
    lead: Ints

    def where(self, here: Bools) -> Some:
        """Some of the rows."""
        return Some(self.instant[here], self.level[here], self.won[here], self.lead[here])


@dataclass(frozen=True)
class Past:
    """Rows at instants `at` (rising), by their score: the different ones in `score`, grouped where they are many.

    `counts` is instants by 2 (rows, won rows) by scores by folds. `leads_by`, `lost_by`: how many leads there are, and
    how many with a row without a win, up to each instant. `some` are rows of at most 200,000 leads, `wins` all won.
    """

    at: Floats
    score: Floats
    counts: Floats
    leads_by: Ints
    lost_by: Ints
    some: Some
    wins: Rows

    def until(self, instants: int) -> Past:
        """What was known when so many of the instants were over."""
        last = self.at[instants - 1] if instants else -np.inf
        return Past(
            self.at[:instants], self.score, self.counts[:instants], self.leads_by[:instants], self.lost_by[:instants],
            self.some.where(self.some.instant < instants), self.wins.where(self.wins.at <= last),
        )  # fmt: skip

    @property
    def leads(self) -> int:
        """How many leads the rows are of."""
        return int(self.leads_by[-1]) if self.leads_by.size else 0

    @property
    def periods(self) -> float:
        """How many horizons that do not overlap the instants span."""
        return float(self.at[-1] - self.at[0] + 1) if self.at.size else 0.0

    @cached_property
    def chances(self) -> Calibration:
        """The map from score to probability that these rows show."""
        lost = int(self.lost_by[-1]) if self.lost_by.size else 0
        return map_of(self.score, self.counts.sum(axis=0), self.leads, distinct(self.wins.lead).size, lost)


def past_of(rows: Rows, given: Sample | None = None) -> Past:
    """The past of these rows; `given` is their sample, where there is one, whose scores are sorted already."""
    given = given if given is not None else sample(rows.score, rows.won, rows.lead)
    at = np.unique(rows.at)
    instant, (score, level) = np.searchsorted(at, rows.at), grouped_levels(given)
    cell = level * FOLDS + steady_folds(given, distinct(rows.lead))
    each = rows_of(instant, at.size) if at.size else []
    counts = [fold_counts(cell[here], given.won[here], score.size) for here in each]
    kept = given.cluster % max(1, math.ceil(given.leads / MOST_LEADS)) == 0
    return Past(
        at=at,
        score=score,
        counts=np.stack(counts) if counts else np.zeros((0, 2, score.size, FOLDS)),
        leads_by=_leads_by(each, given.cluster, given.leads),
        lost_by=_leads_by([here[~given.won[here]] for here in each], given.cluster, given.leads),
        some=Some(instant, level, given.won, given.cluster).where(kept),
        wins=rows.where(rows.won),
    )


def _leads_by(rows: list[Ints], cluster: Ints, leads: int) -> Ints:
    """How many different leads there are in the first of some sets of rows, in the first two, and so on."""
    first = np.full(leads, len(rows))
    for number in range(len(rows) - 1, -1, -1):
        first[cluster[rows[number]]] = number
    return np.cumsum(np.bincount(first, minlength=len(rows))[: len(rows)])
