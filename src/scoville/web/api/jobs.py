"""Long work: ask for it, see how far it is, end it. It goes on in the worker, whoever looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import Field, JsonValue

from scoville.live.jobs.asking import ask_for, cancel, find_job, list_jobs, newest_job
from scoville.live.jobs.demo import check_is_bare
from scoville.live.jobs.kinds import DEMO_LEADS, KINDS
from scoville.live.jobs.uploads import find_upload
from scoville.live.models.versions import text_of
from scoville.live.queries.in_force import in_force
from scoville.live.store.opening import Store
from scoville.model.load import Model
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Answer, At, Body, Name, Text
from scoville.web.api.models import Yaml
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import ApiError, not_found

router = APIRouter(route_class=GuardedRoute, tags=["jobs"])
JobNo = Annotated[int, Path(ge=1, le=2**53)]
_MOST_NAMES = 1_000
Names = Annotated[tuple[Name, ...], Field(max_length=_MOST_NAMES)]


class Job(Answer):
    """Work that was asked for."""

    job_no: int
    kind: str
    title: str = Field(description="What it is, for people.")
    state: Literal["waiting", "running", "done", "failed", "cancelled"]
    share: float | None = Field(description="How far it is, from 0 to 1; null: nobody can tell.")
    said: str = Field(description="What it is doing, or why it failed.")
    created_by: str
    created_at: At
    started_at: At | None
    ended_at: At | None
    is_under_way: bool


class WholeJob(Job):
    """A job with what was asked for and what came of it."""

    asked: dict[str, JsonValue]
    result: dict[str, JsonValue] | None = Field(description="Null unless it is done.")


class Jobs(Answer):
    """Jobs, the newest first."""

    jobs: list[Job]
    next_cursor: str | None


class ToLearn(Body):
    """What a model is learned from: leads that had this outcome within the horizon, and those that had not."""

    outcome: Name = "won"
    horizon_days: int = Field(90, ge=1, le=730)
    factors: int = Field(7, ge=1, le=12, description="At most so many rules.")
    leave_out: Names = Field((), description="Traits and events that may not be used.")


class ToRetune(Body):
    """A model whose points are measured anew: this text, else this version, else the one in force."""

    outcome: Name = "won"
    horizon_days: int = Field(90, ge=1, le=730)
    version_no: int | None = Field(None, ge=1, le=2**53)
    text: Yaml | None = None


class ToImport(Body):
    """A file that was sent, and what its columns mean."""

    upload_no: int = Field(ge=1, le=2**53)
    what: Literal["leads", "events", "outcomes"]
    columns: dict[Name, Name] = Field(
        default_factory=dict, max_length=_MOST_NAMES, description="Our name: the column's name in the file.",
        examples=[{"lead_id": "Contact ID"}],
    )  # fmt: skip
    leave_out: Names = Field((), description="Columns of the file that are not taken in.")
    source: Name = Field("import", description="Ids of events are unique within a source.")
    decimal_mark: Literal[".", ","] | None = Field(None, description="Of numbers; without it, as the values allow.")
    date_order: Literal["dmy", "mdy"] | None = Field(None, description="Of dates such as 03/04/2026.")


class DemoToFill(Body):
    """How much of a made-up company's history."""

    leads: int = Field(DEMO_LEADS, ge=200, le=20_000)


@router.get("/v1/jobs", summary="Long work, done and under way")
def show_jobs(
    here: Here,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None,
    kind: Annotated[Text | None, Query(max_length=40)] = None,
) -> Jobs:
    """The newest first. Those that ended are kept for 90 days."""
    if kind is not None and kind not in KINDS:
        raise ApiError(422, "invalid", f"there is no kind of job '{kind}'; kinds: {', '.join(sorted(KINDS))}")
    with here.store.reading() as connection:
        found = list_jobs(connection, limit + 1, before=cursor, kind=kind)
    shown = [Job.of(one) for one in found[:limit]]
    return Jobs(jobs=shown, next_cursor=str(shown[-1].job_no) if len(found) > limit else None)


@router.get("/v1/jobs/{job_no}", summary="How far a job is, and what came of it")
def show_job(
    here: Here,
    job_no: JobNo,
    report: Annotated[bool, Query(description="With `report` of what was learned: a page of hundreds of kB.")] = False,  # noqa: FBT002 - a parameter
) -> WholeJob:
    """Ask again every second or so while it is under way."""
    with here.store.reading() as connection:
        found = find_job(connection, job_no)
    if found is None:
        raise not_found("job")
    if found.result is not None and not report:
        found = replace(found, result={name: one for name, one in found.result.items() if name != "report"})
    return WholeJob.of(found)


@router.delete("/v1/jobs/{job_no}", summary="End a job", response_model=Job)
def end_job(changing: Changing, job_no: JobNo) -> Response:
    """Its process is gone within a second or so. One that has ended stays as it is."""
    with changing.begin() as change:
        found = cancel(change.connection, job_no, now=change.now)
        if found is None:
            raise not_found("job")
        return change.done("job.cancelled", str(job_no), Job.of(found), detail={"state": found.state})


@router.post("/v1/jobs/learn", summary="Learn a model from what became of past leads", status_code=202,
             response_model=Job)  # fmt: skip
def learn(changing: Changing, asked: ToLearn) -> Response:
    """The result has the model's text and the evidence for it. Nothing is saved or published."""
    return _asked(changing, "learn", asked.model_dump(mode="json"))


@router.post("/v1/jobs/retune", summary="Measure the points of a model anew", status_code=202, response_model=Job)
def retune(changing: Changing, asked: ToRetune) -> Response:
    """The rules stay. The result has the new text and what changed; nothing is saved or published."""
    text = asked.text if asked.text is not None else _saved_text(changing.store, asked.version_no)
    Model.loads(text)
    given = {"outcome": asked.outcome, "horizon_days": asked.horizon_days, "text": text}
    return _asked(changing, "retune", given)


@router.post("/v1/jobs/starter", summary="Propose a first model for the leads that are there", status_code=202,
             response_model=Job)  # fmt: skip
def propose(changing: Changing) -> Response:
    """The result has its text, and how many leads each rule would touch. Nothing is saved or published."""
    return _asked(changing, "starter", {})


@router.post("/v1/jobs/import", summary="Take a file in", status_code=202, response_model=Job)
def take_in(changing: Changing, asked: ToImport) -> Response:
    """A file that `POST /v1/uploads` took. Each row is stored once, however often it is sent."""
    find_upload(changing.store, asked.upload_no)
    return _asked(changing, "import", asked.model_dump(mode="json"))


@router.post("/v1/jobs/demo", summary="Fill an empty store with a made-up company's leads", status_code=202,
             response_model=Job)  # fmt: skip
def fill_with_demo(changing: Changing, asked: DemoToFill) -> Response:
    """To look around. Only where no lead is known yet."""
    with changing.store.reading() as connection:
        running = newest_job(connection, "demo")
        if running is None or not running.is_under_way:
            check_is_bare(connection)
    until = changing.now.replace(second=0, microsecond=0)
    given = {"leads": asked.leads, "by": changing.caller.actor, "until": until.isoformat()}
    return _asked(changing, "demo", running.asked if running is not None and running.is_under_way else given)


def _asked(changing: Changing, kind: str, asked: Mapping[str, Any]) -> Response:
    with changing.begin() as change:
        job = ask_for(change.connection, kind, asked, by=change.caller.actor, now=change.now)
        return change.done("job.asked", str(job.job_no), Job.of(job), status=202, detail={"kind": kind})


def _saved_text(store: Store, version_no: int | None) -> str:
    """A version's text. Raises: ApiError where there is none."""
    with store.reading() as connection:
        if version_no is None:
            now = in_force(connection)
            if now is None:
                raise ApiError(409, "no_model", "no model is in force yet: say which with version_no or text")
            return now.text
        text = text_of(connection, version_no)
    if text is None:
        raise not_found("version of the model")
    return text
