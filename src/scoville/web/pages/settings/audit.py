"""The audit log: who did what, and whether it is as it was written."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from scoville.web.api import actions, admin, owners
from scoville.web.api.route import Here
from scoville.web.pages.forms import read_form
from scoville.web.pages.page import PageRoute
from scoville.web.pages.settings.frame import show_settings
from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_ON_A_PAGE = 50
KINDS = (
    "login", "login.failed", "session.ended", "password.changed", "access.refused", "user.created", "user.changed",
    "key.created", "key.revoked", "setting.changed", "model.saved", "model.published", "model.rolled_back",
    "adjustment.made", "adjustment.removed", "outcome.added", "lead.assigned", "lead.released", "leads.merged",
    "link.undone", "owner.added", "owner.changed", "territory.added", "territory.changed", "territory.removed",
    "sla.set", "sla.removed", "account.owner_set", "action.added", "action.changed", "action.removed",
    "action.tested", "message.replayed", "exported", "people.forgotten",
)  # fmt: skip


@router.get("/settings/audit")
def show_log(
    request: Request,
    here: Here,
    action: Annotated[str, Query(max_length=60)] = "",
    cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Response:
    """The newest first, all of it or one kind."""
    asked = read_form(admin.LogOptions, {"limit": _ON_A_PAGE, "cursor": cursor, "action": action.strip()})
    log = admin.show_log(here, asked)
    return show_settings(
        request, "audit.html", entries=log.entries, next_cursor=log.next_cursor, action=action, cursor=cursor,
        kinds=KINDS, names=_names(here),
    )  # fmt: skip


@router.get("/settings/audit/check")
def check_log(request: Request, here: Here) -> Response:
    """Walk the whole chain: is every entry as it was written?"""
    return show_settings(request, "audit_check.html", verdict=admin.verify_log(here))


def _names(here: State) -> dict[str, str]:
    """What people call those who did something, and what it was done to: by actor, and by id."""
    users = {one.user_id: one.name or one.email for one in admin.show_users(here).users}
    keys = {one.key_id: f"key {one.name}" for one in admin.show_keys(here).keys}
    actors = {f"user:{id_}": name for id_, name in users.items()} | {f"key:{id_}": name for id_, name in keys.items()}
    workers = {one.owner_id: one.owner.name for one in owners.show_owners(here).owners}
    rules = {one.territory_id: one.territory.name for one in owners.show_territories(here).territories}
    told = {one.action_id: one.action.name for one in actions.show_actions(here).actions}
    return {**actors, **users, **keys, **workers, **rules, **told}
