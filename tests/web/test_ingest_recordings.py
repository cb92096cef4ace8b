"""What real clients sent, sent again: everything arrives, once, and means what it meant."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import pytest

from ingest_server import application, count_of, desk_over, new_store, rows_of, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoville.live.store.opening import Store

RECORDINGS = Path(__file__).parent.parent / "recordings"
CLIENTS = sorted(path.stem for path in RECORDINGS.glob("*.json") if path.stem != "retry-matrix")
CALLS = ("identify", "track", "page", "group", "alias")
OF_THE_CONNECTION = frozenset({"host", "content-length", "connection"})


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """SQLite, then PostgreSQL."""
    if request.param == "sqlite":
        with new_store(f"sqlite:///{tmp_path}/live.db") as opened:
            yield opened
        return
    with request.getfixturevalue("postgres").database() as url, new_store(url) as opened:
        yield opened


def requests_of(client: str) -> list[dict[str, Any]]:
    recorded = json.loads((RECORDINGS / f"{client}.json").read_text(encoding="utf-8"))
    return [one for part in ("requests", "gzip_requests", "sync_request") for one in recorded.get(part, [])]


def sent(request: dict[str, Any]) -> list[dict[str, Any]]:
    """The messages of a recorded request."""
    body = request["body"]
    return body.get("batch", [body]) if isinstance(body, dict) else []


def replay(url: str, requests: list[dict[str, Any]], *, agent: str = "Chrome") -> list[httpx.Response]:
    with httpx.Client(base_url=url) as client:
        return [_again(client, request, agent) for request in requests]


def _again(client: httpx.Client, request: dict[str, Any], agent: str) -> httpx.Response:
    """The request as it was; the browser of the recording had no screen, and would be taken for the robot it was."""
    headers = [(name, value) for name, value in request["headers"] if name.lower() not in OF_THE_CONNECTION]
    body = json.dumps(request["body"]).replace("HeadlessChrome", agent).encode() if request["body"] else b""
    if dict(headers).get("Content-Encoding") == "gzip":
        body = gzip.compress(body)
    return client.request(request["method"], request["path"], headers=headers, content=body)


@pytest.mark.parametrize("client", CLIENTS)
def test_a_recording_arrives_whole_and_a_second_time_changes_nothing(client: str, store: Store) -> None:
    requests = requests_of(client)
    expected = {message.get("messageId") or message.get("event") for one in requests for message in sent(one)}
    with desk_over(store) as desk, serving(application(desk)) as url:
        answers = replay(url, requests)
        first = rows_of(store)
        replay(url, requests)
        assert rows_of(store) == first
    assert {answer.status_code for answer in answers} == {200}
    bodies = {one.content for one, request in zip(answers, requests, strict=True) if request["method"] == "POST"}
    assert bodies == {b'{"success": true}'}
    assert count_of(store, "quarantine") == 0
    made = {row["message_id"] for row in first}
    assert len(first) == len(expected)
    assert client == "analytics-davidwells" or made == expected


@pytest.mark.parametrize("client", [client for client in CLIENTS if client != "analytics-davidwells"])
def test_the_rows_say_what_the_client_said(client: str, tmp_path: Path) -> None:
    """Peter Gibbons of Initech, as the script of the recordings had it for every client."""
    with (
        new_store(f"sqlite:///{tmp_path}/live.db") as store,
        desk_over(store) as desk,
        serving(application(desk)) as url,
    ):
        replay(url, requests_of(client))
        rows = rows_of(store)
    by_type = {row["type"]: row for row in reversed(rows)}
    assert set(by_type) - {"screen"} == set(CALLS)
    assert by_type["identify"]["user_id"] == "user-1"
    assert by_type["identify"]["payload"]["traits"]["email"] == "pgibbons@example.com"
    assert "traits" not in by_type["identify"]["payload"]["context"]
    assert by_type["track"]["event"] == "Pricing Viewed"
    assert by_type["track"]["payload"]["properties"]["plan"] == "pro"
    assert (by_type["page"]["event"], by_type["page"]["payload"]["properties"]["name"]) == (
        "page_viewed",
        "Lead Scoring",
    )
    assert by_type["group"]["group_id"] == "acct-9"
    assert by_type["group"]["payload"]["traits"]["name"] == "Initech"
    assert by_type["alias"]["previous_id"]
    assert all(row["user_id"] or row["anonymous_id"] for row in rows)


def test_a_browser_without_a_screen_is_put_aside_as_a_robot(tmp_path: Path) -> None:
    with (
        new_store(f"sqlite:///{tmp_path}/live.db") as store,
        desk_over(store) as desk,
        serving(application(desk)) as url,
    ):
        answers = replay(url, requests_of("segment-analytics-next-batching"), agent="HeadlessChrome")
        assert {answer.status_code for answer in answers} == {200}
        assert {row["reason"] for row in rows_of(store, "quarantine")} == {"bot"}
        assert count_of(store, "inbox") == 0
