"""What people do with leads by hand: assign, claim, release, and queue.

In: ids, and who asks. Out: assignments begun and ended, each with its reason. Called by the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, insert, select

from scoville.errors import UsageError
from scoville.live.routing.assigning import take_turn, tell_of
from scoville.live.routing.ending import end_assignments, leave_queue
from scoville.live.routing.facts import first_identities, lead_no_of
from scoville.live.routing.owners import owner_no_of
from scoville.live.routing.queue import enqueue, wake
from scoville.live.store.people import identities
from scoville.live.store.routing import assignments, owners
from scoville.live.store.scores import publications, scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from scoville.live.routing.notice import Tell
    from scoville.live.store.opening import Store


def assign(store: Store, lead_id: str, owner_id: str, by: str, now: datetime, tell: Tell) -> None:
    """Give a lead to an owner, whoever holds it now and however much that owner has: a person decided.

    Raises: UsageError for an unknown lead or owner, or an owner that is not active.
    """
    _by_hand(store, lead_id, owner_id, ("manual", by), now, tell)


def claim(store: Store, lead_id: str, owner_id: str, by: str, now: datetime, tell: Tell) -> None:
    """Take a lead that nobody holds. Raises: UsageError as `assign`, and when somebody else holds it."""
    _by_hand(store, lead_id, owner_id, ("claim", by), now, tell)


def _by_hand(store: Store, lead_id: str, owner_id: str, how: tuple[str, str], now: datetime, tell: Tell) -> None:
    way, by = how
    with store.writing() as connection:
        take_turn(connection)
        lead_no, identity_no = _found(connection, lead_id)
        owner_no = owner_no_of(connection, owner_id)
        if not connection.execute(select(owners.c.is_active).where(owners.c.owner_no == owner_no)).scalar():
            raise UsageError("this owner is not active, and gets no leads")
        holder = _holders(connection, lead_no)
        if [row.owner_no for row in holder] == [owner_no]:
            return
        if holder and way == "claim":
            raise UsageError(f"'{lead_id}' belongs to {holder[0].name}; ask for it, or let it be released")
        end_assignments(connection, [lead_no], by, "reassigned", now)
        leave_queue(connection, lead_no)
        row = {"identity_no": identity_no, "owner_no": owner_no, "assigned_at": now, "way": way, "assigned_by": by}
        row |= {"why": {"because": f"{way} by {by}"}, "score": _score_now(connection, lead_no)}
        number = connection.execute(insert(assignments).values(row).returning(assignments.c.assignment_no)).scalar_one()
        tell_of(connection, [number], now, tell)
        wake(connection, now)


def release(store: Store, lead_id: str, by: str, now: datetime, *, is_to_be_routed: bool = True) -> None:
    """Take a lead from its owner; it goes back to the queue, unless it is to be left alone.

    Raises: UsageError for an unknown lead.
    """
    with store.writing() as connection:
        take_turn(connection)
        lead_no, _ = _found(connection, lead_id)
        end_assignments(connection, [lead_no], by, "released", now)
        if is_to_be_routed:
            enqueue(connection, {lead_no: "released"}, now)
        else:
            leave_queue(connection, lead_no)
        wake(connection, now)


def _found(connection: Connection, lead_id: str) -> tuple[int, int]:
    lead_no = lead_no_of(connection, lead_id)
    if lead_no is None:
        raise UsageError(f"there is no lead '{lead_id}'")
    return lead_no, first_identities(connection, [lead_no])[lead_no]


def _score_now(connection: Connection, lead_no: int) -> float | None:
    in_force = select(func.max(publications.c.publication_no)).where(publications.c.switched_at.is_not(None))
    s = scores.c
    mine = select(s.score).where(s.lead_no == lead_no, s.publication_no == in_force.scalar_subquery())
    score: float | None = connection.execute(mine).scalar()
    return score


def _holders(connection: Connection, lead_no: int) -> Sequence[Row[Any, Any]]:
    a, i = assignments.c, identities.c
    held = select(a.owner_no, owners.c.name).join(owners, owners.c.owner_no == a.owner_no)
    held = held.join(identities, i.identity_no == a.identity_no)
    return connection.execute(held.where(i.lead_no == lead_no, a.released_at.is_(None))).all()
