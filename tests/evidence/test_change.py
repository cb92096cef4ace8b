"""Whether a figure changes over time: leads counted once, chance no louder than it says, a real fall found."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from sklearn.metrics import roc_auc_score
from statsmodels.stats.proportion import proportions_ztest

from scoville.evidence.drift.change import auc_change, placements, rate_change
from scoville.evidence.figures.ranking import ranking

if TYPE_CHECKING:
    from numpy.typing import NDArray

START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC


def days(*numbers: int) -> list[datetime]:
    return [START + timedelta(days=number) for number in numbers]


class World:
    """Leads that stay for several snapshots, and win or not in all of them alike; the score fades by `fall` each."""

    def __init__(
        self, dice: np.random.Generator, snapshots: int, leads: int, fall: float = 0.0, rise: float = 0.0
    ) -> None:
        quality, first = dice.normal(size=leads * snapshots), dice.integers(0, snapshots, leads * snapshots)
        parts: list[tuple[NDArray[Any], ...]] = []
        for number in range(snapshots):
            lead = np.flatnonzero((first <= number) & (dice.random(quality.size) < 0.7 ** (number - first)))
            won = dice.random(lead.size) < 1 / (1 + np.exp(2 - rise * number - quality[lead]))
            score = (1 - fall * number) * quality[lead] + dice.normal(size=lead.size)
            parts.append((lead, np.full(lead.size, number), won, np.round(score, 1)))
        self.lead, self.snapshot, self.won, self.score = (np.concatenate(part) for part in zip(*parts, strict=True))
        self.as_of = days(*range(0, 30 * snapshots, 30))


def test_placements_average_to_the_auc_of_scikit_learn() -> None:
    dice = np.random.default_rng(1)
    score, won = np.round(dice.normal(size=200), 1), dice.random(200) < 0.3
    found = placements(score, won)
    assert found[won].mean() == pytest.approx(roc_auc_score(won, score))
    assert found[~won].mean() == pytest.approx(roc_auc_score(won, score))


def test_of_two_snapshots_of_different_leads_it_is_the_plain_difference() -> None:
    world = World(np.random.default_rng(2), 2, 200)
    lead = np.arange(world.lead.size)  # every row another lead
    found = auc_change(world.score, world.won, lead, world.snapshot, days(0, 30))
    one, two = (ranking(world.score[here], world.won[here]) for here in (world.snapshot == 0, world.snapshot == 1))
    assert one.auc is not None and two.auc is not None and one.auc_se is not None and two.auc_se is not None  # noqa: PT018
    assert found.per_month == pytest.approx(two.auc - one.auc)
    assert found.high is not None
    assert found.high - (two.auc - one.auc) == pytest.approx(1.959964 * np.hypot(one.auc_se, two.auc_se), rel=1e-5)
    assert found.p == pytest.approx(found.p_any)  # with two snapshots a slope is all there is


def test_rates_of_two_snapshots_are_the_pooled_z_test() -> None:
    won = np.repeat([True, False, True, False], [30, 970, 60, 940])
    found = rate_change(won, np.arange(2000), np.repeat([0, 1], 1000), days(0, 30))
    assert found.per_month == pytest.approx(0.03)
    assert found.p == pytest.approx(proportions_ztest([60, 30], [1000, 1000])[1], rel=0.01)


def test_the_slope_is_for_30_days() -> None:
    won = np.repeat([True, False, True, False], [30, 970, 60, 940])
    found = rate_change(won, np.arange(2000), np.repeat([0, 1], 1000), days(0, 90))
    assert found.per_month == pytest.approx(0.01)


def test_without_change_it_is_sure_no_more_often_than_it_says() -> None:
    dice, times = np.random.default_rng(3), 300
    found = []
    for _ in range(times):
        world = World(dice, 6, 80)
        auc = auc_change(world.score, world.won, world.lead, world.snapshot, world.as_of)
        rate = rate_change(world.won, world.lead, world.snapshot, world.as_of)
        found.append([auc.p, auc.p_any, rate.p, rate.p_any])
    sure = (np.array(found, dtype=float) < 0.05).mean(axis=0)
    assert (sure < 0.05 + 3.3 * np.sqrt(0.05 * 0.95 / times)).all(), sure


def test_leads_that_return_are_counted_once() -> None:
    # ten copies of every lead within its snapshot say no more than one of each
    world = World(np.random.default_rng(4), 2, 600)
    lead = np.arange(world.lead.size)
    once = auc_change(world.score, world.won, lead, world.snapshot, days(0, 30))
    again = auc_change(
        np.tile(world.score, 10), np.tile(world.won, 10), np.tile(lead, 10), np.tile(world.snapshot, 10), days(0, 30)
    )
    assert once.p is not None
    assert again.p == pytest.approx(once.p, rel=0.1)


def test_a_real_fall_and_a_real_rise_are_found() -> None:
    world = World(np.random.default_rng(5), 8, 400, fall=0.12, rise=0.15)
    auc = auc_change(world.score, world.won, world.lead, world.snapshot, world.as_of)
    rate = rate_change(world.won, world.lead, world.snapshot, world.as_of)
    assert auc.falls
    assert not auc.rises
    assert rate.rises


def test_equal_scores_tell_nothing() -> None:
    won = np.arange(100) % 4 == 0
    found = auc_change(np.zeros(100), won, np.arange(100), np.repeat([0, 1], 50), days(0, 30))
    assert found.cannot_tell == "cannot tell: all scores are equal, or none is out of order"
    assert not found.changes


@pytest.mark.parametrize(
    ("wins", "reason"), [(0, "0 conversions"), (3, "3 conversions"), (98, "2 leads without a conversion")]
)
def test_few_conversions_tell_nothing(wins: int, reason: str) -> None:
    won = np.zeros(100, dtype=bool)
    won[:wins] = True
    snapshot = np.arange(100) % 2
    assert auc_change(np.arange(100.0), won, np.arange(100), snapshot, days(0, 30)).cannot_tell == (
        "cannot tell: 0 snapshots with 5 leads that converted and 5 that did not"
    )
    assert rate_change(won, np.arange(100), snapshot, days(0, 30)).cannot_tell == f"cannot tell: {reason}"
