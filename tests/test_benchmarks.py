"""The benchmark says the truth: the SQL by hand gives what the plan gives, and the table has every line."""

# ruff: noqa: S608 - every query is ours

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

sys.path.append(str(Path(__file__).resolve().parent.parent / "benchmarks"))

import measure
import run
import workload

if TYPE_CHECKING:
    from scoville.engines.duckdb import DuckDB

LEADS, EVENTS = 2_000, 80_000
NUMBERS = ("score", "fit", "engagement", "percentile")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> workload.Data:
    return workload.make_data(LEADS, EVENTS, tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def engine(made: workload.Data) -> DuckDB:
    engine = measure.opened(made.leads_path, made.events_path, None, None)
    engine.run(f"CREATE TEMP TABLE by_plan AS {measure.plan_of(engine).sql('scores')}")
    engine.run(f"CREATE TEMP TABLE by_hand AS {measure.by_hand('hand_written')}")
    return engine


def rows(engine: DuckDB, sql: str) -> list[dict[str, Any]]:
    return list(engine.arrow(sql).to_pylist())


def test_sql_by_hand_has_the_columns_of_the_plan(engine: DuckDB) -> None:
    assert engine.columns("by_hand") == engine.columns("by_plan")


def test_sql_by_hand_gives_the_values_of_the_plan(engine: DuckDB) -> None:
    by_plan = rows(engine, "FROM by_plan ORDER BY lead_id")
    by_hand = rows(engine, "FROM by_hand ORDER BY lead_id")
    assert len(by_hand) == LEADS
    for ours, theirs in zip(by_plan, by_hand, strict=True):
        numbers = {name: pytest.approx(ours[name], abs=1e-9) for name in NUMBERS}
        assert theirs == {**ours, **numbers, "model_version": "by hand"}


def test_the_data_reach_every_rule_cap_and_stage(engine: DuckDB) -> None:
    plan = measure.plan_of(engine)
    given = {row["rule"] for row in rows(engine, f"SELECT DISTINCT rule FROM ({plan.sql('contributions')})")}
    content = plan.model
    rules = {rule.name for rule in (*content.fit.rules, *content.engagement.rules)}
    assert given >= rules | {"cap: Email", "cap: engagement", "cap: scale", "disqualified: Student"}
    stages = {row["stage"] for row in rows(engine, "SELECT DISTINCT stage FROM by_plan")}
    assert stages == {"Prospect", "Lead", "MQL", "SQL", "Disqualified"}


def test_the_floor_counts_the_events_that_meet_a_rule(engine: DuckDB) -> None:
    floor = rows(engine, f"SELECT lead_id, rule, matched FROM ({measure.by_hand('floor')}) ORDER BY ALL")
    plan = measure.plan_of(engine).sql("rule_totals")
    assert floor == rows(engine, f"SELECT lead_id, rule::UTINYINT AS rule, matched FROM ({plan}) ORDER BY ALL")


def test_data_are_the_same_each_time_they_are_made(made: workload.Data, tmp_path: Path, engine: DuckDB) -> None:
    again = workload.make_data(LEADS, EVENTS, tmp_path)
    for one, other in ((made.leads_path, again.leads_path), (made.events_path, again.events_path)):
        assert rows(engine, f"FROM '{one}' ORDER BY ALL") == rows(engine, f"FROM '{other}' ORDER BY ALL")


@pytest.mark.slow
def test_the_table_has_every_line(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    sizes = ["--events", "40k", "--leads", "2k", "--small", "20k", "--csv-events", "1k"]
    run.main([*sizes, "--runs", "1", "--folder", str(tmp_path)])
    table = [line.split(" | ") for line in capsys.readouterr().out.splitlines() if line.startswith("| ")]
    assert {len(cells) for cells in table} == {len(run.HEAD)}
    whats = [cells[0].removeprefix("| ") for cells in table[2:]]
    assert whats[: len(run.LINES)] == [line.what for line in run.LINES]
    assert [what.split(":")[0] for what in whats[len(run.LINES) :]] == [
        "time of an event, 20,000 -> 40,000",
        "most memory of any of these",
        "compile the plan, once for a model",
        "`scoville --help`",
        "`scoville score`",
    ]
    for cells in table[2:]:
        assert bool(cells[-2]) == (cells[-1].removesuffix(" |") in {"pass", "MISS"})


@pytest.mark.parametrize(("text", "number"), [("20m", 20_000_000), ("1.5k", 1_500), ("7", 7), ("100M", 100_000_000)])
def test_sizes_may_be_written_short(text: str, number: int) -> None:
    assert workload.count(text) == number
