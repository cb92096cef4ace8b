"""Batches of many requests -> one durable transaction, and an answer to each of them.

In: batches, from the event loop of the server. Out: an answer to each, given after the commit: what was answered is on
the disk. One thread writes; while it commits, the next requests gather and go together. Called by the door of the
server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import threading
from collections import deque
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from sqlalchemy.exc import InterfaceError, OperationalError

from scoville.errors import EngineError
from scoville.live.ingest.writing import Written, write_batches

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import TracebackType

    from scoville.live.ingest.messages import Batch
    from scoville.live.store.opening import Store

_ROOM_BYTES = 64 * 1024 * 1024  # that many wait in memory at most; then senders are asked to wait
_ROW_BYTES = 500  # of a message beside its payload
_MOST_MESSAGES = 2_000  # of one transaction: others that write wait no longer than it lasts
_log = logging.getLogger(__name__)


class FullError(EngineError):
    """More is arriving than can be written: senders have to wait."""


class AwayError(EngineError):
    """The store is full or cannot be reached: nothing was stored."""


@dataclass(frozen=True)
class _Waiting:
    batch: Batch
    weight_bytes: int
    answered: asyncio.Future[None]


class Inbox:
    """The way into the store. Use it as a context: on leaving, what waits is written."""

    def __init__(
        self,
        store: Store,
        *,
        room_bytes: int = _ROOM_BYTES,
        told: Callable[[Written], None] = lambda written: None,  # noqa: ARG005
    ) -> None:
        """`told` is called after each commit with what was written: for counters."""
        self._store, self._room_bytes, self._told = store, room_bytes, told
        self._waiting: deque[_Waiting] = deque()
        self._held_bytes = 0
        self._changed = threading.Condition()
        self._is_closing = False
        self._thread = threading.Thread(target=self._run, name="inbox", daemon=True)
        errors = store.engine.dialect.loaded_dbapi
        self._away = (OperationalError, InterfaceError, errors.OperationalError, errors.InterfaceError, OSError)

    def __enter__(self) -> Self:
        """Begin to write."""
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Write what waits, answer it, and stop."""
        with self._changed:
            self._is_closing = True
            self._changed.notify()
        self._thread.join()

    async def put(self, batch: Batch) -> None:
        """Return when all of it is durable.

        Raises: FullError when too much waits already; AwayError when the store is full, away, or being closed.
        """
        if not len(batch):
            return
        waiting = _Waiting(batch, _weight(batch), asyncio.get_running_loop().create_future())
        with self._changed:
            self._admit(waiting)
            self._changed.notify()
        await waiting.answered

    def _admit(self, waiting: _Waiting) -> None:
        if self._is_closing:
            raise AwayError("the server is stopping; send it again")
        if self._held_bytes and self._held_bytes + waiting.weight_bytes > self._room_bytes:
            raise FullError("more events arrive than can be written; send them again a little later")
        self._held_bytes += waiting.weight_bytes
        self._waiting.append(waiting)

    def _run(self) -> None:
        while group := self._next():
            self._write(group)

    def _next(self) -> list[_Waiting]:
        """What goes into the next transaction; empty when the inbox is closed."""
        with self._changed:
            self._changed.wait_for(lambda: self._waiting or self._is_closing)
            group: list[_Waiting] = []
            messages = 0
            while self._waiting and messages < _MOST_MESSAGES:
                group.append(self._waiting.popleft())
                messages += len(group[-1].batch)
            return group

    def _write(self, group: list[_Waiting]) -> None:
        """One transaction for all of them. One that cannot be written must not take the others with it."""
        try:
            with self._store.writing() as connection:
                written = write_batches(connection, [one.batch for one in group])
        except Exception as failed:  # noqa: BLE001 - a thread that ends here would leave every sender without an answer
            if len(group) > 1 and not isinstance(failed, self._away):
                for one in group:
                    self._write([one])
                return
            _log.error("events not stored: %s", type(failed).__name__)  # the error's text may hold personal data
            self._answer(group, AwayError("the store is full or cannot be reached; nothing was stored, send it again"))
            return
        self._told(written)
        self._answer(group, None)

    def _answer(self, group: list[_Waiting], error: AwayError | None) -> None:
        with self._changed:
            self._held_bytes -= sum(one.weight_bytes for one in group)
        loops = {one.answered.get_loop() for one in group}
        for loop in loops:
            mine = [one.answered for one in group if one.answered.get_loop() is loop]
            with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for the answer any more
                loop.call_soon_threadsafe(_resolve, mine, error)


def _resolve(answered: list[asyncio.Future[None]], error: AwayError | None) -> None:
    for one in answered:
        if one.done():  # its request was given up
            continue
        if error is None:
            one.set_result(None)
        else:
            one.set_exception(error)


def _weight(batch: Batch) -> int:
    texts = sum(len(one.payload) for one in batch.messages) + sum(len(one.body) for one in batch.refused)
    return texts + _ROW_BYTES * len(batch)
