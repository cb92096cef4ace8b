"""Learning from the start to the end: history -> rows -> candidates -> a judged card -> the text of a model.

In: a history. Out: `Learned`: a model file in YAML with the figures that speak for it, or the reason why there is none.
Called by the command line and by notebooks. Read `learn` first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.data.suggest import did_you_mean
from scoville.errors import UsageError
from scoville.evidence.figures.ranking import PairedAuc, Ranking, paired_auc
from scoville.evidence.history import DEFAULT_HORIZON
from scoville.learn.choosing.bands import Column, Limits
from scoville.learn.choosing.fitting import chance
from scoville.learn.choosing.points import MAX_POINTS
from scoville.learn.choosing.selecting import FACTORS, Amount
from scoville.learn.choosing.together import Both
from scoville.learn.half_lives import timed
from scoville.learn.judging import Judged, Step, Table, enough, fitted_again, judge, path_of
from scoville.learn.rows import rows_of
from scoville.learn.tried.candidates import candidates_of
from scoville.learn.tried.origins import Recent, Trait
from scoville.learn.written.card import Card, Pointed, card_of
from scoville.learn.written.earned import Earned, Outcomes, earned
from scoville.learn.written.finishing import Standing, finished
from scoville.model.load import Model
from scoville.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from scoville.evidence.history import History
    from scoville.learn.choosing.points import Points
    from scoville.learn.rows import Rows
    from scoville.learn.tried.candidates import Candidates
    from scoville.learn.tried.origins import Origin

NEEDED = 20  # leads that converted; with fewer, whatever is found is a drawing of chance
FEW = 100  # below, estimates are drawn to the average more, and there is a factor for each ten conversions only
ENOUGH_FOR_MORE = 1000  # conversions from which a predictive model is worth a trial beside points
_PER_FACTOR = 10  # conversions (Peduzzi et al. 1996)
_CHANCE = 0.5


@dataclass(frozen=True)
class Rival:
    """Another way to rank the same later leads, and by how much AUC the card is better (interval, p-value)."""

    name: str
    auc: float | None
    difference: float | None
    low: float | None
    high: float | None
    p: float | None
    cannot_tell: str | None


@dataclass(frozen=True)
class Later:
    """The held-out rows: what score and chance the card of earlier rows gave each, whether it converted, its lead."""

    score: NDArray[np.float64]
    chance: NDArray[np.float64]
    won: NDArray[np.bool_]
    lead: NDArray[np.int64]


@dataclass(frozen=True)
class Learned:
    """What was learned. `why_not` says why there is no model; then `text`, `card` and `evidence` are empty.

    `leads` and `conversions` count leads; `held_out` are the figures of the card on later leads, with points from the
    earlier ones; `path` has the cards of 1, 2, ... factors, judged likewise, and `enough` how many of them would do.
    `left_out` says of columns and events why they were not tried. `later` are the held-out rows themselves, as that
    card saw them. `stages` are those of the model.
    """

    why_not: str | None
    text: str | None
    card: Card | None
    leads: int
    conversions: int
    rows: int
    first: str | None
    last: str | None
    held_out_from: str | None
    horizon_days: float | None
    tried: int
    held_out: Ranking | None
    path: tuple[Step, ...]
    enough: int | None
    rivals: tuple[Rival, ...]
    evidence: tuple[Earned, ...]
    left_out: tuple[tuple[str, str], ...]
    notes: tuple[str, ...]
    stages: tuple[Standing, ...] = ()
    later: Later | None = field(default=None, repr=False, compare=False)

    @property
    def later_score(self) -> NDArray[np.float64] | None:
        """The score of each held-out row by the card of earlier ones; None where there is no card."""
        return None if self.later is None else self.later.score

    @property
    def model(self) -> Model:
        """The model. Raises: UsageError when there is none."""
        if self.text is None:
            raise UsageError(f"no model was learned: {self.why_not}")
        return Model.loads(self.text)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON."""
        plain = {name: getattr(self, name) for name in _PLAIN}
        return {
            **plain,
            "model": None if self.text is None else self.model.to_dict(),
            "held_out": None if self.held_out is None else asdict(self.held_out),
            "path": [asdict(step) for step in self.path],
            "rivals": [asdict(rival) for rival in self.rivals],
            "rules": [asdict(one) for one in self.evidence],
            "stages": [asdict(one) for one in self.stages],
            "left_out": [{"name": name, "reason": reason} for name, reason in self.left_out],
            "notes": list(self.notes),
        }


_PLAIN = (
    "why_not", "leads", "conversions", "rows", "first", "last", "held_out_from", "horizon_days", "tried", "enough",
)  # fmt: skip


def learn(  # noqa: PLR0913 - what to learn from, and what to keep to
    history: History,
    *,
    horizon: timedelta = DEFAULT_HORIZON,
    snapshots: str = "monthly",
    factors: int = FACTORS,
    max_points: int = MAX_POINTS,
    max_bands: int = 5,
    traits: Collection[str] | None = None,
    leave_out: Collection[str] = (),
    shapes: Mapping[str, str] | None = None,
    against: Model | str | Path | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Learned:
    """Learn a model of at most `factors` rules from what became of past leads.

    Cards are made from earlier leads and judged on later ones (on other leads, where outcomes have no dates). The
    factors and bands of the card that was judged are kept; its points are then fitted once more, to all rows.
    `traits` are those that may be used, `leave_out` traits and events that may not. `shapes` says of a trait or event
    that points may go only "up" or "down" with it. `against` is a model to compare with on the same later leads.

    Raises:  UsageError for options and names that do not exist; DataError where there is no past to learn from.
    Example: `learn(read_history("leads.csv", "events.csv", "outcomes.csv")).text`
    """
    _check(factors, max_points, max_bands)
    steps = _Progress(progress, factors)
    rows = rows_of(history, horizon, snapshots, seed=seed, thin=True)
    steps.at(1)
    about = _about(rows)
    if reason := _too_few(rows):
        return _declined(about, reason)
    found = candidates_of(history, rows, list(traits) if traits is not None else None, {*leave_out})
    columns, origins = shaped(found, shapes or {}), found.origins
    steps.at(2)
    limits, factors = _limits(about["conversions"], factors, max_bands)
    table = Table(columns, rows.won, rows.weight, rows.lead)
    train = table.where(rows.train)
    path = path_of(train, factors=factors, limits=limits)
    measure = partial(timed, history, ridge=limits.ridge, seed=seed)
    early = measure(path[-1], table, origins, sample=rows.train, until=rows.held_out_from)
    train, later = early.table.where(rows.train), early.table.where(rows.held_out)
    judged = judge((*path[:-1], early.selection), train, later, max_points=max_points, progress=steps.of_judging)
    about |= {"tried": len(found), "left_out": found.left_out, "path": judged.steps, "held_out": judged.held_out}
    if reason := _nothing_found(judged):
        return _declined(about, reason)
    rivals = tuple(_rivals(judged, train, later, early.origins, limits, max_points, history, rows, against))
    final = measure(judged.selection, early.table, early.origins, sample=np.ones(len(rows), np.bool_))
    points = fitted_again(judged, final, limits=limits, max_points=max_points)
    table = final.table
    card = card_of(_pointed(points, table, final.origins))
    outcomes = Outcomes(rows.won, rows.lead, rows.weight, rows.held_out)
    evidence = tuple(earned(rule, outcomes) for rule in card.rules)
    least = enough(judged.steps)
    learned = Learned(
        **{**_NOTHING, **about, "card": card, "evidence": evidence, "rivals": rivals},
        enough=None if least is None else least.factors,
        notes=tuple(_notes(about["conversions"], factors, rows)),
        later=_later(judged, later),
    )
    text, stages = finished(history, learned, card, horizon, snapshots)
    steps.done()
    return replace(learned, text=text, stages=stages)


def _later(judged: Judged, rows: Table) -> Later:
    points = judged.points
    score = points.score(rows.candidates)
    return Later(score, chance(points.intercept + points.unit * score), rows.won, rows.lead)


_NOTHING: dict[str, Any] = {
    "why_not": None, "text": None, "card": None, "tried": 0, "held_out": None, "path": (),
    "rivals": (), "evidence": (), "left_out": (),
}  # fmt: skip


class _Progress:
    """Two steps to read, one for each factor, one to finish."""

    def __init__(self, told: Callable[[int, int], None], factors: int) -> None:
        self.told, self.every = told, factors + 3

    def at(self, done: int) -> None:
        self.told(done, self.every)

    def of_judging(self, done: int, every: int) -> None:
        self.told(2 + round((self.every - 3) * done / max(1, every)), self.every)

    def done(self) -> None:
        self.told(self.every, self.every)


def shaped(found: Candidates, shapes: Mapping[str, str]) -> tuple[Column | Amount, ...]:
    """The columns and amounts, with points that may only rise ("up") or only fall ("down") where it is asked.

    Raises: UsageError for another word, or for a name that is neither a trait nor an event of the candidates.
    """
    for word in shapes.values():
        if word not in _WAYS:
            raise UsageError(f"points can go up or down with a trait or event, not '{word}'")
    known = {_subject(origin) for origin in found.origins}
    for name in shapes:
        if name not in known:
            raise UsageError(f"'{name}' is no trait or event that is tried.{did_you_mean(name, sorted(known))}")
    return tuple(_shaped(one.candidate, one.origin, shapes.get(_subject(one.origin))) for one in found)


_WAYS: dict[str, int] = {"up": 1, "down": -1}


def _subject(origin: Origin) -> str:
    return origin.trait if isinstance(origin, Trait) else origin.of.event


def _shaped(candidate: Column | Amount, origin: Origin, word: str | None) -> Column | Amount:
    if word is None:
        return candidate
    if isinstance(candidate, Amount):
        return replace(candidate, sign=_WAYS[word])
    rises = (word == "up") != isinstance(origin, Recent)  # the newer, the fewer days ago
    return replace(candidate, shape="up" if rises else "down")


def _check(factors: int, max_points: int, max_bands: int) -> None:
    for name, value, least in (("factors", factors, 1), ("max_points", max_points, 1), ("max_bands", max_bands, 2)):
        if value < least:
            raise UsageError(f"{name} is {value}: give a whole number from {least}")


def _about(rows: Rows) -> dict[str, Any]:
    dated = rows.horizon is not None
    return {
        "leads": int(np.unique(rows.lead).size),
        "conversions": int(np.unique(rows.lead[rows.won]).size),
        "rows": len(rows),
        "first": f"{rows.as_of[0]:%Y-%m-%d}" if dated else None,
        "last": f"{rows.as_of[-1]:%Y-%m-%d}" if dated else None,
        "held_out_from": f"{rows.held_out_from:%Y-%m-%d}" if rows.held_out_from is not None else None,
        "horizon_days": rows.horizon / timedelta(days=1) if rows.horizon is not None else None,
    }


def _declined(about: Mapping[str, Any], reason: str) -> Learned:
    return Learned(**{**_NOTHING, **about, "why_not": reason, "enough": None, "notes": ()})


def _too_few(rows: Rows) -> str | None:
    won, lost = (np.unique(rows.lead[side]).size for side in (rows.won, ~rows.won))
    if won < NEEDED:
        return (
            f"{counted(won, 'conversion')} cannot teach anything: {NEEDED} are needed, and {FEW} are better. "
            "Until then write points by hand (scoville init)"
        )
    if lost < NEEDED:
        return f"only {counted(lost, 'lead')} did not convert: {NEEDED} are needed to tell who does"
    return None


def _limits(conversions: int, factors: int, max_bands: int) -> tuple[Limits, int]:
    """What bands keep to, and how many factors there may be: less of both where few converted."""
    limits = Limits(bands=max_bands)
    if conversions >= FEW:
        return limits, factors
    few = replace(limits, share=max(limits.share, 0.05), price=limits.price + 2, ridge=5 * limits.ridge)
    return few, min(factors, max(1, conversions // _PER_FACTOR))


def _nothing_found(judged: Judged) -> str | None:
    figures = judged.held_out
    if not judged.steps:
        return (
            "nothing was found: no trait and no behaviour tells those who convert from others better than chance does"
        )
    if figures.cannot_tell is not None:
        return f"no model is better than a guess here: on later leads one {figures.cannot_tell}"
    if figures.auc_low is None or figures.auc_low <= _CHANCE:
        return (
            "nothing was found that holds: on later leads the best card ranks no better than chance could "
            f"(AUC {figures.auc:.3f}, {figures.auc_low or 0:.3f} to {figures.auc_high or 1:.3f})"
        )
    return None


def _pointed(points: Points, table: Table, origins: Sequence[Origin]) -> list[Pointed]:
    """The rules of a card with where each came from. An event never gives more than its rule may."""
    made = []
    for rule in points.rules:
        factor = rule.factor
        candidate, origin = table.candidates[factor.candidate], origins[factor.candidate]
        if rule.cap is not None:
            points_each = float(np.clip(rule.points[0], -abs(rule.cap), abs(rule.cap)))
            made.append(Pointed(candidate, origin, factor.form, (points_each,), float(rule.cap)))
        elif isinstance(factor.form, Both):
            other = table.candidates[factor.form.other]
            second = origins[factor.form.other]
            made.append(Pointed(candidate, origin, factor.form, rule.points, None, other, second))  # type: ignore[arg-type]
        else:
            made.append(Pointed(candidate, origin, factor.form, rule.points))
    return made


def _rivals(  # noqa: PLR0913, PLR0917
    judged: Judged,
    train: Table,
    later: Table,
    origins: Sequence[Origin],
    limits: Limits,
    max_points: int,
    history: History,
    rows: Rows,
    against: Model | str | Path | None,
) -> list[Rival]:
    mine = judged.points.score(later.candidates)
    rivals = []
    is_trait = [isinstance(origin, Trait) for origin in origins]
    if any(is_trait) and not all(is_trait):
        sides = [replace(side, candidates=_those(side, is_trait)) for side in (train, later)]
        path = path_of(sides[0], factors=max(1, len(judged.steps)), limits=limits)
        alone = judge(path, *sides, max_points=max_points)
        if alone.steps:
            score = alone.points.score(sides[1].candidates)
            rivals.append(_rival("the best card of traits alone", paired_auc(mine, score, later.won, later.lead)))
    if against is not None:
        model, score, known = _scores_of(against, history, rows)
        paired = paired_auc(mine[known], score[known], later.won[known], later.lead[known])
        rivals.append(_rival(model.name, paired))
    return rivals


def _those(side: Table, wanted: Sequence[bool]) -> tuple[Any, ...]:
    return tuple(one for one, is_wanted in zip(side.candidates, wanted, strict=True) if is_wanted)


def _rival(name: str, pair: PairedAuc) -> Rival:
    return Rival(name, pair.auc_b, pair.difference, pair.low, pair.high, pair.p, pair.cannot_tell)


def _scores_of(against: Model | str | Path, history: History, rows: Rows) -> tuple[Model, Any, Any]:
    """The scores that another model gives the held-out rows, and which of these rows it scored."""
    plan = history.plan(against)
    late = np.flatnonzero(rows.held_out)
    which = np.unique(rows.snapshot[late])
    listed = ",".join(rows.as_of[number].isoformat() for number in which)
    panel = history.panel(plan, rows.horizon or DEFAULT_HORIZON, listed)
    wide = int(max(panel.lead.max(), rows.lead.max())) + 1
    keys = panel.snapshot * wide + panel.lead
    order = np.argsort(keys)
    wanted = np.searchsorted(which, rows.snapshot[late]) * wide + rows.lead[late]
    at = np.minimum(np.searchsorted(keys[order], wanted), keys.size - 1)
    known = keys[order][at] == wanted
    return plan.model, panel.score[order][at], known


def _notes(conversions: int, factors: int, rows: Rows) -> list[str]:
    notes = []
    if conversions < FEW:
        notes.append(
            f"only {counted(conversions, 'conversion')}: estimates are drawn to the average, and there are at most "
            f"{counted(factors, 'factor')}; learn again from {FEW}"
        )
    if conversions < ENOUGH_FOR_MORE:
        notes.append(
            f"points are enough with {counted(conversions, 'conversion')}: a predictive model is worth a trial from "
            f"about {ENOUGH_FOR_MORE:,}"
        )
    else:
        notes.append(f"with {counted(conversions, 'conversion')} a predictive model is worth a trial beside the points")
    if rows.why is not None:
        notes.append(f"{rows.why}: the card was judged on other leads, not on later ones")
    if rows.share < 1:
        notes.append(f"learned from {len(rows):,} rows, a share of {rows.share:.2g} of all, drawn by a hash")
    return notes
