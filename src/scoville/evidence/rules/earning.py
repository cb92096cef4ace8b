"""Which rules earn their place: what each touches, how its leads convert, and what is lost without it.

In: a few leads, a plan, a panel. Out: `RuleEvidence` for each rule. Called by `backtest.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scoville.evidence.figures.ranking import flagged, paired_auc
from scoville.evidence.figures.sample import Z, counted, wilson
from scoville.evidence.rules.left_out import RulePlace, trial_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.rules.left_out import Trial
    from scoville.evidence.sampled import Few
    from scoville.evidence.snapshots import Panel
    from scoville.plan.compile import Plan

CAPACITY = 0.2  # share of leads that get a person's time, for recall
FEW = 20  # conversions below which neither a sign nor an interval of a difference says anything
SURE = 0.05
STALE = timedelta(days=90)  # three of the usual half-lives: what happened before says little about this week
MOSTLY = 0.5
SAME = 0.8  # rank correlation from which two rules say nearly the same of the same leads
NOT_WORTH = 0.005  # AUC: a smaller difference nobody would notice

Interval = tuple[float, float]


@dataclass(frozen=True)
class Twin:
    """Another rule whose points go along with those of the first: Spearman's rank correlation, -1 to 1."""

    section: str
    rule: str
    segment: str | None
    correlation: float


@dataclass(frozen=True)
class RuleEvidence:
    """One rule over the open leads of the newest snapshot that has enough outcomes.

    Of the `asked` leads that it speaks of (those of its segment, or of no segment that replaces it), `leads` got points
    from it: `coverage` of them, `positive_share` more than nothing, `negative_share` less. `conversions` of `leads`
    converted, `rate` with its Wilson interval from `low` to `high`; `rate_without` is that of the other asked leads.
    `mean_points` is over the leads it touches, `total_points` over all: before the limits of groups and sections.

    `auc_change` and `recall_change` (recall among the best 20 %) are what becomes of the model without the rule,
    negative when it is missed, each with a paired interval; null where they cannot be told. `verdict`: "missed",
    "better without" or "not missed" (within 0.005 of AUC) when the interval shows it, else "not shown" or "cannot tell:
    ...". `redundant_with` is the rule most like it, from a correlation of 0.8. `stale_share` is the share of its points
    that only stands for events older than 90 days, null for rules of fit and where it gives none. `note` says what a
    person should know.
    """

    section: str
    rule: str
    segment: str | None
    asked: int
    leads: int
    coverage: float
    positive_share: float
    negative_share: float
    conversions: int
    rate: float | None
    low: float | None
    high: float | None
    rate_without: float | None
    mean_points: float | None
    total_points: float
    auc_change: float | None
    auc_change_low: float | None
    auc_change_high: float | None
    recall_change: float | None
    recall_change_low: float | None
    recall_change_high: float | None
    verdict: str
    redundant_with: Twin | None
    stale_share: float | None
    note: str | None


def rule_evidence(few: Few, plan: Plan, panel: Panel, snapshot: int) -> tuple[RuleEvidence, ...]:
    """Every rule of the model, tried on those of a few leads that were open at one snapshot."""
    rows = few.rows(panel, snapshot)
    open_, won = few.places(panel, rows), panel.won[rows]
    trial = trial_of(few, plan, panel.as_of[snapshot])
    points, segment = trial.points[:, open_], trial.segment[open_]
    twins = _twins(trial.rules, points, segment)
    stale = _stale_shares(points, trial.points_since(STALE)[:, open_])
    found = []
    for place, rule in enumerate(trial.rules):
        asked = np.isin(segment, rule.segments)
        seen = _Seen(points[place][asked], won[asked])
        left = _left_out(trial, rule, open_, won)
        share = stale[place] if rule.section == "engagement" else None
        found.append(_evidence(rule, seen, left, twins.get(place), share))
    return tuple(found)


# What it touches


class _Seen(NamedTuple):
    """The leads that a rule speaks of, by what it gave them."""

    points: Floats
    won: Bools

    @property
    def touched(self) -> Bools:
        return np.not_equal(self.points, 0)

    def rate_of(self, side: Bools) -> float | None:
        return float(self.won[side].mean()) if side.any() else None

    def share_of(self, side: Bools) -> float:
        return float(side.mean()) if side.size else 0.0


def _against_the_data(seen: _Seen) -> Iterator[str]:
    """Where the sign of the points contradicts what became of the leads, beyond chance (Fisher's exact test)."""
    if _less_often(seen, seen.points > 0):
        yield "gives points, but its leads convert less than the others"
    if _less_often(seen, seen.points >= 0):
        yield "takes points, but its leads convert more than the others"


def _less_often(seen: _Seen, side: Bools) -> bool:
    """Whether one side converts less often than the other, beyond chance."""
    from scipy.stats import fisher_exact  # noqa: PLC0415 - takes half a second

    table = [[int((seen.won & part).sum()), int((~seen.won & part).sum())] for part in (side, ~side)]
    (wins, losses), (other_wins, other_losses) = table
    if not (wins + losses and other_wins + other_losses):
        return False
    return bool(fisher_exact(table, alternative="less").pvalue < SURE / 2)


# What is lost without it


class _Left(NamedTuple):
    """What becomes of AUC and recall without a rule, each with its interval; and what that comes to."""

    auc: float | None
    auc_interval: Interval | None
    recall: float | None
    recall_interval: Interval | None
    verdict: str


def _left_out(trial: Trial, rule: RulePlace, open_: Ints, won: Bools) -> _Left:
    whole, without = trial.scores, trial.scores_without(rule)
    if without is None:
        return _Left(None, None, None, None, "cannot tell: there are no events")
    return without_a_rule(whole[open_], without[open_], won)


def without_a_rule(whole: Floats, without: Floats, won: Bools) -> _Left:
    """The change from one score to another of the same leads, one row each, with paired intervals."""
    wins = int(won.sum())
    if not wins or wins == won.size:
        return _Left(None, None, None, None, _too_few(won))
    auc, recall = paired_auc(without, whole, won), _recall_change(whole, without, won)
    if min(wins, won.size - wins) < FEW:
        return _Left(auc.difference, None, recall[0], None, _too_few(won))
    if auc.difference is None or auc.low is None or auc.high is None:  # no lead's place changes
        return _Left(0.0, (0.0, 0.0), 0.0, (0.0, 0.0), "not missed")
    reach = _reach((auc.high - auc.low) / 2, whole, without, won)
    low, high = auc.difference - reach, auc.difference + reach
    return _Left(auc.difference, (low, high), *recall, _verdict(low, high))


def _reach(delong: float, whole: Floats, without: Floats, won: Bools) -> float:
    """Half the interval of a change in AUC, from that of DeLong.

    A rule may touch a handful of the winners, or none: how many it would touch another time, DeLong cannot see, and its
    interval holds the truth 70 to 92 times in 100. As Agresti and Min do for paired shares, two winners are added that
    the rule moves, one up and one down, as far as it moves leads.
    """
    moved = whole != without
    shift = (_standing(without, won) - _standing(whole, won))[moved]
    added = Z * math.sqrt(2 * float(np.mean(shift**2))) / (int(won.sum()) + 2) if shift.size else 0.0
    return math.hypot(delong, added)


def _standing(score: Floats, won: Bools) -> Floats:
    """For each lead the share of those that did not convert which stand below it, half of the tied ones included."""
    lost = np.sort(score[~won])
    sides = (np.searchsorted(lost, score, side) for side in ("left", "right"))
    return np.asarray(sum(sides) / (2 * lost.size), dtype=np.float64)


def _too_few(won: Bools) -> str:
    wins = int(won.sum())
    few = counted(wins, "conversion") if wins < FEW else f"{counted(won.size - wins, 'lead')} without a conversion"
    return f"cannot tell: {few}"


def _verdict(low: float, high: float) -> str:
    if low >= -NOT_WORTH and high <= NOT_WORTH:
        return "not missed"
    if high < 0:
        return "missed"
    return "better without" if low > 0 else "not shown"


def _recall_change(whole: Floats, without: Floats, won: Bools) -> tuple[float, Interval]:
    """How much of the conversions is reached without the rule, less what is with it.

    The interval is Agresti and Min's for a difference of paired shares (Statistics in Medicine 2005): Wald's with half
    a pair added to each of the four cells.
    """
    change = (flagged(without, CAPACITY) - flagged(whole, CAPACITY))[won]
    pairs = change.size + 2
    mean = float(change.sum()) / pairs
    reach = Z * math.sqrt(max((float(change @ change) + 1) / pairs - mean**2, 0.0) / pairs)
    return float(change.mean()), (max(-1.0, mean - reach), min(1.0, mean + reach))


# What it shares with others, and with the past


def _twins(rules: Sequence[RulePlace], points: Floats, segment: Ints) -> dict[int, Twin]:
    """For each rule that has one, the other rule with the highest correlation over the leads that both speak of."""
    found: dict[int, Twin] = {}
    for segments in {rule.segments for rule in rules}:
        here = np.isin(segment, segments)
        both = [place for place, rule in enumerate(rules) if set(segments) <= set(rule.segments)]
        known = [place for place in both if _tells_apart(points[place][here])]
        if len(known) > 1:
            _keep_best(found, rules, known, _correlations(points[known][:, here]))
    return found


def _tells_apart(points: Floats) -> bool:
    touched = int((points != 0).sum())
    return touched >= FEW and points.size > 0 and points.min() < points.max()


def _correlations(points: Floats) -> Floats:
    """Spearman's, between rows: Pearson's of the ranks, equal points sharing one. 0 with itself."""
    from scipy.stats import rankdata  # noqa: PLC0415 - takes half a second

    found: Floats = np.corrcoef(rankdata(points, axis=1))
    np.fill_diagonal(found, 0.0)
    return found


def _keep_best(found: dict[int, Twin], rules: Sequence[RulePlace], known: Sequence[int], correlation: Floats) -> None:
    for row, place in enumerate(known):
        best = int(np.abs(correlation[row]).argmax())
        value, other = float(correlation[row][best]), rules[known[best]]
        if abs(value) >= SAME and (place not in found or abs(value) > abs(found[place].correlation)):
            found[place] = Twin(other.section, other.name, other.segment, value)


def _stale_shares(points: Floats, fresh: Floats) -> list[float | None]:
    """Per rule, the share of its points that would not be there had nothing happened before the last 90 days."""
    given = np.abs(points)
    kept = np.clip(np.divide(fresh, points, out=np.ones_like(points), where=points != 0), 0, 1)
    stale = (given * (1 - kept)).sum(axis=1)
    return [float(old / whole) if whole else None for old, whole in zip(stale, given.sum(axis=1), strict=True)]


# All together


def _evidence(rule: RulePlace, seen: _Seen, left: _Left, twin: Twin | None, stale: float | None) -> RuleEvidence:
    touched = seen.touched
    leads, conversions = int(touched.sum()), int(seen.won[touched].sum())
    low, high = wilson(conversions, leads) if leads else (None, None)
    auc_low, auc_high = left.auc_interval or (None, None)
    recall_low, recall_high = left.recall_interval or (None, None)
    return RuleEvidence(
        section=rule.section, rule=rule.name, segment=rule.segment,
        asked=touched.size, leads=leads, coverage=seen.share_of(touched),
        positive_share=seen.share_of(seen.points > 0), negative_share=seen.share_of(seen.points < 0),
        conversions=conversions, rate=seen.rate_of(touched), low=low, high=high, rate_without=seen.rate_of(~touched),
        mean_points=float(seen.points[touched].mean()) if leads else None, total_points=float(seen.points.sum()),
        auc_change=left.auc, auc_change_low=auc_low, auc_change_high=auc_high,
        recall_change=left.recall, recall_change_low=recall_low, recall_change_high=recall_high,
        verdict=left.verdict, redundant_with=twin, stale_share=stale,
        note="; ".join(_notes(seen, twin, stale)) or None,
    )  # fmt: skip


def _notes(seen: _Seen, twin: Twin | None, stale: float | None) -> Iterator[str]:
    if not seen.touched.any():
        yield "touches nobody"
        return
    wins = int(seen.won.sum())
    if wins < FEW:
        yield f"cannot tell: {counted(wins, 'conversion')}"
    else:
        yield from _against_the_data(seen)
    if stale is not None and stale > MOSTLY:
        yield f"its points are mostly from stale events: {stale:.0%} of them from more than {STALE.days} days before"
    if twin is not None:
        says = "nearly the same as" if twin.correlation > 0 else "nearly the opposite of"
        yield f"{says} '{twin.rule}' (rank correlation {twin.correlation:.2f})"
