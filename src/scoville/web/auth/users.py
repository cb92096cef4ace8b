"""People with a login: made, found, changed, switched off.

In: a connection of the store. Out: `User`. Called by the API and by `scoville user`. Passwords come here hashed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import func, insert, select, update

from scoville.errors import UsageError
from scoville.live.store import access
from scoville.live.store.seen import check_seen, hold, version_of
from scoville.web.auth.secret_text import digest, new_id, new_secret
from scoville.web.auth.sessions import end_sessions_of

if TYPE_CHECKING:
    from sqlalchemy import Connection

Role = Literal["viewer", "sales", "marketing", "admin"]
ROLES: tuple[Role, ...] = get_args(Role)
"""From the one that may least: each may do what those before it may."""
_ADDRESS = re.compile(r"[^@\s]{1,64}@[^@\s]{1,255}")
_SETUP = "setup_token"
SETUP_TTL = timedelta(hours=1)


@dataclass(frozen=True)
class User:
    """A person with a login. `password_hash` leaves this part of the house by no door."""

    user_no: int
    user_id: str
    email: str
    name: str
    role: Role
    password_hash: str
    created_at: datetime
    disabled_at: datetime | None

    @property
    def version(self) -> str:
        """Changes with what the user may do."""
        return version_of((self.role, self.disabled_at))


@dataclass(frozen=True)
class NewUser:
    """Who to make."""

    email: str
    name: str
    role: str
    password_hash: str


def create_user(connection: Connection, wanted: NewUser, *, author: str, now: datetime) -> User:
    """Make a user. Raises: UsageError for no e-mail address, one that has a login, or a role that there is not."""
    email = wanted.email.strip().lower()
    if not _ADDRESS.fullmatch(email):
        raise UsageError("this is no e-mail address; write it like ann@example.com")
    if find_user(connection, email=email) is not None:
        raise UsageError("somebody with this e-mail address has a login already")
    _check_role(wanted.role)
    connection.execute(
        insert(access.users).values(
            user_id=new_id(), email=email, name=wanted.name.strip() or email, role=wanted.role,
            password_hash=wanted.password_hash, created_at=now, created_by=author, password_changed_at=now,
        )
    )  # fmt: skip
    return _surely(find_user(connection, email=email))


def find_user(connection: Connection, **by: str | int) -> User | None:
    """The user by one of email (in lower case), user_id, user_no."""
    chosen = select(*(access.users.c[name] for name in User.__dataclass_fields__)).filter_by(**by)
    row = connection.execute(chosen).mappings().first()
    return User(**row) if row is not None else None


def list_users(connection: Connection) -> list[User]:
    """All users by e-mail address."""
    rows = connection.execute(
        select(*(access.users.c[name] for name in User.__dataclass_fields__)).order_by(access.users.c.email)
    )
    return [User(**row) for row in rows.mappings()]


def change_user(
    connection: Connection,
    user_id: str,
    *,
    role: str | None = None,
    is_disabled: bool | None = None,
    now: datetime,
    seen: str | None = None,
) -> User | None:
    """Give another role, or switch a login off or on; either ends the sessions. Null when there is no such user.

    `seen` is the version that somebody saw. Raises: UsageError for a role that there is not, and when nobody would be
    left who may do everything; ChangedError.
    """
    hold(connection)
    user = find_user(connection, user_id=user_id)
    if user is None:
        return None
    check_seen(seen, user.version, user_id)
    _check_role(role or user.role)
    changes: dict[str, Any] = {"role": role or user.role}
    if is_disabled is not None:
        changes["disabled_at"] = (user.disabled_at or now) if is_disabled else None
    connection.execute(update(access.users).where(access.users.c.user_no == user.user_no).values(**changes))
    _check_an_admin_is_left(connection)
    end_sessions_of(connection, user.user_no)
    return find_user(connection, user_id=user_id)


def change_password(connection: Connection, user_no: int, password_hash: str, *, now: datetime) -> None:
    """Set another password; all sessions of the user end."""
    connection.execute(
        update(access.users)
        .where(access.users.c.user_no == user_no)
        .values(password_hash=password_hash, password_changed_at=now)
    )
    end_sessions_of(connection, user_no)


def has_users(connection: Connection) -> bool:
    """Whether anybody has a login."""
    return connection.execute(select(access.users.c.user_no).limit(1)).first() is not None


def new_setup_token(connection: Connection, *, now: datetime) -> str | None:
    """A token that makes the first admin, once, within the hour. Null when somebody has a login."""
    if has_users(connection):
        return None
    token = new_secret("sv_setup_")
    _forget_setup_token(connection)
    connection.execute(
        insert(access.settings).values(
            name=_SETUP, value={"hash": digest(token).hex()}, changed_at=now, changed_by="setup"
        )
    )
    return token


def use_setup_token(connection: Connection, token: str, *, now: datetime) -> bool:
    """Whether the token is the one in force. Then it is used up."""
    row = connection.execute(select(access.settings).where(access.settings.c.name == _SETUP)).mappings().first()
    fresh = row is not None and now - row["changed_at"] < SETUP_TTL
    if row is None or not fresh or row["value"]["hash"] != digest(token).hex() or has_users(connection):
        return False
    _forget_setup_token(connection)
    return True


def _forget_setup_token(connection: Connection) -> None:
    connection.execute(access.settings.delete().where(access.settings.c.name == _SETUP))


def _check_role(role: str) -> None:
    if role not in ROLES:
        raise UsageError(f"'{role}' is no role; there are {', '.join(ROLES)}")


def _check_an_admin_is_left(connection: Connection) -> None:
    able = (access.users.c.role == "admin") & access.users.c.disabled_at.is_(None)
    if not connection.execute(select(func.count()).select_from(access.users).where(able)).scalar():
        raise UsageError("nobody would be left who may do everything: make another admin first")


def _surely(user: User | None) -> User:
    if user is None:
        raise AssertionError("a user that was just made is there")
    return user
