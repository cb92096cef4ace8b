"""How soon leads of a stage are to be called, and what happens when nobody does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from scoville.live.queries.in_force import in_force
from scoville.live.store.seen import version_of
from scoville.model.load import Model
from scoville.web.api import routing as api
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Body, Name
from scoville.web.api.route import Here
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.refused import REFUSED, Basis, basis_after, differing, is_late, said_of, status_of
from scoville.web.pages.settings.frame import show_settings
from scoville.web.pages.settings.hours import Day, days_of, days_sent, hours_in, said, zones
from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Stage = Annotated[Name, Path()]


class _Of(Body):
    stage: Name


STEPS = (
    ("touch_within_s", "Call within", "This is the clock that sales sees beside the lead."),
    ("remind_after_s", "Remind the owner after", "A reminder goes out by the actions that tell of one."),
    ("escalate_after_s", "Escalate after", "Such as to the head of sales, by the actions that tell of it."),
    ("reassign_after_s", "Give it to somebody else after", "It goes back to the queue, and not to the same owner."),
)
_TITLES = {name: title for name, title, _ in STEPS} | {"hours": "Hours", "time_zone": "Time zone"}
_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))
_EMPTY = ("", "minutes")
_NO_RULE = version_of(None)  # as of a stage that has none


@router.get("/settings/speed")
def show_rules(request: Request, here: Here) -> Response:
    """A rule for each stage that has one."""
    rules = api.show_sla(here).rules
    return show_settings(request, "speed.html", rules=rules, steps=STEPS, length_said=_length_said, hours_said=said)


@router.get("/settings/speed/{stage:path}")
def show_rule(request: Request, here: Here, stage: Stage) -> Response:
    """The form for a stage; `new` for one that is still to be named."""
    found = _found(here, stage)
    if found is not None:
        return _form_of(request, here, found)
    times = {name: _EMPTY for name, _, _ in STEPS} | {"touch_within_s": ("4", "hours")}
    filled = _Filled("" if stage == "new" else stage, times, days_of({}), "UTC", is_new=True)
    return _form(request, here, filled, Basis(_NO_RULE))


@router.post("/settings/speed")
def set_rule(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """For crossings from now on."""
    stage, asked = form.get("stage"), None
    try:
        given: dict[str, Any] = {name: _seconds(form, name, title) for name, title, _ in STEPS}
        asked = read_form(api.SlaRule, {**given, "hours": hours_in(form), "time_zone": form.get("time_zone")})
        if not stage:
            raise ApiError(422, "invalid", "choose the stage that the rule is for")
        api.set_sla(changing.having_seen(form.get("was")), read_form(_Of, {"stage": stage}).stage, asked)
    except REFUSED as refused:
        found = _found(here, stage)
        basis = basis_after(refused, form, found.version if found else _NO_RULE, _holding_now(asked, found))
        return _form(request, here, _as_sent(form), basis, refused)
    return done(request, "/settings/speed", f"Leads that become {stage} have this clock from now on.")


@router.post("/settings/speed/{stage:path}/end")
def end_rule(request: Request, here: Here, changing: Changing, stage: Stage, form: Form) -> Response:
    """Clocks that run go on."""
    try:
        api.end_sla(changing.having_seen(form.get("was")), stage)
    except ApiError as refused:
        found = _found(here, stage)
        if found is None or not is_late(refused):
            raise
        return _form_of(request, here, found, refused)
    return done(request, "/settings/speed", f"No new clocks for {stage}. Those that run go on.")


@dataclass(frozen=True)
class _Filled:
    """The form, as it is filled in: each time is a number and its unit."""

    stage: str
    times: dict[str, tuple[str, str]]
    days: list[Day]
    time_zone: str
    is_new: bool


def _found(here: State, stage: str) -> api.KnownSlaRule | None:
    return next((one for one in api.show_sla(here).rules if one.stage == stage), None)


def _as_sent(form: Sent) -> _Filled:
    times = {name: (form.get(name), form.get(f"{name}_unit", "minutes")) for name, _, _ in STEPS}
    days = days_sent(form)
    return _Filled(form.get("stage"), times, days, form.get("time_zone") or "UTC", is_new=bool(form.get("is_new")))


def _holding_now(asked: api.SlaRule | None, present: api.KnownSlaRule | None) -> list[tuple[str, str]]:
    if asked is None or present is None:
        return []
    saying = {name: _length_said for name, _, _ in STEPS}
    return differing(_TITLES, asked.model_dump(), present.model_dump(), {**saying, "hours": said})


def _form_of(request: Request, here: State, rule: api.KnownSlaRule, problem: Exception | None = None) -> Response:
    """The form for a rule as it stands."""
    times = {name: _parts(getattr(rule, name)) for name, _, _ in STEPS}
    filled = _Filled(rule.stage, times, days_of(rule.hours), rule.time_zone, is_new=False)
    return _form(request, here, filled, Basis(rule.version), problem)


def _form(request: Request, here: State, filled: _Filled, basis: Basis, problem: Exception | None = None) -> Response:
    return show_settings(
        request, "speed_rule.html", status=status_of(problem) if problem else 200, **vars(filled), steps=STEPS,
        zones=zones(), stages=_offered(here, filled), units=[(name, name) for name, _ in reversed(_UNITS)], basis=basis,
        problem=said_of(problem) if problem else "",
    )  # fmt: skip


def _offered(here: State, filled: _Filled) -> list[tuple[str, str]]:
    """The stages to choose from: for a new rule those that have none yet."""
    taken = {one.stage for one in api.show_sla(here).rules} - {filled.stage} if filled.is_new else set()
    return [one for one in _stages(here) if one[0] not in taken]


def _stages(here: State) -> list[tuple[str, str]]:
    """Those of the model in force, the highest first, as choices."""
    with here.store.reading() as connection:
        now = in_force(connection)
    return [(one.name, one.name) for one in reversed(Model.loads(now.text).stages)] if now is not None else []


def _parts(seconds: int | None) -> tuple[str, str]:
    """A length in the largest unit that says it exactly; at least minutes."""
    if seconds is None:
        return _EMPTY
    unit, size = next(((name, size) for name, size in _UNITS if seconds % size == 0), ("minutes", 60))
    return f"{seconds / size:g}", unit


def _length_said(seconds: int | None) -> str:
    if seconds is None:
        return "–"
    many, unit = _parts(seconds)
    return f"{many} {unit.removesuffix('s') if many == '1' else unit}"


def _seconds(form: Sent, name: str, title: str) -> int | None:
    if not form.get(name):
        return None
    size = dict(_UNITS).get(form.get(f"{name}_unit"), 60)
    try:
        return round(float(form.get(name)) * size)
    except (ValueError, OverflowError):
        raise ApiError(422, "invalid", f"'{title}' is a number, such as 4") from None
