"""The settings in a real browser: what an admin and a marketer do there, and every page at every width."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import update

from api_world import PASSWORD
from scoville.live.routing.owners import list_owners
from scoville.live.routing.territories import list_territories
from scoville.live.store.actions import outbox
from scoville.web.pages.settings.frame import SECTIONS
from settings_world import SEALED_BY

if TYPE_CHECKING:
    from browser import Browser
    from pages_world import PagesWorld


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOVILLE_SECRET_KEY", SEALED_BY)


def test_an_admin_lets_somebody_in_who_logs_in_with_what_was_shown(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "admin") as visit:
        visit.open("/settings/users")
        page = visit.page
        page.get_by_label("E-mail").fill("new@example.com")
        page.get_by_label("Role", exact=True).select_option("marketing")
        page.get_by_role("button", name="Add").click()
        password = page.locator("#password").inner_text()
        visit.check_it_is_sound()
        page.on("dialog", lambda dialog: dialog.accept())
        page.get_by_label("Role of New").or_(page.get_by_label("Role of new@example.com")).select_option("sales")
        expect(page.get_by_role("status").first).to_contain_text("The role is changed.")
        page.context.clear_cookies()
        visit.open("/login")
        page.get_by_label("E-mail").fill("new@example.com")
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Log in").click()
        page.wait_for_url(lambda url: "/login" not in url)
        visit.open("/settings/me")
        page.get_by_label("Current password").fill(password)
        page.get_by_label("New password", exact=True).fill(f"{PASSWORD} again")
        page.get_by_label("New password again").fill(f"{PASSWORD} again")
        page.get_by_role("button", name="Change it").click()
        expect(page.get_by_role("status")).to_contain_text("Your password is changed.")
        visit.check_it_is_sound()


def test_a_marketer_adds_an_owner_and_a_rule_by_keyboard(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "marketing", locale="en-GB") as visit:  # with a clock of 24 hours
        page = visit.page
        visit.open("/settings/owners/new")
        page.get_by_label("Name").fill("Olga")
        page.get_by_label("E-mail").fill("olga@example.com")
        page.get_by_label("Monday, until", exact=True).press_sequentially("1230")
        page.get_by_role("button", name="Same until Friday").press("Enter")
        expect(page.get_by_label("Friday, until", exact=True)).to_have_value("12:30")
        page.get_by_label("Time zone").fill("Europe/Berlin")
        page.get_by_label("Time zone").press("Enter")
        page.wait_for_url("**/settings/owners")
        weekdays = ("mon", "tue", "wed", "thu", "fri")
        assert list_owners(world.store)[0].owner.hours == {day: ["09:00-12:30"] for day in weekdays}

        visit.open("/settings/routing/new")
        page.get_by_label("Name").fill("DACH")
        page.get_by_role("button", name="One more condition").press("Enter")
        row = page.locator(".condition:focus-within")
        page.keyboard.type("country")
        row.get_by_label("Comparison").select_option("is one of")
        assert row.get_by_label("Value").get_attribute("placeholder") == "values with commas between them"
        row.get_by_label("Value").fill("DE, AT")
        page.get_by_label("Olga").check()
        page.get_by_role("button", name="Add", exact=True).press("Enter")
        page.wait_for_url("**/settings/routing")
        assert list_territories(world.store)[0].territory.when == {"country": ["DE", "AT"]}
        visit.check_it_is_sound()


def test_a_test_of_an_action_is_watched_until_its_answer_comes(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "admin") as visit:
        page = visit.page
        visit.open("/settings/actions/new?kind=webhook")
        page.get_by_label("Name", exact=True).fill("CRM")
        page.get_by_label("Address").fill("https://hooks.example.com/x")
        page.get_by_role("button", name="Add", exact=True).click()
        expect(page.locator("#secret")).to_contain_text("whsec_")
        page.get_by_role("button", name="Send a test").click()
        expect(page.get_by_text("the worker takes it within a second")).to_be_visible()
        visit.check_it_is_sound()
        with world.store.writing() as connection:
            connection.execute(update(outbox).values(state="sent", finished_at=world.clock()))
        expect(page.locator("#progress").get_by_text("arrived")).to_be_visible()
        visit.check_it_is_sound()


def test_the_audit_log_is_checked_without_leaving_the_page(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "admin") as visit:
        visit.open("/settings/audit")
        visit.page.get_by_role("link", name="Check that nobody rewrote it").click()
        expect(visit.page.locator("#verdict")).to_contain_text("are as they were written")
        assert visit.page.url.endswith("/settings/audit")
        visit.check_it_is_sound()


def test_every_page_fits_a_phone(chrome: Browser, world: PagesWorld) -> None:
    with chrome.visit(world, "admin", viewport={"width": 360, "height": 800}) as visit:
        for path in (
            "/settings", *(section.address for section in SECTIONS), "/settings/owners/new", "/settings/routing/new",
            "/settings/speed/new", "/settings/actions/new?kind=email",
        ):  # fmt: skip
            visit.open(path)
            over = visit.page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
            assert over == 0, path
            visit.check_it_is_sound()
