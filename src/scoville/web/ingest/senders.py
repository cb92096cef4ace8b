"""The key that a request carries -> who sends.

In: headers, address and body of a request. Out: a `Sender`, or nothing. Called by `desk`. Keys are found in the store
by their hash, and remembered for a few seconds: a key that is revoked is refused within that time.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import contextlib
import time
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Protocol
from urllib.parse import parse_qs

from sqlalchemy.exc import DBAPIError

from scoville.live.ingest.rates import Rate
from scoville.live.store.metadata import utc_now
from scoville.web.auth.keys import find_key, is_use_unmarked, mark_used
from scoville.web.auth.secret_text import digest

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoville.live.store.opening import Store
    from scoville.web.auth.keys import Key

REMEMBERED_S = 5.0
_LOOKED_UP_S = 1.0
_MOST_REMEMBERED = 10_000  # keys, wrong ones among them: guessing must not fill the memory
_PUBLIC = Rate(events_per_s=1_000, burst=10_000)  # Segment takes 1,000 a second
_SECRET = Rate(events_per_s=10_000, burst=50_000)


@dataclass(frozen=True)
class Sender:
    """Who sends. A trusted one may speak for people who are known; `may_send` is the scope ingest."""

    key_id: str
    source_no: int
    is_trusted: bool
    may_send: bool
    rate: Rate


class Keys(Protocol):
    """Where keys are looked up."""

    async def find(self, key: str) -> Sender | None:
        """Who has this key; nothing when it is unknown, revoked or over. Raises: what the store raises."""


class StoredKeys:
    """The keys of the store."""

    def __init__(self, store: Store, *, clock: Callable[[], float] = time.monotonic) -> None:
        """`clock` counts seconds and never goes back."""
        self._store, self._clock = store, clock
        self._remembered: dict[bytes, tuple[float, Sender | None]] = {}
        self._marking: set[asyncio.Task[None]] = set()

    async def find(self, key: str) -> Sender | None:
        """Who has this key. What was sent is only ever compared by its hash, so that time tells nothing about a key."""
        known_by, now_s = digest(key), self._clock()
        until_s, sender = self._remembered.get(known_by, (0.0, None))
        if until_s > now_s:
            return sender
        if until_s:
            self._remembered[known_by] = (now_s + _LOOKED_UP_S, sender)  # one looks it up, the others go on
        found = await asyncio.to_thread(self._look_up, key)
        sender = None if found is None else _sender(found)
        self._remember(known_by, now_s + REMEMBERED_S, sender)
        if found and is_use_unmarked(found, utc_now()):
            marking = asyncio.create_task(asyncio.to_thread(self._mark, found.key_id))
            self._marking.add(marking)  # the loop itself holds a task only weakly
            marking.add_done_callback(self._marking.discard)
        return sender

    def _remember(self, known_by: bytes, until_s: float, sender: Sender | None) -> None:
        if len(self._remembered) >= _MOST_REMEMBERED:
            self._remembered.clear()
        self._remembered[known_by] = (until_s, sender)

    def _look_up(self, key: str) -> Key | None:
        with self._store.reading() as connection:
            return find_key(connection, key, utc_now())

    def _mark(self, key_id: str) -> None:
        """Nobody waits for it, and an event is taken although it fails."""
        with contextlib.suppress(DBAPIError), self._store.writing() as connection:
            mark_used(connection, key_id, utc_now())


def _sender(key: Key) -> Sender:
    return Sender(
        key_id=key.key_id,
        source_no=key.source_no,
        is_trusted=key.is_trusted,
        may_send="ingest" in key.scopes,
        rate=_PUBLIC if key.kind == "write" else _SECRET,
    )


@lru_cache(maxsize=1024)  # a sender writes the same header every time
def key_in_authorization(value: bytes) -> str | None:
    """The key of an Authorization header: Basic with it as the user, with or without a colon, or Bearer."""
    scheme, _, rest = value.strip().partition(b" ")
    if scheme.lower() == b"bearer":
        return rest.strip().decode("latin-1") or None
    if scheme.lower() != b"basic":
        return None
    try:
        user, _, _ = base64.b64decode(rest.strip(), validate=True).partition(b":")
    except binascii.Error:
        return None
    return user.decode(errors="replace").strip() or None


def key_in_query(query: bytes) -> str | None:
    """The key of an address: `?writeKey=...`."""
    return next(iter(parse_qs(query.decode("latin-1")).get("writeKey", [])), None)
