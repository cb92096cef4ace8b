"""What a team may wish of a line, and the rule that finds it: so many leads a week, so good a rate, the most money.

In: crossings. Out: for each wish the place of its line, in the data as they are and in resamples of the leads (Efron
1979; all rows of a lead stay together), which say how sure the line is. Pure. Called by `choices.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from scoville.errors import UsageError
from scoville.evidence.figures.sample import FEW

if TYPE_CHECKING:
    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.lines.crossings import Crossings

RESAMPLES = 200
SEED = 1979  # fixed: the same data always give the same interval


@dataclass(frozen=True)
class Wishes:
    """What is wanted of a line; None where nothing is said.

    `capacity_per_week` new leads at most; `precision`, the share of them that buy; `recall`, the share of all buyers
    that are reached; `cost` of working one lead, and `value` of a win (None: the mean value of outcomes), in one money.
    `last_customers` is how many of the last buyers to look at.

    Raises: UsageError for shares that are none, and numbers that are not positive.
    """

    capacity_per_week: float | None = None
    precision: float | None = None
    recall: float | None = None
    cost: float | None = None
    value: float | None = None
    last_customers: int = 50

    def __post_init__(self) -> None:
        for name in ("precision", "recall"):
            share = getattr(self, name)
            if share is not None and not 0 < share <= 1:
                hint = f"; did you mean {share / 100:g}?" if 1 < share <= 100 else ""  # noqa: PLR2004 - percent
                raise UsageError(
                    f"{name} is a share above 0 and up to 1, such as 0.2 for 1 in 5: found {share:g}{hint}"
                )
        for name in ("capacity_per_week", "cost", "value", "last_customers"):
            number = getattr(self, name)
            if number is not None and not (number > 0 and np.isfinite(number)):
                raise UsageError(f"{name} must be above 0: found {number:g}")

    @property
    def any_given(self) -> bool:
        """Whether a line is asked for."""
        return any(wish is not None for wish in (self.capacity_per_week, self.precision, self.recall, self.cost))


@dataclass(frozen=True)
class Counts:
    """At each line (columns), as the data are or in each resample (rows). `buyers` and `value` have one column.

    `weeks` is 1 where there is no week to divide by. `value` is that of one conversion, NaN where unknown.
    """

    weeks: float
    leads: Floats
    won: Floats
    buyers_reached: Floats
    buyers: Floats
    value: Floats

    @property
    def precision(self) -> Floats:
        """The share of the leads at each line that won; NaN where fewer than 5 did, which is no share to believe."""
        share: Floats = np.divide(self.won, self.leads, out=np.full_like(self.leads, np.nan), where=self.won >= FEW)
        return share

    def net(self, cost: float) -> Floats:
        """What the conversions bring less what the leads cost, a week."""
        net: Floats = (self.won * self.value - self.leads * cost) / self.weeks
        return net


def plain(found: Crossings, value: float | None) -> Counts:
    """One row: the counts as they are. `value` None: the mean of the values that are known."""
    return _weighted(found, np.ones((1, found.group_buyers.size)), value)


def resampled(found: Crossings, value: float | None, resamples: int = RESAMPLES) -> Counts:
    """A row for each time that as many leads are drawn again, with replacement."""
    groups = found.group_buyers.size
    drawn = np.random.default_rng(SEED).multinomial(groups, np.full(groups, 1 / groups), size=resamples)
    return _weighted(found, drawn.astype(np.float64), value)


def _weighted(found: Crossings, weight: Floats, value: float | None) -> Counts:
    worth, valued = ((weight @ column)[:, None] for column in (found.group_value, found.group_valued))
    mean = np.divide(worth, valued, out=np.full_like(valued, np.nan), where=valued > 0)
    return Counts(
        weeks=found.weeks or 1.0,
        leads=weight @ found.group_reached,
        won=weight @ found.group_won,
        buyers_reached=weight @ found.group_buyers_reached,
        buyers=(weight @ found.group_buyers)[:, None],
        value=mean if value is None else np.full_like(valued, value),
    )


# The rules. Each gives the place of the line in each row of counts, and -1 where no line will do.


def within_capacity(counts: Counts, capacity_per_week: float) -> Ints:
    """The lowest line such that neither it nor any above it brings more leads than can be called."""
    fits = counts.leads / counts.weeks <= capacity_per_week
    with_all_above = np.logical_and.accumulate(fits[:, ::-1], axis=1)[:, ::-1]
    return _lowest(with_all_above & (counts.leads > 0))


def as_precise(counts: Counts, precision: float) -> Ints:
    """The lowest line above which at least this share buys."""
    return _lowest(counts.precision >= precision)


def as_far_reaching(counts: Counts, recall: float) -> Ints:
    """The highest line at or above which at least this share of all buyers once stood."""
    return _highest((counts.buyers_reached >= recall * counts.buyers) & (counts.buyers > 0))


def worth_most(counts: Counts, cost: float) -> Ints:
    """The line with the largest net value, the higher of two equal ones; none where no line earns what it costs."""
    net = np.nan_to_num(counts.net(cost), nan=-np.inf)
    best = _best(net)
    return np.where(net.max(axis=1) > 0, best, -1)


def most_precise(counts: Counts) -> Ints:
    """The line above which the largest share buys; none where no line has the conversions to tell."""
    share = np.nan_to_num(counts.precision, nan=-1.0)
    return np.where(share.max(axis=1) > 0, _best(share), -1)


def parting(counts: Counts) -> Ints:
    """Where the shares of buyers and of others at or above the line lie farthest apart (Youden 1950)."""
    others = counts.leads - counts.won
    most_won, most_others = (np.maximum(side.max(axis=1, keepdims=True), 1) for side in (counts.won, others))
    return _best(counts.won / most_won - others / most_others)


def highest_reached(counts: Counts) -> Ints:
    """The highest line that anybody reached."""
    return _highest(counts.leads > 0)


def _lowest(holds: Bools) -> Ints:
    return np.where(holds.any(axis=1), holds.argmax(axis=1), -1)


def _highest(holds: Bools) -> Ints:
    return np.where(holds.any(axis=1), _best(holds), -1)


def _best(figure: Floats | Bools) -> Ints:
    """The place of the largest figure in each row, the highest line of equals."""
    return np.asarray(figure.shape[1] - 1 - figure[:, ::-1].argmax(axis=1), dtype=np.int64)
