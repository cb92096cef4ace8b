"""What all pages of the settings have in common: the list of them.

In: a request and what a template needs. Out: HTML. Called by every module beside this one.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoville.web.pages.page import show

if TYPE_CHECKING:
    from fastapi import Request, Response
    from fastapi.responses import HTMLResponse


@dataclass(frozen=True)
class Section:
    """One page of the settings."""

    address: str
    name: str
    about: str


SECTIONS = (
    Section("/settings/me", "Your password", "Change the password that you log in with."),
    Section("/settings/users", "Users", "Who may log in, and what they may do."),
    Section("/settings/keys", "Keys", "How websites, servers and programs reach Scoville."),
    Section("/settings/owners", "Owners", "Who works leads: how many, at what hours, and when they are away."),
    Section("/settings/routing", "Routing", "Which leads go to whom."),
    Section("/settings/speed", "First touch", "How soon leads are to be called, and what happens when nobody does."),
    Section("/settings/actions", "Actions", "Whom to tell when a lead gets hot: webhooks, Slack, mail, tags."),
    Section("/settings/messages", "Delivery log", "What was sent, what did not arrive, and sending it again."),
    Section("/settings/data", "Data and privacy", "How people are put together, and how long things are kept."),
    Section("/settings/audit", "Audit log", "Who did what, and proof that nobody rewrote it."),
)


def show_settings(request: Request, template: str, *, status: int = 200, **values: Any) -> HTMLResponse:  # noqa: ANN401 - for a template
    """A page of the settings."""
    return show(request, f"settings/{template}", status=status, sections=SECTIONS, **values)


def answer_in(response: Response) -> dict[str, Any]:
    """What a function of the API answered."""
    found: dict[str, Any] = json.loads(bytes(response.body))
    return found
