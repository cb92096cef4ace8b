"""Parts of a model that can do nothing: points that a clamp always eats, bands nothing falls in, limits nothing meets.

In: a Content. Out: (path, message) pairs. Called by `lint.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scoville.model.checks import sections
from scoville.model.reach import Reach, rule_reach, section_reach, total
from scoville.model.schema import CountRule, Fit, PointsRule, RecencyRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.model.document import Path
    from scoville.model.schema import Band, Content, Engagement, Rule

Finding = tuple["Path", str]


def idle_parts(content: Content) -> Iterator[Finding]:
    """Everything in the model that can change no score."""
    for i, segment in enumerate(content.segments):
        if (before := next((each for each in content.segments[:i] if each.when == segment.when), None)) is not None:
            yield (
                ("segments", i, "when"),
                f"no lead can be in '{segment.name}': '{before.name}' before it asks for the same",
            )
    for where, section in sections(content):
        other = section_reach(content, "engagement" if isinstance(section, Fit) else "fit")
        for name in section.groups:
            if all(rule.group != name for rule in section.rules):
                yield (
                    (*where, "groups", name),
                    f"no rule is in the group '{name}': take it out, or name it as `group` of a rule",
                )
        for i, rule in enumerate(section.rules):
            at = (*where, "rules", i)
            if (cap := _eaten_by(rule, section, other, content)) is not None:
                yield at, f"'{rule.name}' can never change a score: {cap}"
            yield from (((*at, *inner), said) for inner, said in _idle_keys(rule))


def _eaten_by(rule: Rule, section: Fit | Engagement, other: Reach, content: Content) -> str | None:
    """What makes a rule idle: its own points, or the clamp that takes them away; None for a rule that matters."""
    own = rule_reach(rule)
    if own == (0, 0):
        return "it gives 0 points whatever a lead is or does"
    in_group = total(rule_reach(each) for each in section.rules if each.group == rule.group and each is not rule)
    if rule.group is not None:
        group = section.groups[rule.group]
        if _is_lost(own, in_group, group.min, group.max):
            return f"the limits of the group '{rule.group}' take all of it"
    rest = _rest(rule, section, in_group)
    if _is_lost(own, rest, section.min, section.max):
        return "the limits of the section take all of it"
    if _is_lost(own, total([rest.clamped(section), other]), content.scale.min, content.scale.max):
        return "the limits of the scale take all of it"
    return None


def _rest(rule: Rule, section: Fit | Engagement, in_group: Reach) -> Reach:
    """What the other rules of a section can give, after the limits of their groups."""
    alone = [rule_reach(each) for each in section.rules if each.group is None and each is not rule]
    groups = [
        (
            in_group if name == rule.group else total(rule_reach(each) for each in section.rules if each.group == name)
        ).clamped(group)
        for name, group in section.groups.items()
    ]
    return total([*alone, *groups])


def _is_lost(own: Reach, others: Reach, low: float | None, high: float | None) -> bool:
    """Whether clamp(others + own) is clamp(others), whatever both are within their reach."""
    bottom, top = -math.inf if low is None else low, math.inf if high is None else high
    up = own.high <= 0 or others.low >= top or others.high + own.high <= bottom
    down = own.low >= 0 or others.high <= bottom or others.low + own.low >= top
    return up and down


def _idle_keys(rule: Rule) -> Iterator[Finding]:
    if isinstance(rule, PointsRule):
        yield from _idle_limits(rule)
    elif isinstance(rule, CountRule):
        yield from _idle_bands(rule.name, "count", rule.count, math.inf)
    elif isinstance(rule, RecencyRule):
        longest = math.inf if rule.within is None else rule.within.total_seconds() / 86_400
        yield from _idle_bands(rule.name, "recency", rule.recency, longest)


def _idle_limits(rule: PointsRule) -> Iterator[Finding]:
    if rule.repeat is not None and rule.at_most == 1:
        yield ("repeat",), f"'{rule.name}': `repeat` is never given, since only the newest event counts (at_most: 1)"
    first = f"'{rule.name}': the first event gives {rule.points:g} points, but"
    if rule.max is not None and rule.points > rule.max > 0:
        yield ("max",), f"{first} `max` leaves {rule.max:g} of them"
    if rule.min is not None and rule.points < rule.min < 0:
        yield ("min",), f"{first} `min` leaves {rule.min:g} of them"


def _idle_bands(name: str, key: str, bands: Sequence[Band], longest: float) -> Iterator[Finding]:
    for i, band in enumerate(bands):
        if band.below is not None and band.below <= 0:
            yield (key, i), f"'{name}': nothing falls below {band.below:g}; a {_MEASURES[key]} starts at 0"
        if band.from_ is not None and band.from_ >= longest:
            yield (key, i), f"'{name}': no event is {band.from_:g} days old, since `within` leaves {longest:g} days"


_MEASURES = {"count": "count", "recency": "number of days"}
