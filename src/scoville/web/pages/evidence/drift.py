"""Does it still hold? Snapshot by snapshot, what has drifted in words, and shares by stage then and now."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from scoville.web.api.route import Here
from scoville.web.pages.evidence.asked import FromAddress
from scoville.web.pages.evidence.frame import framed, look
from scoville.web.pages.page import PageRoute

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/evidence/drift")
def show_drift(request: Request, here: Here, asked: FromAddress) -> Response:
    """What has drifted since half a year ago, then every snapshot."""
    frame = look(here, asked)
    drift = frame.found.drift if frame.found is not None else None
    return framed(request, frame, "drift.html", "/drift", drift=drift, sections=frame.parts(here, "time"))
