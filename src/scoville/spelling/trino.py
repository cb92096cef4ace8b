"""Trino: where its times differ from what Ibis's compiler assumes.

Never run here, only compiled: each difference names the page of Trino's reference that tells of it.
"""

from __future__ import annotations

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.trino import TrinoCompiler

from scoville.spelling.mending import mended, no_json, spelled
from scoville.spelling.unnested import words_as_rows

_UNREADABLE = "\t\n\r\v\f"  # Trino's texts have no escapes: a line break would stand in the middle of the query
_MICROSECONDS_PER_SECOND = 1_000_000


class Compiler(TrinoCompiler):
    """Ibis's compiler, put right."""

    __slots__ = ()

    visit_JSONGetItem = staticmethod(no_json)  # noqa: N815 - the name is from Ibis

    def finish(self, tree: sge.Expression) -> sge.Expression:
        """A tree with the words that Trino understands as they are meant."""
        return mended(tree, words_as_rows, microseconds_between, to_the_microsecond, spelled(_UNREADABLE))


def to_the_microsecond(node: sge.Expression) -> sge.Expression:
    """An instant as TIMESTAMP(6): a bare TIMESTAMP has milliseconds. Source: "Data types"."""
    if isinstance(node, sge.DataType) and node.this == sge.DataType.Type.TIMESTAMP and not node.expressions:
        node.set("expressions", [sge.DataTypeParam(this=sge.Literal.number(6))])
    return node


def microseconds_between(node: sge.Expression) -> sge.Expression:
    """Microseconds from one instant to another, through seconds since 1970 as doubles.

    A double holds the microseconds of an instant exactly for some 140 years around 1970.
    Source: "Date and time functions": millisecond is the smallest unit of date_diff.
    """
    if isinstance(node, sge.DateDiff) and node.text("unit").upper() == "MICROSECOND":
        until, since = (_since_1970(_untruncated(end)) for end in (node.this, node.expression))
        return sge.paren(sge.Sub(this=until, expression=since))
    return node


def _untruncated(instant: sge.Expression) -> sge.Expression:
    """Without DATE_TRUNC('MICROSECOND', ...), a unit that it does not know either; the plan has nothing below it."""
    return instant.this if isinstance(instant, (sge.TimestampTrunc, sge.DateTrunc)) else instant


def _since_1970(instant: sge.Expression) -> sge.Expression:
    seconds = sge.Anonymous(this="TO_UNIXTIME", expressions=[instant])
    rounded = sge.Round(this=sge.Mul(this=seconds, expression=sge.Literal.number(_MICROSECONDS_PER_SECOND)))
    return sge.cast(rounded, sge.DataType.Type.BIGINT)


compiler = Compiler()
