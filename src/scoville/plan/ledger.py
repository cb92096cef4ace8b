"""The rules of a model, numbered: one flat list that every later step speaks of by number.

In: a Model. Out: `Ledger` - the rules of the base sections and of the segments that replace them, with their groups
and caps. Called by the other files here. A lead has one segment number: 0 for the base model, i for the i-th segment.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Literal, NamedTuple

from scoville.model.schema import CountRule, HalfLife, Keep, Linear, Lose, PointsRule, RecencyRule, SumRule
from scoville.plan.terms import band_points_at, microseconds

if TYPE_CHECKING:
    from scoville.model.load import Model
    from scoville.model.schema import Clamp, Decay, Engagement, EngagementRule, Fit, FitRule

SectionName = Literal["fit", "engagement"]


@dataclass(frozen=True)
class Group:
    """A group of one section: the clamp of a sum of rules."""

    number: int
    section: SectionName
    segments: tuple[int, ...]
    name: str
    clamp: Clamp


@dataclass(frozen=True)
class NumberedFitRule:
    """A rule over traits. `segments` are the segment numbers of the leads it speaks of."""

    number: int
    segments: tuple[int, ...]
    rule: FitRule
    group: Group | None


class Faded(NamedTuple):
    """A decay as columns of the table of rules."""

    kind: str
    span_us: int | None
    share: float | None


def faded(decay: Decay) -> Faded:
    """The kind, period and share of a decay."""
    if isinstance(decay, HalfLife):
        return Faded("half_life", microseconds(decay.half_life), None)
    if isinstance(decay, Linear):
        return Faded("linear", microseconds(decay.linear), None)
    if isinstance(decay, Keep):
        return Faded("keep", microseconds(decay.every), decay.keep)
    if isinstance(decay, Lose):
        return Faded("lose", microseconds(decay.every), decay.lose)
    return Faded("none", None, None)


@dataclass(frozen=True)
class NumberedEventRule:
    """A rule over events. `decay` is the rule's own or its section's."""

    number: int
    segments: tuple[int, ...]
    rule: EngagementRule
    group: Group | None
    decay: Decay

    @property
    def fading(self) -> Faded:
        """The decay as columns."""
        return faded(self.decay)

    @property
    def points_without_events(self) -> float:
        """What the rule gives a lead that did nothing it looks at: a count or a sum of 0 may fall in a band."""
        if isinstance(self.rule, CountRule):
            return band_points_at(0.0, self.rule.count)
        if isinstance(self.rule, SumRule):
            return band_points_at(0.0, self.rule.sum.bands)
        return 0.0

    @property
    def at_most(self) -> int | None:
        """Newest N events that count."""
        return self.rule.at_most if isinstance(self.rule, PointsRule) else None

    @property
    def must_be_sorted(self) -> bool:
        """Whether telling which events count needs them in order of time.

        A single newest event is known by the smallest age, and without decay one event counts as much as another: only
        a daily limit, or several newest events that fade, need sorting.
        """
        if not isinstance(self.rule, PointsRule):
            return False
        if self.rule.at_most_per_day is not None:
            return True
        return self.rule.at_most is not None and self.rule.at_most > 1 and self.decay != "none"


@dataclass(frozen=True)
class SectionPart:
    """One section as some segments have it: the base one, or a segment's own."""

    section: SectionName
    segments: tuple[int, ...]
    content: Fit | Engagement


@dataclass(frozen=True)
class Ledger:
    """Every rule, group and section of a model with a number."""

    parts: tuple[SectionPart, ...]
    groups: tuple[Group, ...]
    fit: tuple[NumberedFitRule, ...]
    events: tuple[NumberedEventRule, ...]
    segment_names: tuple[str, ...]

    @cached_property
    def every_segment(self) -> tuple[int, ...]:
        """All segment numbers, 0 for the base model included."""
        return tuple(range(len(self.segment_names) + 1))

    def of_section(self, section: SectionName) -> tuple[SectionPart, ...]:
        """The parts of one section."""
        return tuple(part for part in self.parts if part.section == section)


def ledger_of(model: Model) -> Ledger:
    """Number the rules of a model, in the order of the file."""
    parts = tuple(_parts(model))
    groups: list[Group] = []
    fit: list[NumberedFitRule] = []
    events: list[NumberedEventRule] = []
    for part in parts:
        named = {
            name: Group(len(groups) + i, part.section, part.segments, name, clamp)
            for i, (name, clamp) in enumerate(part.content.groups.items())
        }
        groups += named.values()
        for rule in part.content.rules:
            group = named[rule.group] if rule.group is not None else None
            if isinstance(rule, (PointsRule, CountRule, SumRule, RecencyRule)):
                own = rule.decay if isinstance(rule, PointsRule) else "none"
                decay = own if own is not None else part.content.decay  # type: ignore[union-attr]
                events.append(NumberedEventRule(len(events), part.segments, rule, group, decay))
            else:
                fit.append(NumberedFitRule(len(fit), part.segments, rule, group))
    return Ledger(parts, tuple(groups), tuple(fit), tuple(events), tuple(s.name for s in model.segments))


def _parts(model: Model) -> list[SectionPart]:
    names: tuple[SectionName, ...] = ("fit", "engagement")
    parts: list[SectionPart] = []
    for name in names:
        own = [(i + 1, getattr(segment, name)) for i, segment in enumerate(model.segments)]
        base = (0, *(i for i, content in own if content is None))
        parts.append(SectionPart(name, base, getattr(model, name)))
        parts += [SectionPart(name, (i,), content) for i, content in own if content is not None]
    return parts
