"""Small changes of a whole query: one node of the tree, and what stands in its place.

Called by the dialects, each with its own mends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import sqlglot.expressions as sge

if TYPE_CHECKING:
    from collections.abc import Callable

    Mend = Callable[[sge.Expression], sge.Expression]


def mended(tree: sge.Expression, *mends: Mend) -> sge.Expression:
    """The tree with each mend done everywhere, from the innermost node outwards.

    `transform` of sqlglot goes the other way, and not into what it has put in.
    """
    for mend in mends:
        for node in reversed(list(tree.walk())):
            instead = mend(node)
            if instead is not node:
                tree = instead if node is tree else tree
                node.replace(instead)
    return tree


def spelled(signs: str) -> Mend:
    """Texts with one of these signs as `CONCAT(' ', CHR(11))`: the dialect has no escape for it, or sqlglot none."""

    def spell(node: sge.Expression) -> sge.Expression:
        if not (isinstance(node, sge.Literal) and node.is_string and set(signs) & set(node.this)):
            return node
        parts = [part for part in re.split(f"([{signs}])", node.this) if part]
        said = [
            sge.Anonymous(this="CHR", expressions=[sge.convert(ord(part))]) if part in signs else sge.convert(part)
            for part in parts
        ]
        return said[0] if len(said) == 1 else sge.Concat(expressions=said, safe=False, coalesce=False)

    return spell
