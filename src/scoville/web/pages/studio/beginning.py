"""What a draft begins as: the model in force, an earlier version, a proposal, a file, or nothing; and its end.

In: the choice of who asks. Out: a draft in place of the one they had. A proposal is a job, for it looks at all leads.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response

from scoville.errors import ModelError
from scoville.live.models.drafts import find_draft
from scoville.live.models.versions import list_versions, text_of
from scoville.live.queries.in_force import in_force
from scoville.model.document import read_document
from scoville.web.api import jobs
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here, Who
from scoville.web.errors import ApiError, not_found
from scoville.web.pages.forms import Form
from scoville.web.pages.page import PageRoute, done, go, show
from scoville.web.pages.studio.draft import discard, keep, needed_sheet

if TYPE_CHECKING:
    from scoville.web.auth.access import Caller
    from scoville.web.pages.forms import Sent, Upload
    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
JobNo = Annotated[int | None, Query(ge=1, le=2**53)]
_VERSIONS = 50
_EMPTY = """\
scoville: 1
name: Our leads
scale: {min: 0, max: 100}

# Who they are. Facts do not fade.
fit:
  rules: []

# What they did. Interest cools: after the half-life half of the points are left.
engagement:
  decay: {half_life: 30d}
  rules: []

stages:
  - {name: Lead, from: 0}
"""


@router.get("/studio/begin")
def choose(request: Request, here: Here, who: Who, job: JobNo = None) -> Response:
    """What there is to begin from; with `job`, how far the proposal is."""
    return _choices(request, here, who, job)


def _choices(request: Request, here: State, who: Caller, job: int | None = None, refused: str = "") -> Response:
    """The page of the ways to begin; with `refused`, why a file was not taken."""
    with here.store.reading() as connection:
        draft, now = find_draft(connection, who.actor), in_force(connection)
        versions = list_versions(connection, _VERSIONS)
    proposal = jobs.show_job(here, job) if job is not None else None
    if proposal is not None and proposal.kind != "starter":
        raise not_found("proposal")
    return show(
        request, "studio/begin.html", status=422 if refused else 200,
        in_force=now, draft=draft, versions=versions, proposal=proposal, refused=refused,
    )  # fmt: skip


@router.post("/studio/begin")
def begin(request: Request, here: Here, who: Who, changing: Changing, form: Form) -> Response:
    """Begin from what was chosen; a proposal is asked for, and waited for."""
    chosen = form.get("from")
    if chosen == "starter":
        asked = jobs.Job.model_validate_json(bytes(jobs.propose(changing).body))
        return go(request, f"/studio/begin?job={asked.job_no}")
    text, begun = _chosen(here, form)
    keep(here, who, text, begun=begun)
    return done(request, "/studio", f"Your draft begins from {begun[1]}.")


@router.post("/studio/begin/file")
def take_file(request: Request, here: Here, who: Who, form: Form) -> Response:
    """Begin from a file. One with faults is taken all the same if it can be read: they can be put right here."""
    file = form.file("file")
    refused = _taken(here, who, file) if file is not None else "Choose a file first."
    if file is None or refused:
        return _choices(request, here, who, refused=refused)
    return done(request, "/studio", f"Your draft begins from {file.name[:80]}.")


@router.post("/studio/draft/discard")
def throw_away(request: Request, here: Here, who: Who, form: Form) -> Response:
    """End the draft: the model in force is shown again."""
    discard(here, who, seen=form.get("was") or None)
    return done(request, "/studio", "Your draft is gone.")


@router.get("/studio/model.yaml")
def download(here: Here, who: Who) -> Response:
    """The text as a file: the draft, or what is in force."""
    sheet = needed_sheet(here, who)
    name = "draft.yaml" if sheet.draft is not None else "model.yaml"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(sheet.text, media_type="application/yaml", headers=headers)


def _taken(here: State, who: Caller, file: Upload) -> str:
    """Keep a file as somebody's draft; what is wrong with it where it cannot be, empty where it is kept."""
    try:
        text = file.body.decode("utf-8-sig")
        read_document(text, file.name)
        keep(here, who, text, begun=(None, f"the file {file.name[:80]}"))
    except UnicodeDecodeError:
        return f"The file {file.name} is not text: a model is written in YAML."
    except ModelError as wrong:
        return f"The file {file.name}, line {wrong.problems[0].line}: {wrong.problems[0].message}."
    except ApiError as wrong:
        return f"The file {file.name}: {wrong.message}."
    return ""


def _chosen(here: State, form: Sent) -> tuple[str, tuple[int | None, str]]:
    """A text, the version that it is, and what it is in words."""
    chosen, number = form.get("from"), form.number("version_no")
    with here.store.reading() as connection:
        now = in_force(connection)
        if chosen == "in_force" and now is not None:
            return now.text, (now.version_no, f"version {now.version_no}")
        if chosen == "version" and number is not None:
            text = text_of(connection, number)
            if text is not None:
                return text, (number, f"version {number}")
    if chosen == "job" and number is not None:
        return _proposed(here, number), (None, "a proposal")
    if chosen == "nothing":
        return _EMPTY, (None, "an empty page")
    raise not_found("version of the model")


def _proposed(here: State, job_no: int) -> str:
    job = jobs.show_job(here, job_no)
    if job.kind != "starter" or job.result is None:
        raise not_found("proposal")
    return str(job.result["text"])
