"""A URL -> the store: one place for everything that differs between SQLite and PostgreSQL.

In: `sqlite:///scoville.db` or `postgres://...`. Out: a `Store`, whose transactions are durable when they end. Called
by whatever runs a part of Live.
"""

from __future__ import annotations

import contextlib
import sqlite3
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import Connection, Engine, create_engine, event
from sqlalchemy.engine import make_url
from sqlalchemy.exc import ArgumentError, DBAPIError

from scoville.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from sqlalchemy import URL

_ON_A_SERVER = "postgres://user:password@host/database"
_FORMS = f"sqlite:///scoville.db or {_ON_A_SERVER}"
_LEAST_SQLITE = (3, 39)  # IS DISTINCT FROM
_WAIT_MS = 10_000  # for another writer to finish
_WAIT_FOR_READERS_MS = 300  # writers wait meanwhile
_PRAGMAS = (
    "PRAGMA journal_mode = WAL",  # readers do not wait for the writer
    "PRAGMA synchronous = FULL",  # a commit is on the disk, not on its way there
    f"PRAGMA busy_timeout = {_WAIT_MS}",
    "PRAGMA foreign_keys = ON",
    "PRAGMA secure_delete = ON",  # what was deleted is overwritten, not only forgotten
    "PRAGMA temp_store = MEMORY",
    "PRAGMA cache_size = -65536",  # KiB
    "PRAGMA wal_autocheckpoint = 4000",  # pages: ids of messages lie scattered, and one page is then copied back once
)


@dataclass(frozen=True)
class Store:
    """An open store. `reading` and `writing` give connections inside one transaction each."""

    engine: Engine

    @property
    def is_sqlite(self) -> bool:
        """Whether one file holds it all, and one writer writes at a time."""
        return self.engine.dialect.name == "sqlite"

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that writes: all of it is durable at the end, or none of it is there."""
        with self.engine.connect().execution_options(scoville_writes=True) as connection, connection.begin():
            yield connection

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that reads one state of the store, whatever is written meanwhile."""
        with self.engine.connect().execution_options(scoville_writes=False) as connection, connection.begin():
            if not self.is_sqlite:
                connection.exec_driver_sql("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            yield connection

    def clear_log(self) -> bool:
        """Empty SQLite's write-ahead log, which holds former pages; False while somebody reads from it."""
        if not self.is_sqlite:
            return True
        connection = self.engine.raw_connection()
        try:
            cursor = connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout = {_WAIT_FOR_READERS_MS}")
            is_busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            cursor.execute(f"PRAGMA busy_timeout = {_WAIT_MS}")
        finally:
            connection.close()
        return not is_busy

    def close(self) -> None:
        """End all connections."""
        self.engine.dispose()


def open_store(url: str, *, connections: int = 8) -> Store:
    """Open a store whose tables stand already: `migrating.upgrade` makes them.

    Raises: UsageError for another kind of URL; EngineError when it cannot be reached.
    """
    parsed = _parsed(url)
    if parsed.get_backend_name() == "sqlite":
        engine = _sqlite(parsed, connections)
    else:
        engine = create_engine(parsed, pool_size=connections, max_overflow=connections, pool_pre_ping=True)
    try:
        with engine.connect():
            return Store(engine)
    except DBAPIError as refused:
        said = str(refused.orig).splitlines()[0]
        shown = parsed.render_as_string().replace("postgresql+psycopg:", "postgres:", 1)  # as it was written
        raise EngineError(f"cannot open the store {shown}: {said}") from None


def is_there(url: str) -> bool:
    """Whether opening this store would make no new file; a database is there or refuses. Raises: UsageError."""
    parsed = _parsed(url)
    return parsed.get_backend_name() != "sqlite" or Path(parsed.database or "").exists()


def _parsed(url: str) -> URL:
    try:
        parsed = make_url(url)
    except ArgumentError:
        instead = _FORMS if "://" in url else f"sqlite:///{url} for this file, or {_ON_A_SERVER}"
        raise UsageError(f"'{url}' is no address of a store; write {instead}") from None
    if parsed.drivername in {"postgres", "postgresql"}:
        return parsed.set(drivername="postgresql+psycopg")
    if parsed.drivername != "sqlite" or not parsed.database or parsed.database == ":memory:":
        raise UsageError(f"'{parsed.render_as_string()}' is no store; write {_FORMS}")
    return parsed


def _sqlite(url: URL, connections: int) -> Engine:
    if sqlite3.sqlite_version_info < _LEAST_SQLITE:
        needed = ".".join(map(str, _LEAST_SQLITE))
        raise EngineError(f"this Python has SQLite {sqlite3.sqlite_version}; the store needs {needed} or newer")
    path = Path(url.database or "")
    if not path.parent.is_dir():
        raise UsageError(f"the folder of {path} is not there; make it, or name another file")
    path.touch(mode=0o600)  # it holds personal data: nobody else on this machine reads it
    engine = create_engine(url, pool_size=connections, max_overflow=connections)
    event.listen(engine, "connect", _prepared)
    event.listen(engine, "begin", _begun)
    return engine


def _prepared(connection: sqlite3.Connection, record: Any) -> None:  # noqa: ANN401, ARG001 - SQLAlchemy's own
    connection.isolation_level = None  # the driver begins no transactions by itself: `_begun` does
    for pragma in _PRAGMAS:
        connection.execute(pragma)


def _begun(connection: Connection) -> None:
    """A writer takes its turn at once; a reader that began to write could find that it is too late."""
    writes = connection.get_execution_options().get("scoville_writes", True)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
