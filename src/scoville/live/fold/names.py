"""What a message says -> names and values as rules read them: flat, our words, nothing where nothing was said.

In: the JSON object of a message. Out: a flat dict of text, numbers, booleans and None (taken away). Called by
`messages`. The same object always gives the same dict.
"""

from __future__ import annotations

import re
from datetime import UTC, datetime
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import orjson

from scoville.data.columns import snake_case
from scoville.data.traits import DERIVED
from scoville.data.values import TIME_COLUMNS, is_country_name

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

Value = str | int | float | bool | None

# Segment's reserved traits that have a word of ours. Beside them a message may use our word itself, which then wins.
_OURS: Mapping[str, str] = MappingProxyType(
    {
        "firstName": "first_name",
        "lastName": "last_name",
        "title": "job_title",
        "jobTitle": "job_title",
        "company.name": "company",
        "company.employee_count": "employees",
        "company.employees": "employees",
        "company.industry": "industry",
        "address.country": "country",
        "website": "company_domain",
    }
)
_ANY_SPELLING = ("email", "created_at", "updated_at")  # with a meaning to reading, however they are written
_TAKEN_BY_LEADS = frozenset({"lead_id", "account_id", *DERIVED} - {"company_domain"})  # what is worked out is not said
_TAKEN_BY_EVENTS = frozenset({"event_id", "lead_id", "event", "occurred_at", "properties"})
_GIVEN = "given."  # before a name that a relation needs for itself
_DEEPEST = 8  # names of more parts are no names any more: what lies deeper stays JSON
_LONGEST_NAME = 200  # characters; names are part of a key
_LARGEST_EXACT = 2**53
_EPOCH_SECONDS = (1e8, 1e11)  # 1973 to 5138; a thousand times as much are milliseconds
_BLANK = re.compile(r"\s+")


def traits_said(said: Mapping[str, Any], placeholders: Collection[str]) -> dict[str, Value]:
    """Traits of a person by our names. None is a trait that was taken away.

    Example: {"title": "CEO", "address": {"city": "Bonn"}, "phone": " n/a "} -> {"job_title": "CEO",
             "address.city": "Bonn"}
    """
    return _named(said, placeholders, _OURS, _TAKEN_BY_LEADS)


def account_traits_said(said: Mapping[str, Any], placeholders: Collection[str]) -> dict[str, Value]:
    """Traits of an account; rules read them as `account.NAME`."""
    return _named(said, placeholders, {"employee_count": "employees"}, frozenset())


def properties_said(said: Mapping[str, Any], placeholders: Collection[str]) -> dict[str, Value]:
    """Properties of an event; one without a value is not there."""
    named = _named(said, placeholders, {}, _TAKEN_BY_EVENTS)
    return {name: value for name, value in named.items() if value is not None}


def as_text(value: Value) -> str | None:
    """A value as rules read it: numbers in their shortest form, booleans as true and false.

    Example: 3.0 -> 3, 0.5 -> 0.5, True -> true
    """
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, float) and value.is_integer() and abs(value) < _LARGEST_EXACT:
        return str(int(value))
    return repr(value)


def plain_id(text: str | None, placeholders: Collection[str]) -> str | None:
    """An id without outer blanks; null for `undefined`, `null` and such, which would make one person of many."""
    stripped = (text or "").strip()
    return None if stripped.lower() in placeholders else stripped


def _named(
    said: Mapping[str, Any], placeholders: Collection[str], ours: Mapping[str, str], taken: frozenset[str]
) -> dict[str, Value]:
    own: dict[str, Value] = {}
    renamed: dict[str, Value] = {}
    for path, value in _flat(said, "", _DEEPEST):
        name = _name(path, ours, taken)
        if not name or len(name) > _LONGEST_NAME or not _is_said(name, value, placeholders):
            continue
        (renamed if name != path else own).setdefault(name, _read(name, value))
    return {name: value for name, value in {**renamed, **own}.items() if value is not _UNREADABLE}


def _name(path: str, ours: Mapping[str, str], taken: frozenset[str]) -> str:
    if path in ours:
        return ours[path]
    if path.casefold() in taken:
        return _GIVEN + path
    spelled = snake_case(path) if "." not in path else path
    return spelled if spelled in _ANY_SPELLING else path


def _flat(said: Mapping[str, Any], prefix: str, depth: int) -> Iterator[tuple[str, Any]]:
    """Names with dots and what stands there; a list, and what lies too deep, as JSON text."""
    for name, value in said.items():
        path = prefix + _BLANK.sub(" ", name.strip())
        if isinstance(value, dict) and depth > 1:
            yield from _flat(value, f"{path}.", depth - 1)
        elif isinstance(value, (dict, list)):
            yield path, orjson.dumps(value).decode() if value else ""
        else:
            yield path, value


def _is_said(name: str, value: Value, placeholders: Collection[str]) -> bool:
    """Whether it is a value, or an explicit null, and not what stands where nobody answered."""
    if not isinstance(value, str):
        return True
    folded = value.strip().lower()
    return folded not in placeholders or (folded == "na" and is_country_name(name))  # Namibia


_UNREADABLE = "\0"  # no text of a message has it


def _read(name: str, value: Value) -> Value:
    if name in TIME_COLUMNS and value is not None:
        instant = _instant(value)
        return _UNREADABLE if instant is None else instant.isoformat()
    return value.strip() if isinstance(value, str) else value


def _instant(value: Value) -> datetime | None:
    """Naive UTC; null for what is no instant."""
    try:
        if isinstance(value, str):
            found = datetime.fromisoformat(value.strip())
            return found.astimezone(UTC).replace(tzinfo=None) if found.tzinfo else found
        if isinstance(value, bool) or value is None:
            return None
        seconds = value / 1000 if abs(value) >= _EPOCH_SECONDS[1] else value
        if not _EPOCH_SECONDS[0] <= abs(seconds) < _EPOCH_SECONDS[1]:
            return None
        return datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None)
    except (ValueError, OverflowError, OSError):
        return None
