"""Sessions: who is logged in, remembered here and not in the cookie.

In: a connection, and the token from the cookie. Out: the number of the user, or nothing. A session ends after a time
without use, after a longer time in any case, at logout, and whenever the password or the rights of the user change.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from scoville.live.store.access import sessions
from scoville.web.auth.secret_text import digest, new_secret

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SEEN_EVERY = timedelta(minutes=1)  # a write for each request would cost more than the request


@dataclass(frozen=True)
class Limits:
    """How long a session lasts: without use, and in any case."""

    idle: timedelta = timedelta(hours=2)
    absolute: timedelta = timedelta(hours=24)


@dataclass(frozen=True)
class Session:
    """A session in force, as of the last minute in which it was used."""

    user_no: int
    seen_at: datetime

    def is_unmarked(self, now: datetime) -> bool:
        """Whether it is time to write down that it is used."""
        return now - self.seen_at >= _SEEN_EVERY


def begin_session(connection: Connection, user_no: int, *, now: datetime, limits: Limits) -> str:
    """A new session: its token, for the cookie. Sessions that ended by themselves are swept out."""
    ended = (sessions.c.created_at <= now - limits.absolute) | (sessions.c.seen_at <= now - limits.idle)
    connection.execute(delete(sessions).where(ended))
    token = new_secret()
    connection.execute(insert(sessions).values(hash=digest(token), user_no=user_no, created_at=now, seen_at=now))
    return token


def find_session(connection: Connection, token: str, *, now: datetime, limits: Limits) -> Session | None:
    """The session of a token; none when it has ended."""
    row = connection.execute(select(sessions).where(sessions.c.hash == digest(token))).first()
    if row is None or now - row.created_at >= limits.absolute or now - row.seen_at >= limits.idle:
        return None
    return Session(row.user_no, row.seen_at)


def mark_seen(connection: Connection, token: str, *, now: datetime) -> None:
    """Write down that a session is used."""
    connection.execute(update(sessions).where(sessions.c.hash == digest(token)).values(seen_at=now))


def end_session(connection: Connection, token: str) -> None:
    """Log out."""
    connection.execute(delete(sessions).where(sessions.c.hash == digest(token)))


def end_sessions_of(connection: Connection, user_no: int) -> None:
    """Log a user out everywhere."""
    connection.execute(delete(sessions).where(sessions.c.user_no == user_no))
