"""Two texts beside each other, line by line: what stayed, what went, what came.

In: two texts. Out: rows for a table; long stretches that stayed are left out but for some lines around what did not.
Pure. Called by the versions.
"""

from __future__ import annotations

from dataclasses import dataclass
from difflib import SequenceMatcher
from itertools import zip_longest
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_AROUND = 3  # lines of what stayed, before and after what did not


@dataclass(frozen=True)
class Line:
    """A line of a text; `is_changed` when the other text does not have it there."""

    number: int
    text: str
    is_changed: bool


@dataclass(frozen=True)
class Row:
    """A line of either text, null where it has none; `skipped` lines that stayed were left out before it."""

    before: Line | None
    after: Line | None
    skipped: int = 0


def side_by_side(before: str, after: str) -> tuple[Row, ...]:
    r"""The rows; none for texts that are the same.

    Example: `side_by_side("a\nb", "a\nc")` -> a beside a, b beside c
    """
    old, new = before.splitlines(), after.splitlines()
    groups = SequenceMatcher(None, old, new, autojunk=False).get_grouped_opcodes(_AROUND)
    rows: list[Row] = []
    shown_to = 0
    for group in groups:
        skipped, shown_to = group[0][1] - shown_to, group[-1][2]
        found = [row for opcode in group for row in _rows(opcode, old, new)]
        rows += [Row(found[0].before, found[0].after, skipped), *found[1:]]
    return tuple(rows)


def _rows(opcode: tuple[str, int, int, int, int], old: list[str], new: list[str]) -> Iterator[Row]:
    kind, old_from, old_to, new_from, new_to = opcode
    is_changed = kind != "equal"
    left = (Line(at + 1, old[at], is_changed) for at in range(old_from, old_to))
    right = (Line(at + 1, new[at], is_changed) for at in range(new_from, new_to))
    for one, other in zip_longest(left, right):
        yield Row(one, other)
