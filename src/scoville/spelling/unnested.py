"""One row for each word of a text, for dialects where sqlglot's own way cannot be read.

In: a SELECT with an `EXPLODE(SPLIT(text, ' '))` among its columns. Out: the same as a join. Called by the dialects.
"""

from __future__ import annotations

import sqlglot as sg
import sqlglot.expressions as sge


def words_as_rows(node: sge.Expression) -> sge.Expression:
    """`SELECT a, EXPLODE(SPLIT(b, ' ')) AS word FROM t` -> `SELECT a, w.word FROM t CROSS JOIN UNNEST(...) AS w`.

    Ibis guards the text against being empty; no text of ours is.
    """
    if not isinstance(node, sge.Select):
        return node
    for column in node.expressions:
        exploded = column.find(sge.Explode)
        if exploded is None:
            continue
        word = sg.to_identifier(column.alias, quoted=True)
        split = list(exploded.find_all(sge.Split))[-1]
        alias = sge.TableAlias(this=sg.to_identifier("words"), columns=[word])
        found = sge.cast(sg.column(word.copy(), table="words"), sge.DataType.Type.TEXT)
        column.replace(found.as_(word.copy()))
        node.append("joins", sge.Join(this=sge.Unnest(expressions=[split.copy()], alias=alias), kind="CROSS"))
    return node
