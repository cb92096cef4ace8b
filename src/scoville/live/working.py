"""What the worker of an installation does, put together: the one place that knows all chores.

In: an open store. Out: nothing; it works until it is asked to stop. Called by `scoville serve --role worker`.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import threading
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING

import structlog

from scoville.errors import UsageError
from scoville.live.actions.addresses import policy_of
from scoville.live.actions.delivering import deliver_some
from scoville.live.actions.messages import drop_old_messages
from scoville.live.actions.queueing import queue_notices
from scoville.live.actions.sealing import sealer_of
from scoville.live.actions.sender import Sender
from scoville.live.fold.folding import fold_some
from scoville.live.forget import expire
from scoville.live.jobs.daily import ask_daily
from scoville.live.jobs.running import Runner, expire_jobs
from scoville.live.jobs.uploads import expire_uploads
from scoville.live.routing.assigning import route_some
from scoville.live.scoring.accounts import AT_ONCE as ROLLED_UP
from scoville.live.scoring.accounts import RollUps, drop_old_accounts, roll_up_some
from scoville.live.scoring.cells import count_cells
from scoville.live.scoring.in_force import Models
from scoville.live.scoring.score import build_some, refresh_some, score_some
from scoville.live.scoring.switching import switch
from scoville.live.sla import on_crossings, sla_some
from scoville.live.store.metadata import utc_now
from scoville.live.store.settings import read_settings
from scoville.live.worker import Chore, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import FrameType

    from scoville.live.store.opening import Store
    from scoville.live.store.settings import LiveSettings

_SETTINGS_S = 2.0  # after so long the settings are read again
_SOON_S, _GATHER_S, _OFTEN_S, _JOBS_S, _SECOND_S, _MINUTES_S, _HOUR_S = 0.02, 0.05, 0.1, 0.25, 1.0, 300.0, 3600.0
_FOLDED, _SCORED, _REFRESHED = 500, 400, 300  # at a time: what comes next waits for no more than these
_MESSAGES_KEPT = timedelta(days=90)  # that were sent or given up: so long they can be sent again
_TURN_S = 0.1  # between two looks whether the other worker is done
_log = structlog.get_logger(__name__)


def work(store: Store, *, ready: Callable[[], None] = lambda: None) -> None:
    """Work until SIGTERM or SIGINT, then finish what is begun. `ready` is told when this process can take over."""
    stop = threading.Event()

    def asked(number: int, frame: FrameType | None) -> None:  # noqa: ARG001 - as `signal` calls it
        stop.set()

    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, asked)
    ready()
    with _alone(store, stop), _sender(store) as sender, _runner(store) as runner:
        Worker(lanes_of(store, sender, runner)).run(stop)


@dataclass
class _Current:
    """The settings in force, read again every few seconds."""

    store: Store
    _known: LiveSettings | None = None
    _until_s: float = field(default=0.0)

    def __call__(self) -> LiveSettings:
        if self._known is None or time.monotonic() >= self._until_s:
            with self.store.reading() as connection:
                self._known = read_settings(connection)
            self._until_s = time.monotonic() + _SETTINGS_S
        return self._known


def lanes_of(store: Store, sender: Sender | None, runner: Runner | None = None) -> Sequence[Sequence[Chore]]:
    """The chores by lane.

    Whatever writes scores stands in one lane, so that on SQLite no score is written over a newer one. Without a sender
    nothing is sent: it waits in the outbox; without a runner jobs wait.
    """
    settings, models = _Current(store), Models()
    score = partial(score_some, store, models, on_stage_changes=on_crossings)
    refresh = partial(refresh_some, store, models, on_stage_changes=on_crossings)
    scoring = [
        Chore("fold", lambda now: fold_some(store, settings(), now, _FOLDED), _SOON_S),
        Chore("score", lambda now: score(settings(), now, _SCORED), _GATHER_S, full=_SCORED),
        Chore("refresh", lambda now: refresh(settings(), now, _REFRESHED), _SECOND_S),
        Chore("build", lambda now: _build(store, models, settings(), now), _OFTEN_S),
    ]
    giving = [
        Chore("route", lambda now: route_some(store, now, queue_notices), _OFTEN_S),
        Chore("clocks", lambda now: sla_some(store, now), _SECOND_S),
    ]
    ways = RollUps()
    summing = [
        Chore("accounts", lambda now: roll_up_some(store, ways), _SECOND_S, full=ROLLED_UP),  # noqa: ARG005
        Chore("matrix", lambda now: count_cells(store, now), _SECOND_S),
    ]
    keeping = [
        Chore("drop accounts", lambda now: drop_old_accounts(store), _HOUR_S),  # noqa: ARG005 - as chores are called
        Chore("expire", lambda now: expire(store, settings(), now), _HOUR_S),
        Chore("drop messages", lambda now: drop_old_messages(store, now - _MESSAGES_KEPT), _HOUR_S),
        Chore("drop jobs", lambda now: expire_jobs(store, now) + expire_uploads(store, now), _HOUR_S),
    ]
    telling = [Chore("deliver", lambda now: _deliver(store, sender, settings(), now), _OFTEN_S)] if sender else []
    running = [Chore("jobs", runner.look, _JOBS_S)] if runner else []
    if runner:  # without one nobody would do what is asked for
        keeping.append(Chore("evidence", lambda now: ask_daily(store, now), _MINUTES_S))
    return [scoring, giving, summing, telling, keeping, running]


def _build(store: Store, models: Models, settings: LiveSettings, now: datetime) -> int:
    """Some more leads by the model to come; when all have a score by it, it comes into force."""
    built = build_some(store, models, settings, now, _REFRESHED)
    if not built and models.pending is not None:
        return int(switch(store, models, now, on_stage_changes=on_crossings))
    return built


def _deliver(store: Store, sender: Sender, settings: LiveSettings, now: datetime) -> int:
    sender.use_policy(policy_of(settings.allowed_private_hosts))
    return deliver_some(store, sender, now)


@contextlib.contextmanager
def _sender(store: Store) -> Iterator[Sender | None]:
    """What sends messages; nothing where the store's secrets cannot be opened."""
    try:
        sealer = sealer_of(store, os.environ)
    except UsageError as no_key:
        _log.warning("nothing is sent", why=str(no_key))
        yield None
        return
    sender = Sender(sealer)
    try:
        yield sender
    finally:
        sender.close()
        with contextlib.suppress(Exception):  # what is not written down is sent again, with the same id
            deliver_some(store, sender, utc_now(), limit=0)


@contextlib.contextmanager
def _runner(store: Store) -> Iterator[Runner]:
    """What runs jobs; the one that runs when the worker stops waits for the next worker."""
    runner = Runner(store)
    try:
        yield runner
    finally:
        with contextlib.suppress(Exception):  # a job that is not put back is taken for lost later, and begun again
            runner.close(utc_now())


@contextlib.contextmanager
def _alone(store: Store, stop: threading.Event) -> Iterator[None]:
    """On SQLite one worker works: a second one waits until the first has finished, or died."""
    if not store.is_sqlite:
        yield
        return
    with open(f"{store.engine.url.database}.worker", "w", opener=_private) as file:
        while not stop.is_set():
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                stop.wait(_TURN_S)
        yield


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)
