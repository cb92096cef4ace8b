"""Outbox rows that are due -> attempts -> what became of them, written down.

In: the store, a sender, the instant. Out: messages on their way, and rows of `deliveries`. Called by the worker again
and again; it never waits for another machine: attempts run in the sender while the worker does other work. A process
that dies between an attempt and its record leaves the row leased; when the lease is over the same message, with the
same id, goes out again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Protocol

from sqlalchemy import exists, insert, select, update

from scoville.live.actions.locally import LOCAL, do_here
from scoville.live.actions.retrying import next_attempt_at
from scoville.live.actions.sending import Message
from scoville.live.store.actions import actions, deliveries, outbox

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from scoville.live.actions.sending import Attempt
    from scoville.live.store.opening import Store

LEASE = timedelta(seconds=40)  # longer than any attempt may take, with the time to write it down
DIGEST = {"slack": 50, "email": 50}
"""How many messages of one action go out as one, where they wait: a busy hour is one message, not fifty."""


@dataclass(frozen=True)
class Parcel:
    """Messages that go out in one attempt, and the row of their action."""

    action: Row[Any]
    messages: tuple[Message, ...]


class Carrier(Protocol):
    """What takes parcels, and says later what became of them: `sender.Sender`, or a test's own."""

    def room(self, action: Row[Any]) -> int:
        """How many more parcels of this action may be on their way now."""

    def begin(self, parcel: Parcel, now: datetime) -> None:
        """Start an attempt, and return at once."""

    def finished(self) -> Sequence[tuple[Parcel, datetime, Attempt]]:
        """Attempts that ended, each with its start, until `forget` is told that they are written down."""

    def forget(self, count: int) -> None:
        """The first so many of `finished` are written down."""


def deliver_some(store: Store, sender: Carrier, now: datetime, limit: int = 64) -> int:
    """Write down what ended, then start what is due, at most `limit` parcels. How much was done; 0: nothing to do."""
    ended = sender.finished()
    waiting = _with_work(store, sender, now) if limit else []
    if not ended and not waiting:
        return 0
    with store.writing() as connection:
        for parcel, begun_at, attempt in ended:
            _record(connection, parcel, begun_at, attempt)
        parcels = _claimed(connection, waiting, sender, now, limit)
        here = [parcel for parcel in parcels if parcel.action.kind in LOCAL]
        for parcel in here:
            do_here(connection, parcel.action, parcel.messages, now)
    sender.forget(len(ended))
    for parcel in parcels:
        if parcel.action.kind not in LOCAL:
            sender.begin(parcel, now)
    return len(ended) + len(parcels)


def _with_work(store: Store, sender: Carrier, now: datetime) -> list[Row[Any]]:
    """Actions with something due and room for it. A read: it holds up no writer."""
    with store.reading() as connection:
        due = exists().where(
            outbox.c.action_no == actions.c.action_no, outbox.c.state == "waiting", outbox.c.due_at <= now
        )
        found = connection.execute(select(actions).where(actions.c.is_enabled, due).order_by(actions.c.action_no))
        return [row for row in found if row.kind in LOCAL or sender.room(row) > 0]


def _claimed(
    connection: Connection, waiting: Sequence[Row[Any]], sender: Carrier, now: datetime, limit: int
) -> list[Parcel]:
    parcels: list[Parcel] = []
    for action in waiting:
        room = limit - len(parcels)
        room = room if action.kind in LOCAL else min(room, sender.room(action))
        each = DIGEST.get(action.kind, 1)
        rows = _leased(connection, action.action_no, now, room * each) if room > 0 else []
        parcels += [Parcel(action, tuple(rows[i : i + each])) for i in range(0, len(rows), each)]
    return parcels


def _leased(connection: Connection, action_no: int, now: datetime, count: int) -> list[Message]:
    """The next messages of an action: nobody else takes them until the lease is over."""
    o = outbox.c
    due = (
        select(o.outbox_no)
        .where(o.state == "waiting", o.action_no == action_no, o.due_at <= now)
        .order_by(o.due_at, o.outbox_no)
        .limit(count)
        .with_for_update(skip_locked=True)  # says nothing on SQLite, where one writer writes at a time
    )
    numbers = connection.execute(due).scalars().all()
    taken = update(outbox).where(o.outbox_no.in_(numbers)).values(due_at=now + LEASE, attempts=o.attempts + 1)
    rows = connection.execute(taken.returning(o.outbox_no, o.message_id, o.payload, o.attempts)).all()
    return [Message(*row) for row in sorted(rows, key=lambda row: numbers.index(row.outbox_no))]


def _record(connection: Connection, parcel: Parcel, begun_at: datetime, attempt: Attempt) -> None:
    ended_at = begun_at + timedelta(milliseconds=attempt.duration_ms)
    there = _still_there(connection, parcel)
    if there:
        connection.execute(insert(deliveries), [_delivery(message, begun_at, attempt) for message in there])
    for message in there:
        # What another attempt of the same message has brought to an end stays as it is.
        open_row = update(outbox).where(outbox.c.outbox_no == message.outbox_no, outbox.c.state == "waiting")
        connection.execute(open_row.values(_became(message, ended_at, attempt)))
    _note_health(connection, parcel.action.action_no, ended_at, attempt)


def _still_there(connection: Connection, parcel: Parcel) -> list[Message]:
    """Those that nobody removed while they were on their way: a lead may have been forgotten."""
    numbers = [message.outbox_no for message in parcel.messages]
    rows = select(outbox.c.outbox_no).where(outbox.c.outbox_no.in_(numbers)).with_for_update()
    found = set(connection.execute(rows).scalars())
    return [message for message in parcel.messages if message.outbox_no in found]


def _delivery(message: Message, begun_at: datetime, attempt: Attempt) -> dict[str, Any]:
    said = {name: getattr(attempt, name) for name in ("outcome", "status", "detail", "answer", "duration_ms")}
    return {"outbox_no": message.outbox_no, "attempt": message.attempt, "at": begun_at, **said}


def _became(message: Message, ended_at: datetime, attempt: Attempt) -> dict[str, Any]:
    if attempt.outcome == "sent":
        return {"state": "sent", "finished_at": ended_at}
    again_at = next_attempt_at(message.message_id, message.attempt, ended_at, attempt.retry_after)
    if attempt.outcome == "gone" or again_at is None:
        return {"state": "dead", "finished_at": ended_at}
    return {"due_at": again_at}


def _note_health(connection: Connection, action_no: int, ended_at: datetime, attempt: Attempt) -> None:
    """Since when an action fails, and the end of one whose receiver is gone."""
    mine = update(actions).where(actions.c.action_no == action_no)
    if attempt.outcome == "sent":
        connection.execute(mine.where(actions.c.failing_since.is_not(None)).values(failing_since=None))
        return
    connection.execute(mine.where(actions.c.failing_since.is_(None)).values(failing_since=ended_at))
    if attempt.outcome == "gone":
        connection.execute(mine.values(is_enabled=False, disabled_because=attempt.detail))
