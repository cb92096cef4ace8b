"""The sender's clock, set right by ours: expected instants are worked out by hand from Segment's formula."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from scoville.live.ingest.clock import SECOND_US, occurred, read_instant
from scoville.live.store.metadata import from_us, to_us

RECEIVED = datetime(2026, 5, 3, 12, 0)  # noqa: DTZ001 - naive UTC, as all instants inside
HOUR = timedelta(hours=1)


def corrected(original: datetime | None, sent: datetime | None) -> datetime:
    as_us = [None if instant is None else to_us(instant) for instant in (original, sent)]
    return from_us(occurred(as_us[0], as_us[1], to_us(RECEIVED)))


@pytest.mark.parametrize(
    ("original", "sent", "expected"),
    [
        (RECEIVED - HOUR, RECEIVED, RECEIVED - HOUR),
        (RECEIVED + HOUR, RECEIVED + 2 * HOUR, RECEIVED - HOUR),  # the sender's clock is 2 h fast
        (RECEIVED - 3 * HOUR, RECEIVED - 2 * HOUR, RECEIVED - HOUR),  # 2 h slow
        (RECEIVED - timedelta(seconds=5), RECEIVED - timedelta(seconds=1.9), RECEIVED - timedelta(seconds=5)),
        (RECEIVED - timedelta(seconds=5), RECEIVED - timedelta(seconds=2), RECEIVED - timedelta(seconds=3)),
        (RECEIVED - 100 * HOUR, None, RECEIVED - 100 * HOUR),  # nothing to correct by
        (None, RECEIVED - HOUR, RECEIVED),
        (RECEIVED - 60 * HOUR, RECEIVED - 50 * HOUR, RECEIVED - 36 * HOUR),  # at most 24 h are corrected
        (RECEIVED + 60 * HOUR, RECEIVED + 50 * HOUR, RECEIVED + timedelta(minutes=5)),  # never the future
        (RECEIVED + timedelta(minutes=4), None, RECEIVED + timedelta(minutes=4)),
    ],
)
def test_the_time_is_corrected_by_the_senders_clock(
    original: datetime | None, sent: datetime | None, expected: datetime
) -> None:
    assert corrected(original, sent) == expected


@pytest.mark.parametrize(
    ("written", "seconds"),
    [
        ("1970-01-01T00:00:10Z", 10),
        ("1970-01-01T00:00:10", 10),  # without an offset: UTC
        ("1970-01-01T01:00:10+01:00", 10),
        ("1970-01-01T00:00:10.123456789Z", 10.123456),  # what is finer than a microsecond is cut
        (" 1970-01-02 ", 86_400),
        (1_795_291_200, 1_795_291_200),
        (1_795_291_200_000, 1_795_291_200),  # milliseconds
        (1.5, 1.5),
    ],
)
def test_instants_are_read_as_clients_write_them(written: object, seconds: float) -> None:
    assert read_instant(written) == int(seconds * SECOND_US)


@pytest.mark.parametrize(
    "written",
    ["", "yesterday", "2026-13-01", "0001-01-01T00:00:00Z", "1969-12-31", -5, 0, 1e300, True, None, [], {"at": 1},
     "9999-12-31T23:59:59-23:00"],
)  # fmt: skip
def test_what_is_no_instant_is_null(written: object) -> None:
    assert read_instant(written) is None
