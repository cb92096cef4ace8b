"""Put an expression into the connection under a name: as a temporary table (rows now) or view (rows when asked).

Everything is temporary, so that a user's own database file is never written to.
"""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.datatypes as dt
import ibis.expr.operations as ops

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

# A column of nothing but nulls in memory, and nanoseconds with a zone, as pandas and Polars hold times.
UNKNOWN_TO_IBIS: Mapping[str, dt.DataType] = MappingProxyType(
    {'"NULL"': dt.null, "TIMESTAMPTZ_NS": dt.Timestamp(timezone="UTC", scale=9)}
)
TEMPORARY = ("temp", "main")  # catalog and schema of temporary tables in DuckDB


def keep_table(con: Backend, name: str, expression: ir.Table) -> ir.Table:
    """Compute now, and keep the rows as a temporary table. Replaces what has this name."""
    return keep_table_from_sql(con, name, con.compile(expression))


def keep_view(con: Backend, name: str, expression: ir.Table) -> ir.Table:
    """Keep only the query. Replaces what has this name."""
    return keep_view_from_sql(con, name, con.compile(expression))


def keep_table_from_sql(con: Backend, name: str, query: str) -> ir.Table:
    """`keep_table` for SQL text."""
    _drop_other(con, name, wanted="TABLE")
    _run(con, f"CREATE OR REPLACE TEMP TABLE {quoted(name)} AS {query}")
    return _kept(con, name)


def keep_view_from_sql(con: Backend, name: str, query: str) -> ir.Table:
    """`keep_view` for SQL text."""
    _drop_other(con, name, wanted="VIEW")
    _run(con, f"CREATE OR REPLACE TEMP VIEW {quoted(name)} AS {query}")
    return _kept(con, name)


def keep_empty(con: Backend, name: str, columns: Mapping[str, str]) -> ir.Table:
    """A table without rows; `columns` maps names to DuckDB types."""
    typed = ", ".join(f"NULL::{kind} AS {quoted(column)}" for column, kind in columns.items())
    return keep_table_from_sql(con, name, f"SELECT {typed} WHERE false")


def drop_table(con: Backend, name: str) -> None:
    """Forget a kept table, so that its memory can be used again."""
    _run(con, f"DROP TABLE IF EXISTS temp.{quoted(name)}")


def fetch_rows(con: Backend, expression: ir.Table) -> list[dict[str, Any]]:
    """The rows of a small answer. Ibis's own way imports pandas, half a second before the first number is there."""
    cursor = con.con.execute(con.compile(expression))
    names = [column[0] for column in cursor.description]
    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def count_rows(con: Backend, table: ir.Table) -> int:
    """How many rows there are."""
    return int(fetch_rows(con, table.aggregate(rows=table.count()))[0]["rows"])


def quoted(name: str) -> str:
    """A name as a DuckDB identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a DuckDB literal."""
    return "'" + text.replace("'", "''") + "'"


def _run(con: Backend, statement: str) -> None:
    con.con.execute(statement)


def _kept(con: Backend, name: str) -> ir.Table:
    """The Ibis table over a kept name. Ibis asks for its schema through Arrow, by a name that DuckDB has deprecated."""
    described = con.con.execute(f"DESCRIBE {'.'.join(TEMPORARY)}.{quoted(name)}").fetchall()
    types = {column: _ibis_type(con, kind) for column, kind, *_ in described}
    namespace = ops.Namespace(catalog=TEMPORARY[0], database=TEMPORARY[1])
    return ops.DatabaseTable(name=name, schema=ibis.schema(types), source=con, namespace=namespace).to_expr()


def _ibis_type(con: Backend, kind: str) -> dt.DataType:
    """A DuckDB type as Ibis has it, also those that Ibis does not know."""
    return UNKNOWN_TO_IBIS.get(kind) or con.compiler.type_mapper.from_string(kind)


def _drop_other(con: Backend, name: str, *, wanted: str) -> None:
    """DuckDB refuses to replace a table by a view and the other way round."""
    kind, listing = ("VIEW", "duckdb_views()") if wanted == "TABLE" else ("TABLE", "duckdb_tables()")
    column = f"{kind.lower()}_name"
    found = con.con.execute(f"SELECT 1 FROM {listing} WHERE temporary AND {column} = ?", [name]).fetchall()  # noqa: S608
    if found:
        _run(con, f"DROP {kind} temp.{quoted(name)}")
