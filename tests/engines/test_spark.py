"""Spark: on a real cluster of one master and two workers, what it reads, gives, writes, and survives."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from datetime import datetime
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

import scoville
from made_up_leads import HORIZON, made_up
from scoville.demo.write import write
from scoville.engines.named import engine_of
from scoville.errors import DataError, EngineError, UsageError
from scoville.evidence.history import read_history
from scoville.learn.boosted.boosting import boost
from scoville.learn.boosted.predicting import add_boosted
from scoville.learn.rows import rows_of
from scoville.learn.tried.candidates import candidates_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pyspark.sql import SparkSession

    from scoville.engines.spark import Spark
    from spark_cluster import Cluster

pytestmark = pytest.mark.xdist_group("spark")
AS_OF = "2026-01-01"
SMALL = scoville.Model.from_dict(
    {
        "scoville": 1,
        "name": "Small",
        "fit": {"rules": [{"name": "Director", "when": {"title": "director"}, "points": 15}]},
        "engagement": {"rules": [{"name": "Visit", "event": "visit", "points": 10, "decay": {"half_life": "30d"}}]},
    }
)
LEADS = [{"lead_id": name, "title": title} for name, title in (("a", "Director"), ("b", "clerk"), ("c", None))]
EVENTS: list[dict[str, Any]] = [
    {"lead_id": name, "event": "visit", "occurred_at": datetime(2025, 12, day)}  # noqa: DTZ001 - naive UTC
    for name, day in (("a", 2), ("b", 31), ("b", 17))
]
# a: 15 and half of 10 after 30 days; b: whole of 10 after a day, and half of it after 15: 2^(-1/30), 2^(-15/30)
EXPECTED = {"a": 15 + 5.0, "b": 10 * 2 ** (-1 / 30) + 10 * 2 ** (-15 / 30), "c": 0.0}


@pytest.fixture(scope="module")
def session(cluster: Cluster) -> SparkSession:
    return cluster.session()


@pytest.fixture
def engine(session: SparkSession) -> Iterator[Spark]:
    from scoville.engines.spark import Spark  # noqa: PLC0415 - needs an extra

    engine = Spark(session)
    yield engine
    engine.close()


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small data set with every kind of dirt, as Parquet."""
    folder = tmp_path_factory.mktemp("demo")
    write(folder, 300, dirt=0.02)
    return folder


def points(run: scoville.ScoreRun) -> dict[str, float]:
    return {row["lead_id"]: row["score"] for row in run.scores.to_pylist()}


def small_run(engine: Spark, leads: object = None, events: object = None) -> scoville.ScoreRun:
    leads, events = pa.Table.from_pylist(LEADS) if leads is None else leads, EVENTS if events is None else events
    return scoville.score(SMALL, leads, events, as_of=AS_OF, engine=engine)


def read(folder: Path) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = ds.dataset(folder).to_table().to_pylist()
    return rows


# --- what it gives ---------------------------------------------------------------------------------------------------


def test_dirty_data_come_out_as_they_do_on_duckdb(engine: Spark, demo: Path) -> None:
    """Cleaning, merging, scores, reasons, contributions, what is set aside: to 1e-9, and in the same order."""
    model, files = demo / "b2b_saas.yaml", (str(demo / "leads.parquet"), str(demo / "events.parquet"))
    here, there = (scoville.score(model, *files, as_of=AS_OF, engine=one) for one in (None, engine))
    assert there.quality == here.quality
    for found, expected in ((there.scores, here.scores), (there.contributions, here.contributions)):
        assert found.column_names == expected.column_names
        assert_same_rows(found.to_pylist(), expected.to_pylist())
    assert there.counts() == here.counts()
    assert [row["lead_id"] for row in there.top(5, ("email",)).to_pylist()] == here.scores["lead_id"].to_pylist()[:5]
    kept_aside = [sorted((row["relation"], row["reason"]) for row in run.rejects.to_pylist()) for run in (here, there)]
    assert kept_aside[1] == kept_aside[0]


def assert_same_rows(found: list[dict[str, Any]], expected: list[dict[str, Any]]) -> None:
    assert len(found) == len(expected)
    for one, other in zip(found, expected, strict=True):
        for name, value in other.items():
            assert one[name] == (pytest.approx(value, abs=1e-9) if isinstance(value, float) else value), (name, other)


def test_boosted_probabilities_are_worked_out_on_the_executors_as_they_are_here(engine: Spark) -> None:
    people, events, outcomes = made_up()
    history = read_history(people, events, outcomes)
    rows = rows_of(history, HORIZON)
    boosted = boost(rows, candidates_of(history, rows))
    likely = {"horizon": "30d", "points": [[0, 0.1], [10, 0.3]]}
    large = {"name": "Large", "when": {"employees": {"gte": 100}}, "points": 10}
    fair = {"name": "No fairs", "when": {"source": "fair"}}
    model = scoville.Model.from_dict(
        {"scoville": 1, "name": "M", "fit": {"rules": [large]}, "probability": likely, "disqualify": [fair]}
    )
    tables = [pa.Table.from_pandas(frame, preserve_index=False) for frame in (people, events)]
    here, there = (scoville.score(model, *tables, as_of="2025-06-01", engine=one) for one in (None, engine))
    for run in (here, there):
        add_boosted(run, boosted, 0.5)
    assert_same_rows(there.scores.to_pylist(), here.scores.to_pylist())
    assert 0 < there.scores["boosted_probability"].null_count < len(people)


# --- what it reads ---------------------------------------------------------------------------------------------------


def test_frames_of_spark_are_scored_where_they_are(engine: Spark, session: SparkSession) -> None:
    leads = session.createDataFrame(pa.Table.from_pylist(LEADS))
    assert points(small_run(engine, leads)) == pytest.approx(EXPECTED, abs=1e-9)


def test_tables_are_scored_by_name(engine: Spark, session: SparkSession) -> None:
    session.createDataFrame(pa.Table.from_pylist(LEADS)).write.saveAsTable("crm_leads")
    try:
        assert points(small_run(engine, "crm_leads")) == pytest.approx(EXPECTED, abs=1e-9)
        with pytest.raises(
            DataError, match=r"crm_lead: no such file, and no such table of Spark. Did you mean 'crm_leads'"
        ):
            small_run(engine, "crm_lead")
    finally:
        session.sql("DROP TABLE crm_leads")


def test_text_files_are_read_by_the_rules_for_files(engine: Spark, tmp_path: Path) -> None:
    leads = tmp_path / "leads.csv"
    leads.write_bytes("lead_id;title\na; Director \nb;Sachbearbeiter für alles\nc;N/A\n".encode("latin-1"))
    assert points(small_run(engine, str(leads))) == pytest.approx(EXPECTED, abs=1e-9)


def test_events_may_lie_in_partitions_by_day(engine: Spark, tmp_path: Path) -> None:
    events = pa.Table.from_pylist([{**row, "event_date": row["occurred_at"].date()} for row in EVENTS])
    ds.write_dataset(
        events, tmp_path / "events", format="parquet", partitioning=["event_date"], partitioning_flavor="hive"
    )
    assert points(small_run(engine, None, str(tmp_path / "events"))) == pytest.approx(EXPECTED, abs=1e-9)


def test_what_is_no_parquet_is_said_with_what_to_do(engine: Spark, tmp_path: Path) -> None:
    (tmp_path / "leads.parquet").write_text("lead_id\na\n")
    with pytest.raises(DataError, match=r"leads\.parquet: Spark cannot read it as Parquet: .*executors see too"):
        small_run(engine, str(tmp_path / "leads.parquet"))


# --- what it leaves alone --------------------------------------------------------------------------------------------


def test_a_session_handed_in_keeps_its_settings_views_and_life(session: SparkSession) -> None:
    from scoville.engines.spark import Spark  # noqa: PLC0415 - needs an extra

    session.conf.set("spark.sql.session.timeZone", "Asia/Tokyo")
    session.sql("SELECT 'mine' AS leads").createOrReplaceTempView("leads")
    engine = Spark(session)
    try:
        assert points(small_run(engine)) == pytest.approx(EXPECTED, abs=1e-9)
        engine.close()
        assert session.conf.get("spark.sql.session.timeZone") == "Asia/Tokyo"
        assert session.table("leads").collect()[0]["leads"] == "mine"
    finally:
        session.catalog.dropTempView("leads")
        session.conf.unset("spark.sql.session.timeZone")


# --- what it writes --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["scores.parquet", "scores.csv", "scores.jsonl"])
def test_files_are_a_folder_of_parts_best_first_that_replaces_the_old(engine: Spark, tmp_path: Path, name: str) -> None:
    run, target = small_run(engine), tmp_path / name
    for _ in range(2):
        run.write("scores", target)
        assert [path.name for path in tmp_path.iterdir()] == [name]
        parts = sorted(target.glob("part-*"))
        assert (target / "_SUCCESS").exists()
        kind = {".jsonl": "json"}.get(target.suffix, target.suffix.removeprefix("."))
        rows = [row for part in parts for row in ds.dataset(part, format=kind).to_table().to_pylist()]
        assert [row["lead_id"] for row in rows] == ["a", "b", "c"]
        assert rows[0]["score"] == pytest.approx(20.0, abs=1e-9)


def test_tables_replace_the_old_ones(engine: Spark, session: SparkSession) -> None:
    run = small_run(engine)
    try:
        for _ in range(2):
            run.write_all({"scores": "scored", "contributions": "scored_why"})
            found = {row["lead_id"]: row["score"] for row in session.table("scored").collect()}
            assert found == pytest.approx(EXPECTED, abs=1e-9)
        tables = {table.name for table in session.catalog.listTables() if not table.isTemporary}
        assert tables == {"scored", "scored_why"}
    finally:
        session.sql("DROP TABLE IF EXISTS scored")
        session.sql("DROP TABLE IF EXISTS scored_why")


def test_a_failing_query_leaves_all_old_files_and_nothing_beside_them(engine: Spark, tmp_path: Path) -> None:
    run = small_run(engine)
    run.write_all({"scores": tmp_path / "scores.parquet"})
    broken = "SELECT CAST(lead_id AS INT) AS n FROM leads"
    with pytest.raises(EngineError, match="Spark could not run the plan"):
        engine.write_all({str(tmp_path / "scores.parquet"): run.sql("scores"), str(tmp_path / "b.parquet"): broken})
    assert [path.name for path in tmp_path.iterdir()] == ["scores.parquet"]
    assert len(read(tmp_path / "scores.parquet")) == len(LEADS)


def test_targets_that_cannot_be_are_refused_before_the_work(engine: Spark, tmp_path: Path) -> None:
    source = tmp_path / "leads.parquet"
    pq.write_table(pa.Table.from_pylist(LEADS), source)
    with pytest.raises(UsageError, match="is read in this run"):
        engine.check_targets([str(source)], [str(source)])
    with pytest.raises(UsageError, match="two outputs"):
        engine.check_targets(["crm.scores", "crm.scores"], [])
    with pytest.raises(UsageError, match=f"there is no folder {tmp_path}/none"):
        engine.check_targets([str(tmp_path / "none" / "s.parquet")], [])


# --- what it survives ------------------------------------------------------------------------------------------------


def test_a_worker_killed_in_the_middle_does_not_change_the_result(
    engine: Spark, cluster: Cluster, demo: Path, tmp_path: Path
) -> None:
    model, files = demo / "b2b_saas.yaml", (str(demo / "leads.parquet"), str(demo / "events.parquet"))
    expected = scoville.score(model, *files, as_of=AS_OF).scores.to_pylist()
    run = scoville.score(model, *files, as_of=AS_OF, engine=engine)
    writing = threading.Thread(target=run.write, args=("scores", tmp_path / "scores.parquet"))
    writing.start()
    try:
        await_(lambda: bool(engine.session.sparkContext.statusTracker().getActiveStageIds()))
        cluster.kill_worker()
        writing.join(timeout=300)
        assert not writing.is_alive()
        found = sorted(read(tmp_path / "scores.parquet"), key=lambda row: str(row["lead_id"]))
        assert_same_rows(found, sorted(expected, key=lambda row: str(row["lead_id"])))
    finally:
        cluster.add_worker()


def await_(happens: Any, within_s: float = 60) -> None:
    end = time.monotonic() + within_s
    while not happens():
        assert time.monotonic() < end
        time.sleep(0.02)


# --- alone on the cluster: these come last, for they end the session of the tests ------------------------------------


def test_a_killed_run_leaves_the_old_scores(cluster: Cluster, tmp_path: Path) -> None:
    cluster.release()
    target = tmp_path / "scores.parquet"
    pq.write_table(pa.table({"old": [1]}), target)
    slowly = "SELECT id, sha2(CAST(id AS STRING), 512) AS t FROM range(2000000000)"
    program = (
        "from scoville.engines.spark import connected; import sys; "
        "connected(sys.argv[1]).write_all({sys.argv[2]: sys.argv[3]})"
    )
    run = subprocess.Popen(
        [sys.executable, "-c", program, cluster.url, str(target), slowly],
        env=cluster.environment,
        start_new_session=True,
    )
    try:
        await_(lambda: any(path.name.endswith(".part.parquet") for path in tmp_path.iterdir()), within_s=120)
    finally:
        os.killpg(run.pid, signal.SIGKILL)
        run.wait()
    assert pq.read_table(target).to_pylist() == [{"old": 1}]


def test_the_command_line_scores_on_a_cluster(cluster: Cluster, demo: Path, tmp_path: Path) -> None:
    cluster.release()
    command = [
        sys.executable, "-m", "scoville", "score", str(demo / "b2b_saas.yaml"), "--as-of", AS_OF,
        "--leads", str(demo / "leads.parquet"), "--events", str(demo / "events.parquet"),
        "--engine", cluster.url, "-o", str(tmp_path / "scores.parquet"),
    ]  # fmt: skip
    done = subprocess.run(command, env=cluster.environment, capture_output=True, text=True, check=False)
    assert (done.returncode, "wrote" in done.stderr) == (0, True), done.stderr
    assert len(read(tmp_path / "scores.parquet")) == 300


# --- what it says when it cannot -------------------------------------------------------------------------------------


def test_a_master_that_does_not_answer_is_named_at_once() -> None:
    pytest.importorskip("pyspark")
    with pytest.raises(EngineError, match=r"no Spark master answers at spark://127\.0\.0\.1:9: .* Start it"):
        engine_of("spark://127.0.0.1:9")


def test_an_address_without_port_is_explained() -> None:
    pytest.importorskip("pyspark")
    with pytest.raises(UsageError, match="write it like spark://host:7077"):
        engine_of("spark://master")
