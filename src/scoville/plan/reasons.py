"""The short why of a score: the three rules that gave most and the one that took most.

In: `sums`, `event_points`. Out: `reasons`, such as `+20 Demo requested; +15 Decision maker; -10 Private mail address`.
Called by `compile.py`.

Ranking the points of every lead is the dearest part of a run, so it works on one whole number for each rule of a lead:
tenths of a point, as they are shown, and below them the number of the rule. Words are put together for the few that
win.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.plan.sums import entries_of
from scoville.plan.terms import cases

if TYPE_CHECKING:
    from scoville.model.load import Model
    from scoville.plan.ledger import Ledger
    from scoville.plan.steps import Steps

REASONS_UP = 3
_MOST_POINTS = 1e11  # keys stay exact in a float, in which some engines divide


def add_reasons(steps: Steps, sums: ir.Table, event_points: ir.Table | None, model: Model, ledger: Ledger) -> ir.Table:
    """The step `reasons`: lead_id, reasons. Equal points go by the order of the file; less than 0.05 is no reason."""
    entries = [entry for entry in entries_of(ledger, model) if entry.is_rule]
    names = [*(entry.rule.name for entry in ledger.events), *(entry.rule for entry in entries)]
    named = steps.constant("rule_names", {"rule": "int64", "name": "string"}, list(enumerate(names)))
    base = 10 ** len(str(len(names)))
    parts = [_wide_keys(steps, sums, [entry.column for entry in entries], len(ledger.events), base)] if entries else []
    if event_points is not None:
        parts.append(_keys(event_points, event_points.rule.cast("int64"), base))
    if not parts:
        return steps.add("reasons", sums.select("lead_id", reasons=ibis.null("string")))
    keys = steps.add("rule_keys", parts[0] if len(parts) == 1 else ibis.union(*parts))
    ranked = keys.mutate(place=ibis.row_number().over(group_by=keys.lead_id, order_by=keys.key.desc()))
    best = {f"up_{i}": ranked.key.max(where=(ranked.place == i) & (ranked.key > 0)) for i in range(REASONS_UP)}
    top = ranked.group_by("lead_id").agg(**best, down=ranked.key.min().nullif(0))
    return steps.add("reasons", _in_words(top.mutate(down=ibis.ifelse(top.down < 0, top.down, None)), named, base))


def _wide_keys(steps: Steps, sums: ir.Table, columns: list[str], first: int, base: int) -> ir.Table:
    """Keys of the rules whose points stand as columns."""
    numbers = steps.constant("wide_rules", {"rule": "int64"}, [(first + i,) for i in range(len(columns))])
    row = sums.cross_join(numbers)
    points = cases([(row.rule == first + i, row[column]) for i, column in enumerate(columns)], ibis.literal(0.0))
    long = row.select("lead_id", "rule", points=points)
    return _keys(long, long.rule, base)


def _keys(row: ir.Table, rule: ir.IntegerValue, base: int) -> ir.Table:
    """lead_id and key: tenths of a point, then the rule, the first in the file being the greatest."""
    tenths = (row.points.clip(-_MOST_POINTS, _MOST_POINTS) * 10).round().cast("int64")
    keys = row.select("lead_id", tenths=tenths, key=tenths * base + (base - 1 - rule))
    return keys.filter(keys.tenths != 0).select("lead_id", "key")


def _in_words(top: ir.Table, named: ir.Table, base: int) -> ir.Table:
    places = [*(f"up_{i}" for i in range(REASONS_UP)), "down"]
    joined = ibis.literal("")
    for place in places:
        tenths = (top[place] / base).floor().cast("int64")
        top = top.mutate(**{f"{place}_tenths": tenths, f"{place}_rule": base - 1 - (top[place] - tenths * base)})
        names = named.select(**{f"{place}_rule": named.rule, f"{place}_name": named.name})
        top = top.left_join(names, f"{place}_rule").drop(f"{place}_rule_right")
    for place in places:
        said = _signed(top[f"{place}_tenths"]) + " " + top[f"{place}_name"]
        joined = joined + ibis.coalesce(ibis.literal("; ") + said, ibis.literal(""))
    return top.select("lead_id", reasons=joined.substr(2).nullif(""))


def _signed(tenths: ir.IntegerValue) -> ir.StringValue:
    """`+12.4` for 124, `+15` for 150, `-10` for -100."""
    whole = (tenths / 10).floor().cast("int64").cast("string")
    shown = ibis.ifelse(tenths % 10 == 0, whole, (tenths / 10).cast("string"))
    return ibis.ifelse(tenths > 0, "+", "") + shown
