"""The queue in process: what stands in it, what its address says, and what people do with leads from there."""

from __future__ import annotations

import csv
import io
from datetime import timedelta
from typing import TYPE_CHECKING
from urllib.parse import quote

import pytest
from sqlalchemy import insert, select, text, update

from api_world import HASH
from live_sending import NOW, Live, message
from pages_world import ROLES, PagesWorld
from scoville.live.actions.queueing import queue_notices
from scoville.live.routing.by_hand import assign
from scoville.live.routing.owners import Owner, save_owner
from scoville.live.routing.queue import enqueue
from scoville.live.scoring.score import score_some
from scoville.live.sla import SlaRule, on_crossings, save_sla_rule
from scoville.live.store.access import audit_log
from scoville.live.store.routing import clocks, touches, waiting
from scoville.live.store.scores import ledger
from scoville.web.auth.users import NewUser, create_user
from web_page import Page

if TYPE_CHECKING:
    from pages_world import Visitor
    from scoville.live.store.opening import Store

XSS = (
    "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "'-alert(1)-'", "{{7*7}}", "javascript:alert(1)",
    "</td></tr></table><svg onload=alert(1)>",
)  # fmt: skip


@pytest.fixture
def small_pages(small_store: Store) -> PagesWorld:
    """Logins of every role, and nothing else."""
    with small_store.writing() as connection:
        for role in ROLES:
            create_user(connection, NewUser(f"{role}@example.com", role.title(), role, HASH), author="test", now=NOW)
    return PagesWorld(small_store)


def leads(page: Page) -> list[str | None]:
    return [row["data-lead"] for row in page.all("tr") if "data-lead" in row]


def of(visitor: Visitor, query: str = "") -> list[str | None]:
    return leads(visitor.page(f"/queue{query}"))


def sam(store: Store) -> str:
    """The owner who logs in as sales."""
    return save_owner(store, Owner("Sam", "Sales@example.com"), NOW)


def gets_hot(store: Store, lead_id: str) -> None:
    live = Live(store)
    live.send(message("track", lead_id, event="demo_requested", minutes_ago=1, properties={}))
    score_some(store, live.models, live.settings, NOW, 100, on_stage_changes=on_crossings)


def test_leads_stand_best_first_with_score_reasons_stage_owner_and_clock(either_world: PagesWorld) -> None:
    store = either_world.store
    save_sla_rule(store, SlaRule("MQL", 2 * 3600))
    assign(store, "finn", sam(store), "x", NOW, queue_notices)
    gets_hot(store, "finn")
    page = either_world.visitor("sales").page("/queue")

    assert leads(page) == ["ann", "finn", "bob", "cleo", "eve", "dan"]
    row = page.text[page.text.index("Finn Fry") : page.text.index("Bob Baker")]
    assert "Director of IT, Dune 60" in row  # 35 of fit and 25 of the demo, a minute old
    assert "+25 Demo requested 1 min ago +20 Decision maker +15 Company size" in row
    assert "MQL hot A2 you 1 h left" in row  # two hours from the event, a minute ago


def test_the_change_is_the_score_of_now_less_that_of_a_week_ago(world: PagesWorld) -> None:
    entry = {"cause": "event", "fit": 0.0, "engagement": 0.0, "model_version": "v"}
    with world.store.writing() as connection:
        rows = connection.execute(text("SELECT lead_id, lead_no FROM leads")).all()
        number = {row.lead_id: row.lead_no for row in rows}
        for lead_id, score in (("bob", 40.0), ("finn", 35.2), ("ann", 90.0)):
            connection.execute(
                insert(ledger).values(lead_no=number[lead_id], at=NOW - timedelta(days=8), score=score, **entry)
            )
    viewer = world.visitor("viewer")
    said = viewer.page("/queue").text

    assert "Bob Baker VP Sales, Acme 49 ▲ up 8.7" in said
    assert "Ann Archer CEO, Acme 81 ▼ down 9.1" in said
    assert "Finn Fry Director of IT, Dune 35 =" in said
    # by hand: 15 of fit and a demo of 14 days ago, which fades within 60; the visit of today came since
    before = 15 + 25 * (1 - 7 / 60)
    assert "Cleo Cook Engineer, Bolt 44 ▲ up 7.1" in said  # the ledger began since
    told = {one["lead_id"]: one for one in viewer.get("/v1/leads").json()["leads"]}
    assert (told["bob"]["score_week_ago"], told["finn"]["score_week_ago"]) == (40.0, 35.2)
    assert told["cleo"]["score_week_ago"] == pytest.approx(before)
    assert {one["is_new"] for one in told.values()} == {False}
    assert "▲ +7.1 in a week" in viewer.page("/leads/cleo").text


def test_whoever_came_since_is_new_and_says_so_everywhere(world: PagesWorld) -> None:
    live = Live(world.store)
    live.send(message("identify", "gus", minutes_ago=60, traits={"name": "Gus Gray", "title": "CEO"}))
    live.score()
    viewer = world.visitor("viewer")

    assert "Gus Gray CEO 20 new" in viewer.page("/queue").text
    assert "new this week" in viewer.page("/leads/gus").text
    gus = next(one for one in viewer.get("/v1/leads").json()["leads"] if one["lead_id"] == "gus")
    assert (gus["score_week_ago"], gus["is_new"]) == (None, True)


def test_a_list_of_changes_says_when_the_record_is_younger(world: PagesWorld) -> None:
    viewer = world.visitor("viewer")
    said = "Scores have been written down since 1 May 2026 12:00 UTC"
    assert said in viewer.page("/queue?changed=7d").text
    assert said not in viewer.page("/queue").text
    world.clock.move(days=8)
    assert said not in world.visitor("viewer").page("/queue?changed=7d").text


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("?stage=MQL", ["bob", "cleo"]),
        ("?stage=MQL&priority=nurture", ["bob"]),
        ("?grade=A&level=4", ["finn"]),
        ("?min=40", ["ann", "bob", "cleo"]),
        ("?min=", ["ann", "bob", "cleo", "finn", "eve", "dan"]),
        ("?account=acme", ["ann", "bob"]),
        ("?q=CLEO@", ["cleo"]),
        ("?q=acm", ["ann", "bob"]),
        ("?q=nobody", []),
        ("?owner=mine", ["bob"]),
        ("?owner=nobody", ["ann", "cleo", "finn", "eve", "dan"]),
        ("?owner=waiting", ["finn"]),
        ("?owner=waiting&waits=at_capacity", ["finn"]),
        ("?owner=waiting&waits=absent", []),
        ("?changed=30d&stage=SQL", ["ann"]),
        ("?stage=Gone", []),
        ("?unknown=x&stage=SQL", ["ann"]),
    ],
)
def test_filters_of_the_address_hold_together(world: PagesWorld, query: str, found: list[str]) -> None:
    assign(world.store, "bob", sam(world.store), "x", NOW, queue_notices)
    waits(world.store, "finn")

    assert of(world.visitor("sales"), query) == found


def waits(store: Store, lead_id: str) -> None:
    """Somebody for whom nobody has room."""
    with store.writing() as connection:
        number = connection.execute(text("SELECT lead_no FROM leads WHERE lead_id = :id"), {"id": lead_id}).scalar_one()
        enqueue(connection, {number: "manual"}, NOW - timedelta(hours=5))
        connection.execute(update(waiting).values(reason="at_capacity", detail="all of three have their share"))


def test_a_value_that_no_filter_can_have_is_said_in_words(world: PagesWorld) -> None:
    answer = world.visitor("sales").get("/queue?min=many")

    assert answer.status_code == 422
    assert "Min: should be a valid number" in Page(answer.text).text


def test_who_waits_for_an_owner_says_why_and_the_view_counts_the_reasons(world: PagesWorld) -> None:
    waits(world.store, "finn")
    visitor = world.visitor("viewer")

    assert "Waiting for an owner 1" in visitor.page("/queue").text
    page = visitor.page("/queue?owner=waiting")
    assert "Because: Everybody is full 1" in page.text
    assert "Everybody is full for 5 h" in page.text
    assert "all of three have their share" in [one.get("title") for one in page.all("span")]
    with world.store.writing() as connection:
        connection.execute(text("DELETE FROM waiting"))
    assert "Nobody waits Every lead that is to have an owner has one." in visitor.page("/queue?owner=waiting").text


@pytest.mark.parametrize("part", [None, "rows", "views"])
def test_every_part_says_what_the_whole_page_says(world: PagesWorld, part: str | None) -> None:
    answer = world.visitor("sales").get("/queue?stage=MQL", part)

    assert answer.status_code == 200
    assert ("<html" in answer.text) == (part is None)
    assert ("Bob Baker" in answer.text) == (part != "views")
    assert "Nobody&#39;s" in answer.text  # the views stand beside the rows, for their marks change with the filters


def test_pages_hang_together_and_a_list_that_is_no_more_begins_again(world: PagesWorld) -> None:
    live = Live(world.store)
    for number in range(120):
        live.receive(message("identify", f"u{number:03}", minutes_ago=100.0, traits={"title": "Engineer"}))
    live.fold()
    score_some(world.store, live.models, live.settings, NOW, 200, on_stage_changes=on_crossings)
    visitor, found, path = world.visitor("sales"), [], "/queue"
    for _ in range(3):
        page = visitor.page(path)
        found += leads(page)
        path = next((str(one["href"]) for one in page.all("a") if one.get("rel") == "next"), "")
    assert (len(found), len({*found}), path) == (126, 126, "")
    assert "101 to 126" in page.text

    ended = visitor.get("/queue?stage=MQL&cursor=WzEs")
    assert (ended.status_code, ended.headers["location"]) == (303, "/queue?stage=MQL")
    assert "here it is from the top" in visitor.page("/queue?stage=MQL").text


def test_a_lead_is_claimed_accepted_and_rejected_from_its_row(either_world: PagesWorld) -> None:
    sam(either_world.store)
    sales = either_world.visitor("sales")
    claimed = sales.send("/queue/act?stage=SQL", claim="ann")
    assert (claimed.status_code, claimed.headers["location"]) == (303, "/queue?stage=SQL")
    page = sales.page("/queue")
    assert "1 lead yours now." in page.text
    assert of(sales, "?owner=mine") == ["ann"]

    sales.send("/queue/act", accept="ann")
    assert "you accepted just now" in sales.page("/queue").text
    sales.send("/queue/act", reject="bob", reason="No budget", more="until May")
    assert of(sales) == ["ann", "cleo", "finn", "eve", "dan"]
    assert "rejected just now : No budget: until May" in sales.page("/queue?answered=1").text


def test_a_rejection_without_a_reason_asks_for_it(world: PagesWorld) -> None:
    sales = world.visitor("sales")
    asked = sales.send("/queue/act?min=10", do="reject", lead=["ann", "bob"])

    page = Page(asked.text)
    assert (asked.status_code, "Reject 2 leads" in page.text) == (200, True)
    assert [one["value"] for one in page.all("input") if one["name"] == "lead"] == ["ann", "bob"]
    assert [form["action"] for form in page.all("form")][-1] == "/queue/act?min=10"
    assert sales.send("/queue/act", "rows", do="reject", lead="ann").status_code == 422
    assert of(sales)[:2] == ["ann", "bob"]


def test_many_leads_are_assigned_and_touched_at_once(world: PagesWorld) -> None:
    olga = save_owner(world.store, Owner("Olga", "olga@example.com"), NOW)
    save_sla_rule(world.store, SlaRule("MQL", 3600))
    gets_hot(world.store, "finn")
    sales = world.visitor("sales")

    assert "Choose to whom" in Page(sales.send("/queue/act", do="assign", lead="ann").text).text
    sales.send("/queue/act", do="assign", owner=olga, lead=["ann", "finn"])
    assert "2 leads assigned." in sales.page("/queue").text
    assert of(sales, f"?owner={olga}") == ["ann", "finn"]
    sales.send("/queue/act", do="touch", kind="call", lead=["ann", "finn"])
    assert "2 leads noted as touched." in sales.page("/queue").text
    with world.store.reading() as connection:
        assert [row.kind for row in connection.execute(select(touches))] == ["call", "call"]
        assert [row.stopped_by for row in connection.execute(select(clocks))] == ["touch"]


def test_what_cannot_be_done_with_one_lead_is_said_and_holds_up_no_other(world: PagesWorld) -> None:
    olga = save_owner(world.store, Owner("Olga", "olga@example.com"), NOW)
    sam(world.store)
    assign(world.store, "ann", olga, "x", NOW, queue_notices)
    sales = world.visitor("sales")

    sales.send("/queue/act", do="claim", lead=["ann", "bob", "zoe"])
    said = sales.page("/queue").text
    assert "1 lead yours now; 2 not: 'ann' belongs to Olga; ask for it, or let it be released; there is no such" in said
    assert "No lead is selected" in sales.send("/queue/act", "rows", do="accept").text
    assert "Nothing is asked for" in sales.send("/queue/act", "rows", lead="ann").text


def test_who_is_no_owner_cannot_claim_and_is_told_why(world: PagesWorld) -> None:
    sales = world.visitor("sales")

    page = sales.page("/queue?owner=mine")
    assert "You are no owner yet" in page.text
    assert "claim" not in {one.get("name") for one in sales.page("/queue").all("button")}
    assert "no owner in the settings has your e-mail address" in sales.send("/queue/act", "rows", claim="ann").text


def test_viewers_read_and_have_no_buttons(world: PagesWorld) -> None:
    viewer = world.visitor("viewer")

    page = viewer.page("/queue")
    assert len(leads(page)) == 6
    assert not [one for one in page.all("button") if one.get("name") in {"claim", "accept", "reject", "do"}]
    assert "Export CSV" not in page.text
    for path in ("/queue/act", "/queue/export"):
        assert viewer.send(path, accept="ann").status_code == 403


def test_views_are_saved_opened_replaced_shared_and_deleted(world: PagesWorld) -> None:
    sales, marketing = world.visitor("sales"), world.visitor("marketing")
    saved = sales.send("/queue/views?stage=MQL&q=bob&cursor=x", name="Hot ones").headers["location"]
    view_id = saved.partition("view=")[2]
    page = sales.page(f"/queue?view={view_id}&stage=MQL")
    link = {"href": f"/queue?view={view_id}&stage=MQL", "aria-current": "page"}  # nothing of what was searched for
    assert link in page.all("a")

    assert "Hot ones changed" in sales.page(f"/queue?view={view_id}&stage=SQL").text
    sales.send(f"/queue/views/{view_id}?stage=SQL&view={view_id}", name="Hot ones")
    assert f"/queue?view={view_id}&stage=SQL" in [one.get("href") for one in sales.page("/queue").all("a")]

    assert "Hot ones" not in marketing.page("/queue").text
    marketing.send("/queue/views?min=80", name="Everybody's", shared="1")
    assert "Everybody's" in world.visitor("viewer").page("/queue").text
    assert "Sharing a view" in sales.send("/queue/views?min=80", "views", name="Mine", shared="1").text
    sales.send(f"/queue/views/{view_id}/delete")
    assert "Hot ones" not in sales.page("/queue").text


def test_the_export_holds_the_list_and_no_formula(either_world: PagesWorld) -> None:
    live = Live(either_world.store)
    live.send(message("identify", "mal", minutes_ago=10, traits={"name": "=1+1", "title": "CEO", "employees": 800}))
    score_some(live.store, live.models, live.settings, NOW, 100, on_stage_changes=on_crossings)
    answer = either_world.visitor("sales").send("/queue/export?min=40")

    assert answer.headers["content-disposition"] == 'attachment; filename="leads-2026-05-01.csv"'
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [(row["place"], row["lead_id"], row["stage"]) for row in rows] == [
        ("1", "ann", "SQL"), ("2", "bob", "MQL"), ("3", "cleo", "MQL"), ("4", "mal", "Lead"),
    ]  # fmt: skip
    assert rows[-1]["name"] == "'=1+1"
    with either_world.store.reading() as connection:
        entry = connection.execute(select(audit_log).where(audit_log.c.action == "exported")).one()
    assert entry.detail == {"filters": "min=40"}


def test_whoever_gets_hot_is_told_with_the_reason_and_can_be_brought_in(either_world: PagesWorld) -> None:
    sales = either_world.visitor("sales")
    seen = int(str(next(one for one in sales.page("/queue").all("section") if one["id"] == "news")["data-newest"]))
    quiet = sales.get(f"/queue/news?seen={seen}")
    assert (quiet.status_code, quiet.text, quiet.headers["newest"]) == (204, "", str(seen))

    gets_hot(either_world.store, "finn")
    hot = sales.get(f"/queue/news?seen={seen}")
    said = Page(f"<ul>{hot.text}</ul>").text
    assert said.startswith("60 Finn Fry Director of IT, Dune is now MQL was Lead +25 Demo requested 1 min ago")
    assert int(hot.headers["newest"]) == seen + 1
    assert sales.get(f"/queue/news?seen={seen}&stage=SQL").status_code == 204  # not of this list
    assert sales.get(f"/queue/news?seen={seen + 1}").status_code == 204
    row = sales.get("/queue/row?lead=finn")
    assert Page(f"<table>{row.text}</table>").all("tr")[0]["data-lead"] == "finn"
    assert sales.get("/queue/row?lead=zoe").status_code == 404


@pytest.mark.parametrize("text_", XSS)
def test_whatever_a_trait_a_reason_or_a_filter_holds_is_shown_as_text(world: PagesWorld, text_: str) -> None:
    live = Live(world.store)
    traits = {"name": text_, "title": text_, "company": {"name": text_}, "country": text_, "employees": 900}
    live.send(message("identify", text_, minutes_ago=10, traits=traits), message("group", text_, group=text_))
    score_some(live.store, live.models, live.settings, NOW, 100, on_stage_changes=on_crossings)
    sales = world.visitor("sales")
    sales.send("/queue/act", reject=text_, reason=text_)
    sales.send("/queue/views?min=1", name=text_)

    for path in ("/queue?answered=1", f"/queue/row?lead={quoted(text_)}", f"/queue?q={quoted(text_)}&answered=1"):
        html = sales.get(path).text
        page = Page(f"<table>{html}</table>" if "/row" in path else html)
        assert text_ in " ".join(said for _, said in page.texts)
        assert [script for script in page.all("script") if "src" not in script] == []
        assert page.all("img") == []
        assert not [name for _, given in page.elements for name in given if name.startswith("on")]
        assert not [one for one in page.all("a") if str(one.get("href")).startswith("javascript:")]


def quoted(said: str) -> str:
    return quote(said, safe="")


def test_a_new_installation_says_what_to_do_first(small_pages: PagesWorld) -> None:
    page = small_pages.visitor("admin").page("/queue")

    assert "No lead has a score yet" in page.text
    assert "/welcome" in [one.get("href") for one in page.all("a")]
    assert leads(page) == []
