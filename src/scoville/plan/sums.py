"""Fit and engagement come together: groups, sections and the scale are clamped, and what each clamp takes is kept.

In: `people`, `event_points`. Out: `sums` with one row per lead: a column for each entry of `entries.py`, what they add
up to, and the keys of the events that gave and took most. Called by `compile.py`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.plan.adjusted import COLUMN, with_adjusted
from scoville.plan.entries import entries_of, idle_rules
from scoville.plan.reasons import PLACES, event_places
from scoville.plan.terms import FALSE, cases, clamped, total

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.model.load import Model
    from scoville.plan.ledger import Group, Ledger, NumberedEventRule, SectionName, SectionPart
    from scoville.plan.reasons import ReasonKeys
    from scoville.plan.steps import Steps


def narrow_to_segments(steps: Steps, event_points: ir.Table, people: ir.Table, ledger: Ledger) -> ir.Table:
    """Event points of the rules that speak of the lead's segment.

    The same table for a model whose segments share them all.
    """
    if all(entry.segments == ledger.every_segment for entry in ledger.events):
        return event_points
    row = event_points.join(people.select("lead_id", "segment_no"), "lead_id")
    speaks = [(row.rule == entry.number) & row.segment_no.isin(entry.segments) for entry in ledger.events]
    return steps.add("segment_points", row.filter(ibis.or_(*speaks)).drop("segment_no"))


def add_engagement(steps: Steps, event_points: ir.Table, ledger: Ledger, keys: ReasonKeys) -> ir.Table:
    """The step `engagement`.

    Per lead the sum of its event rules, of each group, and which rules that speak of idleness it met; and the keys of
    those that gave and took most.
    """

    def sums(row: ir.Table) -> dict[str, ir.Scalar]:
        found: dict[str, ir.Scalar] = {"event_sum": row.points.sum()}
        for group in ledger.groups:
            if members := [entry.number for entry in ledger.events if entry.group == group]:
                found[f"group_{group.number}"] = row.points.sum(where=row.rule.isin(members))
        return found | {f"met_{entry.number}": (row.rule == entry.number).any() for entry in idle_rules(ledger)}

    usual, own = event_places(event_points, keys, sums)
    return steps.add("engagement", usual, own)


def add_sums(
    steps: Steps,
    people: ir.Table,
    engagement: ir.Table | None,
    adjusted: ir.Table | None,
    model: Model,
    ledger: Ledger,
) -> ir.Table:
    """The step `sums`: people, with every entry of `entries_of`, and fit, engagement and score after all clamps."""
    row = people
    if engagement is not None:
        row = people.left_join(engagement, "lead_id").drop("lead_id_right")
    row = row.mutate(**{f"idle_{entry.number}": _idle_points(row, entry, engagement) for entry in idle_rules(ledger)})
    row = row.mutate(**{f"cap_{group.number}": _group_cap(row, group, ledger, engagement) for group in ledger.groups})
    row = row.mutate(
        fit_sum=_section_sum(row, "fit", ledger, None),
        engagement_sum=_section_sum(row, "engagement", ledger, engagement),
    )
    row = row.mutate(
        fit=_by_segment(row, row.fit_sum, ledger.of_section("fit")),
        engagement=_by_segment(row, row.engagement_sum, ledger.of_section("engagement")),
    )
    row = row.mutate(cap_fit=row.fit - row.fit_sum, cap_engagement=row.engagement - row.engagement_sum)
    both = row.fit + row.engagement
    if adjusted is not None:
        row = with_adjusted(row, adjusted)
        both = row.fit + row.engagement + row[COLUMN]
    row = row.mutate(qualified_score=clamped(both, float(model.scale.min), float(model.scale.max)), both=both)
    lost = ibis.literal(float(model.scale.min)) - row.qualified_score
    names = [q.name for q in (*model.qualify, *model.disqualify)]
    row = row.mutate(
        cap_scale=row.qualified_score - row.both,
        **{
            f"disqualified_{i}": ibis.ifelse(row.disqualified_by.fill_null("") == name, lost, 0.0)
            for i, name in enumerate(names)
        },
    )
    score = ibis.ifelse(row.disqualified_by.isnull(), row.qualified_score, float(model.scale.min))
    kept = [entry.column for entry in entries_of(ledger, model)]
    places = [name for name in (COLUMN, *PLACES) if name in row.columns]
    return steps.add(
        "sums", row.select("lead_id", "segment_no", "disqualified_by", *kept, "fit", "engagement", *places, score=score)
    )


def _idle_points(row: ir.Table, entry: NumberedEventRule, engagement: ir.Table | None) -> ir.FloatingValue:
    speaks = row.segment_no.isin(entry.segments)
    if engagement is not None:
        speaks &= ~row[f"met_{entry.number}"].fill_null(FALSE)
    return ibis.ifelse(speaks, float(entry.points_without_events), 0.0)


def _group_cap(row: ir.Table, group: Group, ledger: Ledger, engagement: ir.Table | None) -> ir.FloatingValue:
    """What the clamp of a group adds (negative: takes) for leads whose segment has it."""
    before = total([*_members(row, group, ledger), *_event_column(row, f"group_{group.number}", engagement)])
    after = clamped(before, group.clamp.min, group.clamp.max)
    return ibis.ifelse(row.segment_no.isin(group.segments), after - before, 0.0)


def _members(row: ir.Table, group: Group, ledger: Ledger) -> list[ir.FloatingValue]:
    fit = [row[f"fit_{entry.number}"] for entry in ledger.fit if entry.group == group]
    return fit + [row[f"idle_{entry.number}"] for entry in idle_rules(ledger) if entry.group == group]


def _event_column(row: ir.Table, name: str, engagement: ir.Table | None) -> list[ir.FloatingValue]:
    return [row[name].fill_null(0.0)] if engagement is not None and name in engagement.columns else []


def _section_sum(row: ir.Table, section: SectionName, ledger: Ledger, engagement: ir.Table | None) -> ir.FloatingValue:
    """Sum of a section after its groups' clamps. Rules and groups of other segments stand at 0."""
    caps = [row[f"cap_{group.number}"] for group in ledger.groups if group.section == section]
    if section == "fit":
        return total([*(row[f"fit_{entry.number}"] for entry in ledger.fit), *caps])
    idle = [row[f"idle_{entry.number}"] for entry in idle_rules(ledger)]
    return total([*_event_column(row, "event_sum", engagement), *idle, *caps])


def _by_segment(row: ir.Table, value: ir.FloatingValue, parts: Sequence[SectionPart]) -> ir.FloatingValue:
    """`value` within the clamp of the section that the lead's segment has."""
    base, *others = parts
    branches = [
        (row.segment_no.isin(part.segments), clamped(value, part.content.min, part.content.max)) for part in others
    ]
    return cases(branches, clamped(value, base.content.min, base.content.max))
