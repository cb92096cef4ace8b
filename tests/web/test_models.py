from __future__ import annotations

from datetime import timedelta
from threading import BoundedSemaphore
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import update

from api_world import Api, Client
from live_world import NOW
from scoville.live.store.people import events
from scoville.live.store.scores import dirty, model_versions, publications, scores

if TYPE_CHECKING:
    from scoville.live.store.opening import Store

OLD = """
scoville: 1
name: First
scale: {min: 0, max: 100}
fit:
  rules:
    - {name: Leads others, when: {job_title.seniority: [c_level, vp]}, points: 20}
engagement:
  decay: {half_life: 30d}
  rules:
    - {name: Pricing page, event: page_viewed, when: {path: {starts_with: /pricing}}, points: 10, repeat: 5}
stages:
  - {name: Prospect, from: 0}
  - {name: MQL, from: 25}
"""
NEW = OLD.replace("points: 20", "points: 30")


@pytest.fixture
def api(store: Store) -> Api:
    made = Api(store)
    with store.writing() as connection:
        connection.execute(update(model_versions).values(text=OLD))
    number = made.world.lead("ann", 30.0, job_title="CEO")
    made.world.lead("bob", 0.0, job_title="Intern")
    made.world.put(
        events,
        {
            "identity_no": number, "occurred_at": NOW, "event_id": bytes(16), "type": "page", "event": "page_viewed",
            "properties": {"path": "/pricing"}, "source_no": source(made), "message_id": "m", "received_at": NOW,
        },
    )  # fmt: skip
    return made


def source(api: Api) -> int:
    api.key("read")  # a key makes its source
    return 1


def saved(client: Client, text: str = NEW) -> int:
    answer = client.post("/v1/models", {"text": text, "note": "more for those who decide"})
    assert answer.status_code == 201, answer.text
    return int(answer.json()["version_no"])


def test_a_version_is_saved_read_and_compared(api: Api) -> None:
    client = api.key("write")
    number = saved(client)

    assert client.get(f"/v1/models/{number}").json()["text"] == NEW
    assert [one["version_no"] for one in client.get("/v1/models").json()["versions"]] == [2, 1]
    said = client.get(f"/v1/models/{number}/differences").json()["differences"]
    assert said == [{"kind": "changed", "part": "fit rule", "name": "Leads others", "said": "points 20 → 30"}]
    assert saved(client) == number  # the same text again is the same version


def test_a_wrong_model_is_refused_with_every_problem_and_its_place(api: Api) -> None:
    wrong = NEW.replace("points: 30", "points: many").replace("from: 25", "from: x")
    answer = api.key("write").post("/v1/models", {"text": wrong})

    assert (answer.status_code, answer.json()["code"]) == (422, "invalid_model")
    assert [problem["line"] for problem in answer.json()["problems"]] == [7, 14]
    checked = api.key("read").post("/v1/models/check", {"text": wrong}).json()
    assert (checked["is_sound"], len(checked["problems"])) == (False, 2)


def test_a_preview_says_who_would_cross_and_who_moves_most(api: Api) -> None:
    client = api.key("write")
    number = saved(client, OLD.replace("points: 20", "points: 10"))

    found = client.get(f"/v1/models/{number}/preview").json()

    # by hand: ann has 20 + 10 fresh points, then 10 + 10, below the line of 25; bob has nothing by either
    assert found == {
        "as_of": NOW.isoformat() + "Z", "leads": 2, "moved": 1,
        "stages": [
            {"name": "MQL", "before": 1, "after": 0, "come": 0, "go": 1},
            {"name": "Prospect", "before": 1, "after": 2, "come": 1, "go": 0},
        ],
        "crossings": [{"before": "MQL", "after": "Prospect", "leads": 1}],
        "movers": [
            {"lead_id": "ann", "score_before": 30.0, "score_after": 20.0, "stage_before": "MQL",
             "stage_after": "Prospect", "causes": [{"rule": "Leads others", "before": 20.0, "after": 10.0}]},
        ],
    }  # fmt: skip


def test_publishing_waits_for_the_worker_and_rolling_back_publishes_the_one_before(api: Api) -> None:
    client = api.key("write")
    number = saved(client)
    made = client.post("/v1/models/publish", {"version_no": number})

    assert (made.status_code, made.json()["switched_at"]) == (202, None)
    status = client.get("/v1/models/status").json()
    assert (status["in_force"]["version_no"], status["pending"]["publication"]["version_no"]) == (1, number)
    assert (status["pending"]["scored"], status["pending"]["leads"]) == (0, 2)
    assert client.get("/v1/leads").json()["model_version"] == "abc123"

    switch(api)
    assert client.get("/v1/models/status").json()["in_force"]["version_no"] == number
    back = client.post("/v1/models/rollback", {}).json()
    assert (back["version_no"], back["note"]) == (1, "rolled back")


def test_there_is_nothing_to_roll_back_to_at_first(api: Api) -> None:
    assert api.key("write").post("/v1/models/rollback", {}).status_code == 422


def test_a_payload_is_scored_and_nothing_is_kept(api: Api) -> None:
    asked = {
        "traits": {"title": "VP Sales"},
        "events": [
            {"event": "page_viewed", "occurred_at": "2026-01-31T09:00:00Z", "properties": {"path": "/pricing/x"}},
            {"event": "page_viewed", "properties": {"path": "/blog"}},
        ],
    }
    found = api.key("read").post("/v1/score", asked).json()

    # by hand: 20 for the vice president; the visit was 30 days ago, a half-life: 5 of 10 points
    assert (found["score"], found["fit"], found["engagement"], found["stage"]) == (25.0, 20.0, 5.0, "MQL")
    assert {row["rule"]: row["points"] for row in found["contributions"]} == {"Leads others": 20.0, "Pricing page": 5.0}
    assert len(api.key("read").get("/v1/leads").json()["leads"]) == 2


def test_a_lead_is_explained_in_sentences(api: Api) -> None:
    held = [
        {"section": "fit", "rule": "Leads others", "points": 20.0, "raw_points": 20.0, "matched": 1, "newest_at": None},
        {"section": "engagement", "rule": "Pricing page", "points": 10.0, "raw_points": 10.0, "matched": 1,
         "newest_at": "2026-03-02T09:00:00"},
    ]  # fmt: skip
    with api.store.writing() as connection:
        values = {"contributions": held, "segment": None}
        connection.execute(update(scores).where(scores.c.lead_no == 1).values(**values))

    found = api.key("read").get("/v1/leads/ann/explanation").json()

    assert [row["sentence"] for row in found["contributions"]] == [
        "Leads others (job title: CEO (seniority c_level))",
        "Pricing page: once on 2 March 2026",
    ]
    assert [row["running_total"] for row in found["contributions"]] == [20.0, 30.0]
    shown = api.key("read").get("/v1/leads/ann/contributions").json()["contributions"]
    assert {row["newest_at"] for row in shown} == {None, "2026-03-02T09:00:00Z"}


def test_the_summary_counts_leads_by_stage_from_the_highest(api: Api) -> None:
    found = api.key("read").get("/v1/summary").json()

    assert [(stage["name"], stage["leads"]) for stage in found["stages"]] == [("MQL", 2), ("Prospect", 0)]


def test_points_by_hand_make_the_lead_dirty_and_stay_in_the_list_when_taken_back(api: Api) -> None:
    client = api.person("marketing")
    wanted = {"points": 10, "reason": "Met at the fair", "expires_at": "2026-04-01T00:00:00Z"}
    made = client.post("/v1/leads/ann/adjustments", wanted).json()

    with api.store.reading() as connection:
        row = connection.execute(dirty.select()).mappings().one()
    assert (row["lead_no"], row["cause"], row["cause_ref"]) == (1, "adjustment", str(made["adjustment_no"]))
    assert client.delete(f"/v1/leads/ann/adjustments/{made['adjustment_no']}").status_code == 204
    assert client.delete(f"/v1/leads/ann/adjustments/{made['adjustment_no']}").status_code == 404
    (listed,) = client.get("/v1/leads/ann/adjustments").json()["adjustments"]
    assert (listed["author"][:5], listed["removed_at"]) == ("user:", "2026-03-02T09:00:00Z")


def test_points_that_are_over_already_are_refused(api: Api) -> None:
    wanted = {"points": 10, "reason": "x", "expires_at": "2026-03-01T00:00:00Z"}

    assert api.key("write").post("/v1/leads/ann/adjustments", wanted).status_code == 422
    assert api.key("write").post("/v1/leads/bob/adjustments", {"points": "NaN", "reason": "x"}).status_code == 422


def test_an_outcome_is_kept_with_its_lead(api: Api) -> None:
    client = api.person("sales")
    made = client.post("/v1/leads/ann/outcomes", {"outcome": "won", "value": 1200.5})

    assert made.status_code == 201
    (found,) = client.get("/v1/outcomes?lead_id=ann").json()["outcomes"]
    assert (found["lead_id"], found["outcome"], found["at"], found["value"]) == (
        "ann", "won", "2026-03-02T09:00:00Z", 1200.5,
    )  # fmt: skip


def test_where_enough_wait_already_others_are_asked_to_come_again(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    room = BoundedSemaphore(1)
    monkeypatch.setattr("scoville.web.api.scoring._ROOM", room)
    room.acquire()
    answer = api.key("read").post("/v1/score", {"traits": {}})

    assert (answer.status_code, answer.json()["code"], answer.headers["retry-after"]) == (503, "busy", "1")
    room.release()
    assert api.key("read").post("/v1/score", {"traits": {}}).status_code == 200


def switch(api: Api) -> None:
    with api.store.writing() as connection:
        connection.execute(update(publications).values(switched_at=NOW + timedelta(minutes=1)))


def test_a_model_that_cannot_score_live_leads_is_refused_before_it_is_kept(api: Api) -> None:
    answer = api.key("write").post("/v1/models", {"text": NEW.replace("{path: ", "{occurred_at: ")})
    assert answer.status_code == 422
    assert "'occurred_at'" in answer.json()["message"]
