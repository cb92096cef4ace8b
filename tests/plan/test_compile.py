"""Model + columns -> Plan: what it says, in which dialects, and when it cannot."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import ibis
import pytest
import yaml

import scoville
from scoville import tables
from scoville.errors import PlanError
from scoville.plan.assume import assumed_columns
from scoville.plan.compile import Columns, compile_plan

HERE = Path(__file__).parent
SMALL = """scoville: 1
name: Small
disqualify: [{name: Competitor, when: {company: rival}}]
fit: {max: 20, rules: [{name: Director, when: {title: director}, points: 15}]}
engagement:
  decay: {half_life: 30d}
  rules: [{name: Demo, event: demo, points: 25, max: 40}]
stages: [{name: Lead, from: 0}, {name: MQL, from: 30}]
"""
EVENT_COLUMNS = {"lead_id": "string", "event": "string", "occurred_at": "timestamp(6)"}


@pytest.fixture(scope="module")
def everything() -> scoville.Model:
    return scoville.Model.load(HERE / "everything.yaml")


@pytest.fixture(scope="module")
def plan(everything: scoville.Model) -> scoville.Plan:
    return compile_plan(everything, assumed_columns(everything))


def model_of(**content: object) -> scoville.Model:
    return scoville.Model.from_dict({"scoville": 1, "name": "T", **content})


# --- what it says ----------------------------------------------------------------------------------------------------


def test_a_step_reads_inputs_until_the_steps_between_are_tables() -> None:
    model = scoville.Model.from_dict(yaml.safe_load(SMALL))
    plan = compile_plan(model, assumed_columns(model))
    assert plan.reads("weighed") == {"leads", "events", "as_of"}
    assert plan.reads("weighed", ["event_points"]) == {"leads", "event_points"}
    assert plan.reads("scores", ["weighed", "ranks"]) == {"weighed", "ranks", "as_of"}


def test_the_same_model_and_columns_give_the_same_text_in_every_process(plan: scoville.Plan) -> None:
    script = (
        "import sys, scoville; from scoville.plan.assume import assumed_columns; "
        "model = scoville.Model.load(sys.argv[1]); "
        "print(scoville.compile_plan(model, assumed_columns(model)).sql('account_scores'))"
    )
    expected = plan.sql("account_scores")
    for seed in ("1", "5"):  # of these two, the sets of Ibis have different orders
        command = [sys.executable, "-c", script, str(HERE / "everything.yaml")]
        environment = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(command, env=environment, capture_output=True, check=True, timeout=60)
        assert done.stdout.decode() == expected + "\n"


@pytest.mark.parametrize(
    ("output", "relation"),
    [("scores", tables.SCORES), ("contributions", tables.CONTRIBUTIONS), ("account_scores", tables.ACCOUNT_SCORES)],
)
def test_outputs_have_the_columns_and_types_that_are_promised(
    plan: scoville.Plan, output: str, relation: tables.Relation
) -> None:
    expression = plan.relations[output]
    assert isinstance(expression, ibis.Table)
    found = [(name, str(kind).removeprefix("!")) for name, kind in expression.schema().items()]
    assert found == [(column.name, column.type) for column in relation.columns]


def test_a_plan_names_its_inputs(plan: scoville.Plan) -> None:
    assert plan.inputs[:3] == ("leads", "events", "as_of")
    assert set(plan.lookups) == {"email_domains", "role_addresses", "job_titles", "phone_prefixes", "public_suffixes"}
    small = scoville.Model.loads(SMALL)
    assert compile_plan(small, assumed_columns(small)).lookups == ()


def test_given_steps_are_read_and_not_worked_out_again(plan: scoville.Plan) -> None:
    query = plan.sql("scores", given=["sums", "event_points", "segment_points"])
    for step in ("sums", "people", "traits", "event_points", "hits"):
        assert f'"{step}" AS (' not in query
    assert 'FROM "sums"' in query


# --- when it cannot --------------------------------------------------------------------------------------------------


def test_a_trait_that_leads_do_not_have_is_named_with_its_neighbour() -> None:
    model = model_of(fit={"rules": [{"name": "A", "when": {"job_titel": "x"}, "points": 1}]})
    with pytest.raises(PlanError, match=r"'job_titel'\. Did you mean 'job_title'\?.*Columns of leads: job_title"):
        compile_plan(model, Columns({"lead_id": "string", "job_title": "string"}))


@pytest.mark.parametrize(
    "rule",
    [
        {"name": "A", "event": "x", "when": {"pth": "/a"}, "points": 1},
        {"name": "A", "event": "x", "sum": {"of": "pth", "bands": [{"from": 1, "points": 1}]}},
    ],
)
def test_a_property_that_events_do_not_have_is_named_with_its_rule(rule: dict[str, object]) -> None:
    model = model_of(engagement={"rules": [rule]})
    with pytest.raises(PlanError, match=r"rule 'A' reads the property 'pth'.*Did you mean 'path'\?.*Properties: path"):
        compile_plan(model, Columns({"lead_id": "string"}, {**EVENT_COLUMNS, "path": "string"}))


def test_an_output_that_the_model_does_not_give_is_named() -> None:
    small = scoville.Model.loads(SMALL)
    with pytest.raises(PlanError, match=r"no 'account_scores'.*accounts:"):
        compile_plan(small, assumed_columns(small)).script("account_scores", "duckdb")


def test_without_events_the_plan_reads_none() -> None:
    small = scoville.Model.loads(SMALL)
    plan = compile_plan(small, Columns({"lead_id": "string", "title": "string", "company": "string"}))
    assert plan.inputs == ("leads", "as_of")
