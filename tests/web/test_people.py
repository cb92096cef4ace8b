from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, select

from api_world import Api
from live_world import NOW
from scoville.live.store.access import audit_log
from scoville.live.store.log import inbox, quarantine
from scoville.live.store.people import leads, suppressed
from scoville.live.store.scores import scores

if TYPE_CHECKING:
    from scoville.live.store.opening import Store

BODY = '{"type":"track","messageId":"m1","userId":"ann","event":"Signed Up","timestamp_us":1764547200000000}'


@pytest.fixture
def api(store: Store) -> Api:
    made = Api(store)
    made.world.lead("ann", 70.0, email="ann@acme.test")
    made.world.lead("bob", 50.0)
    made.count_on()
    return made


def put_aside(api: Api, body: str = BODY) -> int:
    api.key("read")  # makes the source
    row = {
        "received_at": NOW, "source_no": 1, "reason": "known_person", "detail": "A known person.", "person": "ann",
        "body": body, "is_trusted": False,
    }  # fmt: skip
    with api.store.writing() as connection:
        return int(
            connection.execute(insert(quarantine).values(row).returning(quarantine.c.quarantine_no)).scalar_one()
        )


def test_a_message_in_quarantine_goes_in_again_as_a_servers_with_its_own_time(api: Api) -> None:
    number, client = put_aside(api), api.key("write")

    assert client.get("/v1/quarantine").json()["messages"][0]["reason"] == "known_person"
    assert client.post(f"/v1/quarantine/{number}/replay").status_code == 204
    with api.store.reading() as connection:
        row = connection.execute(select(inbox)).mappings().one()
    assert (row["is_trusted"], row["user_id"], row["event"]) == (True, "ann", "Signed Up")
    assert row["occurred_at"].isoformat() == "2025-12-01T00:00:00"
    assert client.get("/v1/quarantine").json()["messages"][0]["replayed_at"] == "2026-03-02T09:00:00Z"


@pytest.mark.parametrize("body", ['{"type": "track", "userId": "ann", "eve', "[]", '{"type": "track"}'])
def test_what_is_no_whole_message_stays_aside(api: Api, body: str) -> None:
    number = put_aside(api, body)

    assert api.key("write").post(f"/v1/quarantine/{number}/replay").status_code == 422
    assert api.key("write").post("/v1/quarantine/999/replay").status_code == 404


def test_two_leads_are_made_one_and_parted_again(api: Api) -> None:
    client = api.person("marketing")
    link = client.post("/v1/leads/ann/merge", {"lead_id": "bob"}).json()["link_no"]

    assert client.get("/v1/leads/bob/links").json()["links"][0]["cause"] == "manual"
    with api.store.reading() as connection:
        assert len(connection.execute(select(leads)).all()) == 1
    assert {*client.delete(f"/v1/links/{link}").json()["lead_ids"]} == {"ann", "bob"}
    assert client.delete(f"/v1/links/{link}").status_code == 422


@pytest.mark.parametrize("way", ["lead", "ids"])
def test_a_person_who_is_forgotten_is_gone_and_named_nowhere(api: Api, way: str) -> None:
    client = api.key("admin")
    if way == "lead":
        answer = client.delete("/v1/leads/ann", headers={"Idempotency-Key": "k"})
    else:
        answer = client.post("/v1/forget", {"ids": ["ann", "ann@acme.test"]})

    assert answer.json() == {"leads": 1}
    assert client.get("/v1/leads/ann").status_code == 404
    with api.store.reading() as connection:
        rows = repr([connection.execute(table.select()).all() for table in (audit_log, leads, scores)])
        assert connection.execute(select(suppressed)).first() is not None
    assert "ann" not in rows


def test_after_forgetting_no_kept_answer_names_the_person_in_the_files(api: Api) -> None:
    if not api.store.is_sqlite:
        pytest.skip("PostgreSQL keeps its files itself")
    client = api.key("admin")
    answer = client.post(
        "/v1/leads/ann/adjustments", {"points": 5, "reason": "marker-4c1d"}, headers={"Idempotency-Key": "k"}
    )
    assert answer.status_code == 201
    assert client.post("/v1/forget", {"ids": ["ann"]}).status_code == 200
    path = Path(str(api.store.engine.url.database))
    assert not [one for one in path.parent.glob(f"{path.name}*") if b"marker-4c1d" in one.read_bytes()]
