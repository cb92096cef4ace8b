"""The door of the server: what every request passes, whatever it asks for.

In: an ASGI request. Out: the same with an id and the caller's address, answered with the headers that keep browsers
from harm. Refused here: a Host that is not ours. An exception that nobody expected ends here as a plain 500.

It is one small class on purpose: ingestion passes it thousands of times a second.
"""

from __future__ import annotations

import secrets
import time
from ipaddress import ip_address
from typing import TYPE_CHECKING

import structlog
from starlette.datastructures import Headers

from scoville.web.errors import error_response, where_broken

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

    from scoville.web.metrics import Metrics
    from scoville.web.settings import Settings

_log = structlog.get_logger("scoville.web")
_PROBES = frozenset({"/health", "/ready"})  # balancers ask by address, and learn nothing else
_YEAR_S = 31_536_000
_SERVER_ERROR = 500

_CSP = b"default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_ALWAYS = (
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"same-origin"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"x-frame-options", b"DENY"),
)
_UNLESS_SET = ((b"content-security-policy", _CSP), (b"cache-control", b"no-store"))
_HSTS = ((b"strict-transport-security", f"max-age={_YEAR_S}; includeSubDomains".encode()),)


class Door:
    """What stands before everything else; `settings` says which hosts and proxies are ours."""

    def __init__(self, app: ASGIApp, settings: Settings, metrics: Metrics) -> None:
        self.app, self.metrics = app, metrics
        self.hosts, self.proxies = settings.allowed_hosts, settings.trusted_networks
        self.always = _ALWAYS + (_HSTS if settings.is_https else ())

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """One request through the door."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        visit = _Visit(self, scope, send)
        try:
            if host_of(scope) not in self.hosts and scope["path"] not in _PROBES:
                said = "this server does not answer to that name"
                await error_response(visit.id, 400, "unknown_host", said)(scope, receive, visit.send)
            else:
                await self.app(scope, receive, visit.send)
        except Exception as error:  # noqa: BLE001 - the last door: whatever it was, the caller hears nothing of it
            await visit.broke(error, receive)
        finally:
            visit.ended()


class _Visit:
    """One request on its way through the door."""

    def __init__(self, door: Door, scope: Scope, send: Send) -> None:
        self.door, self.scope, self._send = door, scope, send
        self.id = scope["request_id"] = secrets.token_hex(8)
        scope["address"] = address_of(scope, door.proxies)
        self.began_s = time.perf_counter()
        self.status = 0

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = int(message["status"])  # an enum would be logged by its name
            self._add_headers(message)
        await self._send(message)

    def _add_headers(self, message: Message) -> None:
        headers = [*message.get("headers", ()), *self.door.always, (b"x-request-id", self.id.encode())]
        names = {name.lower() for name, _ in headers}
        message["headers"] = headers + [header for header in _UNLESS_SET if header[0] not in names]

    async def broke(self, error: Exception, receive: Receive) -> None:
        _log.error("failed", id=self.id, error=type(error).__name__, where=where_broken(error))
        if not self.status:
            said = "something went wrong here; the log knows more under this id"
            await error_response(self.id, 500, "failed", said)(self.scope, receive, self.send)

    def ended(self) -> None:
        route = getattr(self.scope.get("route"), "path", "") or ""
        took_s = time.perf_counter() - self.began_s
        self.door.metrics.request(self.scope["method"], route, self.status, took_s)
        if route or self.status >= _SERVER_ERROR:  # not what strangers make up: it could be anything, and anybody's
            _log.info(
                "request", id=self.id, method=self.scope["method"], route=route, status=self.status,
                caller=self.scope.get("caller", "nobody"), took_ms=round(took_s * 1000, 1),
            )  # fmt: skip


def host_of(scope: Scope) -> str:
    """The name that a request is addressed to, without its port, in lower case."""
    host = Headers(scope=scope).get("host", "").lower()
    if host.startswith("["):  # an IPv6 address
        return host[1:].partition("]")[0]
    return host.partition(":")[0].removesuffix(".")


def address_of(scope: Scope, proxies: tuple[object, ...]) -> str:
    """The caller's address: X-Forwarded-For counts only as far as it was written by proxies that are ours."""
    address = (scope.get("client") or ("unknown", 0))[0]
    if not proxies:
        return str(address)
    said = ",".join(Headers(scope=scope).getlist("x-forwarded-for")).split(",")
    for forwarded in reversed([one.strip() for one in said if one.strip()]):
        if not _is_ours(address, proxies):
            break
        address = forwarded
    return str(address)


def _is_ours(address: str, proxies: tuple[object, ...]) -> bool:
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    return any(parsed in network for network in proxies)  # type: ignore[operator]
