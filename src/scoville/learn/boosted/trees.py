"""The trees of a boosted model as LightGBM writes them, down to what scoring needs, and proven before they are read.

In: text, from LightGBM or from a file that anybody may have changed. Out: text in one fixed order of known lines, of
which LightGBM makes the same trees; or an error. LightGBM itself believes what it reads, and a wrong number there ends
the whole program; so it never sees a line that was not checked here. Pure. Called by `boosted`.
"""

from __future__ import annotations

import math
import re
from itertools import pairwise
from typing import TYPE_CHECKING

from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_TREES, MOST_LEAVES = 5_000, 256
_WHOLE, _MOST_WHOLE = re.compile(r"-?\d{1,10}"), 2**31
_LINE = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?(?:e[+-]?\d{1,3})?|-?inf")  # beyond it: what is missing only
_REAL = re.compile(r"-?\d{1,40}(?:\.\d{1,40})?(?:e[+-]?\d{1,3})?")
_END = "end of trees"


def slim(text: str, features: int) -> str:
    """What LightGBM wrote, without what is not needed to score. Raises: DataError as `proven` does."""
    return proven(text.replace("\r", "").partition(f"\n{_END}")[0], features)


def proven(text: str, features: int) -> str:
    """The same trees, once every number in them is known to be in its place and within its bounds.

    The result is itself proven text. Raises: DataError that says which tree and line is wrong.
    """
    _, *blocks = re.split(r"(?m)^Tree=\d+$", text)
    if not 1 <= len(blocks) <= MOST_TREES:
        raise DataError(f"trees: there are {len(blocks)}; from 1 to {MOST_TREES:,} are allowed")
    return "\n".join(
        f"Tree={number}\n" + "".join(f"{name}={line}\n" for name, line in _tree(block, number, features).items())
        for number, block in enumerate(blocks)
    )


def whole(trees: str, features: int) -> str:
    """What LightGBM reads: proven trees under a heading that is always ours."""
    names = " ".join(f"f{place}" for place in range(features))
    infos = " ".join(["[-1e300:1e300]"] * features)
    return (
        f"tree\nversion=v4\nnum_class=1\nnum_tree_per_iteration=1\nlabel_index=0\nmax_feature_idx={features - 1}\n"
        f"objective=binary sigmoid:1\nfeature_names={names}\nfeature_infos={infos}\n\n{trees}\n\n{_END}\n"
    )


def features_of(trees: str) -> set[int]:
    """The features that any split of proven trees asks about."""
    return {int(one) for line in re.findall(r"(?m)^split_feature=(.*)$", trees) for one in line.split()}


# One tree


def _tree(block: str, number: int, features: int) -> dict[str, str]:
    lines = dict(line.split("=", 1) for line in block.splitlines() if "=" in line)
    read = _Lines(lines, number)
    leaves, by_value = read.one("num_leaves", 1, MOST_LEAVES), read.one("num_cat", 0, MOST_LEAVES)
    read.one("is_linear", 0, 0)
    splits = leaves - 1
    read.wholes("split_feature", splits, 0, features - 1)
    read.words("threshold", splits, _LINE)
    kinds = read.wholes("decision_type", splits, 0, 15)
    read.reals("leaf_value", leaves)
    read.wholes("leaf_count", leaves, 1, _MOST_WHOLE - 1)
    read.wholes("internal_count", splits, 1, _MOST_WHOLE - 1)
    children = [read.wholes(side, splits, -leaves, splits - 1) for side in ("left_child", "right_child")]
    _check_is_tree(children[0], children[1], leaves, number)
    if by_value:
        _check_sets(read, kinds, by_value)
    elif any(kind & 1 for kind in kinds):
        raise read.wrong("decision_type", "a split by values has no values")
    read.reals("shrinkage", 1)
    return read.checked


class _Lines:
    """The lines of one tree, read one by one; `checked` keeps those that were."""

    def __init__(self, lines: Mapping[str, str], number: int) -> None:
        self.lines, self.number = lines, number
        self.checked: dict[str, str] = {}

    def one(self, name: str, low: int, high: int) -> int:
        return self.wholes(name, 1, low, high)[0]

    def wholes(self, name: str, count: int, low: int, high: int) -> list[int]:
        found = [int(word) for word in self.words(name, count, _WHOLE)]
        if any(not low <= one <= high for one in found):
            raise self.wrong(name, f"a number is not from {low} to {high}")
        return found

    def reals(self, name: str, count: int) -> list[float]:
        found = [float(word) for word in self.words(name, count, _REAL)]
        if not all(math.isfinite(one) for one in found):
            raise self.wrong(name, "a number is not finite")
        return found

    def words(self, name: str, count: int, like: re.Pattern[str]) -> list[str]:
        words = self.lines.get(name, "").split()
        if len(words) != count or not all(like.fullmatch(word) for word in words):
            raise self.wrong(name, f"{count} numbers are wanted there")
        self.checked[name] = " ".join(words)
        return words

    def wrong(self, name: str, what: str) -> DataError:
        return DataError(f"trees: Tree={self.number}, {name}: {what}")


def _check_sets(read: _Lines, kinds: Sequence[int], by_value: int) -> None:
    """Splits by value name a set of values; the sets stand one after another, each of whole words of 32 bits."""
    ends = read.wholes("cat_boundaries", by_value + 1, 0, _MOST_WHOLE - 1)
    if ends[0] != 0 or any(high <= low for low, high in pairwise(ends)):
        raise read.wrong("cat_boundaries", "they begin at 0 and rise")
    read.wholes("cat_threshold", ends[-1], 0, 2**32 - 1)
    for kind, word in zip(kinds, read.checked["threshold"].split(), strict=True):
        if kind & 1 and not (word.isdigit() and int(word) < by_value):
            raise read.wrong("threshold", "a split by values names a set that is not there")


def _check_is_tree(left: Sequence[int], right: Sequence[int], leaves: int, number: int) -> None:
    """Every split but the first, and every leaf, hangs on one split, and all can be reached from the first."""
    seen: set[int] = set()
    to_see = [0] if left else [-1]
    while to_see:
        at = to_see.pop()
        if at in seen:
            raise DataError(f"trees: Tree={number}, left_child, right_child: they go in a circle")
        seen.add(at)
        if at >= 0:
            to_see += [left[at], right[at]]
    if len(seen) != 2 * leaves - 1:
        raise DataError(f"trees: Tree={number}, left_child, right_child: some leaves cannot be reached")
