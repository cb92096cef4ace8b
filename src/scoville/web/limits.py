"""How often somebody may ask: token buckets, one for each caller.

In: who asks, what it costs, and when. Out: how long to wait. Held in memory, for one process serves the API; a restart
fills all buckets, which harms nobody.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from threading import Lock

_MOST_BUCKETS = 50_000  # about 10 MB; past it the full ones are forgotten, which changes no answer


@dataclass
class _Bucket:
    tokens: float
    at_s: float


class Buckets:
    """One bucket for each caller: `burst` tokens at first, refilled by `per_s`; safe to ask from several threads."""

    def __init__(self, per_s: float, burst: float) -> None:
        self.per_s, self.burst = per_s, burst
        self._buckets: dict[str, _Bucket] = {}
        self._lock = Lock()

    def take(self, caller: str, now_s: float, cost: float = 1) -> float:
        """Take tokens. 0: granted; else the seconds until there will be enough, and nothing was taken.

        `now_s` is a clock that never goes back. A cost above `burst` is granted from a full bucket.
        """
        with self._lock:
            bucket = self._refilled(caller, now_s)
            wanted = min(cost, self.burst)
            if bucket.tokens >= wanted:
                bucket.tokens -= wanted
                return 0
            return (wanted - bucket.tokens) / self.per_s

    def _refilled(self, caller: str, now_s: float) -> _Bucket:
        bucket = self._buckets.get(caller)
        if bucket is None:
            if len(self._buckets) >= _MOST_BUCKETS:
                self._forget_full_ones(now_s)
            bucket = self._buckets[caller] = _Bucket(self.burst, now_s)
        bucket.tokens = min(self.burst, bucket.tokens + (now_s - bucket.at_s) * self.per_s)
        bucket.at_s = now_s
        return bucket

    def _forget_full_ones(self, now_s: float) -> None:
        refill_s = self.burst / self.per_s
        self._buckets = {who: one for who, one in self._buckets.items() if now_s - one.at_s < refill_s}


def retry_after(wait_s: float) -> str:
    """Seconds as the header Retry-After writes them: whole, and never too few."""
    return str(max(1, math.ceil(wait_s)))
