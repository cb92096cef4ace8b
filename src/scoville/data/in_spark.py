"""A Spark session as the place where relations are opened, cleaned and kept.

Parquet and tables are read by the executors. Files of text are read here by the rules for files, and sent there.
"""

from __future__ import annotations

import secrets
from dataclasses import replace
from glob import has_magic
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeGuard, cast

import duckdb
import ibis
import ibis.expr.datatypes as dt
import pyarrow as pa
from ibis.backends.sql.datatypes import PySparkType
from py4j.protocol import Py4JError, Py4JJavaError  # type: ignore[import-untyped]
from pyspark import StorageLevel
from pyspark.errors import AnalysisException, PySparkException

from scoville.data.dialects import column_names
from scoville.data.in_duckdb import InDuckDB
from scoville.data.memory import as_arrow, is_table_in_memory
from scoville.data.sources import Raw, open_source
from scoville.data.suggest import did_you_mean, listed
from scoville.errors import DataError
from scoville.spelling import compiler_of, empty_of, finished

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir
    import sqlglot.expressions as sge
    from pyspark.sql import DataFrame, SparkSession

TEXT_FILES = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".gz")
ERRORS = (PySparkException, Py4JError)  # what Spark raises, and what reaches us through its bridge to Java
_NULL = "void"  # the type of a column of nothing but nulls


class InSpark:
    """A `Place`: see there. Views and what is kept belong to `session` alone.

    Rows that are kept stay on the executors, in memory and on their disks.
    """

    dialect = "spark"

    def __init__(self, session: SparkSession) -> None:
        self.session = session
        self._kept: dict[str, DataFrame] = {}
        self._borrowed: list[str] = []

    # --- opening -----------------------------------------------------------------------------------------------------

    def open_source(self, source: object, *, relation: str, delimiter: str | None = None) -> Raw:
        """Parquet (a file, a folder with or without partitions, a glob, an address), a table, or a frame of Spark.

        Files of text and tables in memory are read here, and sent there.
        """
        if is_frame_of_spark(source):
            return self._opened(self._brought_over(source), relation, f"the frame given as {relation}")
        if isinstance(source, (str, Path)):
            return self._open_named(str(source), relation, delimiter)
        if is_table_in_memory(source):
            name = f"the table given as {relation}"
            return Raw(relation, name, self.put(f"raw_{relation}", as_arrow(source, name)), is_text=False)
        raise DataError(
            f"{relation}: cannot read a {type(source).__module__}.{type(source).__qualname__}. Allowed: a path or glob "
            "of Parquet, CSV or JSON Lines, a table of Spark, or a Spark, pandas, Polars, Arrow or Ibis table."
        )

    def _open_named(self, source: str, relation: str, delimiter: str | None) -> Raw:
        path = Path(source).expanduser()
        if "://" not in source and not path.exists() and not has_magic(source):
            return self._open_table(source, relation)
        if "::" in source or source.lower().endswith(TEXT_FILES):
            return self._open_here(source, relation, delimiter)
        address = source if "://" in source else str(path.absolute())
        try:
            return self._opened(self.session.read.option("mergeSchema", value=True).parquet(address), relation, source)
        except ERRORS as refused:
            raise DataError(
                f"{source}: Spark cannot read it as Parquet: {said_by(refused)}. Name a Parquet file, a folder of "
                "them, or a glob, by a path that the executors see too."
            ) from refused

    def _open_table(self, name: str, relation: str) -> Raw:
        try:
            return self._opened(self.session.table(name), relation, name)
        except AnalysisException as refused:
            if refused.getCondition() not in {"TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "PARSE_SYNTAX_ERROR"}:
                raise
            tables = [one.name for one in self.session.catalog.listTables() if not one.isTemporary]
            raise DataError(
                f"{name}: no such file, and no such table of Spark.{did_you_mean(name, tables)} "
                f"Tables: {listed(tables)}."
            ) from refused

    def _open_here(self, source: str, relation: str, delimiter: str | None) -> Raw:
        """A file of text, by the rules for files; all its columns are text still."""
        with duckdb.connect() as connection:
            here = InDuckDB(connection)
            raw = open_source(here, source, relation=relation, delimiter=delimiter)
            rows = connection.sql(here.compile(raw.table)).to_arrow_table()
        return replace(raw, table=self.put(f"raw_{relation}", rows))

    def _brought_over(self, frame: DataFrame) -> DataFrame:
        """A frame of the user's session in this one: views are of one session, but for the global ones."""
        if frame.sparkSession is self.session:
            return frame
        name = f"scoville_{secrets.token_hex(8)}"
        frame.createGlobalTempView(name)
        self._borrowed.append(name)
        return self.session.table(f"global_temp.{name}")

    def _opened(self, frame: DataFrame, relation: str, name: str) -> Raw:
        column_names(name, frame.columns)
        return Raw(relation, name, self._named(frame, f"raw_{relation}"), is_text=False)

    def put(self, name: str, rows: pa.Table) -> ir.Table:
        """Rows from here as a view of the session."""
        return self._named(self.session.createDataFrame(_plain(rows)), name)

    # --- keeping -----------------------------------------------------------------------------------------------------

    def keep_table(self, name: str, expression: ir.Table) -> ir.Table:
        """Keep the rows where they are worked out, when they are first read; a lost part is worked out again."""
        frame = self._frame(expression).persist(StorageLevel.MEMORY_AND_DISK)
        before = self._kept.pop(name, None)
        self._kept[name] = frame
        if before is not None:
            before.unpersist()
        return self._named(frame, name)

    def keep_view(self, name: str, expression: ir.Table) -> ir.Table:
        """Keep only the query."""
        return self._named(self._frame(expression), name)

    def keep_empty(self, name: str, columns: Mapping[str, str]) -> ir.Table:
        """A table without rows; `columns` maps names to Ibis types."""
        return self._named(self.session.sql(empty_of(columns, self.dialect)), name)

    def _frame(self, expression: ir.Table) -> DataFrame:
        """The rows of an expression. Each WITH becomes a view: Spark does not find again what it kept below one."""
        compiler = compiler_of(self.dialect)
        tree = cast("sge.Query", finished(compiler.to_sqlglot(expression), compiler))
        for step in tree.ctes:
            self.session.sql(step.this.sql(compiler.dialect)).createOrReplaceTempView(step.alias)
        tree.set("with_", None)
        return self.session.sql(tree.sql(compiler.dialect))

    def _named(self, frame: DataFrame, name: str) -> ir.Table:
        frame.createOrReplaceTempView(name)
        return table_of(frame, name)

    def drop_table(self, name: str) -> None:
        """Forget a kept table."""
        self.session.catalog.dropTempView(name)
        frame = self._kept.pop(name, None)
        if frame is not None:
            frame.unpersist()

    def drop_all(self) -> None:
        """Forget everything, so that a session that is not ours has its memory back."""
        for name in list(self._kept):
            self.drop_table(name)
        while self._borrowed:
            self.session.catalog.dropGlobalTempView(self._borrowed.pop())

    def fetch_rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The rows of a small answer."""
        return [row.asDict() for row in self._frame(expression).collect()]


def is_frame_of_spark(source: object) -> TypeGuard[DataFrame]:
    """Whether it is a DataFrame of Spark, be it of a cluster or of Spark Connect."""
    return type(source).__module__.startswith("pyspark.sql") and type(source).__name__ == "DataFrame"


def table_of(frame: DataFrame, name: str) -> ir.Table:
    """A frame as Ibis sees the view of this name."""
    return ibis.table({column.name: _type(column.dataType.simpleString()) for column in frame.schema}, name=name)


def _type(kind: str) -> dt.DataType:
    return dt.null if kind == _NULL else PySparkType.from_string(kind)


def said_by(error: Exception) -> str:
    """The first line of what Spark says, without what it prints around it."""
    text = error.java_exception.getMessage() if isinstance(error, Py4JJavaError) else str(error)
    return str(text).strip().splitlines()[0].removesuffix(".") if text else type(error).__name__


def _plain(rows: pa.Table) -> pa.Table:
    """Columns of the types that Spark takes: it has no unsigned numbers, nanoseconds, dictionaries or bare nulls."""
    return rows.cast(pa.schema([pa.field(one.name, _plain_type(one.type)) for one in rows.schema]))


def _plain_type(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        return _plain_type(kind.value_type)
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", kind.tz)
    if pa.types.is_uint64(kind):
        return pa.float64()
    if pa.types.is_unsigned_integer(kind):
        return pa.int64()
    if pa.types.is_null(kind) or pa.types.is_time(kind) or pa.types.is_string_view(kind):
        return pa.string()
    return kind
