"""Files that people send: kept in pieces, looked at from their beginning, gone after a day."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from sqlalchemy import func, select

from scoville.errors import DataError, UsageError
from scoville.live.jobs import uploads
from scoville.live.jobs.looking import head_of
from scoville.live.jobs.uploads import Arriving, drop_upload, expire_uploads, find_upload, written_to
from scoville.live.store.jobs import upload_pieces
from scoville.live.store.jobs import uploads as table

if TYPE_CHECKING:
    from pathlib import Path

    from live_stores import NewStore
    from scoville.live.store.opening import Store

NOW = datetime.fromisoformat("2026-06-01T12:00:00")
LEADS = b"Contact ID,Email,Title,Employees\n1,ann@acme.com,CEO,800\n2,bob@bolt.io,Engineer,\n"


def sent(store: Store, name: str, content: bytes) -> int:
    arriving = Arriving(store, name, by="user:u1", now=NOW)
    for start in range(0, len(content), 700):
        arriving.add(content[start : start + 700])
    return arriving.done().upload_no


def rows_in(store: Store) -> tuple[int, int]:
    with store.reading() as connection:
        counts = [
            connection.execute(select(func.count()).select_from(one)).scalar_one() for one in (table, upload_pieces)
        ]
    return counts[0], counts[1]


def test_a_file_comes_back_byte_for_byte(new_store: NewStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "PIECE_BYTES", 1_000)
    content = bytes(range(256)) * 20
    store = new_store()
    number = sent(store, "../../etc/leads week 3.CSV", content)
    assert rows_in(store) == (1, 6)  # 5,120 bytes in pieces of 1,000
    path = written_to(store, number, tmp_path)
    assert path == tmp_path / "leads_week_3.csv"
    assert path.read_bytes() == content
    assert written_to(store, number, tmp_path, most_bytes=1_500).read_bytes() == content[:1_500]
    drop_upload(store, number)
    assert rows_in(store) == (0, 0)
    drop_upload(store, number)  # once more does no harm


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("leads.xlsx", b"PK", "ends in .csv"),
        ("leads", b"a,b", "ends in .csv"),
        ("leads.csv", b"", "the file is empty"),
        ("leads.csv", b"x" * 5_000, "larger than"),
        ("leads.parquet", b"12345678DUCK....", "a DuckDB database"),
    ],
)
def test_what_cannot_be_read_is_refused_and_not_kept(
    new_file: NewStore, monkeypatch: pytest.MonkeyPatch, name: str, content: bytes, said: str
) -> None:
    monkeypatch.setattr(uploads, "MOST_BYTES", 4_096)
    store = new_file()
    with pytest.raises((DataError, UsageError), match=said):
        sent(store, name, content)
    assert rows_in(store) == (0, 0)


def test_a_file_that_was_cut_off_is_not_there(new_file: NewStore) -> None:
    store = new_file()
    arriving = Arriving(store, "leads.csv", by="user:u1", now=NOW)
    arriving.add(LEADS)
    with pytest.raises(UsageError, match="send it again"):
        find_upload(store, arriving.upload_no)


def test_only_so_many_files_wait(new_file: NewStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(uploads, "MOST_FILES", 2)
    store = new_file()
    first = sent(store, "a.csv", LEADS)
    sent(store, "b.csv", LEADS)
    with pytest.raises(UsageError, match="2 files wait to be taken in already"):
        sent(store, "c.csv", LEADS)
    drop_upload(store, first)
    sent(store, "c.csv", LEADS)


def test_files_go_after_a_day(new_store: NewStore) -> None:
    store = new_store()
    sent(store, "leads.csv", LEADS)
    assert expire_uploads(store, NOW + timedelta(hours=23)) == 0
    assert expire_uploads(store, NOW + timedelta(hours=25)) == 1
    assert rows_in(store) == (0, 0)


def test_the_beginning_says_what_a_file_is_and_what_its_columns_are_for(new_store: NewStore) -> None:
    store = new_store()
    head = head_of(store, sent(store, "contacts.csv", LEADS))
    assert (head.what, head.file) == ("leads", "contacts.csv")
    assert [one.name for one in head.columns] == ["Contact ID", "Email", "Title", "Employees"]
    assert head.rows[1] == {"Contact ID": "2", "Email": "bob@bolt.io", "Title": "Engineer", "Employees": None}
    sure = {one.name: one.column for one in head.meant["leads"] if one.is_sure}
    assert (sure["lead_id"], sure["email"]) == ("Contact ID", "Email")
    assert head.needed == {
        "leads": ("lead_id",), "events": ("lead_id", "event", "occurred_at"), "outcomes": ("lead_id", "occurred_at"),
    }  # fmt: skip


def test_only_the_beginning_of_a_long_file_is_looked_at(new_file: NewStore) -> None:
    lines = [b'{"lead_id": "%d", "event": "visit", "occurred_at": "2026-05-01T00:00:00Z"}\n' % n for n in range(20_000)]
    store = new_file()
    head = head_of(store, sent(store, "log.jsonl", b"".join(lines)))
    assert head.what == "events"
    assert len(head.rows) == 50
    assert {one.name: one.column for one in head.meant["events"] if one.is_sure}["occurred_at"] == "occurred_at"


def test_a_parquet_file_is_looked_at_too(new_file: NewStore, tmp_path: Path) -> None:
    pq.write_table(
        pa.table({"lead_id": ["a", "b"], "won_at": [NOW, NOW], "value": [5.0, None]}), tmp_path / "d.parquet"
    )
    store = new_file()
    head = head_of(store, sent(store, "deals.parquet", (tmp_path / "d.parquet").read_bytes()))
    assert head.what == "outcomes"
    assert {one.name: one.column for one in head.meant["outcomes"]}["occurred_at"] == "won_at"
    assert head.rows[1]["value"] is None


def test_what_is_open_about_values_is_said_with_what_settles_it(new_file: NewStore) -> None:
    store, rows = new_file(), b"".join(b"%d;%d.200;0%d/02/2026;%d\n" % (n, n, n, n) for n in range(1, 8))
    head = head_of(store, sent(store, "leads.csv", b"Kunden-Nr;Umsatz;Termin;Alter\n" + rows))
    said = {one.name: (one.notice, one.settled_by) for one in head.columns}
    assert said["Umsatz"] == (
        "1.234 may be a decimal or a thousands mark; read as 1.234. If that is wrong, say how numbers are written.",
        "decimal_mark",
    )
    assert said["Termin"] == (
        "every date reads as day/month and as month/day; it stays text. Say which comes first.", "date_order",
    )  # fmt: skip
    assert said["Alter"] == (None, None)


def test_traits_with_a_name_of_ours_are_offered_whatever_the_file_calls_them(new_file: NewStore) -> None:
    store = new_file()
    head = head_of(store, sent(store, "kontakte.csv", "Vorname,Nachname,E-Mail,Branche\nIda,Øst,i@a.no,IT\n".encode()))
    assert {one.name: one.column for one in head.meant["leads"]} == {
        "lead_id": "E-Mail", "email": "E-Mail", "first_name": "Vorname", "last_name": "Nachname", "industry": "Branche",
    }  # fmt: skip


def test_a_file_of_hundreds_of_columns_is_looked_at_and_one_of_thousands_is_not(new_file: NewStore) -> None:
    store, kinds = new_file(), ("Rome", "12", "2026-05-01", "true", "n/a", "")
    wide = ["Record ID", *(f"Property {n}" for n in range(249))]
    rows = [[f"L{row}", *(kinds[n % len(kinds)] for n in range(249))] for row in range(3)]
    head = head_of(store, sent(store, "wide.csv", "\n".join(map(",".join, [wide, *rows])).encode()))
    assert head.what == "leads"
    assert [one.type for one in head.columns[:6]] == ["text", "text", "number", "time", "yes/no", "text"]
    assert (head.columns[247].name, head.columns[247].examples) == ("Property 246", ("Rome", "Rome", "Rome"))
    too_wide = ",".join(f"c{n}" for n in range(1_001)) + "\n" + "," * 1_000
    with pytest.raises(DataError, match="1,001 columns, and at most 1,000 can be looked at here: leave out those"):
        head_of(store, sent(store, "wider.csv", too_wide.encode()))


def test_errors_name_the_file_as_its_owner_does(new_file: NewStore) -> None:
    store = new_file()
    number = sent(store, "contacts.csv", b"name,when\nann\n")
    with pytest.raises(DataError) as refused:
        head_of(store, number)
    assert str(refused.value).startswith("contacts.csv:2: ")
