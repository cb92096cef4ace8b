"""How the server is reached, and what it allows: everything about it that an operator may choose.

In: values from the command line or the environment. Out: `Settings`, frozen. Called by `create_app`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from scoville.errors import UsageError
from scoville.web.auth.sessions import Limits

if TYPE_CHECKING:
    from ipaddress import IPv4Network, IPv6Network

_LOOPBACK = frozenset({"localhost", "127.0.0.1", "::1"})


@dataclass(frozen=True)
class Settings:
    """What an operator chooses. `base_url` is how people reach the server: links and cookies follow it.

    Raises: UsageError for a base_url that is none, or a proxy that is no network.
    """

    base_url: str = "http://127.0.0.1:8080"
    hosts: tuple[str, ...] = ()  # further names that requests may be addressed to
    proxies: tuple[str, ...] = ()  # networks whose X-Forwarded-For is believed, such as 10.0.0.0/8
    max_body_bytes: int = 2_000_000  # a model of 1,000 rules is 100 kB; bodies are held in memory
    requests_per_s: float = 50  # of one key or user, on average
    burst: int = 200  # and at once
    sessions: Limits = field(default_factory=Limits)
    shows_description: bool = False  # /openapi.json without a key
    shows_metrics: bool = False  # /metrics without a key

    def __post_init__(self) -> None:
        parts = urlsplit(self.base_url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise UsageError(f"'{self.base_url}' is no address of a server; write it like https://leads.example.com")
        try:
            _ = self.trusted_networks
        except ValueError as error:
            raise UsageError(f"a proxy is an address or a network such as 10.0.0.0/8: {error}") from None

    @property
    def is_https(self) -> bool:
        """Whether people reach it through TLS."""
        return self.base_url.startswith("https:")

    @property
    def allowed_hosts(self) -> frozenset[str]:
        """Names without ports. On loopback all its names are one."""
        own = urlsplit(self.base_url).hostname or ""
        return frozenset({own, *(host.lower() for host in self.hosts)}) | (_LOOPBACK if own in _LOOPBACK else set())

    @property
    def trusted_networks(self) -> tuple[IPv4Network | IPv6Network, ...]:
        """The proxies, ready to ask whether an address is one of them."""
        return tuple(ip_network(proxy) for proxy in self.proxies)

    @property
    def cookie(self) -> str:
        """Name of the session's cookie: with __Host- a browser takes it from this very host over TLS alone."""
        return "__Host-scoville" if self.is_https else "scoville"
