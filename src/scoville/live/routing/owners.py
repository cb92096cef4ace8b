"""Who can be given leads: owners, when they work, how much they take, when they are away.

In: an `Owner` or an absence as a person sets it. Out: rows, checked. Called by the API. Each change wakes the queue:
somebody who waited for it may now be given to somebody.
"""

from __future__ import annotations

import math
import re
import secrets
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from scoville.errors import UsageError
from scoville.live.routing.hours import hours_of
from scoville.live.routing.queue import wake
from scoville.live.store.people import accounts
from scoville.live.store.routing import absences, account_owners, owners
from scoville.live.store.seen import check_seen, hold, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from scoville.live.routing.hours import Hours
    from scoville.live.store.opening import Store

_MAIL = re.compile(r"[^@\s<>,;\"]{1,64}@[^@\s<>,;\"]{1,255}$")


@dataclass(frozen=True)
class Owner:
    """A person who works leads. Null limits: none. `weight` is the share among others, such as 0.5 for half a job."""

    name: str
    email: str
    is_active: bool = True
    capacity: int | None = None
    period: Literal["day", "week"] = "day"
    carry_over: int = 0
    open_limit: int | None = None
    weight: float = 1.0
    hours: Mapping[str, Sequence[str]] = field(default_factory=dict)
    time_zone: str = "UTC"


@dataclass(frozen=True)
class KnownOwner:
    """An owner with the id that addresses and pages show."""

    owner_id: str
    owner: Owner
    created_at: datetime

    @property
    def version(self) -> str:
        """Changes with what is said of the owner."""
        return version_of(self.owner)


@dataclass(frozen=True)
class Absence:
    """Away in [from_at, until_at), naive UTC."""

    absence_no: int
    from_at: datetime
    until_at: datetime
    note: str


def save_owner(
    store: Store, owner: Owner, now: datetime, *, owner_id: str | None = None, seen: str | None = None
) -> str:
    """Write a new owner, or change one of which somebody saw a version; the id.

    Raises: UsageError for what cannot be, an unknown id, or an address that somebody else has; ChangedError.
    """
    check_owner(owner)
    row = vars(owner) | {"hours": {day: list(spans) for day, spans in owner.hours.items()}}
    with store.writing() as connection:
        hold(connection)
        before = connection.execute(select(owners).where(owners.c.owner_id == owner_id)).one_or_none()
        if owner_id is not None and before is None:
            raise UsageError(f"there is no owner '{owner_id}'")
        holder = connection.execute(select(owners.c.owner_id).where(owners.c.email == owner.email)).scalar()
        if holder not in {None, owner_id}:
            raise UsageError(f"{owner.email} is the address of another owner")
        if before is None:
            owner_id = secrets.token_urlsafe(16)
            connection.execute(insert(owners).values(row | {"owner_id": owner_id, "created_at": now}))
        else:
            check_seen(seen, _known(before).version, before.owner_id)
            connection.execute(update(owners).where(owners.c.owner_no == before.owner_no).values(row))
        wake(connection, now)
    return str(owner_id)


def check_owner(owner: Owner) -> None:
    """Raises: UsageError with the first thing that cannot be."""
    if not owner.name.strip() or not _MAIL.match(owner.email):
        raise UsageError(f"an owner needs a name and a mail address; '{owner.email}' is none")
    if owner.period not in {"day", "week"}:
        raise UsageError(f"'{owner.period}' is no period; allowed: day, week")
    for word in ("capacity", "open_limit", "carry_over"):
        value = getattr(owner, word)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int) or value < 0):
            raise UsageError(f"{word} is a whole number from 0 on, and not {value!r}")
    if not (math.isfinite(owner.weight) and owner.weight > 0):
        raise UsageError(f"weight is a number above 0, and not {owner.weight!r}; to give somebody nothing, deactivate")
    hours_of(owner.hours, owner.time_zone)


def list_owners(store: Store) -> list[KnownOwner]:
    """All owners by name, also those who are no longer active."""
    with store.reading() as connection:
        return [_known(row) for row in connection.execute(select(owners).order_by(owners.c.name, owners.c.owner_no))]


def find_owner(store: Store, owner_id: str) -> KnownOwner | None:
    """One owner; None for an unknown id."""
    with store.reading() as connection:
        row = connection.execute(select(owners).where(owners.c.owner_id == owner_id)).one_or_none()
    return None if row is None else _known(row)


def save_absence(
    store: Store, owner_id: str, from_at: datetime, until_at: datetime, now: datetime, *, note: str = ""
) -> int:
    """Write down that somebody is away; the number of the absence.

    Raises: UsageError for an unknown owner, an end before the start, or one that overlaps another.
    """
    if from_at >= until_at:
        raise UsageError("an absence ends after it begins")
    with store.writing() as connection:
        number = owner_no_of(connection, owner_id)
        a = absences.c
        other = select(a.absence_no).where(a.owner_no == number, a.from_at < until_at, a.until_at > from_at)
        if connection.execute(other).first():
            raise UsageError("this absence overlaps another one of the same person; change that one")
        row = {"owner_no": number, "from_at": from_at, "until_at": until_at, "note": note}
        made = connection.execute(insert(absences).values(row).returning(a.absence_no)).scalar_one()
        wake(connection, now)
    return int(made)


def list_absences(store: Store, owner_id: str) -> list[Absence]:
    """The absences of an owner, the first one first."""
    a = absences.c
    wanted = select(a.absence_no, a.from_at, a.until_at, a.note).join(owners, owners.c.owner_no == a.owner_no)
    with store.reading() as connection:
        rows = connection.execute(wanted.where(owners.c.owner_id == owner_id).order_by(a.from_at))
        return [Absence(*row) for row in rows]


def delete_absence(store: Store, owner_id: str, absence_no: int, now: datetime) -> None:
    """Take an absence back. Raises: UsageError when this owner has none of that number."""
    with store.writing() as connection:
        mine = (absences.c.absence_no == absence_no, absences.c.owner_no == owner_no_of(connection, owner_id))
        if not connection.execute(delete(absences).where(*mine)).rowcount:
            raise UsageError(f"there is no absence {absence_no} of this owner")
        wake(connection, now)


def save_account_owner(
    store: Store, account_id: str, owner_id: str | None, by: str, now: datetime, *, seen: str | None = None
) -> None:
    """From now on the people of an account go to this owner; None: to whom the rules say.

    `seen` is the version of the owner's id that somebody saw. Raises: UsageError for an unknown account or owner;
    ChangedError.
    """
    with store.writing() as connection:
        hold(connection)
        account_no = connection.execute(
            select(accounts.c.account_no).where(accounts.c.account_id == account_id)
        ).scalar()
        if account_no is None:
            raise UsageError(f"there is no account '{account_id}'")
        check_seen(seen, version_of(_owner_of_account(connection, account_no)), account_id)
        connection.execute(delete(account_owners).where(account_owners.c.account_no == account_no))
        if owner_id is not None:
            set_account_owner(connection, {account_no: owner_no_of(connection, owner_id)}, by, now)
        wake(connection, now)


def _owner_of_account(connection: Connection, account_no: int) -> str | None:
    held = select(owners.c.owner_id).join(account_owners, account_owners.c.owner_no == owners.c.owner_no)
    found: str | None = connection.execute(held.where(account_owners.c.account_no == account_no)).scalar()
    return found


def set_account_owner(connection: Connection, owner_by_account: Mapping[int, int], by: str, now: datetime) -> None:
    """Owners of accounts that have none yet; the others stay as they are."""
    maker = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    rows = [
        {"account_no": account, "owner_no": owner, "since": now, "set_by": by}
        for account, owner in sorted(owner_by_account.items())
    ]
    if rows:
        connection.execute(maker(account_owners).on_conflict_do_nothing(), rows)


def owner_no_of(connection: Connection, owner_id: str) -> int:
    """The number of an owner. Raises: UsageError for an unknown id."""
    number: int | None = connection.execute(select(owners.c.owner_no).where(owners.c.owner_id == owner_id)).scalar()
    if number is None:
        raise UsageError(f"there is no owner '{owner_id}'")
    return number


def hours_of_owner(row: Row[Any]) -> Hours:
    """The working hours in a row of `owners`."""
    return hours_of(row.hours, row.time_zone)


def _known(row: Row[Any]) -> KnownOwner:
    owner = Owner(row.name, row.email, row.is_active, row.capacity, row.period, row.carry_over, row.open_limit,
                  row.weight, row.hours, row.time_zone)  # fmt: skip
    return KnownOwner(row.owner_id, owner, row.created_at)
