"""A file that was sent goes into the inbox once, by the columns that a person chose."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select

from scoville.errors import DataError, UsageError
from scoville.live.jobs.taking_in import run_import
from scoville.live.jobs.uploads import Arriving, find_upload
from scoville.live.store.log import inbox

if TYPE_CHECKING:
    from live_stores import NewStore
    from scoville.live.store.opening import Store

NOW = datetime.fromisoformat("2026-06-01T12:00:00")
LEADS = b"Contact,Mail,Secret\n1,ann@acme.com,x\n2,bob@bolt.io,y\n"


def take(
    store: Store, content: bytes, what: str, columns: dict[str, str], *leave_out: str, **written: str
) -> dict[str, Any]:
    arriving = Arriving(store, "contacts.csv", by="user:u1", now=NOW)
    arriving.add(content)
    number = arriving.done().upload_no
    asked = {
        "upload_no": number, "what": what, "columns": columns, "leave_out": list(leave_out), "source": "crm",
        **written,
    }  # fmt: skip
    told.clear()
    return {"number": number, **run_import(store, asked, lambda share, said: told.append((share, said)), NOW)}


told: list[tuple[float | None, str]] = []


def traits(store: Store) -> dict[str, Any]:
    with store.reading() as connection:
        rows = connection.execute(select(inbox.c.user_id, inbox.c.payload)).all()
    return {row.user_id: row.payload["traits"] for row in rows}


def test_rows_are_taken_in_by_the_columns_that_were_chosen(new_store: NewStore) -> None:
    store = new_store()
    found = take(store, LEADS, "leads", {"lead_id": "Contact", "email": "Mail"}, "Secret")
    assert {name: found[name] for name in ("what", "file", "accepted", "refused", "known", "unusable")} == {
        "what": "leads", "file": "contacts.csv", "accepted": 2, "refused": 0, "known": 0, "unusable": 0,
    }  # fmt: skip
    assert traits(store) == {"1": {"email": "ann@acme.com"}, "2": {"email": "bob@bolt.io"}}
    assert found["unreadable"] == {}
    share, said = told[-1]
    assert (share, said) == (2 / 3, "2 rows read")  # of about three rows: a file's lines
    with pytest.raises(UsageError, match="send it again"):  # it was removed
        find_upload(store, found["number"])


def test_numbers_and_dates_are_read_as_it_was_said(new_file: NewStore) -> None:
    store, rows = new_file(), b"id;Umsatz;created_at\na;1.200;03/04/2026\n"
    columns = {"lead_id": "id", "revenue": "Umsatz"}
    with pytest.raises(DataError, match=r"may be day/month or month/day.*Say which comes first"):
        take(store, rows, "leads", columns)
    take(store, rows, "leads", columns, decimal_mark=",", date_order="dmy")
    assert traits(store) == {"a": {"revenue": 1_200, "created_at": "2026-04-03T00:00:00Z"}}


def test_values_that_do_not_read_are_told_by_column(new_file: NewStore) -> None:
    rows = b"id,Angelegt\na,2026-01-05\nb,not a date\nc,neither\nd,2026-01-06\n"
    found = take(new_file(), rows, "leads", {"lead_id": "id", "created_at": "Angelegt"})
    assert (found["accepted"], found["unreadable"]) == (4, {"created_at": 2})


def test_the_same_file_sent_again_is_known(new_file: NewStore) -> None:
    store, events = new_file(), b"who,event,when\nann,visit,2026-05-01\nann,visit,2026-05-02\n"
    columns = {"lead_id": "who", "occurred_at": "when"}
    assert take(store, events, "events", columns)["accepted"] == 2
    again = take(store, events, "events", columns)
    assert (again["accepted"], again["known"]) == (0, 2)


def test_a_column_that_is_missing_is_said_without_flags_and_the_file_stays(new_file: NewStore) -> None:
    store = new_file()
    with pytest.raises(DataError) as refused:
        take(store, b"name,city\nann,Rome\n", "events", {})
    assert str(refused.value).startswith("contacts.csv: no column lead_id, which events need.")
    assert "--map" not in str(refused.value)
    assert "/tmp" not in str(refused.value)  # noqa: S108 - what the test is about
    assert find_upload(store, 1).name == "contacts.csv"
