"""When the disk is full, or the database goes away: no answer that is not true, and everything goes on afterwards."""

from __future__ import annotations

import contextlib
import resource
import sys
import threading
import time
from typing import TYPE_CHECKING

import psycopg
import pytest

from scoville.live.store.opening import open_store
from soak import Book, Server, check, children_of, goes_on, prepared, receiver, send, wait_until, waiting_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postgres_server import Server as Postgres
    from scoville.live.store.opening import Store

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="limits of other processes are set as on Linux"),
]


@contextlib.contextmanager
def under_load(url: str, folder: Path) -> Iterator[tuple[Server, Store, Book]]:
    """A server that senders send to; in the end nothing may be lost."""
    store, book, stop = open_store(url), Book(), threading.Event()
    with contextlib.ExitStack() as stack:
        stack.callback(store.close)
        key = prepared(store, stack.enter_context(receiver(book)))
        server = Server(url, folder)
        stack.callback(server.stop)
        lanes = [threading.Thread(target=send, args=(server.port, key, book, stop, lane)) for lane in range(2)]
        for lane in lanes:
            lane.start()
        try:
            wait_until(lambda: len(book.acknowledged) > 20, 60, lambda: "events are taken in")
            yield server, store, book
        finally:
            stop.set()
            for lane in lanes:
                lane.join()
        wait_until(lambda: not waiting_in(store), 120, lambda: f"nothing waits, but {waiting_in(store)}")
    check(url, book)


def test_a_full_disk_is_said_and_when_there_is_room_again_all_goes_on(tmp_path: Path) -> None:
    url = f"sqlite:///{tmp_path}/full.db"
    with under_load(url, tmp_path) as (server, _, book):
        largest = max(file.stat().st_size for file in tmp_path.glob("full.db*"))
        limited = list(children_of(server.process.pid).values())
        for child in limited:
            resource.prlimit(child, resource.RLIMIT_FSIZE, (largest, resource.RLIM_INFINITY))
        refused = book.unanswered
        wait_until(lambda: book.unanswered > refused + 5, 60, lambda: "requests are refused")
        for child in limited:
            resource.prlimit(child, resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
        wait_until(goes_on(book), 60, lambda: "events are taken in again")


def test_a_database_that_cuts_every_connection_is_found_again(tmp_path: Path, postgres: Postgres) -> None:
    with postgres.database() as url, under_load(url, tmp_path) as (_, _, book):
        for _ in range(3):
            with psycopg.connect(postgres.url("postgres"), autocommit=True) as connection:
                connection.execute(
                    "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                    [url.rpartition("/")[2]],
                )
            time.sleep(0.5)
            wait_until(goes_on(book), 60, lambda: "events are taken in again")
