"""The pages of evidence: what was worked out is told, whole and in parts, moved about, and asked for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest
from sqlalchemy import select, update

import proved
from live_sending import NOW
from pages_world import PagesWorld, Visitor
from scoville.live.jobs.asking import ask_for, list_jobs
from scoville.live.models.drafts import Draft, find_draft, keep_draft
from scoville.live.store.jobs import jobs

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PAGES = ("", "/rules", "/line", "/drift", "/compare", "/trials", "/money")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Visitor]:
    """Somebody of marketing who only looks: one store will do for all of these tests."""
    store = proved.proved_copy(tmp_path_factory.mktemp("read"))
    yield PagesWorld(store).visitor("marketing")
    store.close()


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PagesWorld]:
    store = proved.proved_copy(tmp_path)
    yield PagesWorld(store)
    store.close()


@pytest.fixture
def marketing(world: PagesWorld) -> Visitor:
    return world.visitor("marketing")


def jobs_of(world: PagesWorld, kind: str) -> list[dict[str, object]]:
    with world.store.reading() as connection:
        return [job.asked for job in list_jobs(connection, kind=kind)]


def test_every_page_is_there_whole_and_as_the_part_that_is_wanted(world: PagesWorld) -> None:
    visitor = world.visitor("viewer")
    for end in PAGES:
        page = visitor.page(f"/evidence{end}")
        assert [text for tag, text in page.texts if tag == "h1"] == ["Evidence"]
    parts = (("/line", "position"), ("/trials", "planned"), ("/trials", "assigned"), ("/money", "worths"))
    for address, block in parts:
        part = visitor.get(f"/evidence{address}", target=block).text
        assert "<h1" not in part
        assert part.strip() in visitor.get(f"/evidence{address}").text


def test_the_verdict_comes_first_and_says_what_it_rests_on(reader: Visitor) -> None:
    html = reader.get("/evidence").text
    assert "Version 1, in force" in html
    assert re.search(r'<h2 class="title">It (seems to )?predicts?', html)
    questions = re.findall(r'<h2 id="[a-z_]+-title">([^<]+)</h2>', html)
    assert questions[:3] == ["What to do next", "Do higher scores convert more?", "How much do the best leads hold?"]
    assert html.count('class="chart"') == 6  # three charts, each for a desk and for a phone
    assert "style=" not in html


def test_who_was_overlooked_has_a_page_until_they_are_forgotten(world: PagesWorld, marketing: Visitor) -> None:
    found = re.findall(r'<a href="/leads/(L\d+)">', marketing.get("/evidence/rules").text)
    assert found
    answer = world.visitor("admin").request("POST", "/v1/forget", json={"ids": [found[0]]})
    assert answer.status_code < 300, answer.text
    again = re.findall(r'<a href="/leads/(L\d+)">', marketing.get("/evidence/rules").text)
    assert again == [lead_id for lead_id in found if lead_id != found[0]]
    assert found[0] not in marketing.get("/evidence/report.html").text


def test_moving_the_line_changes_what_it_gives_and_stays_in_the_address(reader: Visitor) -> None:
    high, low = (reader.get(f"/evidence/line?at={at}&cost=5", target="position").text for at in (35, 10))
    assert "A line at 35" in high
    a_week = [float(re.findall(r"([\d.]+) new leads a week", text)[0]) for text in (high, low)]
    assert a_week[0] < a_week[1]
    assert "Money a week" in high
    page = reader.page("/evidence/line?at=35&capacity=3&cost=5&value=1,200")
    typed = {one["name"]: one.get("value") for one in page.all("input") if "name" in one}
    assert (typed["at"], typed["capacity"], typed["cost"], typed["value"]) == ("35.0", "3", "5", "1,200")
    assert "at most 3 new leads a week" in page.text.lower()


def test_the_line_as_it_is_now_is_said_to_be_so(reader: Visitor) -> None:
    assert "MQL, as it is now" in reader.get("/evidence/line").text
    assert "SQL, as it is now" in reader.get("/evidence/line?at=30").text


@pytest.mark.parametrize(("field", "typed", "said"), [
    ("capacity", "-3", "the capacity must be a number above 0: found &#39;-3&#39;"),
    ("cost", "free", "the cost of a lead must be a number above 0: found &#39;free&#39;"),
    ("at", "high", "the line must be a number: found &#39;high&#39;"),
    ("at", "nan", "the line must be a number: found &#39;nan&#39;"),
    ("won", "a\0b", "has a character that cannot be stored"),
])  # fmt: skip
def test_what_is_no_number_is_said_beside_the_page(reader: Visitor, field: str, typed: str, said: str) -> None:
    answer = reader.get(f"/evidence/line?{urlencode({field: typed})}", target="position")
    assert answer.status_code == 422
    assert answer.headers["HX-Retarget"] == "#said"
    assert said in answer.text.lower()


@pytest.mark.parametrize("end", PAGES)
def test_whatever_stands_in_the_address_is_text(reader: Visitor, end: str) -> None:
    hostile = """"><script>alert(1)</script><img src=x onerror=alert(1)>{{ 1234567 * 9 }}"""
    names = ("won", "name", "lead", "variants", "rate", "lift", "per_week")
    for name in names:
        html = reader.get(f"/evidence{end}?{urlencode({name: hostile})}").text
        assert "<script>alert" not in html
        assert "<img src=x" not in html
        assert "11111103" not in html


def test_a_line_goes_into_ones_draft_with_its_comments(world: PagesWorld, marketing: Visitor) -> None:
    answer = marketing.send("/evidence/line/draft", version="1", stage="MQL", at="17.0")
    assert (answer.status_code, answer.headers["location"]) == (303, "/studio")
    assert jobs_of(world, "evidence") == [{**proved.PAST, "version_no": 1}]  # nothing is worked out or published
    with world.store.reading() as connection:
        [author] = [row[0] for row in connection.exec_driver_sql("SELECT author FROM drafts")]
        draft = find_draft(connection, author)
    assert draft is not None
    assert draft.text == proved.MODEL.replace("from: 12", "from: 17")  # the comment stays, and all else
    assert (draft.based_on, draft.origin) == (1, "version 1")
    marketing.send("/evidence/line/draft", version="1", stage="SQL", at="33.5")
    with world.store.reading() as connection:
        again = find_draft(connection, author)
    assert again is not None
    assert again.text == draft.text.replace("from: 30", "from: 33.5")  # the draft is gone on with


def test_a_draft_of_another_version_is_not_written_over(world: PagesWorld, marketing: Visitor) -> None:
    marketing.send("/evidence/line/draft", version="1", stage="MQL", at="17")
    with world.store.writing() as connection:
        [author] = [row[0] for row in connection.exec_driver_sql("SELECT author FROM drafts")]
        keep_draft(connection, author, Draft("scoville: 1\n", 2, "version 2", NOW))
    answer = marketing.send("/evidence/line/draft?version=1&cost=5", version="1", stage="MQL", at="18")
    assert (answer.status_code, answer.headers["location"]) == (303, "/evidence/line?version=1&cost=5&at=18")
    page = marketing.page(answer.headers["location"])  # it goes on with the line, and says what is in the way
    assert "The line was not put into your draft" in page.text
    assert "began from version 2, not from version 1" in page.text
    assert "Open your draft and let MQL begin at 18 there" in page.text
    assert "Put it into my draft" not in page.text
    with world.store.reading() as connection:
        draft = find_draft(connection, author)
    assert draft is not None
    assert draft.text == "scoville: 1\n"
    wrong = marketing.send("/evidence/line/draft", version="2", stage="Nobody", at="18")
    assert wrong.status_code == 422
    assert "let the stage Nobody begin at 18" in wrong.text


def test_two_versions_side_by_side_with_who_moves(reader: Visitor) -> None:
    html = reader.get("/evidence/compare").text
    assert "What is written differently?" in html
    assert "points 10 → 25" in html
    assert re.search(r"\d+ of the \d+ leads that were open at the newest snapshot change stage", html)
    assert '<a href="/leads/L' in html
    other = reader.get("/evidence/compare?first=2&other=1").text
    assert "Not compared yet" in other


def test_what_is_less_has_a_real_minus(world: PagesWorld, marketing: Visitor) -> None:
    with world.store.writing() as connection:
        result = connection.execute(select(jobs.c.result).where(jobs.c.kind == "compare")).scalar_one()
        found = {**result, "verdict": "no difference shown: -0.003 (-0.012 to +0.006)"}
        connection.execute(update(jobs).where(jobs.c.kind == "compare").values(result=found))
    assert "No difference shown: −0.003 (−0.012 to +0.006)." in marketing.page("/evidence/compare").text


def test_a_plan_says_what_twelve_weeks_can_show(reader: Visitor) -> None:
    query = urlencode({"rate": "5%", "lift": "20%", "per_week": "400", "variants": "current=50,new=50"})
    part = reader.get(f"/evidence/trials?{query}", target="planned").text
    assert "31,232 leads, about 78 weeks" in part  # docs/compare.md
    assert "4,800 leads show a change of" in part
    few = reader.get(f"/evidence/trials?{query.replace('=400', '=36')}", target="planned").text
    assert "31,232 leads, about 17 years" in few  # by hand: 31,232 / 36 / 52 = 16.7
    assert "Too long for a trial with so few leads" in few
    wrong = reader.get("/evidence/trials?variants=one").text
    assert "a trial needs at least two" in wrong


def test_a_lead_is_assigned_as_the_manual_says(reader: Visitor) -> None:
    part = reader.get("/evidence/trials?name=welcome&lead=ada", target="assigned").text
    assert "ada gets “current”" in part  # docs/compare.md: its place is 0.4479
    assert "trial=&#34;welcome&#34;" in part


def test_the_snippet_gives_what_the_server_gives(reader: Visitor) -> None:
    page = reader.page("/evidence/trials?name=mail%27s&variants=a%3D20,b%3D30,c%3D50")
    code = "".join(text for tag, text in page.texts if tag == "code").partition("async function")[0]
    made: dict[str, object] = {}
    exec(code, made)  # noqa: S102 - what people paste has to run
    for lead in ("ada", "bob", "çelik", "L0001"):
        typed = {"name": "mail's", "variants": "a=20,b=30,c=50", "lead": lead}
        said = reader.get(f"/evidence/trials?{urlencode(typed)}").text
        assert f"{lead} gets “{made['variant'](lead)}”" in said  # type: ignore[operator]


def test_money_is_reckoned_from_what_is_typed(reader: Visitor) -> None:
    part = reader.get("/evidence/money?value=1000&cost=100", target="worths").text
    assert "on its way" in part
    assert "Working a lead pays where more than 10.0% win" in part
    whole = reader.page("/evidence/money?value=1000&cost=100")
    assert "How much is on its way?" in whole.text
    assert "What do leads cost, and bring?" in whole.text


def test_the_value_of_a_win_holds_on_every_page(reader: Visitor) -> None:
    html = reader.get("/evidence/money?value=1000&cost=7").text
    assert re.search(r'href="/evidence/line\?[^"]*&amp;value=1000&amp;cost=7"', html)
    assert 'value="1000"' in reader.get("/evidence/line?value=1000&cost=7").text


def test_asking_is_for_marketing_and_goes_on_where_it_was_asked(world: PagesWorld, marketing: Visitor) -> None:
    fields = {"version_no": "1", "horizon_days": "14", "snapshots": "weekly", "won": "won"}
    refused = world.visitor("sales").send("/evidence", **fields)
    assert refused.status_code == 403
    back = "/evidence/line?version=1&horizon=14&snapshots=weekly&won=won"
    answer = marketing.send("/evidence", **fields, back=back)
    assert (answer.status_code, answer.headers["location"]) == (303, back)
    assert jobs_of(world, "evidence")[0] == {
        "version_no": 1, "horizon_days": 14, "snapshots": "weekly", "won": ["won"]
    }  # fmt: skip
    waits = marketing.get(back).text
    assert "Work out the evidence" in waits
    assert "waits for its turn" in waits
    elsewhere = marketing.send("/evidence", **fields, back="https://evil.example/evidence")
    assert elsewhere.headers["location"] == "/evidence"


def test_comparisons_and_trials_are_asked_for_with_the_past_of_the_page(world: PagesWorld, marketing: Visitor) -> None:
    marketing.send("/evidence/compare?horizon=14", first="2", other="1")
    assert jobs_of(world, "compare")[0]["versions"] == [2, 1]
    assert jobs_of(world, "compare")[0]["horizon_days"] == 14
    answer = marketing.send("/evidence/trials", name="welcome", variants="current=50,new=50", since="2026-01-01",
                            planned="31,232", horizon_days="")  # fmt: skip
    assert answer.status_code == 303
    assert "waits for its turn" in marketing.get(answer.headers["location"]).text
    assert jobs_of(world, "trial")[0]["planned"] == 31_232
    wrong = marketing.send("/evidence/trials", name="", variants="current=50,new=50", since="2026-01-01", planned="1")
    assert wrong.status_code == 422
    assert "name is missing" in wrong.text.lower()


def test_the_report_is_one_file_to_keep(reader: Visitor) -> None:
    answer = reader.get("/evidence/report.html")
    assert 'attachment; filename="scoville-evidence-' in answer.headers["content-disposition"]
    assert answer.text.startswith("<!doctype html>")
    assert "L00" in answer.text  # who is farthest off, by the ids that people know
    assert "Proved" in answer.text


def test_the_api_gives_the_newest_evidence_of_the_model_in_force(world: PagesWorld) -> None:
    viewer = world.visitor("viewer")
    found = viewer.get("/v1/evidence").json()
    assert (found["version_no"], found["asked"]["horizon_days"]) == (1, 30)
    assert found["evidence"]["predicts"] is True
    assert found["evidence"]["auc"] > 0.6
    assert viewer.get("/v1/evidence?version_no=2").status_code == 404
    assert world.visitor("sales").request("POST", "/v1/jobs/evidence", json={}).status_code == 403
    assert world.visitor("marketing").request("POST", "/v1/jobs/compare", json={"versions": [1, 9]}).status_code == 404


# What is shown while nothing can be


def test_without_a_model_the_studio_is_shown(tmp_path: Path) -> None:
    store = proved.open_empty(tmp_path)
    visitor = PagesWorld(store).visitor("marketing")
    for end in PAGES:
        assert "There is no model yet" in visitor.get(f"/evidence{end}").text
    store.close()


def test_what_is_missing_is_said_with_a_way_to_send_it(tmp_path: Path) -> None:
    store = proved.open_empty(tmp_path)
    world = PagesWorld(store)
    visitor = world.visitor("marketing")
    proved.publish(store)
    assert "Nobody is known yet" in visitor.get("/evidence").text
    proved.take_in(store, leads=60, days=40, outcomes=0)
    none = visitor.get("/evidence").text
    assert "Nobody has said who bought yet" in none
    assert 'href="/data/outcomes"' in none
    viewer = world.visitor("viewer").get("/evidence").text
    assert 'href="/data' not in viewer
    assert "Someone of marketing can send it" in viewer
    assert "Too early" not in none
    store.close()


def test_too_early_and_too_few_are_told_apart(tmp_path: Path) -> None:
    store = proved.open_empty(tmp_path)
    visitor = PagesWorld(store).visitor("marketing")
    proved.publish(store)
    proved.take_in(store, leads=60, days=40, outcomes=3)
    assert "Too early to look 90 days ahead" in visitor.get("/evidence?horizon=90").text
    few = visitor.get("/evidence?horizon=7").text
    assert "A few more outcomes, and it can be told" in few
    assert "3 won" in few
    assert "Look all the same" in few
    store.close()


def test_what_failed_says_why(world: PagesWorld, marketing: Visitor) -> None:
    with world.store.writing() as connection:
        job = ask_for(connection, "evidence", {**proved.PAST, "horizon_days": 7, "version_no": 1}, by="a", now=NOW)
    proved.end(world.store, job.job_no, state="failed", said="no lead has a date")
    assert "It could not be worked out: no lead has a date" in marketing.get("/evidence?horizon=7").text
