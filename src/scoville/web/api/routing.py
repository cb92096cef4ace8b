"""Which lead is whose: the queue, assignments, touches, answers, and how soon all of that has to be."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, JsonValue

from scoville.live import sla
from scoville.live.actions.queueing import queue_notices
from scoville.live.queries.cursors import from_cursor, to_cursor
from scoville.live.routing import by_hand, ending, queue, touching
from scoville.web.api.changes import Changing, Replacing
from scoville.web.api.fields import Answer, At, Body, Id, Name, Points, Text, Version, When
from scoville.web.api.leads import LeadId, named_lead
from scoville.web.api.owners import Hours
from scoville.web.api.route import GuardedRoute, Here

router = APIRouter(route_class=GuardedRoute, tags=["routing"])
Seconds = Annotated[int, Field(ge=1, le=366 * 86_400)]


class Unassigned(Answer):
    """A lead that waits for an owner, and why."""

    lead_id: str
    cause: str
    reason: str
    detail: str
    since: At
    age_s: float
    tries: int


class Waiting(Answer):
    """Who waits longest first."""

    leads: list[Unassigned]
    counts: dict[str, int]
    next_cursor: str | None


class Assignee(Body):
    """To whom. With `claim` only while nobody else has it."""

    owner_id: Id
    claim: bool = False


class Assignment(Answer):
    """Who held a lead, since when, why, and until when."""

    owner_id: str
    name: str
    assigned_at: At
    way: str
    assigned_by: str
    score: float | None
    why: JsonValue
    released_at: At | None
    released_by: str | None
    release_reason: str | None


class Assignments(Answer):
    """The newest first."""

    lead_id: str
    assignments: list[Assignment]


class TouchToAdd(Body):
    """What was done with a lead."""

    kind: Literal["call", "email", "meeting", "note"]
    at: When | None = Field(None, description="Default: now.")
    note: Text | None = None


class Touch(Answer):
    """What was done with a lead."""

    kind: str
    at: At
    touched_by: str
    note: str | None


class Touches(Answer):
    """The newest first."""

    lead_id: str
    touches: list[Touch]


class SalesAnswer(Body):
    """What sales says of a lead. A rejection needs a reason: it is what the model can learn from."""

    outcome: Literal["accepted", "rejected", "won", "lost"]
    reason: Text | None = None
    value: Points | None = None


class SlaRule(Body):
    """How soon a lead of a stage is to be touched; seconds from the crossing, in working hours where given."""

    touch_within_s: Seconds
    remind_after_s: Seconds | None = None
    escalate_after_s: Seconds | None = None
    reassign_after_s: Seconds | None = None
    hours: Hours = Field(default_factory=dict)
    time_zone: Annotated[str, Field(max_length=64)] = "UTC"


class KnownSlaRule(SlaRule):
    """The rule of a stage."""

    stage: str
    version: Version


class SlaRules(Answer):
    """By stage."""

    rules: list[KnownSlaRule]


class Speed(Answer):
    """How fast leads were touched, by owner or stage; null for leads that nobody held."""

    group: str | None
    touched: int
    in_time: int
    still_waiting: int
    median_s: float | None
    p90_s: float | None
    median_working_s: float | None


class Speeds(Answer):
    """One row for each owner or stage."""

    speeds: list[Speed]


@router.get("/v1/queue", summary="Leads that nobody works yet")
def show_queue(
    here: Here,
    reason: Annotated[Name | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[str | None, Query(max_length=100)] = None,
) -> Waiting:
    """Who waits longest first, with the reason. Nothing is ever dropped."""
    after = from_cursor(cursor, datetime, int) if cursor is not None else None
    found = queue.list_waiting(here.store, here.clock(), reason=reason, after=after, limit=limit)
    counts = {name: count for name, (count, _) in queue.count_waiting(here.store).items()}
    end = to_cursor(*found[-1].place) if len(found) == limit else None
    return Waiting(leads=[Unassigned.of(one) for one in found], counts=counts, next_cursor=end)


@router.get("/v1/leads/{lead_id}/assignments", summary="Who held it, and why")
def show_assignments(here: Here, lead_id: LeadId) -> Assignments:
    """The newest first."""
    name = named_lead(here.store, lead_id)
    found = [Assignment.of(row) for row in ending.assignments_of(here.store, name)]
    return Assignments(lead_id=name, assignments=found)


@router.post("/v1/leads/{lead_id}/assignments", summary="Give it to somebody", status_code=204)
def assign(changing: Changing, lead_id: LeadId, asked: Assignee) -> Response:
    """Whoever holds it now; with `claim` only while nobody does."""
    name, way = named_lead(changing.store, lead_id), by_hand.claim if asked.claim else by_hand.assign
    by = changing.caller.actor
    changing.made(lambda: way(changing.store, name, asked.owner_id, by, changing.now, queue_notices))
    return changing.noted("lead.assigned", asked.owner_id)


@router.delete("/v1/leads/{lead_id}/assignments", summary="Take it from its owner", status_code=204)
def release(
    changing: Changing,
    lead_id: LeadId,
    to_queue: Annotated[bool, Query(description="Look for another owner.")] = True,  # noqa: FBT002 - a parameter
) -> Response:
    """It goes back to the queue, unless it is to be left alone."""
    name, by = named_lead(changing.store, lead_id), changing.caller.actor
    changing.made(lambda: by_hand.release(changing.store, name, by, changing.now, is_to_be_routed=to_queue))
    return changing.noted("lead.released", "")


@router.get("/v1/leads/{lead_id}/touches", summary="What was done with it", tags=["sales"])
def show_touches(here: Here, lead_id: LeadId) -> Touches:
    """The newest first."""
    name = named_lead(here.store, lead_id)
    return Touches(lead_id=name, touches=[Touch.of(row) for row in touching.touches_of(here.store, name)])


@router.post("/v1/leads/{lead_id}/touches", summary="Say what was done with it", status_code=204, tags=["sales"])
def add_touch(changing: Changing, lead_id: LeadId, asked: TouchToAdd) -> Response:
    """The first one stops the clock of speed to lead."""
    name, by, at = named_lead(changing.store, lead_id), changing.caller.actor, asked.at or changing.now
    changing.made(lambda: touching.record_touch(changing.store, name, asked.kind, by, at, note=asked.note))
    return changing.noted("lead.touched", "")


@router.post("/v1/leads/{lead_id}/answer", summary="Accept, reject, win or lose it", status_code=204, tags=["sales"])
def answer(changing: Changing, lead_id: LeadId, asked: SalesAnswer) -> Response:
    """Becomes an outcome, which feeds the evidence. What is rejected, won or lost is nobody's any more."""
    name, by = named_lead(changing.store, lead_id), changing.caller.actor
    changing.made(
        lambda: touching.answer(
            changing.store, name, asked.outcome, by, changing.now, reason=asked.reason, value=asked.value
        )
    )
    return changing.noted(f"lead.{asked.outcome}", "")


@router.get("/v1/sla", summary="How soon leads are to be touched")
def show_sla(here: Here) -> SlaRules:
    """By stage."""
    found = sla.list_sla_rules(here.store)
    return SlaRules(rules=[KnownSlaRule.model_validate(vars(rule) | {"version": rule.version}) for rule in found])


@router.put("/v1/sla/{stage}", summary="Say how soon leads of a stage are to be touched", status_code=204)
def set_sla(changing: Replacing, stage: Annotated[Name, Path()], asked: SlaRule) -> Response:
    """For crossings from now on."""
    rule = sla.SlaRule(stage, **dict(asked))
    changing.made(lambda: sla.save_sla_rule(changing.store, rule, seen=changing.seen))
    return changing.noted("sla.set", stage)


@router.delete("/v1/sla/{stage}", summary="Take such a rule away", status_code=204)
def end_sla(changing: Replacing, stage: Annotated[Name, Path()]) -> Response:
    """Clocks that run go on."""
    changing.made(lambda: sla.delete_sla_rule(changing.store, stage, seen=changing.seen))
    return changing.noted("sla.removed", stage)


@router.get("/v1/speed", summary="How fast leads were touched")
def show_speed(
    here: Here,
    since: Annotated[When, Query()],
    until: Annotated[When, Query()],
    by: Annotated[Literal["owner", "stage"], Query()] = "owner",
) -> Speeds:
    """From the crossing to the first touch, of leads that began to wait in [since, until)."""
    found = sla.speed_to_lead(here.store, since, until, by=by)
    return Speeds(speeds=[Speed.of({**vars(one), "group": one.of}) for one in found])
