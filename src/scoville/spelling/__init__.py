"""How an expression is said in the SQL of an engine: Ibis's compilers, put right where they would say something else.

In: Ibis expressions and the name of a dialect. Out: SQL. Nothing is run. Called by `data/` and `plan/`, so that what
cleans the data and what scores them mean the same everywhere. One file for each dialect that needs putting right.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

import ibis
import sqlglot as sg
import sqlglot.expressions as sge

if TYPE_CHECKING:
    from collections.abc import Mapping

    import ibis.expr.types as ir

OWN = ("bigquery", "clickhouse", "databricks", "postgres", "snowflake", "spark", "trino")
"""Dialects with a file here. `scoville.spelling.<dialect>` then has `compiler`."""


def compiler_of(dialect: str) -> Any:
    """The compiler from Ibis expressions to sqlglot trees."""
    home = "scoville.spelling" if dialect in OWN else "ibis.backends.sql.compilers"
    return importlib.import_module(f"{home}.{dialect}").compiler


def sql_of(expression: ir.Table, dialect: str) -> str:
    """One SELECT for an expression over unbound tables."""
    compiler = compiler_of(dialect)
    return str(finished(compiler.to_sqlglot(expression), compiler).sql(compiler.dialect))


def finished(tree: sge.Expression, compiler: Any) -> sge.Expression:
    """A tree with its names as the dialect can bear them; it is changed in place."""
    finish = getattr(compiler, "finish", None)
    return tree if finish is None else finish(tree)


def empty_of(schema: Mapping[str, str], dialect: str) -> str:
    """A SELECT of no rows with these columns, by their Ibis types."""
    compiler = compiler_of(dialect)
    nulls = [
        sge.cast(sge.Null(), compiler.type_mapper.from_ibis(ibis.dtype(kind))).as_(name, quoted=True)
        for name, kind in schema.items()
    ]
    return str(finished(sg.select(*nulls).where(sge.false()), compiler).sql(compiler.dialect))


def quoted(name: str, dialect: str = "duckdb") -> str:
    """A name as an identifier."""
    return sg.to_identifier(name, quoted=True).sql(compiler_of(dialect).dialect)


def literal(text: str) -> str:
    """A text as a literal of standard SQL, which DuckDB and PostgreSQL read."""
    return "'" + text.replace("'", "''") + "'"
