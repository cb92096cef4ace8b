"""Where a lead stands among all: rank, percentile, and the row that everybody sees.

In: `weighed`, `graded`. Out: `scores`. Called by `compile.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from scoville.plan.reasons import with_reasons
from scoville.plan.steps import SCRIPT

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from scoville.model.load import Model
    from scoville.plan.reasons import ReasonKeys
    from scoville.plan.steps import Steps


def add_ranks(steps: Steps, weighed: ir.Table) -> ir.Table:
    """The step `ranks`: rank and percentile of each different score.

    Far fewer rows to sort than there are leads, and narrower ones.
    """
    # as floats, for a sum of whole numbers is of a wider type on some engines
    counts = weighed.group_by("score").agg(leads=weighed.count().cast("float64"))
    upward = ibis.window(order_by=counts.score, preceding=None, following=0)
    placed = counts.mutate(up_to=counts.leads.sum().over(upward), everyone=counts.leads.sum().over())
    return steps.add(
        "ranks",
        placed.select(
            "score",
            rank=(placed.everyone - placed.up_to + 1).cast("int64"),
            percentile=placed.up_to / placed.everyone * 100,
        ),
    )


def add_ranked(steps: Steps, graded: ir.Table, ranks: ir.Table) -> ir.Table:
    """The step `ranked`: each lead with its rank and percentile.

    Pasted as one statement, most engines work a step out again for each step that reads it. A sum of floats may then
    differ in its last digit, and a lead would not find its own score among the ranks: a script counts in one go.
    """
    from_the_top = ibis.rank().over(order_by=graded.score.desc()) + 1
    counted = graded.mutate(rank=from_the_top.cast("int64"), everyone=graded.count().over().cast("float64"))
    in_one_go = counted.mutate(percentile=(counted.everyone - counted["rank"] + 1) / counted.everyone * 100)
    return steps.add("ranked", graded.join(ranks, "score"), {SCRIPT: in_one_go.drop("everyone")})


def add_scores(steps: Steps, ranked: ir.Table, model: Model, keys: ReasonKeys) -> ir.Table:
    """The step `scores`: every column of `tables.SCORES`, `probability` for a model that has one."""
    given = ("probability",) if model.probability is not None else ()
    row = with_reasons(steps, ranked, keys)
    scored = row.select(
        "lead_id", "score", "fit", "engagement", "grade", "level", "priority", "stage", "segment",
        rank=row["rank"],
        percentile=row.percentile,
        disqualified_by=row.disqualified_by,
        reasons=ibis.coalesce(ibis.literal("Disqualified: ") + row.disqualified_by, row.reasons),
        **{name: row[name] for name in given},
        model=ibis.literal(model.name),
        model_version=ibis.literal(model.version),
        as_of=row.as_of,
    )  # fmt: skip
    return steps.add("scores", scored)
