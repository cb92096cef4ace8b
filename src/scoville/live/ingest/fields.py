"""One field of a message -> its value, or the reason why it cannot be used.

In: the message as a dict, and the name of a field. Out: a text, an object, an instant. Called by `reading`.
"""

from __future__ import annotations

from math import isfinite
from typing import Any

from scoville.live.ingest.clock import read_instant

LONGEST_NAME = 512  # characters: ids are in unique indexes, and PostgreSQL takes 2,704 bytes in one


class Unusable(Exception):  # noqa: N818 - it ends one message, which is put aside: no error of the request
    """This message cannot be used. `reason` is the code, `detail` a sentence for the person who looks at it."""

    def __init__(self, reason: str, detail: str) -> None:
        self.reason, self.detail = reason, detail
        super().__init__(detail)


def name_in(message: dict[str, Any], field: str) -> str | None:
    """An id or a name without outer blanks; a number becomes text: 12345 and "12345" are one id.

    Nulls:  missing, null and blank are null.
    Raises: Unusable (bad_id) for true, a list or an object, and for more than 512 characters.
    """
    value = message.get(field)
    if value is None:
        return None
    text = (value if isinstance(value, str) else _digits(value, field)).strip()
    if len(text) > LONGEST_NAME:
        raise Unusable("bad_id", f"{field} has {len(text):,} characters; at most {LONGEST_NAME} are taken.")
    return text or None


def object_of(message: dict[str, Any], field: str) -> dict[str, Any]:
    """An object such as `traits`. Nulls: missing and null are empty. Raises: Unusable (bad_field) for anything else."""
    value = message.get(field)
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise Unusable("bad_field", f"{field} is {_named(value)}; it has to be an object.")
    return value


def instant_of(message: dict[str, Any], *fields: str) -> int | None:
    """The instant of the first of these fields that has a value, in microseconds.

    Nulls:  none of them has a value.
    Raises: Unusable (bad_time) when the value is no instant.
    """
    for field in fields:
        value = message.get(field)
        if value is not None and value != "":
            return _instant(value, field)
    return None


def _digits(value: object, field: str) -> str:
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        raise Unusable("bad_id", f"{field} is {_named(value)}; it has to be a text or a number.")
    return str(int(value) if value == int(value) else value)


def _instant(value: object, field: str) -> int:
    instant = read_instant(value)
    if instant is None:
        found = str(value)[:60]
        raise Unusable("bad_time", f"{field} is {found!r}; write ISO 8601 such as 2026-05-03T14:30:00Z, after 1970.")
    return instant


def _named(value: object) -> str:
    kinds = {bool: "true or false", str: "a text", list: "a list", dict: "an object"}
    return kinds.get(type(value), "a number")
