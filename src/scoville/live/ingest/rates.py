"""How much a key may send: a bucket of tokens, one for each event, that fills up again all the time.

In: a key, how many events, and the time of a clock that never goes back. Out: how long to wait. Called by the door of
the server. One process counts for itself.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Rate:
    """So many events a second in the long run, so many at once after a pause."""

    events_per_s: float
    burst: float


class Buckets:
    """One bucket for each key."""

    def __init__(self) -> None:
        self._left: dict[str, tuple[float, float]] = {}

    def wait_s(self, key_id: str, rate: Rate, now_s: float) -> float:
        """Seconds until the key may send again; 0 when it may now."""
        tokens = self._tokens(key_id, rate, now_s)
        return 0.0 if tokens > 0 else (1 - tokens) / rate.events_per_s

    def take(self, key_id: str, rate: Rate, events: int, now_s: float) -> None:
        """Count what was sent. A batch may take more than is left: the debt is waited for before the next one."""
        self._left[key_id] = (self._tokens(key_id, rate, now_s) - events, now_s)

    def _tokens(self, key_id: str, rate: Rate, now_s: float) -> float:
        tokens, at_s = self._left.get(key_id, (rate.burst, now_s))
        return min(rate.burst, tokens + (now_s - at_s) * rate.events_per_s)
