"""The door for events in tests: an application over a store, its keys, and a server on a free port."""

from __future__ import annotations

import base64
import contextlib
import json
import socket
import threading
import time
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import httpx
import uvicorn
from sqlalchemy import func, insert, select
from starlette.applications import Starlette

from scoville.live.ingest.inbox import Inbox
from scoville.live.ingest.rates import Rate
from scoville.live.ingest.rules import Rules
from scoville.live.store import access, actions, log, people, routing, scores
from scoville.live.store.metadata import from_us, metadata
from scoville.live.store.opening import open_store
from scoville.web.ingest import Desk, EventsFirst, Sender, ingest_routes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from starlette.types import ASGIApp

    from scoville.live.store.opening import Store

PARTS_OF_THE_STORE = (access, actions, log, people, routing, scores)  # their tables are known once they are imported
WRITE_KEY, SECRET_KEY = "test-key", "sv_secret_test"
RECEIVED_US = 1_795_291_200_000_000  # 2026-11-21 20:00:00 UTC: minutes after the recordings were made
EVENT: dict[str, Any] = {"type": "track", "event": "Seen", "userId": "u"}
BASIC = {"Authorization": "Basic " + base64.b64encode(f"{WRITE_KEY}:".encode()).decode()}
PLENTY = Rate(events_per_s=1e6, burst=1e6)


@dataclass
class FixedKeys:
    """A public and a secret key of one source."""

    senders: dict[str, Sender] = field(
        default_factory=lambda: {
            WRITE_KEY: Sender("public", 1, is_trusted=False, may_send=True, rate=PLENTY),
            SECRET_KEY: Sender("secret", 1, is_trusted=True, may_send=True, rate=PLENTY),
        }
    )

    async def find(self, key: str) -> Sender | None:
        """Who has this key."""
        return self.senders.get(key)


@contextlib.contextmanager
def new_store(url: str) -> Iterator[Store]:
    """An empty store with one source."""
    store = open_store(url)
    try:
        metadata.create_all(store.engine)
        with store.writing() as connection:
            connection.execute(insert(log.sources).values(source_no=1, name="site", created_at=from_us(0)))
        yield store
    finally:
        store.close()


@contextlib.contextmanager
def desk_over(store: Store, **changes: Any) -> Iterator[Desk]:
    """A desk whose inbox runs, with a clock that stands."""
    with Inbox(store) as inbox:
        yield replace(Desk(FixedKeys(), inbox, Rules(), now_us=lambda: RECEIVED_US), **changes)


def application(desk: Desk, **options: Any) -> EventsFirst:
    """The routes of ingestion alone."""
    return EventsFirst(Starlette(routes=ingest_routes(desk, **options)))


@contextlib.contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """The address of a real server on a free port."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="off", timeout_graceful_shutdown=1))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [taken]})
        thread.start()
        try:
            while not server.started:
                time.sleep(0.01)
            yield f"http://127.0.0.1:{taken.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join()


def rows_of(store: Store, table: str = "inbox") -> list[dict[str, Any]]:
    """All rows of a table, in the order of acceptance."""
    with store.reading() as connection:
        found = connection.execute(select(metadata.tables[table])).mappings()
        return sorted((dict(row) for row in found), key=lambda row: row.get("seq", 0))


def count_of(store: Store, table: str) -> int:
    """How many rows a table has."""
    with store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(metadata.tables[table])).scalar_one())


class Place:
    """A running server, its store, and a client that knows its address."""

    def __init__(self, stack: contextlib.ExitStack, folder: Path, **changes: Any) -> None:
        self.store = stack.enter_context(new_store(f"sqlite:///{folder}/live.db"))
        self.desk = stack.enter_context(desk_over(self.store, **changes))
        self.url = stack.enter_context(serving(application(self.desk)))
        self.http = stack.enter_context(httpx.Client(base_url=self.url))

    def post(self, path: str = "/v1/track", body: Any = None, **options: Any) -> httpx.Response:
        """Send a body, an event if none is named, with the public key if no headers are."""
        content = options.pop("content", None) or json.dumps(EVENT if body is None else body).encode()
        return self.http.post(path, content=content, **({"headers": BASIC} | options))


def refused(answer: httpx.Response) -> tuple[int, str]:
    """Status and code of an error, which has to have all that clients look for."""
    body = answer.json()
    assert set(body) == {"success", "code", "message"}
    assert body["success"] is False
    assert body["message"].endswith(".")
    assert answer.headers["content-type"] == "application/json"
    return answer.status_code, body["code"]
