"""A backup holds everything, goes into either kind of store, and says so when it cannot."""

from __future__ import annotations

import contextlib
import json
import stat
import zipfile
from datetime import datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select

from live_stores import maker
from scoville.data.workspace import Workspace
from scoville.errors import DataError, UsageError
from scoville.live.backup import back_up, restore
from scoville.live.importing import import_history
from scoville.live.jobs.uploads import Arriving
from scoville.live.store.log import inbox, sources
from scoville.live.store.migrating import upgrade
from scoville.live.store.tables import CATALOGUE

if TYPE_CHECKING:
    from pathlib import Path

    from live_stores import NewStore
    from scoville.live.store.opening import Store

NOW = datetime.fromisoformat("2026-06-01T12:00:00")
ROWS = [
    {"lead_id": f"l{i}", "event": "visit", "occurred_at": NOW, "note": note}
    for i, note in enumerate(["", "ü\n'\"", "=1+1", "x" * 5000, None])
]


def filled(store: Store) -> Store:
    upgrade(store)
    import_history(store, "events", ROWS, source="site", workspace=Workspace(), now=NOW)
    return store


def contents(store: Store) -> dict[str, list[tuple[object, ...]]]:
    with store.reading() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in CATALOGUE.sorted_tables
        }


def test_what_comes_back_is_what_was_there(new_store: NewStore, tmp_path: Path) -> None:
    before = filled(new_store(with_tables=False))
    manifest = back_up(before, tmp_path / "all.zip", now=NOW)
    assert manifest.rows["inbox"] == 5
    assert stat.S_IMODE((tmp_path / "all.zip").stat().st_mode) == 0o600  # people are in it
    after = new_store(with_tables=False)
    restore(after, tmp_path / "all.zip")
    assert contents(after) == contents(before)


def test_files_on_their_way_in_are_left_out(new_file: NewStore, tmp_path: Path) -> None:
    """They are large, are taken in within a day, and can be sent again."""
    before = filled(new_file(with_tables=False))
    arriving = Arriving(before, "leads.csv", by="user:u1", now=NOW)
    arriving.add(b"lead_id\nann\n")
    arriving.done()
    manifest = back_up(before, tmp_path / "all.zip", now=NOW)
    assert not {"uploads", "upload_pieces"} & {*manifest.rows}
    after = new_file(with_tables=False)
    restore(after, tmp_path / "all.zip")
    left_out: dict[str, list[tuple[object, ...]]] = {"uploads": [], "upload_pieces": []}
    assert contents(after) == {**contents(before), **left_out}


def test_numbers_go_on_after_those_that_came_back(new_store: NewStore, tmp_path: Path) -> None:
    back_up(filled(new_store(with_tables=False)), tmp_path / "all.zip", now=NOW)
    after = new_store(with_tables=False)
    restore(after, tmp_path / "all.zip")
    with after.writing() as connection:
        connection.execute(insert(sources).values(name="other", created_at=NOW))
        numbers = connection.execute(select(sources.c.source_no).order_by(sources.c.source_no)).scalars().all()
    assert numbers == [1, 2]


def test_it_goes_from_one_kind_of_store_to_the_other(
    new_store: NewStore, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    with contextlib.ExitStack() as stack:
        other = maker(tmp_path, request.getfixturevalue("postgres"), stack)
        before = filled(new_store(with_tables=False))
        back_up(before, tmp_path / "all.zip", now=NOW)
        after = other(with_tables=False)
        restore(after, tmp_path / "all.zip")
        assert contents(after)["inbox"] == contents(before)["inbox"]


def test_it_never_goes_over_what_is_there(new_file: NewStore, tmp_path: Path) -> None:
    store = filled(new_file(with_tables=False))
    back_up(store, tmp_path / "all.zip", now=NOW)
    with pytest.raises(UsageError, match="holds data already"):
        restore(store, tmp_path / "all.zip")


@pytest.mark.parametrize(
    ("content", "said"),
    [(b"", "cannot be read as a backup"), (b"PK\x05\x06" + bytes(18), "is no backup of Scoville")],
    ids=["empty", "another zip"],
)
def test_a_file_that_is_no_backup_is_refused(new_file: NewStore, tmp_path: Path, content: bytes, said: str) -> None:
    file = tmp_path / "no.zip"
    file.write_bytes(content)
    with pytest.raises(DataError, match=said):
        restore(new_file(with_tables=False), file)


def test_a_backup_that_lacks_rows_is_refused_and_nothing_of_it_is_kept(new_file: NewStore, tmp_path: Path) -> None:
    back_up(filled(new_file(with_tables=False)), tmp_path / "all.zip", now=NOW)
    with zipfile.ZipFile(tmp_path / "all.zip") as whole, zipfile.ZipFile(tmp_path / "less.zip", "w") as less:
        for name in whole.namelist():
            content = whole.read(name)
            if name == "manifest.json":
                manifest = json.loads(content)
                manifest["rows"]["inbox"] += 1
                content = json.dumps(manifest).encode()
            less.writestr(name, content)
    store = new_file(with_tables=False)
    with pytest.raises(DataError, match="table inbox has 5 rows, not 6"):
        restore(store, tmp_path / "less.zip")
    with store.reading() as connection:
        assert connection.execute(select(inbox)).first() is None
