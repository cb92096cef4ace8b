"""Saving a list of leads under a name, replacing what is saved, and deleting it.

In: forms of the queue, with the list in their address. Out: the queue again. Called from the page of the queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from fastapi import APIRouter, Request, Response

from scoville.web.api import views as api
from scoville.web.api.changes import Changing
from scoville.web.api.views import ViewId, ViewToSave
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.page import PageRoute, go
from scoville.web.pages.queue.asked import What

if TYPE_CHECKING:
    from scoville.web.pages.forms import Sent
    from scoville.web.pages.queue.asked import Asked

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.post("/queue/views")
def save(request: Request, changing: Changing, asked: What, form: Form) -> Response:
    """Keep the list that is open."""
    made = api.save_view(changing, _view(asked, form))
    return go(request, f"/queue?{asked.said('cursor', view=orjson.loads(made.body)['view_id'])}")


@router.post("/queue/views/{view_id}")
def replace(request: Request, changing: Changing, view_id: ViewId, asked: What, form: Form) -> Response:
    """The view is from now on the list that is open."""
    api.change_view(changing.having_seen(form.get("was")), view_id, _view(asked, form))
    return go(request, f"/queue?{asked.said('cursor', view=view_id)}")


@router.post("/queue/views/{view_id}/delete")
def delete(request: Request, changing: Changing, view_id: ViewId, asked: What, form: Form) -> Response:
    """The list stays open; its name is gone."""
    api.end_view(changing.having_seen(form.get("was")), view_id)
    return go(request, f"/queue?{asked.said('cursor', 'view')}")


def _view(asked: Asked, form: Sent) -> ViewToSave:
    return read_form(
        ViewToSave, {"name": form.get("name"), "filters": asked.kept, "is_shared": bool(form.get("shared"))}
    )
