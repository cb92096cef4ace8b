"""Names of tables as people write them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest

import scoville
from scoville.data.table_names import names_of, table_called
from scoville.engines.duckdb import DuckDB
from scoville.errors import DataError

if TYPE_CHECKING:
    from pathlib import Path

MODEL = scoville.Model.from_dict({"scoville": 1, "name": "T", "fit": {"rules": []}})

TABLES = [("main", "leads", True), ("crm", "Leads", False), ("My CRM", 'a.b "c"', False), ("crm", "x", False)]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("LEADS", ("main", "leads")),
        ("crm.leads", ("crm", "Leads")),
        ('"crm"."Leads"', ("crm", "Leads")),
        ('"My CRM"."a.b ""c"""', ("My CRM", 'a.b "c"')),
        ('My CRM.a.b "c"', ("My CRM", 'a.b "c"')),
        ("X", ("crm", "x")),
        ("nothing", None),
        ('"', None),
    ],
)
def test_a_name_is_found_with_quotes_and_without(name: str, expected: tuple[str, str] | None) -> None:
    assert table_called(name, TABLES) == expected


def test_a_name_in_several_schemas_is_asked_back() -> None:
    with pytest.raises(DataError, match=r"several schemas. Say which: a\.x, b\.x"):
        table_called("x", [("a", "x", False), ("b", "x", False)])


def test_tables_are_listed_by_names_that_find_them() -> None:
    assert [table_called(name, TABLES) for name in names_of(TABLES)] == [table[:2] for table in TABLES]


@pytest.mark.parametrize(("name", "lead_id"), [("leads", "own"), ("a b.leads", "other"), ('"a b"."leads"', "other")])
def test_on_duckdb_a_plain_name_is_that_of_the_main_schema(tmp_path: Path, name: str, lead_id: str) -> None:
    database = tmp_path / "own.duckdb"
    with duckdb.connect(database) as own:
        own.execute("""CREATE SCHEMA "a b"; CREATE TABLE "a b".leads AS SELECT 'other' AS lead_id""")
        own.execute("CREATE TABLE leads AS SELECT 'own' AS lead_id")
    of_engine = scoville.score(MODEL, name, engine=DuckDB(str(database)))
    attached = scoville.score(MODEL, f"{database}::{name}")
    assert of_engine.scores["lead_id"].to_pylist() == attached.scores["lead_id"].to_pylist() == [lead_id]
