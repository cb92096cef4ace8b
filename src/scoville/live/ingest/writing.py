"""Messages -> rows, each once, in the transaction that is open.

In: a connection inside `Store.writing()`, and batches. Out: how many were new. Called by `inbox` and by whatever reads
history. The statements are the stores' own, because nothing is called more often: on SQLite one statement for many rows
lets the rest of the process run meanwhile, and on PostgreSQL rows are streamed.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from scoville.live.ingest.messages import Message, Refused

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import Connection

    from scoville.live.ingest.messages import Batch

_MOST_ROWS = 256  # of one statement
_IDS = ("event_id", "received_at")
_INBOX = tuple(name.replace("_us", "_at") for name in Message._fields)
_NEW_POSTGRES = (
    "INSERT INTO seen (event_id, received_at) SELECT * FROM unnest(%s::bytea[], %s::bigint[]) "
    "ON CONFLICT DO NOTHING RETURNING event_id"
)
_QUARANTINE = tuple(name.replace("_us", "_at") for name in Refused._fields[1:])


class Written(NamedTuple):
    """What became of some batches."""

    accepted: int
    refused: int
    known: int


def write_batches(connection: Connection, batches: Sequence[Batch]) -> Written:
    """Write what was never seen before. The caller's transaction makes it durable.

    Raises: what the driver raises when the store is full or away; then nothing of it is written.
    """
    messages = {one.event_id: one for batch in batches for one in batch.messages}
    refused = {one.refusal_id: one for batch in batches for one in batch.refused}
    cursor = connection.connection.cursor()
    is_sqlite = connection.dialect.name == "sqlite"
    remember, insert = (_remember_sqlite, _insert_sqlite) if is_sqlite else (_remember_postgres, _insert_postgres)
    ids = [(one.event_id, one.received_us) for one in messages.values()]
    ids += [(one.refusal_id, one.received_us) for one in refused.values()]
    new = remember(cursor, ids)
    insert(cursor, "inbox", _INBOX, [one for one in messages.values() if one.event_id in new])
    insert(cursor, "quarantine", _QUARANTINE, [one[1:] for one in refused.values() if one.refusal_id in new])
    accepted = sum(one in new for one in messages)
    return Written(accepted, len(new) - accepted, sum(map(len, batches)) - len(new))


def _remember_sqlite(cursor: Any, ids: list[tuple[bytes, int]]) -> set[bytes]:  # noqa: ANN401 - the driver's
    """Note the ids in `seen`; those that were not there. The transaction is the only one that writes."""
    known: set[bytes] = set()
    for some in _pieces(ids):
        marks = [event_id for event_id, _ in some]
        size = _size(len(marks))
        cursor.execute(_known_sqlite(size), marks + [None] * (size - len(marks)))
        known.update(event_id for (event_id,) in cursor.fetchall())
    new = [row for row in ids if row[0] not in known] if known else ids
    _insert_sqlite(cursor, "seen", _IDS, new)
    return {event_id for event_id, _ in new}


def _insert_sqlite(cursor: Any, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:  # noqa: ANN401
    for some in _pieces(rows):
        size = _size(len(some))
        values = [value for row in some for value in row]
        cursor.execute(_inserted_sqlite(table, columns, size), values + [None] * (size * len(columns) - len(values)))


def _pieces(rows: Sequence[tuple[Any, ...]]) -> Iterator[Sequence[tuple[Any, ...]]]:
    for begins in range(0, len(rows), _MOST_ROWS):
        yield rows[begins : begins + _MOST_ROWS]


def _size(rows: int) -> int:
    """The next power of two: few statements are ever prepared. What is left over is null, and left out."""
    return 1 << (rows - 1).bit_length()


@cache
def _known_sqlite(rows: int) -> str:
    return f"SELECT event_id FROM seen WHERE event_id IN ({', '.join('?' * rows)})"  # noqa: S608 - marks alone


@cache
def _inserted_sqlite(table: str, columns: tuple[str, ...], rows: int) -> str:
    marks = ", ".join([f"({', '.join('?' * len(columns))})"] * rows)
    filled = f"SELECT * FROM (VALUES {marks}) WHERE column1 IS NOT NULL"  # noqa: S608 - marks alone
    return f"INSERT INTO {table} ({', '.join(columns)}) {filled}"


def _remember_postgres(cursor: Any, ids: list[tuple[bytes, int]]) -> set[bytes]:  # noqa: ANN401 - the driver's
    """Note the ids in `seen`; those that were not there. In one order everywhere: so no two wait for each other."""
    if not ids:
        return set()
    event_ids, received = zip(*sorted(ids), strict=True)
    cursor.execute(_NEW_POSTGRES, (list(event_ids), list(received)))
    return {bytes(event_id) for (event_id,) in cursor.fetchall()}


def _insert_postgres(cursor: Any, table: str, columns: tuple[str, ...], rows: Sequence[tuple[Any, ...]]) -> None:  # noqa: ANN401
    """COPY: a sixth of the work of an INSERT with arrays, and a third of one with a statement for each row."""
    if rows:
        with cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copying:
            for row in rows:
                copying.write_row(row)
