"""What the server counts about itself, for Prometheus.

In: what happens. Out: the text of /metrics. Routes are counted by their pattern, never by their path: no ids get in.
"""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest

from scoville.web.ingest import counted

_BUCKETS_S = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)


class Metrics:
    """One app's counters, in a registry of their own."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self._took = Histogram(
            "scoville_request_seconds", "Time to the end of the answer.", ["method", "route", "status"],
            buckets=_BUCKETS_S, registry=self.registry,
        )  # fmt: skip
        self.refused = Counter(
            "scoville_refused_total", "Requests refused, by reason.", ["reason"], registry=self.registry
        )

    def request(self, method: str, route: str, status: int, took_s: float) -> None:
        """Count one request."""
        known = method if method in {"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"} else "other"
        self._took.labels(known, route or "none", f"{status // 100}xx").observe(took_s)

    def text(self) -> bytes:
        """All counters as Prometheus reads them."""
        return generate_latest(self.registry) + generate_latest(counted.REGISTRY)
