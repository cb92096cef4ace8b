"""One measured query, alone in its process; called by `run.py`, which starts one such process for each figure.

    python benchmarks/measure.py plan leads.parquet events.parquet

Prints one line of JSON: seconds and CPU seconds of the query itself (not of starting Python, nor of compiling the plan,
which has its own figure) and the peak memory of the process. Every query runs on one kind of engine, set one way.
"""

# ruff: noqa: S608 - every query is ours
from __future__ import annotations

import argparse
import importlib
import json
import resource
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from scoville import Model
from scoville.engines.duckdb import DuckDB
from scoville.plan.compile import Plan, compile_plan
from scoville.scoring import columns_of
from workload import AS_OF, DATA

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

HERE = Path(__file__).resolve().parent
MODEL, MODEL_40 = HERE / "model.yaml", HERE / "model_40.yaml"
# What a lead gets without looking at other leads, and without words: the part that is arithmetic alone.
ALONE = "lead_id, score, fit, engagement, grade, level, priority, stage, segment, disqualified_by, as_of"
SHARED = ("event_points", "segment_points", "sums")  # what `scoville score --contributions` works out once


def opened(leads: Path, events: Path, memory_limit: str | None, threads: int | None) -> DuckDB:
    """The product's own engine over two Parquet files."""
    engine = DuckDB(memory_limit=memory_limit, threads=threads)
    for name, path in (("leads", leads), ("events", events)):
        engine.run(f"CREATE TEMP VIEW {name} AS FROM '{path}'")
    engine.run(f"CREATE TEMP TABLE as_of AS SELECT TIMESTAMP '{AS_OF}' AS as_of")
    return engine


def plan_of(engine: DuckDB, model: Path = MODEL) -> Plan:
    """The plan of a model for the columns of the data."""
    return compile_plan(Model.load(model), columns_of(engine, with_events=True))


def by_hand(name: str) -> str:
    """The text of floor.sql or hand_written.sql."""
    return (HERE / f"{name}.sql").read_text(encoding="utf-8")


def table_of(query: str) -> Callable[[DuckDB], None]:
    """Run a query into a temporary table."""
    return lambda engine: engine.run(f"CREATE TEMP TABLE result AS {query}")


def to_files(plan: Plan) -> Callable[[DuckDB], None]:
    """Scores and contributions into Parquet files, as `scoville score -o --contributions` makes them."""

    def run(engine: DuckDB) -> None:
        steps = [step for step in plan.rests_on("scores", "contributions") if step in SHARED]
        engine.materialise(plan, steps)
        DATA.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=DATA) as folder:
            for output in ("scores", "contributions"):
                engine.write(plan.sql(output, given=steps), Path(folder) / f"{output}.parquet")

    return run


def by_frames(name: str, leads: Path, events: Path) -> Callable[[DuckDB], None]:
    """The same scores by pandas or Polars, which have no use for the engine; kept as a frame."""

    def run(_engine: DuckDB) -> None:
        way = importlib.import_module(name)
        way.scores(leads, events, AS_OF)

    return run


def works(plan: Plan) -> Mapping[str, Callable[[DuckDB], None]]:
    """What can be measured, by name."""
    return {
        "floor": table_of(by_hand("floor")),
        "hand": table_of(by_hand("hand_written")),
        "hand_alone": table_of(f"SELECT {ALONE} FROM ({by_hand('hand_written')})"),
        "plan": table_of(plan.sql("scores")),
        "plan_40": table_of(plan.sql("scores")),
        "plan_alone": table_of(f"SELECT {ALONE} FROM ({plan.sql('graded')})"),
        "plan_files": to_files(plan),
    }


def peak_gib() -> float:
    """The most memory this process ever held, GiB."""
    per_gib = 2**30 if sys.platform == "darwin" else 2**20  # Linux counts in KiB
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / per_gib


def measured(name: str, engine: DuckDB, leads: Path, events: Path) -> dict[str, float]:
    """Compile, then run one of `works`, or a way by frames, and time it."""
    started = time.perf_counter()
    plan = plan_of(engine, MODEL_40 if name == "plan_40" else MODEL)
    plan.sql("scores")
    compile_s = time.perf_counter() - started
    work = by_frames(name, leads, events) if name.endswith("_way") else works(plan)[name]
    started, started_cpu = time.perf_counter(), time.process_time()
    work(engine)
    seconds, cpu_s = time.perf_counter() - started, time.process_time() - started_cpu
    return {"seconds": seconds, "cpu_s": cpu_s, "compile_s": compile_s, "peak_gib": peak_gib()}


def main() -> None:
    """Read the arguments, measure, print JSON."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what")
    parser.add_argument("leads", type=Path)
    parser.add_argument("events", type=Path)
    parser.add_argument("--memory-limit")
    parser.add_argument("--threads", type=int)
    asked = parser.parse_args()
    engine = opened(asked.leads, asked.events, asked.memory_limit, asked.threads)
    print(json.dumps(measured(asked.what, engine, asked.leads, asked.events)))


if __name__ == "__main__":
    main()
