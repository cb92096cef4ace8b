"""The page of a lead in Chromium: before a call, during it and after it, by keyboard, by touch, without JavaScript."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from live_sending import NOW
from scoville.live.routing.owners import Owner, save_owner
from scoville.live.store.people import outcomes
from scoville.live.store.routing import assignments, touches

if TYPE_CHECKING:
    from browser import Browser, Visit
    from pages_world import PagesWorld


def ready(visit: Visit) -> None:
    """Wait until the parts that run the model are there."""
    visit.page.get_by_role("heading", name="If nothing happens").wait_for()
    visit.page.get_by_text("job title: CEO (seniority c_level)").wait_for()
    visit.page.get_by_role("link", name="Bob Baker").wait_for()


def test_sales_reads_claims_notes_and_rejects_by_keyboard_alone(chrome: Browser, either_world: PagesWorld) -> None:
    store = either_world.store
    save_owner(store, Owner("Sally", "sales@example.com"), NOW)
    with chrome.visit(either_world, "sales") as visit:
        visit.open("/leads/ann")
        ready(visit)
        visit.page.keyboard.press("c")
        visit.page.get_by_text("It is yours now.").wait_for()
        visit.page.keyboard.press("r")
        visit.page.get_by_label("Why?").wait_for()
        visit.page.keyboard.press("Escape")
        visit.page.get_by_text("Log a touch").press("Enter")
        visit.page.get_by_label("Note").press_sequentially("wants a quote")
        visit.page.keyboard.press("Tab")
        visit.page.keyboard.press("Enter")
        visit.page.get_by_text("Call wants a quote").wait_for()
        visit.page.locator("summary", has_text="Reject").press("Enter")
        visit.page.get_by_label("Why?").press_sequentially("No budget")
        visit.page.get_by_label("In your words").press("Enter")
        visit.page.get_by_text("Nothing to do").wait_for()
        visit.check_it_is_sound()
    with store.reading() as connection:
        assert [row.kind for row in connection.execute(select(touches))] == ["call", "answer"]
        assert [row.reason for row in connection.execute(select(outcomes))] == ["No budget"]
        assert [row.release_reason for row in connection.execute(select(assignments))] == ["rejected"]


def test_marketing_gives_points_merges_and_takes_apart(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "marketing") as visit:
        visit.page.on("dialog", lambda dialog: dialog.accept())
        visit.open("/leads/ann")
        ready(visit)
        visit.page.get_by_text("Give or take points").click()
        visit.page.get_by_label("Points", exact=True).fill("-5")
        visit.page.get_by_label("Reason").fill("Only looking")
        visit.page.locator("#about").get_by_role("button", name="Save").click()
        visit.page.get_by_text("−5 Only looking").wait_for()
        visit.page.get_by_text("Merge with another lead").click()
        visit.page.get_by_label("Any id of the other one").fill("cleo")
        visit.page.get_by_role("button", name="Merge").click()
        visit.page.get_by_text("one person now").wait_for()
        visit.page.get_by_text("What holds them together").click()
        visit.page.get_by_role("button", name="Take apart ann and cleo").click()
        visit.page.get_by_text("Taken apart; no message").wait_for()
        visit.check_it_is_sound()


def test_a_past_day_replaces_the_reasons_and_back(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "viewer") as visit:
        visit.open("/leads/ann")
        ready(visit)
        visit.page.get_by_label("As it was on").fill("2026-04-20")
        visit.page.get_by_role("button", name="Show").click()
        visit.page.get_by_role("heading", name="Why it was 40 on 20 April 2026").wait_for()
        visit.page.get_by_role("link", name="Back to now").click()
        visit.page.get_by_role("heading", name="Why 80.9").wait_for()
        visit.check_it_is_sound()


def test_everything_works_without_javascript(chrome: Browser, world: PagesWorld) -> None:
    save_owner(world.store, Owner("Sally", "sales@example.com"), NOW)
    with chrome.visit(world, "sales", java_script_enabled=False) as visit:
        visit.open("/leads/ann")
        visit.page.get_by_role("link", name="Say each reason in words").click()
        visit.page.get_by_text("job title: CEO (seniority c_level)").wait_for()
        visit.page.get_by_role("link", name="Work out what comes next").click()
        visit.page.get_by_role("heading", name="If nothing happens").wait_for()
        visit.page.get_by_role("link", name="Show them").click()
        visit.page.get_by_role("link", name="Bob Baker").wait_for()
        visit.page.get_by_role("button", name="Claim").click()
        visit.page.get_by_text("It is yours now.").wait_for()
        visit.page.get_by_text("Won or lost").click()
        visit.page.get_by_label("Worth").fill("900")
        visit.page.get_by_role("button", name="Won", exact=True).click()
        visit.page.get_by_text("Won. Well done.").wait_for()
    with world.store.reading() as connection:
        assert [(row.outcome, row.value) for row in connection.execute(select(outcomes))] == [("won", 900.0)]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_fits_every_screen_and_keeps_nobody_out(chrome: Browser, world: PagesWorld, scheme: str) -> None:
    with chrome.visit(world, "admin", color_scheme=scheme) as visit:
        visit.open("/leads/ann")
        ready(visit)
        for width in (1440, 768, 360):
            visit.page.set_viewport_size({"width": width, "height": 800})
            assert visit.page.evaluate("document.documentElement.scrollWidth") == width
            visit.page.locator("summary", has_text="Reject").click()
            box = visit.page.locator("details[open] form").bounding_box()
            assert box is not None
            assert box["x"] >= 0
            assert box["x"] + box["width"] <= width
            visit.check_it_is_sound()
            visit.page.locator("summary", has_text="Reject").click()
