"""The mornings on which leads converted, and what they say of half-lives.

In: dates of leads; ages of events. Out: sets of a lead that converted and others open that morning; the likeliest
half-lives and effects. Called by `half_lives`, which says why.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
from scipy.optimize import minimize

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from numpy.typing import NDArray

    from scoville.engines.duckdb import DuckDB

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CONTROLS = 10  # open leads beside each that converted: more of them narrow an interval by no more than a twentieth
MOST_CASES = 10_000  # a half-life is known to a tenth by then
FEWEST_CASES = 40
USUAL_DAYS, USUAL_SPREAD = 30.0, 0.7  # where the middle is expected: a month, by a factor of two (log scale)
ALIKE = 0.35  # how far half-lives of one team lie apart, as a standard deviation of their logarithms
FREE, MOST_SHARE = 3.0, 0.99  # fresh events, or what so many of the leads with any stay below: more counts no more
TABLE = "learn_moments"
_STEP = 1e-3
SHORTEST_DAYS, LONGEST_DAYS = 1.0, 365.0  # from a year on, nothing is forgotten


@dataclass(frozen=True)
class Mornings:
    """Sets of a lead that converted, first, and leads open that morning; `row` is -1 where there are fewer of these.

    `lead` is the number of the lead of each row.
    """

    row: Ints
    lead: Ints


def mornings_of(engine: DuckDB, without: Ints | None, until: datetime | None, seed: int) -> Mornings | None:
    """The mornings of conversions before `until` (None: ever), of all leads but those `without`; None if too few.

    Makes a table called `TABLE` with row_no (from 0), lead_id, lead_no and as_of.
    """
    people = engine.arrow(
        "SELECT lead_no, epoch_us(created_at) AS created, epoch_us(won_at) AS won, "
        "epoch_us(date_trunc('day', won_at)) AS morning FROM panel_leads ORDER BY lead_no"
    )
    number, created = (people[name].to_numpy().astype(np.int64) for name in ("lead_no", "created"))
    never = np.iinfo(np.int64).max
    won, morning = (people[name].fill_null(never).to_numpy().astype(np.int64) for name in ("won", "morning"))
    pool = np.arange(number.size) if without is None else np.flatnonzero(~np.isin(number, without))
    end = never if until is None else int((np.datetime64(until, "us") - np.datetime64(0, "us")).astype(np.int64))
    cases = pool[(won[pool] < end) & (created[pool] <= morning[pool])]
    if cases.size < FEWEST_CASES:
        return None
    dice = np.random.default_rng(seed)
    if cases.size > MOST_CASES:
        cases = np.sort(dice.choice(cases, MOST_CASES, replace=False))
    at = morning[cases]
    drawn = pool[dice.integers(0, pool.size, (cases.size, 6 * CONTROLS))]
    open_then = (created[drawn] <= at[:, None]) & (morning[drawn] > at[:, None])
    first = np.argsort(~open_then, axis=1, kind="stable")[:, :CONTROLS]
    there = np.concatenate([np.ones((cases.size, 1), np.bool_), np.take_along_axis(open_then, first, 1)], axis=1)
    who = np.concatenate([cases[:, None], np.take_along_axis(drawn, first, 1)], axis=1)
    row = np.where(there, np.cumsum(there).reshape(there.shape) - 1, -1)
    table = pa.table({"row_no": np.arange(there.sum()), "lead_no": number[who[there]],
                      "us": np.broadcast_to(at[:, None], who.shape)[there]})  # fmt: skip
    with engine.registered(table) as source:
        engine.run(
            f"CREATE OR REPLACE TEMP TABLE {TABLE} AS SELECT row_no, lead_id, lead_no, make_timestamp(us) AS as_of "  # noqa: S608
            f"FROM {source} JOIN panel_leads USING (lead_no) ORDER BY row_no"
        )
    return Mornings(row, number[who[there]])


class Likelihood:
    """The partial likelihood of half-lives and effects, all together, with that of the rest of the card.

    Parameters: logarithms of the half-lives, effects, the logarithm of their common half-life, weight of the rest.
    """

    def __init__(self, row: Ints, rest: Floats, known: Sequence[tuple[Ints, Floats]], days: Floats) -> None:
        self.row, self.rest, self.known = row, rest, known
        self.there = row >= 0
        self.count = len(known)
        # a cap of the card may be as low as one fresh event: what stands above it would seem to fade more slowly
        self.caps = np.full(self.count, np.inf)
        for place, half_life in enumerate(days.tolist()):
            amount = self._amount(place, half_life)[0]
            self.caps[place] = max(FREE, float(np.quantile(amount[amount > 0], MOST_SHARE))) if amount.any() else FREE

    def best(self, days: Floats, effects: Floats) -> tuple[Floats, Floats]:
        """The most likely parameters, and the standard errors of the logarithms of the half-lives."""
        start = np.concatenate([days, effects, [math.log(USUAL_DAYS), 1.0]])
        ends = [(math.log(SHORTEST_DAYS), math.log(2 * LONGEST_DAYS))] * self.count
        free: list[tuple[float | None, float | None]] = [*ends, *[(None, None)] * (self.count + 2)]
        found = minimize(self.worth, start, jac=True, method="L-BFGS-B", bounds=free)
        return found.x, self._spread(found.x)

    def worth(self, at: Floats) -> tuple[float, Floats]:
        """Minus the log likelihood and the prior, and its slope."""
        days, effects, middle, share = self._parts(at)
        amounts = [self._amount(place, math.exp(days[place])) for place in range(self.count)]
        log_odds = share * self.rest
        for effect, (amount, _) in zip(effects, amounts, strict=True):
            log_odds = log_odds + effect * amount
        wide = np.where(self.there, log_odds[self.row], -np.inf)
        top = wide.max(axis=1, keepdims=True)
        chance = np.exp(wide - top)
        total = chance.sum(axis=1, keepdims=True)
        loss = -float((wide[:, 0] - top[:, 0] - np.log(total[:, 0])).sum())
        pull = chance / total
        pull[:, 0] -= 1.0
        per_row = np.zeros(self.rest.size)
        per_row[self.row[self.there]] = pull[self.there]
        apart = (days - middle) / ALIKE**2
        usual = (middle - math.log(USUAL_DAYS)) / USUAL_SPREAD**2
        bends = [effect * float((per_row * bend).sum()) for effect, (_, bend) in zip(effects, amounts, strict=True)]
        slope = np.concatenate([
            np.array(bends) + apart,
            [float((per_row * amount).sum()) for amount, _ in amounts],
            [usual - float(apart.sum()), float((per_row * self.rest).sum()) + (share - 1.0)],
        ])  # fmt: skip
        prior = 0.5 * (float((apart * (days - middle)).sum()) + usual * (middle - math.log(USUAL_DAYS)))
        return loss + prior + 0.5 * (share - 1.0) ** 2, slope  # held at 1: there may be no rest to weigh

    def _parts(self, at: Floats) -> tuple[Floats, Floats, float, float]:
        return at[: self.count], at[self.count : -2], float(at[-2]), float(at[-1])

    def _amount(self, place: int, days: float) -> tuple[Floats, Floats]:
        """The decayed sum of each row up to its cap, and its slope along the logarithm of the half-life."""
        row, age = self.known[place]
        left = np.exp2(-age / days)
        amount = np.bincount(row, left, self.rest.size)
        slope = np.bincount(row, left * age * (math.log(2) / days), self.rest.size)
        over = amount > self.caps[place]
        return np.where(over, self.caps[place], amount), np.where(over, 0.0, slope)

    def _spread(self, at: Floats) -> Floats:
        """Standard errors from the curvature at the best place."""
        step = np.eye(at.size) * _STEP
        bend = np.stack([(self.worth(at + one)[1] - self.worth(at - one)[1]) / (2 * _STEP) for one in step])
        try:
            variance = np.diag(np.linalg.inv((bend + bend.T) / 2))[: self.count]
        except np.linalg.LinAlgError:
            return np.full(self.count, np.inf)
        return np.sqrt(np.where(variance > 0, variance, np.inf))
