"""What all pages of evidence show around their own part: which past, what was worked out on it and when, the way round.

In: a request and what its address asks. Out: `Frame`. What was not worked out yet is shown as what is missing for it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from fastapi import Response

from scoville.evidence.figures.sample import FEW
from scoville.evidence.report.sheet import macro
from scoville.live.jobs.daily import evidence_jobs
from scoville.live.models.versions import Version, list_versions
from scoville.live.queries.in_force import in_force
from scoville.live.queries.proof import Proof, proof_of
from scoville.web.errors import not_found
from scoville.web.pages.evidence.asked import HORIZONS, Asked, Question, question_of
from scoville.web.pages.evidence.kept import Kept, kept, section
from scoville.web.pages.page import show

if TYPE_CHECKING:
    from fastapi import Request
    from markupsafe import Markup

    from scoville.live.jobs.asking import Job
    from scoville.web.state import State

_TABS = (
    ("", "Verdict"), ("/rules", "Rules"), ("/line", "The line"), ("/drift", "Over time"), ("/compare", "Compare"),
    ("/trials", "A/B tests"), ("/money", "Money"),
)  # fmt: skip
_SHARED = ("value", "cost", "capacity")
_LONGEST = 40  # characters of a number
_MOST_VERSIONS = 50
_OUTCOMES = ("won", "accepted")  # offered before anybody looked at what there is


@dataclass(frozen=True)
class Frame:
    """One look at evidence. `question` is null where there is no model yet; `found` where nothing was worked out."""

    versions: list[Version]
    version: Version | None
    in_force_no: int | None
    question: Question | None
    found: Kept | None
    under_way: Job | None
    failed: Job | None
    proof: Proof | None
    missing: str | None

    @property
    def query(self) -> str:
        """What every address of these pages goes on saying."""
        return self.question.query if self.question is not None else ""

    def parts(self, here: State, *names: str) -> list[Markup]:
        """Sections of the report that have something to say."""
        if self.found is None:
            return []
        return [part for name in names if (part := section(here.store, self.found.job_no, name))]


def look(here: State, asked: Asked) -> Frame:
    """What was worked out for what an address asks. Raises: ApiError 404 for a version that there is not."""
    with here.store.reading() as connection:
        now = in_force(connection)
        versions = list_versions(connection, _MOST_VERSIONS)
        if not versions:
            return Frame([], None, None, None, None, None, None, None, "model")
        version_no = asked.version or (now.version_no if now is not None else versions[0].version_no)
        version = next((one for one in versions if one.version_no == version_no), None)
        jobs = evidence_jobs(connection, version_no)
        proof = proof_of(connection) if not any(job.state == "done" for job in jobs) else None
    if version is None:
        raise not_found(f"version {version_no} of the model among the newest {_MOST_VERSIONS}")
    question = question_of(asked, version_no, jobs, proof)
    mine = [job for job in jobs if job.asked == question.asked]
    done = next((job for job in mine if job.state == "done"), None)
    return Frame(
        versions, version, now.version_no if now is not None else None, question,
        kept(here.store, done.job_no) if done is not None else None,
        next((job for job in mine if job.is_under_way), None),
        mine[0] if mine and mine[0].state == "failed" else None,
        proof, _missing(proof, question) if done is None else None,
    )  # fmt: skip


def framed(
    request: Request,
    frame: Frame,
    template: str,
    tab: str,
    **values: Any,  # noqa: ANN401 - for a template
) -> Response:
    """A page of evidence: its own part within what they all share."""
    known = frame.proof.outcomes if frame.proof is not None else {}
    going_on = "&".join(filter(None, (frame.query, _typed(request))))
    won = frame.question.won if frame.question is not None else ()
    return show(
        request, f"evidence/{template}", frame=frame,
        around=[(f"/evidence{end}?{going_on}", name) for end, name in _TABS],
        current=f"/evidence{tab}?{going_on}",
        horizons=sorted({*HORIZONS, *([frame.question.horizon_days] if frame.question is not None else [])}),
        outcomes=list(dict.fromkeys([*won, *known, *_OUTCOMES])),
        strip=macro("strip"), span=macro("span"), few=FEW, **values,
    )  # fmt: skip


def _typed(request: Request) -> str:
    """What was typed on one of these pages and holds on the others too: money and capacity."""
    given = {name: request.query_params.get(name, "")[:_LONGEST] for name in _SHARED}
    return urlencode({name: value for name, value in given.items() if value})


def _missing(proof: Proof | None, question: Question) -> str | None:
    """What has to come first: `leads`, `outcomes`, `time`, `more outcomes`; null: nothing."""
    if proof is None:
        return None
    if proof.first_seen_at is None:
        return "leads"
    wins = sum(proof.outcomes.get(name, 0) for name in question.won)
    if not wins:
        return "outcomes"
    if not proof.watched(question.horizon_days):
        return "time"
    return "more outcomes" if wins < FEW else None
