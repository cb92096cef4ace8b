"""A first model out of a store's own leads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from live_sending import NOW, Live, message
from scoville.errors import DataError
from scoville.live.jobs.starter import run_starter
from scoville.model.load import Model

if TYPE_CHECKING:
    from live_stores import NewStore
    from scoville.live.store.opening import Store

TITLES = ("CEO", "VP Sales", "Engineer", "Student")
PEOPLE = 40


def filled(store: Store) -> None:
    """Forty people with a title: half saw the prices, a quarter asked for a demo, sales turned every fifth away."""
    live = Live(store)
    for number in range(PEOPLE):
        traits = {"title": TITLES[number % 4], "employees": 10 * number, "email": f"p{number}@firm{number}.com"}
        live.receive(message("identify", f"lead-{number}", minutes_ago=60_000, traits=traits))
        if number % 2:
            live.receive(message("page", f"lead-{number}", minutes_ago=600, properties={"path": "/pricing"}))
        if number % 4 == 1:
            live.receive(message("track", f"lead-{number}", event="demo_requested", minutes_ago=500))
        if number % 5 == 0:
            live.receive(message("outcome", f"lead-{number}", event="rejected", minutes_ago=100, outcome="rejected"))
    live.fold()


def proposed(store: Store) -> dict[str, Any]:
    return run_starter(store, {}, lambda _share, _said: None, NOW)


def test_it_is_a_sound_model_that_was_tried_on_the_leads(new_store: NewStore) -> None:
    store = new_store()
    filled(store)

    found = proposed(store)

    model = Model.loads(found["text"])
    assert (found["name"], found["leads"], found["tried"]) == (model.name, PEOPLE, PEOPLE)
    assert sum(found["stages"].values()) == PEOPLE
    touched = {rule["name"]: rule["leads"] for rule in found["rules"]}
    assert {*touched} == {rule.name for rule in (*model.fit.rules, *model.engagement.rules)}
    assert touched["Asked for it"] == PEOPLE // 4
    assert touched["Pricing page"] == PEOPLE // 2  # a property that only stands in JSON
    assert touched["Decision maker"] >= PEOPLE // 2  # chiefs and heads, and students who get less
    assert found["newest_at"] == "2026-05-01T10:20:00"  # 100 minutes before NOW


def test_how_leads_ended_gives_no_points(new_store: NewStore) -> None:
    store = new_store()
    filled(store)

    assert "rejected" not in proposed(store)["text"]


def test_without_leads_it_says_what_to_do(new_store: NewStore) -> None:
    with pytest.raises(DataError, match="there are no leads yet"):
        proposed(new_store())
