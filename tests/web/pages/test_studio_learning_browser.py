from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from learned_results import become, end, learned, retuned

if TYPE_CHECKING:
    from browser import Browser
    from pages_world import PagesWorld


def with_outcomes(world: PagesWorld) -> None:
    sales = world.visitor("sales")
    for lead_id in ("ann", "cleo"):
        assert sales.post(f"/v1/leads/{lead_id}/outcomes", {"outcome": "won"}).status_code == 201


def test_a_model_is_learned_and_taken_as_a_draft_by_keyboard_alone(world: PagesWorld, chrome: Browser) -> None:
    with_outcomes(world)
    with chrome.visit(world, "marketing") as visit:
        page = visit.page
        visit.open("/studio/learning")
        visit.check_it_is_sound()
        page.get_by_role("radio", name="Learn a new model").focus()
        page.get_by_role("button", name="Start").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/studio/learning/1")
        expect(page.get_by_text("waits for its turn")).to_be_visible()

        become(world.store, 1, state="running", share=0.4, said="Trying what tells apart who converts")
        bar = page.get_by_role("progressbar", name="Learn a model")
        expect(bar).to_have_attribute("aria-valuenow", "40")
        page.get_by_role("button", name="Cancel").focus()
        become(world.store, 1, share=0.6, said="Judging cards of rules on later leads")
        expect(bar).to_have_attribute("aria-valuenow", "60")
        expect(page.get_by_role("button", name="Cancel")).to_be_focused()  # what moves does not take the focus away
        visit.check_it_is_sound()

        end(world.store, 1, learned(), world.clock.now)
        expect(page.get_by_role("heading", name=learned()["headline"]["title"])).to_be_visible()
        assert page.locator("header.top").count() == 1  # the part alone was put into its place
        visit.check_it_is_sound()

        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_role("button", name="Take it as my draft").focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/studio")
        expect(page.locator("#said")).to_contain_text("It is your draft now")
        assert visit.wrongs == []


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (768, "dark")])
def test_what_was_learned_fits_every_screen(world: PagesWorld, chrome: Browser, width: int, scheme: str) -> None:
    marketing = world.visitor("marketing")
    marketing.send("/studio/learning", how="learn", outcome="won", horizon_days="90")
    marketing.send("/studio/learning", how="in_force", outcome="won", horizon_days="90")
    end(world.store, 1, learned(), world.clock.now)
    end(world.store, 2, retuned(), world.clock.now)
    with chrome.visit(world, "marketing", viewport={"width": width, "height": 800}, color_scheme=scheme) as visit:
        for path in ("/studio/learning/1", "/studio/learning/2", "/studio/learning", "/jobs", "/jobs/1"):
            visit.open(path)
            visit.check_it_is_sound()
            wide = visit.page.evaluate("document.documentElement.scrollWidth")
            assert wide <= width, path


def test_the_whole_report_breaks_no_policy(world: PagesWorld, chrome: Browser) -> None:
    world.visitor("marketing").send("/studio/learning", how="learn", outcome="won", horizon_days="90")
    end(world.store, 1, learned(), world.clock.now)
    with chrome.visit(world, "marketing") as visit:
        visit.open("/studio/learning/1/report")
        expect(visit.page.get_by_role("heading", level=1)).to_be_visible()
        is_styled = visit.page.evaluate("getComputedStyle(document.body).fontFamily !== 'Times New Roman'")
        assert is_styled
        assert visit.wrongs == []
