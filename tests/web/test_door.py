from __future__ import annotations

import asyncio
import io
import json
from typing import TYPE_CHECKING, Any

import httpx
import pytest
import structlog
from sqlalchemy.exc import OperationalError
from starlette.routing import Route

from api_world import BASE, PASSWORD, Api, Client
from scoville.errors import UsageError
from scoville.web.app import create_app
from scoville.web.limits import Buckets, retry_after
from scoville.web.logs import set_up_logs
from scoville.web.settings import Settings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from scoville.live.store.opening import Store

PUBLIC = "https://leads.example.com"


@pytest.fixture
def api(small_store: Store) -> Api:
    return Api(small_store)


@pytest.fixture
def logged(monkeypatch: pytest.MonkeyPatch) -> Iterator[io.StringIO]:
    """The log as an operator sees it."""
    text = io.StringIO()
    set_up_logs(text)
    monkeypatch.setattr("scoville.web.headers._log", structlog.get_logger())  # another test may have fixed the old one
    yield text
    structlog.reset_defaults()


@pytest.mark.parametrize(
    ("host", "status"),
    [
        ("127.0.0.1:8080", 401),
        ("localhost", 401),
        ("[::1]:8080", 401),
        ("LOCALHOST.", 401),
        ("evil.example", 400),
        ("127.0.0.1.evil.example", 400),
        ("", 400),
        ("localhost@evil.example", 400),
    ],
)
def test_only_our_own_names_are_answered(api: Api, host: str, status: int) -> None:
    assert api.anybody().get("/v1/leads", headers={"Host": host}).status_code == status


def test_behind_a_public_name_loopback_is_a_stranger_but_for_health(api: Api) -> None:
    api.with_settings(Settings(base_url=PUBLIC, hosts=("events.example.com",)))

    codes = [api.anybody(base=f"http://{host}").get("/v1/leads").status_code
             for host in ("leads.example.com", "events.example.com", "127.0.0.1")]  # fmt: skip

    assert codes == [401, 401, 400]
    probes = [api.anybody(base="http://10.1.2.3").get(path).status_code for path in ("/health", "/ready", "/metrics")]
    assert probes == [200, 200, 400]


@pytest.mark.parametrize(
    ("proxies", "sender", "forwarded", "seen"),
    [
        ((), "203.0.113.9", "10.9.9.9", "203.0.113.9"),
        (("10.0.0.0/8",), "203.0.113.9", "1.2.3.4", "203.0.113.9"),  # not one of ours: what it says does not count
        (("10.0.0.0/8",), "10.0.0.1", "1.2.3.4", "1.2.3.4"),
        (("10.0.0.0/8",), "10.0.0.1", "6.6.6.6, 1.2.3.4", "1.2.3.4"),  # the first is the caller's own invention
        (("10.0.0.0/8",), "10.0.0.1", "1.2.3.4, 10.0.0.2", "1.2.3.4"),
        (("10.0.0.0/8",), "10.0.0.1", "", "10.0.0.1"),
        (("10.0.0.0/8",), "10.0.0.1", "garbage", "garbage"),
    ],
)
def test_the_callers_address_is_taken_from_our_proxies_alone(
    small_store: Store, proxies: tuple[str, ...], sender: str, forwarded: str, seen: str
) -> None:
    found: list[str] = []

    async def note(scope: Any, receive: Any, send: Any) -> None:  # noqa: ARG001 - an ASGI app
        found.append(scope["address"])
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b""})

    app = create_app(small_store, Settings(proxies=proxies), routes=[Route("/note", _Plain(note))])
    Client(app, address=sender).get("/note", headers={"X-Forwarded-For": forwarded} if forwarded else {})

    assert found == [seen]


def test_every_answer_keeps_browsers_from_harm(api: Api) -> None:
    api.with_settings(Settings(base_url=PUBLIC))
    for path in ("/health", "/v1/leads", "/nowhere", "/openapi.json"):
        headers = api.anybody(base=PUBLIC).get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["x-frame-options"] == "DENY"
        assert headers["referrer-policy"] == "same-origin"
        assert headers["cross-origin-opener-policy"] == "same-origin"
        assert headers["cache-control"] == "no-store"
        assert headers["content-security-policy"].startswith("default-src 'none'")
        assert headers["strict-transport-security"].startswith("max-age=31536000")
        assert "server" not in headers


def test_a_body_has_an_end(api: Api) -> None:
    api.with_settings(Settings(max_body_bytes=1_000))
    client = api.key("write")
    sent = client.request("POST", "/v1/models/check", content=b"x" * 1_001)

    async def endless() -> AsyncIterator[bytes]:
        while True:
            yield b"x" * 600

    streamed = client.request("POST", "/v1/models/check", content=endless())

    assert [(one.status_code, one.json()["code"]) for one in (sent, streamed)] == [(413, "too_large")] * 2


def test_nobody_is_asked_for_a_body_before_a_key(api: Api) -> None:
    async def never() -> AsyncIterator[bytes]:
        raise AssertionError("the body was read")
        yield b""

    assert api.anybody().request("POST", "/v1/models", content=never()).status_code == 401


def test_an_error_of_ours_tells_nothing_of_the_inside(
    api: Api, monkeypatch: pytest.MonkeyPatch, logged: io.StringIO
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("SELECT password FROM /srv/secret.db")

    monkeypatch.setattr("scoville.web.api.leads.in_force", broken)
    answer = api.key("read").get("/v1/leads")

    assert answer.status_code == 500
    assert {*answer.json()} == {"success", "code", "message", "id"}
    assert "SELECT" not in answer.text
    assert "secret" not in answer.text
    lines = [json.loads(line) for line in logged.getvalue().splitlines()]
    failed = next(line for line in lines if line["event"] == "failed")
    assert (failed["id"], failed["error"]) == (answer.json()["id"], "RuntimeError")
    assert "SELECT" not in json.dumps(lines)


def test_a_store_that_is_busy_asks_for_patience(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(*_: object, **__: object) -> None:
        raise OperationalError("SELECT 1", {}, Exception("database is locked"))

    monkeypatch.setattr("scoville.web.api.leads.in_force", busy)
    answer = api.key("read").get("/v1/leads")

    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert "SELECT" not in answer.text


def test_the_log_is_one_line_an_entry_and_names_nobody(api: Api, logged: io.StringIO) -> None:
    hostile = 'eve@example.com\r\n{"event": "forged"}'
    client = api.key("read")
    client.get("/v1/leads", params={"search": hostile}, headers={"X-Evil": "eve@example.com", "User-Agent": "eve@x"})
    client.get("/v1/leads/eve@example.com")
    client.get("/eve@example.com")
    api.anybody().post("/v1/session", {"email": "eve@example.com", "password": PASSWORD})

    text = logged.getvalue()
    lines = [json.loads(line) for line in text.splitlines()]

    assert {line["event"] for line in lines} == {"request"}
    assert {line["route"] for line in lines} == {"/v1/leads", "/v1/leads/{lead_id}", "/v1/session"}
    for secret in ("eve@", PASSWORD, client.headers["Authorization"][7:], "203.0.113.9"):
        assert secret not in text


def test_counters_name_routes_and_no_ids(api: Api) -> None:
    api.key("read").get("/v1/leads/eve@example.com")
    text = api.key("admin").get("/metrics").text

    assert 'scoville_request_seconds_count{method="GET",route="/v1/leads/{lead_id}",status="4xx"} 1.0' in text
    assert "eve@" not in text


@pytest.mark.parametrize("wrong", [{"base_url": "leads.example.com"}, {"base_url": "ftp://x"}, {"proxies": ("10.x",)}])
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(UsageError):
        Settings(**wrong)


def test_a_bucket_gives_what_it_has_and_says_how_long_to_wait() -> None:
    buckets = Buckets(per_s=2, burst=4)

    # by hand: 4 tokens at once; then one every half second
    assert [buckets.take("a", 0.0) for _ in range(5)] == [0, 0, 0, 0, 0.5]
    assert buckets.take("b", 0.0) == 0
    assert buckets.take("a", 0.5) == 0
    assert buckets.take("a", 0.5, cost=3) == 1.5
    assert buckets.take("a", 100.0, cost=9) == 0  # what costs more than fits is given from a full bucket
    assert [retry_after(wait) for wait in (0.01, 1.0, 1.2)] == ["1", "1", "2"]


def test_many_logins_at_once_leave_others_quick(api: Api) -> None:
    """Hashes are worked out in threads of their own, two at a time: who only asks for health does not wait for them."""
    api.user("viewer")
    transport = httpx.ASGITransport(api.app)

    async def crowd() -> list[float]:
        async with httpx.AsyncClient(transport=transport, base_url=BASE) as client:
            body = {"email": "viewer@example.com", "password": PASSWORD}
            logins = [
                asyncio.create_task(client.post("/v1/session", json=body, headers={"Origin": BASE})) for _ in range(6)
            ]
            loop, waits = asyncio.get_running_loop(), []
            while not all(login.done() for login in logins):
                began = loop.time()
                await client.get("/health")
                waits.append(loop.time() - began)
                await asyncio.sleep(0.01)
            assert {login.result().status_code for login in logins} == {200}
            return sorted(waits)

    waits = asyncio.run(crowd())
    assert waits[len(waits) // 2] < 0.1  # six logins one after the other take over a second


def test_the_counters_say_what_waits_in_the_store(api: Api) -> None:
    api.world.lead("ann")
    api.key("write").post("/v1/leads/ann/adjustments", {"points": 1, "reason": "x"})
    api.clock.move(seconds=30)
    text = api.key("admin").get("/metrics").text

    assert "scoville_unscored 1.0" in text
    assert "scoville_unscored_age_s 30.0" in text
    assert "scoville_unfolded 0.0" in text


class _Plain:
    """An ASGI app for a route, which takes plain functions for something else."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        await self.app(scope, receive, send)
