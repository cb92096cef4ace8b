"""A number with its interval, or the reason why there is none: rates, means and ratios over leads, and waits.

In: arrays with one entry per lead. Out: frozen figures. Pure. Called by `business.py`, `funnel.py`, `forecast.py`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.sample import CONFIDENCE, FEW, Z, counted, wilson

if TYPE_CHECKING:
    from scoville.evidence.figures.sample import Bools, Floats

_HALF = 0.5


@dataclass(frozen=True)
class Figure:
    """A number over `of` leads (or wins), from `low` to `high` with 95 % confidence.

    `cannot_tell` says why there is no number, or no interval, or why a number that stands beside it is not to be relied
    on; None where there is nothing to say.
    """

    value: float | None
    low: float | None = None
    high: float | None = None
    of: int = 0
    cannot_tell: str | None = None

    def because(self, reason: str | None) -> Figure:
        """The same number with a reason not to rely on it; itself without one."""
        return self if reason is None else replace(self, cannot_tell=reason)


@dataclass(frozen=True)
class Wait:
    """How long something took, in days, for those with whom it has happened: median with interval, and quartiles.

    `everyone_median` counts those too who still wait (Kaplan-Meier); null until half of all are done. `done_by` is the
    share of all leads with whom it has happened after so many days, also counting those who still wait.
    """

    median_days: Figure
    first_quartile_days: float | None
    third_quartile_days: float | None
    everyone_median_days: Figure
    done_by: dict[str, Figure]


def none_because(reason: str) -> Figure:
    """No number, for a reason."""
    return Figure(None, cannot_tell=reason)


def rate(wins: float, leads: int, effect: float = 1.0, noun: str = "leads") -> Figure:
    """A share of leads with Wilson's interval."""
    if not leads:
        return none_because(f"cannot tell: no {noun}")
    low, high = wilson(wins, leads, effect)
    return Figure(wins / leads, low, high, leads)


def mean(values: Floats, noun: str) -> Figure:
    """A mean with Student's interval.

    Example: mean of 1, 2, 3, 4, 5 -> 3, from 1.04 to 4.96
    """
    if not values.size:
        return none_because(f"cannot tell: no {noun}s")
    value = float(values.mean())
    if values.size < FEW:
        return Figure(value, of=values.size, cannot_tell=f"cannot tell: {counted(values.size, noun)}")
    half = _student(values.size - 1) * float(values.std(ddof=1)) / math.sqrt(values.size)
    return Figure(value, value - half, value + half, values.size)


def ratio(above: Floats, below: Floats) -> Figure:
    """Sum of one column over the sum of another, lead by lead, neither negative.

    Interval:  on the log scale, by Taylor linearisation (Cochran 1977, 6.4), so that it stays above 0.
    """
    top, bottom = float(above.sum()), float(below.sum())
    if not bottom:
        return none_because("cannot tell: nothing to divide by")
    value = top / bottom
    if top <= 0 or above.size < FEW:
        return Figure(value, of=above.size, cannot_tell="cannot tell: too few leads for an interval")
    rest = above - value * below
    error = math.sqrt(float(rest @ rest) * above.size / (above.size - 1)) / top
    wide = math.exp(_student(above.size - 1) * error)
    return Figure(value, value / wide, value * wide, above.size)


def wait(days: Floats, done: Bools, marks: tuple[int, ...], noun: str, old: Bools) -> Wait:
    """How long until it happened, where `done`; else how long it has not happened so far (censored).

    `marks` are the days for `done_by`. Median and quartiles are those of `old` leads: of young ones, only quick ones
    are done. What counts those who still wait counts all. Negative waits must be left out before.
    """
    happened = np.sort(days[done & old])
    first, third = (float(q) for q in np.quantile(happened, (0.25, 0.75))) if happened.size else (None, None)
    reached, shares = _with_those_who_wait(days, done, marks)
    return Wait(median(happened, noun), first, third, reached, shares)


def median(values: Floats, noun: str) -> Figure:
    """The median of sorted values with the interval between two of them that binomial chance allows.

    Example: of ten values, the interval reaches from the second to the ninth (97.9 %; the next narrower has 89 %).
    """
    from scipy.stats import binom  # noqa: PLC0415 - takes a while

    if not values.size:
        return none_because(f"cannot tell: no {noun}s")
    value = float(np.median(values))
    rank = int(binom.ppf((1 - CONFIDENCE) / 2, values.size, _HALF))  # so many values may lie below the interval
    if not rank:
        return Figure(value, of=values.size, cannot_tell=f"cannot tell: {counted(values.size, noun)}")
    return Figure(value, float(values[rank - 1]), float(values[-rank]), values.size)


def _with_those_who_wait(days: Floats, done: Bools, marks: tuple[int, ...]) -> tuple[Figure, dict[str, Figure]]:
    """Kaplan and Meier's median (with Brookmeyer and Crowley's interval) and shares done, log-log intervals."""
    if not done.any():
        reason = none_because("cannot tell: it has not happened yet")
        return reason, {str(mark): reason for mark in marks}
    at, left, low, high = _survival(days, done)
    middle = _first_below(at, left)
    if middle is None:
        reached = none_because(f"not reached: {1 - left[-1]:.0%} of leads so far")
    else:
        reached = Figure(middle, _first_below(at, low), _first_below(at, high), days.size)
    shares = {}
    for mark in marks:
        place = int(np.searchsorted(at, mark, side="right")) - 1
        seen = int((days >= mark).sum())
        if seen < FEW and (~done & (days < mark)).any():
            shares[str(mark)] = none_because(f"cannot tell: {counted(seen, 'lead')} seen for {mark} days")
        elif place < 0:
            shares[str(mark)] = rate(0, seen)
        else:
            shares[str(mark)] = Figure(float(1 - left[place]), float(1 - high[place]), float(1 - low[place]), days.size)
    return reached, shares


def _survival(days: Floats, done: Bools) -> tuple[Floats, Floats, Floats, Floats]:
    """Times, the share still waiting after each, and its interval (Greenwood's variance on the log-log scale)."""
    from statsmodels.duration.survfunc import SurvfuncRight  # noqa: PLC0415 - takes half a second

    with np.errstate(all="ignore"):
        curve = SurvfuncRight(days, done)
        left = np.asarray(curve.surv_prob, np.float64)
        half = Z * np.asarray(curve.surv_prob_se, np.float64) / (left * np.abs(np.log(left)))
        low, high = left ** np.exp(half), left ** np.exp(-half)
    nobody = ~np.isfinite(half)  # nobody is left, and the variance has no meaning
    return np.asarray(curve.surv_times, np.float64), left, np.where(nobody, left, low), np.where(nobody, left, high)


def _first_below(at: Floats, left: Floats) -> float | None:
    below = np.flatnonzero(left <= _HALF)
    return float(at[below[0]]) if below.size else None


def _student(freedom: int) -> float:
    from scipy.stats import t  # noqa: PLC0415 - takes a while

    return float(t.ppf(_HALF + CONFIDENCE / 2, freedom))
