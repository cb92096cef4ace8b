"""The tab Identity: how many are known, who was found to be one person and why, with a way to take them apart."""

from __future__ import annotations

from types import MappingProxyType
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from scoville.live.queries.identity import known_people, recent_merges, refused_merges
from scoville.live.store.settings import read_settings
from scoville.web.api.changes import Changing
from scoville.web.api.people import split
from scoville.web.api.route import Here
from scoville.web.pages.data.reasons import reason_of
from scoville.web.pages.data.tabs import TABS
from scoville.web.pages.page import PageRoute, done, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_SHOWN = 30
_CAUSES = MappingProxyType(
    {
        "identify": "A message named both ids: the visitor said who they are.",
        "alias": "A server said that both are the same.",
        "email": "Both gave the same e-mail address.",
        "manual": "Merged by hand.",
    }
)
_KINDS = MappingProxyType({"user": "user id", "anonymous": "browser", "email": "e-mail"})


@router.get("/data/identity")
def show_identity(request: Request, here: Here) -> Response:
    """Counts, the newest merges, and those that were refused."""
    with here.store.reading() as connection:
        people = known_people(connection)
        merges, refused = recent_merges(connection, _SHOWN), refused_merges(connection, _SHOWN)
        by_email = read_settings(connection).merge_by_email
    return show(
        request, "data/identity.html", tabs_shown=TABS, people=people, merges=merges, refused=refused, causes=_CAUSES,
        kinds=_KINDS, by_email=by_email, reason_of=reason_of,
    )  # fmt: skip


@router.post("/data/links/{link_no}/undo")
def undo(request: Request, changing: Changing, link_no: Annotated[int, Path(ge=1, le=2**53)]) -> Response:
    """Take two ids apart; no message puts them together again."""
    split(changing, link_no)
    return done(request, "/data/identity", "They are two again, and no message will merge them.")
