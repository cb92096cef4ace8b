"""How long a key has to wait, by a clock that the test turns."""

from __future__ import annotations

import pytest

from scoville.live.ingest.rates import Buckets, Rate

RATE = Rate(events_per_s=10, burst=20)


def test_a_burst_may_go_at_once_and_then_the_key_waits_for_its_rate() -> None:
    buckets = Buckets()
    assert buckets.wait_s("key", RATE, 0.0) == 0
    buckets.take("key", RATE, 20, 0.0)
    assert buckets.wait_s("key", RATE, 0.0) == pytest.approx(0.1)  # one event at 10 a second
    assert buckets.wait_s("key", RATE, 0.2) == 0


def test_a_batch_beyond_what_is_left_is_taken_and_waited_for_afterwards() -> None:
    buckets = Buckets()
    buckets.take("key", RATE, 120, 0.0)
    assert buckets.wait_s("key", RATE, 0.0) == pytest.approx(10.1)  # 100 too many, and one more


def test_keys_do_not_wait_for_each_other_and_a_pause_saves_no_more_than_a_burst() -> None:
    buckets = Buckets()
    buckets.take("one", RATE, 500, 0.0)
    assert buckets.wait_s("other", RATE, 0.0) == 0
    buckets.take("other", RATE, 20, 1_000_000.0)
    assert buckets.wait_s("other", RATE, 1_000_000.0) > 0
