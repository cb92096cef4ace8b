"""Events meet the rules that name them.

In: `events`, `as_of`, the table of rules. Out: one row for each event and rule that it counts for. Called by
`engagement.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

import ibis
import ibis.expr.types as ir

from scoville.errors import PlanError
from scoville.model.conditions import nearest, traits_of
from scoville.model.schema import PointsRule, SumRule
from scoville.plan.carried import with_carried_hits
from scoville.plan.people import present
from scoville.plan.terms import TRUE, age_us, beside_as_of, cases, condition_holds, number, weight

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scoville.plan.ledger import NumberedEventRule
    from scoville.plan.steps import Steps

EVERY_EVENT = "*"
JSON_COLUMN = "properties"
_PLAIN = re.compile(r"\w+")
_NESTED = re.compile(r"\w+(\.\w+)+")
_OWN_COLUMNS = ("lead_id", "event", "occurred_at", "event_id")


class Hits(NamedTuple):
    """Events of some rules, by lead_id, rule, occurred_at: those that count now, and those that may now or later."""

    now: ir.Table
    ever: ir.Table


def add_hits(
    steps: Steps,
    events: ir.Table,
    as_of: ir.Table,
    rules: ir.Table,
    chosen: Sequence[NumberedEventRule],
    prefix: str,
    *,
    is_carried: bool,
) -> Hits:
    """The step `hits`: lead_id, rule, occurred_at, age_us, and amount, what the event adds to the rule's total.

    `chosen` are rules that all name events, or all look at every event; all need sorting, or none does.
    Raises: PlanError for a property that the events do not have.
    """
    found = _met(events, as_of, rules, steps, chosen, prefix)
    met = steps.add(f"{prefix}met", with_carried_hits(found, chosen) if is_carried else found)
    row = met.join(rules, "rule").cross_join(as_of)
    row = row.mutate(age_us=age_us(row.as_of, row.occurred_at))
    conditions = [row.age_us >= 0]
    if any(entry.rule.within is not None for entry in chosen):
        conditions.append(row.window_us.isnull() | (row.age_us < row.window_us))
    row = row.filter(*conditions)
    limits = ("at_most", "per_day") if chosen[0].must_be_sorted else ()
    hits = row.select("lead_id", "rule", "occurred_at", "age_us", *limits, amount=_amount(row, chosen))
    hits = steps.add(f"{prefix}hits", hits)
    if not limits:
        return Hits(hits, met)
    newest = _newest(steps, hits, chosen, prefix)
    return Hits(newest, newest)


def _met(
    events: ir.Table, as_of: ir.Table, rules: ir.Table, steps: Steps, chosen: Sequence[NumberedEventRule], prefix: str
) -> ir.Table:
    """The rows of the step `met`: lead_id, rule, occurred_at of events that a rule names and whose properties hold.

    With `measure`, the property that a rule sums up, where there is such a rule. Whatever the instant: ages come later.
    """
    narrow = events.select("lead_id", "event", "occurred_at", **_properties(events, chosen))
    if EVERY_EVENT in chosen[0].rule.event:
        row = narrow.cross_join(rules.filter(rules.rule.isin([entry.number for entry in chosen])).select("rule"))
    else:
        pairs = [(entry.number, name) for entry in chosen for name in dict.fromkeys(entry.rule.event)]
        named = steps.constant(f"{prefix}rule_events", {"rule": "int16", "event": "string"}, pairs)
        row = narrow.join(named, "event")
    whens = [entry.rule.when for entry in chosen if entry.rule.when is not None]
    if whens:
        row = beside_as_of(row, as_of, whens)
        row = row.filter(_properties_hold(row, chosen))
    sums = [
        (row.rule == entry.number, number(_property_of(row)(entry.rule.sum.of)).fill_null(0.0))
        for entry in chosen
        if isinstance(entry.rule, SumRule)
    ]
    measure = {"measure": cases(sums, ibis.null("float64"))} if sums else {}
    return row.select("lead_id", "rule", "occurred_at", **measure)


def _properties(events: ir.Table, chosen: Sequence[NumberedEventRule]) -> dict[str, ir.Value]:
    """The columns that the rules read, under names that cannot meet the plan's own.

    The JSON column for those it holds.
    """
    found: dict[str, ir.Value] = {}
    for entry in chosen:
        for name in _read_by(entry):
            if name in events.columns:
                found[property_column(name)] = events[name]
            elif JSON_COLUMN in events.columns:
                found[property_column(JSON_COLUMN)] = events[JSON_COLUMN]
            else:
                raise PlanError(_unknown(entry, name, events))
    return found


def _read_by(entry: NumberedEventRule) -> Iterator[str]:
    if entry.rule.when is not None:
        yield from traits_of(entry.rule.when)
    if isinstance(entry.rule, SumRule):
        yield entry.rule.sum.of


def _unknown(entry: NumberedEventRule, name: str, events: ir.Table) -> str:
    known = [column for column in events.columns if column not in _OWN_COLUMNS]
    return (
        f"rule '{entry.rule.name}' reads the property '{name}' that the events do not have.{nearest(name, known)} "
        f"Properties: {', '.join(sorted(known)) or 'none'}"
    )


def property_column(name: str) -> str:
    """What a property is called inside the plan."""
    return f"property.{name}"


def _property_of(met: ir.Table) -> Callable[[str], ir.Value]:
    """The column of a property, out of JSON where it has none of its own."""

    def column(name: str) -> ir.Value:
        if property_column(name) in met.columns:
            return present(met[property_column(name)])
        return present(_unwrapped(met[property_column(JSON_COLUMN)], name))

    return column


def _unwrapped(properties: ir.Value, name: str) -> ir.StringValue:
    """One property of a JSON column as text, null for a JSON null; `utm.source` is a key itself, else one in `utm`."""
    document = properties.cast("json")
    keys = [_json_key(name), *([name] if _NESTED.fullmatch(name) else [])]
    texts = []
    for value in (document[key] for key in keys):
        texts += [value.str, value.cast("string").nullif("null")]
    return ibis.coalesce(*texts)


def _json_key(name: str) -> str:
    """A key such that `$browser`, `/x` or `a.b` is a name and no path."""
    escaped = name.replace("\\", "\\\\").replace('"', '\\"').replace("'", "''")  # sqlglot leaves the last one bare
    return name if _PLAIN.fullmatch(name) else f'$["{escaped}"]'


def _properties_hold(met: ir.Table, chosen: Sequence[NumberedEventRule]) -> ir.BooleanValue:
    branches = [
        (met.rule == entry.number, condition_holds(entry.rule.when, _property_of(met), met.as_of))
        for entry in chosen
        if entry.rule.when is not None
    ]
    return cases(branches, TRUE)


def _amount(row: ir.Table, chosen: Sequence[NumberedEventRule]) -> ir.FloatingValue:
    """What one event adds to the total of its rule: its weight, 1 for a count, the property for a sum."""
    kinds = sorted({entry.fading.kind for entry in chosen})
    faded = weight(row.decay, kinds, row.age_us, row.span_us, row.share)
    return ibis.coalesce(row.measure, faded) if "measure" in row.columns else faded


def _newest(steps: Steps, hits: ir.Table, chosen: Sequence[NumberedEventRule], prefix: str) -> ir.Table:
    """Only the newest events of rules with a limit.

    Of each UTC day first, then of all. Ties have equal weight, so any order serves.
    """
    if any(isinstance(entry.rule, PointsRule) and entry.rule.at_most_per_day is not None for entry in chosen):
        day = hits.occurred_at.date()
        within_day = ibis.row_number().over(group_by=[hits.lead_id, hits.rule, day], order_by=hits.age_us)
        ranked = hits.mutate(day_no=within_day)
        hits = ranked.filter(ranked.per_day.isnull() | (ranked.day_no < ranked.per_day)).drop("day_no")
    newest = hits.mutate(event_no=ibis.row_number().over(group_by=[hits.lead_id, hits.rule], order_by=hits.age_us))
    kept = newest.filter(newest.at_most.isnull() | (newest.event_no < newest.at_most)).drop("event_no")
    return steps.add(f"{prefix}counted", kept)
