"""What becomes of a stored lead: its score if nothing happens, and the shortest way to its next stage.

In: a model, and the lead's facts as the store holds them. Out: `Foretold`. Called by the API. The same code as
`scoville explain`, but that a lead is held in its stage until it falls well below the line, as it is in the store.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoville.engines.duckdb import DuckDB
from scoville.explain.outlook import outlook_of
from scoville.explain.sentences import Subject
from scoville.explain.ways import next_stage_of
from scoville.explain.world import World
from scoville.live.models.telling import plan_of
from scoville.live.scoring.relations import read_relations
from scoville.live.scoring.standing import standing_after
from scoville.live.store.metadata import to_us

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.explain.facts import NextStage, Outlook
    from scoville.live.scoring.relations import Relations
    from scoville.plan.compile import Plan

Row = dict[str, Any]
_INPUTS = ("leads", "events", "adjustments")


@dataclass(frozen=True)
class Foretold:
    """A lead at an instant, what time will do to it, and what would lift it."""

    as_of: datetime
    score: float
    stage: str | None
    outlook: Outlook
    next_stage: NextStage


@dataclass(frozen=True)
class Held:
    """The stage that a lead is held in, and how many points below its line it is left."""

    standing: str | None
    margin: float


@dataclass(frozen=True)
class _Apart:
    """One lead's facts in an engine of their own."""

    plan: Plan
    engine: DuckDB
    as_of: datetime


class _HeldWorld(World):
    """A world in which stages are left by a margin. What is supposed of the lead is judged by the line itself."""

    def __init__(self, run: _Apart, lead_id: str, held: Held) -> None:
        super().__init__(run, lead_id)
        self._held = held

    def graded_at(self, as_of: datetime) -> Row:
        """As `World` has it, with the stage that the lead would be held in."""
        row = super().graded_at(as_of)
        held = self._held
        return row | {"stage": standing_after(self.plan.model, held.standing, row["stage"], row["score"], held.margin)}


def foretold(connection: Connection, text: str, lead_no: int, held: Held, *, now: datetime) -> Foretold:
    """What becomes of a lead. `text` is the model's YAML. Takes about a second: some forty runs over one lead."""
    plan, wanted = plan_of(text)
    relations = read_relations(connection, [lead_no], wanted, to_us(now))
    with closing(_engine_of(plan, relations, now)) as engine:
        return _looked_ahead(_Apart(plan, engine, now), str(lead_no), held)


def _engine_of(plan: Plan, relations: Relations, now: datetime) -> DuckDB:
    engine = DuckDB(threads=1)
    for name in _INPUTS:
        with engine.registered(getattr(relations, name)) as source:
            engine.run(f'CREATE TEMP TABLE "{name}" AS FROM {source}')
    engine.bind(plan, now)
    return engine


def _looked_ahead(apart: _Apart, lead_id: str, held: Held) -> Foretold:
    with closing(_HeldWorld(apart, lead_id, held)) as world:
        row = world.graded_at(apart.as_of)
        subject = Subject(apart.plan, world.lead, world.traits, row["segment"], apart.as_of)
        met = [given["rule"] for given in world.contributions() if given["newest_at"] is not None]
        coming = next_stage_of(subject, world, row, met)
        return Foretold(apart.as_of, row["score"], row["stage"], outlook_of(world, row["stage"]), coming)
