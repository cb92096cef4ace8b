"""Keys of programs: made, found by what was sent, revoked.

In: a connection of the store, and the key as it was sent. Out: `Key`, or nothing. Called by the API, by ingestion and
by `scoville key`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import insert, select, update

from scoville.errors import UsageError
from scoville.live.ingest.sources import source_named
from scoville.live.store import access
from scoville.live.store.log import sources
from scoville.web.auth.secret_text import digest, new_id, new_secret

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection, RowMapping

Kind = Literal["write", "secret"]
Scope = Literal["ingest", "read", "write", "admin"]
SCOPES: tuple[Scope, ...] = get_args(Scope)
_SHOWN = 6  # characters of the random part that are kept in clear, so that a person knows the key again
_USED_EVERY = timedelta(minutes=1)  # a write for each request would cost more than the request
_KINDS: tuple[Kind, ...] = get_args(Kind)


@dataclass(frozen=True)
class Key:
    """A key that is in force. `source_no` is the source that its messages belong to."""

    key_id: str
    kind: Kind
    is_trusted: bool
    scopes: frozenset[str]
    source_no: int
    name: str
    prefix: str
    last_used_at: datetime | None


@dataclass(frozen=True)
class NewKey:
    """What to make. A write key stands in pages for all to see, so it can only send events, and is not believed."""

    name: str
    kind: Kind
    scopes: tuple[str, ...] = ()
    source: str = ""
    is_trusted: bool | None = None
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Made:
    """A new key. `secret` is shown once, and known to nobody afterwards."""

    key_id: str
    secret: str


def create_key(connection: Connection, wanted: NewKey, *, author: str, now: datetime) -> Made:
    """Make a key. Raises: UsageError for a kind or scope that there is not, or an end in the past."""
    _check(wanted, now)
    secret, key_id = new_secret(f"sv_{wanted.kind}_"), new_id()
    connection.execute(
        insert(access.keys).values(
            key_id=key_id,
            hash=digest(secret),
            prefix=secret[: len(f"sv_{wanted.kind}_") + _SHOWN],
            kind=wanted.kind,
            is_trusted=wanted.kind == "secret" if wanted.is_trusted is None else wanted.is_trusted,
            scopes=list(_scopes(wanted)),
            source_no=source_named(connection, wanted.source or wanted.name, now),
            name=wanted.name,
            created_at=now,
            created_by=author,
            expires_at=wanted.expires_at,
        )
    )
    return Made(key_id, secret)


def find_key(connection: Connection, secret: str, now: datetime) -> Key | None:
    """The key that was sent, if it is in force. Found by its hash: what was sent is compared with nothing in clear."""
    columns = access.keys.c
    row = connection.execute(
        select(access.keys).where(
            columns.hash == digest(secret),
            columns.revoked_at.is_(None),
            (columns.expires_at.is_(None)) | (columns.expires_at > now),
        )
    ).mappings()
    return next((_key(found) for found in row), None)


def is_use_unmarked(key: Key, now: datetime) -> bool:
    """Whether it is time to write down that the key is used."""
    return key.last_used_at is None or now - key.last_used_at >= _USED_EVERY


def mark_used(connection: Connection, key_id: str, now: datetime) -> None:
    """Write down that a key was used."""
    connection.execute(update(access.keys).where(access.keys.c.key_id == key_id).values(last_used_at=now))


def list_keys(connection: Connection) -> list[dict[str, Any]]:
    """All keys, the newest first, with the name of their source; never their hash."""
    shown = [column for column in access.keys.c if column.name != "hash"]
    joined = select(*shown, sources.c.name.label("source")).join(sources)
    newest_first = joined.order_by(access.keys.c.created_at.desc(), access.keys.c.key_id)
    return [dict(row) for row in connection.execute(newest_first).mappings()]


def revoke_key(connection: Connection, key_id: str, now: datetime) -> bool:
    """End a key at once. False when there is no such key in force."""
    columns = access.keys.c
    ended = update(access.keys).where(columns.key_id == key_id, columns.revoked_at.is_(None)).values(revoked_at=now)
    return connection.execute(ended).rowcount > 0


def _scopes(wanted: NewKey) -> tuple[str, ...]:
    if wanted.kind == "write":
        return ("ingest",)
    return tuple(scope for scope in SCOPES if scope in (wanted.scopes or ("ingest", "read")))


def _check(wanted: NewKey, now: datetime) -> None:
    if wanted.kind not in _KINDS:
        raise UsageError(f"'{wanted.kind}' is no kind of key; there are {_listed(_KINDS)}")
    if unknown := [scope for scope in wanted.scopes if scope not in SCOPES]:
        raise UsageError(f"'{unknown[0]}' is no scope; there are {_listed(SCOPES)}")
    if wanted.kind == "write" and {*wanted.scopes} - {"ingest"}:
        raise UsageError("a write key stands where everybody can read it: it has the scope ingest and no other")
    if wanted.expires_at is not None and wanted.expires_at <= now:
        raise UsageError(f"a key that ended on {wanted.expires_at:%Y-%m-%d %H:%M} is of no use; name a later instant")


def _listed(names: Iterable[str]) -> str:
    return ", ".join(names)


def _key(row: RowMapping) -> Key:
    return Key(
        row["key_id"], row["kind"], row["is_trusted"], frozenset(row["scopes"]), row["source_no"], row["name"],
        row["prefix"], row["last_used_at"],
    )  # fmt: skip
