"""The page of a lead: what sales opens before a call. Who, how hot, why now, what to do; and everything below it.

In: an id of a lead, any of those it has. Out: the page, or one of its parts. The whole comes along indexes; the parts
that run the model say so in the address (`part`), are filled in after the page is there, and open by a link without
JavaScript.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from scoville.web.api.fields import Id
from scoville.web.api.route import Here, Who
from scoville.web.pages.lead.ahead import ahead_of
from scoville.web.pages.lead.reading import (
    Asked,
    facts_of,
    head_of,
    lead_of,
    mates_of_lead,
    story_of_lead,
    why_of,
)
from scoville.web.pages.page import PageRoute, done, show, wanted_block

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoville.web.pages.lead.reading import Values

router = APIRouter(route_class=PageRoute, include_in_schema=False)
LeadId = Annotated[Id, Path()]


@router.get("/leads/{lead_id:path}")
def show_lead(request: Request, here: Here, who: Who, lead_id: LeadId, asked: Annotated[Asked, Query()]) -> Response:
    """The page; for htmx the one part that it asks for, and nothing else is read."""
    lead = lead_of(here, lead_id)
    if lead.lead_id != lead_id:
        return done(request, lead.path, f"{lead_id} is one of the ids of {lead.lead_id}.")
    readers: dict[str, Callable[[], Values]] = {
        "heat": lambda: head_of(here, lead, who),
        "head": lambda: head_of(here, lead, who),
        "why": lambda: why_of(here, lead, asked),
        "ahead": lambda: ahead_of(here, lead, asked),
        "story": lambda: story_of_lead(here, lead, asked),
        "mates": lambda: mates_of_lead(here, lead, asked),
        "about": lambda: facts_of(here, lead),
    }
    return show(request, "lead/shown.html", lead=lead, asked=asked, **_read(readers, wanted_block(request)))


def _read(readers: dict[str, Callable[[], Values]], block: str | None) -> Values:
    wanted = [block] if block in readers else [name for name in readers if name != "heat"]  # that is part of the head
    return {name: value for one in wanted for name, value in readers[one]().items()}
