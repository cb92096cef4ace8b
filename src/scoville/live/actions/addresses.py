"""Where we may send: an address as it was written -> the one machine that is spoken to, or why not.

In: a URL of a user, and who resolves names. Out: a `Target` with the address that was checked: it is what the sender
connects to, so a name cannot come to mean another machine between the check and the connection. Called when an action
is saved and again at each attempt.
"""

from __future__ import annotations

import asyncio
import re
import socket
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import idna

from scoville.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Iterable

    Resolve = Callable[[str, int], Awaitable[list[str]]]
    IP = IPv4Address | IPv6Address

SETTING = "allowed_private_hosts"
_WHERE = f"{SETTING} (Settings, Data and privacy)"
WEB_PORTS = frozenset({80, 443})
MAIL_PORTS = frozenset({25, 465, 587, 2525})
_LONGEST = 2_000  # characters of a URL; more is no address
_UNSEEN = re.compile(r"[\x00-\x20\x7f-\x9f\\\u200b-\u200f\u2028-\u202e\ufeff]")
_NUMBER = re.compile(r"(0x[0-9a-f]*|[0-9]+)$")
_NAME = re.compile(r"(?!-)[a-z0-9_-]{1,63}(?<!-)(\.(?!-)[a-z0-9_-]{1,63}(?<!-))*$")
# IPv6 addresses that carry one of IPv4 inside: where the packet may end. Of these only NAT64 is in use.
_NAT64 = IPv6Network("64:ff9b::/96")
_REFUSED = tuple(IPv6Network(net) for net in ("::/96", "64:ff9b:1::/48", "fec0::/10", "2001::/32", "2002::/16"))


class AddressError(UsageError):
    """The address may not be used. The message is written for the person who set it."""


@dataclass(frozen=True)
class Policy:
    """Which private hosts may be spoken to, as `host` or `host:port`: those of the operator, not of a user."""

    allowed: frozenset[str] = frozenset()

    def allows(self, host: str, port: int) -> bool:
        """Whether this host was allowed by name, at every port or at this one."""
        return host in self.allowed or f"{host}:{port}" in self.allowed


@dataclass(frozen=True)
class Address:
    """An address that is well formed and may be meant for us; its name is not resolved yet."""

    scheme: str
    host: str  # ASCII, lower case; an IPv6 address without brackets
    port: int
    path: str
    is_allowed: bool  # by the operator: it may be private

    @property
    def host_header(self) -> str:
        """As HTTP has it: the port only where it is not the usual one."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == {"http": 80, "https": 443}.get(self.scheme) else f"{host}:{self.port}"


@dataclass(frozen=True)
class Target:
    """An address together with the IP that was checked."""

    address: Address
    ip: str

    @property
    def url(self) -> str:
        """The URL with the IP in place of the name: there is nothing left to resolve."""
        ip = f"[{self.ip}]" if ":" in self.ip else self.ip
        return f"{self.address.scheme}://{ip}:{self.address.port}{self.address.path}"


def policy_of(hosts: Iterable[str]) -> Policy:
    """The hosts of the setting `allowed_private_hosts`, as `host` or `host:port`."""
    return Policy(frozenset(host.strip().lower() for host in hosts if host.strip()))


def parsed_url(url: str, policy: Policy) -> Address:
    """The parts of a URL we may send to. Raises: AddressError, without showing the URL: it may hold a secret."""
    if len(url) > _LONGEST or _UNSEEN.search(url):
        raise AddressError(
            f"the URL has spaces, unseen characters or a backslash, or more than {_LONGEST:,} characters"
        )
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise AddressError("the URL cannot be read; write one such as https://example.com/hook") from None
    if parts.scheme not in {"https", "http"}:
        raise AddressError(f"the URL begins with '{parts.scheme}:'; only https is sent to")
    if "@" in parts.netloc:
        raise AddressError("the URL has a user or password before the host; put them into a header")
    host = _host(parts.hostname or "", bracketed="[" in parts.netloc)
    port = {"http": 80, "https": 443}[parts.scheme] if port is None else port
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    address = Address(parts.scheme, host, port, path, policy.allows(host, port))
    if parts.scheme == "http" and not address.is_allowed:
        raise AddressError(f"http is not encrypted; use https, or let an admin name {address.host_header} in {_WHERE}")
    return _checked_port(address, WEB_PORTS, policy)


def parsed_mail_host(host: str, port: int, policy: Policy) -> Address:
    """A mail server by its name and port. Raises: AddressError."""
    name = _host(host.strip().lower(), bracketed=":" in host)
    return _checked_port(Address("smtp", name, port, "", policy.allows(name, port)), MAIL_PORTS, policy)


def _checked_port(address: Address, ports: frozenset[int], policy: Policy) -> Address:
    if address.port not in ports and f"{address.host}:{address.port}" not in policy.allowed:
        allowed = ", ".join(map(str, sorted(ports)))
        raise AddressError(
            f"port {address.port} is not used for this; allowed: {allowed}, "
            f"and what an admin names in {_WHERE} as host:port"
        )
    if _is_number(address.host):
        _checked_ip(address, address.host)
    return address


def _host(written: str, *, bracketed: bool) -> str:
    """The host in the one form in which it is compared and resolved."""
    host = written.removesuffix(".")
    if bracketed or _is_number(host):
        try:
            return str(ip_address(host))
        except ValueError:
            raise AddressError("the host is a number, and no plain IP address") from None
    try:
        name = idna.encode(host, uts46=True).decode().lower() if not host.isascii() else host.lower()
    except idna.IDNAError:
        name = ""
    if not _NAME.match(name) or _NUMBER.match(name.rpartition(".")[2]):
        raise AddressError("the host of the URL is no name that can be looked up")
    return name


def _is_number(host: str) -> bool:
    """Whether somebody may read it as an IP address: also 2130706433, 0x7f.1 and 017700000001."""
    return ":" in host or bool(_NUMBER.match(host.rpartition(".")[2]))


def is_public(ip: IP) -> bool:
    """Whether an address is one of the open internet, also by what it carries inside."""
    if isinstance(ip, IPv6Address):
        if ip.ipv4_mapped:
            return is_public(ip.ipv4_mapped)
        if ip in _NAT64:
            return is_public(IPv4Address(int(ip) & 0xFFFF_FFFF))
        if any(ip in net for net in _REFUSED):
            return False
    return ip.is_global and not ip.is_multicast and not ip.is_reserved


def _checked_ip(address: Address, ip: str) -> None:
    parsed = ip_address(ip.partition("%")[0])
    unspecified = parsed.is_unspecified or parsed.is_multicast
    if not is_public(parsed) and (unspecified or not address.is_allowed):
        raise AddressError(f"{address.host} is an address of a private network; an admin can allow it in {_WHERE}")


async def resolved(address: Address, resolve: Resolve) -> Target:
    """The machine behind an address. One private IP among many is enough to refuse.

    Raises: AddressError when it may not be spoken to; OSError when the name is not known.
    """
    ips = [address.host] if _is_number(address.host) else await resolve(address.host, address.port)
    for ip in ips:
        _checked_ip(address, ip)
    if not ips:
        raise OSError(f"{address.host} has no address")
    return Target(address, min(ips, key=lambda ip: ":" in ip))  # IPv4 first: it is reached from everywhere


async def resolve_by_system(host: str, port: int) -> list[str]:
    """The IPs of a name, as this machine knows them. Raises: OSError."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(one[4][0]) for one in found))
