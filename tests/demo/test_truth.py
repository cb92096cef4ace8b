"""The hidden truth: it is in the tables, it decides who buys, and it ranks as well as anything can."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from scoville.demo import TRUTH, Demo, expected_auc, generate
from scoville.errors import UsageError

if TYPE_CHECKING:
    import numpy.typing as npt

JULY = datetime(2025, 7, 1)  # noqa: DTZ001 - naive UTC
HORIZON_DAYS = 90


def converted(demo: Demo) -> npt.NDArray[np.bool_]:
    until = pa.scalar(datetime(2025, 9, 29), pa.timestamp("us"))  # noqa: DTZ001 - 90 days after JULY
    return np.asarray(pc.fill_null(pc.less(demo.hidden["won_at"], until), fill_value=False))


def log_odds_by_hand(demo: Demo, row: int) -> float:
    """From what the tables show of one lead: the sum that truth.py describes, event by event."""
    lead, hidden = demo.leads.slice(row, 1).to_pylist()[0], demo.hidden.slice(row, 1).to_pylist()[0]
    traits = lead | {
        "job_title.seniority": hidden["seniority"],
        "email.kind": hidden["email_kind"],
        "email.domain": (lead["email"] or "@").split("@")[1],
    }
    total = TRUTH.intercept + sum(values.get(traits[trait], 0.0) for trait, values in TRUTH.fit.items())
    for band in TRUTH.employees:
        employees = lead["employees"]
        if employees is not None and (band.from_ or 0) <= employees < (band.below or float("inf")):
            total += band.coefficient
    for event in demo.events.filter(pc.equal(demo.events["lead_id"], lead["lead_id"])).to_pylist():
        age_days = (JULY - event["occurred_at"]).total_seconds() / 86_400
        for signal in TRUTH.signals:
            in_place = signal.path_prefix is None or (event["path"] or "").startswith(signal.path_prefix)
            if age_days >= 0 and event["event"] == signal.event and in_place:
                left = 1.0 if signal.half_life_days is None else 2 ** (-age_days / signal.half_life_days)
                total += signal.coefficient * left
    return total


def test_the_tables_hold_all_that_the_log_odds_rest_on(demo: Demo) -> None:
    log_odds = demo.log_odds(JULY)
    in_snapshot = np.flatnonzero(demo.open_at(JULY))
    hottest = in_snapshot[np.argsort(-log_odds[in_snapshot])[:20]]
    for row in [*hottest, *in_snapshot[:: len(in_snapshot) // 80]]:
        assert log_odds[row] == pytest.approx(log_odds_by_hand(demo, row), abs=1e-5)  # kept as 32 bit floats


def test_a_lead_that_does_not_exist_yet_cannot_convert(demo: Demo) -> None:
    later = demo.hidden["created_at"].to_numpy() > np.datetime64(JULY)
    assert later.any()
    assert np.all(demo.log_odds(JULY)[later] == -np.inf)
    assert not np.any(demo.open_at(JULY) & later)


def test_as_many_win_as_their_probabilities_say(demo: Demo) -> None:
    open_now = demo.open_at(JULY)
    probability = demo.conversion_probability(JULY, HORIZON_DAYS)[open_now]
    wins = converted(demo)[open_now].sum()
    spread = np.sqrt(np.sum(probability * (1 - probability)))  # independent Bernoulli draws
    assert wins > 100
    assert abs(wins - probability.sum()) < 4 * spread


def test_the_likely_half_wins_as_often_as_said(demo: Demo) -> None:
    open_now = demo.open_at(JULY)
    probability, won = demo.conversion_probability(JULY, HORIZON_DAYS)[open_now], converted(demo)[open_now]
    likely = probability > np.quantile(probability, 0.95)
    assert won[likely].mean() == pytest.approx(probability[likely].mean(), abs=0.08)
    assert won[likely].mean() > 8 * won[~likely].mean()


def test_the_truth_ranks_later_conversions_well_but_not_perfectly(demo: Demo) -> None:
    open_now = demo.open_at(JULY)
    score, won = demo.log_odds(JULY)[open_now], converted(demo)[open_now].astype(float)
    assert 0.75 < expected_auc(score, won) < 0.85


def test_the_auc_of_the_truth_is_what_is_expected_of_it() -> None:
    misses = []
    for seed in range(1, 9):
        demo = generate(10_000, seed=seed)
        open_now = demo.open_at(JULY)
        score = demo.log_odds(JULY)[open_now]
        expected = expected_auc(score, demo.conversion_probability(JULY, HORIZON_DAYS)[open_now])
        seen = expected_auc(score, converted(demo)[open_now].astype(float))
        misses.append(seen - expected)
    # about 130 conversions each: the standard error of one is 0.02 (Hanley and McNeil 1982), of the mean 0.007
    assert max(map(abs, misses)) < 0.08
    assert abs(np.mean(misses)) < 0.025


def test_fit_alone_ranks_worse_than_fit_and_behaviour(demo: Demo) -> None:
    open_now = demo.open_at(JULY)
    probability = demo.conversion_probability(JULY, HORIZON_DAYS)[open_now]
    fit = demo.hidden["fit_log_odds"].to_numpy()[open_now]
    assert expected_auc(demo.log_odds(JULY)[open_now], probability) > expected_auc(fit, probability) + 0.03


def test_only_snapshots_inside_the_window_at_midnight_are_known(demo: Demo) -> None:
    with pytest.raises(UsageError, match="known at midnights"):
        demo.log_odds(datetime(2025, 7, 1, 12))  # noqa: DTZ001
    with pytest.raises(UsageError, match="known at midnights"):
        demo.log_odds(datetime(2026, 1, 1))  # noqa: DTZ001
    with pytest.raises(UsageError, match="do not end by"):
        demo.conversion_probability(datetime(2025, 12, 1), 90)  # noqa: DTZ001


def test_expected_auc_counts_pairs_and_half_of_ties() -> None:
    score, probability = np.array([3.0, 1.0, 2.0, 2.0]), np.array([0.9, 0.2, 0.5, 0.3])
    pairs = [(i, j) for i in range(4) for j in range(4) if i != j]
    weight = {(i, j): probability[i] * (1 - probability[j]) for i, j in pairs}
    ahead = {(i, j): (score[i] > score[j]) + 0.5 * (score[i] == score[j]) for i, j in pairs}
    by_hand = sum(weight[pair] * ahead[pair] for pair in pairs) / sum(weight.values())
    assert expected_auc(score, probability) == pytest.approx(by_hand)


def test_expected_auc_cannot_be_told_when_nobody_converts() -> None:
    assert np.isnan(expected_auc(np.array([1.0, 2.0]), np.zeros(2)))
