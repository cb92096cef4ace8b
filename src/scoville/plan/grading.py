"""Letters and words from numbers: grade, level, priority, stage, probability.

In: `weighed`. Out: `graded`. Called by `compile.py`.
"""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.model.checks import DISQUALIFIED
from scoville.model.conditions import comparisons_of
from scoville.plan.terms import TRUE, cases, condition_holds

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoville.model.load import Model
    from scoville.plan.ledger import Ledger
    from scoville.plan.steps import Steps


def add_graded(steps: Steps, weighed: ir.Table, as_of: ir.Table, model: Model, ledger: Ledger) -> ir.Table:
    """The step `graded`: `weighed` with the columns of `scores` that speak of one lead alone."""
    row = weighed.cross_join(as_of)
    names = [(row.segment_no == i + 1, ibis.literal(name)) for i, name in enumerate(ledger.segment_names)]
    row = row.mutate(segment=cases(names, ibis.null("string")))
    row = _with_words(steps, row, model)
    row = row.mutate(stage=_stage(row, model)).drop("segment_no")
    if model.probability is not None:
        row = row.mutate(probability=_probability(row, model.probability.points))
    return steps.add("graded", row)


def _with_words(steps: Steps, row: ir.Table, model: Model) -> ir.Table:
    """`row` with grade, level and priority.

    Where the priority rests on grade and level alone, each pair of the two is judged once, not each lead.
    """
    read = {one.trait for p in model.priority_rules if p.when is not None for one in comparisons_of(p.when)}
    if not read or not read <= {"grade", "level"}:
        row = row.mutate(grade=_threshold(row.fit, model.grades), level=_threshold(row.engagement, model.levels))
        return row.mutate(priority=_priority(row, model, row.as_of))
    grades = steps.constant("grades", {"grade_no": "int16", "grade": "string"}, _letters(model.grades))
    levels = steps.constant("levels", {"level_no": "int16", "level": "string"}, _letters(model.levels))
    pair = grades.cross_join(levels)
    priorities = steps.add("priorities", pair.mutate(priority=_priority(pair, model, ibis.null("timestamp(6)"))))
    row = row.mutate(grade_no=_place(row.fit, model.grades), level_no=_place(row.engagement, model.levels))
    return row.join(priorities, ["grade_no", "level_no"]).drop("grade_no", "level_no")


def _priority(row: ir.Table, model: Model, as_of: ir.Value) -> ir.StringValue:
    """The first priority that holds."""
    holding = [
        (condition_holds(p.when, lambda name: row[name], as_of) if p.when is not None else TRUE, ibis.literal(p.name))
        for p in model.priority_rules
    ]
    return cases(holding, ibis.null("string"))


def _letters(thresholds: Mapping[str, float | None] | None) -> list[tuple[int, str | None]]:
    """Each letter with its place, and no letter after the last one, unless that takes everything below."""
    names = [*(thresholds or {})]
    return [*enumerate(names), (len(names), None)]


def _place(value: ir.FloatingValue, thresholds: Mapping[str, float | None] | None) -> ir.IntegerValue:
    """The place among `_letters` of the letter that `_threshold` gives."""
    every = list((thresholds or {}).values())
    branches = [(value >= t, ibis.literal(i, "int16")) for i, t in enumerate(every) if t is not None]
    last = len(every) - 1 if None in every else len(every)
    return cases(branches, ibis.literal(last, "int16"))


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
