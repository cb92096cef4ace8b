from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import update

from api_world import Api, Client
from scoville.live.jobs.uploads import MOST_BYTES
from scoville.live.store.access import audit_log
from scoville.live.store.jobs import jobs
from scoville.live.store.scores import model_versions

if TYPE_CHECKING:
    import httpx

    from scoville.live.store.opening import Store

LEADS = b"Contact ID,Email\n1,ann@acme.com\n"
MODEL = "scoville: 1\nname: Small\nfit: {rules: [{name: Boss, when: {job_title: CEO}, points: 10}]}\n"
IN_FORCE = MODEL.replace("10", "15")


@pytest.fixture
def api(store: Store) -> Api:
    return Api(store)


@pytest.fixture
def small(small_store: Store) -> Api:
    return Api(small_store)


def actions(api: Api) -> list[tuple[str, Any]]:
    with api.store.reading() as connection:
        chosen = audit_log.select().order_by(audit_log.c.entry_no)
        return [(row.action, row.detail) for row in connection.execute(chosen) if row.action.startswith("job.")]


def test_a_job_is_asked_for_looked_at_and_ended(api: Api) -> None:
    marketing = api.person("marketing")
    asked = marketing.post("/v1/jobs/learn", {"outcome": "won", "horizon_days": 60})
    job = asked.json()
    assert (asked.status_code, job["state"], job["title"], job["is_under_way"]) == (
        202,
        "waiting",
        "Learn a model",
        True,
    )
    same = marketing.post("/v1/jobs/learn", {"outcome": "won", "horizon_days": 60}).json()
    assert same["job_no"] == job["job_no"]

    whole = api.person("viewer").get(f"/v1/jobs/{job['job_no']}").json()
    assert whole["asked"] == {"outcome": "won", "horizon_days": 60, "factors": 7, "leave_out": []}
    assert whole["result"] is None

    ended = marketing.delete(f"/v1/jobs/{job['job_no']}")
    assert (ended.status_code, ended.json()["state"]) == (200, "cancelled")
    assert [one["state"] for one in marketing.get("/v1/jobs?kind=learn").json()["jobs"]] == ["cancelled"]
    assert actions(api) == [
        ("job.asked", {"kind": "learn"}), ("job.asked", {"kind": "learn"}), ("job.cancelled", {"state": "cancelled"}),
    ]  # fmt: skip


def test_the_page_of_what_was_learned_comes_only_to_who_asks_for_it(api: Api) -> None:
    reader = api.person("viewer")
    job_no = api.person("marketing").post("/v1/jobs/learn", {"outcome": "won"}).json()["job_no"]
    with api.store.writing() as connection:
        found = {"text": MODEL, "report": "<!doctype html>" + "x" * 300_000}
        connection.execute(update(jobs).where(jobs.c.job_no == job_no).values(state="done", result=found))

    plain = reader.get(f"/v1/jobs/{job_no}")
    assert (plain.json()["result"], len(plain.content) < 2_000) == ({"text": MODEL}, True)
    assert reader.get(f"/v1/jobs/{job_no}?report=true").json()["result"] == found


def test_pages_of_jobs_follow_each_other(small: Api) -> None:
    marketing = small.person("marketing")
    made = [marketing.post("/v1/jobs/learn", {"horizon_days": days}).json()["job_no"] for days in (30, 60, 90)]
    first = marketing.get("/v1/jobs?limit=2").json()
    rest = marketing.get(f"/v1/jobs?limit=2&cursor={first['next_cursor']}").json()
    assert [one["job_no"] for one in first["jobs"] + rest["jobs"]] == made[::-1]
    assert rest["next_cursor"] is None
    assert marketing.get("/v1/jobs?kind=dance").json()["message"].startswith("there is no kind of job 'dance'; kinds: ")


def test_a_model_to_retune_is_the_text_the_version_or_the_one_in_force(small: Api) -> None:
    marketing = small.person("marketing")
    with small.store.writing() as connection:
        connection.execute(update(model_versions).values(text=IN_FORCE))
    wrong = marketing.post("/v1/jobs/retune", {"text": "scoville: 1\nname: Broken\nfit: {rules: 7}\n"})
    assert (wrong.status_code, wrong.json()["code"]) == (422, "invalid_model")
    assert marketing.post("/v1/jobs/retune", {"version_no": 4711}).status_code == 404
    given = marketing.post("/v1/jobs/retune", {"text": MODEL}).json()["job_no"]
    assert marketing.get(f"/v1/jobs/{given}").json()["asked"]["text"] == MODEL
    in_force = marketing.post("/v1/jobs/retune", {}).json()["job_no"]
    assert marketing.get(f"/v1/jobs/{in_force}").json()["asked"]["text"] == IN_FORCE


def test_what_does_not_exist_or_cannot_be_is_said(small: Api) -> None:
    admin = small.person("admin")
    assert admin.get("/v1/jobs/4711").status_code == 404
    assert admin.delete("/v1/jobs/4711").status_code == 404
    assert admin.post("/v1/jobs/learn", {"horizon_days": 0}).status_code == 422
    missing = admin.post("/v1/jobs/import", {"upload_no": 7, "what": "leads"})
    assert (missing.status_code, missing.json()["message"]) == (
        422, "the file is not here any more (it is kept for a day): send it again",
    )  # fmt: skip
    small.world.lead("ann", 70.0)
    refused = admin.post("/v1/jobs/demo", {})
    assert (refused.status_code, refused.json()["message"].startswith("there are leads here already")) == (422, True)


def test_the_demo_is_made_once_however_often_it_is_asked_for(small: Api) -> None:
    admin = small.person("admin")
    began = small.clock.now.replace(second=0, microsecond=0)
    first = admin.post("/v1/jobs/demo", {}).json()["job_no"]
    small.clock.move(minutes=3)
    assert admin.post("/v1/jobs/demo", {}).json()["job_no"] == first
    asked = admin.get(f"/v1/jobs/{first}").json()["asked"]
    assert (asked["leads"], asked["by"][:5], asked["until"]) == (2_000, "user:", began.isoformat())


def as_file(client: Client, content: bytes, name: str = "leads.csv") -> httpx.Response:
    return client.request("POST", f"/v1/uploads?name={name}", content=content)


def test_a_file_is_sent_looked_at_asked_for_and_removed(api: Api) -> None:
    marketing = api.person("marketing")
    content = LEADS + b"".join(b"%d,p%d@acme.com\n" % (n, n) for n in range(2, 60_000))
    sent = as_file(marketing, content)
    assert (sent.status_code, sent.json()["name"], sent.json()["size_bytes"]) == (201, "leads.csv", len(content))
    number = sent.json()["upload_no"]
    head = marketing.get(f"/v1/uploads/{number}").json()
    assert (head["what"], head["rows"][0]) == ("leads", {"Contact ID": "1", "Email": "ann@acme.com"})
    assert {"lead_id": "Contact ID", "email": "Email"}.items() <= {
        one["name"]: one["column"] for one in head["meant"]["leads"]
    }.items()
    asked = marketing.post(
        "/v1/jobs/import", {"upload_no": number, "what": "leads", "columns": {"lead_id": "Contact ID"}}
    )
    assert asked.status_code == 202
    assert marketing.delete(f"/v1/uploads/{number}").status_code == 204
    assert marketing.get(f"/v1/uploads/{number}").status_code == 422


def test_a_file_may_come_as_a_form(small: Api) -> None:
    marketing = small.person("marketing")
    sent = marketing.request("POST", "/v1/uploads", files={"file": ("deals.csv", LEADS)}, data={"a": "b"})
    assert (sent.status_code, sent.json()["name"], sent.json()["size_bytes"]) == (201, "deals.csv", len(LEADS))
    nothing = marketing.request("POST", "/v1/uploads", files={"other": ("deals.csv", LEADS)})
    assert (nothing.status_code, nothing.json()["message"]) == (422, "choose a file first")


def test_a_file_that_is_too_large_is_refused_before_it_is_read(small: Api) -> None:
    async def endless() -> Any:
        raise AssertionError("not a byte is read")
        yield b""

    headers = {"Content-Length": str(MOST_BYTES * 2)}
    refused = small.person("marketing").request("POST", "/v1/uploads?name=a.csv", content=endless(), headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (413, "too_large")
    assert "split it" in refused.json()["message"]


def test_a_file_with_another_ending_is_refused(small: Api) -> None:
    refused = as_file(small.person("marketing"), b"PK\x03\x04", "leads.xlsx")
    assert refused.status_code == 422
    assert "'leads.xlsx' is no file that can be read here" in refused.json()["message"]


def test_who_may_not_send_a_file_leaves_nothing(small: Api) -> None:
    assert as_file(small.person("sales"), LEADS).status_code == 403
    assert as_file(small.key("read"), LEADS).status_code == 403
    foreign = small.person("marketing")
    foreign.headers["Sec-Fetch-Site"] = "cross-site"
    assert as_file(foreign, LEADS).status_code == 403
    sent = as_file(small.key("write"), LEADS)
    assert (sent.status_code, sent.json()["upload_no"]) == (201, 1)
