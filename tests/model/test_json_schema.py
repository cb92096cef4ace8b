"""The JSON Schema beside the loader: what one takes the other takes, and what one refuses by shape the other refuses."""

# ruff: noqa: E501 - a model and what is said of it stand on one line each
from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

import scoville
from scoville.errors import ModelError
from scoville.model.conditions import OPERATORS
from scoville.model.document import read_document
from scoville.model.json_schema import SCHEMA_FILE, model_schema, schema_text, write_schema
from scoville.model.load import Model
from strategies import models

Row = dict[str, Any]
VALIDATOR = Draft202012Validator(model_schema())
START: Row = {"scoville": 1, "name": "Test"}


def as_json(data: object) -> Any:
    """Plain values as a validator of JSON sees them: every key is text."""
    return json.loads(json.dumps(data))


def is_shaped(data: object) -> bool:
    return bool(VALIDATOR.is_valid(as_json(data)))


def complaints(data: Row) -> list[str]:
    try:
        Model.from_dict(data)
    except ModelError as error:
        return [problem.message for problem in error.problems]
    return []


def test_the_schema_is_a_schema() -> None:
    Draft202012Validator.check_schema(model_schema())


def test_the_shipped_file_is_the_schema() -> None:
    assert SCHEMA_FILE.read_text(encoding="utf-8") == schema_text(), (
        "write it anew: python -m scoville.model.json_schema"
    )


def test_the_schema_is_written_to_a_file(tmp_path: Path) -> None:
    write_schema(tmp_path / "schema.json")
    assert json.loads((tmp_path / "schema.json").read_text(encoding="utf-8")) == model_schema()


def test_every_key_of_every_part_is_described() -> None:
    schema = model_schema()
    for name, part in {"Model": schema, **schema["$defs"]}.items():
        assert name == "Model" or part.get("description"), name
        for key, what in part.get("properties", {}).items():
            target = schema["$defs"].get(what.get("$ref", "").rpartition("/")[2], {})
            assert what.get("description") or target.get("description"), f"{name}.{key}"


def test_every_operator_is_offered_with_its_meaning() -> None:
    comparison = model_schema()["$defs"]["Comparison"]["properties"]
    assert set(comparison) == set(OPERATORS)
    assert all(shape["description"] for shape in comparison.values())


def test_no_marker_of_ours_is_left() -> None:
    assert "x-condition" not in schema_text()


# -------------------------------------------------------------------------------------------------- what both accept

DEMO = sorted(Path(scoville.__file__).parent.glob("demo/*.yaml"))


@pytest.mark.parametrize("path", DEMO, ids=lambda path: path.name)
def test_shipped_models_are_accepted(path: Path) -> None:
    data = read_document(path.read_text(encoding="utf-8"), str(path)).data
    assert [error.message for error in VALIDATOR.iter_errors(as_json(data))] == []


CONDITIONS: list[Row] = [
    {"x": "US"},
    {"x": 5, "y": True, "z": ["a", 1, False]},
    {"x": {"equals": 5}, "y": {"not": "a"}, "z": {"in": ["a"]}, "w": {"not_in": [1, 2]}},
    {"x": {"gt": 1, "lt": 5}, "y": {"gte": "2026-01-31", "lte": "2026-01-31T10:00:00Z"}},
    {"x": {"between": [1, 5]}, "y": {"between": ["2026-01-01", "2026-02-01"]}},
    {"x": {"contains": "a"}, "y": {"starts_with": 5}, "z": {"ends_with": ".edu"}, "w": {"matches": "^vp"}},
    {"x": {"is": "missing"}, "y": {"newer_than": "30d"}, "z": {"older_than": "1.5w"}},
    {"any": [{"x": 1}, {"all": [{"y": 2}, {"not": {"z": 3}}]}]},
    {"contains": {"equals": 5}},
]
PARTS: list[Row] = [
    {},
    {"description": "", "scale": {"min": -10, "max": 10.5}},
    {"scale": {}, "fit": {}, "engagement": {}, "qualify": [], "stages": []},
    {"fit": {"max": None, "rules": []}, "grades": None, "priorities": None, "accounts": None},
    *[{"qualify": [{"name": "A", "when": when}]} for when in CONDITIONS],
    {"fit": {"rules": [{"name": "A", "by": "x", "values": {"a": 1, "5": 2}, "other": 1, "missing": -1}]}},
    {"fit": {"rules": [{"name": "A", "by": "x", "bands": [{"points": 1}], "missing": 2}]}},
    {"engagement": {"decay": "none", "groups": {"G": {"min": -1}}, "rules": [{"name": "A", "event": "*", "points": 1, "group": "G"}]}},
    {"engagement": {"decay": {"every": "30d", "keep": "75%"}}},
    {"engagement": {"decay": {"every": "30d", "lose": 0.1}}},
    {"engagement": {"rules": [{"name": "A", "event": ["a", "b"], "points": 1, "decay": {"linear": "60d"}, "at_most_per_day": 1}]}},
    {"engagement": {"rules": [{"name": "A", "event": "a", "within": "2w", "recency": [{"below": 7, "points": 1}]}]}},
    {"engagement": {"rules": [{"name": "A", "event": "a", "sum": {"of": "m", "bands": [{"from": 3, "points": 1}]}}]}},
    {"priorities": [{"name": "hot", "when": {"score": {"gte": 1}}}, {"name": "cold"}]},
    {"segments": [{"name": "S", "when": {"x": 1}, "fit": {}, "engagement": None}]},
    {"probability": {"points": [[0, 0.004], [35, "2%"], [70.5, 1]], "horizon": "90d", "outcome": "won", "score_version": "a1"}},
    {"probability": None},
    {"accounts": {"by": "company", "rollup": {"top": 5, "how": "max"}, "breadth": {"points": 5, "when": {"score": 1}, "max": 3}}},
]  # fmt: skip


@pytest.mark.parametrize("part", PARTS, ids=json.dumps)
def test_what_is_right_is_right_for_both(part: Row) -> None:
    assert complaints(START | part) == []
    assert [error.message for error in VALIDATOR.iter_errors(as_json(START | part))] == []


@settings(max_examples=40)
@given(models())
def test_any_model_is_right_for_both(data: Row) -> None:
    model = Model.from_dict(data)
    assert is_shaped(data)
    assert is_shaped(model.to_dict())


# -------------------------------------------------------------------------------------------------- what both refuse

WRONG_CONDITIONS: list[object] = [
    None, {}, [], "x", {"x": None}, {"x": ""}, {"x": []}, {"x": [None]}, {"x": {}}, {"x": {"gtee": 5}}, {"x": {"gt": "many"}},
    {"x": {"gt": True}}, {"x": {"gt": [5]}}, {"x": {"in": "a"}}, {"x": {"in": []}}, {"x": {"between": [1]}},
    {"x": {"between": 5}}, {"x": {"contains": ""}}, {"x": {"contains": True}}, {"x": {"matches": ["a"]}}, {"x": {"is": "empty"}},
    {"x": {"newer_than": 30}}, {"any": []}, {"any": {"x": 1}}, {"all": [5]}, {"not": []}, {"not": {}}, {"gte": 5}, {"": 5},
]  # fmt: skip
WRONG: list[Row] = [
    {"scoville": 2},
    {"scoville": True},
    {"name": ""},
    {"name": "  "},
    {"name": 5},
    {"name": None},
    {"nmae": "x"},
    {"scale": 5},
    {"scale": {"min": "0"}},
    {"fit": None},
    {"fit": {"max": "fifty"}},
    {"fit": {"max": True}},
    {"fit": {"max": 1e20}},
    {"fit": {"decay": "none"}},
    {"fit": {"rules": {}}},
    {"fit": {"rules": ["x"]}},
    {"fit": {"rules": [{"name": "A"}]}},
    {"fit": {"rules": [{"name": "A", "points": 5}]}},
    {"fit": {"rules": [{"name": "A", "when": {"x": 1}}]}},
    {"fit": {"rules": [{"when": {"x": 1}, "points": 5}]}},
    {"fit": {"rules": [{"name": "A", "event": "x", "points": 5}]}},
    {"fit": {"rules": [{"name": "A", "by": "x", "bands": []}]}},
    {"fit": {"rules": [{"name": "A", "by": "x", "bands": [{"from": 1}]}]}},
    {"fit": {"rules": [{"name": "A", "by": "x", "bands": [{"points": 1}], "values": {"a": 1}}]}},
    {"fit": {"rules": [{"name": "A", "by": "x", "bands": [{"points": 1}], "when": {"x": 1}}]}},
    {"fit": {"rules": [{"name": "A", "by": "x", "values": {}}]}},
    {"fit": {"rules": [{"name": "A", "by": "x", "values": {"a": "b"}}]}},
    {"engagement": {"rules": [{"name": "A", "points": 5}]}},
    {"engagement": {"rules": [{"name": "A", "event": "x"}]}},
    {"engagement": {"rules": [{"name": "A", "event": [], "points": 5}]}},
    {"engagement": {"rules": [{"name": "A", "event": 5, "points": 5}]}},
    {"engagement": {"rules": [{"name": "A", "event": "x", "points": 5, "count": [{"points": 1}]}]}},
    {"engagement": {"rules": [{"name": "A", "event": "x", "count": [{"points": 1}], "decay": "none"}]}},
    {"engagement": {"rules": [{"name": "A", "event": "x", "points": 5, "at_most": 0}]}},
    {"engagement": {"rules": [{"name": "A", "event": "x", "points": 5, "at_most": 1.5}]}},
    {"engagement": {"rules": [{"name": "A", "event": "x", "points": 5, "within": 30}]}},
    {"engagement": {"rules": [{"name": "A", "event": "x", "points": 5, "within": "30 days"}]}},
    {"engagement": {"rules": [{"name": "A", "event": "x", "points": 5, "within": "0d"}]}},
    {"engagement": {"rules": [{"name": "A", "event": "x", "sum": {"of": "m"}}]}},
    {"engagement": {"decay": "30d"}},
    {"engagement": {"decay": {}}},
    {"engagement": {"decay": {"every": "30d"}}},
    {"engagement": {"decay": {"every": "30d", "keep": "150%"}}},
    {"engagement": {"decay": {"every": "30d", "keep": 75}}},
    {"engagement": {"decay": {"every": "30d", "keep": "5%", "lose": "5%"}}},
    {"engagement": {"decay": {"half_life": "30d", "linear": "30d"}}},
    {"engagement": {"groups": {"G": 5}}},
    {"engagement": {"groups": {"": {}}}},
    {"probability": {}},
    {"probability": {"points": []}},
    {"probability": {"points": [[1]]}},
    {"probability": {"points": [[1, 0.5, 0.6]]}},
    {"probability": {"points": [[1, 31]]}},
    {"probability": {"points": [["a", 0.5]]}},
    {"probability": {"points": {"1": 0.5}}},
    {"probability": {"points": [[i, 0.5] for i in range(51)]}},
    {"probability": {"points": [[1, 0.5]], "horizon": 90}},
    {"grades": {}},
    {"grades": []},
    {"grades": {"A": "high"}},
    {"grades": {"": 5}},
    {"stages": [{"name": "A"}]},
    {"stages": [{"name": "A", "from": None}]},
    {"stages": ["A"]},
    {"priorities": {"hot": 1}},
    {"segments": [{"name": "A"}]},
    {"segments": [{"name": "A", "when": {"x": 1}, "fit": {"rulez": []}}]},
    {"accounts": {"rollup": {"how": "average"}}},
    {"accounts": {"rollup": {"top": 0}}},
    {"accounts": {"breadth": {"points": 5}}},
    *({"qualify": [{"name": "A", "when": when}]} for when in WRONG_CONDITIONS),
]  # fmt: skip


@pytest.mark.parametrize("part", WRONG, ids=json.dumps)
def test_what_is_wrong_in_shape_is_wrong_for_both(part: Row) -> None:
    assert complaints(START | part) != []
    assert not is_shaped(START | part)


@pytest.mark.parametrize("key", ["scoville", "name"])
def test_a_needed_key_is_needed_by_both(key: str) -> None:
    data = {name: value for name, value in START.items() if name != key}
    assert complaints(data) != []
    assert not is_shaped(data)


# ------------------------------------------------------------------------------------------- mistakes made by chance


def places(data: object, where: tuple[str | int, ...] = ()) -> list[tuple[str | int, ...]]:
    """Paths of all values below the root."""
    inner = data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ()
    return [path for key, value in inner for path in ((*where, key), *places(value, (*where, key)))]


def mutate(draw: st.DrawFn, data: Row) -> Row:
    """One slip of the hand: a key misspelt or taken away, or a value of another kind."""
    mutant = copy.deepcopy(data)
    *above, last = draw(st.sampled_from(places(mutant)))
    holder: Any = mutant
    for step in above:
        holder = holder[step]
    kind = draw(st.sampled_from(["misspell", "remove", "replace"]))
    if kind == "misspell" and isinstance(holder, dict):
        holder[f"{last}x"] = holder.pop(last)
    elif kind == "remove":
        del holder[last]
    else:
        holder[last] = draw(
            st.sampled_from([None, True, "text", "", 5, -1.5, [], {}, ["a"], {"a": 1}, [{"name": "x"}]])
        )
    return mutant


# What the loader says only after the shape is right, or of values that no schema can judge.
BEYOND_SHAPE = (
    "overlap", "holds nothing", "can never be given", "must fall", "at most", "no lead can reach", "called", "out of order", "unknown group",
    "is not a column", "the model has no", "replaces nothing", "must be below", "is above its max", "may not", "smaller value first",
    "is not valid", "is not allowed: engines", "the same value", "use `missing:`", "empty text is a missing value", "a number or a date",
    "the range", "is not clear",
)  # fmt: skip


@settings(max_examples=150)
@given(st.data())
def test_a_slip_of_the_hand_is_wrong_for_both_or_for_none(data: st.DataObject) -> None:
    mutant = data.draw(st.composite(mutate)(CORPUS[data.draw(st.integers(0, len(CORPUS) - 1))]))
    said = complaints(mutant)
    if not is_shaped(mutant):
        assert said, "the schema refuses what the loader takes"
    elif any(all(words not in each for words in BEYOND_SHAPE) for each in said):
        raise AssertionError(f"the schema takes what the loader refuses: {said}")


def corpus() -> list[Row]:
    made = [dict(read_document(path.read_text(encoding="utf-8"), str(path)).data) for path in DEMO]  # type: ignore[call-overload]
    return [as_json(each) for each in [*made, *(START | part for part in PARTS if part)]]


CORPUS = corpus()
