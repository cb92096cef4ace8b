"""The way to all settings: each with what it is for."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from scoville.web.pages.page import PageRoute
from scoville.web.pages.settings.frame import show_settings

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@router.get("/settings")
def show_all(request: Request) -> Response:
    """Those that this person may see."""
    return show_settings(request, "home.html")
