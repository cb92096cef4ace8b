"""Leads that are to have an owner and have none: who waits, since when, and why.

In: leads that crossed a line, or lost their owner. Out: rows of `waiting`; for pages, the queue with reasons and ages.
Nobody leaves it but by being assigned, answered, or taken out by a person.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select
from sqlalchemy.dialects import postgresql, sqlite

from scoville.live.routing.facts import AT_ONCE, first_identities
from scoville.live.store.people import identities
from scoville.live.store.routing import assignments, waiting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection


def enqueue(
    connection: Connection, causes: Mapping[int, str], now: datetime, *, not_owner_no: int | None = None
) -> int:
    """Queue leads (number -> cause) for an owner; how many. Those that have one, or wait already, are left alone."""
    free = sorted(causes.keys() - _held(connection, list(causes)))
    first = first_identities(connection, free)
    rows = [
        {
            "identity_no": first[lead_no],
            "since": now,
            "cause": causes[lead_no],
            "reason": "new",
            "detail": "not tried yet",
            "not_owner_no": not_owner_no,
            "tries": 0,
            "try_at": now,
        }
        for lead_no in free
        if lead_no in first
    ]
    if not rows:
        return 0
    maker = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    fresh = maker(waiting).on_conflict_do_nothing().returning(waiting.c.identity_no)
    return len(connection.execute(fresh, rows).all())


def _held(connection: Connection, lead_nos: Sequence[int]) -> set[int]:
    held: set[int] = set()
    for start in range(0, len(lead_nos), AT_ONCE):
        i, a = identities.c, assignments.c
        some = select(i.lead_no).join(assignments, a.identity_no == i.identity_no)
        some = some.where(i.lead_no.in_(lead_nos[start : start + AT_ONCE]), a.released_at.is_(None))
        held.update(connection.execute(some).scalars())
    return held
