"""What every figure starts from: scores, outcomes, and which lead each row belongs to.

A lead that stands in several snapshots is several rows, but not several independent observations. Everything here that
makes an interval therefore counts leads, not rows. In: arrays. Out: plain numbers.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from scoville.errors import UsageError

if TYPE_CHECKING:
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]
    Ints = NDArray[np.int64]

CONFIDENCE = 0.95
Z = NormalDist().inv_cdf(0.5 + CONFIDENCE / 2)
_DENSE = 10  # numbers per row that a table of all numbers may hold
_SHORT = 2**15  # groups whose numbers have 16 bits, which are sorted ten times as fast
FEW = 5  # fewer converting (or not converting) leads than this, and no figure is to be relied on


@dataclass(frozen=True)
class Sample:
    """Scores with outcomes: `score` and `won` per row, `cluster` the lead of each row, numbered from 0 to `leads` - 1.

    `leads_won` and `leads_lost` count the leads that have at least one row with, and without, an outcome.
    """

    score: Floats
    won: Bools
    cluster: Ints
    leads: int
    leads_won: int
    leads_lost: int

    @cached_property
    def levels(self) -> tuple[Floats, Ints]:
        """The different scores, rising, and for each row which of them it has."""
        return levels(self.score)

    def some(self, rows: Ints) -> Sample:
        """Some of the rows. Their scores are in order already, so that nothing is sorted again."""
        found = sample(self.score[rows], self.won[rows], self.cluster[rows])
        values, level = self.levels
        number, _ = numbered(level[rows])
        vars(found)["levels"] = values[distinct(level[rows])], number  # what the cached property would find
        return found

    @property
    def cannot_tell(self) -> str | None:
        """Why no figure of this sample is to be relied on; None where one is."""
        if not self.score.size:
            return "cannot tell: no leads"
        if self.leads_won < FEW:
            return f"cannot tell: {counted(self.leads_won, 'conversion')}"
        if self.leads_lost < FEW:
            without = counted(self.leads_lost, "lead") if self.leads_lost else "no lead"
            return f"cannot tell: {without} without a conversion"
        if self.score.min() == self.score.max():
            return "cannot tell: all scores are equal"
        return None


def sample(score: Floats | Sample, won: Bools | None = None, lead: Ints | None = None) -> Sample:
    """The sample of three columns of equal length; without `lead`, every row is a lead of its own.

    A sample is given back as it is: made once, several figures share its sorting.

    Raises:
        UsageError: the columns differ in length, or a score is not a finite number.
    """
    if isinstance(score, Sample):
        return score
    score, won = np.asarray(score, np.float64), np.asarray(won, np.bool_)
    lead = np.arange(score.size) if lead is None else np.asarray(lead)
    if not (score.shape == won.shape == lead.shape and score.ndim == 1):
        raise UsageError(
            f"score, won and lead must be columns of one length, not {score.shape}, {won.shape}, "
            f"{lead.shape}: give one value of each per row"
        )
    if missing := int((~np.isfinite(score)).sum()):
        raise UsageError(f"{counted(missing, 'score')} of {score.size} missing or infinite: leave these rows out first")
    cluster, leads = numbered(lead)
    rows = np.bincount(cluster, minlength=leads)
    rows_won = np.bincount(cluster[won], minlength=leads)
    return Sample(score, won, cluster, leads, int((rows_won > 0).sum()), int((rows > rows_won).sum()))


def numbered(lead: Ints) -> tuple[Ints, int]:
    """The leads of rows numbered from 0 without gaps, in the order of `lead`, and how many they are.

    Without sorting where `lead` holds small whole numbers, as a panel's does: a backtest asks this of millions of rows.
    """
    there = _table_of(lead)
    if there is not None:
        return (np.cumsum(there) - 1)[lead], int(there.sum())
    names, number = np.unique(lead, return_inverse=True)
    return number.astype(np.int64), names.size


def distinct(lead: Ints) -> Ints:
    """The different leads of rows, rising; likewise without sorting."""
    there = _table_of(lead)
    return np.unique(lead) if there is None else np.flatnonzero(there)


def _table_of(lead: Ints) -> Bools | None:
    """For each small whole number whether it is one of the leads; None where they are anything else."""
    if not (lead.size and lead.dtype.kind in "iu" and lead.min() >= 0 and lead.max() <= _DENSE * lead.size):
        return None
    there = np.zeros(int(lead.max()) + 1, np.bool_)
    there[lead] = True
    return there


def rows_of(group: Ints, groups: int) -> list[Ints]:
    """The rows of each group from 0 to `groups` - 1, found with one sort; by their first 16 bits where that will do."""
    group = group.astype(np.int16) if groups <= _SHORT else group
    order = np.argsort(group, kind="stable")
    return np.split(order, np.cumsum(np.bincount(group, minlength=groups))[:-1])


def levels(score: Floats) -> tuple[Floats, Ints]:
    """The different scores, rising, and for each row which of them it has: ties are one level, whatever their order."""
    values, level = np.unique(score, return_inverse=True)
    return values, level.astype(np.int64)


def even_groups(rows_per_level: Floats, groups: int) -> Ints:
    """Which of at most `groups` groups of about equal size each level falls into, numbered from 0 without gaps.

    A level is never split, so that tied leads share their group; it goes where its middle row belongs.
    """
    middle = np.cumsum(rows_per_level) - rows_per_level / 2
    wanted = np.floor(groups * middle / rows_per_level.sum()).astype(np.int64)
    return np.unique(wanted, return_inverse=True)[1].astype(np.int64)


def design_effect(won: Bools | Floats, cluster: Ints, weight: Floats | None = None) -> float:
    """How many rows count for one, at least 1: the clustered variance of a rate over its binomial variance.

    Kish 1965, with the variance of a ratio by Taylor linearisation, leads as clusters. Where the rate is 0 or 1, there
    is no variance to see, and every lead counts once.
    """
    by_lead = np.bincount(cluster, weight)
    hits = np.flatnonzero(won)
    value = won[hits] * (1.0 if weight is None else weight[hits])
    entries = won.size if weight is None else int(np.count_nonzero(weight))
    return effect_of(by_lead, np.bincount(cluster[hits], value, minlength=by_lead.size), entries)


def effect_of(by_lead: Floats | Ints, won_by_lead: Floats | Ints, entries: int) -> float:
    """`design_effect` from the rows, and the won rows, of each lead, which were `entries` before they were added up."""
    rows, leads = float(by_lead.sum()), int(np.count_nonzero(by_lead))
    if leads in {0, entries}:
        return 1.0
    rate = float(won_by_lead.sum()) / rows
    if leads == 1 or rate <= 0 or rate >= 1 or rows <= 1:
        return max(1.0, rows / leads)
    deviations = won_by_lead - rate * by_lead
    variance = float(deviations @ deviations) / rows**2 * leads / (leads - 1)
    return max(1.0, variance / (rate * (1 - rate) / (rows - 1)))


def wilson(wins: float, rows: float, effect: float = 1.0, confidence: float = CONFIDENCE) -> tuple[float, float]:
    """Wilson's score interval (1927) of a rate, after dividing both counts by the design effect.

    Example: wilson(0, 10) -> (0.0, 0.2775)
    """
    from statsmodels.stats.proportion import proportion_confint  # noqa: PLC0415 - takes half a second

    low, high = proportion_confint(wins / effect, rows / effect, alpha=1 - confidence, method="wilson")
    return max(0.0, float(low)), min(1.0, float(high))


def counted(number: int, noun: str) -> str:
    """A number with its noun: "1 conversion", "1,200 conversions"."""
    return f"{number:,} {noun}{'' if number == 1 else 's'}"
