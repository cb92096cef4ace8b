"""Candidates: what could be said of a lead, each as the plan of its rule would say it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

import scoville
from scoville.errors import UsageError
from scoville.evidence.history import History, read_history
from scoville.learn.choosing.bands import Column
from scoville.learn.choosing.selecting import Amount
from scoville.learn.rows import Rows, rows_of
from scoville.learn.tried.candidates import Candidate, Candidates, candidates_of
from scoville.learn.tried.naming import name_of
from scoville.learn.tried.origins import Counted, Decayed, Happening, Origin, Recent, Summed, Trait
from scoville.model.load import Model

DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
LEADS = 150
PATHS = ("/pricing", "/pricing/enterprise", "/Pricing", "/", "/careers/now", "/blog/7", None)
SIZES = (3, 20.5, 70, 1200, None)
PLANS = ("Free", "free ", "Free", "Pro", None, "")
INDUSTRIES = ("Software", "software", " SOFTWARE ", "Finance", None)


def leads() -> list[dict[str, Any]]:
    return [
        {
            "lead_id": f"L{place:03}", "created_at": START + place * DAY / 2, "employees": SIZES[place % 5],
            "industry": INDUSTRIES[place % 5], "newsletter": place % 3 == 0, "email": f"p{place}@{_HOSTS[place % 3]}",
            "country": "DE", "remark": f"text {place}", "stage": "yx"[place % 4 == 0], "Lead Number": 7000 + place,
        }
        for place in range(LEADS)
    ]  # fmt: skip


_HOSTS = ("gmail.com", "acme.example", "mailinator.com")


def events() -> list[dict[str, Any]]:
    rng = np.random.default_rng(7)
    made = []
    for place in range(LEADS):
        for number in range(int(rng.integers(0, 15))):
            at = (
                START + place * DAY / 2 + int(rng.integers(0, 200 * 24 * 4)) * (DAY / 96)
            )  # many at midnight, as rows are
            name = ("page_viewed", "webinar_watched", "session_started")[int(rng.integers(0, 3))]
            made.append(
                {
                    "event_id": f"e{place}-{number}", "lead_id": f"L{place:03}", "event": name, "occurred_at": at,
                    "path": PATHS[int(rng.integers(0, 7))] if name == "page_viewed" else None,
                    "minutes": float(rng.integers(0, 90)) if name == "webinar_watched" and rng.random() < 0.8 else None,
                    "plan": PLANS[int(rng.integers(0, 6))] if name == "session_started" else None,
                }
            )  # fmt: skip
    return made


def outcomes(every: int = 4) -> list[dict[str, Any]]:
    return [
        {"lead_id": f"L{place:03}", "outcome": "won", "at": START + place * DAY / 2 + 100 * DAY}
        for place in range(0, LEADS, every)
    ]


@pytest.fixture(scope="module")
def past() -> History:
    return read_history(leads(), events(), outcomes())


@pytest.fixture(scope="module")
def rows(past: History) -> Rows:
    return rows_of(past, 30 * DAY)


@pytest.fixture(scope="module")
def found(past: History, rows: Rows) -> Candidates:
    return candidates_of(past, rows)


def by_origin(found: Candidates, origin: Origin) -> Candidate:
    return next(one for one in found if one.origin == origin)


# What a plan says


def rule_of(name: str, one: Candidate) -> dict[str, Any]:
    """A rule that gives each row its amount, or the number of its cell."""
    origin, candidate = one.origin, one.candidate
    if isinstance(origin, Trait):
        assert isinstance(candidate, Column)
        if not candidate.cells.ordered:
            named = {str(value): place + 1 for place, value in enumerate(candidate.cells.values)}
            return {"name": name, "by": origin.trait, "values": named, "other": 900, "missing": 1000}
        return {"name": name, "by": origin.trait, "bands": bands(candidate), "missing": 1000}
    met = {"name": name, "event": origin.of.event} | ({"when": origin.of.when} if origin.of.when else {})
    if isinstance(origin, Decayed):
        days = origin.half_life_days
        return {**met, "points": 1, "decay": "none" if days is None else {"half_life": f"{days:g}d"}}
    assert isinstance(candidate, Column)
    if isinstance(origin, Recent):
        return {**met, "recency": bands(candidate)}
    within = {} if origin.within_days is None else {"within": f"{origin.within_days:g}d"}
    if isinstance(origin, Summed):
        return {**met, **within, "sum": {"of": origin.what, "bands": bands(candidate)}}
    return {**met, **within, "count": bands(candidate)}


def bands(column: Column) -> list[dict[str, float]]:
    """As many points as the number of the cell, from 1."""
    assert column.cells.edges is not None
    ends = [None, *column.cells.edges.tolist(), None]
    pairs = pairwise(ends)
    made = []
    for place, (low, high) in enumerate(pairs):
        sides = {"from": low, "below": high} if low is not None or high is not None else {"from": -1e9}
        made.append({**{key: end for key, end in sides.items() if end is not None}, "points": place + 1})
    return made


def said_here(one: Candidate) -> np.ndarray[Any, np.dtype[np.float64]]:
    if isinstance(one.candidate, Amount):
        return one.candidate.of
    cells, codes = one.candidate.cells, one.candidate.codes
    points = np.arange(1.0, cells.count + 1)
    points[cells.missing] = 1000 if isinstance(one.origin, Trait) else 0
    if not cells.ordered:
        points[cells.missing - 1] = 900
    return points[codes]


def is_asked(origin: Origin) -> bool:
    """Not every half-life and window, and of the kinds of events one of each sort: a plan of all takes a minute."""
    if isinstance(origin, Trait):
        return True
    kind = origin.of.event in ("*", "webinar_watched") or origin.of.where in (("path", "/pricing"), ("plan", "Free"))
    if isinstance(origin, Decayed):
        return kind and origin.half_life_days in (7.0, 45.0, None)
    return kind and (isinstance(origin, Recent) or origin.within_days in (30.0, None))


def test_a_candidate_is_to_the_letter_what_the_plan_of_its_rule_says(
    past: History, rows: Rows, found: Candidates
) -> None:
    asked = [one for one in found if is_asked(one.origin)]
    rules = {str(number): rule_of(str(number), one) for number, one in enumerate(asked)}
    fit = [rule for name, rule in rules.items() if isinstance(asked[int(name)].origin, Trait)]
    did = [rule for rule in rules.values() if rule not in fit]
    model = Model.from_dict(
        {
            "scoville": 1,
            "name": "All",
            "scale": {"min": 0, "max": 1e9},
            "fit": {"rules": fit},
            "engagement": {"rules": did},
        }
    )
    ids = past.engine.arrow("SELECT lead_id FROM learn_rows ORDER BY row_no")["lead_id"].to_pylist()
    for snapshot in (int(rows.snapshot.max()), 2):
        run = scoville.score(model, leads(), events(), as_of=rows.as_of[snapshot])
        points = {(one["lead_id"], one["rule"]): one["points"] for one in run.contributions}
        here = np.flatnonzero(rows.snapshot == snapshot)
        assert here.size > 20
        for number, one in enumerate(asked):
            theirs = [points.get((ids[row], str(number)), 0.0) for row in here.tolist()]
            assert said_here(one)[here] == pytest.approx(np.array(theirs), rel=1e-9, abs=1e-12), one.origin
    assert {type(one.origin) for one in asked} == {Trait, Decayed, Counted, Recent, Summed}


# What there is


def test_common_parts_of_paths_and_values_of_properties_are_asked_about(found: Candidates) -> None:
    kinds = {one.origin.of for one in found if isinstance(one.origin, Decayed)}
    assert {
        Happening("page_viewed"), Happening("page_viewed", ("path", "/pricing"), below=True),
        Happening("page_viewed", ("path", "/careers"), below=True), Happening("page_viewed", ("path", "/")),
        Happening("session_started", ("plan", "Free")), Happening("*"),
    } <= {*kinds}  # fmt: skip


def test_forms_of_one_kind_of_events_are_one_group_and_of_another_kind_another(found: Candidates) -> None:
    groups: dict[str, set[Happening]] = {}
    for one in found:
        if not isinstance(one.origin, Trait):
            assert one.candidate.group is not None
            groups.setdefault(one.candidate.group, set()).add(one.origin.of)
    assert all(len(kinds) == 1 for kinds in groups.values())
    assert len(groups) >= 8


def test_spellings_of_a_value_are_one_value_in_its_usual_spelling(found: Candidates) -> None:
    column = by_origin(found, Trait("industry")).candidate
    assert isinstance(column, Column)
    assert {str(value).lower() for value in column.cells.values} == {"software", "finance"}


def test_what_is_no_trait_of_a_kind_is_left_out_with_the_reason(found: Candidates) -> None:
    left_out = dict(found.left_out)
    assert left_out["country"] == "it is the same for every lead"
    assert left_out["created_at"] == "a date"
    assert left_out["remark"].startswith("it tells leads apart")
    assert left_out["email"].startswith("it tells leads apart")
    assert left_out["Lead Number"].startswith("an id")
    told = {one.origin.trait for one in found if isinstance(one.origin, Trait)}
    assert told == {"employees", "industry", "newsletter", "email.kind"}


def test_a_trait_written_after_the_outcome_is_named_and_never_used_even_if_asked_for(past: History, rows: Rows) -> None:
    found = candidates_of(past, rows, traits=["stage", "employees"])
    assert dict(found.left_out)["stage"].startswith("looks written after the outcome")
    assert [one.origin for one in found if isinstance(one.origin, Trait)] == [Trait("employees")]


def test_an_event_that_is_the_outcome_is_named_and_no_part_of_anything() -> None:
    signed = [
        {"lead_id": one["lead_id"], "event": "contract_signed", "occurred_at": one["at"] - DAY / 48}
        for one in outcomes(3)
    ]
    past = read_history(leads(), [*({**one, "event_id": None} for one in events()), *signed], outcomes(3))
    found = candidates_of(past, rows_of(past, 30 * DAY))
    assert "contract_signed" in str([name for name, _ in found.left_out])
    kinds = {one.origin.of.event for one in found if not isinstance(one.origin, Trait)}
    assert "page_viewed" in kinds
    assert not kinds & {"contract_signed", "*"}


def test_names_that_may_not_be_used_are_not(past: History, rows: Rows) -> None:
    found = candidates_of(past, rows, exclude=("industry", "webinar_watched"))
    assert dict(found.left_out)["industry"] == "left out as asked"
    assert not any("webinar" in str(one.origin) or one.origin == Trait("industry") for one in found)


def test_a_trait_that_nobody_has_is_refused_with_the_nearest_name(past: History, rows: Rows) -> None:
    with pytest.raises(UsageError, match=r"no trait 'employes'.*employees"):
        candidates_of(past, rows, traits=["employes"])


def test_without_dates_of_outcomes_behaviour_says_nothing() -> None:
    people = [{**one, "converted": int(place % 3 == 0)} for place, one in enumerate(leads())]
    past = read_history(people, events(), outcome_column="converted")
    found = candidates_of(past, rows_of(past))
    assert all(isinstance(one.origin, Trait) for one in found)
    left_out = dict(found.left_out)
    assert left_out["events"].startswith("outcomes have no dates")
    assert left_out["converted"] == "it is the outcome"


def test_properties_in_json_are_read_as_the_plan_reads_them() -> None:
    packed = [
        {
            **{key: one[key] for key in ("event_id", "lead_id", "event", "occurred_at")},
            "properties": json.dumps({key: one[key] for key in ("path", "minutes") if one[key] is not None}),
        }
        for one in events()
    ]
    flat, json_ = (read_history(leads(), given, outcomes()) for given in (events(), packed))
    here, there = (candidates_of(past, rows_of(past, 30 * DAY)) for past in (flat, json_))
    for origin in (
        Decayed(Happening("page_viewed", ("path", "/pricing"), below=True), 30.0),
        Summed(Happening("webinar_watched"), "minutes", None),
    ):
        assert said_here(by_origin(here, origin)) == pytest.approx(said_here(by_origin(there, origin)))


def test_some_of_the_rows_keep_their_values(rows: Rows, found: Candidates) -> None:
    some = found.at(rows.held_out)
    assert said_here(some.all[-1]) == pytest.approx(said_here(found.all[-1])[rows.held_out])
    assert some.origins == found.origins


# Names


@pytest.mark.parametrize(
    ("origin", "name"),
    [
        (Trait("employees"), "Company size"),
        (Trait("job_title.seniority"), "Job seniority"),
        (Trait("Total Visits"), "Total Visits"),
        (Trait("utm_source"), "UTM source"),
        (Decayed(Happening("page_viewed", ("path", "/pricing"), below=True), 30), "Pricing page viewed"),
        (Counted(Happening("webinar_watched"), 30.0), "Webinar watched in 30 days"),
        (Recent(Happening("session_started")), "Days since last visit"),
        (Recent(Happening("*")), "Days since last activity"),
        (Summed(Happening("webinar_watched"), "minutes", 90.0), "Webinar watched: minutes in 90 days"),
        (Decayed(Happening("feature_used", ("feature", "export")), None), "Feature used: export"),
    ],
)
def test_a_name_is_what_a_person_would_say(origin: Origin, name: str) -> None:
    assert name_of(origin) == name
