"""Does it rank: every figure against an independent implementation, and intervals that cover what they promise."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from scipy.stats import ks_2samp, norm
from sklearn.metrics import average_precision_score, roc_auc_score, roc_curve

from scoville.errors import UsageError
from scoville.evidence.figures.ranking import Ranking, paired_auc, ranking

if TYPE_CHECKING:
    from scoville.evidence.figures.sample import Bools, Floats, Ints


def drawn(seed: int, rows: int, *, steps: float = 1e9, rate: float = 0.15) -> tuple[Floats, Bools]:
    """Scores, rounded to `steps` per unit so that they tie, and outcomes that depend on them."""
    dice = np.random.default_rng(seed)
    score = np.round(dice.normal(size=rows) * steps) / steps
    return score, dice.random(rows) < 1 / (1 + np.exp(-score - math.log(rate / (1 - rate))))


def in_snapshots(dice: np.random.Generator, leads: int) -> tuple[Floats, Bools, Ints]:
    """Leads that stand in one to six snapshots, with scores and outcomes that are much alike in each."""
    lead = np.repeat(np.arange(leads), dice.integers(1, 7, size=leads))
    taste = dice.normal(size=leads)[lead]
    return (
        1.5 * taste + dice.normal(size=lead.size),
        dice.random(lead.size) < 1 / (1 + np.exp(2 - 1.2 * taste)),
        lead,
    )


SETS = [
    drawn(seed, rows, steps=steps) for seed, (rows, steps) in enumerate([(80, 1e9), (500, 2), (3000, 20), (200, 1)])
]


# Against other implementations


@pytest.mark.parametrize(("score", "won"), SETS)
def test_auc_and_average_precision_are_those_of_scikit_learn(score: Floats, won: Bools) -> None:
    found = ranking(score, won)
    assert found.auc == pytest.approx(roc_auc_score(won, score), abs=1e-12)
    assert found.pr_auc == pytest.approx(average_precision_score(won, score), abs=1e-12)


@pytest.mark.parametrize(("score", "won"), SETS)
def test_ks_is_that_of_scipy_and_of_the_roc_curve(score: Floats, won: Bools) -> None:
    false, true, _ = roc_curve(won, score)
    assert ranking(score, won).ks == pytest.approx(ks_2samp(score[won], score[~won]).statistic, abs=1e-12)
    assert ranking(score, won).ks == pytest.approx(np.abs(true - false).max(), abs=1e-12)


def slow_delong(score_a: Floats, score_b: Floats, won: Bools) -> tuple[float, float]:
    """Mean and variance of the difference in AUC from all pairs, as DeLong, DeLong and Clarke-Pearson wrote it."""

    def kernel(score: Floats) -> Floats:
        gap = score[won][:, None] - score[~won][None, :]
        return np.asarray((gap > 0) + 0.5 * (gap == 0), np.float64)

    pairs = kernel(score_a) - kernel(score_b)
    variance = pairs.mean(axis=1).var(ddof=1) / won.sum() + pairs.mean(axis=0).var(ddof=1) / (~won).sum()
    return float(pairs.mean()), float(variance)


@pytest.mark.parametrize(("score", "won"), SETS)
def test_standard_error_is_delongs_from_all_pairs(score: Floats, won: Bools) -> None:
    nothing = np.zeros(score.size)  # AUC 0.5 without variance
    mean, variance = slow_delong(score, nothing, won)
    assert ranking(score, won).auc == pytest.approx(0.5 + mean)
    assert ranking(score, won).auc_se == pytest.approx(math.sqrt(variance), rel=1e-9)


@pytest.mark.parametrize(("score", "won"), SETS)
def test_paired_difference_is_delongs_from_all_pairs(score: Floats, won: Bools) -> None:
    other = np.round(score + np.random.default_rng(9).normal(size=score.size), 1)
    found, (mean, variance) = paired_auc(score, other, won), slow_delong(score, other, won)
    assert found.difference == pytest.approx(mean)
    assert found.low == pytest.approx(mean - norm.ppf(0.975) * math.sqrt(variance))
    assert found.p == pytest.approx(2 * norm.sf(abs(mean) / math.sqrt(variance)))


def test_published_example() -> None:
    # Hanley and McNeil 1982, table I: 109 CT images rated 1 to 5. Stata's manual, `roctab`: area 0.8932, DeLong's
    # standard error 0.0307, interval on the plain scale 0.83295 to 0.95339
    normal, abnormal = [33, 6, 6, 11, 2], [3, 2, 2, 11, 33]
    score = np.repeat(np.tile(np.arange(1.0, 6), 2), normal + abnormal)
    found = ranking(score, np.repeat([False, True], [58, 51]))
    assert found.auc == pytest.approx(0.8932, abs=5e-5)
    assert found.auc_se == pytest.approx(0.0307, abs=5e-5)
    assert found.auc is not None
    assert found.auc_se is not None
    assert found.auc - norm.ppf(0.975) * found.auc_se == pytest.approx(0.83295, abs=5e-6)


def test_interval_of_auc_is_symmetric_in_the_log_odds() -> None:
    found = ranking(*SETS[2])
    assert found.auc_interval == "delong"
    low, middle, high = (math.log(x / (1 - x)) for x in (found.auc_low or 0, found.auc or 0, found.auc_high or 0))
    assert middle - low == pytest.approx(high - middle)


# Leads in several snapshots


def test_each_lead_alone_changes_nothing() -> None:
    score, won = SETS[1]
    assert ranking(score, won, np.arange(score.size)[::-1] * 7) == ranking(score, won)


def test_every_row_given_thrice_widens_nothing_and_narrows_nothing() -> None:
    score, won = SETS[2]
    lead = np.arange(score.size)
    once, thrice = ranking(score, won, lead), ranking(np.tile(score, 3), np.tile(won, 3), np.tile(lead, 3))
    assert thrice.auc_se == pytest.approx(once.auc_se, rel=1e-9)
    assert thrice.top_quarter_interval == pytest.approx(once.top_quarter_interval, rel=0.01)
    assert thrice.recall_interval["0.2"] == pytest.approx(once.recall_interval["0.2"], rel=0.01)


def test_clustered_standard_error_is_that_of_a_bootstrap_of_leads() -> None:
    dice = np.random.default_rng(4)
    score, won, lead = in_snapshots(dice, 400)
    rows = [np.flatnonzero(lead == one) for one in range(400)]
    aucs = []
    for _ in range(400):
        again = np.concatenate([rows[one] for one in dice.integers(400, size=400)])
        aucs.append(roc_auc_score(won[again], score[again]))
    clustered, plain = ranking(score, won, lead).auc_se, ranking(score, won).auc_se
    assert clustered == pytest.approx(np.std(aucs), rel=0.1)
    assert clustered is not None
    assert plain is not None
    assert clustered > 1.1 * plain


# Coverage of 95 % intervals


@pytest.mark.parametrize(
    ("conversions", "others", "apart"), [(40, 400, 1.0), (6, 300, 1.0), (15, 100, 0.3), (300, 900, 1.5)]
)
def test_interval_of_auc_covers_the_truth(conversions: int, others: int, apart: float) -> None:
    truth = norm.cdf(apart / math.sqrt(2))
    dice = np.random.default_rng(conversions)
    won = np.arange(conversions + others) < conversions
    found = [ranking(dice.normal(size=won.size) + apart * won, won) for _ in range(1000)]
    covered = sum((one.auc_low or 0) <= truth <= (one.auc_high or 0) for one in found)
    assert 930 <= covered <= 970


def test_intervals_cover_the_truth_where_leads_return() -> None:
    dice = np.random.default_rng(6)
    truth = ranking(*in_snapshots(dice, 200_000))
    found = [ranking(*in_snapshots(dice, 300)) for _ in range(1000)]
    auc = sum((one.auc_low or 0) <= (truth.auc or 0) <= (one.auc_high or 0) for one in found)
    assert 930 <= auc <= 970
    assert 930 <= sum(within(truth.top_quarter_rate, one.top_quarter_interval) for one in found) <= 970
    # the line moves with the sample, and together with what is above it: the interval promises a little too little
    assert 930 <= sum(within(truth.recall_at["0.2"], one.recall_interval["0.2"]) for one in found) <= 995


def within(value: float | None, interval: tuple[float, float] | None) -> bool:
    assert value is not None
    assert interval is not None
    return interval[0] <= value <= interval[1]


@pytest.mark.parametrize(("conversions", "others", "apart"), [(50, 500, 1.0), (200, 2000, 0.5), (50, 3000, 1.5)])
def test_intervals_of_ks_and_average_precision_cover_the_truth(conversions: int, others: int, apart: float) -> None:
    # two normal distributions: KS is 2 * Phi(apart / 2) - 1; average precision is the integral of precision over recall
    cuts = np.linspace(-9, 9 + apart, 20_001)
    base, caught, alarms = conversions / (conversions + others), norm.sf(cuts - apart), norm.sf(cuts)
    precision = base * caught / (base * caught + (1 - base) * alarms)
    truth = {"ks": 2 * norm.cdf(apart / 2) - 1, "pr_auc": -np.trapezoid(precision, caught)}
    dice, won = np.random.default_rng(11), np.arange(conversions + others) < conversions
    held = dict.fromkeys(truth, 0)
    for _ in range(300):
        found = ranking(dice.normal(size=won.size) + apart * won, won)
        for name, value in truth.items():
            low, high = getattr(found, f"{name}_interval")
            held[name] += low <= value <= high
    assert 0.91 < held["ks"] / 300 < 0.99  # 95 of 100, give or take what 300 tries scatter
    assert held["pr_auc"] / 300 > 0.92  # never too narrow; wide where precision is low


def test_paired_difference_covers_the_truth() -> None:
    dice = np.random.default_rng(8)
    covered = 0
    for _ in range(1000):
        won = np.arange(400) < 60
        shared = dice.normal(size=400)
        found = paired_auc(shared + dice.normal(size=400) + won, shared + dice.normal(size=400) + won, won)
        covered += (found.low or 0) <= 0 <= (found.high or 0)
    assert 930 <= covered <= 970


# Top shares, ties, order


def test_shares_by_hand() -> None:
    # 20 leads, won: the 1st, 2nd, 4th and 11th from the top, and the last
    won = np.isin(np.arange(20), [0, 1, 3, 10, 19])
    found = ranking(np.arange(20.0)[::-1], won)
    assert found.recall_at == {"0.15": 2 / 5, "0.2": 3 / 5, "0.25": 3 / 5, "0.3": 3 / 5, "0.35": 3 / 5}
    assert found.lift_at == pytest.approx({"0.05": 4.0, "0.1": 4.0, "0.2": 3.0, "0.25": 2.4})
    assert (found.top_quarter_rate, found.bottom_quarter_rate) == pytest.approx((3 / 5, 1 / 5))
    assert found.gains[:3] == ((0, 0), (0.05, 0.2), (0.1, 0.4))
    assert found.gains[-1] == (1, 1)


def test_tied_leads_at_the_cut_share_what_a_random_order_gives() -> None:
    # 2 leads at 9 points with 1 win, 8 at 5 points with 4 wins: a quarter is 2.5 leads, 0.5 of them at half a win each
    score = np.repeat([9.0, 5.0], [2, 8])
    won = np.array([True, False] * 5)
    found = ranking(score, won)
    assert found.top_quarter_rate == pytest.approx((1 + 0.5 * 4 / 8) / 2.5)
    assert found.recall_at["0.25"] == pytest.approx((1 + 0.5 * 4 / 8) / 5)


@pytest.mark.parametrize(("score", "won"), SETS)
def test_nothing_depends_on_the_order_of_the_rows(score: Floats, won: Bools) -> None:
    lead = np.arange(score.size) // 2
    order = np.random.default_rng(3).permutation(score.size)
    a, b = ranking(score, won, lead), ranking(score[order], won[order], lead[order])
    for name, value in vars(a).items():
        same = value if name == "gains" or not isinstance(value, float | tuple | dict) else close(value)
        assert getattr(b, name) == same, name


def close(value: Any) -> Any:
    """Equal but for the last bits, which a sum in another order may change."""
    return (
        {key: close(one) for key, one in value.items()} if isinstance(value, dict) else pytest.approx(value, rel=1e-12)
    )


def test_gains_have_at_most_101_points_and_rise() -> None:
    gains = ranking(*drawn(1, 5000)).gains
    assert len(gains) == 101
    assert (np.diff(gains, axis=0) >= 0).all()


# Where there is little to tell


def test_no_conversions_one_class_and_equal_scores_give_no_figures_but_a_reason() -> None:
    score = np.arange(30.0)
    assert ranking(score, np.zeros(30, bool)) == Ranking(30, 0, 0.0, "cannot tell: 0 conversions")
    assert ranking(score, np.ones(30, bool)) == Ranking(30, 30, 1.0, "cannot tell: no lead without a conversion")
    assert ranking(np.ones(30), score < 9) == Ranking(30, 9, 0.3, "cannot tell: all scores are equal")
    assert ranking(np.array([]), np.array([], bool)) == Ranking(0, 0, None, "cannot tell: no leads")


def test_one_conversion_has_a_wide_interval_and_no_standard_error() -> None:
    found = ranking(np.arange(30.0), np.arange(30) == 29)
    assert (found.auc, found.auc_high, found.auc_se) == (1.0, 1.0, None)
    assert found.auc_low is not None
    assert found.auc_low < 0.5  # one lead that comes first does not show that the scores rank
    assert found.cannot_tell == "cannot tell: 1 conversion"


def test_three_conversions_of_one_lead_are_one_conversion() -> None:
    found = ranking(np.arange(30.0), np.arange(30) >= 27, np.minimum(np.arange(30), 27))
    assert (found.conversions, found.cannot_tell) == (3, "cannot tell: 1 conversion")
    assert found.auc_low == ranking(np.arange(28.0), np.arange(28) == 27).auc_low


def test_five_conversions_that_all_stand_on_top_are_not_certain() -> None:
    found = ranking(np.arange(100.0), np.arange(100) >= 95)
    assert (found.auc, found.auc_high, found.auc_interval, found.cannot_tell) == (1.0, 1.0, "newcombe", None)
    assert found.auc_low is not None
    assert 0.6 < found.auc_low < 0.95


def test_reversed_scores_mirror_the_interval() -> None:
    score, won = SETS[0]
    up, down = ranking(score, won), ranking(-score, won)
    assert (down.auc, down.auc_low, down.auc_high) == pytest.approx(
        (1 - (up.auc or 0), 1 - (up.auc_high or 0), 1 - (up.auc_low or 0))
    )


def test_the_same_score_twice_cannot_be_told_apart() -> None:
    score, won = SETS[0]
    found = paired_auc(score, 2 * score, won)
    assert (found.difference, found.p) == (0, None)
    assert found.cannot_tell == "cannot tell: both scores set every lead apart alike"


def test_missing_scores_are_refused() -> None:
    with pytest.raises(UsageError, match="1 score of 2 missing or infinite"):
        ranking(np.array([1, np.nan]), np.array([True, False]))
    with pytest.raises(UsageError, match="columns of one length"):
        ranking(np.array([1.0]), np.array([True, False]))
