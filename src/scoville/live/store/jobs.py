"""Long work that somebody asked for, and files that wait to be taken in.

A job is a row from the moment it is asked for: who asks may close the page, and finds it again. Files lie in the store
piece by piece, so that the server that takes one and the worker that reads it need not share a disk.
"""

from __future__ import annotations

from sqlalchemy import BigInteger, Boolean, Column, Float, ForeignKey, Index, Integer, LargeBinary, String, Table, Text
from sqlalchemy import text as sql

from scoville.live.store.metadata import EventId, Instant, Json, Number, metadata

_UNDER_WAY = sql("state IN ('waiting', 'running')")

jobs = Table(
    "jobs",
    metadata,
    Column("job_no", Number, primary_key=True),
    Column("kind", String(40), nullable=False, doc="A name in `jobs/kinds.py`."),
    Column("asked", Json, nullable=False, doc="What is to be done, as the kind reads it."),
    Column("asked_hash", EventId, nullable=False, doc="Of `asked`: equal work is not done twice at one time."),
    Column("state", String(10), nullable=False, doc="waiting, running, done, failed or cancelled."),
    Column("share", Float, doc="How far it is, from 0 to 1; null: nobody can tell."),
    Column("said", Text, nullable=False, doc="What it is doing, what came of it, or why it failed: for people."),
    Column("result", Json, doc="What came of it, as the kind writes it; null unless it is done."),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("started_at", Instant, doc="When it was last begun."),
    Column("ended_at", Instant),
    Column("begun", Integer, nullable=False, doc="How often it was begun: it is taken up again when its worker died."),
    Column("runner", String(32), doc="Which worker runs it: only that one may write how far it is."),
    Column("heard_at", Instant, doc="When that worker last said that it is alive."),
    Index("ix_jobs_state", "state", "job_no"),
    Index("ix_jobs_ended_at", "ended_at"),
    Index(
        "uq_jobs_under_way",
        "kind",
        "asked_hash",
        unique=True,
        sqlite_where=_UNDER_WAY,
        postgresql_where=_UNDER_WAY,
    ),
)

uploads = Table(
    "uploads",
    metadata,
    Column("upload_no", Number, primary_key=True),
    Column("name", String(200), nullable=False, doc="As the file was called."),
    Column("size_bytes", BigInteger, nullable=False, doc="So far."),
    Column("is_whole", Boolean, nullable=False, doc="False while it arrives, and for ever when it was cut off."),
    Column("created_by", Text, nullable=False),
    Column("created_at", Instant, nullable=False, index=True),
)

upload_pieces = Table(
    "upload_pieces",
    metadata,
    Column("upload_no", Number, ForeignKey("uploads.upload_no"), primary_key=True, autoincrement=False),
    Column("place", Integer, primary_key=True, autoincrement=False, doc="0, 1, 2, ..."),
    Column("bytes", LargeBinary, nullable=False),
)
