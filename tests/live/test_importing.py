"""History goes through the door that live events go through: once, with its own times, in the formats of `score`."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import pytest
from sqlalchemy import delete, select

from scoville.data.workspace import Workspace
from scoville.errors import DataError
from scoville.live.importing import Imported, import_history
from scoville.live.store.log import inbox, quarantine

if TYPE_CHECKING:
    from pathlib import Path

    from live_stores import NewStore
    from scoville.live.importing import What
    from scoville.live.store.opening import Store

Row = dict[str, Any]
NOW = datetime.fromisoformat("2026-06-01T12:00:00")
LATER = datetime.fromisoformat("2026-06-02T12:00:00")


def take(store: Store, what: What, file: object, *maps: str, now: datetime = NOW) -> Imported:
    return import_history(store, what, file, source="crm", workspace=Workspace().with_maps(maps), now=now)


def messages(store: Store) -> list[Row]:
    with store.reading() as connection:
        return [
            dict(row)
            for row in connection.execute(
                select(inbox).order_by(inbox.c.user_id, inbox.c.occurred_at, inbox.c.seq)
            ).mappings()
        ]


def test_events_keep_their_times_and_properties(new_store: NewStore, tmp_path: Path) -> None:
    file = tmp_path / "events.csv"
    file.write_text("Contact,event,date,page,amount\nann,visit,03.02.2024 14:30,/pricing,5\nbob,visit,28.02.2024,,\n")
    store = new_store()
    assert take(store, "events", file, "events.lead_id=Contact", "events.occurred_at=date") == Imported(accepted=2)
    first, second = messages(store)
    assert (first["user_id"], first["event"], first["type"]) == ("ann", "visit", "track")
    assert first["occurred_at"] == datetime.fromisoformat("2024-02-03T14:30:00")
    assert first["payload"]["properties"] == {"page": "/pricing", "amount": 5}
    assert second["payload"]["properties"] == {}
    assert first["is_trusted"]


def test_a_file_taken_in_twice_is_there_once(new_store: NewStore) -> None:
    rows = [{"lead_id": "ann", "event": "visit", "occurred_at": NOW, "event_id": str(i)} for i in range(5)]
    store = new_store()
    take(store, "events", rows[:3])
    assert take(store, "events", rows, now=LATER) == Imported(accepted=2, known=3)
    assert len(messages(store)) == 5


def test_two_equal_rows_without_ids_are_two_events_however_often_the_file_is_read(new_store: NewStore) -> None:
    rows = [{"lead_id": "ann", "event": "visit", "occurred_at": NOW}] * 2
    store = new_store()
    assert take(store, "events", rows).accepted == 2
    assert take(store, "events", rows, now=LATER) == Imported(known=2)


def test_leads_are_known_since_they_were_updated_and_a_changed_one_is_news(new_store: NewStore) -> None:
    row = {"lead_id": "ann", "employees": 50, "updated_at": datetime.fromisoformat("2025-01-01")}
    store = new_store()
    take(store, "leads", [row])
    changed = row | {"employees": 60, "updated_at": datetime.fromisoformat("2025-02-01")}
    assert take(store, "leads", [row, changed]) == Imported(accepted=1, known=1)
    assert [(one["type"], one["occurred_at"].month, one["payload"]["traits"]) for one in messages(store)] == [
        ("identify", 1, {"employees": 50}),
        ("identify", 2, {"employees": 60}),
    ]


def test_a_value_that_comes_back_is_stored_where_nothing_says_when_it_was_updated(new_store: NewStore) -> None:
    store = new_store()
    for employees, now in ((50, NOW), (60, LATER), (50, datetime.fromisoformat("2026-06-03"))):
        take(store, "leads", [{"lead_id": "ann", "employees": employees}], now=now)
    assert [one["payload"]["traits"]["employees"] for one in messages(store)] == [50, 60, 50]


def test_outcomes_are_outcomes_by_whatever_name(new_store: NewStore) -> None:
    rows = [
        {"lead_id": "ann", "at": NOW, "outcome": "Won", "value": 100.0},
        {"lead_id": "bob", "at": NOW, "outcome": "lost", "value": None},
    ]
    store = new_store()
    take(store, "outcomes", rows)
    first, second = messages(store)
    assert (first["type"], first["payload"]["outcome"], first["payload"]["properties"]["value"]) == (
        "outcome",
        "won",
        100,
    )
    assert (second["type"], second["payload"]["outcome"]) == ("outcome", "lost")


def test_a_row_that_cannot_be_used_costs_its_neighbours_nothing(new_store: NewStore) -> None:
    rows = [
        {"lead_id": "ann", "event": "visit", "occurred_at": NOW},
        {"lead_id": None, "event": "visit", "occurred_at": NOW},
        {"lead_id": "bob", "event": "x" * 600, "occurred_at": NOW},
    ]
    store = new_store()
    assert take(store, "events", rows) == Imported(accepted=1, refused=1, unusable=1)
    with store.reading() as connection:
        refused = connection.execute(select(quarantine.c.reason, quarantine.c.person)).one()
    assert tuple(refused) == ("bad_id", "bob")


def test_wide_rows_are_taken_whole_and_in_smaller_transactions(new_file: NewStore) -> None:
    rows = [{"lead_id": f"l{n}", **{f"property {k}": "x" * 200 for k in range(249)}} for n in range(401)]
    told: list[Imported] = []
    import_history(new_file(), "leads", rows, source="crm", workspace=Workspace(), now=NOW, told=told.append)
    assert [one.accepted for one in told] == [398, 401]  # 100,000 values, of 251 in a row: its own, and a count
    assert told[-1].refused == 0  # each has 53 kB, more than a client may send


def test_times_that_do_not_read_are_said_before_anything_is_stored(new_file: NewStore) -> None:
    store = new_file()
    with pytest.raises(DataError, match="occurred_at"):
        take(store, "events", [{"lead_id": "ann", "event": "visit", "occurred_at": "some day"}])
    assert messages(store) == []


def test_a_value_that_does_not_read_is_counted_by_column_and_its_row_stays(new_file: NewStore, tmp_path: Path) -> None:
    file, store = tmp_path / "leads.csv", new_file()
    file.write_text("lead_id,Created,city\nann,2026-01-05,Rome\nbob,not a date,Oslo\ncleo,,Bonn\n")
    done = take(store, "leads", file, "leads.created_at=Created")
    assert done == Imported(accepted=3, unreadable={"created_at": 1})  # an empty one is missing, not unreadable
    assert [one["payload"]["traits"] for one in messages(store)] == [
        {"created_at": "2026-01-05T00:00:00Z", "city": "Rome"}, {"city": "Oslo"}, {"city": "Bonn"},
    ]  # fmt: skip


@pytest.mark.parametrize("what", ["events", "outcomes"])
def test_a_deed_without_a_time_that_reads_is_kept_aside_and_never_of_now(
    new_file: NewStore, tmp_path: Path, what: What
) -> None:
    file, store = tmp_path / "deeds.csv", new_file()
    named, at = ("event", "occurred_at") if what == "events" else ("outcome", "at")
    whole = f"lead_id,{named},{at}\nann,won,03.02.2026\nbob,won,28.02.2026\n"
    file.write_text(whole)
    take(store, what, file)
    file.write_text(f"{whole}cleo,won,not a date\ndan,won,\n")
    assert take(store, what, file) == Imported(known=2, refused=2)
    with store.reading() as connection:
        found = connection.execute(select(quarantine).order_by(quarantine.c.person)).all()
    assert [(one.reason, one.person, one.detail.split(";")[0]) for one in found] == [
        ("bad_time", "cleo", "timestamp is 'not a date'"), ("bad_time", "dan", "timestamp is 'no time'"),
    ]  # fmt: skip
    assert "unread" not in found[0].body


def test_the_json_column_of_properties_is_taken_apart(new_file: NewStore) -> None:
    held = orjson.dumps({"page": "/pricing", "deep": {"n": 1}}).decode()
    rows = [{"lead_id": "ann", "event": "v", "occurred_at": NOW, "properties": held, "own": "1"}]
    store = new_file()
    take(store, "events", rows)
    assert messages(store)[0]["payload"]["properties"] == {"own": "1", "page": "/pricing", "deep": {"n": 1}}


def test_a_file_goes_in_no_faster_than_it_is_folded_but_does_not_wait_for_a_worker_that_is_not_there(
    new_file: NewStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    store, rows = (
        new_file(),
        [{"lead_id": "a", "event": "v", "occurred_at": NOW, "event_id": str(i)} for i in range(9000)],
    )
    seen: list[int] = []

    def fold_in_the_meantime(_: float) -> None:
        with store.writing() as connection:
            waiting = connection.execute(select(inbox.c.seq).order_by(inbox.c.seq)).scalars().all()
            seen.append(len(waiting))
            connection.execute(delete(inbox).where(inbox.c.seq <= waiting[1500]))

    monkeypatch.setattr("scoville.live.importing.sleep", fold_in_the_meantime)
    assert take(store, "events", rows).accepted == 9000
    assert max(seen) <= 6000  # 4,000 may wait, and the 2,000 of one transaction come on top

    stood_still: list[float] = []
    monkeypatch.setattr("scoville.live.importing.sleep", stood_still.append)
    more = [row | {"event_id": f"more {at}"} for at, row in enumerate(rows)]
    assert take(store, "events", more).accepted == 9000
    assert len(stood_still) == 16  # fifteen looks after the first, and never again
