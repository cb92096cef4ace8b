"""What open leads should bring: by hand where every part is known, and how often the interval holds in a simulation."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy import stats

from scoville.evidence.business.expected import (
    OVERALL,
    Expected,
    _count_interval,
    _doubts,
    _sum_interval,
    _widened,
    expected,
)
from scoville.evidence.business.past import Rows, past_of

STAGE = np.array([10.0, 50.0, 90.0])
TRUTH = np.array([0.02, 0.1, 0.3])


def world(dice: np.random.Generator, leads: int, at: float, first: int = 0, level: float = 1.0) -> Rows:
    """Leads of three scores, whose chances are the truth times a level; a win's value is exponential, mean 100."""
    kind = dice.integers(0, 3, leads)
    won = dice.random(leads) < TRUTH[kind] * level
    value = np.where(won, dice.exponential(100, leads), np.nan)
    bands = {"stage": kind.astype(np.int64), "source": np.full(leads, -1)}
    return Rows(STAGE[kind], won, value, first + np.arange(leads), np.full(leads, at), bands)


def joined(parts: list[Rows]) -> Rows:
    def column(name: str) -> Any:
        return np.concatenate([getattr(part, name) for part in parts])

    bands = {name: np.concatenate([part.bands[name] for part in parts]) for name in ("stage", "source")}
    return Rows(column("score"), column("won"), column("value"), column("lead"), column("at"), bands)


def past(dice: np.random.Generator, leads: int = 400, periods: int = 4, levels: float = 0.0) -> Rows:
    return joined(
        [world(dice, leads, float(n), n * leads, level=float(np.exp(dice.normal(0, levels)))) for n in range(periods)]
    )


def test_wins_are_the_sum_of_the_probabilities() -> None:
    dice = np.random.default_rng(1)
    found = expected(past_of(past(dice, 20_000)), now := world(dice, 1000, 9.0))
    truth = float(TRUTH[np.searchsorted(STAGE, now.score)].sum())
    assert found.wins == pytest.approx(truth, rel=0.05)
    assert found.revenue == pytest.approx(100 * truth, rel=0.1)
    assert (found.leads, found.periods, found.value_by) == (1000, 4.0, OVERALL)


def test_the_interval_holds_95_times_in_100() -> None:
    dice, hits, money = np.random.default_rng(2), 0, 0
    for _ in range(80):
        found, came = expected(past_of(past(dice)), now := world(dice, 300, 9.0)), now
        hits += held(found.wins_low, float(came.won.sum()), found.wins_high)
        money += held(found.revenue_low, float(np.nansum(came.value)), found.revenue_high)
    assert hits / 80 >= 0.88  # three standard errors below 95 %; a little more than 95 % is no harm
    assert money / 80 >= 0.88


def test_the_interval_still_holds_where_good_and_bad_periods_differ() -> None:
    dice, hits, too_narrow = np.random.default_rng(3), 0, 0
    for _ in range(60):
        now = world(dice, 1500, 9.0, level=float(np.exp(dice.normal(0, 0.25))))
        found = expected(past_of(past(dice, 1500, 6, levels=0.25)), now)
        came = float(now.won.sum())
        hits += held(found.wins_low, came, found.wins_high)
        wins = found.wins or 0.0
        too_narrow += abs(came - wins) > 2 * np.sqrt(wins)  # what chance among leads alone would allow
    assert hits / 60 >= 0.86
    assert too_narrow / 60 > 0.2


def held(low: float | None, came: float, high: float | None) -> bool:
    assert low is not None
    assert high is not None
    return low <= came <= high


def test_a_lead_that_returns_is_not_two_leads() -> None:
    dice = np.random.default_rng(5)
    once = past(dice, 500, 1)
    twice = joined([once, once])
    score = np.full(100, 50.0)
    weight = np.ones(100)
    # every lead twice: rates are the same, and so is what is known about them
    of_twice, of_once = (_doubts(past_of(rows), score).of(weight) for rows in (twice, once))
    assert of_twice == pytest.approx(of_once)


def test_the_doubt_about_a_rate_is_binomial_by_hand() -> None:
    # 40 leads with one score, 10 of which won: a rate of 0.25, variance 0.25 * 0.75 / 39; ten open leads: times 100
    won = np.arange(40) < 10
    bands = {name: np.full(40, -1) for name in ("stage", "source")}
    one = Rows(np.full(40, 7.0), won, np.full(40, np.nan), np.arange(40), np.zeros(40), bands)
    assert _doubts(past_of(one), np.full(10, 3.0)).of(np.ones(10)) == pytest.approx(100 * 0.25 * 0.75 / 39)


def test_counts_and_sums_have_the_quantiles_of_their_family() -> None:
    assert _count_interval(10, 10 + 1e-6) == (4, 17)  # a Poisson count of 10 (tables)
    assert _count_interval(50, 25) == tuple(stats.binom(100, 0.5).ppf([0.025, 0.975]))
    assert _sum_interval(1, 1) == pytest.approx((0.0253, 3.6889), abs=1e-4)  # an exponential: -log(0.975), -log(0.025)
    assert _count_interval(0, 0) == (0, 0)


def test_few_periods_widen_what_comes_from_periods() -> None:
    # all of the variance from two periods: one degree of freedom, Student's 12.706 for 1.960
    assert _widened(0, 1, 2) == pytest.approx((12.706 / 1.960) ** 2, rel=1e-3)
    assert _widened(1, 0, 2) == 1


def test_values_differ_by_stage_only_where_it_is_shown() -> None:
    dice = np.random.default_rng(6)
    before, now = past(dice, 2000), world(dice, 600, 9.0)
    rich = Rows(**{**vars(before), "value": before.value * np.where(before.score == 90, 10, 1)})
    found = expected(past_of(rich), now)
    assert found.value_by == "stage"
    chance = TRUTH[np.searchsorted(STAGE, now.score)]
    truth = float(chance @ np.where(now.score == 90, 1000, 100))
    assert found.revenue == pytest.approx(truth, rel=0.15)


def test_few_conversions_or_no_open_lead_cannot_tell() -> None:
    dice = np.random.default_rng(7)
    before, now = past(dice), world(dice, 10, 9.0)
    few = before.where(~before.won | (np.cumsum(before.won) <= 19))
    assert expected(past_of(few), now).cannot_tell == "cannot tell: 19 conversions, 20 are needed"
    assert expected(past_of(before), now.where(np.zeros(10, bool))).cannot_tell == "cannot tell: no lead is open"


@pytest.mark.parametrize(("known", "reason"), [(0, "no win has a value"), (3, "cannot tell: 3 wins of ")])
def test_without_values_there_are_wins_only(known: int, reason: str) -> None:
    dice = np.random.default_rng(8)
    before = past(dice)
    few = np.where(np.cumsum(before.won) <= known, before.value, np.nan)
    found: Expected = expected(past_of(Rows(**{**vars(before), "value": few})), world(dice, 100, 9.0))
    assert found.wins is not None
    assert found.revenue is None
    assert found.no_revenue is not None
    assert found.no_revenue.startswith(reason)
