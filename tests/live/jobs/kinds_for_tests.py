"""Kinds of jobs that only tests ask for; each is run in a process of its own, as real ones are."""

from __future__ import annotations

import os
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from scoville.errors import DataError
from scoville.live.store.people import leads

if TYPE_CHECKING:
    from datetime import datetime

    from scoville.live.jobs.kinds import Told
    from scoville.live.store.opening import Store


def count(store: Store, asked: dict[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    sys.stdout.write("a library says something\n")  # must not reach the worker as if it were ours
    told(0.5, "halfway")
    with store.reading() as connection:
        known = connection.execute(select(func.count()).select_from(leads)).scalar_one()
    return {"leads": known, "asked": asked, "nice": os.nice(0), "now": now.isoformat(), "pid": os.getpid()}


def sleep(store: Store, asked: dict[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    del store, now
    left = Path(tempfile.gettempdir()) / "left"
    left.write_text("of somebody")
    Path(asked["note"]).write_text(f"{os.getpid()} {left}")
    told(0.25, "sleeping")
    time.sleep(60)
    return {}


def refuse(store: Store, asked: dict[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    del store, asked, told, now
    raise DataError("leads.csv: no column lead_id")


def break_(store: Store, asked: dict[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    del store, told, now
    raise ValueError(asked["of"])


def die(store: Store, asked: dict[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    del store, told, now
    with Path(asked["note"]).open("a") as note:
        note.write("begun\n")
    os.kill(os.getpid(), signal.SIGKILL)
    return {}
