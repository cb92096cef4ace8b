"""What a line trades: the higher it is, the more of those above it buy, and the fewer of all who buy are above it.

In: a panel, or its crossings. Out: `Line` (leads that stand there, at every snapshot) and `Reach` (leads that newly
reach it, each counted once). Pure. Called by `threshold.py`; `trade_off` also by the report.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.sample import CONFIDENCE, effect_of, rows_of, wilson
from scoville.evidence.lines.crossings import lines_for

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.evidence.figures.sample import Floats, Ints, Sample
    from scoville.evidence.lines.crossings import Crossings
    from scoville.evidence.snapshots import Panel

SHARES = (0.005, 0.01, 0.02, 0.05, 0.1, 0.15, 0.2, 0.3, 0.4, 0.5, 0.75, 1.0)  # of leads, from the top

_WEEK = timedelta(days=7)

Interval = tuple[float | None, float | None]


@dataclass(frozen=True)
class Line:
    """Leads that stand at or above a threshold, counted at every snapshot at which they do.

    `conversions` / `leads` is `precision`, `conversions` / all conversions is `recall`; None where that is 0 / 0.
    Intervals are Wilson's, as wide as the number of leads makes them.
    """

    threshold: float
    leads: int
    leads_per_snapshot: float
    conversions: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    recall: float | None
    recall_low: float | None
    recall_high: float | None


@dataclass(frozen=True)
class Reach:
    """Leads that reached a threshold for the first time while they were watched, each counted once.

    `leads_per_week` is None where there is one snapshot: `leads` are then those that stand there. `conversions` of them
    came within the horizon: their share is `precision`. `recall` is the share of all who bought (`buyers`) that stood
    there at some snapshot before they did. `standing` is how many stand there at a snapshot, on average. `net` is what
    `conversions` bring less what `leads` cost, a week (or of the one snapshot); None where cost or value are unknown.
    """

    threshold: float
    standing: float
    leads: int
    leads_per_week: float | None
    leads_per_week_low: float | None
    leads_per_week_high: float | None
    conversions: int
    precision: float | None
    precision_low: float | None
    precision_high: float | None
    buyers: int
    buyers_reached: int
    recall: float | None
    recall_low: float | None
    recall_high: float | None
    net: float | None = None
    net_low: float | None = None
    net_high: float | None = None


def trade_off(panel: Panel, shares: Sequence[float] = SHARES) -> tuple[Line, ...]:
    """Lines above which about these shares of the leads stand, falling: what each would have given.

    Every conversion at or above a line counts, at each snapshot before it; so that leads and conversions are those of
    the brackets above the line. Ties are never split: with few different scores there are fewer lines.

    Example: `[(line.threshold, line.recall) for line in trade_off(panel)]`
    """
    if not len(panel):
        return ()
    given = panel.sample
    values, level = given.levels
    rows = np.bincount(level)
    lines = lines_for(np.repeat(values, rows))  # in order, so that the same rows always give the same lines
    chosen = lines[spread(_standing(values, rows, lines), shares)]
    bands = rows_of((np.searchsorted(chosen, values, side="right") - 1)[level] + 1, chosen.size + 1)[1:]
    return tuple(_lines(given, chosen, bands, len(panel.as_of)))


def spread(standing: Floats, shares: Sequence[float]) -> Ints:
    """The places of lines above which about these shares of the leads stand, rising; lines above all are left out."""
    wanted = np.asarray(shares) * standing.max()
    nearest = np.abs(standing[:, None] - wanted[None, :]).argmin(axis=0)
    return np.unique(nearest[standing[nearest] > 0])


def _standing(values: Floats, rows: Ints, lines: Floats) -> Floats:
    """How many rows stand at or above each line, from the rows that have each score."""
    places = np.searchsorted(lines, values, side="right") - 1
    return np.cumsum(np.bincount(places, rows, minlength=lines.size)[::-1])[::-1].astype(np.float64)


def _lines(given: Sample, lines: Floats, bands: Sequence[Ints], snapshots: int) -> Iterator[Line]:
    """Each line from the top downwards, with the rows between it and the next one added to those above."""
    all_by_lead = np.bincount(given.cluster[given.won], minlength=given.leads)
    by_lead, won_by_lead = np.zeros_like(all_by_lead), np.zeros_like(all_by_lead)
    for line, rows in zip(lines[::-1], bands[::-1], strict=True):
        by_lead += np.bincount(given.cluster[rows], minlength=given.leads)
        won_by_lead += np.bincount(given.cluster[rows[given.won[rows]]], minlength=given.leads)
        leads, wins, all_wins = int(by_lead.sum()), int(won_by_lead.sum()), int(all_by_lead.sum())
        yield Line(
            threshold=float(line),
            leads=leads,
            leads_per_snapshot=leads / snapshots,
            conversions=wins,
            **_share("precision", wins, leads, effect_of(by_lead, won_by_lead, leads)),
            **_share("recall", wins, all_wins, effect_of(all_by_lead, won_by_lead, all_wins)),
        )


def _share(name: str, wins: int, leads: int, effect: float = 1.0) -> dict[str, float | None]:
    """A share and its interval, by name; None where it is 0 / 0."""
    low, high = wilson(wins, leads, effect) if leads else (None, None)
    return {name: wins / leads if leads else None, f"{name}_low": low, f"{name}_high": high}


# Each lead once


def reach(found: Crossings, place: int) -> Reach:
    """What the line at `place` of the crossings would have given, without its net value."""
    by_snapshot = found.reached[found.counted, place]
    leads, conversions = int(by_snapshot.sum()), int(found.won[found.counted, place].sum())
    reached = int(found.group_buyers_reached[:, place].sum())
    low, high = _weekly_interval(by_snapshot, _weeks_each(found)) if found.weeks else (None, None)
    return Reach(
        threshold=float(found.lines[place]),
        standing=float(found.standing[: found.known, place].mean()),
        leads=leads,
        leads_per_week=leads / found.weeks if found.weeks else None,
        leads_per_week_low=low,
        leads_per_week_high=high,
        conversions=conversions,
        **_share("precision", conversions, leads),
        buyers=found.buyers,
        buyers_reached=reached,
        **_share("recall", reached, found.buyers),
    )


def _weeks_each(found: Crossings) -> Floats:
    """How many weeks lie before each counted snapshot."""
    times = found.as_of[: found.known]
    return np.array([(after - before) / _WEEK for before, after in itertools.pairwise(times)])


def _weekly_interval(counts: Ints, weeks: Floats) -> Interval:
    """Of the mean count a week: Garwood's Poisson interval (1936), widened where weeks differ by more than chance.

    The widening is Pearson's dispersion (McCullagh and Nelder 1989, 6.2): counts are divided by it, as rows are by a
    design effect.
    """
    from scipy.stats import chi2  # noqa: PLC0415 - takes half a second

    whole, expected = float(counts.sum()), counts.sum() * weeks / weeks.sum()
    spread_of = float((((counts - expected) ** 2)[expected > 0] / expected[expected > 0]).sum())
    dispersion = max(1.0, spread_of / max(1, counts.size - 1))
    events, tail = whole / dispersion, (1 - CONFIDENCE) / 2
    low = float(chi2.ppf(tail, 2 * events)) / 2 if events else 0.0
    high = float(chi2.ppf(1 - tail, 2 * events + 2)) / 2
    return low * dispersion / float(weeks.sum()), high * dispersion / float(weeks.sum())
