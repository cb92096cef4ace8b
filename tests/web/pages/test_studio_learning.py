from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from api_world import OURS
from learned_results import become, declined, end, learned, retuned
from pages_world import MODEL
from scoville.live.models.drafts import find_draft
from scoville.model.load import Model
from web_page import Page

if TYPE_CHECKING:
    from pages_world import PagesWorld, Visitor

HOSTILE = "<script>alert(1)</script>"


def asked(visitor: Visitor, how: str = "learn", **fields: str) -> int:
    answer = visitor.send("/studio/learning", how=how, **{"outcome": "won", "horizon_days": "90", **fields})
    assert answer.status_code == 303, answer.text
    return int(answer.headers["location"].rpartition("/")[2])


def asked_for(world: PagesWorld, job_no: int) -> dict[str, Any]:
    found: dict[str, Any] = world.visitor("viewer").get(f"/v1/jobs/{job_no}").json()
    return {"kind": found["kind"], **found["asked"]}


def won(world: PagesWorld, *lead_ids: str) -> None:
    sales = world.visitor("sales")
    for lead_id in lead_ids:
        assert sales.post(f"/v1/leads/{lead_id}/outcomes", {"outcome": "won"}).status_code == 201


def test_without_any_outcome_it_says_what_is_missing(world: PagesWorld) -> None:
    page = world.visitor("marketing").page("/studio/learning")
    assert "There is nothing to learn from yet" in page.text
    assert not [one for one in page.all("form") if one.get("action") == "/studio/learning"]


def test_every_outcome_is_offered_with_how_many_had_it_and_whether_that_is_enough(either_world: PagesWorld) -> None:
    won(either_world, "ann", "cleo")
    page = either_world.visitor("marketing").page("/studio/learning")
    said = " ".join(page.text.split())
    assert "won 2 leads 18 more are needed before anything can be learned" in said
    assert "Re-tune “m”" in page.text  # the model in force, as the test calls it
    assert [one["value"] for one in page.all("input") if one.get("name") == "how"] == ["learn", "in_force"]


def test_a_new_model_is_asked_for_and_followed(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    job_no = asked(marketing, horizon_days="180", leave_out="source, cost,")
    assert asked_for(world, job_no) == {
        "kind": "learn", "outcome": "won", "horizon_days": 180, "factors": 7, "leave_out": ["source", "cost"],
    }  # fmt: skip
    page = marketing.page(f"/studio/learning/{job_no}")
    (polls,) = (one for one in page.all("div") if one.get("id") == f"job_{job_no}")
    assert (polls["hx-get"], polls["hx-trigger"]) == (f"/jobs/{job_no}/progress?block=learned", "every 1s")
    become(world.store, job_no, state="failed", said="no lead was open", ended_at=world.clock.now)
    assert "No lead was open" in marketing.page(f"/studio/learning/{job_no}").text


def test_what_was_learned_is_shown_beside_the_model_in_force_and_taken_as_a_draft(either_world: PagesWorld) -> None:
    world, marketing = either_world, either_world.visitor("marketing")
    job_no = asked(marketing)
    end(world.store, job_no, learned(), world.clock.now)
    page = marketing.page(f"/studio/learning/{job_no}")
    found = learned()
    assert found["headline"]["title"] in page.text
    rules = [rule["name"] for side in found["card"]["sides"] for rule in side["rules"]]
    assert all(name in page.text for name in rules)
    assert "closed_reason" in page.text  # it leaks, see made_up_leads
    assert "things differ" in page.text
    part = marketing.get(f"/studio/learning/{job_no}", target="learned")
    assert "<html" not in part.text
    assert found["headline"]["title"] in Page(part.text).text

    file = marketing.get(f"/studio/learning/{job_no}/download")
    assert file.headers["content-disposition"] == f'attachment; filename="learned-{job_no}.yaml"'
    assert Model.loads(file.text).name == found["name"]

    taken = marketing.send(f"/studio/learning/{job_no}/draft")
    assert (taken.status_code, taken.headers["location"]) == (303, "/studio")
    me = marketing.get("/v1/session").json()["user_id"]
    with world.store.reading() as connection:
        draft = find_draft(connection, f"user:{me}")
    assert draft is not None
    assert (draft.text, draft.based_on, draft.origin) == (found["text"], 1, "what was learned")
    assert marketing.get("/v1/models/status").json()["in_force"]["version_no"] == 1  # nothing is published by itself


def test_the_whole_report_is_a_page_of_its_own_under_its_own_policy(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    job_no = asked(marketing)
    end(world.store, job_no, learned(), world.clock.now)
    report = marketing.get(f"/studio/learning/{job_no}/report")
    assert report.text == learned()["report"]
    policy = report.headers["content-security-policy"]
    said = re.search(r"style-src 'sha256-[^']+'", report.text)  # what the report itself allows
    assert said is not None
    assert said[0] in policy
    assert "script" not in policy


def test_where_nothing_was_learned_the_reason_is_said_and_there_is_nothing_to_take(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    job_no = asked(marketing)
    end(world.store, job_no, declined(), world.clock.now)
    page = marketing.page(f"/studio/learning/{job_no}")
    assert "Nothing was learned" in page.text
    assert "20 are needed" in page.text
    assert not [one for one in page.all("form") if "/draft" in (one.get("action") or "")]
    refused = marketing.send(f"/studio/learning/{job_no}/draft")
    assert (refused.status_code, "there is nothing to take" in refused.text) == (409, True)


def test_points_are_re_tuned_from_the_model_in_force_or_from_the_draft(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    assert asked_for(world, asked(marketing, "in_force"))["text"] == MODEL
    missing = marketing.send("/studio/learning", how="draft", outcome="won", horizon_days="30")
    assert missing.status_code == 303  # without a draft of one's own it is the version in force, untouched
    job_no = asked(marketing)
    end(world.store, job_no, learned(), world.clock.now)
    marketing.send(f"/studio/learning/{job_no}/draft")
    assert asked_for(world, asked(marketing, "draft", horizon_days="60"))["text"] == learned()["text"]


def test_new_points_are_shown_with_the_reason_for_each(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    job_no = asked(marketing, "in_force")
    end(world.store, job_no, retuned(), world.clock.now)
    page = marketing.page(f"/studio/learning/{job_no}")
    assert "Partner −20 0" in " ".join(page.text.split())  # who win more often, see made_up_leads
    assert retuned()["headline"]["title"] in page.text


def test_names_that_somebody_sent_are_text(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    job_no = asked(marketing)
    result = {**learned(), "leaks": [{"reason": HOSTILE, "names": [HOSTILE]}], "notes": [HOSTILE], "outcome": HOSTILE}
    end(world.store, job_no, result, world.clock.now)
    page = marketing.page(f"/studio/learning/{job_no}")
    assert page.text.count(HOSTILE) == 4
    assert all(one.get("src") for one in page.all("script"))


def test_only_marketing_and_above_learn(world: PagesWorld) -> None:
    sales = world.visitor("sales")
    assert sales.get("/studio/learning").status_code == 403
    refused = sales.request("POST", "/studio/learning", data={"how": "learn"}, headers=OURS)
    assert refused.status_code == 403
    job_no = asked(world.visitor("marketing"))
    assert sales.get(f"/studio/learning/{job_no}").status_code == 403
    other = world.visitor("admin").post("/v1/jobs/demo", {})
    assert other.status_code == 422
    assert world.visitor("marketing").get("/studio/learning/4711").status_code == 404
