"""Conversion by bracket: counts that add up, intervals that agree with statsmodels, verdicts that dare to say no."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import norm
from statsmodels.stats.contingency_tables import Table
from statsmodels.stats.proportion import confint_proportions_2indep, proportion_confint

from scoville.errors import UsageError
from scoville.evidence.figures.brackets import Bracket, by_label, by_quantile, by_tens, rises, threshold_ratio

if TYPE_CHECKING:
    from scoville.evidence.figures.sample import Bools, Floats

SCALE = (0.0, 100.0)


def drawn(seed: int, rows: int) -> tuple[Floats, Bools]:
    """Whole scores between 0 and 100, with outcomes that depend on them."""
    dice = np.random.default_rng(seed)
    score = np.clip(np.round(40 + 20 * dice.normal(size=rows)), 0, 100)
    return score, dice.random(rows) < 1 / (1 + np.exp(-(score - 70) / 12))


def sides(above: tuple[int, int], below: tuple[int, int]) -> tuple[Floats, Bools]:
    """(conversions, leads) at 80 points and at 20 points."""
    score = np.repeat([80.0, 20.0], [above[1], below[1]])
    return score, np.concatenate([np.arange(leads) < wins for wins, leads in (above, below)])


def with_rates(*counts: tuple[int, int]) -> tuple[Bracket, ...]:
    """Brackets of the given (conversions, leads), in order."""
    score = np.repeat(np.arange(float(len(counts))), [leads for _, leads in counts])
    won = np.concatenate([np.arange(leads) < wins for wins, leads in counts])
    return by_label([f"{one:g}" for one in score], won)


# Brackets


def test_tens_cover_the_scale_with_whole_brackets_and_the_last_one_holds_its_end() -> None:
    found = by_tens(np.array([0, 9.99, 10, 95, 100]), np.array([False, True, True, False, True]), SCALE)
    assert [(one.from_, one.below) for one in found] == [(start, start + 10) for start in range(0, 100, 10)]
    assert [(one.leads, one.conversions) for one in found] == [(2, 1), (1, 1), *[(0, 0)] * 7, (2, 1)]
    assert (found[0].label, found[1].rate, found[2].rate, found[2].low) == ("0 to 10", 1.0, None, None)


@pytest.mark.parametrize(
    ("scale", "widths"), [((0, 1), [0.1] * 10), ((-20, 35), [10] * 5 + [5]), ((0, 500), [50] * 10)]
)
def test_other_scales_have_brackets_too(scale: tuple[float, float], widths: list[float]) -> None:
    found = by_tens(np.array([*scale, -1e6, 1e6]), np.ones(4, bool), scale)
    assert [(one.below or 0) - (one.from_ or 0) for one in found] == pytest.approx(widths)
    assert (found[0].leads, found[-1].leads) == (2, 2)


@pytest.mark.parametrize("rows", [0, 1, 7, 1000])
def test_counts_always_add_up_to_the_whole(rows: int) -> None:
    score, won = drawn(rows, rows)
    labels = [None if one % 3 else f"{one % 5:g}" for one in score]
    for found in (by_tens(score, won, SCALE), by_quantile(score, won), by_label(labels, won, ["x"])):
        assert sum(one.leads for one in found) == rows
        assert sum(one.conversions for one in found) == won.sum()


def test_intervals_are_wilsons() -> None:
    for one in by_quantile(*drawn(1, 800)):
        low, high = proportion_confint(one.conversions, one.leads, method="wilson")
        assert (one.low, one.high) == pytest.approx((low, high), abs=1e-12)
        assert (one.rate, one.effective_leads) == (one.conversions / one.leads, one.leads)


def test_rows_of_one_lead_count_once_in_the_interval() -> None:
    score, won = drawn(2, 500)
    once = by_tens(score, won, SCALE)
    lead = np.tile(np.arange(500), 4)
    often = by_tens(np.tile(score, 4), np.tile(won, 4), SCALE, lead)
    for one, four in zip(once, often, strict=True):
        assert (four.leads, four.rate) == (4 * one.leads, one.rate)
        if one.leads > 30:
            assert four.effective_leads == pytest.approx(one.leads, rel=0.05)
            assert (four.low, four.high) == pytest.approx((one.low, one.high), rel=0.05)


def test_quantiles_are_even_and_never_split_a_tie() -> None:
    assert [one.leads for one in by_quantile(np.arange(100.0), np.ones(100, bool), 4)] == [25] * 4
    found = by_quantile(np.repeat([0.0, 1, 2, 3], [70, 10, 10, 10]), np.arange(100) % 2 == 0)
    assert [(one.from_, one.leads) for one in found] == [(0, 70), (1, 10), (2, 10), (3, 10)]
    assert [one.leads for one in by_quantile(np.ones(9), np.ones(9, bool))] == [9]


def test_labels_stand_in_the_order_asked_for_and_missing_ones_last() -> None:
    found = by_label(["b", None, "a", "z"], np.array([True, False, False, True]), order=["z", "y"])
    assert [(one.label, one.leads) for one in found] == [("z", 1), ("y", 0), ("a", 1), ("b", 1), ("(none)", 1)]


def test_wilson_intervals_cover_the_truth() -> None:
    dice = np.random.default_rng(5)
    covered = total = 0
    for _ in range(1000):
        for one in by_label(np.repeat(["a", "b"], 200).tolist(), dice.random(400) < 0.12):
            covered += (one.low or 0) <= 0.12 <= (one.high or 0)
            total += 1
    assert 0.93 <= covered / total <= 0.97


# Does the rate rise?


def test_trend_is_that_of_statsmodels() -> None:
    counts = [(5, 100), (9, 120), (14, 90), (12, 80)]
    table = Table(np.array([[wins, leads - wins] for wins, leads in counts]), shift_zeros=False)
    expected = table.test_ordinal_association(row_scores=np.arange(4), col_scores=np.array([1, 0]))
    found = rises(with_rates(*counts))
    whole = sum(leads for _, leads in counts)
    assert found.z == pytest.approx(expected.zscore * math.sqrt(whole / (whole - 1)))  # it has n - 1
    assert found.p == pytest.approx(2 * norm.sf(found.z))
    assert found.rises is True


def test_a_falling_rate_is_said_to_fall() -> None:
    found = rises(with_rates((30, 100), (22, 100), (16, 100)))
    assert (found.rises, found.sentence) == (False, "falls from bracket to bracket, the wrong way (p = 0.018)")


def test_a_clear_dip_in_the_middle_is_no_rise() -> None:
    found = rises(with_rates((40, 1000), (200, 1000), (100, 1000), (400, 1000)))
    assert found.rises is False
    assert found.sentence == "does not rise: 2 converts at 10.0%, 1 before it at 20.0%, beyond chance"


def test_a_dip_by_chance_is_still_a_rise() -> None:
    assert rises(with_rates((4, 100), (20, 100), (17, 100), (40, 100))).rises is True


def test_an_even_rate_is_not_shown_to_rise() -> None:
    found = rises(with_rates((10, 100), (12, 100), (11, 100)))
    assert found.rises is None
    assert found.sentence.startswith("not shown")


@pytest.mark.parametrize(
    ("counts", "sentence"),
    [
        (((1, 50), (2, 50)), "cannot tell: 3 conversions"),
        (((50, 50), (49, 50)), "cannot tell: 1 lead without one"),
        (((20, 50),), "cannot tell: all leads are in one bracket"),
        (((0, 9), (0, 9)), "cannot tell: 0 conversions"),
    ],
)
def test_with_little_to_go_by_a_trend_cannot_be_told(counts: tuple[tuple[int, int], ...], sentence: str) -> None:
    found = rises(with_rates(*counts))
    assert (found.rises, found.sentence, found.z, found.p) == (None, sentence, None, None)


def test_nothing_at_all_cannot_be_told() -> None:
    assert rises(()).sentence == "cannot tell: 0 conversions"


# Does the threshold part them?


@pytest.mark.parametrize(("above", "below"), [((30, 100), (20, 400)), ((3, 9), (11, 60)), ((25, 25), (8, 50))])
def test_ratio_and_interval_are_those_of_statsmodels(above: tuple[int, int], below: tuple[int, int]) -> None:
    found = threshold_ratio(*sides(above, below), 50)
    assert found.ratio_above_below == pytest.approx((above[0] / above[1]) / (below[0] / below[1]))
    expected = confint_proportions_2indep(*above, *below, compare="ratio", method="score")
    assert (found.ratio_low, found.ratio_high) == pytest.approx(expected, rel=1e-6)
    assert (found.leads, found.conversions, found.below_leads, found.below_conversions) == (*above[::-1], *below[::-1])


@pytest.mark.parametrize(
    ("above", "below", "verdict", "words"),
    [
        ((60, 200), (40, 800), "works", "it works: leads at or above 50 convert 6.0 times as often"),
        ((60, 400), (60, 800), "helps", "it helps, but less than 3 times: leads at or above 50 convert 2.0 times"),
        ((500, 5000), (1000, 10000), "does not predict", "it does not predict: leads at or above 50 convert 1.0 times"),
        (
            (6, 50),
            (12, 150),
            "not shown",
            "not shown, chance alone may do this: leads at or above 50 convert 1.5",
        ),
        (
            (5, 500),
            (50, 500),
            "points the wrong way",
            "it points the wrong way: leads at or above 50 convert 0.1",
        ),
        ((12, 50), (0, 300), "works", "it works: nobody below 50 converted (at least "),
        ((2, 50), (1, 50), "cannot tell", "cannot tell: 3 conversions"),
        ((0, 50), (0, 50), "cannot tell", "cannot tell: 0 conversions"),
        ((9, 50), (0, 0), "cannot tell", "cannot tell: no leads below 50"),
        ((0, 0), (9, 50), "cannot tell", "cannot tell: no leads at or above 50"),
    ],
)
def test_verdicts(above: tuple[int, int], below: tuple[int, int], verdict: str, words: str) -> None:
    found = threshold_ratio(*sides(above, below), 50)
    assert found.verdict == verdict
    assert found.sentence.startswith(words)


def test_zero_conversions_on_a_side_have_honest_ends() -> None:
    none_below = threshold_ratio(*sides((8, 40), (0, 200)), 50)
    assert (none_below.ratio_above_below, none_below.ratio_high) == (math.inf, math.inf)
    assert none_below.ratio_low is not None
    assert 5 < none_below.ratio_low < 30
    none_above = threshold_ratio(*sides((0, 40), (20, 200)), 50)
    assert (none_above.ratio_above_below, none_above.ratio_low) == (0, 0)
    expected = confint_proportions_2indep(0, 40, 20, 200, compare="ratio", method="score")
    assert none_above.ratio_high == pytest.approx(expected[1], rel=1e-6)


def test_a_lead_on_the_threshold_is_above_it() -> None:
    assert threshold_ratio(np.array([50.0, 49.0]), np.array([True, False]), 50).leads == 1


def test_ratio_interval_covers_the_truth() -> None:
    dice = np.random.default_rng(11)
    score = np.repeat([80.0, 20.0], [100, 300])
    truth = 0.2 / 0.06
    found = [threshold_ratio(score, dice.random(400) < np.where(score > 50, 0.2, 0.06), 50) for _ in range(1000)]
    assert 930 <= sum((one.ratio_low or 0) <= truth <= (one.ratio_high or 0) for one in found) <= 970


def test_ratio_interval_covers_the_truth_where_leads_return() -> None:
    dice = np.random.default_rng(12)
    lead = np.repeat(np.arange(300), 4)
    truth, covered, naive = 0.3 / 0.1, 0, 0
    for _ in range(1000):
        likely = dice.random(300) < 0.4
        stands = np.where(
            dice.random(1200) < 0.8, likely[lead], ~likely[lead]
        )  # seen on its own side four times in five
        buys = dice.random(300) < np.where(likely, 11 / 30, 1 / 30)
        found = [threshold_ratio(np.where(stands, 80.0, 20.0), buys[lead], 50, given) for given in (lead, None)]
        share = 0.4 * 0.8 / (0.4 * 0.8 + 0.6 * 0.2), 0.4 * 0.2 / (0.4 * 0.2 + 0.6 * 0.8)
        truth = (share[0] * 11 + 1 - share[0]) / (share[1] * 11 + 1 - share[1])
        covered += (found[0].ratio_low or 0) <= truth <= (found[0].ratio_high or 0)
        naive += (found[1].ratio_low or 0) <= truth <= (found[1].ratio_high or 0)
    assert 930 <= covered <= 975
    assert naive != covered


def test_wrong_requests_say_so() -> None:
    with pytest.raises(UsageError, match="the scale must rise: found 5 to 5"):
        by_tens(np.array([1.0]), np.array([True]), (5, 5))
    with pytest.raises(UsageError, match="k must be 1 or more: found 0"):
        by_quantile(np.array([1.0]), np.array([True]), 0)
