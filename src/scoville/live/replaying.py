"""A message in quarantine goes in again, because a person looked at it and vouches for it.

In: the number of a row of `quarantine`, or the reason of many. Out: rows of `inbox`, as if a server had sent them.
Called by the API.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select, update

from scoville.errors import UsageError
from scoville.live.ingest.messages import UnreadableError
from scoville.live.ingest.parsing import parse
from scoville.live.ingest.reading import Arrival, read_batch
from scoville.live.ingest.writing import write_batches
from scoville.live.store.log import quarantine
from scoville.live.store.metadata import from_us, to_us

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.ingest.rules import Rules

MOST_AT_ONCE = 1_000  # of one transaction: who sends meanwhile waits no longer than a second


def replay(connection: Connection, quarantine_no: int, rules: Rules, *, now: datetime) -> bool:
    """Send a message in again: trusted, with its own time, and under an id of its own. False when there is none.

    Raises: UsageError for one that cannot be used this time either, or was cut because it is too long.
    """
    row = connection.execute(select(quarantine).where(quarantine.c.quarantine_no == quarantine_no)).mappings().first()
    if row is None:
        return False
    if row["source_no"] is None:
        raise UsageError("nobody knows where this message came from, so it cannot go in again")
    message = _message(row["body"], quarantine_no)
    arrival = Arrival(row["source_no"], is_trusted=True, received_us=to_us(row["received_at"]), is_history=True)
    batch = read_batch({"batch": [message]}, arrival, rules, lambda: message["messageId"])
    if batch.refused:
        raise UsageError(f"it cannot be used this time either: {batch.refused[0].detail}")
    write_batches(connection, [batch])
    connection.execute(update(quarantine).where(quarantine.c.quarantine_no == quarantine_no).values(replayed_at=now))
    return True


def replay_all(connection: Connection, reason: str, rules: Rules, *, now: datetime) -> tuple[int, int]:
    """Let in the oldest messages put aside for a reason, at most `MOST_AT_ONCE`; how many were, and how many were not.

    Those that cannot be used this time either stay where they are.
    """
    waiting = (quarantine.c.reason == reason) & quarantine.c.replayed_at.is_(None)
    chosen = select(quarantine.c.quarantine_no).where(waiting).order_by(quarantine.c.quarantine_no).limit(MOST_AT_ONCE)
    numbers = connection.execute(chosen).scalars().all()
    let_in = sum(_is_let_in(connection, number, rules, now) for number in numbers)
    return let_in, len(numbers) - let_in


def _is_let_in(connection: Connection, quarantine_no: int, rules: Rules, now: datetime) -> bool:
    try:
        return replay(connection, quarantine_no, rules, now=now)
    except UsageError:  # said before anything is written
        return False


def _message(body: str, quarantine_no: int) -> dict[str, Any]:
    try:
        message = parse(body.encode())
    except UnreadableError:
        message = None
    if not isinstance(message, dict):
        raise UsageError("this is no whole message any more: it was too long to be kept, or never was one")
    at_us = message.pop("timestamp_us", None)
    if isinstance(at_us, int):
        message["timestamp"] = from_us(at_us).isoformat() + "Z"
    # the old id is known already: under it the message would be taken for one that was sent twice
    return {**message, "messageId": f"{message.get('messageId') or ''}#{quarantine_no}"[-100:]}
