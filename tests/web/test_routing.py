from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update

from api_world import Api
from scoville.live.routing.queue import enqueue
from scoville.live.store.access import audit_log
from scoville.live.store.actions import actions
from scoville.live.store.scores import model_versions

if TYPE_CHECKING:
    from scoville.live.store.opening import Store

ANN = {"name": "Ann", "email": "ann@sales.test", "capacity": 3, "hours": {"mon": ["09:00-17:00"]}}
HOOK = {"name": "CRM", "kind": "webhook", "url": "https://hooks.example.com/x", "headers": {"X-Token": "hush-hush"}}


@pytest.fixture
def api(store: Store, monkeypatch: pytest.MonkeyPatch) -> Api:
    monkeypatch.setenv("SCOVILLE_SECRET_KEY", "MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=")
    made = Api(store)
    made.world.lead("lead-1", 70.0, account="acme")
    made.count_on()
    return made


def test_an_owner_is_added_changed_and_shown_as_it_was_written(api: Api) -> None:
    client = api.person("marketing")
    owner_id = client.post("/v1/owners", ANN).json()["owner_id"]

    assert client.put(f"/v1/owners/{owner_id}", ANN | {"capacity": 5}).status_code == 200
    (shown,) = client.get("/v1/owners").json()["owners"]
    assert (shown["owner_id"], shown["owner"]["capacity"], shown["owner"]["hours"]) == (owner_id, 5, ANN["hours"])
    assert client.put("/v1/owners/nobody", ANN).status_code == 404


def test_an_absence_a_territory_and_an_account_have_their_owner(api: Api) -> None:
    client = api.key("write")
    owner_id = client.post("/v1/owners", ANN).json()["owner_id"]
    away = {"from_at": "2026-03-09T00:00:00Z", "until_at": "2026-03-16T00:00:00Z", "note": "Skiing"}
    number = client.post(f"/v1/owners/{owner_id}/absences", away).json()["absence_no"]
    made = client.post("/v1/territories", {"name": "DACH", "owner_ids": [owner_id], "when": {"country": ["DE"]}})

    assert client.get(f"/v1/owners/{owner_id}/absences").json()["absences"][0]["note"] == "Skiing"
    assert client.delete(f"/v1/owners/{owner_id}/absences/{number}").status_code == 204
    assert client.get("/v1/territories").json()["territories"][0]["territory"]["when"] == {"country": ["DE"]}
    assert client.delete(f"/v1/territories/{made.json()['territory_id']}").status_code == 204
    assert client.put("/v1/accounts/acme/owner", {"owner_id": owner_id}).status_code == 204
    assert client.post("/v1/territories", {"name": "x", "owner_ids": ["nobody"]}).status_code == 422


def test_a_program_that_says_what_it_read_does_not_undo_what_somebody_did_meanwhile(api: Api) -> None:
    client = api.key("write")
    path = f"/v1/owners/{client.post('/v1/owners', ANN).json()['owner_id']}"
    read = client.get("/v1/owners").json()["owners"][0]["version"]
    if_read = {"headers": {"If-Match": f'"{read}"'}}

    assert client.put(path, ANN | {"capacity": 5}, **if_read).status_code == 200
    late = client.put(path, ANN | {"capacity": 7}, **if_read)
    assert (late.status_code, late.json()["code"]) == (412, "changed")
    assert late.json()["message"].startswith(
        "you changed it on 2 March 2026 09:00 UTC, after you read it: read it again"
    )
    assert client.get("/v1/owners").json()["owners"][0]["owner"]["capacity"] == 5
    assert client.put(path, ANN | {"capacity": 6}, headers={"If-Match": "*"}).status_code == 200
    assert client.put(path, ANN | {"capacity": 7}).status_code == 200  # who does not say what they read is not asked


def test_each_thing_that_is_changed_as_a_whole_has_a_version_to_go_by(api: Api) -> None:
    client, other = api.key("admin"), {"headers": {"If-Match": "0123456789abcdef"}}
    owner_id = client.post("/v1/owners", ANN).json()["owner_id"]
    everybody = {"name": "All", "owner_ids": [owner_id]}
    territory = f"/v1/territories/{client.post('/v1/territories', everybody).json()['territory_id']}"
    action = f"/v1/actions/{client.post('/v1/actions', HOOK).json()['action_id']}"
    api.user("admin", "zoe@example.com")
    api.user("viewer", "ann@example.com")
    user = client.get("/v1/users").json()["users"][0]
    assert client.put("/v1/sla/SQL", {"touch_within_s": 60}).status_code == 204

    for done in (
        client.put(territory, everybody, **other), client.delete(territory, **other),
        client.put(action, HOOK, **other), client.delete(action, **other), client.post(f"{action}/rotate", **other),
        client.delete(f"{action}/rotate", **other), client.put("/v1/sla/SQL", {"touch_within_s": 9}, **other),
        client.delete("/v1/sla/SQL", **other), client.put("/v1/settings/stage_margin", {"value": 5}, **other),
        client.patch(f"/v1/users/{user['user_id']}", {"role": "sales"}, **other),
    ):  # fmt: skip
        assert (done.status_code, done.json()["code"]) == (412, "changed"), done.request
    read = [client.get("/v1/territories").json()["territories"][0], client.get(action).json(), user]
    read += [*client.get("/v1/sla").json()["rules"], client.get("/v1/settings").json()["settings"][0]]
    by = [{"headers": {"If-Match": one["version"]}} for one in read]
    for done in (
        client.delete(territory, **by[0]), client.delete(action, **by[1]), client.delete("/v1/sla/SQL", **by[3]),
        client.patch(f"/v1/users/{user['user_id']}", {"role": "sales"}, **by[2]),
        client.put(f"/v1/settings/{read[4]['name']}", {"value": read[4]["value"]}, **by[4]),
    ):  # fmt: skip
        assert done.status_code in {200, 204}, done.request


def test_a_lead_is_given_shown_with_its_owner_found_by_it_and_released(api: Api) -> None:
    client = api.person("sales")
    owner_id = api.key("write").post("/v1/owners", ANN).json()["owner_id"]

    assert client.post("/v1/leads/lead-1/assignments", {"owner_id": owner_id}).status_code == 204
    assert client.get("/v1/leads/lead-1").json()["owner"]["name"] == "Ann"
    assert [lead["lead_id"] for lead in client.get(f"/v1/leads?owner={owner_id}").json()["leads"]] == ["lead-1"]
    assert client.delete("/v1/leads/lead-1/assignments").status_code == 204
    (held,) = client.get("/v1/leads/lead-1/assignments").json()["assignments"]
    assert (held["way"], held["release_reason"]) == ("manual", "released")
    assert client.get("/v1/queue").json()["leads"][0]["lead_id"] == "lead-1"


def test_the_queue_is_read_page_by_page(api: Api) -> None:
    numbers = [api.world.lead(f"w{number}") for number in range(3)]
    with api.store.writing() as connection:
        enqueue(connection, dict.fromkeys(numbers, "manual"), api.clock())
    client = api.key("read")
    first = client.get("/v1/queue?limit=2").json()
    second = client.get("/v1/queue", params={"limit": 2, "cursor": first["next_cursor"]}).json()

    assert [lead["lead_id"] for lead in first["leads"] + second["leads"]] == ["w0", "w1", "w2"]
    assert client.get("/v1/queue?cursor=x").status_code == 422


def test_a_touch_and_an_answer_are_kept_and_the_answer_is_an_outcome(api: Api) -> None:
    client = api.person("sales")

    assert client.post("/v1/leads/lead-1/touches", {"kind": "call", "note": "Nice"}).status_code == 204
    assert client.post("/v1/leads/lead-1/answer", {"outcome": "rejected"}).status_code == 422  # it needs a reason
    assert client.post("/v1/leads/lead-1/answer", {"outcome": "won", "value": 900}).status_code == 204
    kinds = {touch["kind"] for touch in client.get("/v1/leads/lead-1/touches").json()["touches"]}
    assert kinds == {"call", "answer"}
    assert client.get("/v1/outcomes").json()["outcomes"][0]["outcome"] == "won"


def test_a_rule_for_the_first_touch_is_set_and_taken_away(api: Api) -> None:
    client = api.key("write")

    assert client.put("/v1/sla/MQL", {"touch_within_s": 3600, "remind_after_s": 1800}).status_code == 204
    (rule,) = client.get("/v1/sla").json()["rules"]
    assert (rule["stage"], rule["touch_within_s"]) == ("MQL", 3600)
    assert client.delete("/v1/sla/MQL").status_code == 204
    assert client.put("/v1/sla/MQL", {"touch_within_s": 0}).status_code == 422


def test_an_action_never_shows_its_secrets_again(api: Api) -> None:
    client = api.key("admin")
    made = client.post("/v1/actions", HOOK, headers={"Idempotency-Key": "k"}).json()
    again = client.post("/v1/actions", HOOK, headers={"Idempotency-Key": "k"}).json()
    shown = client.get(f"/v1/actions/{made['action_id']}")

    assert made["secret"].startswith("whsec_")
    assert again == {"action_id": made["action_id"], "secret": None, "notes": []}
    for secret in (made["secret"], "hush-hush", "/x"):
        assert secret not in shown.text
    with api.store.reading() as connection:
        rows = repr([connection.execute(select(table)).all() for table in (actions, audit_log)])
    assert "hush-hush" not in rows
    assert client.put(f"/v1/actions/{made['action_id']}", shown.json()["action"]).status_code == 200  # masks stay


def test_an_action_for_a_stage_that_the_model_does_not_have_is_made_with_a_note(api: Api) -> None:
    rule = "fit: {rules: [{name: Germany, when: {country: DE}, points: 80}]}"
    model = f"scoville: 1\nname: M\n{rule}\nstages: [{{name: Lead, from: 0}}, {{name: SQL, from: 71}}]\n"
    with api.store.writing() as connection:
        connection.execute(update(model_versions).values(text=model))
    made = api.key("admin").post("/v1/actions", HOOK | {"stages": ["SQL", "Sql"]}).json()

    assert made["notes"] == ["the model in force has no stage 'Sql'; it has Lead, SQL"]


def test_an_address_inside_the_network_is_no_place_for_a_webhook(api: Api) -> None:
    for url in ("http://127.0.0.1/x", "https://169.254.169.254/", "https://[::1]/", "file:///etc/passwd"):
        assert api.key("admin").post("/v1/actions", HOOK | {"url": url}).status_code == 422


def test_a_host_of_the_own_network_is_a_place_for_a_webhook_once_the_setting_names_it(api: Api) -> None:
    client, inside = api.key("admin"), HOOK | {"url": "http://127.0.0.1:9000/x"}
    refused = client.post("/v1/actions", inside)
    assert (refused.status_code, "name 127.0.0.1:9000 in" in refused.json()["message"]) == (422, True)

    for no_host in ("http://127.0.0.1:9000", "127.0.0.1/x", "*.local"):  # would be kept, and allow nothing
        answer = client.put("/v1/settings/allowed_private_hosts", {"value": [no_host]})
        assert (answer.status_code, "each as host or host:port" in answer.json()["message"]) == (422, True)
    assert client.put("/v1/settings/allowed_private_hosts", {"value": ["127.0.0.1:9000"]}).status_code == 200
    assert client.post("/v1/actions", inside).status_code == 201


def test_a_test_goes_the_way_of_every_message(api: Api) -> None:
    client = api.key("admin")
    action_id = client.post("/v1/actions", HOOK).json()["action_id"]
    message_id = client.post(f"/v1/actions/{action_id}/test").json()["message_id"]

    (message,) = client.get("/v1/messages").json()["messages"]
    assert (message["message_id"], message["state"]) == (message_id, "waiting")
    assert client.get(f"/v1/messages/{message_id}/deliveries").json() == {"deliveries": []}
    assert client.post(f"/v1/messages/{message_id}/replay").status_code == 202
    again = {"since": "2026-01-01T00:00:00Z", "until": "2027-01-01T00:00:00Z"}
    assert client.post(f"/v1/actions/{action_id}/replay", again).json() == {"messages": 0}
    assert client.delete(f"/v1/actions/{action_id}").status_code == 422  # it has said something


def test_settings_are_shown_with_what_they_may_be_and_wrong_ones_refused(api: Api) -> None:
    client = api.key("admin")

    assert client.put("/v1/settings/stage_margin", {"value": 5}).json()["value"] == 5
    assert {one["name"]: one["value"] for one in client.get("/v1/settings").json()["settings"]}["stage_margin"] == 5
    for name, value in (("stage_margin", "many"), ("setup_token", "x"), ("nothing", 1)):
        assert client.put(f"/v1/settings/{name}", {"value": value}).status_code == 422
