"""One's own password."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from scoville.web.api import login as api
from scoville.web.api.route import Here, Who
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.refused import REFUSED, said_of, status_of
from scoville.web.pages.settings.frame import show_settings

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/settings/me")
def show_me(request: Request) -> Response:
    """The form."""
    return show_settings(request, "me.html", problem="")


@router.post("/settings/me")
async def set_password(request: Request, here: Here, who: Who, form: Form) -> Response:
    """Set another password; every other session of this person ends."""
    try:
        if _typed(form, "new") != _typed(form, "again"):
            raise ApiError(422, "invalid", "the new password was typed in two ways")
        wanted = read_form(api.NewPassword, {name: _typed(form, name) for name in ("current", "new")})
        changed = await api.set_password(here, request, who, wanted)
    except REFUSED as refused:
        return show_settings(request, "me.html", status=status_of(refused), problem=said_of(refused))
    response = done(request, "/settings/me", "Your password is changed. You are logged out everywhere else.")
    response.headers.append("set-cookie", changed.headers["set-cookie"])
    return response


def _typed(form: Sent, name: str) -> str:
    """As it was typed: blanks belong to it."""
    return form.fields.get(name, ("",))[-1]
