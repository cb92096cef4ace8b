from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from live_world import NOW, World, new_store
from scoville.live.queries import around
from scoville.live.store import access, people, routing, scores
from scoville.live.store.log import sources

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.live.store.opening import Store

TABLES = (access,)  # importing it puts its tables into the catalogue


@pytest.fixture(params=["sqlite", "postgres"])
def world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[World]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with new_store(request.param, tmp_path, server) as opened:
        yield filled(opened)


def filled(store: Store) -> World:
    made = World(store)
    for name, score in (("ann", 70.0), ("bob", 50.0), ("cy", 50.0), ("dee", 30.0)):
        made.lead(name, score, account="acme" if name != "dee" else None)
    return made


def asked(world: World, question: Any, *more: Any) -> Any:
    with world.store.reading() as connection:
        return question(connection, *more)


def test_equal_scores_share_a_place_and_past_the_most_nobody_counts(world: World) -> None:
    assert [asked(world, around.place_among, 1, score) for score in (70.0, 50.0, 30.0)] == [1, 2, 4]
    assert asked(world, around.place_among, 1, 30.0, 3) is None
    assert asked(world, around.place_among, 1, 50.0, 3) == 2


def test_the_clock_that_ends_first_and_still_runs_is_the_one_to_watch(world: World) -> None:
    def clock(number: int, hours: int, **more: Any) -> dict[str, Any]:
        due = NOW + timedelta(hours=hours)
        return {"change_no": number, "identity_no": 1, "stage": f"stage {hours}", "started_at": NOW, "due_at": due,
                "steps": [], "stopped_at": None} | more  # fmt: skip

    world.put(routing.clocks, clock(1, 5), clock(2, 1, stopped_at=NOW), clock(3, 2))

    assert asked(world, around.clock_of, 1)["stage"] == "stage 2"
    assert asked(world, around.clock_of, 2) is None


def test_mates_are_the_others_of_the_account_hottest_first(world: World) -> None:
    assert [row["lead_id"] for row in asked(world, around.mates_of, 1, 1, 2, 10)] == ["ann", "cy"]
    assert [row["lead_id"] for row in asked(world, around.mates_of, 1, 1, 2, 1)] == ["ann"]


def test_what_was_done_lately_is_of_all_ids_and_has_a_name(world: World) -> None:
    world.put(sources, {"source_no": 1, "name": "site", "created_at": NOW})
    second = {"identity_no": 77, "kind": "anonymous", "value": "x", "lead_no": 1, "first_seen_at": NOW}
    world.put(people.identities, second)
    for number, (identity, minute, name) in enumerate(
        [(1, 1, "first"), (77, 2, "second"), (1, 3, None), (2, 4, "not mine")]
    ):
        at = NOW + timedelta(minutes=minute)
        world.put(people.events, {
            "identity_no": identity, "occurred_at": at, "event_id": bytes([number]) * 16, "type": "track",
            "event": name, "properties": {}, "source_no": 1, "message_id": str(number), "received_at": at,
        })  # fmt: skip

    assert [row["event"] for row in asked(world, around.done_lately, 1, 10)] == ["second", "first"]
    assert [row["event"] for row in asked(world, around.done_lately, 1, 1)] == ["second"]


def test_what_was_said_and_done_last_is_the_newest(world: World) -> None:
    for day, outcome in ((1, "accepted"), (2, "rejected")):
        world.put(people.outcomes, {
            "identity_no": 1, "outcome": outcome, "at": NOW + timedelta(days=day), "value": None, "reason": "r",
            "event_id": bytes([day]) * 16,
        })  # fmt: skip
    for day, kind in ((1, "call"), (2, "answer")):
        at = NOW + timedelta(days=day)
        world.put(routing.touches, {"identity_no": 1, "kind": kind, "at": at, "touched_by": "user:x", "note": None})

    assert asked(world, around.last_outcome, 1)["outcome"] == "rejected"
    assert asked(world, around.last_touch, 1)["kind"] == "call"  # an answer is told as the outcome that it made
    assert asked(world, around.last_outcome, 2) is None


def test_who_waits_for_an_owner_or_a_score_says_since_when(world: World) -> None:
    world.put(routing.waiting, {
        "identity_no": 1, "since": NOW, "cause": "manual", "reason": "absent", "detail": "Sam is away", "tries": 1,
        "try_at": NOW,
    })  # fmt: skip
    world.put(scores.dirty, {"lead_no": 1, "since": NOW, "turn": 1, "cause": "event"})

    assert asked(world, around.queued, 1)["detail"] == "Sam is away"
    assert asked(world, around.waits_for_score, 1) == NOW
    assert asked(world, around.queued, 2) is None
    assert asked(world, around.waits_for_score, 2) is None


def test_actors_have_the_names_of_their_logins_and_who_is_gone_has_none(world: World) -> None:
    world.put(access.users, {
        "user_id": "u1", "email": "a@example.com", "name": "Ann", "role": "sales", "password_hash": "x",
        "created_at": NOW, "created_by": "x", "password_changed_at": NOW,
    })  # fmt: skip

    assert asked(world, around.names_of, ["user:u1", "user:gone", "key:gone", "routing", None]) == {"user:u1": "Ann"}
    assert asked(world, around.names_of, []) == {}
