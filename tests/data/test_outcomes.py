"""Outcomes from a file, from events, from a column: which are kept, whose they are, and what is left out."""

from __future__ import annotations

from typing import Any

import duckdb
import ibis
import pytest

from scoville.data.in_duckdb import InDuckDB
from scoville.data.load import Loaded, load
from scoville.data.outcomes import Outcomes, outcomes_from, outcomes_in_events, outcomes_in_leads
from scoville.data.workspace import Workspace
from scoville.errors import DataError

Row = dict[str, Any]
LEADS = [
    {"lead_id": "a", "email": "a@x.io", "created_at": "2025-01-01", "Converted": "Yes"},
    {"lead_id": "b", "email": "A@x.io", "created_at": "2025-01-02", "Converted": "No"},
    {"lead_id": "c", "email": "c@x.io", "created_at": "2025-01-03", "Converted": "1.0"},
]
EVENTS = [
    {"lead_id": "c", "event": "signed", "occurred_at": "2025-02-01", "value": "12.5"},
    {"lead_id": "a", "event": "visit", "occurred_at": "2025-02-02", "value": None},
]


def opened() -> tuple[Any, Loaded]:
    con = InDuckDB(duckdb.connect())
    return con, load(con, LEADS, EVENTS, workspace=Workspace(), as_of=None)


def rows_of(con: Any, outcomes: Outcomes) -> list[tuple[Any, ...]]:
    query = con.compile(outcomes.table.select("lead_id", "outcome", "at", "value"))
    return [(one[0], one[1], f"{one[2]:%Y-%m-%d}", one[3]) for one in sorted(con.con.execute(query).fetchall())]


def test_outcomes_of_a_merged_lead_belong_to_the_one_that_took_it_over() -> None:
    con, loaded = opened()
    file = [
        {"lead_id": "b", "goal": "won", "converted_at": "2025-03-01"},
        {"lead_id": "zz", "goal": "won", "converted_at": "2025-03-01"},
        {"lead_id": "c", "goal": "lost", "converted_at": None},
    ]
    found = outcomes_from(con, file, people=loaded.people, workspace=Workspace())
    assert rows_of(con, found) == [("a", "won", "2025-03-01", None)]
    assert (found.rows, found.unknown, found.undated) == (1, 1, 1)


def test_without_a_name_every_row_is_won_and_columns_can_be_mapped() -> None:
    con, loaded = opened()
    workspace = Workspace().with_maps(["outcomes.at=signed on", "outcomes.value=amount"])
    file = [{"lead_id": "c", "signed on": "2025-03-05", "amount": "99"}]
    found = outcomes_from(con, file, people=loaded.people, workspace=workspace)
    assert rows_of(con, found) == [("c", "won", "2025-03-05", 99.0)]


def test_events_may_be_outcomes() -> None:
    con, loaded = opened()
    found = outcomes_in_events(con, loaded.events, ["signed"], people=loaded.people)
    assert rows_of(con, found) == [("c", "signed", "2025-02-01", 12.5)]


def test_an_event_name_that_nobody_has_names_the_nearest() -> None:
    con, loaded = opened()
    with pytest.raises(DataError, match="Did you mean 'signed'"):
        outcomes_in_events(con, loaded.events, ["singed"], people=loaded.people)


def test_a_column_of_leads_says_yes_in_several_ways() -> None:
    con, loaded = opened()
    found = outcomes_in_leads(con, "Converted", leads=loaded.leads)
    won = con.con.execute(con.compile(found.table.select("lead_id"))).fetchall()
    # a and b are one lead, whose newest word is No; c says 1.0
    assert won == [("c",)]
    assert not found.has_dates


def test_a_column_that_is_not_there_names_the_nearest() -> None:
    con, loaded = opened()
    with pytest.raises(DataError, match="Did you mean 'Converted'"):
        outcomes_in_leads(con, "Convertd", leads=loaded.leads)


def test_a_column_of_statuses_wants_to_be_told_which_counts() -> None:
    con, loaded = opened()
    with pytest.raises(
        DataError, match=r"'Status' says neither .* Values: .* Say which counts with --won NAME"
    ) as said:
        outcomes_in_leads(con, "Status", ["Custmer"], leads=loaded.leads.mutate(Status=ibis.literal("Customer")))
    assert "Did you mean 'Customer'" in str(said.value)
    found = outcomes_in_leads(con, "Status", ["customer"], leads=loaded.leads.mutate(Status=ibis.literal("Customer")))
    assert found.rows == loaded.leads.count().to_pyarrow().as_py()
