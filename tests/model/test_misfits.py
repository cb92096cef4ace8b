"""A valid model beside the columns it is meant for: what is not there, what cannot compare, what never happened."""

from __future__ import annotations

from dataclasses import dataclass

import pytest

from scoville.data.traits import DERIVED
from scoville.model.load import Model
from scoville.model.misfits import find_misfits

START = "scoville: 1\nname: Test\n"
LEADS = {
    "lead_id": "string",
    "email": "string",
    "country": "string",
    "employees": "int64",
    "revenue": "float64",
    "consent": "boolean",
    "created_at": "timestamp(6)",
    "renewal": "date",
    "anything": "json",
    "all_null": "null",
}
EVENTS = {
    "lead_id": "string",
    "event": "string",
    "occurred_at": "!timestamp(6)",
    "path": "string",
    "minutes": "float64",
    "paid": "boolean",
}


def misfits(
    text: str, *, seen: dict[str, int] | None = None, events: dict[str, str] | None = None
) -> list[tuple[str, str]]:
    model = Model.loads(START + text, path="m.yaml")
    found = find_misfits(model, LEADS, EVENTS if events is None else events, seen, derived=DERIVED)
    return [(problem.kind, f"{problem.line}:{problem.column} {problem.message}") for problem in found]


def fit(when: str) -> str:
    return f"fit: {{rules: [{{name: A, when: {when}, points: 1}}]}}\n"


def the_misfit(text: str) -> str:
    [(kind, said)] = misfits(text)
    assert kind == "error"
    return said


def test_an_unknown_trait_names_the_nearest_column_and_all_of_them() -> None:
    columns = "lead_id, email, country, employees, revenue, consent, created_at, renewal, anything, all_null"
    assert (
        the_misfit(fit("{emplyees: {gte: 50}}"))
        == f"3:32 unknown trait 'emplyees'. Did you mean 'employees'? Columns of leads: {columns}"
    )


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("qualify: [{name: A, when: {contry: US}}]\n", "3:28"),
        ("disqualify: [{name: A, when: {any: [{country: US}, {not: {contry: US}}]}}]\n", "3:59"),
        ("segments: [{name: A, when: {contry: US}, fit: {}}]\n", "3:29"),
        ("segments: [{name: A, when: {country: US}, fit: {rules: [{name: B, by: contry, values: {a: 1}}]}}]\n", "3:67"),
        ("fit: {rules: [{name: A, by: contry, bands: [{points: 1}]}]}\n", "3:25"),
        ("accounts: {by: contry}\n", "3:12"),
    ],
)
def test_traits_are_looked_for_wherever_a_model_names_them(text: str, place: str) -> None:
    assert the_misfit(text).startswith(f"{place} unknown trait 'contry'. Did you mean 'country'?")


def test_a_trait_in_several_places_is_reported_at_each() -> None:
    found = misfits("qualify: [{name: A, when: {contry: US}}]\n" + fit("{contry: US}"))
    assert [said.split(" ")[0] for _, said in found] == ["3:28", "4:32"]


def test_derived_traits_are_known() -> None:
    assert misfits(fit("{email.kind: free, email.domain: a.com, company_domain: b.com}")) == []


def test_a_misspelt_derived_trait_is_found() -> None:
    assert "Did you mean 'email.kind'?" in the_misfit(fit("{email.kinds: free}"))


def test_an_unknown_trait_with_two_comparisons_is_one_mistake() -> None:
    assert the_misfit(fit("{emplyees: {gte: 50, lt: 500}}")).startswith("3:32 unknown trait 'emplyees'.")


def test_a_derived_trait_that_can_never_be_filled_is_advice() -> None:
    [(kind, said)] = misfits(fit("{job_title.seniority: [vp]}"))
    assert kind == "advice"
    assert said.startswith("3:32 'job_title.seniority' is missing for every lead: it is worked out from 'job_title'")


def test_a_value_that_a_derived_trait_never_takes_is_named() -> None:
    said = the_misfit(fit("{email.kind: [free, dispossable]}"))
    assert said.startswith("3:32 'email.kind' is never 'dispossable'. Did you mean 'disposable'? It is one of: ")


def test_a_column_hides_a_derived_trait_of_its_name() -> None:
    model = Model.loads(START + fit("{email.kind: ours}"))
    assert find_misfits(model, {**LEADS, "email.kind": "string"}, derived=DERIVED) == []


@pytest.mark.parametrize(
    ("when", "said"),
    [
        ("{consent: {gt: 1}}", "'consent' holds true or false: `gt` with a number never holds; write {consent: true}"),
        ("{created_at: {gte: 5}}", "'created_at' holds dates: `gte` with a number never holds; write a date"),
        ("{renewal: {between: [1, 5]}}", "'renewal' holds dates: `between` with a number never holds"),
        ("{employees: {lt: 2026-01-31}}", "'employees' holds numbers, which cannot be compared with a date"),
        ("{employees: {newer_than: 30d}}", "'employees' holds numbers: `newer_than` needs a column of dates"),
        ("{consent: {older_than: 30d}}", "'consent' holds true or false: `older_than` needs a column of dates"),
        ("{consent: {contains: t}}", "'consent' holds true or false: `contains` compares text"),
        ("{created_at: {starts_with: '2026'}}", "'created_at' holds dates: `starts_with` compares text"),
        ("{employees: many}", "'employees' holds numbers and is never 'many'"),
        ("{employees: [10, many, few]}", "'employees' holds numbers and is never 'many' or 'few'"),
        ("{employees: true}", "'employees' holds numbers and is never 'True'"),
        ("{consent: yes}", "'consent' holds true or false and is never 'yes'; write {consent: true}"),
        ("{created_at: lately}", "'created_at' holds dates and is never 'lately'; write a date such as 2026-01-31"),
    ],
)
def test_a_comparison_that_can_never_hold_in_a_column_is_an_error(when: str, said: str) -> None:
    assert said in the_misfit(fit(when))


@pytest.mark.parametrize(
    "when",
    [
        "{employees: {gte: 50}, revenue: {between: [1, 5]}, country: {gt: 5}}",
        "{employees: '50', country: 50, consent: 'TRUE'}",
        "{employees: {starts_with: 9}}",
        "{created_at: {newer_than: 30d}, renewal: {gte: 2026-01-31}, country: {newer_than: 30d}}",
        "{created_at: 2026-01-31, consent: [true, false]}",
        "{consent: {is: missing}, created_at: {is: present}}",
        "{anything: {gt: 5}, all_null: {newer_than: 30d}}",
    ],
)
def test_a_comparison_that_can_hold_is_no_misfit(when: str) -> None:
    assert misfits(fit(when)) == []


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        (
            "by: consent, bands: [{points: 1}]",
            "'consent' holds true or false; bands need numbers: use values: {true: 5}",
        ),
        ("by: created_at, bands: [{points: 1}]", "'created_at' holds dates; bands need numbers"),
        (
            "by: created_at, values: {2026-01-31: 1}",
            "'created_at' holds dates; use a rule with when: {newer_than: 30d}",
        ),
        ("by: employees, values: {10: 1, many: 2}", "3:56 'employees' holds numbers and is never 'many'"),
        ("by: email.kind, values: {free: 1, fre: 2}", "'email.kind' is never 'fre'. Did you mean 'free'?"),
    ],
)
def test_a_rule_by_trait_needs_a_column_of_its_kind(rule: str, said: str) -> None:
    assert said in the_misfit(f"fit: {{rules: [{{name: A, {rule}}}]}}\n")


def event_rule(rest: str) -> str:
    return f"engagement: {{rules: [{{name: A, {rest}}}]}}\n"


def test_an_unknown_property_names_the_nearest_column() -> None:
    said = the_misfit(event_rule("event: x, when: {pth: /pricing}, points: 1"))
    assert said.startswith(
        "3:49 unknown property 'pth'. Did you mean 'path'? Columns of events: lead_id, event, occurred_at, path"
    )
    said = the_misfit(event_rule("event: x, sum: {of: minute, bands: [{points: 1}]}"))
    assert said.startswith("3:48 unknown property 'minute'. Did you mean 'minutes'?")


def test_what_cannot_be_added_up_is_an_error() -> None:
    assert "'paid' holds true or false, which cannot be added up" in the_misfit(
        event_rule("event: x, sum: {of: paid, bands: [{points: 1}]}")
    )


def test_events_with_a_column_of_further_properties_may_hold_any() -> None:
    text = event_rule("event: x, when: {plan: pro, paid: 'x'}, points: 1")
    found = misfits(text, events={**EVENTS, "properties": "string"})
    assert [said for _, said in found] == ["3:60 'paid' holds true or false and is never 'x'; write {paid: true}"]


def test_an_event_that_was_never_seen_is_advice_with_the_nearest_one() -> None:
    text = event_rule("event: [page_view, demo], points: 1")
    [(kind, said)] = misfits(text, seen={"demo": 3, "page_viewed": 500})
    assert kind == "advice"
    assert said == "3:40 the event 'page_view' was never seen. Did you mean 'page_viewed'? Seen: page_viewed, demo"


def test_every_event_and_no_events_at_all_give_no_advice() -> None:
    assert misfits(event_rule("event: '*', points: 1"), seen={"demo": 3}) == []
    assert misfits(event_rule("event: x, points: 1"), seen={}) == []
    assert misfits(event_rule("event: x, points: 1"), seen=None) == []


def test_what_is_not_known_is_not_judged() -> None:
    text = fit("{emplyees: 5}") + event_rule("event: x, when: {pth: a}, points: 1")
    assert find_misfits(Model.loads(START + text)) == []


def test_many_columns_are_cut_short() -> None:
    model = Model.loads(START + fit("{zzz: 5}"))
    [problem] = find_misfits(model, {f"c{i}": "string" for i in range(40)})
    assert problem.message.endswith("c10, c11 and 28 more")


def test_no_columns_at_all_is_said() -> None:
    [problem] = find_misfits(Model.loads(START + fit("{zzz: 5}")), {})
    assert problem.message.endswith("Columns of leads: none")


def test_any_object_with_sources_and_values_is_a_derived_trait() -> None:
    @dataclass(frozen=True)
    class Trait:
        sources: tuple[str, ...]
        values: tuple[str, ...] | None

    model = Model.loads(START + fit("{mood: good}"))
    assert find_misfits(model, LEADS, derived={"mood": Trait(("email",), ("good", "bad"))}) == []
    assert len(find_misfits(model, LEADS, derived={"mood": Trait(("email",), ("bad",))})) == 1
