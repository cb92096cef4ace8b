"""What is asked of a place in which relations are kept."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoville.data.in_duckdb import InDuckDB
from scoville.data.keep import AGGREGATES_AT_ONCE, fetch_aggregates
from scoville.data.values import without_placeholders
from scoville.data.workspace import Settings

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pytest


def test_many_aggregates_are_asked_for_in_several_queries(con: InDuckDB, monkeypatch: pytest.MonkeyPatch) -> None:
    table = con.keep_table_from_sql("numbers", "SELECT i FROM range(10) t(i)")
    widths = []

    def fetch_rows(expression: ir.Table) -> list[dict[str, Any]]:
        widths.append(len(expression.columns))
        return InDuckDB.fetch_rows(con, expression)

    monkeypatch.setattr(con, "fetch_rows", fetch_rows)
    wanted = {
        f"at least {n}, which no column may be called": (table.i >= n).sum() for n in range(AGGREGATES_AT_ONCE + 1)
    }
    found = fetch_aggregates(con, table, wanted)
    assert list(found) == list(wanted)
    assert list(found.values())[:12] == [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0]  # of the numbers 0 to 9
    assert widths == [AGGREGATES_AT_ONCE, 1]
    assert fetch_aggregates(con, table, {}) == {}


def test_missing_values_are_found_without_a_join(con: InDuckDB) -> None:
    table = con.keep_table_from_sql("texts", "SELECT unnest(['Select', ' N/A ', '', NULL, 'Rome']) AS city")
    cleaned = table.select(city=without_placeholders(table.city, Settings()))
    assert [row["city"] for row in con.fetch_rows(cleaned)] == [None, None, None, None, "Rome"]
    plan = con.con.execute(f"EXPLAIN {con.compile(cleaned)}").fetchall()[0][1].lower()
    assert "projection" in plan
    assert "join" not in plan  # one for each column would make a wide file take minutes
