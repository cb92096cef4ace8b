"""Probabilities: they rise, they are true on leads they were not fitted to, and with few outcomes there are none."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.calibration import calibration_curve
from sklearn.metrics import brier_score_loss, log_loss

from scoville.errors import UsageError
from scoville.evidence.figures import calibration
from scoville.evidence.figures.calibration import NEEDED, Calibration, calibrate
from scoville.evidence.figures.sample import levels, sample

if TYPE_CHECKING:
    from scoville.evidence.figures.sample import Bools, Floats


def chance(score: Floats) -> Floats:
    """The true probability: a straight line in the log odds."""
    curve: Floats = 1 / (1 + np.exp(-(score - 70) / 12))
    return curve


def step(score: Floats) -> Floats:
    """A true probability that no straight line in the log odds fits."""
    return np.where(score < 60, 0.03, 0.35)


def drawn(seed: int, rows: int) -> Floats:
    return np.clip(np.round(40 + 20 * np.random.default_rng(seed).normal(size=rows)), 0, 100)


def outcomes(probability: Floats, seed: int = 1) -> Bools:
    return np.random.default_rng(seed).random(probability.size) < probability


def test_a_straight_truth_is_found_by_the_logistic_map() -> None:
    score = drawn(1, 5000)
    found = calibrate(score, outcomes(chance(score)))
    assert found.method == "logistic"
    at = np.array([20.0, 40, 60, 80])
    assert found.predict(at) == pytest.approx(chance(at), rel=0.15)


def test_a_step_is_found_by_the_isotonic_map() -> None:
    score = drawn(2, 5000)
    found = calibrate(score, outcomes(step(score)))
    assert found.method == "isotonic"
    assert dict(found.log_losses)["isotonic"] < dict(found.log_losses)["logistic"]
    assert found.predict(np.array([30.0, 80.0])) == pytest.approx([0.03, 0.35], abs=0.04)


@pytest.mark.parametrize("truth", [chance, step, lambda score: chance(100 - score)])
def test_the_map_never_falls_is_short_and_keeps_away_from_certainty(truth: type) -> None:
    score = drawn(3, 3000)
    won = outcomes(truth(score))
    found = calibrate(score, won)
    at, probability = np.array(found.points).T
    assert len(found.points) <= 50
    assert (np.diff(at) > 0).all()
    assert (np.diff(probability) >= 0).all()
    assert found.clamp == 0.5 / 3000
    assert probability.min() >= found.clamp
    assert probability.max() <= 1 - found.clamp


def test_a_score_that_points_the_wrong_way_gets_everywhere_the_base_rate() -> None:
    score = drawn(4, 3000)
    won = outcomes(chance(100 - score))
    assert calibrate(score, won).predict(np.array([0.0, 100.0])) == pytest.approx([won.mean()] * 2, rel=0.02)


def test_a_perfect_split_is_clamped() -> None:
    found = calibrate(np.arange(200.0), np.arange(200) >= 150)
    assert found.predict(np.array([0.0, 199.0])) == pytest.approx([0.0025, 0.9975])


def test_losses_are_those_of_scikit_learn_out_of_fold() -> None:
    score = drawn(5, 2000)
    won = outcomes(chance(score))
    found = calibrate(score, won)
    given = sample(score, won)
    fold = calibration._folds(given, np.arange(2000))
    assert found.method is not None
    predicted = np.empty(2000)
    for held in range(5):
        kept = fold != held
        at, level = levels(score[kept])
        rows, wins = np.bincount(level).astype(float), np.bincount(level, won[kept]).astype(float)
        points = calibration._FITS[found.method](at, rows, wins, 0.5 / 2000)
        predicted[fold == held] = np.interp(score[fold == held], *np.array(points).T)
    assert found.brier is not None
    assert found.brier == pytest.approx(brier_score_loss(won, predicted))
    assert found.log_loss == pytest.approx(log_loss(won, predicted))
    assert found.brier_of_base_rate == pytest.approx(brier_score_loss(won, np.full(2000, won.mean())))
    assert found.brier < 0.9 * won.mean() * (1 - won.mean())


def test_curve_is_that_of_scikit_learn_and_adds_up() -> None:
    score = np.random.default_rng(6).normal(size=2000) * 12 + 60  # no ties, so that both cut alike
    won = outcomes(chance(score))
    found = calibrate(score, won)
    assert [one.leads for one in found.curve] == [200] * 10
    assert sum(round(one.observed * one.leads) for one in found.curve) == won.sum()
    given = sample(score, won)
    assert found.clamp is not None
    fold = calibration._folds(given, np.arange(2000))
    at, level = given.levels
    counts = calibration.fold_counts(level * calibration.FOLDS + fold, won, at.size)
    predicted = calibration._out_of_fold(at, counts, calibration._FITS[found.method or "logistic"], found.clamp)
    predicted = predicted[level, fold]
    observed, mean = calibration_curve(won, predicted, n_bins=10, strategy="quantile")
    assert [one.predicted for one in found.curve] == pytest.approx(mean, abs=0.002)
    assert [one.observed for one in found.curve] == pytest.approx(observed, abs=0.011)
    gaps = [abs(one.observed - one.predicted) for one in found.curve]
    assert found.calibration_error == pytest.approx(np.mean(gaps))
    assert all(one.low <= one.observed <= one.high for one in found.curve)


def test_a_true_map_has_a_small_error() -> None:
    score = drawn(7, 20_000)
    found = calibrate(score, outcomes(chance(score)))
    assert found.calibration_error is not None
    assert found.calibration_error < 0.01


def test_all_rows_of_a_lead_are_in_one_fold_and_outcomes_are_spread() -> None:
    lead = np.random.default_rng(8).integers(-300, 300, size=2000)
    won = outcomes(np.full(2000, 0.1))
    given = sample(np.zeros(2000), won, lead)
    fold = calibration._folds(given, np.unique(lead))
    assert all(np.unique(fold[lead == one]).size == 1 for one in np.unique(lead))
    winners = np.bincount([fold[lead == one][0] for one in np.unique(lead[won])])
    assert winners.max() - winners.min() <= 1


def test_nothing_depends_on_the_order_of_the_rows() -> None:
    score, lead = drawn(9, 1500), np.arange(1500) // 3
    won = outcomes(chance(score))
    order = np.random.default_rng(1).permutation(1500)
    a, b = calibrate(score, won, lead), calibrate(score[order], won[order], lead[order])
    assert a.method == b.method
    assert np.array(a.points) == pytest.approx(np.array(b.points), rel=1e-6)
    assert (a.brier, a.log_loss) == pytest.approx((b.brier, b.log_loss), rel=1e-6)


@pytest.mark.parametrize("wins", [0, 1, 5, NEEDED - 1])
def test_few_conversions_give_no_map_but_a_reason(wins: int) -> None:
    noun = "conversion" if wins == 1 else "conversions"
    found = calibrate(np.arange(500.0), np.arange(500) < wins)
    assert found == Calibration(f"cannot tell: {wins} {noun}, 20 are needed")
    with pytest.raises(UsageError, match="there is no probability for a score: cannot tell"):
        found.predict(np.array([1.0]))


def test_conversions_are_counted_by_lead() -> None:
    lead = np.concatenate([np.repeat(0, 40), np.arange(1, 400)])
    found = calibrate(np.arange(439.0), np.arange(439) < 40, lead)
    assert found.cannot_tell == "cannot tell: 1 conversion, 20 are needed"


def test_one_class_equal_scores_and_nothing_give_a_reason() -> None:
    assert calibrate(np.arange(50.0), np.ones(50, bool)).cannot_tell == (
        "cannot tell: 0 leads without a conversion, 20 are needed"
    )
    assert calibrate(np.ones(90), np.arange(90) < 40).cannot_tell == "cannot tell: all scores are equal"
    assert calibrate(np.array([]), np.array([], bool)).cannot_tell == "cannot tell: no leads"


def test_two_scores_are_enough() -> None:
    score = np.repeat([1.0, 2.0], 100)
    found = calibrate(score, np.concatenate([np.arange(100) < 10, np.arange(100) < 60]))
    assert found.predict(np.array([1.0, 2.0])) == pytest.approx([0.1, 0.6], abs=0.01)


def test_a_missing_library_is_named_with_what_to_install() -> None:
    script = "import sys; sys.modules['sklearn'] = None; import scoville.evidence"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert 'evidence needs sklearn: pip install "scoville[evidence]"' in done.stderr
