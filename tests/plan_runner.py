"""The product behind the face of the oracle: the one place in the tests that knows how `scoville.score` is called."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any, Protocol

import pyarrow as pa

import scoville
from oracle import Contribution, OracleResult, ScoreRow
from scoville.data.keep import Place
from scoville.engines.engine import Engine

if TYPE_CHECKING:
    import ibis.expr.types as ir

Row = dict[str, Any]
Names = tuple[str, ...]
LEAD_COLUMNS = {"lead_id": pa.string()}
EVENT_COLUMNS = {"lead_id": pa.string(), "event": pa.string(), "occurred_at": pa.timestamp("us")}


class Receiving(Place, Protocol):
    """A place that takes rows from here."""

    def put(self, name: str, rows: pa.Table) -> ir.Table:
        """Rows under a name."""


class Sending(Engine, Protocol):
    """An engine other than the embedded one."""

    @property
    def place(self) -> Receiving:
        """Where rows can be put."""


SCORE_COLUMNS = ("score", "fit", "engagement", "grade", "level", "priority", "stage", "segment", "disqualified_by")


def run_plan(model: Row, leads: list[Row], events: list[Row], as_of: datetime, **also: Names) -> OracleResult:
    """Score with the product; leads and events as the oracle takes them."""
    return result_of(run_of(model, leads, events, as_of, **also))


def result_of(run: scoville.ScoreRun) -> OracleResult:
    """The product's result as the oracle gives it."""
    rows = [score_row(row) for row in run.scores.to_pylist()]
    contributions = [contribution(row) for row in run.contributions.to_pylist()]
    return OracleResult({row.lead_id: row for row in rows}, contributions)


def accounts_of(run: scoville.ScoreRun) -> dict[str, float]:
    """Account scores of the product's result."""
    return {row["account"]: row["score"] for row in run.accounts.to_pylist()}


def on_engine(engine: Sending | None, here: scoville.ScoreRun) -> scoville.ScoreRun:
    """The same plan about the same clean leads and events, run by another engine; null is the embedded one."""
    if engine is None:
        return here
    for relation in ("leads", "events", *(("adjustments",) if "adjustments" in here.plan.inputs else ())):
        engine.place.put(relation, here.engine.arrow(f'SELECT * FROM "{relation}"'))  # noqa: S608 - two names of ours
    engine.bind(here.plan, here.as_of)
    return scoville.ScoreRun(engine, here.plan, here.as_of, here.quality, here.scores)


def run_of(
    model: Row, leads: list[Row], events: list[Row], as_of: datetime, *, traits: Names = (), properties: Names = ()
) -> scoville.ScoreRun:
    """The product's own result, with Arrow tables. `traits` and `properties` are columns even where no row has them."""
    read = scoville.Model.from_dict(model)
    return scoville.score(
        read, table(leads, LEAD_COLUMNS, traits), table(events, EVENT_COLUMNS, properties), as_of=as_of
    )


def table(rows: list[Row], fixed: dict[str, pa.DataType], also: Names) -> pa.Table:
    """Columns of one type each, out of rows that need not all have the same keys."""
    names = [*fixed, *sorted({*also, *(name for row in rows for name in row)} - set(fixed))]
    columns = {}
    for name in names:
        values = [row.get(name) for row in rows]
        kind = fixed.get(name) or type_of(values)
        if kind == pa.string():
            values = [value if value is None else str(value) for value in values]
        columns[name] = pa.array(values, kind, from_pandas=False)
    return pa.table(columns)


def type_of(values: list[Any]) -> pa.DataType:
    """The narrowest of text, instant, true/false and number that holds every value; text when there is none."""
    present = [value for value in values if value is not None]
    for kind, arrow in ((bool, pa.bool_()), (datetime, pa.timestamp("us")), ((int, float), pa.float64())):
        if present and all(isinstance(value, kind) for value in present):
            return arrow
    return pa.string()


def score_row(row: Row) -> ScoreRow:
    """One row of `scores`."""
    shown = {name: row[name] for name in (*SCORE_COLUMNS, "rank", "percentile")}
    return ScoreRow(lead_id=row["lead_id"], probability=row.get("probability"), **shown)


def contribution(row: Row) -> Contribution:
    """One row of `contributions`."""
    raw = row["raw_points"]
    return Contribution(
        row["lead_id"],
        row["section"],
        row["rule"],
        row["points"],
        None if raw is None or math.isnan(raw) else raw,
        row["matched"],
        row["newest_at"],
    )


def version_of(model: Row | str) -> str:
    """`model_version` of a model given as plain values or as YAML text."""
    read = scoville.Model.loads(model) if isinstance(model, str) else scoville.Model.from_dict(model)
    return read.version
