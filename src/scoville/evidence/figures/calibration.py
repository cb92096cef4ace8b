"""Is it calibrated? What probability of converting a score stands for, and how true such probabilities are.

In: arrays of scores and outcomes. Out: a frozen, rising map from score to probability, judged on leads that it was not
fitted to. Pure and without dice: folds come from the lead ids.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np

from scoville.errors import UsageError
from scoville.evidence.figures.sample import (
    counted,
    design_effect,
    distinct,
    even_groups,
    levels,
    rows_of,
    sample,
    wilson,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from numpy.typing import NDArray

    from scoville.evidence.figures.sample import Bools, Floats, Ints, Sample

    _Fit = Callable[[Floats, Floats, Floats, float], "Points"]  # score, rows, won rows, clamp

Method = Literal["isotonic", "logistic"]
Points = tuple[tuple[float, float], ...]

NEEDED = 20  # leads with, and leads without, an outcome: with fewer a curve is a drawing of chance
FOLDS = 5
KNOTS = 50
BINS = 10
_LOGISTIC_KNOTS = 33
_LOGISTIC_GROUPS = 1000  # more would cost time, and move the line by nothing that can be seen
_MOST_LEVELS = 20_000
_LITTLE_PENALTY = 100.0  # scikit-learn's C on standardised scores: only there to hold a perfect split at finite slopes


@dataclass(frozen=True)
class Bin:
    """About a tenth of the rows, by predicted probability: what was predicted on average and what was observed."""

    leads: int
    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class Calibration:
    """A map from score to probability, and how true it is on leads that it was not fitted to (`folds` folds).

    `points` (score, probability) rise; between them the probability is linear, beyond them that of the nearest.
    Probabilities keep `clamp` away from 0 and 1: half a lead among all of them. `log_losses` are what the method was
    chosen by. `brier_of_base_rate` is the Brier score of giving everybody the base rate: what `brier` should be below.
    Where `cannot_tell` is set, everything else is None or empty. What `checked` gives has no map: no method, points or
    log loss, and 0 folds.
    """

    cannot_tell: str | None
    method: Method | None = None
    points: Points = ()
    clamp: float | None = None
    folds: int = FOLDS
    brier: float | None = None
    brier_of_base_rate: float | None = None
    log_loss: float | None = None
    log_losses: tuple[tuple[Method, float], ...] = ()
    calibration_error: float | None = None
    curve: tuple[Bin, ...] = ()

    def predict(self, score: Floats) -> Floats:
        """Probability per score.

        Raises:
            UsageError: there is no map, because there were too few outcomes to fit one.
        """
        if self.cannot_tell:
            raise UsageError(f"there is no probability for a score: {self.cannot_tell}")
        return _read(self.points, np.asarray(score, np.float64))


def calibrate(score: Floats | Sample, won: Bools | None = None, lead: Ints | None = None) -> Calibration:
    """The better of an isotonic and a logistic map by cross-validated log loss; the logistic one where they tie.

    All rows of a lead are in one fold. Both maps are forced to rise: where the data falls, they are flat.

    Raises:
        UsageError: columns of different length, scores that are not finite.
    """
    given = sample(score, won, lead)
    if reason := _too_little(given.leads_won, given.leads_lost) if given.score.size else None:
        return Calibration(reason)
    if given.cannot_tell:
        return Calibration(given.cannot_tell)
    at, level = grouped_levels(given)
    cell = level * FOLDS + _folds(given, np.arange(given.leads) if lead is None else distinct(lead))
    found, held_out = _fitted(at, fold_counts(cell, given.won, at.size), 0.5 / given.leads)
    predicted = held_out.ravel()[cell]
    return _with_curve(found, given, predicted, _bins(held_out.ravel(), cell))


def checked(chance: Floats, won: Bools, lead: Ints | None = None) -> Calibration:
    """How true chances are that somebody else foretold, for rows that they were not made from: no map, only the curve.

    Raises:
        UsageError: columns of different length, chances that are not finite.
    """
    given = sample(chance, won, lead)
    if reason := _too_little(given.leads_won, given.leads_lost) if given.score.size else None:
        return Calibration(reason)
    if given.cannot_tell:
        return Calibration(given.cannot_tell)
    return _with_curve(Calibration(None, folds=0), given, given.score, _bins(*given.levels))


def map_of(at: Floats, counts: Floats, leads: int, leads_won: int, leads_lost: int) -> Calibration:
    """The map alone, from rows that were counted: what `calibrate` would choose, but not how true it is.

    Args:
        at: the different scores, rising.
        counts: rows, and won rows, by score and fold, as `fold_counts` gives them.
        leads: how many leads the rows are of.
        leads_won: how many of them have a row that won.
        leads_lost: how many have one that did not.
    """
    there = counts[0].sum(axis=1) > 0
    if not there.any():
        return Calibration("cannot tell: no leads")
    if reason := _too_little(leads_won, leads_lost):
        return Calibration(reason)
    if there.sum() == 1:
        return Calibration("cannot tell: all scores are equal")
    return _fitted(at[there], counts[:, there], 0.5 / leads)[0]


def _too_little(leads_won: int, leads_lost: int) -> str | None:
    if leads_won < NEEDED:
        return f"cannot tell: {counted(leads_won, 'conversion')}, {NEEDED} are needed"
    if leads_lost < NEEDED:
        return f"cannot tell: {counted(leads_lost, 'lead')} without a conversion, {NEEDED} are needed"
    return None


def _fitted(at: Floats, counts: Floats, clamp: float) -> tuple[Calibration, Floats]:
    """The better map, and for each score and fold its probability where that fold was left out."""
    held_out = {method: _out_of_fold(at, counts, fit, clamp) for method, fit in _FITS.items()}
    losses = {method: _log_loss(counts, held_out[method]) for method in _FITS}
    method = min(losses, key=losses.__getitem__)
    rows, wins = counts.sum(axis=2)
    points = _FITS[method](at, rows, wins, clamp)
    return Calibration(
        None, method, points, clamp, log_loss=losses[method], log_losses=tuple(losses.items())
    ), held_out[method]


# Cross-validation


def steady_folds(given: Sample, ids: Ints) -> Ints:
    """The fold of each row by a hash of its lead's id alone: the same whatever is known of outcomes."""
    folds: Ints = (_hashed(ids) % np.uint64(FOLDS)).astype(np.int64)[given.cluster]
    return folds


def fold_counts(cell: Ints, won: Bools, levels: int) -> Floats:
    """Rows, and won rows, of each level and fold: an array of 2 x levels x folds. A cell is level * folds + fold."""
    cells = levels * FOLDS
    rows, wins = np.bincount(cell, minlength=cells), np.bincount(cell[won], minlength=cells)
    return np.stack([rows, wins]).astype(np.float64).reshape(2, levels, FOLDS)


def _folds(given: Sample, ids: Ints) -> Ints:
    """The fold of each row: leads in the order of a hash of their id, dealt out in turn, ever-won ones by themselves.

    The same leads give the same folds in any order and on any machine, and every fold has its share of the outcomes.
    """
    ever_won = np.bincount(given.cluster, given.won, minlength=given.leads) > 0
    order = np.lexsort((_hashed(ids), ever_won))
    turn = np.empty(given.leads, dtype=np.int64)
    turn[order] = np.arange(given.leads) % FOLDS
    folds: Ints = turn[given.cluster]
    return folds


def _hashed(ids: Ints) -> NDArray[np.uint64]:
    """The finaliser of SplitMix64 (Steele, Lea and Flood 2014): one to one, so that no two leads tie."""
    mixed = ids.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))


def grouped_levels(given: Sample) -> tuple[Floats, Ints]:
    """The different scores and which of them each row has.

    Where they are many, groups of about equal size at their mean score: the maps have far fewer knots than that.
    """
    values, level = given.levels
    if values.size <= _MOST_LEVELS:
        return values, level
    per_level = np.bincount(level).astype(np.float64)
    group = even_groups(per_level, _MOST_LEVELS)
    return np.bincount(group, per_level * values) / np.bincount(group, per_level), group[level]


def _out_of_fold(at: Floats, counts: Floats, fit: _Fit, clamp: float) -> Floats:
    """For each level and fold the probability of a map fitted without that fold."""
    predicted = np.empty(counts.shape[1:])
    for held in range(FOLDS):
        rows, wins = np.delete(counts, held, axis=2).sum(axis=2)
        there = rows > 0
        predicted[:, held] = _read(fit(at[there], rows[there], wins[there], clamp), at)
    return predicted


def _read(points: Points, score: Floats) -> Floats:
    at, probability = zip(*points, strict=True)
    read: Floats = np.interp(score, np.array(at), np.array(probability))
    return read


def _log_loss(counts: Floats, predicted: Floats) -> float:
    rows, wins = counts
    return float(-(wins * np.log(predicted) + (rows - wins) * np.log(1 - predicted)).sum() / rows.sum())


# The two maps, from the rows and the won rows at each score


def _grouped(at: Floats, rows: Floats, wins: Floats, groups: int) -> tuple[Floats, Floats, Floats]:
    """Mean score, rows and won rows of at most so many groups of about equal size; tied scores stay together."""
    group = even_groups(rows, groups)
    whole = np.bincount(group, rows).astype(np.float64)
    return np.bincount(group, rows * at) / whole, whole, np.bincount(group, wins).astype(np.float64)


def _isotonic(at: Floats, rows: Floats, wins: Floats, clamp: float) -> Points:
    """Pooled adjacent violators over at most `KNOTS` groups, each at its mean score."""
    from sklearn.isotonic import IsotonicRegression  # noqa: PLC0415 - takes a second, and who reads figures fits nothing

    at, rows, wins = _grouped(at, rows, wins, KNOTS)
    fitted = IsotonicRegression().fit(at, wins / rows, sample_weight=rows).predict(at)
    return _points(at, fitted, clamp)


def _logistic(at: Floats, rows: Floats, wins: Floats, clamp: float) -> Points:
    """Platt's map (1999): a straight line in the log odds, read at evenly spaced scores; flat where it would fall."""
    from sklearn.linear_model import LogisticRegression  # noqa: PLC0415 - as above

    ends = float(at[0]), float(at[-1])
    at, rows, wins = _grouped(at, rows, wins, _LOGISTIC_GROUPS)
    middle = float(np.average(at, weights=rows))
    spread = math.sqrt(float(np.average((at - middle) ** 2, weights=rows))) or 1.0
    model = LogisticRegression(C=_LITTLE_PENALTY, solver="newton-cholesky")  # to the optimum; others stop 1 % short
    model.fit(
        (np.concatenate([at, at])[:, None] - middle) / spread,
        np.repeat([True, False], at.size),
        sample_weight=np.concatenate([wins, rows - wins]),
    )
    slope, start = float(model.coef_[0, 0]), float(model.intercept_[0])
    if slope <= 0:
        slope, start = 0.0, math.log(wins.sum() / (rows - wins).sum())
    knots = np.unique(np.linspace(*ends, _LOGISTIC_KNOTS))
    return _points(knots, 1 / (1 + np.exp(-(start + slope * (knots - middle) / spread))), clamp)


_FITS: dict[Method, _Fit] = {  # the first wins a tie
    "logistic": _logistic,
    "isotonic": _isotonic,
}


def _points(at: Floats, probability: Floats, clamp: float) -> Points:
    """Clamped, never falling, and without the points in the middle of a flat stretch, which say nothing."""
    probability = np.maximum.accumulate(np.clip(probability, clamp, 1 - clamp))
    flat = np.diff(probability) == 0
    keep = ~(np.concatenate(([False], flat)) & np.concatenate((flat, [False])))
    return tuple(zip(at[keep].tolist(), probability[keep].tolist(), strict=True))


# The curve


def _bins(predicted: Floats, cell: Ints) -> Ints:
    """Which of at most ten bins of about equal size each row is in, from the prediction of each cell and its cell."""
    rows = np.bincount(cell, minlength=predicted.size).astype(np.float64)
    level = levels(predicted[rows > 0])[1]
    bin_of = np.zeros(predicted.size, np.int64)
    bin_of[rows > 0] = even_groups(np.bincount(level, rows[rows > 0]).astype(np.float64), BINS)[level]
    return bin_of[cell]


def _with_curve(found: Calibration, given: Sample, predicted: Floats, bin_: Ints) -> Calibration:
    curve = _curve(given, predicted, bin_)
    return replace(
        found,
        brier=float(np.mean((predicted - given.won) ** 2)),
        brier_of_base_rate=float(given.won.mean() * (1 - given.won.mean())),
        calibration_error=sum(abs(one.predicted - one.observed) * one.leads for one in curve) / given.won.size,
        curve=curve,
    )


def _curve(given: Sample, predicted: Floats, bin_: Ints) -> tuple[Bin, ...]:
    """At most ten bins of about equal size by predicted probability; equal predictions stay together."""
    return tuple(_bin(given, predicted, rows) for rows in rows_of(bin_, int(bin_.max()) + 1))


def _bin(given: Sample, predicted: Floats, rows: Ints) -> Bin:
    won = given.won[rows]
    effect = design_effect(won, given.cluster[rows])
    return Bin(
        rows.size, float(predicted[rows].mean()), float(won.mean()), *wilson(float(won.sum()), rows.size, effect)
    )
