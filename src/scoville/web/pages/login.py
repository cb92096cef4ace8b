"""In and out: logging in, logging out, and the first administrator of a new server."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from pydantic import SecretStr

from scoville.errors import UsageError
from scoville.web.api import login as api
from scoville.web.api.route import Here, Who
from scoville.web.auth.users import has_users
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done, go, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Next = Annotated[str, Query(max_length=2_000)]


@router.get("/login")
def ask_who(request: Request, here: Here, who: Who, next: Next = "/") -> Response:  # noqa: A002 - as the address has it
    """Who is it? Whoever is logged in goes on."""
    if who.role is not None:
        return go(request, _own_path(next))
    with here.store.reading() as connection:
        is_new = not has_users(connection)
    return show(request, "login.html", next=_own_path(next), email="", problem="", is_new=is_new)


@router.post("/login")
async def log_in(request: Request, here: Here, form: Form) -> Response:
    """Let somebody in, and on to where they wanted to go."""
    path = _own_path(form.get("next"))
    response = go(request, path)
    try:
        await _let_in(request, response, here, form)
    except ApiError as refused:
        values = {"next": path, "email": form.get("email"), "problem": refused.message, "is_new": False}
        return show(request, "login.html", status=refused.status, **values)
    return response


@router.post("/logout")
def log_out(request: Request, here: Here, who: Who) -> Response:
    """End the session."""
    cookie = api.log_out(here, who).headers["set-cookie"]
    response = done(request, "/login", "You are logged out.")
    response.headers.append("set-cookie", cookie)
    return response


@router.get("/setup")
def ask_for_first(request: Request, token: Annotated[str, Query(max_length=200)] = "") -> Response:
    """The first administrator of a new server, by the token that it showed."""
    return show(request, "setup.html", token=token, email="", name="", problem="")


@router.post("/setup")
async def make_first(request: Request, here: Here, form: Form) -> Response:
    """Make the first administrator, and log them in."""
    sent = {"token": form.get("token"), "email": form.get("email"), "name": form.get("name")}
    response = go(request, "/welcome")
    try:
        await api.set_up(here, read_form(api.FirstUser, {**sent, "password": SecretStr(_password(form))}))
        await _let_in(request, response, here, form)
    except (ApiError, UsageError) as refused:
        status = refused.status if isinstance(refused, ApiError) else 422
        return show(request, "setup.html", status=status, problem=str(refused), **sent)
    return response


async def _let_in(request: Request, response: Response, here: Here, form: Sent) -> None:
    credentials = read_form(api.Credentials, {"email": form.get("email"), "password": SecretStr(_password(form))})
    await api.log_in(here, request, response, credentials)


def _password(form: Sent) -> str:
    """As it was typed: blanks belong to it."""
    return form.fields.get("password", ("",))[-1]


def _own_path(path: str) -> str:
    """A page of ours; where somebody would be led elsewhere, the first one."""
    is_ours = path.startswith("/") and path[1:2] not in {"/", "\\"} and path.isprintable()
    return path if is_ours else "/"
