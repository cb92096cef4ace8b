from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import select, update

from scoville.live.store.actions import actions, outbox
from settings_world import HOOK, SEALED_BY, problem, secret
from web_page import Page

if TYPE_CHECKING:
    from pages_world import PagesWorld, Visitor


@pytest.fixture(autouse=True)
def key(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SCOVILLE_SECRET_KEY", SEALED_BY)


def made_action(admin: Visitor, world: PagesWorld, **fields: Any) -> str:
    """An action that was made by the form; its address."""
    answer = admin.send("/settings/actions", **fields)
    assert answer.status_code == 200, answer.text[-500:]
    with world.store.reading() as connection:
        newest = select(actions.c.action_id).order_by(actions.c.action_no.desc()).limit(1)
        return f"/settings/actions/{connection.execute(newest).scalar_one()}"


def test_a_webhook_shows_its_secret_once_and_its_address_never_again(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    headers: dict[str, Any] = {"header_name": ["Authorization", ""], "header_value": ["Bearer hush", ""]}
    made = admin.send("/settings/actions", **HOOK, **headers, stages=["SQL"], is_enabled="yes")
    assert secret(made.text).startswith("whsec_")

    with world.store.reading() as connection:
        address = f"/settings/actions/{connection.execute(select(actions.c.action_id)).scalar_one()}"
    for page in (admin.get(address).text, admin.get(f"{address}/edit").text, admin.get("/settings/actions").text):
        for hidden in ("hush", "secret-path", secret(made.text)):
            assert hidden not in page
    rotated = admin.send(f"{address}/rotate")
    assert secret(rotated.text) != secret(made.text)
    assert "Two secrets sign now" in admin.page(address).text
    assert admin.send(f"{address}/rotated").status_code == 303


def test_an_action_that_is_changed_keeps_what_its_form_hides(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    address = made_action(admin, world, **HOOK, header_name=["X-Key"], header_value=["hush"], is_enabled="yes")
    form = admin.page(f"{address}/edit")
    sent = {str(one["name"]): one.get("value") or "" for one in form.all("input") if one.get("type") != "checkbox"}
    pairs: dict[str, Any] = {"header_name": ["X-Key"], "header_value": [sent["header_value"] or "••••••"]}

    answer = admin.send(address, **(sent | HOOK | {"url": sent["url"], "name": "Renamed"} | pairs), is_enabled="yes")

    assert answer.status_code == 303
    assert "Renamed" in admin.page(address).text
    refused = admin.send(address, **(HOOK | pairs | {"url": "https://elsewhere.example/x"}))
    assert problem(refused.text) == "With another host the values of the headers have to be given again."


def test_a_test_is_sent_and_its_answer_shown_when_it_comes(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    address = made_action(admin, world, **HOOK, is_enabled="yes")

    watching = admin.send(f"{address}/test").headers["location"]
    page = admin.get(watching)
    message_id = watching.partition("sent=")[2]
    assert "the worker takes it within a second" in Page(page.text).text
    assert f'hx-get="/settings/messages/{message_id}/progress"' in page.text
    with world.store.writing() as connection:
        dead = {"state": "dead", "finished_at": world.clock(), "attempts": 8}
        connection.execute(update(outbox).values(**dead))
    part = admin.get(f"/settings/messages/{message_id}/progress", target="progress").text
    assert "did not arrive" in part
    assert "hx-get" not in part  # nothing more to ask
    assert "<html" not in part


def test_what_did_not_arrive_is_sent_again_one_by_one_or_all_at_once(either_world: PagesWorld) -> None:
    admin, marketing = either_world.visitor("admin"), either_world.visitor("marketing")
    address = made_action(admin, either_world, **HOOK, is_enabled="yes")
    message_id = admin.send(f"{address}/test").headers["location"].partition("sent=")[2]

    def die() -> None:
        with either_world.store.writing() as connection:
            connection.execute(update(outbox).values(state="dead", finished_at=either_world.clock()))

    die()
    assert "did not arrive" in marketing.page("/settings/messages?state=dead").text
    assert marketing.send(f"/settings/messages/{message_id}/replay").status_code == 303
    assert "Nothing here" in marketing.page("/settings/messages?state=dead").text
    die()
    assert marketing.send(f"{address}/replay").status_code == 303
    assert "1 are on their way again." in marketing.page(address).text


def test_what_waits_after_a_failure_can_be_tried_now(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    address = admin.send(f"{made_action(admin, world, **HOOK, is_enabled='yes')}/test").headers["location"]
    message = f"/settings/messages/{address.partition('sent=')[2]}"
    assert "Try now" not in admin.page("/settings/messages").text  # the worker has it in a second

    with world.store.writing() as connection:
        connection.execute(update(outbox).values(attempts=3, due_at=world.clock() + timedelta(hours=2)))
    assert "Try now" in admin.page("/settings/messages").text
    assert admin.send(f"{message}/replay").status_code == 303
    with world.store.reading() as connection:
        assert connection.execute(select(outbox.c.due_at)).scalar_one() <= world.clock()


def test_a_hidden_address_says_scheme_and_port_and_is_changed_as_a_whole(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    world.visitor("admin").send("/settings/data", was_allowed_private_hosts="", allowed_private_hosts="10.0.0.9:8080")
    address = made_action(admin, world, **HOOK | {"url": "http://10.0.0.9:8080/secret-path"}, is_enabled="yes")

    assert "http://10.0.0.9:8080/••••••" in admin.page(address).text
    refused = admin.send(address, **HOOK | {"url": "https://crm.example/••••••"})
    assert problem(refused.text).startswith("An address that is changed has to be given as a whole")


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"kind": "slack", "name": "S", "url": "http://127.0.0.1/x"}, "127.0.0.1"),
        ({"kind": "email", "name": "E", "to": "owner"}, "host is missing"),
        ({"kind": "tag", "name": "T", "tag": "a b"}, "is no tag"),
        ({"kind": "nonsense", "name": "N"}, "choose what the action does"),
    ],
)
def test_an_action_that_cannot_be_says_why(world: PagesWorld, fields: dict[str, str], said: str) -> None:
    answer = world.visitor("admin").send("/settings/actions", occasion="entered", **fields)

    assert answer.status_code == 422
    assert said.lower() in answer.text.lower()
