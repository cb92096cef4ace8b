"""Intervals that hold however often one looks: for a trial that is read while it runs.

In: counts. Out: intervals. Pure. Called by `experiment.py`.

An ordinary 95 % interval is right once, at a moment fixed before. Whoever looks every day and stops at the first
difference is wrong far more often than one time in twenty. A confidence sequence is right at all moments at once, at
the price of being wider. These are asymptotic ones of Waudby-Smith, Arbour, Sinha, Kennedy and Ramdas ("Time-uniform
central limit theory and asymptotic confidence sequences", Annals of Statistics 2024, theorem 2.2): Robbins' normal
mixture with the estimated standard deviation. After t leads the mean lies within

    sd * sqrt(2 * (t * r + 1) / (t^2 * r) * log(sqrt(t * r + 1) / alpha)),    r = c / planned

where c = -2 log(alpha) + log(1 - 2 log(alpha)) makes it narrowest after `planned` leads (their appendix B.2). `planned`
must not depend on what the trial shows.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

_NEVER = 1e9  # leads: nobody has more


@dataclass(frozen=True)
class Arm:
    """Leads of one variant, and how many of them converted."""

    leads: int
    conversions: int

    @property
    def rate(self) -> float:
        """Share of the leads that converted."""
        return self.conversions / self.leads

    @property
    def variance(self) -> float:
        """Of one lead. One conversion and one lead without are added, so that none is not taken for never."""
        rate = (self.conversions + 1) / (self.leads + 2)
        return rate * (1 - rate)


@dataclass(frozen=True)
class Sequence:
    """A confidence sequence at `alpha`, narrowest after `planned` leads."""

    alpha: float
    planned: float

    def errors(self, leads: float) -> float:
        """How many standard errors the interval reaches to either side after so many leads."""
        spread = leads * _tuning(self.alpha) / self.planned
        return math.sqrt(2 * (spread + 1) / spread * math.log(math.sqrt(spread + 1) / self.alpha))

    def of_rate(self, arm: Arm) -> tuple[float, float]:
        """The interval of a conversion rate."""
        reach = self.errors(arm.leads) * math.sqrt(arm.variance / arm.leads)
        return max(0.0, arm.rate - reach), min(1.0, arm.rate + reach)

    def of_difference(self, arm: Arm, control: Arm) -> tuple[float, float]:
        """The interval of the difference in conversion, `arm` - `control`."""
        difference, leads = arm.rate - control.rate, arm.leads + control.leads
        reach = self.errors(leads) * math.sqrt(arm.variance / arm.leads + control.variance / control.leads)
        return max(-1.0, difference - reach), min(1.0, difference + reach)

    def leads_to_show(self, difference: float, arm: Arm, control: Arm) -> int | None:
        """After how many leads in both, split as so far, a difference that stays the same is shown.

        None when no number of leads that anybody has would do.
        """
        leads = arm.leads + control.leads
        sd = math.sqrt(leads * (arm.variance / arm.leads + control.variance / control.leads))
        return self.first_below(abs(difference) / sd)

    def first_below(self, reach: float) -> int | None:
        """After how many leads the interval reaches less than so many standard deviations; None for never."""
        low, high = 1.0, _NEVER
        if self.errors(high) / math.sqrt(high) > reach:
            return None
        while high - low > 1:
            middle = math.sqrt(low * high) if high > 2 * low else (low + high) / 2
            low, high = (low, middle) if self.errors(middle) / math.sqrt(middle) <= reach else (middle, high)
        return math.ceil(high)


def leads_with_power(difference: float, sd: float, alpha: float, power_z: float) -> int:
    """Leads after which a difference is shown with some power, however often one looks, when planned for just that.

    `sd` is that of one lead's part in the difference; `power_z` the normal quantile of the power. It is enough that the
    interval excludes 0 at the end; looking earlier can only add to the power.
    """
    at_the_end = Sequence(alpha, planned=1.0).errors(1.0)  # the same for every plan, after as many leads as planned
    return math.ceil((sd * (at_the_end + power_z) / difference) ** 2)


def _tuning(alpha: float) -> float:
    """What the spread r must be, times the leads planned, for the narrowest interval after these."""
    return -2 * math.log(alpha) + math.log(1 - 2 * math.log(alpha))
