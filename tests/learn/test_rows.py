"""Rows to learn from: open leads at instants, labels, weights, and two sides that share no lead."""

from __future__ import annotations

from datetime import datetime, timedelta

import numpy as np
import pytest

from scoville.errors import DataError
from scoville.evidence.history import History, read_history
from scoville.learn.rows import KEPT_FOR_LATER, rows_of, window_shares
from scoville.model.load import Model

DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
LEADS = 400


def history(leads: int = LEADS, days: int = 360) -> History:
    """A lead every so many hours; every third is won, 5 to 150 days after it came."""
    rng = np.random.default_rng(3)
    created = [START + days * DAY * place / leads for place in range(leads)]
    people = [{"lead_id": f"L{place:04}", "created_at": at, "size": place % 7} for place, at in enumerate(created)]
    won = [
        {"lead_id": f"L{place:04}", "outcome": "won", "at": at + float(rng.uniform(5, 150)) * DAY}
        for place, at in enumerate(created)
        if place % 3 == 0
    ]
    return read_history(people, None, won)


MODEL = Model.from_dict(
    {"scoville": 1, "name": "Size", "fit": {"rules": [{"name": "Size", "when": {"size": 1}, "points": 1}]}}
)


def test_all_rows_are_those_of_the_backtest_with_the_same_labels() -> None:
    past = history()
    panel = past.panel(past.plan(MODEL), 60 * DAY)
    rows = rows_of(past, 60 * DAY, hold_out=False)
    theirs = sorted(zip(panel.snapshot.tolist(), panel.lead.tolist(), panel.won.tolist(), strict=True))
    mine = sorted(zip(rows.snapshot.tolist(), rows.lead.tolist(), rows.won.tolist(), strict=True))
    assert mine == theirs
    assert rows.train.all()
    assert rows.why is None


def test_a_lead_is_open_from_its_creation_until_it_is_won_and_its_horizon_ends_with_its_last_instant() -> None:
    at = datetime(2025, 3, 1)  # noqa: DTZ001 - naive UTC
    created = {"then": at, "later": at + DAY / 24, "won then": START, "won on the last": START, "too late": START}
    won = {"won then": at, "won on the last": at + 30 * DAY, "too late": at + 30 * DAY + DAY / 24}
    leads = [{"lead_id": name, "created_at": when} for name, when in {**created, "old": START}.items()]
    outcomes = [{"lead_id": name, "outcome": "won", "at": when} for name, when in won.items()]
    rows = rows_of(read_history(leads, None, outcomes), 30 * DAY, "2025-03-01", hold_out=False)
    found = rows.engine.arrow("SELECT lead_id FROM learn_rows ORDER BY row_no")["lead_id"].to_pylist()
    assert dict(zip(found, rows.won.tolist(), strict=True)) == {
        "then": False, "won on the last": True, "too late": False, "old": False,
    }  # fmt: skip


def test_no_lead_stands_on_both_sides_and_training_labels_are_known_when_the_others_begin() -> None:
    rows = rows_of(history(), 60 * DAY)
    assert rows.split == "time"
    assert not set(rows.lead[rows.train]) & set(rows.lead[rows.held_out])
    starts = np.array([at.timestamp() for at in rows.as_of])[rows.snapshot]
    assert rows.held_out_from is not None
    assert starts[rows.train].max() + 60 * 86_400 <= rows.held_out_from.timestamp() <= starts[rows.held_out].min()


def test_about_a_quarter_of_the_time_is_held_out() -> None:
    rows = rows_of(history(days=700), 30 * DAY)
    end = rows.as_of[-1] + 30 * DAY
    assert rows.held_out_from is not None
    assert 0.22 < (end - rows.held_out_from) / (end - rows.as_of[0]) < 0.34


def test_held_out_leads_that_were_there_before_stand_for_all_of_them() -> None:
    rows = rows_of(history(), 60 * DAY)
    everyone = rows_of(history(), 60 * DAY, hold_out=False)
    assert rows.held_out_from is not None
    first = everyone.as_of.index(rows.held_out_from)
    open_then = (everyone.snapshot == first).sum()
    mine = rows.held_out & (rows.snapshot == rows.as_of.index(rows.held_out_from))
    stand_for = (rows.weight / rows.own_weight)[mine]
    assert set(stand_for.tolist()) == {1.0, 1 / KEPT_FOR_LATER}
    assert stand_for.sum() == pytest.approx(open_then, rel=0.25)  # a quarter of about 200 leads, times four


def test_overlapping_windows_share_their_days() -> None:
    # By hand, stretches of 30 days: 1, 2, 3, 2, 1 windows; the first has 1, 2, 3 of them: (1 + 1/2 + 1/3) / 3 = 11/18.
    instants = [START, START + 30 * DAY, START + 60 * DAY]
    assert window_shares(instants, 90 * DAY) == pytest.approx([11 / 18, 4 / 9, 11 / 18])
    assert window_shares(instants, 30 * DAY) == [1.0, 1.0, 1.0]
    assert window_shares(instants, 90 * DAY, share=1 / 3) == [1.0, 1.0, 1.0]  # one window a day is left, on average


def test_a_lead_counts_for_no_more_than_the_time_it_was_watched() -> None:
    rows = rows_of(history(), 90 * DAY, "weekly", hold_out=False)
    watched = (rows.as_of[-1] + 90 * DAY - rows.as_of[0]) / (90 * DAY)
    assert np.bincount(rows.lead, rows.weight).max() <= watched + 1e-9
    assert np.bincount(rows.lead).max() > 20


def test_too_short_a_past_is_split_by_lead_and_says_so() -> None:
    rows = rows_of(history(), 300 * DAY)
    assert rows.split == "lead"
    assert rows.why == "the data are too short for a horizon of training and another one after it"
    assert not set(rows.lead[rows.train]) & set(rows.lead[rows.held_out])
    assert rows.held_out.mean() == pytest.approx(KEPT_FOR_LATER, abs=0.07)
    assert np.array_equal(rows.weight, rows.own_weight)


def test_outcomes_without_dates_give_one_row_for_each_lead() -> None:
    leads = [{"lead_id": f"L{place}", "size": place % 5, "converted": int(place % 4 == 0)} for place in range(200)]
    rows = rows_of(read_history(leads, outcome_column="converted"))
    assert (len(rows), int(rows.won.sum()), rows.split, rows.horizon) == (200, 50, "lead", None)
    assert rows.why == "outcomes have no dates"
    assert rows.held_out.mean() == pytest.approx(KEPT_FOR_LATER, abs=0.1)


def test_too_many_rows_are_thinned_alike_every_time_and_weigh_more() -> None:
    first, again = (rows_of(history(), 90 * DAY, most_rows=300, seed=5) for _ in range(2))
    assert np.array_equal(first.lead, again.lead)
    assert np.array_equal(first.snapshot, again.snapshot)
    assert len(first) == pytest.approx(300, rel=0.2)
    assert not np.array_equal(first.lead, rows_of(history(), 90 * DAY, most_rows=300, seed=6).lead)
    assert first.own_weight.mean() > rows_of(history(), 90 * DAY).own_weight.mean()


def test_a_past_in_which_nobody_was_open_is_refused() -> None:
    leads = [{"lead_id": "late", "created_at": START + 300 * DAY}, {"lead_id": "first", "created_at": START}]
    outcomes = [{"lead_id": "first", "outcome": "won", "at": START + DAY}]
    with pytest.raises(DataError, match="no lead was open at any snapshot"):
        rows_of(read_history(leads, [{"lead_id": "late", "event": "seen", "occurred_at": START + 301 * DAY}], outcomes),
                30 * DAY, "2025-02-01")  # fmt: skip
