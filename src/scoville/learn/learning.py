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

from scoville.errors import UsageError
from scoville.evidence.history import DEFAULT_HORIZON
from scoville.learn.choosing.bands import Limits
from scoville.learn.choosing.fitting import chance
from scoville.learn.choosing.points import MAX_POINTS
from scoville.learn.choosing.selecting import FACTORS
from scoville.learn.half_lives import timed
from scoville.learn.judging import Care, Judged, Step, Table, enough, fitted_again, judge, path_of, way_of
from scoville.learn.rivals import Rival, by_hand, traits_alone
from scoville.learn.rows import rows_of
from scoville.learn.tried.candidates import candidates_of
from scoville.learn.tried.wishes import shaped
from scoville.learn.written.card import card_of
from scoville.learn.written.earned import Earned, Outcomes, earned
from scoville.learn.written.finishing import Standing, finished
from scoville.learn.written.pointed import SCALE
from scoville.learn.written.scaled import Room, pointed
from scoville.model.load import Model
from scoville.words import counted

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping
    from pathlib import Path

    from numpy.typing import NDArray

    from scoville.evidence.figures.ranking import Ranking
    from scoville.evidence.history import History
    from scoville.learn.half_lives import Timed
    from scoville.learn.rows import Rows
    from scoville.learn.written.card import Card, CardRule
    from scoville.learn.written.pointed import Section

NEEDED = 20  # leads that converted; with fewer, whatever is found is a drawing of chance
FEW = 100  # below, estimates are drawn to the average more, and there is a factor for each ten conversions only
ENOUGH_FOR_MORE = 1000  # conversions from which a predictive model is worth a trial beside points
_EAGER, _CALM = 4.0, 600  # measured on made-up leads: 150 conversions rank so as well as 250; noise comes in with more
_PER_FACTOR = 10  # conversions (Peduzzi et al. 1996)
_CHANCE = 0.5


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
    def is_worth_it(self) -> bool:
        """Whether there is a model, and it is shown to rank better than the one it was held `against`, if any."""
        return self.text is not None and all(rival.is_beaten for rival in self.rivals if rival.is_yours)

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
            "is_worth_it": self.is_worth_it,
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
    most: Mapping[Section, float] | None = None,
    against: Model | str | Path | None = None,
    seed: int = 0,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Learned:
    """Learn a model of at most `factors` rules from what became of past leads.

    Cards are made from earlier leads and judged on later ones (on other leads, where outcomes have no dates). The
    factors and bands of the card that was judged are kept; its points are then fitted once more, to all rows.
    `traits` are those that may be used, `leave_out` traits and events that may not. `shapes` says of a trait or event
    that points may go only "up" or "down" with it; `most` has the most points of "fit" and of "engagement". `against`
    is a model to compare with on the same later leads.

    Raises:  UsageError for options and names that do not exist; DataError where there is no past to learn from.
    Example: `learn(read_history("leads.csv", "events.csv", "outcomes.csv")).text`
    """
    _check(factors, max_points, max_bands, most or {})
    steps, room = _Progress(progress, factors), Room(max_points, most or {})
    rows = rows_of(history, horizon, snapshots, seed=seed, thin=True)
    steps.at(1)
    about = _about(rows)
    if reason := _too_few(rows):
        return _declined(about, reason)
    found = candidates_of(history, rows, list(traits) if traits is not None else None, {*leave_out})
    table = Table(shaped(found, shapes or {}), rows.won, rows.weight, rows.lead)
    steps.at(2)
    care = _care(about["conversions"], factors, max_bands)
    measure = partial(timed, history, ridge=care.limits.ridge, seed=seed)
    train = table.where(rows.train)
    path = path_of(train, care, way_of(train, care))
    early = measure(path[-1], table, found.origins, sample=rows.train, without=rows.lead[rows.held_out],
                    until=rows.as_of[rows.snapshot[rows.train].max()])  # fmt: skip
    path = (*path[:-1], early.selection)
    judged = judge(path, early.table, early.origins, rows.held_out, room, steps.of_judging)
    about |= {"tried": len(found), "left_out": found.left_out, "path": judged.steps, "held_out": judged.held_out}
    if reason := _nothing_found(judged):
        return _declined(about, reason)
    rivals = [*traits_alone(judged, table, found.origins, rows, care, room)]
    rivals += [by_hand(judged, against, history, rows)] if against is not None else []
    final = measure(judged.selection, early.table, early.origins, sample=np.ones(len(rows), np.bool_))
    card = _card(judged, final, care.limits, room)
    outcomes = Outcomes(rows.won, rows.lead, rows.weight, rows.held_out)
    evidence = tuple(earned(rule, outcomes, _fading(rule, final)) for rule in card.rules)
    least = enough(judged.steps)
    learned = Learned(
        **{**_NOTHING, **about, "card": card, "evidence": evidence, "rivals": tuple(rivals)},
        enough=None if least is None else least.factors,
        notes=tuple(_notes(about["conversions"], care.factors, rows)),
        later=_later(judged),
    )
    text, stages = finished(history, learned, card, horizon, snapshots)
    steps.done()
    return replace(learned, text=text, stages=stages)


def _card(judged: Judged, final: Timed, limits: Limits, room: Room) -> Card:
    """The card of all rows."""
    points = fitted_again(judged, final, limits, room)
    return card_of(pointed(points, final.table.candidates, final.origins), room.asked)


def _fading(rule: CardRule, final: Timed) -> tuple[float, float] | None:
    """The interval of its half-life, where it was measured."""
    found = {id(final.table.candidates[which]): fading for which, fading in final.fading.items()}
    fading = found.get(id(rule.factor.candidate))
    return None if fading is None else (fading.low, fading.high)


def _later(judged: Judged) -> Later:
    rows = judged.later
    return Later(judged.score, chance(judged.points.log_odds(rows.candidates)), rows.won, rows.lead)


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


def _check(factors: int, max_points: int, max_bands: int, most: Mapping[Section, float]) -> None:
    for name, value, least in (("factors", factors, 1), ("max_points", max_points, 1), ("max_bands", max_bands, 2)):
        if value < least:
            raise UsageError(f"{name} is {value}: give a whole number from {least}")
    for section, points in most.items():
        if not 1 <= points <= SCALE:
            raise UsageError(f"the most of {section} is {points:g}: give a number from 1 to {SCALE:g}")


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


def _care(conversions: int, factors: int, max_bands: int) -> Care:
    """How much it takes to get on the card, by how many converted."""
    if conversions >= ENOUGH_FOR_MORE:
        return Care(Limits(bands=max_bands), factors)
    eagerness = min(_EAGER, max(1.0, _CALM / conversions))
    limits = Limits(bands=max_bands, share=0.03, ridge=3.0)
    if conversions >= FEW:
        return Care(limits, factors, eagerness)
    return Care(replace(limits, share=0.05), min(factors, max(1, conversions // _PER_FACTOR)), eagerness)


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
