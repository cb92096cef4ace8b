"""Versions of the model: save, read, check, compare, publish, roll back; and what the one in force says of stages."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response
from pydantic import AfterValidator, Field
from sqlalchemy import Connection

from scoville.errors import ModelError, Problem
from scoville.live.models.apart import check_runs
from scoville.live.models.publishing import list_publications, progress_of, publish, roll_back
from scoville.live.models.versions import differences, find_version, list_versions, save_version, text_of
from scoville.live.queries.in_force import in_force
from scoville.live.queries.summary import stage_counts
from scoville.model.lint import find_advice
from scoville.model.load import Model
from scoville.web.api.changes import Changing
from scoville.web.api.fields import Answer, At, Body, Text, storable
from scoville.web.api.route import GuardedRoute, Here
from scoville.web.errors import ApiError, not_found

router = APIRouter(route_class=GuardedRoute, tags=["models"])
_MOST_CHARACTERS = 1_000_000
Yaml = Annotated[
    str, Field(max_length=_MOST_CHARACTERS, description="The model file (YAML)."), AfterValidator(storable)
]
VersionNo = Annotated[int, Path(ge=1, le=2**53)]


class Version(Answer):
    """A version of the model."""

    version_no: int
    model_version: str = Field(description="Hash of the content: the same for the same model, however it is written.")
    name: str
    author: str
    note: str
    created_at: At


class Versions(Answer):
    """Versions, the newest first."""

    versions: list[Version]
    next_cursor: str | None


class WholeVersion(Version):
    """A version with its text."""

    text: str


class VersionToSave(Body):
    """A model to keep; it is not in force until it is published."""

    text: Yaml
    note: Text = ""


class ModelText(Body):
    """A model to look at; nothing is kept."""

    text: Yaml


class Found(Answer):
    """One thing found in a model."""

    line: int
    column: int
    kind: Literal["error", "advice"]
    message: str
    reason: str


class Checked(Answer):
    """What was found: errors, which stop it, and advice, which does not."""

    is_sound: bool
    model_version: str | None
    name: str | None
    problems: list[Found]


class Difference(Answer):
    """One rule or setting that is not the same."""

    kind: str
    part: str
    name: str
    said: str


class Differences(Answer):
    """What a version says otherwise than another one."""

    before: int
    after: int
    differences: list[Difference]


class Note(Body):
    """Why."""

    note: Text = ""


class ToPublish(Note):
    """Which version, and why."""

    version_no: int = Field(ge=1, le=2**53)


class Publication(Answer):
    """A version on its way into force (`switched_at` is null), in force, or once in force."""

    publication_no: int
    version_no: int
    model_version: str
    name: str
    published_at: At
    published_by: str
    note: str
    switched_at: At | None


class Building(Answer):
    """How far the worker is with a publication."""

    publication: Publication
    scored: int
    leads: int


class Status(Answer):
    """What is in force, what is on its way, and what was."""

    in_force: Publication | None
    pending: Building | None
    publications: list[Publication]


class Stage(Answer):
    """A stage of the model in force, with the leads that are held in it."""

    name: str
    leads: int
    from_score: float | None = Field(None, description="Null for Disqualified.")


class Summary(Answer):
    """The model in force, and how many leads stand where."""

    model_version: str | None
    name: str | None
    leads: int
    stages: list[Stage]
    priorities: dict[str, int]
    grades: dict[str, int]


@router.get("/v1/models", summary="Versions of the model")
def show_versions(
    here: Here,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
    cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None,
) -> Versions:
    """The newest first."""
    with here.store.reading() as connection:
        found = list_versions(connection, limit + 1, cursor)
    shown = [Version.of(one) for one in found[:limit]]
    return Versions(versions=shown, next_cursor=str(shown[-1].version_no) if len(found) > limit else None)


@router.post("/v1/models", summary="Save a version", status_code=201, response_model=Version)
def save(changing: Changing, asked: VersionToSave) -> Response:
    """Checked first: 422 names every problem with its line. Saving the newest text again adds nothing."""
    check_runs(asked.text)  # before the transaction: it takes a while
    with changing.begin() as change:
        made = save_version(change.connection, asked.text, author=change.caller.actor, note=asked.note, now=change.now)
        detail = {"model_version": made.model_version}
        return change.done("model.saved", str(made.version_no), Version.of(made), status=201, detail=detail)


@router.get("/v1/models/status", summary="What is in force, and what is on its way")
def show_status(here: Here) -> Status:
    """A publication is in force from the moment when every lead has a score by it."""
    with here.store.reading() as connection:
        found = list_publications(connection, 50)
        now = next((one for one in found if one.switched_at is not None), None)
        newest = found[0] if found else None
        pending = None
        if newest is not None and newest.switched_at is None:
            far = progress_of(connection, newest.publication_no)
            pending = Building(publication=Publication.of(newest), scored=far.scored, leads=far.leads)
    return Status(
        in_force=Publication.of(now) if now is not None else None,
        pending=pending,
        publications=[Publication.of(one) for one in found],
    )


@router.post("/v1/models/check", summary="Check a model")
def check(asked: ModelText) -> Checked:
    """Errors with their places, and advice with its reasons. Nothing is kept."""
    try:
        model = Model.loads(asked.text)
    except ModelError as wrong:
        return Checked(is_sound=False, model_version=None, name=None, problems=[_found(one) for one in wrong.problems])
    advice = [_found(one) for one in find_advice(model)]
    return Checked(is_sound=True, model_version=model.version, name=model.name, problems=advice)


@router.post("/v1/models/publish", summary="Put a version in force", status_code=202, response_model=Publication)
def put_in_force(changing: Changing, asked: ToPublish) -> Response:
    """The worker scores every lead by it beside the present one; then all readers see it at once."""
    with changing.begin() as change:
        _existing(change.connection, asked.version_no)
        made = publish(change.connection, asked.version_no, author=change.caller.actor, note=asked.note, now=change.now)
        return change.done("model.published", str(made.version_no), Publication.of(made), status=202)


@router.post("/v1/models/rollback", summary="Back to the version before", status_code=202, response_model=Publication)
def go_back(changing: Changing, asked: Note) -> Response:
    """Publishes the version that was in force before the present one."""
    with changing.begin() as change:
        made = roll_back(change.connection, author=change.caller.actor, note=asked.note, now=change.now)
        return change.done("model.rolled_back", str(made.version_no), Publication.of(made), status=202)


@router.get("/v1/models/{version_no}", summary="One version with its text")
def show_version(here: Here, version_no: VersionNo) -> WholeVersion:
    """As it was saved, to the letter."""
    with here.store.reading() as connection:
        found, text = find_version(connection, version_no), text_of(connection, version_no)
    if found is None or text is None:
        raise not_found("version of the model")
    return WholeVersion(**Version.of(found).model_dump(), text=text)


@router.get("/v1/models/{version_no}/differences", summary="What a version says otherwise")
def compare(
    here: Here,
    version_no: VersionNo,
    than: Annotated[int | None, Query(ge=1, le=2**53, description="Default: the version in force.")] = None,
) -> Differences:
    """In words, rule by rule."""
    with here.store.reading() as connection:
        before = than if than is not None else _version_in_force(connection)
        texts = _existing(connection, before), _existing(connection, version_no)
    found = [Difference.of(one) for one in differences(*texts)]
    return Differences(before=before, after=version_no, differences=found)


@router.get("/v1/summary", summary="The model in force, and how many leads stand where", tags=["leads"])
def summarise(here: Here) -> Summary:
    """Stages from the highest to the lowest."""
    with here.store.reading() as connection:
        now = in_force(connection)
        if now is None:
            return Summary(model_version=None, name=None, leads=0, stages=[], priorities={}, grades={})
        counts = stage_counts(connection, now.publication_no)
    model = Model.loads(now.text)
    return Summary(
        model_version=now.model_version, name=now.name, leads=counts.leads, stages=_stages(model, counts.standings),
        priorities=counts.priorities, grades=counts.grades,
    )  # fmt: skip


def _stages(model: Model, standings: dict[str, int]) -> list[Stage]:
    lines = {stage.name: stage.from_ for stage in reversed(model.stages)}
    names = [*lines, *(name for name in standings if name not in lines)]
    return [Stage(name=name, leads=standings.get(name, 0), from_score=lines.get(name)) for name in names]


def _found(problem: Problem) -> Found:
    return Found.of(problem)


def _existing(connection: Connection, version_no: int) -> str:
    text = text_of(connection, version_no)
    if text is None:
        raise not_found("version of the model")
    return text


def _version_in_force(connection: Connection) -> int:
    now = in_force(connection)
    if now is None:
        raise ApiError(409, "no_model", "no model is in force yet: say than=NUMBER")
    return now.version_no
