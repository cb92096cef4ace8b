"""The preview and the versions in a real browser: a change is tried, published with a note, and taken back."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import update

from live_sending import NOW
from pages_world import MODEL, PagesWorld
from scoville.live.models.drafts import Draft, keep_draft
from scoville.live.store.scores import publications
from scoville.live.workbench import workbench_of
from scoville.web.auth.users import list_users

if TYPE_CHECKING:
    from browser import Browser

CHANGED = MODEL.replace("points: 25, decay", "points: 5, decay")


def write(world: PagesWorld) -> None:
    with world.store.writing() as connection:
        author = next(f"user:{user.user_id}" for user in list_users(connection) if user.role == "marketing")
        keep_draft(connection, author, Draft(CHANGED, 1, "version 1", NOW))


def switch(world: PagesWorld) -> None:
    """As the worker does when every lead is scored."""
    with world.store.writing() as connection:
        connection.execute(update(publications).where(publications.c.switched_at.is_(None)).values(switched_at=NOW))


def test_a_change_is_tried_published_and_taken_back(world: PagesWorld, chrome: Browser) -> None:
    write(world)
    workbench_of(world.store).bench_now(world.clock())
    with chrome.visit(world, "marketing", viewport={"width": 1440, "height": 900}) as visit:
        page = visit.page
        visit.open("/studio")
        page.get_by_text("Who moves most").wait_for()
        beside = page.locator(".beside")
        assert beside.evaluate("it => it.scrollHeight > it.clientHeight")  # longer than the window: its end fades out
        beside.evaluate("it => it.scrollTop = it.scrollHeight")
        fade_px = beside.evaluate("it => parseFloat(getComputedStyle(it, '::after').height)")
        box, last = beside.bounding_box(), page.locator("#preview .card").last.bounding_box()
        assert box is not None
        assert last is not None
        assert last["y"] + last["height"] <= box["y"] + box["height"] - fade_px + 1  # at its end nothing is covered

        visit.open("/studio/preview")
        page.get_by_text("No lead is marked as won yet").wait_for()  # the part about the past came by itself
        page.get_by_text("Who crosses a line").wait_for()
        page.locator("details.crossing summary").first.press("Enter")
        assert page.locator("details.crossing a").first.is_visible()
        visit.check_it_is_sound()

        page.get_by_role("link", name="Publish…").click()
        page.get_by_label("Why").fill("Demos count less")
        page.get_by_role("button", name="Publish").press("Enter")
        page.get_by_text("Version 2 is on its way").first.wait_for()
        assert page.get_by_text("Demos count less").first.is_visible()
        visit.check_it_is_sound()
        switch(world)
        page.get_by_role("link", name="Go back to version 1").wait_for()  # the list asked until it was in force

        page.get_by_role("button", name="Show").click()
        page.get_by_text("Side by side").wait_for()
        visit.check_it_is_sound()
        visit.open("/studio/versions")
        page.get_by_role("link", name="Go back to version 1").click()
        page.get_by_role("button", name="Go back to version 1").click()
        page.get_by_text("Version 1 is on its way").first.wait_for()
    workbench_of(world.store).close()


def test_on_a_phone_in_the_dark_nothing_is_cut_off(world: PagesWorld, chrome: Browser) -> None:
    write(world)
    workbench_of(world.store).bench_now(world.clock())
    dark = {"viewport": {"width": 360, "height": 800}, "color_scheme": "dark"}
    with chrome.visit(world, "marketing", **dark) as visit:
        for path in ("/studio/preview", "/studio/publish", "/studio/versions", "/studio/versions/differences"):
            visit.open(path)
            visit.page.wait_for_load_state("networkidle")
            visit.check_it_is_sound()
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= 360, path
    workbench_of(world.store).close()
