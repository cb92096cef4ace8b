from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoville.live.routing.owners import list_owners
from scoville.live.routing.territories import Territory, list_territories, save_territory
from scoville.live.sla import list_sla_rules
from settings_world import OLGA, olga, problem
from web_page import Page

if TYPE_CHECKING:
    from pages_world import PagesWorld


def test_an_owner_is_added_with_hours_for_each_day(world: PagesWorld) -> None:
    hours = {"mon_from_1": "09:00", "mon_until_1": "12:30", "mon_from_2": "13:30", "mon_until_2": "00:00"}
    owner_id = olga(world, capacity="5", period="week", **hours)
    marketing = world.visitor("marketing")

    owner = list_owners(world.store)[0].owner
    assert (owner.capacity, owner.period, owner.hours) == (5, "week", {"mon": ["09:00-12:30", "13:30-24:00"]})
    page = marketing.page(f"/settings/owners/{owner_id}")
    filled = {one["name"]: one.get("value") for one in page.all("input") if "name" in one}
    assert {name: filled[name] for name in hours} == hours
    assert "Mon 09:00-12:30, 13:30-24:00" in marketing.page("/settings/owners").text


def test_an_owner_that_cannot_be_comes_back_with_what_was_filled_in(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    answer = marketing.send("/settings/owners", **(OLGA | {"name": "Olga Ott", "tue_from_1": "09:00"}))

    assert problem(answer.text) == "Tuesday has a beginning without an end, or an end without a beginning."
    assert "Olga Ott" in {one.get("value") for one in Page(answer.text).all("input")}
    assert list_owners(world.store) == []


def test_sales_notes_that_somebody_is_away_and_takes_it_back(either_world: PagesWorld) -> None:
    owner_id, sales = olga(either_world), either_world.visitor("sales")
    address = f"/settings/owners/{owner_id}"

    assert (
        sales.send(f"{address}/absences", from_day="2026-05-01", until_day="2026-05-08", note="Ski").status_code == 303
    )
    wrong = sales.send(f"{address}/absences", from_day="2026-06-08", until_day="2026-06-01", note="Sea")
    assert (wrong.status_code, problem(wrong.text)) == (422, "An absence ends after it begins.")
    assert {"2026-06-08", "2026-06-01", "Sea"} <= {one.get("value") for one in Page(wrong.text).all("input")}
    page = sales.page(address)
    assert "1 May 2026 to 8 May 2026, Ski" in page.text
    (known,) = sales.get(f"/v1/owners/{owner_id}/absences").json()["absences"]
    assert (known["from_at"], known["until_at"]) == ("2026-04-30T22:00:00Z", "2026-05-08T22:00:00Z")  # days of Berlin
    assert "back 9 May 2026" in sales.page("/settings/owners").text
    (end,) = [str(one["action"]) for one in page.all("form") if str(one["action"]).endswith("/end")]
    assert sales.send(end).status_code == 303
    assert "No absences." in sales.page(address).text
    assert sales.send(address, **OLGA).status_code == 403


# --- which leads, and how soon ---------------------------------------------------------------------------------------


def test_a_rule_is_written_in_rows_said_in_words_and_shown_in_rows_again(world: PagesWorld) -> None:
    owner_id, marketing = olga(world), world.visitor("marketing")
    rows: dict[str, Any] = {
        "trait": ["country", "employees", "email.kind", ""], "operator": ["in", "gte", "is", "equals"],
        "value": ["DE, AT", "50", "present", ""],
    }  # fmt: skip
    assert (
        marketing.send("/settings/routing", name="DACH", owner_ids=owner_id, is_enabled="yes", **rows).status_code
        == 303
    )

    (known,) = list_territories(world.store)
    assert known.territory.when == {"country": ["DE", "AT"], "employees": {"gte": 50}, "email.kind": {"is": "present"}}
    assert "Where country is DE or AT and employees is at least 50" in marketing.page("/settings/routing").text
    form = marketing.page(f"/settings/routing/{known.territory_id}")
    shown = {
        name: [one.get("value") for one in form.all("input") if one.get("name") == name] for name in ("trait", "value")
    }
    assert shown["trait"][:3] == rows["trait"][:3]
    assert shown["value"][:3] == rows["value"][:3]


def test_rules_are_moved_changed_and_taken_away(either_world: PagesWorld) -> None:
    owner_id, marketing = olga(either_world), either_world.visitor("marketing")
    for name in ("One", "Two", "Three"):
        marketing.send("/settings/routing", name=name, owner_ids=owner_id, is_enabled="yes")
    ids = {one.territory.name: one.territory_id for one in list_territories(either_world.store)}

    marketing.send(f"/settings/routing/{ids['Three']}/move", to="up")
    assert [one.territory.name for one in list_territories(either_world.store)] == ["One", "Three", "Two"]
    marketing.send(f"/settings/routing/{ids['One']}", name="First", owner_ids=owner_id)
    first = list_territories(either_world.store)[0].territory
    assert (first.name, first.is_enabled, first.position) == ("First", False, 0)
    assert marketing.send(f"/settings/routing/{ids['Two']}/end").status_code == 303
    assert len(list_territories(either_world.store)) == 2


def test_a_rule_below_one_for_everybody_says_that_it_is_never_asked(world: PagesWorld) -> None:
    owner_id, marketing = olga(world), world.visitor("marketing")
    everybody = {"name": "All", "owner_ids": owner_id, "is_enabled": "yes"}
    marketing.send("/settings/routing", **everybody)
    only = {"trait": "country", "operator": "equals", "value": "DE"}
    marketing.send("/settings/routing", **everybody | {"name": "Germany"} | only)
    assert "Never asked: “All” above decides" in marketing.page("/settings/routing").text

    first = list_territories(world.store)[0].territory_id
    marketing.send(f"/settings/routing/{first}", **everybody, falls_through="yes")
    assert "Never asked" not in marketing.page("/settings/routing").text


def test_a_condition_that_rows_cannot_say_stands_as_text(world: PagesWorld) -> None:
    owner_id, marketing = olga(world), world.visitor("marketing")
    either = {"any": [{"country": "DE"}, {"plan": "pro"}]}
    made = save_territory(world.store, Territory("Either", (owner_id,), either), world.clock())
    address = f"/settings/routing/{made}"

    assert "any:\n- country: DE\n- plan: pro\n" in marketing.get(address).text
    text = "not: {country: DE}"
    assert marketing.send(address, name="Not", owner_ids=owner_id, is_enabled="yes", text=text).status_code == 303
    assert list_territories(world.store)[0].territory.when == {"not": {"country": "DE"}}
    assert "no YAML" in problem(marketing.send(address, name="Not", owner_ids=owner_id, text="{").text)


def test_a_clock_is_set_in_hours_and_minutes_and_taken_away(either_world: PagesWorld) -> None:
    marketing = either_world.visitor("marketing")
    sent = {"stage": "MQL", "touch_within_s": "1.5", "touch_within_s_unit": "hours", "remind_after_s": "30"}
    units = {"remind_after_s_unit": "minutes", "time_zone": "UTC"}
    assert marketing.send("/settings/speed", **sent, **units).status_code == 303

    (rule,) = list_sla_rules(either_world.store)
    assert (rule.touch_within_s, rule.remind_after_s, rule.escalate_after_s) == (5_400, 1_800, None)
    offered = {one.get("value") for one in marketing.page("/settings/speed/new").all("option")}
    assert ("MQL" in offered, "SQL" in offered) == (False, True)  # what has a clock is changed, not added
    assert "90 minutes 30 minutes" in marketing.page("/settings/speed").text
    assert marketing.send("/settings/speed/MQL/end").status_code == 303
    assert list_sla_rules(either_world.store) == []
    wrong = marketing.send("/settings/speed", **(sent | {"touch_within_s": "soon"}), **units)
    assert problem(wrong.text) == "&#39;Call within&#39; is a number, such as 4."
