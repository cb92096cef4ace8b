"""The first run: from nothing to a ranked list."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select

from live_sending import NOW, Live
from live_stores import maker
from pages_world import MODEL, PagesWorld, Visitor
from scoville.live.jobs.asking import find_job
from scoville.live.jobs.kinds import function_called, kind_named
from scoville.live.store.jobs import jobs
from scoville.live.store.log import inbox, quarantine
from scoville.web.auth.users import NewUser, create_user

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.live.store.opening import Store

LEADS = b"""Contact ID,Mail,Title,Company,Employees,Country,Created
1001,peter@initech.com,VP Sales,Initech,420,US,2026-01-05
1002,zoe@hotmail.com,Student,,,DE,2026-02-05
1003,ann@acme.com,CEO,Acme,800,US,2026-03-01
,nobody@acme.com,CTO,Acme,800,US,2026-03-01
""" + b"".join(b"%d,p%d@firm%d.com,Engineer,Firm %d,50,US,2026-03-02\n" % ((n,) * 4) for n in range(2000, 2057))
EVENTS = b"""Contact ID,Event,Date,path
1001,demo_requested,2026-04-30 10:00:00,
1001,page_viewed,2026-04-30 09:00:00,/pricing
1002,page_viewed,2026-04-29 09:00:00,/careers
1003,page_viewed,2026-04-28 09:00:00,/pricing/team
"""
OUTCOMES = b"""Contact ID,Outcome,Date
1001,won,2026-04-30 12:00:00
"""
FILES = {"leads": LEADS, "events": EVENTS, "outcomes": OUTCOMES}


def bare_world(store: Store) -> PagesWorld:
    """An app over a store in which nothing is but a login of two roles."""
    from api_world import HASH  # noqa: PLC0415 - hashed on import, which takes a while

    with store.writing() as connection:
        for role in ("admin", "sales"):
            wanted = NewUser(f"{role}@example.com", role.title(), role, HASH)
            create_user(connection, wanted, author="test", now=NOW)
    return PagesWorld(store)


@pytest.fixture
def bare(tmp_path: Path) -> Iterator[PagesWorld]:
    """Such a world over an SQLite store."""
    with contextlib.ExitStack() as stack:
        yield bare_world(maker(tmp_path, None, stack)())


@pytest.fixture(params=["sqlite", "postgres"])
def either_bare(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PagesWorld]:
    """The same over a store of each kind."""
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with contextlib.ExitStack() as stack:
        yield bare_world(maker(tmp_path, server, stack)())


def send_file(visitor: Visitor, what: str, name: str | None = None, body: bytes | None = None) -> str:
    """Where sending a file leads."""
    file = {"file": (name or f"{what}.csv", body if body is not None else FILES[what])}
    answer = visitor.request("POST", f"/welcome/upload?what={what}", files=file)
    assert answer.status_code == 303, answer.text[-500:]
    return str(answer.headers["location"])


def take_in(visitor: Visitor, path: str, **changed: str) -> str:
    """Send the form of the columns as it was proposed, but for some columns; where that leads."""
    answer = visitor.send(path, **form_of(visitor, path, **changed))
    assert answer.status_code == 303, answer.text[-800:]
    return str(answer.headers["location"])


def form_of(visitor: Visitor, path: str, **changed: str) -> dict[str, Any]:
    html = visitor.get(path).text
    columns = re.findall(r'name="column" value="([^"]*)"', html)
    selects = re.findall(r'<select id="means-\d+".*?</select>', html, re.DOTALL)
    means = [re.search(r'<option value="([^"]*)" selected', one) for one in selects]
    chosen = [changed.get(name, found[1] if found else "") for name, found in zip(columns, means, strict=True)]
    what = re.search(r'name="what" value="(\w+)"', html)
    return {"what": what[1] if what else "", "source": "crm", "column": columns, "means": chosen}


def do_jobs(world: PagesWorld) -> list[dict[str, Any]]:
    """Do the jobs that wait, here and now, as their processes would; what came of them."""
    results = []
    with world.store.reading() as connection:
        waiting = connection.execute(select(jobs.c.job_no).where(jobs.c.state == "waiting")).scalars().all()
    for number in waiting:
        with world.store.reading() as connection:
            job = find_job(connection, number)
        assert job is not None
        result = function_called(kind_named(job.kind).run)(world.store, job.asked, lambda _share, _said: None, NOW)
        with world.store.writing() as connection:
            done = {"state": "done", "result": result, "started_at": NOW, "ended_at": NOW}
            connection.execute(jobs.update().where(jobs.c.job_no == number).values(done))
        results.append(result)
    return results


def work(world: PagesWorld) -> None:
    """What the worker does: fold, score, switch."""
    live = Live(world.store)
    live.fold()
    live.score()


def test_the_first_page_is_the_first_run_until_there_is_something_to_see(bare: PagesWorld) -> None:
    visitor = bare.visitor("admin")
    assert visitor.get("/").headers["location"] == "/welcome"

    page = visitor.page("/welcome")
    assert "Look around with demo data" in page.text
    assert "Upload a file" in page.text
    assert "Connect your site" in page.text
    assert [one for one in page.all("li") if one.get("aria-current") == "step"] == [
        {"class": "next", "aria-current": "step"}
    ]
    assert "marketing or an administrator brings the leads in" in bare.visitor("sales").page("/welcome").text


def test_a_world_with_leads_begins_with_the_queue_and_is_told_what_is_done(world: PagesWorld) -> None:
    visitor = world.visitor("admin")

    assert visitor.get("/").headers["location"] == "/queue"
    page = visitor.page("/welcome")
    assert "You are set up" in page.text
    assert "See the ranked list (done)" in page.text
    assert "Look around with demo data" not in page.text


def test_demo_data_are_asked_for_as_a_job_by_an_admin_alone(bare: PagesWorld) -> None:
    assert bare.visitor("sales").send("/welcome/demo").status_code == 403
    visitor = bare.visitor("admin")

    answer = visitor.send("/welcome/demo")

    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome/filling/1")
    assert "Fill with demo data" in visitor.page("/welcome/filling/1").text
    assert "Watch it" in visitor.page("/welcome").text  # whoever comes back meanwhile finds it again
    with bare.store.writing() as connection:
        connection.execute(jobs.update().values(state="done", result={}))
    assert visitor.get("/welcome/filling/1").headers["location"] == "/welcome/scoring"


def test_columns_are_recognised_with_examples_and_a_reason(bare: PagesWorld) -> None:
    visitor = bare.visitor("admin")
    path = send_file(visitor, "leads")

    assert path == "/welcome/upload/1?what=leads"
    page = visitor.page(path)
    assert "peter@initech.com" in page.text
    assert dict(zip(*columns_and_meanings(visitor, path), strict=True)) == {
        "Contact ID": "lead_id", "Mail": "email", "Title": "job_title", "Company": "company",
        "Employees": "employees", "Country": "country", "Created": "created_at",
    }  # fmt: skip
    assert "60 distinct of 60, empty in 1.6%; the name says contact id" in page.text


def columns_and_meanings(visitor: Visitor, path: str) -> tuple[list[str], list[str]]:
    form = form_of(visitor, path)
    return form["column"], form["means"]


def test_a_file_is_taken_for_what_it_is_whatever_tab_it_was_sent_from(bare: PagesWorld) -> None:
    visitor = bare.visitor("admin")

    assert send_file(visitor, "leads", "export.csv", EVENTS).endswith("?what=events")


def test_columns_that_do_not_do_are_shown_again_with_what_is_wrong(bare: PagesWorld) -> None:
    visitor = bare.visitor("admin")
    path = send_file(visitor, "leads")

    missing = visitor.send(path, **form_of(visitor, path, **{"Contact ID": "-"}))
    assert missing.status_code == 422
    assert "Which column is “Id of the lead”? Leads need it." in missing.text
    twice = visitor.send(path, **form_of(visitor, path, **{"Contact ID": "lead_id", "Mail": "lead_id"}))
    assert "Two columns stand for “Id of the lead”: Contact ID and Mail. Choose one of them." in twice.text


def test_what_values_leave_open_is_asked_and_the_answer_counts(bare: PagesWorld) -> None:
    visitor = bare.visitor("admin")
    lines = ["Kundennummer;E-Mail;Mitarbeiter;Angelegt am"]
    lines += [f"{n};p{n}@firma{n}.de;{n}.200;0{n}/02/2026" for n in range(1, 8)]
    path = send_file(visitor, "leads", "kontakte.csv", "\n".join(lines).encode())

    page = visitor.page(path)
    open_mark = "“Mitarbeiter”: 1.234 may be a decimal or a thousands mark; read as 1.234. If that is wrong, say how"
    assert open_mark in page.text
    assert "“Angelegt am”: every date reads as day/month and as month/day; it stays text. Say which comes" in page.text
    assert "scoville.toml" not in page.text
    form = form_of(visitor, path) | {"decimal_mark": ",", "date_order": "dmy"}
    wrong = visitor.send(path, **form | {"means": [""] * 4})
    assert '<option value="," selected>1.234,56</option>' in wrong.text  # what was chosen is still chosen
    assert visitor.send(path, **form).status_code == 303
    do_jobs(bare)
    with bare.store.reading() as connection:
        found = {row.user_id: row.payload["traits"] for row in connection.execute(select(inbox))}
    assert (found["3"]["employees"], found["3"]["created_at"]) == (3_200, "2026-02-03T00:00:00Z")


def test_a_form_may_have_two_fields_for_each_of_hundreds_of_columns(bare: PagesWorld) -> None:
    visitor = bare.visitor("admin")
    path = send_file(visitor, "leads")
    form = form_of(visitor, path)
    form["column"] += [f"Property {n}" for n in range(600)]  # not in the file: only their number counts here
    form["means"] += ["-"] * 600
    assert visitor.send(path, **form).status_code == 303


@pytest.mark.parametrize(
    ("name", "body", "said"),
    [
        ("leads.exe", b"MZ", "no file that can be read here"),
        ("leads.csv", b"", "The file is empty"),
        ("leads.csv", b",".join(b"c%d" % n for n in range(3_000)) + b"\n1" + b",1" * 2_999, "3,000 columns"),
        ("leads.parquet", b"not parquet", ".parquet"),
    ],
)
def test_a_file_that_cannot_be_read_is_said_in_words(bare: PagesWorld, name: str, body: bytes, said: str) -> None:
    answer = bare.visitor("admin").request("POST", "/welcome/upload?what=leads", files={"file": (name, body)})

    assert answer.status_code == 422
    assert said in answer.text
    assert "/tmp" not in answer.text  # noqa: S108 - where it lies here is nobody's business


def test_from_files_to_a_ranked_list_by_a_proposed_model(either_bare: PagesWorld) -> None:
    bare = either_bare
    visitor = bare.visitor("admin")
    for what in ("leads", "events", "outcomes"):
        path = take_in(visitor, send_file(visitor, what))
        do_jobs(bare)
        work(bare)
        told = visitor.page(path).text
        assert {"leads": "60 rows of leads", "events": "4 rows of events", "outcomes": "1 row of outcomes"}[
            what
        ] in told
        assert ("1 had no id of a lead" in told) == (what == "leads")
        assert "unreadable" not in told

    proposing = visitor.send("/welcome/model").headers["location"]
    found = do_jobs(bare)[0]
    assert found["leads"] == 60
    page = visitor.page(proposing)
    assert "Score my leads by it" in page.text
    assert "touches" in page.text
    assert "won" not in {event for rule in found["rules"] for event in rule["name"].lower().split()}

    job_no = proposing.rsplit("/", 1)[1]
    assert visitor.send("/welcome/publish", job=job_no).headers["location"] == "/welcome/scoring"
    assert "0 of 60 leads have a score by Starter model." in visitor.page("/welcome/scoring").text
    finish_publication(bare)
    assert visitor.get("/welcome/scoring").headers["location"] == "/queue"
    assert "Initech" in visitor.page("/queue?answered=1").text  # who bought is not for sale any more


def finish_publication(world: PagesWorld) -> None:
    """What the worker does for a new model."""
    from scoville.live.scoring.score import build_some, nothing_more  # noqa: PLC0415 - of this one helper
    from scoville.live.scoring.switching import switch  # noqa: PLC0415 - likewise

    live = Live(world.store)
    while build_some(live.store, live.models, live.settings, live.now):
        pass
    assert switch(live.store, live.models, live.now, on_stage_changes=nothing_more)


def test_a_model_file_is_put_in_force_and_a_broken_one_is_explained(world: PagesWorld) -> None:
    visitor = world.visitor("admin")
    changed = MODEL.replace("name: B2B SaaS", "name: Another")

    broken = visitor.request("POST", "/welcome/publish", files={"model": ("m.yaml", b"scoville: 1\nfit: 7\n")})
    assert broken.status_code == 422
    assert "fit" in broken.text
    answer = visitor.request("POST", "/welcome/publish", files={"model": ("m.yaml", changed.encode())})
    assert (answer.status_code, answer.headers["location"]) == (303, "/welcome/scoring")
    again = visitor.request("POST", "/welcome/publish", files={"model": ("m.yaml", changed.encode())})
    assert again.status_code == 303
    assert "Another" in visitor.page("/welcome/scoring").text
    assert visitor.send("/welcome/publish").status_code == 422


def test_learning_is_offered_where_enough_leads_were_won(world: PagesWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = world.visitor("marketing")
    assert "No won lead is known yet. From about 50 on" in visitor.page("/welcome/model").text

    monkeypatch.setattr("scoville.web.pages.welcome.modelling.WINS_TO_LEARN", 0)
    assert "enough to measure what tells winners from the others" in visitor.page("/welcome/model").text


def test_rows_that_could_not_be_used_are_downloaded_with_their_reasons(world: PagesWorld) -> None:
    visitor = world.visitor("marketing")
    columns = {"lead_id": "Contact ID", "created_at": "Created"}
    asked = {"upload_no": 1, "what": "leads", "columns": columns, "leave_out": [], "source": "site"}
    row = {
        "kind": "import", "asked": asked, "asked_hash": b"x" * 16, "state": "done", "said": "", "begun": 1,
        "created_by": "a", "created_at": NOW, "started_at": NOW,
        "result": {
            "what": "leads", "file": "x.csv", "accepted": 5, "refused": 1, "known": 2, "unusable": 0,
            "unreadable": {"created_at": 1, "updated_at": 1_200},
        },
    }  # fmt: skip
    refused = {
        "received_at": NOW, "source_no": 1, "reason": "bad_id", "detail": "userId is a list", "body": "=1+1",
        "is_trusted": True,
    }  # fmt: skip
    with world.store.writing() as connection:
        connection.execute(insert(jobs).values(row))
        connection.execute(insert(quarantine).values(refused))

    page = visitor.page("/welcome/importing/1")
    assert "5 rows of leads taken in; rows of one person are one lead 2 were there already" in page.text
    assert "already: nothing counts twice 1 could not be used." in page.text
    assert "1 unreadable value in “Created”: left empty, its row counted all the same" in page.text
    assert "1,200 unreadable values in “updated_at”: left empty, the rows counted all the same" in page.text
    assert {"class": "button", "href": "/welcome/importing/1"} in visitor.page("/jobs/1").all("a")
    file = visitor.get("/welcome/importing/1/rejected")
    assert file.headers["content-type"] == "text/csv; charset=utf-8"
    assert file.text.splitlines() == ['"reason","detail","row"', '"bad_id","userId is a list","\'=1+1"']


def test_the_snippet_is_part_of_the_first_run(bare: PagesWorld) -> None:
    visitor = bare.visitor("admin")

    assert "WRITE_KEY" in visitor.page("/welcome/connect").text
    assert "sv_write_" in visitor.send("/welcome/connect", **{"with": "site", "name": "Shop"}).text
    assert "Send what people do, as they do it (done)" in visitor.page("/welcome").text
