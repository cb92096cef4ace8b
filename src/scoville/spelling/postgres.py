"""PostgreSQL: where its numbers, texts, times and names differ from what Ibis's compiler assumes.

The yardstick is DuckDB: the same data have to give the same scores. PostgreSQL stops where others give null or 0
(a text that is no date, a power that becomes too small), orders text by the language of the database, and cuts names
after 63 bytes.
"""

from __future__ import annotations

import hashlib
from functools import reduce
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, cast

import ibis.expr.datatypes as dt
import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.postgres import PostgresCompiler

if TYPE_CHECKING:
    from collections.abc import Mapping

LONGEST_NAME = 63  # bytes of an identifier; PostgreSQL cuts the rest off without an error
HELPERS = "pg_temp"  # the schema of functions that a session makes for itself
IS_JSON, READ_TIME = "scoville_is_json", "scoville_read_time"

# A date that the calendar has, written with - or /, perhaps with a time of day and an offset. PostgreSQL stops at any
# other text that it is asked to read as a time, and 15 cannot be asked beforehand.
_TO_28, _TO_30, _TO_31 = "(0?[1-9]|1[0-9]|2[0-8])", "(0?[1-9]|[12][0-9]|30)", "(0?[1-9]|[12][0-9]|3[01])"
_LEAP_YEAR = "([0-9]{2}(0[48]|[2468][048]|[13579][26])|([02468][048]|[13579][26])00)"
_IN_ANY_YEAR = f"(0?[13578]|1[02])[-/]{_TO_31}|(0?[469]|11)[-/]{_TO_30}|0?2[-/]{_TO_28}"
_DATE = f"([0-9]{{4}}[-/]({_IN_ANY_YEAR})|{_LEAP_YEAR}[-/]0?2[-/]29)"
_CLOCK = "([01]?[0-9]|2[0-3]):[0-5][0-9](:[0-5][0-9]([.][0-9]+)?)?"
_OFFSET = "(Z|[+-](0[0-9]|1[0-5])(:?[0-5][0-9])?)"
READABLE_TIME = f"^(?!0000){_DATE}([T ]{_CLOCK} ?{_OFFSET}?)?$"
# Numbers beyond what a float holds: PostgreSQL stops at them.
_READABLE_NUMBER = "^[^eE]{1,200}([eE][-+]?0*[0-9]{1,2})?$"
_NUMBER = "^ *[+-]?([0-9]{1,200}([.][0-9]*)?|[.][0-9]{1,200})([eE][-+]?0*[0-9]{1,2})? *$"
_SMALLEST_LOG = -690.0  # e to this is about 1e-300; a result below 1e-308 is an error, and worth nothing
# What DuckDB's trim takes off: the blanks of Unicode, category Zs.
BLANKS = " \u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"
_STRPTIME = {
    "%d": "DD",
    "%b": "Mon",
    "%Y": "YYYY",
    "%m": "MM",
    "%I": "HH12",
    "%M": "MI",
    "%S": "SS",
    "%f": "US",
    "%p": "AM",
}


class Compiler(PostgresCompiler):
    """Ibis's compiler with other words where results would differ."""

    __slots__ = ()
    SIMPLE_OPS: Mapping[Any, str] = MappingProxyType({})  # Ibis would put those of its own class over the methods here

    # --- text --------------------------------------------------------------------------------------------------------

    def visit_SortKey(self, op: Any, *, arg: Any, **order: Any) -> Any:
        """By bytes, whatever the language of the database."""
        by = _by_bytes(arg) if op.arg.dtype.is_string() else arg
        return super().visit_SortKey(op, arg=by, **order)

    def visit_Min(self, op: Any, *, arg: Any, where: Any) -> Any:
        """As a sort."""
        return self.agg.min(_by_bytes(arg) if op.arg.dtype.is_string() else arg, where=where)

    def visit_Max(self, op: Any, *, arg: Any, where: Any) -> Any:
        """As a sort."""
        return self.agg.max(_by_bytes(arg) if op.arg.dtype.is_string() else arg, where=where)

    def visit_First(self, op: Any, *, arg: Any, where: Any, order_by: Any, include_null: Any) -> Any:
        """By an array, for there is no such word."""
        del op, include_null  # which `data/` never asks for
        array = sge.paren(self.agg.array_agg(arg, where=where, order_by=order_by), copy=False)
        return sge.Bracket(this=array, expressions=[sge.convert(0)])  # sqlglot counts from 0, and writes 1

    def visit_RegexSearch(self, op: Any, *, arg: Any, pattern: Any) -> Any:
        """By the operator: the function came with version 15. Options may stand at the start alone."""
        del op
        if "(?i)" not in pattern.name:
            return sge.paren(sge.RegexpLike(this=arg, expression=pattern), copy=False)
        plain = sge.convert(pattern.name.replace("(?i)", ""))
        return sge.paren(sge.RegexpILike(this=arg, expression=plain), copy=False)

    # --- numbers -----------------------------------------------------------------------------------------------------

    def visit_Round(self, op: Any, *, arg: Any, digits: Any) -> Any:
        """Halves away from zero. Ibis goes through a decimal, which keeps fifteen digits."""
        if not (op.dtype.is_integer() and op.arg.dtype.is_floating()):
            return super().visit_Round(op, arg=arg, digits=digits)
        whole = self.f.trunc(arg)
        away = self.if_(self.f.abs(arg - whole).eq(0.5), whole + self.f.sign(arg), self.f.round(arg))
        return self.cast(away, op.dtype)

    def visit_Exp(self, op: Any, *, arg: Any) -> Any:
        """0 where PostgreSQL would stop because the result is so small."""
        del op
        return self.if_(sge.paren(arg) < sge.convert(_SMALLEST_LOG), 0.0, self.f.exp(arg))

    def visit_Power(self, op: Any, *, left: Any, right: Any) -> Any:
        """0 for a share to so high a power that PostgreSQL stops."""
        del op
        power = self.f.power(left, right)
        is_share = sg.and_(left > 0, left < 1)
        too_small = sg.and_(is_share, sge.Paren(this=right * self.f.ln(left)) < sge.convert(_SMALLEST_LOG))
        return sge.Case(ifs=[self.if_(sg.not_(sge.paren(is_share)), power), self.if_(too_small, 0.0)], default=power)

    # --- casts -------------------------------------------------------------------------------------------------------

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """A text beyond the range of a float is null."""
        if op.arg.dtype.is_string() and to.is_floating():
            return self.if_(_matches(arg, _READABLE_NUMBER), super().visit_Cast(op, arg=arg, to=to), sge.Null())
        return super().visit_Cast(op, arg=arg, to=to)

    def visit_TryCast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """Null where it cannot be read."""
        plain = PostgresCompiler.visit_Cast(self, op, arg=arg, to=to)
        if op.arg.dtype.is_string() and to.is_timestamp():
            return self.if_(_matches(arg, READABLE_TIME), plain, sge.Null())
        if op.arg.dtype.is_string() and to.is_floating():
            return self.if_(_matches(arg, _NUMBER), plain, sge.Null())
        if op.arg.dtype.is_floating() and to.is_integer():
            return self.if_(arg.between(sge.convert(-9.2e18), sge.convert(9.2e18)), plain, sge.Null())
        return self.visit_Cast(op, arg=arg, to=to)

    # --- JSON --------------------------------------------------------------------------------------------------------

    def visit_JSONGetItem(self, op: Any, *, arg: Any, index: Any) -> Any:
        """By the keys themselves: they need no path, whatever signs are in them."""
        if not (isinstance(index, sge.Literal) and index.is_string):
            return super().visit_JSONGetItem(op, arg=arg, index=index)
        return self.f.anon.json_extract_path(arg, *_keys_of(index.this))

    # --- what only some engines have a word for ----------------------------------------------------------------------

    def visit_ScalarUDF(self, op: Any, **arguments: Any) -> Any:
        """The functions that `data/` asks for by their names in DuckDB."""
        said = getattr(self, f"_say_{op.__func_name__}", None)
        return said(op, *arguments.values()) if said is not None else super().visit_ScalarUDF(op, **arguments)

    def _say_hash(self, op: Any, value: Any) -> Any:
        del op
        return self.f.anon.hashtextextended(self.cast(value, dt.string), 0)

    def _say_to_json(self, op: Any, value: Any) -> Any:
        if not isinstance(op.args[0].dtype, dt.Struct):
            return self.f.anon.to_json(value)
        columns = [one.as_(name, quoted=True) for name, one in zip(op.args[0].names, value.expressions, strict=True)]
        row = sg.select(self.f.anon.row_to_json(sg.to_identifier("r"))).from_(sg.select(*columns).subquery("r"))
        return row.subquery()

    def _say_trim(self, op: Any, text: Any) -> Any:
        del op
        return self.f.anon.btrim(text, BLANKS)

    def _say_list_position(self, op: Any, texts: Any, text: Any) -> Any:
        del op
        return self.f.anon.array_position(texts, text)

    def _say_json_valid(self, op: Any, text: Any) -> Any:
        del op
        return self.f.anon[f"{HELPERS}.{IS_JSON}"](text)

    def _say_make_timestamp(self, op: Any, microseconds: Any) -> Any:
        del op
        one = sge.Interval(this=sge.Literal.string("1 microsecond"))  # type: ignore[no-untyped-call]
        epoch = sge.cast(sge.Literal.string("epoch"), sge.DataType.Type.TIMESTAMP)
        return sge.paren(epoch + sge.paren(microseconds, copy=False) * one, copy=False)

    def _say_try_strptime(self, op: Any, text: Any, _formats: Any) -> Any:
        formats = [reduce(lambda said, pair: said.replace(*pair), _STRPTIME.items(), one) for one in op.args[1].value]
        return self.f.coalesce(*(self.f.anon[f"{HELPERS}.{READ_TIME}"](text, one) for one in formats))

    # --- the query as a whole ----------------------------------------------------------------------------------------

    def finish(self, tree: sge.Expression) -> sge.Expression:
        """Long names shortened so that they stay different, and no formula worked out more than once."""
        for name in tree.find_all(sge.Identifier):
            name.set("this", short_name(name.this))
        for select in tree.find_all(sge.Select):
            if isinstance(select.parent, (sge.Subquery, sge.CTE)) and _has_formula(select):
                select.set("offset", sge.Offset(expression=sge.convert(0)))
        return tree


def _has_formula(select: sge.Select) -> bool:
    """Whether a query works something out row by row.

    PostgreSQL writes such a query into the one around it, with each formula in every place that names its column; where
    those are formulas again, a dozen steps make millions of them. `OFFSET 0` keeps it apart.
    """
    plain = (sge.Column, sge.Literal, sge.Star, sge.Null, sge.Boolean)
    return any(not isinstance(one.unalias(), plain) for one in select.expressions)


def short_name(name: str) -> str:
    """A name that PostgreSQL does not cut: the first letters and a hash of all. Example: `aaa...aaa~1f0c9a7e`."""
    if len(name.encode()) <= LONGEST_NAME:
        return name
    kept = name.encode()[: LONGEST_NAME - 9].decode(errors="ignore")
    return f"{kept}~{hashlib.sha256(name.encode()).hexdigest()[:8]}"


def _by_bytes(text: Any) -> sge.Expression:
    return sge.Collate(this=sge.paren(text, copy=False), expression=sg.to_identifier("C", quoted=True))


def _matches(text: Any, pattern: str) -> sge.Expression:
    return cast("sge.Expression", sge.RegexpLike(this=text, expression=sge.convert(pattern)))


def _keys_of(index: str) -> list[str]:
    """The keys behind `utm.source`, or the one behind `$["a.b"]`, as the plan writes them for DuckDB."""
    if not (index.startswith('$["') and index.endswith('"]')):
        return index.split(".")
    return [index[3:-2].replace("''", "'").replace('\\"', '"').replace("\\\\", "\\")]


compiler = Compiler()
