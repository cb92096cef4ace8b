"""Chosen factors with their points -> a card: the rules of an ordinary model, and what everybody has to start with.

In: factors with points, and where each candidate came from. Out: a `Card`, whose rules give every row exactly what the
learner gave it. Pure. Called by `judging`; `write` makes text of it.
"""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from scoville.learn.choosing.together import Both
from scoville.learn.tried.naming import NAME_AT_MOST, name_of
from scoville.learn.written.lines import priorities_of
from scoville.learn.written.pointed import SCALE, SECTIONS
from scoville.learn.written.rules import plain_number, said_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from numpy.typing import NDArray

    from scoville.learn.written.lines import Lines
    from scoville.learn.written.pointed import Pointed, Section
    from scoville.learn.written.rules import Content

    Floats = NDArray[np.float64]

START = "To start with"
EVERYBODY: Content = {"lead_id": {"is": "present"}}
AT_ZERO = 0.02  # share of the leads that may end at 0, so that the few worst do not lift all others


@dataclass(frozen=True)
class CardRule:
    """One rule of the model. `content` is what the file says; `factor` what the learner knows of it."""

    name: str
    section: Section
    content: Content
    factor: Pointed


@dataclass(frozen=True)
class Card:
    """The rules of a learned model. `start` is what everybody has, so that few fall below 0.

    `most` has the most that a section may give, where one was asked for.
    """

    rules: tuple[CardRule, ...]
    start: float
    most: Mapping[Section, float]

    def section(self, kind: Section) -> Floats:
        """Fit or engagement of each row, as the plan gives it."""
        rows = self.rules[0].factor.candidate.rows if self.rules else 0
        total = np.full(rows, self.start if kind == "fit" else 0.0)
        for rule in self.rules:
            if rule.section == kind:
                total = total + rule.factor.gives()
        clamped: Floats = np.minimum(total, self.most.get(kind, np.inf))
        return clamped

    @cached_property
    def score(self) -> Floats:
        """The score of each row, as the plan gives it."""
        return np.clip(self.section("fit") + self.section("engagement"), 0.0, SCALE)

    @cached_property
    def highest_alone(self) -> float:
        """The highest score that a single rule can make."""
        return max([self.start, *(rule.factor.high for rule in self.rules)])

    def content(self, name: str, lines: Lines, probability: Content | None = None) -> Content:
        """The whole model file as plain values."""
        whole: Content = {"scoville": 1, "name": name, "scale": {"min": 0, "max": plain_number(SCALE)}}
        for kind in SECTIONS:
            whole |= self._part(kind)
        whole |= {"grades": lines.grades} if lines.grades else {}
        whole |= {"levels": lines.levels} if lines.levels else {}
        whole |= {"priorities": priorities} if (priorities := priorities_of(lines)) else {}
        whole["stages"] = [{"name": stage, "from": plain_number(start)} for stage, start in lines.stages]
        return whole | ({"probability": probability} if probability is not None else {})

    def _part(self, kind: Section) -> Content:
        rules = [rule.content for rule in self.rules if rule.section == kind]
        if kind == "fit" and self.start:
            rules = [{"name": START, "when": EVERYBODY, "points": plain_number(self.start)}, *rules]
        if not rules:
            return {kind: {"rules": []}}
        clamp = {"max": plain_number(self.most[kind])} if kind in self.most else {}
        return {kind: {**clamp, "rules": rules}}


def card_of(factors: Sequence[Pointed], most: Mapping[Section, float] | None = None) -> Card:
    """The card of some factors: each a rule with 0 for what is usual or never happened, and a start for everybody."""
    kept = [factor.at_rest() for factor in factors if factor.high > factor.low]
    kept = _with_something_negative(kept)
    names = _unique([_name_of(factor) for factor in kept])
    rules = [CardRule(name, factor.section, {"name": name, **said_of(factor)}, factor)
             for name, factor in zip(names, kept, strict=True)]  # fmt: skip
    rules.sort(key=lambda rule: (SECTIONS.index(rule.section), -max(abs(rule.factor.high), abs(rule.factor.low))))
    return Card(tuple(rules), _start(kept), most or {})


def _start(factors: Sequence[Pointed]) -> float:
    """What keeps nearly everybody at 0 or above; less where the best would leave the scale."""
    if not factors:
        return 0.0
    total = np.sum([factor.gives() for factor in factors], axis=0)
    low, high = np.quantile(total, [AT_ZERO, 1 - AT_ZERO])
    return float(max(0.0, min(math.ceil(-low), math.floor(SCALE - high))))


def _with_something_negative(factors: list[Pointed]) -> list[Pointed]:
    """Where nothing takes points away, the trait with the fewest leads in its lowest band counts down from the next.

    People argue about what speaks against a lead; as the lowest of many positive numbers it would be overlooked.
    """
    if any(factor.low < 0 for factor in factors):
        return factors
    plain = [place for place, one in enumerate(factors) if one.section == "fit" and not isinstance(one.form, Both)]
    share = {place: _lowest(factors[place])[1] for place in plain}
    if len(factors) < 2 or not share:  # noqa: PLR2004 - one rule alone has nothing beside it
        return factors
    chosen = min(share, key=share.__getitem__)
    return [factor.shifted(-_lowest(factor)[0]) if place == chosen else factor for place, factor in enumerate(factors)]


def _lowest(factor: Pointed) -> tuple[float, float]:
    """The second lowest points, and the share of the rows that have the lowest."""
    points = np.array(factor.points)
    low = points.min()
    return float(points[points > low].min()), float(factor.bands_shares[points == low].sum())


# Names


def _name_of(factor: Pointed) -> str:
    if factor.other_origin is None:
        return name_of(factor.origin)
    other = name_of(factor.other_origin)
    return f"{name_of(factor.origin)} with {other[:1].lower()}{other[1:]}"


def _unique(names: Iterable[str]) -> list[str]:
    names = [name[:NAME_AT_MOST].strip() for name in names]
    seen: Counter[str] = Counter()
    made = []
    for name in names:
        seen[name.lower()] += 1
        made.append(name if seen[name.lower()] == 1 else f"{name} ({seen[name.lower()]})")
    return made
