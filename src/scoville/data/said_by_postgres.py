"""What PostgreSQL says when it cannot go on, with what a user can do about it."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import psycopg

from scoville.errors import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterator

_ADVICE: tuple[tuple[type[psycopg.Error], str], ...] = (
    (
        psycopg.errors.InsufficientPrivilege,
        "Ask its owner to GRANT what is missing: SELECT on what is read, TEMP on the database, CREATE on the schema",
    ),
    (
        psycopg.errors.QueryCanceled,
        "Where that is its statement_timeout, put ?options=-c%20statement_timeout=0 behind the address",
    ),
    (psycopg.errors.DiskFull, "Free some space on the server; nothing half-written was left behind"),
    (psycopg.errors.ReadOnlySqlTransaction, "It is a standby or read-only; name the primary server"),
    (psycopg.errors.SerializationFailure, "Another run wrote the same tables meanwhile; its rows are there. Run again"),
    (psycopg.OperationalError, "The connection broke; the old tables are in place. Run again"),
)


@contextlib.contextmanager
def explained() -> Iterator[None]:
    """PostgreSQL's own errors as ours, with what a user can do about them."""
    try:
        yield
    except psycopg.Error as error:
        said = (error.diag.message_primary or " ".join(str(error).split())).rstrip(".")
        advice = next((what for kind, what in _ADVICE if isinstance(error, kind)), None)
        if advice is not None:
            raise EngineError(f"PostgreSQL: {said}. {advice}") from None
        raise EngineError(f"PostgreSQL could not run the plan: {said}") from error
