"""BigQuery: where its rows of literals and its patterns differ from what Ibis's compiler and sqlglot assume.

Never run here, only compiled: each difference names the page of BigQuery's reference that tells of it.
"""

from __future__ import annotations

from typing import Any

import sqlglot.expressions as sge
from ibis.backends.sql.compilers.bigquery import BigQueryCompiler

from scoville.spelling.mending import mended, no_json
from scoville.spelling.patterns import uncaptured
from scoville.spelling.unnested import words_as_rows


class Compiler(BigQueryCompiler):
    """Ibis's compiler, put right."""

    __slots__ = ()

    visit_JSONGetItem = staticmethod(no_json)  # noqa: N815 - the name is from Ibis

    def visit_RegexExtract(self, op: Any, *, arg: Any, pattern: Any, index: Any) -> Any:
        """The whole match by one function, where Ibis replaces twice.

        Source: REGEXP_EXTRACT gives the only group, or all that matches where there is none.
        """
        if not (isinstance(pattern, sge.Literal) and index.name == "0"):
            return super().visit_RegexExtract(op, arg=arg, pattern=pattern, index=index)
        return self.f.anon.regexp_extract(arg, sge.convert(uncaptured(pattern.this)))

    def finish(self, tree: sge.Expression) -> sge.Expression:
        """A tree with the words that BigQuery understands as they are meant."""
        return mended(tree, words_as_rows, typed_rows)


def typed_rows(node: sge.Expression) -> sge.Expression:
    """Literal rows as an array of one struct type: bare STRUCTs need the same types in each row.

    A column of ours may hold 1, 2.5 and nothing. Source: "Data types", typed struct syntax.
    """
    rows = node.args["from_"].this if isinstance(node, sge.Select) and node.args.get("from_") else None
    if not isinstance(rows, sge.Values):
        return node
    fields = [sge.ColumnDef(this=one.args["alias"], kind=one.this.to) for one in node.expressions]
    struct = sge.DataType(this=sge.DataType.Type.STRUCT, expressions=fields, nested=True)
    kind = sge.DataType(this=sge.DataType.Type.ARRAY, expressions=[struct], nested=True)
    # one value in brackets is no struct
    tuples = [row if len(fields) > 1 else sge.Struct(expressions=row.expressions) for row in rows.expressions]
    array = sge.Cast(this=sge.Array(expressions=tuples), to=kind)
    node.set("expressions", [sge.Star()])
    node.set("from_", sge.From(this=sge.Unnest(expressions=[array])))
    return node


compiler = Compiler()
