"""Learning in the studio: from what became of past leads to a model that somebody looks at, and may take as a draft.

The work is a job: whoever asks may leave. Nothing that is learned is ever saved or published by itself.
"""

from __future__ import annotations

import base64
import hashlib
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal

from fastapi import APIRouter, Request, Response

from scoville.errors import ModelError
from scoville.live.models.versions import differences
from scoville.live.queries.conversions import conversions, known_since
from scoville.live.queries.in_force import in_force
from scoville.web.api import jobs as api
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here, Who
from scoville.web.errors import ApiError, not_found
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, done, go, show
from scoville.web.pages.studio import draft

if TYPE_CHECKING:
    from scoville.evidence.versus.differences import Change
    from scoville.live.queries.conversions import Conversions
    from scoville.live.queries.in_force import InForce
    from scoville.web.auth.access import Caller
    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
NEEDED, GOOD = 20, 100  # conversions: with fewer than the first, whatever is found is a drawing of chance
HORIZONS = ((30, "30 days"), (60, "60 days"), (90, "90 days"), (180, "half a year"), (365, "a year"))
_KINDS = ("learn", "retune")
_FIRST, _LAST = ("won", "accepted"), ("lost", "rejected")  # outcomes, as they are offered
_STYLE = re.compile(r"<style>(.*?)</style>", re.DOTALL)


@dataclass(frozen=True)
class Enough:
    """Whether there is enough of an outcome to learn from, and what is said about it."""

    level: Literal["none", "few", "some", "good"]
    said: str


@router.get("/studio/learning")
def ask(request: Request, here: Here, who: Who) -> Response:
    """What can be learned from, and what was learned before."""
    with here.store.reading() as connection:
        found, since, now = conversions(connection), known_since(connection), in_force(connection)
    before = sorted(
        (job for kind in _KINDS for job in api.show_jobs(here, limit=10, cursor=None, kind=kind).jobs),
        key=lambda job: -job.job_no,
    )
    offered = [(one, enough(one.leads)) for one in sorted(found, key=_place)]
    return show(
        request, "studio/learning.html", outcomes=offered, horizons=HORIZONS,
        usual=_usual_horizon(since, here.clock()), since=since, in_force=now, has_draft=_has_draft(here, who),
        before=before[:10], needed=NEEDED, good=GOOD,
    )  # fmt: skip


@router.post("/studio/learning")
def begin(request: Request, here: Here, who: Who, changing: Changing, form: Form) -> Response:
    """Ask for it, and go to see how far it is."""
    given = {"outcome": form.get("outcome"), "horizon_days": form.get("horizon_days")}
    if form.get("how") == "learn":
        left_out = [name.strip() for name in form.get("leave_out").split(",") if name.strip()]
        asked = api.learn(changing, read_form(api.ToLearn, {**given, "leave_out": left_out}))
    else:
        asked = api.retune(changing, read_form(api.ToRetune, {**given, "text": _text_to_tune(here, who, form)}))
    return go(request, f"/studio/learning/{api.Job.model_validate_json(bytes(asked.body)).job_no}")


@router.get("/studio/learning/{job_no}")
def look(request: Request, here: Here, job_no: api.JobNo) -> Response:
    """How far it is; then what was learned, beside the model in force."""
    job = _found(here, job_no)
    values: dict[str, Any] = {"job": job, "found": job.result, "changes": (), "in_force": None}
    if job.result is not None:
        with here.store.reading() as connection:
            now = in_force(connection)
        values |= {"in_force": now, "changes": _changes(job, now)}
    return show(request, f"studio/learning_{job.kind}.html", **values)


@router.get("/studio/learning/{job_no}/report")
def report(here: Here, job_no: api.JobNo) -> Response:
    """Everything that was found, on one page that needs nothing else."""
    html = str(_result(here, job_no, with_report=True)["report"])
    styles = [hashlib.sha256(style.encode()).digest() for style in _STYLE.findall(html)]
    allowed = " ".join(f"'sha256-{base64.b64encode(one).decode()}'" for one in styles)
    policy = f"default-src 'none'; style-src {allowed}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    return Response(html, media_type="text/html", headers={"Content-Security-Policy": policy})


@router.get("/studio/learning/{job_no}/download")
def download(here: Here, job_no: api.JobNo) -> Response:
    """The model as a file."""
    headers = {"Content-Disposition": f'attachment; filename="learned-{job_no}.yaml"'}
    return Response(_text(here, job_no), media_type="application/yaml", headers=headers)


@router.post("/studio/learning/{job_no}/draft")
def take(request: Request, here: Here, who: Who, job_no: api.JobNo) -> Response:
    """Take it as one's draft, to change and to try; what was in the draft is replaced."""
    job = _found(here, job_no)
    how = "learned" if job.kind == "learn" else "re-tuned"
    draft.keep(here, who, _text(here, job_no), begun=(_in_force_no(here), f"what was {how}"))
    return done(request, "/studio", "It is your draft now. Nothing changes for others until you publish it.")


def enough(leads: int) -> Enough:
    """Whether so many conversions are enough, in words."""
    if leads < NEEDED:
        return Enough("none", f"{NEEDED - leads} more are needed before anything can be learned")
    if leads < GOOD:
        return Enough("few", f"enough for a small model; from {GOOD} it can say more")
    return Enough("good", "enough to learn from")


def _place(one: Conversions) -> tuple[int, int]:
    """What most people want to learn first."""
    place = _FIRST.index(one.outcome) if one.outcome in _FIRST else len(_FIRST) + (one.outcome in _LAST)
    return place, -one.leads


def _usual_horizon(since: datetime | None, now: datetime) -> int:
    """The longest that the past has room for several times over, at most 90 days."""
    past = now - since if since is not None else timedelta(0)
    return next((days for days in (90, 60) if past >= timedelta(days=3 * days)), 30)


def _has_draft(here: State, who: Caller) -> bool:
    sheet = draft.open_sheet(here, who)
    return sheet is not None and sheet.draft is not None


def _text_to_tune(here: State, who: Caller, form: Sent) -> str:
    """The draft, or the model in force. Raises: ApiError where there is none, or where the draft has errors."""
    if form.get("how") == "draft":
        return draft.needed_sheet(here, who).text
    with here.store.reading() as connection:
        now = in_force(connection)
    if now is None:
        raise ApiError(409, "no_model", "no model is in force yet: learn a new one")
    return now.text


def _found(here: State, job_no: int, *, with_report: bool = False) -> api.WholeJob:
    job = api.show_job(here, job_no, with_report)
    if job.kind not in _KINDS:
        raise not_found("learning")
    return job


def _result(here: State, job_no: int, *, with_report: bool = False) -> dict[str, Any]:
    result = _found(here, job_no, with_report=with_report).result
    if result is None:
        raise ApiError(409, "not_done", "it is not done yet, or nothing came of it")
    return result


def _text(here: State, job_no: int) -> str:
    text = _result(here, job_no)["text"]
    if text is None:
        raise ApiError(409, "no_model", "no model was learned: there is nothing to take")
    return str(text)


def _changes(job: api.WholeJob, now: InForce | None) -> tuple[Change, ...]:
    """What it says otherwise than the model in force."""
    text = (job.result or {}).get("text")
    if text is None or now is None:
        return ()
    try:
        return differences(now.text, str(text))
    except ModelError:  # one of them is from another release
        return ()


def _in_force_no(here: State) -> int | None:
    with here.store.reading() as connection:
        now = in_force(connection)
    return now.version_no if now is not None else None
