"""Compressed bodies: whatever the pieces they arrive in, and never more than the limit of them."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoville.live.ingest.inflating import Inflating
from scoville.live.ingest.messages import UnreadableError

if TYPE_CHECKING:
    from collections.abc import Callable

LIMIT = 1000
PACKINGS: dict[str, Callable[[bytes], bytes]] = {"gzip": gzip.compress, "deflate": zlib.compress, "": bytes}


def body_of(packed: bytes, encoding: str, *, piece: int = 10_000, limit: int = LIMIT) -> bytes:
    inflating = Inflating(encoding, limit)
    for begins in range(0, len(packed), piece):
        inflating.feed(packed[begins : begins + piece])
    return inflating.body()


def bare_deflate(body: bytes) -> bytes:
    packing = zlib.compressobj(wbits=-15)
    return packing.compress(body) + packing.flush()


@given(st.binary(max_size=LIMIT), st.integers(1, 50))
def test_a_body_survives_packing_in_pieces_of_any_size(body: bytes, piece: int) -> None:
    packings = {"gzip": gzip.compress(body), "deflate": zlib.compress(body), "": body, "identity": body}
    for encoding, packed in packings.items():
        assert body_of(packed, encoding, piece=piece) == body


def test_deflate_without_its_frame_is_taken_too() -> None:
    assert body_of(bare_deflate(b'{"batch": []}'), "deflate") == b'{"batch": []}'


def test_several_gzip_members_are_one_body_and_padding_after_them_is_none() -> None:
    assert body_of(gzip.compress(b"[1,") + gzip.compress(b"2]") + b"\0" * 20, "GZIP") == b"[1,2]"


@pytest.mark.parametrize("encoding", PACKINGS)
def test_exactly_the_limit_is_taken_and_one_byte_more_is_not(encoding: str) -> None:
    pack = PACKINGS[encoding]
    assert len(body_of(pack(b" " * LIMIT), encoding)) == LIMIT
    with pytest.raises(UnreadableError) as refused:
        body_of(pack(b" " * (LIMIT + 1)), encoding)
    assert refused.value.code == "too_large"


CUT = gzip.compress(b"a" * 500, mtime=0)  # of no instant: the names of tests must not change by the second


@pytest.mark.parametrize("packed", [b"", b"{}", CUT[:-9], CUT[:5], CUT[:2]])
def test_what_is_no_gzip_or_is_cut_is_refused(packed: bytes) -> None:
    with pytest.raises(UnreadableError) as refused:
        body_of(packed, "gzip")
    assert refused.value.code == "bad_encoding"


def test_an_unknown_encoding_is_refused_with_those_that_are_known() -> None:
    with pytest.raises(UnreadableError, match="send gzip, deflate or none") as refused:
        Inflating("br", LIMIT)
    assert refused.value.code == "unknown_encoding"


def test_a_bomb_never_lies_in_memory() -> None:
    limit, bomb = 1_000_000, gzip.compress(b"\0" * 50_000_000)
    tracemalloc.start()
    try:
        with pytest.raises(UnreadableError):
            body_of(bomb, "gzip", limit=limit)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 2 * limit + 100_000  # 50 MB would come out of it
