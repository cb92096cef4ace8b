"""Does it rank? Whether leads that converted stood above leads that did not: AUC, KS, gains, lift, recall.

In: arrays of scores and outcomes. Out: frozen figures. Pure. Nothing depends on the order of the rows: tied leads share
what a random order among them would give on average.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from functools import cached_property
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.sample import Sample, Z, design_effect, numbered, sample, wilson

if TYPE_CHECKING:
    from scoville.evidence.figures.sample import Bools, Floats, Ints

RECALL_SHARES = (0.15, 0.2, 0.25, 0.3, 0.35)
LIFT_SHARES = (0.05, 0.1, 0.2, 0.25)
GAINS_POINTS = 101
QUARTER = 0.25
LEADS_FOR_DELONG = 20  # on either side; with fewer its variance is a guess, and the interval too narrow
MISPLACED_FOR_DELONG = 5  # likewise near 0 and 1: what a rate needs for a normal interval, on the smaller side

KS_CONFIDENCE = 0.975  # of the low end, see `_ks`

Interval = tuple[float, float]


@dataclass(frozen=True)
class Ranking:
    """How well the scores of a sample rank its outcomes.

    `leads` and `conversions` count rows (a lead in three snapshots is three). Shares and rates are between 0 and 1,
    keys are the share of all leads that is flagged ("0.2"). Figures that do not exist are None or missing from their
    dictionary, and `cannot_tell` says why; where it is set beside figures, these rest on too little to be relied on.
    `auc_interval` says how the interval was made: "delong" or, with few leads or at 0 and 1, "newcombe".
    `gains` are points (share of leads from the top, share of all conversions among them), from (0, 0) to (1, 1).
    """

    leads: int
    conversions: int
    base_rate: float | None
    cannot_tell: str | None
    auc: float | None = None
    auc_low: float | None = None
    auc_high: float | None = None
    auc_se: float | None = None
    auc_interval: str | None = None
    pr_auc: float | None = None
    pr_auc_interval: Interval | None = None
    ks: float | None = None
    ks_interval: Interval | None = None
    top_quarter_rate: float | None = None
    top_quarter_interval: Interval | None = None
    bottom_quarter_rate: float | None = None
    bottom_quarter_interval: Interval | None = None
    recall_at: dict[str, float] = field(default_factory=dict)
    recall_interval: dict[str, Interval] = field(default_factory=dict)
    lift_at: dict[str, float] = field(default_factory=dict)
    lift_interval: dict[str, Interval] = field(default_factory=dict)
    gains: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True)
class PairedAuc:
    """The AUC of two scores of the same rows, and their difference (`auc_a` - `auc_b`) with interval and p-value."""

    auc_a: float | None
    auc_b: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    cannot_tell: str | None


@dataclass(frozen=True)
class _Counts:
    """Won and lost rows per level of the score, rising."""

    won: Floats
    lost: Floats

    @cached_property
    def rows(self) -> Floats:
        """All rows."""
        return self.won + self.lost

    @cached_property
    def above(self) -> Floats:
        """Rows above each level."""
        above: Floats = self.rows.sum() - np.cumsum(self.rows)
        return above

    def from_the_top(self) -> tuple[Floats, Floats]:
        """Rows, and won rows, above each boundary between levels, from nobody to everybody."""
        won, lost = (np.concatenate(([0.0], np.cumsum(side[::-1]))) for side in (self.won, self.lost))
        return won + lost, won


def ranking(score: Floats | Sample, won: Bools | None = None, lead: Ints | None = None) -> Ranking:
    """Every figure of the question "does it rank?".

    Args:
        score: points per row; or a sample, which has all three.
        won: whether the row's lead converted within the horizon.
        lead: which lead a row belongs to; rows of one lead count as one in every interval. None: each its own.

    Raises:
        UsageError: columns of different length, or scores that are not finite.

    Example:
        >>> ranking(np.array([80.0, 60, 40, 20]), np.array([True, False, True, False])).auc
        0.75
    """
    given = sample(score, won, lead)
    rows, wins = given.won.size, int(given.won.sum())
    plain = Ranking(rows, wins, wins / rows if rows else None, given.cannot_tell)
    if wins in {0, rows} or given.score.min() == given.score.max():
        return plain
    counts, level = _counted(given)
    precision, (ks, ks_interval) = _average_precision(counts), _ks(counts, level, given)
    order = replace(
        plain, pr_auc=precision, pr_auc_interval=_precision_interval(precision, given.leads_won),
        ks=ks, ks_interval=ks_interval, gains=_gains(counts),
    )  # fmt: skip
    return _with_shares(_with_auc(order, given, _placements(counts, level, given.won)), given, counts, level)


def paired_auc(
    score_a: Floats | Sample, score_b: Floats | Sample, won: Bools | None = None, lead: Ints | None = None
) -> PairedAuc:
    """The difference in AUC between two scores of the same rows (DeLong, DeLong and Clarke-Pearson 1988, clustered).

    Either may be a sample, which has its rows' outcomes and leads: what is compared with many is then sorted once.

    Raises:
        UsageError: columns of different length, or scores that are not finite.
    """
    a, b = sample(score_a, won, lead), sample(score_b, won, lead)
    if not (a.leads_won and a.leads_lost):
        return PairedAuc(None, None, None, None, None, None, a.cannot_tell)
    placement_a, placement_b = (_placements(*_counted(given), given.won) for given in (a, b))
    auc_a, auc_b = float(placement_a[a.won].mean()), float(placement_b[a.won].mean())
    difference = auc_a - auc_b
    se = _standard_error(placement_a - placement_b, difference, a)
    reason = a.cannot_tell or b.cannot_tell
    if not se:
        reason = reason or "cannot tell: both scores set every lead apart alike"
        return PairedAuc(auc_a, auc_b, difference, None, None, None, reason)
    p = 2 * NormalDist().cdf(-abs(difference) / se)
    low, high = max(-1.0, difference - Z * se), min(1.0, difference + Z * se)
    return PairedAuc(auc_a, auc_b, difference, low, high, p, reason)


def flagged(given: Sample, share: float) -> Floats:
    """How much of each row is flagged when this share of all is, from the top: 1, 0, or in part where a tie is cut."""
    counts, level = _counted(given)
    return _flagged(counts, share)[level]


def standing(given: Sample) -> Floats:
    """For each row the share of those that did not convert which stand below it, half of the tied ones included."""
    counts, level = _counted(given)
    return _lost_below(counts)[level]


# The area under the ROC curve


def _counted(given: Sample) -> tuple[_Counts, Ints]:
    """Won and lost rows per level, and the level of each row."""
    values, level = given.levels
    won, lost = (np.bincount(level[side], minlength=values.size).astype(np.float64) for side in (given.won, ~given.won))
    return _Counts(won, lost), level


def _placements(counts: _Counts, level: Ints, won: Bools) -> Floats:
    """For each row the share of the other side that it stands right to: of lost rows below it, or of won rows above.

    Half of what is tied counts. These are DeLong's structural components, from sorted levels instead of from all pairs
    (as the midranks of Sun and Xu 2014): the mean over won rows, as over lost rows, is the AUC.
    """
    won_above = 1 - (np.cumsum(counts.won) - counts.won / 2) / counts.won.sum()
    placements: Floats = np.where(won, _lost_below(counts)[level], won_above[level])
    return placements


def _lost_below(counts: _Counts) -> Floats:
    """For each level the share of lost rows below it, and half of those at it."""
    below: Floats = (np.cumsum(counts.lost) - counts.lost / 2) / counts.lost.sum()
    return below


def _standard_error(placement: Floats, mean: float, given: Sample) -> float | None:
    """Of an AUC, or of a difference of two: Obuchowski 1997, equations 5 to 8, leads as clusters.

    Where every lead has one row this is DeLong's. None with fewer than two leads on either side: nothing to learn a
    variance from.
    """
    if min(given.leads_won, given.leads_lost) <= 1:
        return None
    won, lost = (_by_lead(placement - mean, given, side) for side in (given.won, ~given.won))
    wins, losses = float(given.won.sum()), float((~given.won).sum())
    variance = (
        _unbiased(given.leads_won) * float(won @ won) / wins**2
        + _unbiased(given.leads_lost) * float(lost @ lost) / losses**2
        + 2 * _unbiased(given.leads) * float(won @ lost) / (wins * losses)
    )
    return math.sqrt(max(variance, 0.0))


def _by_lead(deviation: Floats, given: Sample, side: Bools) -> Floats:
    """Per lead, the sum of its deviations on one side."""
    return np.bincount(given.cluster[side], deviation[side], minlength=given.leads).astype(np.float64)


def _unbiased(leads: int) -> float:
    return leads / (leads - 1)


def _with_auc(figures: Ranking, given: Sample, placement: Floats) -> Ranking:
    """On the logit scale, where the interval of an AUC stays within 0 and 1 (Pepe 2003, 5.2.4)."""
    auc = float(placement[given.won].mean())
    se = _standard_error(placement, auc, given)
    if not (se and _enough_for_delong(auc, min(given.leads_won, given.leads_lost))):
        low, high = _newcombe(auc, given.leads_won, given.leads_lost)
        return replace(figures, auc=auc, auc_low=low, auc_high=high, auc_se=se, auc_interval="newcombe")
    logit, reach = math.log(auc / (1 - auc)), Z * se / (auc * (1 - auc))
    low, high = (1 / (1 + math.exp(-side)) for side in (logit - reach, logit + reach))
    return replace(figures, auc=auc, auc_low=low, auc_high=high, auc_se=se, auc_interval="delong")


def _enough_for_delong(auc: float, leads: int) -> bool:
    return leads >= LEADS_FOR_DELONG and leads * min(auc, 1 - auc) >= MISPLACED_FOR_DELONG


def _newcombe(auc: float, won: int, lost: int) -> Interval:
    """The values that would not reject `auc`, with Hanley and McNeil's variance (Newcombe 2006, method 5).

    What Wilson's interval is to a rate: it holds at 0 and 1 and with a single conversion, where DeLong's has no width.
    """

    def rejected(value: float) -> bool:
        spread = (won + lost) / 2 - 1
        variance = value * (1 - value) * (1 + spread * ((1 - value) / (2 - value) + value / (1 + value))) / (won * lost)
        return (auc - value) ** 2 > Z**2 * variance

    def edge(outside: float) -> float:
        inside = auc
        for _ in range(60):  # halvings: past the precision of a float
            middle = (inside + outside) / 2
            inside, outside = (inside, middle) if rejected(middle) else (middle, outside)
        return inside

    return edge(0.0), edge(1.0)


# The order as a whole


def _average_precision(counts: _Counts) -> float:
    """The area under the precision-recall curve as the mean precision at each conversion, ties taken together."""
    rows, won = counts.from_the_top()
    return float(np.diff(won) @ (won[1:] / rows[1:]) / won[-1])


def _precision_interval(precision: float, leads_won: int) -> Interval:
    """On the logit scale, with the variance of a share of as many as converted (Boyd, Eng and Page 2013)."""
    if not 0 < precision < 1:
        return wilson(precision * leads_won, leads_won)
    logit = math.log(precision / (1 - precision))
    reach = Z / math.sqrt(leads_won * precision * (1 - precision))
    low, high = (1 / (1 + math.exp(-side)) for side in (logit - reach, logit + reach))
    return low, high


def _ks(counts: _Counts, level: Ints, given: Sample) -> tuple[float, Interval]:
    """Kolmogorov-Smirnov: the widest gap between the score distributions of won and lost rows, either way.

    Its interval is that of the difference of the two shares at this cut (Newcombe 1998, method 10), leads as clusters.
    But the cut is the best of many, so that all misses would fall below the low end: that end is one of 97.5 %, with
    which the whole holds the truth 93 to 97 times in 100 in simulation.
    """
    rows, won = counts.from_the_top()
    lost = rows - won
    gaps = won / won[-1] - lost / lost[-1]
    cut = int(np.abs(gaps).argmax())
    above, sides = level >= counts.won.size - cut, (given.won, ~given.won)
    more, less = sides if gaps[cut] >= 0 else sides[::-1]  # the side of which more stands above the cut, first
    of_more, more_ends = _share_above(above, more, given)
    of_less, less_ends = _share_above(above, less, given)
    gap = of_more - of_less
    low = gap - math.hypot(of_more - more_ends[0], less_ends[1] - of_less)
    high = gap + math.hypot(more_ends[2] - of_more, of_less - less_ends[3])
    return gap, (max(0.0, low), min(1.0, high))


def _share_above(above: Bools, side: Bools, given: Sample) -> tuple[float, tuple[float, float, float, float]]:
    """The share of a side above the cut; Wilson's ends of 97.5 %, then the upper and the lower one of 95 %."""
    rows, share = int(side.sum()), float(above[side].mean())
    effect = design_effect(above[side], given.cluster[side])
    wide, usual = wilson(share * rows, rows, effect, KS_CONFIDENCE), wilson(share * rows, rows, effect)
    return share, (*wide, usual[1], usual[0])


def _gains(counts: _Counts) -> tuple[tuple[float, float], ...]:
    """Every boundary between levels where these are few, else every hundredth of the leads."""
    rows, won = counts.from_the_top()
    shares = rows / rows[-1] if rows.size <= GAINS_POINTS else np.linspace(0, 1, GAINS_POINTS)
    caught = np.interp(shares * rows[-1], rows, won) / won[-1]
    return tuple(zip(shares.tolist(), caught.tolist(), strict=True))


# The top and the bottom


def _with_shares(figures: Ranking, given: Sample, counts: _Counts, level: Ints) -> Ranking:
    """Recall, lift and rates of leads flagged from the top or left at the bottom."""
    level_won, winner = level[given.won], numbered(given.cluster[given.won])[0]
    shares = {*RECALL_SHARES, *LIFT_SHARES}
    recall = {share: _recall(_flagged(counts, share)[level_won], winner) for share in shares}
    top, top_interval = _rate(given, _flagged(counts, QUARTER)[level])
    bottom, bottom_interval = _rate(given, 1 - _flagged(counts, 1 - QUARTER)[level])
    return replace(
        figures,
        top_quarter_rate=top,
        top_quarter_interval=top_interval,
        bottom_quarter_rate=bottom,
        bottom_quarter_interval=bottom_interval,
        recall_at={f"{share:g}": recall[share][0] for share in RECALL_SHARES},
        recall_interval={f"{share:g}": recall[share][1] for share in RECALL_SHARES},
        lift_at={f"{share:g}": recall[share][0] / share for share in LIFT_SHARES},
        lift_interval={f"{share:g}": _divided(recall[share][1], share) for share in LIFT_SHARES},
    )


def _flagged(counts: _Counts, share: float) -> Floats:
    """Per level, how much of it is flagged when this share of all rows is, from the top: 1, 0, and in between once.

    Where the line runs through a tie, each of the tied rows is flagged in part: what a random order gives on average.
    """
    flagged: Floats = np.clip((share * counts.rows.sum() - counts.above) / counts.rows, 0, 1)
    return flagged


def _recall(caught: Floats, winner: Ints) -> tuple[float, Interval]:
    """The share of won rows that is flagged, with Wilson's interval."""
    wins = float(caught.sum())
    return wins / caught.size, wilson(wins, caught.size, design_effect(caught, winner))


def _rate(given: Sample, weight: Floats) -> tuple[float, Interval]:
    """The share of rows that won, each counted by its weight, with Wilson's interval."""
    there = np.flatnonzero(weight)
    weight, won = weight[there], given.won[there]
    rows, wins = float(weight.sum()), float(weight @ won)
    return wins / rows, wilson(wins, rows, design_effect(won, given.cluster[there], weight))


def _divided(interval: Interval, by: float) -> Interval:
    return interval[0] / by, interval[1] / by
