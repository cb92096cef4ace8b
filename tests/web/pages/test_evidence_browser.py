"""Evidence in a real browser: the line is moved by keys, forms answer as one types, and nothing keeps anybody out."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

import proved
from pages_world import PagesWorld

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from browser import Browser

PAGES = ("", "/rules", "/line?cost=5", "/drift", "/compare", "/trials?name=welcome&lead=ada", "/money?cost=5")


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PagesWorld]:
    store = proved.proved_copy(tmp_path)
    yield PagesWorld(store)
    store.close()


@pytest.mark.parametrize("width", [360, 1440])
def test_every_page_is_sound_and_no_wider_than_its_window(chrome: Browser, world: PagesWorld, width: int) -> None:
    with chrome.visit(world, "marketing", viewport={"width": width, "height": 900}) as visit:
        for end in PAGES:
            visit.open(f"/evidence{end}")
            visit.check_it_is_sound()
            assert visit.page.evaluate("document.documentElement.scrollWidth") == width, end


def test_the_line_is_moved_by_keys_and_the_address_follows(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "marketing") as visit:
        visit.open("/evidence/line")
        slider = visit.page.get_by_role("slider", name="Line at a score of")
        assert slider.input_value() == "12"
        slider.focus()
        slider.press("ArrowRight")
        expect(visit.page.locator("#at_said")).to_have_text("13")
        expect(visit.page.get_by_text("A line at 13")).to_be_visible()
        expect(slider).to_be_focused()
        assert "at=13" in visit.page.url
        visit.page.get_by_label("Cost of working one lead").fill("5")
        expect(visit.page.get_by_text("Money a week, less the cost")).to_be_visible()
        visit.page.get_by_role("link", name="Move it there").first.click()
        visit.page.wait_for_url(re.compile("cost=5"))
        visit.check_it_is_sound()


def test_the_page_works_without_javascript(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "marketing", java_script_enabled=False) as visit:
        visit.open("/evidence/line")
        visit.page.get_by_label("Leads a week that sales can take").fill("4")
        visit.page.locator("#mover").get_by_role("button", name="Show").click()
        expect(visit.page.get_by_text("At most 4 new leads a week")).to_be_visible()
        visit.page.get_by_role("button", name="Put it into my draft").click()
        visit.page.wait_for_url(re.compile("/studio"))


def test_a_plan_answers_as_it_is_typed(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "viewer") as visit:
        visit.open("/evidence/trials?per_week=400")
        visit.page.get_by_label("Usual share that wins").fill("5%")
        expect(visit.page.get_by_text("31,232 leads, about 78 weeks")).to_be_visible()  # docs/compare.md
        assert "rate=5%25" in visit.page.url
        visit.page.get_by_label("Name of the trial").first.fill("welcome")
        visit.page.get_by_label("Try an id of a lead").fill("ada")
        expect(visit.page.get_by_text("ada gets “current”")).to_be_visible()
        assert visit.page.get_by_role("button", name="Read").count() == 0  # for marketing
        visit.check_it_is_sound()


def test_work_that_is_asked_for_is_seen_to_wait(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "marketing") as visit:
        visit.open("/evidence")
        visit.page.locator("select[name=horizon]").select_option("14")
        visit.page.wait_for_url(re.compile("horizon=14"))
        expect(visit.page.get_by_text("Not worked out yet")).to_be_visible()
        visit.page.get_by_role("button", name="Work it out").first.click()
        expect(visit.page.get_by_text("waits for its turn")).to_be_visible()
        visit.check_it_is_sound()
