"""Every page at the widths of a phone, a tablet and a desk, in the light and in the dark: sound, and whole."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

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
        wrong = []
        for path in PAGES if scheme == WITH_ALL.get(width) else PAGES[:6]:
            visit.open(path)
            visit.page.wait_for_timeout(REST_MS)
            if visit.page.evaluate("document.documentElement.scrollWidth > innerWidth"):
                wrong.append(f"{path} is wider than the screen")
            wrong += [f"{path} {one}" for one in (*visit.wrongs, *visit.barriers())]
            visit.wrongs.clear()
        assert wrong == []


def test_the_first_paint_is_light(world: PagesWorld, chrome: Browser) -> None:
    with chrome.visit(world, "admin") as visit:
        for path in PAGES[:6]:
            visit.open(path)
            while not visit.page.evaluate(IS_PAINTED):
                visit.page.wait_for_timeout(50)
            first = dict(visit.page.evaluate(BEFORE_THE_FIRST_PAINT))
            assert first, path
            assert sum(first.values()) < FIRST_PAINT_BYTES, (path, first)
