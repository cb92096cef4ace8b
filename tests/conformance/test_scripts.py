"""What `scoville sql` prints, pasted into an engine over its tables, gives what Scoville gives there."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import pytest

import scoville
from plan_runner import on_engine
from scoville.demo import generate, starter_model

if TYPE_CHECKING:
    from engines_under_test import EngineUnderTest

Row = dict[str, Any]
AS_OF = datetime.fromisoformat("2025-12-01")  # within the demo's year
FLOATS = ("score", "fit", "engagement", "percentile", "points", "raw_points", "rollup", "breadth")


@pytest.fixture(scope="module")
def here() -> scoville.ScoreRun:
    """Demo people by a model that reads titles, addresses and domains, and has accounts."""
    people = generate(150, seed=5)
    return scoville.score(scoville.Model.loads(starter_model()), people.leads, people.events, as_of=AS_OF)


@pytest.mark.parametrize(
    ("output", "key"),
    [("scores", ("lead_id",)), ("contributions", ("lead_id", "section", "rule")), ("account_scores", ("account",))],
)
def test_a_pasted_script_gives_what_the_engine_gives(
    engine: EngineUnderTest, here: scoville.ScoreRun, output: str, key: tuple[str, ...]
) -> None:
    there = on_engine(engine.engine, here)
    script = there.plan.script(output, there.engine.dialect, as_of=AS_OF).rstrip(";")
    pasted = {tuple(row[name] for name in key): row for row in there.engine.arrow(script).to_pylist()}
    given = {tuple(row[name] for name in key): row for row in there.engine.arrow(there.sql(output)).to_pylist()}
    assert len(given) > 40
    assert {at: words(row) for at, row in pasted.items()} == {at: words(row) for at, row in given.items()}
    for name in set(FLOATS) & set(next(iter(given.values()))):
        assert [pasted[at][name] for at in given] == pytest.approx([row[name] for row in given.values()], abs=1e-9)


def words(row: Row) -> Row:
    """What has to be the very same."""
    return {name: value for name, value in row.items() if name not in FLOATS}


def test_without_a_date_a_script_takes_the_clock_in_utc(engine: EngineUnderTest, here: scoville.ScoreRun) -> None:
    there = on_engine(engine.engine, here)
    script = there.plan.script("scores", there.engine.dialect).rstrip(";")
    [row] = there.engine.arrow(f"SELECT as_of FROM ({script}) AS s LIMIT 1").to_pylist()  # noqa: S608 - our own script
    # PostgreSQL's clock stands while a transaction lasts, which is as long as these tests; a wrong zone is hours off
    assert abs((row["as_of"] - scoville.scoring.as_instant(None)).total_seconds()) < 1_800
