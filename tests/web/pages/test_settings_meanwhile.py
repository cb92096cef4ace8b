"""Two people with one form: whoever saves second is told of the first, and loses nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from scoville.live.routing.owners import list_owners
from scoville.live.routing.territories import list_territories
from scoville.live.sla import list_sla_rules
from scoville.live.store.settings import read_settings
from settings_world import HOOK, SEALED_BY, Forms, form, olga, problem, sent
from web_page import Page

if TYPE_CHECKING:
    from pages_world import PagesWorld, Visitor

QUICKER = (
    "Admin changed it on 1 May 2026 12:00 UTC, while you had it open here."  # by hand, from the clock of the tests
)


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOVILLE_SECRET_KEY", SEALED_BY)


@pytest.fixture
def two(either_world: PagesWorld) -> tuple[Visitor, Visitor]:
    """Two people over a store of each kind, who are quick one after the other."""
    return either_world.visitor("admin"), either_world.visitor("marketing")


def opened(visitor: Visitor, page: str, address: str = "") -> dict[str, list[str]]:
    return form(visitor.get(page).text, address or page)


def values(html: str) -> set[str | None]:
    return {one.get("value") for one in Page(html).all("input")}


def test_who_saves_an_owner_second_is_told_who_was_first_and_what_holds_now(
    either_world: PagesWorld, two: tuple[Visitor, Visitor]
) -> None:
    first, second = two
    address = f"/settings/owners/{olga(either_world, capacity='5')}"
    theirs, mine = opened(first, address), opened(second, address)

    assert sent(first, address, theirs, capacity="9").status_code == 303
    refused = sent(second, address, mine, open_limit="30", tue_from_1="08:00", tue_until_1="16:00")
    assert (refused.status_code, problem(refused.text)) == (409, QUICKER)
    assert (
        "Where it differs, this holds now: Takes at most 9 Holds at most – Hours at all hours"
        in Page(refused.text).text
    )
    assert {"30", "08:00"} <= values(refused.text)
    assert list_owners(either_world.store)[0].owner.capacity == 9
    assert sent(second, address, form(refused.text, address)).status_code == 303
    owner = list_owners(either_world.store)[0].owner
    assert (owner.capacity, owner.open_limit) == (5, 30)


def test_a_form_that_is_refused_for_something_else_still_knows_what_its_writer_saw(world: PagesWorld) -> None:
    first, second = world.visitor("admin"), world.visitor("marketing")
    address = f"/settings/owners/{olga(world)}"
    theirs, mine = opened(first, address), opened(second, address)
    sent(first, address, theirs, capacity="9")

    wrong = sent(second, address, mine, name="Olga Ott", email="no address")
    assert wrong.status_code == 422
    assert sent(second, address, form(wrong.text, address), email="olga@example.com").status_code == 409


def test_a_rule_of_routing_is_neither_saved_nor_taken_away_over_a_change(
    either_world: PagesWorld, two: tuple[Visitor, Visitor]
) -> None:
    first, second = two
    owner_id = olga(either_world)
    second.send("/settings/routing", name="All", owner_ids=owner_id)
    address = f"/settings/routing/{list_territories(either_world.store)[0].territory_id}"
    theirs, mine, end = opened(first, address), opened(second, address), opened(second, address, f"{address}/end")
    where: dict[str, Any] = {"trait": "country", "operator": "in", "value": "DE, AT"}

    assert sent(first, address, theirs, **where).status_code == 303
    refused = sent(second, address, mine, name="Everybody")
    assert (refused.status_code, problem(refused.text)) == (409, QUICKER)
    assert "Name All Whose leads country is DE or AT" in Page(refused.text).text
    kept = sent(second, f"{address}/end", end)
    assert (kept.status_code, problem(kept.text)) == (409, QUICKER)
    assert {"country", "DE, AT"} <= values(kept.text)
    assert [one.territory.name for one in list_territories(either_world.store)] == ["All"]
    assert sent(second, f"{address}/end", form(kept.text, f"{address}/end")).status_code == 303
    assert list_territories(either_world.store) == []


def test_a_rule_that_is_gone_comes_back_as_one_to_add(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    marketing.send("/settings/routing", name="All", owner_ids=olga(world))
    address = f"/settings/routing/{list_territories(world.store)[0].territory_id}"
    mine = opened(marketing, address)
    marketing.send(f"{address}/end")

    refused = sent(marketing, address, mine, name="Everybody")
    assert (refused.status_code, problem(refused.text)[:25]) == (409, "This rule was taken away ")
    assert sent(marketing, "/settings/routing", form(refused.text, "/settings/routing")).status_code == 303
    assert [one.territory.name for one in list_territories(world.store)] == ["Everybody"]


def test_two_people_who_make_a_clock_for_one_stage_do_not_undo_each_other(
    either_world: PagesWorld, two: tuple[Visitor, Visitor]
) -> None:
    first, second = two
    new = "/settings/speed/new"
    theirs, mine = opened(first, new, "/settings/speed"), opened(second, new, "/settings/speed")

    assert sent(first, "/settings/speed", theirs, stage="SQL").status_code == 303
    refused = sent(second, "/settings/speed", mine, stage="SQL", touch_within_s="30", touch_within_s_unit="minutes")
    assert (refused.status_code, problem(refused.text)) == (409, QUICKER)
    assert "this holds now: Call within 4 hours" in Page(refused.text).text
    end = opened(second, "/settings/speed/SQL", "/settings/speed/SQL/end")
    assert sent(second, "/settings/speed", form(refused.text, "/settings/speed")).status_code == 303
    assert [one.touch_within_s for one in list_sla_rules(either_world.store)] == [1_800]
    late = sent(first, "/settings/speed/SQL/end", end)
    assert (late.status_code, problem(late.text)[:20]) == (409, "Marketing changed it")
    assert len(list_sla_rules(either_world.store)) == 1


def test_settings_that_others_changed_are_kept_and_only_the_same_one_is_asked_about(
    either_world: PagesWorld, two: tuple[Visitor, Visitor]
) -> None:
    first, second, page = two[0], either_world.visitor("admin"), "/settings/data"
    theirs, mine, late = opened(first, page), opened(second, page), opened(second, page)

    assert sent(first, page, theirs, stage_margin="7", outcomes_key="Deal Won", outcomes_value="won").status_code == 303
    assert sent(second, page, mine, event_days="400").status_code == 303  # leaves the others as they are by now
    refused = sent(second, page, late, stage_margin="5", quarantine_days="60", protected_traits="plan")
    assert (refused.status_code, "Holds now: 7" in Page(refused.text).text) == (409, True)
    assert problem(refused.text).startswith("You changed it on 1 May 2026")
    with either_world.store.reading() as connection:
        now = read_settings(connection)
    assert (now.stage_margin, now.event_days, now.quarantine_days, dict(now.outcomes)) == (
        7,
        400,
        30,
        {"Deal Won": "won"},
    )
    again = form(refused.text, page)
    assert (again["stage_margin"], again["event_days"], again["protected_traits"]) == (["5"], ["400"], ["plan"])
    assert sent(second, page, again).status_code == 303
    with either_world.store.reading() as connection:
        now = read_settings(connection)
    assert (now.stage_margin, now.quarantine_days, now.protected_traits) == (5, 60, ("plan",))


def test_the_list_of_outcomes_is_not_saved_over_another_one(world: PagesWorld) -> None:
    first, second, page = world.visitor("admin"), world.visitor("admin"), "/data/outcomes"
    theirs, mine = opened(first, page), opened(second, page)

    assert sent(first, page, theirs, event="Deal Won", outcome="won").status_code == 303
    refused = sent(second, page, mine, event=["Paid", "Paid"], outcome=["won", "lost"])
    assert (refused.status_code, "Paid" in values(refused.text)) == (422, True)
    refused = sent(second, page, form(refused.text, page), event="Paid", outcome="won")
    assert (refused.status_code, "this holds now: The list Deal Won: won" in Page(refused.text).text) == (409, True)
    assert sent(second, page, form(refused.text, page)).status_code == 303
    with world.store.reading() as connection:
        assert dict(read_settings(connection).outcomes) == {"Paid": "won"}


def test_settings_are_all_saved_or_none(world: PagesWorld) -> None:
    admin, page = world.visitor("admin"), "/settings/data"
    refused = sent(admin, page, opened(admin, page), stage_margin="7", event_days="3", refresh_minutes="soon")

    assert refused.status_code == 422
    assert {"7", "3", "soon"} <= values(refused.text)
    with world.store.reading() as connection:
        assert read_settings(connection).stage_margin == 3


def test_an_action_is_not_changed_nor_its_secret_ended_over_what_somebody_did(
    either_world: PagesWorld, two: tuple[Visitor, Visitor]
) -> None:
    first, second = two[0], either_world.visitor("admin")
    first.send("/settings/actions", **HOOK, is_enabled="yes")
    address = f"/settings/actions/{first.get('/v1/actions').json()['actions'][0]['action_id']}"
    mine, rotation, end = (
        form(second.get(page).text, to)
        for page, to in ((f"{address}/edit", address), (address, f"{address}/rotate"), (address, f"{address}/end"))
    )
    either_world.clock.move(minutes=1)

    assert sent(first, address, opened(first, f"{address}/edit", address), name="The CRM").status_code == 303
    refused = sent(second, address, mine, stages=["SQL"])
    assert (refused.status_code, "this holds now: Name The CRM Stages –" in Page(refused.text).text) == (409, True)
    for to, filled in ((f"{address}/rotate", rotation), (f"{address}/end", end)):
        late = sent(second, to, filled)
        assert (late.status_code, "while you had it open here." in problem(late.text)) == (409, True)
    either_world.clock.move(minutes=1)
    assert sent(second, address, form(refused.text, address)).status_code == 303
    action = first.get("/v1/actions").json()["actions"][0]["action"]
    assert (action["name"], action["stages"], len(action["secrets"])) == ("CRM", ["SQL"], 1)


def test_a_role_is_not_given_over_another_one(world: PagesWorld) -> None:
    first, second = world.visitor("admin"), world.visitor("admin")
    user_id = next(one["user_id"] for one in first.get("/v1/users").json()["users"] if one["role"] == "viewer")
    address = f"/settings/users/{user_id}"
    theirs, mine = opened(first, "/settings/users", address), opened(second, "/settings/users", address)

    for filled in (theirs, mine):  # the page has several forms to one address: what a browser sends is of one
        filled["was"] = filled["was"][:1]
        filled.pop("login", None)
    assert sent(first, address, theirs, role="sales").status_code == 303
    refused = sent(second, address, mine, role="marketing")
    assert (refused.status_code, problem(refused.text)[:14]) == (409, "You changed it")
    assert Forms(refused.text).found[address]["role"] == ["sales"]


def test_every_form_that_changes_a_thing_says_what_its_writer_saw(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    admin.send("/settings/routing", name="All", owner_ids=olga(world))
    admin.send("/settings/speed", stage="SQL", touch_within_s="1", time_zone="UTC")
    admin.send("/settings/actions", **HOOK, is_enabled="yes")
    owner_id = list_owners(world.store)[0].owner_id
    action_id = admin.get("/v1/actions").json()["actions"][0]["action_id"]
    rule_id = list_territories(world.store)[0].territory_id
    for page, addresses in {
        f"/settings/owners/{owner_id}": [""], f"/settings/routing/{rule_id}": ["", "/end"],
        "/settings/speed/SQL": ["/end"], f"/settings/actions/{action_id}": ["/rotate", "/end"],
    }.items():  # fmt: skip
        found = Forms(admin.get(page).text).found
        assert all(len(found[f"{page}{to}"]["was"][0]) == 16 for to in addresses), page
