"""A condition as a form: groups of lines, each with a trait, a comparison and a value.

In: what stands in the file, such as `{employees: {gte: 50}}`. Out: the same as fields, and back. What was not changed
in the form comes back exactly as it was written. Whether it makes sense, the model says. Called by `rules`.
"""

from __future__ import annotations

import csv
import io
import re
from typing import TYPE_CHECKING, Any

from scoville.model.conditions import AGES, as_number
from scoville.model.schema import as_written

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Filled = dict[str, Any]
COMPARISONS = {
    "in": "is", "not_in": "is not", "gte": "is at least", "gt": "is more than", "lte": "is at most",
    "lt": "is below", "between": "is between", "contains": "contains", "starts_with": "starts with",
    "ends_with": "ends with", "matches": "matches the pattern", "newer_than": "is newer than",
    "older_than": "is older than", "present": "is known", "missing": "is missing",
}  # fmt: skip
"""How each comparison is called in the form; `in` and `not_in` with one value are written `equals` and `not`."""
KINDS = {"all": "All of these hold", "any": "At least one of these holds", "not": "Not: all of these hold"}
FITTING = {
    "number": ("in", "not_in", "gte", "gt", "lte", "lt", "between", "present", "missing"),
    "time": ("newer_than", "older_than", "gte", "lt", "between", "present", "missing"),
    "yes or no": ("in", "not_in", "present", "missing"),
    "text": ("in", "not_in", "contains", "starts_with", "ends_with", "matches", "gte", "lt", "present", "missing"),
}
UNITS = {"h": "hours", "d": "days", "w": "weeks"}
_DURATION = re.compile(r"^\s*([0-9]+(?:\.[0-9]+)?)\s*([hdw])\s*$")
_SINGLE = {"equals": "in", "not": "not_in"}
_MULTIPLE = {"in": "equals", "not_in": "not"}


def fill(data: object) -> Filled:
    """A condition as a group of the form; nothing at all is a group without lines."""
    parts = list(_parts(data)) if isinstance(data, dict) else []
    if len(parts) == 1 and "kind" in parts[0]:
        return parts[0]
    return {"kind": "all", "parts": parts}


def tidy(sent: Mapping[str, Any]) -> Filled:
    """A group as a browser sent it, with all fields of each line."""
    parts = [part for part in sent.get("parts", ()) if isinstance(part, dict)]
    kind = sent.get("kind")
    return {"kind": kind if kind in KINDS else "all", "parts": [_tidy_part(part) for part in parts]}


def _tidy_part(part: Mapping[str, Any]) -> Filled:
    if "kind" in part:
        return tidy(part)
    operator = str(part.get("op", "in"))
    return {
        "trait": str(part.get("trait", "")),
        "op": operator if operator in COMPARISONS else "in",
        "value": "" if operator in ("present", "missing") else str(part.get("value", "")),
        "to": str(part.get("to", "")) if operator == "between" else "",
        "unit": str(part.get("unit", "d")) if operator in AGES else "d",
    }


def read(group: Mapping[str, Any], old: object) -> dict[str, Any] | None:
    """What the form says, as it is written in the file; null where it says nothing."""
    if isinstance(old, dict) and fill(old) == group:
        return old
    written = {_key(line): (data, value) for line, data, value in _lines(old)} if isinstance(old, dict) else {}
    return _condition(group, written) or None


def fill_list(values: object) -> str:
    """Values with commas between them; one with a comma in it stands in quotes."""
    found = values if isinstance(values, list) else [] if values is None else [values]
    out = io.StringIO()
    csv.writer(out, lineterminator="").writerow([_shown(value) for value in found])
    return out.getvalue().replace(",", ", ") if '"' not in out.getvalue() else out.getvalue()


def read_list(text: str) -> list[str]:
    """The values that stand between commas."""
    rows = csv.reader([" ".join(text.split())], skipinitialspace=True)
    return [value.strip() for row in rows for value in row if value.strip()]


def fill_duration(data: object) -> Filled:
    """`30d` as a number and a unit; what is none is shown as it is."""
    found = _DURATION.match(data) if isinstance(data, str) else None
    return {"n": found[1], "unit": found[2]} if found else {"n": "" if data is None else str(data), "unit": "d"}


def read_duration(filled: Mapping[str, Any]) -> str | None:
    """A number and a unit as `30d`; null where nothing was typed."""
    number = str(filled.get("n", "")).strip()
    return f"{number}{filled.get('unit', 'd')}" if number else None


def scalar(text: str) -> str | float | bool:
    """What somebody typed as the value that it means: a plain number is one, `007` is a code, true is true."""
    plain = text.strip()
    if plain in ("true", "false"):
        return plain == "true"
    found = as_written(plain)
    return int(found) if isinstance(found, float) and found.is_integer() else found


def _parts(data: Mapping[Any, Any]) -> Iterator[Filled]:
    for key, value in data.items():
        if key in ("any", "all") and isinstance(value, list):
            yield {"kind": key, "parts": [_inner(part) for part in value]}
        elif key == "not" and isinstance(value, dict):
            yield {"kind": "not", "parts": list(_parts(value))}
        else:
            yield from (line for line, _, _ in _comparisons(key, value))


def _inner(data: object) -> Filled:
    group = fill(data)
    return group["parts"][0] if group["kind"] == "all" and len(group["parts"]) == 1 else group


def _lines(data: object) -> Iterator[tuple[Filled, str, object]]:
    """Every comparison of a condition as a line of the form, with operator and value as they are written."""
    for key, value in data.items() if isinstance(data, dict) else ():
        if key in ("any", "all") and isinstance(value, list):
            yield from (line for part in value for line in _lines(part))
        elif key == "not" and isinstance(value, dict):
            yield from _lines(value)
        else:
            yield from _comparisons(key, value)


def _comparisons(trait: object, value: object) -> Iterator[tuple[Filled, str, object]]:
    operators = value if isinstance(value, dict) else {("in" if isinstance(value, list) else "equals"): value}
    for operator, operand in operators.items():
        yield {"trait": _shown(trait), **_line(str(operator), operand)}, str(operator), operand


def _line(operator: str, value: object) -> Filled:
    name = _SINGLE.get(operator, operator)
    if operator == "is":
        return {"op": str(value), "value": "", "to": "", "unit": "d"}
    if operator in AGES:
        age = fill_duration(value)
        return {"op": name, "value": age["n"], "to": "", "unit": age["unit"]}
    if operator == "between" and isinstance(value, list) and len(value) == 2:  # noqa: PLR2004 - two ends
        return {"op": name, "value": _shown(value[0]), "to": _shown(value[1]), "unit": "d"}
    shown = fill_list(value) if name in _MULTIPLE else _shown(value)
    return {"op": name, "value": shown, "to": "", "unit": "d"}


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _key(line: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(str(line.get(name, "")) for name in ("trait", "op", "value", "to", "unit"))


def _condition(group: Mapping[str, Any], written: Mapping[tuple[str, ...], tuple[str, object]]) -> dict[str, Any]:
    parts = [made for part in group.get("parts", ()) if (made := _part(part, written))]
    if not parts:
        return {}
    if group.get("kind") == "any":
        return {"any": parts}
    together = _together(parts)
    return {"not": together} if group.get("kind") == "not" else together


def _part(part: Mapping[str, Any], written: Mapping[tuple[str, ...], tuple[str, object]]) -> dict[str, Any]:
    if "kind" in part:
        return _condition(part, written)
    trait = str(part.get("trait", "")).strip()
    if not trait and not str(part.get("value", "")).strip():
        return {}  # a line that nobody has begun
    operator, value = written.get(_key(part)) or _operand(part)
    return {trait: value} if operator in ("equals", "in") else {trait: {operator: value}}


def _operand(line: Mapping[str, Any]) -> tuple[str, object]:
    operator, text = str(line.get("op", "in")), str(line.get("value", "")).strip()
    if operator in ("present", "missing"):
        return "is", operator
    if operator in AGES:
        return operator, read_duration({"n": text, "unit": line.get("unit", "d")})
    if operator == "between":
        return operator, [_ordered(text), _ordered(str(line.get("to", "")).strip())]
    if operator in _MULTIPLE:
        values = [scalar(value) for value in read_list(text)]
        return (operator, values) if len(values) > 1 else (_MULTIPLE[operator], values[0] if values else None)
    return operator, _ordered(text) if operator in ("gt", "gte", "lt", "lte") else text or None


def _ordered(text: str) -> object:
    number = as_number(text)
    return text or None if number is None else int(number) if number.is_integer() else number


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """AND as one mapping; where a trait is compared twice in the same way, as a list."""
    together: dict[str, Any] = {}
    for part in parts:
        for key, value in part.items():
            held = together.get(key)
            if key not in together:
                together[key] = value
            elif isinstance(held, dict) and isinstance(value, dict) and not held.keys() & value.keys() and key != "not":
                together[key] = {**held, **value}
            else:
                return {"all": parts}
    return together
