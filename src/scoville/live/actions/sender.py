"""Attempts side by side: a thread of its own in which they wait for other machines, so that nothing else has to.

In: parcels, from the worker. Out: what became of them, for the worker to write down. One slow machine holds up neither
the worker nor the messages to others: each action has only so many attempts on their way.
"""

from __future__ import annotations

import asyncio
import threading
from collections import Counter, deque
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from scoville.errors import UsageError
from scoville.live.actions.addresses import Policy, resolve_by_system
from scoville.live.actions.defining import opened
from scoville.live.actions.sending import Attempt, Way, attempt, http_client

if TYPE_CHECKING:
    from collections.abc import Coroutine
    from datetime import datetime

    from sqlalchemy import Row

    from scoville.live.actions.addresses import Resolve
    from scoville.live.actions.delivering import Parcel
    from scoville.live.actions.sealing import Sealer

AT_ONCE = 256
_THREADS = 32  # for what only waits in a thread: looking up names, and mail
AT_ONCE_EACH = {"webhook": 8, "slack": 1, "email": 2}  # per action; Slack takes about one a second of each channel
_SLACK_PACE_S = 1.0


class Sender:
    """Takes parcels and attempts them. `close` lets what is on its way come to its end, for `timeout_s` at most."""

    def __init__(
        self,
        sealer: Sealer,
        policy: Policy | None = None,
        *,
        resolve: Resolve = resolve_by_system,
        timeout_s: float = 15.0,
    ) -> None:
        self._sealer, self._timeout_s = sealer, timeout_s
        self._way = Way(policy or Policy(), resolve, http_client(timeout_s), timeout_s)
        self._under_way: Counter[int] = Counter()
        self._ended: deque[tuple[Parcel, datetime, Attempt]] = deque()
        self._changed = threading.Condition()
        self._loop = asyncio.new_event_loop()
        self._loop.set_default_executor(ThreadPoolExecutor(_THREADS, "sender"))
        self._thread = threading.Thread(target=self._loop.run_forever, name="sender", daemon=True)
        self._thread.start()

    def use_policy(self, policy: Policy) -> None:
        """From the next attempt on, these private hosts are allowed."""
        self._way = replace(self._way, policy=policy)

    def room(self, action: Row[Any]) -> int:
        """How many more parcels of this action may be on their way now."""
        with self._changed:
            free = AT_ONCE - self._under_way.total()
            return min(free, AT_ONCE_EACH[action.kind] - self._under_way[action.action_no])

    def begin(self, parcel: Parcel, now: datetime) -> None:
        """Start an attempt, and return at once."""
        with self._changed:
            self._under_way[parcel.action.action_no] += 1
        self._run(self._attempt(parcel, now))

    def finished(self) -> list[tuple[Parcel, datetime, Attempt]]:
        """Attempts that ended, until they are forgotten."""
        with self._changed:
            return list(self._ended)

    def forget(self, count: int) -> None:
        """The first so many are written down."""
        with self._changed:
            for _ in range(count):
                self._ended.popleft()

    def wait(self, timeout_s: float) -> bool:
        """Until nothing is on its way; False when it took longer."""
        with self._changed:
            return self._changed.wait_for(lambda: not self._under_way.total(), timeout_s)

    def close(self) -> None:
        """Let attempts end, then stop. What ended is still to be written down: `deliver_some(..., limit=0)`."""
        self.wait(self._timeout_s + 1)
        asyncio.run_coroutine_threadsafe(self._way.client.aclose(), self._loop).result(5)
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join(5)
        self._loop.close()

    def _run(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop)

    async def _attempt(self, parcel: Parcel, now: datetime) -> None:
        try:
            done = await attempt(opened(parcel.action, self._sealer), parcel.messages, self._way, now)
        except UsageError as error:  # sealed with another key
            done = Attempt("refused", str(error))
        except Exception as error:  # noqa: BLE001 - whatever it is: the attempt failed, and the next one is planned
            done = Attempt("failed", f"{type(error).__name__}: {error}"[:500])
        if parcel.action.kind == "slack":
            await asyncio.sleep(_SLACK_PACE_S)
        with self._changed:
            self._ended.append((parcel, now, done))
            self._under_way[parcel.action.action_no] -= 1
            self._changed.notify_all()
