"""Keys: how websites, servers and programs reach Scoville."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from scoville.web.api import admin
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Id
from scoville.web.api.route import Here
from scoville.web.pages.data.snippets import way_of
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.refused import REFUSED, said_of, status_of
from scoville.web.pages.settings.frame import answer_in, show_settings

router = APIRouter(route_class=PageRoute, include_in_schema=False)
SCOPES_SAID = (
    ("ingest", "send events and people"),
    ("read", "read leads, scores and models"),
    ("write", "work leads, publish models, change routing"),
    ("admin", "everything, with users, keys and settings"),
)
_USUAL: dict[str, Any] = {"name": "", "kind": "write", "source": "", "scopes": ("ingest", "read"), "expires_at": ""}


@router.get("/settings/keys")
def show_keys(request: Request, here: Here) -> Response:
    """All keys, and the form for a new one."""
    return _shown(request, here, _USUAL)


@router.post("/settings/keys")
def make_key(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """Make a key. What opens the door is shown once, with what to paste where."""
    asked = _asked(form)
    try:
        made = answer_in(admin.make_key(changing, read_form(admin.KeyToMake, asked)))
    except REFUSED as refused:
        return _shown(request, here, asked, status=status_of(refused), problem=said_of(refused))
    sends = asked["kind"] == "write" or "ingest" in asked["scopes"]
    way = way_of("site" if asked["kind"] == "write" else "curl")
    text = way.filled(here.settings.base_url, made["key"]) if sends else _reading(here.settings.base_url, made["key"])
    where = way.where if sends else "A program shows it with every request."
    return _shown(request, here, _USUAL, made={"name": asked["name"], "key": made["key"], "text": text, "where": where})


@router.post("/settings/keys/{key_id}/end")
def end_key(request: Request, changing: Changing, key_id: Annotated[Id, Path()]) -> Response:
    """At once for the API, within seconds for events."""
    admin.end_key(changing, key_id)
    return done(request, "/settings/keys", "The key is ended. Nothing that shows it is let in any more.")


def _asked(form: Sent) -> dict[str, Any]:
    is_write = form.get("kind") == "write"
    return {
        "name": form.get("name"), "kind": form.get("kind"), "source": form.get("source"),
        "scopes": () if is_write else form.list("scopes"),
        "expires_at": f"{form.get('expires_at')}T00:00:00Z" if form.get("expires_at") else "",
    }  # fmt: skip


def _reading(base_url: str, key: str) -> str:
    return f'curl {base_url}/v1/leads?limit=3 -H "Authorization: Bearer {key}"\n'


def _shown(
    request: Request,
    here: Here,
    asked: dict[str, Any],
    *,
    status: int = 200,
    problem: str = "",
    made: dict[str, str] | None = None,
) -> Response:
    return show_settings(
        request, "keys.html", status=status, keys=admin.show_keys(here).keys, asked=asked, made=made, problem=problem,
        scopes=SCOPES_SAID, base_url=here.settings.base_url,
    )  # fmt: skip
