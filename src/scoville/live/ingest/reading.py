"""JSON values -> messages to store, and refusals with their reason. Nothing is lost between the two.

In: the parsed body, what kind of request it was, who sent it and when. Out: a `Batch`. Called by the door of the
server and by `scoville import`. A message that cannot be used costs its neighbours nothing.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson

from scoville.live.ingest.bots import is_bot
from scoville.live.ingest.clock import occurred, read_instant
from scoville.live.ingest.fields import Unusable, instant_of, name_in, object_of
from scoville.live.ingest.messages import Batch, Message, Refused, UnreadableError, event_id_of, refusal_id_of
from scoville.live.ingest.parsing import cut, depth_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from scoville.live.ingest.rules import Rules

TYPES = ("identify", "track", "page", "screen", "group", "alias")
_SEEN_NAMES = {"page": "page_viewed", "screen": "screen_viewed"}
_BODY_BYTES = 32 * 1024  # of a refused message: enough to see what was wrong with it


@dataclass(frozen=True)
class Arrival:
    """Who sent a request, when it arrived, and what it is: `type` for a single message, null for a batch.

    History keeps its times, whatever clock its sender has; a message without an id gets one from its content, so that
    an import that is begun anew stores nothing twice.
    """

    source_no: int
    is_trusted: bool
    received_us: int
    type: str | None = None
    is_history: bool = False


def read_batch(document: object, arrival: Arrival, rules: Rules, new_id: Callable[[], str]) -> Batch:
    """The messages of a request. `new_id` gives an id to a message that has none.

    Raises: UnreadableError for a body that holds no messages at all, or more than a batch may have.
    """
    items, shared = _items(document, arrival)
    if len(items) > rules.batch_messages:
        raise UnreadableError(
            "too_many_events", f"{len(items):,} events in a batch; at most {rules.batch_messages:,} are taken."
        )
    reader = _Reader(arrival, rules, new_id, shared)
    batch = Batch([], [])
    for item in items:
        try:
            batch.messages.append(reader.message(item))
        except Unusable as unusable:
            batch.refused.append(reader.refused(item, unusable))
    return batch


def key_in(document: object) -> str | None:
    """The write key that a body carries: at its top, or in the first message that names one."""
    if not isinstance(document, dict):
        return None
    items = document.get("batch")
    for holder in (document, *(items if isinstance(items, list) else ())):
        if isinstance(holder, dict) and isinstance(holder.get("writeKey"), str):
            return str(holder["writeKey"])
    return None


def _items(document: object, arrival: Arrival) -> tuple[list[Any], dict[str, Any]]:
    """The messages of a body, and what is said once for all of them."""
    if arrival.type is not None and isinstance(document, dict):
        return [document], {}
    if arrival.type is None and isinstance(document, dict) and isinstance(document.get("batch"), list):
        return document["batch"], document
    if arrival.type is None and isinstance(document, list):
        return document, {}
    wanted = "one event as an object" if arrival.type else 'an object with "batch": [...]'
    raise UnreadableError("no_events", f"The body holds no events; send {wanted}.")


class _Reader:
    """Reads the messages of one request."""

    def __init__(self, arrival: Arrival, rules: Rules, new_id: Callable[[], str], shared: dict[str, Any]) -> None:
        context = shared.get("context")
        self._arrival, self._rules, self._new_id = arrival, rules, new_id
        self._context: dict[str, Any] = context if isinstance(context, dict) else {}
        self._sent_us = None if arrival.is_history else read_instant(shared.get("sentAt"))

    def message(self, item: object) -> Message:
        """The message. Raises: Unusable."""
        if not isinstance(item, dict):
            raise Unusable("not_an_object", "An event has to be a JSON object.")
        kind = self._arrival.type or item.get("type")
        if kind not in TYPES:
            raise Unusable("unknown_type", f"type is {str(kind)[:60]!r}; it is one of {', '.join(TYPES)}.")
        event = _event_name(item, kind)
        outcome = self._rules.outcomes.get(event) if event and kind == "track" else None
        payload = self._payload(item, kind, outcome)
        user_id, anonymous_id, previous_id = _people(item, kind)
        message_id = name_in(item, "messageId") or self._made_id(item)
        return Message(
            event_id=event_id_of(self._arrival.source_no, message_id),
            source_no=self._arrival.source_no,
            is_trusted=self._arrival.is_trusted,
            type="outcome" if outcome else kind,
            message_id=message_id,
            user_id=user_id,
            anonymous_id=anonymous_id,
            group_id=_group_id(item, kind),
            previous_id=previous_id,
            event=event,
            occurred_us=self._occurred(item),
            received_us=self._arrival.received_us,
            payload=payload,
        )

    def refused(self, item: object, unusable: Unusable) -> Refused:
        """The message as it goes into quarantine: with the type that its address said, so that it can be let in."""
        if self._arrival.type is not None and isinstance(item, dict):
            item = item | {"type": self._arrival.type}
        body = _as_text(item, self._rules.depth)
        return Refused(
            refusal_id=refusal_id_of(self._arrival.source_no, unusable.reason, _known_by(item) or body),
            received_us=self._arrival.received_us,
            source_no=self._arrival.source_no,
            reason=unusable.reason,
            detail=unusable.detail,
            person=_person_of(item),
            body=body,
            is_trusted=self._arrival.is_trusted,
        )

    def _payload(self, item: dict[str, Any], kind: str, outcome: str | None) -> str:
        """Traits or properties, and the context, as JSON text. Raises: Unusable when a store could not hold it."""
        context = self._context | object_of(item, "context")
        if self._rules.are_bots_refused and is_bot(context.get("userAgent")):
            raise Unusable("bot", "context.userAgent is the one of a robot.")
        held = {**_said(item, kind, context), "context": context}
        if outcome:
            held["outcome"] = outcome
        return self._written(held)

    def _written(self, held: dict[str, Any]) -> str:
        try:
            written = orjson.dumps(held)
        except TypeError:  # it stops at 254 levels; all else that it refuses is gone since the parser
            raise self._too_deep() from None
        if len(written) > self._rules.message_bytes:
            raise Unusable(
                "too_large", f"The event has {len(written):,} bytes; at most {self._rules.message_bytes:,} are taken."
            )
        if written.count(b"{") + written.count(b"[") > self._rules.depth and depth_of(held) > self._rules.depth:
            raise self._too_deep()
        return written.decode()

    def _too_deep(self) -> Unusable:
        return Unusable("too_deep", f"Objects and lists lie more than {self._rules.depth} levels deep in each other.")

    def _occurred(self, item: dict[str, Any]) -> int:
        original_us = instant_of(item, "timestamp", "originalTimestamp")
        sent_us = self._sent_us
        if "sentAt" in item and not self._arrival.is_history:
            sent_us = read_instant(item["sentAt"]) or sent_us
        return occurred(original_us, sent_us, self._arrival.received_us)

    def _made_id(self, item: dict[str, Any]) -> str:
        if not self._arrival.is_history:
            return self._new_id()
        return "content-" + hashlib.sha256(_as_bytes(item, self._rules.depth)).hexdigest()[:32]


def _said(item: dict[str, Any], kind: str, context: dict[str, Any]) -> dict[str, Any]:
    """What the message says of a person, an account or a deed. Traits in the context are the person's."""
    if kind == "identify":
        about = context.pop("traits", None)
        return {"traits": {**(about if isinstance(about, dict) else {}), **object_of(item, "traits")}}
    if kind == "group":
        return {"traits": object_of(item, "traits")}
    if kind == "alias":
        return {}
    properties = object_of(item, "properties")
    if kind in _SEEN_NAMES:
        beside = {name: item[name] for name in ("name", "category") if item.get(name) is not None}
        return {"properties": {**beside, **properties}}
    return {"properties": properties}


def _event_name(item: dict[str, Any], kind: str) -> str | None:
    if kind != "track":
        return _SEEN_NAMES.get(kind)
    name = name_in(item, "event")
    if name is None:
        raise Unusable("no_event", "A track event needs its name in event.")
    return name


def _people(item: dict[str, Any], kind: str) -> tuple[str | None, str | None, str | None]:
    """User id, anonymous id, previous id. An alias without a previous id speaks of its anonymous id."""
    user_id, anonymous_id = name_in(item, "userId"), name_in(item, "anonymousId")
    if kind == "alias":
        previous_id = name_in(item, "previousId") or anonymous_id
        if user_id is None or previous_id is None:
            raise Unusable("no_previous_id", "An alias needs userId and previousId.")
        return user_id, anonymous_id, previous_id
    if user_id is None and anonymous_id is None:
        raise Unusable("no_person", "An event needs userId or anonymousId.")
    return user_id, anonymous_id, None


def _group_id(item: dict[str, Any], kind: str) -> str | None:
    if kind != "group":
        return None
    group_id = name_in(item, "groupId")
    if group_id is None:
        raise Unusable("no_group", "A group event needs groupId.")
    return group_id


def _person_of(item: object) -> str | None:
    """The id of a refused message's person, where one can be read: for deletion on request."""
    if not isinstance(item, dict):
        return None
    named = [item.get("userId"), item.get("anonymousId")]
    ids = [str(one).strip() for one in named if isinstance(one, str | int | float) and not isinstance(one, bool)]
    return next((one[:512] for one in ids if one), None)


def _known_by(item: object) -> str | None:
    message_id = item.get("messageId") if isinstance(item, dict) else None
    return message_id if isinstance(message_id, str) else None


def _as_text(item: object, depth: int) -> str:
    return _as_bytes(item, depth)[:_BODY_BYTES].decode(errors="ignore")


def _as_bytes(item: object, depth: int) -> bytes:
    try:
        return orjson.dumps(item)
    except TypeError:
        return orjson.dumps(cut(item, depth))
