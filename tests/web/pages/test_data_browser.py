"""The page Data in a real browser: what arrives is seen as it arrives."""

from __future__ import annotations

from typing import TYPE_CHECKING

from playwright.sync_api import expect

from live_sending import Live, message

if TYPE_CHECKING:
    from browser import Browser
    from pages_world import PagesWorld


def arrives(world: PagesWorld, event: str) -> None:
    live = Live(world.store)
    live.send(message("track", "ann", event=event, minutes_ago=-1))
    live.score()


def test_messages_appear_by_themselves_and_wait_while_one_is_read(world: PagesWorld, chrome: Browser) -> None:
    with chrome.visit(world, "marketing") as visit:
        visit.open("/data/events")
        newest = visit.page.locator(".arrival").first
        arrives(world, "chat_started")
        expect(newest).to_contain_text("chat_started")

        newest.locator("summary").click()
        expect(newest.locator("pre")).to_be_visible()
        arrives(world, "webinar_watched")
        visit.page.wait_for_timeout(3_000)  # longer than the two seconds after which it asks again
        expect(newest.locator("pre")).to_be_visible()
        expect(visit.page.get_by_text("It waits while you have a message open.")).to_be_visible()
        visit.check_it_is_sound()

        newest.locator("summary").click()
        expect(visit.page.locator(".arrivals")).to_contain_text("webinar_watched")


def test_a_list_is_filtered_as_one_chooses_and_paused(world: PagesWorld, chrome: Browser) -> None:
    with chrome.visit(world, "marketing") as visit:
        visit.open("/data/events")
        visit.page.get_by_label("Kind").select_option("identify")
        expect(visit.page.locator(".arrivals")).not_to_contain_text("unsubscribed")
        assert "type=identify" in visit.page.url

        visit.page.get_by_role("link", name="Pause").click()
        expect(visit.page.get_by_text("Paused")).to_be_visible()
        expect(visit.page.get_by_role("link", name="Go on")).to_be_visible()
        assert "type=identify" in visit.page.url
        visit.check_it_is_sound()


def test_a_key_is_filled_in_and_the_page_turns_green_when_a_message_comes(world: PagesWorld, chrome: Browser) -> None:
    with chrome.visit(world, "admin", viewport={"width": 360, "height": 740}, color_scheme="dark") as visit:
        visit.open("/data/connect")
        visit.page.get_by_label("Or paste a key that you have:").fill("sv_write_mine")
        expect(visit.page.locator("#snippet")).to_contain_text('key = "sv_write_mine"')

        visit.page.get_by_label("Name of the site").fill("Shop")
        visit.page.get_by_role("button", name="Make a key and fill it in").click()
        key = visit.page.locator("#key").inner_text()
        expect(visit.page.locator("#snippet")).to_contain_text(f'key = "{key}"')

        expect(visit.page.locator("#waiting")).to_contain_text("Waiting for the first message")
        arrives(world, "chat_started")
        expect(visit.page.locator("#waiting")).to_contain_text("It works: a message arrived.")
        visit.check_it_is_sound()


def test_everything_works_without_a_script(world: PagesWorld, chrome: Browser) -> None:
    with chrome.visit(world, "admin", java_script_enabled=False) as visit:
        visit.open("/data/events?type=identify")
        assert visit.page.locator(".arrival").count() == 6
        visit.open("/data/outcomes")
        visit.page.get_by_label("Another event").first.fill("demo_requested")
        visit.page.get_by_label("Its outcome").first.fill("accepted")
        visit.page.get_by_role("button", name="Save").click()
        expect(visit.page.get_by_text("Saved. It holds for what arrives from now on.")).to_be_visible()
        assert "demo_requested" in {one.get_attribute("value") for one in visit.page.locator("input[name=event]").all()}
