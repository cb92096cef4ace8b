"""What happened to a lead: its events, and every change of its score. The newest first, page by page.

In: a connection, a lead, how many, and before what. Out: plain rows. Called by the API and by pages.
"""

from __future__ import annotations

from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select, tuple_

from scoville.live.store.metadata import EventId, Instant
from scoville.live.store.people import events, identities
from scoville.live.store.scores import ledger

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

Row = dict[str, Any]
_TIMELINE = (events.c.occurred_at, events.c.event_id, events.c.type, events.c.event, events.c.properties)


def history_of(connection: Connection, lead_no: int, limit: int, before: int | None = None) -> list[Row]:
    """Changes of the score, the newest first; `before` is the entry that the last page ended with."""
    chosen = select(ledger).where(ledger.c.lead_no == lead_no)
    if before is not None:
        entry = select(ledger.c.at).where(ledger.c.entry_no == before).scalar_subquery()
        chosen = chosen.where(tuple_(ledger.c.at, ledger.c.entry_no) < tuple_(entry, literal(before)))
    newest_first = chosen.order_by(ledger.c.at.desc(), ledger.c.entry_no.desc()).limit(limit)
    return [dict(row) for row in connection.execute(newest_first).mappings()]


def record_began(connection: Connection) -> datetime | None:
    """When the first score of all was written down; null before that."""
    found: datetime | None = connection.execute(select(func.min(ledger.c.at))).scalar()
    return found


def timeline_of(
    connection: Connection, lead_no: int, limit: int, before: tuple[datetime, bytes] | None = None
) -> list[Row]:
    """What a lead did, under all its ids, the newest first; `before` is the time and id of the last event shown."""
    known = select(identities.c.identity_no).where(identities.c.lead_no == lead_no)
    numbers = [row.identity_no for row in connection.execute(known)]
    each = [_of_identity(connection, number, limit, before) for number in numbers]
    newest_first = merge(*each, key=lambda row: (row["occurred_at"], row["event_id"]), reverse=True)
    return list(islice(newest_first, limit))


def _of_identity(
    connection: Connection, identity_no: int, limit: int, before: tuple[datetime, bytes] | None
) -> Iterator[Row]:
    chosen = select(*_TIMELINE).where(events.c.identity_no == identity_no)
    if before is not None:
        there = tuple_(literal(before[0], Instant), literal(before[1], EventId))
        chosen = chosen.where(tuple_(events.c.occurred_at, events.c.event_id) < there)
    newest_first = chosen.order_by(events.c.occurred_at.desc(), events.c.event_id.desc()).limit(limit)
    yield from (dict(row) for row in connection.execute(newest_first).mappings())
