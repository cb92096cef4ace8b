"""The way into the store: together, once, and never said to be stored when it is not."""

from __future__ import annotations

import asyncio
import itertools
import sqlite3
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event

from ingest_server import RECEIVED_US, count_of, new_store, rows_of
from scoville.live.ingest.inbox import AwayError, FullError, Inbox
from scoville.live.ingest.messages import Batch
from scoville.live.ingest.reading import Arrival, read_batch
from scoville.live.ingest.rules import Rules
from scoville.live.ingest.writing import Written, write_batches
from scoville.live.store.metadata import from_us

if TYPE_CHECKING:
    from pathlib import Path

    from postgres_server import Server
    from scoville.live.store.opening import Store

ARRIVAL = Arrival(1, is_trusted=True, received_us=RECEIVED_US)
_numbers = itertools.count()


def batch_of(*message_ids: str, bad: int = 0) -> Batch:
    items = [{"type": "track", "event": "Seen", "userId": "u", "messageId": one} for one in message_ids]
    refused = [{"type": "none", "number": next(_numbers)} for _ in range(bad)]
    return read_batch({"batch": [*items, *refused]}, ARRIVAL, Rules(), lambda: "")


def put_all(inbox: Inbox, *batches: Batch) -> list[BaseException | None]:
    async def together() -> list[BaseException | None]:
        return await asyncio.gather(*map(inbox.put, batches), return_exceptions=True)

    return asyncio.run(together())


def test_what_is_answered_is_stored_as_it_was_read(store: Store) -> None:
    document = {
        "type": "identify", "userId": 7, "anonymousId": "a", "messageId": "m",
        "traits": {"name": "Zo\u00eb \U0001f600"},
        "timestamp": "2026-11-21T19:00:00Z",
    }  # fmt: skip
    with Inbox(store) as inbox:
        assert put_all(inbox, read_batch([document], ARRIVAL, Rules(), lambda: "")) == [None]
    row = rows_of(store)[0]
    assert len(row.pop("event_id")) == 16
    assert row == {
        "seq": 1, "source_no": 1, "is_trusted": True, "type": "identify", "message_id": "m", "user_id": "7",
        "anonymous_id": "a", "group_id": None, "previous_id": None, "event": None,
        "occurred_at": from_us(RECEIVED_US - 3_600_000_000), "received_at": from_us(RECEIVED_US),
        "payload": {"traits": {"name": "Zo\u00eb \U0001f600"}, "context": {}},
    }  # fmt: skip


def test_a_message_is_stored_once_within_a_batch_over_requests_and_over_restarts(store: Store) -> None:
    for _ in range(2):
        with Inbox(store) as inbox:
            assert put_all(inbox, batch_of("a", "b", "a"), batch_of("b", "c")) == [None, None]
    assert [row["message_id"] for row in rows_of(store)] == ["a", "b", "c"]
    assert count_of(store, "seen") == 3


def test_refusals_are_kept_once_with_their_reason(store: Store) -> None:
    refused = batch_of("a", bad=2)
    with Inbox(store) as inbox:
        put_all(inbox, refused, refused)
    rows = rows_of(store, "quarantine")
    assert [(row["reason"], row["source_no"], row["is_trusted"]) for row in rows] == [("unknown_type", 1, True)] * 2
    assert count_of(store, "inbox") == 1


@pytest.mark.parametrize("size", [1, 2, 3, 63, 64, 65, 255, 256, 257, 700])
def test_any_number_of_rows_is_written_whole(store: Store, size: int) -> None:
    with store.writing() as connection:
        written = write_batches(connection, [batch_of(*map(str, range(size)), bad=size % 5), batch_of("0", "new")])
    assert written == Written(accepted=size + 1, refused=size % 5, known=1)
    assert count_of(store, "inbox") == size + 1
    assert count_of(store, "seen") == size + 1 + size % 5


def test_waiting_requests_share_a_transaction_and_all_are_answered(tmp_path: Path) -> None:
    written: list[Written] = []
    with new_store(f"sqlite:///{tmp_path}/live.db") as store, Inbox(store, told=written.append) as inbox:
        assert put_all(inbox, *[batch_of(f"m{number}") for number in range(500)]) == [None] * 500
        assert count_of(store, "inbox") == 500
    assert len(written) < 20  # 500 requests, few commits
    assert sum(one.accepted for one in written) == 500


def test_a_full_disk_is_said_and_nothing_is_stored_and_later_all_is_well(tmp_path: Path) -> None:
    with new_store(f"sqlite:///{tmp_path}/live.db") as store, Inbox(store) as inbox:
        with limited_pages(store):
            failed = put_all(inbox, batch_of(*[f"m{number}" for number in range(3000)]))
            assert [type(one) for one in failed] == [AwayError]
        assert count_of(store, "inbox") == 0
        assert count_of(store, "seen") == 0
        assert put_all(inbox, batch_of("after")) == [None]


class limited_pages:  # noqa: N801 - reads as a function
    """For a while the file may not grow: what a full disk does, as SQLite sees it."""

    def __init__(self, store: Store) -> None:
        self._engine = store.engine

    def _limit(self, connection: Any) -> None:
        connection.exec_driver_sql("PRAGMA max_page_count = 1")  # SQLite: no less than it has now

    def __enter__(self) -> None:
        event.listen(self._engine, "begin", self._limit)

    def __exit__(self, *_: object) -> None:
        event.remove(self._engine, "begin", self._limit)
        with self._engine.connect() as connection:
            connection.exec_driver_sql("PRAGMA max_page_count = 1000000")


def test_a_batch_that_cannot_be_written_takes_no_other_with_it(tmp_path: Path) -> None:
    poison = Batch([batch_of("p").messages[0]._replace(type="\ud800")], [])  # no driver can write that
    with new_store(f"sqlite:///{tmp_path}/live.db") as store, Inbox(store) as inbox:
        answers = put_all(inbox, batch_of("a"), poison, batch_of("b"))
        assert [type(one) for one in answers] == [type(None), AwayError, type(None)]
        assert [row["message_id"] for row in rows_of(store)] == ["a", "b"]


def test_senders_are_asked_to_wait_when_too_much_waits(tmp_path: Path) -> None:
    with new_store(f"sqlite:///{tmp_path}/live.db") as store, Inbox(store, room_bytes=2_000) as inbox:
        answers = put_all(inbox, *[batch_of(f"m{number}") for number in range(10)])
        full = sum(isinstance(one, FullError) for one in answers)
        assert 0 < full < 10
        assert count_of(store, "inbox") == 10 - full
        assert put_all(inbox, batch_of(*map(str, range(50)))) == [None]  # a large one goes when nothing waits


def test_a_locked_store_is_away_and_a_closed_inbox_takes_nothing(tmp_path: Path) -> None:
    with new_store(f"sqlite:///{tmp_path}/live.db") as store:
        event.listen(store.engine, "begin", lambda connection: connection.exec_driver_sql("PRAGMA busy_timeout = 1"))
        other = sqlite3.connect(tmp_path / "live.db", isolation_level=None)
        with Inbox(store) as inbox:
            assert put_all(inbox, batch_of("before")) == [None]
            other.execute("BEGIN IMMEDIATE")
            assert [type(one) for one in put_all(inbox, batch_of("during"))] == [AwayError]
            other.close()
            assert put_all(inbox, batch_of("after")) == [None]
        assert [type(one) for one in put_all(inbox, batch_of("late"))] == [AwayError]
        assert [row["message_id"] for row in rows_of(store)] == ["before", "after"]


def test_an_empty_batch_waits_for_nothing(tmp_path: Path) -> None:
    with new_store(f"sqlite:///{tmp_path}/live.db") as store:
        assert put_all(Inbox(store), Batch([], [])) == [None]


def test_a_database_that_cuts_its_connections_is_found_again(postgres: Server) -> None:
    cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE pid <> pg_backend_pid() AND datname = '{}'"
    with postgres.database() as url, new_store(url) as store, Inbox(store) as inbox:
        assert put_all(inbox, batch_of("before")) == [None]
        postgres.run(cut.format(url.rpartition("/")[2]))
        assert put_all(inbox, batch_of("after")) == [None]
        assert [row["message_id"] for row in rows_of(store)] == ["before", "after"]
