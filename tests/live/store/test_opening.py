"""What a person writes for a store is opened, or answered with what to write instead."""

from __future__ import annotations

import pytest

from scoville.errors import UsageError
from scoville.live.store.opening import open_store


@pytest.mark.parametrize(
    ("written", "said"),
    [
        ("/srv/leads.db", "write sqlite:////srv/leads.db for this file, or postgres://"),
        ("leads.db", "write sqlite:///leads.db for this file, or postgres://"),
        ("mysql://me@db/leads", "is no store; write sqlite:///scoville.db or postgres://"),
        ("sqlite://", "is no store; write sqlite:///scoville.db or postgres://"),
        ("://", "is no address of a store; write sqlite:///scoville.db or postgres://"),
    ],
)
def test_what_is_no_store_is_answered_with_what_to_write(written: str, said: str) -> None:
    with pytest.raises(UsageError) as refused:
        open_store(written)
    assert said in str(refused.value)
