"""pandas and Polars give what the plan gives, so the comparison is of the same work; and 40 rules all do something."""

from __future__ import annotations

from argparse import ArgumentTypeError
from typing import Any

import polars as pl
import pytest

import measure
import pandas_way
import polars_way
import workload
from engines import ENGINES, names_of

LEADS, EVENTS = 2_000, 80_000
NUMBERS = ("score", "fit", "engagement", "percentile")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> workload.Data:
    return workload.make_data(LEADS, EVENTS, tmp_path_factory.mktemp("bench"))


@pytest.fixture(scope="module")
def by_plan(made: workload.Data) -> list[dict[str, Any]]:
    engine = measure.opened(made.leads_path, made.events_path, None, None)
    query = measure.plan_of(engine).sql("scores")
    return list(engine.arrow(f"FROM ({query}) ORDER BY lead_id").to_pylist())


def frame_of(way: str, made: workload.Data) -> pl.DataFrame:
    if way == "polars":
        return polars_way.scores(made.leads_path, made.events_path, workload.AS_OF)
    return pl.from_pandas(pandas_way.scores(made.leads_path, made.events_path, workload.AS_OF))


@pytest.mark.parametrize("way", ["pandas", "polars"])
def test_frames_give_the_values_of_the_plan(way: str, made: workload.Data, by_plan: list[dict[str, Any]]) -> None:
    rows = frame_of(way, made).sort("lead_id").to_dicts()
    assert len(rows) == LEADS
    for ours, theirs in zip(by_plan, rows, strict=True):
        numbers = {name: pytest.approx(ours[name], abs=1e-9) for name in NUMBERS}
        assert theirs == {**ours, **numbers, "model_version": "by hand"}


def test_all_of_the_40_rules_give_points(made: workload.Data) -> None:
    engine = measure.opened(made.leads_path, made.events_path, None, None)
    plan = measure.plan_of(engine, measure.MODEL_40)
    rules = {rule.name for rule in plan.model.engagement.rules}
    query = plan.sql("contributions")
    given = engine.arrow(f"SELECT DISTINCT rule FROM ({query}) WHERE section = 'engagement'")["rule"].to_pylist()  # noqa: S608
    assert len(rules) == 40
    assert rules <= {*given}


def test_the_model_of_40_rules_has_the_12_first(made: workload.Data) -> None:
    engine = measure.opened(made.leads_path, made.events_path, None, None)
    few, many = (measure.plan_of(engine, path).model.engagement.rules for path in (measure.MODEL, measure.MODEL_40))
    assert [rule.name for rule in many[: len(few)]] == [rule.name for rule in few]


def test_engines_are_named_with_commas() -> None:
    assert names_of("duckdb, spark") == ["duckdb", "spark"]
    with pytest.raises(ArgumentTypeError, match=f"no engine mysql; allowed: {', '.join(ENGINES)}"):
        names_of("mysql")
