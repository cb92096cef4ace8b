"""The joint fit, beside scikit-learn's and by hand."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from scoville.learn.choosing.fitting import Term, base_log_odds, fit

DICE = np.random.default_rng(5)


def test_effects_are_those_of_a_ridge_logistic_regression() -> None:
    """scikit-learn with C = 1 / ridge on the same columns; its intercept is free as ours."""
    one, two = DICE.integers(0, 3, 500), DICE.integers(0, 4, 500)
    won = (DICE.random(500) < 0.2 + 0.2 * one).astype(float)
    ours = fit([Term(one, 3), Term(two, 4)], won, np.ones(500), 0.5)
    design = np.hstack([np.eye(3)[one], np.eye(4)[two]])
    theirs = LogisticRegression(C=2.0, tol=1e-8, max_iter=1000).fit(design, won)
    assert np.concatenate(ours.effects) == pytest.approx(theirs.coef_[0], abs=1e-3)
    assert ours.intercept == pytest.approx(theirs.intercept_[0], abs=1e-3)


def test_an_amount_and_bands_fit_together() -> None:
    band, amount = DICE.integers(0, 2, 800), DICE.exponential(2.0, 800)
    won = (DICE.random(800) < 1 / (1 + np.exp(1.0 - band - 0.4 * amount))).astype(float)
    ours = fit([Term(band, 2), Term(amount, 1, banded=False)], won, np.ones(800), 1e-6)
    theirs = LogisticRegression(C=np.inf, tol=1e-8).fit(np.stack([band, amount], axis=1), won)
    assert ours.effects[0][1] - ours.effects[0][0] == pytest.approx(theirs.coef_[0][0], abs=1e-3)
    assert ours.effects[1][0] == pytest.approx(theirs.coef_[0][1], abs=1e-3)


def test_a_weight_of_two_is_a_row_twice() -> None:
    band, won = DICE.integers(0, 3, 60), (DICE.random(60) < 0.4).astype(float)
    weight = DICE.integers(1, 3, 60)
    once = fit([Term(band, 3)], won, weight.astype(float), 1.0)
    twice = fit([Term(np.repeat(band, weight), 3)], np.repeat(won, weight), np.ones(weight.sum()), 1.0)
    assert once.effects[0] == pytest.approx(twice.effects[0])
    assert once.loss == pytest.approx(twice.loss)


def test_a_perfect_split_stays_finite() -> None:
    band = np.repeat([0, 1], 50)
    found = fit([Term(band, 2)], band.astype(float), np.ones(100), 1.0)
    assert np.abs(found.effects[0]).max() < 10


def test_without_terms_it_is_the_base_rate() -> None:
    won = np.repeat([1.0, 0.0], [20, 80])
    assert fit([], won, np.ones(100), 1.0).intercept == pytest.approx(np.log(20 / 80), abs=1e-3)
    assert base_log_odds(np.zeros(10), np.ones(10)) == pytest.approx(np.log(0.5 / 10.5))  # half a lead away from none
