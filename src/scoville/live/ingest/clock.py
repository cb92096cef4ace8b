"""When it happened: the sender's clock, set right by ours.

In: the instants that a message names, and when it arrived. Out: microseconds since 1970, UTC. Called by `reading`.
"""

from __future__ import annotations

from datetime import UTC, datetime

from scoville.live.store.metadata import EPOCH, to_us

SECOND_US = 1_000_000
_TRUSTED_SKEW_US = 2 * SECOND_US  # the way through the network takes that long: no clock is wrong by it
_MOST_SKEW_US = 24 * 3600 * SECOND_US
_FUTURE_US = 5 * 60 * SECOND_US  # otherwise an event dated next year would never fade
_SECONDS_UNTIL = 100_000_000_000  # as seconds that is the year 5138; larger numbers are milliseconds


def read_instant(value: object) -> int | None:
    """Microseconds of an instant: ISO 8601 (without an offset: UTC), or a number of seconds or milliseconds.

    Nulls: null for anything else, and for what lies before 1970 (the zero of some languages is the year 1).
    Example: "1970-01-01T00:00:01Z" -> 1000000
    """
    if isinstance(value, str):
        return _from_text(value)
    if isinstance(value, int | float) and not isinstance(value, bool) and 0 < value < _SECONDS_UNTIL * 1000:
        return int(value * (SECOND_US if value < _SECONDS_UNTIL else 1000))
    return None


def occurred(original_us: int | None, sent_us: int | None, received_us: int) -> int:
    """When it happened by our clock: received - (sent - original), in microseconds.

    A difference of clocks under 2 s is left alone, one over 24 h corrects by 24 h, and nothing happens later than
    5 minutes after it arrived.
    Nulls:  without `original_us` it happened when it arrived; without `sent_us` nothing is corrected.
    Source: the formula is the one of Segment's and RudderStack's specification; the bounds are ours.
    """
    if original_us is None:
        return received_us
    return min(original_us + _skew(sent_us, received_us), received_us + _FUTURE_US)


def _skew(sent_us: int | None, received_us: int) -> int:
    if sent_us is None or abs(received_us - sent_us) < _TRUSTED_SKEW_US:
        return 0
    return max(-_MOST_SKEW_US, min(_MOST_SKEW_US, received_us - sent_us))


def _from_text(text: str) -> int | None:
    try:
        instant = datetime.fromisoformat(text.strip())
        instant = instant.astimezone(UTC).replace(tzinfo=None) if instant.tzinfo else instant
    except (ValueError, OverflowError):
        return None
    return to_us(instant) if instant >= EPOCH else None
