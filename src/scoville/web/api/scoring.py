"""Scoring what is not stored, and trying another model on what is."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from threading import BoundedSemaphore
from typing import Annotated

from fastapi import APIRouter, Query
from pydantic import Field, JsonValue
from sqlalchemy import Connection

from scoville.data.workspace import PLACEHOLDERS
from scoville.live.models.apart import Deed, compiled, relations_of
from scoville.live.models.versions import text_of
from scoville.live.queries.in_force import InForce, in_force
from scoville.live.workbench.keeping import workbench_of
from scoville.live.workbench.preview import preview
from scoville.web.api.fields import Answer, At, Body, Name, When
from scoville.web.api.models import VersionNo
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import ApiError, not_found

router = APIRouter(route_class=GuardedRoute, tags=["scoring"])
_AT_ONCE = BoundedSemaphore(2)  # each takes a processor for a while: those who only read go on meanwhile
_ROOM = BoundedSemaphore(8)  # for those at work and those who wait: each keeps a thread that others need
_MOST_EVENTS = 5_000
_PATIENCE_S = 30.0


class EventToScore(Body):
    """Something that the lead did."""

    event: Name = Field(examples=["page_viewed"])
    occurred_at: When | None = Field(None, description="Default: the instant of the score.")
    properties: dict[str, JsonValue] = Field(default_factory=dict, examples=[{"path": "/pricing"}])


class ToScore(Body):
    """A lead that need not be known. Names are read as those of messages: `title` is `job_title`."""

    traits: dict[str, JsonValue] = Field(default_factory=dict, examples=[{"email": "ann@acme.com", "title": "CEO"}])
    events: Annotated[tuple[EventToScore, ...], Field(max_length=_MOST_EVENTS)] = ()
    as_of: When | None = Field(None, description="Default: now.")
    version_no: int | None = Field(None, ge=1, le=2**53, description="Default: the model in force.")


class ScoredContribution(Answer):
    """The points that one rule gives."""

    section: str
    rule: str
    points: float


class Scored(Answer):
    """A score, as it would be."""

    score: float
    fit: float
    engagement: float
    grade: str | None
    level: str | None
    priority: str | None
    stage: str | None
    segment: str | None
    disqualified_by: str | None
    reasons: str | None
    probability: float | None = None
    model_version: str
    as_of: At
    contributions: list[ScoredContribution]


class Crossing(Answer):
    """How many leads go from one stage to another."""

    before: str | None
    after: str | None
    leads: int


class Cause(Answer):
    """What a rule, or a limit, gave a lead before and would give it; 0 where it gives nothing."""

    rule: str
    before: float
    after: float


class Mover(Answer):
    """A lead that the other model sees otherwise."""

    lead_id: str
    score_before: float
    score_after: float
    stage_before: str | None
    stage_after: str | None
    causes: list[Cause]


class StageMoves(Answer):
    """A stage (null is none) with its leads before and after: so many come, so many go."""

    name: str | None
    before: int
    after: int
    come: int
    go: int


class Preview(Answer):
    """What would change. All `leads` are looked at, as they stood at `as_of`: at most some ten minutes ago."""

    as_of: At
    leads: int
    moved: int
    stages: list[StageMoves] = Field(description="The highest first.")
    crossings: list[Crossing]
    movers: list[Mover] = Field(description="The ten that move most, with what moved them.")


@router.post("/v1/score", summary="Score a payload, storing nothing")
def score_payload(here: Here, asked: ToScore) -> Scored:
    """By the model in force, or by another version. The same plan as for stored leads."""
    as_of = asked.as_of or here.clock()
    with here.store.reading() as connection:
        text = _text(connection, asked.version_no)
    deeds = [Deed(one.event, one.occurred_at or as_of, one.properties) for one in asked.events]
    with turn():
        ready = compiled(text)
        (found,) = ready.score(relations_of(ready.wanted, asked.traits, deeds, PLACEHOLDERS), as_of)
    return Scored.of({**found.row, "contributions": found.contributions})


@router.get("/v1/models/{version_no}/preview", summary="What would change if it were in force", tags=["models"])
def try_version(
    here: Here,
    version_no: VersionNo,
    than: Annotated[int | None, Query(ge=1, le=2**53, description="Default: the version in force.")] = None,
) -> Preview:
    """Who crosses which stage, how many leads stand where, and the ten that move most.

    The first one waits until the store is read: 503 when that takes longer than half a minute.
    """
    with here.store.reading() as connection:
        texts = _text(connection, than), _text(connection, version_no)
    bench = workbench_of(here.store).bench_soon(here.clock(), _PATIENCE_S)
    if bench is None:
        raise ApiError(503, "busy", "the store is being read for the first time: try again", {"Retry-After": "10"})
    with turn():
        return Preview.of(preview(bench, *texts))


@contextlib.contextmanager
def turn() -> Iterator[None]:
    """Wait until a processor is free. Raises: ApiError 503 when enough others wait already."""
    if not _ROOM.acquire(blocking=False):
        raise ApiError(503, "busy", "too many are at this already: try again", {"Retry-After": "1"})
    try:
        with _AT_ONCE:
            yield
    finally:
        _ROOM.release()


def _text(connection: Connection, version_no: int | None) -> str:
    if version_no is None:
        return model_in_force(connection).text
    text = text_of(connection, version_no)
    if text is None:
        raise not_found("version of the model")
    return text


def model_in_force(connection: Connection) -> InForce:
    """The model that readers see. Raises: ApiError 409 before the first."""
    return published(in_force(connection))


def published(model: InForce | None) -> InForce:
    """The same model. Raises: ApiError 409 for none."""
    if model is None:
        raise ApiError(409, "no_model", "no model is in force yet: publish one first")
    return model
