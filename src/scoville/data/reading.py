"""How the text of a column is read: what `numerals.py` and `moments.py` decide."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import ibis.expr.types as ir


@dataclass(frozen=True)
class Reading:
    """One way to read a column of text: `value` turns the text, without placeholders, into the type, or null.

    `unreadable` counts the values that become null by it; `notice` says what a person should know.
    """

    type: str
    value: Callable[[ir.StringValue], ir.Value]
    unreadable: int = 0
    notice: str | None = None


class Candidate(Protocol):
    """A way to read a column that a sample allows, still to be held against every value."""

    def evidence(self, value: ir.StringColumn) -> Mapping[str, ir.Scalar]:
        """Aggregates over the whole column."""

    def decide(self, found: Mapping[str, int]) -> Reading | Candidate | None:
        """The reading, another candidate to try, or null: it stays text."""


@dataclass(frozen=True)
class Truth:
    """`true` and `false` in any case. Not `yes` and `no`: models name those as they stand in the file."""

    def evidence(self, value: ir.StringColumn) -> dict[str, ir.Scalar]:
        """Counts over the whole column."""
        return {"values": value.count(), "truths": value.lower().isin(["true", "false"]).sum()}

    def decide(self, found: Mapping[str, int]) -> Reading | None:
        """Boolean when every value is one of the two."""
        if found["truths"] < found["values"]:
            return None
        return Reading("boolean", lambda value: value.lower() == "true")


def propose_truth(values: Collection[str]) -> Truth | None:
    """What a sample of a column's values allows."""
    return Truth() if {value.lower() for value in values} <= {"true", "false"} else None


def full_match(pattern: str, values: Collection[str]) -> bool:
    """Whether every value matches the whole pattern."""
    whole = re.compile(pattern, re.ASCII)
    return all(whole.fullmatch(value) for value in values)
