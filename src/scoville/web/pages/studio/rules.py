"""The parts of a model as forms: what stands in the file as fields, and fields as what is to stand there.

In: plain values of a part (a rule, a stage, the limits of a section), or the fields that a browser sent. Out: the
other. A field that was not changed comes back exactly as it was written, and a key that the form does not know stays.
Nothing is judged here: what makes no sense, the model says with its place. Called by `editor`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from scoville.model.conditions import as_number
from scoville.web.pages.studio import conditions
from scoville.web.pages.studio.conditions import Filled, fill_duration, fill_list, read_duration, read_list

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Plain = dict[Any, Any]
Where = tuple[str | int, ...]

_PART = re.compile(
    r"(?:segments\.N\.)?(?:fit|engagement)(?:\.rules\.N)?|segments\.N|(?:qualify|disqualify|stages|priorities)\.N"
    r"|grades|levels|about".replace("N", "[0-9]{1,6}")
)
_LISTS = re.compile(
    r"(?:segments\.[0-9]{1,6}\.)?(?:fit|engagement)\.rules|segments|qualify|disqualify|stages|priorities"
)  # fmt: skip
_PLACE = re.compile("[0-9]{1,6}")
_MOST_PARTS = 12  # steps in the name of a field


def where_of(text: str) -> Where | None:
    """`fit.rules.3` as a path; null for what is no part of a model."""
    return _path(text) if _PART.fullmatch(text) else None


def list_of(text: str) -> Where | None:
    """`fit.rules` as a path; null for what is no list of parts."""
    return _path(text) if _LISTS.fullmatch(text) else None


def dotted(where: Where) -> str:
    """A path as it stands in addresses: `fit.rules.3`."""
    return ".".join(map(str, where))


def _path(text: str) -> Where:
    return tuple(int(step) if is_place(step) else step for step in text.split("."))


def is_place(step: str) -> bool:
    """Whether a step of a path counts places in a list."""
    return _PLACE.fullmatch(step) is not None


def kind_of(where: Where, data: Plain) -> str:
    """Which form a part has."""
    last = where[-1]
    if last in ("fit", "engagement"):
        return str(last)
    if last in ("grades", "levels"):
        return "lines"
    if not isinstance(last, int):
        return str(last)
    if where[-2] == "rules":
        return _rule_kind(str(where[-3]), data)
    return {"stages": "stage", "priorities": "priority", "segments": "segment"}.get(str(where[-2]), "qualification")


def _rule_kind(section: str, data: Plain) -> str:
    if section == "fit":
        return next((key for key in ("bands", "values") if key in data), "when")
    return next((key for key in ("count", "sum", "recency") if key in data), "points")


# --- from the file to the form ---------------------------------------------------------------------------------------


def fill(kind: str, data: Plain) -> Filled:
    """The fields of a part."""
    if kind == "lines":
        return {"lines": [{"name": _text(name), "from": _text(low)} for name, low in data.items()]}
    return {key: _FILLERS[shape](data.get(key)) for key, shape in SHAPES[kind].items()}


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, float) and value.is_integer():
        return str(int(value))
    return "" if value is None else str(value)


def _fill_bands(data: object) -> list[Filled]:
    bands = [band for band in data if isinstance(band, dict)] if isinstance(data, list) else []
    return [{key: _text(band.get(key)) for key in ("from", "below", "points")} for band in bands]


def _fill_values(data: object) -> list[Filled]:
    values = data if isinstance(data, dict) else {}
    return [{"value": _text(value), "points": _text(points)} for value, points in values.items()]


def _fill_sum(data: object) -> Filled:
    of = data if isinstance(data, dict) else {}
    return {"of": _text(of.get("of")), "bands": _fill_bands(of.get("bands"))}


def _fill_decay(data: object) -> Filled:
    of = data if isinstance(data, dict) else {}
    kind = next((key for key in ("half_life", "linear", "keep", "lose") if key in of), "none" if data == "none" else "")
    share = of.get(kind) if kind in ("keep", "lose") else None
    percent = f"{share * 100:g}" if isinstance(share, (int, float)) else _text(share).strip().removesuffix("%")
    return {"kind": kind, "time": fill_duration(of.get("every", of.get(kind))), "share": percent}


def _fill_groups(data: object) -> list[Filled]:
    groups = data.items() if isinstance(data, dict) else ()
    return [
        {"name": _text(name), "min": _text((clamp or {}).get("min")), "max": _text((clamp or {}).get("max"))}
        for name, clamp in groups
    ]


def _fill_scale(data: object) -> Filled:
    of = data if isinstance(data, dict) else {}
    return {"min": _text(of.get("min", 0)), "max": _text(of.get("max", 100))}


# --- from the form to the file ---------------------------------------------------------------------------------------


def read(kind: str, filled: Mapping[str, Any], old: Plain) -> Plain:
    """What a part is to say; `old` is what it says now, empty for a new one."""
    if kind == "lines":
        return _read_lines(filled, old)
    found: Plain = {}
    for key, shape in SHAPES[kind].items():
        sent, held = filled.get(key), old.get(key)
        value = held if sent == _FILLERS[shape](held) else _READERS[shape](sent, held)
        if value is not None:
            found[key] = value
    return _in_place(found, old, set(SHAPES[kind]))


def _in_place(found: Plain, old: Plain, known: set[str]) -> Plain:
    """The keys of `old` in their order, each new one behind the one that it follows in the form."""
    made = {key: found.get(key, value) for key, value in old.items() if key in found or key not in known}
    before: object = None
    for key, value in found.items():
        if key not in made:
            entries = list(made.items())
            at = list(made).index(before) + 1 if before is not None else 0
            made = dict([*entries[:at], (key, value), *entries[at:]])
        before = key
    return made


def _number(sent: object, _old: object = None) -> object:
    text = str(sent or "").strip().replace("−", "-")
    number = as_number(text)
    return text or None if number is None else int(number) if number.is_integer() else number


def _words(sent: object, _old: object) -> object:
    return str(sent or "").strip() or None


def _name(sent: object, _old: object) -> object:
    return str(sent or "").strip()


def _read_events(sent: object, _old: object) -> object:
    names = read_list(str(sent or ""))
    return names[0] if len(names) == 1 else names


def _read_bands(sent: object, _old: object) -> object:
    rows = [{key: _number(row.get(key)) for key in ("from", "below", "points")} for row in _rows(sent)]
    return [{key: value for key, value in row.items() if value is not None} for row in rows if any_of(row)]


def _read_values(sent: object, old: object) -> object:
    written = {_text(value): value for value in old} if isinstance(old, dict) else {}
    rows = [(str(row.get("value", "")).strip(), _number(row.get("points"))) for row in _rows(sent)]
    return {written.get(value, conditions.scalar(value)): points for value, points in rows if value}


def _read_sum(sent: object, old: object) -> object:
    of = sent if isinstance(sent, dict) else {}
    held = old.get("bands") if isinstance(old, dict) else None
    bands = held if of.get("bands") == _fill_bands(held) else _read_bands(of.get("bands"), None)
    return {"of": str(of.get("of", "")).strip(), "bands": bands}


def _read_decay(sent: object, _old: object) -> object:
    of = sent if isinstance(sent, dict) else {}
    kind, time = of.get("kind", ""), read_duration(of.get("time") or {}) or "30d"
    if kind in ("half_life", "linear"):
        return {kind: time}
    if kind in ("keep", "lose"):
        return {"every": time, kind: f"{str(of.get('share', '')).strip() or '50'}%"}
    return "none" if kind == "none" else None


def _read_groups(sent: object, _old: object) -> object:
    return {name: _clamp(row) for row in _rows(sent) if (name := str(row.get("name", "")).strip())} or None


def _clamp(row: Filled) -> Filled:
    found = {key: _number(row.get(key)) for key in ("min", "max")}
    return {key: value for key, value in found.items() if value is not None}


def _read_scale(sent: object, old: object) -> object:
    of = sent if isinstance(sent, dict) else {}
    made = {key: _number(of.get(key)) for key in ("min", "max")}
    given = {key: value for key, value in made.items() if value is not None}
    return None if old is None and given == {"min": 0, "max": 100} else given


def _read_lines(filled: Mapping[str, Any], old: Plain) -> Plain:
    written = {_text(name): name for name in old}
    rows = [(str(row.get("name", "")).strip(), _number(row.get("from"))) for row in _rows(filled.get("lines"))]
    return {written.get(name, int(name) if is_place(name) else name): low for name, low in rows if name}


def _rows(sent: object) -> list[Filled]:
    return [row for row in sent if isinstance(row, dict)] if isinstance(sent, list) else []


def any_of(row: Mapping[str, object]) -> bool:
    """Whether anything was typed in a line."""
    return any(value not in (None, "") for value in row.values())


_FILLERS: Mapping[str, Callable[[Any], Any]] = {
    "name": _text, "words": _text, "number": _text, "events": fill_list, "condition": conditions.fill,
    "bands": _fill_bands, "values": _fill_values, "sum": _fill_sum, "duration": fill_duration, "decay": _fill_decay,
    "groups": _fill_groups, "scale": _fill_scale,
}  # fmt: skip
_READERS: Mapping[str, Callable[[Any, Any], Any]] = {
    "name": _name, "words": _words, "number": _number, "events": _read_events, "condition": conditions.read,
    "bands": _read_bands, "values": _read_values, "sum": _read_sum,
    "duration": lambda sent, _old: read_duration(sent or {}), "decay": _read_decay, "groups": _read_groups,
    "scale": _read_scale,
}  # fmt: skip
_OF_EVENTS = {"name": "name", "event": "events", "when": "condition", "within": "duration"}
SHAPES: Mapping[str, Mapping[str, str]] = {
    "when": {"name": "name", "when": "condition", "points": "number", "group": "words"},
    "bands": {"name": "name", "by": "name", "bands": "bands", "missing": "number", "group": "words"},
    "values": {
        "name": "name", "by": "name", "values": "values", "other": "number", "missing": "number", "group": "words",
    },
    "points": {
        "name": "name", "event": "events", "when": "condition", "within": "duration", "points": "number",
        "repeat": "number", "at_most": "number", "at_most_per_day": "number", "max": "number", "min": "number",
        "decay": "decay", "group": "words",
    },
    "count": {**_OF_EVENTS, "count": "bands", "group": "words"},
    "sum": {**_OF_EVENTS, "sum": "sum", "group": "words"},
    "recency": {**_OF_EVENTS, "recency": "bands", "group": "words"},
    "qualification": {"name": "name", "when": "condition"},
    "segment": {"name": "name", "when": "condition"},
    "priority": {"name": "name", "when": "condition"},
    "stage": {"name": "name", "from": "number", "needs": "condition"},
    "fit": {"min": "number", "max": "number", "groups": "groups"},
    "engagement": {"min": "number", "max": "number", "decay": "decay", "groups": "groups"},
    "about": {"name": "name", "description": "words", "scale": "scale"},
}  # fmt: skip
"""The keys of each kind of part, in the order of the format, and what sort of field each is."""


ROWS: Mapping[str, tuple[str, ...]] = {
    "bands": ("from", "below", "points"), "count": ("from", "below", "points"), "values": ("value", "points"),
    "recency": ("from", "below", "points"), "groups": ("name", "min", "max"), "lines": ("name", "from"),
}  # fmt: skip
"""The fields of a line, for each key that has lines."""


# --- what a browser sends --------------------------------------------------------------------------------------------


def nested(fields: Mapping[str, tuple[str, ...]]) -> Filled:
    """`bands.0.from=10` as `{"bands": [{"from": "10"}]}`: numbers in names make lists, in their order."""
    tree: Filled = {}
    for name, values in fields.items():
        *steps, last = name.split(".")
        if len(steps) >= _MOST_PARTS:
            continue
        inner = tree
        for step in steps:
            found = inner.setdefault(step, {})
            inner = found if isinstance(found, dict) else {}
        inner[last] = values[-1]
    made: Filled = _listed(tree)
    return made


def _listed(value: Any) -> Any:  # noqa: ANN401 - text, or a tree of it
    if not isinstance(value, dict):
        return value
    if value and all(is_place(key) for key in value):
        return [_listed(value[key]) for key in sorted(value, key=int)]
    return {key: _listed(inner) for key, inner in value.items()}


def sent_as(kind: str, sent: Filled) -> Filled:
    """What was sent for the fields of a kind: with all of them, and nothing else, whatever came."""
    return {key: _tidied(key, blank, sent.get(key)) for key, blank in fill(kind, {}).items()}


def _tidied(key: str, blank: Any, value: Any) -> Any:  # noqa: ANN401 - text, or a tree of it
    if isinstance(blank, dict):
        given = value if isinstance(value, dict) else {}
        return (
            conditions.tidy(given) if "parts" in blank else {k: _tidied(k, v, given.get(k)) for k, v in blank.items()}
        )
    if isinstance(blank, list):
        return [{one: _tidied(one, "", row.get(one)) for one in ROWS[key]} for row in _rows(value)]
    return value if isinstance(value, str) else blank
