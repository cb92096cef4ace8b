"""Logistic regression on the terms of a card: bands with an effect each, amounts with an effect per unit.

In: terms per row, outcomes, weights. Out: effects in log odds. Pure numpy; called by `selecting` after every change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

CLOSE = 1e-3  # of log likelihood: a step that adds less than this is the last
STEPS = 25
_MOST_PATTERNS = 2**62  # so many combinations of bands still have a whole number each


@dataclass(frozen=True)
class Term:
    """What one factor says of each row: its band, out of `count`, or an amount, whose count is 1."""

    of: Ints | Floats
    count: int
    banded: bool = True

    def part(self, effects: Floats) -> Floats:
        """What the factor adds to the log odds of each row."""
        return effects[self.of] if self.banded else self.of * effects[0]


@dataclass(frozen=True)
class Fit:
    """Log odds = `intercept` + the effect of each term. `loss` is the sum of the log losses, by weight."""

    intercept: float
    effects: tuple[Floats, ...]
    log_odds: Floats
    loss: float


def chance(log_odds: Floats) -> Floats:
    """Log odds to probability."""
    return 1.0 / (1.0 + np.exp(-np.clip(log_odds, -500, 500)))


def log_loss(log_odds: Floats, won: Floats, weight: Floats) -> float:
    """The sum of the log losses of the rows, by weight."""
    return float(weight @ (np.logaddexp(0.0, log_odds) - won * log_odds))


def base_log_odds(won: Floats, weight: Floats) -> float:
    """The log odds of the base rate, half a lead away from none and all."""
    wins, rows = float(weight @ won), float(weight.sum())
    return float(np.log((wins + 0.5) / (rows - wins + 0.5)))


def fit(
    terms: Sequence[Term],
    won: Floats,
    weight: Floats,
    ridge: float,
    start: tuple[float, Sequence[Floats]] | None = None,
) -> Fit:
    """Penalised maximum likelihood by Newton's method, halving a step that would make things worse.

    `ridge` holds each effect as that much curvature at 0 would; an amount is held as if it had a variance of 1. The
    intercept is free. `start` is where to begin: the effects before a small change.
    """
    rows, wins, design, at = _patterns(terms, won, weight)
    held = np.concatenate([[0.0], *(_held(term, ridge) for term in terms)])
    if start is None:
        effects = np.zeros(held.size)
        effects[0] = base_log_odds(won, weight)
    else:
        effects = np.concatenate([[start[0]], *start[1]])
    effects = _newton(design, rows, wins, held, effects)
    log_odds = design @ effects
    loss = float(rows @ np.logaddexp(0.0, log_odds) - wins @ log_odds)
    cuts = np.cumsum([1, *(term.count for term in terms)])[:-1]
    intercept, *parts = np.split(effects, cuts) if terms else (effects,)
    return Fit(float(intercept[0]), tuple(parts), log_odds if at is None else log_odds[at], loss)


def _held(term: Term, ridge: float) -> Floats:
    if term.banded:
        return np.full(term.count, ridge)
    return np.array([ridge * max(1e-12, float(np.var(term.of)))])


def _patterns(terms: Sequence[Term], won: Floats, weight: Floats) -> tuple[Floats, Floats, Floats, Ints | None]:
    """Rows that are equal in all terms become one: its weight, its wins, its line of the design; and which is whose."""
    at: Ints | None = None
    first: Ints | slice = slice(None)
    rows, wins = weight, weight * won
    possible = float(np.prod([float(term.count) for term in terms])) if terms else 1.0
    if possible < _MOST_PATTERNS and all(term.banded for term in terms):
        key: Ints = np.zeros(won.size, np.int64)
        for term in terms:
            key = key * term.count + term.of.astype(np.int64)
        first, at = _first_of_each(key, possible)
        rows, wins = (np.bincount(at, of).astype(np.float64) for of in (rows, wins))
    design = np.zeros((rows.size, 1 + sum(term.count for term in terms)))
    design[:, 0] = 1.0
    column = 1
    for term in terms:
        if term.banded:
            design[np.arange(rows.size), column + term.of[first]] = 1.0
        else:
            design[:, column] = term.of[first]
        column += term.count
    return rows, wins, design, at


def _first_of_each(key: Ints, possible: float) -> tuple[Ints, Ints]:
    """A row of each pattern, and the pattern of each row; without sorting where few patterns are possible."""
    if possible > 4 * key.size:
        _, first, at = np.unique(key, return_index=True, return_inverse=True)
        return first, at
    place: Ints = np.full(int(possible), -1, np.int64)
    place[key] = np.arange(key.size)
    there = place >= 0
    return place[there], (np.cumsum(there) - 1)[key]


def _newton(design: Floats, rows: Floats, wins: Floats, held: Floats, effects: Floats) -> Floats:
    log_odds = design @ effects
    now = _worth(log_odds, rows, wins, held, effects)
    for _ in range(STEPS):
        expected = chance(log_odds)
        slope = design.T @ (wins - rows * expected) - held * effects
        bend = (design * (rows * expected * (1 - expected))[:, None]).T @ design
        bend[np.diag_indices_from(bend)] += held + 1e-9
        step = np.linalg.solve(bend, slope)
        along, size = design @ step, 1.0
        while (then := _worth(log_odds + size * along, rows, wins, held, effects + size * step)) < now and size > CLOSE:
            size /= 2
        if then <= now:
            break
        effects, log_odds = effects + size * step, log_odds + size * along
        gained, now = then - now, then
        if gained < CLOSE:
            break
    return effects


def _worth(log_odds: Floats, rows: Floats, wins: Floats, held: Floats, effects: Floats) -> float:
    return float(wins @ log_odds - rows @ np.logaddexp(0.0, log_odds) - 0.5 * (held @ effects**2))
