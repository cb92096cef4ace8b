"""Both stores, and receivers on this machine that write down what reaches them."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest
from cryptography.fernet import Fernet

from live_receivers import MailBox, Receiver
from live_world import World, new_store
from scoville.live.actions.sealing import Sealer
from scoville.live.actions.sender import Sender

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with new_store(request.param, tmp_path, server) as store:
        yield World(store)


@pytest.fixture
def small_world(tmp_path: Path) -> Iterator[World]:
    """SQLite alone, for what does not touch SQL."""
    with new_store("sqlite", tmp_path, None) as store:
        yield World(store)


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(Fernet.generate_key().decode())


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            made.answer(self)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True
        request_queue_size = 128

        def handle_error(self, *_: object) -> None:
            """The sender hangs up on who is too slow or says too much: that is what is tested."""

    server = Server(("127.0.0.1", 0), Handler)
    made.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
    yield made
    server.shutdown()
    server.server_close()


@pytest.fixture
def sender(sealer: Sealer, receiver: Receiver) -> Iterator[Sender]:
    made = Sender(sealer, receiver.policy, timeout_s=1.0)
    yield made
    made.close()


@pytest.fixture
def mailbox() -> Iterator[MailBox]:
    made = MailBox()
    with socket.create_server(("127.0.0.1", 0)) as listening:
        made.port = listening.getsockname()[1]
        thread = threading.Thread(target=made.serve, args=(listening,), daemon=True)
        thread.start()
        yield made
        listening.shutdown(socket.SHUT_RDWR)
        thread.join(5)
