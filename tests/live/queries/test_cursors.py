"""Where a page ended comes back as it was, or is refused."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoville.errors import UsageError
from scoville.live.queries.cursors import from_cursor, to_cursor

KINDS = (int, float, str, datetime, bytes)


@given(
    st.tuples(
        st.integers(-(2**63), 2**63 - 1), st.floats(allow_nan=False, allow_infinity=False),
        st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])), st.datetimes(), st.binary(),
    )
)  # fmt: skip
def test_a_place_comes_back_as_it_was(place: tuple[Any, ...]) -> None:
    cursor = to_cursor(*place)
    assert from_cursor(cursor, *KINDS) == place
    assert all(sign.isascii() and (sign.isalnum() or sign in "-_") for sign in cursor)  # it needs no quoting


@pytest.mark.parametrize(
    ("cursor", "kinds"),
    [
        ("x", (int,)), ("é", (int,)), ("", (int,)), (to_cursor(1), (int, int)), (to_cursor(1, 2), (int,)),
        (to_cursor(1.0), (int,)), (to_cursor("a"), (int,)), (to_cursor(1), (float,)), (to_cursor("zz"), (bytes,)),
        (to_cursor(2**63 - 1), (datetime,)), (to_cursor(2**63), (int,)), (to_cursor("a\0"), (str,)),
        ("bnVsbA", (str,)), ("W3RydWVd", (int,)), ("W25hbl0", (float,)), ("e30", (int,)),  # null, [true], [nan], {}
    ],
)  # fmt: skip
def test_what_is_none_of_ours_is_refused(cursor: str, kinds: tuple[type, ...]) -> None:
    with pytest.raises(UsageError, match="none of ours"):
        from_cursor(cursor, *kinds)
