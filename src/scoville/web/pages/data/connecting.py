"""The tab Send data: what to paste, with a key filled in, and whether the first event has arrived."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Annotated

import orjson
from fastapi import APIRouter, Query, Request, Response

from scoville.live.queries.arrivals import Looked, newest_arrivals
from scoville.live.store.metadata import from_us, to_us
from scoville.web.api.admin import KeyToMake, make_key
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Name
from scoville.web.api.route import Here
from scoville.web.pages.data.reasons import reason_of
from scoville.web.pages.data.snippets import NO_KEY, WAYS, way_of
from scoville.web.pages.data.tabs import TABS
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.page import PageRoute, show

if TYPE_CHECKING:
    from scoville.live.queries.arrivals import Arrival
    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_PATH = "/data/connect"
_LAST_US = 4_102_444_800_000_000  # the year 2100
With = Annotated[Name | None, Query(alias="with")]
Since = Annotated[int | None, Query(ge=0, le=_LAST_US)]


@router.get(_PATH)
def show_ways(request: Request, here: Here, chosen: With = None, since: Since = None) -> Response:
    """The ways to send, and what arrived since the page was opened."""
    return show_way(request, here, chosen, since=since)


@router.post(_PATH)
def make_and_show(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """A new key, shown this once, filled into the snippet."""
    key = new_key(changing, form.get("with"), form.get("name"))
    return show_way(request, here, form.get("with"), key=key)


def new_key(changing: Changing, code: str, name: str) -> str:
    """A key of the kind that a way needs, in clear: it is known to nobody afterwards."""
    way = way_of(code)
    scopes = ("ingest",) if way.kind == "secret" else ()
    asked = read_form(KeyToMake, {"name": name or way.name, "kind": way.kind, "scopes": scopes})
    return str(orjson.loads(bytes(make_key(changing, asked).body))["key"])


def show_way(
    request: Request,
    here: State,
    code: str | None,
    *,
    since: int | None = None,
    key: str | None = None,
    template: str = "data/connect.html",
) -> Response:
    """The page for one way. `key` stands in the snippet; without one, a word that says what belongs there."""
    way, opened_us = way_of(code), since if since is not None else to_us(here.clock())
    return show(
        request, template, tabs_shown=TABS, ways=WAYS, way=way, since=opened_us, is_filled=key is not None,
        text=way.filled(here.settings.base_url, key or NO_KEY[way.kind]), key=key, no_key=NO_KEY[way.kind],
        first=first_since(here, from_us(opened_us)), reason_of=reason_of,
    )  # fmt: skip


def first_since(here: State, since: datetime) -> Arrival | None:
    """The newest message of all, if it came after an instant."""
    with here.store.reading() as connection:
        newest = newest_arrivals(connection, Looked(), 1)
    return newest[0] if newest and newest[0].received_at >= since else None
