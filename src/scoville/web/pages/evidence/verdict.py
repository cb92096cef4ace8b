"""Does it predict? The verdict in words, then ranking, calibration, brackets, stages and the matrix; and the report."""

from __future__ import annotations

from fastapi import APIRouter, Request, Response

from scoville.evidence.told.sentences import headline
from scoville.web.api import evidence as api
from scoville.web.api.changes import Changing
from scoville.web.api.route import Here
from scoville.web.errors import ApiError
from scoville.web.pages.evidence.asked import FromAddress
from scoville.web.pages.evidence.frame import framed, look
from scoville.web.pages.evidence.kept import report
from scoville.web.pages.forms import Form, read_form
from scoville.web.pages.page import PageRoute, done

router = APIRouter(route_class=PageRoute, include_in_schema=False)
_SECTIONS = ("score", "gains", "lines", "matrix", "calibration", "groups", "method")


@router.get("/evidence")
def show_verdict(request: Request, here: Here, asked: FromAddress) -> Response:
    """The verdict first, then what it rests on."""
    frame = look(here, asked)
    told = headline(frame.found.evidence) if frame.found is not None else None
    first, sections = frame.parts(here, "top_figures", "next"), frame.parts(here, *_SECTIONS)
    return framed(request, frame, "verdict.html", "", headline=told, first=first, sections=sections)


@router.post("/evidence")
def work_it_out(request: Request, changing: Changing, form: Form) -> Response:
    """Have it worked out on the data as they are now, and go back to the page that asked."""
    sent = {name: form.get(name) for name in ("version_no", "horizon_days", "snapshots")}
    wanted = read_form(api.EvidenceToFind, {**sent, "won": list(form.list("won")) or None})
    api.find_evidence(changing, wanted)
    back = form.get("back")
    own = back if back.startswith("/evidence") and back.isprintable() else "/evidence"
    return done(request, own, "It is being worked out. This takes from seconds to a few minutes.")


@router.get("/evidence/report.html")
def download(here: Here, asked: FromAddress) -> Response:
    """The report as one file that needs nothing else, to keep and to pass on."""
    found = look(here, asked).found
    if found is None:
        raise ApiError(404, "not_found", "nothing was worked out yet that a report could tell")
    name = f"scoville-evidence-{found.evidence.model_version}-{found.until[:10]}.html"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(report(here.store, found.job_no), headers=headers, media_type="text/html; charset=utf-8")
