"""Who is who: links between ids, made and undone by hand; messages that were put aside."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field
from sqlalchemy import delete, select

from scoville.live.fold.by_hand import link_by_hand, undo_link
from scoville.live.forget import forget, forget_ids
from scoville.live.ingest.rules import Rules
from scoville.live.queries.lead import links_of
from scoville.live.replaying import replay, replay_all
from scoville.live.store.access import answers
from scoville.live.store.log import quarantine
from scoville.live.store.people import leads
from scoville.live.store.settings import read_settings
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Answer, At, Body, Id, Name
from scoville.web.api.leads import LeadId, first_identity_of, known_lead
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import not_found

router = APIRouter(route_class=GuardedRoute, tags=["people"])


class Link(Answer):
    """Two ids that are one person, and why."""

    link_no: int
    one_kind: str
    one: str
    other_kind: str
    other: str
    cause: str
    linked_at: At
    linked_by: str | None
    undone_at: At | None
    undone_by: str | None


class Links(Answer):
    """What holds a lead together; undone ones too, which no message makes again."""

    lead_id: str
    links: list[Link]


class Other(Body):
    """The other one."""

    lead_id: Id


class Merged(Answer):
    """The link that makes two leads one."""

    link_no: int


class Split(Answer):
    """The leads that there are now."""

    lead_ids: list[str]


class ToForget(Body):
    """User ids, anonymous ids or e-mail addresses, known or not."""

    ids: Annotated[tuple[Id, ...], Field(min_length=1, max_length=1_000)]


class Forgotten(Answer):
    """How many leads were removed."""

    leads: int


class Aside(Answer):
    """A message that could not be used, with the reason."""

    quarantine_no: int
    received_at: At
    reason: str
    detail: str
    person: str | None
    body: str
    is_trusted: bool
    replayed_at: At | None


class Reason(Body):
    """Why messages were put aside."""

    reason: Name


class LetIn(Answer):
    """How many messages went in again, and how many of those tried cannot be used this time either."""

    let_in: int
    still_aside: int


class Quarantine(Answer):
    """The newest first."""

    messages: list[Aside]
    next_cursor: str | None


@router.get("/v1/leads/{lead_id}/links", summary="What holds a lead together")
def show_links(here: Here, lead_id: LeadId) -> Links:
    """Every link between its ids."""
    with here.store.reading() as connection:
        found = links_of(connection, known_lead(connection, lead_id))
    return Links(lead_id=lead_id, links=[Link.of(row) for row in found])


@router.post("/v1/leads/{lead_id}/merge", summary="Say that two leads are one", response_model=Merged)
def merge(changing: Changing, lead_id: LeadId, asked: Other) -> Response:
    """The older one stays. It can be undone."""
    one, other = first_identity_of(changing.store, lead_id), first_identity_of(changing.store, asked.lead_id)
    by = changing.caller.actor
    number = changing.made(lambda: link_by_hand(changing.store, one, other, by=by, now=changing.now))
    return changing.noted("leads.merged", str(number), Merged(link_no=number))


@router.delete("/v1/links/{link_no}", summary="Take two ids apart", response_model=Split)
def split(changing: Changing, link_no: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
    """What hangs together without the link stays together. No message makes the link again."""
    by = changing.caller.actor
    numbers = changing.made(lambda: undo_link(changing.store, link_no, by=by, now=changing.now))
    with changing.store.reading() as connection:
        chosen = select(leads.c.lead_id).where(leads.c.lead_no.in_(numbers)).order_by(leads.c.lead_no)
        ids = list(connection.execute(chosen).scalars())
    return changing.noted("link.undone", str(link_no), Split(lead_ids=ids))


@router.get("/v1/quarantine", summary="Messages that could not be used")
def show_quarantine(
    here: Here,
    reason: Annotated[Name | None, Query(description="Such as no_person, bad_time, known_person.")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Quarantine:
    """The newest first, each with the reason."""
    chosen = select(quarantine).order_by(quarantine.c.quarantine_no.desc()).limit(limit + 1)
    if reason is not None:
        chosen = chosen.where(quarantine.c.reason == reason)
    if cursor is not None:
        chosen = chosen.where(quarantine.c.quarantine_no < cursor)
    with here.store.reading() as connection:
        rows = [Aside.of(row) for row in connection.execute(chosen).mappings()]
    shown = rows[:limit]
    return Quarantine(messages=shown, next_cursor=str(shown[-1].quarantine_no) if len(rows) > limit else None)


@router.post("/v1/quarantine/{quarantine_no}/replay", summary="Let a message in after all", status_code=204)
def replay_message(changing: Changing, quarantine_no: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
    """As if a server had sent it, with its own time."""
    with changing.begin() as change:
        live = read_settings(change.connection)
        rules = Rules(outcomes=live.outcomes, are_bots_refused=False)
        if not replay(change.connection, quarantine_no, rules, now=change.now):
            raise not_found("message in quarantine")
        return change.done("message.let_in", str(quarantine_no))


@router.post("/v1/quarantine/replay", summary="Let all messages of a reason in", response_model=LetIn)
def replay_messages(changing: Changing, asked: Reason) -> Response:
    """The oldest thousand that were not let in yet: ask again for more."""
    with changing.begin() as change:
        rules = Rules(outcomes=read_settings(change.connection).outcomes, are_bots_refused=False)
        let_in, left = replay_all(change.connection, asked.reason, rules, now=change.now)
        answer = LetIn(let_in=let_in, still_aside=left)
        return change.done("messages.let_in", asked.reason, answer, detail={"let_in": let_in})


@router.post("/v1/forget", summary="Forget people", response_model=Forgotten)
def forget_people(changing: Changing, asked: ToForget) -> Response:
    """Everything of them goes from every table, and what arrives about them later is acknowledged and dropped."""
    count = changing.made(lambda: forget_ids(changing.store, asked.ids, changing.now))
    with changing.store.writing() as connection:
        connection.execute(delete(answers))  # kept for retries; they may name somebody
    changing.store.clear_log()
    return changing.noted("people.forgotten", "", Forgotten(leads=count))


@router.delete("/v1/leads/{lead_id}", summary="Forget a lead", response_model=Forgotten)
def forget_lead(changing: Changing, lead_id: LeadId) -> Response:
    """With all its ids: as above."""
    with changing.store.reading() as connection:
        lead_no = known_lead(connection, lead_id)
    count = changing.made(lambda: forget(changing.store, [lead_no], changing.now))
    with changing.store.writing() as connection:
        connection.execute(delete(answers))
    changing.store.clear_log()
    return changing.noted("people.forgotten", "", Forgotten(leads=count))
