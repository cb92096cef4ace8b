"""Data and privacy: how people are put together, how long things are kept, and forgetting somebody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from scoville.errors import UsageError
from scoville.live.store.settings import EXPLAINED
from scoville.web.api import admin, people
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.settings.frame import REFUSED, answer_in, said_of, show_settings, status_of
from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)


@dataclass(frozen=True)
class Words:
    """What a setting is called, what it does for whom, and the unit of its number."""

    title: str
    about: str
    unit: str = ""


GROUPS = (
    ("Who is one person", ("merge_by_email", "protected_traits")),
    ("What counts", ("outcomes", "stage_margin", "refresh_minutes", "are_bots_refused")),
    ("How long things are kept", ("event_days", "quarantine_days")),
    ("Your network", ("allowed_private_hosts",)),
)
WORDS = {
    "merge_by_email": Words(
        "People with one e-mail address are one person",
        "Turn it off where several people share an address, such as info@.",
    ),
    "protected_traits": Words(
        "Traits that only servers may set",
        "A website cannot change these, so nobody can make himself a CEO from the browser's console. One in each line.",
    ),
    "outcomes": Words(
        "Events that are outcomes",
        "When such an event arrives, the lead is won or lost. It is what evidence and learning go by.",
    ),
    "stage_margin": Words(
        "How far a lead falls before it leaves a stage",
        "So that nobody enters and leaves a stage ten times a day at its line.",
        "points",
    ),
    "refresh_minutes": Words(
        "How old a fading score may be", "Scores that fade with time are worked out anew this often.", "minutes"
    ),
    "are_bots_refused": Words(
        "Crawlers do not count", "Events of known bots and mail scanners are put aside, where you can look at them."
    ),
    "event_days": Words(
        "Keep events for", "Older ones are removed for good, and points for them go. Empty: for ever.", "days"
    ),
    "quarantine_days": Words(
        "Keep messages that could not be used for", "So long they can be looked at and let in after all.", "days"
    ),
    "allowed_private_hosts": Words(
        "Hosts inside your network that actions may call",
        "Everything else that is not on the open internet is refused. One in each line, such as crm.local:8080.",
    ),
}


@router.get("/settings/data")
def show_data(request: Request, here: Here) -> Response:
    """All settings, in groups."""
    return _shown(request, here)


@router.post("/settings/data")
def change_data(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """Change what is not as it was; each is noted on its own."""
    before = {one.name: one.value for one in admin.show_settings(here).settings}
    try:
        wanted = {name: _value(form, name, value) for name, value in before.items() if f"has_{name}" in form.fields}
        changed = [name for name, value in wanted.items() if value != _plain(before[name])]
        for name in changed:
            admin.set_setting(changing, name, admin.Value(value=wanted[name]))
    except REFUSED as refused:
        return _shown(request, here, status=status_of(refused), problem=said_of(refused))
    return done(
        request, "/settings/data", "Saved. The server follows within seconds." if changed else "Nothing was changed."
    )


@router.post("/settings/data/forget")
def forget(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """Remove people with everything that is known of them, for good."""
    ids = tuple(one.strip() for one in form.get("ids").splitlines() if one.strip())
    try:
        if form.get("sure") != "yes":
            raise ApiError(422, "invalid", "tick the box to say that they are to be forgotten for good")
        asked = read_form(people.ToForget, {"ids": ids or None})
        count = answer_in(people.forget_people(changing, asked))["leads"]
    except REFUSED as refused:
        return _shown(request, here, status=status_of(refused), forgetting=said_of(refused), ids=form.get("ids"))
    said = f"Forgotten: {count}. What arrives about these ids later is dropped."
    return done(request, "/settings/data", said)


def _shown(
    request: Request, here: State, *, status: int = 200, problem: str = "", forgetting: str = "", ids: str = ""
) -> Response:
    found = {one.name: _plain(one.value) for one in admin.show_settings(here).settings}
    named = {name for _, names in GROUPS for name in names}
    others = tuple(name for name in found if name not in named)
    groups = (*GROUPS, *([("Further settings", others)] if others else []))
    return show_settings(
        request, "data.html", status=status, groups=groups, values=found, explained=EXPLAINED, problem=problem,
        words={name: WORDS.get(name, Words(name.replace("_", " ").capitalize(), "")) for name in found},
        forgetting=forgetting, ids=ids, kinds={name: _kind(value, name) for name, value in found.items()},
        outcome_names=("won", "lost", "accepted", "rejected"),
    )  # fmt: skip


def _kind(value: Any, name: str) -> str:  # noqa: ANN401 - any setting
    """With which field a setting is shown."""
    if isinstance(value, bool):
        return "flag"
    if isinstance(value, dict):
        return "pairs"
    if isinstance(value, list):
        return "lines"
    return "number" if isinstance(value, int | float) or name == "event_days" else "text"


def _value(form: Sent, name: str, before: Any) -> Any:  # noqa: ANN401 - any setting
    """What somebody filled in, as a value of the setting; null: as usual again. Raises: UsageError."""
    given, kind = form.get(name), _kind(_plain(before), name)
    if kind == "flag":
        return bool(given)
    if kind == "lines":
        return [one.strip() for one in given.splitlines() if one.strip()]
    if kind == "pairs":
        pairs = zip(form.list(f"{name}_key"), form.list(f"{name}_value"), strict=False)
        return {key.strip(): value.strip() for key, value in pairs if key.strip()}
    if not given:
        return None
    return _number(given, name) if kind == "number" else given


def _number(given: str, name: str) -> int | float:
    try:
        number = float(given)
    except ValueError:
        number = math.nan
    if not math.isfinite(number):
        raise UsageError(f"'{WORDS[name].title if name in WORDS else name}' is a number, and not '{given[:40]}'")
    return int(number) if number.is_integer() else number


def _plain(value: Any) -> Any:  # noqa: ANN401 - any setting
    return list(value) if isinstance(value, tuple) else value
