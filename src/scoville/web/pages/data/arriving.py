"""The tab As they arrive: the newest messages, what became of each, and why some were put aside; with a way back in."""

from __future__ import annotations

import hashlib
from http import HTTPStatus
from typing import TYPE_CHECKING, Annotated, get_args
from urllib.parse import urlencode

import orjson
from fastapi import APIRouter, Path, Query, Request, Response
from pydantic import Field, field_validator

from scoville.live.ingest.reading import TYPES
from scoville.live.queries.arrivals import Looked, State, newest_arrivals
from scoville.live.queries.aside import aside_by_reason
from scoville.live.queries.sources import names_seen, source_names
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Body, Id, Name
from scoville.web.api.people import Reason, replay_message, replay_messages
from scoville.web.api.route import Here
from scoville.web.pages.data.reasons import reason_of
from scoville.web.pages.data.tabs import TABS
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.page import PageRoute, done, show, wanted_block

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.live.queries.arrivals import Arrival

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_SHOWN = 50
_STATES = (("", "Everything"), ("counted", "Counted"), ("waiting", "Waiting"), ("aside", "Put aside"))
_PATH = "/data/events"
assert {state for state, _ in _STATES if state} == {*get_args(State)}  # noqa: S101 - of our own names


class Asked(Body):
    """What to show. An empty field asks for nothing."""

    source: Name | None = None
    type: Name | None = None
    name: Id | None = None
    person: Id | None = None
    state: State | None = None
    reason: Name | None = None
    paused: bool = False
    seen: Annotated[str, Field(max_length=64)] | None = None

    @field_validator("*", mode="before")
    @classmethod
    def _empty_is_none(cls, value: object) -> object:
        return None if isinstance(value, str) and not value.strip() else value

    @field_validator("paused", mode="before")
    @classmethod
    def _not_paused(cls, value: object) -> object:
        return bool(value)

    def looked(self) -> Looked:
        """The same as the store is asked."""
        return Looked(self.source, self.type, self.name, self.person, self.state, self.reason)

    def query(self, **other: object) -> str:
        """The address of the same list, with some fields changed: so a view can be sent to somebody."""
        given = self.model_dump(exclude={"seen"}, exclude_none=True) | other
        kept = {name: value for name, value in given.items() if value not in (None, False, "")}
        return urlencode({name: "1" if value is True else str(value) for name, value in kept.items()})


@router.get(_PATH)
def show_arriving(request: Request, here: Here, asked: Annotated[Asked, Query()]) -> Response:
    """The newest messages. Asked for the list alone by who has just seen the same, there is nothing to send."""
    with here.store.reading() as connection:
        arrivals = newest_arrivals(connection, asked.looked(), _SHOWN)
        seen = _digest(arrivals)
        if seen == asked.seen and wanted_block(request) == "live":
            return Response(status_code=HTTPStatus.NO_CONTENT)
        names, known = names_seen(connection), source_names(connection)
        aside = aside_by_reason(connection)
    return show(
        request, "data/arriving.html", tabs_shown=TABS, arrivals=arrivals, asked=asked, seen=seen, aside=aside,
        names=[*names], sources=known, types=(*TYPES, "outcome"), states=_STATES, reason_of=reason_of, shown=_SHOWN,
    )  # fmt: skip


@router.post("/data/events/{quarantine_no}/replay")
def let_in(
    request: Request, changing: Changing, quarantine_no: Annotated[int, Path(ge=1, le=2**53)], form: Form
) -> Response:
    """One message goes in again."""
    replay_message(changing, quarantine_no)
    return done(request, _back(form.get("query")), "The message is in again. It is read in a moment.")


@router.post("/data/events/replay")
def let_all_in(request: Request, changing: Changing, form: Form) -> Response:
    """All messages of one reason go in again."""
    asked = read_form(Reason, {"reason": form.get("reason")})
    answer = replay_messages(changing, asked)
    return done(request, _back(form.get("query")), _told(bytes(answer.body)))


def _told(answer: bytes) -> str:
    counts = orjson.loads(answer)
    said = f"{counts['let_in']:,} messages are in again."
    left = counts["still_aside"]
    return said if not left else f"{said} {left:,} cannot be used as they are, and stay here."


def _back(query: str) -> str:
    return f"{_PATH}?{query}" if query else _PATH


def _digest(arrivals: Sequence[Arrival]) -> str:
    """Equal as long as nothing that is shown has changed."""
    told = "\n".join(f"{one.key} {one.replayed_at} {one.became}" for one in arrivals)
    return hashlib.sha256(told.encode()).hexdigest()[:16]
