"""Whole points: what they lose, what they keep to."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from scoville.learn.choosing.bands import numbers
from scoville.learn.choosing.fitting import Term, fit
from scoville.learn.choosing.points import Points, to_points
from scoville.learn.choosing.selecting import Amount, Candidate, Selection, select


def drawn(seed: int, log_odds: np.ndarray) -> np.ndarray:
    won: np.ndarray = np.random.default_rng(seed).random(log_odds.size) < 1 / (1 + np.exp(-log_odds))
    return won.astype(np.float64)


@pytest.fixture(scope="module")
def made() -> tuple[list[Candidate], np.ndarray, Selection]:
    dice = np.random.default_rng(1)
    x = dice.normal(size=(4000, 4))
    amount = dice.exponential(2.0, 4000)
    won = drawn(2, x @ np.array([1.0, 0.7, -0.5, 0.3]) - 2 + 0.3 * np.minimum(amount, 5))
    candidates: list[Candidate] = [numbers(f"x{at}", x[:, at]) for at in range(4)]
    candidates.append(Amount("visits", amount, 1))
    return candidates, won, select(candidates, won)[-1]


def test_points_are_small_whole_numbers_from_0(made: tuple[list[Candidate], np.ndarray, Selection]) -> None:
    candidates, won, selection = made
    card = to_points(selection, candidates, won, max_points=12)
    for rule in card.rules:
        assert all(float(one).is_integer() and abs(one) <= 12 for one in rule.points)
        assert rule.cap is not None or min(rule.points) == 0
        assert rule.cap is None or 0 < rule.cap <= 12


def test_rounding_loses_next_to_nothing(made: tuple[list[Candidate], np.ndarray, Selection]) -> None:
    candidates, won, selection = made
    card = to_points(selection, candidates, won)
    assert card.loss < selection.loss * 1.002


def test_rows_are_never_further_apart_than_the_scale(made: tuple[list[Candidate], np.ndarray, Selection]) -> None:
    candidates, won, selection = made
    card = to_points(selection, candidates, won, max_points=90, scale=30)
    score = card.score(candidates)
    assert (score.min(), score.max()) == (card.lowest, card.highest)
    assert card.highest - card.lowest <= 30


def test_log_odds_are_a_line_of_the_score(made: tuple[list[Candidate], np.ndarray, Selection]) -> None:
    """The line is the unpenalised logistic regression of the outcome on the score."""
    candidates, won, selection = made
    card = to_points(selection, candidates, won)
    line = fit([Term(card.score(candidates), 1, banded=False)], won, np.ones(won.size), 0.0)
    assert card.intercept == pytest.approx(line.intercept, abs=1e-2)
    assert card.unit == pytest.approx(line.effects[0][0], rel=1e-2)
    assert card.log_odds(candidates) == pytest.approx(card.intercept + card.unit * card.score(candidates))


def test_with_few_numbers_it_comes_close_to_the_best_of_all() -> None:
    """Two factors of two and three bands, up to 4 points: against all 5 * 25 cards."""
    dice = np.random.default_rng(7)
    one, two = dice.integers(0, 2, 2000), dice.integers(0, 3, 2000)
    won = drawn(8, 0.9 * one + np.array([0.0, 0.5, 1.6])[two] - 1)
    candidates: list[Candidate] = [numbers("one", one.astype(np.float64)), numbers("two", two.astype(np.float64))]
    card = to_points(select(candidates, won)[-1], candidates, won, max_points=4)

    def loss(points: tuple[int, ...]) -> float:
        score = points[0] * one + np.array([0, *points[1:]])[two]
        return fit([Term(score.astype(float), 1, banded=False)], won, np.ones(2000), 1e-9).loss / 2000

    assert card.loss < min(loss(points) for points in product(range(5), repeat=3)) + 2e-4


def test_an_amount_is_capped(made: tuple[list[Candidate], np.ndarray, Selection]) -> None:
    candidates, won, selection = made
    card = to_points(selection, candidates, won)
    rule = next(rule for rule in card.rules if rule.factor.name == "visits")
    assert rule.cap is not None
    few: list[Candidate] = [*candidates[:4], Amount("visits", np.array([0.0, 1.0, 1000.0]), 1)]
    assert rule.score(few).tolist() == [0.0, rule.points[0], rule.cap]


def test_nothing_chosen_is_a_card_without_rules() -> None:
    won = np.array([0.0, 1.0] * 20)
    card = to_points(Selection(0.0, (), float(np.log(2))), [numbers("x", np.arange(40.0))], won)
    assert card == Points((), 0.0, 0.0, 0.0, 0.0, float(np.log(2)))
    assert card.score([numbers("x", np.arange(3.0))]).tolist() == [0.0, 0.0, 0.0]
