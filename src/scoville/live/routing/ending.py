"""How it ends that somebody holds a lead, and what is known of who held it.

In: leads, and why. Out: assignments that hold no longer. Called by what people do by hand, by answers and by clocks.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from scoville.live.store.people import identities, leads
from scoville.live.store.routing import assignments, owners, waiting

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store


def leave_queue(connection: Connection, lead_no: int) -> None:
    """Nobody is looked for any more."""
    mine = select(identities.c.identity_no).where(identities.c.lead_no == lead_no)
    connection.execute(delete(waiting).where(waiting.c.identity_no.in_(mine)))


def end_assignments(connection: Connection, lead_nos: Sequence[int], by: str, reason: str, now: datetime) -> None:
    """Nobody holds these leads from now on, and nobody in the queue waits for them."""
    mine = select(identities.c.identity_no).where(identities.c.lead_no.in_(lead_nos))
    a = assignments.c
    held = update(assignments).where(a.identity_no.in_(mine), a.released_at.is_(None))
    connection.execute(held.values(released_at=now, released_by=by, release_reason=reason))


def end_double_assignments(connection: Connection, now: datetime) -> int:
    """After a merge a person may have two owners: the one who had it first keeps it. How many were ended."""
    a, i = assignments.c, identities.c
    twice = (
        select(i.lead_no)
        .join(assignments, a.identity_no == i.identity_no)
        .where(a.released_at.is_(None))
        .group_by(i.lead_no)
        .having(func.count() > 1)
    )
    held = select(a.assignment_no, i.lead_no).join(identities, i.identity_no == a.identity_no)
    held = held.where(i.lead_no.in_(twice), a.released_at.is_(None)).order_by(a.assigned_at, a.assignment_no)
    firsts: dict[int, int] = {}
    later = [row.assignment_no for row in connection.execute(held) if firsts.setdefault(row.lead_no, row.assignment_no)
             != row.assignment_no]  # fmt: skip
    if later:
        ended = update(assignments).where(a.assignment_no.in_(later))
        connection.execute(ended.values(released_at=now, released_by="routing", release_reason="merged"))
    return len(later)


def assignments_of(store: Store, lead_id: str) -> list[dict[str, Any]]:
    """Who held a lead, since when, why, and until when; the newest first."""
    a, i = assignments.c, identities.c
    wanted = (
        select(owners.c.owner_id, owners.c.name, a.assigned_at, a.way, a.assigned_by, a.score, a.why)
        .add_columns(a.released_at, a.released_by, a.release_reason)
        .join(owners, owners.c.owner_no == a.owner_no)
        .join(identities, i.identity_no == a.identity_no)
        .join(leads, leads.c.lead_no == i.lead_no)
        .where(leads.c.lead_id == lead_id)
        .order_by(a.assigned_at.desc(), a.assignment_no.desc())
    )
    with store.reading() as connection:
        return [dict(row) for row in connection.execute(wanted).mappings()]
