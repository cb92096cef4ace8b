"""Which rules earn their place: what each touches, how its leads convert, and what is lost without it.

In: a few leads, a plan, a panel. Out: `RuleEvidence` for each rule. Called by `backtest.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scoville.evidence.figures.sample import counted, design_effect, numbered, wilson
from scoville.evidence.rules.lost import FEW, untold, without_a_rule
from scoville.evidence.rules.pooled import STALE, pooled

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.rules.left_out import RulePlace
    from scoville.evidence.rules.lost import Lost
    from scoville.evidence.rules.pooled import Pooled
    from scoville.evidence.sampled import Few
    from scoville.evidence.snapshots import Panel
    from scoville.plan.compile import Plan

SURE = 0.05
MOSTLY = 0.5
SAME = 0.8  # rank correlation from which two rules say nearly the same of the same leads
_MOST_RANKED = 40_000  # rows whose points are ranked: a correlation of 0.8 shows in far fewer


@dataclass(frozen=True)
class Twin:
    """Another rule whose points go along with those of the first: Spearman's rank correlation, -1 to 1."""

    section: str
    rule: str
    segment: str | None
    correlation: float


@dataclass(frozen=True)
class RuleEvidence:
    """One rule over the open leads of up to 12 snapshots. A lead that is open at three of them is three rows.

    Of the `asked` rows that it speaks of (those of its segment, or of no segment that replaces it), `leads` got points
    from it: `coverage` of them, `positive_share` more than nothing, `negative_share` less. `conversions` of `leads`
    converted, `rate` with its Wilson interval from `low` to `high`; `rate_without` is that of the other asked rows.
    `mean_points` is over the rows it touches, `total_points` over all: before the limits of groups and sections.
    `goes_along`: those given points converted more often than the others, and those that lost some less often, as
    counted; null where it tells nobody apart.

    `auc_change` and `recall_change` (recall among the best 20 %) are what becomes of the model without the rule,
    negative when it is missed, each with a paired interval; null where they cannot be told. All intervals count leads,
    not rows. `verdict`: "missed", "better without" or "not missed" (within 0.005 of AUC) when the interval shows it,
    else "not shown" or "cannot tell: ...". It is about these points: better without them, what they stand for may still
    tell buyers. `redundant_with` is the rule most like it, from a correlation of 0.8. `stale_share` is the share of its
    points that only stands for events older than 90 days, null for rules of fit and where it gives none. `note` says
    what a person should know.
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
    goes_along: bool | None
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


def rule_evidence(few: Few, plan: Plan, panel: Panel) -> tuple[RuleEvidence, ...]:
    """Every rule of the model, tried on those of a few leads that were open at each of up to 12 snapshots."""
    rows = pooled(few, plan, panel)
    twins = _twins(rows.rules, rows.points, rows.segment)
    found = []
    for place, rule in enumerate(rows.rules):
        asked = np.isin(rows.segment, rule.segments)
        seen = _Seen(rows.points[place][asked], rows.given.won[asked], numbered(rows.given.cluster[asked])[0])
        stale = rows.stale_shares[place] if rule.section == "engagement" else None
        found.append(_evidence(rule, seen, _lost(rows, place), twins.get(place), stale))
    return tuple(found)


def _lost(rows: Pooled, place: int) -> Lost:
    without = rows.without[place]
    return untold("cannot tell: there are no events") if without is None else without_a_rule(rows.given, without)


# What it touches


class _Seen(NamedTuple):
    """The rows that a rule speaks of: what it gave them, what became of them, and whose they are, numbered from 0."""

    points: Floats
    won: Bools
    lead: Ints

    @property
    def touched(self) -> Bools:
        return np.not_equal(self.points, 0)

    def rate_of(self, side: Bools) -> float | None:
        return float(self.won[side].mean()) if side.any() else None

    def share_of(self, side: Bools) -> float:
        return float(side.mean()) if side.size else 0.0

    def interval_of(self, side: Bools) -> tuple[float, float] | tuple[None, None]:
        """Wilson's interval of the rate of one side."""
        if not side.any():
            return None, None
        won = self.won[side]
        return wilson(float(won.sum()), won.size, design_effect(won, numbered(self.lead[side])[0]))

    @property
    def goes_along(self) -> bool | None:
        """Whether those given points convert more than the others, and those that some are taken less; as counted."""
        gives, takes = self.points > 0, self.points < 0
        pairs = [(self.rate_of(side), self.rate_of(~side)) for side in (gives, ~takes)]
        told = [more > less for more, less in pairs if more is not None and less is not None]
        return all(told) if told else None

    @property
    def winners(self) -> int:
        return int(np.unique(self.lead[self.won]).size)


def _against_the_data(seen: _Seen) -> Iterator[str]:
    """Where the sign of the points contradicts what became of the leads, beyond chance."""
    if _less_often(seen, seen.points > 0):
        yield "gives points, but its leads convert less than the others"
    if _less_often(seen, seen.points >= 0):
        yield "takes points, but its leads convert more than the others"


def _less_often(seen: _Seen, side: Bools) -> bool:
    """Whether one side converts less often than the other, beyond chance: Fisher's exact test.

    Both counts of both sides are divided by how many rows count for one.
    """
    from scipy.stats import fisher_exact  # noqa: PLC0415 - takes half a second

    if not side.any() or side.all() or not (seen.rate_of(side) or 0.0) < (seen.rate_of(~side) or 0.0):
        return False
    effect = _effect(seen, side)
    table = [
        [round(float(cell.sum()) / effect) for cell in (seen.won & part, ~seen.won & part)] for part in (side, ~side)
    ]
    return bool(fisher_exact(table, alternative="less").pvalue < SURE / 2)


def _effect(seen: _Seen, side: Bools) -> float:
    """How many rows count for one in the difference of two rates, at least 1: the clustered variance over the plain.

    Both are taken as if there were no difference, so that a side without a conversion has a variance too. A lead that
    is on one side in one snapshot and on the other in the next is seen as one.
    """
    rows, leads, rate = side.size, int(seen.lead.max()) + 1, float(seen.won.mean())
    if leads in {1, rows} or rate in {0.0, 1.0}:
        return rows / leads
    weight = np.where(side, 1 / side.sum(), -1 / (~side).sum())
    pulls = np.bincount(seen.lead, weight * (seen.won - rate))
    clustered = float(pulls @ pulls) * leads / (leads - 1)
    return max(1.0, clustered / (rate * (1 - rate) * float(weight @ weight)))


# What it shares with others, and with the past


def _twins(rules: Sequence[RulePlace], points: Floats, segment: Ints) -> dict[int, Twin]:
    """For each rule that has one, the other rule with the highest correlation over the rows that both speak of."""
    every = slice(None, None, -(-segment.size // _MOST_RANKED) or 1)
    points, segment = points[:, every], segment[every]
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


# All together


def _evidence(rule: RulePlace, seen: _Seen, lost: Lost, twin: Twin | None, stale: float | None) -> RuleEvidence:
    touched = seen.touched
    leads, conversions = int(touched.sum()), int(seen.won[touched].sum())
    low, high = seen.interval_of(touched)
    auc_low, auc_high = lost.auc_interval or (None, None)
    recall_low, recall_high = lost.recall_interval or (None, None)
    return RuleEvidence(
        section=rule.section, rule=rule.name, segment=rule.segment,
        asked=touched.size, leads=leads, coverage=seen.share_of(touched),
        positive_share=seen.share_of(seen.points > 0), negative_share=seen.share_of(seen.points < 0),
        conversions=conversions, rate=seen.rate_of(touched), low=low, high=high, rate_without=seen.rate_of(~touched),
        mean_points=float(seen.points[touched].mean()) if leads else None, total_points=float(seen.points.sum()),
        goes_along=seen.goes_along,
        auc_change=lost.auc, auc_change_low=auc_low, auc_change_high=auc_high,
        recall_change=lost.recall, recall_change_low=recall_low, recall_change_high=recall_high,
        verdict=lost.verdict, redundant_with=twin, stale_share=stale,
        note="; ".join(_notes(seen, lost.verdict, twin, stale)) or None,
    )  # fmt: skip


def _notes(seen: _Seen, verdict: str, twin: Twin | None, stale: float | None) -> Iterator[str]:
    if not seen.touched.any():
        yield "touches nobody"
        return
    against = list(_against_the_data(seen)) if seen.winners >= FEW else []
    yield from against or _of_few_or_many(seen, verdict)
    if stale is not None and stale > MOSTLY:
        yield f"its points are mostly from stale events: {stale:.0%} of them from more than {STALE.days} days before"
    if twin is not None:
        says = "nearly the same as" if twin.correlation > 0 else "nearly the opposite of"
        yield f"{says} '{twin.rule}' (rank correlation {twin.correlation:.2f})"


def _of_few_or_many(seen: _Seen, verdict: str) -> Iterator[str]:
    """Too few conversions; or points that hurt although what they stand for tells buyers.

    Such points may be too many for what they tell, or count what other rules count already.
    """
    if seen.winners < FEW:
        yield f"cannot tell: {counted(seen.winners, 'conversion')}"
    elif verdict == "better without" and seen.goes_along:
        yield "its leads do convert as its points say: too many points?"
