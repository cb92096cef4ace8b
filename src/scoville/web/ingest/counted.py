"""Figures of ingestion, for Prometheus. Called by `desk` and by the thread of the inbox."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import Counter

if TYPE_CHECKING:
    from scoville.live.ingest.writing import Written

EVENTS = Counter("scoville_ingest_events_total", "Events by what became of them.", ["outcome"])
REFUSED_REQUESTS = Counter("scoville_ingest_refused_requests_total", "Requests that were refused, by code.", ["code"])
RETRIES = Counter("scoville_ingest_retries_total", "Requests whose sender says that it is not the first attempt.")

_ACCEPTED, _QUARANTINED, _KNOWN = (EVENTS.labels(one) for one in ("accepted", "quarantined", "known"))


def count_written(written: Written) -> None:
    """Count what a transaction wrote."""
    _ACCEPTED.inc(written.accepted)
    _QUARANTINED.inc(written.refused)
    _KNOWN.inc(written.known)
