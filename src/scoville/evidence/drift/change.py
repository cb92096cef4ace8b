"""Has a figure changed over time, beyond chance? AUC and conversion rate from snapshot to snapshot.

In: arrays of a panel. Out: `Change`. Pure. A lead that stands in several snapshots moves all of their figures at once;
the variances and covariances between snapshots are therefore sums over leads, not rows (Obuchowski, Biometrics 1997,
for AUCs; Taylor linearisation for rates).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.sample import FEW, Z, counted

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from scipy.sparse import csr_array

    from scoville.evidence.figures.sample import Bools, Floats, Ints

MONTH_DAYS = 30.0
SURE = 0.05
_TWO = 2  # snapshots, to see a change between


@dataclass(frozen=True)
class Change:
    """Whether one figure changed from snapshot to snapshot.

    `per_month` is the slope of a straight line through the snapshots, weighted by what each knows, for 30 days, with
    its 95 % interval; `p` is that of no slope, `p_any` that of no difference of any kind (Cochran's Q). All None where
    `cannot_tell` says why. `snapshots` counts those that were used.
    """

    per_month: float | None
    low: float | None
    high: float | None
    p: float | None
    p_any: float | None
    snapshots: int
    cannot_tell: str | None

    @property
    def falls(self) -> bool:
        """Whether the figure falls, beyond chance."""
        return self.p is not None and self.per_month is not None and self.p < SURE and self.per_month < 0

    @property
    def rises(self) -> bool:
        """Whether the figure rises, beyond chance."""
        return self.p is not None and self.per_month is not None and self.p < SURE and self.per_month > 0

    @property
    def changes(self) -> bool:
        """Whether the figure changes at all, beyond chance."""
        return self.p is not None and self.p_any is not None and min(self.p, self.p_any) < SURE / 2


@dataclass(frozen=True)
class _Series:
    """A figure per snapshot, what each weighs, and how far each lead (row) moves each of them (column)."""

    days: Floats
    figure: Floats
    weight: Floats
    moves: csr_array


def auc_change(score: Floats, won: Bools, lead: Ints, snapshot: Ints, as_of: Sequence[datetime]) -> Change:
    """Whether the AUC changes. Snapshots with fewer than 5 leads that converted, or that did not, are left out.

    Each is weighted by w * l / (w + l), its numbers of won and lost leads: what its variance would be were all AUCs
    equal. A weight by its own variance would lean to snapshots that happen to look good.
    """
    kept = [
        number for number in range(len(as_of))
        if min(_split(won[snapshot == number])) >= FEW
    ]  # fmt: skip
    if len(kept) < _TWO:
        return _unknown(len(kept), f"with {FEW} leads that converted and {FEW} that did not")
    figures: list[float] = []
    weights: list[float] = []
    parts: list[tuple[Ints, int, Floats]] = []
    for column, number in enumerate(kept):
        rows = np.flatnonzero(snapshot == number)
        wins, losses = _split(won[rows])
        placement = placements(score[rows], won[rows])
        figures.append(float(placement[won[rows]].mean()))
        weights.append(wins * losses / (wins + losses))
        side = np.where(won[rows], wins, losses)
        parts.append((lead[rows], column, (placement - figures[-1]) / np.sqrt(side * (side - 1.0))))
    return _change(_series(_days(as_of, kept), figures, weights, parts))


def rate_change(won: Bools, lead: Ints, snapshot: Ints, as_of: Sequence[datetime]) -> Change:
    """Whether the conversion rate changes. Variances are those around the rate of all snapshots together.

    A snapshot without any conversion has then a variance too.
    """
    leads = np.bincount(snapshot, minlength=len(as_of))
    kept = np.flatnonzero(leads > 1).tolist()
    if len(kept) < _TWO:
        return _unknown(len(kept), "with leads")
    wins, losses = _split(won)
    if min(wins, losses) < FEW:
        few = counted(wins, "conversion") if wins <= losses else f"{counted(losses, 'lead')} without a conversion"
        return Change(None, None, None, None, None, len(kept), f"cannot tell: {few}")
    rate = float(won.mean())
    rows_of = [np.flatnonzero(snapshot == number) for number in kept]
    parts: list[tuple[Ints, int, Floats]] = [
        (lead[rows], column, (won[rows].astype(np.float64) - rate) / math.sqrt(rows.size * (rows.size - 1.0)))
        for column, rows in enumerate(rows_of)
    ]
    figures = [float(won[rows].mean()) for rows in rows_of]
    return _change(_series(_days(as_of, kept), figures, [float(rows.size) for rows in rows_of], parts))


def placements(score: Floats, won: Bools) -> Floats:
    """For each row the share of the other side that it stands right to, ties counting half: DeLong's components.

    From midranks (Sun and Xu, IEEE Signal Processing Letters 2014). Their mean over the won rows is the AUC.
    """
    from scipy.stats import rankdata  # noqa: PLC0415 - takes half a second

    every = rankdata(score)
    found = np.empty(score.size)
    wins, losses = _split(won)
    found[won] = (every[won] - rankdata(score[won])) / losses
    found[~won] = 1 - (every[~won] - rankdata(score[~won])) / wins
    return found


def _split(won: Bools) -> tuple[int, int]:
    wins = int(won.sum())
    return wins, won.size - wins


def _unknown(snapshots: int, what: str) -> Change:
    return Change(None, None, None, None, None, snapshots, f"cannot tell: {counted(snapshots, 'snapshot')} {what}")


def _days(as_of: Sequence[datetime], kept: Sequence[int]) -> Floats:
    return np.array([(as_of[number] - as_of[kept[0]]).total_seconds() / 86_400 for number in kept])


def _series(days: Floats, figures: list[float], weights: list[float], parts: list[tuple[Ints, int, Floats]]) -> _Series:
    from scipy.sparse import csr_array  # noqa: PLC0415 - takes half a second

    every = np.concatenate([lead for lead, _, _ in parts])
    rows = np.unique(every, return_inverse=True)[1]
    columns = np.concatenate([np.full(lead.size, column) for lead, column, _ in parts])
    moves = csr_array((np.concatenate([move for _, _, move in parts]), (rows, columns)))
    return _Series(days, np.array(figures), np.array(weights), moves)


def _change(series: _Series) -> Change:
    covariance = (series.moves.T @ series.moves).toarray()
    months, weight = series.days / MONTH_DAYS, series.weight / series.weight.sum()
    around = months - weight @ months
    line = weight * around / (weight @ around**2)
    slope, variance = float(line @ series.figure), float(line @ covariance @ line)
    if variance <= 0:
        return Change(
            None,
            None,
            None,
            None,
            None,
            series.figure.size,
            "cannot tell: all scores are equal, or none is out of order",
        )
    se = math.sqrt(variance)
    p = 2 * NormalDist().cdf(-abs(slope) / se)
    low, high = slope - Z * se, slope + Z * se
    return Change(slope, low, high, p, _any_difference(series.figure, weight, covariance), series.figure.size, None)


def _any_difference(figure: Floats, weight: Floats, covariance: Floats) -> float:
    """Cochran's Q with the first two moments of its true law, for the snapshots are not independent.

    Source: Satterthwaite 1946, as Rao and Scott 1984 take it for clustered counts.
    """
    from scipy.stats import chi2  # noqa: PLC0415 - takes half a second

    form = np.diag(weight) - np.outer(weight, weight)
    spread = form @ covariance
    mean, half_variance = float(np.trace(spread)), float(np.trace(spread @ spread))
    statistic = float(figure @ form @ figure) * mean / half_variance
    return float(chi2.sf(statistic, mean**2 / half_variance))
