"""What stands as a column beside each lead and becomes a contribution: one entry for each.

In: a Model and its Ledger. Out: `Entry` in the order in which they are applied. Called by `sums.py`,
`contributions.py` and `reasons.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from scoville.model.load import Model
    from scoville.plan.ledger import Ledger, NumberedEventRule


@dataclass(frozen=True)
class Entry:
    """A column of `sums` that is a contribution: a fit rule, an event rule without events, or what a clamp took."""

    column: str
    section: str
    rule: str
    matched: int
    is_rule: bool


def entries_of(ledger: Ledger, model: Model) -> tuple[Entry, ...]:
    """All contributions that stand as columns of `sums`, in the order in which they are applied."""
    fit = [Entry(f"fit_{e.number}", "fit", e.rule.name, 1, is_rule=True) for e in ledger.fit]
    idle = [Entry(f"idle_{e.number}", "engagement", e.rule.name, 0, is_rule=True) for e in idle_rules(ledger)]
    caps = [
        Entry(f"cap_{group.number}", group.section, f"cap: {group.name}", 0, is_rule=False) for group in ledger.groups
    ]
    ends = [Entry(f"cap_{name}", name, f"cap: {name}", 0, is_rule=False) for name in ("fit", "engagement")]
    scale = Entry("cap_scale", "score", "cap: scale", 0, is_rule=False)
    out = [
        Entry(f"disqualified_{i}", "score", f"disqualified: {q.name}", 0, is_rule=False)
        for i, q in enumerate((*model.qualify, *model.disqualify))
    ]
    return (*fit, *idle, *caps, *ends, scale, *out)


def idle_rules(ledger: Ledger) -> list[NumberedEventRule]:
    """Event rules that give points to a lead without a matching event."""
    return [entry for entry in ledger.events if entry.points_without_events != 0]
