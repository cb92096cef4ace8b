"""Anything a user may name becomes a raw relation, or a message that says what to do."""

from __future__ import annotations

import gzip
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from scoville.data.in_duckdb import InDuckDB
from scoville.data.sources import Raw, open_source
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Write = Callable[[str, str | bytes], Path]
    Rows = Callable[[str], list[dict[str, Any]]]


def opened(con: InDuckDB, source: object, **options: str) -> Raw:
    return open_source(con, source, relation="leads", **options)


def refusal(con: InDuckDB, source: object) -> str:
    with pytest.raises(DataError) as refused:
        opened(con, source)
    return str(refused.value)


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
def test_every_common_delimiter_is_found(con: InDuckDB, write: Write, rows: Rows, delimiter: str) -> None:
    text = "lead_id,note\n1,a b\n2,c\n".replace(",", delimiter)
    assert opened(con, write("leads.csv", text)).is_text
    assert rows("raw_leads") == [{"lead_id": "1", "note": "a b"}, {"lead_id": "2", "note": "c"}]


def test_delimiter_inside_quotes_does_not_mislead(con: InDuckDB, write: Write, rows: Rows) -> None:
    opened(con, write("leads.csv", 'lead_id;note\n1;"Doe, John, Dr, MD"\n2;"a, b, c, d"\n'))
    assert rows("raw_leads")[0] == {"lead_id": "1", "note": "Doe, John, Dr, MD"}


def test_another_delimiter_is_taken_when_said(con: InDuckDB, write: Write, rows: Rows) -> None:
    opened(con, write("leads.csv", "lead_id:note\n1:a\n"), delimiter=":")
    assert rows("raw_leads") == [{"lead_id": "1", "note": "a"}]


def test_csv_stays_text_so_that_ids_survive(con: InDuckDB, write: Write, rows: Rows) -> None:
    opened(con, write("leads.csv", "lead_id,code\n00123,1e5\n"))
    assert rows("raw_leads") == [{"lead_id": "00123", "code": "1e5"}]


@pytest.mark.parametrize(
    ("codec", "name"),
    [
        ("utf-8", "Zoë Müller – “ok”"),
        ("utf-8-sig", "Zoë Müller – “ok”"),
        ("utf-16", "Zoë Müller – “ok”"),
        ("cp1252", "Zoë Müller – “ok”"),
        ("latin-1", "Zoë Müller"),
        ("cp1251", "Здравствуйте, это довольно длинная строка для примера"),
        ("shift_jis", "こんにちは世界、お元気ですか"),
    ],
)
def test_encodings_are_told_apart(con: InDuckDB, write: Write, rows: Rows, codec: str, name: str) -> None:
    text = f"lead_id;name\n1;{name}\n2;{name}\n"
    opened(con, write("leads.csv", text.encode(codec)))
    assert [row["name"] for row in rows("raw_leads")] == [name, name]


def test_utf_16_without_a_mark_is_read(con: InDuckDB, write: Write, rows: Rows) -> None:
    opened(con, write("leads.csv", ("lead_id,name\n" + "1,Ann\n" * 20).encode("utf-16-le")))
    assert rows("raw_leads")[0] == {"lead_id": "1", "name": "Ann"}


def test_an_encoding_that_shows_only_late_in_the_file_is_found(con: InDuckDB, write: Write, rows: Rows) -> None:
    ascii_rows = "".join(f"{number},abc\n" for number in range(30_000))  # more than the sample
    raw = opened(con, write("leads.csv", f"lead_id,name\n{ascii_rows}x,Müller\n".encode("cp1252")))
    assert rows("raw_leads")[-1] == {"lead_id": "x", "name": "Müller"}
    assert "cp1252" in str(raw.notices[0])


@pytest.mark.parametrize("codec", ["utf-8", "cp1252"])
def test_gzip_is_unpacked(con: InDuckDB, write: Write, rows: Rows, codec: str) -> None:
    opened(con, write("leads.csv.gz", gzip.compress("lead_id\tname\n1\tZoë\n".encode(codec))))
    assert rows("raw_leads") == [{"lead_id": "1", "name": "Zoë"}]


def test_quotes_line_breaks_and_blank_lines(con: InDuckDB, write: Write, rows: Rows) -> None:
    opened(con, write("leads.csv", 'lead_id,note\r\n1,"two\r\nlines, ""quoted"""\r\n\r\n2,\r\n'))
    assert rows("raw_leads") == [
        {"lead_id": "1", "note": 'two\r\nlines, "quoted"'},
        {"lead_id": "2", "note": None},
    ]


def test_json_lines_keep_late_keys_ids_and_nesting(con: InDuckDB, write: Write, rows: Rows) -> None:
    text = '{"lead_id": "007", "n": 1.5, "deep": {"a": [1]}}\n{"lead_id": 8, "late": true}\n'
    assert opened(con, write("leads.jsonl", text)).is_text
    assert rows("raw_leads") == [
        {"lead_id": "007", "n": "1.5", "deep": '{"a":[1]}', "late": None},
        {"lead_id": "8", "n": None, "deep": None, "late": "true"},
    ]


def test_a_json_array_is_read_like_json_lines(con: InDuckDB, write: Write, rows: Rows) -> None:
    opened(con, write("leads.json", '[{"lead_id": 1},\n {"lead_id": 2}]'))
    assert [row["lead_id"] for row in rows("raw_leads")] == ["1", "2"]


def test_parquet_keeps_its_types(con: InDuckDB, tmp_path: Path, rows: Rows) -> None:
    pq.write_table(pa.table({"lead_id": [1], "at": [datetime(2024, 1, 2)]}), tmp_path / "leads.parquet")  # noqa: DTZ001
    assert not opened(con, tmp_path / "leads.parquet").is_text
    assert rows("raw_leads") == [{"lead_id": 1, "at": datetime(2024, 1, 2)}]  # noqa: DTZ001


def test_content_tells_the_kind_not_the_name(con: InDuckDB, tmp_path: Path, rows: Rows) -> None:
    pq.write_table(pa.table({"lead_id": [1]}), tmp_path / "leads.csv")
    opened(con, tmp_path / "leads.csv")
    assert rows("raw_leads") == [{"lead_id": 1}]


def test_files_of_a_glob_are_united_by_name(con: InDuckDB, write: Write, rows: Rows, tmp_path: Path) -> None:
    write("part1.csv", "lead_id,a\n1,x\n")
    write("part2.csv", "a;lead_id;b\ny;2;z\n")
    opened(con, str(tmp_path / "part*.csv"))
    assert rows("raw_leads") == [{"lead_id": "1", "a": "x", "b": None}, {"lead_id": "2", "a": "y", "b": "z"}]


def test_brackets_in_a_name_are_no_pattern(con: InDuckDB, write: Write, rows: Rows) -> None:
    opened(con, write("leads [final].csv", "lead_id,a\n1,x\n"))
    assert rows("raw_leads") == [{"lead_id": "1", "a": "x"}]


@pytest.fixture
def database(tmp_path: Path) -> Path:
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as inside:
        inside.execute("CREATE TABLE people AS SELECT 7 AS lead_id")
        inside.execute("CREATE SCHEMA web; CREATE TABLE web.hits AS SELECT 8 AS lead_id")
    return path


@pytest.mark.parametrize(("table", "lead_id"), [("people", 7), ("web.hits", 8), ("People", 7)])
def test_table_of_a_duckdb_file(con: InDuckDB, database: Path, rows: Rows, table: str, lead_id: int) -> None:
    opened(con, f"{database}::{table}")
    opened(con, f"{database}::{table}")  # attached once, and no error the second time
    assert rows("raw_leads") == [{"lead_id": lead_id}]


def test_table_of_the_engines_own_database(database: Path) -> None:
    con = InDuckDB(duckdb.connect(str(database), read_only=True))
    opened(con, "people")
    opened(con, f"{database}::people")
    assert con.con.execute("SELECT * FROM raw_leads").fetchall() == [(7,)]


FRAME = {"lead_id": ["1", "2"], "size": [1.5, None]}
IN_MEMORY: dict[str, Callable[[], Any]] = {
    "pandas": lambda: pd.DataFrame(FRAME),
    "polars": lambda: pl.DataFrame(FRAME),
    "lazy polars": lambda: pl.LazyFrame(FRAME),
    "arrow": lambda: pa.table(FRAME),
    "arrow batches": lambda: pa.RecordBatchReader.from_batches(pa.table(FRAME).schema, pa.table(FRAME).to_batches()),
    "ibis": lambda: ibis.memtable(pa.table(FRAME)),
    "list of dicts": lambda: [{"lead_id": "1", "size": 1.5}, {"lead_id": "2"}],
    "dict of lists": lambda: FRAME,
}


@pytest.mark.parametrize("kind", IN_MEMORY)
def test_tables_in_memory(con: InDuckDB, rows: Rows, kind: str) -> None:
    assert not opened(con, IN_MEMORY[kind]()).is_text
    assert rows("raw_leads") == [{"lead_id": "1", "size": 1.5}, {"lead_id": "2", "size": None}]


def test_object_column_of_mixed_values_becomes_text(con: InDuckDB, rows: Rows) -> None:
    opened(con, pd.DataFrame({"lead_id": [1, "b", None]}))
    assert [row["lead_id"] for row in rows("raw_leads")] == ["1", "b", None]


def test_opening_again_replaces_what_was_there(con: InDuckDB, write: Write, rows: Rows) -> None:
    opened(con, write("leads.csv", "lead_id,a\n1,x\n"))
    opened(con, pa.table({"lead_id": [2]}))
    opened(con, write("leads.csv", "lead_id,a\n3,y\n"))
    assert rows("raw_leads") == [{"lead_id": "3", "a": "y"}]


# --- what cannot be read ---------------------------------------------------------------------------------------------


def test_missing_file_names_the_nearest(con: InDuckDB, write: Write, tmp_path: Path) -> None:
    write("leads_2024.csv", "lead_id\n1\n")
    text = refusal(con, str(tmp_path / "lead_2024.csv"))
    assert "no such file. Did you mean 'leads_2024.csv'?" in text


def test_missing_folder_is_said(con: InDuckDB, tmp_path: Path) -> None:
    assert f"the folder {tmp_path / 'nowhere'} does not exist" in refusal(con, str(tmp_path / "nowhere" / "a.csv"))


def test_pattern_without_matches(con: InDuckDB, tmp_path: Path) -> None:
    assert "no file matches this pattern" in refusal(con, str(tmp_path / "*.csv"))


def test_folder_suggests_a_pattern(con: InDuckDB, write: Write, tmp_path: Path) -> None:
    write("a.csv", "lead_id\n1\n")
    text = refusal(con, str(tmp_path))
    assert "is a folder" in text
    assert "Files in it: a.csv." in text


def test_unknown_kind_of_source(con: InDuckDB) -> None:
    assert "cannot read a builtins.int. Allowed: a path or glob" in refusal(con, 5)


XLSX = b"PK\x03\x04" + bytes(100)


@pytest.mark.parametrize(
    ("name", "content", "expected"),
    [
        ("a.csv", b"", "the file is empty"),
        ("a.csv", b"\xef\xbb\xbf\r\n \n", "the file is empty"),
        ("a.csv", "lead_id,email\n", "has a header line but no rows (columns: lead_id, email)"),
        ("a.csv", "lead_id^email\n1^a\n", "the whole header is one column: 'lead_id^email'. It looks cut by '^'"),
        ("a.csv", bytes(range(256)) * 9, "is a binary file"),
        ("a.xlsx", XLSX, "is an Excel workbook or a zip archive, not CSV"),
        ("a.csv", "lead_id,email\n1,a\n2\n", "a.csv:3: the row has 1 cells, the header 2 columns: '2'"),
        ("a.csv", "lead_id,email\n1,a\n2,b,c\n", "a.csv:3: the row has 3 cells, the header 2 columns: '2,b,c'"),
        ("a.csv", 'lead_id,email\n1,"a\n2,b\n', 'a.csv:2: a quote " is opened and never closed'),
        ("a.csv", "id,Email,x,email\n1,2,3,4\n", "duplicate column name: 'Email' and 'email' (columns 2 and 4)"),
        ("a.jsonl", '{"lead_id": 1}\n{bad\n', "a.jsonl:2: is not JSON: '{bad'"),
        ("a.jsonl", "1\n2\n", "holds no JSON objects"),
        ("a.json", "[]", "holds no rows"),
        ("a.parquet", b"PAR1" + b"x" * 50, "cannot be read as Parquet"),
        ("a.csv.gz", gzip.compress(b"lead_id,a\n1,2\n" * 99, mtime=0)[:-12], "cannot be read"),
    ],
)
def test_broken_files_say_what_they_are(
    con: InDuckDB, write: Write, name: str, content: str | bytes, expected: str
) -> None:
    assert expected in refusal(con, write(name, content))


def test_gzip_cut_off_late_is_said(con: InDuckDB, write: Write) -> None:
    text = "lead_id,a\n" + "".join(f"{number},{number * 7919 % 100_003}\n" for number in range(100_000))
    packed = gzip.compress(text.encode())
    assert "cut off or damaged" in refusal(con, write("a.csv.gz", packed[: len(packed) // 2]))


def test_wrong_line_in_one_file_of_many_is_named(con: InDuckDB, write: Write, tmp_path: Path) -> None:
    write("a1.csv", "lead_id,x\n1,2\n")
    write("a2.csv", "lead_id,x\n1,2\n3\n")
    assert "a2.csv:3: the row has 1 cells" in refusal(con, str(tmp_path / "a*.csv"))


def test_glob_over_two_kinds(con: InDuckDB, write: Write, tmp_path: Path) -> None:
    write("a.csv", "lead_id,x\n1,2\n")
    write("a.jsonl", '{"lead_id": 1}\n')
    assert "matches files of different kinds" in refusal(con, str(tmp_path / "a.*"))


def test_missing_table_of_a_duckdb_file(con: InDuckDB, database: Path) -> None:
    assert "no such table. Did you mean 'people'? Tables in the file: people, web.hits." in refusal(
        con, f"{database}::poeple"
    )


def test_duckdb_file_without_a_table_name(con: InDuckDB, database: Path) -> None:
    assert f"name a table in it: {database}::table. Tables in it: hits, people." in refusal(con, database)


def test_missing_duckdb_file(con: InDuckDB, tmp_path: Path) -> None:
    assert "no such file" in refusal(con, f"{tmp_path / 'crm.duckdb'}::people")


def test_broken_duckdb_file(con: InDuckDB, write: Write) -> None:
    path = write("crm.duckdb", bytes(8) + b"DUCK" + bytes(5000))
    assert "cannot be opened as a DuckDB database" in refusal(con, path)
    assert "cannot be opened as a DuckDB database" in refusal(con, f"{path}::people")


def test_missing_name_lists_tables_of_the_engine(con: InDuckDB) -> None:
    con.con.execute("CREATE TABLE people AS SELECT 1 AS lead_id")
    assert "Tables of the engine: people." in refusal(con, "peple")


def test_columns_of_one_name_in_memory(con: InDuckDB) -> None:
    table = pa.table([pa.array([1]), pa.array([2])], names=["lead_id", "Lead_ID"])
    assert "duplicate column name: 'lead_id' and 'Lead_ID'" in refusal(con, table)


def test_columns_of_one_name_in_pandas(con: InDuckDB) -> None:
    frame = pd.DataFrame([["1", "a", "b"]], columns=["lead_id", "x", "x"])
    assert "duplicate column name: 'x' and 'x' (columns 2 and 3)" in refusal(con, frame)


@pytest.mark.parametrize("nothing", [[], {}, [{}], pd.DataFrame(), pl.DataFrame(), pa.table({})], ids=repr)
def test_a_table_without_columns_is_refused_in_our_words(con: InDuckDB, nothing: object) -> None:
    assert refusal(con, nothing).startswith("the table given as leads: has no columns, so no rows either.")
