"""Every page at the widths of a phone, a tablet and a desk, in the light and in the dark: sound, and whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from live_sending import NOW
from scoville.live.routing.owners import Owner, save_owner

if TYPE_CHECKING:
    from browser import Browser
    from pages_world import PagesWorld

PAGES = (
    "/queue", "/leads/ann", "/matrix", "/accounts", "/accounts/acme", "/studio", "/studio?open=engagement",
    "/studio/yaml", "/studio/versions", "/studio/learning", "/evidence", "/evidence/rules", "/evidence/line",
    "/evidence/drift", "/evidence/compare", "/evidence/trials", "/evidence/money", "/data", "/data/events",
    "/data/traits", "/data/identity", "/data/outcomes", "/data/connect", "/settings", "/settings/me",
    "/settings/users", "/settings/keys", "/settings/owners/new", "/settings/routing/new", "/settings/speed",
    "/settings/actions/new", "/settings/messages", "/settings/data", "/settings/audit", "/welcome", "/welcome/upload",
    "/welcome/model", "/jobs",
)  # fmt: skip
WITH_ALL = {360: "dark", 1440: "light"}
FIRST_PAINT_BYTES = 200_000
REST_MS = 300  # until what a page loads after it is shown has come

TABLES_TOO_WIDE = """() => [...document.querySelectorAll(".scroll")]
  .filter((box) => box.clientWidth && box.scrollWidth > box.clientWidth + 1)
  .map((box) => box.getAttribute("aria-label") ?? box.firstElementChild.className)"""
LINES_OF_CODE = {"Both texts"}  # the one thing that may be wider than a phone: lines beside each other
OPENS = (  # what opens over a page: where, what is pressed, what is to be seen then
    ("/queue", ".me > summary", ".me > div"),
    ("/queue?stage=MQL", ".of-view .menu > summary", ".of-view .menu > div"),
    ("/queue", "tr.lead [name=reject]", "#reject"),
    ("/leads/ann", ".deed:has([name=outcome][value=rejected]) > summary", ".deed[open] > .card"),
    ("/studio", ".rule .menu > summary", ".rule .menu[open] > div"),
    ("/studio/versions", ".versions .menu > summary", ".versions .menu[open] > div"),
)
TO_PRESS = "header.top:visible, button:visible, .button:visible, input:visible, select:visible"
IS_PAINTED = "performance.getEntriesByName('first-contentful-paint').length"
BEFORE_THE_FIRST_PAINT = """() => {
  const painted = performance.getEntriesByName("first-contentful-paint")[0].startTime;
  const loaded = performance.getEntries().filter((one) => "encodedBodySize" in one && one.startTime < painted);
  return loaded.map((one) => [one.name, one.encodedBodySize]);
}"""


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (768, "light"), (1440, "light"), (1440, "dark")])
def test_every_page_is_sound_at_every_width_and_in_every_light(
    world: PagesWorld, chrome: Browser, width: int, scheme: str
) -> None:
    options = {"viewport": {"width": width, "height": 800}, "color_scheme": scheme}
    with chrome.visit(world, "admin", **options) as visit:
        wrong, titles = [], {}
        for path in PAGES if scheme == WITH_ALL.get(width) else PAGES[:6]:
            visit.open(path)
            visit.page.wait_for_timeout(REST_MS)
            if visit.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{path} is wider than the screen")
            too_wide = {*visit.page.evaluate(TABLES_TOO_WIDE)} - LINES_OF_CODE
            wrong += [f"{path}: '{one}' scrolls sideways" for one in too_wide]
            titles[path.partition("?")[0]] = visit.page.title()
            wrong += [f"{path} {one}" for one in (*visit.wrongs, *visit.barriers())]
            visit.wrongs.clear()
        assert wrong == []
        assert len({*titles.values()}) == len(titles), titles  # tabs of a browser are told apart


@pytest.mark.parametrize(("width", "scheme"), [(360, "light"), (1024, "dark")])
def test_what_opens_over_a_page_is_sound_and_within_the_screen(
    world: PagesWorld, chrome: Browser, width: int, scheme: str
) -> None:
    save_owner(world.store, Owner("Ada", "admin@example.com"), NOW)
    with chrome.visit(world, "admin", viewport={"width": width, "height": 800}, color_scheme=scheme) as visit:
        for path, pressed, opened in OPENS:
            visit.open(path)
            visit.page.wait_for_timeout(REST_MS)
            visit.page.locator(pressed).first.click()
            shown = visit.page.locator(opened).first
            shown.wait_for()
            box = shown.bounding_box()
            assert box is not None, path
            assert box["x"] >= 0, path
            assert box["x"] + box["width"] <= width, path
            assert visit.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), path
            # what lies half under a menu is pressed once that is closed
            assert [one for one in visit.barriers() if "partially obscured" not in one] == [], path
        assert visit.wrongs == []


def test_paper_shows_what_is_said_and_nothing_to_press(world: PagesWorld, chrome: Browser) -> None:
    with chrome.visit(world, "admin") as visit:
        visit.page.emulate_media(media="print")
        for path in PAGES[:4]:
            visit.open(path)
            visit.page.wait_for_timeout(REST_MS)
            assert visit.page.locator("h1").is_visible(), path
            assert visit.page.locator(TO_PRESS).count() == 0, path


def test_the_first_paint_is_light(world: PagesWorld, chrome: Browser) -> None:
    with chrome.visit(world, "admin") as visit:
        for path in PAGES[:6]:
            visit.open(path)
            while not visit.page.evaluate(IS_PAINTED):
                visit.page.wait_for_timeout(50)
            first = dict(visit.page.evaluate(BEFORE_THE_FIRST_PAINT))
            assert first, path
            assert sum(first.values()) < FIRST_PAINT_BYTES, (path, first)
