"""What became of a lead, said by a person or a program: won, lost, accepted, rejected.

In: a lead and an outcome. Out: a row of `outcomes`, and a dirty lead, in one transaction. Called by the API. Outcomes
that arrive as events come by the fold.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select

from scoville.live.adjusting import first_identity
from scoville.live.fold.changes import Dirt
from scoville.live.fold.dirty import mark_dirty
from scoville.live.store.metadata import to_us
from scoville.live.store.people import identities, leads, outcomes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_SHOWN = (outcomes.c.outcome_no, outcomes.c.outcome, outcomes.c.at, outcomes.c.value, outcomes.c.reason)


@dataclass(frozen=True)
class NewOutcome:
    """What became of a lead, and when. `event_id` is 16 bytes that no other outcome has."""

    outcome: str
    at: datetime
    event_id: bytes
    value: float | None = None
    reason: str | None = None


def add_outcome(connection: Connection, lead_no: int, wanted: NewOutcome, *, now: datetime) -> dict[str, Any]:
    """Keep an outcome; the row that was made."""
    row = {
        "identity_no": first_identity(connection, lead_no), "outcome": wanted.outcome, "at": wanted.at,
        "value": wanted.value, "reason": wanted.reason, "event_id": wanted.event_id,
    }  # fmt: skip
    made = insert(outcomes).values(row).returning(outcomes.c.outcome_no)
    number = int(connection.execute(made).scalar_one())
    mark_dirty(connection, {lead_no: Dirt(to_us(now), "outcome", str(number))})
    return {**row, "outcome_no": number}


def list_outcomes(
    connection: Connection, limit: int, *, before: int | None = None, lead_no: int | None = None
) -> list[dict[str, Any]]:
    """Outcomes with the id of their lead, the last one first; `before` is the number that the last page ended with."""
    joined = (
        select(*_SHOWN, leads.c.lead_id)
        .join(identities, identities.c.identity_no == outcomes.c.identity_no)
        .join(leads, leads.c.lead_no == identities.c.lead_no)
        .order_by(outcomes.c.outcome_no.desc())
        .limit(limit)
    )
    if before is not None:
        joined = joined.where(outcomes.c.outcome_no < before)
    if lead_no is not None:
        joined = joined.where(identities.c.lead_no == lead_no)
    return [dict(row) for row in connection.execute(joined).mappings()]
