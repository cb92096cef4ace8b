"""The population stability index: its value, what chance makes of it, and what is seen to move."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import chi2, entropy, norm

from scoville.evidence.drift.psi import MISSING, OTHERS, Bins, number_bins, shift, stability_index, text_bins

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray


def texts(*values: str | None) -> NDArray[np.object_]:
    return np.array(values, dtype=np.object_)


# The index


def test_the_index_by_hand() -> None:
    # (0.4 - 0.5) ln(0.4 / 0.5) + (0.6 - 0.5) ln(0.6 / 0.5) = 0.1 * 0.223144 + 0.1 * 0.182322
    assert stability_index([50, 50], [40, 60]) == pytest.approx(0.0405465, abs=1e-7)
    # shares 0.2, 0.3, 0.5 against 0.3, 0.3, 0.4: 0.1 * ln 1.5 + 0 + 0.1 * ln 1.25
    assert stability_index([20, 30, 50], [300, 300, 400]) == pytest.approx(0.0405465 + 0.0223144, abs=1e-7)


def test_the_index_is_the_relative_entropy_both_ways() -> None:
    dice = np.random.default_rng(1)
    for _ in range(20):
        base, now = dice.integers(1, 500, 12), dice.integers(1, 500, 12)
        expected = entropy(base, now) + entropy(now, base)  # scipy's Kullback-Leibler divergence
        assert stability_index(base.tolist(), now.tolist()) == pytest.approx(float(expected), rel=1e-12)


def test_an_empty_bin_counts_as_half_a_lead() -> None:
    # 100 of 100 against 90 of 100, and 0 -> 0.5 of 100 against 10 of 100
    expected = (0.9 - 1) * np.log(0.9) + (0.1 - 0.005) * np.log(0.1 / 0.005)
    assert stability_index([100, 0, 0], [90, 10, 0]) == pytest.approx(expected)


# Bins


def test_numbers_are_cut_into_even_parts() -> None:
    bins = number_bins(np.arange(1000.0))
    assert bins.counts(np.arange(1000.0)) == (*[100] * 10, 0)


def test_a_value_that_many_share_is_a_bin_of_its_own() -> None:
    points = np.array([0.0] * 60 + [5.0] * 30 + [20.0] * 10)
    bins = number_bins(points)
    seen = dict(zip(bins.labels, bins.counts(np.append(points, 12.0)), strict=True))
    assert {label: count for label, count in seen.items() if count} == {"0": 60, "5": 30, "5 to 20": 1, "20": 10}


def test_a_rule_that_spoke_of_nobody_is_seen_to_speak() -> None:
    bins = number_bins(np.zeros(100))
    found = shift(bins.counts(np.zeros(100)), bins.counts(np.repeat([0.0, 10.0], 50)))
    assert found.word == "shifted"


def test_missing_numbers_have_their_own_bin() -> None:
    values = np.array([1.0, 2.0, np.nan, np.nan])
    assert number_bins(values).counts(values)[-1] == 2
    assert number_bins(np.full(3, np.nan)).counts(np.full(3, np.nan)) == (0, 3)


def test_rare_texts_are_put_together_and_name_nobody() -> None:
    values = texts(*["web"] * 500, *["Web"] * 300, *["fair"] * 11, "ann@one.com", None)
    bins = text_bins(values)
    assert bins.labels == ("web", "fair", OTHERS, MISSING)
    assert bins.counts(values) == (800, 11, 1, 1)
    assert bins.counts(texts("WEB", "new", None)) == (1, 0, 1, 1)


def test_bins_survive_json() -> None:
    bins = number_bins(np.random.default_rng(1).normal(size=500))
    assert Bins(tuple(json.loads(json.dumps(bins.starts)))) == bins


# Chance


def drawn_normal(dice: np.random.Generator, leads: int) -> NDArray[np.float64]:
    return dice.normal(size=leads)


def drawn_decayed(dice: np.random.Generator, leads: int) -> NDArray[np.float64]:
    return np.where(dice.random(leads) < 0.6, 0.0, dice.exponential(10, leads))


def drawn_rule(dice: np.random.Generator, leads: int) -> NDArray[np.float64]:
    return np.where(dice.random(leads) < 0.03, 15.0, 0.0)


@pytest.mark.parametrize("draw", [drawn_normal, drawn_decayed, drawn_rule])
@pytest.mark.parametrize("leads", [(60, 60), (300, 100), (2000, 300)])
def test_chance_alone_is_sure_of_itself_no_more_often_than_it_says(
    draw: Callable[[np.random.Generator, int], NDArray[np.float64]], leads: tuple[int, int]
) -> None:
    dice = np.random.default_rng(7)
    surer, times = 0, 400
    for _ in range(times):
        base, now = draw(dice, leads[0]), draw(dice, leads[1])
        bins = number_bins(base)
        found = shift(bins.counts(base), bins.counts(now))
        surer += found.p is not None and found.p < 0.05
    assert surer / times < 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / times)  # once in 2,000 runs by chance


def test_what_chance_reaches_is_yurdakuls_critical_value() -> None:
    found = shift([100] * 10, [50] * 10)
    # Yurdakul 2018: (1 / N + 1 / M) times the chi-square quantile with B - 1 degrees of freedom
    assert found.by_chance == pytest.approx((1 / 1000 + 1 / 500) * chi2.ppf(0.99, 9))
    together = shift([100] * 10, [50] * 10, columns=25)
    assert together.by_chance == pytest.approx((1 / 1000 + 1 / 500) * chi2.ppf(1 - 0.01 / 25, 9))


def test_few_leads_do_not_cry_wolf() -> None:
    assert shift([10, 10, 10, 10], [15, 5, 12, 8]).word == "not shown"
    assert shift([1000, 1000, 1000, 1000], [1500, 500, 1200, 800]).word == "moved"
    none = shift([20, 9], [500, 500])
    assert (none.word, none.psi, none.p) == ("cannot tell", None, None)


def test_words_follow_the_usual_lines() -> None:
    assert shift([5000, 5000], [4500, 5500]).word == "stable"  # 0.02
    assert shift([5000, 5000], [3300, 6700]).word == "moved"  # 0.12
    assert shift([5000, 5000], [2500, 7500]).word == "shifted"  # 0.27


@pytest.mark.parametrize("moved_by", [0.3, 0.6, 1.0])
def test_the_interval_holds_the_truth(moved_by: float) -> None:
    dice, inside, times = np.random.default_rng(11), 0, 300
    for _ in range(times):
        base, now = dice.normal(size=800), dice.normal(moved_by, 1, 400)
        bins = number_bins(base)
        edges = np.array([-np.inf, *bins.starts, np.inf])
        before, after = np.diff(norm.cdf(edges)), np.diff(norm.cdf(edges - moved_by))
        found = shift(bins.counts(base), bins.counts(now))
        assert found.low is not None
        assert found.high is not None
        inside += found.low <= entropy(before, after) + entropy(after, before) <= found.high
    assert inside / times >= 0.92
