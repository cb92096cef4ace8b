"""Who may log in, and what they may do."""

from __future__ import annotations

import secrets
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from scoville.web.api import admin
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Id
from scoville.web.api.route import Here
from scoville.web.auth.users import ROLES
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.refused import REFUSED, is_late, said_of, status_of
from scoville.web.pages.settings.frame import show_settings

router = APIRouter(route_class=PageRoute, include_in_schema=False)
UserId = Annotated[Id, Path()]
_BYTES = 12  # of a first password: 96 bits, and short enough to be read out
_DONE = {"off": "This login is switched off.", "on": "This login works again."}
ROLES_SAID = {
    "viewer": "sees everything, changes nothing",
    "sales": "works leads: claims, accepts, rejects, notes",
    "marketing": "also writes models, routing, owners and points",
    "admin": "also users, keys, actions, settings and the audit log",
}


@router.get("/settings/users")
def show_users(request: Request, here: Here) -> Response:
    """Everybody with a login."""
    return _shown(request, here)


@router.post("/settings/users")
def make_user(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """Make a login. The first password is shown once."""
    asked = {name: form.get(name) for name in ("email", "name", "role")}
    password = secrets.token_urlsafe(_BYTES)
    try:
        admin.make_user(changing, read_form(admin.UserToMake, {**asked, "password": password}))
    except REFUSED as refused:
        return _shown(request, here, status=status_of(refused), problem=said_of(refused), asked=asked)
    return _shown(request, here, made={"email": asked["email"], "password": password})


@router.post("/settings/users/{user_id}")
def change_user(request: Request, here: Here, changing: Changing, user_id: UserId, form: Form) -> Response:
    """Give another role, or switch a login off or on."""
    login = form.get("login")
    asked = {"role": form.get("role"), "is_disabled": {"off": True, "on": False}.get(login)}
    if not any(form.get(name) for name in ("role", "login")):  # a change of nothing would still end the sessions
        raise ApiError(422, "invalid", "nothing is asked for: choose a role, or switch the login off or on")
    try:
        admin.alter_user(changing.having_seen(form.get("was")), user_id, read_form(admin.UserToChange, asked))
    except ApiError as refused:
        if not is_late(refused):
            raise
        return _shown(request, here, status=status_of(refused), too_late=said_of(refused))
    return done(request, "/settings/users", _DONE.get(login, "The role is changed."))


@router.post("/settings/users/{user_id}/password")
def reset_password(request: Request, here: Here, changing: Changing, user_id: UserId) -> Response:
    """A new first password for somebody who forgot theirs, shown once."""
    password = secrets.token_urlsafe(_BYTES)
    admin.set_password(changing, user_id, read_form(admin.PasswordToSet, {"password": password}))
    email = next(one.email for one in admin.show_users(here).users if one.user_id == user_id)
    return _shown(request, here, made={"email": email, "password": password})


def _shown(
    request: Request,
    here: Here,
    *,
    status: int = 200,
    problem: str = "",
    too_late: str = "",
    asked: dict[str, str] | None = None,
    made: dict[str, str] | None = None,
) -> Response:
    return show_settings(
        request, "users.html", status=status, users=admin.show_users(here).users, problem=problem, made=made,
        asked=asked or {"email": "", "name": "", "role": "sales"}, base_url=here.settings.base_url,
        too_late=too_late, roles=[(role, role) for role in ROLES],
        roles_said=[(role, ROLES_SAID[role]) for role in ROLES],
    )  # fmt: skip
