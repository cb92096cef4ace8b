"""Columns for a plan without data: what a model itself says about the traits and properties it reads.

In: a Model. Out: `Columns`. Called by `scoring.py` for `scoville sql` without files.
"""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

from scoville.data.traits import DERIVED
from scoville.model.conditions import comparisons_of
from scoville.model.schema import BandRule, SumRule, TraitRule, ValueRule
from scoville.plan.compile import Columns
from scoville.plan.ledger import ledger_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoville.model.conditions import Compare, Condition
    from scoville.model.load import Model

Kind = str


def assumed_columns(model: Model) -> Columns:
    """A column for each trait and property: a number or an instant where the model compares it with one, else text."""
    ledger = ledger_of(model)
    leads: dict[str, Kind] = {"lead_id": "string"}
    for name, kind in _traits(model):
        if name not in DERIVED:
            leads.setdefault(name, kind)
    for name in [source for trait, _ in _traits(model) if trait in DERIVED for source in DERIVED[trait].sources]:
        leads.setdefault(name, "string")
    events: dict[str, Kind] = {"lead_id": "string", "event": "string", "occurred_at": "timestamp(6)"}
    for entry in ledger.events:
        if entry.rule.when is not None:
            for name, kind in _compared(entry.rule.when):
                events.setdefault(name, kind)
        if isinstance(entry.rule, SumRule):
            events.setdefault(entry.rule.sum.of, "float64")
    return Columns(leads, events)


def _traits(model: Model) -> Iterator[tuple[str, Kind]]:
    for entry in ledger_of(model).fit:
        rule = entry.rule
        if isinstance(rule, TraitRule):
            yield from _compared(rule.when)
        elif isinstance(rule, BandRule):
            yield rule.by, "float64"
        elif isinstance(rule, ValueRule):
            yield rule.by, "string"
    conditions = [q.when for q in (*model.qualify, *model.disqualify)] + [s.when for s in model.segments]
    for condition in conditions:
        yield from _compared(condition)
    if model.accounts is not None:
        yield model.accounts.by, "string"


def _compared(condition: Condition) -> Iterator[tuple[str, Kind]]:
    for comparison in comparisons_of(condition):
        yield comparison.trait, _kind(comparison)


def _kind(comparison: Compare) -> Kind:
    if comparison.operator in ("newer_than", "older_than"):
        return "timestamp(6)"
    values = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
    if any(isinstance(value, datetime) for value in values):
        return "timestamp(6)"
    if all(isinstance(value, bool) for value in values):
        return "boolean"
    if all(isinstance(value, (int, float)) for value in values):
        return "float64"
    return "string"
