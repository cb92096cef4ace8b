from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any

import pytest

from api_world import OURS, PASSWORD, Api, Client
from scoville.live.store.access import audit_log, sessions, users
from scoville.web.auth import throttle
from scoville.web.auth.audit import verify
from scoville.web.auth.users import new_setup_token
from scoville.web.settings import Settings

if TYPE_CHECKING:
    from scoville.live.store.opening import Store


@pytest.fixture
def api(store: Store) -> Api:
    return Api(store)


@pytest.fixture
def quick(small_store: Store) -> Api:
    """Over one kind of store, where that does not matter."""
    return Api(small_store)


def log_in(client: Client, email: str, password: str = PASSWORD) -> Any:
    return client.post("/v1/session", {"email": email, "password": password}, headers=OURS)


def test_a_person_who_logs_in_is_known_until_logging_out(api: Api) -> None:
    person = api.person("sales")
    token = person.cookies["scoville"]

    assert person.get("/v1/session").json()["role"] == "sales"
    assert person.delete("/v1/session").status_code == 204
    assert replay(api, token).status_code == 401


def test_the_cookie_is_out_of_reach(quick: Api) -> None:
    quick.user("viewer")
    https = Settings(base_url="https://leads.example.com", requests_per_s=1e6, burst=1_000_000)
    quick.with_settings(https)

    answer = log_in(quick.anybody(base="https://leads.example.com"), "viewer@example.com")

    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-scoville=")
    assert {"HttpOnly", "Secure", "SameSite=lax", "Path=/"} <= {*cookie.split("; ")}
    assert "Domain" not in cookie


def test_a_session_is_new_at_every_login(quick: Api) -> None:
    person = quick.person("viewer")
    before = person.cookies["scoville"]
    log_in(person, "viewer@example.com")

    assert person.cookies["scoville"] != before
    assert replay(quick, before).status_code == 401


def test_a_session_that_is_not_used_ends(quick: Api) -> None:
    person = quick.person("viewer")
    quick.clock.move(minutes=119)
    assert person.get("/v1/session").status_code == 200
    quick.clock.move(minutes=121)
    assert person.get("/v1/session").status_code == 401


def test_a_session_ends_after_a_day_however_much_it_is_used(quick: Api) -> None:
    person = quick.person("viewer")
    for _ in range(23):
        quick.clock.move(hours=1)
        assert person.get("/v1/session").status_code == 200
    quick.clock.move(hours=1)
    assert person.get("/v1/session").status_code == 401


def test_another_password_ends_all_other_sessions(quick: Api) -> None:
    one, other = quick.person("viewer"), quick.anybody(headers=dict(OURS))
    log_in(other, "viewer@example.com")
    before = one.cookies["scoville"]

    changed = one.post("/v1/session/password", {"current": PASSWORD, "new": "seven brown hats in june"})

    assert changed.status_code == 204, changed.text
    assert one.get("/v1/session").status_code == 200
    assert (other.get("/v1/session").status_code, replay(quick, before).status_code) == (401, 401)
    assert log_in(quick.anybody(), "viewer@example.com").status_code == 401


def test_switching_a_login_off_ends_its_sessions(quick: Api) -> None:
    admin, person = quick.person("admin"), quick.person("sales")
    number = person.get("/v1/session").json()["user_id"]

    assert admin.patch(f"/v1/users/{number}", {"is_disabled": True}).status_code == 200
    assert person.get("/v1/session").status_code == 401
    assert log_in(quick.anybody(), "sales@example.com").status_code == 401


def test_the_last_admin_stays_one(quick: Api) -> None:
    admin = quick.person("admin")
    number = admin.get("/v1/session").json()["user_id"]

    assert admin.patch(f"/v1/users/{number}", {"role": "viewer"}).status_code == 422
    assert admin.get("/v1/users").status_code == 200


def test_the_eleventh_try_at_an_account_has_to_wait_even_with_the_right_password(api: Api) -> None:
    api.user("viewer")
    for number in range(throttle.PER_ACCOUNT):
        answer = log_in(api.anybody(address=f"198.51.100.{number}"), "viewer@example.com", "not the right one")
        assert answer.status_code == 401

    answer = log_in(api.anybody(), "viewer@example.com")

    assert answer.status_code == 429
    assert 0 < int(answer.headers["retry-after"]) <= 900
    api.clock.move(minutes=16)
    assert log_in(api.anybody(), "viewer@example.com").status_code == 200


def test_unknown_accounts_are_slowed_down_like_known_ones(quick: Api) -> None:
    codes = [log_in(quick.anybody(), "nobody@example.com", "whatever it is").status_code for _ in range(11)]

    assert codes == [401] * 10 + [429]


def test_an_unknown_account_gets_the_same_answer_after_the_same_time(quick: Api) -> None:
    quick.user("viewer")
    known: list[float] = []
    unknown: list[float] = []
    said = set()
    for number in range(8):  # in turns, so that a busy machine slows down both
        for email, times in (("viewer@example.com", known), (f"nobody{number}@example.com", unknown)):
            began = time.perf_counter()
            answer = log_in(quick.anybody(), email, "not the right one")
            times.append(time.perf_counter() - began)
            said.add((answer.status_code, answer.json()["code"], answer.json()["message"]))

    assert len(said) == 1
    # without the same work a login of nobody takes a hundredth of the time; the bound leaves room for a busy machine
    assert 0.5 < statistics.median(known) / statistics.median(unknown) < 2


@pytest.mark.parametrize(
    ("headers", "is_ours"),
    [
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "cross-site", "Origin": "http://127.0.0.1:8080"}, False),
        ({"Sec-Fetch-Site": "same-origin", "Origin": "https://evil.example"}, True),  # browsers alone write the first
        ({"Origin": "http://127.0.0.1:8080"}, True),
        ({"Origin": "http://127.0.0.1:8081"}, False),
        ({"Origin": "https://evil.example"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({}, False),
    ],
)
def test_a_cookie_counts_on_requests_of_our_own_pages_alone(quick: Api, headers: dict[str, str], is_ours: bool) -> None:  # noqa: FBT001
    person = quick.person("admin")
    person.headers.clear()

    made = person.post("/v1/keys", {"name": "x"}, headers=headers)
    login = quick.anybody().post("/v1/session", {"email": "admin@example.com", "password": PASSWORD}, headers=headers)

    assert made.status_code == (201 if is_ours else 403)
    assert login.status_code == (200 if is_ours else 403)
    assert person.get("/v1/keys", headers=headers).status_code == 200  # what changes nothing needs no such care


def test_a_key_needs_no_page(quick: Api) -> None:
    assert quick.key("admin").post("/v1/keys", {"name": "x"}).status_code == 201


def test_a_fresh_server_has_no_login_and_its_token_makes_one_admin_once(api: Api) -> None:
    with api.store.writing() as connection:
        token = new_setup_token(connection, now=api.clock())
    wanted = {"token": token, "email": "Ann@Example.com", "password": PASSWORD}
    browser = api.anybody(headers=dict(OURS))

    assert log_in(browser, "admin@example.com", "admin").status_code == 401
    assert browser.post("/v1/setup", wanted | {"token": "sv_setup_guessed"}).status_code == 403
    assert browser.post("/v1/setup", wanted).json()["role"] == "admin"
    assert browser.post("/v1/setup", wanted | {"email": "eve@example.com"}).status_code == 409
    assert log_in(browser, "ann@example.com").status_code == 200


def test_the_token_of_the_first_start_expires(quick: Api) -> None:
    with quick.store.writing() as connection:
        token = new_setup_token(connection, now=quick.clock())
    quick.clock.move(hours=2)
    wanted = {"token": token, "email": "ann@example.com", "password": PASSWORD}

    assert quick.anybody(headers=dict(OURS)).post("/v1/setup", wanted).status_code == 403


@pytest.mark.parametrize(
    "password",
    ["short", "password", "Passw0rd!", "qwertyuiop", "12345678", "aaaaaaaa", "Welcome2024!", "letmein99", "new-user1"],
)
def test_a_password_that_is_tried_first_is_refused(quick: Api, password: str) -> None:
    wanted = {"email": "new-user@example.com", "password": password}

    assert quick.key("admin").post("/v1/users", wanted).status_code == 422


def test_a_long_password_counts_to_its_end(quick: Api) -> None:
    long = "of " * 60 + "all things"
    assert quick.key("admin").post("/v1/users", {"email": "x@example.com", "password": long}).status_code == 201
    assert log_in(quick.anybody(), "x@example.com", long[:-1]).status_code == 401
    assert log_in(quick.anybody(), "x@example.com", long).status_code == 200


def test_neither_passwords_nor_tokens_are_stored(api: Api) -> None:
    person = api.person("viewer")
    with api.store.reading() as connection:
        kept = connection.execute(users.select()).mappings().one()["password_hash"]
        rows = repr([list(connection.execute(table.select())) for table in (users, sessions, audit_log)])

    assert kept.startswith("$argon2id$")
    assert PASSWORD not in rows
    assert person.cookies["scoville"] not in rows


def test_every_login_and_every_failure_is_in_the_log_which_shows_what_was_changed(api: Api) -> None:
    log_in(api.anybody(), api.user("admin"), PASSWORD)
    log_in(api.anybody(), "admin@example.com", "not the right one")
    with api.store.reading() as connection:
        actions = [row.action for row in connection.execute(audit_log.select().order_by(audit_log.c.entry_no))]
        assert verify(connection).fault is None
    with api.store.writing() as connection:
        connection.execute(audit_log.update().where(audit_log.c.entry_no == 1).values(actor="user:somebody"))
        assert verify(connection).fault == "entry 1 is not as it was written"
        connection.execute(audit_log.delete().where(audit_log.c.entry_no == 1))
        assert verify(connection).fault == "entry 1 is missing"

    assert actions == ["login", "login.failed"]


def test_who_asks_too_often_has_to_wait(quick: Api) -> None:
    quick.with_settings(Settings(requests_per_s=0.5, burst=3))
    client = quick.key("read")

    codes = [client.get("/v1/leads").status_code for _ in range(5)]
    answer = client.get("/v1/leads")

    assert codes == [200, 200, 200, 429, 429]
    assert answer.headers["retry-after"] in {"1", "2"}
    assert quick.key("read").get("/v1/leads").status_code == 200  # everybody has a bucket of their own


def replay(api: Api, token: str) -> Any:
    return api.anybody().get("/v1/session", headers={"Cookie": f"scoville={token}"})
