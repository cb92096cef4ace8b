"""Versions of the model: which is in force, what differs, putting one in force, and going back.

In: who asks; texts of versions, and the draft of who publishes. Out: pages. Writing goes through the functions of the
API. Nothing is in force before the worker has scored every lead by it: the list shows how far that is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

from fastapi import APIRouter, Query, Request, Response

from scoville.live.models.versions import differences, text_of
from scoville.live.queries.stage_users import users_of_stages
from scoville.model.load import Model
from scoville.web.api import models
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here, Who
from scoville.web.auth.users import list_users
from scoville.web.errors import ApiError, not_found
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.page import PageRoute, done, show
from scoville.web.pages.studio.draft import discard, needed_sheet
from scoville.web.pages.studio.preview import Trial, trial_of
from scoville.web.pages.studio.side_by_side import side_by_side

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scoville.web.auth.access import Caller
    from scoville.web.state import State

router = APIRouter(route_class=PageRoute, include_in_schema=False)
VersionNo = models.VersionNo
VersionAsked = Annotated[int | None, Query(ge=1, le=2**53)]
_LIST = "/studio/versions"


@dataclass(frozen=True)
class Row:
    """A version in the list. `state` is in force, on its way, was in force, or nothing; `since` is when it came.

    `note` is why it was written, `again` why it was put in force later, the newest first.
    """

    version: models.Version
    author: str
    state: str
    since: datetime | None
    note: str
    again: tuple[str, ...] = ()


@router.get(_LIST)
def show_list(request: Request, here: Here, cursor: VersionAsked = None) -> Response:
    """All versions, the newest first, and how far the one is that is on its way."""
    found, status = models.show_versions(here, limit=30, cursor=cursor), models.show_status(here)
    names = _names(here)
    return show(
        request, "studio/versions.html", standing=status, back_to=_before(status), next_cursor=found.next_cursor,
        rows=[_row(version, status, names) for version in found.versions],
    )  # fmt: skip


@router.get(f"{_LIST}/differences")
def show_differences(request: Request, here: Here, before: VersionAsked = None, after: VersionAsked = None) -> Response:
    """What two versions say differently, in words and side by side; without numbers, the last two."""
    known = [one.version_no for one in models.show_versions(here, limit=200).versions]
    after = after or (known[0] if known else None)
    before = before or next((number for number in known if after is not None and number < after), after)
    if before is None or after is None:
        raise not_found("version of the model")
    texts = [_text(here, number) for number in (before, after)]
    return show(
        request, "studio/versions_differences.html", before=before, after=after, known=known,
        changes=differences(*texts), rows=side_by_side(*texts),
    )  # fmt: skip


@router.get(f"{_LIST}/{{version_no}}/model.yaml")
def download(here: Here, version_no: VersionNo) -> Response:
    """The text of a version as a file, to the letter."""
    headers = {
        "Content-Disposition": f'attachment; filename="model-{version_no}.yaml"',
    }  # fmt: skip
    return Response(_text(here, version_no), media_type="application/yaml", headers=headers)


@router.get("/studio/publish")
def ask_to_publish(request: Request, here: Here, who: Who, version: VersionAsked = None) -> Response:
    """What putting a draft, or a version, in force will change; and why somebody does it."""
    trial = trial_of(here, who, version)
    if trial is None:
        return done(request, "/studio")
    if trial.faults:
        return done(request, "/studio", "Put right what is wrong with the draft first.")
    changes = differences(trial.before.text, trial.text) if trial.before is not None else ()
    is_back = version is not None and version == _before(models.show_status(here))
    return show(
        request, "studio/versions_publish.html", trial=trial, changes=changes, is_back=is_back,
        left_behind=_left_behind(here, trial),
    )  # fmt: skip


@router.post("/studio/publish")
def publish(request: Request, here: Here, who: Who, changing: Changing, form: Form) -> Response:
    """Put a version in force, or save the draft as one and put that in force."""
    note = {"note": form.get("note")}
    if not form.get("version_no"):
        text = _drafted(here, who)
        saved = models.Version.model_validate_json(bytes(models.save(changing, _to_save(text, note)).body))
        number = str(saved.version_no)
        models.put_in_force(changing, read_form(models.ToPublish, {"version_no": number, **note}))
        discard(here, who)
    elif form.get("back"):
        number = form.get("version_no")
        models.go_back(changing, read_form(models.Note, note))
    else:
        number = form.get("version_no")
        models.put_in_force(changing, read_form(models.ToPublish, {"version_no": number, **note}))
    return done(request, _LIST, f"Version {number} is on its way: leads are being scored by it.")


def _left_behind(here: State, trial: Trial) -> list[str]:
    """What goes by a stage that the other model has no more: it would wait for ever, and nobody would be told."""
    if trial.before is None:
        return []
    gone = {one.name for one in Model.loads(trial.before.text).stages} - {
        one.name for one in Model.loads(trial.text).stages
    }
    with here.store.reading() as connection:
        return users_of_stages(connection, gone) if gone else []


def _drafted(here: State, who: Caller) -> str:
    """The draft of somebody. Raises: ApiError 409 where there is none: another window has published it."""
    sheet = needed_sheet(here, who)
    if sheet.draft is None:
        raise ApiError(409, "no_draft", "there is no draft of yours: it may have been published in another window")
    return sheet.text


def _to_save(text: str, note: Mapping[str, str]) -> models.VersionToSave:
    return read_form(models.VersionToSave, {"text": text, **note})


def _text(here: State, version_no: int) -> str:
    with here.store.reading() as connection:
        text = text_of(connection, version_no)
    if text is None:
        raise not_found("version of the model")
    return text


def _row(version: models.Version, status: models.Status, names: Mapping[str, str]) -> Row:
    """A version with what became of it."""
    author = names.get(version.author, version.author)
    of_it = [one for one in status.publications if one.version_no == version.version_no]
    newest = of_it[0] if of_it else None
    if newest is None:
        return Row(version, author, "", None, version.note)
    if status.in_force is not None and newest.publication_no == status.in_force.publication_no:
        state = "in force"
    elif newest.switched_at is None:
        is_next = status.pending is not None and status.pending.publication.publication_no == newest.publication_no
        state = "on its way" if is_next else ""
    else:
        state = "was in force"
    note = version.note or of_it[-1].note
    again = tuple(one.note for one in of_it if one.note and one.note != note)
    return Row(version, author, state, newest.switched_at, note, again)


def _before(status: models.Status) -> int | None:
    """The version that was in force before the present one; null where there was none, or another is on its way."""
    if status.in_force is None or status.pending is not None:
        return None
    now = status.in_force.version_no
    earlier = (one.version_no for one in status.publications if one.switched_at is not None and one.version_no != now)
    return next(earlier, None)


def _names(here: State) -> dict[str, str]:
    """Names of people by how their deeds are signed."""
    with here.store.reading() as connection:
        return {f"user:{user.user_id}": user.name for user in list_users(connection)}
