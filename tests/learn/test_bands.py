"""Cells, and the bands that they are joined into; the best bands are checked against all that are possible."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from scoville.errors import UsageError
from scoville.learn.choosing.bands import CUT_CHANCE, Bands, Limits, best_bands, numbers, turning, values


def pulls(won: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    won = np.asarray(won, np.float64)
    return won - won.mean(), np.full(won.size, won.mean() * (1 - won.mean())), np.ones(won.size)


def test_few_numbers_are_cut_between_each_two_at_the_shortest_number() -> None:
    column = numbers("visits", np.array([1.0, 2.0, 40.0, 70.0]))
    assert column.cells.edges is not None
    assert column.cells.edges.tolist() == [2.0, 20.0, 50.0]  # by hand: in (1, 2], (2, 40], (40, 70]
    assert column.codes.tolist() == [0, 1, 2, 3]


def test_many_numbers_are_cut_at_round_numbers_near_their_quantiles() -> None:
    column = numbers("minutes", np.arange(1.0, 10_001.0), cells=4)
    assert column.cells.edges is not None
    assert column.cells.edges.tolist() == [2000.0, 5000.0, 8000.0]  # quarters, each with 750 of play


def test_an_edge_belongs_to_the_cell_above_it() -> None:
    column = numbers("visits", np.array([0.0, 10.0]))
    assert column.cells.edges is not None
    edge = column.cells.edges[0]
    assert column.cells.codes(np.array([edge - 1e-9, edge])).tolist() == [0, 1]


def test_missing_numbers_have_the_last_cell() -> None:
    column = numbers("visits", np.array([1.0, np.nan, 2.0, np.inf]))
    assert column.codes.tolist() == [0, 2, 1, 2]


def test_rare_and_unseen_values_share_a_cell_and_missing_has_its_own() -> None:
    column = values("source", np.array(["web"] * 30 + ["fair"] * 25 + ["radio"] * 3 + [None, np.nan], object))
    assert column.cells.values == ("web", "fair")
    found = column.cells.codes(np.array(["fair", "radio", "never seen", None], object))
    assert found.tolist() == [1, 2, 2, 3]


def test_an_unknown_shape_is_refused() -> None:
    with pytest.raises(UsageError, match="the shape of visits is 'round': give one of free, up, down, either"):
        numbers("visits", np.array([1.0]), shape="round")  # type: ignore[arg-type]


def test_bands_are_the_best_of_all_possible_ones() -> None:
    """Against trying every way to cut 8 cells, over 20 draws."""
    dice = np.random.default_rng(1)
    limits = Limits(bands=3, share=0.1, price=1.5, ridge=1.0)
    for _ in range(20):
        at = dice.integers(0, 8, 400)
        won = (dice.random(400) < dice.random(8)[at]).astype(float)
        gradient, curvature, weight = pulls(won)
        column = numbers("x", at.astype(float))
        found = best_bands(column, gradient, curvature, weight, limits)
        assert found.gain == pytest.approx(by_trying_all(at, gradient, curvature, limits))


def by_trying_all(at: np.ndarray, gradient: np.ndarray, curvature: np.ndarray, limits: Limits) -> float:
    def worth(cuts: tuple[int, ...]) -> float:
        band = np.searchsorted(np.array(cuts), at, side="right")
        rows = np.bincount(band, minlength=len(cuts) + 1)
        if (rows < limits.share * at.size).any():
            return -np.inf
        pull, hold = np.bincount(band, gradient), np.bincount(band, curvature)
        return float((pull**2 / (hold + limits.ridge)).sum()) - limits.price * len(cuts)

    whole = gradient.sum() ** 2 / (curvature.sum() + limits.ridge)
    best = max((worth(cuts), bool(cuts)) for count in range(limits.bands) for cuts in combinations(range(1, 8), count))
    return float(best[0] - whole - CUT_CHANCE * best[1])


def test_no_band_has_less_than_the_least_share() -> None:
    won = np.array([1] * 4 + [0] * 96 + [1] * 100)
    column = numbers("x", np.concatenate([np.zeros(4), np.ones(96), np.full(100, 2.0)]))
    bands = best_bands(column, *pulls(won), Limits(share=0.05)).bands
    assert np.bincount(bands.codes(column)).min() >= 10  # a twentieth of 200


def test_up_never_goes_down_where_free_does() -> None:
    rates = [0.1, 0.6, 0.3, 0.8]
    x = np.repeat(np.arange(4.0), 100)
    won = np.concatenate([np.arange(100) < 100 * rate for rate in rates])
    free, up, down = (numbers("x", x, shape=shape) for shape in ("free", "up", "down"))
    assert best_bands(free, *pulls(won), Limits()).bands.of[:4].tolist() == [0, 1, 2, 3]
    assert best_bands(up, *pulls(won), Limits()).bands.of[:4].tolist() == [0, 1, 1, 2]  # 0.6 and 0.3 pooled to 0.45
    assert best_bands(down, *pulls(won), Limits()).bands.count <= 2  # only 0.6 to 0.3 falls, and less than all rise


def test_either_takes_the_better_way() -> None:
    x = np.repeat(np.arange(3.0), 100)
    won = np.concatenate([np.arange(100) < many for many in (80, 50, 10)])
    column = numbers("x", x, shape="either")
    assert best_bands(column, *pulls(won), Limits()).bands.of[:3].tolist() == [0, 1, 2]


def test_many_missing_that_differ_have_a_band_of_their_own() -> None:
    x = np.concatenate([np.zeros(100), np.ones(100), np.full(100, np.nan)])
    won = np.concatenate([np.arange(100) < many for many in (20, 50, 90)])
    bands = best_bands(numbers("x", x), *pulls(won), Limits()).bands
    assert bands.of.tolist() == [0, 1, 2]


def test_missing_that_do_not_differ_join_the_band_they_are_like() -> None:
    x = np.concatenate([np.zeros(100), np.ones(100), np.full(100, np.nan)])
    won = np.concatenate([np.arange(100) < many for many in (20, 80, 79)])
    bands = best_bands(numbers("x", x), *pulls(won), Limits()).bands
    assert bands.of.tolist() == [0, 1, 1]


def test_values_are_grouped_by_their_rates() -> None:
    names = np.repeat(np.array(["a", "b", "c", "d"], object), 200)
    won = np.concatenate([np.arange(200) < many for many in (20, 150, 22, 148)])
    column = values("x", names)
    bands = best_bands(column, *pulls(won), Limits()).bands
    together = dict(zip(column.cells.values, bands.of.tolist(), strict=False))
    assert together == {"a": 0, "c": 0, "b": 1, "d": 1}


def test_noise_gains_little() -> None:
    """What the order of 40 values, and the best places of cuts, gain by chance is charged for: seldom is more left."""
    dice = np.random.default_rng(3)
    cut = {"numbers": 0, "values": 0}
    for _ in range(40):
        pulled = pulls((dice.random(4000) < 0.5).astype(float))
        names = values("x", dice.integers(0, 40, 4000).astype(str).astype(object))
        cut["values"] += best_bands(names, *pulled, Limits()).gain > 6  # 2 log 20: the price among twenty columns
        cut["numbers"] += best_bands(numbers("x", dice.normal(size=4000)), *pulled, Limits()).gain > 6
    assert max(cut.values()) <= 4


def test_bands_that_turn_are_joined_where_they_turn_most() -> None:
    column = numbers("x", np.arange(4.0), shape="up")
    bands = Bands(np.array([0, 1, 2, 3, 0]))
    assert turning(column, bands, np.array([0.0, 1.0, 2.0, 3.0])) is None
    joined = turning(column, bands, np.array([0.0, 2.0, 1.0, 3.0]))
    assert joined is not None
    assert joined.of.tolist() == [0, 1, 1, 2, 0]
