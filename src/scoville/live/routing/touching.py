"""A lead was worked: touches, and what sales says of it. The first one stops the clocks that run for it.

In: an id, what was done, by whom. Out: rows of `touches` and `outcomes`, stopped clocks, and, once a lead is done with,
an assignment that holds no longer. Called by the API.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import and_, insert, select, update

from scoville.errors import UsageError
from scoville.live.fold.dirty import mark_leads
from scoville.live.routing.ending import end_assignments, leave_queue
from scoville.live.routing.facts import first_identities, lead_no_of
from scoville.live.routing.hours import hours_of
from scoville.live.routing.queue import wake
from scoville.live.store.metadata import to_us
from scoville.live.store.people import identities, outcomes
from scoville.live.store.routing import assignments, clocks, sla_rules, touches

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store

Touch = Literal["call", "email", "meeting", "note"]
Answer = Literal["accepted", "rejected", "won", "lost"]
TOUCHES: tuple[str, ...] = get_args(Touch)
ANSWERS: tuple[str, ...] = get_args(Answer)
_ENDINGS = ("rejected", "won", "lost")


def record_touch(store: Store, lead_id: str, kind: Touch, by: str, at: datetime, *, note: str | None = None) -> None:
    """Somebody worked the lead at `at`. Raises: UsageError for an unknown lead or kind."""
    if kind not in TOUCHES:
        raise UsageError(f"'{kind}' is no kind of touch; allowed: {', '.join(TOUCHES)}")
    with store.writing() as connection:
        lead_no = _known(connection, lead_id)
        _touch(connection, lead_no, (kind, by, note), at)
        stop_clocks(connection, [lead_no], "touch", at)


def answer(
    store: Store,
    lead_id: str,
    outcome: Answer,
    by: str,
    now: datetime,
    *,
    reason: str | None = None,
    value: float | None = None,
) -> None:
    """What sales says of a lead: it becomes an outcome, as one that arrives as an event would.

    A lead that was rejected, won or lost is nobody's any more, and leaves the queue. `value` is money, in the unit of
    all outcomes. Raises: UsageError for an unknown lead or answer, or a rejection without a reason.
    """
    if outcome not in ANSWERS:
        raise UsageError(f"'{outcome}' is no answer; allowed: {', '.join(ANSWERS)}")
    if outcome == "rejected" and not (reason or "").strip():
        raise UsageError("a rejection needs a reason: it is what the model can learn from")
    with store.writing() as connection:
        lead_no = _known(connection, lead_id)
        event_id = secrets.token_bytes(16)
        said = {"outcome": outcome, "at": now, "value": value, "reason": reason, "event_id": event_id}
        identity_no = first_identities(connection, [lead_no])[lead_no]
        connection.execute(insert(outcomes).values(identity_no=identity_no, **said))
        _touch(connection, lead_no, ("answer", by, reason), now)
        stop_clocks(connection, [lead_no], "answer", now)
        if outcome in _ENDINGS:
            end_assignments(connection, [lead_no], by, outcome, now)
            leave_queue(connection, lead_no)
            wake(connection, now)
        mark_leads(connection, [lead_no], to_us(now), "outcome", event_id.hex())


def _known(connection: Connection, lead_id: str) -> int:
    lead_no = lead_no_of(connection, lead_id)
    if lead_no is None:
        raise UsageError(f"there is no lead '{lead_id}'")
    return lead_no


def _touch(connection: Connection, lead_no: int, what: tuple[str, str, str | None], at: datetime) -> None:
    kind, by, note = what
    identity_no = first_identities(connection, [lead_no])[lead_no]
    connection.execute(insert(touches).values(identity_no=identity_no, kind=kind, at=at, touched_by=by, note=note))


def stop_clocks(connection: Connection, lead_nos: Sequence[int], by: str, at: datetime) -> int:
    """The clocks that run for leads stop: how long each ran, in all hours and in working hours. How many."""
    c, i, a = clocks.c, identities.c, assignments.c
    running = connection.execute(
        select(c.clock_no, c.started_at, i.lead_no, sla_rules.c.hours, sla_rules.c.time_zone)
        .join(identities, i.identity_no == c.identity_no)
        .outerjoin(sla_rules, sla_rules.c.stage == c.stage)
        .where(i.lead_no.in_(lead_nos), c.stopped_at.is_(None))
    ).all()
    held = select(i.lead_no, a.owner_no).join(identities, i.identity_no == a.identity_no)
    owner = {
        row.lead_no: row.owner_no
        for row in connection.execute(held.where(and_(i.lead_no.in_(lead_nos), a.released_at.is_(None))))
    }
    for row in running:
        stop: dict[str, Any] = {"stopped_at": max(at, row.started_at), "stopped_by": by, "next_at": None, "steps": []}
        working = hours_of(row.hours or {}, row.time_zone or "UTC").between(row.started_at, stop["stopped_at"])
        stop |= {"waited_s": (stop["stopped_at"] - row.started_at).total_seconds()}
        stop |= {"working_s": working.total_seconds(), "owner_no": owner.get(row.lead_no)}
        connection.execute(update(clocks).where(c.clock_no == row.clock_no).values(stop))
    return len(running)


def touches_of(store: Store, lead_id: str) -> list[dict[str, Any]]:
    """Who worked a lead, when and how; the newest first."""
    t = touches.c
    with store.reading() as connection:
        lead_no = lead_no_of(connection, lead_id)
        wanted = select(t.kind, t.at, t.touched_by, t.note).join(identities, identities.c.identity_no == t.identity_no)
        wanted = wanted.where(identities.c.lead_no == lead_no).order_by(t.at.desc(), t.touch_no.desc())
        return [dict(row) for row in connection.execute(wanted).mappings()]
