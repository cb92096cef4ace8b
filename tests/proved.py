"""A store whose past shows that its model predicts, with the evidence worked out, for tests of evidence."""

from __future__ import annotations

import shutil
import tempfile
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from sqlalchemy import update

from api_world import HASH
from live_sending import NOW, Live
from pages_world import ROLES
from scoville.data.workspace import Workspace
from scoville.live.importing import import_history
from scoville.live.jobs.asking import ask_for
from scoville.live.jobs.proving import run_compare, run_evidence
from scoville.live.models.versions import save_version
from scoville.live.store.jobs import jobs
from scoville.live.store.opening import open_store
from scoville.live.store.tables import CATALOGUE
from scoville.web.auth.users import NewUser, create_user

if TYPE_CHECKING:
    from scoville.live.importing import What
    from scoville.live.jobs.kinds import Run
    from scoville.live.store.opening import Store

MODEL = """\
scoville: 1
name: Proved
fit:
  rules:
    - name: Company size   # who can pay
      by: employees
      bands: [{from: 150, points: 20}]
engagement:
  decay: {half_life: 60d}
  rules:
    - {name: Visit, event: visit, points: 10, max: 60}
    - {name: Never, event: nothing, points: 5}
grades: {A: 20, B: null}
levels: {1: 10, 2: null}
stages:
  - {name: Lead, from: 0}
  - {name: MQL, from: 12}
  - {name: SQL, from: 30}
"""
CHALLENGER = MODEL.replace("points: 10, max: 60", "points: 25, max: 60")
PAST: dict[str, Any] = {"horizon_days": 30, "snapshots": "monthly", "won": ["won"]}
LEADS, DAYS = 270, 180
DAY = timedelta(days=1)


def tables(leads: int = LEADS, days: int = DAYS) -> dict[What, pa.Table]:
    """Leads of so many days. One in three visits soon after it came; those win with a chance of 0.5, others of 0.05."""
    dice = np.random.default_rng(3)
    people: list[dict[str, Any]] = []
    events: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    for number in range(leads):
        lead_id, visits = f"L{number:04}", bool(dice.random() < 0.33)
        created = NOW - days * DAY + float(dice.integers(0, days * 24)) / 24 * DAY
        people.append({"lead_id": lead_id, "created_at": created, "employees": int(dice.integers(1, 300)),
                       "source": ("web", "fair")[number % 2], "cost": 20.0, "updated_at": created})  # fmt: skip
        if visits:
            events += [{"lead_id": lead_id, "event": "visit", "occurred_at": created + day * DAY} for day in (0.5, 2)]
        if dice.random() < (0.5 if visits else 0.05):
            at = created + int(dice.integers(4, 40)) * DAY
            outcomes.append({"lead_id": lead_id, "outcome": "won", "at": at, "value": 100.0 + number})
    return {
        "leads": pa.Table.from_pylist(people),
        "events": pa.Table.from_pylist([row for row in events if row["occurred_at"] <= NOW]),
        "outcomes": pa.Table.from_pylist([row for row in outcomes if row["at"] <= NOW]),
    }


def fill(store: Store, leads: int = LEADS, days: int = DAYS) -> None:
    """Take the past into an empty store, with the model in force, its challenger saved and a login of every role."""
    add_people(store)
    take_in(store, leads, days)
    publish(store)
    with store.writing() as connection:
        save_version(connection, CHALLENGER, author="mia", note="visits say more", now=NOW)


def take_in(store: Store, leads: int, days: int, outcomes: int | None = None) -> None:
    """Import and fold the past, with so many outcomes; None: all."""
    for what, table in tables(leads, days).items():
        some = table.slice(0, outcomes) if what == "outcomes" else table
        if some.num_rows:
            import_history(store, what, some, source="file", workspace=Workspace(), now=NOW)
    Live(store).fold()


def publish(store: Store) -> None:
    """Put the model in force."""
    Live(store).publish(MODEL)


def add_people(store: Store) -> None:
    """A login of every role."""
    with store.writing() as connection:
        for role in ROLES:
            wanted = NewUser(f"{role}@example.com", role.title(), role, HASH)
            create_user(connection, wanted, author="test", now=NOW)


def open_empty(folder: Path) -> Store:
    """A store with logins and nothing else."""
    store = open_store(f"sqlite:///{folder}/empty.db")
    CATALOGUE.create_all(store.engine)
    add_people(store)
    return store


def finish(store: Store, kind: str, asked: dict[str, Any], run: Run) -> int:
    """Ask for a job and do it at once, as the worker would; its number."""
    with store.writing() as connection:
        job = ask_for(connection, kind, asked, by="user:test", now=NOW)
    result = run(store, asked, lambda _share, _said: None, NOW)
    end(store, job.job_no, state="done", result=result)
    return job.job_no


def end(store: Store, job_no: int, **how: Any) -> None:
    """Write down how a job ended."""
    with store.writing() as connection:
        connection.execute(update(jobs).where(jobs.c.job_no == job_no).values(ended_at=NOW, **how))


@cache
def _proved() -> Path:
    path = Path(tempfile.mkdtemp()) / "proved.db"
    store = open_store(f"sqlite:///{path}")
    CATALOGUE.create_all(store.engine)
    fill(store)
    finish(store, "evidence", {**PAST, "version_no": 1}, run_evidence)
    finish(store, "compare", {**PAST, "versions": [1, 2], "capacity": 0.2}, run_compare)
    store.close()
    return path


def proved_copy(folder: Path) -> Store:
    """A store of its own with the past in it, and jobs 1 (evidence) and 2 (comparison) done."""
    path = folder / "proved.db"
    shutil.copy(_proved(), path)
    return open_store(f"sqlite:///{path}")
