"""The scoring tables of tests/cases: every table is held against the oracle, and against the plan on every engine."""

from __future__ import annotations

import re
from dataclasses import fields
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from engines_under_test import EngineUnderTest, mark_what_it_cannot
from oracle import OracleResult, ScoreRow, account_scores, oracle
from oracle_conditions import duration
from plan_runner import accounts_of, on_engine, result_of, run_of

if TYPE_CHECKING:
    import scoville

Row = dict[str, Any]
FOLDER = Path(__file__).parent.parent / "cases"
EXPECTED_KEYS = {field.name for field in fields(ScoreRow)} | {"contributions", "raw", "matched"}
COUNTS_ONLY_FOR_THIS_TABLE = {"age", "but", "times", "at"}


class TableLoader(yaml.SafeLoader):
    """YAML as in a model file: dates stay text, and NO is Norway."""


TableLoader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if not tag.endswith((":timestamp", ":bool"))]
    for first, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}
TableLoader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile("true|false"), list("tf"))


def load(path: Path) -> list[Row]:
    document = yaml.load(path.read_text(encoding="utf-8"), TableLoader)  # noqa: S506 -- a SafeLoader
    return [{**case, "file": path.stem} for case in document["cases"]]


CASES = [case for path in sorted(FOLDER.glob("*.yaml")) for case in load(path)]


def identity(case: Row) -> str:
    return f"{case['file']}: {case['name']}"


def model_of(case: Row) -> Row:
    return {"scoville": 1, "name": case["name"][:100], **case["model"]}


def leads_of(case: Row) -> list[Row]:
    """The leads of the table; without any, everybody who is named in `expect`."""
    return case.get("leads") or [{"lead_id": name} for name in case["expect"]]


def events_of(case: Row, as_of: datetime) -> list[Row]:
    """One dict per event: `age: 30d, but: -1us` is one microsecond younger; `times: 3` is three of them."""
    rows = []
    for event in case.get("events") or []:
        rest = {key: value for key, value in event.items() if key not in COUNTS_ONLY_FOR_THIS_TABLE}
        rows += [{**rest, "occurred_at": instant_of(event, as_of)}] * event.get("times", 1)
    return rows


def instant_of(event: Row, as_of: datetime) -> datetime:
    if "at" in event:
        return datetime.fromisoformat(event["at"])
    younger = timedelta(microseconds=1) if event.get("but") == "-1us" else timedelta(0)
    return as_of - duration(event["age"]) + younger


def check(case: Row, result: OracleResult) -> None:
    for lead_id, expected in case["expect"].items():
        assert set(expected) <= EXPECTED_KEYS, f"the table asks for something unknown: {set(expected) - EXPECTED_KEYS}"
        row = result.scores[lead_id]
        own = [each for each in result.contributions if each.lead_id == lead_id]
        found = {column: getattr(row, column) for column in expected if hasattr(row, column)}
        if "contributions" in expected:
            found["contributions"] = {each.rule: each.points for each in own if each.points != 0}
        for column, values in (("raw", {each.rule: each.raw_points for each in own}),
                               ("matched", {each.rule: each.matched for each in own})):  # fmt: skip
            if column in expected:
                found[column] = {rule: values.get(rule) for rule in expected[column]}
        assert approximate(found) == approximate(expected), lead_id
        assert sum(each.points for each in own) == pytest.approx(row.score, abs=1e-9), lead_id


def approximate(expected: Row) -> Row:
    """The same with numbers to nine decimals, so that a difference shows as a table and not as a wall of floats."""
    return {
        key: approximate(value)
        if isinstance(value, dict)
        else round(float(value), 9)
        if isinstance(value, int | float)
        else value
        for key, value in expected.items()
    }


def run_here(case: Row) -> scoville.ScoreRun:
    as_of = datetime.fromisoformat(case["as_of"])
    return run_of(model_of(case), leads_of(case), events_of(case, as_of), as_of)


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_oracle_gives_what_the_table_says(case: Row) -> None:
    as_of = datetime.fromisoformat(case["as_of"])
    model, leads = model_of(case), leads_of(case)
    result = oracle(model, leads, events_of(case, as_of), as_of)
    check(case, result)
    if "accounts" in case:
        assert approximate(account_scores(model, leads, result, as_of)) == approximate(case["accounts"])


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_engine_gives_what_the_table_says(case: Row, engine: EngineUnderTest, request: pytest.FixtureRequest) -> None:
    mark_what_it_cannot(request, engine, case["name"])
    here = run_here(case)
    there = on_engine(engine.engine, here)
    check(case, result_of(there))
    if "accounts" in case:
        assert approximate(accounts_of(there)) == approximate(case["accounts"])
    why = {run: {row["lead_id"]: row["reasons"] for row in run.scores.to_pylist()} for run in (here, there)}
    assert why[there] == why[here]


def test_every_table_names_the_origin_of_its_numbers() -> None:
    assert CASES
    assert [identity(case) for case in CASES if not case.get("origin")] == []
