"""Where a valid model does not fit the data it is meant for.

Traits and properties that are no columns, comparisons that a column's type cannot hold, events that never happened.

In: a Model, the columns of `leads` and `events` as Ibis type names, and how often each event was seen. Out: problems.
Called by `scoville check` and before scoring.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Literal, Protocol

from scoville.model.checks import sections
from scoville.model.conditions import ORDERING, as_number, comparisons_of, nearest, parse_instant
from scoville.model.schema import BandRule, Fit, SumRule, TraitRule, ValueRule

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scoville.errors import Problem
    from scoville.model.conditions import Compare, Condition
    from scoville.model.document import Path
    from scoville.model.load import Model
    from scoville.model.schema import Engagement

Kind = Literal["text", "number", "boolean", "instant", "unknown"]
_MOST_SHOWN = 12  # names in a message; more of them hide the answer
_NUMBERS = ("int", "uint", "float", "decimal")
_WORDS = {"text": "text", "number": "numbers", "boolean": "true or false", "instant": "dates"}
_JSON_COLUMN = "properties"  # may hold any property, so that none can be called unknown
_TEXTS = ("contains", "starts_with", "ends_with", "matches")
_AGES = ("newer_than", "older_than")
_EQUALS = ("equals", "not", "in", "not_in")


class Derived(Protocol):
    """A trait that is worked out from columns of leads, as `scoville.data.traits.DERIVED` has them."""

    @property
    def sources(self) -> tuple[str, ...]:
        """Columns it is worked out from; one of them is enough."""

    @property
    def values(self) -> tuple[str, ...] | None:
        """Every value it can take; None for an open set."""


@dataclass(frozen=True)
class _Columns:
    """What a condition may read: columns with their kinds, and traits worked out from them."""

    relation: str
    kinds: Mapping[str, Kind]
    derived: Mapping[str, Derived]
    is_open: bool = False  # further names may stand in a JSON column


Finding = tuple["Path", str]
Advice = tuple["Path", str, str]


def find_misfits(
    model: Model,
    lead_columns: Mapping[str, str] | None = None,
    event_columns: Mapping[str, str] | None = None,
    event_names: Mapping[str, int] | None = None,
    *,
    derived: Mapping[str, Derived] | None = None,
) -> list[Problem]:
    """Errors for what the columns do not hold, advice for events never seen; in the order of the file.

    `lead_columns` and `event_columns` map names to Ibis type names; None: not judged. `event_names` counts the events
    in the data. `derived` are traits known beside the columns.
    """
    errors: list[Finding] = []
    advice: list[Advice] = []
    if lead_columns is not None:
        leads = _Columns("leads", {name: _kind(type_) for name, type_ in lead_columns.items()}, derived or {})
        errors += _lead_misfits(model, leads)
        advice += _never_filled(model, leads)
    if event_columns is not None:
        kinds = {name: _kind(type_) for name, type_ in event_columns.items()}
        events = _Columns("events", kinds, {}, is_open=_JSON_COLUMN in event_columns)
        errors += _event_misfits(model, events)
    advice += _never_seen(model, event_names or {})
    problems = [model.document.problem(where, said) for where, said in errors]
    problems += [model.document.problem(where, said, reason=why, advice=True) for where, said, why in advice]
    return sorted(set(problems))


def _kind(type_: str) -> Kind:
    name = type_.removeprefix("!").lower()  # Ibis writes ! for a column without nulls
    if name.startswith("string"):
        return "text"
    if name.startswith(_NUMBERS):
        return "number"
    if name.startswith(("timestamp", "date")):
        return "instant"
    return "boolean" if name.startswith("bool") else "unknown"


def _lead_conditions(model: Model) -> Iterator[tuple[Path, Condition]]:
    for kind in ("qualify", "disqualify", "segments"):
        for i, part in enumerate(getattr(model, kind)):
            yield (kind, i, "when"), part.when
    for where, section in sections(model):
        for i, rule in enumerate(section.rules):
            if isinstance(rule, TraitRule):
                yield (*where, "rules", i, "when"), rule.when


def _lead_misfits(model: Model, leads: _Columns) -> Iterator[Finding]:
    for where, condition in _lead_conditions(model):
        yield from _condition_misfits(where, condition, leads)
    for where, section in sections(model):
        for i, rule in enumerate(section.rules if isinstance(section, Fit) else ()):
            if isinstance(rule, BandRule | ValueRule):
                yield from _banded_misfits((*where, "rules", i), rule, leads)
    if model.accounts is not None and (said := _unknown(model.accounts.by, leads)):
        yield ("accounts", "by"), said


def _banded_misfits(where: Path, rule: BandRule | ValueRule, leads: _Columns) -> Iterator[Finding]:
    if said := _unknown(rule.by, leads):
        yield (*where, "by"), said
        return
    kind = leads.kinds.get(rule.by, "text")
    if isinstance(rule, BandRule):
        if kind in ("boolean", "instant"):
            other = "values: {true: 5}" if kind == "boolean" else "a rule with when: {newer_than: 30d}"
            yield (*where, "by"), f"'{rule.by}' holds {_WORDS[kind]}; bands need numbers: use {other}"
        return
    if kind == "instant":
        yield (*where, "by"), f"'{rule.by}' holds dates; use a rule with when: {{newer_than: 30d}}"
    for value in rule.values:
        if said := _impossible(rule.by, (value,), leads):
            yield (*where, "values", value), said


def _event_misfits(model: Model, events: _Columns) -> Iterator[Finding]:
    for where, section in _engagements(model):
        for i, rule in enumerate(section.rules):
            if rule.when is not None:
                yield from _condition_misfits((*where, "rules", i, "when"), rule.when, events)
            if isinstance(rule, SumRule):
                at = (*where, "rules", i, "sum", "of")
                kind = events.kinds.get(rule.sum.of, "unknown")
                if said := _unknown(rule.sum.of, events):
                    yield at, said
                elif kind in ("boolean", "instant"):
                    yield at, f"'{rule.sum.of}' holds {_WORDS[kind]}, which cannot be added up; use `count`"


def _engagements(model: Model) -> Iterator[tuple[Path, Engagement]]:
    for where, section in sections(model):
        if not isinstance(section, Fit):
            yield where, section


def _condition_misfits(where: Path, condition: Condition, columns: _Columns) -> Iterator[Finding]:
    for comparison in comparisons_of(condition):
        at = (*where, *comparison.where)
        if said := _unknown(comparison.trait, columns):
            yield (*where, *comparison.trait_where), said
        elif said := _wrong_kind(comparison, columns.kinds.get(comparison.trait, "unknown")):
            yield at, said
        elif comparison.operator in _EQUALS:
            values = comparison.value if isinstance(comparison.value, tuple) else (comparison.value,)
            if said := _impossible(comparison.trait, values, columns):
                yield at, said


def _unknown(name: str, columns: _Columns) -> str | None:
    if name in columns.kinds or name in columns.derived or columns.is_open:
        return None
    hint = nearest(name, [*columns.kinds, *columns.derived])
    what = "trait" if columns.relation == "leads" else "property"
    return f"unknown {what} '{name}'.{hint} Columns of {columns.relation}: {_listed(columns.kinds)}"


def _listed(names: Mapping[str, object]) -> str:
    shown = list(names)[:_MOST_SHOWN]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "") if shown else "none"


def _wrong_kind(comparison: Compare, kind: Kind) -> str | None:
    """Why a comparison can never hold in a column of this kind; None when it can."""
    name, operator = comparison.trait, comparison.operator
    value = comparison.value[0] if isinstance(comparison.value, tuple) else comparison.value
    holds = f"'{name}' holds {_WORDS.get(kind, '')}"
    if operator in ORDERING and isinstance(value, datetime) and kind in ("number", "boolean"):
        return f"{holds}, which cannot be compared with a date"
    if operator in ORDERING and not isinstance(value, datetime) and kind in ("boolean", "instant"):
        instead = (
            f"write {{{name}: true}}" if kind == "boolean" else "write a date such as 2026-01-31, or newer_than: 30d"
        )
        return f"{holds}: `{operator}` with a number never holds; {instead}"
    if operator in _TEXTS and kind in ("boolean", "instant"):
        instead = f"{{{name}: true}}" if kind == "boolean" else f"{{{name}: {{newer_than: 30d}}}} or gte with a date"
        return f"{holds}: `{operator}` compares text; write {instead}"
    if operator in _AGES and kind in ("number", "boolean"):
        return f"{holds}: `{operator}` needs a column of dates"
    return None


def _impossible(name: str, values: Sequence[object], columns: _Columns) -> str | None:
    """Which of some values a trait can never equal, and why; None when it can equal all of them."""
    kind = columns.kinds.get(name, "unknown")
    allowed = columns.derived[name].values if name in columns.derived and name not in columns.kinds else None
    wrong = [value for value in values if not _can_be(value, kind, allowed)]
    if not wrong:
        return None
    never = " or ".join(f"'{value}'" for value in wrong)
    if allowed is not None:
        return f"'{name}' is never {never}.{nearest(str(wrong[0]), allowed)} It is one of: {', '.join(allowed)}"
    instead = {"boolean": f"; write {{{name}: true}}", "instant": "; write a date such as 2026-01-31"}.get(kind, "")
    return f"'{name}' holds {_WORDS[kind]} and is never {never}{instead}"


def _can_be(value: object, kind: Kind, allowed: tuple[str, ...] | None) -> bool:
    text = str(value).strip().lower()
    if allowed is not None:
        return text in allowed
    if kind == "number":
        return not isinstance(value, bool) and as_number(text) is not None
    if kind == "boolean":
        return text in ("true", "false")
    return kind != "instant" or parse_instant(text) is not None


def _never_filled(model: Model, leads: _Columns) -> Iterator[Advice]:
    """Derived traits whose sources are not among the columns: they are missing for every lead."""
    named = [
        (where, comparison) for where, condition in _lead_conditions(model) for comparison in comparisons_of(condition)
    ]
    used = [((*where, *comparison.trait_where), comparison.trait) for where, comparison in named]
    for where, section in sections(model):
        for i, rule in enumerate(section.rules if isinstance(section, Fit) else ()):
            if isinstance(rule, BandRule | ValueRule):
                used.append(((*where, "rules", i, "by"), rule.by))
    for at, name in used:
        if name in leads.derived and name not in leads.kinds:
            sources = leads.derived[name].sources
            if not any(source in leads.kinds for source in sources):
                needed = " or ".join(f"'{source}'" for source in sources)
                said = (
                    f"'{name}' is missing for every lead: it is worked out from {needed}, which is no column of leads"
                )
                yield at, said, "what is the same for everybody ranks nobody"


def _never_seen(model: Model, event_names: Mapping[str, int]) -> Iterator[Advice]:
    for where, section in _engagements(model):
        for i, rule in enumerate(section.rules):
            for j, name in enumerate(rule.event):
                if event_names and name != "*" and not event_names.get(name):
                    often = sorted(event_names, key=lambda seen: -event_names[seen])
                    seen = f"Seen: {_listed(dict.fromkeys(often))}"
                    at = (*where, "rules", i, "event", *((j,) if len(rule.event) > 1 else ()))
                    said = f"the event '{name}' was never seen.{nearest(name, event_names)} {seen}"
                    yield at, said, "a slip of the pen, or it has not happened yet; as it is, the rule gives no points"
