"""Jobs run once, one at a time, each in a process of its own; none is running for ever, whatever dies."""

from __future__ import annotations

import os
import time
from datetime import datetime, timedelta
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from structlog.testing import capture_logs

from scoville.live.jobs import kinds
from scoville.live.jobs.asking import Job, ask_for, cancel, find_job
from scoville.live.jobs.running import LOST, Runner, expire_jobs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from live_stores import NewStore
    from scoville.live.store.opening import Store

NOW = datetime.fromisoformat("2026-06-01T12:00:00")
HERE = Path(__file__).parent
WAIT_S = 15.0


@pytest.fixture(autouse=True)
def _kinds(monkeypatch: pytest.MonkeyPatch) -> None:
    names = ("count", "sleep", "refuse", "break_", "die")
    made = {name: kinds.Kind(f"kinds_for_tests:{name}", name.title()) for name in names}
    monkeypatch.setattr(kinds, "KINDS", MappingProxyType(made))
    monkeypatch.setenv("PYTHONPATH", str(HERE))


@pytest.fixture
def runner_of() -> Iterator[Callable[[Store], Runner]]:
    """Makes runners whose processes are gone when the test is over."""
    made: list[Runner] = []

    def new(store: Store) -> Runner:
        made.append(Runner(store))
        return made[-1]

    yield new
    for runner in made:
        runner.close(NOW)


def asked(store: Store, kind: str, **what: Any) -> Job:
    with store.writing() as connection:
        return ask_for(connection, kind, what, by="user:u1", now=NOW)


def now_is(store: Store, job: Job) -> Job:
    with store.reading() as connection:
        found = find_job(connection, job.job_no)
    assert found is not None
    return found


def look_until(runner: Runner, is_so: Callable[[], bool], now: datetime = NOW) -> None:
    until_s = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < until_s, "it took too long"
        runner.look(now)
        time.sleep(0.02)


def said_by(note: Path) -> list[str]:
    """What a job that sleeps wrote down: its process, and a file that it left."""
    until_s = time.monotonic() + WAIT_S
    while not (note.exists() and " " in note.read_text()):
        assert time.monotonic() < until_s
        time.sleep(0.02)
    return note.read_text().split(" ")


def is_alive(process: str) -> bool:
    return Path(f"/proc/{process}/stat").exists() and " Z " not in Path(f"/proc/{process}/stat").read_text()


def test_a_job_is_done_in_a_process_of_its_own_that_gives_way_to_scoring(
    new_store: NewStore, runner_of: Callable[[Store], Runner]
) -> None:
    store = new_store()
    job, runner = asked(store, "count", horizon=90), runner_of(store)
    assert job.state == "waiting"
    look_until(runner, lambda: not now_is(store, job).is_under_way)
    found = now_is(store, job)
    assert (found.state, found.share, found.ended_at) == ("done", 1.0, NOW)
    assert found.result is not None
    assert (found.result["leads"], found.result["asked"]) == (0, {"horizon": 90})
    assert found.result["nice"] >= 15
    assert found.result["pid"] != os.getpid()
    assert not is_alive(str(found.result["pid"]))


def test_how_far_it_is_can_be_read_while_it_runs(
    new_store: NewStore, runner_of: Callable[[Store], Runner], tmp_path: Path
) -> None:
    store = new_store()
    job, runner = asked(store, "sleep", note=str(tmp_path / "note")), runner_of(store)
    look_until(runner, lambda: now_is(store, job).share is not None)
    found = now_is(store, job)
    assert (found.state, found.share, found.said) == ("running", 0.25, "sleeping")


def test_a_job_that_is_cancelled_ends_and_leaves_nothing_behind(
    new_store: NewStore, runner_of: Callable[[Store], Runner], tmp_path: Path
) -> None:
    store, note = new_store(), tmp_path / "note"
    job, runner = asked(store, "sleep", note=str(note)), runner_of(store)
    look_until(runner, note.exists)
    process, left = said_by(note)
    assert is_alive(process)
    with store.writing() as connection:
        cancel(connection, job.job_no, now=NOW)
    began_s = time.monotonic()
    look_until(runner, lambda: not is_alive(process))
    assert time.monotonic() - began_s < 2
    assert not Path(left).exists()
    assert now_is(store, job).state == "cancelled"


def test_what_people_can_put_right_is_told_in_its_own_words(
    new_file: NewStore, runner_of: Callable[[Store], Runner]
) -> None:
    store = new_file()
    job, runner = asked(store, "refuse"), runner_of(store)
    look_until(runner, lambda: not now_is(store, job).is_under_way)
    found = now_is(store, job)
    assert (found.state, found.said) == ("failed", "leads.csv: no column lead_id")


def test_of_what_nobody_expected_people_hear_an_id_and_the_log_where_it_was(
    new_file: NewStore, runner_of: Callable[[Store], Runner]
) -> None:
    store = new_file()
    job, runner = asked(store, "break_", of="ann@firm.com"), runner_of(store)
    with capture_logs() as said:
        look_until(runner, lambda: not now_is(store, job).is_under_way)
    broke = next(line for line in said if line["event"] == "job broke")
    found = now_is(store, job)
    assert found.state == "failed"
    assert found.said.endswith(broke["id"])
    assert (broke["error"], "kinds_for_tests.py" in broke["trace"]) == ("ValueError", True)
    assert "ann@firm.com" not in f"{said}{found.said}"


def test_a_process_that_is_killed_is_begun_once_more_and_then_given_up(
    new_store: NewStore, runner_of: Callable[[Store], Runner], tmp_path: Path
) -> None:
    store, note = new_store(), tmp_path / "note"
    job, runner = asked(store, "die", note=str(note)), runner_of(store)
    look_until(runner, lambda: not now_is(store, job).is_under_way)
    found = now_is(store, job)
    assert note.read_text() == "begun\nbegun\n"
    assert found.state == "failed"
    assert "exit code -9" in found.said


def test_a_worker_that_stops_puts_its_job_back_for_the_next_one(
    new_store: NewStore, runner_of: Callable[[Store], Runner], tmp_path: Path
) -> None:
    store, note = new_store(), tmp_path / "note"
    job, runner = asked(store, "sleep", note=str(note)), runner_of(store)
    look_until(runner, note.exists)
    process, _ = said_by(note)
    runner.close(NOW)
    assert not is_alive(process)
    assert now_is(store, job).state == "waiting"
    for _ in range(3):  # however often servers are restarted, that is not the job's fault
        another = runner_of(store)
        another.look(NOW)
        another.close(NOW)
    assert now_is(store, job).state == "waiting"


def test_a_job_whose_worker_died_is_taken_up_by_another_and_the_dead_one_writes_no_more(
    new_store: NewStore, runner_of: Callable[[Store], Runner], tmp_path: Path
) -> None:
    store = new_store()
    job = asked(store, "sleep", note=str(tmp_path / "note"))
    silent, another = runner_of(store), runner_of(store)
    silent.look(NOW)
    later = NOW + LOST + timedelta(seconds=1)
    another.look(later)
    assert now_is(store, job).started_at == later
    silent.look(later)  # finds that it is no longer its own, and ends its process
    assert silent._process is None
    assert now_is(store, job).state == "running"


def test_a_job_whose_workers_die_twice_is_failed(new_store: NewStore, tmp_path: Path) -> None:
    store = new_store()
    job = asked(store, "sleep", note=str(tmp_path / "note"))
    for turn in range(3):
        runner = Runner(store)
        runner.look(NOW + turn * (LOST + timedelta(seconds=1)))
        if runner._process is not None:
            runner._process.end()
    found = now_is(store, job)
    assert found.state == "failed"
    assert "stopped" in found.said


def test_two_workers_never_run_the_same_job(
    postgres: Any, tmp_path: Path, runner_of: Callable[[Store], Runner]
) -> None:
    from scoville.live.store.opening import open_store  # noqa: PLC0415
    from scoville.live.store.tables import CATALOGUE  # noqa: PLC0415

    with postgres.database() as url:
        one, other = open_store(url), open_store(url)
        CATALOGUE.create_all(one.engine)
        jobs = [asked(one, "sleep", note=str(tmp_path / name)) for name in ("a", "b")]
        first, second = runner_of(one), runner_of(other)
        with one.writing() as connection:  # the first is in the middle of claiming
            claimed = first._claimed(connection, NOW)
            assert claimed is not None
            assert second.look(NOW) == 1
        assert (claimed.job_no, second._process.job_no) == (jobs[0].job_no, jobs[1].job_no)  # type: ignore[union-attr]
        second.close(NOW)
        one.close()
        other.close()


def test_jobs_that_ended_long_ago_go(new_store: NewStore) -> None:
    store = new_store()
    job, waits = asked(store, "refuse"), asked(store, "count")
    with store.writing() as connection:
        cancel(connection, job.job_no, now=NOW)
    assert expire_jobs(store, NOW + timedelta(days=89)) == 0
    assert expire_jobs(store, NOW + timedelta(days=91)) == 1
    with store.reading() as connection:
        assert find_job(connection, job.job_no) is None
        assert find_job(connection, waits.job_no) is not None
