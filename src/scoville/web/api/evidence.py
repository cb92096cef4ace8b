"""Evidence on the data of this installation: ask for it to be worked out, and read the newest of the model in force."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field, JsonValue, field_validator

from scoville.evidence.trial.experiment import variants_of
from scoville.live.jobs.asking import ask_for, find_job
from scoville.live.jobs.daily import evidence_jobs
from scoville.live.models.versions import find_version
from scoville.live.queries.in_force import in_force
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Answer, At, Body, Name
from scoville.web.api.jobs import Job
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import ApiError, not_found

router = APIRouter(route_class=GuardedRoute, tags=["evidence"])
VersionNo = Annotated[int, Field(ge=1, le=2**53)]


class Past(Body):
    """Which past is looked at, and who counts as won."""

    horizon_days: int = Field(90, ge=1, le=730, description="An outcome counts so long after the day of a snapshot.")
    snapshots: Literal["monthly", "weekly"] = "monthly"
    won: list[Name] = Field(["won"], min_length=1, max_length=20, description="Outcomes that count as won.")


class EvidenceToFind(Past):
    """Evidence of one version of the model."""

    version_no: VersionNo | None = Field(None, description="Null: the version in force.")


class VersionsToCompare(Past):
    """Two versions on the same past."""

    versions: list[VersionNo] = Field(min_length=2, max_length=2, description="The one in use, and its challenger.")
    capacity: float = Field(0.2, gt=0, le=1, description="The share of leads that can be called.")


class TrialToRead(Body):
    """A trial with living leads: whoever was created since it began is in the variant that their id falls into."""

    name: Name
    variants: Name = Field("current=50,new=50", description="Names with their weights; the first is the usual one.")
    since: date = Field(description="The day on which it began (UTC).")
    planned: int = Field(10_000, ge=1, le=10**9, description="Leads that the plan asked for, in all.")
    horizon_days: int | None = Field(None, ge=1, le=730, description="Only outcomes so soon after creation count.")
    won: list[Name] = Field(["won"], min_length=1, max_length=20)

    @field_validator("variants")
    @classmethod
    def _are_variants(cls, given: str) -> str:
        variants_of(given)  # a UsageError names what is wrong
        return given


class Evidence(Answer):
    """The newest evidence of a version, as `scoville validate --json` writes it."""

    job_no: int
    version_no: int
    asked: dict[str, JsonValue]
    worked_out_at: At
    until: str = Field(description="Where the data end that it was worked out on.")
    evidence: dict[str, JsonValue]


@router.get("/v1/evidence", summary="Does the model predict? The newest evidence")
def show_evidence(here: Here, version_no: Annotated[int | None, Query(ge=1, le=2**53)] = None) -> Evidence:
    """Of the version in force, unless another is named. It is worked out after a publication and once a day."""
    from scoville.evidence.backtest import Evidence as Figures  # noqa: PLC0415 - the statistics take a second
    from scoville.evidence.kept import figures_of, plain  # noqa: PLC0415

    with here.store.reading() as connection:
        if version_no is None:
            now = in_force(connection)
            version_no = now.version_no if now is not None else 0
        found = next((job for job in evidence_jobs(connection, version_no) if job.state == "done"), None)
        job = find_job(connection, found.job_no) if found is not None else None
    if job is None or job.result is None or job.ended_at is None:
        raise ApiError(404, "not_found", "no evidence was worked out yet: ask for it with POST /v1/jobs/evidence")
    figures = plain(figures_of(Figures, job.result["evidence"]).to_dict())
    return Evidence(
        job_no=job.job_no, version_no=version_no, asked=job.asked, worked_out_at=job.ended_at,
        until=job.result["until"], evidence=figures,
    )  # fmt: skip


@router.post("/v1/jobs/evidence", summary="Work out evidence", status_code=202, response_model=Job)
def find_evidence(changing: Changing, asked: EvidenceToFind) -> Response:
    """Everything that `scoville validate` shows, on the data as they are now."""
    given = asked.model_dump(mode="json")
    with changing.store.reading() as connection:
        if given["version_no"] is None:
            now = in_force(connection)
            if now is None:
                raise ApiError(409, "no_model", "no model is in force yet: say which version_no")
            given["version_no"] = now.version_no
        _check_versions(connection, given["version_no"])
    return _asked(changing, "evidence", given)


@router.post("/v1/jobs/compare", summary="Compare two versions of the model", status_code=202, response_model=Job)
def compare(changing: Changing, asked: VersionsToCompare) -> Response:
    """Which ranks better, by how much, and who changes stage."""
    with changing.store.reading() as connection:
        _check_versions(connection, *asked.versions)
    return _asked(changing, "compare", asked.model_dump(mode="json"))


@router.post("/v1/jobs/trial", summary="Read a trial with living leads", status_code=202, response_model=Job)
def read_trial(changing: Changing, asked: TrialToRead) -> Response:
    """Look as often as you like: its intervals allow for it."""
    return _asked(changing, "trial", asked.model_dump(mode="json"))


def _check_versions(connection: Any, *numbers: int) -> None:  # noqa: ANN401 - a connection
    for number in numbers:
        if find_version(connection, number) is None:
            raise not_found(f"version {number} of the model")


def _asked(changing: Changing, kind: str, asked: dict[str, Any]) -> Response:
    with changing.begin() as change:
        job = ask_for(change.connection, kind, asked, by=change.caller.actor, now=change.now)
        return change.done("job.asked", str(job.job_no), Job.of(job), status=202, detail={"kind": kind})
