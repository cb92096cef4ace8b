"""The card as a picture: every rule with its bands, their points as bars, who is in them and what became of these.

In: a `Learned`. Out: what the template draws, line by line. Pure.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import permutations
from typing import TYPE_CHECKING, Any

from scoville.evidence.told.numbers import FEW, along, minus
from scoville.model.conditions import parse_condition, traits_of
from scoville.words import condition, listed, signed

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scoville.learn.learning import Learned
    from scoville.learn.written.earned import Earned, Group

    Content = Mapping[str, Any]

_NAMED = 6  # values on a line of the picture; the table behind it has all
_TITLES = {"fit": "Fit: who they are", "engagement": "Engagement: what they did"}
_MISSING = "missing"


@dataclass(frozen=True)
class Line:
    """One line of a rule: `label` is cut after a few values, `whole` is not; `most` is where points that add up end."""

    label: str
    whole: str
    points: float
    said: str
    most: float | None
    group: Group | None


@dataclass(frozen=True)
class Rule:
    """A rule: its name, what it looks at, and its lines."""

    name: str
    reads: str
    lines: tuple[Line, ...]


@dataclass(frozen=True)
class Side:
    """Fit or engagement: its rules, and the least and the most points that it can give."""

    title: str
    low: float
    high: float
    rules: tuple[Rule, ...]


@dataclass(frozen=True)
class Picture:
    """The whole card. `ends` are the least and the most points of a line, `top` where rates end, `base` that of all."""

    sides: tuple[Side, ...]
    ends: tuple[float, float]
    top: float
    base: float | None

    def bar(self, points: float) -> tuple[str, str]:
        """Where a bar of points begins, and how long it is, for SVG."""
        low, high = self.ends
        return along(min(0.0, points) - low, high - low), along(abs(points), high - low)

    @property
    def has_turned(self) -> bool:
        """Whether a line has fewer points than another of its rule though its leads convert more, beyond chance."""
        rules = (rule for side in self.sides for rule in side.rules)
        return any(_is_turned(*two) for rule in rules for two in permutations(rule.lines, 2))

    @property
    def zero(self) -> str:
        """Where 0 points lie."""
        return self.bar(0.0)[0]


def _is_turned(one: Line, other: Line) -> bool:
    if one.group is None or other.group is None or one.group.low is None or other.group.high is None:
        return False
    return one.points < other.points and one.group.low > other.group.high


def picture_of(learned: Learned) -> Picture | None:
    """The card as a picture; None where there is none."""
    if learned.text is None:
        return None
    whole, found = learned.model.to_dict(), {one.rule: one for one in learned.evidence}
    sides = tuple(_side(section, whole[section], found) for section in _TITLES if section in whole)
    lines = [line for side in sides for rule in side.rules for line in rule.lines]
    reached = [end for line in lines for end in (line.points, line.most) if end is not None]
    groups = [line.group for line in lines if line.group is not None]
    return Picture(sides, (min(0.0, *reached), max(0.0, *reached)), _top(groups), _base(learned.evidence))


def _side(section: str, content: Content, found: Mapping[str, Earned]) -> Side:
    made = [_rule(rule, found[rule["name"]]) if rule["name"] in found else _start(rule) for rule in content["rules"]]
    reached = [[end for line in rule.lines for end in (line.points, line.most) if end is not None] for rule in made]
    low, high = sum(map(min, reached)), sum(map(max, reached))
    return Side(_TITLES[section], low, min(high, content.get("max", high)), tuple(made))


def _start(content: Content) -> Rule:
    """What everybody has: no evidence belongs to it."""
    points = float(content["points"])
    line = Line("everybody", "everybody", points, signed(points), None, None)
    return Rule(content["name"], "so that what is taken away leaves hardly anybody below 0", (line,))


def _rule(content: Content, found: Earned) -> Rule:
    lines = tuple(_lines(content, found)) if found.lines else _each(content, found)
    return Rule(found.rule, reads(content, found), lines)


def _lines(content: Content, found: Earned) -> Iterator[Line]:
    """Ranges in the order of their numbers, each by itself; values of equal points together, the most first."""
    if any(isinstance(line.key, tuple) for line in found.lines):
        for line in found.lines:
            if line.group.rows:
                label = _label(line.label, content)
                yield Line(label, label, line.points, signed(line.points), None, line.group)
        return
    for band in found.bands:
        more = f" and {len(band.labels) - _NAMED} more" if len(band.labels) > _NAMED else ""
        shown, whole = ", ".join(band.labels[:_NAMED]) + more, ", ".join(band.labels)
        yield Line(shown, whole, band.points, signed(band.points), None, band.group)


def _label(label: str, content: Content) -> str:
    return "never" if label == _MISSING and "recency" in content else label


def _each(content: Content, found: Earned) -> tuple[Line, ...]:
    """Points for each event, up to a limit; or points for one thing that holds or not."""
    points = float(content["points"])
    is_event = "event" in content
    most = content.get("max", content.get("min")) if is_event else None
    limit = None if most is None else float(most)
    yes, no = ("each time", "never") if is_event else ("it is so", "it is not")
    said = f"{signed(points)} each" if is_event else signed(points)
    return (
        Line(yes, yes, points, said, limit, found.with_points),
        Line(no, no, 0.0, "0", None, found.without),
    )


def reads(content: Content, found: Earned) -> str:
    """What a rule looks at, in its own names: `employees`; `webinar_watched, half after 45d, at most 11`."""
    if "event" in content:
        return ", ".join(part for part in _of_events(content) if part)
    if "by" in content:
        return str(content["by"])
    asked = parse_condition(content["when"])
    return listed(dict.fromkeys(traits_of(asked)), "and") if found.lines else condition(asked)


def _of_events(content: Content) -> Iterator[str]:
    within, decay = content.get("within"), content.get("decay")
    event = "any event" if content["event"] == "*" else str(content["event"])
    yield f"{event} where {condition(parse_condition(content['when']))}" if "when" in content else event
    yield "how many times" if "count" in content else ""
    yield "days since the newest" if "recency" in content else ""
    yield f"sum of {content['sum']['of']}" if "sum" in content else ""
    yield f"in {within}" if within is not None else ""
    yield f"half after {decay['half_life']}" if isinstance(decay, dict) else "does not fade" if decay else ""
    yield f"at most {content['max']}" if "max" in content else ""
    yield minus(f"down to {content['min']}") if "min" in content else ""


def _top(groups: Sequence[Group]) -> float:
    """Where rates end: at the highest interval, but not at that of a handful of leads."""
    trusted = [group.high for group in groups if group.high is not None and group.rows >= FEW]
    return max([*trusted, *(group.rate or 0.0 for group in groups)], default=0.0) or 1.0


def _base(evidence: Sequence[Earned]) -> float | None:
    """What share of all rows converted: the rates of the lines of any rule that has some, by their shares."""
    groups = next(([line.group for line in one.lines] for one in evidence if one.lines), [])
    groups = groups or ([evidence[0].with_points, evidence[0].without] if evidence else [])
    return sum(group.share * (group.rate or 0.0) for group in groups) if groups else None
