"""What people do on the page of a lead: each form calls the API as a program would, and shows the page again.

In: a form. Out: what the API wrote, checked and noted in its audit log, and a sentence about it on the page.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated

from fastapi import APIRouter, Path, Request, Response

from scoville import words
from scoville.live.queries.owner_of_user import owner_id_of_user
from scoville.web.api import people, routing, sales
from scoville.web.api.changes import Changing
from scoville.web.api.leads import named_lead
from scoville.web.api.route import Who
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.lead.reading import path_of
from scoville.web.pages.lead.shown import LeadId
from scoville.web.pages.page import PageRoute, done, go

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Number = Annotated[int, Path(ge=1, le=2**53)]
_SAID = {
    "accepted": "Accepted.", "rejected": "Rejected: the reason is kept, and the model can learn from it.",
    "won": "Won. Well done.", "lost": "Lost: that is kept, and the evidence counts it.",
}  # fmt: skip
_NO_OWNER = "you cannot claim leads yet: no owner in the settings has your e-mail address"
_SOON = "The score follows in a moment."


@router.post("/leads/{lead_id:path}/answer")
def answer(request: Request, changing: Changing, lead_id: LeadId, form: Form) -> Response:
    """Accepted, rejected with a reason, won with a value, lost."""
    reason = ": ".join(said for said in (form.get("reason"), form.get("more")) if said)
    sent = {"outcome": form.get("outcome"), "reason": reason, "value": form.get("value")}
    asked = read_form(routing.SalesAnswer, sent)
    routing.answer(changing, lead_id, asked)
    return done(request, path_of(lead_id), _SAID[asked.outcome])


@router.post("/leads/{lead_id:path}/touches")
def touch(request: Request, changing: Changing, lead_id: LeadId, form: Form) -> Response:
    """A call, an e-mail, a meeting or a note."""
    asked = read_form(routing.TouchToAdd, {"kind": form.get("kind"), "note": form.get("note")})
    routing.add_touch(changing, lead_id, asked)
    return done(request, path_of(lead_id), f"Noted: {asked.kind}.".replace("email", "e-mail"))


@router.post("/leads/{lead_id:path}/claim")
def claim(request: Request, changing: Changing, who: Who, lead_id: LeadId) -> Response:
    """Take it, while nobody else has it."""
    with changing.store.reading() as connection:
        mine = owner_id_of_user(connection, who.user_no)
    if mine is None:
        raise ApiError(409, "no_owner", _NO_OWNER)
    routing.assign(changing, lead_id, routing.Assignee(owner_id=mine, claim=True))
    return done(request, path_of(lead_id), "It is yours now.")


@router.post("/leads/{lead_id:path}/assign")
def assign(request: Request, changing: Changing, lead_id: LeadId, form: Form) -> Response:
    """Give it to somebody, whoever has it."""
    routing.assign(changing, lead_id, read_form(routing.Assignee, {"owner_id": form.get("owner")}))
    return done(request, path_of(lead_id), "Assigned.")


@router.post("/leads/{lead_id:path}/release")
def release(request: Request, changing: Changing, lead_id: LeadId, form: Form) -> Response:
    """Take it from its owner; another one is looked for, unless it is to be left alone."""
    to_queue = form.get("to_queue") == "yes"
    routing.release(changing, lead_id, to_queue=to_queue)
    return done(request, path_of(lead_id), "Given back." + (" Another owner is looked for." if to_queue else ""))


@router.post("/leads/{lead_id:path}/adjustments")
def adjust(request: Request, changing: Changing, lead_id: LeadId, form: Form) -> Response:
    """Points by hand, with a reason, until a day or for ever."""
    days = form.number("days")
    if form.get("days") and not (days is not None and 0 < days <= 3_650):  # noqa: PLR2004 - ten years
        raise ApiError(422, "invalid", "they end after 1 to 3650 days, or never")
    ends = changing.now + timedelta(days=days) if days else None
    sent = {"points": form.get("points"), "reason": form.get("reason"), "expires_at": ends}
    asked = read_form(sales.AdjustmentToMake, sent)
    sales.make_adjustment(changing, lead_id, asked)
    return done(request, path_of(lead_id), f"{words.points(asked.points)} by hand. {_SOON}")


@router.post("/leads/{lead_id:path}/adjustments/{adjustment_no}/end")
def end_adjustment(request: Request, changing: Changing, lead_id: LeadId, adjustment_no: Number) -> Response:
    """Take points by hand back."""
    sales.end_adjustment(changing, lead_id, adjustment_no)
    return done(request, path_of(lead_id), f"Taken back. {_SOON}")


@router.post("/leads/{lead_id:path}/merge")
def merge(request: Request, changing: Changing, lead_id: LeadId, form: Form) -> Response:
    """Say that two leads are one person."""
    other = read_form(people.Other, {"lead_id": form.get("other")})
    people.merge(changing, lead_id, other)
    stays = named_lead(changing.store, lead_id)
    return done(request, path_of(stays), f"{other.lead_id} and {lead_id} are one person now. {_SOON}")


@router.post("/leads/{lead_id:path}/links/{link_no}/undo")
def undo(request: Request, changing: Changing, lead_id: LeadId, link_no: Number) -> Response:
    """Take two ids apart."""
    people.split(changing, link_no)
    return done(request, path_of(lead_id), "Taken apart; no message joins them again.")


@router.post("/leads/{lead_id:path}/forget")
def forget(request: Request, changing: Changing, lead_id: LeadId, form: Form) -> Response:
    """Forget this person, once their id was typed."""
    if form.get("confirm") != lead_id.strip():
        raise ApiError(422, "not_confirmed", "nothing was forgotten: type the id of the lead exactly as it is shown")
    people.forget_lead(changing, lead_id)
    response = go(request, "/queue")
    told = done(request, "/queue", "Forgotten: everything of this person is gone.")
    response.headers.append("set-cookie", told.headers["set-cookie"])
    return response
