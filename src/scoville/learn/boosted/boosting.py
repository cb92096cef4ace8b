"""Candidates -> a boosted model (LightGBM), with calibrated probabilities, judged on later leads beside the points.

In: rows, candidates, and the scores that the card gave the same later rows. Out: a `Boosted` whose `about` says whether
it is worth its price. Called by the command line after `learning`.
"""

from __future__ import annotations

from dataclasses import asdict
from datetime import timedelta
from itertools import count
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.errors import DataError, UsageError
from scoville.evidence.figures.calibration import calibrate
from scoville.evidence.figures.ranking import paired_auc, ranking
from scoville.evidence.history import DEFAULT_HORIZON
from scoville.learn.boosted.features import column_of, feature_of, matrix_of, wanted
from scoville.learn.boosted.kept import THREADS, Boosted, lightgbm
from scoville.learn.boosted.trees import slim
from scoville.learn.rows import rows_of
from scoville.learn.tried.candidates import candidates_of
from scoville.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Sequence

    from numpy.typing import NDArray

    from scoville.evidence.figures.calibration import Calibration
    from scoville.evidence.figures.ranking import PairedAuc
    from scoville.evidence.history import History
    from scoville.learn.boosted.features import Feature
    from scoville.learn.learning import Learned
    from scoville.learn.rows import Rows
    from scoville.learn.tried.candidates import Candidates

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Singles = NDArray[np.float32]

ENOUGH = 1_000  # conversions; with fewer, points are enough
NEEDED = 20  # as for points, and for calibration
MOST_TREES, PATIENCE, FOLDS = 400, 30, 4
_KEPT_IN = 5  # one lead of so many says when there are trees enough
_FITS = 2 * FOLDS + 3  # what progress counts
_CHANCE = 0.5
_SETTINGS = {
    "objective": "binary", "learning_rate": 0.05, "num_leaves": 15, "max_depth": 6, "min_data_in_leaf": 40,
    "min_sum_hessian_in_leaf": 1.0, "lambda_l2": 2.0, "feature_fraction": 0.6, "bagging_fraction": 0.8,
    "bagging_freq": 1, "min_data_per_group": 40, "cat_smooth": 20, "max_bin": 127, "deterministic": True,
    "force_row_wise": True, "num_threads": THREADS, "verbosity": -1,
}  # fmt: skip


def boost_beside(  # noqa: PLR0913 - the options of learning
    learned: Learned,
    history: History,
    *,
    horizon: timedelta = DEFAULT_HORIZON,
    snapshots: str = "monthly",
    traits: Collection[str] | None = None,
    leave_out: Collection[str] = (),
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Boosted:
    """A boosted model from the same rows as `learned`, judged beside its points; the options as they were given there.

    Raises: UsageError where no points were learned: what points do not find, is not there for trees either, or cannot
        be told from chance.
    """
    if learned.why_not is not None:
        raise UsageError(f"there is no boosted model either: {learned.why_not}")
    rows = rows_of(history, horizon, snapshots, seed=seed)
    found = candidates_of(history, rows, list(traits) if traits is not None else None, {*leave_out})
    return boost(rows, found, points=learned.later_score, seed=seed, progress=progress)


def boost(
    rows: Rows,
    candidates: Candidates,
    *,
    points: Floats | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Boosted:
    """A boosted model of the candidates, learned as a card is: judged on what is held out, then from all rows.

    `points` are the scores of the points model at the held-out rows, from training rows alone; with them, `about` says
    how the two compare. How many trees there are is settled within the training rows, by leads that the trees do not
    see. Probabilities are calibrated on what trees made without the lead give it. The same rows and seed give the same
    model. Candidates keep what leaks away; so does this.

    Raises: UsageError without LightGBM; DataError with fewer than 20 conversions, or nothing to look at.
    """
    chosen = wanted(candidates)
    _check(rows, len(chosen))
    features = tuple(feature_of(one) for one in chosen)
    matrix = matrix_of(
        [column_of(feature, one.candidate) for feature, one in zip(features, chosen, strict=True)], len(rows)
    )
    data = _Training(features, matrix, rows.won, seed)
    trees = data.trees(rows.train, rows.weight, rows.lead)
    steps = count(1)

    def told() -> None:
        progress(next(steps), _FITS)

    told()
    later = data.fit(rows.train, rows.weight, trees)(rows.held_out)
    told()
    promised = _calibrated(data, rows, rows.train, rows.weight, trees, told)
    everyone = np.ones(len(rows), bool)
    calibration = _calibrated(data, rows, everyone, rows.own_weight, trees, told)
    text = slim(data.booster(everyone, rows.own_weight, trees).model_to_string(), len(features))
    told()
    about = _about(rows, features, trees, seed, calibration) | _judged(later, promised, points, rows)
    return Boosted(features, text, calibration.points, about)


def _check(rows: Rows, features: int) -> None:
    won, lost = (np.unique(rows.lead[side]).size for side in (rows.won, ~rows.won))
    if min(won, lost) < NEEDED:
        raise DataError(
            f"{counted(won, 'conversion')} and {counted(lost, 'lead')} without cannot teach a boosted model: "
            f"{NEEDED} of each are needed, and {ENOUGH:,} conversions are better"
        )
    if not features:
        raise DataError("there is no trait and no event that a boosted model could look at")


def _folds(lead: Ints, won: Bools, folds: int, seed: int) -> Ints:
    """The fold of each row: whole leads, dealt out in an order drawn by the seed, winners by themselves."""
    leads, of = np.unique(lead, return_inverse=True)
    ever = np.bincount(of, won) > 0
    order = np.lexsort((np.random.default_rng(seed).random(leads.size), ever))
    turn = np.empty(leads.size, np.int64)
    turn[order] = np.arange(leads.size) % folds
    return np.asarray(turn[of], np.int64)


class _Training:
    """A matrix of features with outcomes, and trees made from some of its rows."""

    def __init__(self, features: Sequence[Feature], matrix: Singles, won: Bools, seed: int) -> None:
        self.library, self.matrix, self.won = lightgbm(), matrix, won.astype(np.float64)
        self.by_value = [place for place, feature in enumerate(features) if feature.by_value]
        self.seed, self.settings = seed, {**_SETTINGS, "seed": seed}

    def trees(self, side: Bools, weight: Floats, lead: Ints) -> int:
        """How many trees do best for leads of this side that they were not made from."""
        at = np.flatnonzero(side)
        kept = _folds(lead[at], self.won[at] > 0, _KEPT_IN, self.seed) == 0
        first, second = at[~kept], at[kept]
        if not 0 < self.won[second].sum() < second.size or not 0 < self.won[first].sum() < first.size:
            return PATIENCE
        train = self._data(first, weight)
        booster = self.library.train(
            self.settings, train, MOST_TREES, valid_sets=[self._data(second, weight, train)],
            callbacks=[self.library.early_stopping(PATIENCE, verbose=False)],
        )  # fmt: skip
        return max(1, int(booster.best_iteration))

    def booster(self, side: Bools, weight: Floats, trees: int) -> Any:  # noqa: ANN401 - LightGBM ships no types
        """So many trees from the rows of this side."""
        return self.library.train(self.settings, self._data(np.flatnonzero(side), weight), trees)

    def fit(self, side: Bools, weight: Floats, trees: int) -> Callable[[Bools], Floats]:
        """The same, as what gives other rows their log odds."""
        booster = self.booster(side, weight, trees)
        return lambda others: np.asarray(booster.predict(self.matrix[others], raw_score=True), np.float64)

    def _data(self, at: Ints, weight: Floats, reference: object = None) -> Any:  # noqa: ANN401 - as above
        return self.library.Dataset(
            self.matrix[at], self.won[at], weight=weight[at], categorical_feature=self.by_value, reference=reference,
            params=self.settings,
        )  # fmt: skip


def _calibrated(
    data: _Training, rows: Rows, side: Bools, weight: Floats, trees: int, told: Callable[[], None]
) -> Calibration:
    """What log odds stand for, on rows of one side: each has them from trees that were made from other leads of it."""
    fold = _folds(rows.lead, rows.won, FOLDS, data.seed + 1)
    found = np.zeros(len(rows))
    for number in range(FOLDS):
        held = side & (fold == number)
        found[held] = data.fit(side & ~held, weight, trees)(held)
        told()
    return calibrate(found[side], rows.won[side], rows.lead[side])


# What is said about it


def _about(rows: Rows, features: Sequence[Feature], trees: int, seed: int, calibration: Calibration) -> dict[str, Any]:
    dated = rows.horizon is not None
    return {
        "leads": int(np.unique(rows.lead).size),
        "conversions": int(np.unique(rows.lead[rows.won]).size),
        "rows": len(rows),
        "first": f"{rows.as_of[0]:%Y-%m-%d}" if dated else None,
        "last": f"{rows.as_of[-1]:%Y-%m-%d}" if dated else None,
        "held_out_from": f"{rows.held_out_from:%Y-%m-%d}" if rows.held_out_from is not None else None,
        "horizon_days": rows.horizon / timedelta(days=1) if rows.horizon is not None else None,
        "features": len(features),
        "trees": trees,
        "seed": seed,
        "lightgbm": lightgbm().__version__,
        "calibration": calibration.method,
        "calibration_error": calibration.calibration_error,
        "log_loss": calibration.log_loss,
    }


def _judged(later: Floats, promised: Calibration, points: Floats | None, rows: Rows) -> dict[str, Any]:
    """How it ranks what was held out, how true its probabilities are there, the points beside it, and what to do."""
    won, lead = rows.won[rows.held_out], rows.lead[rows.held_out]
    figures = ranking(later, won, lead)
    alone = {"auc": figures.auc, "auc_low": figures.auc_low, "auc_high": figures.auc_high}
    pair = None if points is None else paired_auc(later, points, won, lead)
    conversions = int(np.unique(rows.lead[rows.won]).size)
    return {
        **alone,
        **_later(later, promised, won),
        "against_points": None if pair is None else asdict(pair),
        "is_better": _is_better(pair),
        "advice": _advice(pair, figures.auc_low, conversions, "later" if rows.split == "time" else "other"),
    }


def _later(later: Floats, promised: Calibration, won: Bools) -> dict[str, Any]:
    """What probabilities that were known before come to: the rate they promised, the one that came, and their loss."""
    if promised.cannot_tell is not None:
        return {"later_promised": None, "later_rate": None, "later_log_loss": None}
    likely = promised.predict(later)
    loss = -np.log(np.where(won, likely, 1 - likely)).mean()
    return {
        "later_promised": float(likely.mean()), "later_rate": float(won.mean()), "later_log_loss": float(loss)
    }  # fmt: skip


def _is_better(pair: PairedAuc | None) -> bool | None:
    """Whether it ranks later leads better than the points do, beyond the interval of the difference."""
    if pair is None or pair.low is None or pair.cannot_tell is not None:
        return None
    return pair.low > 0


def _advice(pair: PairedAuc | None, low: float | None, conversions: int, which: str) -> str:
    few = f"; with {counted(conversions, 'conversion')} points are enough, it is worth a trial from about {ENOUGH:,}"
    few = few if conversions < ENOUGH else ""
    if low is None or low <= _CHANCE:
        return f"do not use the boosted model: it ranks {which} leads no better than chance could{few}"
    if pair is None:
        return f"it was not held against a points model: keep the points until it was{few}"
    if pair.difference is None or pair.low is None or pair.high is None or pair.cannot_tell is not None:
        return f"keep the points: how the boosted model compares, one {pair.cannot_tell or 'cannot tell'}{few}"
    said = (
        f"AUC {pair.auc_a:.3f} against {pair.auc_b:.3f}, {pair.difference:+.3f} ({pair.low:+.3f} to {pair.high:+.3f})"
    )
    if pair.low > 0:
        return f"the boosted model ranks {which} leads better than the points: {said}; use it beside them{few}"
    return f"keep the points: on {which} leads the boosted model is not clearly better: {said}{few}"
