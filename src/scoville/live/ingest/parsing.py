r"""Bytes -> JSON values that every store can hold.

In: a body. Out: dicts, lists, texts, numbers. Called by `reading` for every request. The fast parser goes first; what
it refuses (a lone surrogate, NaN, a number beyond 64 bits, depth) is read once more, tolerantly, because one such
value must not cost its neighbours. What no store can hold is taken out: NUL, surrogates, numbers that are none.
"""

from __future__ import annotations

import json
import math
import re
from typing import Any

import orjson

from scoville.live.ingest.messages import UnreadableError

_SURROGATE = re.compile("[\ud800-\udfff]")
_NUL = b"\\u0000"
_STRUCTURE = re.compile(r'"(?:[^"\\]|\\.)*+"?|[\[{]|[\]}]', re.DOTALL)
_KEPT_DEPTH = 250  # deeper than any message may be: what is cut here is refused for its depth a little later
_WIDEST_WHOLE = 18  # digits that always fit into 64 bits


def parse(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    """The value that the body says.

    Nulls:  NaN, Infinity and numbers beyond a double are null; NUL is dropped; a lone surrogate is U+FFFD.
    Raises: UnreadableError when it is no JSON.
    """
    try:
        value = orjson.loads(body)
    except orjson.JSONDecodeError:
        return _tolerantly(body)
    return clean(value) if _NUL in body else value


def clean(value: Any) -> Any:  # noqa: ANN401 - any JSON
    """The value without what a store cannot hold."""
    if isinstance(value, str):
        return _SURROGATE.sub("\ufffd", value).replace("\0", "")
    if isinstance(value, list):
        return [clean(one) for one in value]
    if isinstance(value, dict):
        return {clean(name): clean(one) for name, one in value.items()}
    return value


def depth_of(value: Any) -> int:  # noqa: ANN401 - any JSON
    """How deep objects and lists lie in each other: 0 for a text, 1 for {}, 2 for {"a": []}."""
    depth, level = 0, [value]
    while nested := [one for one in level if isinstance(one, dict | list)]:
        depth += 1
        level = [inner for one in nested for inner in (one.values() if isinstance(one, dict) else one)]
    return depth


def cut(value: Any, depth: int) -> Any:  # noqa: ANN401 - any JSON
    """The value with null for everything that lies deeper."""
    if not isinstance(value, dict | list):
        return value
    if depth == 0:
        return None
    if isinstance(value, list):
        return [cut(one, depth - 1) for one in value]
    return {name: cut(one, depth - 1) for name, one in value.items()}


def _tolerantly(body: bytes) -> Any:  # noqa: ANN401 - any JSON
    text = body.decode("utf-8-sig", errors="replace")
    try:
        value = json.loads(_shallow(text), strict=False, parse_int=_whole, parse_float=_real, parse_constant=_none)
    except ValueError as wrong:
        where = f" at character {wrong.pos}" if isinstance(wrong, json.JSONDecodeError) else ""
        raise UnreadableError("invalid_json", f"The body is no JSON{where}; nothing of it was stored.") from None
    return clean(value)


def _shallow(text: str) -> str:
    """The text with null in place of what lies too deep for a parser that calls itself."""
    if text.count("[") + text.count("{") <= _KEPT_DEPTH:
        return text
    kept, depth, begins = [], 0, 0
    for token in _STRUCTURE.finditer(text):
        sign = token[0]
        if sign in "[{":
            depth += 1
            if depth == _KEPT_DEPTH + 1:
                kept.append(text[begins : token.start()] + "null")
        elif sign in "]}":
            if depth == _KEPT_DEPTH + 1:
                begins = token.end()
            depth -= 1
    return "".join(kept) + (text[begins:] if depth <= _KEPT_DEPTH else "")


def _whole(digits: str) -> int | float | None:
    if len(digits) <= _WIDEST_WHOLE:
        return int(digits)
    return int(digits) if len(digits) <= _WIDEST_WHOLE + 2 and -(2**63) <= int(digits) < 2**64 else _real(digits)


def _real(digits: str) -> float | None:
    number = float(digits)
    return number if math.isfinite(number) else None


def _none(constant: str) -> None:  # noqa: ARG001 - NaN, Infinity, -Infinity
    return None
