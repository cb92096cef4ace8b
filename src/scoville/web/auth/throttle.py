"""Slowing down who guesses passwords, by account and by address.

In: a connection, who tries to log in and from where. Out: how long to wait. Unknown accounts count like known ones, so
that the answer does not tell which is which. Only failures count: nobody locks out a person who knows the password for
longer than the window.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select

from scoville.live.store.access import login_attempts
from scoville.web.auth.secret_text import digest

if TYPE_CHECKING:
    from sqlalchemy import Connection

WINDOW = timedelta(minutes=15)
PER_ACCOUNT, PER_ADDRESS = 10, 50  # an office behind one address has more people than a person has accounts


def wait_s(connection: Connection, email: str, address: str, *, now: datetime) -> int:
    """Seconds until the next try is allowed; 0: now."""
    return max(
        _wait_s(connection, _account(email), PER_ACCOUNT, now), _wait_s(connection, _address(address), PER_ADDRESS, now)
    )


def count_failure(connection: Connection, email: str, address: str, *, now: datetime) -> None:
    """Remember a login that failed; forget those that no longer count."""
    connection.execute(delete(login_attempts).where(login_attempts.c.at <= now - WINDOW))
    rows = [{"subject": subject, "at": now} for subject in (_account(email), _address(address))]
    connection.execute(insert(login_attempts), rows)


def forgive(connection: Connection, email: str) -> None:
    """Forget the failures of an account whose owner has logged in."""
    connection.execute(delete(login_attempts).where(login_attempts.c.subject == _account(email)))


def _wait_s(connection: Connection, subject: bytes, allowed: int, now: datetime) -> int:
    lately = (login_attempts.c.subject == subject) & (login_attempts.c.at > now - WINDOW)
    count, first = connection.execute(
        select(func.count(), func.min(login_attempts.c.at)).select_from(login_attempts).where(lately)
    ).one()
    return 0 if count < allowed else max(1, int((first + WINDOW - now).total_seconds()))


def _account(email: str) -> bytes:
    return digest("account", email.strip().lower())


def _address(address: str) -> bytes:
    return digest("address", address)
