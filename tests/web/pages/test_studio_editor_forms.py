"""Parts of a model as forms and as sentences: what the file says comes back from the form as it was written."""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from scoville.model.document import read_document
from scoville.model.rewriting import same
from scoville.web.pages.studio import conditions, rules
from scoville.web.pages.studio.overview import rule_of, sentence_of

DEMO = Path("src/scoville/demo/b2b_saas.yaml").read_text(encoding="utf-8")
MODEL: Any = read_document(DEMO, "demo").data
EVERY_KIND: dict[str, list[dict[str, Any]]] = {
    "fit": [
        {"name": "Odd", "when": {"all": [{"a": {"gte": 5, "lt": 10}}, {"a": "007"}], "not": {"b": {"is": "missing"}}},
         "points": 2.5, "group": "G"},
        {"name": "Any", "when": {"any": [{"x": ["a, b", "c"]}, {"y": {"between": ["2026-01-01", "2026-02-01"]}}]},
         "points": -3},
        {"name": "Old", "when": {"created_at": {"older_than": "36h"}, "seen": {"not_in": ["one"]}}, "points": 1},
        {"name": "By", "by": "score", "values": {5: 1, "Öl": 2, "true": 3}, "other": -1, "missing": 4},
    ],
    "engagement": [
        {"name": "P", "event": ["a", "b"], "within": "2w", "points": 5, "repeat": 0, "at_most": 3,
         "at_most_per_day": 1, "min": -5, "max": 9, "decay": {"every": "30d", "keep": "75%"}},
        {"name": "C", "event": "*", "within": "45d", "count": [{"below": 1, "points": -10}]},
        {"name": "S", "event": "w", "sum": {"of": "minutes", "bands": [{"from": 30, "points": 10}]}},
        {"name": "R", "event": "s", "recency": [{"below": 7, "points": 10}]},
    ],
}  # fmt: skip


def as_sent(filled: Any) -> conditions.Filled:
    """The same as a browser sends it: names with dots."""
    fields: dict[str, tuple[str, ...]] = {}

    def walk(steps: list[str], value: Any) -> None:
        if isinstance(value, str):
            fields[".".join(steps)] = (value,)
            return
        inner: Any = value.items() if isinstance(value, dict) else enumerate(value)
        for key, one in inner:
            walk([*steps, str(key)], one)

    walk([], filled)
    return rules.nested(fields)


def every_rule() -> list[tuple[str, dict[str, Any]]]:
    return [(section, rule) for of in (EVERY_KIND, {key: MODEL[key]["rules"] for key in ("fit", "engagement")})
            for section in of for rule in of[section]]  # fmt: skip


@pytest.mark.parametrize(("section", "rule"), every_rule(), ids=lambda one: str(one)[:40])
def test_a_form_that_nobody_changed_changes_nothing(section: str, rule: dict[str, Any]) -> None:
    kind = rules.kind_of((section, "rules", 0), rule)
    filled = rules.sent_as(kind, as_sent(rules.fill(kind, rule)))
    assert filled == rules.fill(kind, rule)
    read = rules.read(kind, filled, rule)
    assert same(read, rule)
    assert list(read) == list(rule)


@pytest.mark.parametrize(("section", "rule"), every_rule(), ids=lambda one: str(one)[:40])
def test_a_form_says_the_same_without_what_was_written(section: str, rule: dict[str, Any]) -> None:
    kind = rules.kind_of((section, "rules", 0), rule)
    made = rules.read(kind, rules.fill(kind, rule), {})
    assert rule_of(section, made) == rule_of(section, rule) or rule["name"] in {"Old", "By"}  # written in another way


def test_one_changed_field_changes_one_key() -> None:
    rule = MODEL["engagement"]["rules"][2]
    filled = rules.fill("points", rule)
    filled["points"] = "15"
    assert rules.read("points", filled, rule) == {**rule, "points": 15}


def test_a_new_key_stands_where_the_format_has_it() -> None:
    rule = {"name": "P", "event": "e", "points": 5, "max": 9}
    filled = rules.fill("points", rule)
    filled["decay"] = {"kind": "half_life", "time": {"n": "10", "unit": "d"}, "share": ""}
    filled["repeat"] = "1"
    assert list(rules.read("points", filled, rule)) == ["name", "event", "points", "repeat", "max", "decay"]


def test_an_emptied_field_leaves_the_file() -> None:
    rule = EVERY_KIND["engagement"][0]
    filled = rules.fill("points", rule)
    for key in ("max", "at_most", "min", "at_most_per_day"):
        filled[key] = ""
    filled["within"] = {"n": "", "unit": "d"}
    filled["decay"]["kind"] = ""
    assert set(rules.read("points", filled, rule)) == {"name", "event", "points", "repeat"}


@pytest.mark.parametrize(
    ("line", "written"),
    [
        ({"op": "in", "value": "US"}, "US"),
        ({"op": "in", "value": "US, CA"}, ["US", "CA"]),
        ({"op": "in", "value": '"a, b", c'}, ["a, b", "c"]),
        ({"op": "not_in", "value": "US"}, {"not": "US"}),
        ({"op": "in", "value": "5"}, 5),
        ({"op": "in", "value": "007"}, "007"),  # a code, not a number
        ({"op": "in", "value": "true"}, True),
        ({"op": "gte", "value": "50"}, {"gte": 50}),
        ({"op": "between", "value": "1", "to": "2.5"}, {"between": [1, 2.5]}),
        ({"op": "newer_than", "value": "30", "unit": "d"}, {"newer_than": "30d"}),
        ({"op": "starts_with", "value": "50"}, {"starts_with": "50"}),
        ({"op": "missing", "value": "left over"}, {"is": "missing"}),
    ],
)
def test_a_line_of_a_condition_as_it_is_written(line: dict[str, str], written: object) -> None:
    group = conditions.tidy({"kind": "all", "parts": [{"trait": "x", **line}]})
    assert conditions.read(group, None) == {"x": written}


def test_lines_of_one_trait_go_together_unless_they_would_hide_each_other() -> None:
    lines = [{"trait": "n", "op": "gte", "value": "5"}, {"trait": "n", "op": "lt", "value": "9"}]
    assert conditions.read(conditions.tidy({"parts": lines}), None) == {"n": {"gte": 5, "lt": 9}}
    twice = conditions.tidy({"parts": [lines[0], lines[0]]})
    assert conditions.read(twice, None) == {"all": [{"n": {"gte": 5}}, {"n": {"gte": 5}}]}


def test_groups_nest_as_they_do_in_the_file() -> None:
    data = {"country": "US", "any": [{"a": 1}, {"all": [{"b": 2}, {"b": 3}]}], "not": {"c": {"is": "present"}}}
    group = conditions.fill(data)
    assert [part.get("kind", "line") for part in group["parts"]] == ["line", "any", "not"]
    changed = copy.deepcopy(group)
    changed["parts"][0]["value"] = "DE"
    assert conditions.read(changed, data) == {**data, "country": "DE"}


def test_nothing_said_is_no_condition() -> None:
    assert conditions.read(conditions.tidy({"parts": [{"trait": " ", "value": ""}]}), None) is None


def test_whatever_a_stranger_sends_has_the_fields_of_the_form() -> None:
    sent = rules.nested(
        {"bands.0.evil": ("1",), "bands.x": ("1",), "decay": ("1",), "name.a.b": ("1",), "when.parts": ("1",)}
    )
    for kind in rules.SHAPES:
        assert rules.sent_as(kind, sent).keys() == rules.SHAPES[kind].keys()
        assert isinstance(rules.read(kind, rules.sent_as(kind, sent), {}), dict)
    deep = rules.nested({".".join(["when"] + ["parts", "0"] * 40): ("1",)})
    assert deep == {}


@pytest.mark.parametrize(
    ("section", "at", "said"),
    [
        ("fit", 0, "By job title seniority: c_level +18, vp +20, director +18, manager +10, student −30."),
        ("fit", 1, "By employees: below 10 −10, 50 to below 500 +20, 500 to below 5,000 +15."),
        ("fit", 3, "+8 when source is referral."),
        ("engagement", 0, ("+35 for the newest demo requested, +10 for each further one, at most 50 in all. "
                           "Half of it is left after 30 days.")),
        ("engagement", 1, "+35 for trial started, once. Half of it is left after 30 days."),
        ("engagement", 3, ("+18 for the newest webinar watched where minutes is at least 15, +10 for each further one, "
                           "at most 30 in all. Half of it is left after 45 days.")),
    ],
)  # fmt: skip
def test_a_rule_as_a_sentence(section: str, at: int, said: str) -> None:  # by hand, from the demo's model
    assert sentence_of(section, MODEL[section]["rules"][at], MODEL[section]) == said


def test_a_rule_with_a_fault_says_nothing() -> None:
    assert sentence_of("fit", {"name": "x", "points": "many"}, {}) == ""
