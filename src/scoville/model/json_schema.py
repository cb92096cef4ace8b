"""The model format as JSON Schema (draft 2020-12), so that an editor completes and checks a model as it is written.

In: nothing; it is made from the classes of `schema.py`. Out: a dict, and the file model.schema.json that ships with
the package. How an editor finds it: docs/model-file.md. Write it anew after a change of the format with
`python -m scoville.model.json_schema`; a test holds the file to the classes.

The schema judges the shape: keys, types, kinds of rule. What needs the whole model (names used twice, bands that
overlap, thresholds nothing can reach) only the loader knows.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from scoville.model.conditions import DURATION_PATTERN, OPERATORS, ORDERING
from scoville.model.schema import Content

SCHEMA_FILE = Path(__file__).with_name("model.schema.json")

_ID = "urn:scoville:model:1"
_BOUNDS: dict[str, str] = {"ge": "minimum", "le": "maximum"}  # pydantic's words where it does not translate them itself
_DATE = r"^\s*[0-9]{4}-[0-9]{2}-[0-9]{2}"
_TEXT = {"type": "string", "pattern": r"\S"}
_SCALAR = {"anyOf": [{"type": ["number", "boolean"]}, _TEXT]}
_LIST = {"type": "array", "items": _SCALAR, "minItems": 1}
_ORDERED = {"anyOf": [{"type": "number"}, {"type": "string", "pattern": _DATE}]}
_AGE = {"type": "string", "pattern": DURATION_PATTERN, "examples": ["30d", "12h", "2w"]}
_TEXTUAL = {"anyOf": [{"type": "number"}, _TEXT]}


def model_schema() -> dict[str, Any]:
    """The JSON Schema of a model file, format 1."""
    made: dict[str, Any] = _cleaned(Content.model_json_schema(by_alias=True))
    definitions = dict(sorted((made.pop("$defs") | _condition_definitions()).items()))
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": _ID,
        **made,
        "title": "Scoville model, format 1",
        "description": "Points for who a lead is and what it did; grades, levels, priorities and stages from them.",
        "$defs": definitions,
    }


def write_schema(path: Path = SCHEMA_FILE) -> None:
    """Write the schema as JSON text; a test holds the shipped file to it."""
    path.write_text(schema_text(), encoding="utf-8")


def schema_text() -> str:
    """The schema as it stands in the file."""
    return json.dumps(model_schema(), indent=2, ensure_ascii=False) + "\n"


def _cleaned(node: Any) -> Any:  # noqa: ANN401 - a JSON Schema is any JSON
    """The schema in the words of the standard, with conditions by reference and without titles made from names."""
    if isinstance(node, list):
        return [_cleaned(item) for item in node]
    if not isinstance(node, dict):
        return node
    if node.get("x-condition"):
        return {"$ref": "#/$defs/Condition", **{key: node[key] for key in ("description",) if key in node}}
    made = {_BOUNDS.get(key, key): _cleaned(value) for key, value in node.items() if not _is_noise(key, value)}
    if "minLength" in made and made.get("type") == "object":
        made["minProperties"] = made.pop("minLength")
    if made.get("minLength") == 1:  # blanks alone are no name
        made["pattern"] = r"\S"
    return made


def _is_noise(key: str, value: object) -> bool:
    """Titles made from names, and the default null: an editor that offers null only confuses."""
    return (key == "title" and isinstance(value, str)) or (key == "default" and value is None)


def _condition_definitions() -> dict[str, Any]:
    condition = {"$ref": "#/$defs/Condition"}
    comparison = {"$ref": "#/$defs/Comparison"}
    conditions = {"type": "array", "items": condition, "minItems": 1}
    return {
        "Condition": {
            "description": "All must hold: `trait: value`, `trait: [values]` or `trait: {operator: value}`.",
            "type": "object",
            "minProperties": 1,
            "properties": {
                "any": {**conditions, "description": "At least one of these holds."},
                "all": {**conditions, "description": "All of these hold."},
                "not": {**condition, "description": "The plain complement: also true for a missing value."},
            },
            "propertyNames": {"pattern": r"\S"},
            "patternProperties": {
                f"^({'|'.join(name for name in OPERATORS if name != 'not')})$": comparison
            },  # a trait of that name
            "additionalProperties": {"anyOf": [*_SCALAR["anyOf"], _LIST, comparison]},
            "examples": [{"country": ["US", "CA"], "employees": {"gte": 50}}],
        },
        "Comparison": {
            "description": "Operators that must all hold. A missing value makes each false, except `is: missing`.",
            "type": "object",
            "minProperties": 1,
            "additionalProperties": False,
            "properties": {name: _operand(name) for name in OPERATORS},
        },
    }


def _operand(operator: str) -> dict[str, Any]:
    return {**_operand_shape(operator), "description": MEANINGS[operator]}


def _operand_shape(operator: str) -> dict[str, Any]:
    if operator == "is":
        return {"enum": ["missing", "present"]}
    if operator in ("in", "not_in"):
        return _LIST
    if operator == "between":
        return {"type": "array", "items": _ORDERED, "minItems": 2, "maxItems": 2}
    if operator in ORDERING:
        return _ORDERED
    if operator in ("newer_than", "older_than"):
        return _AGE
    return _SCALAR if operator in ("equals", "not") else _TEXTUAL


MEANINGS = {
    "equals": "The value, ignoring case and outer blanks of text.",
    "not": "Present, and another value.",
    "in": "One of the values.",
    "not_in": "Present, and none of the values.",
    "gt": "Greater, or later.",
    "gte": "Greater or the same, or at that instant or later.",
    "lt": "Less, or earlier.",
    "lte": "Less or the same, or at that instant or earlier.",
    "between": "From the first to the second value, both included.",
    "contains": "The text stands anywhere in the value.",
    "starts_with": "The value starts with the text.",
    "ends_with": "The value ends with the text.",
    "matches": "A regular expression (RE2, the part that means the same on every engine) is found in the value.",
    "is": "Whether there is a value at all.",
    "newer_than": "The instant lies less than this before as_of, or after it.",
    "older_than": "The instant lies this long before as_of, or longer.",
}


if __name__ == "__main__":
    write_schema()
