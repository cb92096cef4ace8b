"""Asking for work: it is a row at once, and equal work is not done twice at one time."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import pytest

from scoville.errors import UsageError
from scoville.live.jobs.asking import MOST_WAITING, ask_for, cancel, find_job, list_jobs, newest_job

if TYPE_CHECKING:
    from live_stores import NewStore

NOW = datetime.fromisoformat("2026-06-01T12:00:00")


def test_equal_work_that_waits_is_given_back(new_store: NewStore) -> None:
    store = new_store()
    with store.writing() as connection:
        first = ask_for(connection, "learn", {"outcome": "won", "horizon_days": 90}, by="user:a", now=NOW)
        same = ask_for(connection, "learn", {"horizon_days": 90, "outcome": "won"}, by="user:b", now=NOW)
        other = ask_for(connection, "learn", {"outcome": "won", "horizon_days": 30}, by="user:a", now=NOW)
    assert (same.job_no, same.created_by) == (first.job_no, "user:a")
    assert other.job_no != first.job_no


def test_work_that_ended_is_done_anew(new_store: NewStore) -> None:
    store = new_store()
    with store.writing() as connection:
        first = ask_for(connection, "demo", {}, by="user:a", now=NOW)
        ended = cancel(connection, first.job_no, now=NOW)
        again = ask_for(connection, "demo", {}, by="user:a", now=NOW)
        assert ended is not None
        assert (ended.state, ended.ended_at, again.state) == ("cancelled", NOW, "waiting")
        assert again.job_no > first.job_no
        assert cancel(connection, first.job_no, now=NOW) == ended  # what has ended stays as it is
        assert cancel(connection, 4711, now=NOW) is None


def test_the_newest_comes_first_and_pages_follow_each_other(new_store: NewStore) -> None:
    store = new_store()
    with store.writing() as connection:
        made = [ask_for(connection, "learn", {"horizon_days": n}, by="user:a", now=NOW).job_no for n in (30, 60, 90)]
        ask_for(connection, "demo", {}, by="user:a", now=NOW)
    with store.reading() as connection:
        first = list_jobs(connection, 2, kind="learn")
        rest = list_jobs(connection, 2, kind="learn", before=first[-1].job_no)
        assert [job.job_no for job in (*first, *rest)] == made[::-1]
        newest = newest_job(connection, "learn", {"horizon_days": 60})
        assert newest is not None
        assert newest.job_no == made[1]
        assert newest_job(connection, "learn", state="done") is None
        assert find_job(connection, 4711) is None


def test_nobody_can_ask_for_what_does_not_exist_or_for_days_of_work(new_file: NewStore) -> None:
    store = new_file()
    with store.writing() as connection:
        with pytest.raises(UsageError, match=r"there is no kind of job 'dance'; kinds: .*learn, "):
            ask_for(connection, "dance", {}, by="user:a", now=NOW)
        for number in range(MOST_WAITING):
            ask_for(connection, "learn", {"n": number}, by="user:a", now=NOW)
        with pytest.raises(UsageError, match="wait already"):
            ask_for(connection, "learn", {"n": "one more"}, by="user:a", now=NOW)
