"""Asking for long work, and looking at what became of it.

In: a kind of `kinds.py` with what it reads. Out: a `Job`, which is a row from the first moment: who asked may close the
page. Called by the API and by pages; `running` does the work.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import func, select, update
from sqlalchemy.dialects import postgresql, sqlite

from scoville.errors import UsageError
from scoville.live.jobs.kinds import kind_named, title_of
from scoville.live.store.jobs import jobs

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

UNDER_WAY = ("waiting", "running")
MOST_WAITING = 50  # whoever asks for more waits for days


@dataclass(frozen=True)
class Job:
    """Work that was asked for.

    `state` is waiting, running, done, failed or cancelled. `share` is how far it is, from 0 to 1; null: nobody can
    tell. `said` is what it is doing, or why it failed, for people. `result` is null unless it is done, and in lists.
    """

    job_no: int
    kind: str
    asked: dict[str, Any]
    state: str
    share: float | None
    said: str
    result: dict[str, Any] | None
    created_by: str
    created_at: datetime
    started_at: datetime | None
    ended_at: datetime | None

    @property
    def is_under_way(self) -> bool:
        """Whether it waits or runs."""
        return self.state in UNDER_WAY

    @property
    def title(self) -> str:
        """What it is, for people: `Learn a model`."""
        return title_of(self.kind)


_SHOWN = tuple(jobs.c[name] for name in Job.__dataclass_fields__)
_LISTED = tuple(column for column in _SHOWN if column.name != "result")


def ask_for(connection: Connection, kind: str, asked: Mapping[str, Any], *, by: str, now: datetime) -> Job:
    """A new job; where an equal one waits or runs, that one. `by` is who asks, as the audit log calls them.

    Raises: UsageError for an unknown kind, and while very many jobs wait.
    """
    kind_named(kind)
    _check_room(connection)
    row = {
        "kind": kind, "asked": dict(asked), "asked_hash": _hash(asked), "state": "waiting", "said": "", "begun": 0,
        "created_by": by, "created_at": now,
    }  # fmt: skip
    is_postgres = connection.dialect.name == "postgresql"
    new = postgresql.insert(jobs) if is_postgres else sqlite.insert(jobs)
    connection.execute(new.values(row).on_conflict_do_nothing())
    same = (jobs.c.kind == kind) & (jobs.c.asked_hash == row["asked_hash"]) & jobs.c.state.in_(UNDER_WAY)
    return _job(connection.execute(select(*_SHOWN).where(same)).one())


def find_job(connection: Connection, job_no: int) -> Job | None:
    """One job with its result; null when there is none of this number."""
    row = connection.execute(select(*_SHOWN).where(jobs.c.job_no == job_no)).first()
    return _job(row) if row is not None else None


def newest_job(
    connection: Connection, kind: str, asked: Mapping[str, Any] | None = None, *, state: str | None = None
) -> Job | None:
    """The newest of a kind, with its result: that asked for exactly this, or in this state, where they are given."""
    chosen = select(*_SHOWN).where(jobs.c.kind == kind).order_by(jobs.c.job_no.desc()).limit(1)
    if asked is not None:
        chosen = chosen.where(jobs.c.asked_hash == _hash(asked))
    if state is not None:
        chosen = chosen.where(jobs.c.state == state)
    row = connection.execute(chosen).first()
    return _job(row) if row is not None else None


def list_jobs(
    connection: Connection, limit: int = 50, *, before: int | None = None, kind: str | None = None
) -> list[Job]:
    """Jobs without their results, the newest first; `before` is the number that the last page ended with."""
    chosen = select(*_LISTED).order_by(jobs.c.job_no.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(jobs.c.job_no < before)
    if kind is not None:
        chosen = chosen.where(jobs.c.kind == kind)
    return [_job(row) for row in connection.execute(chosen)]


def cancel(connection: Connection, job_no: int, *, now: datetime) -> Job | None:
    """End a job that waits or runs; its process is gone within a second. One that has ended stays as it is.

    Null when there is none of this number.
    """
    mine = update(jobs).where(jobs.c.job_no == job_no, jobs.c.state.in_(UNDER_WAY))
    connection.execute(mine.values(state="cancelled", ended_at=now, said="Cancelled."))
    return find_job(connection, job_no)


def _check_room(connection: Connection) -> None:
    waiting = select(func.count()).select_from(jobs).where(jobs.c.state == "waiting")
    if int(connection.execute(waiting).scalar_one()) >= MOST_WAITING:
        raise UsageError(f"{MOST_WAITING} jobs wait already: cancel some, or ask again when they are done")


def _hash(asked: Mapping[str, Any]) -> bytes:
    return hashlib.sha256(orjson.dumps(asked, option=orjson.OPT_SORT_KEYS)).digest()[:16]


def _job(row: Row[Any]) -> Job:
    return Job(**{"result": None, **row._mapping})  # noqa: SLF001 - SQLAlchemy's public name for it
