"""How well a score did then and now: AUC, conversion rate, and how many leads stand above each line, with intervals.

In: what was seen at two instants, as counts. Out: `Difference`, `StageShare`. Pure. Called by `drift.py`. Leads of both
instants are taken as different people; where some are the same, the intervals are wider than needed.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

from scoville.evidence.figures.sample import Z
from scoville.words import days

if TYPE_CHECKING:
    from scoville.evidence.drift.profile import Judged, Profile

SURE = 0.005  # of AUC and of rate each: a scheduler asks every week
REAL_FALL = 0.03  # of AUC, and
REAL_RATIO = 1.25  # of rates, either way: less is not worth an alarm, however sure


@dataclass(frozen=True)
class Difference:
    """A figure then and now, with the 95 % interval of now - then; None where `cannot_tell` says why.

    `is_real` says whether it is beyond chance (p < 0.005) and large enough to act on.
    """

    base: float | None
    now: float | None
    low: float | None
    high: float | None
    p: float | None
    is_real: bool
    cannot_tell: str | None


@dataclass(frozen=True)
class StageShare:
    """The share of leads at or above a stage's threshold, between 0 and 1, with the 95 % interval of now - then."""

    stage: str
    base: float
    now: float
    low: float
    high: float


def auc_difference(base: Judged | None, now: Judged | None) -> Difference:
    """The AUC of independent leads then and now; real where it fell by 0.03 or more, beyond chance."""
    before, after = (one.auc if one is not None else None for one in (base, now))
    if base is None or now is None:
        return _untold(before, after, _unseen(now))
    reason = _incomparable(base, now) or base.cannot_tell or now.cannot_tell
    if reason or before is None or after is None or not (base.auc_se and now.auc_se):
        return _untold(before, after, reason or "cannot tell: too few conversions")
    change, se = after - before, math.hypot(base.auc_se, now.auc_se)
    p = 2 * NormalDist().cdf(-abs(change) / se)
    is_real = p < SURE and change <= -REAL_FALL
    return Difference(before, after, change - Z * se, change + Z * se, p, is_real=is_real, cannot_tell=None)


def rate_difference(base: Judged | None, now: Judged | None) -> Difference:
    """The share that converted then and now; real where one is 1.25 times the other or more, beyond chance.

    The test is the score test of two rates (Miettinen and Nurminen, Statistics in Medicine 1985).
    """
    from statsmodels.stats.proportion import test_proportions_2indep  # noqa: PLC0415 - takes half a second

    before, after = (one.conversions / one.leads if one is not None else None for one in (base, now))
    if base is None or now is None or before is None or after is None:
        return _untold(before, after, _unseen(now))
    reason = _incomparable(base, now)
    if reason is None and not base.conversions + now.conversions:
        reason = "cannot tell: 0 conversions"
    if reason is None and base.conversions + now.conversions == base.leads + now.leads:
        reason = "cannot tell: all leads converted"
    if reason is not None:
        return _untold(before, after, reason)
    p = float(test_proportions_2indep(now.conversions, now.leads, base.conversions, base.leads, method="score").pvalue)
    low, high = _newcombe(base.conversions, base.leads, now.conversions, now.leads)
    is_real = p < SURE and max(before, after) >= REAL_RATIO * min(before, after)
    return Difference(before, after, low, high, p, is_real=is_real, cannot_tell=None)


def _untold(base: float | None, now: float | None, reason: str) -> Difference:
    return Difference(base, now, None, None, None, is_real=False, cannot_tell=reason)


def _unseen(now: Judged | None) -> str:
    return f"cannot tell: no outcomes are known of the leads {'of now' if now is None else 'of the base'}"


def _incomparable(base: Judged, now: Judged) -> str | None:
    if base.horizon_days != now.horizon_days:
        return f"cannot tell: the baseline looked {days(base.horizon_days)} ahead, this run {days(now.horizon_days)}"
    if base.as_of >= now.as_of:
        return f"cannot tell: no later day than {base.as_of:%Y-%m-%d} has its {days(now.horizon_days)} over"
    return None


def stage_shares(before: Profile, after: Profile) -> list[StageShare]:
    """The stages whose threshold is the same then and now."""
    return [
        StageShare(
            name, before.stages[name][1] / before.leads, leads / after.leads,
            *_newcombe(before.stages[name][1], before.leads, leads, after.leads),
        )
        for name, (start, leads) in after.stages.items()
        if name in before.stages and before.stages[name][0] == start and before.leads and after.leads
    ]  # fmt: skip


def _newcombe(base: int, base_leads: int, now: int, now_leads: int) -> tuple[float, float]:
    """The interval of now - then (Newcombe, Statistics in Medicine 1998, method 10)."""
    from statsmodels.stats.proportion import confint_proportions_2indep  # noqa: PLC0415 - takes half a second

    low, high = confint_proportions_2indep(now, now_leads, base, base_leads, method="newcomb")
    return float(low), float(high)
