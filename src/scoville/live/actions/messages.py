"""What became of messages, for a person to look at, and to send again what did not arrive.

In: the store and filters. Out: rows without secrets and without what receivers answered. Called by the API.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, select, update

from scoville.errors import UsageError
from scoville.live.routing.facts import AT_ONCE
from scoville.live.store.actions import actions, deliveries, outbox

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Row

    from scoville.live.store.opening import Store

STATES = ("waiting", "sent", "dead")


@dataclass(frozen=True)
class Sent:
    """One message and where it stands. `due_at` is the next attempt while it waits."""

    message_id: str
    action_id: str
    action: str
    cause: str
    payload: dict[str, Any]
    created_at: datetime
    state: str
    attempts: int
    due_at: datetime
    finished_at: datetime | None


@dataclass(frozen=True)
class Delivery:
    """One attempt. What the receiver answered is not here: it may be anything, and is nobody's page."""

    attempt: int
    at: datetime
    outcome: str
    status: int | None
    detail: str
    duration_ms: int


def list_messages(
    store: Store, *, state: str | None = None, action_id: str | None = None, before: int | None = None, limit: int = 50
) -> tuple[list[Sent], int | None]:
    """Messages, the newest first, and where the next page begins (`before`); None: that was the last one."""
    o, a = outbox.c, actions.c
    wanted = select(outbox, a.action_id, a.name).join(actions, a.action_no == o.action_no)
    if state is not None:
        wanted = wanted.where(o.state == state)
    if action_id is not None:
        wanted = wanted.where(a.action_id == action_id)
    if before is not None:
        wanted = wanted.where(o.outbox_no < before)
    with store.reading() as connection:
        rows = connection.execute(wanted.order_by(o.outbox_no.desc()).limit(limit + 1)).all()
    page = [_sent(row) for row in rows[:limit]]
    return page, rows[limit - 1].outbox_no if len(rows) > limit else None


def find_message(store: Store, message_id: str) -> Sent | None:
    """One message; None for an unknown id."""
    o, a = outbox.c, actions.c
    wanted = select(outbox, a.action_id, a.name).join(actions, a.action_no == o.action_no)
    with store.reading() as connection:
        r = connection.execute(wanted.where(o.message_id == message_id)).one_or_none()
    return None if r is None else _sent(r)


def list_deliveries(store: Store, message_id: str) -> list[Delivery]:
    """Every attempt of a message, the first one first; none for an unknown id."""
    d = deliveries.c
    wanted = select(d.attempt, d.at, d.outcome, d.status, d.detail, d.duration_ms)
    wanted = wanted.join(outbox, outbox.c.outbox_no == d.outbox_no).where(outbox.c.message_id == message_id)
    with store.reading() as connection:
        return [Delivery(*row) for row in connection.execute(wanted.order_by(d.delivery_no))]


def replay(store: Store, message_id: str, now: datetime) -> None:
    """Send a message again, with the same id, and with all its attempts before it. Raises: UsageError."""
    with store.writing() as connection:
        again = update(outbox).where(outbox.c.message_id == message_id)
        if not connection.execute(again.values(state="waiting", attempts=0, due_at=now, finished_at=None)).rowcount:
            raise UsageError(f"there is no message '{message_id}'")


def replay_range(store: Store, action_id: str, since: datetime, until: datetime, now: datetime, *, state: str) -> int:
    """Send again what an action said in [since, until): the `dead` ones, or also the `sent` ones. How many.

    Raises: UsageError for an unknown action, or a state that nothing is sent again from.
    """
    if state not in {"dead", "sent"}:
        raise UsageError(f"'{state}' cannot be sent again; allowed: dead, sent")
    with store.writing() as connection:
        number = connection.execute(select(actions.c.action_no).where(actions.c.action_id == action_id)).scalar()
        if number is None:
            raise UsageError(f"there is no action '{action_id}'")
        o = outbox.c
        meant = (o.action_no == number, o.state == state, o.created_at >= since, o.created_at < until)
        again = update(outbox).where(*meant).values(state="waiting", attempts=0, due_at=now, finished_at=None)
        return int(connection.execute(again).rowcount)


def count_messages_of(store: Store, action_id: str) -> dict[str, int]:
    """How many messages of one action stand in each state, counted along an index."""
    o, a = outbox.c, actions.c
    number = select(a.action_no).where(a.action_id == action_id).scalar_subquery()
    wanted = [select(func.count()).where(o.state == state, o.action_no == number).scalar_subquery() for state in STATES]
    with store.reading() as connection:
        return dict(zip(STATES, connection.execute(select(*wanted)).one(), strict=True))


def _sent(row: Row[Any]) -> Sent:
    return Sent(
        row.message_id, row.action_id, row.name, row.cause, row.payload, row.created_at, row.state, row.attempts,
        row.due_at, row.finished_at,
    )  # fmt: skip


def drop_old_messages(store: Store, before: datetime, *, limit: int = 1000) -> int:
    """Remove messages that came to their end before an instant, with their attempts; how many. What waits stays."""
    o, d = outbox.c, deliveries.c
    # `due_at` of one that ended is the end of its last lease: by it the index finds the old ones.
    old = select(o.outbox_no).join(actions, actions.c.action_no == o.action_no)
    old = old.where(o.state.in_(("sent", "dead")), o.due_at < before, o.finished_at < before).limit(limit)
    with store.writing() as connection:
        numbers = connection.execute(old.with_for_update(skip_locked=True, of=outbox)).scalars().all()
        for start in range(0, len(numbers), AT_ONCE):
            some = numbers[start : start + AT_ONCE]
            connection.execute(delete(deliveries).where(d.outbox_no.in_(some)))
            connection.execute(delete(outbox).where(o.outbox_no.in_(some)))
    return len(numbers)
