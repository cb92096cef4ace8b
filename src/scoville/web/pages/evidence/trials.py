"""A/B tests with living leads: plan one, give leads their variant by hash, and read it whenever one likes."""

from __future__ import annotations

import itertools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Depends, Query, Request, Response

from scoville.errors import UsageError
from scoville.evidence.trial.experiment import Plan, Variant, plan_experiment, variant_of, variants_of
from scoville.evidence.trial.within_reach import lift_within
from scoville.live.jobs.asking import find_job, list_jobs
from scoville.web.api import evidence as api
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here
from scoville.web.errors import not_found
from scoville.web.pages.evidence.asked import FromAddress
from scoville.web.pages.evidence.frame import framed, look
from scoville.web.pages.evidence.numbers import number_in
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.page import PageRoute, done

if TYPE_CHECKING:
    from collections.abc import Mapping
    from typing import Any

    from scoville.live.jobs.asking import Job
    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Typed = Annotated[str, Query(max_length=200)]
WEEKS = 12  # what most teams wait for
_LIFT = "20%"
_SPLIT = "current=50,new=50"
_SHOWN = 20


@dataclass(frozen=True)
class Planned:
    """What was typed to plan a trial with."""

    rate: str
    lift: str
    per_week: str
    variants: str
    name: str
    lead: str


def planned_of(
    rate: Typed = "", lift: Typed = "", per_week: Typed = "", variants: Typed = "", name: Typed = "", lead: Typed = ""
) -> Planned:
    """What the address says of a plan."""
    return Planned(rate, lift or _LIFT, per_week, variants or _SPLIT, name, lead)


@router.get("/evidence/trials")
def show_trials(
    request: Request, here: Here, asked: FromAddress, planned: Annotated[Planned, Depends(planned_of)],
    trial: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Response:  # fmt: skip
    """The three steps of a trial, each a form; what was typed stays in the address."""
    frame = look(here, asked)
    usual = frame.found.baseline if frame.found is not None else None
    problem, plan, shown = "", None, None
    try:
        named = variants_of(planned.variants)
        plan, shown = _plan(planned, named, usual)
    except UsageError as wrong:
        named, problem = variants_of(_SPLIT), str(wrong)
    with here.store.reading() as connection:
        jobs = list_jobs(connection, _SHOWN, kind="trial")
    return framed(
        request, frame, "trials.html", "/trials", planned=planned, usual=usual, problem=problem, plan=plan, shown=shown,
        weeks=WEEKS, variants=named, jobs=jobs, reading=_reading(here, trial), today=here.clock().date(),
        variant=variant_of(planned.name, planned.lead, named) if planned.name and planned.lead else None,
        **_snippet(planned.name or "welcome", named),
    )  # fmt: skip


@router.post("/evidence/trials")
def read_trial(request: Request, changing: Changing, asked: FromAddress, here: Here, form: Form) -> Response:
    """Have a trial read on the data as they are now."""
    sent = {name: form.get(name) for name in ("name", "variants", "since", "planned", "horizon_days")}
    frame = look(here, asked)
    won = list(frame.question.won) if frame.question is not None else None
    sent["planned"] = sent["planned"].replace(",", "")
    answer = api.read_trial(changing, read_form(api.TrialToRead, {**sent, "won": won}))
    number = json.loads(bytes(answer.body))["job_no"]
    return done(request, f"/evidence/trials?{frame.query}&trial={number}", "The trial is being read.")


def _plan(
    planned: Planned, variants: tuple[Variant, ...], usual: Mapping[str, Any] | None
) -> tuple[Plan | None, float | None]:
    """The plan, and the smallest lift that so many weeks can show; nulls where no usual rate is known."""
    rate = number_in(planned.rate, "the usual rate", share=True) or (usual["rate"] if usual is not None else None)
    a_week = number_in(planned.per_week, "new leads a week") or (usual["leads_a_week"] if usual is not None else None)
    lift = number_in(planned.lift, "the lift", share=False)
    if rate is None or lift is None:
        return None, None
    made = plan_experiment(rate, lift, variants, leads_a_week=a_week)
    return made, lift_within(a_week * WEEKS, rate, variants) if a_week else None


def _snippet(trial: str, variants: tuple[Variant, ...]) -> dict[str, str]:
    """The name and the ends of the variants' stretches, as Python and JavaScript both write them."""
    ends = list(itertools.accumulate(variant.share for variant in variants[:-1]))
    stretches = [[variant.name, end] for variant, end in zip(variants, [*ends, 1], strict=True)]
    return {"quoted": json.dumps(trial), "shares": json.dumps(stretches)}


def _reading(here: State, job_no: int | None) -> Job | None:
    if job_no is None:
        return None
    with here.store.reading() as connection:
        job = find_job(connection, job_no)
    if job is None or job.kind != "trial":
        raise not_found("trial that was read")
    return job
