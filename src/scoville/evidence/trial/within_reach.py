"""What a trial can show with the leads that there are: the smallest change that so many of them would show.

In: how many leads, the usual rate, the variants. Out: a lift. Pure. Called by the server; it turns `plan_experiment`
round, so that what it says and what a plan says are one.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.errors import UsageError
from scoville.evidence.trial.experiment import ALPHA, POWER, plan_experiment

if TYPE_CHECKING:
    from scoville.evidence.trial.experiment import Variant

_CLOSE = 1e-4  # of a lift: a hundredth of a per cent more or less is nobody's matter
_NEARLY_ALL = 0.999  # of the leads converting: no rate is higher


def lift_within(
    leads: float, rate: float, variants: tuple[Variant, ...], *, power: float = POWER, alpha: float = ALPHA
) -> float | None:
    """The smallest lift, relative to the usual rate, that `leads` show when they are read at any time.

    None where not even the largest lift there is would be shown: all leads converting, or nearly.

    Raises:  UsageError for a rate that is none.
    Example: at a usual rate of 5 % and 31,232 leads in two halves, 0.2
    """
    if not 0 < rate < 1:
        raise UsageError(f"the usual conversion rate must lie between 0 and 1, not {rate:g}")
    low, high = 0.0, _NEARLY_ALL / rate - 1
    if high <= 0 or _leads_for(high, rate, variants, power, alpha) > leads:
        return None
    while high - low > _CLOSE:
        middle = (low + high) / 2
        low, high = (low, middle) if _leads_for(middle, rate, variants, power, alpha) <= leads else (middle, high)
    return high


def _leads_for(lift: float, rate: float, variants: tuple[Variant, ...], power: float, alpha: float) -> float:
    try:
        return plan_experiment(rate, lift, variants, power=power, alpha=alpha).leads_when_peeking
    except UsageError:
        return float("inf")  # more leads than there are
