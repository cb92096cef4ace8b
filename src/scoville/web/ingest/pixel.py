"""Events without a body: an image in a mail or in a page without scripts.

In: the query of a GET. Out: always the same image of one pixel, because a mail has no other use for the answer. What
cannot be stored is only counted.
"""

from __future__ import annotations

import base64
import binascii
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

from scoville.live.ingest.messages import UnreadableError
from scoville.live.ingest.parsing import clean, parse
from scoville.live.ingest.reading import key_in
from scoville.web.ingest.answers import PIXEL
from scoville.web.ingest.counted import REFUSED_REQUESTS
from scoville.web.ingest.desk import TurnedAwayError

if TYPE_CHECKING:
    from starlette.types import Scope

    from scoville.web.ingest.answers import Answer
    from scoville.web.ingest.desk import Desk

_MOST_FIELDS = 200


async def take_pixel(desk: Desk, scope: Scope, event_type: str) -> Answer:
    """Store the event of an image, and give the image."""
    try:
        message, key = pixel_message(scope["query_string"].decode("latin-1"))
        sender = await desk.admitted(key)
        await desk.store(_with_user_agent(message, scope), sender, event_type)
    except TurnedAwayError as turned_away:
        REFUSED_REQUESTS.labels(turned_away.code).inc()
    except UnreadableError as unreadable:
        REFUSED_REQUESTS.labels(unreadable.code).inc()
    return PIXEL


def pixel_message(query: str) -> tuple[dict[str, Any], str | None]:
    """The event and the key of a query: `data=` holds the JSON in base64, or else each field stands for itself.

    Raises: UnreadableError when there are too many fields, or `data` is no JSON in base64.
    Example: "writeKey=k&userId=u&properties.mail=spring" ->
             ({"userId": "u", "properties": {"mail": "spring"}}, "k")
    """
    try:
        fields = dict(parse_qsl(query, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise UnreadableError("too_many_fields", f"at most {_MOST_FIELDS} fields are taken") from None
    key = fields.pop("writeKey", None)
    if "data" not in fields:
        return _nested(clean(fields)), key
    message = parse(_unpacked(fields["data"]))
    return (message, key or key_in(message)) if isinstance(message, dict) else ({}, key)


def _unpacked(data: str) -> bytes:
    padded = data.strip().replace("-", "+").replace("_", "/").replace(" ", "+")
    try:
        return base64.b64decode(padded + "=" * (-len(padded) % 4), validate=True)
    except binascii.Error:
        raise UnreadableError("bad_encoding", "data is no base64") from None


def _nested(fields: dict[str, str]) -> dict[str, Any]:
    """`properties.mail` as a field of `properties`; deeper dots belong to the name."""
    message: dict[str, Any] = {}
    for name, value in fields.items():
        holder, _, inner = name.partition(".")
        if not inner:
            message[name] = value
        elif isinstance(message.setdefault(holder, {}), dict):
            message[holder][inner] = value
    return message


def _with_user_agent(message: dict[str, Any], scope: Scope) -> dict[str, Any]:
    """An image has no script that could say which browser it is: the header does."""
    agent = dict(scope["headers"]).get(b"user-agent", b"").decode("latin-1")
    context = message.get("context")
    if not agent or not isinstance(context, dict | None):
        return message
    return {**message, "context": {"userAgent": agent, **(context or {})}}
