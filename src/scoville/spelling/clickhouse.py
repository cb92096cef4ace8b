"""ClickHouse: where its letters, instants, counts and joins differ from what Ibis's compiler assumes.

The yardstick is DuckDB: the same data have to give the same scores. Each difference names the page of ClickHouse's
reference that tells of it.
"""

from __future__ import annotations

from typing import Any

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.clickhouse import ClickHouseCompiler

from scoville.spelling.mending import mended, no_json

_INSTANTS = (sge.DataType.Type.DATETIME, sge.DataType.Type.DATETIME64)


class Compiler(ClickHouseCompiler):
    """Ibis's compiler, put right."""

    __slots__ = ()

    visit_JSONGetItem = staticmethod(no_json)  # noqa: N815 - the name is from Ibis

    def visit_RegexExtract(self, op: Any, *, arg: Any, pattern: Any, index: Any) -> Any:
        """Null for no match, also of a null, which Ibis casts to a text that must not be null."""
        del op
        return self.f.nullif(self.f.anon.regexpExtract(arg, pattern, index), sge.convert(""))

    def finish(self, tree: sge.Expression) -> sge.Expression:
        """A tree with the words that ClickHouse understands as they are meant.

        A LEFT JOIN leaves null what it does not find, and not '' or 0. Source: "join_use_nulls".
        """
        tree = mended(
            tree,
            letters_not_bytes,
            instants_in_utc,
            signed_count,
            peers_share_a_rank,
            key_of_nothing,
            half_away_from_zero,
        )
        if isinstance(tree, sge.Query):
            tree.set("settings", [sge.EQ(this=sge.column("join_use_nulls"), expression=sge.Literal.number(1))])
        return tree


def letters_not_bytes(node: sge.Expression) -> sge.Expression:
    """Capitals, lengths and places of letters in any script. Source: "Functions for strings"."""
    if isinstance(node, (sge.Lower, sge.Length)):
        name = "lowerUTF8" if isinstance(node, sge.Lower) else "lengthUTF8"
        return sge.Anonymous(this=name, expressions=[node.this])
    if isinstance(node, sge.Substring):
        given = [part for part in (node.this, node.args.get("start"), node.args.get("length")) if part is not None]
        return sge.Anonymous(this="substringUTF8", expressions=given)
    if isinstance(node, sge.Anonymous) and node.name in ("translate", "position"):
        return sge.Anonymous(this=f"{node.name}UTF8", expressions=node.expressions)
    return node


def instants_in_utc(node: sge.Expression) -> sge.Expression:
    """An instant to the microsecond, in UTC: a bare DateTime has seconds from 1970 on, and the days of the server.

    Source: "DateTime64".
    """
    if isinstance(node, sge.DataType) and node.this in _INSTANTS and not _has_zone(node):
        node.set("this", sge.DataType.Type.DATETIME64)
        node.set("expressions", [sge.DataTypeParam(this=sge.convert(part)) for part in (6, "UTC")])
    return node


def _has_zone(kind: sge.DataType) -> bool:
    return any(part is not None and part.this.is_string for part in kind.expressions)


def signed_count(node: sge.Expression) -> sge.Expression:
    """A count as Int64: it is UInt64, which shares no type with a signed number. Source: "count"."""
    counts = isinstance(node.this if isinstance(node, sge.Window) else node, sge.Count)
    if counts and not isinstance(node.parent, (sge.Cast, sge.Window)):
        return sge.cast(node.copy(), sge.DataType(this=sge.DataType.Type.BIGINT, nullable=True))
    return node


def peers_share_a_rank(node: sge.Expression) -> sge.Expression:
    """A rank without the frame that Ibis gives it: with ROWS no row has a peer. Source: "Window functions"."""
    if isinstance(node, sge.Window) and isinstance(node.this, sge.Rank):
        node.set("spec", None)
    return node


def key_of_nothing(node: sge.Expression) -> sge.Expression:
    """A column that is null by the text of the query, hidden: else no join on it is allowed. Source: "materialize"."""
    if isinstance(node, sge.Alias) and not node.find(sge.Column):
        for null in [one for one in node.find_all(sge.Cast) if isinstance(one.this, sge.Null)]:
            null.replace(sge.Anonymous(this="materialize", expressions=[null.copy()]))
    return node


def half_away_from_zero(node: sge.Expression) -> sge.Expression:
    """2.5 as 3: `round` of a float goes to the even neighbour. Source: "Rounding functions"."""
    if not isinstance(node, sge.Round):
        return node
    half = sge.Add(this=sge.Abs(this=node.this.copy()), expression=sge.Literal.number(0.5))
    return sge.Mul(this=sge.Sign(this=node.this.copy()), expression=sge.Floor(this=half))


compiler = Compiler()
