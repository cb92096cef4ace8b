"""Evidence of the model in force, without anybody asking: soon after a publication, and once a day as outcomes come in.

In: the store and the instant. Out: a job that waits, or nothing. Called by the worker as a chore; `evidence_jobs` also
by the API and the pages, which show the newest.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scoville.live.jobs.asking import ask_for, list_jobs
from scoville.live.queries.in_force import in_force
from scoville.live.queries.proof import proof_of, usual_past

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.jobs.asking import Job
    from scoville.live.store.opening import Store

BY = "scoville"  # who asks
EVERY = timedelta(days=1)
ENOUGH = 5  # leads that won: with fewer no figure is to be relied on, and somebody may still ask
_LOOKED_THROUGH = 500  # jobs, the newest first


def ask_daily(store: Store, now: datetime) -> int:
    """Ask for evidence where the newest is older than a day and there are outcomes to tell by. How many jobs."""
    with store.reading() as connection:
        wanted = _wanted(connection, now)
    if wanted is None:
        return 0
    with store.writing() as connection:
        ask_for(connection, "evidence", wanted, by=BY, now=now)
    return 1


def evidence_jobs(connection: Connection, version_no: int) -> list[Job]:
    """Jobs of evidence of one version, the newest first, without their results."""
    found = list_jobs(connection, _LOOKED_THROUGH, kind="evidence")
    return [job for job in found if job.asked["version_no"] == version_no]


def _wanted(connection: Connection, now: datetime) -> dict[str, Any] | None:
    """What is to be asked for: as it was asked before, or what the data are long enough for. Null: nothing yet."""
    model = in_force(connection)
    if model is None:
        return None
    before = evidence_jobs(connection, model.version_no)
    if before and before[0].created_at > now - EVERY:
        return None
    proof = proof_of(connection)
    usual = usual_past(proof)
    asked = next((job.asked for job in before if job.state == "done"), {**usual, "version_no": model.version_no})
    if sum(proof.outcomes.get(name, 0) for name in asked["won"]) < ENOUGH or not proof.watched(asked["horizon_days"]):
        return None
    return asked
