"""The queue in a real browser: the day by keyboard, filters as they are typed, and who gets hot meanwhile."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

from sqlalchemy import select

from live_sending import NOW, Live, message
from scoville.live.routing.owners import Owner, save_owner
from scoville.live.scoring.score import score_some
from scoville.live.sla import SlaRule, on_crossings, save_sla_rule
from scoville.live.store.people import outcomes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from playwright.sync_api import Page

    from browser import Browser, Visit
    from pages_world import PagesWorld


@contextlib.contextmanager
def queue(chrome: Browser, world: PagesWorld, role: str = "sales", **options: object) -> Iterator[Visit]:
    save_owner(world.store, Owner("Sam", "sales@example.com"), NOW)
    save_sla_rule(world.store, SlaRule("MQL", 3600))
    with chrome.visit(world, role, **options) as visit:
        visit.open("/queue")
        visit.page.wait_for_selector("html.js")
        yield visit
        visit.check_it_is_sound()


def press(page: Page, *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def listed(page: Page) -> list[str | None]:
    return [row.get_attribute("data-lead") for row in page.locator("#rows tr.lead").all()]


def is_at(page: Page, lead_id: str) -> None:
    """Wait until the reader is at the row of a lead."""
    page.locator(f"tr[data-lead={lead_id}] a.open:focus").wait_for()


def gets_hot(world: PagesWorld, lead_id: str) -> None:
    live = Live(world.store)
    live.send(message("track", lead_id, event="demo_requested", minutes_ago=1, properties={}))
    score_some(live.store, live.models, live.settings, NOW, 100, on_stage_changes=on_crossings)


def test_keys_act_on_one_or_many_and_keep_the_place(world: PagesWorld, chrome: Browser) -> None:
    with queue(chrome, world) as visit:
        page = visit.page
        press(page, "j", "c")
        page.get_by_text("1 lead yours now.").wait_for()
        is_at(page, "ann")  # the place is kept

        press(page, "j", "a")
        page.get_by_text("1 lead accepted.").wait_for()
        is_at(page, "bob")

        press(page, "j", "r")
        page.get_by_role("dialog").get_by_text("Reject Cleo Cook").wait_for()
        press(page, "ArrowDown", "Enter")  # the second reason
        page.get_by_text("1 lead rejected.").wait_for()
        is_at(page, "finn")  # who came up
        assert listed(page) == ["ann", "bob", "finn", "eve", "dan"]

        press(page, "x", "j", "x", "t")
        page.get_by_text("2 leads noted as touched.").wait_for()
        press(page, "?")
        page.get_by_role("dialog").get_by_text("select it").wait_for()
        press(page, "Escape", "k", "Enter")
        page.wait_for_url("**/leads/finn")
        page.go_back()
        is_at(page, "finn")  # who comes back is where they were
    with world.store.reading() as connection:
        found = connection.execute(select(outcomes.c.outcome, outcomes.c.reason).order_by(outcomes.c.outcome_no)).all()
    assert [tuple(row) for row in found] == [("accepted", None), ("rejected", "No budget")]


def test_filters_work_as_they_are_typed_and_stand_in_the_address(world: PagesWorld, chrome: Browser) -> None:
    with queue(chrome, world) as visit:
        page = visit.page
        press(page, "/")
        page.locator("#searched").wait_for()
        page.keyboard.type("bob@")
        page.locator("tr.lead").nth(1).wait_for(state="detached")
        page.wait_for_url("**/queue?q=bob%40")
        assert page.evaluate("document.activeElement.id") == "q"
        press(page, "Escape")
        is_at(page, "bob")
        assert page.locator("#q").input_value() == "bob@"

        page.locator("select[name=stage]").select_option("SQL")
        page.get_by_text("No lead is in this list").wait_for()
        page.wait_for_url("**/queue?q=bob%40&stage=SQL")
        page.get_by_role("link", name="Begins with").click()
        page.wait_for_url("**/queue?stage=SQL")
        assert listed(page) == ["ann"]
        page.go_back()
        page.get_by_text("No lead is in this list").wait_for()


def test_a_view_is_saved_and_opened_again(world: PagesWorld, chrome: Browser) -> None:
    with queue(chrome, world) as visit:
        page = visit.page
        page.locator("select[name=priority]").select_option("nurture")
        page.get_by_text("Save this view").click()
        page.get_by_label("Name", exact=True).fill("Patience")
        page.get_by_role("button", name="Save", exact=True).click()
        page.wait_for_url("**/queue?priority=nurture&view=*")

        visit.open("/queue")
        page.get_by_role("link", name="Patience").click()
        page.wait_for_url("**/queue?view=*&priority=nurture")
        assert listed(page) == ["bob", "finn"]


def test_who_gets_hot_is_told_within_three_seconds_and_comes_in_where_the_reader_is(
    world: PagesWorld, chrome: Browser
) -> None:
    with queue(chrome, world) as visit:
        page = visit.page
        press(page, "j", "j", "j")
        is_at(page, "cleo")
        place = page.evaluate("document.activeElement.getBoundingClientRect().top")

        gets_hot(world, "finn")
        told = page.locator("#news .news")
        told.wait_for(timeout=3_000)
        assert "Finn Fry" in told.inner_text()
        assert "Demo requested" in told.inner_text()
        assert page.title().startswith("(1) ")
        assert page.evaluate("document.activeElement.getBoundingClientRect().top") == place  # nothing moved

        press(page, "n")
        told.wait_for(state="detached")
        is_at(page, "cleo")
        assert listed(page) == ["ann", "bob", "finn", "cleo", "eve", "dan"]
        press(page, "k", "c")
        page.get_by_text("1 lead yours now.").wait_for()


def test_nobody_is_asked_while_the_page_is_hidden(world: PagesWorld, chrome: Browser) -> None:
    with queue(chrome, world) as visit:
        page = visit.page
        page.evaluate("Object.defineProperty(document, 'hidden', {value: true})")
        asked: list[str] = []
        page.wait_for_timeout(2_100)  # the question that was on its way
        page.on("request", lambda request: asked.append(request.url))
        page.wait_for_timeout(2_500)
        assert asked == []


def test_the_export_is_a_file(world: PagesWorld, chrome: Browser, tmp_path: Path) -> None:
    with queue(chrome, world) as visit:
        with visit.page.expect_download() as download:
            visit.page.get_by_role("button", name="Export CSV").click()
        download.value.save_as(tmp_path / "leads.csv")
        assert (tmp_path / "leads.csv").read_text().count("\n") == 7


def test_on_a_phone_rows_are_cards_and_filters_fold_away(world: PagesWorld, chrome: Browser) -> None:
    with queue(chrome, world, viewport={"width": 360, "height": 800}) as visit:
        page = visit.page
        assert page.evaluate("document.documentElement.scrollWidth") <= 360
        row = page.locator("tr[data-lead=ann]")
        accept = row.locator("[name=accept]").bounding_box()
        reject = row.locator("[name=reject]").bounding_box()
        assert accept is not None
        assert reject is not None
        assert (accept["y"], accept["height"]) == (reject["y"], reject["height"])
        assert accept["height"] >= 40  # a thumb finds it
        assert page.locator("select[name=stage]").is_hidden()
        page.get_by_role("button", name="Filters").click()
        page.locator("select[name=stage]").select_option("SQL")
        page.wait_for_url("**/queue?stage=SQL")


def test_without_javascript_leads_are_found_claimed_and_rejected(world: PagesWorld, chrome: Browser) -> None:
    save_owner(world.store, Owner("Sam", "sales@example.com"), NOW)
    with chrome.visit(world, "sales", java_script_enabled=False) as visit:
        visit.open("/queue")
        visit.page.locator("select[name=stage]").select_option("MQL")
        visit.page.get_by_role("button", name="Show", exact=True).click()
        assert listed(visit.page) == ["bob", "cleo"]
        visit.page.get_by_role("button", name="Claim").nth(1).click()
        assert visit.page.get_by_text("1 lead yours now.").is_visible()
        visit.page.get_by_role("button", name="Reject").nth(1).click()
        visit.page.get_by_label("No budget").check()
        visit.page.get_by_role("button", name="Reject").click()
        assert visit.page.get_by_text("1 lead rejected.").is_visible()
