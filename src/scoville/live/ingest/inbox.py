"""Batches of many requests -> one durable transaction, and an answer to each of them.

In: batches, from the event loop of the server. Out: an answer to each, given after the commit: what was answered is on
the disk. One thread writes; while it commits, the next requests gather and go together. The loop appends to a deque
and the thread takes from it, which needs no lock. Called by the door of the server.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import queue
import threading
import time
from collections import deque
from typing import TYPE_CHECKING, NamedTuple, Self

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
_APART_S = (
    0.002  # between two transactions under load: where a commit is fast, many small ones would take the processor
)
_log = logging.getLogger(__name__)


class FullError(EngineError):
    """More is arriving than can be written: senders have to wait."""


class AwayError(EngineError):
    """The store is full or cannot be reached: nothing was stored."""


class _Waiting(NamedTuple):
    batch: Batch
    weight_bytes: int
    answered: asyncio.Future[None]


class Inbox:
    """The way into the store, for one event loop. Use it as a context: on leaving, what waits is written."""

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
        self._is_busy = False  # the thread is at work, or about to be
        self._is_closing = False
        self._calls: queue.SimpleQueue[str] = queue.SimpleQueue()
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
        """Write what waits, and stop. The server calls it when all requests are answered."""
        self._is_closing = True
        self._calls.put("")
        self._thread.join()

    async def put(self, batch: Batch) -> None:
        """Return when all of it is durable.

        Raises: FullError when too much waits already; AwayError when the store is full, away, or being closed.
        """
        if not len(batch):
            return
        weight_bytes = _weight(batch)
        if self._is_closing:
            raise AwayError("the server is stopping; send it again")
        if self._held_bytes and self._held_bytes + weight_bytes > self._room_bytes:
            raise FullError("more events arrive than can be written; send them again a little later")
        loop = asyncio.get_running_loop()
        waiting = _Waiting(batch, weight_bytes, loop.create_future())
        self._held_bytes += weight_bytes
        self._waiting.append(waiting)
        if not self._is_busy:
            self._is_busy = True
            loop.call_soon(self._calls.put, "work")  # what arrives in the same turn of the loop goes with it
        await waiting.answered

    def _run(self) -> None:
        while self._calls.get():
            self._write_all()
        self._write_all()

    def _write_all(self) -> None:
        """Write until nothing waits. What is put after the last look finds the thread idle, and calls it."""
        while True:
            while group := self._next():
                begun_s = time.monotonic()
                errors = self._written(group)
                self._tell(group, errors)
                time.sleep(max(0.0, begun_s + _APART_S - time.monotonic()))
            self._is_busy = False
            if not self._waiting:
                return
            self._is_busy = True

    def _next(self) -> list[_Waiting]:
        members: list[_Waiting] = []
        messages = 0
        while self._waiting and messages < _MOST_MESSAGES:
            members.append(self._waiting.popleft())
            messages += len(members[-1].batch)
        return members

    def _written(self, members: list[_Waiting]) -> list[AwayError | None]:
        """One transaction for all of them. One that cannot be written must not take the others with it."""
        try:
            with self._store.writing() as connection:
                written = write_batches(connection, [one.batch for one in members])
        except Exception as failed:  # noqa: BLE001 - a thread that ends here would leave every sender without an answer
            if len(members) > 1 and not isinstance(failed, self._away):
                return [error for one in members for error in self._written([one])]
            _log.error("events not stored: %s", type(failed).__name__)  # the error's text may hold personal data
            away = "the store is full or cannot be reached; nothing was stored, send it again"
            return [AwayError(away) for _ in members]
        self._told(written)
        return [None] * len(members)

    def _tell(self, group: list[_Waiting], errors: list[AwayError | None]) -> None:
        with contextlib.suppress(RuntimeError):  # the loop is closed: nobody waits for the answer any more
            group[0].answered.get_loop().call_soon_threadsafe(self._answer, group, errors)

    def _answer(self, group: list[_Waiting], errors: list[AwayError | None]) -> None:
        """Back on the loop."""
        for one, error in zip(group, errors, strict=True):
            self._held_bytes -= one.weight_bytes
            if one.answered.done():  # its request was given up
                continue
            if error is None:
                one.answered.set_result(None)
            else:
                one.answered.set_exception(error)


def _weight(batch: Batch) -> int:
    texts = sum(len(one.payload) for one in batch.messages) + sum(len(one.body) for one in batch.refused)
    return texts + _ROW_BYTES * len(batch)
