from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from api_world import PASSWORD
from live_sending import NOW
from pages_world import PagesWorld
from scoville.web.auth.access import NOBODY, Caller
from scoville.web.auth.users import new_setup_token
from scoville.web.settings import Settings
from web_page import Page

if TYPE_CHECKING:
    from browser import Browser
    from scoville.live.store.opening import Store


def test_a_stranger_is_asked_who_they_are_and_then_sees_what_they_came_for(world: PagesWorld) -> None:
    stranger = world.visitor()

    asked = stranger.get("/queue?stage=MQL")
    assert (asked.status_code, asked.headers["location"]) == (303, "/login?next=/queue%3Fstage%3DMQL")
    form = Page(stranger.get(asked.headers["location"]).text)
    assert {"name": "next", "type": "hidden", "value": "/queue?stage=MQL"} in form.all("input")

    let_in = stranger.send("/login", email="sales@example.com", password=PASSWORD, next="/queue?stage=MQL")
    assert (let_in.status_code, let_in.headers["location"]) == (303, "/queue?stage=MQL")


def test_a_part_of_a_page_that_needs_a_login_leaves_for_the_login(world: PagesWorld) -> None:
    page = {"Referer": "http://127.0.0.1:8080/queue?stage=MQL", "HX-Request": "true", "HX-Target": "div#rows"}

    answer = world.visitor().request("GET", "/queue", headers=page)

    assert answer.headers["hx-redirect"] == "/login?next=/queue%3Fstage%3DMQL"


def test_a_wrong_password_is_said_and_the_address_is_kept(world: PagesWorld) -> None:
    answer = world.visitor().send("/login", email="sales@example.com", password="wrong", next="/queue")  # noqa: S106

    page = Page(answer.text)
    assert answer.status_code == 401
    assert "No login with this e-mail address and password." in page.text
    assert {one["value"] for one in page.all("input") if one["name"] == "email"} == {"sales@example.com"}


@pytest.mark.parametrize("elsewhere", ["https://evil.example", "//evil.example", "/\\evil.example", "evil", "/a\nb"])
def test_nobody_is_led_elsewhere_after_logging_in(world: PagesWorld, elsewhere: str) -> None:
    answer = world.visitor().send("/login", email="sales@example.com", password=PASSWORD, next=elsewhere)

    assert answer.headers["location"] == "/"


def test_logging_out_ends_the_session_and_says_so_once(world: PagesWorld) -> None:
    visitor = world.visitor("viewer")
    before = dict(visitor.cookies)

    answer = visitor.send("/logout")
    assert answer.headers["location"] == "/login"
    assert "You are logged out." in visitor.page("/login").text
    assert "You are logged out." not in visitor.page("/login").text

    visitor.cookies.update(before)
    assert visitor.send("/logout").headers["location"].startswith("/login")


def test_a_form_from_another_page_than_ours_is_refused(world: PagesWorld) -> None:
    visitor = world.visitor("admin")
    visitor.headers["Sec-Fetch-Site"] = "cross-site"

    answer = visitor.send("/logout")

    assert answer.status_code == 403
    assert "This comes from another page than ours" in Page(answer.text).text


def test_the_first_administrator_is_made_by_the_link_and_is_logged_in(small_store: Store) -> None:
    world = PagesWorld(small_store)
    with small_store.writing() as connection:
        token = new_setup_token(connection, now=NOW)
    visitor = world.visitor()
    who = {"email": "ann@example.com", "name": "Ann", "token": str(token)}

    short = visitor.send("/setup", **who, password="short")  # noqa: S106
    assert short.status_code == 422
    assert {one["value"] for one in Page(short.text).all("input") if one["name"] == "token"} == {token}
    made = visitor.send("/setup", **who, password=PASSWORD)
    assert (made.status_code, made.headers["location"]) == (303, "/welcome")
    assert visitor.get("/login").status_code == 303
    again = world.visitor().send("/setup", **who, password=PASSWORD)
    assert "Somebody has a login already" in Page(again.text).text


def test_every_file_of_the_pages_is_the_one_that_the_page_was_made_with(world: PagesWorld) -> None:
    visitor = world.visitor()
    for file in visitor.page("/login").all("script", "link"):
        address = file.get("src") or file["href"]
        answer = visitor.get(str(address))
        assert answer.status_code == 200
        assert "immutable" in answer.headers["cache-control"]
    for path in (
        "/static/../app.py",
        "/static/%2e%2e/app.py",
        "/static/segment/analytics-1.84.3.min.js.gz",
        "/static/",
    ):
        assert visitor.get(path).status_code == 404


def test_files_of_the_pages_ask_nothing_of_the_store_and_count_against_nobody(
    world: PagesWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    viewer = PagesWorld(world.store, Settings(requests_per_s=0.001, burst=1)).visitor("viewer")
    asked: list[object] = []

    def look_up(*about: object) -> Caller:
        asked.append(about)
        return NOBODY

    monkeypatch.setattr("scoville.web.api.route.caller_by_session", look_up)

    assert [viewer.get("/static/app.css").status_code for _ in range(3)] == [200, 200, 200]
    assert viewer.get("/health").status_code == 200
    assert asked == []
    viewer.get("/queue")
    assert len(asked) == 1  # that is how it would be asked


def test_logging_in_works_in_a_browser_and_with_the_keyboard_alone(world: PagesWorld, chrome: Browser) -> None:
    with chrome.visit(world) as visit:
        visit.open("/login")
        visit.check_it_is_sound()
        for typed in ("viewer@example.com", "Tab", PASSWORD, "Enter"):
            press = visit.page.keyboard.press if typed in {"Tab", "Enter"} else visit.page.keyboard.type
            press(typed)
        visit.page.wait_for_url(lambda url: "/login" not in url)
