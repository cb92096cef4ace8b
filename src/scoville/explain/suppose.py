"""What could happen to a lead, as a rule would like to see it: events that a rule counts, traits that become known.

In: the rules that speak of a lead, and the columns of its events and traits. Out: `Action`s. Whether one helps, and how
much, is for the plan to say: an action that does not quite meet its rule simply gains nothing.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import pyarrow.types as pt

from scoville import words
from scoville.data.traits import DERIVED
from scoville.model.conditions import All, Compare, Condition, Either, as_number, comparisons_of, parse_instant
from scoville.model.schema import BandRule, CountRule, PointsRule, SumRule, TraitRule
from scoville.plan.hits import EVERY_EVENT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from scoville.explain.sentences import Subject
    from scoville.explain.world import World
    from scoville.model.schema import Band, EngagementRule, FitRule

_ANY_EVENT = "any event"  # counts for rules about every event and for no other
_OTHER = "other"


@dataclass(frozen=True)
class Action:
    """One thing that may happen once or more often (an event), or one trait that becomes known.

    `is_named`: the name of the rule is what happens (`Demo requested`), as it is not for a band (`Gone quiet`).
    """

    rule: str
    does: str
    is_named: bool = True
    event: Mapping[str, object] | None = None
    traits: Mapping[str, object] | None = None


def possible_events(subject: Subject, world: World) -> list[Action]:
    """One event for each rule that can give points for it, but for rules whose condition cannot be met mechanically."""
    rules = [entry.rule for entry in subject.event_rules if _may_lift(entry.rule)] if world.has_events else []
    found = [action for action in (_event_for(rule, world) for rule in rules) if action is not None]
    return [action for i, action in enumerate(found) if action.event not in [before.event for before in found[:i]]]


def possible_facts(subject: Subject, world: World) -> list[Action]:
    """For each fit rule that looks at a trait nobody knows, the value it likes best."""
    actions = (_fact_for(entry.rule, subject, world) for entry in subject.fit_rules)
    return [action for action in actions if action is not None]


# --- events ---------------------------------------------------------------------------------------------------------


def _may_lift(rule: EngagementRule) -> bool:
    """Whether one more event could raise the score; a band without events that costs points counts too."""
    if isinstance(rule, PointsRule):
        return rule.points > 0 or (rule.repeat or 0) > 0
    if isinstance(rule, SumRule):
        return any(band.points != 0 for band in rule.sum.bands)
    return any(band.points != 0 for band in (rule.count if isinstance(rule, CountRule) else rule.recency))


def _event_for(rule: EngagementRule, world: World) -> Action | None:
    wanted = meeting(rule.when, world.as_of)
    if wanted is None:
        return None
    if isinstance(rule, SumRule) and rule.sum.of not in wanted:
        wanted[rule.sum.of] = _inside(max(rule.sum.bands, key=lambda band: band.points))
    name = _ANY_EVENT if EVERY_EVENT in rule.event else rule.event[0]
    properties = _as_properties(wanted, world.event_types)
    if properties is None:
        return None
    return Action(rule.name, _asked(name, rule), isinstance(rule, PointsRule), event={**properties, "event": name})


def _asked(name: str, rule: EngagementRule) -> str:
    """What the event is, for a person: `page_viewed where path starts with /pricing`."""
    where = f" where {words.condition(rule.when)}" if rule.when is not None else ""
    if isinstance(rule, SumRule):
        best = max(rule.sum.bands, key=lambda band: band.points)
        where += f"{' and' if where else ' with'} {words.trait(rule.sum.of)} {words.value(_inside(best))}"
    return name + where


def _as_properties(wanted: Mapping[str, object], types: Mapping[str, pa.DataType]) -> dict[str, object] | None:
    """The wanted values in columns of events, or in the JSON column for those without; None when one does not fit."""
    import json  # noqa: PLC0415 - only for events that keep their properties in one column

    columns = {name: _fitted(value, types[name]) for name, value in wanted.items() if name in types}
    loose = {name: value for name, value in wanted.items() if name not in types}
    if None in columns.values() or (loose and "properties" not in types):
        return None
    return {**columns, "properties": json.dumps(loose, default=str)} if loose else columns


# --- traits ---------------------------------------------------------------------------------------------------------


def _fact_for(rule: FitRule, subject: Subject, world: World) -> Action | None:
    wanted, says = _liked(rule, subject)
    missing = {name: value for name, value in wanted.items() if _is_missing(name, subject)}
    fitted = {name: _fitted(value, world.trait_types[name]) for name, value in missing.items()}
    if not fitted or None in fitted.values():
        return None
    return Action(rule.name, says, traits=fitted)


def _is_missing(name: str, subject: Subject) -> bool:
    """Whether nobody knows a trait; a derived one that always says something is missing when what it reads is."""
    if subject.traits.get(name) is None:
        return True
    is_derived = name in DERIVED and name not in subject.lead
    return is_derived and all(subject.lead.get(source) is None for source in DERIVED[name].sources)


def _liked(rule: FitRule, subject: Subject) -> tuple[Mapping[str, object], str]:
    """The traits that would give a rule's highest points, and the same in words; nothing for a rule that only takes."""
    if isinstance(rule, TraitRule):
        wanted = meeting(rule.when, subject.as_of) if rule.points > 0 else None
        return wanted or {}, words.condition(rule.when)
    if isinstance(rule, BandRule):
        best = max(rule.bands, key=lambda band: band.points)
        known = {rule.by: _inside(best)} if best.points > rule.missing else {}
        return known, f"{words.trait(rule.by)} {_range(best)}"
    value, points = max(rule.values.items(), key=lambda item: item[1])
    return {rule.by: value} if points > rule.missing else {}, f"{words.trait(rule.by)} is {value}"


def _inside(band: Band) -> float:
    """A number in the band, as small as can be above 0."""
    if band.from_ is not None:
        return band.from_
    return band.below - 1 if band.below is not None else 0.0


def _range(band: Band) -> str:
    ends = [f"at least {words.plain(band.from_)}"] if band.from_ is not None else []
    ends += [f"below {words.plain(band.below)}"] if band.below is not None else []
    return f"is {' and '.join(ends) or 'known'}"


# --- values that meet a condition -----------------------------------------------------------------------------------


def meeting(condition: Condition | None, as_of: datetime) -> dict[str, object] | None:
    """Values that meet a condition, trait by trait, as far as that can be read off it; null when it cannot.

    That is so for `matches`. What must be missing, or must not hold, is left out.
    Example: {path: {starts_with: /pricing}, minutes: {gte: 15}} -> {"path": "/pricing", "minutes": 15}
    """
    if condition is None:
        return {}
    by_trait: dict[str, list[Compare]] = defaultdict(list)
    for comparison in _wanted(condition):
        by_trait[comparison.trait].append(comparison)
    values = {name: _value_for(found, as_of) for name, found in by_trait.items()}
    return None if None in values.values() else values


def _wanted(condition: Condition) -> Iterator[Compare]:
    """The comparisons that have to hold: all of AND, the first of OR, and of NOT only what says `is: missing`."""
    if isinstance(condition, Compare):
        if (condition.operator, condition.value) != ("is", "missing"):
            yield condition
    elif isinstance(condition, All):
        for part in condition.parts:
            yield from _wanted(part)
    elif isinstance(condition, Either):
        yield from _wanted(next((part for part in condition.parts if not _has_pattern(part)), condition.parts[0]))
    elif isinstance(condition.part, Compare) and condition.part.operator == "is" and condition.part.value == "missing":
        yield Compare(condition.part.trait, "is", "present", "present")


def _has_pattern(condition: Condition) -> bool:
    return any(comparison.operator == "matches" for comparison in comparisons_of(condition))


def _value_for(comparisons: Sequence[Compare], as_of: datetime) -> object | None:
    """One value for all that is asked of one trait."""
    asked = {comparison.operator: comparison.value for comparison in comparisons}
    if "matches" in asked:
        return None
    if "equals" in asked:
        return asked["equals"]
    if "in" in asked:
        return cast("tuple[object, ...]", asked["in"])[0]
    if texts := [str(asked[name]) for name in ("starts_with", "contains", "ends_with") if name in asked]:
        return "".join(texts)
    if "newer_than" in asked:
        return as_of
    if "older_than" in asked:
        return as_of - cast("timedelta", asked["older_than"])
    if bounds := [each for each in comparisons if each.operator in ("gt", "gte", "lt", "lte", "between")]:
        return _between(bounds)
    excluded = [asked[name] for name in ("not", "not_in") if name in asked]
    return _other_than([item for each in excluded for item in (each if isinstance(each, tuple) else (each,))])


def _between(bounds: Iterable[Compare]) -> object:
    """A number (or instant) that meets every bound: the lowest allowed, a step above an end that is not included."""
    low = high = None
    for bound in bounds:
        ends = bound.value if isinstance(bound.value, tuple) else (bound.value, bound.value)
        step = timedelta(days=1) if isinstance(ends[0], datetime) else 1
        if bound.operator in ("gt", "gte", "between"):
            found = ends[0] + step if bound.operator == "gt" else ends[0]  # type: ignore[operator]
            low = found if low is None else max(low, found)
        if bound.operator in ("lt", "lte", "between"):
            found = ends[1] - step if bound.operator == "lt" else ends[1]  # type: ignore[operator]
            high = found if high is None else min(high, found)
    return low if low is not None else high


def _other_than(excluded: Sequence[object]) -> object:
    numbers = [float(item) for item in excluded if isinstance(item, (int, float)) and not isinstance(item, bool)]
    if numbers:
        return max(numbers) + 1
    if excluded and isinstance(excluded[0], bool):
        return not excluded[0]
    return _OTHER if _OTHER not in {str(item).strip().lower() for item in excluded} else "another"


def _fitted(value: object, kind: pa.DataType) -> object | None:
    """A value of a model in the type of a column; None when it has no such form."""
    if pt.is_timestamp(kind) or pt.is_date(kind):
        return value if isinstance(value, datetime) else parse_instant(value) if isinstance(value, str) else None
    if pt.is_boolean(kind):
        return {"true": True, "false": False}.get(str(value).strip().lower())
    if pt.is_string(kind) or pt.is_large_string(kind):
        return _text(value)
    found = as_number(value) if isinstance(value, str) else value
    if isinstance(found, bool) or not isinstance(found, (int, float)):
        return 1 if value == _OTHER else None
    return int(found) if pt.is_integer(kind) else float(found)


def _text(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, datetime):
        return value.isoformat()
    return f"{value:.15g}" if isinstance(value, float) else str(value)
