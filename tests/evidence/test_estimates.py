"""Rates, means, ratios and waits, held against values by hand, textbooks and other libraries."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from scoville.evidence.figures.estimates import Figure, mean, median, rate, ratio, wait


def test_a_rate_has_wilsons_interval() -> None:
    found = rate(0, 10)  # Wilson 1927, as in the docstring of sample.wilson
    assert (found.value, found.low, found.of) == (0.0, 0.0, 10)
    assert found.high == pytest.approx(0.2775, abs=1e-4)
    assert rate(0, 0).cannot_tell == "cannot tell: no leads"


def test_a_mean_has_students_interval() -> None:
    values = np.array([3.0, 1.0, 4.0, 1.0, 5.0, 9.0])
    low, high = stats.t.interval(0.95, 5, values.mean(), stats.sem(values))  # scipy
    found = mean(values, "win")
    assert (found.low, found.high) == pytest.approx((low, high))


def test_a_mean_of_few_has_a_reason_instead_of_an_interval() -> None:
    assert mean(np.array([2.0, 4.0]), "win") == Figure(3.0, of=2, cannot_tell="cannot tell: 2 wins")
    assert mean(np.array([]), "win").value is None


def test_a_median_lies_between_two_of_the_values() -> None:
    # Conover, Practical Nonparametric Statistics: of n = 10 the second and the ninth, 97.9 %; of 20 the sixth and 15th
    assert median(np.arange(1.0, 11.0), "win") == Figure(5.5, 2.0, 9.0, 10)
    found = median(np.arange(1.0, 21.0), "win")
    assert (found.low, found.high) == (6.0, 15.0)


def test_a_median_of_five_has_no_interval_at_95_percent() -> None:
    found = median(np.arange(5.0), "win")  # the widest has 1 - 2 / 2**5 = 93.75 %
    assert (found.value, found.low, found.cannot_tell) == (2.0, None, "cannot tell: 5 wins")


def test_a_ratio_of_sums_has_the_linearised_interval() -> None:
    above, below = np.array([10.0, 20.0, 30.0, 40.0, 50.0]), np.array([1.0, 0.0, 1.0, 0.0, 1.0])
    found = ratio(above, below)
    # by hand: 150 / 3 = 50; above - 50 below = -40, 20, -20, 40, 0; squares add to 4,000; x 5 / 4; / 150^2 -> 0.4714
    wide = math.exp(stats.t.ppf(0.975, 4) * math.sqrt(4000 * 5 / 4) / 150)
    assert found.value == 50
    assert (found.low, found.high) == pytest.approx((50 / wide, 50 * wide))


def test_the_interval_of_a_ratio_covers_in_a_simulation() -> None:
    dice, hits = np.random.default_rng(4), 0
    for _ in range(400):
        won = dice.random(400) < 0.08  # 32 wins: cost per customer is truly 50 / 0.08
        found = ratio(dice.gamma(2, 25, 400), won.astype(float))
        hits += found.low is not None and found.high is not None and found.low <= 50 / 0.08 <= found.high
    assert 0.92 <= hits / 400 <= 0.98  # 95 % plus or minus three standard errors


def test_dividing_by_nothing_gives_a_reason() -> None:
    assert ratio(np.ones(9), np.zeros(9)).value is None
    assert ratio(np.zeros(9), np.ones(9)).cannot_tell is not None


def test_those_who_still_wait_are_counted_as_kaplan_and_meier_do() -> None:
    # Worked by hand: done at 6, 6, 6, 7, 10, 13, 16, 22, 23, waiting at 6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35:
    # the treated leukaemia patients of Freireich et al. 1963, median 23, S(10) = 0.7529, S(20) = 0.6275 (Cox and Oakes)
    done = [6, 6, 6, 7, 10, 13, 16, 22, 23]
    waiting = [6, 9, 10, 11, 17, 19, 20, 25, 32, 32, 34, 35]
    days, happened = np.array([*done, *waiting], float), np.arange(21) < 9
    found = wait(days, happened, (5, 10, 20, 40), "relapse", np.ones(21, bool))
    assert found.everyone_median_days.value == 23
    assert found.everyone_median_days.low == 13  # Collett, and R's survfit with conf.type = "log-log": 13 to none
    assert found.everyone_median_days.high is None
    assert found.done_by["10"].value == pytest.approx(1 - 0.7529, abs=1e-4)
    assert found.done_by["20"].value == pytest.approx(1 - 0.6275, abs=1e-4)
    assert found.done_by["5"].value == 0
    assert found.done_by["40"].cannot_tell == "cannot tell: 0 leads seen for 40 days"
    assert found.median_days.value == 10  # of the nine that are done
    low, high = found.done_by["10"].low, found.done_by["10"].high
    assert low is not None
    assert high is not None
    assert low < 0.2471 < high


def test_quartiles_are_those_of_old_leads_alone() -> None:
    days, old = np.array([1.0, 2.0, 10.0, 20.0, 30.0]), np.array([False, False, True, True, True])
    found = wait(days, np.ones(5, bool), (15,), "win", old)
    assert (found.first_quartile_days, found.median_days.value, found.third_quartile_days) == (15, 20, 25)
    assert found.done_by["15"].value == pytest.approx(3 / 5)  # of all


def test_nothing_done_is_said() -> None:
    found = wait(np.array([3.0, 4.0]), np.zeros(2, bool), (1,), "win", np.ones(2, bool))
    assert found.median_days.cannot_tell == "cannot tell: no wins"
    assert found.everyone_median_days.value is None
    assert found.first_quartile_days is None
