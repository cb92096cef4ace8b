"""Actions that are done in the store itself: a lead is queued for an owner, or tagged. Exactly once: with its record.

In: leased messages of an `assign` or `tag` action. Out: rows of `waiting` or `tags`, and the messages as sent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import insert, update
from sqlalchemy.dialects import postgresql, sqlite

from scoville.live.routing.facts import first_identities
from scoville.live.routing.queue import enqueue
from scoville.live.store.actions import deliveries, outbox, tags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from scoville.live.actions.sending import Message

LOCAL = frozenset({"assign", "tag"})


def do_here(connection: Connection, action: Row[Any], messages: Sequence[Message], now: datetime) -> None:
    """Do it, and write down that it is done."""
    numbers = [message.outbox_no for message in messages]
    of_leads = outbox.select().where(outbox.c.outbox_no.in_(numbers), outbox.c.lead_no.is_not(None))
    causes = {row.lead_no: row.cause for row in connection.execute(of_leads)}
    if action.kind == "assign":
        enqueue(connection, causes, now)
    else:
        _tag(connection, action, list(causes), now)
    done = update(outbox).where(outbox.c.outbox_no.in_(numbers))
    connection.execute(done.values(state="sent", finished_at=now))
    connection.execute(insert(deliveries), [_done(message, now) for message in messages])


def _tag(connection: Connection, action: Row[Any], lead_nos: Sequence[int], now: datetime) -> None:
    maker = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    found = first_identities(connection, lead_nos).values()
    rows = [
        {"identity_no": number, "tag": action.settings["tag"], "tagged_at": now, "action_no": action.action_no}
        for number in found
    ]
    if rows:
        connection.execute(maker(tags).on_conflict_do_nothing(), rows)


def _done(message: Message, now: datetime) -> dict[str, Any]:
    done = {"outcome": "sent", "detail": "", "duration_ms": 0}
    return {"outbox_no": message.outbox_no, "attempt": message.attempt, "at": now, **done}
