"""The verbs that run where the data are, as the shell runs them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from postgres_server import Server

    Scoville = Callable[..., Any]

AS_OF = ("--as-of", "2026-02-01")


@pytest.fixture(scope="module")
def crm(postgres: Server) -> Iterator[str]:
    """The leads and events of the folder as tables of a database."""
    with postgres.database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                "CREATE SCHEMA crm; CREATE TABLE crm.leads (lead_id text, job_title text, company text, employees int);"
                "INSERT INTO crm.leads VALUES ('ada', 'Director', 'Acme', 150), ('bob', 'Clerk', 'Acme', NULL), "
                "('eve', 'Director', 'Rival', 500);"
                "CREATE TABLE events (lead_id text, event text, occurred_at timestamptz, path text);"
                "INSERT INTO events VALUES ('ada', 'demo_requested', '2026-01-02Z', NULL), "
                "('ada', 'page_viewed', '2026-01-31Z', '/pricing'), ('nobody', 'page_viewed', '2026-01-31Z', '/home'), "
                "('ada', 'page_viewed', '2026-01-31Z', '/pricing/enterprise'), "
                "('bob', 'page_viewed', '2026-01-31Z', '/home'), ('eve', 'demo_requested', '2026-03-31Z', NULL)"
            )
        yield url


def test_scores_of_a_warehouse_are_those_of_the_same_files(scoville: Scoville, crm: str) -> None:
    files = scoville("score", "model.yaml", "--leads", "leads.csv", "--events", "events.csv", *AS_OF, "--json")
    tables = scoville(
        "score", "model.yaml", "--leads", "crm.leads", "--events", "events", *AS_OF, "--json", "--engine", crm
    )
    assert (files.code, tables.code) == (0, 0), tables.err
    expected, found = json.loads(files.out), json.loads(tables.out)
    assert found["top"] == expected["top"]
    assert found["stages"] == expected["stages"]
    assert found["quality"]["relations"]["events"]["rejected"] == {"after as_of": 1, "unknown lead": 1}


def test_scores_and_their_origin_are_written_to_tables(scoville: Scoville, crm: str) -> None:
    data = ("--leads", "crm.leads", "--events", "events", *AS_OF, "--engine", crm)
    ended = scoville(
        "score", "model.yaml", *data, "-o", "scores", "--contributions", "crm.why", "--accounts", "by_company"
    )
    assert (ended.code, ended.out) == (0, ""), ended.err
    assert "wrote scores" in ended.err
    with psycopg.connect(crm) as connection:
        scores = connection.execute("SELECT lead_id, score FROM scores ORDER BY rank, lead_id").fetchall()
        points = connection.execute("SELECT lead_id, sum(points) FROM crm.why GROUP BY 1 ORDER BY 2 DESC, 1").fetchall()
        accounts = connection.execute("SELECT account, people FROM by_company").fetchall()
    assert [lead for lead, _ in scores] == ["ada", "bob", "eve"]
    assert [total for _, total in points] == pytest.approx([score for _, score in scores], abs=1e-9)
    assert accounts == [("acme", 2)]


def test_a_workspace_names_the_tables_once_for_all(scoville: Scoville, crm: str) -> None:
    Path("scoville.toml").write_text('[leads]\nsource = "crm.leads"\n[events]\nsource = "events"\n', encoding="utf-8")
    ended = scoville("explain", "model.yaml", "ada", *AS_OF, "--engine", crm)
    assert ended.code == 0, ended.err
    assert "Director" in ended.out


def test_a_model_is_checked_against_the_columns_of_tables(scoville: Scoville, crm: str) -> None:
    model = Path("model.yaml")
    model.write_text(model.read_text(encoding="utf-8").replace("by: employees", "by: employes"), encoding="utf-8")
    ended = scoville("check", "model.yaml", "--leads", "crm.leads", "--events", "events", "--engine", crm)
    assert ended.code == 2
    assert "'employes'" in ended.out
    assert "employees" in ended.out


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["score", "--leads", "crm.lead"], ["crm.lead: no such table", "Did you mean 'crm.leads'"]),
        (["score", "--leads", "crm.leads", "-o", "scores.csv"], ["scores.csv is a file", "-o scores"]),
        (["score", "--leads", "crm.leads", "-o", "crm.leads"], ["crm.leads is read in this run"]),
        (["score", "--leads", "crm.leads", "--memory-limit", "4GB"], ["--memory-limit is for DuckDB"]),
        (["validate", "--leads", "crm.leads"], ["on DuckDB alone so far, not on postgres", "Parquet"]),
    ],
)
def test_what_a_warehouse_cannot_do_is_said(
    scoville: Scoville, crm: str, arguments: list[str], said: list[str]
) -> None:
    verb, *rest = arguments
    ended = scoville(verb, "model.yaml", *rest, "--engine", crm)
    assert ended.code == 2
    assert [text for text in said if text not in ended.err] == []


def test_a_server_that_is_not_there_is_said_before_anything_else(scoville: Scoville) -> None:
    address = "postgres://ann:secret@127.0.0.1:1/crm"
    ended = scoville("score", "model.yaml", "--leads", "crm.leads", "--engine", address)
    assert ended.code == 2
    assert "postgres://ann@127.0.0.1:1/crm does not answer" in ended.err
    assert "secret" not in ended.err
