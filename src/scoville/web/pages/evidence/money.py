"""What do leads cost, bring and promise? The forecast with its past hits, what a lead is worth, business figures."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response

from scoville.evidence.business.worth import worth_of
from scoville.web.api.route import Here
from scoville.web.pages.evidence.asked import FromAddress
from scoville.web.pages.evidence.frame import framed, look
from scoville.web.pages.evidence.numbers import number_in
from scoville.web.pages.page import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Typed = Annotated[str, Query(max_length=40)]


@router.get("/evidence/money")
def show_money(request: Request, here: Here, asked: FromAddress, value: Typed = "", cost: Typed = "") -> Response:
    """The forecast first, then what a lead of each stage is worth at the value and cost in the address."""
    frame = look(here, asked)
    deal, touch = number_in(value, "the value of a win"), number_in(cost, "the cost of a lead")
    known = frame.found.evidence.business.overall.value_per_win.value if frame.found is not None else None
    worth = None
    if frame.found is not None and (deal or known):
        worth = worth_of(frame.found.evidence, deal or known or 0.0, touch or 0.0)
    return framed(
        request, frame, "money.html", "/money", worth=worth, typed_value=value, typed_cost=cost, known_value=known,
        forecast=frame.parts(here, "forecast"), sections=frame.parts(here, "business"),
    )  # fmt: skip
