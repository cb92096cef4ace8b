"""Leads that are to have an owner and have none: who waits, since when, and why.

In: leads that crossed a line, or lost their owner. Out: rows of `waiting`; for pages, the queue with reasons and ages.
Nobody leaves it but by being assigned, answered, or taken out by a person.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, func, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from scoville.live.routing.facts import AT_ONCE, first_identities
from scoville.live.store.people import identities, leads
from scoville.live.store.routing import assignments, waiting

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store


@dataclass(frozen=True)
class Unassigned:
    """A lead in the queue: why it has no owner, and for how long. `reason` is `new` until it was tried once."""

    lead_id: str
    cause: str
    reason: str
    detail: str
    since: datetime
    age_s: float
    tries: int
    place: tuple[datetime, int]


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


def wake(connection: Connection, now: datetime) -> None:
    """Something changed that somebody in the queue may have waited for: all are tried again."""
    connection.execute(update(waiting).where(waiting.c.try_at > now).values(try_at=now))


def list_waiting(
    store: Store,
    now: datetime,
    *,
    reason: str | None = None,
    after: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[Unassigned]:
    """Leads without an owner, who waits longest first, with the reason; `after` is the `place` of the last one seen."""
    w, i = waiting.c, identities.c
    wanted = select(waiting, leads.c.lead_id).join(identities, i.identity_no == w.identity_no)
    wanted = wanted.join(leads, leads.c.lead_no == i.lead_no)
    if reason is not None:
        wanted = wanted.where(w.reason == reason)
    if after is not None:
        wanted = wanted.where(or_(w.since > after[0], and_(w.since == after[0], w.identity_no > after[1])))
    with store.reading() as connection:
        rows = connection.execute(wanted.order_by(w.since, w.identity_no).limit(limit)).all()
    return [
        Unassigned(row.lead_id, row.cause, row.reason, row.detail, row.since, (now - row.since).total_seconds(),
                   row.tries, (row.since, row.identity_no)) for row in rows
    ]  # fmt: skip


def count_waiting(store: Store) -> dict[str, tuple[int, datetime]]:
    """For each reason how many wait, and since when the first of them does: for the alarm and for metrics."""
    counted = select(waiting.c.reason, func.count(), func.min(waiting.c.since)).group_by(waiting.c.reason)
    with store.reading() as connection:
        return {row[0]: (row[1], row[2]) for row in connection.execute(counted)}
