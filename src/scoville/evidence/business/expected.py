"""What open leads should bring: how many wins and how much money within the horizon, with a prediction interval.

In: the past whose horizon is over, and open leads with their scores. Out: an `Expected`. Pure; no dice.
Called by `forecast.py`, for today and for every past day on which it is checked.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scoville.evidence.business.past import BANDS
from scoville.evidence.figures.sample import CONFIDENCE, FEW, Z, counted, distinct, even_groups

if TYPE_CHECKING:
    from scoville.evidence.business.past import Past, Rows
    from scoville.evidence.figures.calibration import Calibration
    from scoville.evidence.figures.sample import Bools, Floats, Ints

ENOUGH = 20  # wins with a value, for a band to have a mean of its own
SURE = 0.05
OVERALL = "all wins"
SEPARATE = 2  # horizons that do not overlap: with fewer, good and bad periods cannot be told from chance
_GROUPS = 50
_TAIL = (1 - CONFIDENCE) / 2


@dataclass(frozen=True)
class Expected:
    """Wins and revenue that `leads` open leads should bring within the horizon, with 95 % prediction intervals.

    `conversions` is how many leads' wins the probabilities rest on, `periods` how many separate horizons they come
    from. `value_by` says whose mean a win is worth: `stage`, `source`, or `all wins`. Where `cannot_tell` is set,
    nothing else is known; where `no_revenue` is set, there are wins only.
    """

    leads: int
    conversions: int
    periods: float
    wins: float | None = None
    wins_low: float | None = None
    wins_high: float | None = None
    revenue: float | None = None
    revenue_low: float | None = None
    revenue_high: float | None = None
    value_by: str | None = None
    value_per_win: float | None = None
    no_revenue: str | None = None
    cannot_tell: str | None = None


class _Worth(NamedTuple):
    """What a win of each open lead is worth: mean and variance, and the variance of the total that the means leave.

    `unsure(p)` needs the probabilities: it is the variance of the expected revenue because means are only estimated.
    """

    by: str
    mean: Floats
    variance: Floats
    band: Ints
    of_mean: Floats  # by band: variance of its mean

    def unsure(self, chance: Floats) -> float:
        return float(np.bincount(self.band, chance, minlength=self.of_mean.size) ** 2 @ self.of_mean)


def expected(past: Past, now: Rows) -> Expected:
    """Calibrated probability times the mean value of a win, summed over the open leads `now`.

    The interval adds what may come otherwise: each lead wins or not; a win is worth more or less than the mean; the
    probabilities and the means are estimated, from leads and not from rows; and good and bad periods differ by more
    than chance among leads, as they did in the past. Few periods widen it (Satterthwaite 1946).
    """
    none = Expected(now.score.size, distinct(past.wins.lead).size, past.periods)
    if not now.score.size:
        return replace(none, cannot_tell="cannot tell: no lead is open")
    chances = past.chances
    if chances.cannot_tell:
        return replace(none, cannot_tell=chances.cannot_tell)
    chance, swing, doubts = chances.predict(now.score), _swing(past, chances), _doubts(past, now.score)
    wins = float(chance.sum())
    surely = float(chance @ (1 - chance)) + doubts.of(np.ones(now.score.size))
    low, high = _count_interval(wins, _widened(surely, swing * wins**2, none.periods))
    told = replace(none, wins=wins, wins_low=low, wins_high=high)
    worth = _worth(past, now)
    if isinstance(worth, str):
        return replace(told, no_revenue=worth)
    return _with_revenue(told, chance, worth, doubts, swing)


def _with_revenue(told: Expected, chance: Floats, worth: _Worth, doubts: _Doubts, swing: float) -> Expected:
    revenue = float(chance @ worth.mean)
    chances_and_values = float(chance @ (worth.variance + worth.mean**2) - chance**2 @ worth.mean**2)
    doubt = doubts.of(worth.mean) + worth.unsure(chance)
    low, high = _sum_interval(revenue, _widened(chances_and_values + doubt, swing * revenue**2, told.periods))
    return replace(
        told, revenue=revenue, revenue_low=low, revenue_high=high, value_by=worth.by,
        value_per_win=revenue / float(chance.sum()),
    )  # fmt: skip


# Where the variance comes from


def _swing(past: Past, chances: Calibration) -> float:
    """Squared relative difference between periods beyond chance, by moments: what good and bad quarters do.

    Instants that overlap count for as many as do not; with less than two of them, nothing can be seen.
    """
    periods = past.periods
    if periods < SEPARATE:
        return 0.0
    chance, by_level = chances.predict(past.score), past.counts.sum(axis=3)
    hoped, by_chance = by_level[:, 0] @ chance, by_level[:, 0] @ (chance * (1 - chance))
    came = by_level[:, 1].sum(axis=1)
    missed = float((came - hoped) @ (came - hoped)) * periods / (periods - 1)
    return max(0.0, (missed - float(by_chance.sum())) / float(hoped @ hoped))


@dataclass(frozen=True)
class _Doubts:
    """How far each past row of some leads pulls the rate of its group of scores, and the group of each open lead.

    `leads` is how many there are in all, so that the variance that some of them show can be told of all.
    """

    group: Ints
    pull: Floats
    lead: Ints
    leads: int
    open_group: Ints

    def of(self, weight: Floats) -> float:
        """Variance of the weighted sum of probabilities because they are estimated: that of a sum of rates by group.

        The pulls of one lead are added before they are squared.
        """
        by_group = np.bincount(self.open_group, weight, minlength=_GROUPS)
        pulls = np.bincount(self.lead, by_group[self.group] * self.pull)
        some = int(np.count_nonzero(np.bincount(self.lead)))
        return float(pulls @ pulls) * self.leads / some * self.leads / max(1, self.leads - 1)


def _doubts(past: Past, score: Floats) -> _Doubts:
    rows, wins = past.counts.sum(axis=(0, 3))
    there = rows > 0
    group_of_level = np.zeros(rows.size, np.int64)
    group_of_level[there] = even_groups(rows[there], _GROUPS)
    group = group_of_level[past.some.level]
    all_rows, all_wins = (np.bincount(group_of_level, side) for side in (rows, wins))
    pull = (past.some.won - (all_wins / all_rows)[group]) / all_rows[group]
    starts = past.score[there][np.flatnonzero(np.diff(group_of_level[there], prepend=-1))]
    open_group = np.clip(np.searchsorted(starts, score, side="right") - 1, 0, None)
    return _Doubts(group, pull, past.some.lead, past.leads, open_group)


def _worth(past: Past, now: Rows) -> _Worth | str:
    """The mean value of past wins, by the band that parts them most surely, if any does; or why there is none."""
    wins = past.wins.where(_last(past.wins))
    known = np.isfinite(wins.value)
    if not known.any():
        return "no win has a value"
    if known.sum() < max(FEW, wins.value.size / 2):
        return f"cannot tell: {counted(int(known.sum()), 'win')} of {wins.value.size:,} with a value"
    wins = wins.where(known)
    best = min(((_parted(wins, name), name) for name in BANDS), default=(1.0, OVERALL))
    if best[0] >= SURE / len(BANDS):
        return _means(OVERALL, wins.value, np.zeros(wins.value.size, np.int64), np.zeros(now.score.size, np.int64))
    big = _big(wins.bands[best[1]])
    return _means(best[1], wins.value, _place(wins.bands[best[1]], big), _place(now.bands[best[1]], big))


def _last(wins: Rows) -> Bools:
    """One row for each lead that won: the last one before it did."""
    rows = np.argsort(-wins.at, kind="stable")
    chosen = np.zeros(wins.at.size, bool)
    chosen[rows[np.unique(wins.lead[rows], return_index=True)[1]]] = True
    return chosen


def _big(band: Ints) -> Ints:
    codes, counts = np.unique(band[band >= 0], return_counts=True)
    return codes[counts >= ENOUGH]


def _parted(wins: Rows, name: str) -> float:
    """The p value of Kruskal and Wallis between the big bands; 1 where there are not two."""
    from scipy.stats import kruskal  # noqa: PLC0415 - takes a while

    band = wins.bands[name]
    big = _big(band)
    if big.size < 2 or np.ptp(wins.value[np.isin(band, big)]) == 0:  # noqa: PLR2004 - two to compare
        return 1.0
    return float(kruskal(*(wins.value[band == code] for code in big)).pvalue)


def _place(band: Ints, big: Ints) -> Ints:
    """The place of each band among the big ones; the next one after them for all others."""
    at = np.searchsorted(big, band)
    found: Ints = np.where(np.isin(band, big), at, big.size).astype(np.int64)
    return found


def _means(by: str, value: Floats, band: Ints, open_band: Ints) -> _Worth:
    """Mean and variance by band; where a band has too few wins, those of all."""
    places = int(max(band.max(), open_band.max())) + 1
    of = [value[band == place] for place in range(places)]
    of = [here if here.size >= ENOUGH else value for here in of]
    mean, variance = np.array([here.mean() for here in of]), np.array([here.var(ddof=1) for here in of])
    of_mean = variance / np.array([here.size for here in of])
    return _Worth(by, mean[open_band], variance[open_band], open_band, of_mean)


# Intervals


def _widened(surely: float, by_period: float, periods: float) -> float:
    """Variance, made larger where its part from periods rests on few of them, as Student's t would have it."""
    variance = surely + by_period
    if by_period <= 0:
        return variance
    from scipy.stats import t  # noqa: PLC0415 - takes a while

    freedom = max(1.0, periods - 1) * (variance / by_period) ** 2
    return variance * float(t.ppf(1 - _TAIL, freedom) / Z) ** 2


def _count_interval(mean: float, variance: float) -> tuple[float, float]:
    """Quantiles of a count with this mean and variance: negative binomial, or binomial where it varies less."""
    from scipy.stats import binom, nbinom  # noqa: PLC0415 - takes a while

    if mean <= 0:
        return 0.0, 0.0
    if variance > mean * (1 + 1e-9):
        spread = nbinom(mean**2 / (variance - mean), mean / variance)
    else:
        trials = math.ceil(mean / max(1e-9, 1 - variance / mean))
        spread = binom(trials, min(1.0, mean / trials))
    return float(spread.ppf(_TAIL)), float(spread.ppf(1 - _TAIL))


def _sum_interval(mean: float, variance: float) -> tuple[float, float]:
    """Quantiles of a sum of positive amounts with this mean and variance: gamma, which is never below 0."""
    from scipy.stats import gamma  # noqa: PLC0415 - takes a while

    if mean <= 0 or variance <= 0:
        return mean, mean
    spread = gamma(mean**2 / variance, scale=variance / mean)
    return float(spread.ppf(_TAIL)), float(spread.ppf(1 - _TAIL))
