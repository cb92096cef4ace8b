"""Which address does what. In: a `Desk`. Out: routes for the server, to be mounted before all others.

Every address stands in both forms, with and without a slash at its end: a redirect makes some clients turn a POST
into a GET, and count the page that they get for success.
"""

from __future__ import annotations

import logging
from functools import partial
from http import HTTPStatus
from typing import TYPE_CHECKING

from starlette.routing import Match, Route

from scoville.live.ingest.reading import TYPES
from scoville.web.ingest.answers import Answer, preflight, refusal
from scoville.web.ingest.browser import rudder_settings, script, segment_settings
from scoville.web.ingest.counted import REFUSED_REQUESTS
from scoville.web.ingest.desk import TurnedAwayError
from scoville.web.ingest.pixel import take_pixel

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable

    from starlette.applications import Starlette
    from starlette.types import Receive, Scope, Send

    from scoville.web.ingest.desk import Desk

    _Handler = Callable[[Scope, Receive], Awaitable[Answer | None]]

_PIXELS = ("track", "page")
_FAILED = refusal(HTTPStatus.INTERNAL_SERVER_ERROR, "failed", "Something went wrong here; send it again.")
_log = logging.getLogger(__name__)


def ingest_routes(desk: Desk, *, public_url: str | None = None) -> list[Route]:
    """All routes of ingestion.

    `public_url` is where browsers reach this server, such as `https://events.example.com`; without it, they are told
    the host that they asked.
    """
    posts: dict[str, _Handler] = {
        "/v1/batch": partial(desk.take, event_type=None),
        "/v1/b": partial(desk.take, event_type=None),
        "/v1/import": partial(desk.take, event_type=None, history=True),
        "/beacon/v1/batch": partial(desk.take, event_type=None, keyed=True),
    }
    for event_type in TYPES:
        posts[f"/v1/{event_type}"] = posts[f"/v1/{event_type[0]}"] = partial(desk.take, event_type=event_type)
    return [_Posts(posts), *_in_both_forms(_gets(desk, public_url), "GET")]


def _gets(desk: Desk, public_url: str | None) -> dict[str, _Handler]:
    async def settings(scope: Scope, receive: Receive) -> Answer:  # noqa: ARG001 - a handler
        return await segment_settings(desk, scope, public_url)

    async def source(scope: Scope, receive: Receive) -> Answer:  # noqa: ARG001 - a handler
        return await rudder_settings(desk, scope)

    async def snippet(scope: Scope, receive: Receive) -> Answer:  # noqa: ARG001 - a handler
        return script(scope)

    gets: dict[str, _Handler] = {
        "/v1/projects/{key}/settings": settings,
        "/sourceConfig": source,
        "/analytics.js/v1/{key}/analytics.min.js": snippet,
    }
    gets |= {f"/v1/pixel/{event_type}": _pixel(desk, event_type) for event_type in TYPES}
    gets |= {f"/pixel/v1/{event_type}": _pixel(desk, event_type) for event_type in _PIXELS}
    return gets


def _pixel(desk: Desk, event_type: str) -> _Handler:
    async def pixel(scope: Scope, receive: Receive) -> Answer:  # noqa: ARG001 - a handler
        return await take_pixel(desk, scope, event_type)

    return pixel


def _in_both_forms(handlers: dict[str, _Handler], method: str) -> list[Route]:
    doors = {path: _Door(handler, method) for path, handler in handlers.items()}
    return [Route(path + slash, door, name=path) for slash in ("", "/") for path, door in doors.items()]


class _Door:
    """One address, as an ASGI application: nothing stands between the server and the handler."""

    def __init__(self, handler: _Handler, method: str) -> None:
        self._handler, self._methods = handler, {method, "HEAD"} if method == "GET" else {method}
        self._wrong_method = refusal(HTTPStatus.METHOD_NOT_ALLOWED, "wrong_method", f"Send {method} to this address.")

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request; nothing when its sender has left."""
        answer = await self._answer(scope, receive)
        if answer is not None:
            await answer(scope, receive, send)

    async def _answer(self, scope: Scope, receive: Receive) -> Answer | None:
        if scope["method"] == "OPTIONS":
            return preflight(dict(scope["headers"]).get(b"access-control-request-headers", b""))
        if scope["method"] not in self._methods:
            return self._wrong_method
        try:
            return await self._handler(scope, receive)
        except TurnedAwayError as turned_away:
            REFUSED_REQUESTS.labels(turned_away.code).inc()
            return turned_away.answer


class _Posts(Route):
    """All addresses that take events: found by one look into a dict, because nothing is asked for more often."""

    def __init__(self, handlers: dict[str, _Handler]) -> None:
        doors = {path: _Door(handler, "POST") for path, handler in handlers.items()}
        self._doors = doors | {f"{path}/": door for path, door in doors.items()}
        super().__init__("/v1/batch", doors["/v1/batch"], name="events")

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Whether the address is one of these."""
        door = self._doors.get(_path_of(scope)) if scope["type"] == "http" else None
        return (Match.NONE, {}) if door is None else (Match.FULL, {"endpoint": door})

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request."""
        await self._doors[_path_of(scope)](scope, receive, send)


class EventsFirst:
    """An application whose event addresses are answered before anything else of it is asked.

    What guards the rest (hosts, sessions, a line of log for each request) has nothing to say to a sender of events,
    and would cost more than the event.
    """

    def __init__(self, app: Starlette) -> None:
        """`app` holds the routes of ingestion."""
        self._app = app
        self._posts = next(route for route in app.routes if isinstance(route, _Posts))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request, or the start and end of the server."""
        match, _ = self._posts.matches(scope)
        if match is Match.NONE:
            await self._app(scope, receive, send)
            return
        try:
            await self._posts.handle(scope, receive, send)
        except Exception as failed:  # noqa: BLE001 - the last door: whatever it was, the sender hears nothing of it
            _log.error("an event request failed: %s", type(failed).__name__)
            await _FAILED(scope, receive, send)


def _path_of(scope: Scope) -> str:
    return str(scope["path"]).removeprefix(scope.get("root_path", ""))
