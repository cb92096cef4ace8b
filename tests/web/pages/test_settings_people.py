from __future__ import annotations

from typing import TYPE_CHECKING

from api_world import PASSWORD
from settings_world import problem, secret
from web_page import Page

if TYPE_CHECKING:
    from pages_world import PagesWorld


def test_a_new_user_gets_a_password_that_is_shown_once_and_works(either_world: PagesWorld) -> None:
    admin = either_world.visitor("admin")

    made = admin.send("/settings/users", email="new@example.com", name="New", role="sales")
    password = secret(made.text)
    assert password not in admin.get("/settings/users").text
    let_in = either_world.visitor().send("/login", email="new@example.com", password=password, next="/")
    assert let_in.status_code == 303
    again = admin.send("/settings/users", email="new@example.com", name="", role="sales")
    assert (again.status_code, problem(again.text)) == (422, "Somebody with this e-mail address has a login already.")


def test_a_role_is_changed_a_login_switched_off_and_a_forgotten_password_replaced(world: PagesWorld) -> None:
    admin, sales = world.visitor("admin"), world.visitor("sales")
    address = address_of(admin.page("/settings/users"), "sales@example.com")

    assert admin.send(address, role="viewer").headers["location"] == "/settings/users"
    assert sales.get("/settings").status_code == 303  # its session has ended
    password = secret(admin.send(f"{address}/password").text)
    sign_in = {"email": "sales@example.com", "next": "/"}
    assert world.visitor().send("/login", password=PASSWORD, **sign_in).status_code == 401
    assert world.visitor().send("/login", password=password, **sign_in).status_code == 303
    admin.send(address, login="off")
    assert world.visitor().send("/login", password=password, **sign_in).status_code == 401
    assert "This login is switched off." in admin.page("/settings/users").text


def address_of(page: Page, email: str) -> str:
    """Where the role of somebody is changed: the forms stand in the order of the addresses."""
    emails = [text for _, text in page.texts if "@example.com" in text]
    forms = [str(one["action"]) for one in page.all("form") if str(one.get("action")).startswith("/settings/users/")]
    roles = list(dict.fromkeys(one.removesuffix("/password") for one in forms))
    return roles[emails.index(email)]


def test_the_last_admin_stays_one(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    address = address_of(admin.page("/settings/users"), "admin@example.com")

    answer = admin.send(address, role="viewer")

    assert answer.status_code == 422
    assert "Nobody would be left who may do everything" in Page(answer.text).text


def test_ones_own_password_is_changed_by_who_knows_it(world: PagesWorld) -> None:
    viewer, new = world.visitor("viewer"), "seven quiet rivers run"
    wrong = viewer.send("/settings/me", current="not it", new=new, again=new)
    typo = viewer.send("/settings/me", current=PASSWORD, new=new, again="seven quiet rivers ran")

    assert (wrong.status_code, problem(wrong.text)) == (403, "The current password is another one.")
    assert problem(typo.text) == "The new password was typed in two ways."
    assert viewer.send("/settings/me", current=PASSWORD, new=new, again=new).status_code == 303
    assert "Your password is changed." in viewer.page("/settings/me").text


def test_a_key_for_a_website_is_shown_once_with_what_to_paste_and_can_be_ended(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    made = admin.send("/settings/keys", name="Website", kind="write", source="", expires_at="")
    value = secret(made.text)
    pasted = Page(made.text)

    assert value.startswith("sv_write_")
    assert f'host = "http://127.0.0.1:8080", key = "{value}"' in pasted.text
    assert value not in admin.get("/settings/keys").text
    (end,) = [
        str(one["action"]) for one in admin.page("/settings/keys").all("form") if str(one["action"]).endswith("/end")
    ]
    assert admin.send(end).status_code == 303
    assert "ended" in admin.page("/settings/keys").text


def test_a_key_for_a_program_may_what_is_ticked(world: PagesWorld) -> None:
    admin = world.visitor("admin")
    made = admin.send(
        "/settings/keys", name="Report", kind="secret", scopes=["read"], source="", expires_at="2030-01-01"
    )
    reader = world.visitor()
    reader.headers["Authorization"] = f"Bearer {secret(made.text)}"

    assert "/v1/leads?limit=3" in Page(made.text).text
    assert reader.get("/v1/leads").status_code == 200
    assert reader.get("/v1/users").status_code == 403
    over = admin.send("/settings/keys", name="Old", kind="secret", scopes=["read"], source="", expires_at="2020-01-01")
    assert problem(over.text).startswith("A key that ended on 2020-01-01")
