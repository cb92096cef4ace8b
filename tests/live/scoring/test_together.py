"""Everything at once: senders, the fold, workers, refreshing, undoing and forgetting. Afterwards the audit holds."""

from __future__ import annotations

import random
import threading
import time
from datetime import timedelta
from typing import TYPE_CHECKING

from live_sending import NOW, message
from scoville.live.fold.by_hand import undo_link
from scoville.live.fold.folding import fold_some
from scoville.live.forget import forget
from scoville.live.scoring.in_force import Models
from scoville.live.scoring.score import refresh_some, score_some

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from live_sending import Live
    from scoville.live.ingest.messages import Message

MODEL = """
scoville: 1
name: M
fit: {rules: [{name: Plan, when: {account.plan: pro}, points: 5}]}
engagement:
  decay: {half_life: 1d}
  rules: [{name: Visit, event: page_viewed, points: 10, max: 90}]
stages: [{name: Cold, from: 0}, {name: Hot, from: 40}]
"""
RUN_S = 3.0


def test_nothing_is_lost_or_wrong_when_everything_happens_at_once(live: Live) -> None:  # noqa: C901 - small jobs
    live.publish(MODEL)
    dice, began, failed = random.Random(7), time.monotonic(), []  # noqa: S311 - a fixed course of events

    def now() -> datetime:
        return NOW + timedelta(minutes=10 * (time.monotonic() - began))

    def over_and_over(work: Callable[[], object]) -> None:
        while time.monotonic() - began < RUN_S:
            try:
                work()
            except Exception as error:  # noqa: BLE001 - a thread's errors are seen below
                failed.append(repr(error))

    def worker(limit: int) -> Callable[[], object]:
        models = Models()
        return lambda: score_some(live.store, models, live.settings, now(), limit)

    def send() -> None:
        live.receive(*(anything(dice) for _ in range(10)))
        time.sleep(0.02)

    def undo_and_forget() -> None:
        time.sleep(0.3)
        for link in live.rows("SELECT link_no FROM links WHERE undone_at IS NULL ORDER BY link_no DESC LIMIT 1"):
            undo_link(live.store, link["link_no"], by="Ann", now=now())
        for lead in live.rows("SELECT lead_no FROM leads ORDER BY lead_no DESC LIMIT 1"):
            forget(live.store, [lead["lead_no"]], now())

    def score_and_refresh() -> None:
        score_some(live.store, mine, live.settings, now(), 20)
        refresh_some(live.store, mine, live.settings, now(), 50)

    mine = Models()
    jobs: list[Callable[[], object]] = [
        send,
        lambda: fold_some(live.store, live.settings, now()),
        undo_and_forget,
        score_and_refresh,
    ]
    jobs += [] if live.store.is_sqlite else [worker(20), worker(50)]  # a file has one worker
    threads = [threading.Thread(target=over_and_over, args=(job,)) for job in jobs]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failed == []
    live.now = now()
    live.fold()
    live.score()
    assert live.wrongs() == []
    assert live.scores()


def anything(dice: random.Random) -> Message:
    """A message of one of few people, who now and then turn out to be one."""
    number, chance = dice.randrange(30), dice.random()
    user, visitor = f"u{number}", f"a{number + 30 * dice.randrange(2)}"
    if chance < 0.1:
        return message("identify", user, visitor, traits={"email": f"e{number // 3}@x.io"})
    if chance < 0.15:
        return message("group", user, group=f"g{dice.randrange(3)}", traits={"plan": "pro"})
    return message("page", user if chance < 0.6 else None, None if chance < 0.6 else visitor)
