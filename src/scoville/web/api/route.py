"""What every route of the API asks before it does anything: who is it, may they, and not too often?

In: a request. Out: the same with its `Caller`, on to the route's function; or 401, 403, 429. Nothing of the body is
read before that. The table of `auth.access` decides, by the route's own pattern.
"""

from __future__ import annotations

import asyncio
import time
from typing import TYPE_CHECKING, Annotated, Any

from fastapi import Depends, Request
from fastapi.routing import APIRoute
from starlette.concurrency import run_in_threadpool

from scoville.web.auth.access import NOBODY, Caller, Needs, may, needs_of
from scoville.web.auth.audit import record
from scoville.web.auth.csrf import SAFE_METHODS, comes_from_us
from scoville.web.auth.recognising import caller_by_key, caller_by_session, key_in
from scoville.web.errors import ApiError
from scoville.web.limits import retry_after
from scoville.web.state import State, state_of

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine

    from starlette.responses import Response

_COSTS = {  # in plain requests
    "POST /v1/score": 10, "GET /v1/models/{version_no}/preview": 50, "GET /v1/leads/{lead_id}/explanation": 5,
    "GET /v1/leads/{lead_id}/outlook": 10, "GET /v1/leads/{lead_id}/retraced": 10,
    "GET /v1/exports/{what}": 20, "GET /v1/exports/store": 50, "GET /v1/audit/verify": 20, "POST /v1/session": 5,
    "GET /static/{name}": 0,  # out of memory, and a whole office has one address
    "POST /v1/setup": 5, "POST /v1/uploads": 20, "GET /v1/uploads/{upload_no}": 10,
}  # fmt: skip
_SLOW_S = 30.0  # for all of a body
_NO_KEY = "show a key that is in force: Authorization: Bearer sv_secret_..., or log in"
_FOREIGN = "this comes from another page than ours: a cookie does not count there; show a key instead"


class GuardedRoute(APIRoute):
    """A route of the API, closed unless the table of access opens it."""

    reads_body = True  # before the route is called, and no more of it than settings allow

    def get_route_handler(self) -> Callable[[Request], Coroutine[Any, Any, Response]]:
        """The route's own handler behind the questions above."""
        answer = super().get_route_handler()

        async def guarded(request: Request) -> Response:
            await _admit(request, self.path_format)
            if self.reads_body:
                await _take_body(request, state_of(request).settings.max_body_bytes)
            return await answer(request)

        return guarded


def caller_of(request: Request) -> Caller:
    """Whom a guarded request comes from."""
    caller: Caller = request.state.caller
    return caller


Who = Annotated[Caller, Depends(caller_of)]
Here = Annotated[State, Depends(state_of)]


async def _admit(request: Request, pattern: str) -> None:
    state, needs = state_of(request), needs_of(request.method, pattern)
    caller = await _recognise(request, state) if needs is None or needs.asks_who else NOBODY
    request.state.caller = caller
    request.scope["caller"] = caller.actor
    _check_rate(request, state, caller, _COSTS.get(f"{request.method} {pattern}", 1))
    if may(caller, needs) or state.is_open(pattern):
        _check_origin(request, caller, needs)
        return
    state.metrics.refused.labels("forbidden" if caller.is_known else "unauthorised").inc()
    if not caller.is_known:
        raise ApiError(401, "unauthorised", _NO_KEY, {"WWW-Authenticate": "Bearer"})
    await run_in_threadpool(_note_refusal, state, caller, f"{request.method} {pattern}")
    raise ApiError(403, "forbidden", _wants(caller, needs))


async def _take_body(request: Request, limit_bytes: int) -> None:
    """Read the body, no further than it may go and for no longer than it may take."""
    said = request.headers.get("content-length", "")
    taken = bytearray()
    try:
        async with asyncio.timeout(_SLOW_S):
            if not (said.isdecimal() and int(said) > limit_bytes):
                async for piece in request.stream():
                    taken += piece
                    if len(taken) > limit_bytes:
                        break
    except TimeoutError:
        raise ApiError(408, "too_slow", "the body did not come in time", {"Connection": "close"}) from None
    if len(taken) > limit_bytes or (said.isdecimal() and int(said) > limit_bytes):
        raise ApiError(413, "too_large", f"a body has at most {limit_bytes:,} bytes", {"Connection": "close"})
    request._body = bytes(taken)  # noqa: SLF001 - where Starlette itself keeps what it has read


async def _recognise(request: Request, state: State) -> Caller:
    now = state.clock()
    if (secret := key_in(request.headers)) is not None:
        return await run_in_threadpool(caller_by_key, state.store, secret, now)
    if (token := request.cookies.get(state.settings.cookie)) is not None:
        return await run_in_threadpool(caller_by_session, state.store, token, state.settings, now)
    return NOBODY


def _check_origin(request: Request, caller: Caller, needs: Needs | None) -> None:
    """Where a cookie counts or is given out, an unsafe request must come from our own pages."""
    by_cookie = caller.session is not None or (needs is not None and needs.is_public and not caller.is_known)
    if by_cookie and request.method not in SAFE_METHODS and not comes_from_us(request.headers):
        state_of(request).metrics.refused.labels("foreign").inc()
        raise ApiError(403, "foreign_page", _FOREIGN)


def _check_rate(request: Request, state: State, caller: Caller, cost: int) -> None:
    who = caller.actor if caller.is_known else f"address:{request.scope['address']}"
    wait_s = state.buckets.take(who, time.monotonic(), cost)
    if wait_s:
        state.metrics.refused.labels("too_many").inc()
        raise ApiError(429, "too_many_requests", "too many requests: wait", {"Retry-After": retry_after(wait_s)})


def _note_refusal(state: State, caller: Caller, what: str) -> None:
    with state.store.writing() as connection:
        record(connection, caller.actor, "access.refused", what, now=state.clock())


def _wants(caller: Caller, needs: Needs | None) -> str:
    if needs is None:
        return "nobody may do this"
    if caller.role is not None:
        return _for_role(needs.role, caller.role) if needs.role else "this is for programs with a key"
    return f"this is for keys with the scope {needs.scope}" if needs.scope else "this is for people who are logged in"


def _for_role(needed: str, has: str) -> str:
    above = "" if needed == "admin" else " and above"
    return f"this is for the role {needed}{above}, and you have {has}: ask an administrator for it"
