"""Scoring what is not stored, trying another model on what is, and telling why a lead has its score."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from datetime import datetime, timedelta
from threading import BoundedSemaphore
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field, JsonValue
from sqlalchemy import Connection

from scoville.data.workspace import PLACEHOLDERS
from scoville.live.models.apart import Deed, compiled, relations_of
from scoville.live.models.foretelling import Held, foretold
from scoville.live.models.retracing import first_deed, moments_of, retraced
from scoville.live.models.telling import told
from scoville.live.models.versions import text_of
from scoville.live.queries.in_force import InForce, in_force, in_force_at
from scoville.live.queries.lead import contributions_of, score_rows
from scoville.live.workbench.keeping import workbench_of
from scoville.live.workbench.preview import preview
from scoville.live.scoring.score import score_leads
from scoville.live.store.settings import read_settings
from scoville.web.api.fields import Answer, At, Body, Id, Name, When
from scoville.web.api.leads import LeadId, known_lead
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


class Told(Answer):
    """One contribution in words."""

    section: str
    rule: str
    points: float
    raw_points: float | None
    fresh_points: float | None = Field(description="Of the same events at age 0; null for what cannot fade.")
    matched: int
    newest_at: At | None
    running_total: float
    sentence: str


class Explanation(Answer):
    """Why a lead has its score, or had it."""

    lead_id: Id
    score: float
    fit: float
    engagement: float
    stage: str | None
    model_version: str
    as_of: At
    contributions: list[Told]


class Future(Answer):
    """The lead at a later instant, if nothing happens until then."""

    days: int
    as_of: At
    score: float
    fit: float
    engagement: float
    grade: str | None
    level: str | None
    priority: str | None
    stage: str | None = Field(description="The stage that it is held in then.")


class Way(Answer):
    """Something that takes the lead to its next stage, by the model itself."""

    steps: int
    gain: float
    score: float
    stage: str
    sentence: str


class Unknown(Answer):
    """A trait that is not known, and the points of fit that it could bring."""

    trait: str
    rule: str
    gain: float
    sentence: str


class NextStage(Answer):
    """How to get to the next stage: up to three ways, shortest first; where there is none, `why_not` says why."""

    name: str | None
    ways: list[Way]
    unknown: list[Unknown]
    why_not: str | None


class Ahead(Answer):
    """What becomes of a lead. `leaves` is the first day on which its stage is another; null: not within the horizon."""

    lead_id: Id
    as_of: At
    score: float
    stage: str | None
    futures: list[Future]
    leaves: Future | None
    horizon_days: int
    next_stage: NextStage


class PastScore(Answer):
    """The score of an instant."""

    at: At
    score: float


class Retraced(Answer):
    """Past scores by the model in force now, the oldest first."""

    lead_id: Id
    model_version: str
    scores: list[PastScore]


@router.post("/v1/score", summary="Score a payload, storing nothing")
def score_payload(here: Here, asked: ToScore) -> Scored:
    """By the model in force, or by another version. The same plan as for stored leads."""
    as_of = asked.as_of or here.clock()
    with here.store.reading() as connection:
        text = _text(connection, asked.version_no)
    deeds = [Deed(one.event, one.occurred_at or as_of, one.properties) for one in asked.events]
    with _turn():
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
    with _turn():
        return Preview.of(preview(bench, *texts))


@router.get("/v1/leads/{lead_id}/explanation", summary="Why it has its score, in sentences", tags=["leads"])
def explain(
    here: Here,
    lead_id: LeadId,
    as_of: Annotated[When | None, Query(description="The score as it was then; default: the one that stands.")] = None,
) -> Explanation:
    """Each contribution with the facts that it rests on.

    A past score is worked out again by the model that was in force then, from what is known today of the time up to
    then: what arrived late counts, and who is one person today was one.
    """
    with _turn(), here.store.reading() as connection:
        lead_no = known_lead(connection, lead_id)
        model = _in_force(connection) if as_of is None else _in_force_at(connection, as_of)
        row, found = (
            _stored(connection, model, lead_no)
            if as_of is None
            else _of_then(connection, model, lead_no, as_of, here.clock())
        )
        words = told(connection, model.text, lead_no, found, segment=row["segment"], as_of=row["as_of"])
    return Explanation.of({**row, "lead_id": lead_id, "contributions": words})


@router.get("/v1/leads/{lead_id}/outlook", summary="What becomes of it, and what would lift it", tags=["leads"])
def look_ahead(here: Here, lead_id: LeadId) -> Ahead:
    """Its score in 7 and 30 days if nothing happens, when it leaves its stage, the shortest way to the next one."""
    with _turn(), here.store.reading() as connection:
        lead_no, model = known_lead(connection, lead_id), _in_force(connection)
        row, _ = _stored(connection, model, lead_no)
        held = Held(row["standing"], read_settings(connection).stage_margin)
        found = foretold(connection, model.text, lead_no, held, now=here.clock())
    return Ahead.of({**vars(found), **vars(found.outlook), "lead_id": lead_id})


@router.get("/v1/leads/{lead_id}/retraced", summary="Its past scores, worked out again", tags=["leads"])
def retrace(
    here: Here,
    lead_id: LeadId,
    days: Annotated[int, Query(ge=1, le=730, description="So far back, and no further than its first event.")] = 90,
    points: Annotated[int, Query(ge=8, le=40, description="At most so many scores.")] = 20,
) -> Retraced:
    """What the ledger cannot tell: the time before an import, or before this model.

    Before and after what the lead did, day by day, the newest days first; and some evenly between.
    """
    with _turn(), here.store.reading() as connection:
        lead_no, model, now = known_lead(connection, lead_id), _in_force(connection), here.clock()
        begin = max(now - timedelta(days=days), min(first_deed(connection, lead_no) or now, now))
        instants = moments_of(connection, lead_no, begin, now, points)
        found = retraced(connection, model.text, lead_no, instants)
    scores = [PastScore(at=at, score=score) for at, score in zip(instants, found, strict=True)]
    return Retraced(lead_id=lead_id, model_version=model.model_version, scores=scores)


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    """Wait until a processor is free. Raises: ApiError 503 when enough others wait already."""
    if not _ROOM.acquire(blocking=False):
        raise ApiError(503, "busy", "too many are at this already: try again", {"Retry-After": "1"})
    try:
        with _AT_ONCE:
            yield
    finally:
        _ROOM.release()


def _stored(connection: Connection, model: InForce, lead_no: int) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The score that stands, and its contributions."""
    rows = score_rows(connection, model.publication_no, [lead_no])
    if not rows:
        raise ApiError(409, "not_yet_scored", "the lead is known, and its first score is on its way")
    return rows[0], contributions_of(connection, model.publication_no, lead_no)


def _of_then(
    connection: Connection, model: InForce, lead_no: int, as_of: datetime, now: datetime
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The score of an instant, worked out again, and its contributions."""
    if as_of > now:
        raise ApiError(422, "invalid", "this is still to come; for what becomes of a lead ask for its outlook")
    (found,), _ = score_leads(connection, compiled(model.text), [lead_no], as_of)
    return dict(found.row), found.contributions


def _text(connection: Connection, version_no: int | None) -> str:
    if version_no is None:
        return _in_force(connection).text
    text = text_of(connection, version_no)
    if text is None:
        raise not_found("version of the model")
    return text


def _in_force(connection: Connection) -> InForce:
    return _published(in_force(connection))


def _in_force_at(connection: Connection, as_of: datetime) -> InForce:
    return _published(in_force_at(connection, as_of))


def _published(model: InForce | None) -> InForce:
    if model is None:
        raise ApiError(409, "no_model", "no model is in force yet: publish one first")
    return model
