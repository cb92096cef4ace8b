"""Who changes stage when another model takes over: how many, from where to where, and each lead by name.

In: two panels of the same rows. Out: counts and a list. Pure, but for the table that is written to a file. Called by
`compare.py`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pyarrow as pa

    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.snapshots import Panel

NO_STAGE = "no stage"


@dataclass(frozen=True)
class Move:
    """How many leads go from one stage to another, and how many of them converted within the horizon."""

    before: str
    after: str
    leads: int
    conversions: int


@dataclass(frozen=True)
class Movers:
    """The leads that change stage, those whose score changes most first. All columns have one length."""

    lead_id: tuple[str, ...]
    before: tuple[str, ...]
    after: tuple[str, ...]
    score_before: Floats
    score_after: Floats
    won: Bools

    def __len__(self) -> int:
        """Number of leads that change stage."""
        return len(self.lead_id)

    def rows(self, most: int | None = None) -> list[dict[str, Any]]:
        """The first `most` as plain values."""
        change = self.score_after - self.score_before
        places = range(len(self) if most is None else min(most, len(self)))
        return [
            {
                "lead_id": self.lead_id[place],
                "from": self.before[place],
                "to": self.after[place],
                "score_before": float(self.score_before[place]),
                "score_after": float(self.score_after[place]),
                "change": float(change[place]),
                "converted": bool(self.won[place]),
            }
            for place in places
        ]

    def to_arrow(self, model: str) -> pa.Table:
        """All of them as a table; `model` names the one that they would be scored by."""
        import pyarrow as pa  # noqa: PLC0415 - only for a file

        texts = {"model": [model] * len(self), "lead_id": self.lead_id, "from": self.before, "to": self.after}
        return pa.table(
            {name: pa.array(list(column), pa.string()) for name, column in texts.items()}  # typed: there may be none
            | {
                "score_before": self.score_before,
                "score_after": self.score_after,
                "change": self.score_after - self.score_before,
                "converted": self.won,
            }
        )


def movers_of(before: Panel, after: Panel, here: Ints, lead_ids: Sequence[str]) -> Movers:
    """The leads whose stage differs between two panels, among the rows `here`, whose ids are `lead_ids`."""
    was, now = (_stages(panel, here) for panel in (before, after))
    moved = np.flatnonzero(was != now)
    old, new = before.score[here][moved], after.score[here][moved]
    ids = np.asarray(lead_ids, dtype=object)[moved]
    order = np.lexsort((ids.astype(str), -np.abs(new - old)))
    return Movers(
        tuple(ids[order]),
        tuple(was[moved][order]),
        tuple(now[moved][order]),
        old[order],
        new[order],
        before.won[here][moved][order],
    )


def moves_of(movers: Movers) -> tuple[Move, ...]:
    """From where to where, the most frequent first."""
    ways = Counter(zip(movers.before, movers.after, strict=True))
    won = Counter(
        way for way, won in zip(zip(movers.before, movers.after, strict=True), movers.won, strict=True) if won
    )
    return tuple(Move(*way, leads, won[way]) for way, leads in sorted(ways.items(), key=lambda one: (-one[1], one[0])))


def _stages(panel: Panel, here: Ints) -> Any:  # noqa: ANN401 - an array of texts
    stages = panel.labels["stage"]
    return np.asarray([*stages.names, NO_STAGE], dtype=object)[stages.codes[here]]  # -1, none, is the last
