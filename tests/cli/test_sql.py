"""`scoville sql`: one query that runs elsewhere and gives what `score` gives."""

from __future__ import annotations

from typing import TYPE_CHECKING

import duckdb
import pytest
import sqlglot

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Scoville


def test_the_query_gives_what_score_gives(scoville: Scoville) -> None:
    data = ("--leads", "leads.csv", "--events", "events.csv", "--as-of", "2026-02-01")
    query = scoville("sql", "model.yaml", *data).out
    assert scoville("score", "model.yaml", *data, "-o", "scores.parquet").code == 0
    with duckdb.connect() as elsewhere:
        elsewhere.execute("CREATE TABLE leads AS FROM 'leads.csv'; CREATE TABLE events AS FROM 'events.csv'")
        columns = "lead_id, score, fit, engagement, stage, rank, percentile, reasons"
        found = elsewhere.execute(f"SELECT {columns} FROM ({query.strip().rstrip(';')}) ORDER BY lead_id").fetchall()  # noqa: S608
        expected = elsewhere.execute(f"SELECT {columns} FROM 'scores.parquet' ORDER BY lead_id").fetchall()  # noqa: S608
    assert found == expected


def test_without_a_date_the_query_takes_the_time_it_runs_in_utc(scoville: Scoville) -> None:
    query = scoville("sql", "model.yaml").out
    now = query[query.index("CAST(CURRENT") :].splitlines()[0]
    with duckdb.connect() as far_away:
        far_away.execute("SET TimeZone = 'Pacific/Kiritimati'")
        [(seconds,)] = far_away.execute(
            f"SELECT abs(date_diff('second', {now.split(' AS as_of')[0]}, now() AT TIME ZONE 'UTC'))"
        ).fetchall()
    assert seconds == 0


def test_a_name_cannot_end_the_comment_on_top(scoville: Scoville, folder: Path) -> None:
    model = folder / "model.yaml"
    text = model.read_text(encoding="utf-8").replace("name: Tiny", 'name: "Tiny\\n; DROP TABLE leads; --"')
    model.write_text(text, encoding="utf-8")
    statements = sqlglot.parse(scoville("sql", "model.yaml").out, dialect="duckdb")
    assert [type(statement).__name__ for statement in statements] == ["Select"]


def test_account_scores_need_a_model_that_has_them(scoville: Scoville, folder: Path) -> None:
    model = folder / "model.yaml"
    text = model.read_text(encoding="utf-8")
    model.write_text(text[: text.index("accounts:")], encoding="utf-8")
    ended = scoville("sql", "model.yaml", "--output", "account_scores")
    assert ended.code == 2
    assert "accounts:" in ended.err


@pytest.mark.parametrize("option", ["--dialect", "--output"])
def test_what_is_allowed_is_said(scoville: Scoville, option: str) -> None:
    ended = scoville("sql", "model.yaml", option, "oracle")
    assert ended.code == 2
    assert {"--dialect": "snowflake", "--output": "contributions"}[option] in ended.err


# --- tables of a warehouse -------------------------------------------------------------------------------------------


def test_named_tables_are_read_by_their_own_columns(scoville: Scoville) -> None:
    """The same scores out of a warehouse whose tables call everything otherwise, and hold an event twice."""
    maps = ("leads.lead_id=Contact ID", "events.lead_id=contact", "events.occurred_at=ts", "events.event_id=message")
    options = [part for one in maps for part in ("--map", one)]
    tables = ("--leads", "crm.contacts", "--events", "web.events", "--as-of", "2026-02-01")
    query = scoville("sql", "model.yaml", *tables, *options).out
    data = ("--leads", "leads.csv", "--events", "events.csv", "--as-of", "2026-02-01")
    assert scoville("score", "model.yaml", *data, "-o", "scores.parquet").code == 0
    with duckdb.connect() as elsewhere:
        elsewhere.execute("CREATE SCHEMA crm; CREATE SCHEMA web")
        elsewhere.execute("CREATE TABLE crm.contacts AS SELECT lead_id || ' ' AS \"Contact ID\", * FROM 'leads.csv'")
        elsewhere.execute(
            "CREATE TABLE once AS SELECT row_number() OVER () AS message, lead_id AS contact, event, "
            "occurred_at AS ts, path FROM 'events.csv'"
        )
        elsewhere.execute("CREATE TABLE web.events AS FROM once UNION ALL FROM once")
        elsewhere.execute(f"CREATE VIEW scores AS {query}")
        found = elsewhere.execute("SELECT lead_id, score, reasons FROM scores ORDER BY 1").fetchall()
        expected = elsewhere.execute("SELECT lead_id, score, reasons FROM 'scores.parquet' ORDER BY 1").fetchall()
    assert found == expected


def test_the_workspace_names_tables_and_columns(scoville: Scoville, folder: Path) -> None:
    text = '[leads]\nsource = "contacts"\n[leads.columns]\nlead_id = "Contact ID"\n'
    (folder / "scoville.toml").write_text(text, encoding="utf-8")
    query = scoville("sql", "model.yaml").out
    assert 'TRIM(CAST("Contact ID" AS TEXT)) AS lead_id' in query
    assert "FROM contacts\n" in query


def test_a_file_beside_a_table_is_refused(scoville: Scoville) -> None:
    ended = scoville("sql", "model.yaml", "--leads", "leads.csv", "--events", "web.events")
    assert ended.code == 2
    assert "leads.csv and web.events: one is a file" in ended.err


LISTED = """scoville: 1
name: Listed
fit:
  rules:
    - {name: Free, when: {email.kind: free}, points: 1}
    - {name: Boss, when: {job_title.seniority: c_level}, points: 2}
"""


def test_lists_are_written_as_files_to_load(scoville: Scoville, folder: Path) -> None:
    (folder / "listed.yaml").write_text(LISTED, encoding="utf-8")
    (folder / "free.txt").write_text("campus.example\n", encoding="utf-8")
    (folder / "scoville.toml").write_text('[lists]\nfree_email_domains = "free.txt"\n', encoding="utf-8")
    assert scoville("sql", "listed.yaml", "--lists", "lists").code == 0
    written = {path.name: path.read_text(encoding="utf-8").splitlines() for path in (folder / "lists").iterdir()}
    assert set(written) == {"email_domains.csv", "role_addresses.csv", "job_titles.csv"}
    assert "campus.example,free" in written["email_domains.csv"]
    assert written["job_titles.csv"][0] == "needle,anchor,letters,takes_the_rest,seniority,function"
    assert " ceo ,ceo,3,false,c_level,executive" in written["job_titles.csv"]


# --- dbt -------------------------------------------------------------------------------------------------------------


def test_a_dbt_project_gets_models_properties_tests_and_seeds(scoville: Scoville, folder: Path) -> None:
    (folder / "listed.yaml").write_text(LISTED, encoding="utf-8")
    ended = scoville("sql", "listed.yaml", "--leads", "crm.contacts", "--dialect", "snowflake", "--dbt", "shop")
    assert ended.code == 0
    assert {str(path.relative_to(folder / "shop")) for path in (folder / "shop").rglob("*.*")} == {
        "models/listed_scores.sql", "models/listed_contributions.sql", "models/listed.yml",
        "tests/listed_contributions_add_up.sql", "tests/listed_score_within_scale.sql",
        "seeds/scoville_email_domains.csv", "seeds/scoville_role_addresses.csv", "seeds/scoville_job_titles.csv",
    }  # fmt: skip
    assert "dbt seed && dbt build --select 'listed_*'" in ended.err


def test_an_instant_and_dbt_do_not_go_together(scoville: Scoville) -> None:
    ended = scoville("sql", "model.yaml", "--dbt", "shop", "--as-of", "2026-02-01")
    assert ended.code == 2
    assert "scoville_as_of" in ended.err
