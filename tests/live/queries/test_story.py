from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from live_world import NOW, World, new_store
from scoville.errors import UsageError
from scoville.live.queries.cursors import to_cursor
from scoville.live.queries.story import KINDS, OURS, THEIRS, Entry, Place, place_of_text, story_of, text_of_place
from scoville.live.store import people, routing, scores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.live.store.opening import Store


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with new_store(request.param, tmp_path, server) as opened:
        yield opened


@pytest.fixture
def ann(store: Store) -> World:
    """Somebody to whom one thing of every kind happened at one instant, and some things before and after."""
    world = World(store)
    number = world.lead("ann")
    world.lead("bob")
    world.put(log_source(), {"source_no": 1, "name": "site", "created_at": NOW})
    for minute in (-2, 0, 0, 3):
        event(world, number, minute)
    event(world, world.numbers["bob"], 1)
    world.put(routing.owners, {
        "owner_no": 1, "owner_id": "o1", "name": "Sam", "email": "s@example.com", "is_active": True, "period": "day",
        "carry_over": 0, "weight": 1.0, "hours": {}, "time_zone": "UTC", "created_at": NOW,
    })  # fmt: skip
    world.put(routing.assignments, {
        "identity_no": number, "owner_no": 1, "assigned_at": NOW, "way": "manual", "assigned_by": "user:x", "why": {},
        "released_at": NOW, "released_by": "user:x", "release_reason": "released",
    })  # fmt: skip
    world.put(
        routing.touches,
        {"identity_no": number, "kind": "call", "at": NOW, "touched_by": "user:x", "note": "rang"},
        {"identity_no": number, "kind": "answer", "at": NOW, "touched_by": "user:y", "note": "no budget"},
    )
    world.put(people.outcomes, {
        "identity_no": number, "outcome": "rejected", "at": NOW, "value": None, "reason": "no budget",
        "event_id": bytes(16),
    })  # fmt: skip
    world.put(scores.adjustments, {
        "identity_no": number, "points": 5.0, "reason": "fair", "author": "user:x", "created_at": NOW,
        "removed_at": NOW, "removed_by": "user:y",
    })  # fmt: skip
    world.crossing("ann")
    return world


def log_source() -> Any:
    from scoville.live.store.log import sources  # noqa: PLC0415 - used once

    return sources


def event(world: World, number: int, minute: int) -> None:
    count = len(world.rows(people.events))
    at = NOW + timedelta(minutes=minute)
    world.put(people.events, {
        "identity_no": number, "occurred_at": at, "event_id": bytes([count]) * 16, "type": "track",
        "event": f"e{count}", "properties": {"n": count}, "source_no": 1, "message_id": str(count), "received_at": at,
    })  # fmt: skip


def story(world: World, **how: Any) -> list[Entry]:
    with world.store.reading() as connection:
        return story_of(connection, world.numbers["ann"], **how)


def test_everything_that_happened_stands_in_the_order_of_time_the_newest_first(ann: World) -> None:
    found = story(ann, limit=50)

    assert [one.facts["event"] for one in found if one.kind == "event"] == ["e3", "e2", "e1", "e0"]
    assert sorted({one.kind for one in found}) == sorted(KINDS)
    assert [one.at for one in found] == sorted([one.at for one in found], reverse=True)
    assert len(found) == 4 + len(KINDS) - 1  # four events, and one of each other kind


def test_an_answer_is_told_once_as_an_outcome_with_who_gave_it(ann: World) -> None:
    found = story(ann, limit=50, kinds=OURS)

    assert [one.facts["kind"] for one in found if one.kind == "touch"] == ["call"]
    (outcome,) = [one for one in found if one.kind == "outcome"]
    assert (outcome.facts["outcome"], outcome.facts["touched_by"]) == ("rejected", "user:y")


@pytest.mark.parametrize("size", [1, 2, 3, 4, 7])
def test_pages_of_any_size_hang_together_though_much_happened_at_one_instant(ann: World, size: int) -> None:
    whole = story(ann, limit=50)
    found: list[Entry] = []
    before = None
    while page := story(ann, limit=size, before=before):
        found += page
        before = place_of_text(text_of_place(page[-1].place))

    assert [(one.kind, one.key) for one in found] == [(one.kind, one.key) for one in whole]


def test_what_they_did_and_what_we_did_are_all_of_it(ann: World) -> None:
    assert sorted([*THEIRS, *OURS]) == sorted(KINDS)
    assert {one.kind for one in story(ann, limit=50, kinds=THEIRS)} == {"event", "stage"}


@pytest.mark.parametrize(
    "text", ["", "x", to_cursor(NOW, "event", "zz"), to_cursor(NOW, "touch", "x"), to_cursor(NOW, "magic", "1")]
)
def test_an_address_that_names_no_place_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="none of ours"):
        place_of_text(text)


def test_a_place_survives_its_address() -> None:
    place = Place(NOW, "event", "00ff")
    assert place_of_text(text_of_place(place)) == place
