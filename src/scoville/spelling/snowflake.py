"""Snowflake: where its quotients, instants and patterns differ from what Ibis's compiler assumes.

Never run here, only compiled: each difference names the page of Snowflake's reference that tells of it.
"""

from __future__ import annotations

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.snowflake import SnowflakeCompiler

from scoville.spelling.mending import mended, no_json, spelled
from scoville.spelling.patterns import posix
from scoville.spelling.unnested import words_as_rows

# sqlglot writes these as \a and \v, which Snowflake reads as the bare letters: TRIM(x, ' \v') would take the v off
# "Kyiv". Source: "Escape sequences in single-quoted string constants".
_MISREAD = "\a\v"
_DOUBLE = sge.DataType.Type.DOUBLE


class Compiler(SnowflakeCompiler):
    """Ibis's compiler, put right."""

    __slots__ = ()

    visit_JSONGetItem = staticmethod(no_json)  # noqa: N815 - the name is from Ibis

    def finish(self, tree: sge.Expression) -> sge.Expression:
        """A tree with the words that Snowflake understands as they are meant."""
        return mended(tree, words_as_rows, exact_division, without_zone, posix_search, spelled(_MISREAD))


def exact_division(node: sge.Expression) -> sge.Expression:
    """A quotient of whole numbers as a double: else it keeps six decimals.

    Source: "Arithmetic operators", scale and precision.
    """
    if isinstance(node, sge.Div) and not (isinstance(node.this, sge.Cast) and node.this.is_type(_DOUBLE)):
        node.set("this", sge.cast(node.this, _DOUBLE))
    return node


def without_zone(node: sge.Expression) -> sge.Expression:
    """An instant as TIMESTAMP_NTZ: an account may read a bare TIMESTAMP as one with a zone.

    Source: the parameter TIMESTAMP_TYPE_MAPPING.
    """
    if isinstance(node, sge.DataType) and node.this == sge.DataType.Type.TIMESTAMP:
        node.set("this", sge.DataType.Type.TIMESTAMPNTZ)
    return node


def posix_search(node: sge.Expression) -> sge.Expression:
    """REGEXP_LIKE with a pattern that it can read, and that need not match the whole text.

    Ibis writes CONCAT('.*', pattern, '.*') for the latter.
    Source: "String functions (regular expressions)": POSIX ERE, anchored at both ends.
    """
    if not isinstance(node, sge.RegexpLike):
        return node
    pattern = node.expression.expressions[1] if isinstance(node.expression, sge.Concat) else node.expression
    if isinstance(pattern, sge.Literal):
        node.set("expression", sge.convert(_anywhere(posix(pattern.this))))
    return node


def _anywhere(pattern: str) -> str:
    """`^a` -> `^a.*`; alternatives stand in brackets already."""
    ends = pattern.endswith("$") and not pattern.endswith("\\$")
    return ("" if pattern.startswith("^") else ".*") + pattern + ("" if ends else ".*")


compiler = Compiler()
