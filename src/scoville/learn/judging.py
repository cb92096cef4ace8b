"""What was learned from earlier leads, judged on later ones: how cards of 1, 2, ... factors rank what they never saw.

In: candidates, outcomes, which rows were held out. Out: the path of cards with their figures, and the chosen card
fitted once more to all rows. Pure. Called by `learning`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold

from scoville.evidence.figures.ranking import ranking
from scoville.learn.choosing.bands import Bands, Column, turning
from scoville.learn.choosing.fitting import fit, log_loss
from scoville.learn.choosing.selecting import SWAPS, Amount, Candidate, Selection, select
from scoville.learn.written.card import card_of
from scoville.learn.written.scaled import pointed, scaled

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    from scoville.evidence.figures.ranking import Ranking
    from scoville.learn.choosing.bands import Limits
    from scoville.learn.choosing.points import Points
    from scoville.learn.choosing.together import Together
    from scoville.learn.half_lives import Timed
    from scoville.learn.tried.origins import Origin
    from scoville.learn.written.scaled import Room

    Bools = NDArray[np.bool_]
    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]

FOLDS = 3
SURE = 2.0  # the most eagerness with which the first factor may come in, so that a card does not begin by chance
ENOUGH = 200  # wins below which a cross-validated choice would be one of chance
_WAYS: tuple[Together, ...] = ("chosen", "any")


@dataclass(frozen=True)
class Table:
    """Candidates of one length, and per row the outcome, what it counts, and which lead it is of."""

    candidates: tuple[Candidate, ...]
    won: Bools
    weight: Floats
    lead: Ints

    def where(self, rows: Bools) -> Table:
        """Some of the rows."""
        return Table(of_rows(self.candidates, rows), self.won[rows], self.weight[rows], self.lead[rows])


@dataclass(frozen=True)
class Care:
    """How much it takes to get on the card.

    `factors` are the most there may be. What a factor must add to the likelihood is divided by `eagerness`: with few
    conversions, more factors that are held back rank better than few that are certain.
    """

    limits: Limits
    factors: int
    eagerness: float = 1.0


@dataclass(frozen=True)
class Step:
    """A card of some factors, made from earlier leads, and how it does on later ones.

    AUC with its 95 % interval, and the mean log loss of its chances.
    """

    factors: int
    names: tuple[str, ...]
    auc: float | None
    low: float | None
    high: float | None
    standard_error: float | None
    log_loss: float | None = None


@dataclass(frozen=True)
class Judged:
    """The path of cards; of the last one how it ranks what was held out, its selection and its points.

    `later` are the held-out rows, `score` what its card gives them.
    """

    steps: tuple[Step, ...]
    held_out: Ranking
    selection: Selection
    points: Points
    later: Table
    score: Floats


def of_rows(candidates: Sequence[Candidate], rows: Bools) -> tuple[Candidate, ...]:
    """The same candidates with some of their rows."""
    return tuple(
        replace(one, codes=one.codes[rows]) if isinstance(one, Column) else replace(one, of=one.of[rows])
        for one in candidates
    )


def path_of(train: Table, care: Care, together: Together = "none") -> tuple[Selection, ...]:
    """The best selections found of 0, 1, ... factors; that of 0 alone where nothing tells more than chance would."""
    path = _selected(train, care.eagerness, care.factors, care.limits, together)
    if care.eagerness > SURE and len(_selected(train, SURE, 1, care.limits)) == 1:
        return path[:1]
    return path


def _selected(
    train: Table, eagerness: float, factors: int, limits: Limits, together: Together = "none", swaps: int = SWAPS
) -> tuple[Selection, ...]:
    """More of all weights, and of the ridge with them: the same effects, at prices that are lower by so much."""
    won, weight = train.won.astype(np.float64), train.weight * eagerness
    limits = replace(limits, ridge=limits.ridge * eagerness)
    return select(train.candidates, won, weight, factors=factors, limits=limits, together=together, swaps=swaps)


def way_of(train: Table, care: Care) -> Together:
    """Which columns may make rules together: those whose cards do better on rows they were not made from.

    Only where each lead has one row and all candidates are traits: behaviour has forms enough, and hardly any pair of
    them can be read aloud. Cross-validation decides, by the mean of the last three cards of each path.
    """
    plain = all(isinstance(one, Column) and one.group is None for one in train.candidates)
    wins, rows = int(train.won.sum()), train.won.size
    if not plain or np.unique(train.lead).size < rows or min(wins, rows - wins) < ENOUGH:
        return "none"
    chosen, free = (_cross_validated(train, care, way) for way in _WAYS)
    return "any" if free > chosen else "chosen"


def _cross_validated(train: Table, care: Care, way: Together) -> float:
    aucs = []
    for inside, outside in StratifiedKFold(FOLDS, shuffle=True, random_state=0).split(train.won, train.won):
        made, others = (train.where(_mask(rows, train.won.size)) for rows in (inside, outside))
        path = _selected(made, care.eagerness, care.factors, care.limits, way, swaps=0)
        aucs += [float(roc_auc_score(others.won, one.log_odds(others.candidates))) for one in path[-3:]]
    return float(np.mean(aucs))


def _mask(rows: Ints, count: int) -> Bools:
    mask = np.zeros(count, np.bool_)
    mask[rows] = True
    return mask


def judge(
    path: Sequence[Selection],
    table: Table,
    origins: Sequence[Origin],
    held_out: Bools,
    room: Room,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Judged:
    """A path of cards learned from the other rows, each judged on those `held_out`; the last one with whole points."""
    later = table.where(held_out)
    steps = []
    # rounding takes long and moves an AUC by a thousandth: smaller cards are judged before it
    for selection in path[1:-1]:
        log_odds = selection.log_odds(later.candidates)
        steps.append(_step(selection, log_odds, log_odds, later)[0])
        progress(len(steps), len(path) - 1)
    last, train = path[-1], table.where(~held_out)
    points = scaled(last, train.candidates, origins, train.won.astype(np.float64), train.weight, room)
    card = card_of(pointed(points, table.candidates, origins), room.asked)
    score = card.score[held_out] if card.rules else np.zeros(later.won.size)
    step, figures = _step(last, score, points.log_odds(later.candidates), later)
    steps += [step] if card.rules else []
    return Judged(tuple(steps), figures, last, points, later, score)


def _step(selection: Selection, score: Floats, log_odds: Floats, held_out: Table) -> tuple[Step, Ranking]:
    names = tuple(factor.name for factor in selection.factors)
    found, loss = ranking(score, held_out.won, held_out.lead), _mean_log_loss(log_odds, held_out)
    return Step(len(names), names, found.auc, found.auc_low, found.auc_high, found.auc_se, loss), found


def _mean_log_loss(log_odds: Floats, rows: Table) -> float | None:
    count = rows.won.size
    return log_loss(log_odds, rows.won.astype(np.float64), np.ones(count)) / count if count else None


def enough(steps: Sequence[Step]) -> Step | None:
    """The card with the fewest factors that ranks within one standard error of the best (Breiman et al. 1984)."""
    known = [step for step in steps if step.auc is not None and step.standard_error is not None]
    if not known:
        return None
    best = max(known, key=lambda step: step.auc or 0.0)
    least = (best.auc or 0.0) - (best.standard_error or 0.0)
    return next(step for step in known if (step.auc or 0.0) >= least)


def fitted_again(judged: Judged, final: Timed, limits: Limits, room: Room) -> Points:
    """The same factors in the same bands with points from all rows; those judged where new ones would turn a sign."""
    table, before = final.table, final.selection
    won = table.won.astype(np.float64)
    terms = [factor.term(table.candidates) for factor in before.factors]
    start = (before.intercept, [factor.effects for factor in before.factors])
    found = fit(terms, won, table.weight, limits.ridge, start)
    factors = tuple(
        replace(factor, effects=effects) for factor, effects in zip(before.factors, found.effects, strict=True)
    )
    selection = Selection(found.intercept, factors, found.loss / float(table.weight.sum()))
    if not _keeps_signs(selection, table.candidates):
        return judged.points
    return scaled(selection, table.candidates, final.origins, won, table.weight, room)


def _keeps_signs(selection: Selection, candidates: Sequence[Candidate]) -> bool:
    for factor in selection.factors:
        candidate = candidates[factor.candidate]
        if isinstance(candidate, Amount) and candidate.sign * factor.effects[0] < 0:
            return False
        if isinstance(candidate, Column) and isinstance(factor.form, Bands):  # noqa: SIM102 - two questions
            if turning(candidate, factor.form, factor.effects) is not None:
                return False
    return True
