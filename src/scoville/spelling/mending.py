"""Small changes of a whole query: one node of the tree, and what stands in its place.

Called by the dialects, each with its own mends.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NoReturn

import sqlglot.expressions as sge
from ibis.common.exceptions import UnsupportedOperationError

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


def no_json(*_: object, **__: object) -> NoReturn:
    """Stands for what a dialect says of a key in JSON, where Ibis would say something else than is meant."""
    raise UnsupportedOperationError("a property in a column of JSON; make a column of each property that is read")


def spelled(signs: str, *, in_brackets: bool = False) -> Mend:
    """Texts with one of these signs as `CONCAT(' ', CHR(11))`: the dialect has no escape for it, or sqlglot none.

    `in_brackets`: for dialects that write it as `' ' || CHR(11)`, which binds no closer than other operators.
    """

    def spell(node: sge.Expression) -> sge.Expression:
        if not (isinstance(node, sge.Literal) and node.is_string and set(signs) & set(node.this)):
            return node
        parts = [part for part in re.split(f"([{signs}])", node.this) if part]
        said = [
            sge.Anonymous(this="CHR", expressions=[sge.convert(ord(part))]) if part in signs else sge.convert(part)
            for part in parts
        ]
        if len(said) == 1:
            return said[0]
        whole = sge.Concat(expressions=said, safe=False, coalesce=False)
        return sge.paren(whole) if in_brackets else whole

    return spell
