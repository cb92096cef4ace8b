"""How soon leads of a stage are to be called, and what happens when nobody does."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Request, Response

from scoville.live.queries.in_force import in_force
from scoville.model.load import Model
from scoville.web.api import routing as api
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Body, Name
from scoville.web.api.route import Here
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done
from scoville.web.pages.settings.frame import REFUSED, said_of, show_settings, status_of
from scoville.web.pages.settings.hours import days_of, hours_in, said, zones
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
_UNITS = (("days", 86_400), ("hours", 3_600), ("minutes", 60))
_EMPTY = ("", "minutes")


@router.get("/settings/speed")
def show_rules(request: Request, here: Here) -> Response:
    """A rule for each stage that has one."""
    rules = api.show_sla(here).rules
    return show_settings(request, "speed.html", rules=rules, steps=STEPS, length_said=_length_said, hours_said=said)


@router.get("/settings/speed/{stage:path}")
def show_rule(request: Request, here: Here, stage: Stage) -> Response:
    """The form for a stage; `new` for one that is still to be named."""
    found = next((one for one in api.show_sla(here).rules if one.stage == stage), None)
    if found is None:
        times = {name: _EMPTY for name, _, _ in STEPS} | {"touch_within_s": ("4", "hours")}
        return _form(request, here, "" if stage == "new" else stage, times, (days_of({}), "UTC"), is_new=True)
    times = {name: _parts(getattr(found, name)) for name, _, _ in STEPS}
    return _form(request, here, stage, times, (days_of(found.hours), found.time_zone), is_new=False)


@router.post("/settings/speed")
def set_rule(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """For crossings from now on."""
    stage = form.get("stage")
    try:
        given: dict[str, Any] = {name: _seconds(form, name, title) for name, title, _ in STEPS}
        asked = read_form(api.SlaRule, {**given, "hours": hours_in(form), "time_zone": form.get("time_zone")})
        if not stage:
            raise ApiError(422, "invalid", "choose the stage that the rule is for")
        api.set_sla(changing, read_form(_Of, {"stage": stage}).stage, asked)
    except REFUSED as refused:
        times = {name: (form.get(name), form.get(f"{name}_unit", "minutes")) for name, _, _ in STEPS}
        zone, is_new = form.get("time_zone"), bool(form.get("is_new"))
        return _form(request, here, stage, times, (days_of({}), zone), is_new=is_new, problem=refused)
    return done(request, "/settings/speed", f"Leads that become {stage} have this clock from now on.")


@router.post("/settings/speed/{stage:path}/end")
def end_rule(request: Request, changing: Changing, stage: Stage) -> Response:
    """Clocks that run go on."""
    api.end_sla(changing, stage)
    return done(request, "/settings/speed", f"No new clocks for {stage}. Those that run go on.")


def _form(
    request: Request,
    here: State,
    stage: str,
    times: dict[str, tuple[str, str]],
    hours: tuple[list[Any], str],
    *,
    is_new: bool,
    problem: Exception | None = None,
) -> Response:
    return show_settings(
        request, "speed_rule.html", status=status_of(problem) if problem else 200, stage=stage, times=times,
        days=hours[0], time_zone=hours[1] or "UTC", is_new=is_new, steps=STEPS, zones=zones(), stages=_stages(here),
        units=[(name, name) for name, _ in reversed(_UNITS)], problem=said_of(problem) if problem else "",
    )  # fmt: skip


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
