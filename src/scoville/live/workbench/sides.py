"""A model at work on all leads of a bench: the one in force, or one that somebody is trying.

In: a model's text. Out: a `Side`, whose table holds what the model says of every lead, as of the instant of the file;
and contributions or past scores when they are asked for. Called by `preview` and `proof`. Sides are kept, so that of a
change only what it changed is worked out: traits stand in the file, and what leads did in `Totals`.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from scoville.data.keep import literal, quoted
from scoville.data.values import TIME_COLUMNS
from scoville.live.scoring.wanted import columns_for, wanted_by
from scoville.live.workbench.tables import ADJUSTMENTS, LEADS
from scoville.model.load import Model
from scoville.plan.compile import compile_plan
from scoville.plan.people import trait_column, used_traits

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    import duckdb

    from scoville.live.workbench.bench import Bench
    from scoville.plan.compile import Plan

SAID = ("score", "fit", "engagement", "grade", "level", "priority", "stage", "segment", "disqualified_by")
"""The columns of a side's table beside lead_id."""
_KEPT = 6  # sides: the model in force, and those that people are trying; each is a table with a row for every lead
_Rows = list[dict[str, Any]]


@dataclass(frozen=True)
class Side:
    """A model and the table with its scores."""

    model: Model
    plan: Plan
    table: str
    keys: dict[int, int]

    @property
    def given(self) -> tuple[str, ...]:
        """The steps of the plan that stand ready."""
        return ("traits", *(step for step in self.plan.relations if step.endswith("rule_totals")))


class Sides:
    """Models that were tried lately, each worked out once."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._sides: OrderedDict[str, Side] = OrderedDict()
        self._turn = threading.Lock()
        self._made = 0

    def of(self, text: str) -> Side:
        """A model, given as YAML, worked out for every lead.

        Raises: ModelError; PlanError for one that cannot score live leads.
        """
        with self._turn:
            if text not in self._sides:
                self._sides[text] = self._worked_out(text)
                self._drop_old()
            self._sides.move_to_end(text)
            return self._sides[text]

    def contributions(self, side: Side, leads: Sequence[str]) -> _Rows:
        """Where the points of some leads come from: rows of `tables.CONTRIBUTIONS`."""
        query = side.plan.sql("contributions", given=side.given)
        some = f"lead_id IN ({', '.join(map(literal, leads)) or 'NULL'})"
        with self.set_at(side, self._bench.as_of, some) as cursor:
            return rows_of(cursor.execute(query))

    @contextmanager
    def set_at(self, side: Side, at: datetime, some: str = "true") -> Iterator[duckdb.DuckDBPyConnection]:
        """A cursor in which the steps that the plan reads stand, as of an instant; `some` is a condition."""
        rules = side.plan.ledger.events
        self._bench.totals.have(rules, [at])
        views = {
            "traits": self.traits_of(used_traits(side.model, side.plan.ledger)),
            "adjustments": f"SELECT * FROM {ADJUSTMENTS}",  # noqa: S608 - our own names
            **dict(self._bench.totals.views(side.keys, rules, at)),
        }
        with self._bench.cursor() as cursor:
            cursor.execute("CREATE TEMP TABLE as_of AS SELECT ?::TIMESTAMP AS as_of", [at])
            for name, query in views.items():
                cursor.execute(f"CREATE TEMP VIEW {name} AS SELECT * FROM ({query}) WHERE {some}")  # noqa: S608 - ours
            yield cursor

    def _worked_out(self, text: str) -> Side:
        model = Model.loads(text)
        plan = compile_plan(model, columns_for(wanted_by(model)))
        keys = self._bench.totals.have(plan.ledger.events, [self._bench.as_of])
        self._made += 1
        side = Side(model, plan, f"side_{self._made}", keys)
        with self.set_at(side, self._bench.as_of) as cursor:
            columns = ", ".join(quoted(name) for name in SAID)
            cursor.execute(
                f"CREATE TABLE {side.table} AS SELECT lead_id, {columns} "  # noqa: S608 - our own names
                f"FROM ({plan.sql('graded', given=side.given)})"
            )
        return side

    def traits_of(self, names: Sequence[str]) -> str:
        """The step `traits` of a plan, out of the file; a trait that nobody has is null."""
        columns = []
        for name in names:
            found = self._bench.column(name)
            nobody = "NULL::TIMESTAMP" if name in TIME_COLUMNS else "NULL::VARCHAR"
            columns.append(f", {nobody if found is None else found.held} AS {quoted(trait_column(name))}")
        return f"SELECT lead_id{''.join(columns)} FROM {LEADS}"  # noqa: S608 - quoted names

    def _drop_old(self) -> None:
        while len(self._sides) > _KEPT:
            _, old = self._sides.popitem(last=False)
            with self._bench.cursor() as cursor:
                cursor.execute(f"DROP TABLE {old.table}")


def rows_of(found: duckdb.DuckDBPyConnection) -> _Rows:
    """The rows of an answer by the names of their columns."""
    names = [column[0] for column in found.description or ()]
    return [dict(zip(names, row, strict=True)) for row in found.fetchall()]
