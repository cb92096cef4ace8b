"""Leads: the ranked list, one lead with its reasons, its history and its timeline."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated, Any, Literal

from fastapi import APIRouter, Path, Query
from pydantic import Field
from sqlalchemy import select

from scoville.live.queries.cursors import from_cursor, to_cursor
from scoville.live.queries.in_force import InForce, in_force
from scoville.live.queries.lead import (
    SHOWN_TRAITS,
    contributions_of,
    identities_of,
    lead_no_of,
    owners_of,
    score_rows,
    standing_of,
    traits_of,
)
from scoville.live.queries.matching import Wanted
from scoville.live.queries.past import history_of, timeline_of
from scoville.live.queries.ranking import CursorEndedError, Question, cursor_of, page_of, place_of
from scoville.live.queries.week_ago import week_ago
from scoville.live.store.opening import Store
from scoville.live.store.people import leads
from scoville.web.api.fields import Answer, At, Body, Id, Name, Points, When
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import ApiError, not_found

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

router = APIRouter(route_class=GuardedRoute, tags=["leads"])
LeadId = Annotated[Id, Path(description="Any id of the lead: user id, e-mail address or anonymous id.")]


class OwnerOfLead(Answer):
    """Who works a lead."""

    owner_id: str
    name: str
    assigned_at: At


class Lead(Answer):
    """A lead with its score, as of its own instant."""

    lead_id: str
    score: float
    fit: float
    engagement: float
    grade: str | None
    level: str | None
    priority: str | None
    stage: str | None = Field(description="What the model says of this score.")
    standing: str | None = Field(description="The stage it is held in: left only some points below its line.")
    standing_since: At | None
    segment: str | None
    disqualified_by: str | None
    probability: float | None
    reasons: str | None
    model_version: str
    as_of: At
    first_seen_at: At
    last_seen_at: At
    is_anonymous: bool
    account_id: str | None
    owner: OwnerOfLead | None = None
    traits: dict[str, Any] = Field(default_factory=dict)


class PlacedLead(Lead):
    """A lead in a list; `place` counts from 1 over all pages."""

    place: int
    score_week_ago: float | None = Field(description="Where the ledger begins later, worked out again; null: unknown.")
    is_new: bool = Field(description="Nothing was known of it a week ago.")


class LeadPage(Answer):
    """One page of the list. `next_cursor` is null on the last one."""

    leads: list[PlacedLead]
    next_cursor: str | None
    model_version: str | None = Field(description="Of the model in force; null before the first is published.")


class Identity(Answer):
    """An id that a lead was seen under."""

    kind: str
    value: str
    first_seen_at: At


class Contribution(Answer):
    """The points that one rule gave; those of a lead add up to its score."""

    section: str
    rule: str
    points: float
    raw_points: float | None = None
    matched: int | None = None
    newest_at: At | None = None


class WholeLead(Lead):
    """One lead with everything that explains its score."""

    rank: int = Field(description="1 is the hottest of all; equal scores share a rank.")
    percentile: float = Field(description="Share of all leads with a lower or equal score, in percent.")
    leads: int = Field(description="How many leads there are.")
    contributions: list[Contribution]
    identities: list[Identity]


class Contributions(Answer):
    """Where every point of a lead comes from."""

    lead_id: str
    score: float
    as_of: At
    contributions: list[Contribution]


class Change(Answer):
    """One change of a score, with its cause."""

    entry_no: int
    at: At
    cause: str
    cause_ref: str | None
    score_before: float | None
    score: float
    fit: float
    engagement: float
    stage_before: str | None
    stage: str | None
    model_version: str


class History(Answer):
    """Changes of a score, the newest first."""

    lead_id: str
    changes: list[Change]
    next_cursor: str | None


class Event(Answer):
    """One thing that a lead did, or that became known of it."""

    occurred_at: At
    type: str
    event: str | None
    properties: Any


class Timeline(Answer):
    """What a lead did, the newest first."""

    lead_id: str
    events: list[Event]
    next_cursor: str | None


class ListOptions(Body):
    """What a list is about. All conditions that are given must hold."""

    standing: Name | None = Field(None, description="The stage that leads are held in.", examples=["MQL"])
    stage: Name | None = Field(None, description="The stage that the score alone says.")
    grade: Name | None = Field(None, examples=["A"])
    level: Name | None = Field(None, examples=["1"])
    priority: Name | None = Field(None, examples=["hot"])
    segment: Name | None = None
    min_score: Points | None = None
    max_score: Points | None = None
    owner: Name | None = Field(None, description="owner_id of who works them.")
    account: Id | None = Field(None, description="account_id.")
    changed_since: When | None = Field(None, description="Whose score changed since then, or was the first.")
    search: Name | None = Field(None, description="How an id, an e-mail, an account_id or words of names begin.")
    unowned: bool = Field(default=False, description="That nobody works.")
    waits_for: Name | None = Field(None, description="Why they wait for an owner, or `any`.", examples=["at_capacity"])
    open: bool = Field(default=False, description="Not won, nor rejected or lost since what brought them there.")
    order: Literal["score", "lowest"] = Field("score", description="Best first, or lowest first.")
    limit: int = Field(50, ge=1, le=200)
    cursor: Annotated[str, Field(max_length=500)] | None = Field(None, description="`next_cursor` of the last page.")

    def wanted(self) -> Wanted:
        """The same as the store is asked."""
        return Wanted(
            self.standing, self.stage, self.grade, self.level, self.priority, self.segment, self.min_score,
            self.max_score, self.owner, self.account, self.changed_since, self.search, self.unowned, self.waits_for,
            self.open,
        )  # fmt: skip


class PastOptions(Body):
    """How much of the past to show."""

    limit: int = Field(100, ge=1, le=500)
    cursor: Annotated[str, Field(max_length=200)] | None = Field(None, description="`next_cursor` of the last page.")


@router.get("/v1/leads", summary="The ranked list")
def list_leads(here: Here, asked: Annotated[ListOptions, Query()]) -> LeadPage:
    """Leads, best first, page by page: every one once, though scores change while you read.

    A cursor is good for as long as the model stays in force; 410 says to begin again.
    """
    with here.store.reading() as connection:
        model = in_force(connection)
        if model is None:
            return LeadPage(leads=[], next_cursor=None, model_version=None)
        after = place_of(asked.cursor) if asked.cursor is not None else None
        try:
            page = page_of(connection, Question(model.publication_no, asked.wanted(), asked.order), asked.limit, after)
        except CursorEndedError as ended:
            raise ApiError(410, "cursor_ended", str(ended)) from None
        rows = shown_rows(connection, model.publication_no, page.lead_nos)
        ago = week_ago(connection, model, page.lead_nos, here.clock())
    placed = [
        PlacedLead.of({
            **row, "place": page.first + number, "score_week_ago": ago.scores.get(row["lead_no"]),
            "is_new": row["lead_no"] in ago.new,
        }) for number, row in enumerate(rows)
    ]  # fmt: skip
    cursor = cursor_of(page.end) if page.end is not None else None
    return LeadPage(leads=placed, next_cursor=cursor, model_version=model.model_version)


@router.get("/v1/leads/{lead_id}", summary="One lead with its reasons")
def show_lead(here: Here, lead_id: LeadId) -> WholeLead:
    """Score, rank, traits, ids, and where every point comes from."""
    with here.store.reading() as connection:
        model, lead_no = _scored(connection, lead_id)
        row = _one(connection, model, lead_no)
        standing = standing_of(connection, model.publication_no, row["score"])
        row |= {
            "traits": traits_of(connection, [lead_no]).get(lead_no, {}),
            "owner": owners_of(connection, [lead_no]).get(lead_no),
            "identities": identities_of(connection, lead_no),
            "contributions": contributions_of(connection, model.publication_no, lead_no),
            "rank": standing.rank, "percentile": standing.percentile, "leads": standing.leads,
        }  # fmt: skip
    return WholeLead.of(row)


@router.get("/v1/leads/{lead_id}/contributions", summary="Where every point comes from")
def show_contributions(here: Here, lead_id: LeadId) -> Contributions:
    """They add up to the score."""
    with here.store.reading() as connection:
        model, lead_no = _scored(connection, lead_id)
        row = _one(connection, model, lead_no)
        found = contributions_of(connection, model.publication_no, lead_no)
    return Contributions.of({**row, "contributions": found})


@router.get("/v1/leads/{lead_id}/history", summary="Every change of its score, with the cause")
def show_history(here: Here, lead_id: LeadId, asked: Annotated[PastOptions, Query()]) -> History:
    """The newest first. Causes: event, decay, model, adjustment, merge, outcome."""
    before = from_cursor(asked.cursor, int)[0] if asked.cursor is not None else None
    with here.store.reading() as connection:
        lead_no = known_lead(connection, lead_id)
        rows = history_of(connection, lead_no, asked.limit + 1, before)
    shown = rows[: asked.limit]
    cursor = to_cursor(shown[-1]["entry_no"]) if len(rows) > asked.limit else None
    return History(lead_id=lead_id, changes=[Change.of(row) for row in shown], next_cursor=cursor)


@router.get("/v1/leads/{lead_id}/timeline", summary="What it did")
def show_timeline(here: Here, lead_id: LeadId, asked: Annotated[PastOptions, Query()]) -> Timeline:
    """Events under all its ids, the newest first."""
    before = from_cursor(asked.cursor, datetime, bytes) if asked.cursor is not None else None
    with here.store.reading() as connection:
        lead_no = known_lead(connection, lead_id)
        rows = timeline_of(connection, lead_no, asked.limit + 1, before)
    shown = rows[: asked.limit]
    end = shown[-1] if len(rows) > asked.limit else None
    cursor = to_cursor(end["occurred_at"], end["event_id"]) if end is not None else None
    return Timeline(lead_id=lead_id, events=[Event.of(row) for row in shown], next_cursor=cursor)


def shown_rows(connection: Connection, publication_no: int, lead_nos: Sequence[int]) -> list[dict[str, Any]]:
    """Score rows with what tells a person who it is."""
    found = traits_of(connection, lead_nos, SHOWN_TRAITS)
    owned = owners_of(connection, lead_nos)
    return [
        {**row, "traits": found.get(row["lead_no"], {}), "owner": owned.get(row["lead_no"])}
        for row in score_rows(connection, publication_no, lead_nos)
    ]


def named_lead(store: Store, lead_id: str) -> str:
    """The id that a lead is called by, for any of its ids. Raises: ApiError 404."""
    with store.reading() as connection:
        chosen = select(leads.c.lead_id).where(leads.c.lead_no == known_lead(connection, lead_id))
        return str(connection.execute(chosen).scalar_one())


def first_identity_of(store: Store, lead_id: str) -> int:
    """The number of the identity that a lead was first seen under. Raises: ApiError 404."""
    with store.reading() as connection:
        return int(identities_of(connection, known_lead(connection, lead_id))[0]["identity_no"])


def known_lead(connection: Connection, lead_id: str) -> int:
    """The number of the lead behind an id. Raises: ApiError 404."""
    lead_no = lead_no_of(connection, lead_id)
    if lead_no is None:
        raise not_found("lead")
    return lead_no


def _scored(connection: Connection, lead_id: str) -> tuple[InForce, int]:
    lead_no, model = known_lead(connection, lead_id), in_force(connection)
    if model is None:
        raise ApiError(409, "no_model", "no model is in force yet: publish one, then leads have scores")
    return model, lead_no


def _one(connection: Connection, model: InForce, lead_no: int) -> dict[str, Any]:
    rows = score_rows(connection, model.publication_no, [lead_no])
    if not rows:
        raise ApiError(409, "not_yet_scored", "the lead is known, and its first score is on its way: ask again soon")
    return rows[0]
