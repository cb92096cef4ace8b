"""A plan as a script for a warehouse: what it reads, how it is written, and what each dialect needs."""

from __future__ import annotations

import os
import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import ibis
import pytest
import sqlglot
from sqlglot import exp

import scoville
from scoville.cli.sql import Dialect
from scoville.errors import PlanError, UsageError
from scoville.plan.assume import assumed_columns
from scoville.plan.compile import Columns, compile_plan
from scoville.plan.script import Source, script_of, table_name
from scoville.plan.steps import Steps
from scoville.spelling.patterns import posix, uncaptured
from scoville.spelling.reserved import reserved_in

if TYPE_CHECKING:
    from collections.abc import Callable

    Script = Callable[[str, str], str]

HERE = Path(__file__).parent
UPDATE = "SCOVILLE_UPDATE_SNAPSHOTS"
DIALECTS = [dialect.value for dialect in Dialect]
SMALL = """scoville: 1
name: Small
disqualify: [{name: Competitor, when: {company: rival}}]
fit: {max: 20, rules: [{name: Director, when: {title: director}, points: 15}]}
engagement:
  decay: {half_life: 30d}
  rules: [{name: Demo, event: demo, points: 25, max: 40}]
stages: [{name: Lead, from: 0}, {name: MQL, from: 30}]
"""


@pytest.fixture(scope="module")
def plan() -> scoville.Plan:
    model = scoville.Model.load(HERE / "everything.yaml")
    return compile_plan(model, assumed_columns(model))


@pytest.fixture(scope="module")
def small() -> scoville.Plan:
    model = scoville.Model.loads(SMALL)
    return compile_plan(model, assumed_columns(model))


@pytest.fixture(scope="module")
def everything(plan: scoville.Plan) -> Script:
    """Scripts of that plan, each written once: they take a second."""
    return cache(plan.script)


def plan_of(traits: dict[str, str], *rules: dict[str, object]) -> scoville.Plan:
    """A model with these fit rules, for leads with these columns."""
    model = scoville.Model.from_dict({"scoville": 1, "name": "T", "fit": {"rules": list(rules)}})
    return compile_plan(model, Columns({"lead_id": "string", **traits}))


def rule(when: dict[str, object]) -> dict[str, object]:
    return {"name": "A", "when": when, "points": 1}


# --- how it reads ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dialect", DIALECTS)
def test_the_script_of_a_small_model_reads_as_it_was_agreed(small: scoville.Plan, dialect: str) -> None:
    """After a change that is meant: SCOVILLE_UPDATE_SNAPSHOTS=1 pytest tests/plan, and read the difference."""
    snapshot = HERE / "snapshots" / f"small.{dialect}.sql"
    query = small.script("scores", dialect) + "\n"
    if os.environ.get(UPDATE):
        snapshot.write_bytes(query.encode())
    assert query == snapshot.read_bytes().decode(), f"if this is meant, run with {UPDATE}=1"


@pytest.mark.parametrize("output", ["account_scores", "contributions"])
@pytest.mark.parametrize("dialect", DIALECTS)
def test_every_dialect_can_say_everything(plan: scoville.Plan, everything: Script, dialect: str, output: str) -> None:
    """Account scores rest on nearly every step; contributions add two."""
    [statement] = sqlglot.parse(everything(output, dialect), dialect=dialect)
    assert isinstance(statement, exp.Select)
    inside = {cte.alias for cte in statement.find_all(exp.CTE)}
    read = {table.name for table in statement.find_all(exp.Table)} - inside
    assert read == {name for name in plan.inputs if name != "as_of"}


@pytest.mark.parametrize("dialect", DIALECTS)
def test_a_script_is_flat_and_each_step_reads_what_stands_above_it(
    plan: scoville.Plan, everything: Script, dialect: str
) -> None:
    [statement] = sqlglot.parse(everything("account_scores", dialect), dialect=dialect)
    assert statement is not None
    above = set(plan.inputs)
    for step in statement.args["with_"].expressions:
        inside = [one for one in step.find_all(exp.Subquery) if isinstance(one.parent, (exp.From, exp.Join))]
        assert all(one.find(exp.Table) is None for one in inside)  # ClickHouse has its literal rows in one
        assert not step.this.args.get("with_")
        assert {table.name for table in step.find_all(exp.Table)} <= above
        above.add(step.alias)


@pytest.mark.parametrize("dialect", DIALECTS)
def test_names_need_no_quotes(everything: Script, dialect: str) -> None:
    """A trait `email.domain` is a column email_domain: BigQuery has no dots in names, Snowflake no small letters."""
    [statement] = sqlglot.parse(everything("account_scores", dialect), dialect=dialect)
    assert statement is not None
    quoted = {name.this for name in statement.find_all(exp.Identifier) if name.quoted}
    assert quoted <= reserved_in(dialect) | {"C"}  # the collation of PostgreSQL by which DuckDB sorts


def test_two_names_that_would_be_one_stay_two() -> None:
    both = plan_of({"email": "string", "email_domain": "string"}, rule({"email.domain": "a.com", "email_domain": "b"}))
    query = both.script("scores", "duckdb")
    assert "trait_email_domain," in query
    assert "trait_email_domain_2" in query


def test_a_script_is_the_same_every_time(plan: scoville.Plan) -> None:
    """Ibis has random numbers in its own words for Snowflake, where a text is split."""
    assert plan.script("scores", "snowflake") == plan.script("scores", "snowflake")


# --- the tables of the user ------------------------------------------------------------------------------------------


def read_by(plan: scoville.Plan, dialect: str, *, leads: Source, events: Source | None = None) -> str:
    """The script down to the first step of the plan itself."""
    query = plan.script("scores", dialect, leads=leads, events=events)
    return query[: query.index("traits")]


def test_it_begins_with_the_tables_of_the_user(small: scoville.Plan) -> None:
    leads = Source("crm.contacts", {"lead_id": "Contact ID", "title": "job_title"})
    events = Source("crm.clicks", {"occurred_at": "happened_at", "event_id": "message_id"})
    head = read_by(small, "postgres", leads=leads, events=events)
    assert 'TRIM(CAST("Contact ID" AS VARCHAR)) AS lead_id' in head
    assert "CAST(job_title AS VARCHAR) AS title" in head
    assert "FROM crm.contacts\n" in head
    assert "CAST(happened_at AS TIMESTAMP(6)) AS occurred_at" in head
    assert "ROW_NUMBER() OVER (PARTITION BY event_id ORDER BY occurred_at" in head
    assert "FROM crm.clicks\n" in head
    assert "Reads crm.contacts, crm.clicks." in head


def test_columns_of_snowflake_fold_as_those_of_its_tables(small: scoville.Plan) -> None:
    """An unquoted `title` stands there as TITLE; a word of SQL needs its quotes, and then its capitals."""
    leads = Source("crm.contacts", {"lead_id": "Contact ID", "company": "group", "title": "TITLE"})
    head = read_by(small, "snowflake", leads=leads)
    assert 'CAST("Contact ID" AS VARCHAR)' in head
    assert 'CAST("GROUP" AS VARCHAR) AS company' in head
    assert "CAST(title AS VARCHAR) AS title" in head
    assert 'CAST("group" AS TEXT) AS company' in read_by(small, "duckdb", leads=leads)


def test_a_name_of_a_table_is_quoted_where_its_dialect_needs_it() -> None:
    assert table_name("my-project.crm.leads", "bigquery") == "my-project.crm.leads"
    assert table_name("leads; DROP TABLE x", "postgres") == '"leads; DROP TABLE x"'
    assert table_name('crm."Alle Leads"', "postgres") == 'crm."Alle Leads"'
    with pytest.raises(UsageError, match=r"no name of a table.*schema\.table"):
        table_name('crm."leads', "postgres")


# --- what single dialects need ---------------------------------------------------------------------------------------


def test_snowflake_divides_as_doubles_and_knows_no_zone(everything: Script) -> None:
    """A quotient of whole numbers keeps six decimals there; TIMESTAMP is what an account says it is."""
    query = everything("account_scores", "snowflake")
    [statement] = sqlglot.parse(query, dialect="snowflake")
    assert statement is not None
    divisors = [one.this for one in statement.find_all(exp.Div)]
    assert divisors
    assert all(isinstance(one, exp.Cast) and one.is_type("double") for one in divisors)
    assert "TIMESTAMPNTZ" in query
    assert not re.search(r"AS TIMESTAMP\b", query)


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("vp|chief", ".*(vp|chief).*"),  # in brackets: `.*vp|chief.*` would not find "the vp of sales"
        ("^(?:vp|chief)", ".*(^(vp|chief)).*"),
        ("^x*?y$", "^x*y$"),
        (r"a\.b", r".*a\\.b.*"),
    ],
)
def test_patterns_of_snowflake_are_posix_and_match_the_whole_text(pattern: str, said: str) -> None:
    query = plan_of({"title": "string"}, rule({"title": {"matches": pattern}})).script("scores", "snowflake")
    assert f"'{said}'" in query


@pytest.mark.parametrize("dialect", DIALECTS)
def test_alternatives_of_a_pattern_stay_together(dialect: str) -> None:
    query = plan_of({"title": "string"}, rule({"title": {"matches": "vp|chief"}})).script("scores", dialect)
    assert "(vp|chief)" in query


def test_groups_and_repeats_are_told_from_brackets_and_escaped_signs() -> None:
    assert posix(r"(?:a|[(?:]b)+?\(?:") == r"(a|[(?:]b)+\(?:"
    assert uncaptured(r"(a|[(]b)+\(c(?:d)") == r"(?:a|[(]b)+\(c(?:d)"


@pytest.mark.parametrize(
    ("dialect", "misread"), [("snowflake", r"\a \v"), ("databricks", r"\a \f \v"), ("spark", r"\a \f \v")]
)
def test_no_text_has_an_escape_that_the_dialect_reads_as_a_letter(
    everything: Script, dialect: str, misread: str
) -> None:
    """Else TRIM takes the v off "Kyiv". Source: the pages of the three on texts list the escapes that they know."""
    query = everything("account_scores", dialect)
    assert "TRIM(" in query
    assert "CHR(11)" in query
    assert not [escape for escape in misread.split() if escape in query]


def test_trino_counts_microseconds_through_doubles(everything: Script) -> None:
    """Its date_diff and date_trunc know nothing below a millisecond, and its bare TIMESTAMP neither."""
    query = everything("account_scores", "trino")
    assert "TO_UNIXTIME(" in query
    assert "MICROSECOND" not in query.upper()
    assert not re.search(r"AS TIMESTAMP\)", query)
    assert not {"\t", "\r", "\v", "\f"} & set(query)


def test_rows_of_bigquery_have_one_type(small: scoville.Plan) -> None:
    query = small.script("scores", "bigquery")
    assert re.search(r"ARRAY<\s*STRUCT<\s*rule INT64,\s*name STRING,\s*points FLOAT64", query)
    assert "AS STRUCT" not in query


@pytest.mark.parametrize("dialect", ["bigquery", "snowflake", "trino"])
def test_words_of_a_title_are_rows_of_one_join(everything: Script, dialect: str) -> None:
    query = everything("account_scores", dialect)
    assert query.count("CROSS JOIN UNNEST(SPLIT(") + query.count("FLATTEN(INPUT => SPLIT(") == 1
    assert "GENERATE" not in query


@pytest.mark.parametrize("dialect", ["databricks", "spark"])
def test_what_has_to_run_before_is_said(small: scoville.Plan, dialect: str) -> None:
    assert "SET TIME ZONE 'UTC'" in small.script("scores", dialect).splitlines()[1]


@pytest.mark.parametrize("dialect", DIALECTS)
def test_ranks_count_leads_in_one_go(small: scoville.Plan, dialect: str) -> None:
    """An engine may work a step out twice, with sums of floats that differ: a lead would not find its own score."""
    query = small.script("scores", dialect)
    assert "RANK() OVER (" in query
    assert "ranks AS (" not in query


def test_what_a_dialect_cannot_say_is_named() -> None:
    steps = Steps()
    leads = ibis.table({"score": "float64"}, name="leads")
    steps.add("ranked", leads.select(share=ibis.cume_dist().over(order_by=leads.score)))
    with pytest.raises(PlanError, match=r"clickhouse cannot say what the model needs in the step 'ranked'.*CumeDist"):
        script_of(steps.relations, "ranked", "clickhouse", sources={})


@pytest.mark.parametrize("dialect", ["bigquery", "clickhouse", "snowflake", "trino"])
def test_properties_in_json_are_refused_where_they_would_be_misread(dialect: str) -> None:
    rules = [{"name": "A", "event": "x", "when": {"$path": "/a"}, "points": 1}]
    model = scoville.Model.from_dict({"scoville": 1, "name": "T", "engagement": {"rules": rules}})
    events = {"lead_id": "string", "event": "string", "occurred_at": "timestamp(6)", "properties": "string"}
    plan = compile_plan(model, Columns({"lead_id": "string"}, events))
    with pytest.raises(
        PlanError, match=rf"{dialect} cannot say .* 'met': a property in a column of JSON; make a column"
    ):
        plan.script("scores", dialect)
