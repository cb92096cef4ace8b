"""A plan as one text to read, to paste into a warehouse, or to keep as a dbt model.

In: the steps of a plan, and how the tables of the user are called. Out: a flat chain of named common table expressions
with plain names, that begins with the user's own tables. Called by `compile.py` and `dbt.py`.

What runs on an engine is `steps.to_sql`: the same steps, not made for reading.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import chain, count
from typing import TYPE_CHECKING, Any

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot as sg
import sqlglot.expressions as sge

from scoville.errors import PlanError, UsageError
from scoville.plan.steps import query_of
from scoville.spelling import compiler_of
from scoville.spelling.mending import mended, spelled
from scoville.spelling.reserved import reserved_in

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from datetime import datetime

    from scoville.plan.steps import Constant

_PLAIN = re.compile("[a-z_][a-z0-9_]*")
_IDS = ("lead_id", "event_id")
_NO_LETTERS = re.compile("[^a-z0-9]+")
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
NOTES = {
    "as_of": "the instant that the scores speak of, in UTC",
    "clean_leads": "your leads by the names and types of the model: change here what does not fit",
    "clean_events": "your events likewise; instants in UTC",
    "traits": "what the model reads of each lead",
    "people": "the segment, the qualification and the points of each fit rule",
    "event_rules": "the rules about events, as a table",
    "met": "the events that a rule looks at",
    "hits": "their age and what each of them weighs",
    "event_points": "points of each lead and rule",
    "sums": "fit and engagement within their clamps, and what each clamp took",
    "weighed": "the score, and the rules that gave and took most",
    "graded": "letters and words from numbers",
    "ranked": "rank and percentile",
    "scores": "one row for each lead",
    "contributions": "one row for each lead and rule; they add up to the score",
    "members": "the people of each account",
    "account_scores": "one row for each account",
}
"""What a step is for, said above it."""
_NOW_ELSEWHERE = sge.AtTimeZone(this=sge.CurrentTimestamp(), zone=sge.Literal.string("UTC"))


@dataclass(frozen=True)
class Source:
    """The user's own table behind `leads` or `events`.

    `table` is its name as SQL of the dialect; `columns` maps our names to the table's, where they differ.
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
    _flatten(query)
    _plain_names(query, dialect)
    if dialect in _UNESCAPED:
        query = mended(query, spelled(_BREAKS))  # type: ignore[assignment]  # it is the same SELECT
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
    return f"scoville_slot_{name}_"


def _dialect(dialect: str) -> Any:  # noqa: ANN401 - a class of sqlglot
    return compiler_of(dialect).dialect


def _as_of(as_of: datetime | str | None, dialect: str) -> sge.Select:
    """One row with the instant, as a literal, SQL of the caller, or the clock in UTC."""
    compiler = compiler_of(dialect)
    kind = compiler.type_mapper.from_ibis(ibis.dtype("timestamp(6)"))
    if isinstance(as_of, str):
        return sg.select(sg.column(_slot("as_of")).as_("as_of", quoted=True))
    if as_of is not None:
        return sg.select(sge.cast(sge.Literal.string(as_of.isoformat(" ")), kind).as_("as_of", quoted=True))
    now = sg.parse_one(_NOW[dialect], dialect=compiler.dialect) if dialect in _NOW else _NOW_ELSEWHERE.copy()
    return sg.select(sge.cast(now, kind).as_("as_of", quoted=True))


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
    cast = [_cast(source.columns.get(one, one), one, kind, dialect) for one, kind in columns.items()]
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


# --- how it reads: flat, with plain names -----------------------------------------------------------------------------


def _rename_tables(query: sge.Select, names: Mapping[str, str]) -> None:
    for cte in query.ctes:
        if cte.alias in names:
            cte.set("alias", sge.TableAlias(this=sg.to_identifier(names[cte.alias], quoted=True)))
    for table in query.find_all(sge.Table):
        if table.name in names:
            table.set("this", sg.to_identifier(names[table.name], quoted=True))


def _flatten(query: sge.Select) -> None:
    """Each SELECT inside another becomes a step of its own before it: read from the top, never from the inside."""
    flat = [cte for step in query.ctes for cte in _flattened(step)]
    query.args["with_"].set("expressions", flat)


def _flattened(step: sge.CTE) -> Iterator[sge.CTE]:
    names = (f"{step.alias}_{number}" for number in count(1))
    yield from _lifted(step.this, names)
    if step.alias in NOTES:
        step.this.add_comments([f" {NOTES[step.alias]} "])
    yield step


def _lifted(body: sge.Expression, names: Iterator[str]) -> Iterator[sge.CTE]:
    """The steps inside a SELECT, taken out of it, each after those that it reads."""
    inside = body.args.get("with_")
    body.set("with_", None)
    ctes = inside.expressions if inside is not None else []
    for cte in ctes:
        yield from _lifted(cte.this, names)
        name = next(names)
        for reader in (body, *ctes):
            _reread(reader, cte.alias, name)
        yield _cte(name, cte.this)
    for subquery in reversed(
        [one for one in body.find_all(sge.Subquery) if isinstance(one.parent, (sge.From, sge.Join))]
    ):
        name = next(names)
        alias = subquery.args.get("alias")
        subquery.replace(sge.Table(this=sg.to_identifier(name, quoted=True), alias=alias))
        yield _cte(name, subquery.this)


def _reread(reader: sge.Expression, before: str, after: str) -> None:
    for table in reader.find_all(sge.Table):
        if table.name == before:
            table.set("this", sg.to_identifier(after, quoted=True))


def _cte(name: str, body: sge.Expression) -> sge.CTE:
    return sge.CTE(this=body, alias=sge.TableAlias(this=sg.to_identifier(name, quoted=True)))


def _plain_names(query: sge.Select, dialect: str) -> None:
    """Our names in small letters, digits and _, without quotes; those of the user's columns as they are."""
    reserved = reserved_in(dialect)
    theirs = {id(name) for name in _names_in_tables_of_the_user(query)}
    every = list(query.find_all(sge.Identifier))
    ours = _plain(dict.fromkeys(name.name for name in every if id(name) not in theirs))
    for name in every:
        said = name.name if id(name) in theirs else ours[name.name]
        is_bare = _PLAIN.fullmatch(said) is not None and said not in reserved
        if dialect == "snowflake" and id(name) in theirs:
            said, is_bare = _folded(said, reserved)
        name.set("this", said)
        name.set("quoted", not is_bare)


def _names_in_tables_of_the_user(query: sge.Select) -> Iterator[sge.Identifier]:
    for select in query.find_all(sge.Select):
        table = select.args["from_"].this if select.args.get("from_") else None
        if isinstance(table, sge.Table) and table.name.startswith("scoville_slot_"):
            yield from (
                column.this for column in select.find_all(sge.Column) if isinstance(column.this, sge.Identifier)
            )


def _plain(names: Iterable[str]) -> dict[str, str]:
    """Each name with a plain one that no other has."""
    names = list(names)
    plain = {name: name for name in names if _PLAIN.fullmatch(name)}
    taken = set(plain)
    for name in names:
        if name not in plain:
            base = _NO_LETTERS.sub("_", name.lower()).strip("_")
            base = base if base[:1].isalpha() else f"column_{base}"
            numbered = chain([base], (f"{base}_{number}" for number in count(2)))
            plain[name] = next(one for one in numbered if one not in taken)
            taken.add(plain[name])
    return plain


def _folded(name: str, reserved: frozenset[str]) -> tuple[str, bool]:
    """A column of a table in Snowflake: `email` stands there as EMAIL, unless it was quoted; `Job Title` is kept."""
    if _PLAIN.fullmatch(name.lower()) is None or not (name.islower() or name.isupper()):
        return name, False
    is_bare = name.lower() not in reserved
    return (name.lower() if is_bare else name.upper()), is_bare
