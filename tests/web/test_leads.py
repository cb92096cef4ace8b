from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, update

from api_world import Api
from live_world import NOW
from scoville.live.store.scores import ledger, publications, scores

if TYPE_CHECKING:
    from scoville.live.store.opening import Store


@pytest.fixture
def api(store: Store) -> Api:
    made = Api(store)
    made.world.lead("ann", 70.0, name="Ann", email="ann@acme.test", account="acme")
    made.world.lead("bob", 50.0, company="Beta")
    made.world.lead("cy", 50.0)
    made.world.lead("dee", 30.0)
    return made


def ids(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [lead["lead_id"] for lead in answer.json()["leads"]]


def test_leads_come_best_first_and_of_equals_the_newer_one(api: Api) -> None:
    answer = api.key("read").get("/v1/leads")

    assert ids(answer) == ["ann", "cy", "bob", "dee"]
    assert answer.json()["next_cursor"] is None
    first = answer.json()["leads"][0]
    assert (first["score"], first["place"], first["account_id"]) == (70.0, 1, "acme")
    assert first["traits"] == {"email": "ann@acme.test", "name": "Ann"}


def test_pages_hang_together(api: Api) -> None:
    client = api.key("read")
    first = client.get("/v1/leads?limit=3").json()
    second = client.get("/v1/leads", params={"limit": 3, "cursor": first["next_cursor"]}).json()

    assert [lead["lead_id"] for lead in first["leads"] + second["leads"]] == ["ann", "cy", "bob", "dee"]
    assert second["leads"][0]["place"] == 4
    assert second["next_cursor"] is None


@pytest.mark.parametrize(
    ("asked", "found"),
    [
        ("order=lowest", ["dee", "bob", "cy", "ann"]),
        ("min_score=50", ["ann", "cy", "bob"]),
        ("min_score=40&max_score=60", ["cy", "bob"]),
        ("standing=MQL&priority=hot&grade=A&level=2&segment=Enterprise", ["ann", "cy", "bob", "dee"]),
        ("standing=SQL", []),
        ("account=acme", ["ann"]),
        ("search=b", ["bob"]),
        ("search=zoe", []),
        ("search=ACM", ["ann"]),
        ("unowned=true&open=true&min_score=60", ["ann"]),
        ("waits_for=any", []),
        ("changed_since=2026-03-02T09:00:00Z", []),
        ("owner=nobody", []),
    ],
)
def test_a_filter_leaves_the_leads_it_names(api: Api, asked: str, found: list[str]) -> None:
    assert ids(api.key("read").get(f"/v1/leads?{asked}")) == found


def test_every_lead_comes_once_though_scores_change_between_pages(api: Api) -> None:
    client = api.key("read")
    first = client.get("/v1/leads?limit=2").json()  # ann 70, cy 50

    rescore(api, "cy", 50.0, 10.0)  # shown, and falls below the cursor
    rescore(api, "dee", 30.0, 90.0)  # not shown yet, and climbs above it
    api.world.lead("eve", 95.0)  # new: it was not in the list when that began
    note(api, "eve", None, 95.0)
    second = client.get("/v1/leads", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [lead["lead_id"] for lead in first["leads"]] == ["ann", "cy"]
    assert [lead["lead_id"] for lead in second["leads"]] == ["bob", "dee"]
    assert second["leads"][1]["score"] == 90.0  # the place is of then, the score of now


def test_a_cursor_of_another_model_says_to_begin_again(api: Api) -> None:
    client = api.key("read")
    cursor = client.get("/v1/leads?limit=2").json()["next_cursor"]
    api.world.put(
        publications,
        {"publication_no": 2, "version_no": 1, "published_at": NOW, "published_by": "", "note": "", "switched_at": NOW},
    )

    answer = client.get("/v1/leads", params={"limit": 2, "cursor": cursor})

    assert (answer.status_code, answer.json()["code"]) == (410, "cursor_ended")


@pytest.mark.parametrize("cursor", ["x", "AAAA", "W10", "WzEsMl0", "é", "WyJhIiwiYiIsImMiLCJkIiwiZSIsImYiXQ"])
def test_a_cursor_that_is_none_is_refused(api: Api, cursor: str) -> None:
    answer = api.key("read").get("/v1/leads", params={"cursor": cursor})

    assert (answer.status_code, answer.json()["success"]) == (422, False)


def test_a_cursor_goes_with_its_filters(api: Api) -> None:
    client = api.key("read")
    cursor = client.get("/v1/leads?limit=2").json()["next_cursor"]

    assert client.get("/v1/leads", params={"cursor": cursor, "grade": "A"}).status_code == 422


def test_without_a_model_there_are_no_scores(store: Store) -> None:
    api = Api(store)
    with store.writing() as connection:
        connection.execute(publications.delete())

    assert api.key("read").get("/v1/leads").json() == {"leads": [], "next_cursor": None, "model_version": None}


def test_one_lead_is_found_under_each_of_its_ids_and_explains_itself(api: Api) -> None:
    lead = api.key("read").get("/v1/leads/bob").json()

    assert (lead["rank"], lead["percentile"], lead["leads"]) == (2, 75.0, 4)
    assert lead["identities"] == [{"kind": "user", "value": "bob", "first_seen_at": "2026-03-02T09:00:00Z"}]
    assert lead["traits"] == {"company": "Beta"}
    assert api.key("read").get("/v1/leads/nobody").status_code == 404


def rescore(api: Api, lead_id: str, before: float, after: float) -> None:
    number = api.world.numbers[lead_id]
    with api.store.writing() as connection:
        connection.execute(update(scores).where(scores.c.lead_no == number).values(score=after))
    note(api, lead_id, before, after)


def note(api: Api, lead_id: str, before: float | None, after: float) -> None:
    row = {
        "lead_no": api.world.numbers[lead_id], "at": NOW + timedelta(minutes=1), "cause": "event",
        "score_before": before, "score": after, "fit": 0.0, "engagement": after, "model_version": "abc123",
    }  # fmt: skip
    with api.store.writing() as connection:
        connection.execute(insert(ledger).values(row))
