"""Champion and challenger: two versions on the same past, which is better, and who changes stage."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any

from fastapi import APIRouter, Query, Request, Response

from scoville.live.jobs.asking import newest_job
from scoville.live.queries.proof import ids_of
from scoville.web.api import evidence as api
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here
from scoville.web.pages.evidence.asked import FromAddress
from scoville.web.pages.evidence.frame import framed, look
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.page import PageRoute, done

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scoville.live.jobs.asking import Job
    from scoville.web.pages.evidence.frame import Frame

router = APIRouter(route_class=PageRoute, include_in_schema=False)
Number = Annotated[int | None, Query(ge=1, le=2**53)]
_CAPACITY = 0.2


@router.get("/evidence/compare")
def show_comparison(
    request: Request, here: Here, asked: FromAddress, first: Number = None, other: Number = None
) -> Response:
    """Any two versions; without any named, the one in force and the newest other one."""
    frame = look(here, asked)
    pair = _pair(frame, first, other)
    newest = found = None
    names: dict[int, str] = {}
    if pair is not None and frame.question is not None:
        given = _asked(frame, pair).model_dump(mode="json")
        with here.store.reading() as connection:
            newest = newest_job(connection, "compare", given)
            found = newest_job(connection, "compare", given, state="done")
            names = _names(connection, found)
    return framed(
        request, frame, "compare.html", "/compare", pair=pair, newest=newest, job=found, names=names,
        found=found.result if found is not None else None,
    )  # fmt: skip


@router.post("/evidence/compare")
def compare(request: Request, changing: Changing, here: Here, asked: FromAddress, form: Form) -> Response:
    """Have two versions compared on the data as they are now."""
    frame = look(here, asked)
    wanted = read_form(api.VersionsToCompare, {
        "versions": [form.get("first"), form.get("other")], "capacity": _CAPACITY,
        **{name: frame.question.asked[name] for name in ("horizon_days", "snapshots", "won") if frame.question},
    })  # fmt: skip
    api.compare(changing, wanted)
    first, other = wanted.versions
    return done(request, f"/evidence/compare?{frame.query}&first={first}&other={other}", "The two are being compared.")


def _pair(frame: Frame, first: int | None, other: int | None) -> tuple[int, int] | None:
    numbers = [one.version_no for one in frame.versions]
    usual = first or frame.in_force_no or (numbers[0] if numbers else None)
    rest = [number for number in numbers if number != usual]
    if usual is None or not (other or rest):
        return None
    return usual, other or rest[0]


def _asked(frame: Frame, pair: tuple[int, int]) -> api.VersionsToCompare:
    past: dict[str, Any] = dict(frame.question.asked) if frame.question is not None else {}
    past.pop("version_no", None)
    return api.VersionsToCompare(versions=list(pair), capacity=_CAPACITY, **past)


def _names(connection: Connection, job: Job | None) -> dict[int, str]:
    """The ids of those who change stage, as far as they are still known."""
    if job is None or job.result is None:
        return {}
    movers = job.result["versus_first"][0]["movers"]
    return ids_of(connection, {mover["lead_no"] for mover in movers if mover["lead_no"] is not None})
