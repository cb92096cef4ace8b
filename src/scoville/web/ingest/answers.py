"""What goes back to a sender: a status, headers for browsers of other sites, and a body that clients understand.

In: a status and what to say. Out: an `Answer`, which is an ASGI application. Every client takes exactly 200 for success
and, of errors, needs `code` and `message`; without them one takes a refusal for a fault of the network and tries again.
"""

from __future__ import annotations

from http import HTTPStatus
from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

Headers = list[tuple[bytes, bytes]]

# No cookie is read here, so any page may send. Browsers hide Retry-After from scripts unless it is named.
_FOR_BROWSERS: Headers = [
    (b"access-control-allow-origin", b"*"),
    (b"access-control-expose-headers", b"Retry-After"),
    (b"x-content-type-options", b"nosniff"),
    (b"cross-origin-resource-policy", b"cross-origin"),
]
_PREFLIGHT_S = b"7200"  # the longest that Chromium remembers
_GIF = (
    b"GIF89a\x01\x00\x01\x00\x80\x00\x00\x00\x00\x00\xff\xff\xff!\xf9\x04\x01\x00\x00\x00\x00,\x00\x00\x00\x00\x01\x00"
    b"\x01\x00\x00\x02\x02D\x01\x00;"
)


class Answer:
    """A whole answer, made once and sent as often as it is needed."""

    def __init__(self, status: int, body: bytes, kind: bytes, headers: Headers | None = None) -> None:
        """`kind` is its Content-Type."""
        self.status = status
        length = (b"content-length", str(len(body)).encode())
        self._headers = [(b"content-type", kind), length, *(headers or [])]
        self._for_browsers = [*self._headers, *_FOR_BROWSERS]
        self._body = {"type": "http.response.body", "body": body}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - ASGI
        """Send it. Servers need none of what browsers need, and every header costs."""
        is_server = scope["method"] == "POST" and not any(name == b"origin" for name, _ in scope["headers"])
        headers = self._headers if is_server else self._for_browsers
        await send({"type": "http.response.start", "status": self.status, "headers": list(headers)})
        await send(self._body)


def json_answer(status: int, value: object, headers: Headers | None = None) -> Answer:
    """A value as JSON."""
    return Answer(status, orjson.dumps(value), b"application/json", headers)


def refusal(status: HTTPStatus, code: str, message: str, *, retry_after_s: float | None = None) -> Answer:
    """An error, as clients read it. `retry_after_s` is rounded up to whole seconds."""
    headers = [] if retry_after_s is None else [(b"retry-after", str(max(1, -int(-retry_after_s // 1))).encode())]
    return json_answer(status, {"success": False, "code": code, "message": message}, headers)


def preflight(asked: bytes) -> Answer:
    """What a browser asks before it sends: the headers that it named are allowed."""
    headers = [
        (b"access-control-allow-methods", b"GET, POST, OPTIONS"),
        (b"access-control-allow-headers", asked or b"authorization, content-type"),
        (b"access-control-max-age", _PREFLIGHT_S),
        (b"vary", b"Access-Control-Request-Headers"),
    ]
    return Answer(HTTPStatus.OK, b"", b"text/plain", headers)


ACCEPTED = Answer(HTTPStatus.OK, b'{"success": true}', b"application/json")
PIXEL = Answer(HTTPStatus.OK, _GIF, b"image/gif", [(b"cache-control", b"no-store, max-age=0")])
