"""Which conditions hold for which leads: the model's own language of `when:`, over traits and the score row.

In: conditions and plain rows of leads. Out: a truth for each pair. Called by `assigning`, outside of any transaction
that writes. It is the plan's own arithmetic, run in DuckDB over all leads at once; nothing is evaluated as code.
"""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import pyarrow as pa

from scoville.data.lists import LOOKUPS
from scoville.data.traits import DERIVED, derive
from scoville.live.fold.names import as_text
from scoville.model.conditions import traits_of
from scoville.plan.terms import condition_holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from scoville.model.conditions import Condition

NUMBERS = frozenset({"score", "fit", "engagement", "probability"})
_RELATION = "leads_to_route"


def columns_needed(conditions: Sequence[Condition]) -> set[str]:
    """What has to be known of a lead: the traits that are named, and what derived ones are worked out from."""
    named = {trait for condition in conditions for trait in traits_of(condition)}
    return named | {source for name in named & DERIVED.keys() for source in DERIVED[name].sources}


def which_hold(
    conditions: Sequence[Condition], rows: Sequence[Mapping[str, Any]], now: datetime
) -> list[tuple[bool, ...]]:
    """For each row, whether each condition holds at `now`.

    A row has traits and columns of the score by name; what is not in it is missing, and makes a comparison false.
    """
    if not conditions or not rows:
        return [() for _ in rows]
    given = frozenset(name for row in rows for name in row)
    query, lookups = _query(tuple(conditions), given.intersection(DERIVED))
    with duckdb.connect() as con:
        con.execute("SET threads = 1")  # few rows: more threads would only wait for each other
        con.register(_RELATION, _arrow(sorted(columns_needed(conditions)), rows, now))
        for name in lookups:
            con.register(name, LOOKUPS[name].rows())
        return [tuple(row[1:]) for row in con.execute(query).fetchall()]


@lru_cache(maxsize=32)
def _query(conditions: tuple[Condition, ...], given: frozenset[str]) -> tuple[str, tuple[str, ...]]:
    """The SQL, and the lookups it joins. `given`: derived traits that leads carry themselves."""
    needed = sorted(columns_needed(conditions))
    derived = [name for name in needed if name in DERIVED and (name not in given or name == "company_domain")]
    present = [name for name in needed if name not in derived or name in given]
    table = ibis.table(_schema(present), name=_RELATION)
    tables = {name: lookup.table() for name, lookup in LOOKUPS.items()}
    told = derive(table, derived, tables) if derived else table
    holds = {
        f"holds_{i}": condition_holds(condition, lambda name: told[name], told["as_of_"])
        for i, condition in enumerate(conditions)
    }
    query = ibis.to_sql(told.select("row_", **holds).order_by("row_"), dialect="duckdb")
    return str(query), tuple(sorted({one for name in derived for one in DERIVED[name].lookups}))


def _schema(names: Sequence[str]) -> dict[str, str]:
    return {"row_": "int64", "as_of_": "timestamp(6)"} | {
        name: "float64" if name in NUMBERS else "string" for name in names
    }


def _arrow(names: Sequence[str], rows: Sequence[Mapping[str, Any]], now: datetime) -> pa.Table:
    columns: dict[str, pa.Array] = {
        "row_": pa.array(range(len(rows)), pa.int64()),
        "as_of_": pa.array([now] * len(rows), pa.timestamp("us")),
    }
    for name in names:
        if name in NUMBERS:
            columns[name] = pa.array([row.get(name) for row in rows], pa.float64())
        else:
            columns[name] = pa.array([as_text(row.get(name)) for row in rows], pa.string())
    return pa.table(columns)
