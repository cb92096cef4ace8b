"""Is it alive, is it ready, how is it doing? For balancers, supervisors and Prometheus."""

from __future__ import annotations

from dataclasses import asdict
from typing import Literal

from fastapi import APIRouter, Response
from prometheus_client import CollectorRegistry, Gauge, generate_latest
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from scoville.live.queries.backlog import Backlog, backlog_of
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import ApiError

_SAID = {
    "unfolded": "Messages that are accepted and not yet folded in.",
    "unscored": "Leads that wait for their score.",
    "unscored_age_s": "Seconds for which the first of them has waited.",
    "unsent": "Messages of actions on their way.",
    "undeliverable": "Messages of actions that nobody took.",
    "unassigned": "Leads in the queue without an owner.",
    "quarantined": "Messages put aside.",
}
router = APIRouter(route_class=GuardedRoute, tags=["operations"])


class Alive(BaseModel):
    """The process answers."""

    status: Literal["ok"] = "ok"


@router.get("/health", summary="Is the process alive?")
async def health() -> Alive:
    """Answers at once, and asks nothing of the store: for the question whether to restart."""
    return Alive()


@router.get("/ready", summary="Can it take requests?")
def ready(here: Here) -> Alive:
    """Asks the store: for the question whether to send requests here."""
    try:
        with here.store.reading() as connection:
            connection.execute(text("SELECT 1"))
    except SQLAlchemyError:
        raise ApiError(503, "not_ready", "the store does not answer") from None
    return Alive()


@router.get("/metrics", summary="Counters for Prometheus", response_class=Response)
def metrics(here: Here) -> Response:
    """Requests by route, refusals by reason, and what the store is waiting for."""
    with here.store.reading() as connection:
        backlog = backlog_of(connection, here.clock())
    return Response(here.metrics.text() + _gauges(backlog), media_type="text/plain; version=0.0.4; charset=utf-8")


def _gauges(backlog: Backlog) -> bytes:
    """What waits, as Prometheus reads it: read off the store at this moment, whoever filled it."""
    registry = CollectorRegistry()
    for name, value in asdict(backlog).items():
        Gauge(f"scoville_{name}", _SAID[name], registry=registry).set(value)
    return generate_latest(registry)
