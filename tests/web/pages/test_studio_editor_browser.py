"""The studio in a real browser: a marketer changes the model without knowing the file, and an analyst writes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from playwright.sync_api import expect
from sqlalchemy import delete

from pages_world import MODEL, PagesWorld, filled_copy
from scoville.live.store.scores import drafts
from scoville.live.workbench.keeping import workbench_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Page

    from browser import Browser, Visit

READ_MS = 250  # the editor takes Enter for a new line while nobody can have read the list that just opened


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PagesWorld]:
    """The pages over a store whose history lies on the workbench."""
    store = filled_copy(tmp_path_factory.mktemp("studio"))
    world, bench = PagesWorld(store), workbench_of(store)
    bench.bench_now(world.clock())
    yield world
    bench.close()
    store.close()


@pytest.fixture
def studio(whole: PagesWorld) -> PagesWorld:
    """Nobody has a draft."""
    with whole.store.writing() as connection:
        connection.execute(delete(drafts))
    return whole


def text_of(visit: Visit) -> str:
    return visit.page.request.get(f"{visit.url}/studio/model.yaml").text()


def open_rule(page: Page, name: str) -> None:
    page.get_by_role("link", name=f"Change {name}").click()
    expect(page.locator("form.part").get_by_label("Name", exact=True)).to_have_value(name)


def test_points_a_half_life_a_line_and_a_new_rule_by_hand(chrome: Browser, studio: PagesWorld) -> None:
    with chrome.visit(studio, "marketing", viewport={"width": 1440, "height": 900}) as visit:
        page = visit.page
        visit.open("/studio")
        open_rule(page, "Pricing page")
        page.get_by_label("Points for the newest").fill("14")
        expect(page.locator("#said_of_part")).to_contain_text("+14 for the newest page viewed")
        expect(page.locator("#said_of_part")).to_contain_text("Touches 3 leads of 6")
        expect(page.locator("#said_of_part")).to_contain_text("Kept in your draft.")
        page.get_by_role("button", name="Done").click()
        expect(page.locator(".bar-of-draft")).to_contain_text("Your draft, begun from version 1")
        assert page.url.endswith("/studio")

        page.get_by_role("link", name="Limits and fading of What they did").click()
        page.get_by_label("How long", exact=True).fill("45")
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_text("Half of it is left after 45 days.").first).to_be_visible()

        open_rule(page, "MQL")
        page.get_by_label("From this score").fill("45")
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_text("from 45")).to_be_visible()

        page.get_by_text("+ Add a rule").first.click()
        page.get_by_role("link", name="Something is true").click()
        page.get_by_label("Name", exact=True).fill("At Acme")
        page.get_by_label("What to look at").fill("company")
        page.get_by_label("What to look at").blur()
        page.get_by_role("button", name=re.compile("^Acme")).click()  # a value that occurs
        expect(page.locator("#said_of_part")).to_contain_text("+10 when company is Acme.")
        expect(page.locator("#said_of_part")).to_contain_text("Touches 2 leads of 6")
        visit.check_it_is_sound()
        page.get_by_role("button", name="Add to the draft").click()
        expect(page.locator("form.part")).to_have_count(0)
        expect(page.get_by_text("+10 when company is Acme.")).to_be_visible()

        wanted = (
            MODEL.replace("points: 10, repeat", "points: 14, repeat")
            .replace("half_life: 30d", "half_life: 45d")
            .replace("MQL, from: 41", "MQL, from: 45")
        )
        rule = "    - name: At Acme\n      when: {company: Acme}\n      points: 10\n"
        assert text_of(visit) == wanted.replace("engagement:\n", f"{rule}engagement:\n", 1)
        visit.check_it_is_sound()


def test_what_is_wrong_is_said_beside_the_form_and_is_not_kept(chrome: Browser, studio: PagesWorld) -> None:
    with chrome.visit(studio, "marketing") as visit:
        page = visit.page
        visit.open("/studio?open=fit.rules.1")
        page.get_by_label("From, line 2").fill("5")
        expect(page.locator("#said_of_part")).to_contain_text("bands 1 and 2 overlap at 5")
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_label("From, line 2")).to_have_attribute("aria-invalid", "true")
        assert text_of(visit) == MODEL
        page.get_by_role("button", name="Remove line 1").click()
        expect(page.get_by_label("Points, line 3")).to_have_count(0)
        page.get_by_role("button", name="+ Add a line").click()
        page.get_by_label("To below, line 3").fill("2")
        page.get_by_label("Points, line 3").fill("-20")
        expect(page.locator("#said_of_part")).to_contain_text("below 2 −20.")
        expect(page.locator("#said_of_part")).to_contain_text("Kept in your draft.")
        assert "- {below: 2, points: -20}" in text_of(visit)
        visit.check_it_is_sound()


def test_a_form_that_is_drawn_again_keeps_what_was_chosen_and_where_somebody_was(
    chrome: Browser, studio: PagesWorld
) -> None:
    with chrome.visit(studio, "marketing") as visit:
        page = visit.page
        visit.open("/studio?open=engagement.rules.0")
        page.get_by_label("Fading", exact=True).focus()
        page.get_by_label("Fading", exact=True).select_option("linear")
        expect(page.locator("#said_of_part")).to_contain_text("It fades evenly and is gone after 30 days.")
        expect(page.locator("#said_of_part")).to_contain_text("Kept in your draft.")
        expect(page.get_by_label("Fading", exact=True)).to_be_focused()
        page.get_by_role("button", name="+ Add a condition").click()
        expect(page.get_by_label("What to look at").nth(1)).to_be_focused()
        page.get_by_label("Each further one").fill("6")
        page.get_by_role("link", name="Change Email opened").click()  # what was typed goes along
        expect(page.locator("form.part").get_by_label("Name", exact=True)).to_have_value("Email opened")
        assert "repeat: 6, max: 25, decay: {linear: 30d}" in text_of(visit)
        visit.open("/studio?open=fit.rules.1")
        page.get_by_role("button", name="+ Add a line").click()
        expect(page.get_by_label("From, line 4")).to_be_focused()


def test_a_rule_is_changed_with_the_keyboard_alone(chrome: Browser, studio: PagesWorld) -> None:
    with chrome.visit(studio, "marketing") as visit:
        page = visit.page
        visit.open("/studio")
        page.get_by_role("link", name="Change Demo requested").focus()
        page.keyboard.press("Enter")
        expect(page.get_by_label("Name", exact=True)).to_be_focused()
        page.keyboard.press("Tab")
        page.keyboard.type("30")  # the whole number is chosen when a field is entered
        expect(page.locator("#said_of_part")).to_contain_text("Kept in your draft.")
        page.keyboard.press("Enter")
        expect(page.locator("form.part")).to_have_count(0)
        assert "event: demo_requested, points: 30" in text_of(visit)


def test_the_text_completes_checks_and_keeps_as_it_is_typed(chrome: Browser, studio: PagesWorld) -> None:
    with chrome.visit(studio, "marketing", viewport={"width": 1440, "height": 1200}) as visit:
        page = visit.page
        visit.open("/studio/yaml")
        editor = page.locator(".cm-content")
        editor.click()
        page.keyboard.press("Control+End")
        page.keyboard.type("quali")
        expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("qualify")
        page.wait_for_timeout(READ_MS)
        page.keyboard.press("Enter")
        page.keyboard.type("[{name: Known, when: {emp")
        expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("employees")
        page.wait_for_timeout(READ_MS)
        page.keyboard.press("Enter")
        expect(page.locator(".cm-tooltip-autocomplete")).to_have_count(0)
        page.keyboard.type("{gt")
        page.keyboard.press("Control+Space")  # asked for: typing may be too quick to ask
        expect(page.locator(".cm-tooltip-autocomplete li").first).to_contain_text("gt")
        page.keyboard.press("Escape")
        page.keyboard.type("ee: 5")  # no such comparison
        expect(page.locator("#problems")).to_contain_text("unknown operator 'gtee'")
        expect(page.locator(".cm-lintRange-error")).to_have_count(1)
        for _ in range(5):
            page.keyboard.press("Backspace")
        page.keyboard.type("e: 5")
        expect(page.locator("#problems")).to_contain_text("Nothing is wrong with it.")
        expect(page.locator("#problems")).to_contain_text("Your draft, begun from version 1")
        assert text_of(visit) == MODEL + "qualify: [{name: Known, when: {employees: {gte: 5}}}]"
        visit.check_it_is_sound()
        visit.open("/studio")
        expect(page.get_by_text("When employees is at least 5.")).to_be_visible()


def test_the_text_is_changed_without_javascript(chrome: Browser, studio: PagesWorld) -> None:
    with chrome.visit(studio, "marketing", java_script_enabled=False) as visit:
        page = visit.page
        visit.open("/studio/yaml")
        page.get_by_label("The model as YAML").fill(MODEL.replace("points: 20", "points: x", 1))
        page.get_by_role("button", name="Keep in my draft").click()
        expect(page.get_by_text("1 thing to put right")).to_be_visible()
        visit.open("/studio")
        page.get_by_role("link", name="'points': a number is needed here, not 'x'").click()
        page.get_by_label("Points", exact=True).fill("21")
        page.get_by_role("button", name="Done").click()
        expect(page.get_by_text("Decision maker is in your draft.")).to_be_visible()
        assert "points: 21" in text_of(visit)


@pytest.mark.parametrize(("width", "scheme"), [(360, "dark"), (1440, "dark")])
def test_it_is_sound_at_every_width(chrome: Browser, studio: PagesWorld, width: int, scheme: str) -> None:
    with chrome.visit(studio, "marketing", viewport={"width": width, "height": 900}, color_scheme=scheme) as visit:
        for path in (
            "/studio",
            "/studio?open=engagement.rules.0",
            "/studio?add=fit.rules:values",
            "/studio/yaml",
            "/studio/begin",
        ):
            visit.open(path)
            if path.endswith("yaml"):
                expect(visit.page.locator(".cm-content")).to_be_visible()
            assert visit.page.evaluate("document.documentElement.scrollWidth") <= width, path
            visit.check_it_is_sound()
