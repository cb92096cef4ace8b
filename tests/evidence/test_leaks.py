"""What knows the outcome is named, and what is merely good is not: on planted leaks and on data that nobody planted."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import numpy as np
import pytest

import scoville
from scoville.demo import generate
from scoville.evidence.history import read_history
from scoville.evidence.leaks.named import Leak, find_leaks

if TYPE_CHECKING:
    from collections.abc import Sequence

Row = dict[str, Any]
EXAMPLES = Path(__file__).resolve().parents[2] / "examples"
DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
READS_NOTHING: Row = {"when": {"lead_id": {"is": "present"}}, "name": "Everybody", "points": 1}


def model(rules: Sequence[Row] = (), fit: Sequence[Row] = (READS_NOTHING,)) -> scoville.Model:
    return scoville.Model.from_dict(
        {"scoville": 1, "name": "Leaky", "fit": {"rules": list(fit)}, "engagement": {"rules": list(rules)}}
    )


def rows(leads: int = 600, seed: int = 2) -> tuple[list[Row], list[Row], list[Row]]:
    """A fifth wins, more often those who ask for a demo; some 20 to 60 days after they came."""
    dice = np.random.default_rng(seed)
    people, events, outcomes = [], [], []
    for number in range(leads):
        lead_id, created = f"L{number:04}", START + int(dice.integers(0, 100)) * DAY
        asks = bool(dice.random() < 0.3)
        people.append({"lead_id": lead_id, "created_at": created, "size": int(dice.integers(1, 500))})
        events.append({"lead_id": lead_id, "event": "visit", "occurred_at": created + DAY / 24})
        if asks:
            asked = created + int(dice.integers(1, 15)) * DAY
            events.append({"lead_id": lead_id, "event": "demo_requested", "occurred_at": asked})
        if dice.random() < (0.6 if asks else 0.05):
            at = created + int(dice.integers(20, 60)) * DAY
            outcomes.append({"lead_id": lead_id, "outcome": "won", "at": at})
    return people, events, outcomes


def leaks_of(people: list[Row], events: list[Row] | None, outcomes: list[Row], tried: scoville.Model) -> list[Leak]:
    history = read_history(people, events, outcomes)
    return list(find_leaks(history, history.plan(tried)))


def won_at(outcomes: list[Row]) -> dict[str, datetime]:
    return {row["lead_id"]: row["at"] for row in outcomes}


def test_honest_data_have_no_leak() -> None:
    demo = {"name": "Demo", "event": "demo_requested", "points": 20}
    assert leaks_of(*rows(), model([demo])) == []


def test_a_date_on_the_day_of_the_outcome_is_named() -> None:
    people, events, outcomes = rows()
    won, dice = won_at(outcomes), np.random.default_rng(0)
    for row in people:  # everybody has one; that of the others is any day of theirs
        row["last_touch"] = won.get(row["lead_id"], row["created_at"] + int(dice.integers(1, 90)) * DAY)
    found = leaks_of(people, events, outcomes, model())
    assert [(leak.name, leak.reason) for leak in found] == [
        ("last_touch", "for 100% of the winners it is the day of the outcome")
    ]


def test_a_date_after_the_outcome_is_named() -> None:
    people, events, outcomes = rows()
    won, dice = won_at(outcomes), np.random.default_rng(0)
    for row in people:
        row["synced"] = (won.get(row["lead_id"]) or row["created_at"]) + int(dice.integers(3, 90)) * DAY
    found = leaks_of(people, events, outcomes, model())
    assert [(leak.name, leak.reason) for leak in found] == [
        ("synced", "for 100% of the winners it lies at or after the outcome")
    ]


def test_a_date_that_was_planned_from_the_start_is_no_leak() -> None:
    people, events, outcomes = rows()
    for row in people:  # the end of a trial: 90 days for everybody, and so after every outcome
        row["trial_ends"] = row["created_at"] + 90 * DAY
    assert leaks_of(people, events, outcomes, model()) == []


def test_a_date_well_before_the_outcome_is_no_leak() -> None:
    people, events, outcomes = rows()
    dice = np.random.default_rng(0)
    for row in people:
        row["first_call"] = row["created_at"] + int(dice.integers(0, 19)) * DAY
    assert leaks_of(people, events, outcomes, model()) == []


def test_when_a_record_was_changed_matters_only_to_a_model_that_reads_it() -> None:
    people, events, outcomes = rows()
    won, dice = won_at(outcomes), np.random.default_rng(0)
    for row in people:
        row["updated_at"] = (won.get(row["lead_id"]) or row["created_at"]) + int(dice.integers(3, 90)) * DAY
    fresh = {"name": "Fresh", "when": {"updated_at": {"newer_than": "30d"}}, "points": 5}
    assert leaks_of(people, events, outcomes, model()) == []
    assert [(leak.name, leak.is_used) for leak in leaks_of(people, events, outcomes, model(fit=[fresh]))] == [
        ("updated_at", True)
    ]


def signed(outcomes: list[Row], before: timedelta) -> list[Row]:
    return [
        {"lead_id": row["lead_id"], "event": "contract_signed", "occurred_at": row["at"] - before} for row in outcomes
    ]


SIGNED = {"name": "Signed", "event": "contract_signed", "points": 50}


@pytest.mark.parametrize("before", [timedelta(minutes=1), timedelta(0), -3 * DAY])
def test_a_rule_about_the_outcome_under_another_name_is_named(before: timedelta) -> None:
    people, events, outcomes = rows()
    found = leaks_of(people, events + signed(outcomes, before), outcomes, model([SIGNED]))
    wins = len(outcomes)
    assert found == [
        Leak("rule: Signed", f"100% of the {wins} leads that did it won within a day of it, or before", is_used=True)
    ]


def test_the_event_is_named_where_no_rule_is_about_it_alone() -> None:
    people, events, outcomes = rows()
    events += signed(outcomes, timedelta(minutes=1))
    assert [(leak.name, leak.is_used) for leak in leaks_of(people, events, outcomes, model())] == [
        ("event: contract_signed", False)
    ]
    both = {"name": "Keen", "event": ["contract_signed", "visit"], "points": 5}
    assert [(leak.name, leak.is_used) for leak in leaks_of(people, events, outcomes, model([both]))] == [
        ("event: contract_signed", True)
    ]


def test_a_rule_is_judged_by_its_condition() -> None:
    people, events, outcomes = rows()
    events = [{**row, "path": "/"} for row in events]
    thanks = [{**row, "event": "visit", "path": "/thank-you"} for row in signed(outcomes, timedelta(minutes=1))]
    rules = [
        {"name": "Thanked", "event": "visit", "when": {"path": "/thank-you"}, "points": 5, "within": "7d"},
        {"name": "Visit", "event": "visit", "points": 5},
    ]
    assert [leak.name for leak in leaks_of(people, events + thanks, outcomes, model([]))] == []
    assert [leak.name for leak in leaks_of(people, events + thanks, outcomes, model(rules))] == ["rule: Thanked"]


def test_what_only_winners_did_days_before_is_honest() -> None:
    people, events, outcomes = rows()
    assert leaks_of(people, events + signed(outcomes, 10 * DAY), outcomes, model([SIGNED])) == []


def test_without_dates_what_only_winners_did_is_named() -> None:
    people, events, outcomes = rows()
    won = won_at(outcomes)
    people = [{**row, "customer": int(row["lead_id"] in won)} for row in people]
    history = read_history(people, events + signed(outcomes, 10 * DAY), outcome_column="customer")
    found = find_leaks(history, history.plan(model([SIGNED])))
    assert [leak.name for leak in found] == ["rule: Signed"]
    assert found[0].reason.startswith(f"100% of the {len(won)} leads that did it won, of all ")


def test_an_event_that_was_given_as_the_outcome_is_no_news() -> None:
    people, events, outcomes = rows()
    history = read_history(people, events + signed(outcomes, timedelta(0)), won=["contract_signed"])
    assert find_leaks(history, history.plan(model())) == ()


def test_few_winners_prove_nothing() -> None:
    people, events, outcomes = rows()
    few = outcomes[:20]
    assert leaks_of(people, events + signed(few, timedelta(0)), few, model([SIGNED])) == []


# Data that nobody planted. Which columns leak is known from their descriptions: see the pages of the sets.

XEDUCATION = {
    "Tags", "Lead Quality", "Lead Profile", "Last Activity", "Last Notable Activity",
    "Asymmetrique Activity Index", "Asymmetrique Profile Index",
    "Asymmetrique Activity Score", "Asymmetrique Profile Score",
}  # fmt: skip


def test_x_education_leaks_are_named_and_its_strong_traits_are_not(shared: Path) -> None:
    workspace = scoville.Workspace().with_maps(["leads.lead_id=Prospect ID"])
    leads = shared / "datasets" / "xeducation" / "Leads.csv"
    history = read_history(leads, outcome_column="Converted", workspace=workspace)
    tags = {"name": "Tags", "when": {"Tags": "Closed by Horizzon"}, "points": 5}
    found = find_leaks(history, history.plan(model(fit=[tags])))
    assert {leak.name for leak in found} == XEDUCATION
    assert [leak.name for leak in found if leak.is_used] == ["Tags"]


@pytest.mark.parametrize(
    ("path", "outcome", "leak"),
    [
        ("bank/bank-full.csv", "y", "duration"),
        ("bank/bank-additional-full.csv", "y", "duration"),
        ("shoppers/online_shoppers_intention.csv", "Revenue", "PageValues"),  # made from the purchase itself
    ],
)
def test_the_one_leak_of_a_table_is_named_and_nothing_else(
    shared: Path, tmp_path: Path, path: str, outcome: str, leak: str
) -> None:
    numbered = tmp_path / "leads.parquet"  # these tables have no ids
    duckdb.sql(
        "COPY (SELECT row_number() OVER () AS lead_id, * FROM "  # noqa: S608 - our own path
        f"read_csv('{shared / 'datasets' / path}')) TO '{numbered}'"
    )
    history = read_history(numbered, outcome_column=outcome)
    assert [found.name for found in find_leaks(history, history.plan(model()))] == [leak]


@pytest.mark.parametrize(
    ("folder", "won"), [("olist", "won"), ("bpi2012", "approved"), ("udacity", "paid"), ("udacity", "first_project")]
)
def test_honest_histories_have_no_leak(shared: Path, folder: str, won: str) -> None:
    data = shared / "datasets" / folder
    files = [data / f"{name}.parquet" for name in ("leads", "events", "conversions")]
    history = read_history(*files, won=[won])
    assert find_leaks(history, history.plan(EXAMPLES / folder / "model.yaml")) == ()


def test_the_demo_has_no_leak_until_one_is_planted() -> None:
    demo = generate(3_000, seed=4)
    history = read_history(demo.leads, demo.events, demo.outcomes)
    assert find_leaks(history, history.plan(model())) == ()
    won = [row for row in demo.outcomes.to_pylist() if row["outcome"] == "won"]
    events = [
        {"lead_id": row["lead_id"], "event": row["event"], "occurred_at": row["occurred_at"]}
        for row in demo.events.to_pylist()
    ]
    planted = read_history(demo.leads, events + signed(won, timedelta(hours=2)), demo.outcomes)
    assert [leak.name for leak in find_leaks(planted, planted.plan(model([SIGNED])))] == ["rule: Signed"]
