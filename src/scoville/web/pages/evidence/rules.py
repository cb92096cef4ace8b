"""Which rules earn their place, and where the score is wrong."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from scoville.web.api.route import Here
from scoville.web.pages.evidence.asked import FromAddress
from scoville.web.pages.evidence.frame import framed, look
from scoville.web.pages.page import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/evidence/rules")
def show_rules(request: Request, here: Here, asked: FromAddress) -> Response:
    """Rule by rule; then who was overlooked, and who was overrated."""
    frame = look(here, asked)
    return framed(request, frame, "sections.html", "/rules", sections=frame.parts(here, "rules", "misses"))
