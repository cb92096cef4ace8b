"""What a lead is worth before anybody calls: the chance that its stage or score stands for, in money, less the touch.

In: an `Evidence`, what a win brings and what working a lead costs. Out: `Worth`. Pure. Called by the server, where
people try values and costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.estimates import Figure

if TYPE_CHECKING:
    from scoville.evidence.backtest import Evidence
    from scoville.evidence.figures.brackets import Bracket


@dataclass(frozen=True)
class StageWorth:
    """Leads of one stage: what each brings within the horizon on average, less the cost of working it."""

    stage: str
    leads: int
    rate: float
    worth: Figure


@dataclass(frozen=True)
class Worth:
    """What leads are worth at a value of a win and a cost of a lead, both in one money.

    `break_even` is the share of leads that must win to pay for working them all; `pays_from` the lowest score whose
    chance is at least that: null where no score's is, or no chance is known. `coming` is what the open leads should
    bring within the horizon: the forecast of wins, each at this value.
    """

    value: float
    cost: float
    break_even: float
    pays_from: float | None
    by_stage: tuple[StageWorth, ...]
    coming: Figure | None


def worth_of(evidence: Evidence, value: float, cost: float = 0.0) -> Worth:
    """What leads are worth, from the best stage down.

    Example: where 5 % of a stage win, at a value of 9,000 and a cost of 50, a lead of it is worth 400
    """
    told = evidence.by.get("stage", ())
    now = evidence.forecast.now
    return Worth(
        value=value,
        cost=cost,
        break_even=cost / value,
        pays_from=_pays_from(evidence.calibration.points, cost / value),
        by_stage=tuple(_stage(one, value, cost) for one in told if one.rate is not None),
        coming=None if now.wins is None else _times(value, now.wins, now.wins_low, now.wins_high),
    )


def _stage(one: Bracket, value: float, cost: float) -> StageWorth:
    rate = one.rate or 0.0
    low, high = (None if end is None else end * value - cost for end in (one.low, one.high))
    return StageWorth(one.label, one.leads, rate, Figure(rate * value - cost, low, high, one.leads))


def _times(value: float, wins: float, low: float | None, high: float | None) -> Figure:
    return Figure(wins * value, None if low is None else low * value, None if high is None else high * value)


def _pays_from(points: tuple[tuple[float, float], ...], chance: float) -> float | None:
    """The lowest score with at least this chance, between the points of a map that never falls."""
    if not points or points[-1][1] < chance:
        return None
    score, found = (np.array(column) for column in zip(*points, strict=True))
    first = int(np.argmax(found >= chance))
    if first == 0:
        return float(score[0])
    share = (chance - found[first - 1]) / (found[first] - found[first - 1])
    return float(score[first - 1] + share * (score[first] - score[first - 1]))
