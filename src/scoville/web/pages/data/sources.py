"""The tab Sources: every place that messages come from, and how it is doing."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from scoville.live.queries.aside import aside_by_reason
from scoville.live.queries.backlog import backlog_of
from scoville.live.queries.set_up import set_up_of
from scoville.live.queries.sources import sources_shown
from scoville.web.api.route import Here
from scoville.web.pages.data.reasons import reason_of
from scoville.web.pages.data.tabs import TABS
from scoville.web.pages.page import PageRoute, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/data")
def show_sources(request: Request, here: Here) -> Response:
    """The sources, what waits, and what was put aside."""
    now = here.clock()
    with here.store.reading() as connection:
        found = sources_shown(connection, now)
        aside, backlog = aside_by_reason(connection), backlog_of(connection, now)
        set_up = set_up_of(connection)
    return show(
        request, "data/sources.html", tabs_shown=TABS, sources=found, aside=aside, backlog=backlog, set_up=set_up,
        reason_of=reason_of,
    )  # fmt: skip
