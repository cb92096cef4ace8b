"""The beginning: what is done, what is next, and three ways to have leads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from fastapi import APIRouter, Request, Response

from scoville.live.jobs.asking import list_jobs
from scoville.live.queries.in_force import in_force
from scoville.live.queries.set_up import set_up_of
from scoville.web.api import jobs as api
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here, Who
from scoville.web.auth.access import may, needs_of
from scoville.web.pages.data.connecting import Since, With, new_key, show_way
from scoville.web.pages.forms import Form
from scoville.web.pages.page import PageRoute, go, show
from scoville.web.pages.welcome.steps import steps_of

if TYPE_CHECKING:
    from scoville.live.jobs.asking import Job

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_FILLING = ("demo", "import", "starter")


@router.get("/")
def first_page(request: Request, here: Here) -> Response:
    """The queue; the first run while nothing is set up."""
    with here.store.reading() as connection:
        is_begun = in_force(connection) is not None or set_up_of(connection).is_begun
    return go(request, "/queue" if is_begun else "/welcome")


@router.get("/welcome")
def show_start(request: Request, here: Here, who: Who) -> Response:
    """Where one is, and how to go on."""
    with here.store.reading() as connection:
        set_up = set_up_of(connection)
        under_way = _under_way(list_jobs(connection, 10))
    steers = may(who, needs_of("POST", "/welcome/model"))
    return show(
        request, "welcome/start.html", set_up=set_up, steps=steps_of(set_up), under_way=under_way, steers=steers
    )


def _under_way(jobs: list[Job]) -> Job | None:
    return next((job for job in jobs if job.is_under_way and job.kind in _FILLING), None)


@router.post("/welcome/demo")
def fill(request: Request, changing: Changing) -> Response:
    """Have the store filled with a made-up company's leads."""
    answer = api.fill_with_demo(changing, api.DemoToFill())
    return go(request, f"/welcome/filling/{job_no_in(answer)}")


@router.get("/welcome/filling/{job_no}")
def show_filling(request: Request, here: Here, job_no: api.JobNo) -> Response:
    """How far it is; then on to the scores."""
    job = api.show_job(here, job_no)
    if job.state == "done":
        return go(request, "/welcome/scoring")
    return show(request, "welcome/filling.html", job=job)


@router.get("/welcome/connect")
def show_snippet(request: Request, here: Here, chosen: With = None, since: Since = None) -> Response:
    """What to paste, and whether the first message has arrived."""
    return show_way(request, here, chosen, since=since, template="welcome/connect.html")


@router.post("/welcome/connect")
def make_snippet(request: Request, here: Here, changing: Changing, form: Form) -> Response:
    """The same with a new key filled in, shown this once."""
    key = new_key(changing, form.get("with"), form.get("name"))
    return show_way(request, here, form.get("with"), key=key, template="welcome/connect.html")


def job_no_in(answer: Response) -> int:
    """The number of the job in an answer of the API."""
    return int(orjson.loads(bytes(answer.body))["job_no"])
