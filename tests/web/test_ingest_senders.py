"""Who sends, by the keys of the store; and the whole door, mounted in an application, against anything at all."""

from __future__ import annotations

import asyncio
import json
import socket
import time
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import httpx
import pytest
from fastapi import FastAPI
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.middleware import Middleware
from starlette.middleware.base import BaseHTTPMiddleware
from starlette.responses import Response

from ingest_server import (
    BASIC,
    EVENT,
    WRITE_KEY,
    FixedKeys,
    Place,
    count_of,
    desk_over,
    new_store,
    refused,
    rows_of,
    serving,
)
from scoville.web.auth.keys import NewKey, create_key, list_keys, revoke_key
from scoville.web.ingest import EventsFirst, StoredKeys, desk_of, ingest_routes
from scoville.web.ingest.counted import EVENTS
from scoville.web.ingest.senders import REMEMBERED_S, key_in_authorization

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.requests import Request

    from scoville.live.store.opening import Store

NOW = datetime.now(UTC).replace(tzinfo=None)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty store."""
    with new_store(f"sqlite:///{tmp_path}/live.db") as opened:
        yield opened


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A server that stands."""
    with ExitStack() as stack:
        yield Place(stack, tmp_path)


def made(store: Store, **wanted: Any) -> tuple[str, str]:
    with store.writing() as connection:
        key = create_key(connection, NewKey(**{"name": "site", "kind": "write"} | wanted), author="test", now=NOW)
    return key.key_id, key.secret


def test_a_key_of_the_store_is_found_with_its_source_and_its_trust(store: Store) -> None:
    _, public = made(store)
    _, secret = made(store, kind="secret", name="server", source="crm")
    _, reader = made(store, kind="secret", name="reports", scopes=("read",))
    keys = StoredKeys(store)
    found = [asyncio.run(keys.find(one)) for one in (public, secret, reader, "sv_write_wrong")]
    assert [one and (one.source_no, one.is_trusted, one.may_send) for one in found] == [
        (1, False, True),
        (2, True, True),
        (3, True, False),
        None,
    ]


def test_the_use_of_a_key_is_written_down_though_nobody_waits_for_it(store: Store) -> None:
    desk = desk_of(store)
    with desk.inbox:
        _, public = made(store)
        app = FastAPI()
        app.router.routes.extend(ingest_routes(desk))
        with serving(app) as url, httpx.Client(base_url=url) as http:
            before = EVENTS.labels("accepted")._value.get()
            assert http.post("/v1/track", json=EVENT, headers={"Authorization": f"Bearer {public}"}).status_code == 200
    assert EVENTS.labels("accepted")._value.get() == before + 1
    with store.reading() as connection:
        assert [row["last_used_at"] is not None for row in list_keys(connection)] == [True]


def test_a_revoked_key_and_one_that_is_over_are_refused_within_seconds(store: Store) -> None:
    key_id, secret = made(store, expires_at=NOW + timedelta(hours=1))
    now_s = [100.0]
    keys = StoredKeys(store, clock=lambda: now_s[0])
    assert asyncio.run(keys.find(secret)) is not None
    with store.writing() as connection:
        revoke_key(connection, key_id, NOW)
    now_s[0] += REMEMBERED_S - 0.1
    assert asyncio.run(keys.find(secret)) is not None
    now_s[0] += 0.2
    assert asyncio.run(keys.find(secret)) is None


def test_a_key_that_is_made_after_it_was_tried_is_taken_soon(store: Store) -> None:
    now_s = [100.0]
    keys = StoredKeys(store, clock=lambda: now_s[0])
    _, secret = made(store)
    assert asyncio.run(keys.find(secret + "x")) is None
    now_s[0] += REMEMBERED_S + 1
    assert asyncio.run(keys.find(secret)) is not None


@pytest.mark.parametrize(
    ("header", "key"),
    [
        (b"Basic dGVzdC1rZXk6", "test-key"),
        (b"basic dGVzdC1rZXk=", "test-key"),
        (b"Basic dGVzdC1rZXk6cGFzcw==", "test-key"),
        (b"Bearer  test-key ", "test-key"),
        (b"Basic", None),
        (b"Basic \xff", None),
        (b"Basic Og==", None),
        (b"Bearer", None),
        (b"Token x", None),
        (b"", None),
    ],
)
def test_the_key_is_read_from_the_header(header: bytes, key: str | None) -> None:
    assert key_in_authorization(header) == key


def test_the_routes_stand_in_an_application_beside_others(store: Store) -> None:
    with desk_over(store) as desk:
        app = FastAPI()
        app.router.routes.extend(ingest_routes(desk))

        @app.get("/v1/leads")
        async def leads() -> list[str]:
            return []

        with serving(app) as url, httpx.Client(base_url=url) as http:
            assert http.post("/v1/track", json=EVENT, headers=BASIC).status_code == 200
            assert http.post("/v1/batch/", json={"batch": [EVENT]}, headers=BASIC).status_code == 200
            assert http.get("/v1/leads").json() == []
            assert http.get("/openapi.json").status_code == 200
    assert count_of(store, "inbox") == 2


def test_events_go_before_all_that_guards_the_rest_of_an_application(place: Place) -> None:
    async def guarded(request: Request, call_next: object) -> Response:  # noqa: ARG001 - as Starlette calls it
        return Response("guarded", 403)

    app = FastAPI(middleware=[Middleware(BaseHTTPMiddleware, dispatch=guarded)])
    app.router.routes.extend(ingest_routes(place.desk))
    with serving(EventsFirst(app)) as url, httpx.Client(base_url=url) as http:
        assert http.post("/v1/track", json=EVENT, headers=BASIC).content == b'{"success": true}'
        assert http.get("/v1/leads").text == "guarded"


def test_a_fault_of_ours_tells_the_sender_nothing_but_to_try_again(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def broken(_: object) -> None:
        raise RuntimeError("peter@initech.com")

    monkeypatch.setattr(place.desk.inbox, "put", broken)
    answer = place.post()
    assert refused(answer) == (500, "failed")
    assert "peter" not in answer.text


def test_a_source_cannot_take_the_ids_of_another(store: Store) -> None:

    keys = FixedKeys()
    with store.writing() as connection:
        connection.exec_driver_sql("INSERT INTO sources VALUES (2, 'other', 0)")
    keys.senders["other"] = replace(keys.senders[WRITE_KEY], source_no=2)
    with desk_over(store, keys=keys) as desk:
        app = FastAPI()
        app.router.routes.extend(ingest_routes(desk))
        with serving(app) as url, httpx.Client(base_url=url) as http:
            for key in (WRITE_KEY, "other", "other"):
                http.post("/v1/track", json=EVENT | {"messageId": "m"}, headers={"Authorization": f"Bearer {key}"})
    assert [row["source_no"] for row in rows_of(store)] == [1, 2]


def raw(place: Place, *parts: bytes, pause_s: float = 0.0) -> bytes:
    """Bytes on the wire, part by part; what comes back, until the server or we hang up."""
    host, port = place.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        for part in parts:
            wire.sendall(part)
            time.sleep(pause_s)
        return wire.recv(65_536)


HEAD = b"POST /v1/track HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer test-key\r\n"


def test_a_body_that_comes_in_pieces_is_one_body(place: Place) -> None:
    body = json.dumps(EVENT).encode()
    pieces = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in (body[:5], body[5:20], body[20:])]
    answer = raw(place, HEAD + b"Transfer-Encoding: chunked\r\n\r\n", *pieces, b"0\r\n\r\n", pause_s=0.01)
    assert answer.startswith(b"HTTP/1.1 200")
    assert count_of(place.store, "inbox") == 1


def test_a_sender_that_hangs_up_in_the_middle_leaves_nothing(place: Place) -> None:
    host, port = place.url.removeprefix("http://").split(":")
    with socket.create_connection((host, int(port)), timeout=5) as wire:
        wire.sendall(HEAD + b"Content-Length: 500\r\n\r\n{")
    assert place.post().status_code == 200
    assert count_of(place.store, "inbox") == 1


def test_a_body_that_trickles_is_given_up(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoville.web.ingest.desk._SLOW_S", 0.1)
    answer = raw(place, HEAD + b"Content-Length: 500\r\n\r\n{")
    assert answer.startswith(b"HTTP/1.1 408")
    assert b'"code":"too_slow"' in answer


def test_200_slow_senders_do_not_keep_others_waiting(place: Place) -> None:
    host, port = place.url.removeprefix("http://").split(":")
    with ExitStack() as stack:
        for _ in range(200):
            wire = stack.enter_context(socket.create_connection((host, int(port)), timeout=5))
            wire.sendall(HEAD + b"Content-Length: 500\r\n\r\n{")
        begun_s = time.perf_counter()
        assert place.post().status_code == 200
        assert time.perf_counter() - begun_s < 1


PIECES = rb"""{"batch":[ ]} { } "userId":"u" , "type":"track" "event":"e" 1e999 "\ud800" NaN [ ] "\u0000" \xff"""
pieces = st.sampled_from(PIECES.split())
headers = st.sampled_from(
    [{}, {"Content-Encoding": "gzip"}, {"Content-Encoding": "deflate"}, {"Content-Type": "text/html"}]
)
paths = st.sampled_from(["/v1/batch", "/v1/track", "/v1/identify", "/v1/import", "/v1/a", "/beacon/v1/batch"])


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
@given(st.lists(pieces, max_size=12).map(b"".join) | st.binary(max_size=50), headers, paths)
def test_any_bytes_are_stored_put_aside_or_refused(place: Place, body: bytes, extra: dict[str, str], path: str) -> None:
    answer = place.post(path, content=body or b" ", headers=BASIC | extra)
    assert answer.status_code in {200, 400, 413, 415}
    assert answer.json()["success"] is (answer.status_code == 200)
