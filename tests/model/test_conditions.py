"""The language of `when` and `needs`: what it reads, what it refuses and where, and the way back."""

# ruff: noqa: DTZ001 - instants of a model are UTC without a zone in the type
from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given

from scoville.model.conditions import (
    OPERATORS,
    All,
    Compare,
    ConditionError,
    Either,
    Not,
    as_number,
    closest,
    comparisons_of,
    format_duration,
    nearest,
    parse_condition,
    parse_duration,
    parse_instant,
    to_data,
    traits_of,
)
from strategies import event_conditions, lead_conditions


def only(data: object) -> Compare:
    condition = parse_condition(data)
    assert isinstance(condition, Compare)
    return condition


def refused(data: object) -> list[tuple[tuple[str | int, ...], str]]:
    with pytest.raises(ConditionError) as caught:
        parse_condition(data)
    return caught.value.problems


@pytest.mark.parametrize(
    ("written", "operator", "value"),
    [
        ("US", "equals", "US"),
        (5, "equals", 5),
        (True, "equals", True),
        (["US", "CA"], "in", ("US", "CA")),
        ({"equals": "US"}, "equals", "US"),
        ({"not": "US"}, "not", "US"),
        ({"in": ["US", 5]}, "in", ("US", 5)),
        ({"not_in": ["US"]}, "not_in", ("US",)),
        ({"gt": 5}, "gt", 5),
        ({"gte": 5.5}, "gte", 5.5),
        ({"lt": "2026-01-31"}, "lt", datetime(2026, 1, 31)),
        ({"lte": "2026-01-31T12:00:00+02:00"}, "lte", datetime(2026, 1, 31, 10)),
        ({"between": [1, 5]}, "between", (1, 5)),
        ({"between": ["2026-01-01", "2026-02-01"]}, "between", (datetime(2026, 1, 1), datetime(2026, 2, 1))),
        ({"contains": "Dir"}, "contains", "Dir"),
        ({"contains": 50}, "contains", "50"),
        ({"starts_with": "/pricing"}, "starts_with", "/pricing"),
        ({"ends_with": ".edu"}, "ends_with", ".edu"),
        ({"matches": "^vp"}, "matches", "^vp"),
        ({"is": "missing"}, "is", "missing"),
        ({"is": "present"}, "is", "present"),
        ({"newer_than": "2w"}, "newer_than", timedelta(days=14)),
        ({"older_than": "36h"}, "older_than", timedelta(hours=36)),
    ],
)
def test_every_operator_is_read(written: object, operator: str, value: object) -> None:
    comparison = only({"x": written})
    assert (comparison.trait, comparison.operator, comparison.value) == ("x", operator, value)


def test_the_table_above_has_every_operator() -> None:
    marks = test_every_operator_is_read.pytestmark  # type: ignore[attr-defined]
    assert {case[1] for case in marks[0].args[1]} == set(OPERATORS)


def test_a_mapping_is_and_of_its_entries() -> None:
    condition = parse_condition({"a": 1, "b": {"gte": 2, "lt": 5}})
    assert isinstance(condition, All)
    assert [(part.trait, part.operator) for part in comparisons_of(condition)] == [
        ("a", "equals"),
        ("b", "gte"),
        ("b", "lt"),
    ]


def test_any_all_and_not_nest() -> None:
    condition = parse_condition({"any": [{"a": 1}, {"not": {"b": 2, "c": 3}}]})
    assert isinstance(condition, Either)
    assert isinstance(condition.parts[1], Not)
    assert list(traits_of(condition)) == ["a", "b", "c"]


@pytest.mark.parametrize(
    "written", [{"all": [{"a": 1}, {"b": 2}]}, {"all": [{"a": 1, "b": 2}]}, {"a": {"equals": 1}, "any": [{"b": 2}]}]
)
def test_the_same_condition_written_otherwise_is_equal(written: object) -> None:
    assert parse_condition(written) == parse_condition({"a": 1, "b": 2})


def test_a_comparison_knows_where_it_stands() -> None:
    condition = parse_condition({"a": 1, "any": [{"b": {"gt": 2}}, {"not": {"c": [3]}}]})
    assert [part.where for part in comparisons_of(condition)] == [("a",), ("any", 0, "b", "gt"), ("any", 1, "not", "c")]


@pytest.mark.parametrize(
    ("data", "where", "said"),
    [
        ("country = US", (), "a condition is a mapping"),
        ([{"a": 1}], (), "a condition is a mapping"),
        ({}, (), "an empty condition holds for everybody"),
        ({"x": {}}, ("x",), "'x' has no operator"),
        ({"x": {"gtee": 5}}, ("x", "gtee"), "Did you mean 'gte'?"),
        ({"x": {"contain": "a"}}, ("x", "contain"), "Did you mean 'contains'?"),
        ({"x": None}, ("x",), "but nothing stands here; for a missing value write {is: missing}"),
        ({"x": " "}, ("x",), "empty text is a missing value"),
        ({"x": []}, ("x",), "a list with at least one value"),
        ({"x": [["a"]]}, ("x",), "one text, number or true/false, not ['a']"),
        ({"x": {"in": "US"}}, ("x", "in"), "a list with at least one value, not 'US'"),
        ({"x": {"gt": "many"}}, ("x", "gt"), "a number or a date such as 2026-01-31, not 'many'"),
        ({"x": {"gt": "50"}}, ("x", "gt"), "take the quotes away"),
        ({"x": {"gt": True}}, ("x", "gt"), "a number or a date"),
        ({"x": {"gt": float("nan")}}, ("x", "gt"), "a finite number"),
        ({"x": {"gt": "2026-02-30"}}, ("x", "gt"), "a number or a date"),
        ({"x": {"between": [5, 1]}}, ("x", "between"), "the smaller value first"),
        ({"x": {"between": [1, "2026-01-01"]}}, ("x", "between"), "two of a kind"),
        ({"x": {"between": 5}}, ("x", "between"), "two values [from, to]"),
        ({"x": {"contains": ""}}, ("x", "contains"), "`contains` takes a text"),
        ({"x": {"starts_with": ["a"]}}, ("x", "starts_with"), "`starts_with` takes a text"),
        ({"x": {"matches": r"\bvp"}}, ("x", "matches"), "for a word's edge write"),
        ({"x": {"is": "empty"}}, ("x", "is"), "`is` takes missing or present, not 'empty'"),
        ({"x": {"newer_than": 30}}, ("x", "newer_than"), "write 30d"),
        ({"any": {"x": 1}}, ("any",), "`any` takes a list of conditions"),
        ({"all": []}, ("all",), "`all` takes a list of conditions"),
        ({"not": [{"x": 1}]}, ("not",), "a condition is a mapping"),
        ({"any": [{"x": 1}, {"y": {"gt": "z"}}]}, ("any", 1, "y", "gt"), "a number or a date"),
        ({"gte": 5}, ("gte",), "`gte` compares a trait"),
        ({None: 5}, ("None",), "needs the name of a trait"),
    ],
)
def test_a_mistake_is_named_with_its_place(data: object, where: tuple[str | int, ...], said: str) -> None:
    [(found_where, found_said)] = refused(data)
    assert found_where == where
    assert said in found_said


def test_every_mistake_of_a_condition_is_reported() -> None:
    places = [where for where, _ in refused({"a": {"gt": "x", "foo": 1}, "any": [{}, {"b": None}]})]
    assert places == [("a", "gt"), ("a", "foo"), ("any", 0), ("any", 1, "b")]


def test_a_trait_may_be_called_like_an_operator() -> None:
    comparison = only({"contains": {"equals": 5}})
    assert comparison.trait == "contains"
    assert parse_condition(to_data(comparison)) == comparison


@pytest.mark.parametrize(
    ("written", "shortest"),
    [
        ({"x": {"equals": 5}}, {"x": 5}),
        ({"x": {"in": ["a"]}}, {"x": ("a",)}),
        ({"all": [{"x": {"gte": 1}}, {"x": {"lt": 5}}, {"y": 2}]}, {"x": {"gte": 1, "lt": 5}, "y": 2}),
        ({"all": [{"x": {"gte": 1}}, {"x": {"gte": 5}}]}, {"all": [{"x": {"gte": 1}}, {"x": {"gte": 5}}]}),
        ({"all": [{"any": [{"x": 1}, {"y": 2}]}, {"z": 1}]}, {"any": [{"x": 1}, {"y": 2}], "z": 1}),
        ({"x": 20.0}, {"x": 20}),
        ({"x": {"newer_than": "2w"}}, {"x": {"newer_than": "14d"}}),
    ],
)
def test_a_condition_is_written_as_a_person_would(written: object, shortest: object) -> None:
    assert to_data(parse_condition(written)) == shortest


def plain(data: object) -> object:
    """Tuples as lists, as YAML has them."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    return [plain(item) for item in data] if isinstance(data, (list, tuple)) else data


@given(lead_conditions() | event_conditions())
def test_what_is_written_back_reads_as_the_same_condition(data: dict[str, object]) -> None:
    condition = parse_condition(data)
    assert parse_condition(plain(to_data(condition))) == condition


@pytest.mark.parametrize(("text", "hours"), [("12h", 12), ("30d", 720), ("2w", 336), ("1.5d", 36), (" 7d ", 168)])
def test_a_duration_is_exact(text: str, hours: float) -> None:
    assert parse_duration(text) == timedelta(hours=hours)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("30 days", "write 30d"),
        ("2 Weeks", "write 2w"),
        ("1 hour", "write 1h"),
        (30, "write 30d for days"),
        ("3 months", "write days, such as 30d"),
        ("3mo", "write days, such as 30d"),
        ("soon", "such as 12h, 30d or 2w"),
        ("0d", "it must be more than 0"),
        ("-3d", "such as 12h, 30d or 2w"),
        ("40000d", "at most 36,500 days"),
        (None, "such as 12h, 30d or 2w"),
        (True, "such as 12h, 30d or 2w"),
    ],
)
def test_a_length_of_time_that_is_none_says_what_to_write(text: object, hint: str) -> None:
    with pytest.raises(ValueError, match=hint.replace(".", r"\.")):
        parse_duration(text)


@pytest.mark.parametrize(
    ("text", "shortest"), [("2w", "14d"), ("36h", "36h"), ("48h", "2d"), ("1.5h", "1.5h"), ("90d", "90d")]
)
def test_a_duration_is_written_short_and_reads_the_same(text: str, shortest: str) -> None:
    assert format_duration(parse_duration(text)) == shortest
    assert parse_duration(shortest) == parse_duration(text)


def test_an_instant_is_utc_without_zone() -> None:
    assert parse_instant("2026-01-31") == datetime(2026, 1, 31)
    assert parse_instant("2026-01-31T00:30:00+01:00") == datetime(2026, 1, 30, 23, 30)
    assert parse_instant("31.01.2026") is None
    assert parse_instant("2026-13-01") is None


@pytest.mark.parametrize(("text", "number"), [("5", 5), (" -5.5 ", -5.5), ("1e3", 1000), (".5", 0.5), ("5.", 5)])
def test_a_plain_number_in_text_is_a_number(text: str, number: float) -> None:
    assert as_number(text) == number


@pytest.mark.parametrize("text", ["", "five", "1,000", "0x1F", "1_000", "5 %", "inf", "nan"])
def test_other_text_is_no_number(text: str) -> None:
    assert as_number(text) is None


def test_the_nearest_name_is_offered_for_a_slip_only() -> None:
    assert nearest("emplyees", ["country", "employees"]) == " Did you mean 'employees'?"
    assert nearest("Employees", ["country", "employees"]) == " Did you mean 'employees'?"
    assert nearest("budget", ["country", "employees"]) == ""
    assert closest("budget", []) is None
