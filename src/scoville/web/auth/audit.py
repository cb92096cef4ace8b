"""The audit log: who did what, in entries of which each seals the one before it.

In: a connection whose transaction makes the change. Out: an entry in the same transaction. Called by everything that
changes something for a person, a key or the command line. Whoever changes, removes or slips in an entry breaks the
chain, and `verify` says where; cutting off the end shows only beside a hash that was noted elsewhere.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import insert, select, text

from scoville.live.store.access import audit_log
from scoville.live.store.metadata import to_us
from scoville.web.auth.secret_text import digest

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

_BEFORE_ALL = bytes(32)
_LOCK_NO = 7_204_816_531  # any number that nothing else locks by
_CHUNK = 1_000


@dataclass(frozen=True)
class Verdict:
    """How many entries are sound from the first on, and what is wrong with the next; null when all are sound."""

    sound: int
    fault: str | None
    last_hash: str


def record(
    connection: Connection,
    actor: str,
    action: str,
    thing: str = "",
    detail: Mapping[str, object] | None = None,
    *,
    now: datetime,
) -> None:
    """Write one entry, in the transaction of what it speaks of: both stand, or neither."""
    if connection.dialect.name == "postgresql":  # one at a time, or two entries would seal the same one
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK_NO})
    newest = select(audit_log.c.entry_no, audit_log.c.hash).order_by(audit_log.c.entry_no.desc()).limit(1)
    last = connection.execute(newest).first()
    entry: dict[str, Any] = {
        "entry_no": last.entry_no + 1 if last else 1,
        "at": now,
        "actor": actor,
        "action": action,
        "object": thing,
        "detail": dict(detail or {}),
        "previous_hash": last.hash if last else _BEFORE_ALL,
    }
    connection.execute(insert(audit_log).values(**entry, hash=_seal(entry)))


def verify(connection: Connection) -> Verdict:
    """Walk the whole chain. Memory does not grow with its length."""
    sound, hash_before = 0, _BEFORE_ALL
    chosen = select(audit_log).order_by(audit_log.c.entry_no).execution_options(yield_per=_CHUNK)
    with closing(connection.execute(chosen)) as rows:
        for row in rows.mappings():
            if row["entry_no"] != sound + 1:
                return Verdict(sound, f"entry {sound + 1} is missing", hash_before.hex())
            if row["previous_hash"] != hash_before or row["hash"] != _seal(dict(row)):
                return Verdict(sound, f"entry {sound + 1} is not as it was written", hash_before.hex())
            sound, hash_before = sound + 1, row["hash"]
    return Verdict(sound, None, hash_before.hex())


def _seal(entry: Mapping[str, Any]) -> bytes:
    detail = orjson.dumps(entry["detail"], option=orjson.OPT_SORT_KEYS).decode()
    plain = [str(entry["entry_no"]), str(to_us(entry["at"])), entry["actor"], entry["action"], entry["object"], detail]
    return digest(*plain, entry["previous_hash"].hex())
