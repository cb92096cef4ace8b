"""Routing: which leads go to whom. Rules are asked from the first on; the first that holds decides."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from scoville import words
from scoville.model.conditions import parse_condition
from scoville.web.api import owners as api
from scoville.web.api.changes import CHANGED, Changing
from scoville.web.api.fields import Id
from scoville.web.api.route import Here
from scoville.web.errors import ApiError, not_found
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.refused import NEW, REFUSED, Basis, basis_after, differing, is_late, said_of, status_of
from scoville.web.pages.settings.conditions import HINTS, OPERATORS, TRAITS, Written, condition_in, sent, written
from scoville.web.pages.settings.frame import show_settings
from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
TerritoryId = Annotated[Id, Path()]
_TITLES = {
    "name": "Name", "when": "Whose leads", "owner_ids": "Go to", "falls_through": "Ask the next rule",
    "is_enabled": "In force",
}  # fmt: skip
_GONE = "this rule was taken away while you had it open here: add it again, if it is still wanted"


@router.get("/settings/routing")
def show_rules(request: Request, here: Here) -> Response:
    """In the order in which they are asked, each in words."""
    rules = api.show_territories(here).territories
    return show_settings(request, "routing.html", rules=rules, condition_said=_said, names=_names(here))


@router.get("/settings/routing/new")
def ask_for_rule(request: Request, here: Here) -> Response:
    """The form for a new one, asked after all others."""
    fields = {"name": "", "owner_ids": (), "falls_through": False, "is_enabled": True}
    return _form(request, here, None, fields, written(None))


@router.post("/settings/routing")
def add_rule(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """Asked after all others."""
    last = max((one.territory.position for one in api.show_territories(here).territories), default=-1)
    try:
        api.add_territory(changing, _asked(form, last + 1))
    except REFUSED as refused:
        return _form(request, here, None, _fields(form), sent(form), refused)
    return done(request, "/settings/routing", "Leads go by this rule from now on.")


@router.get("/settings/routing/{territory_id}")
def show_rule(request: Request, here: Here, territory_id: TerritoryId) -> Response:
    """The form of one."""
    known = _known(here, territory_id)
    fields, condition = known.territory.model_dump(), written(known.territory.when)
    return _form(request, here, known, fields, condition, basis=Basis(known.version))


@router.post("/settings/routing/{territory_id}")
def change_rule(request: Request, here: Here, changing: Changing, territory_id: TerritoryId, form: Form) -> Response:
    """All of it but its place."""
    known, asked = _found(here, territory_id), None
    if known is None:
        return _form(request, here, None, _fields(form), sent(form), ApiError(409, CHANGED, _GONE))
    try:
        asked = _asked(form, known.territory.position)
        api.change_territory(changing.having_seen(form.get("was")), territory_id, asked)
    except REFUSED as refused:
        known = _known(here, territory_id)
        basis = basis_after(refused, form, known.version, _holding_now(here, asked, known.territory))
        return _form(request, here, known, _fields(form), sent(form), refused, basis)
    return done(request, "/settings/routing", "Saved. Leads go by it from now on.")


@router.post("/settings/routing/{territory_id}/move")
def move_rule(request: Request, here: Here, changing: Changing, territory_id: TerritoryId, form: Form) -> Response:
    """Ask it one place sooner, or later."""
    rules = api.show_territories(here).territories
    at = [one.territory_id for one in rules].index(_known(here, territory_id).territory_id)
    to = max(0, min(len(rules) - 1, at + (-1 if form.get("to") == "up" else 1)))
    rules.insert(to, rules.pop(at))
    for place, one in enumerate(rules):
        if one.territory.position != place:
            moved = one.territory.model_copy(update={"position": place})
            api.change_territory(changing.having_seen(one.version), one.territory_id, moved)
    return done(request, "/settings/routing", f"It is asked as number {to + 1} now.")


@router.post("/settings/routing/{territory_id}/end")
def end_rule(request: Request, here: Here, changing: Changing, territory_id: TerritoryId, form: Form) -> Response:
    """Leads that have an owner keep it."""
    try:
        api.end_territory(changing.having_seen(form.get("was")), territory_id)
    except ApiError as refused:
        if not is_late(refused):
            raise
        known = _known(here, territory_id)
        fields, condition = known.territory.model_dump(), written(known.territory.when)
        return _form(request, here, known, fields, condition, refused, Basis(known.version))
    return done(request, "/settings/routing", "The rule is gone. Leads that have an owner keep it.")


def _known(here: State, territory_id: str) -> api.KnownTerritory:
    found = _found(here, territory_id)
    if found is None:
        raise not_found("rule")
    return found


def _found(here: State, territory_id: str) -> api.KnownTerritory | None:
    return next((one for one in api.show_territories(here).territories if one.territory_id == territory_id), None)


def _holding_now(here: State, asked: api.Territory | None, present: api.Territory) -> list[tuple[str, str]]:
    typed, names = asked or present, _names(here)  # what could not be read is no difference yet
    saying = {
        "when": lambda when: _said(when) if when is not None else "everybody's",
        "owner_ids": lambda ids: ", ".join(names.get(one, one) for one in ids),
    }
    return differing(_TITLES, typed.model_dump(), present.model_dump(), saying)


def _asked(form: Sent, position: int) -> api.Territory:
    given = {**_fields(form), "position": position, "when": condition_in(sent(form))}
    return read_form(api.Territory, given)


def _fields(form: Sent) -> dict[str, Any]:
    return {
        "name": form.get("name"), "owner_ids": form.list("owner_ids"), "is_enabled": bool(form.get("is_enabled")),
        "falls_through": bool(form.get("falls_through")),
    }  # fmt: skip


def _names(here: State) -> dict[str, str]:
    return {one.owner_id: one.owner.name for one in api.show_owners(here).owners}


def _said(when: dict[str, Any]) -> str:
    return words.condition(parse_condition(when))


def _form(
    request: Request,
    here: State,
    known: api.KnownTerritory | None,
    fields: dict[str, Any],
    condition: Written,
    problem: Exception | None = None,
    basis: Basis = NEW,
) -> Response:
    return show_settings(
        request, "rule.html", status=status_of(problem) if problem else 200, known=known, rule=fields,
        condition=condition, owners=_names(here), operators=OPERATORS, hints=HINTS, traits=TRAITS,
        problem=said_of(problem) if problem else "", basis=basis,
    )  # fmt: skip
