"""A session of a PostgreSQL server as the place where relations are opened, cleaned and kept.

Tables stay on the server. Files and tables in memory are read here by the rules for files, and sent there.
"""

from __future__ import annotations

from dataclasses import replace
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import ibis.expr.datatypes as dt
import psycopg
import pyarrow as pa
from psycopg import sql

from scoville.data.dialects import column_names
from scoville.data.in_duckdb import InDuckDB
from scoville.data.memory import as_arrow, is_table_in_memory
from scoville.data.quality import Notice
from scoville.data.said_by_postgres import explained
from scoville.data.sources import Raw, open_source
from scoville.data.suggest import did_you_mean, listed
from scoville.data.table_names import names_of, table_called
from scoville.errors import DataError
from scoville.spelling import empty_of, sql_of
from scoville.spelling.postgres import short_name

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

_TABLES = """
SELECT n.nspname, c.relname, pg_table_is_visible(c.oid) AS is_visible
FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
WHERE c.relkind IN ('r', 'v', 'm', 'p', 'f') AND n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
  AND n.nspname NOT LIKE 'pg\\_temp%' AND has_schema_privilege(n.oid, 'USAGE')
ORDER BY NOT pg_table_is_visible(c.oid), n.nspname, c.relname
"""
# A domain is what it rests on. Text of a column's own language is compared as the rest of the database compares.
_COLUMNS = """
SELECT a.attname, format_type(CASE t.typtype WHEN 'd' THEN t.typbasetype ELSE t.oid END, NULL) AS kind,
       t.typtype = 'e' AS is_enum, t.typcategory = 'A' AS is_array, a.attcollation NOT IN (0, 100) AS has_language
FROM pg_attribute a JOIN pg_type t ON t.oid = a.atttypid
WHERE a.attrelid = %s::regclass AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum
"""
# Types that are taken as they are, with what Ibis calls them; all others become text.
_KINDS: Mapping[str, dt.DataType] = {
    "boolean": dt.boolean, "smallint": dt.int16, "integer": dt.int32, "bigint": dt.int64,
    "real": dt.float32, "double precision": dt.float64, "numeric": dt.Decimal(), "text": dt.string,
    "json": dt.json, "jsonb": dt.json, "bytea": dt.binary, "date": dt.date,
    "timestamp without time zone": dt.Timestamp(scale=6),
    "timestamp with time zone": dt.Timestamp(timezone="UTC", scale=6),
}  # fmt: skip
# What has no place in a calendar of four digits (also `infinity`) stands at its end, so that it is late or long ago.
_FIRST, _LAST = "0001-01-01", "9999-12-31"
_SENT = (
    (pa.types.is_boolean, "boolean"),
    (pa.types.is_integer, "bigint"),
    (pa.types.is_floating, "double precision"),
    (pa.types.is_decimal, "numeric"),
    (pa.types.is_date, "date"),
    (pa.types.is_binary, "bytea"),
    (pa.types.is_large_binary, "bytea"),
)
_ROWS_AT_ONCE = 10_000


class InPostgres:
    """A `Place`: see there. What is kept is temporary, and gone with the session."""

    dialect = "postgres"

    def __init__(self, con: psycopg.Connection[Any]) -> None:
        self.con = con
        self.schemas: dict[str, ibis.Schema] = {}  # of what is kept, by the full names of the columns

    # --- opening -----------------------------------------------------------------------------------------------------

    def open_source(self, source: object, *, relation: str, delimiter: str | None = None) -> Raw:
        """A table or view of the database: see `table_names`. Also what `sources.open_source` reads here.

        Raises: DataError with the nearest name for a table that is not there.
        """
        address = self.address(source) if isinstance(source, str) else None
        if address is not None:
            raw = Raw(relation, str(source), self._view_of(address, f"raw_{relation}"), is_text=False)
        elif isinstance(source, (str, Path)):
            raw = self._sent(str(source), relation, delimiter)
        elif is_table_in_memory(source):
            name = f"the table given as {relation}"
            raw = Raw(relation, name, self.put(f"raw_{relation}", as_arrow(source, name)), is_text=False)
        else:
            raise DataError(
                f"{relation}: cannot read a {type(source).__module__}.{type(source).__qualname__}. Allowed: a table of "
                "the database, a path or glob of CSV, JSON Lines or Parquet, or a pandas, Polars, Arrow or Ibis table."
            )
        return replace(raw, notices=(*raw.notices, *self._languages(relation)))

    def address(self, name: str) -> tuple[str, str] | None:
        """Schema and name of a table, null when there is none. Case counts only where it tells two tables apart."""
        return table_called(name, self.tables())

    def tables(self) -> list[tuple[str, str, bool]]:
        """Schema and name of each table and view, and whether the name alone is enough."""
        return list(self.execute(_TABLES).fetchall())

    def _view_of(self, address: tuple[str, str], name: str) -> ir.Table:
        columns = self.execute(_COLUMNS, [sql.Identifier(*address).as_string(self.con)]).fetchall()
        column_names(".".join(address), [column[0] for column in columns])
        said, schema = [], {}
        for column, kind, is_enum, is_array, has_language in columns:
            text, schema[column] = _read(
                sql.Identifier(column).as_string(self.con), kind, is_enum, is_array, has_language
            )
            said.append(f"{text} AS {sql.Identifier(column).as_string(self.con)}")
        query = f"SELECT {', '.join(said)} FROM {sql.Identifier(*address).as_string(self.con)}"  # noqa: S608 - quoted
        return self._keep("VIEW", name, query, ibis.schema(schema))

    def _sent(self, source: str, relation: str, delimiter: str | None) -> Raw:
        """A file, read here; its columns are text still where the file knows no types."""
        if not Path(source).expanduser().exists() and not has_magic(source) and "::" not in source:
            raise self._missing(source)
        with duckdb.connect() as connection:
            here = InDuckDB(connection)
            raw = open_source(here, source, relation=relation, delimiter=delimiter)
            rows = connection.sql(here.compile(raw.table)).to_arrow_table()
        return replace(raw, table=self.put(f"raw_{relation}", rows))

    def _missing(self, source: str) -> DataError:
        names = names_of(self.tables())
        database = self.con.info.dbname
        said = f" Tables of {database}: {listed(names)}." if names else f" {database} has no tables that you may see."
        return DataError(f"{source}: no such table in {database}, and no such file.{did_you_mean(source, names)}{said}")

    def _languages(self, relation: str) -> Iterator[Notice]:
        """What the language of the database changes. Leads come first, and once is enough."""
        knows = self.execute("SELECT lower('ÄÉ') = 'äé'").fetchone()
        if relation == "leads" and not (knows and knows[0]):
            yield Notice(
                relation, None,
                "this database makes small letters of A to Z alone (its locale is C), so É and é are different texts",
            )  # fmt: skip

    def put(self, name: str, rows: pa.Table) -> ir.Table:
        """Rows from here as a table of the session."""
        plain = _plain(rows)
        kinds = [_kind_of(field.type) for field in plain.schema]
        schema = ibis.schema(
            {field.name: _KINDS[_FULL.get(kind, kind)] for field, kind in zip(plain.schema, kinds, strict=True)}
        )
        columns = ", ".join(f"{self.name(field.name)} {kind}" for field, kind in zip(plain.schema, kinds, strict=True))
        self._forget(name)
        self.execute(f"CREATE TEMP TABLE {self.name(name)} ({columns})")
        with explained(), self.con.cursor().copy(sql.SQL(f"COPY {self.name(name)} FROM STDIN")) as copy:
            for batch in plain.to_batches(_ROWS_AT_ONCE):
                for row in zip(*(column.to_pylist() for column in batch.columns), strict=True):
                    copy.write_row(row)
        return self._known(name, schema)

    # --- keeping -----------------------------------------------------------------------------------------------------

    def keep_table(self, name: str, expression: ir.Table) -> ir.Table:
        """Compute now, and keep the rows as a temporary table."""
        return self._keep("TABLE", name, sql_of(expression, self.dialect), expression.schema())

    def keep_view(self, name: str, expression: ir.Table) -> ir.Table:
        """Keep only the query, as a temporary view."""
        return self._keep("VIEW", name, sql_of(expression, self.dialect), expression.schema())

    def keep_empty(self, name: str, columns: Mapping[str, str]) -> ir.Table:
        """A table without rows; `columns` maps names to Ibis types."""
        return self._keep("TABLE", name, empty_of(columns, self.dialect), ibis.schema(dict(columns)))

    def drop_table(self, name: str) -> None:
        """Forget a kept table."""
        self._forget(name)

    def fetch_rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The rows."""
        cursor = self.execute(sql_of(expression, self.dialect))
        names = [column.name for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    def keep_rows(self, name: str, query: str) -> None:
        """Keep the rows of a query in SQL; their columns are asked for when they are needed."""
        self._forget(name)
        self.execute(f"CREATE TEMP TABLE {self.name(name)} AS {query}")
        self.execute(f"ANALYZE {self.name(name)}")

    def execute(self, statement: str, values: Sequence[object] | None = None) -> psycopg.Cursor[Any]:
        """Run a statement. Raises: EngineError with what can be done; the transaction is over then."""
        with explained():
            try:
                return self.con.execute(sql.SQL(statement), values)
            except psycopg.Error:
                self.con.rollback()
                raise

    def name(self, name: str) -> str:
        """A name of the session as an identifier: temporary, so that no table of the user is meant."""
        return sql.Identifier(short_name(name)).as_string(self.con)

    def _keep(self, kind: str, name: str, query: str, schema: ibis.Schema) -> ir.Table:
        if kind == "TABLE":
            self.keep_rows(name, query)
        else:
            self._forget(name)
            self.execute(f"CREATE TEMP VIEW {self.name(name)} AS {query}")
        return self._known(name, schema)

    def _known(self, name: str, schema: ibis.Schema) -> ir.Table:
        self.schemas[name] = schema
        return ibis.table(schema, name=name)

    def _forget(self, name: str) -> None:
        """Drop what the session has under a name, and what rests on it: another run begins."""
        self.schemas.pop(name, None)
        found = self.execute(
            "SELECT relkind FROM pg_class WHERE relnamespace = pg_my_temp_schema() AND relname = %s", [short_name(name)]
        ).fetchone()
        if found is not None:
            kind = "VIEW" if found[0] == "v" else "TABLE"
            self.execute(f"DROP {kind} pg_temp.{self.name(name)} CASCADE")


def _read(column: str, kind: str, is_enum: bool, is_array: bool, has_language: bool) -> tuple[str, dt.DataType]:  # noqa: FBT001
    """A column of a table as the plan can bear it, and its type."""
    if is_array:
        return f"to_json({column})", dt.json
    known = dt.string if is_enum else _KINDS.get(kind, dt.string)
    if known.is_timestamp() or known.is_date():
        first, last = (f"CAST('{end}' AS {kind})" for end in (_FIRST, _LAST))
        return f"CASE WHEN {column} > {last} THEN {last} WHEN {column} < {first} THEN {first} ELSE {column} END", known
    if not known.is_string():
        return column, known
    text = column if kind == "text" else f"CAST({column} AS TEXT)"
    return (f'{text} COLLATE "default"' if has_language else text), known


_FULL = {"timestamp": "timestamp without time zone", "timestamptz": "timestamp with time zone"}


def _kind_of(kind: pa.DataType) -> str:
    if pa.types.is_timestamp(kind):
        return "timestamptz" if kind.tz else "timestamp"
    return next((said for holds, said in _SENT if holds(kind)), "text")


def _plain(rows: pa.Table) -> pa.Table:
    """Rows without types that Python or PostgreSQL lacks: nested values as JSON, nanoseconds as microseconds."""
    with duckdb.connect() as connection:
        connection.register("given", rows)
        described = connection.execute("DESCRIBE given").fetchall()
        said = []
        for name, kind, *_ in described:
            column = '"' + name.replace('"', '""') + '"'
            if kind.endswith("]") or kind.startswith(("STRUCT", "MAP")):
                said.append(f"to_json({column})::VARCHAR AS {column}")
            elif kind in {"TIMESTAMP_NS", "TIMESTAMP_S", "TIMESTAMP_MS"}:
                said.append(f"{column}::TIMESTAMP AS {column}")
            else:
                said.append(column)
        return connection.sql(f"SELECT {', '.join(said)} FROM given").to_arrow_table()  # noqa: S608 - quoted
