"""Evidence without anybody asking: once after a publication and once a day, where there is something to tell."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert

import proved
from live_sending import NOW
from scoville.live.jobs.asking import list_jobs
from scoville.live.jobs.daily import BY, ask_daily
from scoville.live.queries.proof import Proof, usual_past
from scoville.live.store.people import identities, leads, outcomes
from scoville.live.store.scores import model_versions, publications

if TYPE_CHECKING:
    from datetime import datetime

    from live_stores import NewStore
    from scoville.live.store.opening import Store

DAY = timedelta(days=1)


def put(store: Store, wins: int, days: float, outcome: str = "won") -> None:
    """A model in force, and a lead that was watched for so many days and won so often."""
    with store.writing() as connection:
        saved = {"model_version": "abc", "name": "M", "text": "", "author": "", "note": "", "created_at": NOW}
        connection.execute(insert(model_versions).values(version_no=1, **saved))
        row = {"version_no": 1, "published_at": NOW, "published_by": "", "note": "", "switched_at": NOW}
        connection.execute(insert(publications).values(publication_no=1, **row))
        seen = {"first_seen_at": NOW - days * DAY, "last_seen_at": NOW, "is_anonymous": False}
        connection.execute(insert(leads).values(lead_no=1, lead_id="ann", **seen))
        known = {"kind": "user", "value": "ann", "lead_no": 1, "first_seen_at": NOW}
        connection.execute(insert(identities).values(identity_no=1, **known))
        for number in range(wins):
            won = {"identity_no": 1, "outcome": outcome, "at": NOW, "event_id": number.to_bytes(16)}
            connection.execute(insert(outcomes).values(**won))


def asked(store: Store) -> list[tuple[str, dict[str, object]]]:
    with store.reading() as connection:
        return [(job.created_by, job.asked) for job in list_jobs(connection, kind="evidence")]


def test_evidence_is_asked_for_once_a_day_as_it_was_asked_before(new_store: NewStore) -> None:
    store = new_store()
    put(store, wins=5, days=200)
    assert [ask_daily(store, NOW + hours * DAY / 24) for hours in (0, 1, 23)] == [1, 0, 0]
    usual = {"version_no": 1, "horizon_days": 90, "snapshots": "monthly", "won": ["won"]}
    assert asked(store) == [(BY, usual)]
    proved.end(store, 1, state="done", result={}, asked={**usual, "horizon_days": 30})
    assert ask_daily(store, NOW + DAY) == 1
    assert asked(store)[0] == (BY, {**usual, "horizon_days": 30})


@pytest.mark.parametrize(("wins", "days"), [(4, 200), (50, 6.5), (0, 0)])
def test_nothing_is_asked_for_while_nothing_could_be_told(new_file: NewStore, wins: int, days: float) -> None:
    store = new_file()
    assert ask_daily(store, NOW) == 0  # no model either
    put(store, wins, days)
    assert ask_daily(store, NOW) == 0
    assert asked(store) == []


def test_a_failure_is_tried_again_the_next_day_alone(new_file: NewStore) -> None:
    store = new_file()
    put(store, wins=9, days=30)
    assert ask_daily(store, NOW) == 1
    proved.end(store, 1, state="failed", said="no")
    assert [ask_daily(store, NOW + hours * DAY / 24) for hours in (2, 24)] == [0, 1]


@pytest.mark.parametrize(("days", "ahead", "snapshots"), [
    (400, 90, "monthly"), (121.5, 90, "monthly"), (120, 60, "monthly"), (50, 14, "monthly"), (20, 7, "weekly"),
])  # fmt: skip
def test_the_past_is_as_long_as_leads_were_watched(days: float, ahead: int, snapshots: str) -> None:
    found = usual_past(Proof({"won": 9}, _before(days), NOW))
    assert (found["horizon_days"], found["snapshots"], found["won"]) == (ahead, snapshots, ["won"])
    accepted = usual_past(Proof({"accepted": 9, "lost": 3}, _before(days), NOW))
    assert accepted["won"] == ["accepted"]  # nobody says who won: who sales accepted is the next best


def _before(days: float) -> datetime:
    return NOW - days * DAY
