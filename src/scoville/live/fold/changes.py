"""What a batch of messages adds, gathered before any of it is written.

In: messages with the id that each counts for. Out: rows by table, still by id instead of number. Called by `folding`;
`writing` stores them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson

from scoville.live.store.naming import SEARCHED, words_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from scoville.live.fold.messages import Id
    from scoville.live.fold.placing import Note, Placed

_LONGEST_NOTE = 32 * 1024


@dataclass
class Dirt:
    """Why a lead is to be scored again, and since when it waits."""

    since_us: int
    cause: str
    ref: str | None


@dataclass
class Changes:
    """Rows to come. Keys of `dirty_ids` and values of rows under `id` are ids; accounts are named."""

    events: list[dict[str, Any]] = field(default_factory=list)
    traits: list[dict[str, Any]] = field(default_factory=list)
    name_words: list[dict[str, Any]] = field(default_factory=list)
    memberships: list[dict[str, Any]] = field(default_factory=list)
    account_traits: list[dict[str, Any]] = field(default_factory=list)
    outcomes: list[dict[str, Any]] = field(default_factory=list)
    quarantine: list[dict[str, Any]] = field(default_factory=list)
    accounts: dict[str, int] = field(default_factory=dict)  # account id -> first seen
    dirty_ids: dict[Id, Dirt] = field(default_factory=dict)
    dirty_accounts: dict[str, Dirt] = field(default_factory=dict)
    last_seen: dict[Id, int] = field(default_factory=dict)

    def add(self, placed: Placed) -> None:
        """A message counts for its id."""
        row, said = placed.said.row, placed.said
        key = {"id": placed.id, "event_id": row.event_id, "at": row.occurred_us}
        if row.type != "outcome" or said.event is not None:
            self.events.append({
                **key, "type": row.type, "event": said.event, "properties": _json(dict(said.content)),
                "source_no": row.source_no, "message_id": row.message_id, "received_at": row.received_us,
            })  # fmt: skip
        self.traits += [{**key, "name": name, "value": _stored(value)} for name, value in said.traits.items()]
        self.name_words += [{"id": placed.id, "word": word} for word in _words(said.traits)]
        if said.group is not None:
            self._add_account(placed, key)
        if said.outcome is not None:
            self.outcomes.append({**key, **said.outcome._asdict()})
        cause = "outcome" if row.type == "outcome" else "event"
        _note(self.dirty_ids, placed.id, Dirt(row.received_us, cause, row.message_id))
        self.last_seen[placed.id] = max(row.occurred_us, self.last_seen.get(placed.id, row.occurred_us))

    def _add_account(self, placed: Placed, key: dict[str, Any]) -> None:
        row, account = placed.said.row, str(placed.said.group)
        self.accounts[account] = min(row.occurred_us, self.accounts.get(account, row.occurred_us))
        self.memberships.append({**key, "account": account})
        for name, value in placed.said.account_traits.items():
            at = {"account": account, "event_id": row.event_id, "at": row.occurred_us}
            self.account_traits.append({**at, "name": name, "value": _stored(value)})
            _note(self.dirty_accounts, account, Dirt(row.received_us, "event", row.message_id))

    def put_aside(self, notes: Iterable[Note]) -> None:
        """Notes become rows of `quarantine`."""
        for note in notes:
            row = note.said.row
            body = {name: value for name, value in _body(row).items() if value is not None}
            self.quarantine.append({
                "received_at": row.received_us, "source_no": row.source_no, "reason": note.reason,
                "detail": note.detail, "person": row.user_id or row.anonymous_id,
                "body": _json(body)[:_LONGEST_NOTE], "is_trusted": bool(row.is_trusted),
            })  # fmt: skip


def _note(where: dict[Any, Dirt], key: object, dirt: Dirt) -> None:
    before = where.get(key)
    where[key] = dirt if before is None else Dirt(min(before.since_us, dirt.since_us), before.cause, before.ref)


def _body(row: Any) -> dict[str, Any]:  # noqa: ANN401 - an Arrived
    """The message as it could be sent again."""
    names = {
        "type": row.type, "messageId": row.message_id, "userId": row.user_id, "anonymousId": row.anonymous_id,
        "groupId": row.group_id, "previousId": row.previous_id, "event": row.event,
        "timestamp_us": row.occurred_us,
    }  # fmt: skip
    try:
        held = orjson.loads(row.payload)
    except orjson.JSONDecodeError:
        held = {}
    return {**names, **(held if isinstance(held, dict) else {})}


def _words(traits: Mapping[str, Any]) -> Iterator[str]:
    """The words of the names that a message says."""
    for name in SEARCHED & traits.keys():
        yield from words_of(str(traits[name])) if traits[name] is not None else ()


def _stored(value: Any) -> str | None:  # noqa: ANN401 - a JSON value
    return None if value is None else _json(value)


def _json(value: Any) -> str:  # noqa: ANN401 - likewise
    return orjson.dumps(value).decode()
