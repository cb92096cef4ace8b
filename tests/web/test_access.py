from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from fastapi.routing import APIRoute, iter_route_contexts

from api_world import OURS, Api, Client
from scoville.live.store.access import audit_log
from scoville.web.api.route import GuardedRoute
from scoville.web.auth.access import ACCESS, PAGES, Caller, may, needs_of
from scoville.web.settings import Settings

if TYPE_CHECKING:
    from scoville.live.store.opening import Store

KEYS = ("ingest", "read", "write", "admin")
ROLES = ("viewer", "sales", "marketing", "admin")

# Who gets where, by what the table says of a route: written out by hand, so that the code does not judge itself.
_OF_SCOPE = {"read": {"read", "write", "admin"}, "write": {"write", "admin"}, "admin": {"admin"}, None: set()}
_OF_ROLE = {
    "viewer": {"viewer", "sales", "marketing", "admin"}, "sales": {"sales", "marketing", "admin"},
    "marketing": {"marketing", "admin"}, "admin": {"admin"}, None: set(),
}  # fmt: skip


@pytest.fixture
def api(small_store: Store) -> Api:
    return Api(small_store)


def routes_of(api: Api) -> list[tuple[str, str]]:
    """Every route of the app with its method, as the router has it."""
    found = []
    for context in iter_route_contexts(api.app.routes):
        route = context.original_route
        if isinstance(route, APIRoute):
            assert isinstance(route, GuardedRoute), f"{route.path} is not guarded"
            found += [(method, route.path_format) for method in route.methods or ()]
    return found


def test_the_table_names_every_route_and_no_other(api: Api) -> None:
    assert {f"{method} {pattern}" for method, pattern in routes_of(api)} == {*ACCESS, *PAGES}


def test_every_caller_gets_exactly_where_the_table_lets_them(api: Api) -> None:
    keys = {scope: api.key(scope) for scope in KEYS}
    people = {role: api.person(role) for role in ROLES}
    for method, pattern in routes_of(api):
        needs = needs_of(method, pattern)
        assert needs is not None
        if (method, pattern) in {("DELETE", "/v1/session"), ("POST", "/logout")}:
            continue  # it would log the callers out: test_login looks at it
        for scope, client in keys.items():
            expected = needs.is_public or scope in _OF_SCOPE[needs.scope]
            assert gets_in(client, method, pattern) == expected, (scope, method, pattern)
        for role, client in people.items():
            expected = needs.is_public or role in _OF_ROLE[needs.role]
            assert gets_in(client, method, pattern) == expected, (role, method, pattern)
        assert gets_in(api.anybody(headers=dict(OURS)), method, pattern) == needs.is_public, (method, pattern)


def test_a_cookie_counts_for_no_change_that_another_page_asks_for(api: Api) -> None:
    admin, stranger = api.person("admin"), api.anybody()
    before = dump(api)
    for method, pattern in routes_of(api):
        if method in {"GET", "HEAD"}:
            continue
        for client in (admin, stranger):
            for foreign in ({"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"}):
                client.headers = dict(foreign)
                answer = client.request(method, filled(pattern), headers={"Content-Type": "application/json"})
                assert answer.status_code in {303, 401, 403}, (method, pattern, answer.status_code)
        client = Client(api.app, {"Origin": "https://evil.example"}, cookies=admin.cookies)  # an older browser
        assert client.request(method, filled(pattern)).status_code == 403, (method, pattern)
    assert dump(api) == before


def test_a_route_in_no_table_is_closed_to_everybody() -> None:
    assert not may(Caller("key:1", frozenset(KEYS)), None)
    assert not may(Caller("user:1", role="admin"), None)


def test_a_key_that_is_revoked_or_over_opens_nothing(api: Api) -> None:
    client = api.key("read")
    admin = api.key("admin")
    over = admin.post("/v1/keys", {"name": "x", "scopes": ["read"], "expires_at": "2026-03-02T10:00:00Z"}).json()
    late = Client(api.app, {"Authorization": f"Bearer {over['key']}"})
    assert (client.get("/v1/leads").status_code, late.get("/v1/leads").status_code) == (200, 200)

    listed = {key["key_id"]: key for key in admin.get("/v1/keys").json()["keys"]}
    mine = next(number for number, key in listed.items() if key["scopes"] == ["read"] and number != over["key_id"])
    assert listed[mine]["last_used_at"] == "2026-03-02T09:00:00Z"
    assert admin.delete(f"/v1/keys/{mine}").status_code == 204
    api.clock.move(hours=2)

    assert (client.get("/v1/leads").status_code, late.get("/v1/leads").status_code) == (401, 401)


def test_a_write_key_reads_nothing(api: Api) -> None:
    assert api.key(kind="write").get("/v1/leads").status_code == 403


def test_a_refusal_is_in_the_audit_log(api: Api) -> None:
    api.key("read").get("/v1/audit")

    with api.store.reading() as connection:
        entry = connection.execute(audit_log.select()).mappings().one()
    assert (entry["action"], entry["object"]) == ("access.refused", "GET /v1/audit")


def test_a_wrong_key_beside_a_good_cookie_is_a_wrong_key(api: Api) -> None:
    person = api.person("admin")

    assert person.get("/v1/leads", headers={"Authorization": "Bearer sv_secret_wrong"}).status_code == 401


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "TRACE"])
def test_a_method_that_changes_nothing_writes_nothing_but_refusals(api: Api, method: str) -> None:
    client = api.key("admin")
    client.get("/v1/leads")
    before = dump(api)

    for _, pattern in routes_of(api):
        client.request(method, filled(pattern))

    assert dump(api) == before


def test_the_description_and_the_counters_are_behind_a_key_unless_opened(api: Api) -> None:
    closed = [api.anybody().get(path).status_code for path in ("/openapi.json", "/metrics", "/health", "/ready")]
    api.with_settings(Settings(shows_description=True, shows_metrics=True))
    opened = [api.anybody().get(path).status_code for path in ("/openapi.json", "/metrics")]

    assert (closed, opened) == ([401, 401, 200, 200], [200, 200])
    assert [api.anybody().get(path).status_code for path in ("/docs", "/redoc")] == [404, 404]


def gets_in(client: Client, method: str, pattern: str) -> bool:
    """Whether a caller passes the door. What stands behind it may refuse the empty request, which is no matter here."""
    answer = client.request(method, filled(pattern), headers={"Content-Type": "application/json"})
    if f"{method} {pattern}" in PAGES:
        return not answer.headers.get("location", "").startswith("/login") and "This is not for you" not in answer.text
    is_json = answer.headers.get("content-type") == "application/json"
    return not is_json or answer.json().get("code") not in {"unauthorised", "forbidden"}


def filled(pattern: str) -> str:
    return re.sub(r"{\w+}", "1", pattern)


def dump(api: Api) -> list[str]:
    with api.store.reading() as connection:
        return [line for line in connection.connection.iterdump() if '"audit_log"' not in line]
