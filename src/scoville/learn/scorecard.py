"""The scorecard and its bands as scikit-learn estimators.

In: a table of numbers and values, and outcomes. Out: a fitted card that gives points and probabilities. `learn` uses
the same parts on histories; here they are for those who have rows already.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin, TransformerMixin
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold
from sklearn.utils.multiclass import check_classification_targets, type_of_target
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from scoville.errors import UsageError
from scoville.learn.choosing.bands import Bands, Column, Limits, best_bands, is_missing, numbers, values
from scoville.learn.choosing.fitting import base_log_odds, chance
from scoville.learn.choosing.points import MAX_POINTS, to_points
from scoville.learn.choosing.selecting import FACTORS, SWAPS, Selection, select

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import ArrayLike, NDArray

    from scoville.learn.choosing.bands import Shape
    from scoville.learn.choosing.together import Together

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Objects = NDArray[np.object_]

FOLDS = 3
ENOUGH = 200  # wins below which a cross-validated choice would be one of chance
_PAIRED: tuple[Together, ...] = ("chosen", "any")
_WAYS = ("none", *_PAIRED)


class Scorecard(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A card of at most `factors` factors, with whole numbers of at most `max_points` points each, that add up.

    Columns of numbers become bands; all others, values. None, NaN and pd.NA are missing, which is allowed. `together`
    says whether two columns may make a rule: "none", only those "chosen" by themselves, or "any"; "auto" asks
    cross-validation which of the last two it should be, and takes "none" below 200 wins. `shapes` maps a column name
    to "up", "down" or "either" where its points must not turn. `min_share` is the least share of the rows in a band.

    After `fit`: `card_` (the points), `path_` (the selections of 0, 1, ... factors), `together_`, `classes_`.
    `decision_function` gives the log odds, which rise with `points`.

    Example: Scorecard(factors=5).fit(leads, won).points(leads)
    """

    def __init__(
        self,
        factors: int = FACTORS,
        *,
        max_points: int = MAX_POINTS,
        max_bands: int = 5,
        min_share: float = 0.01,
        together: Together | Literal["auto"] = "auto",
        shapes: Mapping[str, Shape] | None = None,
    ) -> None:
        self.factors = factors
        self.max_points = max_points
        self.max_bands = max_bands
        self.min_share = min_share
        self.together = together
        self.shapes = shapes

    def fit(self, X: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> Scorecard:  # noqa: N803
        """Learn the card from rows and their outcomes; the second of two classes, in order, is the one that wins.

        Raises:
            ValueError: not exactly two classes, as scikit-learn asks.
            UsageError: an option that does not exist.
        """
        self._check_options()
        table, outcome = _table(self, X, y)
        won, weight = self._outcomes(table, outcome, sample_weight)
        table, won, weight = table[weight > 0], won[weight > 0], weight[weight > 0]
        columns = _columns(table, self._names(), weight, self.shapes or {})
        self.together_ = self._chosen_way(columns, won, weight)
        self.path_ = self._select(columns, won, weight, self.together_)
        self.card_ = to_points(self.path_[-1], columns, won, weight, max_points=self.max_points)
        self.columns_ = tuple(replace(one, codes=np.zeros(0, np.int64)) for one in columns)
        return self

    def points(self, X: ArrayLike) -> Floats:  # noqa: N803
        """The points of each row: whole numbers."""
        columns = self._read(X)
        return self.card_.score(columns)

    def decision_function(self, X: ArrayLike) -> Floats:  # noqa: N803
        """The log odds of each row: intercept + unit * points."""
        columns = self._read(X)
        return self.card_.log_odds(columns)

    def predict_proba(self, X: ArrayLike) -> Floats:  # noqa: N803
        """The probability of losing and of winning, per row."""
        won = chance(self.decision_function(X))
        return np.stack([1 - won, won], axis=1)

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """The likelier class of each row."""
        likelier = (self.decision_function(X) > 0).astype(np.int64)
        classes: NDArray[Any] = self.classes_[likelier]
        return classes

    def get_feature_names(self) -> tuple[str, ...]:
        """The names of the factors of the card, in the order they were chosen."""
        check_is_fitted(self)
        return tuple(rule.factor.name for rule in self.card_.rules)

    def _check_options(self) -> None:
        for name in ("factors", "max_points", "max_bands"):
            if getattr(self, name) < 1:
                raise UsageError(f"{name} is {getattr(self, name)}: give a whole number of at least 1")
        if self.together not in {*_WAYS, "auto"}:
            raise UsageError(f"together is {self.together!r}: give one of {', '.join(_WAYS)}, auto")

    def _outcomes(self, table: Objects, outcome: Objects, sample_weight: ArrayLike | None) -> tuple[Floats, Floats]:
        check_classification_targets(outcome)
        weight = _check_sample_weight(sample_weight, table, dtype=np.float64, ensure_non_negative=True)
        self.classes_ = np.unique(outcome)
        kind = type_of_target(outcome, input_name="y")
        if self.classes_.size > 2:  # noqa: PLR2004
            raise ValueError(f"Only binary classification is supported. The type of the target is {kind}.")
        if self.classes_.size < 2 or np.unique(outcome[weight > 0]).size < 2:  # noqa: PLR2004
            raise ValueError("the rows with a weight are all of one class: a card needs two classes to tell apart")
        return (outcome == self.classes_[1]).astype(np.float64), weight

    def _names(self) -> list[str]:
        names = getattr(self, "feature_names_in_", None)
        return [f"x{place}" for place in range(self.n_features_in_)] if names is None else names.tolist()

    def _select(
        self, columns: Sequence[Column], won: Floats, weight: Floats, together: Together, swaps: int = SWAPS
    ) -> tuple[Selection, ...]:
        limits = Limits(bands=self.max_bands, share=self.min_share)
        return select(columns, won, weight, factors=self.factors, limits=limits, together=together, swaps=swaps)

    def _chosen_way(self, columns: Sequence[Column], won: Floats, weight: Floats) -> Together:
        """Which columns may make rules together: those whose cards rank better on rows they were not made from."""
        if self.together != "auto":
            return self.together
        if min(won.sum(), won.size - won.sum()) < ENOUGH:
            return "none"
        chosen, free = (self._held_out(columns, won, weight, way) for way in _PAIRED)
        return "any" if free > chosen else "chosen"

    def _held_out(self, columns: Sequence[Column], won: Floats, weight: Floats, way: Together) -> float:
        """The mean AUC on held-out rows of cards of up to so many factors, the last three sizes together."""
        folds = StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(won, won)
        found = []
        for inside, outside in folds:
            path = self._select(_rows(columns, inside), won[inside], weight[inside], way, swaps=0)
            others = _rows(columns, outside)
            for selection in path[-3:]:
                log_odds = selection.log_odds(others)
                found.append(float(roc_auc_score(won[outside], log_odds, sample_weight=weight[outside])))
        return float(np.mean(found))

    def _read(self, table: ArrayLike) -> list[Column]:
        check_is_fitted(self)
        cells = validate_data(self, table, dtype=None, ensure_all_finite="allow-nan", reset=False)
        return _coded(self.columns_, cells)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401 - scikit-learn's own class
        tags = super().__sklearn_tags__()
        tags.classifier_tags.multi_class = False
        return _for_any_table(tags)


class Banding(TransformerMixin, BaseEstimator):  # type: ignore[misc]
    """Each column cut into at most `max_bands` bands that tell outcomes apart best; a column becomes log odds.

    `encode` "log_odds" gives the log odds of the band against the average, "band" its number. After `fit`: `columns_`
    and `bands_`, one per column of the table.
    """

    def __init__(
        self, *, max_bands: int = 5, min_share: float = 0.01, encode: Literal["log_odds", "band"] = "log_odds"
    ) -> None:
        self.max_bands = max_bands
        self.min_share = min_share
        self.encode = encode

    def fit(self, X: ArrayLike, y: ArrayLike) -> Banding:  # noqa: N803
        """Find the bands that tell the last class, in order, from the rest."""
        table, outcome = _table(self, X, y)
        check_classification_targets(outcome)
        won, weight = (outcome == np.unique(outcome)[-1]).astype(np.float64), np.ones(outcome.size)
        names = getattr(self, "feature_names_in_", [f"x{place}" for place in range(self.n_features_in_)])
        columns = _columns(table, list(names), weight, {})
        banded = [_banded(one, won, weight, Limits(self.max_bands, self.min_share)) for one in columns]
        self.columns_ = tuple(replace(one, codes=np.zeros(0, np.int64)) for one in columns)
        self.bands_ = tuple(one.bands for one in banded)
        self.log_odds_ = tuple(one.log_odds for one in banded)
        return self

    def transform(self, X: ArrayLike) -> Floats:  # noqa: N803
        """The band, or its log odds, of each row and column."""
        check_is_fitted(self)
        table = validate_data(self, X, dtype=None, ensure_all_finite="allow-nan", reset=False)
        of = [bands.codes(one) for bands, one in zip(self.bands_, _coded(self.columns_, table), strict=True)]
        if self.encode == "band":
            return np.stack(of, axis=1).astype(np.float64)
        return np.stack([found[one] for found, one in zip(self.log_odds_, of, strict=True)], axis=1)

    def get_feature_names_out(self, input_features: ArrayLike | None = None) -> NDArray[np.object_]:
        """The names of the columns, which stay what they are."""
        check_is_fitted(self)
        if input_features is not None:
            return np.asarray(input_features, dtype=object)
        return np.array([one.name for one in self.columns_], dtype=object)

    def __sklearn_tags__(self) -> Any:  # noqa: ANN401
        tags = super().__sklearn_tags__()
        tags.target_tags.required = True
        return _for_any_table(tags)


@dataclass(frozen=True)
class _Banded:
    bands: Bands
    log_odds: Floats


def _banded(column: Column, won: Floats, weight: Floats, limits: Limits) -> _Banded:
    base = base_log_odds(won, weight)
    rate = float(chance(np.array([base]))[0])
    bands = best_bands(column, weight * (won - rate), weight * rate * (1 - rate), weight, limits).bands
    rows, wins = (np.bincount(bands.codes(column), of, bands.count) for of in (weight, weight * won))
    return _Banded(bands, np.log((wins + rate) / (rows - wins + 1 - rate)) - base)


def _table(estimator: BaseEstimator, rows: ArrayLike, outcome: ArrayLike) -> tuple[Objects, Objects]:
    table, outcomes = validate_data(estimator, rows, outcome, dtype=None, ensure_all_finite="allow-nan")
    return table, outcomes


def _for_any_table(tags: Any) -> Any:  # noqa: ANN401
    tags.input_tags.allow_nan = True
    tags.input_tags.string = True
    tags.input_tags.categorical = True
    return tags


def _columns(table: Objects, names: Sequence[str], weight: Floats, shapes: Mapping[str, Shape]) -> list[Column]:
    if unknown := set(shapes) - set(names):
        raise UsageError(f"shapes name {', '.join(sorted(unknown))}: the columns are {', '.join(names)}")
    return [_column(name, table[:, place], weight, shapes.get(name, "free")) for place, name in enumerate(names)]


def _column(name: str, cells: Objects, weight: Floats, shape: Shape) -> Column:
    as_numbers = _as_numbers(cells)
    if as_numbers is None:
        return values(name, cells, weight=weight)
    return numbers(name, as_numbers, shape=shape, weight=weight)


def _as_numbers(cells: Objects) -> Floats | None:
    """A column as numbers, its missing ones NaN; None where some cell is no number. Yes and no are no numbers."""
    if cells.dtype.kind in "iuf":
        return cells.astype(np.float64)
    if cells.dtype.kind != "O":
        return None
    missing = _missing(cells)
    if not all(isinstance(one, int | float | np.number) and not isinstance(one, bool) for one in cells[~missing]):
        return None
    found = np.full(cells.size, np.nan)
    found[~missing] = cells[~missing].astype(np.float64)
    return found


def _missing(cells: Objects) -> NDArray[np.bool_]:
    return np.array([is_missing(one) for one in cells], np.bool_)


def _coded(columns: Sequence[Column], table: Objects) -> list[Column]:
    """The columns of a card with the rows of another table."""
    return [replace(one, codes=_codes(one, table[:, place])) for place, one in enumerate(columns)]


def _codes(column: Column, cells: Objects) -> Ints:
    if not column.cells.ordered:
        return column.cells.codes(cells)
    as_numbers = _as_numbers(cells)
    if as_numbers is None:
        raise ValueError(f"{column.name} was numbers when the card was fitted, and now has other values")
    return column.cells.codes(as_numbers)


def _rows(columns: Sequence[Column], which: Ints) -> list[Column]:
    return [replace(one, codes=one.codes[which]) for one in columns]
