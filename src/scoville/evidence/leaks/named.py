"""What looks written after the outcome: traits and events, named before anybody believes the figures.

In: a history and a plan. Out: `Leak`s with their reason. Called by `backtest.py` and `compare.py`. The signs of traits
are those by which `scoville init` keeps such columns out of a starter model (data/recognise/afterwards.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoville.data.outcomes import WON
from scoville.data.recognise.afterwards import at_the_outcome, written_after
from scoville.data.recognise.looks import look_at
from scoville.data.sources import Raw
from scoville.evidence.leaks.leaking_events import leads_asked, leaking_events, leaking_rules
from scoville.plan.people import used_traits

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from scoville.data.recognise.looks import ColumnLook
    from scoville.evidence.history import History
    from scoville.plan.compile import Plan

_LABEL, _WON_AT, _CREATED_AT = "scoville won", "scoville won at", "scoville created at"  # names that no file has
_NOT_FACTS = ("lead_id", "email", "phone", "created_at", "updated_at")  # they identify or date a lead


@dataclass(frozen=True)
class Leak:
    """Something with the sign that gave it away; `is_used` when the model reads it.

    `name` is a trait, `rule: NAME` for a rule of the model about events, or `event: NAME` for an event that no such
    rule is about alone.
    """

    name: str
    reason: str
    is_used: bool


def find_leaks(history: History, plan: Plan) -> tuple[Leak, ...]:
    """Traits of leads that tell winners too well, in the order of the columns; then rules about events, then events."""
    return (*_traits(history, used_traits(plan.model, plan.ledger)), *_behaviour(history, plan))


# Traits


def _traits(history: History, used: Sequence[str]) -> Iterator[Leak]:
    leads = history.loaded.leads
    not_facts = {*_NOT_FACTS, history.outcome_column} - ({"updated_at"} & {*used})  # nobody asks of it but a rule
    facts = [name for name in leads.columns if name not in not_facts]
    found = _reasons(history, facts)
    return (Leak(name, found[name], name in used) for name in facts if name in found)


def _reasons(history: History, facts: Sequence[str]) -> Mapping[str, str]:
    con = history.engine.place
    rows = con.keep_view("leak_rows", _labelled(history, facts))
    look = look_at(con, Raw("leak_looks", "leads", rows, is_text=False), history.workspace.settings)
    keys = {column.name: column.key for column in look.columns}
    columns: list[ColumnLook] = [column for column in look.columns if column.name in facts]
    found = dict(written_after(con, look.seen, columns, keys[_LABEL]))
    if history.outcomes.has_dates:
        dated = at_the_outcome(con, look.seen, columns, keys[_WON_AT], keys.get(_CREATED_AT))
        found = {**found, **dated}
    return found


def _labelled(history: History, facts: Sequence[str]) -> ir.Table:
    """The traits of every lead, whether and when it was won, and when it was created."""
    leads, outcomes = history.loaded.leads, history.outcomes.table
    names = history.won if history.outcomes.has_dates else (WON,)
    wanted = outcomes.filter(outcomes["outcome"].lower().isin([name.strip().lower() for name in names]))
    wins = wanted.group_by(winner=wanted["lead_id"]).aggregate(won_at=wanted["at"].min())
    joined = leads.left_join(wins, leads["lead_id"] == wins["winner"])
    beside = {_LABEL: joined["winner"].notnull(), _WON_AT: joined["won_at"]}
    if "created_at" in leads.columns:
        beside[_CREATED_AT] = joined["created_at"]
    return joined.select(*facts, **beside)


# Behaviour


def _behaviour(history: History, plan: Plan) -> Iterator[Leak]:
    if not history.loaded.has_events:
        return
    with leads_asked(history):
        rules, events = leaking_rules(history, plan), leaking_events(history)
    for name, reason in rules.items():
        yield Leak(f"rule: {name}", reason, is_used=True)
    said = {entry.rule.event for entry in plan.ledger.events if entry.rule.name in rules}
    read = {name for entry in plan.ledger.events for name in entry.rule.event}
    for name, reason in events.items():
        if (name,) not in said:
            yield Leak(f"event: {name}", reason, is_used=name in read)
