"""What a model reads of a lead: so few columns, and events of so few names, are fetched for it.

In: a Model. Out: `Wanted`, and the `Columns` that its plan is compiled for. Called by `compiled` and by the export.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoville.data.traits import DERIVED
from scoville.data.values import TIME_COLUMNS
from scoville.errors import PlanError
from scoville.model.conditions import traits_of
from scoville.model.schema import SumRule
from scoville.plan.compile import Columns
from scoville.plan.ledger import ledger_of
from scoville.plan.people import used_traits

if TYPE_CHECKING:
    from collections.abc import Iterable

    from scoville.model.load import Model

ACCOUNT = "account."
_KEY = "lead_id"
_OF_EVENTS = frozenset({_KEY, "event", "occurred_at"})  # columns of their own: a message's go by `given.NAME`


@dataclass(frozen=True)
class Wanted:
    """Names of traits and properties, each once; `events` is null where a rule looks at every event."""

    traits: tuple[str, ...]
    properties: tuple[str, ...]
    events: frozenset[str] | None

    @property
    def has_account(self) -> bool:
        """Whether anything of an account is read."""
        return any(name.startswith(ACCOUNT) or name == "account_id" for name in self.traits)


def wanted_by(model: Model) -> Wanted:
    """What a model reads; of a derived trait what it is worked out from.

    Raises: PlanError for a name that no message can set, and for names that differ in capitals alone.
    """
    ledger = ledger_of(model)
    traits: dict[str, None] = {}
    for name in used_traits(model, ledger):
        traits |= dict.fromkeys(DERIVED[name].sources if name in DERIVED else (name,))
    properties: dict[str, None] = {}
    names: set[str] = set()
    for entry in ledger.events:
        names |= {*entry.rule.event}
        if entry.rule.when is not None:
            properties |= dict.fromkeys(traits_of(entry.rule.when))
        if isinstance(entry.rule, SumRule):
            properties[entry.rule.sum.of] = None
    _check_names("trait", traits, frozenset({_KEY}))
    _check_names("property", properties, _OF_EVENTS)
    return Wanted(tuple(traits), tuple(properties), None if "*" in names else frozenset(names))


def _check_names(what: str, names: Iterable[str], own: frozenset[str]) -> None:
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in own:
            said = f"what a message calls so is the {what} 'given.{name}'"
            raise PlanError(f"live scores cannot ask for the {what} '{name}', which is a column of their own: {said}")
        other = seen.setdefault(name.casefold(), name)
        if other != name:
            said = "a table cannot hold both; use one of them"
            raise PlanError(f"the model asks for the {what} '{name}' and for '{other}': {said}")


def columns_for(wanted: Wanted) -> Columns:
    """Everything is text but the instants of a lead: as the export has it."""
    leads = {_KEY: "string"} | {name: kind_of(name) for name in wanted.traits}
    events = {_KEY: "string", "event": "string", "occurred_at": "timestamp(6)"}
    return Columns(leads, events | dict.fromkeys(wanted.properties, "string"), has_adjustments=True)


def kind_of(trait: str) -> str:
    """The Ibis type of a trait's column."""
    return "timestamp(6)" if trait in TIME_COLUMNS else "string"
