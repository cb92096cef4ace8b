"""How many leads a rule, or a condition, would touch: fast enough to be said while somebody types it.

In: a bench, and parts of a model. Out: numbers of leads. Called by the studio. A rule touches a lead to which it gives
or takes points, by itself: groups, sections and segments come later.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis

from scoville.live.scoring.wanted import kind_of
from scoville.live.workbench.totals import steps_of
from scoville.model.conditions import traits_of
from scoville.model.schema import BandRule, CountRule, PointsRule, RecencyRule, SumRule, TraitRule, ValueRule
from scoville.plan.ledger import NumberedEventRule
from scoville.plan.people import fit_points, trait_column
from scoville.plan.steps import Steps, to_sql
from scoville.plan.terms import beside_as_of, condition_holds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import ibis.expr.types as ir

    from scoville.live.workbench.bench import Bench
    from scoville.model.conditions import Condition
    from scoville.model.schema import Decay, EngagementRule, Rule


def touched_by(bench: Bench, rule: Rule, decay: Decay = "none") -> int:
    """Leads to which a rule gives or takes points. `decay` is that of its section, for a rule without its own."""
    if isinstance(rule, (PointsRule, CountRule, SumRule, RecencyRule)):
        return _by_events(bench, rule, decay)
    if isinstance(rule, TraitRule):
        return holding(bench, rule.when) if rule.points else 0
    return _by_traits(bench, rule)


def holding(bench: Bench, when: Condition) -> int:
    """Leads for which a condition about traits holds."""
    return _count(bench, traits_of(when), [when], lambda column, as_of: condition_holds(when, column, as_of))


def _by_traits(bench: Bench, rule: BandRule | ValueRule) -> int:
    return _count(bench, [rule.by], [], lambda column, as_of: fit_points(rule, column, as_of) != 0)


def _count(
    bench: Bench,
    traits: Iterable[str],
    conditions: Sequence[Condition],
    holds: Callable[[Callable[[str], ir.Value], ir.Value], ir.BooleanValue],
) -> int:
    names = list(dict.fromkeys(traits))
    schema = {"lead_id": "string"} | {trait_column(name): kind_of(name) for name in names}
    table = ibis.table(schema, name="traits")
    as_of = ibis.table({"as_of": "timestamp(6)"}, name="as_of")
    row = beside_as_of(table, as_of, conditions)
    steps = Steps()
    met = row.filter(holds(lambda name: row[trait_column(name)], row.as_of))
    steps.add("touched", met.aggregate(n=met.count()))
    with bench.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE as_of AS SELECT ?::TIMESTAMP AS as_of", [bench.as_of])
        cursor.execute(f"CREATE TEMP VIEW traits AS {bench.sides.traits_of(names)}")
        return int(cursor.execute(to_sql(steps.relations, "touched", "duckdb")).fetchall()[0][0])


def _by_events(bench: Bench, rule: EngagementRule, decay: Decay) -> int:
    own = rule.decay if isinstance(rule, PointsRule) else "none"
    entry = NumberedEventRule(0, (0,), rule, None, own if own is not None else decay)
    keys = bench.totals.have([entry], [bench.as_of])
    steps = steps_of([entry])
    views = dict(bench.totals.views(keys, [entry], bench.as_of))
    with bench.cursor() as cursor:
        for name, query in views.items():
            cursor.execute(f"CREATE TEMP VIEW {name} AS {query}")
        points = to_sql(steps.relations, "event_points", "duckdb", given=views)
        met, touched = cursor.execute(f"SELECT count(*), count(*) FILTER (points <> 0) FROM ({points})").fetchall()[0]  # noqa: S608
    idle = bench.leads - int(met) if entry.points_without_events else 0
    return int(touched) + idle
