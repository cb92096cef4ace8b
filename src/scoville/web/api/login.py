"""Logging in and out, one's own password, and the first user of a new server."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Request, Response
from pydantic import Field, SecretStr
from starlette.concurrency import run_in_threadpool

from scoville.live.jobs.demo_team import take_seat
from scoville.web.api.fields import Answer, Body, Name
from scoville.web.api.route import GuardedRoute, Here, Who
from scoville.web.auth import throttle
from scoville.web.auth.audit import record
from scoville.web.auth.passwords import LONGEST, check_password, fits, hash_password
from scoville.web.auth.sessions import begin_session, end_session
from scoville.web.auth.users import NewUser, User, change_password, create_user, find_user, has_users, use_setup_token
from scoville.web.errors import ApiError
from scoville.web.limits import retry_after
from scoville.web.state import State

router = APIRouter(route_class=GuardedRoute, tags=["access"])
Password = Annotated[SecretStr, Field(max_length=LONGEST)]
_WRONG = "no login with this e-mail address and password"


class Credentials(Body):
    """Who one is."""

    email: Name = Field(examples=["ann@example.com"])
    password: Password


class FirstUser(Body):
    """The first admin, made with the token that the server showed when it started."""

    token: Name
    email: Name
    name: Annotated[str, Field(max_length=200)] = ""
    password: Password


class NewPassword(Body):
    """One's own password, and the one to come."""

    current: Password
    new: Password


class Myself(Answer):
    """Who is logged in."""

    user_id: str
    name: str
    role: str


@router.post("/v1/session", summary="Log in", response_model=Myself)
async def log_in(here: Here, request: Request, response: Response, who: Credentials) -> Myself:
    """Sets the session's cookie. A wrong password and an unknown address get the same answer after the same time."""
    address = str(request.scope["address"])
    email, password = who.email.strip().lower(), who.password.get_secret_value()
    user = await run_in_threadpool(_may_try, here, email, address)
    is_right = await fits(password, user.password_hash if user is not None and user.disabled_at is None else None)
    if user is None or not is_right:
        await run_in_threadpool(_note_failure, here, email, address, user)
        raise ApiError(401, "wrong_login", _WRONG)
    before = request.cookies.get(here.settings.cookie)
    token = await run_in_threadpool(_let_in, here, user, before)
    set_cookie(response, here, token)
    return Myself.of(user)


@router.get("/v1/session", summary="Who am I?")
def who_am_i(who: Who) -> Myself:
    """The one whose session it is."""
    return Myself(user_id=who.user_id or "", name=who.name, role=who.role or "")


@router.delete("/v1/session", summary="Log out", status_code=204)
def log_out(here: Here, who: Who) -> Response:
    """Ends the session here, not only in the browser."""
    with here.store.writing() as connection:
        end_session(connection, who.session or "")
        record(connection, who.actor, "session.ended", now=here.clock())
    response = Response(status_code=204)
    response.delete_cookie(here.settings.cookie, secure=here.settings.is_https, httponly=True, samesite="lax")
    return response


@router.post("/v1/session/password", summary="Change one's own password", status_code=204)
async def set_password(here: Here, request: Request, who: Who, asked: NewPassword) -> Response:
    """Ends all sessions of this user but begins a new one here."""
    address = str(request.scope["address"])
    user = await run_in_threadpool(_myself, here, who.user_no or 0)
    await run_in_threadpool(_may_try, here, user.email, address)
    if not await fits(asked.current.get_secret_value(), user.password_hash):
        await run_in_threadpool(_note_failure, here, user.email, address, user)
        raise ApiError(403, "wrong_password", "the current password is another one")
    check_password(asked.new.get_secret_value(), email=user.email)
    hashed = await hash_password(asked.new.get_secret_value())
    token = await run_in_threadpool(_change_password, here, user, hashed)
    response = Response(status_code=204)
    set_cookie(response, here, token)
    return response


@router.post("/v1/setup", summary="Make the first admin", status_code=201)
async def set_up(here: Here, asked: FirstUser) -> Myself:
    """Works once, with the token of this server's first start, while nobody has a login."""
    password = asked.password.get_secret_value()
    check_password(password, email=asked.email)
    if await run_in_threadpool(_is_set_up, here):
        raise ApiError(409, "already_set_up", "somebody has a login already: ask them for one")
    wanted = NewUser(asked.email, asked.name, "admin", await hash_password(password))
    return Myself.of(await run_in_threadpool(_first_user, here, asked.token, wanted))


def set_cookie(response: Response, here: State, token: str) -> None:
    """Give the token to the browser: for this host alone, out of reach of scripts, and not to strangers' pages."""
    response.set_cookie(
        here.settings.cookie, token, httponly=True, samesite="lax", secure=here.settings.is_https, path="/",
        max_age=int(here.settings.sessions.absolute.total_seconds()),
    )  # fmt: skip


def _may_try(here: State, email: str, address: str) -> User | None:
    with here.store.reading() as connection:
        wait_s = throttle.wait_s(connection, email, address, now=here.clock())
        user = find_user(connection, email=email)
    if wait_s:
        here.metrics.refused.labels("login").inc()
        said = "too many logins failed: wait, or ask an admin"
        raise ApiError(429, "too_many_logins", said, {"Retry-After": retry_after(wait_s)})
    return user


def _note_failure(here: State, email: str, address: str, user: User | None) -> None:
    now = here.clock()
    with here.store.writing() as connection:
        throttle.count_failure(connection, email, address, now=now)
        record(connection, f"user:{user.user_id}" if user is not None else "nobody", "login.failed", now=now)


def _let_in(here: State, user: User, before: str | None) -> str:
    now = here.clock()
    with here.store.writing() as connection:
        if before is not None:  # a session that somebody may have planted is not carried over
            end_session(connection, before)
        throttle.forgive(connection, user.email)
        record(connection, f"user:{user.user_id}", "login", now=now)
        return begin_session(connection, user.user_no, now=now, limits=here.settings.sessions)


def _myself(here: State, user_no: int) -> User:
    with here.store.reading() as connection:
        user = find_user(connection, user_no=user_no)
    if user is None:
        raise ApiError(401, "unauthorised", "this login is no more")
    return user


def _change_password(here: State, user: User, hashed: str) -> str:
    now = here.clock()
    with here.store.writing() as connection:
        change_password(connection, user.user_no, hashed, now=now)
        record(connection, f"user:{user.user_id}", "password.changed", user.user_id, now=now)
        return begin_session(connection, user.user_no, now=now, limits=here.settings.sessions)


def _is_set_up(here: State) -> bool:
    with here.store.reading() as connection:
        return has_users(connection)


def _first_user(here: State, token: str, wanted: NewUser) -> User:
    now = here.clock()
    with here.store.writing() as connection:
        if not use_setup_token(connection, token, now=now):
            raise ApiError(
                403, "wrong_token", "this token is not, or no longer, in force: restart the server for a new one"
            )
        user = create_user(connection, wanted, author="setup", now=now)
        take_seat(connection, user.email, user.name)
        record(connection, "setup", "user.created", user.user_id, {"role": "admin"}, now=now)
        return user
