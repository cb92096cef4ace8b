"""What pydantic found, in the words of a model file: place, what was found, what is allowed, the nearest known name.

In: pydantic's ValidationError and the Document. Out: problems. Called by `load.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, get_args

from scoville.model.conditions import as_number, closest, nearest
from scoville.model.schema import (
    TAGGED,
    BandRule,
    Content,
    CountRule,
    Part,
    PointsRule,
    RecencyRule,
    SumRule,
    TraitRule,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pydantic import ValidationError

    from scoville.errors import Problem
    from scoville.model.document import Document, Path

_LONGEST_SHOWN = 60  # characters of a value: a message stays on a line or two
_STEPS = {*TAGGED, "<none>", "[key]"}  # of pydantic's locations, but not of the file
_SELF_CONTAINED = ("condition", "rule", "decay")  # our own sentences, which name the key themselves
_NEEDED = {
    "float_type": "a number is needed here",
    "int_type": "a whole number is needed here",
    "int_from_float": "a whole number is needed here",
    "string_type": "text is needed here",
    "dict_type": "a mapping (key: value) is needed here",
    "model_type": "a mapping (key: value) is needed here",
    "model_attributes_type": "a mapping (key: value) is needed here",
    "tuple_type": "a list is needed here",
    "string_too_short": "empty text is not allowed here",
    "too_short": "at least one entry is needed here",
    "finite_number": "a finite number is needed here",
}
_EXAMPLES = {
    "rules": "- {name: ..., ..., points: 10}",
    "bands": "- {from: 10, below: 50, points: 5}",
    "count": "- {from: 3, points: 5}",
    "recency": "- {below: 7, points: 5}",
    "points": "- [70, 0.31]",
    "stages": "- {name: MQL, from: 41}",
    "priorities": "- {name: hot, when: {grade: [A]}}",
    "segments": "- {name: ..., when: {...}, fit: {...}}",
    "qualify": "- {name: ..., when: {...}}",
    "disqualify": "- {name: ..., when: {...}}",
}
_LIMITS = {
    "greater_than_equal": ("at least", "ge"),
    "less_than_equal": ("at most", "le"),
}


def problems_of(error: ValidationError, document: Document) -> Iterator[Problem]:
    """Every fault of the shape, each once."""
    found = error.errors(include_url=False)
    misspelt = {(*each["loc"][:-1], closest(str(each["loc"][-1]), _allowed_keys(each["loc"])))
                for each in found if each["type"] == "extra_forbidden"}  # fmt: skip
    around = {each["loc"][:length] for each in found for length in range(len(each["loc"]))}
    for each in found:
        is_misspelt = each["type"] == "missing" and each["loc"] in misspelt
        is_emptied = each["type"] == "too_short" and each["loc"] in around  # pydantic counts the sound entries only
        if not (is_misspelt or is_emptied):
            where = path_of(each["loc"])
            yield document.problem(where, _said(each, where))


def path_of(loc: Sequence[str | int]) -> Path:
    """A location of pydantic's as a path in the file."""
    return tuple(step for step in loc if step not in _STEPS)


def _said(found: Any, where: Path) -> str:  # noqa: ANN401 - pydantic's own TypedDict differs by version
    kind = found["type"]
    if kind in ("missing", "invalid_key", "extra_forbidden"):
        return _said_of_key(found, where)
    if kind in _SELF_CONTAINED:
        return str(found["msg"]) + (_but_found(found["input"]) + _decay_hint(found["input"]) if kind == "decay" else "")
    return f"{_named(where)}: {_said_of_value(found, where)}"


def _said_of_key(found: Any, where: Path) -> str:  # noqa: ANN401 - as above
    if found["type"] == "extra_forbidden":
        return _unknown_key(found["loc"])
    if found["type"] == "missing":
        return f"the key '{where[-1]}' is missing here{_missing_hint(_part_at(found['loc'][:-1]), str(where[-1]))}"
    inside = isinstance(where[-1], int) and len(where) > 1
    comma = " A comma inside {} or [] starts a new entry: write 1000, not 1,000." if inside else ""
    return f"unknown key '{where[-1]}'.{comma} Allowed here: {', '.join(_allowed_keys(found['loc']))}"


def _said_of_value(found: Any, where: Path) -> str:  # noqa: ANN401 - as above
    kind, value = found["type"], found["input"]
    if kind in ("too_short", "string_too_short"):
        return _NEEDED[kind]
    if kind in _NEEDED:
        return f"{_NEEDED[kind]}{_but_found(value)}{_value_hint(kind, value, where)}"
    if kind in _LIMITS:
        words, key = _LIMITS[kind]
        return f"must be {words} {found['ctx'][key]:g}{_but_found(value)}"
    if kind == "string_too_long":
        return f"at most {found['ctx']['max_length']} characters are allowed, not {len(value)}"
    if kind == "too_long":
        return f"at most {found['ctx']['max_length']} entries are allowed here, not {len(value)}"
    if kind == "literal_error":
        only = ", the only version of the format" if where == ("scoville",) else ""
        return f"must be {found['ctx']['expected']}{only}{_but_found(value)}"
    return str(found["msg"]).removeprefix("Value error, ")


def _missing_hint(part: type[Part], key: str) -> str:
    if key == "scoville":
        return "; start the file with `scoville: 1`, the version of the format"
    if key == "event":
        return "; rules about traits stand in `fit`"
    return " (or `count`, `sum` or `recency`)" if part is PointsRule and key == "points" else ""


def _decay_hint(value: object) -> str:
    known = ("half_life", "linear", "every", "keep", "lose")
    keys = list(value) if isinstance(value, dict) else []
    return next((f".{hint}" for key in keys if key not in known and (hint := nearest(str(key), known))), "")


def _value_hint(kind: str, value: object, where: Path) -> str:
    if kind in ("float_type", "int_type") and isinstance(value, str):
        plain = value.replace(",", "").replace("_", "").replace(" ", "")
        if as_number(value) is not None:
            return "; take the quotes away"
        return f"; write {plain}" if as_number(plain) is not None else ""
    if kind == "string_type" and isinstance(value, (int, float)):
        return "; put it in quotes"
    example = next((_EXAMPLES[step] for step in reversed(where[-2:]) if step in _EXAMPLES), None)
    return f"; such as: {example}" if example and kind in ("tuple_type", "model_type", "model_attributes_type") else ""


def _but_found(value: object) -> str:
    if value is None:
        return ", but nothing stands here"
    if isinstance(value, dict):
        return f", not a mapping of {', '.join(map(str, value)) or 'nothing'}"
    if not isinstance(value, (str, int, float)):
        return ", not a list"
    shown = str(value).lower() if isinstance(value, bool) else repr(value)
    return f", not {shown}" if len(shown) <= _LONGEST_SHOWN else ""


def _named(where: Path) -> str:
    return next((f"'{step}'" for step in reversed(where) if isinstance(step, str)), "the model")


def _unknown_key(loc: Sequence[str | int]) -> str:
    key, allowed = str(loc[-1]), _allowed_keys(loc)
    hint = _elsewhere(_part_at(loc[:-1]), key) or nearest(key, allowed)
    return f"unknown key '{key}'.{hint} Allowed here: {', '.join(allowed)}"


def _elsewhere(part: type[Part], key: str) -> str:
    """Where a key belongs that is right in another kind of rule."""
    banded: dict[type[Part], str] = {CountRule: "count", SumRule: "sum", RecencyRule: "recency"}
    if part in banded and key == "points":
        return f" The points of a `{banded[part]}` rule stand in its bands."
    if part in banded and key in PointsRule.model_fields:
        return f" `{key}` goes with points per event; a `{banded[part]}` rule forgets old events by `within`."
    if issubclass(part, TraitRule | BandRule) and key in ("event", "within", "repeat", "at_most", "decay"):
        return " Rules about events stand in `engagement`."
    if part is PointsRule and key in ("by", "bands", "values"):
        return " Rules about traits stand in `fit`."
    return ""


def _allowed_keys(loc: Sequence[str | int]) -> list[str]:
    return [field.alias or name for name, field in _part_at(loc[:-1]).model_fields.items()]


def _part_at(loc: Sequence[str | int]) -> type[Part]:
    """The class that a location lies in, by following the annotations of fields and the tags of unions."""
    part: type[Part] = Content
    for step in loc:
        if step in TAGGED:
            part = TAGGED[str(step)]
        elif isinstance(step, str) and step != "[key]":
            fields = part.model_fields.items()
            annotation = next((field.annotation for name, field in fields if step in (name, field.alias)), None)
            inner = list(_parts_in(annotation))
            part = inner[0] if len(inner) == 1 else part
    return part


def _parts_in(annotation: object) -> Iterator[type[Part]]:
    if isinstance(annotation, type) and issubclass(annotation, Part):
        yield annotation
    for argument in get_args(annotation):
        yield from _parts_in(argument)
