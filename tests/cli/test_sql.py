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
