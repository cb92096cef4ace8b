from __future__ import annotations

from html import unescape
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from pages_world import ROLES
from scoville.live.routing.territories import list_territories
from scoville.live.store.access import audit_log
from scoville.live.store.settings import read_settings
from scoville.web.auth.access import PAGES
from scoville.web.pages.settings.frame import SECTIONS
from settings_world import HOOK, SEALED_BY, form, olga, problem
from web_page import Page

if TYPE_CHECKING:
    from pages_world import PagesWorld

SEES = {  # the sections of a role, by hand
    "viewer": {"/settings/me"},
    "sales": {"/settings/me", "/settings/owners", "/settings/routing", "/settings/speed"},
    "marketing": {
        "/settings/me", "/settings/owners", "/settings/routing", "/settings/speed", "/settings/actions",
        "/settings/messages",
    },
    "admin": {section.address for section in SECTIONS},
}  # fmt: skip


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOVILLE_SECRET_KEY", SEALED_BY)


@pytest.mark.parametrize("role", ROLES)
def test_everybody_sees_the_sections_that_they_may_open_and_no_others(world: PagesWorld, role: str) -> None:
    visitor = world.visitor(role)
    page = visitor.page("/settings")
    shown = {str(one["href"]) for one in page.all("a")} & {section.address for section in SECTIONS}

    assert shown - {"/settings/me"} == SEES[role] - {"/settings/me"}
    for section in SECTIONS:
        assert visitor.get(section.address).status_code == (200 if section.address in SEES[role] else 403)


def test_every_page_has_one_heading_and_labels_for_its_fields(world: PagesWorld) -> None:
    visitor = world.visitor("admin")
    for address in (
        *(section.address for section in SECTIONS), "/settings/owners/new", "/settings/routing/new",
        "/settings/speed/new", *(f"/settings/actions/new?kind={kind}" for kind in ("webhook", "slack", "email", "tag")),
    ):  # fmt: skip
        page = visitor.page(address)
        assert len(page.all("h1")) == 1, address
        named = {one.get("for") for one in page.all("label")}
        for field in page.all("input", "select", "textarea"):
            is_bare = field.get("type") in {"hidden", "checkbox", "radio"}  # these two stand inside their labels
            assert is_bare or field.get("aria-label") or field.get("id") in named, (address, field)


def test_settings_are_changed_one_by_one_and_each_is_noted(either_world: PagesWorld) -> None:
    admin = either_world.visitor("admin")
    held = form(admin.get("/settings/data").text, "/settings/data")
    pairs: dict[str, Any] = {"outcomes_key": ["Deal Won", ""], "outcomes_value": ["won", ""]}
    sent = {"merge_by_email": "yes", "are_bots_refused": "yes", "stage_margin": "5", "refresh_minutes": "15"}
    kept = {"event_days": "400", "quarantine_days": "30", "protected_traits": "plan\r\nrole\r\n"}

    assert admin.send("/settings/data", **{**held, **sent, **kept, **pairs}).status_code == 303
    with either_world.store.reading() as connection:
        now = read_settings(connection)
        changed = connection.execute(select(audit_log.c.object).where(audit_log.c.action == "setting.changed"))
        noted = sorted(changed.scalars())
    assert (now.stage_margin, now.event_days, now.protected_traits) == (5, 400, ("plan", "role"))
    assert dict(now.outcomes) == {"Deal Won": "won"}
    assert noted == ["event_days", "outcomes", "protected_traits", "stage_margin"]
    wrong = admin.send("/settings/data", was_event_days="", event_days="3")
    assert unescape(problem(wrong.text)).startswith("'Keep events for' cannot be 3: it is a whole number from 30 on")


def test_somebody_is_forgotten_after_a_yes(world: PagesWorld) -> None:
    admin = world.visitor("admin")

    assert problem(admin.send("/settings/data/forget", ids="ann").text).startswith("Tick the box")
    assert admin.send("/settings/data/forget", ids="ann\r\nbob@acme.com\r\n", sure="yes").status_code == 303
    assert "Forgotten: 2." in admin.page("/settings/data").text
    assert admin.get("/v1/leads/ann").status_code == 404


def test_the_audit_log_says_who_did_what_by_name_and_whether_it_is_whole(either_world: PagesWorld) -> None:
    admin = either_world.visitor("admin")
    olga(either_world)
    page = admin.page("/settings/audit?action=owner.added")
    assert "Marketing owner.added Olga" in page.text
    assert "login" not in [text for tag, text in page.texts if tag == "b"]

    sound = admin.get("/settings/audit/check", target="verdict").text
    assert "are as they were written" in sound
    assert "<html" not in sound
    with either_world.store.writing() as connection:
        connection.execute(update(audit_log).where(audit_log.c.entry_no == 1).values(actor="somebody else"))
    assert "entry 1 is not as it was written" in admin.page("/settings/audit/check").text


def test_a_long_log_is_read_page_by_page(world: PagesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scoville.web.pages.settings.audit._ON_A_PAGE", 2)
    admin = world.visitor("admin")
    for number in range(3):
        assert admin.post("/v1/keys", {"name": f"Shop {number}", "kind": "write", "source": "shop"}).status_code == 201
    (older,) = [str(one["href"]) for one in admin.page("/settings/audit").all("a") if "cursor=" in str(one.get("href"))]

    assert "Newest" in admin.page(older).text


def test_what_people_type_is_text_on_every_page(world: PagesWorld) -> None:
    hostile = "<img src=x onerror=alert(1)>"
    admin = world.visitor("admin")
    owner_id = olga(world, name=hostile)
    admin.send("/settings/routing", name=hostile, owner_ids=owner_id, trait=hostile, operator="equals", value=hostile)
    admin.send("/settings/users", email="x@example.com", name=hostile, role="viewer")
    admin.send("/settings/keys", name=hostile, kind="write", source=hostile, expires_at="")
    admin.send("/settings/actions", **(HOOK | {"name": hostile}), traits=hostile, is_enabled="yes")
    admin.send("/settings/data", was_protected_traits="", protected_traits=hostile)
    admin.send("/settings/speed", stage=hostile, touch_within_s="1", time_zone="UTC")
    territory = list_territories(world.store)[0].territory_id

    seen = 0
    for address in (
        *(section.address for section in SECTIONS), f"/settings/owners/{owner_id}", f"/settings/routing/{territory}",
    ):  # fmt: skip
        html = admin.get(address).text
        assert "<img" not in html, address
        seen += hostile in Page(html).text or hostile in {one.get("value") for one in Page(html).all("input")}
    assert seen >= 8


def test_no_page_of_the_settings_changes_anything_by_being_looked_at(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    with world.store.reading() as connection:
        before = connection.execute(select(audit_log)).all()
    for route in PAGES:
        method, path = route.split(" ")
        if method == "GET" and path.startswith("/settings") and "{" not in path:
            assert admin.get(path).status_code == 200
    with world.store.reading() as connection:
        assert connection.execute(select(audit_log)).all() == before


def test_each_section_has_a_title_of_its_own(world: PagesWorld) -> None:
    visitor = world.visitor("admin")

    for one in SECTIONS:
        assert f"<title>{one.name} · Settings" in visitor.page(one.address).html, one.address


def test_who_may_not_open_a_section_is_told_who_may_and_whom_to_ask(world: PagesWorld) -> None:
    refused = world.visitor("viewer").get("/settings/users")

    assert refused.status_code == 403
    assert "This is for the role admin, and you have viewer: ask an administrator for it." in refused.text
