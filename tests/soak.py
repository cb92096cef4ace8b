"""Nothing is lost: a server under load whose processes are killed at random, again and again.

CI runs a short form (tests/live/test_soak.py); `make soak` a long one: python tests/soak.py --kills 50 --store postgres

Senders note each message that was acknowledged. In the end every one of them must be stored, none counted twice, every
stored score be what the events give (`audit`), and every crossing have reached the receiver of webhooks, under one id.
"""

from __future__ import annotations

import argparse
import contextlib
import http.server
import json
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import httpx
import orjson
from sqlalchemy import func, select

from scoville.live.actions.addresses import policy_of
from scoville.live.actions.defining import Action, save_action
from scoville.live.actions.sealing import sealer_of
from scoville.live.audit import audit
from scoville.live.store import actions, log, people, scores
from scoville.live.store.migrating import upgrade
from scoville.live.store.opening import open_store
from scoville.live.store.settings import change_settings
from scoville.web.auth.keys import NewKey, create_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from scoville.live.store.opening import Store

MODEL = """
scoville: 1
name: Soak
fit: {rules: [{name: Big, when: {employees: {gte: 100}}, points: 10}]}
engagement:
  decay: {half_life: 30d}
  rules:
    - {name: Visit, event: page_viewed, points: 4, max: 60}
    - {name: Demo, event: demo_requested, points: 25, at_most: 2}
stages: [{name: Prospect, from: 0}, {name: Lead, from: 11}, {name: MQL, from: 41}, {name: SQL, from: 71}]
"""
KEY = "0123456789abcdef" * 2 + "0123456789A="  # of Fernet: 32 bytes in URL-safe base64
LEADS = 60


@dataclass
class Book:
    """What the senders know: messages that were acknowledged, and how often the server could not be reached."""

    acknowledged: set[str] = field(default_factory=set)
    sent: set[str] = field(default_factory=set)
    unanswered: int = 0
    hooks: Counter[str] = field(default_factory=Counter)
    refused: set[str] = field(default_factory=set)
    refuses: bool = False


class Server:
    """`scoville serve`, started again when all of it was killed: as systemd does."""

    def __init__(self, store: str, folder: Path) -> None:
        self.port = _free_port()
        model = folder / "model.yaml"
        model.write_text(MODEL)
        self._command = [
            sys.executable, "-m", "scoville", "serve", "--store", store, "--model", str(model),
            "--port", str(self.port),
        ]  # fmt: skip
        self._log = (folder / "serve.log").open("ab")
        self.process = self._start()

    def _start(self) -> subprocess.Popen[bytes]:
        environment = os.environ | {"SCOVILLE_SECRET_KEY": KEY}
        return subprocess.Popen(self._command, stdout=self._log, stderr=self._log, env=environment)

    def kill_one(self, dice: random.Random) -> str:
        """Kill the parent, the API or the worker. What was killed."""
        children = children_of(self.process.pid)
        victim = dice.choice(["parent", *children])
        if victim == "parent":
            self.process.kill()
            self.process.wait()
            self.process = self._start()
        else:
            with contextlib.suppress(ProcessLookupError):
                os.kill(children[victim], signal.SIGKILL)
        return victim

    def is_kept(self) -> bool:
        """Started again when it has ended, as systemd does; always true."""
        if self.process.poll() is not None:
            self.process = self._start()
        return True

    def stop(self) -> None:
        """Ask it to finish."""
        self.process.terminate()
        self.process.wait(60)
        self._log.close()


def children_of(parent: int) -> dict[str, int]:
    """Role -> process id."""
    found = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError, IndexError):
            if int((folder / "stat").read_text().rpartition(")")[2].split()[1]) == parent:
                words = (folder / "cmdline").read_bytes().decode().split("\0")
                found[words[len(words) - 1 - words[::-1].index("--role") + 1]] = int(folder.name)
    return found


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


@contextlib.contextmanager
def receiver(book: Book) -> Iterator[int]:
    """The port of a receiver of webhooks that refuses every seventh at first, so that retries happen."""

    class Hooks(http.server.BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["content-length"]))
            name = self.headers["webhook-id"]
            refused = book.refuses and sum(name.encode()) % 7 == 0 and name not in book.refused
            if refused:
                book.refused.add(name)
            else:
                book.hooks[name] += 1
            self.send_response(503 if refused else 204)
            self.end_headers()

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002
            pass

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Hooks) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1]
        server.shutdown()


def send(port: int, key: str, book: Book, stop: threading.Event, lane: int) -> None:
    """Send until told to stop; what is not acknowledged is sent again, with the same id."""
    dice, turn = random.Random(lane), 0
    with httpx.Client(base_url=f"http://127.0.0.1:{port}", auth=(key, ""), timeout=10) as client:
        while not stop.is_set():
            turn += 1
            batch = [_message(dice, f"{lane}-{turn}-{i}") for i in range(dice.choice([1, 1, 5, 20]))]
            book.sent.update(one["messageId"] for one in batch)
            while not _is_taken(client, batch, book) and not stop.wait(0.1):
                book.unanswered += 1
            if dice.random() < 0.1:
                _is_taken(client, batch, book)  # a sender that did not hear the answer sends again
            stop.wait(0.01)


def _message(dice: random.Random, message_id: str) -> dict[str, Any]:
    who = f"u{dice.randrange(LEADS)}"
    if dice.random() < 0.1:
        return {
            "type": "identify",
            "userId": who,
            "messageId": message_id,
            "traits": {"employees": dice.choice([5, 500])},
        }
    if dice.random() < 0.1:
        return {"type": "identify", "userId": who, "anonymousId": f"a{dice.randrange(LEADS)}", "messageId": message_id}
    name = "demo_requested" if dice.random() < 0.05 else "page_viewed"
    person = {"anonymousId": f"a{dice.randrange(LEADS)}"} if dice.random() < 0.3 else {"userId": who}
    return {"type": "track", **person, "event": name, "messageId": message_id}


def _is_taken(client: httpx.Client, batch: Sequence[dict[str, Any]], book: Book) -> bool:
    try:
        answer = client.post("/v1/batch", content=orjson.dumps({"batch": batch}))
    except httpx.HTTPError:
        return False
    if answer.status_code == httpx.codes.OK:
        book.acknowledged.update(one["messageId"] for one in batch)
        return True
    assert answer.status_code in {429, 503}, answer.text
    return False


def soak(
    url: str, folder: Path, kills: int, *, pause_s: float = 1.5, seed: int = 1, refuses: bool = False
) -> dict[str, Any]:
    """Run it; figures of the run. Raises: AssertionError for whatever was lost, doubled or wrong."""
    store, book, dice = open_store(url), Book(refuses=refuses), random.Random(seed)
    stop = threading.Event()
    with contextlib.ExitStack() as stack:
        stack.callback(store.close)
        hooks = stack.enter_context(receiver(book))
        key = prepared(store, hooks)
        server = Server(url, folder)
        stack.callback(server.stop)
        wait_until(lambda: _is_in_force(store), 60, lambda: "the model is in force")
        lanes = [threading.Thread(target=send, args=(server.port, key, book, stop, lane)) for lane in range(3)]
        for lane in lanes:
            lane.start()
        killed: Counter[str] = Counter()
        for _ in range(kills):
            more = goes_on(book)
            wait_until(lambda: server.is_kept() and more(), 60, lambda: "events are taken in again")  # noqa: B023
            time.sleep(pause_s * dice.uniform(0.2, 1.0))
            killed[server.kill_one(dice)] += 1
        time.sleep(1)
        stop.set()
        for lane in lanes:
            lane.join()
        wait_until(
            lambda: not waiting_in(store), 400 if refuses else 120, lambda: f"nothing waits, but {waiting_in(store)}"
        )
    check(url, book)
    return {
        "killed": dict(killed), "acknowledged": len(book.acknowledged), "unanswered": book.unanswered,
        "hooks": len(book.hooks), "sent twice": sum(n > 1 for n in book.hooks.values()),
    }  # fmt: skip


def prepared(store: Store, hooks: int) -> str:
    """Tables, a key and an action in a new store; the key."""
    upgrade(store)
    now = datetime.now(UTC).replace(tzinfo=None)
    host = f"127.0.0.1:{hooks}"
    with store.writing() as connection:
        change_settings(connection, {"allowed_private_hosts": [host]}, by="soak", now=now)
        made = create_key(connection, NewKey("soak", "secret", ("ingest", "read"), "soak"), author="soak", now=now)
    hook = Action("crossing", "webhook", url=f"http://{host}/")
    save_action(store, sealer_of(store, {"SCOVILLE_SECRET_KEY": KEY}), policy_of([host]), hook, now)
    return made.secret


def wait_until(is_so: Callable[[], bool], seconds: float, what: Callable[[], str]) -> None:
    """Raises: AssertionError with `what` was waited for."""
    until = time.monotonic() + seconds
    while not is_so():
        assert time.monotonic() < until, f"waited {seconds} s until {what()}"
        time.sleep(0.2)


def _is_in_force(store: Store) -> bool:
    with store.reading() as connection:
        switched = select(func.count()).where(scores.publications.c.switched_at.is_not(None))
        return bool(connection.execute(switched).scalar())


def goes_on(book: Book) -> Callable[[], bool]:
    """Whether more is acknowledged than now."""
    before = len(book.acknowledged)
    return lambda: len(book.acknowledged) > before + 20


def waiting_in(store: Store) -> dict[str, int]:
    """How much waits, by queue: a message that a killed worker had begun goes out again when its lease is over."""
    unsent = select(func.count()).where(actions.outbox.c.state == "waiting")
    with store.reading() as connection:
        counts = {
            "inbox": select(func.count()).select_from(log.inbox),
            "dirty": select(func.count()).select_from(scores.dirty),
            "outbox": unsent,
        }
        found = {name: int(connection.execute(query).scalar_one()) for name, query in counts.items()}
    return {name: count for name, count in found.items() if count}


def check(url: str, book: Book) -> None:
    """What must hold in the end."""
    store = open_store(url)
    with contextlib.closing(store), store.reading() as connection:
        stored = Counter(connection.execute(select(people.events.c.message_id)).scalars())
        outbox = set(connection.execute(select(actions.outbox.c.message_id)).scalars())
        refused = connection.execute(select(func.count()).select_from(log.quarantine)).scalar()
        found = audit(store)
    assert refused == 0
    assert max(stored.values()) == 1, "a message is counted twice"
    assert book.acknowledged <= stored.keys(), f"{len(book.acknowledged - stored.keys())} acknowledged, not stored"
    assert stored.keys() <= book.sent, "a message that nobody sent"
    assert not found.differences, found.differences[:3]
    assert outbox == book.hooks.keys(), "a crossing that was not told, or one that never happened"


def main() -> None:
    """The long form."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=50)
    parser.add_argument("--store", choices=("sqlite", "postgres"), nargs="+", default=["sqlite", "postgres"])
    asked = parser.parse_args()
    for kind in asked.store:
        with contextlib.ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            print(kind, json.dumps(soak(_url(kind, folder, stack), folder, asked.kills, refuses=True)), flush=True)


def _url(kind: str, folder: Path, stack: contextlib.ExitStack) -> str:
    if kind == "sqlite":
        return f"sqlite:///{folder}/soak.db"
    from postgres_server import running_server  # noqa: PLC0415 - only where it is asked for

    return stack.enter_context(stack.enter_context(running_server()).database())


if __name__ == "__main__":
    main()
