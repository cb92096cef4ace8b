"""A row of the inbox -> what it says: about whom, which traits, what was done.

In: the columns of `inbox`, instants in microseconds. Out: a `Said`. Called by `folding`; nothing is looked up here.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NamedTuple

import orjson

from scoville.data.identity import ADDRESS
from scoville.data.workspace import PLACEHOLDERS
from scoville.live.fold.names import account_traits_said, plain_id, properties_said, traits_said

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoville.live.fold.names import Value
    from scoville.live.store.settings import LiveSettings

USER, ANONYMOUS, EMAIL = "user", "anonymous", "email"
_SEEN = {"page": "page_viewed", "screen": "screen_viewed"}
_OF_A_PAGE = ("path", "url", "title", "referrer", "search")
_FROM_CONTEXT = ("page", "campaign")
_VALUES = ("value", "revenue", "total", "amount")  # of an outcome, where several stand the first
_ADDRESS = re.compile(ADDRESS)


class Id(NamedTuple):
    """One id that somebody was seen under."""

    kind: str
    value: str


class Arrived(NamedTuple):
    """A row of `inbox`."""

    seq: int
    event_id: bytes
    source_no: int
    is_trusted: bool
    type: str
    message_id: str
    user_id: str | None
    anonymous_id: str | None
    group_id: str | None
    previous_id: str | None
    event: str | None
    occurred_us: int
    received_us: int
    payload: str


class Outcome(NamedTuple):
    """What became of a lead."""

    outcome: str
    value: float | None
    reason: str | None


@dataclass(frozen=True)
class Said:
    """What a message says. `event` is null where nothing was done that rules could name; `content` is kept with it."""

    row: Arrived
    user: Id | None
    anonymous: Id | None
    previous: Id | None
    email: Id | None
    group: str | None
    event: str | None
    content: Mapping[str, Value]
    traits: Mapping[str, Value] = field(default_factory=dict)
    account_traits: Mapping[str, Value] = field(default_factory=dict)
    outcome: Outcome | None = None

    @property
    def ids(self) -> list[Id]:
        """Every id it names."""
        return [one for one in (self.user, self.anonymous, self.previous, self.email) if one is not None]


def read_message(row: Arrived, settings: LiveSettings) -> Said:
    """What a row says. Raises: ValueError for a payload that is no JSON object."""
    payload = orjson.loads(row.payload)
    if not isinstance(payload, dict):
        raise ValueError("the payload is no object")  # noqa: TRY004 - of the data, not of the program
    empty = PLACEHOLDERS
    told = _object(payload, "traits")
    traits = traits_said(told, empty) if row.type == "identify" else {}
    about_account = account_traits_said(told, empty) if row.type == "group" else {}
    deed = row.type not in {"identify", "group", "alias"}
    content = properties_said(_with_context(row, payload), empty) if deed else {**traits, **about_account}
    return Said(
        row,
        user=_id(USER, row.user_id, empty),
        anonymous=_id(ANONYMOUS, row.anonymous_id, empty),
        previous=_id(ANONYMOUS, row.previous_id, empty),
        email=_email(traits) if settings.merge_by_email else None,
        group=plain_id(row.group_id, empty),
        event=_SEEN.get(row.type, row.event) if deed else None,
        content=content,
        traits=traits,
        account_traits=about_account,
        outcome=_outcome(row, payload, content),
    )


def _id(kind: str, text: str | None, placeholders: frozenset[str]) -> Id | None:
    plain = plain_id(text, placeholders)
    return None if plain is None else Id(kind, plain)


def normal_email(text: str) -> str | None:
    """An address in lower case without outer blanks; null for what cannot be one."""
    address = text.strip().lower()
    return address if _ADDRESS.match(address) else None


def _email(traits: Mapping[str, Value]) -> Id | None:
    given = traits.get("email")
    address = normal_email(given) if isinstance(given, str) else None
    return None if address is None else Id(EMAIL, address)


def _object(holder: Mapping[str, Any], name: str) -> dict[str, Any]:
    found = holder.get(name)
    return found if isinstance(found, dict) else {}


def _with_context(row: Arrived, payload: Mapping[str, Any]) -> dict[str, Any]:
    """The properties, and what the context says of the page and of the campaign where they say nothing of it."""
    properties, context = _object(payload, "properties"), _object(payload, "context")
    beside: dict[str, Any] = {}
    for part in _FROM_CONTEXT:
        beside |= {f"{part}.{name}": value for name, value in _object(context, part).items()}
    if row.type == "page":
        page = _object(context, "page")
        beside |= {name: page[name] for name in _OF_A_PAGE if name in page}
    return {**beside, **properties}


def _outcome(row: Arrived, payload: Mapping[str, Any], content: Mapping[str, Value]) -> Outcome | None:
    named = payload.get("outcome")
    if row.type != "outcome" or not isinstance(named, str) or not named.strip():
        return None
    values: Sequence[Value] = [content[name] for name in _VALUES if name in content]
    reason = content.get("reason")
    return Outcome(named.strip()[:60], _number(values[0]) if values else None, None if reason is None else str(reason))


def _number(value: Value) -> float | None:
    try:
        return None if value is None else float(value)
    except ValueError:
        return None
