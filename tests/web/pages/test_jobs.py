from __future__ import annotations

import json
from typing import TYPE_CHECKING

from learned_results import become
from web_page import Page

if TYPE_CHECKING:
    from pages_world import PagesWorld, Visitor

HOSTILE = "<img src=x onerror=alert(1)>"


def asked(visitor: Visitor, days: int = 90) -> int:
    answer = visitor.send("/studio/learning", how="learn", outcome="won", horizon_days=str(days))
    return int(answer.headers["location"].rpartition("/")[2])


def progress(visitor: Visitor, job_no: int, page: str, block: str = "") -> tuple[Page, dict[str, str]]:
    headers = {
        "HX-Request": "true", "HX-Target": f"div#job_{job_no}", "HX-Current-URL": f"http://127.0.0.1:8080{page}",
    }  # fmt: skip
    answer = visitor.request("GET", f"/jobs/{job_no}/progress?block={block}", headers=headers)
    assert answer.status_code == 200
    assert "<html" not in answer.text
    return Page(answer.text), dict(answer.headers)


def test_how_far_a_job_is_is_told_while_it_is_under_way(either_world: PagesWorld) -> None:
    marketing = either_world.visitor("marketing")
    job_no = asked(marketing)
    waiting, headers = progress(marketing, job_no, "/studio/learning/1")
    assert "waits for its turn" in waiting.text
    assert not {"hx-location", "hx-refresh"} & {*headers}

    become(
        either_world.store,
        job_no,
        state="running",
        share=0.42,
        said=f"Judging {HOSTILE}",
        started_at=either_world.clock.now,
    )
    page, _ = progress(marketing, job_no, "/studio/learning/1")
    (bar,) = (one for one in page.all("div") if one.get("role") == "progressbar")
    assert (bar["aria-valuenow"], bar["aria-label"]) == ("42", "Learn a model")
    assert f"Judging {HOSTILE}" in page.text
    assert not page.all("img")


def test_when_it_has_ended_the_page_that_asks_loads_its_own_part_again(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    job_no = asked(marketing)
    become(world.store, job_no, state="failed", said="leads.csv: no column lead_id", ended_at=world.clock.now)
    page, headers = progress(marketing, job_no, "/evidence?version=3", "figures")
    assert "Leads.csv: no column lead_id" in page.text
    assert json.loads(headers["hx-location"]) == {
        "path": "/evidence?version=3", "target": "#figures", "push": "false", "headers": {"HX-Target": "div#figures"},
    }  # fmt: skip
    _, headers = progress(marketing, job_no, "/evidence?version=3")
    assert headers["hx-refresh"] == "true"
    _, headers = progress(marketing, job_no, "//evil.example/", "figures")
    assert not {"hx-location", "hx-refresh"} & {*headers}
    _, headers = progress(marketing, job_no, "/evidence", "x'onload")
    assert "hx-location" not in headers


def test_a_job_is_cancelled_by_those_who_may_and_one_goes_back_to_where_one_was(world: PagesWorld) -> None:
    marketing, viewer = world.visitor("marketing"), world.visitor("viewer")
    job_no = asked(marketing)
    seen, _ = progress(viewer, job_no, "/jobs")
    assert not seen.all("form")
    assert viewer.send(f"/jobs/{job_no}/cancel").status_code == 403
    form = next(one for one in progress(marketing, job_no, "/studio/learning/1?a=b")[0].all("form"))
    assert form["action"] == f"/jobs/{job_no}/cancel"
    answer = marketing.send(f"/jobs/{job_no}/cancel", back="/studio/learning/1?a=b")
    assert (answer.status_code, answer.headers["location"]) == (303, "/studio/learning/1?a=b")
    assert "was cancelled" in marketing.page(f"/jobs/{job_no}").text
    assert marketing.send(f"/jobs/{job_no}/cancel", back="https://evil.example/x").headers["location"] == "/x"


def test_all_jobs_are_listed_with_who_asked_and_why_one_failed(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    assert "Nothing yet" in marketing.page("/jobs").text
    first, second = asked(marketing), asked(marketing, 30)
    become(world.store, first, state="failed", said=HOSTILE, started_at=world.clock.now, ended_at=world.clock.now)
    page = world.visitor("viewer").page("/jobs")
    assert HOSTILE in page.text
    assert "by Marketing" in page.text
    assert [one["href"] for one in page.all("a") if (one["href"] or "").startswith("/jobs/")] == [
        f"/jobs/{second}", f"/jobs/{first}",
    ]  # fmt: skip
    part = marketing.get("/jobs", target="rows")
    assert "<html" not in part.text
    assert marketing.get("/jobs/4711").status_code == 404


def test_a_job_that_is_done_leads_to_what_came_of_it(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    job_no = asked(marketing)
    become(world.store, job_no, state="done", share=1.0, result={}, ended_at=world.clock.now)
    links = [one["href"] for one in marketing.page(f"/jobs/{job_no}").all("a")]
    assert f"/studio/learning/{job_no}" in links
    links = [one["href"] for one in world.visitor("viewer").page(f"/jobs/{job_no}").all("a")]
    assert f"/studio/learning/{job_no}" not in links  # who may not see it is not sent there


def test_a_kind_that_another_release_knew_is_shown_by_its_name(world: PagesWorld) -> None:
    marketing = world.visitor("marketing")
    become(world.store, asked(marketing), kind="dance", state="done", ended_at=world.clock.now)
    assert "dance" in marketing.page("/jobs").text
