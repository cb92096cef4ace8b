"""Steps of a plan: named relations, each an expression over the ones before it, and how they become one SQL text.

In: Ibis expressions over unbound tables. Out: `WITH traits AS (...), hits AS (...) SELECT ... FROM scores`, for any
dialect. Called by `compile.py` (to name steps) and by engines (to run them).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import ibis
import ibis.expr.operations as ops
import ibis.expr.types as ir
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.common.exceptions import OperationNotDefinedError, UnsupportedOperationError

from scoville.errors import PlanError
from scoville.spelling import compiler_of, finished

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

Value = str | float | int | None
SCRIPT = "script"
"""Among the dialects of `Steps.own`: what a step says where the whole plan is pasted as one statement."""


@dataclass(frozen=True)
class Constant:
    """A small relation written into the plan itself, such as the table of rules."""

    schema: Mapping[str, str]
    rows: Sequence[tuple[Value, ...]]


@dataclass
class Steps:
    """Named relations in the order in which they are built. Later ones see earlier ones as tables of their names."""

    relations: dict[str, ir.Table | Constant] = field(default_factory=dict)
    own: dict[str, dict[str, ir.Table]] = field(default_factory=dict)

    def add(self, name: str, expression: ir.Table, own: Mapping[str, ir.Table] = MappingProxyType({})) -> ir.Table:
        """Name an expression; gives the table by which later steps refer to it.

        `own` says the same rows in words that only one dialect has, where it is so much faster, or as a SCRIPT needs
        them: dialect to expression.
        """
        self.relations[name] = expression
        for dialect, swift in own.items():
            self.own.setdefault(dialect, {})[name] = swift
        return ibis.table(expression.schema(), name=name)

    def constant(self, name: str, schema: Mapping[str, str], rows: Iterable[tuple[Value, ...]]) -> ir.Table:
        """Name a small relation of literal rows."""
        self.relations[name] = Constant(schema, tuple(rows))
        return ibis.table(dict(schema), name=name)


def needed(
    relations: Mapping[str, ir.Table | Constant | sge.Select], outputs: Sequence[str], given: Iterable[str] = ()
) -> list[str]:
    """Names of the steps that `outputs` rest on, in order; steps in `given` exist already and are not entered."""
    wanted: set[str] = set()
    waiting = list(outputs)
    while waiting:
        name = waiting.pop()
        if name in wanted or name not in relations:
            continue
        wanted.add(name)
        relation = relations[name]
        if isinstance(relation, ir.Table):
            waiting += [table for table in tables_in(relation) if table not in set(given)]
    return [name for name in relations if name in wanted]


def timeless(relations: Mapping[str, ir.Table | Constant], output: str, clock: str) -> list[str]:
    """Names of the steps behind `output` that do not rest on the table `clock`, but are read by some that do, in order.

    Whatever the instant they are the same: with them at hand, another instant costs only what comes after them.
    """
    names = needed(relations, [output])
    reads = {name: tables_in(step) for name in names if isinstance(step := relations[name], ir.Table)}
    timed = {name for name in reads if clock in reads[name]}
    while further := {name for name in reads if name not in timed and reads[name] & timed}:
        timed |= further
    return [name for name in reads if name not in timed and any(name in reads[other] for other in timed)]


def tables_in(expression: ir.Table) -> set[str]:
    """Names of the tables that an expression reads."""
    return {node.name for node in expression.op().find(ops.UnboundTable)}


def to_sql(
    relations: Mapping[str, ir.Table | Constant],
    output: str,
    dialect: str,
    given: Iterable[str] = (),
    *,
    pretty: bool = False,
) -> str:
    """One SELECT for the step `output`, with the steps it rests on as common table expressions of their own names.

    Raises: PlanError when the dialect cannot say something that the model uses.
    """
    compiler = compiler_of(dialect)
    return query_of(relations, output, compiler, given).sql(compiler.dialect, pretty=pretty)


def query_of(
    relations: Mapping[str, ir.Table | Constant | sge.Select],
    output: str,
    compiler: Any,  # noqa: ANN401 - Ibis does not type its compilers
    given: Iterable[str] = (),
) -> sge.Select:
    """The same as a tree of sqlglot. A step may also be a tree itself."""
    query = sg.select("*").from_(sg.to_identifier(output, quoted=True))
    for name in needed(relations, [output], given):
        select = _select(relations[name], name, compiler)
        query = query.with_(sg.to_identifier(name, quoted=True), as_=select, copy=False)
    return cast("sge.Select", finished(query, compiler))


def _select(relation: ir.Table | Constant | sge.Select, name: str, compiler: Any) -> sge.Expression:  # noqa: ANN401 - as above
    if isinstance(relation, Constant):
        return _values(relation, compiler)
    if isinstance(relation, sge.Select):
        return relation
    try:
        return _settled(_floating(_whole(compiler.to_sqlglot(relation))))
    except (OperationNotDefinedError, UnsupportedOperationError) as error:
        raise PlanError(f"{_name_of(compiler)} cannot say what the model needs in the step '{name}': {error}") from None


def _whole(select: sge.Expression) -> sge.Expression:
    """The tree with lists where Ibis leaves tuples: sqlglot looks for nodes in lists only."""
    whole = select.copy()  # for Ibis uses one node in several places
    for node in whole.walk():
        for key, parts in list(node.args.items()):
            if isinstance(parts, tuple):
                node.set(key, [part.copy() if isinstance(part, sge.Expression) else part for part in parts])
    return whole


def _settled(select: sge.Expression) -> sge.Expression:
    """Columns that are left out, in order: Ibis keeps them in a set, and one plan would read differently each time."""
    for star in select.find_all(sge.Star):
        if left_out := star.args.get("except_"):
            star.set("except_", sorted(left_out, key=lambda column: column.name))
    return select


def _floating(select: sge.Expression) -> sge.Expression:
    """Fractional literals as doubles: SQL reads 15.0 as a decimal, and a sum of decimals overflows or rounds."""

    def double(node: sge.Expression) -> sge.Expression:
        if (
            isinstance(node, sge.Literal)
            and not node.is_string
            and not str(node.this).isdigit()
            and not isinstance(node.parent, sge.Cast)
        ):
            return sge.cast(node.copy(), sge.DataType.Type.DOUBLE)
        return node

    return select.transform(double, copy=False)


def _name_of(compiler: Any) -> str:  # noqa: ANN401 - as below
    return str(compiler.dialect.__name__.lower())


def _values(constant: Constant, compiler: Any) -> sge.Expression:  # noqa: ANN401 - as above
    """Literal rows as a SELECT whose columns have their types, also when there are no rows."""
    rows = constant.rows or [tuple(None for _ in constant.schema)]
    columns = [sg.to_identifier(name, quoted=True) for name in constant.schema]
    typed = [
        sge.cast(sge.Column(this=column), compiler.type_mapper.from_ibis(ibis.dtype(kind))).as_(column)
        for column, kind in zip(columns, constant.schema.values(), strict=True)
    ]
    query = sg.select(*typed).from_(sge.values(rows, alias="t", columns=columns))  # type: ignore[arg-type]  # quoted names
    return query if constant.rows else query.where("1 = 0")
