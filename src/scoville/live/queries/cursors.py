"""Where a page of a list ended, as a text that its reader hands back to read on.

In: the values that say the place. Out: a text; and from that the same values, of the kinds that the list has. Called by
every list whose pages end at more than the number of a row. What comes back may be anything: it is checked before the
store sees it.
"""

from __future__ import annotations

import base64
import binascii
from datetime import datetime
from typing import Any

import orjson

from scoville.errors import UsageError
from scoville.live.store.metadata import from_us, to_us

_FOREIGN = "this cursor is none of ours: hand back the one of the page before as it was"
_END = 2**63  # of the numbers that both stores hold


def to_cursor(*place: float | str | datetime | bytes) -> str:
    """A place as a text for an address. It hides nothing."""
    return base64.urlsafe_b64encode(orjson.dumps([_plain(one) for one in place])).decode().rstrip("=")


def from_cursor(cursor: str, *kinds: type) -> tuple[Any, ...]:
    """The values of a place, one of each kind: int, float, str, datetime or bytes.

    Raises: UsageError for a text that `to_cursor` did not make of such values.
    """
    try:
        found = orjson.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
        return tuple(_value(one, kind) for one, kind in zip(found, kinds, strict=True))
    except (binascii.Error, orjson.JSONDecodeError, TypeError, ValueError, OverflowError):
        raise UsageError(_FOREIGN) from None


def _plain(value: object) -> object:
    if isinstance(value, datetime):
        return to_us(value)
    return value.hex() if isinstance(value, bytes) else value


def _value(found: Any, kind: type) -> object:  # noqa: ANN401 - as it came
    is_of_kind = type(found) is {datetime: int, bytes: str}.get(kind, kind)
    if not is_of_kind or (isinstance(found, int) and not -_END <= found < _END) or (kind is str and "\0" in found):
        raise ValueError("this is no value of that kind")
    if kind is datetime:
        return from_us(found)
    return bytes.fromhex(found) if kind is bytes else found
