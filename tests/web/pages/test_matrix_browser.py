"""Matrix and accounts in a real browser: two roles, both themes, three widths, by mouse and by keyboard."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect

from live_sending import Live
from pages_world import MODEL
from scoville.live.routing.owners import Owner, save_owner
from scoville.live.scoring.accounts import RollUps, roll_up_some

if TYPE_CHECKING:
    from browser import Browser
    from pages_world import PagesWorld


class _There(Live):
    def __post_init__(self) -> None:
        """Nothing: the store was filled before."""


@pytest.fixture
def companies(world: PagesWorld) -> PagesWorld:
    """The world by a model that sums up companies."""
    _There(world.store).publish(f"{MODEL}accounts: {{by: company_domain}}\n")
    while roll_up_some(world.store, RollUps()):
        pass
    return world


def test_a_cell_opens_the_leads_in_it_by_keyboard(chrome: Browser, companies: PagesWorld) -> None:
    with chrome.visit(companies, "sales") as visit:
        visit.open("/matrix")
        page = visit.page
        cell = page.get_by_role("link", name="1 lead").first
        cell.focus()
        page.keyboard.press("Enter")
        page.wait_for_url("**/queue?grade=A&level=1&answered=1")
        expect(page.get_by_text("Ann Archer").first).to_be_visible()
        visit.open("/matrix")
        visit.check_it_is_sound()


def test_an_account_is_found_as_one_types_and_given_to_somebody(chrome: Browser, companies: PagesWorld) -> None:
    save_owner(companies.store, Owner("Olga", "olga@example.com"), companies.clock())
    with chrome.visit(companies, "marketing") as visit:
        visit.open("/accounts")
        page = visit.page
        expect(page.get_by_role("row")).to_have_count(4)  # its head, and three companies
        page.get_by_label("Search accounts").press_sequentially("acm")
        expect(page.get_by_role("row")).to_have_count(2)
        assert page.url.endswith("/accounts?q=acm")
        page.get_by_role("link", name="Acme").click()
        page.get_by_label("Its people go to").select_option("Olga")
        page.get_by_role("button", name="Save").click()
        expect(page.get_by_role("status")).to_contain_text("Its people go to this owner from now on.")
        visit.check_it_is_sound()


@pytest.mark.parametrize(("width", "theme"), [(360, "dark"), (768, "light")])
def test_nothing_is_wider_than_the_screen(chrome: Browser, companies: PagesWorld, width: int, theme: str) -> None:
    with chrome.visit(companies, "viewer", viewport={"width": width, "height": 800}, color_scheme=theme) as visit:
        for path in ("/matrix", "/accounts", "/accounts/acme.com"):
            visit.open(path)
            over = visit.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over == 0, path
            visit.check_it_is_sound()
