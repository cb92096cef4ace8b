"""People who asked to be forgotten are known by a hash alone: enough to drop what arrives about them later."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from scoville.live.fold.messages import Id

_HASH_BYTES = 16
_FIND = text("SELECT person_hash FROM suppressed WHERE person_hash IN :hashes").bindparams(
    bindparam("hashes", expanding=True)
)


def person_hash(one: Id) -> bytes:
    """Half a SHA-256 of kind and id."""
    return hashlib.sha256(f"{one.kind}:{one.value}".encode()).digest()[:_HASH_BYTES]


def suppressed_among(connection: Connection, ids: Iterable[Id]) -> set[Id]:
    """Those of some ids whose person was forgotten."""
    if connection.execute(text("SELECT 1 FROM suppressed LIMIT 1")).first() is None:
        return set()
    by_hash = {person_hash(one): one for one in ids}
    rows = connection.execute(_FIND, {"hashes": [*by_hash]})
    return {by_hash[bytes(found)] for (found,) in rows}
