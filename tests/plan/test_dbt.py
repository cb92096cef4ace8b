"""Files of a dbt project: rendered by Jinja as dbt does, read as YAML, and run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import jinja2
import pytest
import sqlglot
import yaml

import scoville
from scoville import tables
from scoville.cli.sql import Dialect
from scoville.plan.assume import assumed_columns
from scoville.plan.compile import compile_plan
from scoville.plan.dbt import Project, dbt_files, literally, seed_of
from scoville.plan.script import Source

if TYPE_CHECKING:
    from collections.abc import Callable

HERE = Path(__file__).parent
DIALECTS = [dialect.value for dialect in Dialect]
LEADS = (
    "(VALUES ('ada', 'Director', 'Acme', 150), ('bob', 'Clerk', 'Acme', NULL)) AS t(lead_id, title, company, employees)"
)
EVENTS = """(VALUES ('ada', 'demo', TIMESTAMP '2026-01-02'), ('bob', 'demo', TIMESTAMP '2026-03-02'))
  AS t(lead_id, event, occurred_at)"""
SMALL = """scoville: 1
name: "{{ Small }} #1"
fit: {max: 20, rules: [{name: "{% Director %}", when: {title: director}, points: 15}]}
engagement: {decay: {half_life: 30d}, rules: [{name: Demo, event: demo, points: 25, max: 40}]}
stages: [{name: Lead, from: 0}, {name: "It's hot", from: 30}]
accounts: {by: company, rollup: {top: 3, how: mean}}
"""


def project_of(model: scoville.Model, dialect: str, leads: str = "leads", events: str = "crm.events") -> Project:
    return Project(compile_plan(model, assumed_columns(model)), dialect, Source(leads), Source(events))


@pytest.fixture(scope="module")
def everything() -> scoville.Model:
    return scoville.Model.load(HERE / "everything.yaml")


@pytest.fixture(scope="module")
def small() -> scoville.Model:
    return scoville.Model.loads(SMALL)


def rendered(text: str, find: Callable[..., str], **variables: str) -> str:
    """As dbt renders it: `find` gives the table behind a ref or a source."""
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined)  # noqa: S701 - SQL is no HTML
    functions = {
        "ref": find,
        "source": find,
        "config": lambda **_: "",
        "var": lambda name, default=None: variables.get(name, default),
    }
    return environment.from_string(text).render(**functions)


def joined(*names: str) -> str:
    return "__".join(names)


# --- in every dialect ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_models_are_sql_of_the_dialect_over_references(everything: scoville.Model, dialect: str) -> None:
    files = dbt_files(project_of(everything, dialect))
    for path, text in files.items():
        if path.endswith(".sql"):
            [statement] = sqlglot.parse(rendered(text, joined), dialect=dialect)
            assert isinstance(statement, sqlglot.exp.Select), path
    [statement] = sqlglot.parse(rendered(files["models/it_s_drop_table_leads_scores.sql"], joined), dialect=dialect)
    assert statement is not None
    inside = {cte.alias for cte in statement.find_all(sqlglot.exp.CTE)}
    read = {table.name for table in statement.find_all(sqlglot.exp.Table)} - inside
    lists = ("email_domains", "role_addresses", "job_titles", "phone_prefixes", "public_suffixes")
    assert read == {"leads", "crm__events", *map(seed_of, lists)}


def test_properties_describe_each_column_and_test_it(everything: scoville.Model) -> None:
    said = yaml.safe_load(dbt_files(project_of(everything, "snowflake"))["models/it_s_drop_table_leads.yml"])
    models = {model["name"].removeprefix("it_s_drop_table_leads_"): model for model in said["models"]}
    for name, relation in (
        ("scores", tables.SCORES),
        ("contributions", tables.CONTRIBUTIONS),
        ("account_scores", tables.ACCOUNT_SCORES),
    ):
        described = {column["name"]: column["description"] for column in models[name]["columns"]}
        assert described == {column.name: column.doc for column in relation.columns}
    tests = {column["name"]: column.get("data_tests", []) for column in models["scores"]["columns"]}
    assert tests["lead_id"] == ["unique", "not_null"]
    assert tests["stage"] == [{"accepted_values": {"arguments": {"values": ["Prospect", "SQL", "Disqualified"]}}}]
    assert tests["segment"] == [{"accepted_values": {"arguments": {"values": ["Enter\\'prise", "Small"]}}}]
    assert tests["probability"] == []
    assert said["sources"] == [{"name": "crm", "schema": "crm", "tables": [{"name": "events"}]}]
    seeds = {seed["name"]: seed["config"]["column_types"] for seed in said["seeds"]}
    assert seeds["scoville_phone_prefixes"] == {"prefix": "VARCHAR", "country": "VARCHAR"}


def test_a_model_without_probability_has_no_such_column(small: scoville.Model) -> None:
    said = yaml.safe_load(dbt_files(project_of(small, "duckdb"))["models/small_1.yml"])
    assert "probability" not in {column["name"] for column in said["models"][0]["columns"]}
    assert "seeds" not in said


def test_signs_of_jinja_in_a_model_stay_what_they_are(small: scoville.Model) -> None:
    text = "{{ a }} {% b %} {# c #} {d}"
    assert rendered(literally(text), joined) == text
    files = dbt_files(project_of(small, "duckdb"))
    assert "'{% Director %}'" in rendered(files["models/small_1_contributions.sql"], joined)
    assert "{{ Small }}" in yaml.safe_load(rendered(files["models/small_1.yml"], joined))["models"][0]["description"]


@pytest.mark.parametrize(
    ("dialect", "hook"), [("databricks", "SET TIME ZONE"), ("spark", "SET TIME ZONE"), ("trino", None)]
)
def test_what_has_to_run_before_is_a_hook(small: scoville.Model, dialect: str, hook: str | None) -> None:
    first = dbt_files(project_of(small, dialect))["models/small_1_scores.sql"].splitlines()[0]
    assert ("pre_hook" in first) == (hook is not None)
    assert hook is None or hook in first


# --- run -------------------------------------------------------------------------------------------------------------


def run(model: scoville.Model, **variables: str) -> tuple[duckdb.DuckDBPyConnection, dict[str, str]]:
    """The project in DuckDB, each model a table, as dbt makes them."""
    files = dbt_files(project_of(model, "duckdb"))
    database = duckdb.connect()
    database.execute(f"CREATE TABLE leads AS FROM {LEADS}; CREATE TABLE crm__events AS FROM {EVENTS}")
    for output in ("scores", "contributions", "account_scores"):
        query = rendered(files[f"models/small_1_{output}.sql"], joined, **variables)
        database.execute(f"CREATE TABLE small_1_{output} AS {query}")
    return database, files


def rows(database: duckdb.DuckDBPyConnection, query: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = database.sql(query).to_arrow_table().to_pylist()
    return found


def test_models_give_what_score_gives(small: scoville.Model) -> None:
    """The variable is the instant; what is made from the scores speaks of the same one."""
    database, files = run(small, scoville_as_of="2026-02-01")
    with database:
        leads = rows(database, "FROM leads")
        events = rows(database, "FROM crm__events")
        expected = scoville.score(small, leads, events, as_of="2026-02-01")
        found = rows(database, "FROM small_1_scores ORDER BY rank")
        assert [{**row, "model": row["model"]} for row in found] == expected.scores
        assert rows(database, "SELECT DISTINCT as_of FROM small_1_account_scores") == [{"as_of": found[0]["as_of"]}]
        for name in ("contributions_add_up", "score_within_scale"):
            assert rows(database, rendered(files[f"tests/small_1_{name}.sql"], joined)) == []


def test_tests_find_what_is_wrong(small: scoville.Model) -> None:
    database, files = run(small)
    with database:
        database.execute("UPDATE small_1_scores SET score = 101 WHERE lead_id = 'ada'")
        for name in ("contributions_add_up", "score_within_scale"):
            wrong = rows(database, rendered(files[f"tests/small_1_{name}.sql"], joined))
            assert [row["lead_id"] for row in wrong] == ["ada"]
