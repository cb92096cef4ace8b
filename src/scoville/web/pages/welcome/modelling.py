"""The first model: proposed from the leads that are there, or a file of one's own; then every lead gets its score."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import orjson
from fastapi import APIRouter, Request, Response

from scoville.live.queries.outcome_counts import outcome_totals
from scoville.live.queries.set_up import WINS_TO_LEARN, set_up_of, wins
from scoville.model.load import Model
from scoville.web.api import jobs as jobs_api
from scoville.web.api import models as api
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, go, show
from scoville.web.pages.studio.sentences import sentence
from scoville.web.pages.welcome.start import job_no_in

if TYPE_CHECKING:
    from scoville.model.schema import Rule

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_OLD = timedelta(days=21)  # since the newest event: by then little is left of most interest


@dataclass(frozen=True)
class Proposed:
    """A rule of the proposed model in words, and the share of the leads that it would touch, from 0 to 1."""

    section: str
    name: str
    says: str
    leads: int
    share: float


@router.get("/welcome/model")
def show_choices(request: Request, here: Here) -> Response:
    """The ways to a first model."""
    with here.store.reading() as connection:
        set_up, won = set_up_of(connection), wins(connection)
        totals = outcome_totals(connection)
    return show(
        request, "welcome/model.html", set_up=set_up, won=won, needed=WINS_TO_LEARN, can_learn=won >= WINS_TO_LEARN,
        totals=totals,
    )  # fmt: skip


@router.post("/welcome/model")
def propose(request: Request, changing: Changing) -> Response:
    """Have a model proposed."""
    return go(request, f"/welcome/model/{job_no_in(jobs_api.propose(changing))}")


@router.get("/welcome/model/{job_no}")
def show_proposed(request: Request, here: Here, job_no: jobs_api.JobNo) -> Response:
    """How far the proposal is; then the model in words."""
    job = jobs_api.show_job(here, job_no)
    found = job.result if job.state == "done" else None
    rules = _proposed(found) if found is not None else ()
    said = found.get("newest_at") if found is not None else None
    newest = datetime.fromisoformat(str(said)) if said else None
    is_old = newest is not None and here.clock() - newest > _OLD
    return show(request, "welcome/proposed.html", job=job, found=found, rules=rules, newest_at=newest, is_old=is_old)


@router.post("/welcome/publish")
def put_in_force(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """Save the model and put it in force."""
    text, note = _text_and_note(here, form)
    saved = api.save(changing, read_form(api.VersionToSave, {"text": text, "note": note}))
    version_no = int(orjson.loads(bytes(saved.body))["version_no"])
    if not _is_published(here, version_no):
        api.put_in_force(changing, api.ToPublish(version_no=version_no, note=note))
    return go(request, "/welcome/scoring")


@router.get("/welcome/scoring")
def show_scoring(request: Request, here: Here) -> Response:
    """How many leads have their score; then the list."""
    status = api.show_status(here)
    with here.store.reading() as connection:
        set_up = set_up_of(connection)
    if status.pending is None and set_up.is_scored and not set_up.is_folding:
        return go(request, "/queue")
    if status.pending is None and not status.in_force:
        return go(request, "/welcome/model")
    return show(request, "welcome/scoring.html", pending=status.pending, set_up=set_up)


def _text_and_note(here: Here, form: Sent) -> tuple[str, str]:
    """The model that was chosen: that of a job, else a file. Raises: ApiError 422 when there is neither."""
    if (job_no := form.number("job")) is not None:
        found = jobs_api.show_job(here, job_no).result
        if found is not None and "text" in found:  # not what another kind of job came to
            return str(found["text"]), "proposed from the leads"
    file = form.file("model")
    if file is None:
        raise ApiError(422, "invalid", "choose a model file first: one that ends in .yaml")
    try:
        return file.body.decode("utf-8-sig"), f"from {file.name[:100]}"
    except UnicodeDecodeError:
        raise ApiError(422, "invalid", f"{file.name[:100]} is no text in UTF-8: choose a model file") from None


def _is_published(here: Here, version_no: int) -> bool:
    """Whether this version is in force or on its way already: sent twice, it is published once."""
    newest = next(iter(api.show_status(here).publications), None)
    return newest is not None and newest.version_no == version_no


def _proposed(found: dict[str, Any]) -> tuple[Proposed, ...]:
    model = Model.loads(found["text"])
    fading = model.engagement.decay
    rules: dict[tuple[str, str], Rule] = {("fit", rule.name): rule for rule in model.fit.rules}
    rules |= {("engagement", rule.name): rule for rule in model.engagement.rules}
    tried = max(1, int(found["tried"]))
    return tuple(
        Proposed(one["section"], one["name"], sentence(rules[one["section"], one["name"]], fading), one["leads"],
                 one["leads"] / tried)
        for one in found["rules"]
    )  # fmt: skip
