"""The data side in one call, on small files and on real ones."""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from scoville.data.in_duckdb import InDuckDB
from scoville.data.load import load
from scoville.data.workspace import Workspace
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


NOW = datetime(2026, 1, 1)  # noqa: DTZ001 - naive UTC, as all of our instants

LEADS = """Lead ID,Email,Visits,created_at,Country
1,a@x.io,"1,200",2024-01-01,DE
2,A@x.io,7,2024-01-02,Select
,b@x.io,8,2024-01-03,FR
4,c@x.io,9,soonish,US
5,d@x.io,9,2024-01-05,US
"""


def test_quality_accounts_for_every_row(con: InDuckDB, write: Callable[..., Path]) -> None:
    events = write("e.csv", "lead_id,event,time\n2,v,2024-01-01\n9,v,2024-01-01\n")
    accounts = write("a.csv", "domain,size\nx.io,5\nx.io,6\n,7\n")
    header, *rows = LEADS.splitlines()
    leads_csv = "\n".join([f"{header},Company Domain", *(f"{row},x.io" for row in rows)])
    known = Workspace().with_maps(['leads.company_domain="Company Domain"'])
    found = load(con, write("l.csv", leads_csv), events, accounts_source=accounts, workspace=known, as_of=NOW)
    said = json.loads(json.dumps(found.quality.to_dict()))
    leads = said["relations"]["leads"]
    assert {key: leads[key] for key in ("rows", "used", "merged", "rejected")} == {
        "rows": 5,
        "used": 3,
        "merged": 1,
        "rejected": {"no lead_id": 1},
    }
    assert leads["traits"] == [
        {"name": "company_domain", "type": "text", "missing_share": 0.0, "unreadable": 0},
        {"name": "email", "type": "text", "missing_share": 0.0, "unreadable": 0},
        {"name": "created_at", "type": "time", "missing_share": pytest.approx(1 / 3), "unreadable": 1},
        {"name": "Visits", "type": "whole number", "missing_share": 0.0, "unreadable": 0},
        {"name": "Country", "type": "text", "missing_share": 0.0, "unreadable": 0},
    ]
    assert said["relations"]["events"]["rejected"] == {"unknown lead": 1}
    assert said["relations"]["accounts"]["used"] == 1
    assert said["notices"][0]["column"] == "Visits"
    assert found.quality.relation("outcomes") is None
    assert found.accounts is not None


def test_tables_are_named_and_read_by_ibis(con: InDuckDB, write: Callable[..., Path]) -> None:
    found = load(con, write("l.csv", LEADS), workspace=Workspace(), as_of=NOW)
    assert found.leads.columns == ("lead_id", "email", "created_at", "Visits", "Country")
    assert str(found.leads.schema()["created_at"]) == "timestamp(6)"
    count = con.con.execute(con.compile(found.leads.count())).fetchall()
    assert count == con.con.execute("SELECT count(*) FROM leads").fetchall() == [(3,)]


def test_loading_again_starts_afresh(con: InDuckDB, write: Callable[..., Path]) -> None:
    events = [{"lead_id": "1", "event": "v", "occurred_at": NOW}]
    load(con, write("l.csv", LEADS), events, workspace=Workspace(), as_of=NOW)
    found = load(con, [{"lead_id": "7"}], workspace=Workspace(), as_of=NOW)
    assert con.con.execute("SELECT * FROM leads").fetchall() == [("7",)]
    assert con.con.execute("SELECT * FROM events").fetchall() == []
    assert con.con.execute("SELECT * FROM rejects").fetchall() == []
    assert len(found.quality.relations) == 1


def test_the_engines_own_database_is_not_written_to(tmp_path: Path) -> None:
    path = tmp_path / "crm.duckdb"
    with duckdb.connect(str(path)) as inside:
        inside.execute("CREATE TABLE leads AS SELECT 1 AS lead_id, 'x' AS city")
    con = InDuckDB(duckdb.connect(str(path)))
    for _ in range(2):  # the second time a temporary view called leads is in the way
        load(con, "leads", workspace=Workspace(), as_of=NOW)
        assert con.con.execute("SELECT * FROM temp.leads").fetchall() == [("1", "x")]
    kept = con.con.execute("SELECT table_name FROM duckdb_tables() WHERE NOT temporary").fetchall()
    views = con.con.execute("SELECT view_name FROM duckdb_views() WHERE NOT temporary AND NOT internal").fetchall()
    assert (kept, views) == ([("leads",)], [])


def test_data_that_does_not_fit_says_so(tmp_path: Path) -> None:
    config: dict[str, Any] = {
        "memory_limit": "60MB",
        "max_temp_directory_size": "1MB",
        "temp_directory": str(tmp_path / "spill"),
    }
    con = InDuckDB(duckdb.connect(config=config))
    path = tmp_path / "big.csv"
    noise = "||".join(["md5((i * 7)::VARCHAR)"] * 9)  # does not compress
    duckdb.sql(f"COPY (SELECT i AS lead_id, {noise} AS note FROM range(400000) t(i)) TO '{path}'")  # noqa: S608
    with pytest.raises(DataError, match=r"does not fit: .*--memory-limit"):
        load(con, path, workspace=Workspace(), as_of=NOW)


# --- real data: row counts as published with the sets ----------------------------------------------------------------


def test_x_education(con: InDuckDB, shared: Path) -> None:
    found = load(con, shared / "datasets/xeducation/Leads.csv", workspace=Workspace(), as_of=NOW)
    leads = found.quality.relation("leads")
    assert leads is not None
    assert (leads.rows, leads.used, leads.rejected) == (6468, 6468, {})
    traits = {trait.name: trait for trait in leads.traits}
    assert traits["TotalVisits"].type == "whole number"
    assert traits["Page Views Per Visit"].type == "number"
    # `Select` counts as missing in these: it is a fifth of the first, and only blanks are missing in the last.
    counted = con.con.execute(
        "SELECT count(*) FROM raw_leads WHERE Specialization IN ('Select') OR Specialization IS NULL"
    )
    assert traits["Specialization"].missing_share == pytest.approx(counted.fetchall()[0][0] / 6468)
    assert con.con.execute("SELECT count(*) FROM leads WHERE \"City\" = 'Select'").fetchall() == [(0,)]


@pytest.mark.parametrize(("name", "rows", "columns"), [("bank-full", 45211, 17), ("bank-additional-full", 41188, 21)])
def test_bank_with_semicolons_and_dots_in_names(
    con: InDuckDB, shared: Path, name: str, rows: int, columns: int
) -> None:
    csv = shared / "datasets/bank" / f"{name}.csv"
    workspace = Workspace().with_maps(["leads.lead_id=age"])  # the set has no id
    found = load(con, csv, workspace=workspace, as_of=NOW)
    leads = found.quality.relation("leads")
    assert leads is not None
    assert (leads.rows, len(found.leads.columns)) == (rows, columns)
    assert leads.used + leads.merged == rows
    assert con.con.execute("SELECT count(*) FROM shaped_leads WHERE job = 'unknown'").fetchall()[0][0] > 200


@pytest.mark.parametrize(
    ("name", "leads", "events"), [("udacity", 1281, 53747), ("bpi2012", 7455, 75276), ("olist", 8000, 8000)]
)
def test_event_sets_are_clean(con: InDuckDB, shared: Path, name: str, leads: int, events: int) -> None:
    folder = shared / "datasets" / name
    found = load(con, folder / "leads.parquet", folder / "events.parquet", workspace=Workspace(), as_of=NOW)
    used: dict[str, Any] = {one.relation: (one.used, one.rejected) for one in found.quality.relations}
    assert used == {"leads": (leads, {}), "events": (events, {})}
