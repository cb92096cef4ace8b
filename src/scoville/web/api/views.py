"""Saved views: lists of leads that people look at again and again, for themselves or for everybody."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Response
from pydantic import Field

from scoville.live.store import views
from scoville.web.api.changes import Changing, Replacing
from scoville.web.api.fields import Answer, At, Body, Name, Version
from scoville.web.api.route import GuardedRoute, Here, Who
from scoville.web.auth.users import ROLES

if TYPE_CHECKING:
    from scoville.web.auth.access import Caller

router = APIRouter(route_class=GuardedRoute, tags=["leads"])
ViewId = Annotated[Name, Path(description="The id of a view.")]


class ViewToSave(Body):
    """A list of leads with a name."""

    name: Annotated[Name, Field(max_length=60)] = Field(examples=["Hot and nobody's"])
    filters: Annotated[str, Field(max_length=1_000)] = Field(
        "", description="As in the address of the queue.", examples=["priority=hot&owner=nobody"]
    )
    is_shared: bool = Field(default=False, description="For everybody; marketing and admins may.")


class View(Answer):
    """A saved view."""

    view_id: str
    name: str
    filters: str
    is_shared: bool
    is_mine: bool
    saved_at: At
    version: Version


class Views(Answer):
    """The shared ones first, then one's own."""

    views: list[View]


class SavedView(Answer):
    """The id of what was saved."""

    view_id: str


def keeper_of(caller: Caller) -> views.Keeper:
    """What somebody who is logged in may do with views."""
    may_share = caller.role is not None and ROLES.index(caller.role) >= ROLES.index("marketing")
    return views.Keeper(caller.user_no or 0, may_share)


@router.get("/v1/views", summary="Saved lists of leads")
def show_views(here: Here, who: Who) -> Views:
    """One's own, and those that are shared."""
    with here.store.reading() as connection:
        found = views.list_views(connection, keeper_of(who).user_no)
    return Views(views=[View.of(one) for one in found])


@router.post("/v1/views", summary="Save a list of leads", status_code=201, response_model=SavedView)
def save_view(changing: Changing, asked: ViewToSave) -> Response:
    """For oneself; with `is_shared` for everybody."""
    with changing.begin() as change:
        keeper = keeper_of(change.caller)
        view_id = views.add_view(change.connection, keeper, views.NewView(**dict(asked)), change.now)
        return change.done("view.saved", view_id, SavedView(view_id=view_id), status=201)


@router.put("/v1/views/{view_id}", summary="Change a saved list", status_code=204)
def change_view(changing: Replacing, view_id: ViewId, asked: ViewToSave) -> Response:
    """The whole of it."""
    with changing.begin() as change:
        keeper, wanted = keeper_of(change.caller), views.NewView(**dict(asked))
        views.replace_view(change.connection, keeper, view_id, wanted, change.now, seen=changing.seen)
        return change.done("view.changed", view_id)


@router.delete("/v1/views/{view_id}", summary="Delete a saved list", status_code=204)
def end_view(changing: Replacing, view_id: ViewId) -> Response:
    """It is gone for everybody who saw it."""
    with changing.begin() as change:
        views.delete_view(change.connection, keeper_of(change.caller), view_id, seen=changing.seen)
        return change.done("view.deleted", view_id)
