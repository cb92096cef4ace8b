"""Effects to points: small whole numbers that lose as little as possible.

In: a selection and the rows it was made from. Out: points per band, and what one point stands for in log odds. Pure and
without dice. Rounding is only the start: each number is then moved by one as long as the log loss falls, and the
intercept and the unit are fitted again in between.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from scoville.learn.choosing.bands import Bands, Column, turning
from scoville.learn.choosing.fitting import Term, chance, fit, log_loss
from scoville.learn.choosing.selecting import Amount, Candidate, Cap, Factor
from scoville.learn.choosing.together import Both

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from scoville.learn.choosing.selecting import Selection

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

MAX_POINTS = 20
SCALE = 100
UNITS = (1.0, 1.1, 1.25)  # coarser units round the large effects otherwise, and sometimes better
SWEEPS = 20
LITTLE = 1e-6  # of log loss: less than this is no gain
_COARSEST = 10  # times the first unit: by then each factor has a point or two
_LITTLE_RIDGE = 1e-6  # only there to hold the line where there is but one score


@dataclass(frozen=True)
class Rule:
    """A factor with its points: whole numbers, one per band, the lowest 0; inside a part of two columns (0 outside).

    For an amount, `points` has one number, the points per unit, and `cap` is where they end: the most for points above
    0, the least for points below. Points per unit are multiples of the step of the amount.
    """

    factor: Factor
    points: tuple[float, ...]
    cap: int | None = None

    def score(self, candidates: Sequence[Candidate]) -> Floats:
        """The points of each row."""
        if self.cap is None:
            return np.asarray(self.points, np.float64)[self.factor.term(candidates).of]
        candidate = candidates[self.factor.candidate]
        if not isinstance(candidate, Amount):
            raise TypeError(f"{candidate.name} has a cap but is no amount")
        return _capped(candidate.of, self.points[0], self.cap)


@dataclass(frozen=True)
class Points:
    """A card: rules whose points add up. Log odds of a score = `intercept` + `unit` * score.

    `lowest` and `highest` are the scores met in the rows it was made from; `loss` is the mean log loss there.
    """

    rules: tuple[Rule, ...]
    intercept: float
    unit: float
    lowest: float
    highest: float
    loss: float

    def score(self, candidates: Sequence[Candidate]) -> Floats:
        """The points of each row; the candidates are those selected from, with other rows where these are new."""
        total = np.zeros(candidates[0].rows if candidates else 0)
        for rule in self.rules:
            total += rule.score(candidates)
        return total

    def log_odds(self, candidates: Sequence[Candidate]) -> Floats:
        """The log odds of each row."""
        return self.intercept + self.unit * self.score(candidates)


def to_points(
    selection: Selection,
    candidates: Sequence[Candidate],
    won: Floats,
    weight: Floats | None = None,
    *,
    max_points: int = MAX_POINTS,
    scale: int = SCALE,
) -> Points:
    """The whole numbers found that lose least: none beyond `max_points`, and no row further from another than `scale`.

    Shape: candidates, `won` and `weight` as for `select`.
    """
    won = np.asarray(won, np.float64)
    weight = np.ones(won.size) if weight is None else np.asarray(weight, np.float64)
    finest = _finest(selection, candidates, max_points, scale)
    if finest <= 0:
        return Points((), selection.intercept, 0.0, 0.0, 0.0, selection.loss)
    cards = (
        _Card(selection, candidates, won, weight, finest * factor, max_points, scale).improved() for factor in UNITS
    )
    return min(cards, key=lambda card: card.loss)


def _finest(selection: Selection, candidates: Sequence[Candidate], max_points: int, scale: int) -> float:
    """The log odds of a point with which the widest factor, and the widest distance of two rows, just have room."""
    spread = max((_spread(one) for one in selection.factors), default=0.0)
    log_odds = selection.log_odds(candidates)
    return max(spread / max_points, float(np.ptp(log_odds)) / scale if log_odds.size else 0.0)


def _base(factor: Factor) -> float:
    """The effect that becomes 0 points: the lowest band, the outside of a part, nothing of an amount."""
    if isinstance(factor.form, Cap):
        return 0.0
    return float(factor.effects[0] if isinstance(factor.form, Both) else factor.effects.min())


def _spread(factor: Factor) -> float:
    if isinstance(factor.form, Cap):
        return abs(float(factor.effects[0])) * factor.form.most
    return float(np.ptp(factor.effects))


def _capped(amount: Floats, points: float, cap: int) -> Floats:
    total = points * amount
    return np.minimum(total, cap) if points >= 0 else np.maximum(total, cap)


class _Card:
    """A card in whole numbers, while they are moved."""

    def __init__(
        self,
        selection: Selection,
        candidates: Sequence[Candidate],
        won: Floats,
        weight: Floats,
        unit: float,
        max_points: int,
        scale: int,
    ) -> None:
        self.candidates, self.won, self.weight = candidates, won, weight
        self.max_points, self.scale = max_points, scale
        self.terms = [factor.term(candidates) for factor in selection.factors]
        self.intercept = selection.intercept + sum(_base(factor) for factor in selection.factors)
        self.unit = unit
        self._round(selection)
        while np.ptp(np.sum(self.parts, axis=0)) > scale and self.unit < _COARSEST * unit:
            self.unit *= 1.05
            self._round(selection)
        self._refit()

    def _round(self, selection: Selection) -> None:
        self.rules = [self._rounded(factor, self.unit) for factor in selection.factors]
        self.parts = [rule.score(self.candidates) for rule in self.rules]

    def _rounded(self, factor: Factor, unit: float) -> Rule:
        effects = factor.effects
        if isinstance(factor.form, Cap):
            amount = self.candidates[factor.candidate]
            step = amount.step if isinstance(amount, Amount) else 1.0
            sign = 1 if effects[0] >= 0 else -1
            points = sign * max(1, round(abs(float(effects[0])) / unit / step)) * step
            cap = sign * min(self.max_points, max(1, round(abs(float(effects[0])) * factor.form.most / unit)))
            return Rule(factor, (points,), cap)
        rounded = np.clip(np.rint((effects - _base(factor)) / unit), -self.max_points, self.max_points)
        return Rule(factor, tuple(rounded.tolist()))

    def improved(self) -> Points:
        """Move one number after another as long as the log loss falls."""
        for _ in range(SWEEPS):
            before = self.loss
            for at in range(len(self.rules)):
                self._improve(at)
            self._refit()
            if self.loss > before - LITTLE * self.weight.sum():
                break
        total = np.sum(self.parts, axis=0)
        rules = tuple(rule for rule in self.rules if any(rule.points))
        mean = self.loss / float(self.weight.sum())
        return Points(rules, self.intercept, self.unit, float(total.min()), float(total.max()), mean)

    def _log_odds(self) -> Floats:
        total: Floats = self.intercept + self.unit * np.sum(self.parts, axis=0)
        return total

    def _refit(self) -> None:
        """The intercept and the unit that suit the points best: a logistic line on the score (Platt 1999)."""
        score = np.sum(self.parts, axis=0)
        values, at = np.unique(score, return_inverse=True)
        rows = np.bincount(at, self.weight).astype(np.float64)
        rate = np.bincount(at, self.weight * self.won) / np.maximum(rows, 1e-12)
        line = fit(
            [Term(values, 1, banded=False)], rate, rows, _LITTLE_RIDGE, (self.intercept, [np.array([self.unit])])
        )
        if line.effects[0][0] > 0:
            self.intercept, self.unit = line.intercept, float(line.effects[0][0])
        self.loss = log_loss(self._log_odds(), self.won, self.weight)

    def _improve(self, at: int) -> None:
        """Take the first change of a rule that lowers the log loss; changes are proposed best first."""
        for rule, shift in self._proposals(at):
            part = rule.score(self.candidates)
            others = self.parts[:at] + self.parts[at + 1 :]
            total = np.sum([*others, part], axis=0)
            if np.ptp(total) > self.scale:
                continue
            loss = log_loss(self.intercept + shift + self.unit * total, self.won, self.weight)
            if loss < self.loss - LITTLE:
                self.rules[at], self.parts[at], self.loss = rule, part, loss
                self.intercept += shift
                return

    def _proposals(self, at: int) -> Iterator[tuple[Rule, float]]:
        """Other points for a rule, and what the intercept moves with them."""
        rule = self.rules[at]
        if rule.cap is not None:
            yield from self._of_amount(rule, rule.cap)
            return
        expected = chance(self._log_odds())
        pull = self.weight * (self.won - expected)
        hold = self.weight * expected * (1 - expected)
        for moves in self._moves(self.terms[at], pull, hold):
            points = np.asarray(rule.points) + moves
            base = float(points[0] if isinstance(rule.factor.form, Both) else points.min())
            points -= base
            if np.abs(points).max() <= self.max_points and self._keeps_shape(rule.factor, points):
                yield replace(rule, points=tuple(points.tolist())), self.unit * base

    def _moves(self, term: Term, pull: Floats, hold: Floats) -> Iterator[Floats]:
        """All bands to where they pull at once, then each alone."""
        want = np.bincount(term.of, pull, term.count) / (self.unit * (np.bincount(term.of, hold, term.count) + 1.0))
        moves = np.rint(np.clip(want, -2, 2))
        if np.count_nonzero(moves) > 1:
            yield moves
        for band in np.argsort(-np.abs(want), kind="stable").tolist():
            move = np.zeros(term.count)
            move[band] = np.sign(want[band])
            if abs(want[band]) > 0.4:  # noqa: PLR2004 - a move by one overshoots what pulls by less than half
                yield move

    def _keeps_shape(self, factor: Factor, points: Floats) -> bool:
        column = self.candidates[factor.candidate]
        if not isinstance(column, Column) or not isinstance(factor.form, Bands):
            return True
        return turning(column, factor.form, points) is None

    def _of_amount(self, rule: Rule, cap: int) -> Iterator[tuple[Rule, float]]:
        amount = self.candidates[rule.factor.candidate]
        step = amount.step if isinstance(amount, Amount) else 1.0
        sign = 1 if cap > 0 else -1
        for by in (0, -1, 1, 2, -2):
            for wider in (0, -1, 1, 3, -3):
                points, most = abs(rule.points[0]) + by * step, abs(cap) + wider
                if (by or wider) and points > 0 and 1 <= most <= self.max_points:
                    yield replace(rule, points=(sign * round(points / step) * step,), cap=sign * most), 0.0
