"""Owners: who works leads, how many, at what hours, and when they are away."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from scoville.web.api import owners as api
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Id
from scoville.web.api.route import Here
from scoville.web.errors import not_found
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.refused import NEW, REFUSED, Basis, basis_after, differing, said_of, status_of
from scoville.web.pages.settings.away import Days, beginning, days_away
from scoville.web.pages.settings.frame import show_settings
from scoville.web.pages.settings.hours import days_of, days_sent, hours_in, said, zones
from scoville.web.pages.templates import in_path
from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
OwnerId = Annotated[Id, Path()]
_PLAIN = ("name", "email", "capacity", "period", "carry_over", "open_limit", "weight", "time_zone")
_TITLES = {
    "name": "Name", "email": "E-mail", "is_active": "Gets leads", "capacity": "Takes at most", "period": "In a",
    "open_limit": "Holds at most", "weight": "Share", "carry_over": "Carries over", "hours": "Hours",
    "time_zone": "Time zone",
}  # fmt: skip
_WORKDAY = ("09:00-17:00",)
_NEW = api.Owner(
    name="New", email="new@example.com", hours=dict.fromkeys(("mon", "tue", "wed", "thu", "fri"), _WORKDAY)
)


@dataclass(frozen=True)
class Away:
    """The form of an absence: as it was typed, and why it could not be noted."""

    from_day: str = ""
    until_day: str = ""
    note: str = ""
    refused: Exception | None = None

    @property
    def problem(self) -> str:
        """Why, as a sentence."""
        return said_of(self.refused) if self.refused else ""


_NOT_ASKED = Away()


@router.get("/settings/owners")
def show_owners(request: Request, here: Here) -> Response:
    """Everybody who works leads, and who is away."""
    found = api.show_owners(here).owners
    away = {one.owner_id: _absent(here, one) for one in found}
    return show_settings(request, "owners.html", owners=found, hours_said=said, away=away)


@router.get("/settings/owners/new")
def ask_for_owner(request: Request) -> Response:
    """The form for a new one."""
    return _form(request, None, {**_fields(_NEW), "name": "", "email": ""}, days_of(_NEW.hours))


@router.post("/settings/owners")
def add_owner(request: Request, changing: Changing, form: Form) -> Response:
    """Leads come from the next crossing on."""
    try:
        asked = _asked(form)
        api.add_owner(changing, asked)
    except REFUSED as refused:
        return _form(request, None, _as_sent(form), days_sent(form), problem=refused)
    return done(request, "/settings/owners", f"{asked.name} can get leads. Which ones, a rule under Routing says.")


@router.get("/settings/owners/{owner_id}")
def show_owner(request: Request, here: Here, owner_id: OwnerId) -> Response:
    """One owner with the absences."""
    return _shown(request, here, owner_id)


@router.post("/settings/owners/{owner_id}")
def change_owner(request: Request, here: Here, changing: Changing, owner_id: OwnerId, form: Form) -> Response:
    """All of it."""
    asked = None
    try:
        asked = _asked(form)
        api.change_owner(changing.having_seen(form.get("was")), owner_id, asked)
    except REFUSED as refused:
        known = _known(here, owner_id)
        basis = basis_after(refused, form, known.version, _holding_now(asked, known.owner))
        return _form(request, known, _as_sent(form), days_sent(form), problem=refused, here=here, basis=basis)
    return done(request, "/settings/owners", "Saved. It counts from the next lead on.")


@router.post("/settings/owners/{owner_id}/absences")
def add_absence(request: Request, here: Here, changing: Changing, owner_id: OwnerId, form: Form) -> Response:
    """Nobody who is away gets leads. Days are whole ones in the owner's time zone; the last one is included."""
    zone = _known(here, owner_id).owner.time_zone
    asked = {
        "from_at": beginning(form.get("from_day"), zone),
        "until_at": beginning(form.get("until_day"), zone, days_later=1),
        "note": form.get("note"),
    }
    try:
        api.add_absence(changing, owner_id, read_form(api.AbsenceToAdd, asked))
    except REFUSED as refused:
        away = Away(form.get("from_day"), form.get("until_day"), form.get("note"), refused)
        return _shown(request, here, owner_id, away)
    return done(request, f"/settings/owners/{in_path(owner_id)}", "Noted. No leads come meanwhile.")


@router.post("/settings/owners/{owner_id}/absences/{absence_no}/end")
def end_absence(
    request: Request, changing: Changing, owner_id: OwnerId, absence_no: Annotated[int, Path(ge=1, le=2**53)]
) -> Response:
    """Leads come again from now on."""
    api.end_absence(changing, owner_id, absence_no)
    return done(request, f"/settings/owners/{in_path(owner_id)}", "Taken back. Leads come again.")


def _known(here: State, owner_id: str) -> api.KnownOwner:
    found = [one for one in api.show_owners(here).owners if one.owner_id == owner_id]
    if not found:
        raise not_found("owner")
    return found[0]


def _absent(here: State, known: api.KnownOwner) -> Days | None:
    """The absence that lasts now."""
    now, found = here.clock(), api.show_absences(here, known.owner_id).absences
    return next((days_away(one, known.owner.time_zone) for one in found if one.from_at <= now < one.until_at), None)


def _asked(form: Sent) -> api.Owner:
    given = {name: form.get(name) for name in _PLAIN}
    return read_form(api.Owner, {**given, "is_active": bool(form.get("is_active")), "hours": hours_in(form)})


def _holding_now(asked: api.Owner | None, present: api.Owner) -> list[tuple[str, str]]:
    typed = asked or present  # what could not be read is no difference yet
    return differing(_TITLES, typed.model_dump(), present.model_dump(), {"hours": said})


def _shown(request: Request, here: State, owner_id: str, away: Away = _NOT_ASKED) -> Response:
    """An owner as it stands; with an absence that could not be noted."""
    known = _known(here, owner_id)
    fields, days = _fields(known.owner), days_of(known.owner.hours)
    return _form(request, known, fields, days, here=here, basis=Basis(known.version), away=away)


def _form(  # noqa: PLR0913 - what one template shows
    request: Request,
    known: api.KnownOwner | None,
    fields: dict[str, Any],
    days: list[Any],
    *,
    problem: Exception | None = None,
    here: State | None = None,
    basis: Basis = NEW,
    away: Away = _NOT_ASKED,
) -> Response:
    absences = _absences(here, known) if known is not None and here is not None else []
    refused = problem or away.refused
    return show_settings(
        request, "owner.html", status=status_of(refused) if refused else 200, known=known, owner=fields, days=days,
        zones=zones(), absences=absences, problem=said_of(problem) if problem else "", basis=basis, away=away,
    )  # fmt: skip


def _absences(here: State, known: api.KnownOwner) -> list[Days]:
    return [days_away(one, known.owner.time_zone) for one in api.show_absences(here, known.owner_id).absences]


def _fields(owner: api.Owner) -> dict[str, Any]:
    return {name: getattr(owner, name) for name in (*_PLAIN, "is_active")}


def _as_sent(form: Sent) -> dict[str, Any]:
    return {name: form.get(name) for name in (*_PLAIN, "is_active")}
