"""Corners of the arithmetic that a table of cases does not show: segments, idle rules, stages, accounts.

Expected numbers are added up by hand beside each model.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

import scoville
from scoville.errors import ModelError

Row = dict[str, Any]
AS_OF = datetime(2026, 2, 1)  # noqa: DTZ001 - UTC


def run_of(leads: list[Row], events: list[Row] | None = None, **content: object) -> scoville.ScoreRun:
    model = scoville.Model.from_dict({"scoville": 1, "name": "T", "scale": {"min": 0, "max": 100}, **content})
    return scoville.score(model, leads, events, as_of=AS_OF)


def column_of(run: scoville.ScoreRun, *names: str) -> dict[str, Any]:
    picked = {row["lead_id"]: tuple(row[name] for name in names) for row in run.scores}
    return {lead: values[0] if len(names) == 1 else values for lead, values in picked.items()}


def entries_of(run: scoville.ScoreRun, lead_id: str) -> dict[tuple[str, str], float]:
    return {(row["section"], row["rule"]): row["points"] for row in run.contributions if row["lead_id"] == lead_id}


def when(name: str, condition: Row, points: float, **also: object) -> Row:
    return {"name": name, "when": condition, "points": points, **also}


def did(name: str, points: float, **also: object) -> Row:
    return {"name": name, "event": name.lower(), "points": points, "decay": "none", **also}


def event(lead_id: str, name: str, age: timedelta = timedelta(0)) -> Row:
    return {"lead_id": lead_id, "event": name, "occurred_at": AS_OF - age}


# --- nothing to score by ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("events", [None, [event("a", "x")]], ids=["without events", "with events"])
def test_a_model_without_rules_gives_everyone_nothing(events: list[Row] | None) -> None:
    run = run_of([{"lead_id": "a"}, {"lead_id": "b"}], events, stages=[{"name": "Lead", "from": 0}])
    assert column_of(run, "score", "rank", "stage", "reasons") == {
        "a": (0, 1, "Lead", None), "b": (0, 1, "Lead", None),
    }  # fmt: skip
    assert run.contributions == []


IDLE: list[Row] = [
    {"name": "Quiet", "event": "*", "within": "30d", "count": [{"below": 1, "points": 10}]},
    {"name": "No webinar", "event": "webinar", "sum": {"of": "minutes", "bands": [{"below": 1, "points": 5}]}},
    {"name": "Never seen", "event": "x", "recency": [{"from": 0, "points": 99}]},
]


def test_rules_about_silence_hold_where_no_events_were_given() -> None:
    run = run_of([{"lead_id": "a"}], engagement={"rules": IDLE})
    assert entries_of(run, "a") == {("engagement", "Quiet"): 10, ("engagement", "No webinar"): 5}
    assert [(row["matched"], row["newest_at"]) for row in run.contributions] == [(0, None), (0, None)]


def test_rules_about_silence_end_with_the_first_event() -> None:
    events = [
        {**event("a", "webinar", timedelta(days=30)), "minutes": 0.5},  # a day too old to break the silence
        {**event("b", "webinar"), "minutes": 90},
    ]
    run = run_of([{"lead_id": "a"}, {"lead_id": "b"}, {"lead_id": "c"}], events, engagement={"rules": IDLE[:2]})
    assert column_of(run, "score") == {"a": 15, "b": 0, "c": 15}


def test_silence_counts_towards_its_group() -> None:
    rules = [{**rule, "group": "Calm"} for rule in IDLE[:2]]
    run = run_of([{"lead_id": "a"}], engagement={"groups": {"Calm": {"max": 12}}, "rules": rules})
    assert entries_of(run, "a")["engagement", "cap: Calm"] == -3
    assert column_of(run, "score") == {"a": 12}


# --- segments --------------------------------------------------------------------------------------------------------

BASE = {
    "fit": {"max": 8, "groups": {"G": {"max": 4}}, "rules": [when("Base", {"t": {"is": "present"}}, 6, group="G")]},
    "engagement": {"rules": [did("Visit", 3)]},
    "segments": [
        {
            "name": "Large",
            "when": {"size": {"gte": 100}},
            "fit": {
                "max": 20,
                "groups": {"G": {"max": 9}},
                "rules": [when("Own", {"t": "x"}, 30, group="G"), when("More", {"t": "x"}, 2)],
            },
        },
        {"name": "Loyal", "when": {"t": "loyal"}, "engagement": {"rules": [did("Visit", 50)]}},
        {"name": "Never", "when": {"size": {"gte": 200}}, "fit": {"rules": [when("Never", {"t": "x"}, 99)]}},
    ],
}


def test_a_segment_replaces_the_sections_it_names_and_only_those() -> None:
    leads: list[Row] = [
        {"lead_id": "base", "t": "x", "size": 1},
        {"lead_id": "large", "t": "x", "size": 500},
        {"lead_id": "loyal", "t": "loyal", "size": 1},
    ]
    run = run_of(leads, [event(lead["lead_id"], "visit") for lead in leads], **BASE)
    assert column_of(run, "segment", "fit", "engagement") == {
        "base": (None, 4, 3),  # Base 6, held to 4 by its group
        "large": ("Large", 11, 3),  # Own 30, held to 9 by the group of the segment, and More 2; the base visit
        "loyal": ("Loyal", 4, 50),  # the base fit; its own visit
    }
    assert entries_of(run, "large") == {
        ("fit", "Own"): 30, ("fit", "cap: G"): -21, ("fit", "More"): 2, ("engagement", "Visit"): 3,
    }  # fmt: skip
    assert entries_of(run, "base") == {("fit", "Base"): 6, ("fit", "cap: G"): -2, ("engagement", "Visit"): 3}


def test_silence_is_that_of_the_segment() -> None:
    segments = [{"name": "S", "when": {"t": "s"}, "engagement": {"rules": [IDLE[0]]}}]
    run = run_of([{"lead_id": "a", "t": "s"}, {"lead_id": "b", "t": "x"}], [event("z", "x")], segments=segments)
    assert column_of(run, "score") == {"a": 10, "b": 0}


# --- stages, disqualification ----------------------------------------------------------------------------------------


def test_a_stage_needs_what_it_needs_and_the_one_below_stands_in() -> None:
    stages = [
        {"name": "Lead", "from": 0},
        {"name": "MQL", "from": 10, "needs": {"engagement": {"gte": 5}}},
        {"name": "SQL", "from": 20, "needs": {"grade": ["A"], "fit": {"gte": 20}}},
    ]
    rules = [when("T", {"t": "a"}, 20), when("U", {"t": "b"}, 15)]
    leads: list[Row] = [{"lead_id": name, "t": name[0]} for name in ("a", "b", "b+", "c")]
    events = [event("b+", "visit"), event("b+", "visit")]
    sections = {"fit": {"rules": rules}, "engagement": {"rules": [did("Visit", 5)]}}
    run = run_of(leads, events, stages=stages, grades={"A": 20, "B": None}, **sections)
    # b has 15 points but did nothing; b+ has 25 but a B for the fit
    assert column_of(run, "stage") == {"a": "SQL", "b": "Lead", "b+": "MQL", "c": "Lead"}


def test_where_no_stage_holds_there_is_none() -> None:
    stages = [{"name": "MQL", "from": 10}, {"name": "SQL", "from": 20}]
    run = run_of([{"lead_id": "a", "t": "x"}], stages=stages, fit={"rules": [when("T", {"t": "y"}, 20)]})
    assert column_of(run, "stage") == {"a": None}


def test_a_disqualified_lead_keeps_its_fit_and_its_entries_add_up_to_the_bottom_of_the_scale() -> None:
    content: Row = {
        "scale": {"min": -10, "max": 100},
        "qualify": [{"name": "Served", "when": {"country": ["US"]}}],
        "disqualify": [{"name": "Rival", "when": {"company": "rival"}}],
        "fit": {"rules": [when("US", {"country": "US"}, 30)]},
    }
    leads: list[Row] = [
        {"lead_id": "good", "country": "US", "company": "x"},
        {"lead_id": "rival", "country": "US", "company": "Rival"},
        {"lead_id": "abroad", "country": None, "company": "rival"},  # fails both: the first is named
    ]
    run = run_of(leads, **content)
    assert column_of(run, "score", "fit", "disqualified_by", "stage") == {
        "good": (30, 30, None, None),
        "rival": (-10, 30, "Rival", "Disqualified"),
        "abroad": (-10, 0, "Served", "Disqualified"),
    }
    assert entries_of(run, "rival") == {("fit", "US"): 30, ("score", "disqualified: Rival"): -40}
    assert entries_of(run, "abroad") == {("score", "disqualified: Served"): -10}


# --- accounts --------------------------------------------------------------------------------------------------------

PEOPLE: list[Row] = [
    {"lead_id": "a1", "company": " Acme ", "t": "big"},
    {"lead_id": "a2", "company": "ACME", "t": "small"},
    {"lead_id": "a3", "company": "acme", "t": "out"},
    {"lead_id": "b1", "company": "Solo", "t": "small"},
    {"lead_id": "c1", "company": "Gone", "t": "out"},
    {"lead_id": "d1", "company": None, "t": "big"},
]
POINTS = {"rules": [when("Big", {"t": "big"}, 40), when("Small", {"t": "small"}, 10), when("Out", {"t": "out"}, 90)]}
OUT = [{"name": "Out", "when": {"t": "out"}}]


@pytest.mark.parametrize(
    ("accounts", "expected"),
    [
        ({"rollup": {"top": 3, "how": "mean"}}, {"acme": 25, "solo": 10}),  # (40 + 10) / 2
        ({"rollup": {"top": 3, "how": "sum"}}, {"acme": 50, "solo": 10}),
        ({"rollup": {"top": 3, "how": "max"}}, {"acme": 40, "solo": 10}),
        ({"rollup": {"top": 1, "how": "mean"}}, {"acme": 40, "solo": 10}),
        # the second person of acme who counts as engaged adds 5, held to 3
        ({"breadth": {"points": 5, "when": {"fit": {"gte": 10}}, "max": 3}}, {"acme": 28, "solo": 10}),
    ],
)
def test_people_of_a_company_add_up_without_the_disqualified(accounts: Row, expected: dict[str, float]) -> None:
    given = {"rollup": {"top": 3, "how": "mean"}, **accounts}
    run = run_of(PEOPLE, fit=POINTS, disqualify=OUT, accounts={"by": "company", **given})
    assert {row["account"]: row["score"] for row in run.accounts} == expected
    best = {row["account"]: (row["best_lead_id"], row["people"], row["rank"]) for row in run.accounts}
    assert best == {"acme": ("a1", 2, 1), "solo": ("b1", 1, 2)}


# --- bounds ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("cap", [0, 0.5, 1e6])
def test_any_cap_holds_and_is_accounted_for(cap: float) -> None:
    fit = {"max": cap, "rules": [when("T", {"t": "x"}, 1e9)]}
    run = run_of([{"lead_id": "a", "t": "x"}], scale={"min": 0, "max": 1e9}, fit=fit)
    assert column_of(run, "fit", "score") == {"a": (cap, cap)}
    assert entries_of(run, "a") == {("fit", "T"): 1e9, ("fit", "cap: fit"): cap - 1e9}


def test_points_beyond_numbers_are_refused() -> None:
    with pytest.raises(ModelError, match="points"):
        run_of([{"lead_id": "a"}], fit={"rules": [when("T", {"t": "x"}, float("inf"))]})
