"""How fast events come in: our door beside an empty handler of the same server, and batches beside bare inserts.

    python benchmarks/live_load.py [--store sqlite:////tmp/load.db | postgres://...] [--seconds 5] [--connections 64]

The load generator writes requests made before onto raw sockets, because it runs on the same cores as the server. Each
figure is the median of alternating rounds. `Load` and `run_load` serve other benchmarks too.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import multiprocessing
import socket
import statistics
import tempfile
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import orjson
import uvicorn
import uvloop
from sqlalchemy import insert
from starlette.applications import Starlette
from starlette.responses import Response
from starlette.routing import Route

from scoville.live.ingest.inbox import Inbox
from scoville.live.ingest.messages import Message
from scoville.live.ingest.rates import Rate
from scoville.live.ingest.reading import Arrival, read_batch
from scoville.live.ingest.rules import Rules
from scoville.live.store import access, actions, log, people, routing, scores
from scoville.live.store.metadata import from_us, metadata
from scoville.live.store.opening import Store, open_store
from scoville.web.ingest import Desk, EventsFirst, Sender, ingest_routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from starlette.requests import Request

PARTS = (access, actions, log, people, routing, scores)  # their tables are known once they are imported
KEY = "bench-key"
HOST = "127.0.0.1"
HEAD = f"HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Basic YmVuY2gta2V5Og==\r\nContent-Type: application/json\r\n"
COLUMNS = tuple(name.replace("_us", "_at") for name in Message._fields)
ROUNDS = 3
BATCH = 100


@dataclass
class Load:
    """What came of a load: answers, of which some were not 200, and how long each took in seconds."""

    seconds: float = 0.0
    wrong: int = 0
    took_s: list[float] = field(default_factory=list)

    @property
    def per_s(self) -> float:
        """Answers a second."""
        return len(self.took_s) / self.seconds

    def quantile_ms(self, share: float) -> float:
        """The time within which this share of answers came, in milliseconds."""
        ordered = sorted(self.took_s)
        return 1000 * ordered[min(len(ordered) - 1, int(share * len(ordered)))]


class _Client(asyncio.Protocol):
    """One connection: the next request goes out when the answer to the last one is complete."""

    def __init__(self, requests: Iterator[bytes], load: Load, until_s: float) -> None:
        self._requests, self._load, self._until_s = requests, load, until_s
        self._heard = b""
        self.ended: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's is none by its class
        self._send()

    def data_received(self, data: bytes) -> None:
        self._heard += data
        head, blank, body = self._heard.partition(b"\r\n\r\n")
        if not blank or len(body) < _body_bytes(head):
            return
        self._heard = b""
        self._load.took_s.append(time.perf_counter() - self._sent_s)
        self._load.wrong += not head.startswith(b"HTTP/1.1 200")
        self._send()

    def connection_lost(self, exc: Exception | None) -> None:
        self._load.wrong += exc is not None
        if not self.ended.done():
            self.ended.set_result(None)

    def _send(self) -> None:
        self._sent_s = time.perf_counter()
        request = next(self._requests, None) if self._sent_s < self._until_s else None
        if request is None:
            self._transport.close()
        else:
            self._transport.write(request)


def _body_bytes(head: bytes) -> int:
    _, named, rest = head.lower().partition(b"content-length:")
    return int(rest.partition(b"\r\n")[0]) if named else 0


def run_load(port: int, requests: Iterator[bytes], *, connections: int, seconds: float) -> Load:
    """Send as fast as answers come, over so many connections."""
    return uvloop.run(_loaded(port, requests, connections, seconds))


async def _loaded(port: int, requests: Iterator[bytes], connections: int, seconds: float) -> Load:
    load, loop = Load(), asyncio.get_running_loop()
    begun_s = time.perf_counter()
    made = [
        loop.create_connection(lambda: _Client(requests, load, begun_s + seconds), HOST, port)
        for _ in range(connections)
    ]
    for _, client in await asyncio.gather(*made):
        await client.ended
    load.seconds = time.perf_counter() - begun_s
    return load


def track(number: int) -> dict[str, Any]:
    """An event as a browser sends it, about 600 bytes."""
    return {
        "type": "track",
        "event": "Pricing Viewed",
        "anonymousId": f"visitor-{number % 5000}",
        "messageId": f"{number:09d}-{uuid.uuid4()}",
        "timestamp": "2026-11-21T19:54:34.022Z",
        "properties": {"plan": "pro", "value": 14.99, "seats": 25},
        "context": {
            "userAgent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/156.0.0.0",
            "locale": "en-US",
            "page": {"path": "/pricing", "url": "https://example.com/pricing", "title": "Pricing"},
            "library": {"name": "analytics.js", "version": "npm:next-1.84.3"},
        },
    }


def post(path: str, body: object) -> bytes:
    """A request as it goes over the wire."""
    written = orjson.dumps(body)
    return f"POST {path} {HEAD}Content-Length: {len(written)}\r\n\r\n".encode() + written


class _Keys:
    """One key, which may send as much as it likes."""

    _sender = Sender("bench", 1, is_trusted=True, may_send=True, rate=Rate(1e9, 1e9))

    async def find(self, key: str) -> Sender | None:
        return self._sender if key == KEY else None


async def _empty(request: Request) -> Response:
    await request.body()
    return Response(b'{"success": true}', media_type="application/json")


def _serve(url: str, taken: socket.socket) -> None:
    """The server, in a process of its own: ingestion, and a handler that reads the body and does nothing."""
    store = open_store(url)
    gc.freeze()
    gc.set_threshold(50_000)  # as the server does: what a request makes is gone with it
    with Inbox(store) as inbox:
        desk = Desk(keys=_Keys(), inbox=inbox)
        app = Starlette(routes=[Route("/empty", _empty, methods=["POST"]), *ingest_routes(desk)])
        config = uvicorn.Config(EventsFirst(app), log_level="warning", access_log=False, lifespan="off")
        uvicorn.Server(config).run(sockets=[taken])
    store.close()


def prepared(url: str) -> Store:
    """A store with its tables and one source."""
    store = open_store(url)
    metadata.drop_all(store.engine)
    metadata.create_all(store.engine)
    with store.writing() as connection:
        connection.execute(insert(log.sources).values(source_no=1, name="bench", created_at=from_us(0)))
    return store


def batches_of(count: int, begin: int = 0) -> list[dict[str, Any]]:
    """Batches of 100 different events."""
    return [{"batch": [track(begin + number * BATCH + one) for one in range(BATCH)]} for number in range(count)]


def bare_insert(store: Store, seconds: float) -> float:
    """Rows a second of bare executemany: made before, 100 at a time into `seen` and `inbox`, each commit durable."""
    arrival = Arrival(1, is_trusted=True, received_us=time.time_ns() // 1000)
    made = [read_batch(one, arrival, Rules(), lambda: "").messages for one in batches_of(int(seconds * 300))]
    marks = {"sqlite": "?"}.get(store.engine.dialect.name, "%s")
    inbox = f"INSERT INTO inbox ({', '.join(COLUMNS)}) VALUES ({', '.join([marks] * len(COLUMNS))})"  # noqa: S608
    seen = f"INSERT INTO seen VALUES ({marks}, {marks}) ON CONFLICT DO NOTHING"  # noqa: S608 - marks alone
    begun_s, written = time.perf_counter(), 0
    for rows in made:
        with store.writing() as connection:
            cursor = connection.connection.cursor()
            ids = [(one.event_id, one.received_us) for one in rows]
            cursor.executemany(seen, ids)
            cursor.executemany(inbox, rows)
        written += len(rows)
        if time.perf_counter() - begun_s > seconds:
            break
    return written / (time.perf_counter() - begun_s)


def measure(url: str, seconds: float, connections: int) -> dict[str, float]:
    """All figures, each the median of alternating rounds."""
    store = prepared(url)
    figures: dict[str, list[float]] = {}
    with socket.socket() as taken:
        taken.bind((HOST, 0))
        taken.listen(1024)
        port = taken.getsockname()[1]
        server = multiprocessing.get_context("spawn").Process(target=_serve, args=(url, taken))
        server.start()
        try:
            _awaited(port)
            for kind in (_singles, _batches):
                for turn in range(ROUNDS):
                    for name, value in kind(store, port, turn, seconds, connections):
                        figures.setdefault(name, []).append(value)
        finally:
            server.terminate()
            server.join()
            store.close()
    return {name: statistics.median(values) for name, values in figures.items()}


def _singles(_: Store, port: int, turn: int, seconds: float, connections: int) -> Iterator[tuple[str, float]]:
    singles = [post("/v1/track", track((turn + 1) * 10**7 + one)) for one in range(int(12_000 * seconds))]
    empty = run_load(
        port, (one.replace(b"/v1/track", b"/empty", 1) for one in singles), connections=connections, seconds=seconds
    )
    yield "empty_per_s", empty.per_s
    yield "empty_p50_ms", empty.quantile_ms(0.5)
    single = run_load(port, iter(singles), connections=connections, seconds=seconds)
    if single.wrong + empty.wrong:
        raise SystemExit("not every request was answered with 200")
    yield "single_per_s", single.per_s
    yield "single_p50_ms", single.quantile_ms(0.5)
    yield "single_p99_ms", single.quantile_ms(0.99)
    yield "single_ratio", single.per_s / empty.per_s


def _batches(store: Store, port: int, turn: int, seconds: float, _: int) -> Iterator[tuple[str, float]]:
    many = [post("/v1/batch", one) for one in batches_of(int(250 * seconds), (turn + 1) * 10**8)]
    batch = run_load(port, iter(many), connections=8, seconds=seconds)
    if batch.wrong:
        raise SystemExit("not every batch was answered with 200")
    yield "batch_events_per_s", batch.per_s * BATCH
    bare = bare_insert(store, seconds)
    yield "bare_rows_per_s", bare
    yield "batch_ratio", batch.per_s * BATCH / bare


def _awaited(port: int) -> None:
    for _ in range(200):
        with socket.socket() as probe:
            probe.settimeout(1)
            probe.connect((HOST, port))
            probe.sendall(f"GET / {HEAD}\r\n".encode())
            if probe.recv(1):
                return
        time.sleep(0.05)
    raise SystemExit("the server did not answer")


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    parser.add_argument("--store", help="a new SQLite file, or an empty PostgreSQL database; its tables are made anew")
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--connections", type=int, default=256)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        figures = measure(given.store or f"sqlite:///{Path(folder)}/load.db", given.seconds, given.connections)
    for name, value in figures.items():
        print(f"{name:20} {value:12,.2f}")


if __name__ == "__main__":
    main()
