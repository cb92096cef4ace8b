"""Who the leads are: their traits, segment, qualification and the points of each fit rule.

In: `leads`. Out: `traits` (what the model reads, missing values null), then `people` with one column of points for
each fit rule. Called by `compile.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.data.traits import DERIVED, derive
from scoville.errors import PlanError
from scoville.model.conditions import Condition, nearest, traits_of
from scoville.model.schema import BandRule, TraitRule, ValueRule, as_written
from scoville.plan.terms import FALSE, band_points, beside_as_of, cases, condition_holds, equals, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from scoville.model.load import Model
    from scoville.model.schema import FitRule
    from scoville.plan.ledger import Ledger
    from scoville.plan.steps import Steps


def used_traits(model: Model, ledger: Ledger) -> list[str]:
    """Names of the traits that the model reads, each once, in the order of the file."""
    return list(dict.fromkeys(_all_traits(model, ledger)))


def _all_traits(model: Model, ledger: Ledger) -> Iterator[str]:
    for condition in _conditions(model):
        yield from traits_of(condition)
    for entry in ledger.fit:
        if isinstance(entry.rule, TraitRule):
            yield from traits_of(entry.rule.when)
        else:
            yield entry.rule.by
    if model.accounts is not None:
        yield model.accounts.by


def _conditions(model: Model) -> Iterator[Condition]:
    for qualification in (*model.qualify, *model.disqualify):
        yield qualification.when
    for segment in model.segments:
        yield segment.when


def add_traits(steps: Steps, leads: ir.Table, names: list[str], lookups: Mapping[str, ir.Table]) -> ir.Table:
    """The step `traits`: lead_id and the traits that the model reads, derived ones included.

    Raises: PlanError for a trait that is neither a column of leads nor derived.
    """
    derived = [name for name in names if name in DERIVED and (name not in leads.columns or name == "company_domain")]
    unknown = [name for name in names if name not in leads.columns and name not in derived]
    if unknown:
        raise PlanError(_unknown(unknown, leads))
    sources = {source for name in derived for source in DERIVED[name].sources if source in leads.columns}
    kept = [name for name in leads.columns if name in sources or name in names]
    table = leads.select("lead_id", **{name: present(leads[name]) for name in kept if name != "lead_id"})
    if derived:
        table = derive(table, derived, lookups)
    return steps.add("traits", table.select("lead_id", **{trait_column(name): table[name] for name in names}))


def trait_column(name: str) -> str:
    """What a trait is called inside the plan, where it must not meet the plan's own columns."""
    return f"trait.{name}"


def _unknown(names: list[str], leads: ir.Table) -> str:
    columns = [column for column in leads.columns if column != "lead_id"]
    asked = "; ".join(f"'{name}'.{nearest(name, [*columns, *DERIVED])}" for name in names)
    return f"the model reads traits that the leads do not have: {asked} Columns of leads: {', '.join(sorted(columns))}"


def present(column: ir.Value) -> ir.Value:
    """A column whose missing values are null: empty or blank text and NaN included. Text loses its outer blanks."""
    if isinstance(column, ir.StringValue):
        return column.strip().nullif("")
    if isinstance(column, ir.FloatingValue):
        return ibis.ifelse(column.isnan(), ibis.null(column.type()), column)
    return column


def add_people(steps: Steps, traits: ir.Table, as_of: ir.Table, model: Model, ledger: Ledger) -> ir.Table:
    """The step `people`.

    It has lead_id, segment_no, disqualified_by, and `fit_<rule number>` with the points of each fit rule.
    """
    asked = [*_conditions(model), *(entry.rule.when for entry in ledger.fit if isinstance(entry.rule, TraitRule))]
    row = beside_as_of(traits, as_of, asked)

    def column(name: str) -> ir.Value:
        return row[trait_column(name)]

    branches = [
        (condition_holds(s.when, column, row.as_of), ibis.literal(i + 1, "int16")) for i, s in enumerate(model.segments)
    ]
    named = row.mutate(segment_no=cases(branches, ibis.literal(0, "int16")))
    points = {
        f"fit_{entry.number}": fit_points(entry.rule, lambda name: named[trait_column(name)], named.as_of)
        for entry in ledger.fit
    }
    if len(ledger.every_segment) > 1:
        points = {
            name: ibis.ifelse(named.segment_no.isin(ledger.fit[i].segments), value, 0.0)
            for i, (name, value) in enumerate(points.items())
        }
    return steps.add(
        "people",
        named.select(
            "lead_id",
            "segment_no",
            disqualified_by=_disqualified_by(model, lambda name: named[trait_column(name)], named.as_of),
            **points,
        ),
    )


def _disqualified_by(model: Model, column: Callable[[str], ir.Value], as_of: ir.Value) -> ir.StringValue:
    failing = [(~condition_holds(q.when, column, as_of), q.name) for q in model.qualify]
    holding = [(condition_holds(q.when, column, as_of), q.name) for q in model.disqualify]
    return cases([(found, ibis.literal(name)) for found, name in failing + holding], ibis.null("string"))


def fit_points(rule: FitRule, column: Callable[[str], ir.Value], as_of: ir.Value) -> ir.FloatingValue:
    """Points of one fit rule for a row of traits; never null."""
    if isinstance(rule, TraitRule):
        return ibis.ifelse(condition_holds(rule.when, column, as_of), float(rule.points), 0.0)
    trait = column(rule.by)
    if isinstance(rule, BandRule):
        value = number(trait)
        return ibis.ifelse(value.isnull(), float(rule.missing), band_points(value, rule.bands))
    return _value_points(rule, trait)


def _value_points(rule: ValueRule, trait: ir.Value) -> ir.FloatingValue:
    found = [
        (equals(trait, as_written(value)).fill_null(FALSE), ibis.literal(float(points)))
        for value, points in rule.values.items()
    ]
    return ibis.ifelse(trait.isnull(), float(rule.missing), cases(found, ibis.literal(float(rule.other))))
