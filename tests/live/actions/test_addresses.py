"""Where a message may not go, however the address is written.

The forms are those of the usual lists of server-side request forgery: numbers, wrapped addresses, lookalikes, names
that point inside. Names are resolved by a table here, so that no test asks the network.
"""

from __future__ import annotations

import asyncio
from dataclasses import replace
from ipaddress import ip_address
from typing import TYPE_CHECKING

import pytest

from scoville.errors import UsageError
from scoville.live.actions.addresses import (
    AddressError,
    Policy,
    is_public,
    parsed_mail_host,
    parsed_url,
    policy_of,
    resolved,
)
from scoville.live.actions.defining import Action, save_action
from scoville.live.actions.sending import Message, Way, attempt, http_client

if TYPE_CHECKING:
    from live_receivers import Receiver
    from live_world import World
    from scoville.live.actions.sealing import Sealer

from live_world import NOW

NAMES = {
    "example.com": ["93.184.215.14"],
    "both.example": ["2606:2800:21f:cb07:6820:80da:af6b:8b2c", "93.184.215.14"],
    "inside.example": ["10.1.2.3"],
    "half.example": ["93.184.215.14", "192.168.0.7"],
    "localhost": ["127.0.0.1"],
    "localtest.me": ["127.0.0.1"],
    "metadata.google.internal": ["169.254.169.254"],
    "six.example": ["fd00::1"],
    "mapped.example": ["::ffff:10.0.0.1"],
    "xn--bcher-kva.example": ["93.184.215.14"],
}

REFUSED = [
    # what is no URL of ours
    "", "example.com", "//example.com", "ftp://example.com/", "file:///etc/passwd", "gopher://example.com:70/_x",
    "javascript:alert(1)", "https://", "https:///path", "https://example.com:99999/", "https://example.com:x/",
    "https://exa mple.com/", "https://example.com/\r\nHost: evil", "https://example.com\\@127.0.0.1/",
    "https://exam\u200bple.com/", "https://user@example.com/", "https://user:pw@example.com/",
    "https://example.com@127.0.0.1/", "https://[::1", "https://-bad-.example/", "https://a..example/",
    "https://" + "a" * 64 + ".example/", "https://example.com/" + "x" * 2000,
    # not encrypted, other ports
    "http://example.com/", "https://example.com:22/", "https://example.com:25/", "https://example.com:6379/",
    "https://example.com:8443/", "https://example.com:0/",
    # this machine and its neighbours, by number
    "https://127.0.0.1/", "https://127.8.9.10/", "https://0.0.0.0/", "https://10.0.0.1/", "https://172.16.0.1/",
    "https://172.31.255.255/", "https://192.168.1.1/", "https://169.254.169.254/latest/meta-data/",
    "https://100.64.0.1/", "https://100.127.255.254/", "https://192.0.0.1/", "https://198.18.0.1/",
    "https://224.0.0.1/", "https://239.255.255.255/", "https://240.0.0.1/", "https://255.255.255.255/",
    # the same in other clothes
    "https://2130706433/", "https://0x7f000001/", "https://017700000001/", "https://0x7f.1/", "https://127.1/",
    "https://0177.0.0.1/", "https://127.0.0.1./", "https://0/", "https://\uff11\uff12\uff17.\uff10.\uff10.\uff11/", "https://①②⑦.0.0.1/",
    "https://127。0。0。1/",
    # IPv6
    "https://[::1]/", "https://[::]/", "https://[::ffff:127.0.0.1]/", "https://[::ffff:7f00:1]/",
    "https://[::127.0.0.1]/", "https://[fe80::1]/", "https://[fe80::1%25eth0]/", "https://[fc00::1]/",
    "https://[fd12:3456::1]/", "https://[fec0::1]/", "https://[ff02::1]/", "https://[64:ff9b::10.0.0.1]/",
    "https://[64:ff9b:1::1]/", "https://[2002:7f00:1::]/", "https://[2001:0:a00:1::]/", "https://[2001:db8::1]/",
    # names that point inside
    "https://localhost/", "https://LOCALHOST/", "https://localhost./", "https://localtest.me/",
    "https://inside.example/", "https://half.example/", "https://six.example/", "https://mapped.example/",
    "https://metadata.google.internal/computeMetadata/v1/",
]  # fmt: skip

ALLOWED = {
    "https://example.com": ("93.184.215.14", "example.com", "/"),
    "https://EXAMPLE.com./a?b=c#d": ("93.184.215.14", "example.com", "/a?b=c"),
    "https://example.com:443/": ("93.184.215.14", "example.com", "/"),
    "https://example.com:80/": ("93.184.215.14", "example.com:80", "/"),
    "https://both.example/": ("93.184.215.14", "both.example", "/"),
    "https://bücher.example/": ("93.184.215.14", "xn--bcher-kva.example", "/"),
    "https://ⓔⓧⓐⓜⓟⓛⓔ.com/": ("93.184.215.14", "example.com", "/"),
    "https://8.8.8.8/": ("8.8.8.8", "8.8.8.8", "/"),
    "https://[2606:4700::1111]/": ("2606:4700::1111", "[2606:4700::1111]", "/"),
}


async def by_table(host: str, _port: int) -> list[str]:
    return NAMES[host]


def target(url: str, policy: Policy = Policy()) -> tuple[str, str, str]:  # noqa: B008 - frozen
    found = asyncio.run(resolved(parsed_url(url, policy), by_table))
    return found.ip, found.address.host_header, found.address.path


@pytest.mark.parametrize("url", REFUSED)
def test_no_form_of_an_inner_address_is_sent_to(url: str) -> None:
    with pytest.raises(AddressError):
        target(url)


@pytest.mark.parametrize(("url", "expected"), ALLOWED.items())
def test_public_addresses_are_reached_by_the_ip_that_was_checked(url: str, expected: tuple[str, str, str]) -> None:
    assert target(url) == expected


def test_the_url_that_is_asked_holds_the_ip_and_no_name() -> None:
    found = asyncio.run(resolved(parsed_url("https://both.example/x?y", Policy()), by_table))
    assert found.url == "https://93.184.215.14:443/x?y"


def test_the_operator_can_allow_a_private_host_by_name_or_by_name_and_port() -> None:
    policy = policy_of(["Inside.example", " localhost:8080", "", "::1"])
    assert target("http://inside.example/", policy)[0] == "10.1.2.3"
    assert target("http://localhost:8080/", policy)[0] == "127.0.0.1"
    assert target("https://[::1]/", policy)[0] == "::1"
    for url in ("http://localhost:8081/", "https://localhost/", "https://inside.example:8443/", "https://six.example/"):
        with pytest.raises(AddressError):
            target(url, policy)


def test_what_is_meant_for_everybody_is_refused_even_when_it_is_allowed() -> None:
    with pytest.raises(AddressError):
        target("https://224.0.0.1/", Policy(frozenset({"224.0.0.1"})))
    with pytest.raises(AddressError):
        target("https://0.0.0.0/", Policy(frozenset({"0.0.0.0"})))  # noqa: S104 - refused, not bound


@pytest.mark.parametrize(("ip", "public"), [("1.1.1.1", True), ("64:ff9b::8.8.8.8", True), ("::ffff:8.8.8.8", True),
                                            ("::8.8.8.8", False), ("64:ff9b::127.0.0.1", False)])  # fmt: skip
def test_an_address_inside_an_address_counts(ip: str, *, public: bool) -> None:
    assert is_public(ip_address(ip)) is public


def test_mail_goes_by_the_ports_of_mail_alone() -> None:
    assert parsed_mail_host("Mail.Example.com", 587, Policy()).host == "mail.example.com"
    for host, port in (("mail.example.com", 80), ("127.0.0.1", 25), ("::1", 25), ("10.0.0.1", 587)):
        with pytest.raises(AddressError):
            parsed_mail_host(host, port, Policy())


def test_a_message_never_shows_the_address() -> None:
    with pytest.raises(AddressError) as refused:
        parsed_url("ftp://example.com/services/T0/B0/verysecret", Policy())
    assert "verysecret" not in str(refused.value)


@pytest.mark.parametrize("url", ["https://127.0.0.1/", "http://example.com/", "https://0x7f.1/"])
def test_what_is_refused_by_its_look_is_refused_when_it_is_saved(small_world: World, sealer: Sealer, url: str) -> None:
    with pytest.raises(UsageError):
        save_action(small_world.store, sealer, Policy(), Action("A", "webhook", url=url), NOW)


def test_a_name_that_changes_its_meaning_is_refused_at_the_attempt_and_nothing_is_sent(receiver: Receiver) -> None:
    answers = [["93.184.215.14"], ["127.0.0.1"]]

    async def rebinding(_host: str, _port: int) -> list[str]:
        return answers.pop(0)

    address = parsed_url("https://example.com/", Policy())

    async def twice() -> tuple[str, str, str]:
        first = await resolved(address, rebinding)
        async with http_client(1.0) as client:
            action = Action("A", "webhook", url="https://example.com/")
            done = await attempt(action, [Message(1, "m", {})], Way(Policy(), rebinding, client, 1.0), NOW)
        return first.ip, done.outcome, done.detail

    ip, outcome, detail = asyncio.run(twice())
    assert (ip, outcome) == ("93.184.215.14", "refused")
    assert "private network" in detail
    assert receiver.seen == []


def test_the_environment_names_no_proxy(receiver: Receiver, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")  # nobody listens there

    async def once() -> str:
        async with http_client(2.0) as client:
            way = Way(receiver.policy, by_table, client, 2.0)
            action = Action("A", "webhook", url=receiver.url)
            return (await attempt(action, [Message(1, "m", {})], way, NOW)).outcome

    assert asyncio.run(once()) == "sent"


def test_a_redirect_inside_is_not_followed(receiver: Receiver) -> None:
    receiver.answers = [(302, {"location": f"http://127.0.0.1:{receiver.port}/inside"}, b""), 200]

    async def once() -> tuple[str, str]:
        async with http_client(2.0) as client:
            way = Way(receiver.policy, by_table, client, 2.0)
            done = await attempt(Action("A", "webhook", url=receiver.url), [Message(1, "m", {})], way, NOW)
            return done.outcome, done.detail

    outcome, detail = asyncio.run(once())
    assert outcome == "failed"
    assert "redirect" in detail
    assert [path for _, _, path in receiver.seen] == ["/hook"]


def test_a_name_without_an_address_is_a_failure_that_is_tried_again() -> None:
    async def nobody(_host: str, _port: int) -> list[str]:
        raise OSError("Name or service not known")

    async def once() -> str:
        async with http_client(1.0) as client:
            action = replace(Action("A", "webhook"), url="https://example.com/")
            return (await attempt(action, [Message(1, "m", {})], Way(Policy(), nobody, client, 1.0), NOW)).outcome

    assert asyncio.run(once()) == "failed"
