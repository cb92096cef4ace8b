"""A run that carries on the last one gives what a full run gives: whatever came, came late, moved or went away."""

from __future__ import annotations

import os
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any

import duckdb
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

import scoville
from agreement import assert_same_numbers
from oracle import OracleResult, Row, oracle
from plan_runner import EVENT_COLUMNS, LEAD_COLUMNS, contribution, score_row, table
from scoville.engines.duckdb import DuckDB
from scoville.errors import UsageError
from strategies import PROPERTIES, TRAITS, Scene, scenes

EXAMPLES = max(1, int(os.environ.get("SCOVILLE_EXAMPLES", "24")) // 3)
JUNE = datetime(2026, 6, 1)  # noqa: DTZ001 - as_of is naive UTC
MODEL: Row = {
    "scoville": 1,
    "name": "Web shop",
    "engagement": {
        "decay": {"half_life": "30d"},
        "rules": [
            {"name": "Pricing", "event": "pricing", "points": 10},
            {"name": "Opened", "event": "opened", "points": 2, "at_most": 3},
            {"name": "Seen this week", "event": "*", "within": "7d", "count": [{"from": 1, "points": 5}]},
        ],
    },
    "stages": [{"name": "Lead", "from": 0}],
}


def events_of(*rows: tuple[str, str, float]) -> list[Row]:
    """Lead, event, days before June."""
    return [{"lead_id": lead, "event": name, "occurred_at": JUNE - timedelta(days=days)} for lead, name, days in rows]


def carried(model: Row, leads: list[Row], events: list[Row], as_of: datetime, last: Path) -> scoville.ScoreRun:
    return scoville.score(
        scoville.Model.from_dict(model),
        table(leads, LEAD_COLUMNS, TRAITS),
        table(events, EVENT_COLUMNS, PROPERTIES),
        as_of=as_of,
        since=last,
    )


def result(run: scoville.ScoreRun) -> OracleResult:
    rows = [score_row(row) for row in run.scores.to_pylist()]
    return OracleResult(
        {row.lead_id: row for row in rows}, [contribution(row) for row in run.contributions.to_pylist()]
    )


def said(run: scoville.ScoreRun) -> str:
    return "\n".join(str(notice) for notice in run.quality.notices)


def agree(model: Row, leads: list[Row], events: list[Row], as_of: datetime, last: Path) -> scoville.ScoreRun:
    """A carried run that is the oracle's, and has left its file."""
    run = carried(model, leads, events, as_of, last)
    assert_same_numbers(result(run), oracle(model, leads, events, as_of))
    run.leave()
    return run


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate], deadline=None)
@given(scenes(), st.integers(0, 2**32))
def test_any_model_and_any_order_of_arrival(scene: Scene, seed: int) -> None:
    dice = Random(seed)  # noqa: S311 - no secret
    arrival = [dice.choice((0, 0, 1, 2)) for _ in scene.events]
    with tempfile.TemporaryDirectory() as folder:
        last = Path(folder, "last.duckdb")
        for step, before in enumerate((timedelta(days=35), timedelta(hours=7), timedelta(0))):
            here = [event for event, came in zip(scene.events, arrival, strict=True) if came <= step]
            agree(scene.model, scene.leads, here, scene.as_of - before, last)


def test_only_new_events_are_read(tmp_path: Path) -> None:
    leads = [{"lead_id": "a"}, {"lead_id": "b"}]
    old = events_of(("a", "pricing", 40), ("a", "opened", 39), ("b", "pricing", 20))
    last = tmp_path / "last.duckdb"
    first = agree(MODEL, leads, old, JUNE - timedelta(days=10), last)
    assert "all were read: there is no" in said(first)
    second = agree(MODEL, leads, [*old, *events_of(("b", "opened", 2))], JUNE, last)
    assert second.quality.relation("events").rows == 1  # type: ignore[union-attr]
    assert "those up to 2026-05-22 00:00 UTC were carried on" in said(second)


@pytest.mark.parametrize(
    ("change", "read"),
    [
        pytest.param(lambda old: [*old, *events_of(("a", "pricing", 41))], 4, id="late"),
        pytest.param(lambda old: old[1:], 2, id="taken back"),
        pytest.param(lambda old: [{**old[0], "lead_id": "b"}, *old[1:]], 4, id="moved to another lead"),
    ],
)
def test_a_lead_whose_past_has_changed_is_read_anew(change: Any, read: int, tmp_path: Path) -> None:
    leads = [{"lead_id": "a"}, {"lead_id": "b"}, {"lead_id": "c"}]
    old = events_of(("a", "pricing", 40), ("a", "opened", 39), ("b", "pricing", 20), ("c", "opened", 20))
    last = tmp_path / "last.duckdb"
    agree(MODEL, leads, old, JUNE - timedelta(days=10), last)
    run = agree(MODEL, leads, [*change(old), *events_of(("c", "opened", 1))], JUNE, last)
    assert run.quality.relation("events").rows == read  # type: ignore[union-attr]
    assert "read again" in said(run)


def test_leads_that_are_merged_later_count_together(tmp_path: Path) -> None:
    apart = [{"lead_id": "a", "email": "ann@x.com"}, {"lead_id": "b", "email": "bob@x.com"}]
    as_one = [{"lead_id": "a", "email": "ann@x.com"}, {"lead_id": "b", "email": "ann@x.com"}]
    old = events_of(("a", "pricing", 40), ("b", "pricing", 39))
    last = tmp_path / "last.duckdb"
    carried(MODEL, apart, old, JUNE - timedelta(days=10), last).leave()
    score = carried(MODEL, as_one, old, JUNE, last).scores.to_pylist()
    whole = scoville.score(
        scoville.Model.from_dict(MODEL), table(as_one, LEAD_COLUMNS, ()), table(old, EVENT_COLUMNS, ()), as_of=JUNE
    ).scores.to_pylist()
    assert [row["score"] for row in score] == pytest.approx([row["score"] for row in whole], abs=1e-9)
    assert len(score) == 1


def test_an_event_that_is_sent_again_later_counts_once(tmp_path: Path) -> None:
    leads = [{"lead_id": "a"}]
    first = [{**event, "event_id": "e1"} for event in events_of(("a", "pricing", 40))]
    again = [*first, {**first[0], "occurred_at": JUNE - timedelta(days=1)}]  # the same id with a newer time
    last = tmp_path / "last.duckdb"
    carried(MODEL, leads, first, JUNE - timedelta(days=10), last).leave()
    row = carried(MODEL, leads, again, JUNE, last).scores.to_pylist()[0]
    assert row["score"] == pytest.approx(10 * 2 ** (-40 / 30), abs=1e-9)  # by hand: the earliest row of an id counts


def test_another_model_begins_anew_and_says_so(tmp_path: Path) -> None:
    leads, events, last = [{"lead_id": "a"}], events_of(("a", "pricing", 40)), tmp_path / "last.duckdb"
    carried(MODEL, leads, events, JUNE - timedelta(days=1), last).leave()
    rules = [{"name": "Pricing", "event": "pricing", "points": 50}]
    run = agree({**MODEL, "engagement": {"rules": rules}}, leads, events, JUNE, last)
    assert "all were read: the model has changed since" in said(run)


def test_an_earlier_date_begins_anew(tmp_path: Path) -> None:
    leads, events, last = [{"lead_id": "a"}], events_of(("a", "pricing", 40)), tmp_path / "last.duckdb"
    carried(MODEL, leads, events, JUNE, last).leave()
    run = agree(MODEL, leads, events, JUNE - timedelta(days=5), last)
    assert "which is later than this run" in said(run)


def test_a_condition_that_asks_for_an_age_reads_all(tmp_path: Path) -> None:
    rule = {"name": "Renewal", "event": "pricing", "when": {"renews_at": {"newer_than": "30d"}}, "points": 5}
    model = {**MODEL, "engagement": {"rules": [rule]}}
    events = [{**event, "renews_at": JUNE - timedelta(days=25)} for event in events_of(("a", "pricing", 40))]
    last = tmp_path / "last.duckdb"
    for as_of in (JUNE, JUNE + timedelta(days=10)):
        run = agree(model, [{"lead_id": "a"}], events, as_of, last)
        assert "'Renewal' asks how old a property is" in said(run)


def test_a_file_that_no_run_left_is_not_overwritten(tmp_path: Path) -> None:
    note = tmp_path / "notes.txt"
    note.write_text("mine")
    with pytest.raises(UsageError, match="would be overwritten"):
        carried(MODEL, [{"lead_id": "a"}], events_of(("a", "pricing", 4)), JUNE, note)
    assert note.read_text() == "mine"


def test_a_run_that_fails_leaves_the_last_file_as_it_was(tmp_path: Path) -> None:
    leads, events, last = [{"lead_id": "a"}], events_of(("a", "pricing", 40)), tmp_path / "last.duckdb"
    carried(MODEL, leads, events, JUNE - timedelta(days=5), last).leave()
    before = last.read_bytes()
    carried(MODEL, leads, events, JUNE, last)  # its results were never written, so it is not left either
    assert last.read_bytes() == before
    assert [path.name for path in tmp_path.iterdir()] == ["last.duckdb"]


def test_tables_of_a_database_that_is_only_read_are_carried_on(tmp_path: Path) -> None:
    database, last = tmp_path / "crm.duckdb", tmp_path / "last.duckdb"
    with duckdb.connect(database) as own:
        own.execute("CREATE TABLE leads AS SELECT 'ann' AS lead_id")
        own.execute(
            "CREATE TABLE events AS SELECT 'ann' AS lead_id, 'pricing' AS event, DATE '2026-05-20' AS occurred_at"
        )
    for days in range(2):
        run = scoville.score(
            scoville.Model.from_dict(MODEL), "leads", "events", as_of=JUNE + timedelta(days=days), since=last,
            engine=DuckDB(str(database)),
        )  # fmt: skip
        run.leave()
    assert "were carried on from the run before" in said(run)
