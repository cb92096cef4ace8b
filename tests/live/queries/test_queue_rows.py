"""What stands beside a score: the past, the clock, the answer, the wait; and who has just got hot."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import event, text, update

from live_world import NOW, World, new_store
from scoville.live.queries.crossings import got_hot_since, newest_crossing
from scoville.live.queries.in_force import in_force
from scoville.live.queries.matching import Wanted
from scoville.live.queries.owner_of_user import owner_id_of_user
from scoville.live.queries.queue_rows import beside
from scoville.live.queries.ranking import Question, page_of
from scoville.live.store.access import users
from scoville.live.store.people import leads, outcomes
from scoville.live.store.routing import assignments, clocks, owners, touches, waiting
from scoville.live.store.scores import ledger, scores, stage_changes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from sqlalchemy import Connection

    from scoville.live.queries.in_force import InForce
    from scoville.live.queries.queue_rows import Beside
    from scoville.live.store.opening import Store

DAY = timedelta(days=1)


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with new_store(request.param, tmp_path, server) as store:
        made = World(store)
        for lead_id, score in (("ann", 70.0), ("bob", 50.0), ("cy", 30.0)):
            made.lead(lead_id, score, account=f"{lead_id}.com")
        yield made


def near(world: World) -> Beside:
    with world.store.reading() as connection:
        return beside(connection, the_model(connection), [1, 2, 3], NOW)


def the_model(connection: Connection) -> InForce:
    """The one in force."""
    model = in_force(connection)
    assert model is not None
    return model


def listed(world: World, **wanted: Any) -> list[int]:
    with world.store.reading() as connection:
        return list(page_of(connection, Question(1, Wanted(**wanted)), 50).lead_nos)


def entry(lead_no: int, days_ago: float, score: float) -> dict[str, Any]:
    return {
        "lead_no": lead_no, "at": NOW - days_ago * DAY, "cause": "event", "score": score, "fit": 0.0,
        "engagement": score, "model_version": "v",
    }  # fmt: skip


def answer(lead_no: int, outcome: str, days_ago: float) -> dict[str, Any]:
    at = NOW - days_ago * DAY
    return {"identity_no": lead_no, "outcome": outcome, "at": at, "event_id": f"{outcome}{lead_no}".encode()}


def test_the_score_of_a_week_ago_is_the_last_one_that_the_ledger_had_by_then(world: World) -> None:
    world.put(ledger, entry(1, 20, 10.0), entry(1, 7, 55.0), entry(1, 6, 65.0), entry(2, 3, 50.0))

    assert near(world).week_ago.scores == {1: 55.0}  # bob's first score is three days old, cy has none


def test_of_several_clocks_the_one_that_is_due_first_counts_and_none_that_has_stopped(world: World) -> None:
    def clock(number: int, lead_no: int, due_days: float, **more: Any) -> dict[str, Any]:
        due_at = NOW + due_days * DAY
        return {"change_no": number, "identity_no": lead_no, "stage": "MQL", "started_at": NOW - DAY, "due_at": due_at,
                "steps": []} | {"stopped_at": None, **more}  # fmt: skip

    world.put(clocks, clock(1, 1, 3), clock(2, 1, 1), clock(3, 1, 2), clock(4, 2, 1, stopped_at=NOW))

    assert {number: one.due_at - NOW for number, one in near(world).clocks.items()} == {1: DAY}


def test_the_last_answer_and_the_last_touch_are_told_and_other_outcomes_are_not(world: World) -> None:
    world.put(outcomes, answer(1, "accepted", 2), answer(1, "won", 1), answer(2, "trial", 1))
    world.put(
        touches,
        {"identity_no": 1, "kind": "email", "at": NOW - DAY, "touched_by": "x"},
        {"identity_no": 1, "kind": "call", "at": NOW - 2 * DAY, "touched_by": "x"},
        {"identity_no": 2, "kind": "answer", "at": NOW, "touched_by": "x"},
    )

    found = near(world)
    assert {number: one.outcome for number, one in found.answers.items()} == {1: "won"}
    assert {number: one.kind for number, one in found.touches.items()} == {1: "email"}


def test_who_waits_for_an_owner_is_listed_by_reason_and_who_has_one_is_nobodys_no_more(world: World) -> None:
    owner = {"owner_id": "o", "name": "O", "email": "Sales@example.com", "is_active": True, "period": "day"}
    world.put(owners, owner | {"carry_over": 0, "weight": 1.0, "hours": {}, "time_zone": "UTC", "created_at": NOW})
    held = {"identity_no": 1, "owner_no": 1, "assigned_at": NOW, "way": "rule", "assigned_by": "routing", "why": {}}
    world.put(assignments, held | {"released_at": None}, held | {"identity_no": 3, "released_at": NOW})
    waits = {"since": NOW - DAY, "cause": "manual", "detail": "all are full", "tries": 1, "try_at": NOW}
    world.put(waiting, waits | {"identity_no": 2, "reason": "at_capacity"})

    assert listed(world, is_unowned=True) == [2, 3]
    assert listed(world, waits_for="any") == listed(world, waits_for="at_capacity") == [2]
    assert listed(world, waits_for="absent") == []
    assert near(world).waiting[2].detail == "all are full"


def test_who_was_rejected_and_then_accepted_is_in_the_list_again(world: World) -> None:
    world.put(outcomes, answer(1, "rejected", -1), answer(2, "rejected", -1), answer(3, "accepted", 0))
    world.put(outcomes, answer(1, "accepted", -2))
    assert listed(world, is_open=True) == [1, 3]


def test_who_was_answered_is_left_out_until_a_deed_takes_them_across_another_line(world: World) -> None:
    world.put(outcomes, answer(1, "rejected", 0), answer(2, "accepted", 0), answer(3, "lost", 1))
    assert listed(world, is_open=True) == [2, 3]  # cy came to its stage now, after it was lost
    with world.store.writing() as connection:
        connection.execute(update(scores).where(scores.c.lead_no == 3).values(standing_since=NOW - 2 * DAY))
        connection.execute(update(scores).where(scores.c.lead_no == 1).values(standing_since=NOW + DAY))
    assert listed(world, is_open=True) == [2]  # ann crossed a line by fading: she did nothing
    with world.store.writing() as connection:
        connection.execute(update(leads).where(leads.c.lead_no == 1).values(last_seen_at=NOW + DAY))
    assert listed(world, is_open=True) == [1, 2]


def test_a_customer_stays_left_out_whatever_they_do(world: World) -> None:
    world.put(outcomes, answer(1, "won", 30))  # long before it came to its stage, as in a history that was imported
    assert listed(world, is_open=True) == [2, 3]


@pytest.mark.parametrize(("search", "found"), [("ann.c", [1]), ("BOB.", [2]), ("c", [3]), ("zoe", []), ("b%", [])])
def test_the_search_finds_companies_by_the_beginning_of_their_id(world: World, search: str, found: list[int]) -> None:
    assert listed(world, search=search) == found


def test_who_crossed_upward_since_is_told_once_and_only_those_of_the_list(world: World) -> None:
    world.crossing("ann", "MQL", "Lead")
    seen = world.crossing("bob", "MQL", "Lead")
    for lead_id, stage, before, more in (
        ("ann", "SQL", "MQL", {}),
        ("cy", "Lead", "MQL", {"direction": "down"}),
        ("cy", "Prospect", None, {}),  # it came in: that is no heat
        ("bob", "SQL", "MQL", {"cause": "model"}),  # another model: that is none either
        ("ann", "Customer", "SQL", {}),
    ):
        world.crossing(lead_id, stage, before, **more)
    with world.store.reading() as connection:
        newest = newest_crossing(connection)
        hot = got_hot_since(connection, Question(1, Wanted()), seen, newest, "Prospect")
        assert [(one.lead_no, one.stage_before, one.stage) for one in hot] == [(1, "SQL", "Customer")]
        assert got_hot_since(connection, Question(1, Wanted(max_score=60)), seen, newest, "Prospect") == []
        assert got_hot_since(connection, Question(1, Wanted()), newest, newest, "Prospect") == []


def test_an_owner_is_known_by_the_address_of_the_login(world: World) -> None:
    owner = {"owner_id": "o", "name": "O", "email": "Sam@Example.com", "is_active": True, "period": "day"}
    world.put(owners, owner | {"carry_over": 0, "weight": 1.0, "hours": {}, "time_zone": "UTC", "created_at": NOW})
    user = {"role": "sales", "name": "", "password_hash": "", "created_at": NOW, "created_by": ""}
    user |= {"password_changed_at": NOW}
    world.put(users, user | {"user_no": 1, "user_id": "1", "email": "sam@example.com"},
              user | {"user_no": 2, "user_id": "2", "email": "kim@example.com"})  # fmt: skip

    with world.store.reading() as connection:
        assert [owner_id_of_user(connection, number) for number in (1, 2, None)] == ["o", None, None]


def test_all_that_a_row_shows_is_an_index_away(world: World) -> None:
    with world.store.writing() as connection:  # enough leads that an index is worth it
        many = "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
        for table, columns, row in (
            ("leads", "lead_no, lead_id, first_seen_at, last_seen_at, is_anonymous", "i, 'u' || i, 0, 0, FALSE"),
            ("identities", "identity_no, kind, value, lead_no, first_seen_at", "i, 'user', 'u' || i, i, 0"),
            ("outcomes", "identity_no, outcome, at, event_id", "i, 'won', 0, CAST('e' || i AS {blob})"),
            ("touches", "identity_no, kind, at, touched_by", "i, 'call', 0, ''"),
            ("ledger", "lead_no, at, cause, score, fit, engagement, model_version", "i, 0, 'event', 1, 1, 0, 'v'"),
        ):
            blob = "BLOB" if world.store.is_sqlite else "BYTEA"
            connection.execute(text(f"{many} INSERT INTO {table} ({columns}) SELECT {row.format(blob=blob)} FROM n"))  # noqa: S608
    with world.store.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("ANALYZE"))
    for plan in plans(world.store):
        assert "SCAN" not in plan.replace("SCAN CONSTANT ROW", "")
        for table in ("leads", "identities", "outcomes", "touches", "ledger"):
            assert f"Seq Scan on {table}" not in plan


def plans(store: Store) -> list[str]:
    asked: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, values: Any, *_rest: Any) -> None:
        asked.append((statement, values))

    with store.reading() as connection:
        model = the_model(connection)
        event.listen(connection, "before_cursor_execute", note)
        beside(connection, model, [1, 2, 3], NOW)
        event.remove(connection, "before_cursor_execute", note)
        explain = "EXPLAIN QUERY PLAN " if store.is_sqlite else "EXPLAIN "
        return [
            "\n".join(str(row[-1]) for row in connection.exec_driver_sql(explain + statement, values))
            for statement, values in asked
        ]


def test_no_crossing_at_all_is_number_nothing(world: World) -> None:
    with world.store.reading() as connection:
        assert newest_crossing(connection) == 0
    row = {"change_no": 9, "lead_no": 1, "at": NOW, "direction": "up", "score": 1.0, "cause": "event"}
    world.put(stage_changes, row | {"model_version": "v"})
    with world.store.reading() as connection:
        assert newest_crossing(connection) == 9
