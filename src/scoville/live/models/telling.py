"""Contributions of a stored lead -> sentences: which facts a rule met, and what fading and limits took.

In: the model, the lead's facts, the rows as the scorer stored them. Out: the same rows with a sentence each, in the
order in which they are shown. Called by the API. Only derived traits are worked out again, nothing that counts.
"""

from __future__ import annotations

from contextlib import closing
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from scoville.engines.duckdb import DuckDB
from scoville.explain.sentences import Subject, contributions_in_words
from scoville.live.scoring.relations import read_relations
from scoville.live.scoring.wanted import columns_for, wanted_by
from scoville.live.store.metadata import from_us, to_us
from scoville.model.load import Model
from scoville.plan.compile import compile_plan
from scoville.plan.people import trait_column, used_traits

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from scoville.explain.facts import Contribution
    from scoville.live.scoring.relations import Relations
    from scoville.live.scoring.wanted import Wanted
    from scoville.plan.compile import Plan

Row = dict[str, Any]


def told(
    connection: Connection, text: str, lead_no: int, rows: Sequence[Row], *, segment: str | None, as_of: datetime
) -> tuple[Contribution, ...]:
    """The contributions in words. `text` is the model's YAML, `as_of` the instant of the score."""
    plan, wanted = plan_of(text)
    relations = read_relations(connection, [lead_no], wanted, to_us(as_of))
    lead = relations.leads.to_pylist()[0]
    subject = Subject(plan, lead, _traits(plan, relations, as_of), segment, as_of)
    return contributions_in_words([_read(row) for row in rows], subject)


@lru_cache(maxsize=4)
def plan_of(text: str) -> tuple[Plan, Wanted]:
    """The plan of a model, given as YAML, over the columns that the store gives it."""
    model = Model.loads(text)
    wanted = wanted_by(model)
    return compile_plan(model, columns_for(wanted)), wanted


def _traits(plan: Plan, relations: Relations, as_of: datetime) -> Row:
    """What the model reads of the lead, derived traits among it."""
    with closing(DuckDB(threads=1)) as engine:
        with engine.registered(relations.leads) as source:
            engine.run(f"CREATE TEMP TABLE leads AS FROM {source}")
        engine.bind(plan, as_of)
        row = engine.arrow(plan.sql("traits")).to_pylist()[0]
    names = used_traits(plan.model, plan.ledger)
    return {name: row[trait_column(name)] for name in names}


def _read(row: Row) -> Row:
    """A stored row as the plan gives it: its instant is an instant."""
    newest = row.get("newest_at")
    if isinstance(newest, int):
        newest = from_us(newest)
    elif isinstance(newest, str):
        newest = datetime.fromisoformat(newest.removesuffix("Z"))
    return {"raw_points": None, "matched": 0, **row, "newest_at": newest}
