"""Bodies that one parser or another refuses: one such value must not cost its neighbours."""

from __future__ import annotations

import json
import math
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoville.live.ingest.messages import UnreadableError
from scoville.live.ingest.parsing import cut, depth_of, parse

HOSTILE: dict[str, tuple[bytes, Any]] = {
    "plain": (b'{"a": [1, 2.5, true, null, "x"]}', {"a": [1, 2.5, True, None, "x"]}),
    "lone surrogate": (rb'["\ud800", "kept"]', ["\ufffd", "kept"]),
    "surrogate pair": (rb'["\ud83d\ude00", "\udc00"]', ["\U0001f600", "\ufffd"]),
    "NUL as escape": (rb'{"a\u0000b": "c\u0000"}', {"ab": "c"}),
    "NUL as byte": (b'["a\0b"]', ["ab"]),
    "line break in a text": (b'["a\nb"]', ["a\nb"]),
    "not UTF-8": (b'["caf\xe9"]', ["caf\ufffd"]),
    "byte order mark": (b"\xef\xbb\xbf[1]", [1]),
    "NaN and infinity": (b"[NaN, Infinity, -Infinity, 1]", [None, None, None, 1]),
    "beyond a double": (b"[1e999, -1e999, 2]", [None, None, 2]),
    "5,000 digits": (b"[" + b"9" * 5000 + b", 3]", [None, 3]),
    "beyond 64 bits": (b"[NaN, 123456789012345678901234567890]", [None, 1.2345678901234568e29]),
    "just within 64 bits": (b"[NaN, 18446744073709551615, -9223372036854775808]", [None, 2**64 - 1, -(2**63)]),
    "a name twice": (b'{"a": 1, "a": 2}', {"a": 2}),
}


@pytest.mark.parametrize("case", HOSTILE)
def test_hostile_values_become_what_every_store_can_hold(case: str) -> None:
    body, expected = HOSTILE[case]
    assert parse(body) == expected
    orjson.dumps(parse(body))  # what cannot be written as JSON again cannot be stored


@pytest.mark.parametrize("opening", ["[", '{"a":'])
def test_depth_is_cut_and_the_neighbours_stay(opening: str) -> None:
    closing = {"[": "]", '{"a":': "}"}[opening]
    deep = opening * 200_000 + "1" + closing * 200_000
    parsed = parse(f'["before", {deep}, "[not {{deep", "after"]'.encode())
    assert [parsed[0], *parsed[2:]] == ["before", "[not {deep", "after"]
    assert 200 < depth_of(parsed[1]) <= 250


@pytest.mark.parametrize(
    "body", [b"", b" ", b"{", b'{"a": }', b"[1, 2", b"batch=1", b"\xff\xfe", b"[" * 300_000, b"]" * 300]
)
def test_what_is_no_json_is_said_to_be_none(body: bytes) -> None:
    with pytest.raises(UnreadableError, match="no JSON") as refused:
        parse(body)
    assert refused.value.code == "invalid_json"


anything = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**70), 2**70) | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(st.characters()), inner),
    max_leaves=20,
)


@given(anything)
def test_both_parsers_say_the_same(value: Any) -> None:
    """`NaN` in front of it makes the fast parser give up; the value behind it must not change by that."""
    text = json.dumps(value)
    alone, behind = parse(text.encode(errors="surrogatepass")), parse(f"[NaN, {text}]".encode())[1]
    assert alone == behind
    orjson.dumps(alone)


@given(st.binary(max_size=200) | st.text(alphabet='[]{}",:\\u0dnN1e- ', max_size=80).map(str.encode))
def test_any_bytes_are_parsed_or_refused(body: bytes) -> None:
    try:
        parsed = parse(body)
    except UnreadableError:
        return
    assert not (isinstance(parsed, float) and not math.isfinite(parsed))
    orjson.dumps(parsed)


def test_depth_counts_levels_and_cutting_leaves_that_many() -> None:
    levels: list[Any] = ["x", {}, {"a": []}, [[[1]]]]
    assert list(map(depth_of, levels)) == [0, 1, 2, 3]
    assert cut({"a": [[1]], "b": 2}, 2) == {"a": [None], "b": 2}
