"""How soon a score is seen: events arrive, and for some of them we look until the new score stands.

    python benchmarks/live.py [--leads 100000] [--events 5000000] [--rate 500] [--seconds 30] [--store URL]

A store is filled with history (once for each size: it is kept in benchmarks/data/), `scoville serve` runs on it as a
user would run it, and a load generator on the same cores sends events one by one. Told are: event to visible new score,
crossing to webhook, the queue page of the API, and what the worker spends on an event.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import os
import random
import shutil
import signal
import socket
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import numpy as np
import orjson
from sqlalchemy import insert

from scoville.live.actions.defining import Action, save_action
from scoville.live.actions.sealing import sealer_of
from scoville.live.ingest.messages import event_id_of
from scoville.live.models.publishing import publish
from scoville.live.models.versions import save_version
from scoville.live.store import log, people
from scoville.live.store.metadata import to_us
from scoville.live.store.migrating import upgrade
from scoville.live.store.opening import open_store
from scoville.web.auth.keys import NewKey, create_key

if TYPE_CHECKING:
    from collections.abc import Iterator

    from scoville.live.store.opening import Store

HERE = Path(__file__).parent
MODEL = HERE / "model.yaml"
NAMES = ("page_viewed", "email_opened", "email_clicked", "form_submitted", "webinar_watched", "demo_requested")
SHARES = (0.6, 0.2, 0.1, 0.05, 0.03, 0.02)
PATHS = ("/pricing", "/docs", "/blog/1", "/", "/careers", "/case-studies/9")
CHUNK = 50_000
"""Rows of one transaction while filling."""


# --- a store with a history -----------------------------------------------------------------------------------------


def filled(leads: int, events: int) -> Path:
    """A file with so many leads and events, made once; with the model published but not yet built."""
    path = HERE / "data" / f"live-{leads}-{events}.db"
    if not path.exists():
        path.parent.mkdir(exist_ok=True)
        beside = path.with_suffix(".making")
        beside.unlink(missing_ok=True)
        store = open_store(f"sqlite:///{beside}")
        upgrade(store)
        fill(store, leads, events, datetime.now(UTC).replace(tzinfo=None))
        store.close()
        beside.rename(path)
    return path


def fill(store: Store, leads: int, events: int, now: datetime) -> None:
    """People with traits, and what they did in the last 180 days, straight into the tables that folding writes."""
    dice = np.random.default_rng(7)
    with store.writing() as connection:
        connection.execute(insert(log.sources).values(source_no=1, name="site", created_at=now))
        version = save_version(connection, MODEL.read_text(), author="bench", now=now)
        publish(connection, version.version_no, author="bench", now=now)
    for start in range(0, leads, CHUNK):
        _fill_leads(store, range(start, min(leads, start + CHUNK)), dice, now)
    for start in range(0, events, CHUNK):
        _fill_events(store, min(CHUNK, events - start), start, leads, dice, now)


def _fill_leads(store: Store, numbers: range, dice: np.random.Generator, now: datetime) -> None:
    made = [{"lead_no": i + 1, "lead_id": f"l{i}", "first_seen_at": now, "last_seen_at": now} for i in numbers]
    employees = dice.integers(1, 2000, len(numbers)).tolist()
    titles = dice.choice(["VP Sales", "CEO", "Student", "Marketing Manager", "Engineer"], len(numbers)).tolist()
    with store.writing() as connection:
        connection.execute(insert(people.leads), [row | {"is_anonymous": False} for row in made])
        ids = [
            {"identity_no": i + 1, "kind": "user", "value": f"l{i}", "lead_no": i + 1, "first_seen_at": now}
            for i in numbers
        ]
        connection.execute(insert(people.identities), ids)
        traits = [
            {
                "identity_no": i + 1,
                "name": name,
                "changed_at": now,
                "event_id": event_id_of(1, f"{name}{i}"),
                "value": value,
            }
            for at, i in enumerate(numbers)
            for name, value in (
                ("employees", employees[at]),
                ("job_title", titles[at]),
                ("email", f"p{i}@firm{i % 999}.com"),
            )
        ]
        connection.execute(insert(people.traits), traits)


def _fill_events(store: Store, count: int, start: int, leads: int, dice: np.random.Generator, now: datetime) -> None:
    whose = (dice.integers(0, leads, count) + 1).tolist()
    ages_us = dice.integers(0, 180 * 86_400_000_000, count).tolist()
    names, paths = dice.choice(NAMES, count, p=SHARES).tolist(), dice.choice(PATHS, count).tolist()
    now_us = to_us(now)
    rows = sorted(
        (who, now_us - age, event_id_of(1, str(start + at)), "track", name, orjson.dumps({"path": path}).decode(), 1,
         str(start + at), now_us)
        for at, (who, age, name, path) in enumerate(zip(whose, ages_us, names, paths, strict=True))
    )  # fmt: skip
    with store.writing() as connection:
        cursor = connection.connection.cursor()
        cursor.executemany("INSERT INTO events VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)", rows)
        cursor.executemany("INSERT INTO seen VALUES (?, ?)", [(row[2], now_us) for row in rows])


# --- a server as a user runs it, and what reaches it ----------------------------------------------------------------


class Hooks(http.server.BaseHTTPRequestHandler):
    """A receiver of webhooks that writes down what came when."""

    came: dict[str, float] = {}  # noqa: RUF012 - one receiver in this process

    def do_POST(self) -> None:
        """Take one."""
        self.rfile.read(int(self.headers["content-length"]))
        self.came.setdefault(self.headers["webhook-id"], time.time())
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as the base class calls it
        """Nothing."""


@contextlib.contextmanager
def receiver() -> Iterator[int]:
    """The port of a receiver of webhooks."""
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hooks) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield server.server_address[1]
        server.shutdown()


@contextlib.contextmanager
def served(url: str, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """`scoville serve` on a store, until we leave."""
    command = [sys.executable, "-m", "scoville", "serve", "--store", url, "--port", str(port), "--open-metrics"]
    with tempfile.TemporaryFile() as said, subprocess.Popen(command, stderr=said, stdout=said) as process:
        try:
            _wait_for(lambda: httpx.get(f"http://127.0.0.1:{port}/health").status_code == httpx.codes.OK, 30)
            yield process
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(40)
            said.seek(0)
            failed = [line for line in said.read().decode().splitlines() if "failed" in line or "Traceback" in line]
            print(*failed[:5], sep="\n")


def _wait_for(is_there: Any, seconds: float, pause_s: float = 0.2) -> None:  # noqa: ANN401 - a question
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        with contextlib.suppress(httpx.HTTPError):
            if is_there():
                return
        time.sleep(pause_s)
    raise SystemExit(f"waited {seconds} s in vain")


def free_port() -> int:
    """A port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


# --- what is measured -----------------------------------------------------------------------------------------------


@dataclass
class Told:
    """What the run found: seconds."""

    acknowledged: list[float] = field(default_factory=list)
    seen: list[float] = field(default_factory=list)
    page: list[float] = field(default_factory=list)
    sent: int = 0


class Watcher:
    """Looks for the new score of an event in the store itself, where the API would read it."""

    _SEEN = """
        SELECT 1 FROM events e JOIN scores s ON s.publication_no = 1 AND s.lead_no = ? AND s.as_of >= e.received_at
        WHERE e.identity_no = ? AND e.event_id = ? AND NOT EXISTS (SELECT 1 FROM dirty d WHERE d.lead_no = s.lead_no)
    """

    def __init__(self, path: Path) -> None:
        self._store = sqlite3.connect(f"file:{path}?mode=ro", uri=True, check_same_thread=False)

    def wait(self, lead: int, event_id: bytes, limit_s: float = 20) -> None:
        """Until the score that knows this event stands."""
        until = time.monotonic() + limit_s
        while self._store.execute(self._SEEN, (lead, lead, event_id)).fetchone() is None:
            if time.monotonic() > until:
                raise SystemExit("an event was not scored within 20 s")
            time.sleep(0.003)


def load(port: int, key: str, leads: int, rate: float, seconds: float, told: Told) -> None:
    """Events one by one at a steady rate over kept connections, from eight threads."""
    each, threads = rate / 8, []
    for lane in range(8):
        threads.append(threading.Thread(target=_lane, args=(port, key, leads, each, seconds, told, lane)))
        threads[-1].start()
    for thread in threads:
        thread.join()


def _lane(port: int, key: str, leads: int, rate: float, seconds: float, told: Told, lane: int) -> None:
    dice = random.Random(lane)
    with socket.create_connection(("127.0.0.1", port)) as wire:
        wire.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        begun = time.monotonic()
        for turn in range(int(rate * seconds)):
            time.sleep(max(0.0, begun + turn / rate - time.monotonic()))
            asked = time.monotonic()
            _post(wire, key, _event(dice, dice.randrange(leads), f"b{lane}-{turn}-{begun}"))
            told.acknowledged.append(time.monotonic() - asked)
            told.sent += 1


def _event(dice: random.Random, lead: int, message_id: str) -> bytes:
    name, path = dice.choices(NAMES, SHARES)[0], dice.choice(PATHS)
    return orjson.dumps({"userId": f"l{lead}", "event": name, "messageId": message_id, "properties": {"path": path}})


def _post(wire: socket.socket, key: str, body: bytes) -> None:
    lines = (
        "POST /v1/track HTTP/1.1",
        "Host: 127.0.0.1",
        f"Authorization: Bearer {key}",
        f"Content-Length: {len(body)}",
    )
    wire.sendall("\r\n".join((*lines, "", "")).encode() + body)
    answer = b""
    while b"}" not in answer:
        part = wire.recv(4096)
        if not part:
            raise SystemExit("the server hung up")
        answer += part
    if b" 200 " not in answer[:20]:
        raise SystemExit(answer.decode())


def probe(port: int, key: str, source: int, leads: int, seconds: float, path: Path, told: Told) -> None:
    """Ten times a second an event of our own, watched until its score stands; and the queue page."""
    dice, watcher, until = random.Random(99), Watcher(path), time.monotonic() + seconds
    turn = 0
    with (
        socket.create_connection(("127.0.0.1", port)) as wire,
        httpx.Client(headers={"Authorization": f"Bearer {key}"}) as api,
    ):
        while time.monotonic() < until:
            turn += 1
            lead, message_id = dice.randrange(leads), f"p{turn}-{until}"
            asked = time.monotonic()
            _post(wire, key, _event(dice, lead, message_id))
            watcher.wait(lead + 1, event_id_of(source, message_id))
            told.seen.append(time.monotonic() - asked)
            asked = time.monotonic()
            api.get(f"http://127.0.0.1:{port}/v1/leads?limit=50").raise_for_status()
            told.page.append(time.monotonic() - asked)
            time.sleep(max(0.0, asked + 0.1 - time.monotonic()))


def measure(leads: int, events: int, rate: float, seconds: float) -> dict[str, Any]:
    """One run on a copy of the filled store."""
    path = Path(tempfile.gettempdir(), f"scoville-live-{os.getpid()}.db")
    shutil.copyfile(filled(leads, events), path)
    url, port = f"sqlite:///{path}", free_port()
    try:
        store, now = open_store(url), datetime.now(UTC).replace(tzinfo=None)
        with store.writing() as connection:
            made = create_key(
                connection, NewKey("bench", "secret", ("ingest", "read"), "bench"), author="bench", now=now
            )
        with receiver() as hooks, served(url, port):
            began = time.monotonic()
            _wait_for(lambda: _is_built(path), 1200)
            built_s = time.monotonic() - began
            _ask_for_hooks(store, hooks, now)
            time.sleep(3)  # settings are read again every other second
            told, before_s = Told(), _worker_cpu_s(port)
            probing = threading.Thread(target=probe, args=(port, made.secret, 2, leads, seconds, path, told))
            probing.start()
            load(port, made.secret, leads, rate, seconds, told)
            probing.join()
            cpu_s = _worker_cpu_s(port) - before_s
            time.sleep(3)
        hooked = _hooked(path)
        store.close()
    finally:
        for one in path.parent.glob(f"{path.name}*"):
            one.unlink()
    return {
        "leads": leads, "events": events, "built_s": round(built_s, 1), "sent": told.sent,
        **_spread("acknowledged", told.acknowledged), **_spread("seen", told.seen), **_spread("page", told.page),
        **_spread("hook", hooked), "hooks": len(hooked),
        "worker_cpu_us_per_event": round(cpu_s * 1e6 / max(1, told.sent + len(told.seen))),
    }  # fmt: skip


def _is_built(path: Path) -> bool:
    with contextlib.closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as store:
        return bool(store.execute("SELECT count(*) FROM publications WHERE switched_at IS NOT NULL").fetchone()[0])


def _ask_for_hooks(store: Store, hooks: int, now: datetime) -> None:
    from scoville.live.actions.addresses import policy_of  # noqa: PLC0415 - this step alone
    from scoville.live.store.settings import change_settings  # noqa: PLC0415

    host = f"127.0.0.1:{hooks}"
    with store.writing() as connection:
        change_settings(connection, {"allowed_private_hosts": [host]}, by="bench", now=now)
    hook = Action("hot", "webhook", url=f"http://{host}/", direction="up")
    save_action(store, sealer_of(store, os.environ), policy_of([host]), hook, now)


def _hooked(path: Path) -> list[float]:
    """From each crossing to its webhook, in seconds."""
    with contextlib.closing(sqlite3.connect(path)) as store:
        rows = store.execute("SELECT message_id, created_at FROM outbox").fetchall()
    return [Hooks.came[one] - at / 1e6 for one, at in rows if one in Hooks.came]


def _worker_cpu_s(port: int) -> float:
    """CPU seconds of the worker behind a server."""
    found = subprocess.run(
        ["pgrep", "-f", "--", f"--port {port} .*--role worker"], capture_output=True, text=True, check=False
    )
    pids = found.stdout.split()
    if not pids:
        return 0.0
    fields = Path(f"/proc/{pids[0]}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _spread(name: str, seconds: list[float]) -> dict[str, float | None]:
    if not seconds:
        return {f"{name}_p50_ms": None, f"{name}_p99_ms": None}
    ordered = sorted(seconds)
    most = ordered[min(len(ordered) - 1, int(len(ordered) * 0.99))]
    return {f"{name}_p50_ms": round(statistics.median(ordered) * 1e3, 1), f"{name}_p99_ms": round(most * 1e3, 1)}


def main() -> None:
    """Measure and print, one line of JSON a run."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--leads", type=int, default=100_000)
    parser.add_argument("--events", type=int, nargs="+", default=[500_000, 5_000_000])
    parser.add_argument("--rate", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=30)
    asked = parser.parse_args()
    for events in asked.events:
        print(json.dumps(measure(asked.leads, events, asked.rate, asked.seconds)), flush=True)


if __name__ == "__main__":
    main()
