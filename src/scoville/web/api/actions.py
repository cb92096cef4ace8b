"""What is told to the world when something happens to a lead, what became of it, and sending it again."""

from __future__ import annotations

import os
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, JsonValue

from scoville.live.actions import defining, messages
from scoville.live.actions.addresses import Policy, policy_of
from scoville.live.actions.queueing import queue_test
from scoville.live.actions.sealing import Sealer, sealer_of
from scoville.live.queries.in_force import in_force
from scoville.live.store.opening import Store
from scoville.live.store.settings import read_settings
from scoville.model.load import Model
from scoville.web.api.changes import Changing, Replacing
from scoville.web.api.fields import Answer, At, Body, Id, Name, Points, Text, Version, When
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import not_found

router = APIRouter(route_class=GuardedRoute, tags=["actions"])
ActionId = Annotated[Id, Path()]
MessageId = Annotated[Id, Path()]
Few = Annotated[tuple[Name, ...], Field(max_length=50)]


class MailServer(Body):
    """How mail leaves. The password is never shown again."""

    host: Name
    sender: Name
    port: int = Field(587, ge=1, le=65_535)
    security: Literal["starttls", "tls", "none"] = "starttls"
    user: Annotated[str, Field(max_length=200)] = ""
    password: Annotated[str, Field(max_length=500)] = ""


class Action(Body):
    """What is done when something happens to a lead. Empty conditions hold for all; a mask leaves a secret as it is."""

    name: Name
    kind: Literal["webhook", "slack", "email", "assign", "tag"]
    occasion: Literal["entered", "left", "assigned", "reassigned", "reminder", "escalation"] = "entered"
    stages: Few = Field((), examples=[["SQL"]])
    direction: Literal["up", "down"] | None = None
    min_score: Points | None = None
    segments: Few = ()
    traits: Few = Field((), description="Sent along: none unless named here.")
    url: Text = Field("", examples=["https://hooks.example.com/scoville"])
    secrets: Annotated[tuple[Annotated[str, Field(max_length=200)], ...], Field(max_length=2)] = ()
    headers: dict[Annotated[str, Field(max_length=100)], Annotated[str, Field(max_length=1_000)]] = Field(
        default_factory=dict
    )
    text: Annotated[str, Field(max_length=5_000)] = ""
    subject: Annotated[str, Field(max_length=200)] = ""
    to: Few = Field((), description="E-mail addresses, or `owner`.")
    mail_server: MailServer | None = None
    tag: Annotated[str, Field(max_length=100)] = ""
    is_enabled: bool = True


class KnownAction(Answer):
    """An action with an id, its secrets masked."""

    action_id: str
    action: Action
    disabled_because: str | None
    failing_since: At | None
    created_at: At
    changed_at: At
    version: Version


class Actions(Answer):
    """All actions by name."""

    actions: list[KnownAction]


class Made(Answer):
    """What was made. `secret` signs what is sent: it is shown this once, and null when none was made."""

    action_id: str
    secret: str | None = None
    notes: list[str] = Field(default_factory=list, description="What is allowed, but hardly meant.")


class Queued(Answer):
    """A message on its way."""

    message_id: str


class Message(Answer):
    """One message and where it stands."""

    message_id: str
    action_id: str
    action: str
    cause: str
    payload: JsonValue
    created_at: At
    state: str
    attempts: int
    due_at: At
    finished_at: At | None


class Messages(Answer):
    """The newest first."""

    messages: list[Message]
    next_cursor: str | None


class Delivery(Answer):
    """One attempt. What the other side answered is not shown: it may be anything."""

    attempt: int
    at: At
    outcome: str
    status: int | None
    detail: str
    duration_ms: int


class Deliveries(Answer):
    """The first one first."""

    deliveries: list[Delivery]


class Again(Body):
    """Which messages to send again: those of [since, until), the dead ones or also the sent ones."""

    since: When
    until: When
    state: Literal["dead", "sent"] = "dead"


class Count(Answer):
    """How many."""

    messages: int


@router.get("/v1/actions", summary="All actions")
def show_actions(here: Here) -> Actions:
    """By name, secrets masked."""
    return Actions(actions=[_shown(one) for one in defining.list_actions(here.store, _sealer(here.store))])


@router.post("/v1/actions", summary="Add an action", status_code=201, response_model=Made)
def add_action(changing: Changing, asked: Action) -> Response:
    """A webhook is signed as Standard Webhooks say. Addresses inside the network are refused, now and at every send."""
    saved = changing.made(lambda: _save(changing.store, asked, changing))
    kept = Made(action_id=saved.action_id, notes=_notes(changing.store, asked))
    made = kept.model_copy(update={"secret": saved.secret})
    return changing.noted("action.added", saved.action_id, made, status=201, kept=kept)


@router.get("/v1/actions/{action_id}", summary="One action")
def show_action(here: Here, action_id: ActionId) -> KnownAction:
    """Its secrets masked."""
    found = defining.find_action(here.store, _sealer(here.store), action_id)
    if found is None:
        raise not_found("action")
    return _shown(found)


@router.put("/v1/actions/{action_id}", summary="Change an action", response_model=Made)
def change_action(changing: Replacing, action_id: ActionId, asked: Action) -> Response:
    """The whole of it; what comes back as a mask stays as it was."""
    _check(changing.store, action_id)
    changing.made(lambda: _save(changing.store, asked, changing, action_id))
    made = Made(action_id=action_id, notes=_notes(changing.store, asked))
    return changing.noted("action.changed", action_id, made)


@router.delete("/v1/actions/{action_id}", summary="Take away an action that never said anything", status_code=204)
def end_action(changing: Replacing, action_id: ActionId) -> Response:
    """One that has messages is disabled instead."""
    _check(changing.store, action_id)
    changing.made(lambda: defining.delete_action(changing.store, action_id, seen=changing.seen))
    return changing.noted("action.removed", action_id)


@router.post("/v1/actions/{action_id}/test", summary="Send a test", status_code=202, response_model=Queued)
def test_action(changing: Changing, action_id: ActionId) -> Response:
    """Goes the way of every message, with all its checks; see its deliveries."""
    _check(changing.store, action_id)
    message_id = changing.made(lambda: queue_test(changing.store, action_id, changing.now))
    return changing.noted("action.tested", action_id, Queued(message_id=message_id), status=202)


@router.post("/v1/actions/{action_id}/rotate", summary="Take a new signing secret", response_model=Made)
def rotate(changing: Replacing, action_id: ActionId) -> Response:
    """Both sign until the change is finished: receivers change over without a gap."""
    secret = changing.made(
        lambda: defining.rotate_secret(
            changing.store, _sealer(changing.store), action_id, changing.now, seen=changing.seen
        )
    )
    made = Made(action_id=action_id, secret=secret)
    return changing.noted("action.secret_rotated", action_id, made, kept=Made(action_id=action_id))


@router.delete("/v1/actions/{action_id}/rotate", summary="Finish with the old secret", status_code=204)
def end_rotation(changing: Replacing, action_id: ActionId) -> Response:
    """Only the newest one signs from here on."""
    changing.made(
        lambda: defining.end_rotation(
            changing.store, _sealer(changing.store), action_id, changing.now, seen=changing.seen
        )
    )
    return changing.noted("action.secret_settled", action_id)


@router.post("/v1/actions/{action_id}/replay", summary="Send again what it said", status_code=202, response_model=Count)
def replay_range(changing: Changing, action_id: ActionId, asked: Again) -> Response:
    """With the same message ids: receivers know what they had."""
    _check(changing.store, action_id)
    count = changing.made(
        lambda: messages.replay_range(
            changing.store, action_id, asked.since, asked.until, changing.now, state=asked.state
        )
    )
    return changing.noted("action.replayed", action_id, Count(messages=count), status=202)


@router.get("/v1/messages", summary="What was said, and where it stands")
def show_messages(
    here: Here,
    state: Annotated[Literal["waiting", "sent", "dead"] | None, Query()] = None,
    action_id: Annotated[Id | None, Query()] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Messages:
    """The newest first."""
    found, end = messages.list_messages(here.store, state=state, action_id=action_id, before=cursor, limit=limit)
    return Messages(messages=[Message.of(one) for one in found], next_cursor=str(end) if end is not None else None)


@router.get("/v1/messages/{message_id}/deliveries", summary="Every attempt to deliver a message")
def show_deliveries(here: Here, message_id: MessageId) -> Deliveries:
    """The first one first."""
    return Deliveries(deliveries=[Delivery.of(one) for one in messages.list_deliveries(here.store, message_id)])


@router.post("/v1/messages/{message_id}/replay", summary="Send a message again", status_code=202, response_model=Queued)
def replay(changing: Changing, message_id: MessageId) -> Response:
    """With the same id, and with all its attempts before it."""
    changing.made(lambda: messages.replay(changing.store, message_id, changing.now))
    return changing.noted("message.replayed", message_id, Queued(message_id=message_id), status=202)


def _save(store: Store, asked: Action, changing: Changing, action_id: str | None = None) -> defining.Saved:
    given = dict(asked)
    if asked.mail_server is not None:
        given["mail_server"] = defining.MailServer(**dict(asked.mail_server))
    wanted = defining.Action(**given)
    return defining.save_action(
        store, _sealer(store), _policy(store), wanted, changing.now, action_id=action_id, seen=changing.seen
    )


def _notes(store: Store, asked: Action) -> list[str]:
    """A stage that no model has yet may be meant; one that is spelt otherwise would stay silent for ever."""
    with store.reading() as connection:
        now = in_force(connection) if asked.stages else None
    if now is None:
        return []
    known = [stage.name for stage in Model.loads(now.text).stages]
    unknown = [name for name in asked.stages if name not in known]
    return [f"the model in force has no stage '{name}'; it has {', '.join(known)}" for name in unknown]


def _shown(one: defining.Shown) -> KnownAction:
    action = vars(one.action) | {"headers": dict(one.action.headers)}
    if one.action.mail_server is not None:
        action["mail_server"] = vars(one.action.mail_server)
    return KnownAction.of({**vars(one), "action": action})


def _check(store: Store, action_id: str) -> None:
    if defining.find_action(store, _sealer(store), action_id) is None:
        raise not_found("action")


def _sealer(store: Store) -> Sealer:
    return sealer_of(store, os.environ)


def _policy(store: Store) -> Policy:
    with store.reading() as connection:
        return policy_of(read_settings(connection).allowed_private_hosts)
