"""What the leads did: events meet the rules that name them, and become points.

In: `events`, `as_of`. Out: `event_points` with one row for each lead and rule that met an event. Called by
`compile.py`.

Events are joined to a small table of rules, so the cost grows with the matches and not with the number of rules. A
rule's points need only a sum over its events and the age of the newest one, because every decay is a function of age
alone: no sorting, except for the few rules that `must_be_sorted` (docs/decisions/0002-*.md).
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.model.schema import CountRule, PointsRule, RecencyRule, SumRule
from scoville.plan.carried import RuleGroup, add_left, with_carried_totals
from scoville.plan.hits import EVERY_EVENT, add_hits
from scoville.plan.terms import MICROSECONDS_PER_DAY, band_points, cases, microseconds, weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.plan.ledger import Ledger, NumberedEventRule
    from scoville.plan.steps import Steps, Value

_RULE_COLUMNS = {
    "rule": "int16", "name": "string",
    "points": "float64", "repeat": "float64", "lowest": "float64", "highest": "float64",
    "window_us": "int64", "decay": "string", "span_us": "int64", "share": "float64",
    "at_most": "int64", "per_day": "int64",
}  # fmt: skip


def add_event_points(
    steps: Steps, events: ir.Table, as_of: ir.Table, ledger: Ledger, *, is_carried: bool = False
) -> ir.Table:
    """The steps from events to `event_points`: lead_id, rule, matched, newest_at, raw_points, points.

    With `is_carried` the events are those since an earlier run, and what that run left is carried on (`carried.py`).
    """
    rules = steps.constant("event_rules", _RULE_COLUMNS, [_rule_row(entry) for entry in ledger.events])
    groups = [
        _group(steps, events, as_of, rules, chosen, prefix, is_carried=is_carried)
        for prefix, chosen in (
            ("", [e for e in ledger.events if not e.must_be_sorted and EVERY_EVENT not in e.rule.event]),
            ("any_", [e for e in ledger.events if not e.must_be_sorted and EVERY_EVENT in e.rule.event]),
            ("newest_", [e for e in ledger.events if e.must_be_sorted and EVERY_EVENT not in e.rule.event]),
            ("newest_any_", [e for e in ledger.events if e.must_be_sorted and EVERY_EVENT in e.rule.event]),
        )
        if chosen
    ]
    if is_carried:
        add_left(steps, as_of, rules, groups)
    totals = [group.totals for group in groups]
    all_totals = totals[0] if len(totals) == 1 else ibis.union(*totals)
    return steps.add("event_points", _points(all_totals, rules, ledger))


def _rule_row(entry: NumberedEventRule) -> tuple[Value, ...]:
    rule, fading = entry.rule, entry.fading
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


def _group(
    steps: Steps,
    events: ir.Table,
    as_of: ir.Table,
    rules: ir.Table,
    chosen: Sequence[NumberedEventRule],
    prefix: str,
    *,
    is_carried: bool,
) -> RuleGroup:
    """The step `rule_totals`.

    Per lead and rule: events that count, the sum over them, the age and the instant of the newest.
    """
    hits, ever = add_hits(steps, events, as_of, rules, chosen, prefix, is_carried=is_carried)
    totals = hits.group_by(["lead_id", "rule"]).agg(
        matched=hits.count(), total=hits.amount.sum(), age_us=hits.age_us.min(), newest_at=hits.occurred_at.max()
    )
    if is_carried:
        totals = with_carried_totals(totals, rules, as_of, chosen)
    return RuleGroup(chosen, ever, steps.add(f"{prefix}rule_totals", totals))


def _points(totals: ir.Table, rules: ir.Table, ledger: Ledger) -> ir.Table:
    """Points of each lead and rule.

    Points * w(newest) + repeat * (sum of w over the others), within the rule's clamp.
    """
    row = totals.join(rules, "rule")
    total, matched = _limited(row, ledger)
    kinds = sorted({entry.fading.kind for entry in ledger.events})
    newest = weight(row.decay, kinds, row.age_us, row.span_us, row.share)
    row = row.mutate(total=total, matched=matched, newest=newest)
    # a single event has the very weight of the newest, so that nothing is left of `total` and no rounding shows
    raw = row.points * row.newest + row.repeat * (row.total - row.newest)
    banded = [(row.rule == e.number, _banded(e, row)) for e in ledger.events if not isinstance(e.rule, PointsRule)]
    row = row.mutate(raw_points=cases(banded, raw))
    points = _within(row.raw_points, row.lowest, row.highest)
    return row.select("lead_id", "rule", "matched", "newest_at", "raw_points", points=points)


def _limited(row: ir.Table, ledger: Ledger) -> tuple[ir.FloatingValue, ir.IntegerValue]:
    """Total and count under `at_most`, for rules that need no sorting: with one newest event, or where all weigh 1."""
    if not any(entry.at_most is not None and not entry.must_be_sorted for entry in ledger.events):
        return row.total, row.matched
    counts_all_alike = row.at_most.notnull() & (row.decay == "none")
    total = ibis.ifelse(counts_all_alike, ibis.least(row.total, row.at_most.cast("float64")), row.total)
    return total, ibis.least(row.matched, ibis.coalesce(row.at_most, row.matched))


def _within(value: ir.FloatingValue, lowest: ir.FloatingValue, highest: ir.FloatingValue) -> ir.FloatingValue:
    """`value` within two columns of which either may be null, which leaves that end open."""
    raised = ibis.greatest(value, ibis.coalesce(lowest, value))
    return ibis.least(raised, ibis.coalesce(highest, raised))


def _banded(entry: NumberedEventRule, row: ir.Table) -> ir.FloatingValue:
    """Points of a rule about a count, a sum or the days since the newest event."""
    rule = entry.rule
    if isinstance(rule, CountRule):
        return band_points(row.total, rule.count)
    if isinstance(rule, SumRule):
        return band_points(row.total, rule.sum.bands)
    if isinstance(rule, RecencyRule):
        return band_points(row.age_us / MICROSECONDS_PER_DAY, rule.recency)
    message = f"a rule of kind {type(rule).__name__} has no bands"
    raise TypeError(message)
