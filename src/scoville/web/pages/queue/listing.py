"""The queue: whom to call now, why, and before when. What sales has open all day.

In: filters in the address. Out: one page of the ranked list, parts of it, and what is done with leads from there. A
page that is open asks every two seconds who has just got hot; while nobody has, the answer is empty.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from scoville.errors import UsageError
from scoville.live.queries.crossings import got_hot_since, newest_crossing
from scoville.live.queries.in_force import in_force
from scoville.live.queries.owner_of_user import owner_id_of_user
from scoville.live.queries.past import record_began
from scoville.live.queries.queue_rows import beside
from scoville.live.queries.ranking import Page, Question, cursor_of, page_of, place_of
from scoville.live.routing.owners import list_owners
from scoville.live.routing.queue import count_waiting
from scoville.live.store.views import list_views
from scoville.web.api.changes import Changing
from scoville.web.api.exports import file_of
from scoville.web.api.fields import Id
from scoville.web.api.leads import known_lead, shown_rows
from scoville.web.api.route import Here, Who
from scoville.web.api.views import keeper_of
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form
from scoville.web.pages.lead_said import REJECTIONS
from scoville.web.pages.page import PageRoute, done, show, wanted_block
from scoville.web.pages.queue.acts import TOUCHES, act_of, perform
from scoville.web.pages.queue.asked import WAITS, What, chips, said_by
from scoville.web.pages.queue.export import MOST, csv_of
from scoville.web.pages.queue.rows import rows_of

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.queries.crossings import GotHot
    from scoville.live.queries.in_force import InForce
    from scoville.web.auth.access import Caller
    from scoville.web.pages.queue.asked import Asked
    from scoville.web.pages.queue.rows import Row

router = APIRouter(route_class=PageRoute, include_in_schema=False)
PAGE = 50
_NEWS = 5  # leads named in one message; the others are counted
_WORDS: dict[str, Any] = {"waits": WAITS, "reasons": REJECTIONS, "touches": TOUCHES, "most": MOST}
_BEGUN_AGAIN = "The list has changed since you opened it: here it is from the top."
Seen = Annotated[int, Query(ge=0, le=2**53)]


@router.get("/queue")
def show_queue(request: Request, here: Here, who: Who, asked: What) -> Response:
    """The list, or one of its parts."""
    with here.store.reading() as connection:
        try:
            values = _list(connection, asked, who, here.clock())
        except UsageError:  # a cursor of a list that is no more
            return done(request, f"/queue?{asked.said('cursor')}", _BEGUN_AGAIN)
        values |= _views(connection, asked, who)
    values |= {"waiting": {reason: count for reason, (count, _) in count_waiting(here.store).items()}}
    values |= {"is_part": wanted_block(request) == "rows", "asked": asked}
    owners = list_owners(here.store)
    return show(request, "queue/listing.html", owners=owners, chips=[*chips(asked, owners)], **_WORDS, **values)


@router.get("/queue/row")
def show_row(request: Request, here: Here, who: Who, asked: What, lead: Annotated[Id, Query()]) -> Response:
    """One lead as a row, to be put above the list."""
    with here.store.reading() as connection:
        model, mine = in_force(connection), owner_id_of_user(connection, who.user_no)
        rows = _rows(connection, model, [known_lead(connection, lead)], mine, here.clock())
    return show(request, "queue/row.html", rows=rows, mine=mine, asked=asked)


@router.get("/queue/news")
def show_news(request: Request, here: Here, who: Who, asked: What, seen: Seen) -> Response:
    """Who of this list has got hot since; 204 while nobody has."""
    with here.store.reading() as connection:
        newest = newest_crossing(connection)
        hot, rows = _got_hot(connection, asked, who, seen, newest, here.clock()) if newest > seen else ((), [])
    response = Response(status_code=204)
    if rows:
        before = {row.lead_id: one.stage_before for row, one in zip(rows, hot, strict=False)}
        response = show(request, "queue/news.html", rows=rows, before=before, more=len(hot) - len(rows), asked=asked)
    response.headers["Newest"] = str(newest)
    return response


@router.post("/queue/act")
def act(request: Request, here: Here, who: Who, changing: Changing, asked: What, form: Form) -> Response:
    """Do something with the lead of a row, or with all that are selected; then the same list again."""
    with here.store.reading() as connection:
        wanted = act_of(form, owner_id_of_user(connection, who.user_no))
    if wanted.lacks_reason and request.headers.get("hx-request"):
        raise ApiError(422, "invalid", "a rejection needs a reason: it is what the model can learn from")
    if wanted.lacks_reason:
        return show(request, "queue/reject.html", asked=asked, lead_ids=wanted.lead_ids, reasons=REJECTIONS)
    return done(request, f"/queue?{asked.said()}", perform(changing, wanted))


@router.post("/queue/export")
def export(here: Here, who: Who, changing: Changing, asked: What) -> Response:
    """The list as CSV. Who takes data away stands in the audit log."""
    with changing.begin() as change:
        model, mine = in_force(change.connection), owner_id_of_user(change.connection, who.user_no)
        if model is None:
            raise ApiError(409, "no_model", "no model is in force yet: publish one, then leads have scores")
        change.done("exported", "queue", detail={"filters": asked.kept})
    question = Question(model.publication_no, asked.wanted(change.now, mine))
    name = f"leads-{change.now:%Y-%m-%d}.csv"
    return file_of(csv_of(here.store, model, question, change.now), name, "text/csv; charset=utf-8")


def _list(connection: Connection, asked: Asked, who: Caller, now: datetime) -> dict[str, Any]:
    """One page of the list, and what the page beside it says. Raises: UsageError for a cursor of another list."""
    model, mine = in_force(connection), owner_id_of_user(connection, who.user_no)
    page, wanted = Page((), 1, None), asked.wanted(now, mine)
    if model is not None:
        question = Question(model.publication_no, wanted)
        page = page_of(connection, question, PAGE, place_of(asked.cursor) if asked.cursor else None)
    return {
        "rows": _rows(connection, model, page.lead_nos, mine, now), "page": page, "mine": mine,
        "next": asked.said(cursor=cursor_of(page.end)) if page.end else "",
        "model": said_by(model.text) if model else None, "newest": newest_crossing(connection),
        "recorded_since": _begun_within(connection, wanted.changed_since),
    }  # fmt: skip


def _begun_within(connection: Connection, since: datetime | None) -> datetime | None:
    """When scores began to be written down, where that is later than the changes that a list is about."""
    began = record_began(connection) if since is not None else None
    return began if began is not None and since is not None and began > since else None


def _got_hot(
    connection: Connection, asked: Asked, who: Caller, seen: int, newest: int, now: datetime
) -> tuple[Sequence[GotHot], list[Row]]:
    model, mine = in_force(connection), owner_id_of_user(connection, who.user_no)
    if model is None:
        return (), []
    question = Question(model.publication_no, asked.wanted(now, mine))
    hot = got_hot_since(connection, question, seen, newest, said_by(model.text).first_stage)
    return hot, _rows(connection, model, [one.lead_no for one in hot[:_NEWS]], mine, now)


def _rows(
    connection: Connection, model: InForce | None, lead_nos: Sequence[int], mine: str | None, now: datetime
) -> list[Row]:
    if model is None or not lead_nos:
        return []
    found = shown_rows(connection, model.publication_no, lead_nos)
    return rows_of(found, beside(connection, model, lead_nos, now), mine, now)


def _views(connection: Connection, asked: Asked, who: Caller) -> dict[str, Any]:
    """The views that somebody sees, the one that is open, and whether the list is no longer as it was saved."""
    keeper = keeper_of(who)
    views = list_views(connection, keeper.user_no)
    opened = next((one for one in views if one.view_id == asked.view), None)
    is_changed = opened is not None and opened.filters != asked.kept
    return {"views": views, "opened": opened, "is_changed": is_changed, "may_share": keeper.may_share}
