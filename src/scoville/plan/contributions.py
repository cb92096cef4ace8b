"""Where every point comes from: one row per lead and rule, and one for what each clamp took.

In: `sums`, `event_points`, `adjusted`. Out: `contributions`, which add up to the score, lead by lead. Called by
`compile.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.plan.entries import entries_of
from scoville.plan.terms import cases

if TYPE_CHECKING:
    from scoville.model.load import Model
    from scoville.plan.ledger import Ledger
    from scoville.plan.steps import Steps


def add_contributions(
    steps: Steps,
    sums: ir.Table,
    event_points: ir.Table | None,
    adjusted: ir.Table | None,
    model: Model,
    ledger: Ledger,
) -> ir.Table:
    """The step `contributions`: every column of `tables.CONTRIBUTIONS`."""
    entries = entries_of(ledger, model)
    schema = {"entry": "int16", "section": "string", "rule": "string", "matched": "int64"}
    rows = [(i, entry.section, entry.rule, entry.matched) for i, entry in enumerate(entries)]
    long = sums.cross_join(steps.constant("entries", schema, rows))
    points = cases([(long.entry == i, long[entry.column]) for i, entry in enumerate(entries)], ibis.literal(0.0))
    given = long.select("lead_id", "section", "rule", "matched", points=points).filter(lambda row: row.points != 0)
    wide = given.select(
        "lead_id", "section", "rule", "points",
        raw_points=given.points, matched=given.matched, newest_at=ibis.null("timestamp(6)"),
    )  # fmt: skip
    if adjusted is not None:
        wide = wide.union(_by_hand(adjusted.semi_join(sums, "lead_id")))
    if event_points is not None:
        wide = wide.union(_event_rows(steps, event_points.semi_join(sums, "lead_id")))
    return steps.add("contributions", wide)


def _by_hand(adjusted: ir.Table) -> ir.Table:
    given = adjusted.filter(adjusted.points != 0)
    return given.select(
        "lead_id", section=ibis.literal("score"), rule=given.rule, points=given.points,
        raw_points=given.points, matched=given.matched, newest_at=given.newest_at.cast("timestamp(6)"),
    )  # fmt: skip


def _event_rows(steps: Steps, event_points: ir.Table) -> ir.Table:
    relation = steps.relations["event_rules"]
    rules = ibis.table(dict(relation.schema), name="event_rules")
    row = event_points.join(rules.select("rule", "name"), "rule")
    return row.select(
        "lead_id", section=ibis.literal("engagement"), rule=row.name, points=row.points, raw_points=row.raw_points,
        matched=row.matched, newest_at=row.newest_at.cast("timestamp(6)"),
    )  # fmt: skip
