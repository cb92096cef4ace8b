"""A restart under the load of the least patient client loses nothing: it gives up 1.5 seconds after a refusal."""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from sqlalchemy import select

from scoville.live.store import log, people
from scoville.live.store.opening import open_store
from soak import Book, Server, children_of, prepared, receiver, wait_until

CLIENTS = Path(__file__).parent.parent / "clients" / "node_modules"
EVENTS = 150
NODE = """
const RudderAnalytics = require('@rudderstack/rudder-sdk-node')
const client = new (RudderAnalytics.default || RudderAnalytics)(KEY, { dataPlaneUrl: URL, flushAt: 1 })
let sent = 0
const timer = setInterval(() => {
  client.track({ userId: 'u', event: 'Seen', messageId: 'm' + sent })
  sent += 1
  if (sent === EVENTS) { clearInterval(timer); client.flush(() => setTimeout(() => process.exit(0), 300)) }
}, 30)
"""

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="children are found by their entries in /proc"),
]


def test_new_processes_take_over_while_rudder_node_sends(tmp_path: Path) -> None:
    node = shutil.which("node")
    if node is None or not CLIENTS.is_dir():
        reason = "no Node, or not its clients: tests/clients/package.json says how"
        if os.environ.get("CI") == "true":
            pytest.fail(reason)
        pytest.skip(reason)
    url = f"sqlite:///{tmp_path}/restart.db"
    with contextlib.ExitStack() as stack:
        store = stack.enter_context(contextlib.closing(open_store(url)))
        key = prepared(store, stack.enter_context(receiver(Book())))
        server = Server(url, tmp_path)
        stack.callback(server.stop)
        wait_until(lambda: len(children_of(server.process.pid)) == 2, 30, lambda: "both children run")
        script = NODE.replace("KEY", repr(key)).replace("URL", repr(f"http://127.0.0.1:{server.port}"))
        script = script.replace("EVENTS", str(EVENTS))
        with subprocess.Popen([node, "-e", script], env=os.environ | {"NODE_PATH": str(CLIENTS)}) as client:
            wait_until(lambda: len(stored(url)) > 20, 30, lambda: "events arrive")
            before = set(children_of(server.process.pid).values())
            server.process.send_signal(signal.SIGHUP)
            wait_until(
                lambda: not before & set(children_of(server.process.pid).values()), 60, lambda: "others took over"
            )
            assert client.wait(60) == 0
        wait_until(lambda: len(stored(url)) == EVENTS, 10, lambda: f"all are stored, not {len(stored(url))}")
    assert stored(url) == {f"m{number}" for number in range(EVENTS)}


def stored(url: str) -> set[str]:
    with contextlib.closing(open_store(url)) as store, store.reading() as connection:
        waiting = connection.execute(select(log.inbox.c.message_id)).scalars()
        return {*waiting, *connection.execute(select(people.events.c.message_id)).scalars()}
