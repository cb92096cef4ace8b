"""Explanations: sentences with numbers worked out by hand; outlook and ways against scoring the same thing anew."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest

import scoville
from scoville.demo.generate import generate
from scoville.explain import Explanation, explain_lead
from scoville.explain.suppose import meeting
from scoville.model.conditions import parse_condition

AS_OF = datetime(2026, 5, 31)  # noqa: DTZ001 - naive UTC, as in the relations
Row = dict[str, Any]

MODEL: Row = {
    "scoville": 1,
    "name": "By hand",
    "fit": {
        "rules": [
            {"name": "Decision maker", "when": {"job_title.seniority": ["c_level", "vp", "director"]}, "points": 15},
            {"name": "Company size", "by": "employees", "bands": [{"from": 50, "below": 501, "points": 20}]},
            {"name": "Free email", "when": {"email.kind": ["free", "disposable"]}, "points": -10},
        ]
    },
    "engagement": {
        "groups": {"Email": {"max": 10}},
        "rules": [
            {
                "name": "Pricing page", "event": "page_viewed", "when": {"path": {"starts_with": "/pricing"}},
                "points": 10, "repeat": 5, "decay": {"half_life": "30d"},
            },
            {"name": "Email opened", "event": "email_opened", "points": 6, "group": "Email"},
            {"name": "Demo requested", "event": "demo_requested", "points": 25, "decay": {"linear": "60d"}},
        ],
    },
    "stages": [
        {"name": "Prospect", "from": 0}, {"name": "Lead", "from": 11}, {"name": "MQL", "from": 41},
        {"name": "SQL", "from": 71, "needs": {"fit": {"gte": 20}}},
    ],
}  # fmt: skip
JANE: Row = {"lead_id": "jane", "job_title": "Director of Marketing", "email": "jane@gmail.com", "employees": None}
CLERK: Row = {"lead_id": "a", "job_title": "Clerk", "email": "a@acme.com", "employees": 4}  # fit 0, and all is known
JANES = [
    ("page_viewed", 30, "/pricing"), ("page_viewed", 60, "/pricing/teams"), ("page_viewed", 1, "/blog"),
    ("email_opened", 3, None), ("email_opened", 2, None), ("email_opened", 1, None), ("demo_requested", 30, None),
]  # fmt: skip


def did(lead_id: str, *done: tuple[str, float, str | None]) -> list[Row]:
    """Events as (name, days before AS_OF, path)."""
    return [
        {"lead_id": lead_id, "event": name, "occurred_at": AS_OF - timedelta(days=days), "path": path}
        for name, days, path in done
    ]


def run_of(leads: list[Row], events: list[Row] | None, *, model: Row = MODEL) -> scoville.ScoreRun:
    """A run at AS_OF. Every lead has the columns that the models read, and somebody else does something."""
    given = [{**dict.fromkeys(("job_title", "email", "employees")), **lead} for lead in leads]
    return scoville.score(scoville.Model.from_dict(model), given, events, as_of=AS_OF)


@pytest.fixture(scope="module")
def jane() -> Explanation:
    """fit 15 - 10 = 5; engagement 10/2 + 5/4 = 6.25, 3 * 6 = 18 less 8, 25/2 = 12.5; together 33.75."""
    return explain_lead(run_of([JANE, {"lead_id": "joe"}], did("jane", *JANES)), "jane")


def test_every_point_is_said_with_its_facts_and_dates(jane: Explanation) -> None:
    assert [str(item) for item in jane.contributions] == [
        "+18 Email opened: 3 times, last on 30 May 2026",
        "+15 Decision maker (job title: Director of Marketing (seniority director))",
        "+12.5 Demo requested: once on 1 May 2026 (25 when fresh)",
        "-10 Free email (email: jane@gmail.com (kind free))",
        "+6.3 Pricing page: twice, last on 1 May 2026 (15 when fresh)",
        "-8 lost to the limit of the group Email (at most 10)",
    ]


def test_running_total_ends_at_the_score(jane: Explanation) -> None:
    assert [item.running_total for item in jane.contributions] == [18, 33, 45.5, 35.5, 41.75, 33.75]
    assert (jane.fit, jane.engagement, jane.score, jane.stage) == (5, 28.75, 33.75, "Lead")


def test_rank_is_that_of_the_whole_run(jane: Explanation) -> None:
    assert (jane.rank, jane.leads, jane.percentile) == (1, 2, 100)


@pytest.mark.parametrize(
    ("said", "sentence"),
    [
        ({}, "about 1 in 12 such leads convert (8%)"),
        ({"horizon": "90d", "outcome": "won"}, "about 1 in 12 such leads convert within 90 days (8%)"),
        ({"outcome": "accepted"}, "about 1 in 12 such leads come to be 'accepted' (8%)"),
    ],
)
def test_probability_is_said_in_small_numbers(said: Row, sentence: str) -> None:
    # a director scores 15 of 30: half of the way from 0.06 to 0.1066 is 0.0833, 1 in 12
    likely = {"probability": {"points": [[0, 0.06], [30, 0.1066]], **said}}
    director = explain_lead(run_of([{"lead_id": "a", "job_title": "Director"}], [], model=MODEL | likely), "a")
    assert director.probability == pytest.approx(0.0833)
    assert director.probability_sentence == sentence
    assert director.lines()[2] == sentence
    assert json.loads(json.dumps(director.to_dict()))["probability"] == director.probability


def test_nothing_is_said_where_there_is_no_probability(jane: Explanation) -> None:
    assert (jane.probability, jane.probability_sentence) == (None, None)
    likely: Row = {"probability": {"points": [[0, 0.1]]}, "disqualify": [{"name": "Out", "when": {"employees": 3}}]}
    out = explain_lead(run_of([{"lead_id": "a", "employees": 3}], [], model=MODEL | likely), "a")
    assert (out.stage, out.probability, out.probability_sentence) == ("Disqualified", None, None)


def test_outlook_is_the_plan_at_a_later_instant(jane: Explanation) -> None:
    # in 30 days: pricing 10/4 + 5/8 = 3.125, email 10, demo 0; fit 5. In 7: 6.25 * 2^(-7/30), 10, 25 * (1 - 37/60)
    week, month = jane.outlook.futures
    assert month.score == pytest.approx(18.125)
    assert week.score == pytest.approx(5 + 6.25 * 2 ** (-7 / 30) + 10 + 25 * 23 / 60)
    assert (week.as_of, month.days) == (AS_OF + timedelta(days=7), 30)


def test_stage_that_time_does_not_change_stays(jane: Explanation) -> None:
    assert jane.outlook.leaves is None  # fit 5 and email 10 alone keep it above 11
    assert "  stays Lead for at least 90 days" in jane.lines()


def test_first_day_of_another_stage_is_found() -> None:
    # 25 * (1 - d/60) is below 11 from d = 33.6 on
    leaves = explain_lead(run_of([{"lead_id": "a"}], did("a", ("demo_requested", 0, None))), "a").outlook.leaves
    assert leaves is not None
    assert (leaves.days, leaves.as_of, leaves.stage) == (34, datetime(2026, 7, 4), "Prospect")  # noqa: DTZ001


def test_shortest_ways_to_the_next_stage_are_what_the_plan_says(jane: Explanation) -> None:
    # a demo now gives 25, and the old one still 12.5; a known size 20; a pricing page 10 + 5/2 + 5/4 = 13.75
    assert [way.sentence for way in jane.next_stage.ways] == [
        "Demo requested once more: +25, reaches MQL at 58.8",
        "if employees is at least 50 and below 501 (not known yet): +20, reaches MQL at 53.8",
        "Pricing page once more (page_viewed where path starts with /pricing): +7.5, reaches MQL at 41.3",
    ]
    assert [way.steps for way in jane.next_stage.ways] == [1, 1, 1]


def test_missing_traits_are_named_with_what_fit_could_gain(jane: Explanation) -> None:
    assert [(each.trait, each.gain) for each in jane.next_stage.unknown] == [("employees", 20)]


def test_known_traits_are_not_supposed_to_be_others() -> None:
    run = run_of([{**JANE, "employees": 4}], did("jane", *JANES))
    assert explain_lead(run, "jane").next_stage.unknown == ()


def test_several_events_where_one_does_not_do() -> None:
    # no single event gives 41; two demos give 50, a demo and a pricing page only 35
    model = {**MODEL, "stages": [{"name": "Prospect", "from": 0}, {"name": "MQL", "from": 41}]}
    ways = explain_lead(run_of([CLERK], did("a", ("page_viewed", 0, "/")), model=model), "a").next_stage.ways
    assert (ways[0].sentence, ways[0].steps) == ("Demo requested twice: +50, reaches MQL at 50", 2)


def test_pairs_are_tried_too() -> None:
    model = {**MODEL, "stages": [{"name": "Prospect", "from": 0}, {"name": "MQL", "from": 34}]}
    model["engagement"] = {"rules": [
        {"name": "Demo requested", "event": "demo_requested", "points": 25, "at_most": 1},
        {"name": "Chat", "event": "chat", "points": 10, "at_most": 1},
    ]}  # fmt: skip
    ways = explain_lead(run_of([CLERK], did("a", ("other", 1, None)), model=model), "a").next_stage.ways
    assert [way.sentence for way in ways] == ["Demo requested once and Chat once: +35, reaches MQL at 35"]


def test_needs_that_behaviour_cannot_meet_are_said() -> None:
    lead = {**CLERK, "job_title": "Director"}
    explanation = explain_lead(run_of([lead], did("a", *[("demo_requested", 0, None)] * 2)), "a")
    assert explanation.stage == "MQL"  # 15 + 50
    assert explanation.next_stage.ways == ()
    assert explanation.next_stage.why_not == (
        "SQL also needs that fit is at least 20, and fit is 15: behaviour alone cannot change that"
    )


def test_limits_that_keep_a_stage_out_of_reach_are_said() -> None:
    model = {**MODEL, "engagement": {**MODEL["engagement"], "max": 20}, "stages": MODEL["stages"][:3]}
    explanation = explain_lead(run_of([CLERK], did("a", ("demo_requested", 0, "/")), model=model), "a")
    assert explanation.next_stage.why_not == "MQL begins at 41; nothing that was tried lifts the score"
    assert str(explanation.contributions[-1]) == "-5 lost to the limit of the section engagement (at most 20)"


def test_last_stage_has_no_next() -> None:
    lead = {**CLERK, "employees": 60, "job_title": "VP Sales"}
    coming = explain_lead(run_of([lead], did("a", *[("demo_requested", 0, None)] * 2)), "a").next_stage
    assert (coming.name, coming.why_not) == (None, "SQL is the last stage")


def test_later_events_change_nothing() -> None:
    before = explain_lead(run_of([JANE], did("jane", *JANES)), "jane")
    after = explain_lead(run_of([JANE], did("jane", *JANES, ("demo_requested", -3, None))), "jane")
    assert after == before


def test_disqualified_lead_is_told_what_would_have_to_change() -> None:
    model = {**MODEL, "disqualify": [{"name": "Gmail", "when": {"email.domain": ["gmail.com"]}}]}
    explanation = explain_lead(run_of([JANE], did("jane", *JANES), model=model), "jane")
    assert sum(item.points for item in explanation.contributions) == explanation.score == 0
    assert explanation.contributions[-1].sentence == (
        "Disqualified, Gmail (email: jane@gmail.com (domain gmail.com)): the score is 0"
    )
    assert explanation.next_stage.why_not == (
        "Disqualified by 'Gmail' (email: jane@gmail.com (domain gmail.com)): whatever happens, the score stays at 0 "
        "while email domain is gmail.com; otherwise it would be 33.8"
    )


def test_limit_of_a_rule_shows_what_it_took() -> None:
    rule = {"name": "Demo", "event": "demo_requested", "points": 25, "max": 30}
    model = {**MODEL, "engagement": {"rules": [rule]}, "stages": MODEL["stages"][:3]}
    explanation = explain_lead(run_of([{**JANE, "job_title": None}], did("jane", *JANES, *JANES), model=model), "jane")
    assert str(explanation.contributions[0]) == (
        "+30 Demo: twice, last on 1 May 2026 (50 before the most it may give, 30)"
    )


def test_faded_away_points_are_still_told() -> None:
    explanation = explain_lead(run_of([{"lead_id": "a"}], did("a", ("demo_requested", 70, None))), "a")
    assert str(explanation.contributions[0]) == "0 Demo requested: once on 22 March 2026 (25 when fresh, faded away)"


def test_rules_of_the_segment_of_the_lead_are_those_explained() -> None:
    own = {"rules": [{"name": "Company size", "when": {"employees": {"gte": 1000}}, "points": 33}]}
    model = {**MODEL, "segments": [{"name": "Enterprise", "when": {"employees": {"gte": 1000}}, "fit": own}]}
    explanation = explain_lead(run_of([{**JANE, "employees": 2000}], None, model=model), "jane")
    assert explanation.segment == "Enterprise"
    assert [str(item) for item in explanation.contributions] == ["+33 Company size (employees: 2,000)"]


BANDED: Row = {
    "scoville": 1, "name": "Banded", "scale": {"min": -20, "max": 100},
    "engagement": {"rules": [
        {"name": "Gone quiet", "event": "*", "within": "45d", "count": [{"below": 1, "points": -10}]},
        {"name": "Active", "event": "visit", "within": "30d", "count": [{"from": 2, "points": 5}]},
        {"name": "Minutes", "event": "webinar", "sum": {"of": "minutes", "bands": [{"from": 30, "points": 10}]}},
        {"name": "Seen", "event": "visit", "recency": [{"below": 7, "points": 4}]},
    ]},
    "stages": [{"name": "Cold", "from": -20}, {"name": "Warm", "from": 0}],
}  # fmt: skip


def banded(*done: tuple[str, float]) -> Explanation:
    events = [{**each, "minutes": 45.0} for each in did("a", *[(name, days, None) for name, days in done])]
    return explain_lead(
        run_of([{"lead_id": "a"}], events or [{**did("b", ("visit", 1, None))[0], "minutes": 1.0}], model=BANDED), "a"
    )


def test_banded_rules_say_what_they_counted() -> None:
    contributions = banded(("visit", 2.5), ("visit", 9), ("webinar", 20)).contributions
    assert [str(item) for item in contributions if item.points] == [
        "+10 Minutes: once on 11 May 2026, minutes added up",
        "+5 Active: twice within 30 days, last on 28 May 2026",
        "+4 Seen: last on 28 May 2026, 2 days ago",
    ]


def test_silence_is_said_too_and_any_event_ends_it() -> None:
    explanation = banded()
    assert [str(item) for item in explanation.contributions] == ["-10 Gone quiet: nothing within 45 days"]
    assert [way.sentence for way in explanation.next_stage.ways] == [
        "webinar with minutes 30 once (for Minutes): +20, reaches Warm at 10",
        "visit once (for Active): +14, reaches Warm at 4",
        "any event once (for Gone quiet): +10, reaches Warm at 0",
    ]


def test_silence_to_come_is_part_of_the_outlook() -> None:
    leaves = banded(("other", 0)).outlook.leaves
    assert leaves is not None
    assert (leaves.days, leaves.stage, leaves.score) == (45, "Cold", -10)  # an event of exactly 45 days is outside


def test_properties_in_one_json_column_can_be_supposed() -> None:
    events = [{"lead_id": "jane", "event": "other", "occurred_at": AS_OF, "properties": '{"path": "/"}'}]
    ways = explain_lead(run_of([{**JANE, "employees": 100}], events), "jane").next_stage.ways
    # fit 25: a demo gives 50; without one, 16 is needed: pricing pages 10 + 5 + 5, or one of them and an email
    assert [way.sentence for way in ways] == [
        "Demo requested once: +25, reaches MQL at 50",
        "Pricing page once (page_viewed where path starts with /pricing) and Email opened once: +16, reaches MQL at 41",
        "Pricing page 3 times (page_viewed where path starts with /pricing): +20, reaches MQL at 45",
    ]


def test_suppositions_have_the_types_of_the_columns() -> None:
    when = {"paid": True, "seats": {"gt": 3}, "ends": {"newer_than": "7d"}, "plan": 7}
    rule = {"name": "Renewed", "event": "renewed", "when": when, "points": 9}
    known = {"name": "Customer", "when": {"customer": True, "since": {"gte": "2025-01-31"}, "seats": 5}, "points": 4}
    model = {
        "scoville": 1, "name": "Typed", "fit": {"rules": [known]}, "engagement": {"rules": [rule]},
        "stages": [{"name": "New", "from": 0}, {"name": "Loyal", "from": 3}],
    }  # fmt: skip
    other = {"lead_id": "b", "customer": False, "since": AS_OF, "seats": 1}
    event = {
        "lead_id": "b",
        "event": "seen",
        "occurred_at": AS_OF,
        "paid": False,
        "seats": 1,
        "ends": AS_OF,
        "plan": "x",
    }
    run = run_of([dict.fromkeys(other) | {"lead_id": "a"}, other], [event], model=model)
    asked = "paid is yes and seats is more than 3 and ends is less than 7 days ago and plan is 7"
    facts = "customer is yes and since is on or after 31 January 2025 and seats is 5"
    assert [way.sentence for way in explain_lead(run, "a").next_stage.ways] == [
        f"Renewed once (renewed where {asked}): +9, reaches Loyal at 9",
        f"if {facts} (not known yet): +4, reaches Loyal at 4",
    ]


def test_rules_that_cannot_be_met_mechanically_are_left_out() -> None:
    rule = {"name": "Any blog", "event": "page_viewed", "when": {"path": {"matches": "^/blog"}}, "points": 50}
    model = {**MODEL, "engagement": {"rules": [rule]}, "stages": MODEL["stages"][:3]}
    coming = explain_lead(run_of([CLERK], did("b", ("page_viewed", 1, "/")), model=model), "a").next_stage
    assert (
        coming.why_not
        == "Lead begins at 11; no event that could be tried, and no fact that is missing would lift the score"
    )


def test_without_events_only_facts_can_help() -> None:
    explanation = explain_lead(run_of([JANE], None), "jane")
    assert (explanation.score, explanation.stage) == (5, "Prospect")
    assert [way.steps for way in explanation.next_stage.ways] == [1]
    known = explain_lead(run_of([{**JANE, "employees": 4}], None), "jane").next_stage
    assert known.why_not == "Lead begins at 11; no events were given, and no fact that is missing would lift the score"


def test_model_without_stages_has_no_ways() -> None:
    bare = {key: value for key, value in MODEL.items() if key != "stages"}
    explanation = explain_lead(run_of([JANE], did("jane", *JANES), model=bare), "jane")
    assert explanation.next_stage.why_not == "the model has no stages"
    assert "  in 30 days: 18.1" in explanation.lines()


def test_unknown_lead_names_the_nearest_ids() -> None:
    run = run_of([{"lead_id": "L-1042"}, {"lead_id": "L-1043"}, {"lead_id": "zzz"}], None)
    with pytest.raises(
        scoville.UsageError, match=r"no lead 'l-104' among the 3 leads. Ids most like it: 'L-1042', 'L-1043'"
    ):
        explain_lead(run, "l-104")


def test_merged_lead_is_explained_as_the_one_it_became() -> None:
    old = {**JANE, "lead_id": "j0", "created_at": datetime(2026, 1, 1), "email": "Jane@Gmail.com"}  # noqa: DTZ001
    run = run_of([{**JANE, "created_at": AS_OF}, old], did("jane", *JANES))
    explanation = explain_lead(run, "jane")
    assert (explanation.asked_for, explanation.lead_id, explanation.score) == ("jane", "j0", 33.75)
    assert "jane was merged into j0: both are the same person" in explanation.lines()


def test_lead_ids_are_taken_as_they_are() -> None:
    odd = "O'Hara\"; DROP TABLE leads --"
    assert explain_lead(run_of([{**JANE, "lead_id": odd}], did(odd, *JANES)), odd).score == 33.75


def test_text_is_what_a_person_reads(jane: Explanation) -> None:
    assert str(jane).splitlines()[:3] == [
        "jane · score 33.8 · Lead · rank 1 of 2",
        f"By hand, version {jane.model_version}, as of 31 May 2026",
        "",
    ]
    assert "  fit 5 + engagement 28.8 = score 33.8" in jane.lines()


def test_rounded_numbers_that_do_not_add_up_are_owned_up_to(jane: Explanation) -> None:
    said = "  each number is rounded by itself; before rounding they add up exactly"
    assert sum([18, 15, 12.5, -10, 6.3, -8]) == pytest.approx(33.8)  # what is shown, beside a score shown as 33.8
    assert said not in jane.lines()
    assert said in replace(jane, score=33.7).lines()


def test_dict_is_json_with_instants_in_utc(jane: Explanation) -> None:
    read = json.loads(json.dumps(jane.to_dict()))
    assert read["as_of"] == "2026-05-31T00:00:00Z"
    assert read["contributions"][2]["newest_at"] == "2026-05-01T00:00:00Z"
    assert read["next_stage"]["ways"][0]["stage"] == "MQL"


# --- against the product itself, on the demo data -------------------------------------------------------------------


@pytest.fixture(scope="module")
def demo() -> tuple[scoville.ScoreRun, Any]:
    from importlib.resources import files  # noqa: PLC0415 - only here

    data = generate(300, seed=11)
    with_model = files("scoville.demo") / "b2b_saas.yaml"
    return scoville.score(str(with_model), data.leads, data.events, as_of="2026-01-01"), data


def test_contributions_add_up_for_every_kind_of_lead(demo: tuple[scoville.ScoreRun, Any]) -> None:
    run, _ = demo
    chosen = {row["stage"]: row["lead_id"] for row in run.scores.to_pylist()}
    assert len(chosen) >= 4  # the stages of the starter model
    for lead_id in chosen.values():
        explanation = explain_lead(run, lead_id)
        assert sum(item.points for item in explanation.contributions) == pytest.approx(explanation.score, abs=1e-9)
        assert explanation.contributions == () or explanation.contributions[-1].running_total == pytest.approx(
            explanation.score, abs=1e-9
        )


def test_outlook_equals_scoring_everybody_later(demo: tuple[scoville.ScoreRun, Any]) -> None:
    run, data = demo
    row = run.top(20).to_pylist()[-1]
    explanation = explain_lead(run, row["lead_id"])
    until = data.events.filter([at.as_py() <= run.as_of for at in data.events["occurred_at"]])
    for future in explanation.outlook.futures:
        later = scoville.score(run.model, data.leads, until, as_of=future.as_of).scores.to_pylist()
        anew = next(each for each in later if each["lead_id"] == row["lead_id"])
        assert future.score == pytest.approx(anew["score"], abs=1e-9)
        assert future.stage == anew["stage"]


def test_a_way_is_kept_when_it_really_happens(demo: tuple[scoville.ScoreRun, Any]) -> None:
    run, data = demo
    row = next(row for row in run.scores.to_pylist() if row["stage"] == "Lead")
    ways = explain_lead(run, row["lead_id"]).next_stage.ways
    way = next(way for way in ways if way.sentence.startswith("Demo requested once"))
    demo_event = {"event_id": "new", "lead_id": row["lead_id"], "event": "demo_requested", "occurred_at": run.as_of}
    events = [*data.events.to_pylist(), {**dict.fromkeys(data.events.column_names), **demo_event}]
    anew = scoville.score(run.model, data.leads, events, as_of=run.as_of).scores.to_pylist()
    happened = next(each for each in anew if each["lead_id"] == row["lead_id"])
    assert way.score == pytest.approx(happened["score"], abs=1e-9)
    assert way.stage == happened["stage"]


# --- values that meet a condition -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "values"),
    [
        ({"path": "/a"}, {"path": "/a"}),
        ({"plan": ["pro", "team"], "seats": {"gte": 5}}, {"plan": "pro", "seats": 5}),
        ({"seats": {"gt": 5}}, {"seats": 6}),
        ({"seats": {"lt": 5}}, {"seats": 4}),
        ({"seats": {"gte": 2, "lt": 9}}, {"seats": 2}),
        ({"seats": {"between": [3, 7]}}, {"seats": 3}),
        ({"path": {"starts_with": "/p", "ends_with": ".pdf"}}, {"path": "/p.pdf"}),
        ({"path": {"contains": "price"}}, {"path": "price"}),
        ({"plan": {"not": "free"}}, {"plan": "other"}),
        ({"plan": {"not_in": ["other", "free"]}}, {"plan": "another"}),
        ({"seats": {"not": 3}}, {"seats": 4.0}),
        ({"paid": {"not": True}}, {"paid": False}),
        ({"plan": {"is": "present"}}, {"plan": "other"}),
        ({"plan": {"is": "missing"}}, {}),
        ({"not": {"plan": "free"}}, {}),
        ({"not": {"plan": {"is": "missing"}}}, {"plan": "other"}),
        ({"since": {"newer_than": "30d"}}, {"since": AS_OF}),
        ({"since": {"older_than": "30d"}}, {"since": AS_OF - timedelta(days=30)}),
        ({"any": [{"path": {"matches": "^a"}}, {"path": "/b"}]}, {"path": "/b"}),
        ({"path": {"matches": "^/a[0-9]"}}, None),
    ],
)
def test_values_meet_the_condition_they_are_made_for(asked: Row, values: Row | None) -> None:
    assert meeting(parse_condition(asked), AS_OF) == values


def test_what_a_cap_takes_by_rounding_alone_is_not_told() -> None:
    # 0.1 + 0.2 is 4e-17 more than 0.3: the cap takes that, and nobody wants to read of it
    rules = [{"name": name, "when": {"t": "x"}, "points": points} for name, points in (("A", 0.1), ("B", 0.2))]
    model = {
        "scoville": 1, "name": "Tenths", "scale": {"min": 0, "max": 0.3}, "fit": {"rules": rules},
        "grades": {"A": 0.2, "B": None},
    }  # fmt: skip
    run = scoville.score(scoville.Model.from_dict(model), [{"lead_id": "a", "t": "x"}], as_of=AS_OF)
    assert any(row["rule"] == "cap: scale" for row in run.contributions)  # it is there, so that they add up
    told = str(explain_lead(run, "a"))
    assert "lost to the limit" not in told
    assert "fit 0.3 + engagement 0 = score 0.3" in told
    assert "· grade A ·" in told


def test_a_whole_number_is_an_id_too() -> None:
    run = run_of([{"lead_id": 7, "job_title": "CEO"}, {"lead_id": 8}], did("8", ("demo_requested", 1, "/")))
    assert explain_lead(run, 7).lead_id == "7"
