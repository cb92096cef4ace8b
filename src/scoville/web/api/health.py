"""Is it alive, is it ready, how is it doing? For balancers, supervisors and Prometheus."""

from __future__ import annotations

from typing import Literal

from fastapi import APIRouter, Response
from pydantic import BaseModel
from sqlalchemy import text
from sqlalchemy.exc import SQLAlchemyError

from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import ApiError

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
    return Response(here.metrics.text(), media_type="text/plain; version=0.0.4; charset=utf-8")
