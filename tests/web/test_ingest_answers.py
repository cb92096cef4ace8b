"""What is answered when: a client drops or repeats its events by it."""

from __future__ import annotations

import base64
import gzip
import json
from contextlib import ExitStack
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from ingest_server import BASIC, EVENT, SECRET_KEY, WRITE_KEY, FixedKeys, Place, count_of, refused, rows_of
from scoville.live.ingest.inbox import FullError
from scoville.live.ingest.rates import Rate
from scoville.live.store.metadata import from_us

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A server that stands."""
    with ExitStack() as stack:
        yield Place(stack, tmp_path)


BATCHES = ("/v1/batch", "/v1/b", "/v1/import")
SINGLES = ("/v1/identify", "/v1/track", "/v1/page", "/v1/screen", "/v1/i", "/v1/t", "/v1/p", "/v1/s")


def test_every_address_takes_events_with_and_without_a_slash(place: Place) -> None:
    for number, path in enumerate(path + slash for path in (*BATCHES, *SINGLES) for slash in ("", "/")):
        answer = place.post(path, {"batch": [EVENT]} if path.rstrip("/") in BATCHES else EVENT)
        assert (path, answer.status_code, answer.content) == (path, 200, b'{"success": true}')
        assert count_of(place.store, "inbox") == number + 1


def test_group_and_alias_have_their_addresses(place: Place) -> None:
    for path in ("group", "g", "alias", "a"):
        assert place.post(f"/v1/{path}", EVENT | {"groupId": 1, "previousId": "a"}).status_code == 200
    assert [row["type"] for row in rows_of(place.store)] == ["group", "group", "alias", "alias"]


def test_the_body_is_read_whatever_its_content_type_says(place: Place) -> None:
    packed = gzip.compress(json.dumps(EVENT).encode())
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data", "", "image/png"):
        answer = place.post(content=packed, headers=BASIC | {"Content-Type": kind, "Content-Encoding": "gzip"})
        assert (kind, answer.status_code) == (kind, 200)
    assert count_of(place.store, "inbox") == 5


KEYS: dict[str, dict[str, Any]] = {
    "Basic with a colon": {"headers": BASIC},
    "Basic without": {"headers": {"Authorization": "basic " + base64.b64encode(WRITE_KEY.encode()).decode()}},
    "Bearer": {"headers": {"Authorization": f"Bearer {WRITE_KEY}"}},
    "in the body": {"headers": {}, "body": EVENT | {"writeKey": WRITE_KEY}},
    "in an event of a batch": {
        "headers": {},
        "path": "/v1/batch",
        "body": {"batch": [EVENT | {"writeKey": WRITE_KEY}]},
    },
    "in the address of a beacon": {
        "headers": {},
        "path": f"/beacon/v1/batch?writeKey={WRITE_KEY}",
        "body": {"batch": [EVENT]},
    },
}


@pytest.mark.parametrize("way", KEYS)
def test_the_key_is_taken_from_every_place_that_clients_put_it(place: Place, way: str) -> None:
    assert place.post(**KEYS[way]).status_code == 200
    assert rows_of(place.store)[0]["is_trusted"] is False


NO_KEYS: dict[str, tuple[dict[str, Any], str]] = {
    "none": ({"headers": {}}, "no_write_key"),
    "a wrong one": ({"headers": {"Authorization": "Bearer wrong"}}, "invalid_write_key"),
    "no base64": ({"headers": {"Authorization": "Basic !!!"}}, "no_write_key"),
    "bytes": ({"headers": {"Authorization": "Basic /////w=="}}, "invalid_write_key"),
    "another scheme": ({"headers": {"Authorization": "Digest x"}}, "no_write_key"),
    "in the address of a server": ({"headers": {}, "path": f"/v1/track?writeKey={WRITE_KEY}"}, "no_write_key"),
}


@pytest.mark.parametrize("way", NO_KEYS)
def test_without_a_key_that_is_known_nothing_is_stored_and_the_sender_is_told(place: Place, way: str) -> None:
    options, code = NO_KEYS[way]
    assert refused(place.post(**options)) == (401, code)
    assert count_of(place.store, "inbox") == 0


BODIES: dict[str, tuple[dict[str, Any], int, str]] = {
    "no JSON": ({"content": b"{"}, 400, "invalid_json"),
    "no events": ({"path": "/v1/batch", "body": {"events": []}}, 400, "no_events"),
    "a list where an event should be": ({"body": []}, 400, "no_events"),
    "too many": ({"path": "/v1/batch", "body": {"batch": [0] * 5001}}, 413, "too_many_events"),
    "too large": ({"content": b" " * (5 * 1024 * 1024 + 1)}, 413, "too_large"),
    "a bomb": (
        {"content": gzip.compress(b" " * 20_000_000), "headers": BASIC | {"Content-Encoding": "gzip"}},
        413,
        "too_large",
    ),
    "no gzip": ({"content": b"{}", "headers": BASIC | {"Content-Encoding": "gzip"}}, 400, "bad_encoding"),
    "unknown packing": ({"content": b"{}", "headers": BASIC | {"Content-Encoding": "br"}}, 415, "unknown_encoding"),
}


@pytest.mark.parametrize("body", BODIES)
def test_a_body_that_cannot_be_read_is_refused_whole(place: Place, body: str) -> None:
    options, status, code = BODIES[body]
    assert refused(place.post(**options)) == (status, code)
    assert place.post().status_code == 200


def test_another_method_is_refused_and_says_which(place: Place) -> None:
    assert refused(place.http.get("/v1/track")) == (405, "wrong_method")
    assert refused(place.http.put("/v1/batch", content=b"{}")) == (405, "wrong_method")
    assert refused(place.http.post("/v1/pixel/track")) == (405, "wrong_method")


def test_a_key_that_sends_too_much_is_told_when_to_come_back(tmp_path: Path) -> None:
    keys = FixedKeys()
    keys.senders[WRITE_KEY] = replace(keys.senders[WRITE_KEY], rate=Rate(events_per_s=2, burst=4))
    with ExitStack() as stack:
        place = Place(stack, tmp_path, keys=keys, steady_s=lambda: 0.0)
        assert place.post("/v1/batch", {"batch": [EVENT] * 9}).status_code == 200
        answer = place.post(headers=BASIC | {"Origin": "https://shop.example"})
        assert refused(answer) == (429, "too_many_requests")
        assert answer.headers["retry-after"] == "3"  # 5 too many and one more, at 2 a second
        assert answer.headers["access-control-expose-headers"] == "Retry-After"
        assert place.post(headers={"Authorization": f"Bearer {SECRET_KEY}"}).status_code == 200


def test_a_key_without_the_scope_may_not_send(tmp_path: Path) -> None:
    keys = FixedKeys()
    keys.senders[WRITE_KEY] = replace(keys.senders[WRITE_KEY], may_send=False)
    with ExitStack() as stack:
        assert refused(Place(stack, tmp_path, keys=keys).post()) == (403, "missing_scope")


def test_when_too_much_waits_senders_are_asked_to_wait(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    async def full(_: object) -> None:
        raise FullError("more events arrive than can be written")

    monkeypatch.setattr(place.desk.inbox, "put", full)
    answer = place.post()
    assert (*refused(answer), answer.headers["retry-after"]) == (429, "busy", "1")


def test_a_store_that_is_away_is_never_answered_with_success(place: Place) -> None:
    def fail(_: Any) -> None:
        raise OSError("no space left on device")

    event.listen(place.store.engine, "begin", fail)
    answer = place.post()
    event.remove(place.store.engine, "begin", fail)
    assert (*refused(answer), answer.headers["retry-after"]) == (503, "unavailable", "1")
    assert count_of(place.store, "inbox") == 0
    assert place.post().status_code == 200


def test_only_a_trusted_sender_may_bring_history(place: Place) -> None:
    old = {"batch": [EVENT | {"timestamp": "2019-05-03T10:00:00Z"}], "sentAt": "2019-05-03T10:00:00Z"}
    place.post("/v1/import", old, headers={"Authorization": f"Bearer {SECRET_KEY}"})
    place.post("/v1/import", old)
    kept, corrected = (row["occurred_at"] for row in rows_of(place.store))
    assert kept == from_us(1_556_877_600_000_000)
    assert (corrected - kept).total_seconds() == 24 * 3600  # the most that a wrong clock is corrected by
