"""What a score loses without a rule: the change in AUC and in recall, each with an interval that counts leads.

In: two scores of the same rows. Out: a `Lost`. Pure. Called by `earning.py`.
"""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scoville.evidence.figures.ranking import flagged, paired_auc, standing
from scoville.evidence.figures.sample import Z, counted, sample

if TYPE_CHECKING:
    from scoville.evidence.figures.sample import Bools, Floats, Ints, Sample

CAPACITY = 0.2  # share of leads that get a person's time, for recall
FEW = 20  # leads that converted below which neither a sign nor an interval of a difference says anything
NOT_WORTH = 0.005  # AUC: a smaller difference nobody would notice

Interval = tuple[float, float]


class Lost(NamedTuple):
    """What becomes of AUC and recall without a rule, each with its interval; and what that comes to."""

    auc: float | None
    auc_interval: Interval | None
    recall: float | None
    recall_interval: Interval | None
    verdict: str


def untold(reason: str) -> Lost:
    """Nothing is known, for a reason."""
    return Lost(None, None, None, None, reason)


def without_a_rule(whole: Floats | Sample, without: Floats, won: Bools | None = None, lead: Ints | None = None) -> Lost:
    """The change from one score to another of the same rows, with paired intervals, leads as clusters.

    Args:
        whole: the score with the rule; or a sample, which has `won` and `lead` too.
        without: the score without it.
        won: whether the row's lead converted within the horizon.
        lead: which lead a row belongs to. None: each its own.
    """
    before = sample(whole, won, lead)
    if not (before.leads_won and before.leads_lost):
        return untold(too_few(before))
    after = replace(before, score=np.asarray(without, np.float64))
    auc, recall = paired_auc(after, before), _recall_change(before, after)
    if min(before.leads_won, before.leads_lost) < FEW:
        return Lost(auc.difference, None, recall[0], None, too_few(before))
    if auc.difference is None or auc.low is None or auc.high is None:  # no lead's place changes
        return Lost(0.0, (0.0, 0.0), 0.0, (0.0, 0.0), "not missed")
    reach = _reach((auc.high - auc.low) / 2, before, after)
    low, high = auc.difference - reach, auc.difference + reach
    return Lost(auc.difference, (low, high), *recall, _verdict(low, high))


def too_few(given: Sample) -> str:
    """Why nothing can be told, where one side has too few leads."""
    if given.leads_won < FEW:
        return f"cannot tell: {counted(given.leads_won, 'conversion')}"
    return f"cannot tell: {counted(given.leads_lost, 'lead')} without a conversion"


def _verdict(low: float, high: float) -> str:
    if low >= -NOT_WORTH and high <= NOT_WORTH:
        return "not missed"
    if high < 0:
        return "missed"
    return "better without" if low > 0 else "not shown"


def _reach(delong: float, before: Sample, after: Sample) -> float:
    """Half the interval of a change in AUC, from that of DeLong.

    A rule may touch a handful of the winners, or none: how many it would touch another time, DeLong cannot see, and its
    interval holds the truth 70 to 92 times in 100. As Agresti and Min do for paired shares, two winners are added that
    the rule moves, one up and one down, as far as it moves leads. A winner has as many rows as winners have on average.
    """
    moved = before.score != after.score
    cluster, shift = before.cluster[moved], (standing(after) - standing(before))[moved]
    rows = np.bincount(cluster, minlength=before.leads)
    by_lead = np.bincount(cluster, shift, minlength=before.leads)[rows > 0] / rows[rows > 0]
    added = Z * math.sqrt(2 * float(np.mean(by_lead**2))) / (before.leads_won + 2) if by_lead.size else 0.0
    return math.hypot(delong, added)


def _recall_change(before: Sample, after: Sample) -> tuple[float, Interval]:
    """How much of the conversions is reached without the rule, less what is with it.

    The interval is Agresti and Min's for a difference of paired shares (Statistics in Medicine 2005): Wald's with half
    a pair added to each of the four cells. Rows of one lead are added before they are squared, and a pair that is added
    has as many rows as winners have on average.
    """
    change = (flagged(after, CAPACITY) - flagged(before, CAPACITY))[before.won]
    winner = before.cluster[before.won]
    rows, by_lead = np.bincount(winner, minlength=before.leads), np.bincount(winner, change, minlength=before.leads)
    each = change.size / before.leads_won
    pairs = change.size + 2 * each
    mean = float(change.sum()) / pairs
    left = by_lead - mean * rows
    reach = Z * math.sqrt(float(left @ left) + each**2 * (1 + 2 * mean**2)) / pairs
    return float(change.mean()), (max(-1.0, mean - reach), min(1.0, mean + reach))
