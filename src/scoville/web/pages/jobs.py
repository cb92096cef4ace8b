"""Long work: how far each job is, and what came of it.

Pages that ask for a job show `job_progress(job)` of `jobs_macros.html`: it asks here once a second how far the job is,
and when it has ended has the page show what came of it.
"""

from __future__ import annotations

import json
import re
from typing import Annotated
from urllib.parse import urlsplit

from fastapi import APIRouter, Query, Request, Response

from scoville.web.api import jobs as api
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here, caller_of
from scoville.web.auth.access import may, needs_of
from scoville.web.auth.users import list_users
from scoville.web.pages.forms import Form
from scoville.web.pages.page import PageRoute, done, show

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_SHOWN_AT = {  # what came of it: the route, and how a link there is called
    "learn": ("/studio/learning/{job_no}", "See what was learned"),
    "retune": ("/studio/learning/{job_no}", "See the new points"),
    "starter": ("/welcome/model/{job_no}", "See the model"),
    "import": ("/welcome/importing/{job_no}", "See what came of the rows"),
    "demo": ("/queue", "See the queue"),
    "evidence": ("/evidence", "See the evidence"),
    "compare": ("/evidence/compare", "See how they compare"),
    "trial": ("/evidence/trials", "See the trial"),
}
_BLOCK = re.compile(r"[a-z][a-z0-9_]{0,60}")


@router.get("/jobs")
def list_jobs(request: Request, here: Here, cursor: Annotated[int | None, Query(ge=1, le=2**53)] = None) -> Response:
    """All jobs, the newest first."""
    found = api.show_jobs(here, limit=30, cursor=cursor)
    with here.store.reading() as connection:
        names = {f"user:{user.user_id}": user.name for user in list_users(connection)}
    return show(request, "jobs.html", jobs=found.jobs, next_cursor=found.next_cursor, names=names)


@router.get("/jobs/{job_no}")
def show_job(request: Request, here: Here, job_no: api.JobNo) -> Response:
    """One job."""
    job = api.show_job(here, job_no)
    return show(request, "job.html", job=job, result_at=_result_at(request, job))


@router.get("/jobs/{job_no}/progress")
def show_progress(
    request: Request, here: Here, job_no: api.JobNo, block: Annotated[str, Query(max_length=60)] = ""
) -> Response:
    """How far it is. Once it has ended, the page that asks loads `block` again, or all of itself without one."""
    job = api.show_job(here, job_no)
    page = _own_path(request.headers.get("hx-current-url", ""))
    response = show(request, "job_progress.html", job=job, back=page or f"/jobs/{job_no}")
    if page and not job.is_under_way:
        response.headers.update(_again(page, block))
    return response


@router.post("/jobs/{job_no}/cancel")
def cancel_job(request: Request, changing: Changing, job_no: api.JobNo, form: Form) -> Response:
    """End it, and go back to where that was asked."""
    api.end_job(changing, job_no)
    return done(request, _own_path(form.get("back")) or f"/jobs/{job_no}", "Cancelled.")


def _result_at(request: Request, job: api.WholeJob) -> tuple[str, str] | None:
    """Where what came of a job is seen, and how a link there is called; null where there is nothing for who asks."""
    route, label = _SHOWN_AT.get(job.kind, ("", ""))
    if job.state != "done" or not may(caller_of(request), needs_of("GET", route)):
        return None
    return route.format(job_no=job.job_no), label


def _again(page: str, block: str) -> dict[str, str]:
    if _BLOCK.fullmatch(block) is None:
        return {"HX-Refresh": "true"}
    # htmx names the target in this header before it knows of it: said here, so that only that part is sent
    again = {"path": page, "target": f"#{block}", "push": "false", "headers": {"HX-Target": f"div#{block}"}}
    return {"HX-Location": json.dumps(again)}


def _own_path(address: str) -> str:
    """The path of one of our pages; empty for anything else."""
    try:
        parts = urlsplit(address)
    except ValueError:  # no address at all
        return ""
    is_ours = parts.path.startswith("/") and not parts.path.startswith("//") and address.isprintable()
    return (parts.path + (f"?{parts.query}" if parts.query else "")) if is_ours else ""
