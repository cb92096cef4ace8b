"""What re-tuning found, value by value: old, new, interval, and why; new lines for stages; rules that may go.

In: a model tuned on all rows. Out: `Tuned` for every value and `Drop` for rules. Pure. Called by `retune`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np

from scoville.evidence.rules.lost import without_a_rule
from scoville.learn.choosing.fitting import chance
from scoville.learn.retuning.tuner import SURE, UNKNOWN, Estimate, Z
from scoville.model.in_place import changed
from scoville.model.reach import score_reach, section_reach
from scoville.model.schema import HUGE, Content
from scoville.words import counted, plain, share

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from numpy.typing import NDArray

    from scoville.evidence.figures.ranking import PairedAuc
    from scoville.learn.retuning.tuner import Moments, Settled, Tuner
    from scoville.model.in_place import Where
    from scoville.model.load import Model

    Floats = NDArray[np.float64]
    Bools = NDArray[np.bool_]

_KEPT = "no evidence for a change"
_BY_CHANCE = "outside its interval, but of so many values some are by chance"


@dataclass(frozen=True)
class Tuned:
    """One value of the model: what it is, what it was, what it is to be, and why.

    `kind` is "points", "half-life" (in days), "stage" or "line" (of a grade or level). `best` is the estimate before
    rounding, from `low` to `high` its 95 % interval; `p` the p-value of the old value, allowing for how many there are
    (Holm). None where it cannot be told.
    """

    kind: str
    section: str
    rule: str
    label: str
    where: Where
    old: float
    new: float
    best: float | None
    low: float | None
    high: float | None
    p: float | None
    why: str

    @property
    def changed(self) -> bool:
        """Whether there is a new value."""
        return self.new != self.old


@dataclass(frozen=True)
class Drop:
    """A rule that may go, and why."""

    section: str
    rule: str
    why: str


@dataclass(frozen=True)
class Found:
    """A model tuned on all rows that are not disqualified (`scored`): before and after, and which levers are free.

    `gain` is what tuning on earlier rows brought on those held out.
    """

    tuner: Tuner
    before: Settled
    after: Settled
    free: tuple[int, ...]
    scored: Bools
    gain: PairedAuc


def whole_points(tuner: Tuner, state: Settled, free: Sequence[int]) -> Floats:
    """Whole points for what is free; the rest as it was, to the last digit."""
    points = tuner.numbers.points
    for at in free:
        for number, ratio in zip(tuner.levers[at].of, tuner.levers[at].ratio, strict=True):
            points[number] = _whole(float(ratio * state.phi[at]), tuner.numbers.points[number])
    return points


def _whole(value: float, old: float) -> float:
    """The nearest whole number; the old one where that is less than a point away."""
    nearest = float(round(value)) + 0.0
    return old if abs(nearest - old) < 1 else nearest


def told(found: Found, model: Model) -> tuple[list[Tuned], Settled]:
    """Every value in the order of the file, stages last; and the state with the new points as they are written."""
    tuner, after = found.tuner, found.after
    points = whole_points(tuner, after, found.free)
    final = tuner.with_points(points, after.phi, after.days)
    estimates = _estimates(found)
    places = [at for at in range(len(after.days)) if tuner.fading_levers(at)]
    doubts = [tuner.half_life_doubt(tuner.at(after.phi, _with_old(found, at)), found.free, at)[0] for at in places]
    adjusted = holm([*(one.p for one in estimates), *doubts])
    estimates = [replace(one, adjusted=p) for one, p in zip(estimates, adjusted, strict=False)]
    values = list(_points_told(found, points, estimates))
    values += [_half_life_told(found, at, p) for at, p in zip(places, adjusted[len(estimates) :], strict=True)]
    if any(one.changed for one in values):
        values += _lines_told(found, model, final, values)
    return values, final


def _with_old(found: Found, place: int) -> tuple[float, ...]:
    days = found.after.days
    return (*days[:place], found.before.days[place], *days[place + 1 :])


def _estimates(found: Found) -> list[Estimate]:
    """Each lever beside the free ones. What is held has the p-value by which it was held."""
    tuner, state = found.tuner, found.after
    looked_at = [at for at, lever in enumerate(tuner.levers) if lever.why_not is None]
    held = [at for at in looked_at if at not in found.free]
    doubts = dict(zip(held, tuner.doubts(state, found.free, tuner.slopes(state, held)).tolist(), strict=True))
    made = {at: tuner.estimate(state, found.free, at) for at in looked_at}
    made |= {at: replace(made[at], p=p) for at, p in doubts.items() if made[at].p is not None}
    return [made.get(at, UNKNOWN) for at in range(len(tuner.levers))]


def holm(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values adjusted for how many there are (Holm 1979); those that do not exist stay so."""
    known = sorted((p, at) for at, p in enumerate(p_values) if p is not None)
    adjusted: list[float | None] = [None] * len(p_values)
    most = 0.0
    for place, (p, at) in enumerate(known):
        most = max(most, min(1.0, p * (len(known) - place)))
        adjusted[at] = most
    return adjusted


def _points_told(found: Found, points: Floats, estimates: Sequence[Estimate]) -> Iterator[Tuned]:
    tuner = found.tuner
    for at, number in enumerate(tuner.numbers.numbers):
        place = next(place for place, lever in enumerate(tuner.levers) if at in lever.of)
        lever, one = tuner.levers[place], estimates[place]
        ratio = lever.ratio[lever.of.index(at)]
        rule = tuner.numbers.rules[number.rule]
        best, low, high = (None if end is None else end * ratio for end in (one.value, one.low, one.high))
        if low is not None and high is not None and low > high:
            low, high = high, low
        value = Tuned(
            "points", rule.section, rule.name, number.label, number.where, number.points, float(points[at]), best, low,
            high, one.adjusted, "",
        )  # fmt: skip
        yield replace(value, why=_why(value, lever.why_not, len(lever.of), is_free=place in found.free))


def _why(value: Tuned, why_not: str | None, together: int, *, is_free: bool) -> str:
    if why_not is not None:
        return why_not
    if value.best is None or value.low is None or value.high is None:
        return "cannot tell"
    if value.changed:
        if turned(value):
            return "the past speaks the other way: it may go"
        drawn = " (drawn to the old)" if not value.low <= value.new <= value.high else ""
        return f"the past speaks against {plain(value.old)}{drawn}" + (
            f"; {counted(together, 'number')} moved together" if together > 1 else ""
        )
    if is_free:
        return "the change is less than a point, or points go no further"
    if value.low <= value.old <= value.high:
        return _KEPT
    return _BY_CHANCE


def turned(value: Tuned) -> bool:
    """Whether the past gives it the other sign, beyond its interval."""
    if value.low is None or value.high is None:
        return False
    return value.high < 0 < value.old or value.old < 0 < value.low


# Half-lives


def _half_life_told(found: Found, place: int, p: float | None) -> Tuned:
    tuner, one = found.tuner, found.tuner.numbers.half_lives[place]
    _, effect = tuner.half_life_doubt(found.after, found.free, place)
    state, less = tuner.best_days(found.after, found.free, place)
    within = [days for days, of in less.items() if of / effect <= Z**2]
    new = found.after.days[place]
    why = f"the past speaks against {plain(one.days)} days" if new != one.days else _KEPT
    if new == one.days and not min(within) <= new <= max(within):
        why = _BY_CHANCE
    section = str(next(step for step in one.where if step in {"fit", "engagement"}))
    return Tuned(
        "half-life", section, one.name, "half-life in days", one.where, one.days, new, state.days[place], min(within),
        max(within), p, why,
    )  # fmt: skip


def written(value: Tuned) -> object:
    """The value as it stands in the file."""
    if value.kind == "half-life":
        return {"half_life": f"{value.new:g}d"}
    return int(value.new) if value.new.is_integer() else value.new


# Stages


# Lines


def _lines_told(found: Found, model: Model, final: Settled, values: Sequence[Tuned]) -> Iterator[Tuned]:
    """Stages whose meaning has moved; grades and levels only where nobody could reach them any more."""
    changes = {one.where: written(one) for one in values if one.changed}
    content = Content.model_validate(changed(model.document.data, changes))
    yield from _stages_told(found, model, final, score_reach(content).high)
    for key, section in (("grades", "fit"), ("levels", "engagement")):
        highest = math.floor(min(section_reach(content, section).high, HUGE))
        for name, line in (getattr(model, key) or {}).items():
            if line is not None and line > highest:
                where: Where = (key, next(raw for raw in _raw(model)[key] if str(raw) == name))
                why = f"no lead gets more than {highest} points"
                yield Tuned(
                    "line", section, name, "begins at", where, line, float(highest), None, None, None, None, why
                )
                highest -= 1


def _raw(model: Model) -> dict[str, Any]:
    return cast("dict[str, Any]", model.document.data)


def _stages_told(found: Found, model: Model, final: Settled, highest: float) -> Iterator[Tuned]:
    """A line stays where the rate of leads at it is the same as before, within the interval of the old rate."""
    before, after = found.tuner.line(found.before), found.tuner.line(final)
    lowest = -math.inf
    for at, stage in enumerate(model.stages):
        where: Where = ("stages", at, "from")
        value = Tuned(
            "stage", "stages", stage.name, "begins at", where, stage.from_, stage.from_, None, None, None, None, _KEPT
        )
        if at and before is not None and after is not None and after.beta[1] > 0:
            value = _stage(value, before, after, lowest, highest)
        if value.new > highest:
            value = replace(
                value, new=float(math.floor(highest)), why=f"no lead gets more than {plain(highest)} points"
            )
        lowest = value.new
        if at:
            yield value


def _stage(value: Tuned, before: Moments, after: Moments, lowest: float, highest: float) -> Tuned:
    place = np.array([1.0, value.old])
    log_odds = float(place @ before.beta)
    reach = Z * math.sqrt(float(place @ before.variance @ place))
    best, low, high = (
        float(end - after.beta[0]) / float(after.beta[1]) for end in (log_odds, log_odds - reach, log_odds + reach)
    )
    same, now = (share(float(chance(np.array(of)))) for of in (log_odds, float(place @ after.beta)))
    value = replace(value, best=best, low=low, high=high)
    if low <= value.old <= high:
        return replace(value, why=f"{now} convert there, as before ({same})")
    new = float(min(max(round(best), lowest + 1), math.floor(highest)))
    return replace(value, new=new, why=f"{same} convert there, as before; at {plain(value.old)} it would be {now}")


# Rules that may go


def to_drop(found: Found, final: Settled, values: Sequence[Tuned]) -> Iterator[Drop]:
    """Rules of which the past says that they speak the other way, or of which no number is shown to say anything."""
    tuner = found.tuner
    points = whole_points(tuner, found.after, found.free)
    won, lead = tuner.past.won.astype(np.bool_), tuner.past.lead
    for place, rule in enumerate(tuner.numbers.rules):
        mine = [one for one, number in zip(values, tuner.numbers.numbers, strict=False) if number.rule == place]
        against = [one for one in mine if turned(one) and one.p is not None and one.p < SURE]
        if len(against) == len([one for one in mine if one.old]) and against:
            yield Drop(rule.section, rule.name, "the past speaks the other way")
        elif mine and all(_may_be_nothing(one) for one in mine):
            without = np.where([number.rule == place for number in tuner.numbers.numbers], 0.0, points)
            lost = without_a_rule(final.score, tuner.with_points(without, final.phi, final.days).score, won, lead)
            if lost.verdict in {"not missed", "better without"}:
                yield Drop(rule.section, rule.name, f"0 points are as likely, and the model is {_said(lost.verdict)}")


def _said(verdict: str) -> str:
    return "as good without it" if verdict == "not missed" else "better without it"


def _may_be_nothing(value: Tuned) -> bool:
    """Whether 0 is within its interval, and nearer to the estimate than the present points are."""
    if value.best is None or value.low is None or value.high is None:
        return False
    return value.low <= 0 <= value.high and abs(value.best) < abs(value.best - value.old)
