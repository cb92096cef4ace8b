"""What there is to prove a model by, and since when one is in use.

In: a connection. Out: counts and instants. Called by the pages of evidence, and by the jobs that work it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from scoville.live.store.people import leads, outcomes
from scoville.live.store.scores import model_versions, publications

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection

_AHEAD = (90, 60, 30, 14, 7)  # days; the first for which leads have been watched long enough
_MONTH = 31  # days: so long a first of a month may be away


@dataclass(frozen=True)
class Proof:
    """How many outcomes there are by name, and from when to when leads were seen; null where there are none."""

    outcomes: dict[str, int]
    first_seen_at: datetime | None
    last_seen_at: datetime | None

    def watched(self, days: float) -> bool:
        """Whether leads have been watched for more than so many days."""
        if self.first_seen_at is None or self.last_seen_at is None:
            return False
        return self.last_seen_at - self.first_seen_at > timedelta(days=days)


def proof_of(connection: Connection) -> Proof:
    """What there is to prove a model by: outcomes, the most frequent first, and how long leads have been watched."""
    counted = func.count().label("many")
    by_name = select(outcomes.c.outcome, counted).group_by(outcomes.c.outcome).order_by(counted.desc())
    seen = connection.execute(select(func.min(leads.c.first_seen_at), func.max(leads.c.last_seen_at))).one()
    return Proof({name: int(many) for name, many in connection.execute(by_name)}, *seen)


def usual_past(proof: Proof) -> dict[str, Any]:
    """Which past to look at where nobody says: 90 days ahead of the firsts of months; less where leads are new.

    As jobs of evidence are asked for, but for the version.
    """
    ahead = next((days for days in _AHEAD if proof.watched(days + _MONTH)), _AHEAD[-1])
    snapshots = "monthly" if proof.watched(ahead + _MONTH) else "weekly"
    won = "accepted" if "won" not in proof.outcomes and "accepted" in proof.outcomes else "won"
    return {"horizon_days": ahead, "snapshots": snapshots, "won": [won]}


def used_since(connection: Connection, version_no: int) -> datetime | None:
    """Since when the content of a version is in use, also under an earlier number; null when it never was."""
    same = select(model_versions.c.model_version).where(model_versions.c.version_no == version_no).scalar_subquery()
    chosen = (
        select(func.min(publications.c.switched_at))
        .join(model_versions, model_versions.c.version_no == publications.c.version_no)
        .where(model_versions.c.model_version == same)
    )
    found: datetime | None = connection.execute(chosen).scalar()
    return found


def ids_of(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    """The ids of leads by their numbers; those that are gone, or forgotten, are left out."""
    rows = connection.execute(select(leads.c.lead_no, leads.c.lead_id).where(leads.c.lead_no.in_(sorted(numbers))))
    return {row.lead_no: row.lead_id for row in rows}
