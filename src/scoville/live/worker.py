"""The worker: everything that happens after an event has been stored, again and again.

In: chores, each a function that does some work and says how much. Out: nothing; it runs until it is told to stop.
Called by `scoville serve --role worker`.

A lane is one thread with the chores that must not wait for others': a slow receiver of webhooks may not delay a score.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from time import monotonic
from typing import TYPE_CHECKING

import structlog

from scoville.live.store.metadata import utc_now

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.2, 30.0  # after a failure; twice as long after each further one
_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Chore:
    """One kind of work.

    `work` does some of what is due at an instant (naive UTC) and returns how much. It rests for `rest_s`, unless it did
    as much as `full`: then there is more, and it is called again at once. What costs the same for one and for many
    rests until there are some.
    """

    name: str
    work: Callable[[datetime], int]
    rest_s: float
    full: int = 1


@dataclass
class _Turn:
    """When a chore is due again, on a clock that only goes forward, and how often it has failed in a row."""

    chore: Chore
    due_s: float = 0.0
    failures: int = 0


@dataclass
class Worker:
    """Lanes of chores, each lane in a thread of its own. `done` counts what each chore did, for metrics and tests."""

    lanes: Sequence[Sequence[Chore]]
    now: Callable[[], datetime] = utc_now
    done: dict[str, int] = field(default_factory=dict)

    def run(self, stop: threading.Event) -> None:
        """Work until `stop` is set; what is being done then is finished first."""
        threads = [
            threading.Thread(target=self._run_lane, args=(lane, stop), name=lane[0].name) for lane in self.lanes if lane
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

    def _run_lane(self, lane: Sequence[Chore], stop: threading.Event) -> None:
        turns = [_Turn(chore) for chore in lane]
        while not stop.is_set():
            for turn in turns:
                if turn.due_s <= monotonic() and not stop.is_set():
                    self._take(turn)
            stop.wait(max(0.0, min(turn.due_s for turn in turns) - monotonic()))

    def _take(self, turn: _Turn) -> None:
        """Do some of a chore. One that fails is tried again later: what it left undone is still in the store."""
        try:
            count = turn.chore.work(self.now())
        except Exception as failed:  # noqa: BLE001 - whatever it was, the other chores go on
            pause_s = min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2**turn.failures)
            turn.failures += 1
            turn.due_s = monotonic() + pause_s
            _log.warning(
                "chore failed", chore=turn.chore.name, error=type(failed).__name__, tries=turn.failures, again_s=pause_s
            )
            _log.debug("chore failed", chore=turn.chore.name, exc_info=failed)  # its text may hold personal data
            return
        turn.failures = 0
        self.done[turn.chore.name] = self.done.get(turn.chore.name, 0) + count
        turn.due_s = monotonic() + (0 if count >= turn.chore.full else turn.chore.rest_s)
