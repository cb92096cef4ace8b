"""Points that a person gives or takes: kept with a reason, an author and an end, beside those of the model.

In: a lead and points. Out: a row of `adjustments`, and a dirty lead, in one transaction. Called by the API. The plan
makes each adjustment a contribution of its own, so a new model does not lose it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, select, update

from scoville.errors import UsageError
from scoville.live.fold.changes import Dirt
from scoville.live.fold.dirty import mark_dirty
from scoville.live.store.metadata import to_us
from scoville.live.store.people import identities
from scoville.live.store.scores import adjustments

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_SHOWN = tuple(column for column in adjustments.c if column.name != "identity_no")


@dataclass(frozen=True)
class NewAdjustment:
    """What to add to a score. `points` may be negative; `expires_at` null means for ever."""

    points: float
    reason: str
    author: str
    expires_at: datetime | None = None


def adjust(connection: Connection, lead_no: int, wanted: NewAdjustment, *, now: datetime) -> dict[str, Any]:
    """Add points to a lead; the row that was made. It hangs on the lead's first identity, so that a merge keeps it.

    Raises: UsageError for an end that is not ahead.
    """
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise UsageError(f"an adjustment that ended on {wanted.expires_at:%Y-%m-%d %H:%M} UTC adds nothing")
    row = {
        "identity_no": first_identity(connection, lead_no), "points": wanted.points, "reason": wanted.reason,
        "author": wanted.author, "created_at": now, "expires_at": wanted.expires_at,
    }  # fmt: skip
    made = insert(adjustments).values(row).returning(adjustments.c.adjustment_no)
    number = int(connection.execute(made).scalar_one())
    _mark(connection, lead_no, number, now)
    return {**row, "adjustment_no": number, "removed_at": None, "removed_by": None}


def remove_adjustment(connection: Connection, lead_no: int, adjustment_no: int, *, author: str, now: datetime) -> bool:
    """Take points back from now on: what was is not forgotten. False when the lead has no such adjustment in force."""
    own = select(identities.c.identity_no).where(identities.c.lead_no == lead_no)
    ended = (
        update(adjustments)
        .where(
            adjustments.c.adjustment_no == adjustment_no,
            adjustments.c.identity_no.in_(own),
            adjustments.c.removed_at.is_(None),
        )
        .values(removed_at=now, removed_by=author)
    )
    if not connection.execute(ended).rowcount:
        return False
    _mark(connection, lead_no, adjustment_no, now)
    return True


def list_adjustments(connection: Connection, lead_no: int) -> list[dict[str, Any]]:
    """All adjustments of a lead, also those that are over, the newest first."""
    chosen = (
        select(*_SHOWN)
        .join(identities, identities.c.identity_no == adjustments.c.identity_no)
        .where(identities.c.lead_no == lead_no)
        .order_by(adjustments.c.adjustment_no.desc())
    )
    return [dict(row) for row in connection.execute(chosen).mappings()]


def first_identity(connection: Connection, lead_no: int) -> int:
    """The identity that a lead was first seen under: what a person says of the lead hangs on it."""
    oldest = (
        select(identities.c.identity_no)
        .where(identities.c.lead_no == lead_no)
        .order_by(identities.c.first_seen_at, identities.c.identity_no)
        .limit(1)
    )
    return int(connection.execute(oldest).scalar_one())


def _mark(connection: Connection, lead_no: int, number: int, now: datetime) -> None:
    mark_dirty(connection, {lead_no: Dirt(to_us(now), "adjustment", str(number))})
