"""Why a lead has its score, why it had another one, and what becomes of it.

What the model says of one stored lead, at any instant: the reasons in sentences, the past worked out again, what is
to come. Each of them runs the model, so only so many do it at once.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Annotated, Any

from fastapi import APIRouter, Query
from pydantic import Field
from sqlalchemy import Connection

from scoville.live.models.apart import compiled
from scoville.live.models.foretelling import Held, foretold
from scoville.live.models.retracing import first_deed, moments_of, retraced
from scoville.live.models.telling import told
from scoville.live.queries.in_force import InForce, in_force_at
from scoville.live.queries.lead import contributions_of, score_rows
from scoville.live.scoring.score import score_leads
from scoville.live.store.settings import read_settings
from scoville.web.api.fields import Answer, At, Id, When
from scoville.web.api.leads import LeadId, known_lead
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.api.scoring import model_in_force, published, turn
from scoville.web.errors import ApiError

router = APIRouter(route_class=GuardedRoute, tags=["leads"])


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


@router.get("/v1/leads/{lead_id}/explanation", summary="Why it has its score, in sentences")
def explain(
    here: Here,
    lead_id: LeadId,
    as_of: Annotated[When | None, Query(description="The score as it was then; default: the one that stands.")] = None,
) -> Explanation:
    """Each contribution with the facts that it rests on.

    A past score is worked out again by the model that was in force then, from what is known today of the time up to
    then: what arrived late counts, and who is one person today was one.
    """
    with turn(), here.store.reading() as connection:
        lead_no = known_lead(connection, lead_id)
        model = model_in_force(connection) if as_of is None else published(in_force_at(connection, as_of))
        row, found = (
            _stored(connection, model, lead_no)
            if as_of is None
            else _of_then(connection, model, lead_no, as_of, here.clock())
        )
        words = told(connection, model.text, lead_no, found, segment=row["segment"], as_of=row["as_of"])
    return Explanation.of({**row, "lead_id": lead_id, "contributions": words})


@router.get("/v1/leads/{lead_id}/outlook", summary="What becomes of it, and what would lift it")
def look_ahead(here: Here, lead_id: LeadId) -> Ahead:
    """Its score in 7 and 30 days if nothing happens, when it leaves its stage, the shortest way to the next one."""
    with turn(), here.store.reading() as connection:
        lead_no, model = known_lead(connection, lead_id), model_in_force(connection)
        row, _ = _stored(connection, model, lead_no)
        held = Held(row["standing"], read_settings(connection).stage_margin)
        found = foretold(connection, model.text, lead_no, held, now=here.clock())
    return Ahead.of({**vars(found), **vars(found.outlook), "lead_id": lead_id})


@router.get("/v1/leads/{lead_id}/retraced", summary="Its past scores, worked out again")
def retrace(
    here: Here,
    lead_id: LeadId,
    days: Annotated[int, Query(ge=1, le=730, description="So far back, and no further than its first event.")] = 90,
    points: Annotated[int, Query(ge=8, le=40, description="At most so many scores.")] = 20,
    until: Annotated[When | None, Query(description="The last of them; default: now.")] = None,
) -> Retraced:
    """What the ledger cannot tell: the time before an import, or before this model.

    Before and after what the lead did, day by day, the newest days first; and some evenly between.
    """
    with turn(), here.store.reading() as connection:
        lead_no, model, now = known_lead(connection, lead_id), model_in_force(connection), here.clock()
        end = min(until or now, now)
        begin = max(now - timedelta(days=days), first_deed(connection, lead_no) or end)
        instants = moments_of(connection, lead_no, min(begin, end), end, points)
        found = retraced(connection, model.text, lead_no, instants)
    scores = [PastScore(at=at, score=score) for at, score in zip(instants, found, strict=True)]
    return Retraced(lead_id=lead_id, model_version=model.model_version, scores=scores)


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
