"""The embedded engine: what it opens, what it writes, and what it says when it cannot."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

import scoville
from scoville.engines.beside import written_beside
from scoville.engines.duckdb import DuckDB
from scoville.engines.named import engine_of
from scoville.errors import DataError, EngineError, UsageError

MODEL = scoville.Model.from_dict(
    {"scoville": 1, "name": "T", "fit": {"rules": [{"name": "A", "when": {"t": "x"}, "points": 5}]}}
)


@pytest.fixture
def database(tmp_path: Path) -> Path:
    """A user's own database with a table of people."""
    path = tmp_path / "own.duckdb"
    with duckdb.connect(path) as own:
        own.execute("CREATE TABLE leads AS SELECT 'a' AS lead_id, 'x' AS t; CREATE TABLE scores AS SELECT 1 AS mine")
    return path


@pytest.fixture(scope="module")
def memory() -> DuckDB:
    return DuckDB(threads=1)


# --- what it opens ---------------------------------------------------------------------------------------------------


def test_tables_of_a_database_are_read_and_nothing_is_written_to_it(database: Path) -> None:
    before = database.read_bytes()
    run = scoville.score(MODEL, "leads", as_of="2026-01-01", engine=DuckDB(str(database)))
    assert run.scores["score"].to_pylist() == [5]
    run.engine.close()
    assert database.read_bytes() == before


def test_a_database_that_is_open_for_writing_here_is_shared(database: Path) -> None:
    with duckdb.connect(database) as own:
        own.execute("INSERT INTO leads VALUES ('b', 'y')")
        engine = DuckDB(str(database))
        assert engine.arrow("SELECT count(*) AS n FROM leads")["n"].to_pylist() == [2]
        engine.close()


def test_a_database_that_is_not_there_is_not_made(tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=r"there is no DuckDB database .*typo\.duckdb"):
        DuckDB(str(tmp_path / "typo.duckdb"))
    assert list(tmp_path.iterdir()) == []


def test_a_slash_too_many_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    duckdb.connect(str(tmp_path / "crm.duckdb")).close()
    monkeypatch.chdir(tmp_path)
    with pytest.raises(EngineError, match=r"Did you mean duckdb://crm\.duckdb"):
        engine_of("duckdb:///crm.duckdb")
    engine_of("duckdb://crm.duckdb").close()


def test_a_file_of_another_kind_is_no_database(tmp_path: Path) -> None:
    (tmp_path / "text.duckdb").write_text("no database " * 1000, encoding="utf-8")
    with pytest.raises(EngineError, match="cannot open the DuckDB database"):
        DuckDB(str(tmp_path / "text.duckdb"))


@pytest.mark.parametrize("size", ["lots", "", "4'; SELECT 1 --", "0GB", "-1GB"])
def test_a_memory_limit_is_a_size(size: str) -> None:
    with pytest.raises(UsageError, match="write it like 4GB"):
        DuckDB(memory_limit=size)


def test_what_does_not_fit_into_memory_goes_to_the_folder_for_temporary_files(memory: DuckDB) -> None:
    """And each engine to its own: DuckDB gives its files the same names in every process."""
    own, other = (
        Path(engine.arrow("SELECT current_setting('temp_directory') AS d")["d"][0].as_py())
        for engine in (memory, DuckDB())
    )
    assert own.parent == other.parent == Path(tempfile.gettempdir())
    assert own != other


def test_too_little_memory_says_what_to_do() -> None:
    with pytest.raises(EngineError, match="--memory-limit"):
        DuckDB(memory_limit="2MB", threads=1).arrow("SELECT list(i) FROM range(10_000_000) t(i)")


def test_a_query_that_cannot_run_is_an_error_of_the_engine(memory: DuckDB) -> None:
    with pytest.raises(EngineError, match="DuckDB could not run the plan: Catalog Error"):
        memory.run("SELECT * FROM nothing")


# --- what it writes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["a.csv", "it's [1]*.csv", "UPPER.CSV", "émoji🔥.csv"])
def test_a_file_may_be_called_like_anything(tmp_path: Path, memory: DuckDB, name: str) -> None:
    memory.write("SELECT 'x,y' AS a", tmp_path / name)
    assert (tmp_path / name).read_text(encoding="utf-8") == 'a\n"x,y"\n'
    assert [file.name for file in tmp_path.iterdir()] == [name]


def test_rows_are_written_in_the_order_asked_for(tmp_path: Path) -> None:
    engine = DuckDB(threads=4)
    engine.write("SELECT i FROM range(400_000) t(i) ORDER BY hash(i)", tmp_path / "a.parquet")
    written = pq.read_table(tmp_path / "a.parquet")["i"].to_pylist()
    assert written == engine.arrow("SELECT i FROM range(400_000) t(i) ORDER BY hash(i)")["i"].to_pylist()
    assert written != sorted(written)


def test_a_query_that_fails_halfway_leaves_the_old_file(tmp_path: Path, memory: DuckDB) -> None:
    (tmp_path / "a.csv").write_text("old", encoding="utf-8")
    with pytest.raises(EngineError):
        memory.write("SELECT CAST(if(i = 300_000, 'x', '1') AS INT) AS i FROM range(400_000) t(i)", tmp_path / "a.csv")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["a.csv"]


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_to_is_said(tmp_path: Path, memory: DuckDB) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(DataError, match=r"cannot write .*Permission denied"):
        memory.write("SELECT 1 AS a", tmp_path / "a.csv")


# --- beside its place, then renamed ----------------------------------------------------------------------------------


def test_a_file_stands_beside_until_it_is_whole(tmp_path: Path) -> None:
    target = tmp_path / "a.csv"
    target.write_text("old", encoding="utf-8")
    with written_beside(target) as beside:
        beside.write_text("new", encoding="utf-8")
        assert beside.name.startswith(".a.")
        assert beside.suffix == ".csv"
        assert target.read_text(encoding="utf-8") == "old"
    assert target.read_text(encoding="utf-8") == "new"
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize("stopped_by", [KeyboardInterrupt, RuntimeError, SystemExit])
def test_whatever_stops_it_nothing_is_left(tmp_path: Path, stopped_by: type[BaseException]) -> None:
    def stopped() -> None:
        with written_beside(tmp_path / "a.csv") as beside:
            beside.write_text("half", encoding="utf-8")
            raise stopped_by

    with pytest.raises(stopped_by):
        stopped()
    assert list(tmp_path.iterdir()) == []


def test_two_writers_do_not_meet(tmp_path: Path) -> None:
    with written_beside(tmp_path / "a.csv") as one, written_beside(tmp_path / "a.csv") as other:
        assert one != other
        one.write_text("1", encoding="utf-8")
        other.write_text("2", encoding="utf-8")
    assert (tmp_path / "a.csv").read_text(encoding="utf-8") == "1"  # the first to begin was the last to end
