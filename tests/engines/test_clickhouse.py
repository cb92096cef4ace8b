"""ClickHouse runs the printed script: every scoring table, and random models, against the oracle.

What it cannot: properties in one JSON column (the script names the step).
"""

from __future__ import annotations

import os
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import Phase, given, settings

import scoville
from agreement import assert_same_numbers
from clickhouse_runner import ClickHouse
from conformance.test_scoring_tables import CASES, approximate, check, events_of, identity, leads_of, model_of
from oracle import oracle
from plan_runner import run_of
from scoville.demo import generate
from scoville.demo.write import starter_model
from strategies import PROPERTIES, TRAITS, Scene, scenes

if TYPE_CHECKING:
    from collections.abc import Iterator

Row = dict[str, Any]
EXAMPLES = int(os.environ.get("SCOVILLE_EXAMPLES", "8"))
pytestmark = pytest.mark.xdist_group("clickhouse")


@pytest.fixture(scope="module")
def clickhouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ClickHouse]:
    """One for all tests: it starts in half a second, and there may be one in a process."""
    session = ClickHouse(tmp_path_factory.mktemp("clickhouse"))
    yield session
    session.close()


def run_here(case: Row) -> scoville.ScoreRun:
    as_of = datetime.fromisoformat(case["as_of"])
    return run_of(model_of(case), leads_of(case), events_of(case, as_of), as_of)


@pytest.mark.parametrize("case", CASES, ids=identity)
def test_clickhouse_gives_what_the_table_says(case: Row, clickhouse: ClickHouse) -> None:
    run = run_here(case)
    check(case, clickhouse.result_of(run))
    if "accounts" in case:
        assert approximate(clickhouse.accounts_of(run)) == approximate(case["accounts"])


def test_words_and_derived_traits_are_those_of_duckdb(clickhouse: ClickHouse) -> None:
    """Demo people in many languages, by a model that reads titles, addresses and domains."""
    people = generate(400, seed=5)
    model = scoville.Model.loads(starter_model())
    run = scoville.score(model, people.leads, people.events, as_of=datetime.fromisoformat("2026-06-01"))
    clickhouse.bind(run)
    words = ("grade", "level", "priority", "stage", "disqualified_by", "reasons", "as_of")
    here, there = (
        {row["lead_id"]: row for row in rows} for rows in (run.scores.to_pylist(), clickhouse.rows(run, "scores"))
    )
    assert {key: [row[one] for one in words] for key, row in there.items()} == {
        key: [row[one] for one in words] for key, row in here.items()
    }
    for name in ("score", "rank", "percentile"):
        assert [there[key][name] for key in here] == pytest.approx([row[name] for row in here.values()], abs=1e-9)


@settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.generate])
@given(scene=scenes().filter(lambda scene: bool(scene.leads and scene.events)))
def test_clickhouse_agrees_with_the_oracle(clickhouse: ClickHouse, scene: Scene) -> None:
    run = run_of(scene.model, scene.leads, scene.events, scene.as_of, traits=TRAITS, properties=PROPERTIES)
    assert_same_numbers(clickhouse.result_of(run), oracle(scene.model, scene.leads, scene.events, scene.as_of))
