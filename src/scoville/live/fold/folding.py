"""The inbox becomes people and deeds: a batch at a time, each in one short transaction.

In: rows of `inbox`. Out: ids, links, leads, traits, memberships, accounts, events, outcomes, quarantine, dirty leads;
the rows leave the inbox. Called by the worker, over and over. One folder works at a time; a message that cannot be read
is put aside alone. Read `fold_some` first: its lines are what happens to a batch.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import text
from sqlalchemy.exc import InterfaceError, OperationalError

from scoville.live.fold.among import among, bound
from scoville.live.fold.changes import Changes
from scoville.live.fold.known import known_accounts, known_people
from scoville.live.fold.messages import Arrived, Said, read_message
from scoville.live.fold.placing import Note, counterparts, place
from scoville.live.fold.suppression import suppressed_among
from scoville.live.fold.writing import write, write_quarantine
from scoville.live.store.metadata import to_us

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store
    from scoville.live.store.settings import LiveSettings

FOLDING = 0x5C0F01D  # the advisory lock on PostgreSQL: whoever changes who is who holds it
_OLDEST = text(f"SELECT {', '.join(Arrived._fields)} FROM inbox ORDER BY seq LIMIT :limit".replace("_us", "_at"))  # noqa: S608


def fold_some(store: Store, settings: LiveSettings, now: datetime, limit: int = 500) -> int:
    """Fold the oldest rows of the inbox; how many they were.

    0 when it is empty, or when another folder is at work. `now` is naive UTC. A message that fails a batch is found by
    halving it, and put aside alone: nobody waits behind it.
    Raises: what the store raises when it is away, full or busy; then nothing happened.
    """
    if not _is_waiting(store):
        return 0
    while True:
        try:
            return _fold(store, settings, now, limit)
        except (OperationalError, InterfaceError):
            raise
        except Exception as failed:  # noqa: BLE001 - whatever it is, the messages behind it must not wait for ever
            if limit == 1:
                return _put_aside_first(store, failed)
            limit //= 2


def _fold(store: Store, settings: LiveSettings, now: datetime, limit: int) -> int:
    with store.writing() as connection:
        if not try_alone(connection):
            return 0
        rows = [Arrived(*row) for row in connection.execute(_OLDEST, {"limit": limit})]
        fold_rows(connection, rows, settings, now)
        _leave_inbox(connection, rows)
    return len(rows)


def _put_aside_first(store: Store, failed: Exception) -> int:
    """The oldest message goes into quarantine as it is."""
    with store.writing() as connection:
        if not try_alone(connection):
            return 0
        rows = [Arrived(*row) for row in connection.execute(_OLDEST, {"limit": 1})]
        changes = Changes()
        detail = f"it cannot be folded in: {type(failed).__name__}."  # the error's text may hold personal data
        changes.put_aside(Note(_unread(row), "unfoldable", detail) for row in rows)
        write_quarantine(connection, changes)
        _leave_inbox(connection, rows)
    return len(rows)


def fold_rows(connection: Connection, rows: list[Arrived], settings: LiveSettings, now: datetime) -> None:
    """Fold messages in the transaction that is open."""
    changes = Changes()
    messages = _read(rows, settings, changes)
    ids = {one for said in messages for one in (*said.ids, *counterparts(said))}
    forgotten = suppressed_among(connection, ids)
    people = known_people(connection, ids)
    accounts = known_accounts(connection, {said.group for said in messages if said.group and not said.row.is_trusted})
    for said in messages:
        if forgotten.intersection(said.ids):
            continue
        placed, notes = place(said, people, accounts, settings)
        changes.put_aside(notes)
        if placed is not None:
            changes.add(placed)
    write(connection, people, changes, to_us(now))


def try_alone(connection: Connection) -> bool:
    """Whether nobody else folds until this transaction ends; on SQLite nobody else writes anyway."""
    if connection.dialect.name == "sqlite":
        return True
    return bool(connection.execute(text("SELECT pg_try_advisory_xact_lock(:key)"), {"key": FOLDING}).scalar())


def wait_alone(connection: Connection) -> None:
    """The same, waiting for its turn: for what a person asked for."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": FOLDING})


def _is_waiting(store: Store) -> bool:
    """Asked without a transaction that writes, for most of the time nothing waits."""
    with store.reading() as connection:
        return connection.execute(text("SELECT 1 FROM inbox LIMIT 1")).first() is not None


def _read(rows: list[Arrived], settings: LiveSettings, changes: Changes) -> list[Said]:
    messages = []
    for row in rows:
        try:
            messages.append(read_message(row, settings))
        except (ValueError, TypeError, RecursionError) as wrong:
            changes.put_aside([Note(_unread(row), "unreadable", f"it cannot be read: {type(wrong).__name__}.")])
    return messages


def _unread(row: Arrived) -> Said:
    return Said(row, None, None, None, None, None, None, {})


def _leave_inbox(connection: Connection, rows: list[Arrived]) -> None:
    connection.execute(
        text(f"DELETE FROM inbox WHERE seq {among(connection, 'rows')}"),  # noqa: S608 - our own marks
        {"rows": bound(connection, [row.seq for row in rows])},
    )
