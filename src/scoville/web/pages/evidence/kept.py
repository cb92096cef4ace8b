"""What was worked out, ready to be shown: figures read back once, and parts of the report drawn once.

In: the number of a job that is done. Out: `Kept`, and sections of its report. A job's result never changes, so that
what was made of it is held in memory for the next look.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from scoville.evidence.backtest import Evidence
from scoville.evidence.kept import figures_of
from scoville.evidence.lines.positions import Positions
from scoville.evidence.report.page import report_html, sections_html
from scoville.live.jobs.asking import find_job
from scoville.live.queries.proof import ids_of
from scoville.web.errors import not_found
from scoville.web.pages.templates import in_path

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scoville.evidence.rules.misses import Group
    from scoville.live.store.opening import Store

_JOBS, _PARTS = 8, 100  # held in memory


@dataclass(frozen=True)
class Kept:
    """One job's result. `drift` and `baseline` are plain values; `positions` are null where outcomes have no dates."""

    job_no: int
    worked_out_at: datetime
    until: str
    evidence: Evidence
    positions: Positions | None
    drift: Mapping[str, Any]
    baseline: Mapping[str, Any] | None


@lru_cache(_JOBS)
def kept(store: Store, job_no: int) -> Kept:
    """The result of a job of kind `evidence` that is done. Raises: ApiError 404."""
    with store.reading() as connection:
        job = find_job(connection, job_no)
    if job is None or job.result is None or job.ended_at is None:
        raise not_found("evidence")
    found = job.result
    lines = figures_of(Positions, found["positions"]) if found["positions"] is not None else None
    evidence = figures_of(Evidence, found["evidence"])
    return Kept(job_no, job.ended_at, found["until"], evidence, lines, found["drift"], found["baseline"])


def section(store: Store, job_no: int, name: str) -> Markup:
    """A section of the report; empty where it has nothing to say."""
    if name == "misses":
        return sections_html(_with_ids(store, kept(store, job_no).evidence), [name], _lead_page).get(name, Markup())
    return _drawn(store, job_no, name)


def report(store: Store, job_no: int) -> str:
    """The whole report as one HTML file."""
    return report_html(_with_ids(store, kept(store, job_no).evidence))


@lru_cache(_PARTS)
def _drawn(store: Store, job_no: int, name: str) -> Markup:
    return sections_html(kept(store, job_no).evidence, [name]).get(name, Markup())


def _lead_page(lead_id: str) -> str:
    return f"/leads/{in_path(lead_id)}"


def _with_ids(store: Store, evidence: Evidence) -> Evidence:
    """Leads by their ids again, where they are still known; never held in memory, for somebody may be forgotten."""
    misses = evidence.misses
    sides = (misses.overlooked, misses.overrated)
    numbers = {int(miss.lead_id) for group in sides for miss in group.shown}
    with store.reading() as connection:
        known = ids_of(connection, numbers)
    overlooked, overrated = (_named(group, known) for group in sides)
    return replace(evidence, misses=replace(misses, overlooked=overlooked, overrated=overrated))


def _named(group: Group, known: Mapping[int, str]) -> Group:
    there = [miss for miss in group.shown if int(miss.lead_id) in known]
    return replace(group, shown=tuple(replace(miss, lead_id=known[int(miss.lead_id)]) for miss in there))
