"""Scores appear in the database at once or not at all, and what hangs on the old table stays."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from typing import TYPE_CHECKING, Any

import psycopg
import pytest

import scoville
from scoville.engines import postgres_targets
from scoville.engines.postgres import Postgres
from scoville.errors import EngineError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from postgres_server import Server

MODEL = """
scoville: 1
name: Small
fit:
  rules:
    - {name: Big, by: size, bands: [{from: 10, points: 5}]}
engagement:
  rules:
    - {name: Visit, event: visited, points: 3, decay: {half_life: 30d}}
"""
LEADS = 500
OLD, NEW = "2026-01-01", "2026-02-01"
HANGING = """
CREATE INDEX best ON scores (score DESC) WHERE score > 0;
ALTER TABLE scores ADD CONSTRAINT known PRIMARY KEY (lead_id);
ALTER TABLE scores ADD CONSTRAINT fair CHECK (score <= 100);
GRANT SELECT ON scores TO sales, PUBLIC;
GRANT SELECT, DELETE ON scores TO boss WITH GRANT OPTION;
COMMENT ON TABLE scores IS 'who to call'
"""
ASKED = """
SELECT json_build_object(
    'indexes', (SELECT json_agg(indexdef ORDER BY indexname) FROM pg_indexes WHERE tablename = 'scores'),
    'constraints', (SELECT json_agg(conname || pg_get_constraintdef(oid) ORDER BY conname)
                    FROM pg_constraint WHERE conrelid = 'scores'::regclass AND contype <> 'n'),
    'grants', (SELECT json_agg(acl::text ORDER BY acl::text)
               FROM pg_class, unnest(relacl) acl WHERE oid = 'scores'::regclass),
    'comment', obj_description('scores'::regclass))
"""


@pytest.fixture(scope="module")
def filled(postgres: Server) -> Iterator[str]:
    with postgres.database() as url:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute(
                f"CREATE TABLE leads AS SELECT 'L' || n AS lead_id, n % 20 AS size FROM generate_series(1, {LEADS}) n;"  # noqa: S608
                "CREATE TABLE events AS SELECT lead_id, 'visited' AS event, timestamp '2025-12-31' AS occurred_at "
                "FROM leads"
            )
        yield url


@pytest.fixture
def con(filled: str) -> Iterator[psycopg.Connection[Any]]:
    """A connection of somebody else to the database, without results of an earlier test."""
    with psycopg.connect(filled, autocommit=True) as connection:
        yield connection
        connection.execute("DROP TABLE IF EXISTS scores, why CASCADE")


def write(url: str, as_of: str, **targets: str) -> None:
    with Postgres(url) as engine:
        run = scoville.score(scoville.Model.loads(MODEL), "leads", "events", as_of=as_of, engine=engine)
        run.write_all(targets or {"scores": "scores"})


def one(con: psycopg.Connection[Any], query: str) -> Any:
    row = con.execute(query).fetchone()
    return row[0] if row else None


def dates(con: psycopg.Connection[Any], table: str = "scores") -> list[tuple[str, int]]:
    """Which as_of the rows have, and how many of them."""
    return [(f"{at:%Y-%m-%d}", rows) for at, rows in con.execute(f"SELECT as_of, count(*) FROM {table} GROUP BY 1")]  # noqa: S608


def leftovers(con: psycopg.Connection[Any]) -> int:
    return int(one(con, "SELECT count(*) FROM pg_class WHERE relname LIKE 'scoville%' AND relpersistence <> 't'"))


# --- what is written -------------------------------------------------------------------------------------------------


def test_all_outputs_are_written_as_they_were_worked_out(filled: str, con: psycopg.Connection[Any]) -> None:
    with Postgres(filled) as engine:
        run = scoville.score(scoville.Model.loads(MODEL), "leads", "events", as_of=OLD, engine=engine)
        scores, contributions = run.scores.to_pylist(), run.contributions.to_pylist()
        run.write_all({"scores": "scores", "contributions": "public.why"})
    for table, expected in (("scores", scores), ("why", contributions)):
        cursor = con.execute(f"SELECT * FROM {table}")  # noqa: S608
        names = [column.name for column in cursor.description or ()]
        found = [dict(zip(names, row, strict=True)) for row in cursor]
        assert sorted(found, key=str) == sorted(expected, key=str)
    assert one(con, "SELECT sum(points) FROM why") == pytest.approx(one(con, "SELECT sum(score) FROM scores"), abs=1e-9)
    assert leftovers(con) == 0


def test_a_second_run_replaces_the_rows_of_the_first(filled: str, con: psycopg.Connection[Any]) -> None:
    write(filled, OLD)
    write(filled, NEW)
    assert dates(con) == [(NEW, LEADS)]
    assert leftovers(con) == 0


def test_indexes_constraints_grants_and_comment_stay(
    postgres: Server, filled: str, con: psycopg.Connection[Any]
) -> None:
    write(filled, OLD)
    postgres.run("DROP ROLE IF EXISTS sales; CREATE ROLE sales; DROP ROLE IF EXISTS boss; CREATE ROLE boss")
    con.execute(HANGING)
    before, old = one(con, ASKED), one(con, "SELECT 'scores'::regclass::oid")
    write(filled, NEW)
    assert one(con, "SELECT 'scores'::regclass::oid") != old  # another table under the same name
    assert one(con, ASKED) == before
    assert dates(con) == [(NEW, LEADS)]


def test_a_view_over_the_scores_stays_and_shows_the_new_ones(filled: str, con: psycopg.Connection[Any]) -> None:
    write(filled, OLD)
    con.execute("CREATE VIEW hot AS SELECT lead_id, score, as_of FROM scores WHERE score > 0")
    write(filled, NEW)
    assert dates(con, "hot") == [(NEW, LEADS)]
    assert leftovers(con) == 0


def test_a_view_over_other_columns_than_the_new_ones_stops_the_run(filled: str, con: psycopg.Connection[Any]) -> None:
    write(filled, OLD)
    con.execute("ALTER TABLE scores ADD COLUMN called boolean; CREATE VIEW hot AS SELECT called FROM scores")
    with pytest.raises(EngineError, match=r"needs other columns than it has \(called\), .* because of the view hot"):
        write(filled, NEW)
    assert dates(con) == [(OLD, LEADS)]


# --- readers ---------------------------------------------------------------------------------------------------------


@pytest.mark.usefixtures("con")
def test_a_reader_never_sees_half_of_the_scores_nor_none(filled: str) -> None:
    write(filled, OLD, scores="scores", contributions="why")
    seen: set[tuple[Any, ...]] = set()
    wrong: list[BaseException] = []
    is_over = threading.Event()

    def read() -> None:
        """Scores and their origin in one statement: of one instant, all of them, and they add up."""
        try:
            with psycopg.connect(filled, autocommit=True) as reader:
                while not is_over.is_set():
                    seen.update(
                        reader.execute(
                            "SELECT count(DISTINCT lead_id)::int, min(as_of)::date::text, max(as_of)::date::text, "
                            "abs(sum(score) - (SELECT sum(points) FROM why)) < 1e-6 FROM scores"
                        )
                    )
        except BaseException as error:  # noqa: BLE001 - a thread would swallow it
            wrong.append(error)

    threads = [threading.Thread(target=read) for _ in range(2)]
    for thread in threads:
        thread.start()
    for as_of in (NEW, OLD, NEW):
        write(filled, as_of, scores="scores", contributions="why")
    is_over.set()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert seen == {(LEADS, OLD, OLD, True), (LEADS, NEW, NEW, True)}


def test_a_long_report_is_let_to_end_and_others_pass_meanwhile(
    filled: str, con: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_targets, "_WAITS_S", 0.2)
    monkeypatch.setattr(postgres_targets, "_RESTS_S", 0.2)
    write(filled, OLD)
    with psycopg.connect(filled) as report:
        report.execute("SELECT count(*) FROM scores")  # its transaction holds the table until it ends
        writing = threading.Thread(target=write, args=(filled, NEW))
        writing.start()
        awaited(con, "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'")
        assert dates(con) == [(OLD, LEADS)]  # waits for a moment at most
        report.rollback()
    writing.join()
    assert dates(con) == [(NEW, LEADS)]


def test_a_report_that_never_ends_leaves_the_old_scores(
    filled: str, con: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres_targets, "_WAITS_S", 0.05)
    monkeypatch.setattr(postgres_targets, "_RESTS_S", 0.01)
    monkeypatch.setattr(postgres_targets, "_TRIES", 3)
    write(filled, OLD)
    with psycopg.connect(filled) as report:
        report.execute("SELECT count(*) FROM scores")
        with pytest.raises(EngineError, match=r"somebody has read or written public.scores for .* the old rows are in"):
            write(filled, NEW)
    assert dates(con) == [(OLD, LEADS)]
    assert leftovers(con) == 0


def awaited(con: psycopg.Connection[Any], count: str) -> None:
    for _ in range(600):
        if one(con, count):
            return
        time.sleep(0.05)
    raise AssertionError(count)


# --- runs that end early ---------------------------------------------------------------------------------------------


def test_a_killed_run_leaves_the_old_scores(filled: str, con: psycopg.Connection[Any], tmp_path: Path) -> None:
    """Killed when all is worked out and only the names are left to change, the latest moment there is."""
    write(filled, OLD, scores="scores", contributions="why")
    model = tmp_path / "model.yaml"
    model.write_text(MODEL, encoding="utf-8")
    verb = ["-m", "scoville", "score", model, "--leads", "leads", "--events", "events", "--as-of", NEW]
    with psycopg.connect(filled) as report:
        report.execute("SELECT count(*) FROM scores")
        killed = subprocess.Popen(
            [sys.executable, *map(str, verb), "--engine", filled, "-o", "scores", "--contributions", "why"],
            stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )  # fmt: skip
        awaited(con, "SELECT count(*) FROM pg_locks WHERE NOT granted AND mode = 'AccessExclusiveLock'")
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
    awaited(con, "SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE application_name = 'scoville')")
    assert dates(con) == [(OLD, LEADS)]
    assert one(con, "SELECT sum(points) FROM why") == pytest.approx(one(con, "SELECT sum(score) FROM scores"), abs=1e-9)
    assert leftovers(con) == 0


def test_a_run_that_fails_half_way_leaves_both_tables(filled: str, con: psycopg.Connection[Any]) -> None:
    write(filled, OLD, scores="scores", contributions="why")
    con.execute("ALTER TABLE scores ADD CONSTRAINT tight CHECK (as_of < '2026-01-15')")  # what is to come breaks it
    with pytest.raises(EngineError, match=r"the new rows do not fit the constraint tight of public.scores: CHECK"):
        write(filled, NEW, contributions="why", scores="scores")
    assert dates(con) == [(OLD, LEADS)]
    assert one(con, "SELECT sum(points) FROM why") == pytest.approx(one(con, "SELECT sum(score) FROM scores"), abs=1e-9)
    assert leftovers(con) == 0


# --- refused before the work begins ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("targets", "said"),
    [
        (["leads"], "public.leads is read in this run and would be replaced"),
        (["PUBLIC.Leads"], "public.leads is read in this run"),
        (["scores", "public.scores"], "named for two outputs"),
        (["scores.csv"], "scores.csv is a file; with a PostgreSQL engine results go to tables"),
        (["nowhere.scores"], "there is no schema nowhere"),
        (["a.b.c"], "'a.b.c' is no name of a table"),
        (["customers"], "public.customers is there already and holds something else .columns name, lead_id, revenue."),
        (["some_view"], "public.some_view is there already and is no table"),
        (["x" * 64], "too long for a name in PostgreSQL"),
    ],
)
def test_a_target_that_cannot_be_is_refused_before_the_work(
    filled: str, con: psycopg.Connection[Any], targets: list[str], said: str
) -> None:
    con.execute("CREATE TABLE IF NOT EXISTS customers (name text, lead_id text, revenue int)")
    con.execute("CREATE OR REPLACE VIEW some_view AS SELECT 1 AS score")
    with Postgres(filled) as engine, pytest.raises(UsageError, match=said):
        engine.check_targets(targets, ["leads", "events", "model.yaml", None])


def test_tables_of_others_and_closed_schemas_are_refused_before_the_work(
    postgres: Server, filled: str, con: psycopg.Connection[Any]
) -> None:
    write(filled, OLD)
    postgres.run("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
    con.execute("CREATE SCHEMA IF NOT EXISTS closed; REVOKE CREATE ON SCHEMA public FROM PUBLIC")
    con.execute(
        "CREATE SCHEMA IF NOT EXISTS shared; GRANT ALL ON SCHEMA shared TO guest; DROP TABLE IF EXISTS shared.scores"
    )
    con.execute("CREATE TABLE shared.scores AS SELECT * FROM scores")
    with Postgres(filled.replace("owner@", "guest@")) as engine:
        with pytest.raises(
            EngineError, match=r"guest may not make tables in the schema closed.* GRANT CREATE ON SCHEMA"
        ):
            engine.check_targets(["closed.scores"], [])
        with pytest.raises(EngineError, match=r"shared[.]scores belongs to another user"):
            engine.check_targets(["shared.scores"], [])
        engine.check_targets(["shared.own_scores"], [])
