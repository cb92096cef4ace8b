"""Leads and accounts: our columns, missing is null, rows without a key rejected."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pytest

from scoville.data.clean import clean_accounts, clean_leads
from scoville.data.sources import open_source
from scoville.data.workspace import Settings

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from scoville.data.in_duckdb import InDuckDB


def test_mapped_leads(con: InDuckDB, write: Callable[..., Path], rows: Callable[..., list[dict[str, Any]]]) -> None:
    path = write("a.csv", "Prospect ID,City,Visits\nb1,Select,3\nb2, Rome ,N/A\n")
    clean_leads(con, open_source(con, path, relation="leads"), {"lead_id": "Prospect ID"}, Settings())
    assert rows("clean_leads") == [
        {"lead_id": "b1", "City": None, "Visits": 3},
        {"lead_id": "b2", "City": "Rome", "Visits": None},
    ]


def test_leads_without_an_id_are_rejected_with_their_row(con: InDuckDB) -> None:
    raw = open_source(con, pa.table({"lead_id": ["1", None, " ", "N/A"], "n": [1, 2, 3, 4]}), relation="leads")
    found = clean_leads(con, raw, {}, Settings())
    rejects = con.con.execute(con.compile(found.rejects)).fetchall()
    assert (found.rows, found.rejected) == (4, {"no lead_id": 3})
    assert {(relation, reason) for relation, reason, _ in rejects} == {("leads", "no lead_id")}
    assert {json.loads(row)["n"] for _, _, row in rejects} == {2, 3, 4}


@pytest.mark.parametrize(
    ("ids", "expected"),
    [
        (pa.array([7.0, None, 8.5]), ["7", "8.5"]),  # what pandas makes of whole numbers beside a missing one
        (pa.array([7, 8]), ["7", "8"]),
        (pa.array(["007", " 8 "]), ["007", "8"]),
    ],
)
def test_ids_are_text(con: InDuckDB, ids: pa.Array, expected: list[str]) -> None:
    found = clean_leads(con, open_source(con, pa.table({"lead_id": ids}), relation="leads"), {}, Settings())
    assert sorted(row[0] for row in con.con.execute(con.compile(found.table)).fetchall()) == expected


def test_accounts_are_keyed_by_their_domain(con: InDuckDB, write: Callable[..., Path]) -> None:
    raw = open_source(con, write("a.csv", "domain,size\nx.io,5\n,6\n"), relation="accounts")
    found = clean_accounts(con, raw, {}, Settings())
    assert con.con.execute(con.compile(found.table)).fetchall() == [("x.io", 5)]
    assert found.rejected == {"no account_id": 1}
