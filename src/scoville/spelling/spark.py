"""Spark: where its texts, instants, JSON and patterns differ from what Ibis's compiler and sqlglot assume.

The yardstick is DuckDB: the same data have to give the same scores. A session must stand in UTC, which the engine sees
to; instants are TIMESTAMP_NTZ, so that nothing else of a session matters. Databricks reads the same words.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, ClassVar, cast

import sqlglot as sg
import sqlglot.expressions as sge
from ibis.backends.sql.compilers.base import SQLGlotCompiler
from ibis.backends.sql.compilers.pyspark import PySparkCompiler
from ibis.common.exceptions import UnsupportedOperationError

from scoville.spelling.postgres import READABLE_TIME

if TYPE_CHECKING:
    from collections.abc import Sequence

# sqlglot writes these as \a, \f and \v, which Spark reads as the bare letters: TRIM(x, ' \v') would take the v off
# "Kyiv". Source: Spark SQL reference, "Literals", escapes.
_MISREAD = "\a\f\v"
_PATH = re.compile(r"\w+(\.\w+)+")
_NO_PATH = re.compile("['?]")  # signs that a key in a JSON path cannot have
# From 1e7 on, and below 1e-3, Spark writes a float with an exponent; DuckDB from 1e15 on, and below 1e-4.
_PLAIN_TEXT, _PLAIN_ANYWHERE = (1e-3, 1e7), (1e-4, 1e15)
_ZEROS_AT_THE_END = "(?<=[.][0-9]{1,22})0+$"
_INSTANTS = {
    sge.DataType.Type.TIMESTAMP: sge.DataType.Type.TIMESTAMPNTZ,
    sge.DataType.Type.TIMESTAMPTZ: sge.DataType.Type.TIMESTAMPLTZ,
}
_STRPTIME = {"%d": "d", "%b": "MMM", "%Y": "yyyy", "%m": "M", "%I": "h", "%H": "H", "%M": "m", "%S": "s", "%p": "a"}


class Compiler(PySparkCompiler):
    """Ibis's compiler with other words where results would differ."""

    __slots__ = ()

    SIMPLE_OPS: ClassVar[dict[Any, str]] = {}  # those of the base are methods already, and would hide ours

    # --- numbers -----------------------------------------------------------------------------------------------------

    def visit_NonNullLiteral(self, op: Any, *, value: Any, dtype: Any) -> Any:
        """As for other engines: a NaN is no null here, and no option of Ibis's Spark backend, which needs Spark."""
        return None if dtype.is_floating() else super().visit_NonNullLiteral(op, value=value, dtype=dtype)

    def visit_Field(self, op: Any, *, rel: Any, name: Any) -> Any:
        """Likewise."""
        return SQLGlotCompiler.visit_Field(self, op, rel=rel, name=name)

    # --- groups ------------------------------------------------------------------------------------------------------

    def visit_First(self, op: Any, *, arg: Any, where: Any, order_by: Any, include_null: bool) -> Any:
        """The first in an order as the value by the smallest key, or by the greatest where the order falls."""
        if not order_by:
            return super().visit_First(op, arg=arg, where=where, order_by=order_by, include_null=include_null)
        directions = {bool(one.args.get("desc")) for one in order_by}
        if len(directions) > 1 or any(one.args.get("nulls_first") for one in order_by):
            raise UnsupportedOperationError(
                "the first of an order that both rises and falls, or that begins with nulls"
            )
        falls = directions == {True}
        keys = [part for one in order_by for part in (self._present(one.this, is_best=falls), one.this)]
        chosen = self.f.anon["max_by" if falls else "min_by"](arg, self.f.anon.struct(*keys))
        condition = sg.and_(arg.is_(sg.not_(sge.Null())), *([where] if where is not None else []))
        return sge.Filter(this=chosen, expression=sge.Where(this=condition))

    def _present(self, key: Any, *, is_best: bool) -> sge.Expression:
        """What puts a null last."""
        return cast("sge.Expression", key.is_(sg.not_(sge.Null())) if is_best else key.is_(sge.Null()))

    # --- casts -------------------------------------------------------------------------------------------------------

    def visit_Cast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """A float as text without exponent, as far as DuckDB writes it so; JSON is text already."""
        if op.arg.dtype.is_json():
            return arg
        if op.arg.dtype.is_floating() and to.is_string():
            return self._plain(arg)
        return super().visit_Cast(op, arg=arg, to=to)

    def _plain(self, number: Any) -> sge.Expression:
        size = self.f.abs(number)
        exact = sge.cast(number, sge.DataType.build("DECIMAL(38, 22)"))
        written = self.f.regexp_replace(sge.cast(exact, sge.DataType.Type.TEXT), _ZEROS_AT_THE_END, "")
        has_exponent = sg.not_(sge.paren(_between(size, _PLAIN_TEXT)))
        needs_none = sg.and_(has_exponent, _between(size, _PLAIN_ANYWHERE))
        return cast("sge.Expression", self.if_(needs_none, written, sge.cast(number, sge.DataType.Type.TEXT)))

    def visit_TryCast(self, op: Any, *, arg: Any, to: Any) -> Any:
        """A text as a time only where it is a whole date: Spark would read `2026` too, and `12:00` as noon of today."""
        if op.arg.dtype.is_string() and to.is_timestamp():
            dashed = self.f.replace(arg, sge.convert("/"), sge.convert("-"))
            plain = super().visit_TryCast(op, arg=dashed, to=to)
            return self.if_(sge.RegexpLike(this=arg, expression=sge.convert(READABLE_TIME)), plain, sge.Null())
        return super().visit_TryCast(op, arg=arg, to=to)

    # --- JSON --------------------------------------------------------------------------------------------------------

    def visit_JSONGetItem(self, op: Any, *, arg: Any, index: Any) -> Any:
        """As text: that of a text is the text itself, that of JSON's null is null."""
        if not (isinstance(index, sge.Literal) and index.is_string):
            return super().visit_JSONGetItem(op, arg=arg, index=index)
        key = key_of(index.this)
        if key == index.this and _PATH.fullmatch(key):
            return self.f.anon.get_json_object(arg, sge.convert(f"$.{key}"))
        if _NO_PATH.search(key):
            return sge.Bracket(
                this=self.f.anon.from_json(arg, "MAP<STRING, STRING>"), expressions=[sge.convert(key)], safe=True
            )
        return self.f.anon.get_json_object(arg, sge.convert(f"$['{key}']"))

    def visit_UnwrapJSONString(self, op: Any, *, arg: Any) -> Any:
        """Text already."""
        del op
        return arg

    # --- what only some engines have a word for ----------------------------------------------------------------------

    def visit_ScalarUDF(self, op: Any, **arguments: Any) -> Any:
        """The functions that `data/` asks for by their names in DuckDB."""
        said = getattr(self, f"_say_{op.__func_name__}", None)
        return said(op, *arguments.values()) if said is not None else super().visit_ScalarUDF(op, **arguments)

    def _say_hash(self, op: Any, value: Any) -> Any:
        del op
        return self.f.anon.xxhash64(value)

    def _say_to_json(self, op: Any, value: Any) -> Any:
        del op
        keep_nulls = self.f.anon.map(sge.convert("ignoreNullFields"), sge.convert("false"))
        return self.f.anon.to_json(value, keep_nulls)

    def _say_trim(self, op: Any, text: Any) -> Any:
        del op
        return self.f.trim(text)

    def _say_list_position(self, op: Any, texts: Any, text: Any) -> Any:
        del op
        return self.f.anon.array_position(texts, text)

    def _say_json_valid(self, op: Any, text: Any) -> Any:
        del op
        return self.if_(text.is_(sge.Null()), sge.Null(), self.f.anon.try_parse_json(text).is_(sg.not_(sge.Null())))

    def _say_make_timestamp(self, op: Any, microseconds: Any) -> Any:
        del op
        return sge.cast(self.f.anon.timestamp_micros(microseconds), sge.DataType.Type.TIMESTAMPNTZ)

    def _say_timezone(self, op: Any, zone: Any, instant: Any) -> Any:
        """The wall clock of a zone at an instant, or the instant at which it shows this."""
        is_instant = op.args[1].dtype.timezone is not None
        name = "from_utc_timestamp" if is_instant else "to_utc_timestamp"
        kind = sge.DataType.Type.TIMESTAMPNTZ if is_instant else sge.DataType.Type.TIMESTAMPLTZ
        return sge.cast(self.f.anon[name](instant, zone), kind)

    def _say_try_strptime(self, op: Any, text: Any, _formats: Any) -> Any:
        return self.f.coalesce(
            *(self.f.anon.try_to_timestamp(text, sge.convert(java_format(one))) for one in op.args[1].value)
        )

    # --- the query as a whole ----------------------------------------------------------------------------------------

    def finish(self, tree: sge.Expression) -> sge.Expression:
        """Instants without a zone, and texts whose characters Spark reads as they are."""
        return tree.transform(_without_zone, copy=False).transform(_readable, copy=False)


def key_of(index: str) -> str:
    """The key behind `$["a.b"]`, the path that DuckDB needs where a key holds other signs than letters."""
    if not (index.startswith('$["') and index.endswith('"]')):
        return index
    return index[3:-2].replace("''", "'").replace('\\"', '"').replace("\\\\", "\\")


def java_format(strptime: str) -> str:
    """A format of `strptime` as Java writes it. Example: `%d/%b/%Y %I:%M %p` -> `d/MMM/yyyy h:m a`."""
    for ours, java in _STRPTIME.items():
        strptime = strptime.replace(ours, java)
    return strptime


def _between(value: Any, ends: Sequence[float]) -> sge.Expression:
    low, high = (sge.cast(sge.convert(end), sge.DataType.Type.DOUBLE) for end in ends)
    return sg.and_(value >= low, value < high)


def _without_zone(node: sge.Expression) -> sge.Expression:
    if isinstance(node, sge.DataType) and node.this in _INSTANTS:
        return sge.DataType(this=_INSTANTS[node.this])
    return node


def _readable(node: sge.Expression) -> sge.Expression:
    """A text with characters that Spark has no escape for, as `CONCAT(' ', CHR(11))`."""
    if not (isinstance(node, sge.Literal) and node.is_string and set(_MISREAD) & set(node.this)):
        return node
    parts = [part for part in re.split(f"([{_MISREAD}])", node.this) if part]
    said = [
        sge.Anonymous(this="CHR", expressions=[sge.convert(ord(part))]) if part in _MISREAD else sge.convert(part)
        for part in parts
    ]
    return said[0] if len(said) == 1 else sge.Concat(expressions=said, safe=False, coalesce=False)


compiler = Compiler()
