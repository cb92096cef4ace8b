"""Letters and words from numbers: grade, level, priority, stage, probability, rank.

In: `sums`. Out: `scores`, without reasons. Called by `compile.py`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.model.checks import DISQUALIFIED
from scoville.plan.terms import TRUE, cases, condition_holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoville.model.load import Model
    from scoville.plan.ledger import Ledger
    from scoville.plan.steps import Steps


def add_graded(steps: Steps, sums: ir.Table, as_of: ir.Table, model: Model, ledger: Ledger) -> ir.Table:
    """The step `graded`: lead_id and the columns of `scores` that speak of one lead alone."""
    row = sums.select("lead_id", "segment_no", "disqualified_by", "fit", "engagement", "score").cross_join(as_of)
    names = [(row.segment_no == i + 1, ibis.literal(name)) for i, name in enumerate(ledger.segment_names)]
    row = row.mutate(
        grade=_threshold(row.fit, model.grades),
        level=_threshold(row.engagement, model.levels),
        segment=cases(names, ibis.null("string")),
    )
    holding = [
        (
            condition_holds(p.when, lambda name: row[name], row.as_of) if p.when is not None else TRUE,
            ibis.literal(p.name),
        )
        for p in model.priority_rules
    ]
    row = row.mutate(priority=cases(holding, ibis.null("string")))
    row = row.mutate(stage=_stage(row, model)).drop("segment_no")
    if model.probability is not None:
        row = row.mutate(probability=_probability(row, model.probability.points))
    return steps.add("graded", row)


def _threshold(value: ir.FloatingValue, thresholds: Mapping[str, float | None] | None) -> ir.StringValue:
    lowest = None
    branches = []
    for name, threshold in (thresholds or {}).items():
        if threshold is None:
            lowest = name
        else:
            branches.append((value >= threshold, ibis.literal(name)))
    return cases(branches, ibis.null("string") if lowest is None else ibis.literal(lowest))


def _stage(row: ir.Table, model: Model) -> ir.StringValue:
    """The last stage that holds, so the first one from the end."""
    branches = [(row.disqualified_by.notnull(), ibis.literal(DISQUALIFIED))]
    for stage in reversed(model.stages):
        holds = row.score >= stage.from_
        if stage.needs is not None:
            holds &= condition_holds(stage.needs, lambda name: row[name], row.as_of)
        branches.append((holds, ibis.literal(stage.name)))
    return cases(branches, ibis.null("string"))


def _probability(row: ir.Table, points: Sequence[tuple[float, float]]) -> ir.FloatingValue:
    """Straight lines between points, flat beyond the first and the last; null for who is not to be worked at all.

    Each line ends at the probability of its upper point, so that rounding can neither fall nor pass 1.
    """
    (first, lowest), (_, highest) = points[0], points[-1]
    branches = [
        (row.disqualified_by.notnull(), ibis.null("float64")),
        (row.score <= first, ibis.literal(float(lowest))),
    ]
    for (start, low), (end, high) in pairwise(points):
        line = (row.score - float(start)) / float(end - start) * float(high - low) + float(low)
        branches.append((row.score < end, ibis.least(line, float(high))))
    return cases(branches, ibis.literal(float(highest)))


def add_scores(steps: Steps, graded: ir.Table, reasons: ir.Table, model: Model) -> ir.Table:
    """The step `scores`: every column of `tables.SCORES`, `probability` for a model that has one."""
    given = ("probability",) if model.probability is not None else ()
    ranks = steps.add("ranks", _ranks(graded))
    row = graded.left_join(reasons, "lead_id").drop("lead_id_right").join(ranks, "score")
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


def _ranks(graded: ir.Table) -> ir.Table:
    """Rank and percentile of each different score: far fewer rows to sort than there are leads, and narrower ones."""
    # as floats, for a sum of whole numbers is of a wider type on some engines
    counts = graded.group_by("score").agg(leads=graded.count().cast("float64"))
    upward = ibis.window(order_by=counts.score, preceding=None, following=0)
    placed = counts.mutate(up_to=counts.leads.sum().over(upward), everyone=counts.leads.sum().over())
    return placed.select(
        "score",
        rank=(placed.everyone - placed.up_to + 1).cast("int64"),
        percentile=placed.up_to / placed.everyone * 100,
    )
