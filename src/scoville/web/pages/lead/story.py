"""The entries of a lead's story as people read them: a line that says what happened, and what is known beside it.

In: `Entry`s of the store, names of people. Out: `Told`s. Pure. Nothing of what was sent is taken for more than text.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson

from scoville import words
from scoville.model.checks import DISQUALIFIED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from scoville.live.queries.story import Entry

_MOST_DETAILS = 60  # of one event; more than that nobody reads, and a page has to stay a page
_LONGEST = 400  # characters of one value
_TELLING = ("path", "title", "name", "subject", "url", "form", "product", "plan", "query", "minutes")
_SAID_OF_TYPES = {"identify": "Said who they are", "group": "Said where they work", "alias": "Known under another id"}
_SAID_OF_WAYS = {"rule": "by the routing rules", "account": "as the owner of the account", "claim": "claimed it"}
_SAID_OF_ENDS = {
    "released": "given back", "reassigned": "given to somebody else", "no_touch": "not touched in time",
    "rejected": "rejected", "won": "won", "lost": "lost", "merged": "two people became one",
}  # fmt: skip
_TOUCHES = {"call": "Call", "email": "E-mail", "meeting": "Meeting", "note": "Note"}


@dataclass(frozen=True)
class Line:
    """One entry: `kind` says how it looks, `who` did it (empty for the lead), `details` fold out."""

    at: datetime
    kind: str
    title: str
    says: str
    who: str
    details: tuple[tuple[str, str], ...] = ()


def line_of(entry: Entry, names: Mapping[str, str]) -> Line:
    """An entry in words. `names`: what people are called, by what the store calls them."""
    return _SAID[entry.kind](entry.at, entry.facts, names)


def actors_of(entries: Sequence[Entry]) -> set[str]:
    """Who did something in these entries, as the store calls them."""
    named = ("touched_by", "assigned_by", "released_by", "author", "removed_by")
    return {entry.facts[name] for entry in entries for name in named if entry.facts.get(name) is not None}


def called(actor: str | None, names: Mapping[str, str]) -> str:
    """A person by name; what is none of them as it is written, such as `routing`."""
    if actor is None:
        return ""
    return names.get(actor, "somebody who is gone" if actor.startswith(("user:", "key:")) else actor)


def _event(at: datetime, facts: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    del names
    details = tuple(_details(facts["properties"]))
    name = facts["event"]
    if name is None:
        return Line(at, "known", _SAID_OF_TYPES.get(facts["type"], facts["type"]), _short(details), "", details)
    title = name.replace("_", " ").strip() or name
    return Line(at, "event", title[:1].upper() + title[1:], _short(details), "", details)


def _touch(at: datetime, facts: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    kind = facts["kind"]
    return Line(at, "touch", _TOUCHES.get(kind, kind), facts["note"] or "", called(facts["touched_by"], names))


def _outcome(at: datetime, facts: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    worth = f"worth {words.plain(facts['value'])}" if facts["value"] is not None else ""
    says = ", ".join(part for part in (worth, facts["reason"] or "") if part)
    title = facts["outcome"].replace("_", " ")
    kind = {"won": "won", "lost": "lost", "rejected": "lost"}.get(facts["outcome"], "touch")
    return Line(at, kind, title[:1].upper() + title[1:], says, called(facts["touched_by"], names))


def _given(at: datetime, facts: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    by_hand = facts["way"] == "manual"
    who = called(facts["assigned_by"], names) if by_hand else ""
    return Line(at, "held", f"Given to {facts['name']}", _SAID_OF_WAYS.get(facts["way"], ""), who)


def _released(at: datetime, facts: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    reason = facts["release_reason"] or ""
    return Line(
        at, "held", f"No longer with {facts['name']}", _SAID_OF_ENDS.get(reason, reason),
        called(facts["released_by"], names),
    )  # fmt: skip


def _stage(at: datetime, facts: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    del names
    is_up = facts["direction"] == "up"
    stage = facts["stage"] or "no stage"
    before = f"from {facts['stage_before']}, " if facts["stage_before"] else ""
    title = stage if stage == DISQUALIFIED else f"{'Became' if is_up else 'Fell to'} {stage}"
    return Line(at, "up" if is_up else "down", title, f"{before}at {words.number(facts['score'])} points", "")


def _points(at: datetime, facts: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    return Line(at, "hand", f"{words.points(facts['points'])} by hand", facts["reason"], called(facts["author"], names))


def _points_back(at: datetime, facts: Mapping[str, Any], names: Mapping[str, str]) -> Line:
    title = f"{words.points(facts['points'])} by hand taken back"
    return Line(at, "hand", title, facts["reason"], called(facts["removed_by"], names))


_SAID: Mapping[str, Callable[[datetime, Any, Mapping[str, str]], Line]] = {
    "event": _event, "touch": _touch, "outcome": _outcome, "given": _given, "released": _released, "stage": _stage,
    "points": _points, "points_back": _points_back,
}  # fmt: skip


def _short(details: Sequence[tuple[str, str]]) -> str:
    """The one detail that tells most."""
    known = dict(reversed(details))
    found = next((name for name in _TELLING if name in known), details[0][0] if details else None)
    return f"{words.trait(found)}: {known[found]}" if found is not None else ""


def _details(properties: object) -> Iterator[tuple[str, str]]:
    """Names and values as text, those inside of others by both names: `product.name`."""
    for count, (name, value) in enumerate(_flat("", properties)):
        if count == _MOST_DETAILS:
            yield "…", "and more than is shown here"
            return
        yield name, value if len(value) <= _LONGEST else f"{value[:_LONGEST]}…"


def _flat(name: str, value: object) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict):
        for inner, each in value.items():
            yield from _flat(f"{name}.{inner}" if name else str(inner), each)
    elif value is not None:
        yield name or "value", plain_text(value)


def plain_text(value: object) -> str:
    """Any JSON value as text: plain ones as people write them."""
    if isinstance(value, (dict, list)):
        return orjson.dumps(value).decode()
    return words.value(value)
