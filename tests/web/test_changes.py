from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import func, select

from api_world import Api
from scoville.live.store.access import answers, audit_log, keys
from scoville.live.store.scores import adjustments

if TYPE_CHECKING:
    from scoville.live.store.opening import Store

TEN = {"points": 10, "reason": "Met at the fair"}


@pytest.fixture
def api(store: Store) -> Api:
    made = Api(store)
    made.world.lead("ann")
    return made


def count(api: Api, table: Any) -> int:
    with api.store.reading() as connection:
        return int(connection.execute(select(func.count()).select_from(table)).scalar_one())


def add(client: Any, key: str = "k1", **body: Any) -> Any:
    return client.post("/v1/leads/ann/adjustments", TEN | body, headers={"Idempotency-Key": key})


def test_a_change_that_is_sent_again_gets_the_same_answer_and_happens_once(api: Api) -> None:
    client = api.key("write")
    first, second = add(client), add(client)

    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json() == second.json()
    assert ("idempotent-replayed" in first.headers, second.headers["idempotent-replayed"]) == (False, "true")
    assert (count(api, adjustments), count(api, audit_log)) == (1, 1)


def test_the_same_key_with_another_request_is_a_mistake(api: Api) -> None:
    client = api.key("write")
    add(client)
    answer = add(client, points=20)

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")


def test_keys_of_two_callers_have_nothing_to_do_with_each_other(api: Api) -> None:
    add(api.key("write"))
    add(api.key("write"))

    assert count(api, adjustments) == 2


def test_a_key_is_forgotten_after_a_day(api: Api) -> None:
    client = api.key("write")
    add(client)
    api.clock.move(hours=25)
    add(client)

    assert (count(api, adjustments), count(api, answers)) == (2, 1)


def test_what_failed_is_not_kept_and_may_be_tried_again(api: Api) -> None:
    client = api.key("write")
    wrong = client.post("/v1/leads/nobody/adjustments", TEN, headers={"Idempotency-Key": "k"})

    assert wrong.status_code == 404
    assert (count(api, answers), count(api, audit_log)) == (0, 0)


def test_many_at_once_with_one_key_make_one_change(api: Api) -> None:
    client = api.key("write")
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(lambda _: add(client).json()["adjustment_no"], range(16)))

    assert len(set(found)) == 1
    assert count(api, adjustments) == 1


def test_a_secret_is_not_kept_for_a_second_answer(api: Api) -> None:
    client = api.key("admin")
    asked = {"name": "x", "scopes": ["read"]}
    first, second = [client.post("/v1/keys", asked, headers={"Idempotency-Key": "k"}).json() for _ in range(2)]

    assert (first["key_id"], first["key"][:10]) == (second["key_id"], "sv_secret_")
    assert second["key"] is None
    with api.store.reading() as connection:
        rows = repr([connection.execute(table.select()).all() for table in (answers, keys, audit_log)])
    assert first["key"] not in rows


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/v1/leads/ann/adjustments", TEN | {"author": "eve"}),
        ("POST", "/v1/leads/ann/adjustments", TEN | {"adjustment_no": 7}),
        ("POST", "/v1/leads/ann/adjustments", TEN | {"created_at": "2020-01-01T00:00:00Z"}),
        ("POST", "/v1/users", {"email": "a@b.c", "password": "seven brown hats", "user_id": "x"}),
        ("POST", "/v1/users", {"email": "a@b.c", "password": "seven brown hats", "password_hash": "x"}),
        ("POST", "/v1/keys", {"name": "x", "is_trusted": True}),
        ("POST", "/v1/keys", {"name": "x", "hash": "x"}),
        ("POST", "/v1/models", {"text": "x", "author": "eve"}),
        ("POST", "/v1/models/publish", {"version_no": 1, "switched_at": "2020-01-01T00:00:00Z"}),
        ("POST", "/v1/score", {"traits": {}, "score": 100}),
        ("POST", "/v1/owners", {"name": "x", "email": "a@b.c", "owner_id": "x"}),
        ("POST", "/v1/leads/ann/answer", {"outcome": "won", "by": "eve"}),
    ],
)
def test_fields_that_are_not_described_change_nothing(api: Api, method: str, path: str, body: dict[str, Any]) -> None:
    answer = api.key("admin").request(method, path, json=body)

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert count(api, audit_log) == 0


@pytest.mark.parametrize("text", ["a\0b", "\ud800", "x\udfff"])
def test_what_no_store_can_hold_is_refused_in_every_place(api: Api, text: str) -> None:
    import json  # noqa: PLC0415 - httpx would refuse to send it

    body = json.dumps({"points": 1, "reason": text})
    client = api.key("write")
    as_json = {"Content-Type": "application/json"}

    assert client.request("POST", "/v1/leads/ann/adjustments", content=body, headers=as_json).status_code == 422
    assert client.get("/v1/leads/a%00b").status_code in {404, 422}
    assert client.get("/v1/leads?search=a%00b").status_code == 422
    assert client.get("/v1/leads/%ED%A0%80").status_code in {404, 422}


@pytest.mark.parametrize("text", ["'; DROP TABLE leads; --", '" OR 1=1 --', "%", "_", "\\", "a' UNION SELECT 1", "🌶️"])
def test_signs_of_sql_are_plain_text(api: Api, text: str) -> None:
    client = api.key("admin")
    for name in ("search", "owner", "account", "grade", "segment"):
        answer = client.get("/v1/leads", params={name: text})
        assert (answer.status_code, answer.json()["leads"]) == (200, [])
    made = client.post("/v1/leads/ann/adjustments", {"points": 1, "reason": text})
    assert made.json()["reason"] == text
    assert client.get("/v1/leads").json()["leads"][0]["lead_id"] == "ann"


def test_markup_of_strangers_stays_text_in_json(api: Api) -> None:
    hostile = "<script>alert(1)</script><img src=x onerror=alert(1)>"
    api.world.lead(hostile, 60.0, name=hostile)
    answer = api.key("read").get("/v1/leads")

    assert answer.json()["leads"][0]["traits"]["name"] == hostile
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "default-src 'none'" in answer.headers["content-security-policy"]


def test_a_body_that_is_not_said_to_be_json_hears_what_to_send(api: Api) -> None:
    answer = api.key("write").request("POST", "/v1/models/rollback", content="{}")

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert answer.json()["message"] == "body: send a JSON object, with the header Content-Type: application/json"
