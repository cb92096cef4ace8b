"""What somebody saw of a thing before they changed it: so that nobody undoes, unknowing, what another did meanwhile.

In: the content of something that people set: an owner, a rule, an action, a setting, a login. Out: its version, a short
hash that changes with the content; and ChangedError, where a change was meant for another version. Called by whatever
writes such things, in the transaction that does.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import is_dataclass
from typing import TYPE_CHECKING

from sqlalchemy import text

from scoville.errors import ChangedError

if TYPE_CHECKING:
    from sqlalchemy import Connection

_LOCK_NO = 7_204_816_532  # any number that nothing else locks by
_SHOWN = 16  # hex digits: 64 bits, for things of which there are hundreds


def version_of(content: object) -> str:
    """A short hash of a content, null included: what is not there has a version too.

    The order of keys, tuple or list, and 3 or 3.0 make no difference.
    """
    said = json.dumps(_plain(content), sort_keys=True, default=str)
    return hashlib.sha256(said.encode()).hexdigest()[:_SHOWN]


def hold(connection: Connection) -> None:
    """Nobody else changes what people set before this transaction ends. SQLite has one writer at a time anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK_NO})


def check_seen(seen: str | None, present: str, thing: str) -> None:
    """Whether the version that somebody saw is still that of the thing; null: they did not say what they saw.

    Call it after `hold`, with what is read after that. Raises: ChangedError.
    """
    if seen is not None and seen != present:
        raise ChangedError(thing)


def _plain(content: object) -> object:
    if is_dataclass(content):
        return _plain(vars(content))
    if isinstance(content, (list, tuple)):
        return [_plain(one) for one in content]
    if isinstance(content, float) and content.is_integer():
        return int(content)
    return {name: _plain(one) for name, one in content.items()} if hasattr(content, "items") else content
