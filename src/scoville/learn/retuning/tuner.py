"""Fits and tests of a model's numbers on rows: where each should be, and how clearly the past says so.

In: what each number gives each row, outcomes, present points. Out: states, estimates with intervals, p-values. Pure and
without dice. Called by `released` and `tuned`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from statistics import NormalDist
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from scoville.learn.choosing.fitting import base_log_odds, chance, log_loss
from scoville.learn.retuning.given import scored

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from numpy.typing import NDArray

    from scoville.learn.retuning.given import Given
    from scoville.learn.retuning.levers import Lever, Past
    from scoville.learn.retuning.tunable import Numbers

    Floats = NDArray[np.float64]
    Floats32 = NDArray[np.float32]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

SURE = 0.05
Z = NormalDist().inv_cdf(1 - SURE / 2)
STEPS = 25
_CLOSE = 0.1  # of a point: less is rounded away
_FREELY = 4  # steps before they are made shorter
_FARTHEST = 8.0  # points that one step may go: the line through a limit holds nearby only
_CHI_SQUARED = Z**2


@dataclass(frozen=True)
class Estimate:
    """What a lever should be at, without rounding and with no heed to its sign; its interval.

    `p` is the p-value of the present value, `adjusted` the same for how many were looked at. None: it cannot be told.
    """

    value: float | None
    low: float | None
    high: float | None
    p: float | None
    adjusted: float | None = None


UNKNOWN = Estimate(None, None, None, None)


@dataclass(frozen=True)
class Settled:
    """A fitted state: where each lever is, the days of each half-life, log odds = `intercept` + `unit` * score."""

    phi: Floats
    days: tuple[float, ...]
    intercept: float
    unit: float
    score: Floats
    room: Bools
    units: Floats32
    loss: float

    @property
    def log_odds(self) -> Floats:
        """Of each row."""
        return self.intercept + self.unit * self.score


class Moments(NamedTuple):
    """Coefficients with their variance, leads as clusters."""

    beta: Floats
    variance: Floats


@dataclass
class Tuner:
    """Fits and tests on some rows. `most` is the largest number of points; `prior` its spread around the present."""

    numbers: Numbers
    given: Given
    past: Past
    levers: tuple[Lever, ...]
    most: float
    low: Floats = field(init=False)
    high: Floats = field(init=False)
    start: Floats = field(init=False)

    def __post_init__(self) -> None:
        points = self.numbers.points
        self.start = np.array([points[lever.of[0]] for lever in self.levers])
        widest = np.maximum(self.most, np.abs(self.start))
        ends = [self.numbers.rules[self.numbers.numbers[lever.of[0]].rule].limit for lever in self.levers]
        # more than the limit of its rule would change nothing; and a sign is not turned, at most given up
        self.high = np.where(
            self.start < 0, 0.0, np.minimum(widest, np.maximum(self.start, [high for _, high in ends]))
        )
        self.low = np.where(self.start > 0, 0.0, np.maximum(-widest, np.minimum(self.start, [low for low, _ in ends])))

    # A state

    def points(self, phi: Floats) -> Floats:
        """The points of every number."""
        points = self.numbers.points
        for lever, value in zip(self.levers, phi, strict=True):
            points[list(lever.of)] = np.array(lever.ratio) * value
        return points

    def slopes(self, state: Settled, levers: Sequence[int]) -> Floats:
        """How the score of each row rises with levers: rows by levers."""
        return np.stack([self._slope(state, self.levers[at]) for at in levers], axis=1) if levers else self._none

    @property
    def _none(self) -> Floats:
        return np.zeros((self.past.won.size, 0))

    def _slope(self, state: Settled, lever: Lever) -> Floats:
        parts = [ratio * (state.units[at] * state.room[at]) for at, ratio in zip(lever.of, lever.ratio, strict=True)]
        total: Floats = np.sum(parts, axis=0, dtype=np.float64)
        return total

    def at(self, phi: Floats, days: tuple[float, ...], like: Settled | None = None) -> Settled:
        """The state with given points and half-lives; `like` is one whose line is near its own."""
        return self.with_points(self.points(phi), phi, days, like)

    def with_points(self, points: Floats, phi: Floats, days: tuple[float, ...], like: Settled | None = None) -> Settled:
        """The same with points that no lever has to agree with, such as rounded ones."""
        units = self.given.with_days(days)
        found = scored(self.numbers, self.given, points, units)
        line = (base_log_odds(self.past.won, self.past.weight), 0.0) if like is None else (like.intercept, like.unit)
        beta = self._newton(_design(found.score), np.array(line), np.zeros(2), np.zeros(2), STEPS)
        intercept, unit = float(beta[0]), float(beta[1])
        loss = log_loss(intercept + unit * found.score, self.past.won, self.past.weight)
        return Settled(phi, days, intercept, unit, found.score, found.room, units, loss)

    def settle(self, free: Iterable[int], begin: Settled) -> Settled:
        """Fit the free levers, each drawn to its present value, with what one point is worth left free."""
        state, active = begin, sorted(free)
        for turn in range(STEPS):
            if not active or state.unit <= 0:
                break
            design = _design(state.score, self.slopes(state, active))
            start = np.array([state.intercept, state.unit, *np.zeros(len(active))])
            held, wanted = self._prior(state, active)
            beta = self._newton(design, start, held, wanted, 3)
            # a limit that binds on one side only would be stepped over and back for ever
            farthest = _FARTHEST * 0.5 ** max(0, turn - _FREELY)
            step = np.clip(beta[2:] / max(beta[1], state.unit / 2), -farthest, farthest)
            phi = state.phi.copy()
            phi[active] = np.clip(phi[active] + step, self.low[active], self.high[active])
            moved = np.abs(phi - state.phi).max()
            # who is at an end and wants beyond it stays there, so that the others are fitted as it is
            at_end = ((phi == self.low) | (phi == self.high))[active] & (np.abs(step) > _CLOSE)
            active = [at for at, ends in zip(active, at_end, strict=True) if not ends]
            state = self.at(phi, state.days, state)
            if moved < _CLOSE:
                break
        return state

    def _newton(self, design: Floats, beta: Floats, held: Floats, wanted: Floats, steps: int) -> Floats:
        won, weight = self.past.won, self.past.weight
        for _ in range(steps):
            expected = chance(design @ beta)
            slope = design.T @ (weight * (won - expected)) - held * (beta - wanted)
            bend = (design * (weight * expected * (1 - expected))[:, None]).T @ design
            bend[np.diag_indices_from(bend)] += held + 1e-9
            step = np.linalg.solve(bend, slope)
            beta = beta + step
            if np.abs(step @ slope) < 1e-6:  # noqa: PLR2004 - of log likelihood
                break
        return beta

    # What the past says

    def doubts(self, state: Settled, free: Sequence[int], columns: Floats, also: Floats | None = None) -> Floats:
        """Score tests of adding each column by itself: p-values, leads as clusters. `also` is free too."""
        return self._doubts(state, free, columns, also)[0]

    def _doubts(
        self, state: Settled, free: Sequence[int], columns: Floats, also: Floats | None
    ) -> tuple[Floats, Floats]:
        known = _design(state.score, self.slopes(state, free), *([] if also is None else [also]))
        expected = chance(state.log_odds)
        hold = self.past.weight * expected * (1 - expected)
        held = (known * hold[:, None]).T
        bend = held @ known
        bend[np.diag_indices_from(bend)] += 1e-9 * max(1.0, float(np.trace(bend)))
        new = columns - known @ np.linalg.solve(bend, held @ columns)
        left = self.past.weight * (self.past.won - expected)
        seen = hold @ new**2
        var = _by_lead(new * left[:, None], self.past.lead)
        with np.errstate(divide="ignore", invalid="ignore"):
            z = (left @ new) / np.sqrt(var)
            effect = var / seen
        usual = hold @ columns**2
        z = np.where((var > 0) & (seen > 1e-6 * usual), z, 0.0)
        return np.array([2 * NormalDist().cdf(-abs(float(one))) for one in z]), effect

    def estimate(self, state: Settled, free: Sequence[int], lever: int) -> Estimate:
        """A lever fitted beside the free ones; its interval is Fieller's, for it is measured in points."""
        others = [at for at in free if at != lever]
        found = self._moments(state, [lever, *others])
        if found is None:
            return UNKNOWN
        unit, rise = found.beta[1], found.beta[2]
        variance = found.variance[1:3, 1:3]
        ends = _fieller(rise, unit, variance)
        here, old = float(state.phi[lever]), float(self.start[lever] - state.phi[lever])
        spread = variance[1, 1] - 2 * old * variance[0, 1] + old**2 * variance[0, 0]
        if ends is None or unit <= 0 or spread <= 0:
            return UNKNOWN
        p = 2 * NormalDist().cdf(-abs(rise - old * unit) / math.sqrt(spread))
        return Estimate(here + rise / unit, here + ends[0], here + ends[1], p)

    def _moments(self, state: Settled, levers: Sequence[int]) -> Moments | None:
        past = self.past
        design = _design(state.score, self.slopes(state, levers))
        start = np.array([state.intercept, state.unit, *np.zeros(len(levers))])
        held, wanted = self._prior(state, levers)
        try:
            beta = self._newton(design, start, held, wanted, 6)
            expected = chance(design @ beta)
            bend = (design * (past.weight * expected * (1 - expected))[:, None]).T @ design
            back = np.linalg.inv(bend + np.diag(held))
        except np.linalg.LinAlgError:
            return None
        by_lead = _sums_by_lead(design * (past.weight * (past.won - expected))[:, None], past.lead)
        variance = back @ (by_lead.T @ by_lead + np.diag(held)) @ back
        return Moments(beta, variance) if np.isfinite(variance).all() and np.isfinite(beta).all() else None

    def _prior(self, state: Settled, levers: Sequence[int]) -> tuple[Floats, Floats]:
        """How strongly levers are drawn, and to which change: that back to the present value."""
        held = np.full(len(levers), (max(state.unit, 1e-6) * self.most) ** -2)
        wanted = state.unit * (self.start - state.phi)[list(levers)]
        return np.array([0.0, 0.0, *held]), np.array([0.0, 0.0, *wanted])

    def line(self, state: Settled) -> Moments | None:
        """Intercept and unit of a state, with their variance."""
        return self._moments(state, [])

    def half_life_doubt(self, state: Settled, free: Sequence[int], place: int) -> tuple[float, float]:
        """The p-value of a half-life against longer and shorter ones; and how many rows count for one.

        The points of its rules are free in both.
        """
        of, grid = self.given.fading[place], self.given.faded[place]
        if not of:
            return 1.0, 1.0
        known = sorted(grid)
        at = known.index(state.days[place])
        longer, shorter = grid[known[min(at + 1, len(known) - 1)]], grid[known[max(at - 1, 0)]]
        points = self.points(state.phi)[list(of)]
        column = ((longer - shorter) * state.room[list(of)] * points[:, None]).sum(axis=0, dtype=np.float64)[:, None]
        own = [lever for lever in self.fading_levers(place) if lever not in free]
        p, effect = self._doubts(state, free, column, self.slopes(state, own))
        return float(p[0]), max(1.0, float(effect[0])) if np.isfinite(effect[0]) else 1.0

    def fading_levers(self, place: int) -> list[int]:
        """The levers whose numbers fade by a half-life, and that may be let go."""
        of = {*self.given.fading[place]}
        return [at for at, lever in enumerate(self.levers) if lever.why_not is None and of & {*lever.of}]

    def best_days(self, state: Settled, free: Sequence[int], place: int) -> tuple[Settled, dict[float, float]]:
        """The state with the half-life that makes the rows likeliest, its rules' points fitted with it.

        And how much less likely they are with each of the grid, as twice the log likelihood.
        """
        levers = sorted({*free, *self.fading_levers(place)})
        best: Settled | None = None
        losses = {}
        for days in sorted(self.given.faded[place]):
            chosen = (*state.days[:place], days, *state.days[place + 1 :])
            one = self.settle(levers, self.at(self._as_much(state, place, days), chosen, state))
            losses[days] = one.loss
            best = one if best is None or one.loss < best.loss else best
        if best is None:
            raise ValueError("a half-life without a grid")
        return best, {days: 2 * (loss - best.loss) for days, loss in losses.items()}

    def _as_much(self, state: Settled, place: int, days: float) -> Floats:
        """Points with which the rules give as much in all as before: from there it is not far."""
        phi = state.phi.copy()
        of, now, then = (
            self.given.fading[place],
            self.given.faded[place][state.days[place]],
            self.given.faded[place][days],
        )
        for at in self.fading_levers(place):
            mine = [row for row, number in enumerate(of) if number in self.levers[at].of]
            phi[at] *= float(now[mine].sum()) / max(1e-9, float(then[mine].sum()))
        return np.clip(phi, self.low, self.high)


def _design(score: Floats, *parts: Floats) -> Floats:
    return np.column_stack([np.ones(score.size), score, *parts])


def _sums_by_lead(rows: Floats, lead: Ints) -> Floats:
    return np.stack([np.bincount(lead, column) for column in rows.T], axis=1)


def _by_lead(rows: Floats, lead: Ints) -> Floats:
    """The sum of squares over leads of each column's sum by lead."""
    sums: Floats = (_sums_by_lead(rows, lead) ** 2).sum(axis=0) if rows.shape[1] else np.zeros(0)
    return sums


def _fieller(rise: float, unit: float, variance: Floats) -> tuple[float, float] | None:
    """Ends of the interval of a ratio rise / unit (Fieller 1954); None where the unit itself may be 0."""
    a = unit**2 - _CHI_SQUARED * variance[0, 0]
    b = rise * unit - _CHI_SQUARED * variance[0, 1]
    c = rise**2 - _CHI_SQUARED * variance[1, 1]
    inside = b * b - a * c
    if a <= 0 or inside < 0:
        return None
    return (b - math.sqrt(inside)) / a, (b + math.sqrt(inside)) / a
