"""The lowest and highest points that a rule, a section and the whole model can give.

In: parts of a model. Out: `Reach`. Called by `checks.py` (thresholds nothing can reach) and `lint.py`.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from scoville.model.schema import BandRule, CountRule, PointsRule, RecencyRule, SumRule, TraitRule

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoville.model.schema import Clamp, Content, Engagement, Fit, Rule


class Reach(NamedTuple):
    """Lowest and highest points, each may be infinite."""

    low: float
    high: float

    def clamped(self, clamp: Clamp | Fit | Engagement | PointsRule) -> Reach:
        """What is left after a clamp."""
        low = -math.inf if clamp.min is None else clamp.min
        high = math.inf if clamp.max is None else clamp.max
        return Reach(min(max(self.low, low), high), min(max(self.high, low), high))


def rule_reach(rule: Rule) -> Reach:
    """Points that one rule can give a lead, after its own clamp and before any group's."""
    if isinstance(rule, TraitRule):
        return _around(rule.points, 0.0)
    if isinstance(rule, PointsRule):
        return _points_reach(rule)
    if isinstance(rule, BandRule):
        return _around(*(band.points for band in rule.bands), rule.missing, 0.0)
    if isinstance(rule, CountRule):
        return _around(*(band.points for band in rule.count), 0.0)
    if isinstance(rule, SumRule):
        return _around(*(band.points for band in rule.sum.bands), 0.0)
    if isinstance(rule, RecencyRule):
        return _around(*(band.points for band in rule.recency), 0.0)
    return _around(*rule.values.values(), rule.other, rule.missing)


def _points_reach(rule: PointsRule) -> Reach:
    repeat = rule.points if rule.repeat is None else rule.repeat
    further = math.inf if rule.at_most is None else rule.at_most - 1
    ends = [0.0, rule.points, rule.points + (repeat * further if repeat and further else 0.0)]
    clamped = _around(*ends).clamped(rule)
    # without a matching event the rule gives nothing, whatever its clamp says
    return Reach(min(clamped.low, 0.0), max(clamped.high, 0.0))


def _around(*points: float) -> Reach:
    return Reach(min(points), max(points))


def total(reaches: Iterable[Reach]) -> Reach:
    """The reach of a sum."""
    every = list(reaches)
    return Reach(sum(r.low for r in every), sum(r.high for r in every))


def part_reach(section: Fit | Engagement) -> Reach:
    """Points that one section can give, after groups and its own clamp."""
    alone = [rule_reach(rule) for rule in section.rules if rule.group is None]
    grouped = [
        total(rule_reach(rule) for rule in section.rules if rule.group == name).clamped(group)
        for name, group in section.groups.items()
    ]
    return total([*alone, *grouped]).clamped(section)


def section_reach(content: Content, kind: str) -> Reach:
    """The widest reach of a section over the base model and its segments."""
    replaced = (getattr(segment, kind) for segment in content.segments)
    reaches = [
        part_reach(getattr(content, kind)),
        *(part_reach(section) for section in replaced if section is not None),
    ]
    return Reach(min(r.low for r in reaches), max(r.high for r in reaches))


def score_reach(content: Content) -> Reach:
    """The lowest and highest score a qualified lead can have."""
    fit, engagement = section_reach(content, "fit"), section_reach(content, "engagement")
    low, high = fit.low + engagement.low, fit.high + engagement.high
    scale = content.scale
    return Reach(min(max(low, scale.min), scale.max), min(max(high, scale.min), scale.max))
