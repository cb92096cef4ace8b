"""What scripts in a page ask for before they send: the script itself, and where to send.

In: the key in the address. Out: Segment's script, and the smallest settings with which Segment's and RudderStack's
scripts work and call nobody else. Called by `routes`.
"""

from __future__ import annotations

import gzip
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from importlib.resources import files
from typing import TYPE_CHECKING

from scoville.web.ingest.answers import Answer, Headers, json_answer
from scoville.web.ingest.senders import key_in_authorization, key_in_query

if TYPE_CHECKING:
    from starlette.types import Scope

    from scoville.web.ingest.desk import Desk

SCRIPT = "analytics-1.84.3.min.js.gz"  # @segment/analytics-next, dist/umd/standalone.js; MIT, the licence beside it
_SETTINGS_KEPT = (b"cache-control", b"public, max-age=300")
_SCRIPT_KEPT = (b"cache-control", b"public, max-age=3600")
_WRITTEN_AT = "2026-01-01T00:00:00.000Z"  # these settings never change, and RudderStack's script wants an instant


async def segment_settings(desk: Desk, scope: Scope, public_url: str | None) -> Answer:
    """Where Segment's script sends to, for the key in the address."""
    key = scope["path_params"]["key"]
    await desk.admitted(key)
    host = (public_url or _host_of(scope)).rstrip("/")
    protocol, _, bare = host.partition("://")
    settings = {
        "integrations": {"Segment.io": {"apiKey": key, "apiHost": f"{bare}/v1", "protocol": protocol}},
        "plan": {"track": {"__default": {"enabled": True}}, "identify": {"__default": {"enabled": True}}},
        "enabledMiddleware": {},
        "metrics": {"sampleRate": 0},  # else it reports to its maker
    }
    return json_answer(HTTPStatus.OK, settings, [_SETTINGS_KEPT])


async def rudder_settings(desk: Desk, scope: Scope) -> Answer:
    """What RudderStack's script wants to know of its source; without an answer it sends nothing."""
    authorization = dict(scope["headers"]).get(b"authorization", b"")
    key = key_in_query(scope["query_string"]) or key_in_authorization(authorization)
    sender = await desk.admitted(key)
    return json_answer(HTTPStatus.OK, _source(key or "", sender.key_id), [_SETTINGS_KEPT])


def script(scope: Scope) -> Answer:
    """Segment's script, packed for whoever takes gzip."""
    headers = dict(scope["headers"])
    packed, plain, tag = _scripts()
    kept: Headers = [_SCRIPT_KEPT, (b"etag", tag), (b"vary", b"Accept-Encoding")]
    kind = b"application/javascript; charset=utf-8"
    if headers.get(b"if-none-match") == tag:
        return Answer(HTTPStatus.NOT_MODIFIED, b"", kind, kept)
    if b"gzip" in headers.get(b"accept-encoding", b""):
        return Answer(HTTPStatus.OK, packed, kind, [*kept, (b"content-encoding", b"gzip")])
    return Answer(HTTPStatus.OK, plain, kind, kept)


@cache
def _scripts() -> tuple[bytes, bytes, bytes]:
    packed = files("scoville.web").joinpath("static", "segment", SCRIPT).read_bytes()
    return packed, gzip.decompress(packed), b'"' + sha256(packed).hexdigest()[:32].encode() + b'"'


def _source(key: str, key_id: str) -> dict[str, object]:
    off = {"enabled": False}
    source = {
        "id": key_id,
        "name": "Scoville",
        "writeKey": key,
        "enabled": True,
        "workspaceId": "scoville",
        "config": {"statsCollection": {"errors": off, "metrics": off}},
        "connections": [],
        "destinations": [],
        "dataplanes": {},
        "updatedAt": _WRITTEN_AT,
    }
    return {"updatedAt": _WRITTEN_AT, "source": source}


def _host_of(scope: Scope) -> str:
    host = dict(scope["headers"]).get(b"host", b"localhost").decode("latin-1")
    return f"{scope.get('scheme', 'http')}://{host}{scope.get('root_path', '')}"
