"""What sales does with a lead: points by hand, and what became of it."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field

from scoville.live.adjusting import NewAdjustment, adjust, list_adjustments, remove_adjustment
from scoville.live.outcomes import NewOutcome, add_outcome, list_outcomes
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Answer, At, Body, Name, Points, Text, When
from scoville.web.api.leads import LeadId, known_lead
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import not_found

router = APIRouter(route_class=GuardedRoute, tags=["sales"])
_EVENT_ID_BYTES = 16


class AdjustmentToMake(Body):
    """Points to add to a score, or to take."""

    points: Points = Field(examples=[10])
    reason: Annotated[Text, Field(min_length=1, max_length=200)] = Field(examples=["Met at the fair"])
    expires_at: When | None = Field(None, description="Until then; null: for ever.")


class Adjustment(Answer):
    """Points that a person gave."""

    adjustment_no: int
    points: float
    reason: str
    author: str
    created_at: At
    expires_at: At | None
    removed_at: At | None
    removed_by: str | None


class Adjustments(Answer):
    """All of a lead, the newest first."""

    lead_id: str
    adjustments: list[Adjustment]


class OutcomeToAdd(Body):
    """What became of a lead."""

    outcome: Annotated[Name, Field(max_length=60)] = Field(examples=["won"])
    at: When | None = Field(None, description="Default: now.")
    value: Points | None = Field(None, description="Worth, in your currency.")
    reason: Text | None = None


class Outcome(Answer):
    """What became of a lead."""

    outcome_no: int
    lead_id: str
    outcome: str
    at: At
    value: float | None
    reason: str | None


class Outcomes(Answer):
    """Outcomes, the last that became known first."""

    outcomes: list[Outcome]
    next_cursor: str | None


@router.get("/v1/leads/{lead_id}/adjustments", summary="Points given by hand")
def show_adjustments(here: Here, lead_id: LeadId) -> Adjustments:
    """Also those that are over."""
    with here.store.reading() as connection:
        rows = list_adjustments(connection, known_lead(connection, lead_id))
    return Adjustments(lead_id=lead_id, adjustments=[Adjustment.of(row) for row in rows])


@router.post(
    "/v1/leads/{lead_id}/adjustments", summary="Give or take points", status_code=201, response_model=Adjustment
)
def make_adjustment(changing: Changing, lead_id: LeadId, asked: AdjustmentToMake) -> Response:
    """A contribution of its own, which a new model does not lose. The score follows within a second."""
    with changing.begin() as change:
        lead_no = known_lead(change.connection, lead_id)
        wanted = NewAdjustment(asked.points, asked.reason, change.caller.actor, asked.expires_at)
        row = adjust(change.connection, lead_no, wanted, now=change.now)
        number = str(row["adjustment_no"])
        return change.done("adjustment.made", number, Adjustment.of(row), status=201, detail={"points": asked.points})


@router.delete("/v1/leads/{lead_id}/adjustments/{adjustment_no}", summary="Take such points back", status_code=204)
def end_adjustment(
    changing: Changing, lead_id: LeadId, adjustment_no: Annotated[int, Path(ge=1, le=2**53)]
) -> Response:
    """From now on: it stays in the list."""
    with changing.begin() as change:
        lead_no = known_lead(change.connection, lead_id)
        author = change.caller.actor
        if not remove_adjustment(change.connection, lead_no, adjustment_no, author=author, now=change.now):
            raise not_found("adjustment in force")
        return change.done("adjustment.removed", str(adjustment_no))


@router.post(
    "/v1/leads/{lead_id}/outcomes", summary="Say what became of a lead", status_code=201, response_model=Outcome
)
def make_outcome(changing: Changing, lead_id: LeadId, asked: OutcomeToAdd) -> Response:
    """It feeds the evidence: what the scores were worth."""
    with changing.begin() as change:
        lead_no = known_lead(change.connection, lead_id)
        event_id = secrets.token_bytes(_EVENT_ID_BYTES)
        wanted = NewOutcome(asked.outcome, asked.at or change.now, event_id, asked.value, asked.reason)
        row = add_outcome(change.connection, lead_no, wanted, now=change.now)
        answer = Outcome.of({**row, "lead_id": lead_id})
        return change.done(
            "outcome.added", str(row["outcome_no"]), answer, status=201, detail={"outcome": asked.outcome}
        )


@router.get("/v1/outcomes", summary="What became of leads")
def show_outcomes(
    here: Here,
    lead_id: Annotated[Name | None, Query(description="Of this lead alone.")] = None,
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Outcomes:
    """The last that became known first."""
    with here.store.reading() as connection:
        lead_no = known_lead(connection, lead_id) if lead_id is not None else None
        rows = list_outcomes(connection, limit + 1, before=cursor, lead_no=lead_no)
    shown = [Outcome.of(row) for row in rows[:limit]]
    return Outcomes(outcomes=shown, next_cursor=str(shown[-1].outcome_no) if len(rows) > limit else None)
