"""What an earlier run left is carried on, so that its events need not be read again.

In: the tables `carried_totals` and `carried_hits`, which hold what the steps `left_totals` and `left_hits` gave at an
earlier instant. Out: the same steps at the instant of this run, from events that are new alone. Called by
`engagement.py`; docs/decisions/0012-*.md says why a carried run equals a full one.

A total that halves every so many days halves between two runs too, so that a number stands for any count of events. A
rule with a window, another decay or a limit needs its events one by one: these are carried, those that can count again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import ibis
import ibis.expr.types as ir

from scoville.model.schema import PointsRule
from scoville.plan.terms import age_us, asks_for_age, weight

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.plan.ledger import Ledger, NumberedEventRule
    from scoville.plan.steps import Steps

CARRIED_TOTALS = {
    "lead_id": "string", "rule": "int16", "matched": "int64", "total": "float64", "newest_at": "timestamp(6)",
    "as_of": "timestamp(6)",
}  # fmt: skip
CARRIED_HITS = {"lead_id": "string", "rule": "int16", "occurred_at": "timestamp(6)", "measure": "float64"}
CARRIED_TABLES = ("carried_totals", "carried_hits")
_FADES_ALIKE = ("half_life", "none")
_DECAY = ("rule", "decay", "span_us", "share")


class RuleGroup(NamedTuple):
    """Rules that are worked out together: their events that may count now or later, and their totals by lead."""

    rules: Sequence[NumberedEventRule]
    ever: ir.Table
    totals: ir.Table


def adds_up(entry: NumberedEventRule) -> bool:
    """Whether a total and the newest instant say all about a rule's past events, at any later instant."""
    rule = entry.rule
    if rule.within is not None or entry.must_be_sorted:
        return False
    return not isinstance(rule, PointsRule) or rule.at_most == 1 or entry.fading.kind in _FADES_ALIKE


def rules_that_ask_for_age(ledger: Ledger) -> tuple[str, ...]:
    """Names of rules whose condition holds at one instant and not at another: all their events must be read again."""
    return tuple(e.rule.name for e in ledger.events if e.rule.when is not None and asks_for_age([e.rule.when]))


def with_carried_hits(met: ir.Table, chosen: Sequence[NumberedEventRule]) -> ir.Table:
    """The step `met` with the carried events of the rules that need them one by one."""
    numbers = [entry.number for entry in chosen if not adds_up(entry)]
    if not numbers:
        return met
    hits = ibis.table(CARRIED_HITS, name="carried_hits")
    return met.union(hits.filter(hits.rule.isin(numbers)).select(*met.columns).cast(met.schema()))


def with_carried_totals(
    totals: ir.Table, rules: ir.Table, as_of: ir.Table, chosen: Sequence[NumberedEventRule]
) -> ir.Table:
    """The step `rule_totals` with the carried totals, faded to this instant."""
    adding = [entry for entry in chosen if adds_up(entry)]
    if not adding:
        return totals
    carried = ibis.table(CARRIED_TOTALS, name="carried_totals")
    row = carried.filter(carried.rule.isin([entry.number for entry in adding])).rename(then="as_of")
    row = row.join(rules.select(*_DECAY), "rule").cross_join(as_of)
    halves = row.decay == "half_life"
    share = ibis.ifelse(halves, _half_life(row, age_us(row.as_of, row.then)), 1.0)
    age = age_us(row.as_of, row.newest_at)
    old = row.select("lead_id", "rule", "matched", total=row.total * share, age_us=age, newest_at=row.newest_at)
    return _exact_alone(_together(totals, old.cast(totals.schema())), rules)


def _together(new: ir.Table, old: ir.Table) -> ir.Table:
    """Totals of both. The few new ones are looked up for each old one: cheaper than adding all up once more."""
    row = old.left_join(new.rename("new_{name}"), [("lead_id", "new_lead_id"), ("rule", "new_rule")])
    both = row.select(
        "lead_id",
        "rule",
        matched=row.matched + row.new_matched.fill_null(0),
        total=row.total + row.new_total.fill_null(0.0),
        age_us=ibis.least(row.age_us, row.new_age_us.fill_null(row.age_us)),
        newest_at=ibis.greatest(row.newest_at, row.new_newest_at.fill_null(row.newest_at)),
    )
    first = new.anti_join(old, ["lead_id", "rule"])
    return both.select(*new.columns).cast(new.schema()).union(first)


def _exact_alone(summed: ir.Table, rules: ir.Table) -> ir.Table:
    """A single event weighs what its age says, to the last digit: else `repeat` would count what rounding left over."""
    row = summed.join(rules.select(*_DECAY), "rule")
    is_alone = (row.matched == 1) & (row.decay == "half_life")
    return row.mutate(total=ibis.ifelse(is_alone, _half_life(row, row.age_us), row.total)).select(*summed.columns)


def _half_life(row: ir.Table, age: ir.IntegerValue) -> ir.FloatingValue:
    return weight(None, ["half_life"], age, row.span_us, row.share)


def add_left(steps: Steps, as_of: ir.Table, rules: ir.Table, groups: Sequence[RuleGroup]) -> None:
    """The steps `left_totals` and `left_hits`: what this run leaves to the next."""
    totals = [_left_totals(group.totals, as_of, group.rules) for group in groups]
    hits = [_left_hits(group.ever, rules, as_of, group.rules) for group in groups]
    steps.add("left_totals", _all_of(totals))
    steps.add("left_hits", _all_of(hits))


def _left_totals(totals: ir.Table, as_of: ir.Table, chosen: Sequence[NumberedEventRule]) -> ir.Table:
    row = totals.filter(totals.rule.isin([entry.number for entry in chosen if adds_up(entry)])).cross_join(as_of)
    return row.select(*CARRIED_TOTALS).cast(CARRIED_TOTALS)


def _left_hits(met: ir.Table, rules: ir.Table, as_of: ir.Table, chosen: Sequence[NumberedEventRule]) -> ir.Table:
    row = met.filter(met.rule.isin([entry.number for entry in chosen if not adds_up(entry)]))
    row = row.join(rules.select("rule", "window_us"), "rule").cross_join(as_of)
    age = age_us(row.as_of, row.occurred_at)
    row = row.filter(age >= 0, row.window_us.isnull() | (age < row.window_us))
    measure = row.measure if "measure" in met.columns else ibis.null("float64")
    return row.select("lead_id", "rule", "occurred_at", measure=measure).cast(CARRIED_HITS)


def _all_of(parts: Sequence[ir.Table]) -> ir.Table:
    return parts[0] if len(parts) == 1 else ibis.union(*parts)
