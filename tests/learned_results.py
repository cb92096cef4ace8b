"""What the jobs `learn` and `retune` come to on made-up leads: for pages that show it."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import select, update

from made_up_leads import HORIZON, made_up
from scoville.evidence.history import read_history
from scoville.learn.learning import learn
from scoville.learn.retuning.retune import retune
from scoville.live.jobs.learning import _learned, _retuned
from scoville.live.store.jobs import jobs
from scoville.model.load import Model

if TYPE_CHECKING:
    from datetime import datetime

    from scoville.live.store.opening import Store

BY_HAND = """\
scoville: 1
name: By hand
fit:
  rules:
    - {name: Size, when: {employees: {gte: 100}}, points: 15}
    - {name: Partner, when: {source: partner}, points: -20}   # never liked them
engagement:
  decay: none
  rules:
    - {name: Demo, event: demo_requested, points: 25, max: 25}
"""


@cache
def learned() -> dict[str, Any]:
    """A card, and that it is held against a model by hand."""
    found = learn(read_history(*made_up()), horizon=HORIZON, factors=2, against=Model.loads(BY_HAND))
    return as_sent({**_learned(found), "outcome": "won"})


@cache
def declined() -> dict[str, Any]:
    """Nothing, for too few converted."""
    people, events, outcomes = made_up()
    found = learn(read_history(people, events, outcomes.head(12)), horizon=HORIZON)
    return as_sent({**_learned(found), "outcome": "won"})


@cache
def retuned() -> dict[str, Any]:
    """New points for one rule."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "model.yaml"
        file.write_text(BY_HAND)
        found = retune(read_history(*made_up()), file, horizon=HORIZON)
    return as_sent({**_retuned(found), "outcome": "won", "old_text": BY_HAND})


def as_sent(result: dict[str, Any]) -> dict[str, Any]:
    """A result as it comes out of the job's process."""
    read: dict[str, Any] = orjson.loads(orjson.dumps(result, option=orjson.OPT_SERIALIZE_NUMPY))
    return read


def become(store: Store, job_no: int, **values: Any) -> None:
    """A job as its worker would leave it."""
    with store.writing() as connection:
        assert connection.execute(select(jobs.c.job_no).where(jobs.c.job_no == job_no)).scalar() == job_no
        connection.execute(update(jobs).where(jobs.c.job_no == job_no).values(**values))


def end(store: Store, job_no: int, result: dict[str, Any], now: datetime) -> None:
    """A job that is done."""
    become(store, job_no, state="done", share=1.0, result=result, started_at=now, ended_at=now)
