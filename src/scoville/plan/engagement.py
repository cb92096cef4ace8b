"""What the leads did: events meet the rules that name them, and become points.

In: `events`, `as_of`. Out: `event_points` with one row for each lead and rule that met an event. Called by `compile.py`.

Events are joined to a small table of rules, so the cost grows with the matches and not with the number of rules. A rule's points
need only a sum over its events and the age of the newest one, because every decay is a function of age alone: no sorting, except
for the few rules that `must_be_sorted`. See docs/decisions/0002-rules-as-a-table.md.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import ibis
import ibis.expr.types as ir

from scoville.errors import PlanError
from scoville.model.conditions import nearest
from scoville.model.schema import CountRule, HalfLife, Keep, Linear, Lose, PointsRule, RecencyRule, SumRule
from scoville.plan.people import present
from scoville.plan.terms import TRUE, MICROSECONDS_PER_DAY, age_us, band_points, cases, condition_holds, microseconds, number, weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.model.schema import Decay
    from scoville.plan.ledger import Ledger, NumberedEventRule
    from scoville.plan.steps import Steps, Value

EVERY_EVENT = "*"
_RULE_COLUMNS = {
    "rule": "int16", "name": "string", "points": "float64", "repeat": "float64", "lowest": "float64", "highest": "float64",
    "window_us": "int64", "decay": "string", "span_us": "int64", "share": "float64", "at_most": "int64", "per_day": "int64",
}  # fmt: skip
_OWN_COLUMNS = ("lead_id", "event", "occurred_at", "event_id")


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


def add_event_points(steps: Steps, events: ir.Table, as_of: ir.Table, ledger: Ledger) -> ir.Table:
    """The steps from events to `event_points`: lead_id, rule, matched, newest_at, raw_points, points."""
    rules = steps.constant("event_rules", _RULE_COLUMNS, [_rule_row(entry) for entry in ledger.events])
    totals = [
        _rule_totals(steps, events, as_of, rules, chosen, prefix)
        for prefix, chosen in (
            ("", [e for e in ledger.events if not e.must_be_sorted and EVERY_EVENT not in e.rule.event]),
            ("any_", [e for e in ledger.events if not e.must_be_sorted and EVERY_EVENT in e.rule.event]),
            ("newest_", [e for e in ledger.events if e.must_be_sorted and EVERY_EVENT not in e.rule.event]),
            ("newest_any_", [e for e in ledger.events if e.must_be_sorted and EVERY_EVENT in e.rule.event]),
        )
        if chosen
    ]
    all_totals = totals[0] if len(totals) == 1 else ibis.union(*totals)
    return steps.add("event_points", _points(all_totals, rules, ledger))


def _rule_row(entry: NumberedEventRule) -> tuple[Value, ...]:
    rule, fading = entry.rule, faded(entry.decay)
    window = microseconds(rule.within) if rule.within is not None else None
    if not isinstance(rule, PointsRule):
        return (entry.number, rule.name, None, None, None, None, window, "none", None, None, None, None)
    repeat = rule.points if rule.repeat is None else rule.repeat
    if rule.at_most == 1:
        repeat = 0.0
    return (
        entry.number, rule.name, rule.points, repeat, rule.min, rule.max, window,
        fading.kind, fading.span_us, fading.share, rule.at_most, rule.at_most_per_day,
    )  # fmt: skip


def _rule_totals(
    steps: Steps, events: ir.Table, as_of: ir.Table, rules: ir.Table, chosen: Sequence[NumberedEventRule], prefix: str
) -> ir.Table:
    """Per lead and rule: events that count, the sum over them, the age and the instant of the newest."""
    hits = _hits(steps, events, as_of, rules, chosen, prefix)
    if chosen[0].must_be_sorted:
        hits = _newest(steps, hits, chosen, prefix)
    totals = hits.group_by(["lead_id", "rule"]).agg(
        matched=hits.count(), total=hits.amount.sum(), age_us=hits.age_us.min(), newest_at=hits.occurred_at.max()
    )
    return steps.add(f"{prefix}rule_totals", totals)


def _hits(
    steps: Steps, events: ir.Table, as_of: ir.Table, rules: ir.Table, chosen: Sequence[NumberedEventRule], prefix: str
) -> ir.Table:
    """Each event beside each rule that it counts for: lead_id, rule, occurred_at, age_us, amount, and the limits of the rule."""
    pairs = [(entry.number, name) for entry in chosen for name in dict.fromkeys(entry.rule.event)]
    every = EVERY_EVENT in chosen[0].rule.event
    if every:
        wanted = rules.filter(rules.rule.isin([entry.number for entry in chosen])).cross_join(as_of)
        met = events.cross_join(wanted)
    else:
        named = steps.constant(f"{prefix}rule_events", {"rule": "int16", "event": "string"}, pairs)
        met = events.join(named.join(rules, "rule").cross_join(as_of), "event")
    met = met.mutate(age_us=age_us(met.as_of, met.occurred_at))
    conditions = [met.age_us >= 0]
    if any(entry.rule.within is not None for entry in chosen):
        conditions.append(met.window_us.isnull() | (met.age_us < met.window_us))
    if any(entry.rule.when is not None for entry in chosen):
        conditions.append(_properties_hold(met, events, chosen))
    met = met.filter(*conditions)
    columns = ["lead_id", "rule", "occurred_at", "age_us"]
    if chosen[0].must_be_sorted:
        columns += ["at_most", "per_day"]
    return steps.add(f"{prefix}hits", met.select(*columns, amount=_amount(met, events, chosen)))


def _properties_hold(met: ir.Table, events: ir.Table, chosen: Sequence[NumberedEventRule]) -> ir.BooleanValue:
    branches = [
        (met.rule == entry.number, condition_holds(entry.rule.when, _property_of(met, events, entry.rule.name), met.as_of))
        for entry in chosen
        if entry.rule.when is not None
    ]
    return cases(branches, TRUE)


def _property_of(met: ir.Table, events: ir.Table, rule: str):  # noqa: ANN202 - a closure of terms.condition_holds' shape
    def column(name: str) -> ir.Value:
        if name in events.columns:
            return present(met[name])
        if "properties" in events.columns:
            return present(_unwrapped(met["properties"], name))
        known = [name for name in events.columns if name not in _OWN_COLUMNS]
        message = (
            f"rule '{rule}' reads the property '{name}' that the events do not have.{nearest(name, known)} "
            f"Properties: {', '.join(sorted(known)) or 'none'}"
        )
        raise PlanError(message)

    return column


def _unwrapped(properties: ir.Value, name: str) -> ir.StringValue:
    """One property of a JSON column as text."""
    value = properties.cast("json")[name]  # type: ignore[index]
    return ibis.coalesce(value.str, value.int.cast("string"), value.float.cast("string"), value.bool.cast("string"))


def _amount(met: ir.Table, events: ir.Table, chosen: Sequence[NumberedEventRule]) -> ir.FloatingValue:
    """What one event adds to the total of its rule: its weight, 1 for a count, the property for a sum."""
    kinds = sorted({faded(entry.decay).kind for entry in chosen})
    branches = [
        (met.rule == entry.number, number(_property_of(met, events, entry.rule.name)(entry.rule.sum.of)).fill_null(0.0))
        for entry in chosen
        if isinstance(entry.rule, SumRule)
    ]
    return cases(branches, weight(met.decay, kinds, met.age_us, met.span_us, met.share))


def _newest(steps: Steps, hits: ir.Table, chosen: Sequence[NumberedEventRule], prefix: str) -> ir.Table:
    """Only the newest events of rules with a limit: of each UTC day first, then of all. Ties have equal weight, so any order serves."""
    if any(isinstance(entry.rule, PointsRule) and entry.rule.at_most_per_day is not None for entry in chosen):
        day = hits.occurred_at.date()
        within_day = ibis.row_number().over(group_by=[hits.lead_id, hits.rule, day], order_by=hits.age_us)
        ranked = hits.mutate(day_no=within_day)
        hits = ranked.filter(ranked.per_day.isnull() | (ranked.day_no < ranked.per_day)).drop("day_no")
    newest = hits.mutate(event_no=ibis.row_number().over(group_by=[hits.lead_id, hits.rule], order_by=hits.age_us))
    kept = newest.filter(newest.at_most.isnull() | (newest.event_no < newest.at_most)).drop("event_no")
    return steps.add(f"{prefix}counted", kept)


def _points(totals: ir.Table, rules: ir.Table, ledger: Ledger) -> ir.Table:
    """Points of each lead and rule: points * w(newest) + repeat * (sum of w over the others), within the rule's clamp."""
    row = totals.join(rules, "rule")
    kinds = sorted({faded(entry.decay).kind for entry in ledger.events})
    newest = weight(row.decay, kinds, row.age_us, row.span_us, row.share)
    total, matched = row.total, row.matched
    if any(entry.at_most is not None and not entry.must_be_sorted for entry in ledger.events):
        # without decay every event weighs 1, so a limit on the newest N is a limit on the count
        total = ibis.ifelse((row.at_most.notnull()) & (row.decay == "none"), ibis.least(row.total, row.at_most.cast("float64")), row.total)
        matched = ibis.least(row.matched, ibis.coalesce(row.at_most, row.matched))
    further = ibis.ifelse(row.matched > 1, total - newest, 0.0)
    raw = row.points * newest + ibis.ifelse(row.repeat == 0, 0.0, row.repeat * further)
    raw = cases([(row.rule == entry.number, _banded(entry, row)) for entry in ledger.events if not isinstance(entry.rule, PointsRule)], raw)
    points = ibis.least(ibis.greatest(raw, ibis.coalesce(row.lowest, raw)), ibis.coalesce(row.highest, ibis.greatest(raw, ibis.coalesce(row.lowest, raw))))
    return row.select("lead_id", "rule", matched=matched, newest_at=row.newest_at, raw_points=raw, points=points)


def _banded(entry: NumberedEventRule, row: ir.Table) -> ir.FloatingValue:
    rule = entry.rule
    if isinstance(rule, CountRule):
        return band_points(row.total, rule.count)
    if isinstance(rule, SumRule):
        return band_points(row.total, rule.sum.bands)
    if isinstance(rule, RecencyRule):
        return band_points(row.age_us / MICROSECONDS_PER_DAY, rule.recency)
    message = f"a rule of kind {type(rule).__name__} has no bands"
    raise TypeError(message)
