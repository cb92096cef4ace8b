"""Data and privacy: how people are put together, how long things are kept, and forgetting somebody."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter, Request, Response

from scoville.errors import UsageError
from scoville.live.store.seen import version_of
from scoville.live.store.settings import EXPLAINED
from scoville.web.api import admin, people
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.refused import REFUSED, is_late, plainly, said_of, status_of
from scoville.web.pages.settings.frame import answer_in, show_settings
from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_NOTHING_SENT = Sent({}, {})


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
    """Change what somebody made otherwise than they found it; all of that, or nothing. Each is noted on its own."""
    present = _settings(here)
    try:
        typed = {name: _value(form, name, one.value) for name, one in present.items() if f"was_{name}" in form.fields}
        wanted = {name: value for name, value in typed.items() if _is_made_otherwise(form, name, value, present[name])}
        if wanted:
            seen = {name: was for name in wanted if (was := form.get(f"was_{name}"))}
            admin.set_settings(changing.having_seen(""), wanted, seen)
    except REFUSED as refused:
        return _shown(request, here, form=form, refused=refused)
    return done(
        request, "/settings/data", "Saved. The server follows within seconds." if wanted else "Nothing was changed."
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
        return _shown(request, here, form=form, not_forgotten=refused)
    said = f"Forgotten: {count}. What arrives about these ids later is dropped."
    return done(request, "/settings/data", said)


def _settings(here: State) -> dict[str, admin.Setting]:
    return {one.name: one for one in admin.show_settings(here).settings}


def _is_made_otherwise(form: Sent, name: str, typed: object, present: admin.Setting) -> bool:
    """Whether somebody changed it in their form. What they left as they found it is not theirs to undo."""
    return version_of(typed) not in {form.get(f"was_{name}"), present.version}


def _shown(
    request: Request,
    here: State,
    *,
    form: Sent = _NOTHING_SENT,
    refused: Exception | None = None,
    not_forgotten: Exception | None = None,
) -> Response:
    found = _settings(here)
    fields = {name: _field(form, one, refused) for name, one in found.items()}
    named = {name for _, names in GROUPS for name in names}
    others = tuple(name for name in found if name not in named)
    groups = (*GROUPS, *([("Further settings", others)] if others else []))
    return show_settings(
        request, "data.html", status=status_of(wrong) if (wrong := refused or not_forgotten) else 200, groups=groups,
        fields=fields, explained=EXPLAINED, is_late=any(one.now for one in fields.values()),
        words={name: WORDS.get(name, Words(name.replace("_", " ").capitalize(), "")) for name in found},
        problem=_in_words(refused) if refused else "", forgetting=said_of(not_forgotten) if not_forgotten else "",
        ids=form.get("ids"), outcome_names=("won", "lost", "accepted", "rejected"),
    )  # fmt: skip


def _in_words(refused: Exception) -> str:
    """Why, with settings called as the page calls them."""
    said = said_of(refused)
    for name, words in WORDS.items():
        said = said.replace(f"{name} cannot be", f"'{words.title}' cannot be")
        said = said.replace(f"{name.capitalize()} cannot be", f"'{words.title}' cannot be")
    return said


@dataclass(frozen=True)
class Field:
    """A setting in the form: its value, or what was typed, and for which version.

    `now` is what holds now, where somebody else was quicker.
    """

    kind: str
    value: Any
    was: str
    now: str = ""


def _field(form: Sent, present: admin.Setting, refused: Exception | None) -> Field:
    kind = _kind(_plain(present.value), present.name)
    as_it_is = Field(kind, _plain(present.value), present.version)
    if f"was_{present.name}" not in form.fields:
        return as_it_is
    typed, was = _typed(form, present), form.get(f"was_{present.name}")
    if not _is_made_otherwise(form, present.name, typed, present):
        return as_it_is
    if was in {"", present.version} or refused is None or not is_late(refused):
        return Field(kind, typed, was)
    return Field(kind, typed, present.version, plainly(_plain(present.value)))


def _typed(form: Sent, present: admin.Setting) -> Any:  # noqa: ANN401 - any setting
    """What somebody filled in; what is no value of the setting stays as it was typed."""
    try:
        return _value(form, present.name, present.value)
    except UsageError:
        return form.get(present.name)


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
