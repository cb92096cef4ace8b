"""A plan as one text to read, to paste into a warehouse, or to keep as a dbt model.

In: the steps of a plan, and how the tables of the user are called. Out: a flat chain of named common table expressions
with plain names, that begins with the user's own tables. Called by `compile.py` and `dbt.py`.

What runs on an engine is `steps.to_sql`: the same steps, not made for reading.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot as sg
import sqlglot.expressions as sge

from scoville.errors import PlanError, UsageError
from scoville.plan.flat import flatten, plain_names
from scoville.plan.steps import query_of
from scoville.spelling import compiler_of, finished
from scoville.spelling.mending import mended, spelled

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import datetime

    from scoville.plan.steps import Constant

_SLOT = "scoville_slot_"
_IDS = ("lead_id", "event_id")
# Dialects that read a time without an offset by the time zone of the session.
_ZONED = {"databricks": "SET TIME ZONE 'UTC'", "spark": "SET TIME ZONE 'UTC'"}
_NOW = {
    "bigquery": "CURRENT_DATETIME('UTC')",
    "clickhouse": "now64(6, 'UTC')",
    "databricks": "CURRENT_TIMESTAMP()",
    "spark": "CURRENT_TIMESTAMP()",
}
# Texts of these have no escapes: a tab or a line break in the middle of a text does not survive every paste.
_UNESCAPED = ("duckdb", "postgres")
_BREAKS = "\t\n\r\v\f"
_NOW_ELSEWHERE = sge.AtTimeZone(this=sge.CurrentTimestamp(), zone=sge.Literal.string("UTC"))


@dataclass(frozen=True)
class Source:
    """The user's own table behind `leads` or `events`.

    `table` is its name as SQL of the dialect; `columns` maps our names to the table's, where they differ. A trait of
    the account, `account.industry`, is looked for as account_industry.
    """

    table: str
    columns: Mapping[str, str] = field(default_factory=dict)


def table_name(name: str, dialect: str) -> str:
    """A name such as `crm.public.contacts`, quoted where the dialect needs it.

    Raises: UsageError for what is no name of a table.
    """
    try:
        table = sg.to_table(name, dialect=_dialect(dialect))
    except (sg.errors.ParseError, sg.errors.TokenError, ValueError):
        raise UsageError(
            f"'{name}' is no name of a table; write it like schema.table or database.schema.table"
        ) from None
    return table.sql(_dialect(dialect))


def script_of(
    relations: Mapping[str, ir.Table | Constant],
    output: str,
    dialect: str,
    *,
    sources: Mapping[str, Source],
    as_of: datetime | str | None = None,
    names: Mapping[str, str] | None = None,
) -> str:
    """One SELECT with the steps it rests on as a flat chain of common table expressions.

    `sources` are the tables behind the inputs; `as_of` is an instant in UTC, SQL of the dialect, or null for the time
    at which the query runs; `names` are other names of tables that are read, such as lists.
    Raises: PlanError when the dialect cannot say something that the model uses.
    """
    compiler = compiler_of(dialect)
    slots = {_slot(name): source.table for name, source in sources.items()}
    slots |= {_slot(name): said for name, said in (names or {}).items()}
    if isinstance(as_of, str):
        slots[_slot("as_of")] = as_of
    inputs = {"as_of": _as_of(as_of, dialect)}
    for name, source in sources.items():
        inputs |= _read(name, source, _columns_read(relations, name), dialect)
    query = query_of({**inputs, **relations}, output, compiler)
    _rename_tables(
        query, {**{name: f"clean_{name}" for name in sources}, **{name: _slot(name) for name in names or {}}}
    )
    flatten(query)
    plain_names(query, dialect, theirs=_SLOT)
    if dialect in _UNESCAPED:
        query = mended(query, spelled(_BREAKS, in_brackets=True))  # type: ignore[assignment]  # it is the same SELECT
    try:
        text = query.sql(_dialect(dialect), pretty=True, unsupported_level=sg.ErrorLevel.RAISE)
    except sg.errors.UnsupportedError as error:
        raise PlanError(f"{dialect} cannot say something that the model uses: {error}") from None
    for slot, said in slots.items():
        text = text.replace(slot, said)
    return text


def needs(dialect: str) -> str | None:
    """A statement that has to run before, in the same session; null for most dialects."""
    return _ZONED.get(dialect)


# --- where it begins: the instant and the tables of the user ----------------------------------------------------------


def _slot(name: str) -> str:
    """What stands in the tree for a text that is put in at the end."""
    return f"{_SLOT}{name}_"


def _dialect(dialect: str) -> Any:  # noqa: ANN401 - a class of sqlglot
    return compiler_of(dialect).dialect


def instant_sql(as_of: datetime | str | None, dialect: str) -> str:
    """An instant as SQL: one in UTC, a text that says one, or for null the clock in UTC."""
    return str(finished(_instant(as_of, dialect), compiler_of(dialect)).sql(_dialect(dialect)))


def _instant(as_of: datetime | str | None, dialect: str) -> sge.Expression:
    compiler = compiler_of(dialect)
    kind = compiler.type_mapper.from_ibis(ibis.dtype("timestamp(6)"))
    if as_of is not None:
        said: sge.Expression = sge.convert(as_of if isinstance(as_of, str) else as_of.isoformat(" "))
    else:
        said = sg.parse_one(_NOW[dialect], dialect=compiler.dialect) if dialect in _NOW else _NOW_ELSEWHERE.copy()
    return sge.cast(said, kind)


def _as_of(as_of: datetime | str | None, dialect: str) -> sge.Select:
    """One row with the instant; SQL of the caller stands in its slot."""
    said = sg.column(_slot("as_of")) if isinstance(as_of, str) else _instant(as_of, dialect)
    return sg.select(said.as_("as_of", quoted=True))


def _columns_read(relations: Mapping[str, ir.Table | Constant], name: str) -> dict[str, ibis.DataType]:
    """The columns of an input that the steps read, with their types, in the order of the table."""
    steps = [relation.op() for relation in relations.values() if isinstance(relation, ir.Table)]
    tables = [node for step in steps for node in step.find(ops.UnboundTable) if node.name == name]
    if not tables:
        return {}
    fields = {one.name for step in steps for one in step.find(ops.Field) if one.rel in tables}
    whole = any(step in tables for step in steps)
    return {one: kind for one, kind in tables[0].schema.items() if one == "lead_id" or whole or one in fields}


def _read(name: str, source: Source, columns: Mapping[str, ibis.DataType], dialect: str) -> dict[str, sge.Select]:
    """The step from a table of the user to an input of the plan: our names, our types, no blanks around ids."""
    if not columns:
        return {}
    if "event_id" in source.columns and name == "events":
        columns = {"event_id": ibis.dtype("string"), **columns}
    cast = [_cast(source.columns.get(one, one.replace(".", "_")), one, kind, dialect) for one, kind in columns.items()]
    rows = sg.select(*cast).from_(sge.Table(this=sg.to_identifier(_slot(name))))
    return {name: _once(rows, columns) if "event_id" in columns else rows}


def _once(events: sge.Select, columns: Iterable[str]) -> sge.Select:
    """An event_id counts once: the earliest row of each is kept."""
    key, at, copy_no = (sg.column(one, quoted=True) for one in ("event_id", "occurred_at", "copy_no"))
    earliest = sge.Order(expressions=[sge.Ordered(this=at)])
    number = sge.Window(this=sge.RowNumber(), partition_by=[key], order=earliest)
    numbered = sg.select("*", number.as_("copy_no", quoted=True)).from_(events.subquery("t0"))
    kept = [sg.column(one, quoted=True) for one in columns]
    return sg.select(*kept).from_(numbered.subquery("t1")).where(sg.or_(key.copy().is_(sge.Null()), copy_no.eq(1)))


def _cast(theirs: str, ours: str, kind: ibis.DataType, dialect: str) -> sge.Expression:
    value: sge.Expression = sge.cast(sg.column(theirs, quoted=True), compiler_of(dialect).type_mapper.from_ibis(kind))
    if ours in _IDS:
        value = sge.Trim(this=value)
    return value.as_(ours, quoted=True)


def _rename_tables(query: sge.Select, names: Mapping[str, str]) -> None:
    for cte in query.ctes:
        if cte.alias in names:
            cte.set("alias", sge.TableAlias(this=sg.to_identifier(names[cte.alias], quoted=True)))
    for table in query.find_all(sge.Table):
        if table.name in names:
            table.set("this", sg.to_identifier(names[table.name], quoted=True))
