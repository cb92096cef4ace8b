"""Jobs that wait -> one at a time, each in a process of its own -> what came of them, written down.

In: the store, and the instant. Out: rows of `jobs` that follow the work. Called by the worker again and again; it never
waits for a job. A job whose worker died is taken up again by the next one, once: nothing is `running` for ever, and no
two workers run the same job, for a row is claimed in one transaction, and the claim is kept alive by a beat.
"""

from __future__ import annotations

import secrets
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import delete, or_, select, update

from scoville.live.jobs.process import Process
from scoville.live.store.jobs import jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from scoville.live.store.opening import Store

KEPT = timedelta(days=90)  # jobs that have ended
LOST = timedelta(seconds=30)  # without a beat: the worker is gone
BEAT_S = 5.0
MOST_TRIES = 2
LONGEST_S = 6 * 3600.0
_TELL_S = 0.5  # between two writes of how far a job is
_LONGEST_SAID = 2_000
_LOST_SAID = (
    "The server stopped while this ran, and stopped again when it was tried once more. Ask again; if it happens again, "
    "this machine may have too little memory for it"
)
_log = structlog.get_logger(__name__)


class Runner:
    """Runs one job at a time. Belongs to one lane of one worker: the thread that calls `look` must be one and last."""

    def __init__(self, store: Store, start: Callable[..., Process] = Process.start) -> None:
        self.store, self._start = store, start
        self.name = secrets.token_hex(8)
        self._process: Process | None = None
        self._written: tuple[float | None, str] = (None, "")
        self._told_s = self._beat_s = 0.0

    def look(self, now: datetime) -> int:
        """Begin the next job, or look after the one that runs. How many ended or began."""
        if self._process is None:
            return self._begin_next(now)
        if self._process.has_ended:
            return self._finish(self._process, now)
        if self._process.ran_s > LONGEST_S:
            return self._give_up(self._process, now)
        if not self._follow(self._process, now):
            self._forget_process()  # cancelled
            return 1
        return 0

    def close(self, now: datetime) -> None:
        """The worker stops: what runs is ended, and taken up again by the next worker."""
        if self._process is None:
            return
        job_no = self._process.job_no
        self._forget_process()
        with self.store.writing() as connection:
            again = {"state": "waiting", "runner": None, "begun": jobs.c.begun - 1, "share": None, "said": ""}
            connection.execute(self._mine(job_no).values(**again))
        _log.info("job put back", job=job_no, at=now.isoformat())

    # --- one job from its beginning to its end ---

    def _begin_next(self, now: datetime) -> int:
        if not self._is_anything_to_do(now):
            return 0
        with self.store.writing() as connection:
            self._free_lost(connection, now)
            row = self._claimed(connection, now)
        if row is None:
            return 0
        self._written, self._told_s, self._beat_s = (None, ""), 0.0, time.monotonic()
        _log.info("job began", job=row.job_no, kind=row.kind)
        self._process = self._start(self.store, row.job_no, row.kind, row.asked)
        return 1

    def _follow(self, process: Process, now: datetime) -> bool:
        """Write down how far it is, and that we are alive. False: the job is no longer ours, or was cancelled."""
        clock_s, told = time.monotonic(), process.told
        is_news = told != self._written and clock_s - self._told_s >= _TELL_S
        if not is_news and clock_s - self._beat_s < BEAT_S:
            return self._is_ours(process.job_no)
        with self.store.writing() as connection:
            if clock_s - self._beat_s >= BEAT_S:
                self._free_lost(connection, now)
            said = {"share": told[0], "said": told[1][:_LONGEST_SAID], "heard_at": now}
            is_ours = connection.execute(self._mine(process.job_no).values(**said)).rowcount > 0
        self._written, self._told_s, self._beat_s = told, clock_s, clock_s
        return is_ours

    def _finish(self, process: Process, now: datetime) -> int:
        with self.store.writing() as connection:
            row = connection.execute(select(jobs.c.kind, jobs.c.begun).where(jobs.c.job_no == process.job_no)).first()
            became = self._became(process, row.begun if row is not None else MOST_TRIES, now)
            connection.execute(self._mine(process.job_no).values(**became))
        took_s = round(process.ran_s, 1)
        kind = row.kind if row is not None else ""
        _log.info("job ended", job=process.job_no, kind=kind, state=became["state"], took_s=took_s)
        self._forget_process()
        return 1

    def _became(self, process: Process, begun: int, now: datetime) -> dict[str, Any]:
        ended = process.ended
        if ended is None:
            return _crashed(process, begun, now)
        if "done" in ended:
            return {"state": "done", "share": 1.0, "said": "", "result": ended["done"], "ended_at": now}
        words = ended["failed"] if "failed" in ended else _noted(process.job_no, ended)
        return {"state": "failed", "said": words[:_LONGEST_SAID], "ended_at": now}

    def _give_up(self, process: Process, now: datetime) -> int:
        said = f"Ended because it took longer than {LONGEST_S / 3600:g} hours"
        with self.store.writing() as connection:
            connection.execute(self._mine(process.job_no).values(state="failed", said=said, ended_at=now))
        self._forget_process()
        return 1

    def _forget_process(self) -> None:
        if self._process is not None:
            self._process.end()
            self._process = None

    # --- whose job it is ---

    def _is_anything_to_do(self, now: datetime) -> bool:
        """A read: it holds up no writer."""
        found = select(jobs.c.job_no).where(or_(jobs.c.state == "waiting", self._is_lost(now))).limit(1)
        with self.store.reading() as connection:
            return connection.execute(found).first() is not None

    def _is_lost(self, now: datetime) -> ColumnElement[bool]:
        """Jobs that nobody runs. On SQLite there is one worker: what it does not run, nobody does."""
        own = self._process.job_no if self._process is not None else 0
        others = (jobs.c.state == "running") & (jobs.c.job_no != own)
        if self.store.is_sqlite:
            return others
        return others & or_(jobs.c.runner == self.name, jobs.c.heard_at < now - LOST)

    def _free_lost(self, connection: Connection, now: datetime) -> None:
        lost = self._is_lost(now)
        over = update(jobs).where(lost, jobs.c.begun >= MOST_TRIES)
        connection.execute(over.values(state="failed", said=_LOST_SAID, ended_at=now))
        connection.execute(update(jobs).where(lost).values(state="waiting", runner=None, share=None, said=""))

    def _claimed(self, connection: Connection, now: datetime) -> Row[Any] | None:
        """The job that has waited longest: nobody else takes it as long as it hears of us."""
        longest = (
            select(jobs.c.job_no)
            .where(jobs.c.state == "waiting")
            .order_by(jobs.c.job_no)
            .limit(1)
            .with_for_update(skip_locked=True)  # says nothing on SQLite, where one writer writes at a time
        )
        number = connection.execute(longest).scalar()
        taken = {
            "state": "running", "runner": self.name, "started_at": now, "heard_at": now, "begun": jobs.c.begun + 1,
            "share": None, "said": "",
        }  # fmt: skip
        claimed = update(jobs).where(jobs.c.job_no == number).values(**taken)
        return connection.execute(claimed.returning(jobs.c.job_no, jobs.c.kind, jobs.c.asked)).first()

    def _is_ours(self, job_no: int) -> bool:
        found = select(jobs.c.job_no).where(
            jobs.c.job_no == job_no, jobs.c.runner == self.name, jobs.c.state == "running"
        )
        with self.store.reading() as connection:
            return connection.execute(found).first() is not None

    def _mine(self, job_no: int) -> Any:  # noqa: ANN401 - SQLAlchemy's Update
        return update(jobs).where(jobs.c.job_no == job_no, jobs.c.runner == self.name, jobs.c.state == "running")


def expire_jobs(store: Store, now: datetime) -> int:
    """Remove jobs that ended long ago. How many."""
    with store.writing() as connection:
        return connection.execute(delete(jobs).where(jobs.c.ended_at < now - KEPT)).rowcount


def _crashed(process: Process, begun: int, now: datetime) -> dict[str, Any]:
    """It died without a word: tried once more, then given up."""
    _log.warning("job died", job=process.job_no, code=process.code)
    if begun < MOST_TRIES:
        return {"state": "waiting", "runner": None, "share": None, "said": ""}
    said = (
        f"Its process was ended from outside, twice (exit code {process.code}). This machine may have too little "
        "memory for it"
    )
    return {"state": "failed", "said": said, "ended_at": now}


def _noted(job_no: int, ended: Mapping[str, Any]) -> str:
    """What nobody expected goes to the log; people hear under which id. No message: it may hold somebody's data."""
    own = secrets.token_hex(8)
    _log.error("job broke", id=own, job=job_no, error=ended["broke"], trace=ended["trace"])
    return f"Something went wrong here; the log knows more under {own}"
