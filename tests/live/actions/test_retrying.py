"""When the next attempt is. The waits are those of Standard Webhooks 1.0.0."""

from __future__ import annotations

from datetime import timedelta

import pytest

from live_world import NOW
from scoville.live.actions.retrying import next_attempt_at, retry_after

S = timedelta(seconds=1)


@pytest.mark.parametrize(
    ("attempts", "wait_s"),
    [(1, 5), (2, 300), (3, 1800), (4, 7200), (5, 18_000), (6, 36_000), (7, 50_400), (8, 72_000), (9, 86_400)],
)
def test_each_wait_is_that_of_the_schedule_and_up_to_a_fifth_more(attempts: int, wait_s: int) -> None:
    waits = [(next_attempt_at(f"msg_{i}", attempts, NOW, None) or NOW) - NOW for i in range(50)]
    assert all(wait_s * S <= wait <= wait_s * 1.2 * S for wait in waits)
    assert len(set(waits)) == 50  # they do not come back together
    assert next_attempt_at("msg_0", attempts, NOW, None) == NOW + waits[0]  # and the same one always then


def test_after_ten_attempts_there_is_no_other() -> None:
    assert next_attempt_at("m", 10, NOW, None) is None
    assert next_attempt_at("m", 11, NOW, 60 * S) is None


def test_a_wish_makes_it_later_and_never_earlier_nor_by_more_than_a_day() -> None:
    assert next_attempt_at("m", 1, NOW, 600 * S) == NOW + 600 * S
    assert next_attempt_at("m", 1, NOW, 10**6 * S) == NOW + 86_400 * S
    assert (next_attempt_at("m", 2, NOW, 1 * S) or NOW) >= NOW + 300 * S


@pytest.mark.parametrize(
    ("written", "expected"),
    [
        ("120", 120 * S), (" 0 ", 0 * S), ("Mon, 02 Mar 2026 09:02:00 GMT", 120 * S),
        ("Mon, 02 Mar 2026 10:02:00 +0100", 120 * S), ("Mon, 02 Mar 2026 08:00:00 GMT", 0 * S),
        (None, None), ("", None), ("soon", None), ("-5", None), ("1.5", None), ("٣", None), ("9" * 400, 999_999 * S),
    ],
)  # fmt: skip
def test_retry_after_is_seconds_or_a_date(written: str | None, expected: timedelta | None) -> None:
    assert retry_after(written, NOW) == expected
