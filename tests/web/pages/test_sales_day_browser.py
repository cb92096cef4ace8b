"""A day of sales with the keyboard alone, on both stores: from the login to the last lead, nothing is clicked."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from api_world import PASSWORD
from live_sending import NOW, Live, message
from scoville.live.routing.owners import Owner, save_owner
from scoville.live.store.people import identities, leads, outcomes
from scoville.live.store.routing import touches

if TYPE_CHECKING:
    from browser import Browser, Visit
    from pages_world import PagesWorld

REST_MS = 300


def press(visit: Visit, *keys: str) -> None:
    """Keys, one after the other, with the time that a person takes; text is typed."""
    for key in keys:
        is_key = len(key) == 1 or key in {"Tab", "Enter", "Escape", "Space", "ArrowDown"}
        (visit.page.keyboard.press if is_key else visit.page.keyboard.type)(key)
        visit.page.wait_for_timeout(REST_MS)


def focused(visit: Visit) -> str:
    return str(visit.page.evaluate("document.activeElement.textContent.trim()"))


def test_the_sales_day_needs_no_mouse(either_world: PagesWorld, chrome: Browser) -> None:
    world = either_world
    save_owner(world.store, Owner(name="Sales", email="sales@example.com"), NOW)
    with chrome.visit(world) as visit:
        visit.open("/login")
        press(visit, "sales@example.com", "Tab", PASSWORD, "Enter")
        visit.page.wait_for_url("**/queue")

        press(visit, "j")
        assert focused(visit) == "Ann Archer"
        press(visit, "c")
        visit.page.locator("#said", has_text="yours now").wait_for()
        press(visit, "Enter")
        visit.page.wait_for_url("**/leads/ann")
        assert visit.page.get_by_role("heading", level=1).inner_text() == "Ann Archer"
        visit.page.go_back()  # a key of the browser itself, which one without a window does not have
        visit.page.wait_for_url("**/queue")
        visit.page.wait_for_load_state()

        press(visit, "j", "t")
        visit.page.locator("#said", has_text="noted as touched").wait_for()
        press(visit, "j", "a")
        visit.page.locator("#said", has_text="ccepted").wait_for()
        press(visit, "j", "r")
        visit.page.locator("dialog[open]").wait_for()
        press(visit, "Space", "Enter")
        visit.page.locator("dialog[open]").wait_for(state="detached")
        visit.page.locator("#said", has_text="ejected").wait_for()

        press(visit, "/", "dan dy")
        visit.page.locator("#rows tr.lead", has_text="Ann Archer").wait_for(state="detached")
        visit.page.wait_for_timeout(REST_MS)
        press(visit, "Escape")
        assert focused(visit) == "Dan Dyer"
        assert visit.wrongs == []

    said = what_was_said(world)
    assert sorted(said.values()) == ["accepted", "rejected"]
    assert sorted(touched(world)) == ["answer", "answer", "call"]


def test_who_gets_hot_is_told_while_the_list_is_open(either_world: PagesWorld, chrome: Browser) -> None:
    live = Live(either_world.store)
    with chrome.visit(either_world, "sales") as visit:
        visit.open("/queue")
        live.send(message("track", "finn", event="demo_requested", minutes_ago=0))
        live.score()

        news = visit.page.locator("#news .news", has_text="Finn Fry")
        news.wait_for(timeout=4_000)
        assert "Demo requested" in news.inner_text()
        press(visit, "n")
        visit.page.locator("#rows tr.brought", has_text="Finn Fry").wait_for()
        assert visit.wrongs == []


def what_was_said(world: PagesWorld) -> dict[str, str]:
    """The outcome that sales gave, by lead."""
    with world.store.reading() as connection:
        said_of = outcomes.c.identity_no == identities.c.identity_no
        joined = select(leads.c.lead_id, outcomes.c.outcome).join(identities, said_of)
        joined = joined.join(leads, leads.c.lead_no == identities.c.lead_no)
        return {row.lead_id: row.outcome for row in connection.execute(joined)}


def touched(world: PagesWorld) -> list[str]:
    with world.store.reading() as connection:
        return [row.kind for row in connection.execute(select(touches.c.kind))]
