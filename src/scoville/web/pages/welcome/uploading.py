"""A file is taken in: chosen, its columns recognised and corrected by hand, then read while one watches."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Request, Response
from starlette.concurrency import run_in_threadpool

from scoville.live.queries.aside import put_aside_since
from scoville.live.queries.set_up import set_up_of
from scoville.web.api import jobs as jobs_api
from scoville.web.api.changes import Changing
from scoville.web.api.exports import cell, csv_lines, file_of
from scoville.web.api.route import Here, Who
from scoville.web.api.uploads import Head, UploadNo, look, take_file
from scoville.web.errors import ApiError
from scoville.web.pages.forms import Form, Sent, read_form
from scoville.web.pages.page import PageRoute, go, show
from scoville.web.pages.welcome.columns import KINDS, WRITTEN, chosen_columns, column_rows, doubts, written_choices
from scoville.web.pages.welcome.start import job_no_in

What = Literal["leads", "events", "outcomes"]
Whats = Annotated[What, Query()]


class StreamedPage(PageRoute):
    """A page that takes a file piece by piece, however large."""

    reads_body = False


router = APIRouter(route_class=PageRoute, include_in_schema=False)
streamed = APIRouter(route_class=StreamedPage, include_in_schema=False)
_PATH = "/welcome/upload"
_MOST_REJECTED = 50_000


@router.get(_PATH)
def choose_file(request: Request, here: Here, what: Whats = "leads") -> Response:
    """Which file."""
    with here.store.reading() as connection:
        set_up = set_up_of(connection)
    return show(request, "welcome/upload.html", what=what, kinds=KINDS, set_up=set_up)


@streamed.post(_PATH)
async def send_file(request: Request, here: Here, who: Who, what: Whats = "leads") -> Response:
    """Keep the file, and on to its columns."""
    upload, _ = await take_file(request, here.store, name="", by=who.actor, now=here.clock())
    head = await run_in_threadpool(look, here, upload.upload_no)
    return go(request, f"{_PATH}/{upload.upload_no}?what={head.what or what}")


@router.get("/welcome/upload/{upload_no}")
def show_columns(request: Request, here: Here, upload_no: UploadNo, what: Whats = "leads") -> Response:
    """What its columns mean, as far as it shows; to be corrected."""
    return _columns(request, look(here, upload_no), what)


@router.post("/welcome/upload/{upload_no}")
def take_in(request: Request, here: Here, changing: Changing, upload_no: UploadNo, form: Form) -> Response:
    """Have the file read by the columns that were chosen; those that do not do are shown again with what is wrong."""
    head = look(here, upload_no)
    what: Any = form.get("what") if form.get("what") in KINDS else "leads"
    meant = dict(zip(form.list("column"), form.list("means"), strict=False))
    try:
        columns, left_out = chosen_columns(head, what, meant)
        asked = {"upload_no": upload_no, "what": what, "columns": columns, "leave_out": left_out}
        typed = {name: form.get(name) for name in ("source", *WRITTEN)}
        answer = jobs_api.take_in(changing, read_form(jobs_api.ToImport, {**asked, **typed}))
    except ApiError as wrong:
        return _columns(request, head, what, meant=meant, form=form, problem=wrong.message, status=422)
    return go(request, f"/welcome/importing/{job_no_in(answer)}")


@router.get("/welcome/importing/{job_no}")
def show_importing(request: Request, here: Here, job_no: jobs_api.JobNo) -> Response:
    """How far it is, what came of it, and what to do next."""
    job = jobs_api.show_job(here, job_no)
    with here.store.reading() as connection:
        set_up = set_up_of(connection)
    return show(request, "welcome/importing.html", job=job, set_up=set_up, kinds=KINDS)


@router.get("/welcome/importing/{job_no}/rejected")
def download_rejected(here: Here, job_no: jobs_api.JobNo) -> Response:
    """The rows that could not be used, with the reason of each, as CSV."""
    job = jobs_api.show_job(here, job_no)
    with here.store.reading() as connection:
        found = put_aside_since(
            connection, str(job.asked.get("source")), job.started_at or job.created_at, _MOST_REJECTED
        )
    lines = [("reason", "detail", "row"), *(tuple(map(cell, row)) for row in found)]
    return file_of(iter([csv_lines(lines)]), f"rejected-{job_no}.csv", "text/csv; charset=utf-8")


def _columns(
    request: Request,
    head: Head,
    what: What,
    *,
    meant: dict[str, str] | None = None,
    form: Sent | None = None,
    problem: str = "",
    status: int = 200,
) -> Response:
    rows = column_rows(head, what, meant)
    return show(
        request, "welcome/columns.html", status=status, head=head, what=what, kinds=KINDS, rows=rows,
        doubts=doubts(head, what, rows), problem=problem, source=(form.get("source") if form else "") or "import",
        written=written_choices(head, {name: form.get(name) if form else "" for name in WRITTEN}),
    )  # fmt: skip
