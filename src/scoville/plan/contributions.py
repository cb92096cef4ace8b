"""Where every point comes from: one row per lead and rule, and the short reasons drawn from them.

In: `sums`, `event_points`. Out: `contributions` (they add up to the score), `reasons`. Called by `compile.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.plan.sums import entries_of
from scoville.plan.terms import TRUE, cases

if TYPE_CHECKING:
    from scoville.model.load import Model
    from scoville.plan.ledger import Ledger
    from scoville.plan.steps import Steps

REASONS_UP = 3
SMALLEST_REASON = 0.05  # points; anything less would be shown as 0
_COLUMNS = ("lead_id", "section", "rule", "points", "raw_points", "matched", "newest_at")


def add_contributions(
    steps: Steps, sums: ir.Table, event_points: ir.Table | None, model: Model, ledger: Ledger
) -> ir.Table:
    """The steps `contributions` and, beneath it, `rule_points` (rules only, without what clamps took)."""
    entries = entries_of(ledger, model)
    schema = {"entry": "int16", "section": "string", "rule": "string", "matched": "int64", "is_rule": "boolean"}
    rows = [(i, e.section, e.rule, e.matched, e.is_rule) for i, e in enumerate(entries)]
    listed = steps.constant("entries", schema, rows)
    long = sums.cross_join(listed)
    points = cases([(long.entry == i, long[e.column]) for i, e in enumerate(entries)], ibis.literal(0.0))
    long = long.select("lead_id", "section", "rule", "is_rule", "matched", points=points)
    given = long.filter(long.points != 0)
    parts = [given.select("lead_id", "section", "rule", "points", raw_points=given.points, matched=given.matched,
                          newest_at=ibis.null("timestamp(6)"), is_rule=given.is_rule)]  # fmt: skip
    if event_points is not None:
        parts.append(_event_rows(steps, event_points.semi_join(sums, "lead_id")))
    every = steps.add("all_points", parts[0] if len(parts) == 1 else ibis.union(*parts))
    return steps.add("contributions", every.select(*_COLUMNS))


def _event_rows(steps: Steps, event_points: ir.Table) -> ir.Table:
    relation = steps.relations["event_rules"]
    rules = ibis.table(dict(relation.schema), name="event_rules")
    row = event_points.join(rules.select("rule", "name"), "rule")
    return row.select(
        "lead_id", section=ibis.literal("engagement"), rule=row.name, points=row.points, raw_points=row.raw_points,
        matched=row.matched, newest_at=row.newest_at.cast("timestamp(6)"), is_rule=TRUE,
    )  # fmt: skip


def add_reasons(steps: Steps) -> ir.Table:
    """The step `reasons`: per lead the three rules that gave most and the one that took most, in words."""
    relation = steps.relations["all_points"]
    points = ibis.table(relation.schema(), name="all_points")  # type: ignore[operator]
    points = points.filter(points.is_rule & (points.points.abs() >= SMALLEST_REASON))
    order = [points.points.desc(), points.rule, points.section]
    ranked = points.select(
        "lead_id", "points", "rule",
        up=ibis.row_number().over(group_by=points.lead_id, order_by=order),
        down=ibis.row_number().over(group_by=points.lead_id, order_by=[points.points, points.rule, points.section]),
    )  # fmt: skip
    said = (
        ibis.ifelse(ranked.points > 0, "+", "")
        + ranked.points.round(1).cast("string").re_replace(r"\.0$", "")
        + " "
        + ranked.rule
    )
    texts = [said.max(where=(ranked.up == i) & (ranked.points > 0)) for i in range(REASONS_UP)]
    texts.append(said.max(where=(ranked.down == 0) & (ranked.points < 0)))
    named = ranked.group_by("lead_id").agg(**{f"reason_{i}": text for i, text in enumerate(texts)})
    joined = ibis.literal("")
    for i in range(len(texts)):
        joined = joined + ibis.coalesce(ibis.literal("; ") + named[f"reason_{i}"], ibis.literal(""))
    return steps.add("reasons", named.select("lead_id", reasons=joined.substr(2).nullif("")))
