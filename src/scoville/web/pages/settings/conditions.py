"""Conditions in a form: rows of trait, comparison and value, of which all must hold.

In: the fields of a form, or a condition as it is stored. Out: the other of both. What rows cannot say (`any`, `not`) is
shown and taken as text, in the words of the model file. Called by routing.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import yaml

from scoville.data.traits import DERIVED
from scoville.errors import ModelError, UsageError
from scoville.live.queries.lead import SHOWN_TRAITS
from scoville.model.checks import NEEDS_COLUMNS
from scoville.model.conditions import AGES, ORDERING, All, Compare, ConditionError, as_number, parse_condition, to_data
from scoville.model.document import read_document

if TYPE_CHECKING:
    from collections.abc import Mapping

    from scoville.model.conditions import Condition
    from scoville.web.pages.forms import Sent

OPERATORS = (
    ("equals", "is"), ("not", "is not"), ("in", "is one of"), ("not_in", "is none of"), ("gte", "is at least"),
    ("gt", "is more than"), ("lte", "is at most"), ("lt", "is below"), ("between", "is between"),
    ("contains", "contains"), ("starts_with", "starts with"), ("ends_with", "ends with"),
    ("matches", "matches the pattern"), ("is", "is present or missing"), ("newer_than", "is newer than"),
    ("older_than", "is older than"),
)  # fmt: skip
HINTS = {
    "in": "values with commas between them", "not_in": "values with commas between them",
    "between": "two numbers, such as 50, 500",
    "is": "present or missing", "newer_than": "such as 30d", "older_than": "such as 90d",
}  # fmt: skip
TRAITS = tuple(sorted({*SHOWN_TRAITS, *DERIVED, *NEEDS_COLUMNS, "employees", "industry", "city", "plan", "source"}))
_LISTS = ("in", "not_in", "between")
_TRUTHS = {"true": True, "false": False}


@dataclass(frozen=True)
class Row:
    """One comparison, as it stands in the form."""

    trait: str = ""
    operator: str = "equals"
    value: str = ""


@dataclass(frozen=True)
class Written:
    """A condition in a form: rows, or text where rows cannot say it."""

    rows: tuple[Row, ...]
    text: str = ""


def written(when: Mapping[str, Any] | None) -> Written:
    """A stored condition for a form; null holds for everybody, and is no row."""
    if when is None:
        return Written(())
    parsed = parse_condition(dict(when))
    parts = parsed.parts if isinstance(parsed, All) else (parsed,)
    rows = [_row(part) for part in parts if isinstance(part, Compare)]
    if len(rows) == len(parts):
        return Written(tuple(rows))
    return Written((), yaml.safe_dump(dict(when), sort_keys=False, allow_unicode=True, default_flow_style=False))


def sent(form: Sent) -> Written:
    """What somebody filled in, to be shown again."""
    columns = (form.list("trait"), form.list("operator"), form.list("value"))
    rows = (Row(trait.strip(), operator, value.strip()) for trait, operator, value in zip(*columns, strict=False))
    return Written(tuple(row for row in rows if row.trait or row.value), form.get("text"))


def condition_in(form: Written) -> dict[str, Any] | None:
    """The condition that a form says; null where nothing is filled in: it holds for everybody.

    Raises: UsageError in words, for what is no condition.
    """
    if form.text:
        return _from_text(form.text)
    if not form.rows:
        return None
    if nameless := [row for row in form.rows if not row.trait]:
        raise UsageError(f"the condition with the value '{nameless[0].value}' needs the name of a trait")
    parts = [{row.trait: {row.operator: _value(row)}} for row in form.rows]
    try:
        return _as_json(parse_condition({"all": parts}))
    except ConditionError as wrong:
        raise UsageError(str(wrong)) from None


def _from_text(text: str) -> dict[str, Any]:
    try:
        return _as_json(parse_condition(read_document(text, "condition").data))  # as strict as with a model
    except ModelError as wrong:
        said = wrong.problems[0].message
        raise UsageError(f"the condition is no YAML; write it like  country: [DE, AT]. Found: {said[:200]}") from None
    except ConditionError as wrong:
        raise UsageError(str(wrong)) from None


def _as_json(condition: Condition) -> dict[str, Any]:
    """As the API takes it: lists, where the canonical form has tuples. Raises: UsageError for a number too long."""
    try:
        found: dict[str, Any] = orjson.loads(orjson.dumps(to_data(condition)))
    except orjson.JSONEncodeError:
        raise UsageError("a number of the condition is too long: numbers have at most 18 digits") from None
    return found


def _row(part: Compare) -> Row:
    value = part.written
    plain = ", ".join(_plain(one) for one in value) if isinstance(value, (list, tuple)) else _plain(value)
    return Row(part.trait, part.operator, plain)


def _plain(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)


def _value(row: Row) -> Any:  # noqa: ANN401 - as it stands in a model
    if row.operator in _LISTS:
        values = [one.strip() for one in row.value.split(",") if one.strip()]
        return [_scalar(one, row.operator) for one in values]
    return _scalar(row.value, row.operator)


def _scalar(text: str, operator: str) -> str | int | float | bool:
    """Numbers where they are written plainly, so that 007 stays a text; what is compared by size is one anyway."""
    if operator in AGES or operator == "is":
        return text
    if text.lower() in _TRUTHS and operator == "equals":
        return _TRUTHS[text.lower()]
    number = as_number(text)
    if number is None or (operator not in ORDERING and f"{number:g}" != text):
        return text
    return int(number) if number.is_integer() else number
