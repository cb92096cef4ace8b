"""The short why of a score: the three rules that gave most and the one that took most.

In: `sums`, `event_points`. Out: `reasons`, such as `+20 Demo requested; +15 Decision maker; -10 Private mail address`.
Called by `compile.py`.

Ranking the points of every lead is the dearest part of a run, so it works on one whole number for each rule of a lead:
tenths of a point, as they are shown, and below them the number of the rule. Only rules about events are sorted; those
whose points stand as columns are compared with the winners. Words are put together for the few that are left.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.plan.sums import entries_of

if TYPE_CHECKING:
    from scoville.model.load import Model
    from scoville.plan.ledger import Ledger
    from scoville.plan.steps import Steps

REASONS_UP = 3
_UPS = tuple(f"up_{i}" for i in range(REASONS_UP))
_PLACES = (*_UPS, "down")
_MOST_POINTS = 1e11  # keys stay exact in a float, in which some engines divide


def add_reasons(steps: Steps, sums: ir.Table, event_points: ir.Table | None, model: Model, ledger: Ledger) -> ir.Table:
    """The step `reasons`: lead_id, reasons. Equal points go by the order of the file; less than 0.05 is no reason."""
    entries = [entry for entry in entries_of(ledger, model) if entry.is_rule]
    names = [*(entry.rule.name for entry in ledger.events), *(entry.rule for entry in entries)]
    named = steps.constant("rule_names", {"rule": "int64", "name": "string"}, list(enumerate(names)))
    base = 10 ** len(str(len(names)))
    wide = {f"wide_{i}": _key(sums[e.column], len(ledger.events) + i, base) for i, e in enumerate(entries)}
    row = sums.select("lead_id", **wide)
    found = list(wide)
    if event_points is not None:
        row = row.left_join(_best_events(steps, event_points, base), "lead_id").drop("lead_id_right")
        found += _PLACES
    row = row.select("lead_id", **{name: row[name].fill_null(0) for name in found})
    return steps.add("reasons", _in_words(_best(row, found), named, base))


def _key(points: ir.FloatingValue, rule: ir.IntegerValue | int, base: int) -> ir.IntegerValue:
    """Tenths of a point, then the rule, the first in the file being the greatest; 0 for what would be shown as 0."""
    tenths = (points.clip(-_MOST_POINTS, _MOST_POINTS) * 10).round().cast("int64")
    return ibis.ifelse(tenths == 0, 0, tenths * base + (base - 1 - rule))


def _best_events(steps: Steps, event_points: ir.Table, base: int) -> ir.Table:
    """The step `event_reasons`: of the rules about events, the greatest keys of each lead, and the smallest."""
    keys = event_points.select("lead_id", key=_key(event_points.points, event_points.rule.cast("int64"), base))
    keys = keys.filter(keys.key != 0)
    ranked = keys.mutate(place=ibis.row_number().over(group_by=keys.lead_id, order_by=keys.key.desc()))
    ups = {place: ranked.key.max(where=ranked.place == i) for i, place in enumerate(_UPS)}
    return steps.add("event_reasons", ranked.group_by("lead_id").agg(**ups, down=ranked.key.min()))


def _best(row: ir.Table, found: list[str]) -> ir.Table:
    """Of all keys of a lead the three greatest above 0 and the smallest below, null where there is none."""
    if not found:
        return row.select("lead_id", **dict.fromkeys(_PLACES, ibis.null("int64")))
    best = row.mutate(best_0=ibis.greatest(*(row[name] for name in found), 0))
    for i in range(1, REASONS_UP):
        before = best[f"best_{i - 1}"]
        best = best.mutate(**{f"best_{i}": ibis.greatest(*(_below(best[name], before) for name in found), 0)})
    down = ibis.least(*(row[name] for name in found), 0)
    ups = {place: best[f"best_{i}"].nullif(0) for i, place in enumerate(_UPS)}
    return best.select("lead_id", **ups, down=down.nullif(0))


def _below(key: ir.IntegerValue, other: ir.IntegerValue) -> ir.IntegerValue:
    return ibis.ifelse(key < other, key, 0)


def _in_words(top: ir.Table, named: ir.Table, base: int) -> ir.Table:
    joined = ibis.literal("")
    for place in _PLACES:
        tenths = (top[place] / base).floor().cast("int64")
        top = top.mutate(**{f"{place}_tenths": tenths, f"{place}_rule": base - 1 - (top[place] - tenths * base)})
        names = named.select(**{f"{place}_rule": named.rule, f"{place}_name": named.name})
        top = top.left_join(names, f"{place}_rule").drop(f"{place}_rule_right")
    for place in _PLACES:
        said = _signed(top[f"{place}_tenths"]) + " " + top[f"{place}_name"]
        joined = joined + ibis.coalesce(ibis.literal("; ") + said, ibis.literal(""))
    return top.select("lead_id", reasons=joined.substr(2).nullif(""))


def _signed(tenths: ir.IntegerValue) -> ir.StringValue:
    """`+12.4` for 124, `+15` for 150, `-10` for -100."""
    whole = (tenths / 10).floor().cast("int64").cast("string")
    shown = ibis.ifelse(tenths % 10 == 0, whole, (tenths / 10).cast("string"))
    return ibis.ifelse(tenths > 0, "+", "") + shown
