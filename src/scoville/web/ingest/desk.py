"""One request with events -> its answer.

In: an ASGI request. Out: an `Answer`, after the commit. Called by `routes`. The body is read as bytes whatever its
Content-Type says: browsers send text/plain, one server client a form's. No cookie is read.
"""

from __future__ import annotations

import asyncio
import logging
import time
import uuid
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import TYPE_CHECKING

from sqlalchemy.exc import DBAPIError

from scoville.live.ingest.inbox import AwayError, FullError, Inbox
from scoville.live.ingest.inflating import Inflating, too_large
from scoville.live.ingest.messages import Batch, UnreadableError
from scoville.live.ingest.parsing import parse
from scoville.live.ingest.rates import Buckets
from scoville.live.ingest.reading import Arrival, key_in, read_batch
from scoville.live.ingest.rules import Rules, rules_in_force
from scoville.web.ingest.answers import ACCEPTED, Answer, refusal
from scoville.web.ingest.counted import RETRIES, count_written
from scoville.web.ingest.senders import Keys, Sender, StoredKeys, key_in_authorization, key_in_query

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope

    from scoville.live.store.opening import Store

_STATUS = {
    "too_large": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "too_many_events": HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    "unknown_encoding": HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
}
_AWAY_S = 1.0  # the most patient client that counts its attempts has given up after 1.5 s
_FULL_S = 1.0
_LONG_BYTES = 128 * 1024  # from here on reading takes milliseconds, in which nobody else would be answered
_SLOW_S = 30.0  # for all of a body that does not come at once
_log = logging.getLogger(__name__)


class LeftError(Exception):
    """The sender hung up before its request was complete."""


class TurnedAwayError(Exception):
    """The request is answered with this, and nothing of it is stored."""

    def __init__(self, status: HTTPStatus, code: str, message: str, *, retry_after_s: float | None = None) -> None:
        self.code = code
        self.answer = refusal(status, code, message, retry_after_s=retry_after_s)
        super().__init__(message)


@dataclass
class Desk:
    """What it takes to take events in. The clocks are arguments, so that a test can stop them.

    `rules` may be replaced at any time: the next request is taken by the new ones.
    """

    keys: Keys
    inbox: Inbox
    rules: Rules = field(default_factory=Rules)
    now_us: Callable[[], int] = lambda: time.time_ns() // 1000
    steady_s: Callable[[], float] = time.monotonic
    new_id: Callable[[], str] = lambda: str(uuid.uuid4())
    buckets: Buckets = field(default_factory=Buckets)

    async def take(
        self, scope: Scope, receive: Receive, event_type: str | None, *, history: bool = False, keyed: bool = False
    ) -> Answer | None:
        """Store the events of a request and answer it; null when its sender has left.

        `event_type` comes from the address, null for a batch; `history` keeps the times of trusted senders; `keyed`
        allows the key in the address. Raises: TurnedAwayError.
        """
        try:
            headers = _headers_of(scope)
            body = await self._body(headers, receive)
            key = key_in_authorization(headers.get(b"authorization", b""))
            key = key or (key_in_query(scope["query_string"]) if keyed else None)
            document = await self._parsed(body) if key is None else None
            sender = await self.admitted(key or key_in(document))
            if document is None:
                document = await self._parsed(body)
            await self.store(document, sender, event_type, history=history, is_long=len(body) > _LONG_BYTES)
        except LeftError:
            return None
        return ACCEPTED

    async def admitted(self, key: str | None) -> Sender:
        """Who sends. Raises: TurnedAwayError (no key, a wrong one, one that may not send, or sends too much)."""
        if key is None:
            raise TurnedAwayError(
                HTTPStatus.UNAUTHORIZED, "no_write_key", "Send the write key: Authorization: Basic base64(KEY:)."
            )
        try:
            sender = await self.keys.find(key)
        except DBAPIError as failed:
            raise _away(failed) from None
        if sender is None:
            raise TurnedAwayError(
                HTTPStatus.UNAUTHORIZED, "invalid_write_key", "This write key is not known here, or no longer."
            )
        if not sender.may_send:
            raise TurnedAwayError(HTTPStatus.FORBIDDEN, "missing_scope", "This key needs the scope ingest.")
        wait_s = self.buckets.wait_s(sender.key_id, sender.rate, self.steady_s())
        if wait_s > 0:
            limit = f"This key may send {sender.rate.events_per_s:,.0f} events a second; wait."
            raise TurnedAwayError(HTTPStatus.TOO_MANY_REQUESTS, "too_many_requests", limit, retry_after_s=wait_s)
        return sender

    async def store(
        self, document: object, sender: Sender, event_type: str | None, *, history: bool = False, is_long: bool = False
    ) -> None:
        """Read the events and wait until they are durable. Raises: TurnedAwayError."""
        arrival = Arrival(
            sender.source_no, sender.is_trusted, self.now_us(), event_type, is_history=history and sender.is_trusted
        )
        try:
            batch = await self._read(document, arrival, is_long=is_long)
            self.buckets.take(sender.key_id, sender.rate, len(batch), self.steady_s())
            await self.inbox.put(batch)
        except UnreadableError as unreadable:
            raise _unreadable(unreadable) from None
        except FullError as full:
            raise TurnedAwayError(HTTPStatus.TOO_MANY_REQUESTS, "busy", f"{full}.", retry_after_s=_FULL_S) from None
        except AwayError as away:
            raise _away(away) from None

    async def _read(self, document: object, arrival: Arrival, *, is_long: bool) -> Batch:
        if is_long:
            return await asyncio.to_thread(read_batch, document, arrival, self.rules, self.new_id)
        return read_batch(document, arrival, self.rules, self.new_id)

    async def _parsed(self, body: bytes) -> object:
        try:
            return await asyncio.to_thread(parse, body) if len(body) > _LONG_BYTES else parse(body)
        except UnreadableError as unreadable:
            raise _unreadable(unreadable) from None

    async def _body(self, headers: dict[bytes, bytes], receive: Receive) -> bytes:
        """The body, unpacked. Raises: LeftError; TurnedAwayError when it is too large, wrongly packed or too slow."""
        try:
            if _declared_bytes(headers) > self.rules.body_bytes:
                raise too_large(self.rules.body_bytes)
            inflating = Inflating(headers.get(b"content-encoding", b"").decode("latin-1"), self.rules.body_bytes)
            if await _fed(inflating, receive):
                async with asyncio.timeout(_SLOW_S):
                    while await _fed(inflating, receive):
                        pass
            return inflating.body()
        except UnreadableError as unreadable:
            raise _unreadable(unreadable) from None
        except TimeoutError:
            slow = f"The body did not arrive within {_SLOW_S:.0f} seconds."
            raise TurnedAwayError(HTTPStatus.REQUEST_TIMEOUT, "too_slow", slow) from None


def desk_of(store: Store) -> Desk:
    """The desk of an installation, by its keys and settings. Enter its inbox before it takes anything."""
    return Desk(StoredKeys(store), Inbox(store, told=count_written), rules_in_force(store))


async def _fed(inflating: Inflating, receive: Receive) -> bool:
    """Take the next part of the body; whether there is more."""
    part = await receive()
    if part["type"] == "http.disconnect":
        raise LeftError
    inflating.feed(part.get("body", b""))
    return bool(part.get("more_body", False))


def _headers_of(scope: Scope) -> dict[bytes, bytes]:
    headers = dict(scope["headers"])
    if headers.get(b"x-retry-count", b"0") != b"0":
        RETRIES.inc()
    return headers


def _declared_bytes(headers: dict[bytes, bytes]) -> int:
    declared = headers.get(b"content-length", b"0")
    return int(declared) if declared.isdigit() else 0


def _unreadable(error: UnreadableError) -> TurnedAwayError:
    return TurnedAwayError(_STATUS.get(error.code, HTTPStatus.BAD_REQUEST), error.code, str(error))


def _away(error: Exception) -> TurnedAwayError:
    _log.warning("events turned away: %s", type(error).__name__)  # the error's text may hold personal data
    said = "The store cannot be written now; nothing was stored. Send it again."
    return TurnedAwayError(HTTPStatus.SERVICE_UNAVAILABLE, "unavailable", said, retry_after_s=_AWAY_S)
