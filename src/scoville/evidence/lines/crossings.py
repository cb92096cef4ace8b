"""Who reached which line, and when: leads counted the first time they stand at or above each of many lines.

In: a panel, which of its scores to look at, and lines. Out: `Crossings`, counts by snapshot and by group of leads.
Pure. Called by `threshold.py`.

A list that sales works through grows by the leads that newly reach a line, not by those that have stood above it for
weeks. The first snapshot therefore only says who stood there already; whoever stands above a line at a later one for
the first time has crossed it in between.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

if TYPE_CHECKING:
    from datetime import datetime

    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.snapshots import Panel

MOST_LINES = 500  # apart by 1 or 2 leads of 100 at most: less than chance moves a line
GROUPS = 2000  # of leads; sums over so many tell the spread of a resample to a few hundredths, at any number of leads
_MOST_SCORES = 2_000_000  # of a sample that spreads the lines; what is counted at a line is exact all the same
_DECIMALS = 6
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Crossings:
    """Counts at or above each of `lines`, which rise. Tables are snapshot by line, or group of leads by line.

    `standing`: all leads that stand there at a snapshot. `reached`: those that do for the first time, and `won`: those
    of them that converted within the horizon; both only from snapshot `first` on, 0 before it. `known` is how many
    snapshots have their horizon within the data; of later ones `won` is not over yet.

    By group, and of known snapshots alone: `group_reached`, `group_won`. Over all snapshots: `group_buyers` (leads that
    converted after some snapshot), `group_buyers_reached` (those that ever stood there before), and the sum and number
    of known values of buyers. `weeks` is the time over which `reached` was counted in known snapshots; None where there
    is only one, and `reached` is then who stands there.
    """

    as_of: tuple[datetime, ...]
    known: int
    first: int
    weeks: float | None
    lines: Floats
    standing: Ints
    reached: Ints
    won: Ints
    group_reached: Ints
    group_won: Ints
    group_buyers: Ints
    group_buyers_reached: Ints
    group_value: Floats
    group_valued: Ints
    buyers: int
    losers: int

    @property
    def counted(self) -> slice:
        """The snapshots whose crossings and conversions count."""
        return slice(self.first, self.known)


def crossings(panel: Panel, score: Floats, lines: Floats, known: int | None = None) -> Crossings:
    """Count every line at once.

    Shape:  `score` is one column of the panel; `lines` rise, and the first is at most the lowest score.
    Nulls:  `known` None: the horizon of every snapshot is over.
    """
    known = len(panel.as_of) if known is None else known
    first = 1 if known > 1 else 0
    order = np.lexsort((panel.snapshot, panel.lead))
    snapshot, won = panel.snapshot[order], panel.won[order]
    starts, cluster = _numbered(panel.lead[order])
    groups = min(int(starts.sum()), GROUPS)
    stands = np.searchsorted(lines, score[order], side="right") - 1
    before = _highest_before(stands, cluster, starts, lines.size)
    new = _New(snapshot, cluster % groups, stands, before, won).where((stands > before) & (snapshot >= first))
    last = np.append(np.flatnonzero(starts)[1:], starts.size) - 1
    buyer = np.bincount(cluster, weights=won) > 0
    return Crossings(
        as_of=panel.as_of,
        known=known,
        first=first,
        weeks=(panel.as_of[known - 1] - panel.as_of[0]) / _WEEK if first else None,
        lines=lines,
        standing=_at_or_above(snapshot, stands, len(panel.as_of), lines.size),
        **_by_snapshot(new, len(panel.as_of), lines.size),
        **_by_group(new.where(new.snapshot < known), groups, lines.size),
        **_of_buyers(buyer, np.maximum(before, stands)[last], panel.value[order][last], groups, lines.size),
        buyers=int(buyer.sum()),
        losers=int((~buyer).sum()),
    )


class _New(NamedTuple):
    """Rows at which a lead stands higher than at any earlier snapshot: where it stands, and where it stood at most."""

    snapshot: Ints
    group: Ints
    stands: Ints
    before: Ints
    won: Bools

    def where(self, holds: Bools) -> _New:
        return _New(self.snapshot[holds], self.group[holds], self.stands[holds], self.before[holds], self.won[holds])

    def counted(self, row: Ints, rows: int, lines: int) -> Ints:
        """How many are new at each line, row by line: they stand at or above it now, and did not before."""
        return _at_or_above(row, self.stands, rows, lines) - _at_or_above(row, self.before, rows, lines)


def _by_snapshot(new: _New, snapshots: int, lines: int) -> dict[str, Any]:
    winners = new.where(new.won)
    return {
        "reached": new.counted(new.snapshot, snapshots, lines),
        "won": winners.counted(winners.snapshot, snapshots, lines),
    }


def _by_group(new: _New, groups: int, lines: int) -> dict[str, Any]:
    winners = new.where(new.won)
    return {
        "group_reached": new.counted(new.group, groups, lines),
        "group_won": winners.counted(winners.group, groups, lines),
    }


def _of_buyers(buyer: Bools, best: Ints, value: Floats, groups: int, lines: int) -> dict[str, Any]:
    """Of the leads that bought, by group: how many, how high they ever stood, and what they brought."""
    lead = np.flatnonzero(buyer)
    group, worth = lead % groups, value[lead]
    has_value = np.isfinite(worth)
    return {
        "group_buyers": np.bincount(group, minlength=groups),
        "group_buyers_reached": _at_or_above(group, best[lead], groups, lines),
        "group_value": np.bincount(group[has_value], worth[has_value], minlength=groups),
        "group_valued": np.bincount(group[has_value], minlength=groups),
    }


def _numbered(lead: Ints) -> tuple[Bools, Ints]:
    """Where each lead starts in a sorted column, and the leads numbered from 0."""
    starts = np.ones(lead.size, dtype=bool)
    starts[1:] = lead[1:] != lead[:-1]
    return starts, np.cumsum(starts) - 1


def _highest_before(stands: Ints, cluster: Ints, starts: Bools, lines: int) -> Ints:
    """The highest line at which the lead of each row stood at an earlier snapshot; -1 where at none.

    One running maximum serves all leads, because the next lead's numbers begin above those of the last.
    """
    floor = cluster * (lines + 1)
    highest = np.maximum.accumulate(floor + stands + 1) - floor - 1
    before = np.empty_like(highest)
    before[1:] = highest[:-1]
    before[starts] = -1
    return before


def _at_or_above(row: Ints, stands: Ints, rows: int, lines: int) -> Ints:
    """How many stand at or above each line: a table, row by line. Those below every line have -1."""
    inside = stands >= 0
    flat = np.bincount(row[inside] * lines + stands[inside], minlength=rows * lines)
    table: Ints = np.cumsum(flat.reshape(rows, lines)[:, ::-1], axis=1)[:, ::-1]
    return table


# Which lines


def lines_for(score: Floats, extra: tuple[float, ...] = (), most: int = MOST_LINES) -> Floats:
    """Lines between the scores, rising, the lowest at or below all; each written with as few digits as it can be.

    Where there are at most `most` different scores, there is a line for each, and none is lost by its short form. With
    more, lines stand on numbers with few decimals (on a scale of 100, one), and thin out from the top downwards, where
    a few leads more or less matter less. `extra` are kept as they are.
    """
    some = np.concatenate((score[:: max(1, score.size // _MOST_SCORES)], [score.min(), score.max()]))
    values = np.unique(some)
    if values.size > most:
        places = np.geomspace(1, some.size, most).round().astype(np.int64)
        decimals = -math.floor(math.log10((values[-1] - values[0]) / most))
        values = np.unique(np.floor(np.sort(some)[-places] * 10.0**decimals) / 10.0**decimals)
    return np.unique(np.append(shortest(values), np.asarray(extra, dtype=np.float64)))


def shortest(values: Floats) -> Floats:
    """For each of rising values the number with the fewest decimals that is at most it, and above the one before."""
    below = np.append(-np.inf, values[:-1])
    short = values.copy()
    for decimals in reversed(range(_DECIMALS + 1)):
        tried = np.floor(values * 10.0**decimals) / 10.0**decimals
        short = np.where((tried > below) & (tried <= values), tried, short)
    return short
