"""Conversions and value among the best leads: against a slow count of every draw, and intervals that cover."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from scoville.errors import UsageError
from scoville.evidence.figures.ranking import ranking
from scoville.evidence.versus.at_capacity import Rows, _ordered, _shares, at_capacity

if TYPE_CHECKING:
    from scoville.evidence.figures.sample import Floats


def drawn(seed: int, leads: int = 60, snapshots: int = 3, *, quality: float = 1.0) -> tuple[list[Floats], Rows]:
    """Leads that stand in some of the snapshots, two scores with ties, and outcomes that depend on the first."""
    dice = np.random.default_rng(seed)
    lead, snapshot = (grid.ravel() for grid in np.meshgrid(np.arange(leads), np.arange(snapshots), indexing="ij"))
    there = dice.random(lead.size) < 0.8
    lead, snapshot = lead[there], snapshot[there]
    taste = dice.normal(size=leads)[lead]
    first = np.round(2 * (taste + 0.5 * dice.normal(size=lead.size)))
    other = np.round(2 * (quality * taste + dice.normal(size=lead.size)))
    won = dice.random(lead.size) < 1 / (1 + np.exp(2 - taste))
    value = np.where(won & (dice.random(lead.size) < 0.9), dice.integers(1, 100, lead.size), np.nan)
    return [first, other], Rows(snapshot.astype(np.int64), lead.astype(np.int64), won, value)


def slow_share(score: Floats, rows: Rows, share: float, copies: list[int]) -> tuple[float, float]:
    """Recall and share of value on rows that are written out once for each copy of their lead, by counting ties."""
    there = [row for row in range(len(score)) for _ in range(copies[rows.lead[row]])]
    reached = value = 0.0
    for snapshot in set(rows.snapshot.tolist()):
        here = [row for row in there if rows.snapshot[row] == snapshot]
        called = share * len(here)
        for row in here:
            if rows.won[row]:
                above = sum(score[one] > score[row] for one in here)
                tied = sum(score[one] == score[row] for one in here)
                part = min(1.0, max(0.0, (called - above) / tied))
                reached += part
                value += part * float(np.nan_to_num(rows.value[row]))
    won = [row for row in there if rows.won[row]]
    return reached / len(won), value / float(np.nansum(rows.value[won]))


@pytest.mark.parametrize("share", [0.07, 0.2, 0.5])
def test_every_draw_is_what_a_slow_count_of_copied_rows_gives(share: float) -> None:
    scores, rows = drawn(1, 25)
    dice = np.random.default_rng(5)
    weight = np.stack([np.bincount(dice.integers(25, size=25), minlength=25) for _ in range(12)]).astype(float)
    orders = [_ordered(score, rows, rows.lead, share) for score in scores]
    found = _shares(orders, weight, rows.lead[rows.won], np.nan_to_num(rows.value[rows.won]), share)
    for place, score in enumerate(scores):
        slow = [slow_share(score, rows, share, copies.astype(int).tolist()) for copies in weight]
        np.testing.assert_allclose(found[place].T, slow)


def test_the_interval_is_that_of_a_slow_bootstrap_of_leads() -> None:
    scores, rows = drawn(2)
    dice = np.random.default_rng(77)  # other draws than those of the product
    differences = []
    for _ in range(300):
        copies = np.bincount(dice.integers(60, size=60), minlength=60).tolist()
        (first, _), (other, _) = (slow_share(score, rows, 0.2, copies) for score in scores)
        differences.append(other - first)
    found = at_capacity(scores, rows, 0.2)[0].recall
    assert found.low is not None
    assert found.high is not None
    assert (found.high - found.low) / 2 / 1.96 == pytest.approx(np.std(differences), rel=0.12)


def test_one_snapshot_has_the_recall_of_the_ranking() -> None:
    scores, rows = drawn(3, 400, 1)
    found = at_capacity(scores, rows, 0.2)[0].recall
    assert found.first == pytest.approx(ranking(scores[0], rows.won).recall_at["0.2"])
    assert found.other == pytest.approx(ranking(scores[1], rows.won).recall_at["0.2"])


def test_what_is_far_from_the_line_is_counted_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    scores, rows = drawn(10, 3000, 2)
    scores[0] += np.random.default_rng(1).normal(size=len(rows.won))  # hardly any ties
    found = at_capacity(scores, rows, 0.1, draws=20)
    levels = [_ordered(scores[0], rows, rows.lead, 0.1).snapshot.size]
    monkeypatch.setattr("scoville.evidence.versus.at_capacity._FAR_AWAY", 1e9)
    levels.append(_ordered(scores[0], rows, rows.lead, 0.1).snapshot.size)
    assert levels[0] < levels[1] / 3
    assert at_capacity(scores, rows, 0.1, draws=20) == found


def test_the_order_of_the_rows_changes_no_share() -> None:
    scores, rows = drawn(4)
    mixed = np.random.default_rng(1).permutation(len(rows.won))
    other = Rows(rows.snapshot[mixed], rows.lead[mixed], rows.won[mixed], rows.value[mixed])
    before = at_capacity(scores, rows, 0.2)[0]
    after = at_capacity([score[mixed] for score in scores], other, 0.2)[0]
    assert after.recall.difference == pytest.approx(before.recall.difference)
    assert after.value.difference == pytest.approx(before.value.difference)


def test_the_same_data_give_the_same_interval() -> None:
    scores, rows = drawn(5)
    assert at_capacity(scores, rows, 0.2) == at_capacity(scores, rows, 0.2)


def test_a_model_against_itself_differs_by_nothing() -> None:
    scores, rows = drawn(6)
    found = at_capacity([scores[0], scores[0]], rows, 0.2)[0].recall
    assert (found.difference, found.low, found.high) == (0.0, 0.0, 0.0)


def test_the_interval_of_a_difference_covers_the_truth() -> None:
    def recalls(dice: np.random.Generator, leads: int) -> tuple[list[Floats], Rows]:
        taste = dice.normal(size=leads)
        scores = [taste + noise * dice.normal(size=leads) for noise in (0.7, 1.0)]
        won = dice.random(leads) < 1 / (1 + np.exp(2 - taste))
        return scores, Rows(np.zeros(leads, np.int64), np.arange(leads), won, np.full(leads, np.nan))

    big, truth = recalls(np.random.default_rng(0), 400_000), 0.0
    truth = at_capacity(*big, 0.2, draws=2)[0].recall.difference or 0.0
    dice, held = np.random.default_rng(1), 0
    for _ in range(300):
        found = at_capacity(*recalls(dice, 500), 0.2, draws=200)[0].recall
        held += bool((found.low or 0) <= truth <= (found.high or 0))
    assert 0.92 <= held / 300 <= 0.98  # 95 % within 2.4 standard errors of 300 sets


def test_without_values_nothing_is_said_of_value() -> None:
    scores, rows = drawn(7)
    found = at_capacity(scores, Rows(rows.snapshot, rows.lead, rows.won, np.full(len(rows.won), np.nan)), 0.2)[0]
    assert found.value.cannot_tell == "cannot tell: outcomes have no value"
    assert found.recall.low is not None


@pytest.mark.parametrize(("conversions", "reason"), [(0, "0 conversions"), (1, "1 conversion"), (4, "4 conversions")])
def test_few_conversions_tell_nothing(conversions: int, reason: str) -> None:
    scores, rows = drawn(8)
    won = np.zeros(len(rows.won), np.bool_)
    won[np.unique(rows.lead, return_index=True)[1][:conversions]] = True
    found = at_capacity(scores, Rows(rows.snapshot, rows.lead, won, rows.value), 0.2)[0].recall
    assert found.cannot_tell == f"cannot tell: {reason}"
    assert found.difference is None


def test_a_model_that_gives_all_the_same_reaches_what_chance_would() -> None:
    scores, rows = drawn(9)
    found = at_capacity([np.zeros(len(rows.won)), scores[0]], rows, 0.2)[0].recall
    assert found.first == pytest.approx(0.2)
    assert found.other is not None
    assert found.other > 0.3


@pytest.mark.parametrize("share", [0.0, 1.0, 20.0, -0.1])
def test_a_share_that_is_none_is_refused(share: float) -> None:
    with pytest.raises(UsageError, match="between 0 and 1"):
        at_capacity(*drawn(1), share)
