"""A model made ready to score a few leads at once, again and again.

In: a Model. Out: `Compiled`, which holds a DuckDB of its own: the plan's steps stand there as prepared statements over
tables that are filled and emptied, so that neither compiling, nor planning, nor the lists of domains and titles cost
anything but once. Called by the scorer; scoring 50 leads takes about 40 ms.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import ibis

from scoville.data.lists import read_lists
from scoville.engines.duckdb import DuckDB
from scoville.live.scoring.motion import Motion, motion_of
from scoville.live.scoring.relations import ADJUSTMENTS, Relations
from scoville.live.scoring.wanted import Wanted, columns_for, wanted_by
from scoville.plan.accounts import belongs
from scoville.plan.compile import Plan, compile_plan
from scoville.spelling import sql_of
from scoville.tables import CONTRIBUTIONS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime
    from pathlib import Path

    import ibis.expr.types as ir

    from scoville.model.load import Model

_HELD = ("traits", "people", "event_points", "segment_points", "sums")  # what both outputs rest on
_INPUTS = ("leads", "events", "adjustments")
_TOLD = tuple(column.name for column in CONTRIBUTIONS.columns if column.name != "lead_id")


@dataclass(frozen=True)
class Scored:
    """A lead's row of `tables.SCORES`, but rank and percentile, which belong to a whole run; and its contributions.

    `account` is the one that its score counts for; null where it has none, or the model sums up no accounts.
    """

    lead_no: int
    row: Mapping[str, Any]
    contributions: list[dict[str, Any]]
    account: str | None = None


class Compiled:
    """A model ready to run. One thread at a time: others wait."""

    def __init__(self, model: Model, lists: Mapping[str, Path] | None = None) -> None:
        self.model = model
        self.wanted: Wanted = wanted_by(model)
        self.motion: Motion = motion_of(model)
        self._plan = _without_ranks(compile_plan(model, columns_for(self.wanted)))
        self._engine = DuckDB(threads=1)  # for so few rows a second thread costs more than it gives
        self._turn = threading.Lock()
        self._steps = [step for step in self._plan.rests_on("scores", "contributions") if step in _HELD]
        self._prepare(read_lists(lists or {}))

    def score(self, relations: Relations, as_of: datetime) -> list[Scored]:
        """The scores of the leads of some relations at an instant, naive UTC, in the order of their numbers."""
        if not relations.numbers:
            return []
        with self._turn:
            self._fill(relations, as_of)
            scores = self._rows("scores")
            contributions = self._rows("contributions")
            accounts = self._rows("accounts") if self.model.accounts is not None else []
        account_of = {row["lead_id"]: row["account"] for row in accounts}
        told: dict[str, list[dict[str, Any]]] = {}
        for row in contributions:
            told.setdefault(row["lead_id"], []).append(_told(row))
        return [
            Scored(
                int(row["lead_id"]),
                row,
                sorted(told.get(row["lead_id"], []), key=_order),
                account_of.get(row["lead_id"]),
            )
            for row in sorted(scores, key=lambda row: int(row["lead_id"]))
        ]

    def close(self) -> None:
        """Let go of its memory."""
        self._engine.close()

    def _prepare(self, lists: Mapping[str, Any]) -> None:
        run, done = self._engine.run, list[str]()
        self._engine.bind_lists(self._plan, lists)
        columns = columns_for(self.wanted)
        given = {"leads": columns.leads, "events": columns.events, "as_of": {"as_of": "timestamp(6)"}}
        for table, kinds in given.items():
            named = ", ".join(f"{_quoted(name)} {_SQL_TYPES[str(kind)]}" for name, kind in (kinds or {}).items())
            run(f'CREATE TEMP TABLE "{table}" ({named})')
        with self._engine.registered(ADJUSTMENTS.empty_table()) as source:
            run(f"CREATE TEMP TABLE adjustments AS FROM {source}")
        for step in self._steps:
            query = self._plan.sql(step, given=done)
            self._engine.keep(step, query)
            run(f'PREPARE "fill {step}" AS INSERT INTO "{step}" {query}')
            done.append(step)
        for output in ("scores", "contributions"):
            run(f'PREPARE "read {output}" AS {self._plan.sql(output, given=done)}')
        if self.model.accounts is not None:
            traits = ibis.table(cast("ir.Table", self._plan.relations["traits"]).schema(), name="traits")
            run(f'PREPARE "read accounts" AS {sql_of(belongs(traits, self.model.accounts), "duckdb")}')

    def _fill(self, relations: Relations, as_of: datetime) -> None:
        run = self._engine.run
        for table in (*_INPUTS, "as_of", *self._steps):
            run(f'DELETE FROM "{table}"')  # noqa: S608 - our own tables
        for table in _INPUTS:
            with self._engine.registered(getattr(relations, table)) as source:
                run(f'INSERT INTO "{table}" BY NAME FROM {source}')
        run(f"INSERT INTO as_of VALUES (TIMESTAMP '{as_of.isoformat(sep=' ')}')")  # noqa: S608 - an instant
        for step in self._steps:
            run(f'EXECUTE "fill {step}"')

    def _rows(self, output: str) -> list[dict[str, Any]]:
        cursor = self._engine.connection.execute(f'EXECUTE "read {output}"')
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


_SQL_TYPES = {"string": "VARCHAR", "timestamp(6)": "TIMESTAMP"}


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _without_ranks(plan: Plan) -> Plan:
    """The plan without what belongs to a whole run: it would count the few leads at hand."""
    graded = cast("ir.Table", plan.relations["graded"])
    row = ibis.table(graded.schema(), name="graded")
    alone = row.mutate(rank=ibis.null("int64"), percentile=ibis.null("float64"))
    return replace(plan, relations={**plan.relations, "ranked": alone}, _texts={})


def _told(row: Mapping[str, Any]) -> dict[str, Any]:
    newest = row["newest_at"]
    return {name: row[name] for name in _TOLD} | {"newest_at": None if newest is None else newest.isoformat()}


def _order(row: Mapping[str, Any]) -> tuple[str, float, str]:
    """As `scoville score --contributions` has them."""
    return row["section"], -row["points"], row["rule"]
