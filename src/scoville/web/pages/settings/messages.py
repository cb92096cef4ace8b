"""The delivery log: what was said to the world, every attempt, and saying it again."""

from __future__ import annotations

import json
from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Request, Response

from scoville.live.actions.messages import find_message
from scoville.web.api import actions as api
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Id, Text
from scoville.web.api.route import Here
from scoville.web.errors import not_found
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.settings.frame import show_settings
from scoville.web.pages.templates import in_path
from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
MessageId = Annotated[Id, Path()]
_ON_A_PAGE = 50


@router.get("/settings/messages")
def show_log(
    request: Request,
    here: Here,
    state: Annotated[Literal["waiting", "sent", "dead", ""], Query()] = "",
    action: Annotated[Text, Query(max_length=100)] = "",
    cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Response:
    """The newest first."""
    page = api.show_messages(here, state or None, action or None, _ON_A_PAGE, cursor)
    names = [("", "all actions"), *((one.action_id, one.action.name) for one in api.show_actions(here).actions)]
    return show_settings(
        request, "messages.html", messages=page.messages, next_cursor=page.next_cursor, state=state, action=action,
        actions=names, cursor=cursor,
    )  # fmt: skip


@router.get("/settings/messages/{message_id}")
def show_message(request: Request, here: Here, message_id: MessageId) -> Response:
    """One, with what it says and every attempt."""
    return _shown(request, here, message_id, "message.html")


@router.get("/settings/messages/{message_id}/progress")
def show_progress(request: Request, here: Here, message_id: MessageId) -> Response:
    """How its delivery is going, for a page that watches it."""
    return _shown(request, here, message_id, "message_progress.html")


@router.post("/settings/messages/{message_id}/replay")
def replay(request: Request, changing: Changing, message_id: MessageId) -> Response:
    """With the same id: the other side knows what it had."""
    api.replay(changing, message_id)
    return done(request, f"/settings/messages/{in_path(message_id)}", "It is on its way again.")


def _shown(request: Request, here: State, message_id: str, template: str) -> Response:
    found = find_message(here.store, message_id)
    if found is None:
        raise not_found("message")
    payload = json.dumps(found.payload, indent=2, ensure_ascii=False)
    attempts = api.show_deliveries(here, message_id).deliveries
    return show_settings(request, template, message=found, attempts=attempts, payload=payload)
