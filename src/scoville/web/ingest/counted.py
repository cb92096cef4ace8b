"""Figures of ingestion, for Prometheus. Called by `desk` and by the thread of the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter

if TYPE_CHECKING:
    from scoville.live.ingest.writing import Written

REGISTRY = CollectorRegistry()
EVENTS = Counter("scoville_ingest_events_total", "Events, by what became of them.", ["outcome"], registry=REGISTRY)
REFUSED_REQUESTS = Counter(
    "scoville_ingest_refused_requests_total", "Requests that were refused, by code.", ["code"], registry=REGISTRY
)
RETRIES = Counter(
    "scoville_ingest_retries_total", "Requests whose sender says that it tried before.", registry=REGISTRY
)

_ACCEPTED, _QUARANTINED, _KNOWN = (EVENTS.labels(one) for one in ("accepted", "quarantined", "known"))


def count_written(written: Written) -> None:
    """Count what a transaction wrote."""
    _ACCEPTED.inc(written.accepted)
    _QUARANTINED.inc(written.refused)
    _KNOWN.inc(written.known)
