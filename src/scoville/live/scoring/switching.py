"""A publication that was built comes into force: one row, and every reader sees all of its scores at once.

In: `Models` with a pending publication that every lead has a score by. Out: `switched_at`, the ledger's entries with
cause `model`, and a crossing for everybody who stands elsewhere now. Called by the worker after `build_some` gave 0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text

from scoville.live.scoring.score import SCORING, nothing_more
from scoville.live.scoring.writing import Why, crossing, write_crossings
from scoville.live.store.metadata import to_us

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.scoring.in_force import Models, Published
    from scoville.live.scoring.score import OnStageChanges
    from scoville.live.store.opening import Store

# Who is dirty and was never scored stands nowhere yet, and is not waited for.
_MISSING = text(
    "SELECT 1 FROM leads l WHERE NOT EXISTS (SELECT 1 FROM scores s WHERE s.publication_no = :pending "
    "AND s.lead_no = l.lead_no) AND (NOT EXISTS (SELECT 1 FROM dirty d WHERE d.lead_no = l.lead_no) "
    "OR EXISTS (SELECT 1 FROM scores c WHERE c.publication_no = :current AND c.lead_no = l.lead_no)) LIMIT 1"
)
_BOTH = (
    "FROM scores n LEFT JOIN scores c ON c.publication_no = :current AND c.lead_no = n.lead_no "
    "WHERE n.publication_no = :pending"
)
_TELL = text(
    "INSERT INTO ledger (lead_no, at, cause, cause_ref, score_before, score, fit, engagement, stage_before, stage, "  # noqa: S608
    "model_version) SELECT n.lead_no, CAST(:now AS BIGINT), 'model', n.model_version, c.told_score, n.score, n.fit, "
    f"n.engagement, c.stage, n.stage, n.model_version {_BOTH} AND (c.lead_no IS NULL OR "
    "abs(n.score - c.told_score) > 1e-9 OR c.stage IS DISTINCT FROM n.stage)"
)
_MOVED = text(
    f"SELECT n.lead_no, n.score, n.standing, n.model_version, c.standing AS before {_BOTH} "  # noqa: S608 - our own names
    "AND c.standing IS DISTINCT FROM n.standing ORDER BY n.lead_no"
)


def switch(store: Store, models: Models, now: datetime, *, on_stage_changes: OnStageChanges = nothing_more) -> bool:
    """Put the pending publication in force, if every lead has a score by it; whether it is."""
    with store.writing() as connection:
        score_alone(connection)
        models.read(connection)
        pending, current = models.pending, models.current
        if pending is None or _is_missing(connection, pending, current):
            models.built_to = 0  # the next build looks for whoever was left out from the start
            return False
        both = {"pending": pending.publication_no, "current": current.publication_no if current else -1}
        connection.execute(_TELL, {**both, "now": to_us(now)})
        moved = connection.execute(_MOVED, both).mappings().all()
        why = Why("model")
        changes = write_crossings(connection, [crossing(pending, dict(row), row["before"], why, now) for row in moved])
        connection.execute(
            text("UPDATE publications SET switched_at = :now WHERE publication_no = :pending"),
            {"now": to_us(now), "pending": pending.publication_no},
        )
        if changes and current is not None:  # by a first model nobody crossed anything: they stood there before
            on_stage_changes(connection, changes, now)
        models.read(connection)
    return True


def score_alone(connection: Connection) -> None:
    """Nobody scores meanwhile: nobody may write a score for a publication that is no longer in force."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": SCORING})


def _is_missing(connection: Connection, pending: Published, current: Published | None) -> bool:
    both = {"pending": pending.publication_no, "current": current.publication_no if current else -1}
    return connection.execute(_MISSING, both).first() is not None
