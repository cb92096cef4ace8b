"""Effects -> points of a model: whole numbers around 0 for what is usual, on a scale of 100.

In: a selection and the rows it was made from. Out: points. Pure. Called by `judging`. How fine points are is chosen
here: as fine as the strongest common band allows, so that a rare extreme, such as students, does not eat the scale. Its
points end at the most a band may have, and a few leads at the ends of the scale.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

import numpy as np

from scoville.learn.choosing.fitting import Term, base_log_odds, fit, log_loss
from scoville.learn.choosing.points import Points, Rule, to_points
from scoville.learn.choosing.selecting import Cap, Selection
from scoville.learn.choosing.together import Both
from scoville.learn.written.pointed import SCALE, Pointed, Section

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from scoville.learn.choosing.selecting import Candidate, Factor
    from scoville.learn.tried.origins import Origin

    Floats = NDArray[np.float64]

RARE = (0.05, 0.02, 0.01, 0.005, 0.0)  # what fewer leads have may end short of its effect, where that costs little
LITTLE = 0.03  # of what the card knows (its log loss, from that of the base rate): what may be lost by that
NEARLY = 0.005  # of what the card knows: where rounding costs no more, the nearest whole numbers will do
_HELD = 1e-6  # only there to hold the line where there is but one score
ENDS = (0.01, 0.995)  # of the leads, between which the scale is laid out; those beyond may stand at its ends


@dataclass(frozen=True)
class Room:
    """What points must keep to: the most of a band, and the most of fit and of engagement where that was asked for."""

    max_points: int
    asked: Mapping[Section, float] = field(default_factory=dict)

    def of(self, section: Section) -> float:
        """The most of a section."""
        return self.asked.get(section, SCALE)


def scaled(
    selection: Selection,
    candidates: Sequence[Candidate],
    origins: Sequence[Origin],
    won: Floats,
    weight: Floats,
    room: Room,
) -> Points:
    """Points of whole numbers, 0 for what is usual, none beyond the room."""
    every = [_told(factor, candidates, origins) for factor in selection.factors]
    moved = selection.intercept + sum(
        float(factor.effects[0]) - one.points[0]
        for factor, one in zip(selection.factors, every, strict=True)
        if one.most is None
    )
    eased, unit = selection, 0.0
    whole, base = selection.loss * float(weight.sum()), np.full(won.size, base_log_odds(won, weight))
    least = whole + LITTLE * max(0.0, log_loss(base, won, weight) - whole)
    for rare in RARE:
        unit = _unit(every, rare, room)
        eased = _eased(selection, every, moved, unit * room.max_points)
        if rare == 0.0 or log_loss(eased.log_odds(candidates), won, weight) <= least:
            break
    if unit <= 0:
        return Points((), selection.intercept, 0.0, 0.0, 0.0, selection.loss)
    rounded = _rounded(eased, unit, candidates, won, weight)
    known = log_loss(base, won, weight) - log_loss(eased.log_odds(candidates), won, weight)
    if rounded.loss * float(weight.sum()) - log_loss(eased.log_odds(candidates), won, weight) <= NEARLY * known:
        return rounded
    spread = max(float(np.ptp([0.0, *one.effects])) for one in eased.factors)
    widest = float(np.ptp(eased.log_odds(candidates)))
    points = to_points(
        eased, candidates, won, weight,
        max_points=max(room.max_points, math.ceil(spread / unit)), scale=max(1, math.ceil(widest / unit)),
    )  # fmt: skip
    return _around_the_usual(points, candidates, origins, room)


def _rounded(selection: Selection, unit: float, candidates: Sequence[Candidate], won: Floats, weight: Floats) -> Points:
    """The nearest whole numbers, and the log odds of a point that suit them best."""
    rules = tuple(_nearest(factor, unit) for factor in selection.factors)
    rules = tuple(rule for rule in rules if any(rule.points))
    score: Floats = np.sum([rule.score(candidates) for rule in rules], axis=0) if rules else np.zeros(won.size)
    start = (selection.intercept, [np.array([unit])])
    line = fit([Term(score, 1, banded=False)], won, weight, _HELD, start)
    return Points(
        rules, line.intercept, float(line.effects[0][0]), float(score.min()), float(score.max()),
        line.loss / float(weight.sum()),
    )  # fmt: skip


def _nearest(factor: Factor, unit: float) -> Rule:
    points = np.rint(factor.effects / unit) + 0.0
    if not isinstance(factor.form, Cap):
        return Rule(factor, tuple(points.tolist()))
    sign = math.copysign(1, float(factor.effects[0]))
    each, most = max(1.0, abs(float(points[0]))), max(1, round(abs(float(factor.effects[0])) * factor.form.most / unit))
    return Rule(factor, (sign * each,), int(sign * most))


def pointed(points: Points, candidates: Sequence[Candidate], origins: Sequence[Origin]) -> list[Pointed]:
    """The rules of a card with where each came from. An event never gives more than its rule may."""
    return [_pointed(rule, candidates, origins) for rule in points.rules]


def _pointed(rule: Rule, candidates: Sequence[Candidate], origins: Sequence[Origin]) -> Pointed:
    if rule.cap is None:
        return _of(rule.factor, rule.points, None, candidates, origins)
    each = float(np.clip(rule.points[0], -abs(rule.cap), abs(rule.cap)))
    return _of(rule.factor, (each,), float(rule.cap), candidates, origins)


def _of(
    factor: Factor,
    points: tuple[float, ...],
    most: float | None,
    candidates: Sequence[Candidate],
    origins: Sequence[Origin],
) -> Pointed:
    made = Pointed(candidates[factor.candidate], origins[factor.candidate], factor.form, points, most)
    if not isinstance(factor.form, Both):
        return made
    other = candidates[factor.form.other]
    return replace(made, other=other, other_origin=origins[factor.form.other])  # type: ignore[arg-type]


def _told(factor: Factor, candidates: Sequence[Candidate], origins: Sequence[Origin]) -> Pointed:
    """A factor with its effects for points, 0 for what is usual."""
    effects = tuple(factor.effects.tolist())
    most = effects[0] * factor.form.most if isinstance(factor.form, Cap) else None
    return _of(factor, effects, most, candidates, origins).at_rest()


def _unit(every: Sequence[Pointed], rare: float, room: Room) -> float:
    """The log odds of a point with which all bands that are not rare, and nearly all leads, just have room."""
    needs = [_need(one, rare) / room.max_points for one in every]
    given = {one: np.zeros(every[0].candidate.rows) for one in ("fit", "engagement")} if every else {}
    for one in every:
        given[one.section] = given[one.section] + one.gives()
    widths = [float(np.ptp(np.quantile(part, ENDS))) / room.of(kind) for kind, part in given.items()]  # type: ignore[arg-type]
    whole = float(np.ptp(np.quantile(sum(given.values()), ENDS))) / SCALE if given else 0.0
    return max([*needs, *widths, whole], default=0.0)


def _need(one: Pointed, rare: float) -> float:
    if one.most is not None:
        return float(np.quantile(np.abs(one.gives()), 1 - rare))
    common = np.abs(one.points)[one.bands_shares >= rare]
    return float(common.max(initial=0.0))


def _eased(selection: Selection, every: Sequence[Pointed], intercept: float, most: float) -> Selection:
    """Effects around what is usual, none beyond `most` in log odds."""
    factors = [
        replace(factor, form=Cap(min(abs(one.most), most) / max(1e-12, abs(one.points[0]))))
        if one.most is not None
        else replace(factor, effects=np.clip(np.array(one.points), -most, most))
        for factor, one in zip(selection.factors, every, strict=True)
    ]
    return replace(selection, intercept=intercept, factors=tuple(factors))


def _around_the_usual(points: Points, candidates: Sequence[Candidate], origins: Sequence[Origin], room: Room) -> Points:
    """The same card with 0 for what is usual, and no number beyond the most of a band."""
    most, rules, intercept = room.max_points, [], points.intercept
    for rule in points.rules:
        if rule.cap is not None:
            rules.append(replace(rule, cap=int(np.clip(rule.cap, -most, most))))
            continue
        rested = _pointed(rule, candidates, origins).at_rest().points
        intercept += points.unit * (rule.points[0] - rested[0])
        rules.append(replace(rule, points=tuple(np.clip(rested, -most, most).tolist())))
    total = np.sum([rule.score(candidates) for rule in rules], axis=0) if rules else np.zeros(1)
    ends = {"lowest": float(total.min()), "highest": float(total.max())}
    return replace(points, rules=tuple(rules), intercept=intercept, **ends)
