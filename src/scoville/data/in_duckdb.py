"""A DuckDB connection as the place where relations are opened, cleaned and kept."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops

from scoville.data.keep import quoted
from scoville.data.sources import open_source
from scoville.spelling import empty_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    import duckdb
    import ibis.expr.types as ir

    from scoville.data.sources import Raw

# A column of nothing but nulls in memory, and nanoseconds with a zone, as pandas and Polars hold times.
UNKNOWN_TO_IBIS: Mapping[str, dt.DataType] = MappingProxyType(
    {'"NULL"': dt.null, "TIMESTAMPTZ_NS": dt.Timestamp(timezone="UTC", scale=9)}
)
TEMPORARY = ("temp", "main")  # catalog and schema of temporary tables in DuckDB


class InDuckDB:
    """A `Place`: see there. `con` is the connection itself."""

    dialect = "duckdb"

    def __init__(self, con: duckdb.DuckDBPyConnection) -> None:
        self.con = con
        self._ibis = ibis.duckdb.from_connection(con)

    def open_source(self, source: object, *, relation: str, delimiter: str | None = None) -> Raw:
        """Files, tables of DuckDB, and tables in memory: see `sources.open_source`."""
        return open_source(self, source, relation=relation, delimiter=delimiter)

    def keep_table(self, name: str, expression: ir.Table) -> ir.Table:
        """Compute now, and keep the rows as a temporary table."""
        return self.keep_table_from_sql(name, self.compile(expression))

    def keep_view(self, name: str, expression: ir.Table) -> ir.Table:
        """Keep only the query, as a temporary view."""
        return self.keep_view_from_sql(name, self.compile(expression))

    def keep_table_from_sql(self, name: str, query: str) -> ir.Table:
        """`keep_table` for SQL text."""
        self._drop_other(name, wanted="TABLE")
        self.con.execute(f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {query}")
        return self._kept(name)

    def keep_view_from_sql(self, name: str, query: str) -> ir.Table:
        """`keep_view` for SQL text."""
        self._drop_other(name, wanted="VIEW")
        self.con.execute(f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {query}")
        return self._kept(name)

    def keep_empty(self, name: str, columns: Mapping[str, str]) -> ir.Table:
        """A table without rows; `columns` maps names to Ibis types."""
        return self.keep_table_from_sql(name, empty_of(columns, self.dialect))

    def drop_table(self, name: str) -> None:
        """Forget a kept table."""
        self.con.execute(f"DROP TABLE IF EXISTS temp.{quoted(name)}")

    def fetch_rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The rows. Ibis's own way imports pandas, half a second before the first number is there."""
        cursor = self.con.execute(self.compile(expression))
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def compile(self, expression: ir.Expr) -> str:
        """The SQL of an expression over tables of this place."""
        return str(self._ibis.compile(expression))

    def _kept(self, name: str) -> ir.Table:
        """The table over a kept name. Ibis asks for its schema through Arrow, by a name that DuckDB has deprecated."""
        described = self.con.execute(f"DESCRIBE {'.'.join(TEMPORARY)}.{quoted(name)}").fetchall()
        types = {column: self._type(kind) for column, kind, *_ in described}
        namespace = ops.Namespace(catalog=TEMPORARY[0], database=TEMPORARY[1])
        return ops.DatabaseTable(name=name, schema=ibis.schema(types), source=self._ibis, namespace=namespace).to_expr()

    def _type(self, kind: str) -> dt.DataType:
        """A DuckDB type as Ibis has it, also those that Ibis does not know."""
        return UNKNOWN_TO_IBIS.get(kind) or self._ibis.compiler.type_mapper.from_string(kind)

    def _drop_other(self, name: str, *, wanted: str) -> None:
        """DuckDB refuses to replace a table by a view and the other way round."""
        kind, listing = ("VIEW", "duckdb_views()") if wanted == "TABLE" else ("TABLE", "duckdb_tables()")
        column = f"{kind.lower()}_name"
        found = self.con.execute(f"SELECT 1 FROM {listing} WHERE temporary AND {column} = ?", [name]).fetchall()  # noqa: S608
        if found:
            self.con.execute(f"DROP {kind} temp.{quoted(name)}")
