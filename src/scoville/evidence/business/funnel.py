"""From stage to stage: of the leads that reached one, how many reached the next, and how many of the last one won.

In: a panel. Out: one `StageRate` for each step. Pure. Called by `business.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.estimates import Figure, none_because, rate
from scoville.evidence.figures.sample import counted

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.snapshots import Panel

WON = "won"


@dataclass(frozen=True)
class StageRate:
    """Of `leads` first seen at stage `from_stage` or above, `reached` were seen at `to_stage` within the horizon.

    A lead counts at the first snapshot at which it stood at the stage or above it, and only where a whole horizon of
    snapshots follows. `won_unseen` won within the horizon without having been seen at `to_stage`: between two
    snapshots, or from a lower stage.
    """

    from_stage: str
    to_stage: str
    leads: int
    reached: int
    won_unseen: int
    rate: Figure


def stage_rates(stages: Sequence[str], panel: Panel) -> tuple[StageRate, ...]:
    """Each stage to the next, in the order of the model, and the last one to won; empty without stages."""
    if not stages:
        return ()
    first = [_first_seen(panel, stages, rank) for rank in range(len(stages))]
    steps = [_step(panel, stages[rank : rank + 2], first[rank], first[rank + 1]) for rank in range(len(stages) - 1)]
    return (*steps, _last(panel, stages[-1], first[-1]))


def _first_seen(panel: Panel, stages: Sequence[str], rank: int) -> Ints:
    """For each lead of the sample the row at which it first stood at a stage of this rank or above it, or -1."""
    labels = panel.labels["stage"]
    above = np.isin([*labels.names, ""], stages[rank:])  # the last place is that of -1: no stage
    rows = np.flatnonzero(above[labels.codes])
    rows = rows[np.argsort(panel.snapshot[rows].astype(np.int16), kind="stable")[::-1]]
    found = np.full(panel.sample.leads, -1)
    found[panel.sample.cluster[rows]] = rows  # of one lead, the row that is written last stays: the earliest
    return found


def _step(panel: Panel, names: Sequence[str], first: Ints, first_of_next: Ints) -> StageRate:
    """From one stage to the next: for each lead the rows at which it was first seen at either."""
    if panel.horizon is None:
        return _untold(names, "cannot tell: outcomes have no dates, so there is one snapshot")
    at = np.array([(instant - panel.as_of[0]) / panel.horizon for instant in panel.as_of])  # in horizons
    when, reached = (_when(rows, at, panel) for rows in (first, first_of_next))
    seen = when + 1 <= at[-1]
    if not seen.any() and at[-1] < 1:
        return _untold(names, "cannot tell: snapshots do not reach over a whole horizon")
    in_time: Bools = reached[seen] <= when[seen] + 1
    return _rate(names, in_time, panel.won[first[seen]])


def _when(rows: Ints, at: Floats, panel: Panel) -> Floats:
    """The time of each row; never, where there is none."""
    return np.where(rows >= 0, at[panel.snapshot[rows]], np.inf)


def _last(panel: Panel, stage: str, first: Ints) -> StageRate:
    won = panel.won[first[first >= 0]]
    return _rate((stage, WON), won, np.zeros(won.size, bool))


def _rate(names: Sequence[str], reached: Bools, won: Bools) -> StageRate:
    leads, count = reached.size, int(reached.sum())
    figure = rate(count, leads) if leads else none_because(f"cannot tell: {counted(0, 'lead')} seen at {names[0]}")
    return StageRate(names[0], names[1], leads, count, int((won & ~reached).sum()), figure)


def _untold(names: Sequence[str], reason: str) -> StageRate:
    return StageRate(names[0], names[1], 0, 0, 0, none_because(reason))
