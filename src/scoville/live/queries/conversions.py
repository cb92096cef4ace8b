"""How many leads had which outcome, and how far back the past goes: whether there is enough to learn from.

In: a connection. Out: counts. Called by the studio.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from scoville.live.store.people import identities, leads, outcomes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class Conversions:
    """Leads that had an outcome, each counted once, and the instants of the first and the last."""

    outcome: str
    leads: int
    first_at: datetime
    last_at: datetime


def conversions(connection: Connection) -> list[Conversions]:
    """Every outcome that anybody had, the most frequent first."""
    count = func.count(identities.c.lead_no.distinct()).label("leads")
    chosen = (
        select(
            outcomes.c.outcome,
            count,
            func.min(outcomes.c.at).label("first_at"),
            func.max(outcomes.c.at).label("last_at"),
        )
        .join(identities, identities.c.identity_no == outcomes.c.identity_no)
        .group_by(outcomes.c.outcome)
        .order_by(count.desc(), outcomes.c.outcome)
    )
    return [Conversions(*row) for row in connection.execute(chosen)]


def known_since(connection: Connection) -> datetime | None:
    """When the first lead was seen; null while there is none."""
    return connection.execute(select(func.min(leads.c.first_seen_at))).scalar()
