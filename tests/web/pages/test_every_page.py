"""Whatever stands in the store, every page that a link leads to is sound: whole, in its parts, and as text."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any
from urllib.parse import urldefrag, urljoin, urlsplit

import pytest

from hostile_world import HOSTILE, harm
from web_page import Page

if TYPE_CHECKING:
    from browser import Browser
    from pages_world import PagesWorld, Visitor

pytestmark = pytest.mark.xdist_group("every page")  # the crawl is dear: once is enough
BASE = "http://127.0.0.1:8080"
MOST = 250  # pages: of a kind that there are many of, such as leads, some are enough
OF_A_KIND = 12
URLS = ("href", "src", "action", "hx-get", "hx-post", "formaction")


@dataclass
class Crawl:
    """Every page that links lead to from the first one, with the parts that they load."""

    visitor: Visitor
    seen: dict[str, str] = field(default_factory=dict)
    parts: dict[tuple[str, str], str] = field(default_factory=dict)
    _kinds: dict[str, int] = field(default_factory=dict)

    def run(self, first: str) -> None:
        waiting = [first]
        while waiting and len(self.seen) < MOST:
            path = waiting.pop(0)
            if path in self.seen or not self._is_wanted(path):
                continue
            answer = self.visitor.get(path)
            assert answer.status_code in {200, 303}, (path, answer.status_code, answer.text[-800:])
            if answer.status_code == 303:
                waiting.append(answer.headers["location"])
                continue
            if "text/html" not in answer.headers["content-type"]:
                continue
            self.seen[path] = answer.text
            waiting += self._links(path, answer.text)

    def _is_wanted(self, path: str) -> bool:
        kind = "/".join(urlsplit(path).path.split("/")[:3])
        self._kinds[kind] = self._kinds.get(kind, 0) + 1
        return self._kinds[kind] <= OF_A_KIND

    def _links(self, path: str, html: str) -> list[str]:
        page = Page(html)
        for element in page.all(*{tag for tag, attributes in page.elements if "hx-get" in attributes}):
            if element.get("hx-get") is not None:
                self._load_part(urljoin(BASE + path, element["hx-get"]), element)
        found = [urldefrag(urljoin(BASE + path, one["href"] or "")).url for one in page.all("a") if one.get("href")]
        return [url.removeprefix(BASE) for url in found if url.startswith(BASE)]

    def _load_part(self, url: str, element: dict[str, Any]) -> None:
        target = (element.get("hx-target") or element.get("id") or "").removeprefix("#")
        path = url.removeprefix(BASE)
        if (path, target) in self.parts or not self._is_wanted(f"{path.partition('?')[0]}#{target}"):
            return
        answer = self.visitor.get(path, target=target)
        assert answer.status_code in {200, 204, 286}, (path, target, answer.status_code, answer.text[-500:])
        self.parts[path, target] = answer.text


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Crawl:
    """All pages of a world with hostile text, as an administrator sees them."""
    from pages_world import PagesWorld, filled_copy  # noqa: PLC0415 - with the world that is harmed

    store = filled_copy(tmp_path_factory.mktemp("hostile"))
    crawl = Crawl(harm(PagesWorld(store)))
    crawl.run("/queue")
    store.close()
    return crawl


def test_links_lead_to_every_page_of_the_menu(crawled: Crawl) -> None:
    assert {"/queue", "/matrix", "/accounts", "/studio", "/evidence", "/data", "/settings"} <= {
        f"/{path.split('?')[0].split('/')[1]}" for path in crawled.seen
    }
    assert len(crawled.seen) > 40


def test_text_from_outside_is_text_on_every_page_and_in_every_part(crawled: Crawl) -> None:
    shown = set()
    for place, html in [*crawled.seen.items(), *crawled.parts.items()]:
        page = Page(html)
        for tag, attributes in page.elements:
            assert "data-harm" not in attributes, (place, tag, attributes)
        shown |= {text for text in HOSTILE if text in page.text or text.replace("\u202e", "") in page.text}
        assert "1337" not in page.text, place  # 7 * 191: a template that was run
    assert len(shown) >= len(HOSTILE) - 1  # they were really there to be seen


def test_nothing_on_any_page_runs_or_leads_elsewhere(crawled: Crawl) -> None:
    for place, html in [*crawled.seen.items(), *crawled.parts.items()]:
        for tag, attributes in Page(html).elements:
            assert not [name for name in attributes if name.startswith(("on", "hx-on")) or name == "style"], (
                place,
                tag,
            )
            for name in URLS:
                address = attributes.get(name)
                is_ours = address is None or urlsplit(urljoin(f"{BASE}/", address)).netloc == "127.0.0.1:8080"
                assert is_ours or (tag == "a" and "noreferrer" in (attributes.get("rel") or "")), (place, tag, address)
                assert (address or "").split(":")[0].lower() not in {"javascript", "data", "vbscript"}, (place, address)
        assert "<script>" not in html, place
        assert "<style" not in html, place


def test_a_part_is_not_a_whole_page(crawled: Crawl) -> None:
    assert crawled.parts
    for place, html in crawled.parts.items():
        assert "<html" not in html, place


def test_every_page_has_a_title_a_heading_and_one_of_each_id(crawled: Crawl) -> None:
    for place, html in crawled.seen.items():
        page = Page(html)
        ids = [str(attributes["id"]) for _, attributes in page.elements if "id" in attributes]
        assert len(ids) == len({*ids}), (place, sorted({one for one in ids if ids.count(one) > 1}))
        assert len(page.all("h1")) == 1, place
        assert "<title> ·" not in html, place


def test_pages_with_hostile_text_do_nothing_in_a_browser(world: PagesWorld, chrome: Browser) -> None:
    admin = harm(world)
    paths = [path for path in _some_pages(admin) if "/download" not in path]
    with chrome.visit(world, "admin") as visit:
        dialogs: list[str] = []
        visit.page.on("dialog", lambda dialog: dialogs.append(dialog.message))
        for path in paths:
            visit.open(path)
            visit.page.wait_for_timeout(200)
            assert visit.page.evaluate("window.harmed") is None, path
            assert visit.page.locator("[data-harm]").count() == 0, path
        assert dialogs == []
        assert visit.wrongs == []


def _some_pages(admin: Visitor) -> list[str]:
    lead = next(
        str(one["href"]) for one in admin.page("/queue").all("a") if (one.get("href") or "").startswith("/leads/")
    )
    return ["/queue", lead, "/matrix", "/accounts", "/studio", "/data", "/settings", "/settings/audit"]
