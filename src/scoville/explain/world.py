"""One lead in an engine of its own, in which time can pass and things can happen.

In: a ScoreRun, or whatever else holds the facts of a lead, and a lead_id. Out: the rows that the plan of the run
gives: now, later on, or for copies of the lead to which something has happened. Nothing of the run is changed.
"""

# ruff: noqa: S608 - every name in the SQL is ours, and the one value from outside, a lead_id, goes through `literal`

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

from scoville.data.keep import literal
from scoville.engines.duckdb import DuckDB
from scoville.plan.people import trait_column, used_traits

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from scoville.engines.engine import Engine
    from scoville.plan.compile import Plan

Row = dict[str, Any]
_MOST_EVENTS = 3_000_000  # over all copies: half a second
_FEWEST_COPIES = 8


class Ran(Protocol):
    """What a world asks of a run: a plan, an engine with the plan's inputs and lists, and an instant, naive UTC."""

    @property
    def plan(self) -> Plan:
        """What gives the points."""

    @property
    def engine(self) -> Engine:
        """Where `leads`, and `events` and `adjustments` if the plan reads them, stand."""

    @property
    def as_of(self) -> datetime:
        """Now."""


@dataclass(frozen=True)
class Supposition:
    """What is supposed of a copy of the lead: events that happen at `as_of`, traits that become known."""

    events: tuple[Mapping[str, object], ...] = ()
    traits: Mapping[str, object] = field(default_factory=dict)


class World:
    """A lead and its events up to `as_of`. `lead` is its row of leads, `traits` what the model reads of it."""

    def __init__(self, run: Ran, lead_id: str) -> None:
        mine = f"lead_id = {literal(lead_id)}"
        self.as_of = run.as_of
        self.plan = run.plan
        self.has_events = "events" in run.plan.inputs
        self._has_adjustments = "adjustments" in run.plan.inputs
        self.lead: Row = run.engine.arrow(f"SELECT * FROM leads WHERE {mine}").to_pylist()[0]
        self._traits = _traits(run, mine)
        self.traits: Row = {name: self._traits[column][0].as_py() for name, column in self._columns.items()}
        self._engine = DuckDB(threads=1)  # so few rows that a second thread only waits
        self._hold("lead_traits", self._traits)
        if self.has_events:
            until = f"occurred_at <= {_instant(run.as_of)}"  # what came later had not happened yet
            self._hold("lead_events", run.engine.arrow(f"SELECT * FROM events WHERE {mine} AND {until}"))
        if self._has_adjustments:
            self._hold("lead_adjustments", run.engine.arrow(f"SELECT * FROM adjustments WHERE {mine}"))
        self._engine.run(f"CREATE TEMP TABLE as_of AS SELECT {_instant(run.as_of)} AS as_of")
        self._reset()
        # Prepared, a run of one lead takes 30 ms instead of 85: most of the time goes into reading the query.
        self._engine.run(f"PREPARE graded AS {self._sql('graded')}")

    @cached_property
    def trait_types(self) -> Mapping[str, pa.DataType]:
        """Names and Arrow types of the traits that the model reads."""
        return {name: self._traits.schema.field(column).type for name, column in self._columns.items()}

    @cached_property
    def _columns(self) -> Mapping[str, str]:
        """Trait -> what the plan calls its column."""
        return {name: trait_column(name) for name in used_traits(self.plan.model, self.plan.ledger)}

    @cached_property
    def event_types(self) -> Mapping[str, pa.DataType]:
        """Names and Arrow types of the columns of events; empty when the plan reads none."""
        if not self.has_events:
            return {}
        schema = self._engine.arrow("SELECT * FROM lead_events LIMIT 0").schema
        return dict(zip(schema.names, schema.types, strict=True))

    @cached_property
    def most_copies(self) -> int:
        """How many copies may be tried in one go: fewer for a lead with very many events."""
        events = self._rows("SELECT count(*) AS count FROM lead_events")[0]["count"] if self.has_events else 0
        return max(_FEWEST_COPIES, _MOST_EVENTS // (events + 1))

    def contributions(self) -> list[Row]:
        """The rows of `tables.CONTRIBUTIONS` of this lead."""
        self._set_time(self.as_of)
        return self._rows(self._sql("contributions"))

    def graded_at(self, as_of: datetime) -> Row:
        """Score, fit, engagement, grade, level, priority and stage at an instant, if nothing happens until then."""
        self._set_time(as_of)
        return self._rows("EXECUTE graded")[0]

    def suppose(self, suppositions: Sequence[Supposition]) -> list[Row]:
        """The same columns now, one row for each supposition, in their order."""
        try:
            self._become(suppositions)
            self._set_time(self.as_of)
            rows = self._rows("EXECUTE graded")
        finally:
            self._reset()
        return sorted(rows, key=lambda row: int(row["lead_id"]))

    def close(self) -> None:
        """End the small engine."""
        self._engine.close()

    def _sql(self, output: str) -> str:
        return self.plan.sql(output, self._engine.dialect, given=("traits",))

    def _become(self, suppositions: Sequence[Supposition]) -> None:
        """Copies of the lead stand in for it, numbered by their supposition."""
        mine = self._traits.to_pylist()[0]
        rows = [
            {**mine, **{self._columns[name]: value for name, value in supposed.traits.items()}, "lead_id": str(i)}
            for i, supposed in enumerate(suppositions)
        ]
        self._hold("traits", pa.Table.from_pylist(rows, schema=self._traits.schema))
        if self._has_adjustments:
            self._engine.run(f"CREATE OR REPLACE TEMP TABLE adjustments AS {self._copied('lead_adjustments')}")
        if not self.has_events:
            return
        added = [
            {**event, "lead_id": str(i), "occurred_at": self.as_of}
            for i, supposed in enumerate(suppositions)
            for event in supposed.events
        ]
        self._hold("added_events", pa.Table.from_pylist(added, schema=pa.schema(list(self.event_types.items()))))
        self._engine.run(
            f"CREATE OR REPLACE TEMP TABLE events AS {self._copied('lead_events')} "
            "UNION ALL BY NAME SELECT * FROM added_events"
        )

    @staticmethod
    def _copied(table: str) -> str:
        """The rows of the lead, once for each copy of it."""
        copies = "CROSS JOIN (SELECT lead_id FROM traits) AS copy"
        return f"SELECT {table}.* REPLACE (copy.lead_id AS lead_id) FROM {table} {copies}"

    def _reset(self) -> None:
        """The lead itself, and only what it did."""
        self._engine.run("CREATE OR REPLACE TEMP TABLE traits AS FROM lead_traits")
        for relation, is_there in (("events", self.has_events), ("adjustments", self._has_adjustments)):
            if is_there:
                self._engine.run(f"CREATE OR REPLACE TEMP TABLE {relation} AS FROM lead_{relation}")

    def _set_time(self, as_of: datetime) -> None:
        self._engine.run(f"UPDATE as_of SET as_of = {_instant(as_of)}")

    def _hold(self, name: str, rows: pa.Table) -> None:
        self._engine.connection.register("given_rows", rows)
        self._engine.run(f"CREATE OR REPLACE TEMP TABLE {name} AS FROM given_rows")
        self._engine.connection.unregister("given_rows")

    def _rows(self, sql: str) -> list[Row]:
        rows: list[Row] = self._engine.arrow(sql).to_pylist()
        return rows


def _traits(run: Ran, mine: str) -> pa.Table:
    """The step `traits` for one lead: a `leads` of one row stands before the table of that name."""
    traits = run.plan.sql("traits", run.engine.dialect)
    return run.engine.arrow(f"WITH leads AS (SELECT * FROM leads WHERE {mine}) SELECT * FROM ({traits}) q")


def _instant(moment: datetime) -> str:
    return f"TIMESTAMP '{moment.isoformat(sep=' ')}'"
