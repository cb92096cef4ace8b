"""The worker goes on: one chore that fails or takes long does not keep the others from their work."""

from __future__ import annotations

import threading
from datetime import datetime
from typing import TYPE_CHECKING

from structlog.testing import capture_logs

from scoville.live.worker import Chore, Worker

if TYPE_CHECKING:
    import pytest

NOW = datetime.fromisoformat("2026-06-01T12:00:00")


def test_a_chore_is_called_again_at_once_while_there_is_more() -> None:
    stop, left = threading.Event(), [3, 2, 1, 0]

    def work(now: datetime) -> int:
        assert now == NOW
        count = left.pop(0)
        if not left:
            stop.set()
        return count

    worker = Worker([[Chore("fold", work, rest_s=60)]], now=lambda: NOW)
    worker.run(stop)
    assert worker.done == {"fold": 6}


def test_what_is_not_full_rests_until_there_are_some(monkeypatch: pytest.MonkeyPatch) -> None:
    clock, stop, called = [0.0], threading.Event(), []
    monkeypatch.setattr("scoville.live.worker.monotonic", lambda: clock[0])
    counts = [400, 30, 400, 0]

    def work(_: datetime) -> int:
        called.append(round(clock[0], 3))
        count = counts.pop(0)
        if not counts:
            stop.set()
        return count

    def wait(seconds: float) -> bool:
        clock[0] += seconds
        return stop.is_set()

    monkeypatch.setattr(stop, "wait", wait)
    Worker([[Chore("score", work, rest_s=0.05, full=400)]]).run(stop)
    assert called == [0.0, 0.0, 0.05, 0.05]  # at once after a full turn, after a rest otherwise


def test_a_chore_that_fails_is_tried_again_and_its_neighbour_works_on() -> None:
    stop, calls = threading.Event(), {"bad": 0, "good": 0}

    def bad(_: datetime) -> int:
        calls["bad"] += 1
        if calls["bad"] == 3:
            stop.set()
        raise OSError("ann@firm.com cannot be written")

    def good(_: datetime) -> int:
        calls["good"] += 1
        return 0

    with capture_logs() as said:
        Worker([[Chore("bad", bad, 0.01), Chore("good", good, 0.01)]]).run(stop)
    assert calls["good"] > 3
    assert [line["error"] for line in said if line["log_level"] == "warning"] == ["OSError"] * 3
    assert "ann@firm.com" not in str([line for line in said if line["log_level"] == "warning"])


def test_a_slow_lane_does_not_hold_up_another() -> None:
    stop, go = threading.Event(), threading.Event()

    def slow(_: datetime) -> int:
        assert go.wait(10)  # until the other lane has worked
        stop.set()
        return 0

    def swift(_: datetime) -> int:
        go.set()
        return 0

    Worker([[Chore("slow", slow, 1)], [Chore("swift", swift, 1)]]).run(stop)
    assert go.is_set()
