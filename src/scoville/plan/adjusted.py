"""What people gave or took by hand, beside the points of the model.

In: the relation `adjustments`. Out: the step `adjusted`, one row per lead and reason for those that hold at `as_of`.
Called by `compile.py`; `sums.py` adds them before the clamp of the scale, so they never lift a score above it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from scoville.tables import ADJUSTMENTS

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from scoville.plan.steps import Steps

COLUMN = "adjusted"
"""The column of `sums` with what all adjustments of a lead add up to."""
SAID_AS = "Adjusted by hand"  # in the short reasons, where each has no name of its own
PREFIX = "adjusted: "
UNSAID = "no reason given"


def add_adjusted(steps: Steps, as_of: ir.Table) -> ir.Table:
    """The step `adjusted`: lead_id, rule (`adjusted: REASON`), points, matched and newest_at."""
    given = ibis.table({column.name: column.type for column in ADJUSTMENTS.columns}, name=ADJUSTMENTS.name)
    row = given.cross_join(as_of)
    has_begun = row.created_at.isnull() | (row.created_at <= row.as_of)
    holds = row.filter(has_begun & (row.expires_at.isnull() | (row.as_of < row.expires_at)))
    named = holds.mutate(rule=ibis.literal(PREFIX) + holds.reason.fill_null(UNSAID))
    grouped = named.group_by("lead_id", "rule").agg(
        points=named.points.sum(), matched=named.count().cast("int64"), newest_at=named.created_at.max()
    )
    return steps.add("adjusted", grouped)


def with_adjusted(row: ir.Table, adjusted: ir.Table) -> ir.Table:
    """`row` with the column `adjusted`: 0 for most leads."""
    per_lead = adjusted.group_by("lead_id").agg(**{COLUMN: adjusted.points.sum()})
    joined = row.left_join(per_lead, "lead_id").drop("lead_id_right")
    return joined.mutate(**{COLUMN: joined[COLUMN].fill_null(0.0)})
