"""Which factors are chosen, on rows whose truth was made by the test."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score

from scoville.errors import UsageError
from scoville.learn.choosing.bands import Bands, Column, numbers, values
from scoville.learn.choosing.selecting import Amount, Cap, select
from scoville.learn.choosing.together import Both


def drawn(seed: int, log_odds: np.ndarray) -> np.ndarray:
    won: np.ndarray = np.random.default_rng(seed).random(log_odds.size) < 1 / (1 + np.exp(-log_odds))
    return won.astype(np.float64)


def noise(seed: int, rows: int, columns: int) -> list[Column]:
    dice = np.random.default_rng(seed)
    found = [numbers(f"n{one}", dice.normal(size=rows)) for one in range(columns)]
    found += [values(f"v{one}", dice.integers(0, 12, rows).astype(str).astype(object)) for one in range(columns)]
    return found


def test_true_factors_are_found_strongest_first_and_noise_is_left() -> None:
    dice = np.random.default_rng(11)
    strong, weak = dice.normal(size=4000), dice.integers(0, 2, 4000).astype(np.float64)
    won = drawn(12, -1 + 1.5 * (strong > 0) + 0.6 * weak)
    candidates = [*noise(13, 4000, 5), numbers("strong", strong), numbers("weak", weak)]
    path = select(candidates, won, factors=5)
    assert [len(one.factors) for one in path] == list(range(len(path)))
    assert [one.name for one in path[2].factors] == ["strong", "weak"]
    assert len(path) <= 4  # at most one column of noise among ten


def test_shuffled_outcomes_give_cards_that_rank_by_chance() -> None:
    """Mean AUC on other rows within two standard errors of 0.5, over 12 shuffles."""
    aucs, sizes = [], []
    for seed in range(12):
        candidates = noise(100 + seed, 3000, 6)
        won = drawn(200 + seed, np.full(3000, -1.0))
        inside = [replace(one, codes=one.codes[:1500]) for one in candidates]
        outside = [replace(one, codes=one.codes[1500:]) for one in candidates]
        chosen = select(inside, won[:1500], together="any")[-1]
        sizes.append(len(chosen.factors))
        aucs.append(roc_auc_score(won[1500:], chosen.log_odds(outside)))
    assert np.count_nonzero(sizes) <= 3
    assert abs(np.mean(aucs) - 0.5) < 2 * 0.018 / np.sqrt(12)  # 0.018: that of one AUC of 400 wins among 1,500


def test_two_columns_make_a_factor_only_where_allowed() -> None:
    dice = np.random.default_rng(21)
    one, two = dice.integers(0, 2, 5000), dice.integers(0, 2, 5000)
    won = drawn(22, -1 + 0.4 * one + 0.4 * two + 1.2 * (one & two))
    candidates = [numbers("one", one.astype(np.float64)), numbers("two", two.astype(np.float64))]
    alone = select(candidates, won, factors=5)[-1]
    assert {factor.name for factor in alone.factors} == {"one", "two"}
    both = select(candidates, won, factors=5, together="chosen")[-1].factors
    assert sorted(factor.name for factor in both)[:2] == ["one", "one and two"]
    part = next(factor for factor in both if isinstance(factor.form, Both))
    assert part.term(candidates).of.sum() in {(a & b).sum() for a in (one, 1 - one) for b in (two, 1 - two)}


def test_of_a_group_only_the_best_is_chosen() -> None:
    dice = np.random.default_rng(31)
    true = dice.exponential(size=3000)
    rivals = [true + dice.normal(size=3000) * blur for blur in (0.0, 0.4, 0.8)]
    candidates = [Amount(f"half-life {at}", np.clip(of, 0, None), 1, "visits") for at, of in enumerate(rivals)]
    chosen = select(candidates, drawn(32, -1.5 + true))[-1].factors
    assert [factor.name for factor in chosen] == ["half-life 0"]


def test_an_amount_against_its_sign_is_not_chosen() -> None:
    amount = np.random.default_rng(41).exponential(size=3000)
    won = drawn(42, -0.5 - 0.8 * amount)
    assert len(select([Amount("visits", amount, 1)], won)) == 1
    taken = select([Amount("visits", amount, -1)], won)[-1].factors[0]
    assert taken.effects[0] == pytest.approx(-0.8, abs=0.25)


def test_a_cap_is_near_where_more_stops_to_help() -> None:
    amount = np.random.default_rng(51).exponential(4.0, size=8000)
    chosen = select([Amount("visits", amount, 1)], drawn(52, -2 + 0.8 * np.minimum(amount, 3)))[-1].factors[0]
    assert isinstance(chosen.form, Cap)
    assert chosen.form.most == pytest.approx(np.quantile(amount, 0.5), rel=0.01)  # 2.8, the nearest that is tried


def test_a_shape_holds_after_all_factors_are_fitted_together() -> None:
    dice = np.random.default_rng(61)
    x, other = dice.normal(size=4000), dice.normal(size=4000)
    won = drawn(62, np.sin(3 * x) + x + other)
    candidates = [numbers("x", x, shape="up"), numbers("other", other)]
    factor = next(one for one in select(candidates, won)[-1].factors if one.name == "x")
    assert isinstance(factor.form, Bands)
    assert (np.diff(factor.effects) >= 0).all()


def test_the_same_rows_give_the_same_path_in_any_order() -> None:
    dice = np.random.default_rng(71)
    x, names = dice.normal(size=2000), dice.integers(0, 5, 2000).astype(str).astype(object)
    won, order = drawn(72, x), dice.permutation(2000)
    first = select([numbers("x", x), values("v", names)], won)
    again = select([numbers("x", x[order]), values("v", names[order])], won[order])
    assert [one.loss for one in first] == pytest.approx([one.loss for one in again])


def test_columns_of_other_length_are_refused() -> None:
    with pytest.raises(UsageError, match="x has 3 rows, the outcomes 2: give one value per row"):
        select([numbers("x", np.arange(3.0))], np.array([0.0, 1.0]))
