"""The page Data: what arrives, what becomes of it, and how good it is."""

from __future__ import annotations

import contextlib
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from sqlalchemy import insert, select, update

from api_world import HASH
from live_sending import NOW, Live, message
from live_stores import maker
from pages_world import PagesWorld
from scoville.live.store.access import keys
from scoville.live.store.log import inbox, quarantine, sources
from scoville.live.store.metadata import to_us
from scoville.live.store.people import links, outcomes
from scoville.live.store.settings import read_settings
from scoville.web.auth.users import NewUser, create_user

if TYPE_CHECKING:
    from pathlib import Path

TABS = ("/data", "/data/events", "/data/traits", "/data/identity", "/data/outcomes", "/data/connect")


def put_aside(world: PagesWorld, reason: str = "bad_time", **fields: Any) -> int:
    """A message in quarantine; its number."""
    row = {
        "received_at": NOW, "source_no": 1, "reason": reason, "detail": "timestamp is 'soon'.", "person": "ann",
        "body": '{"type":"track","event":"demo_requested","userId":"ann","messageId":"aside"}', "is_trusted": False,
    } | fields  # fmt: skip
    with world.store.writing() as connection:
        return int(
            connection.execute(insert(quarantine).values(row).returning(quarantine.c.quarantine_no)).scalar_one()
        )


def receive(world: PagesWorld, *said: Any, scored: bool = True) -> Live:
    """Messages that arrive now, folded in and scored."""
    live = Live(world.store)
    for one in said:
        live.receive(one)
    if scored:
        live.fold()
        live.score()
    return live


@pytest.mark.parametrize("path", TABS)
def test_every_tab_is_there_whole_for_who_steers_and_closed_to_sales(world: PagesWorld, path: str) -> None:
    page = world.visitor("marketing").page(path)

    assert {"href": path, "aria-current": "page"} in page.all("a")
    assert world.visitor("sales").get(path).status_code == 403


def test_each_source_is_shown_with_what_came_lately_and_its_keys(either_world: PagesWorld) -> None:
    world = either_world
    put_aside(world)
    row = {
        "key_id": "k", "hash": b"h" * 32, "prefix": "sv_write_abcdef", "kind": "write", "is_trusted": False,
        "scopes": [], "source_no": 1, "name": "Website", "created_at": NOW, "created_by": "ann",
    }  # fmt: skip
    with world.store.writing() as connection:
        connection.execute(insert(keys).values(row))

    text = world.visitor("marketing").page("/data").text

    # of the deeds of the world three were in the last hour (a page of ann, one of cleo, a demo of eve), and seven in
    # the last day; the page of ann of exactly 60 minutes ago is not in the last hour
    assert "site 30 min ago 3 7 1 sv_write_abcdef…" in text
    assert "sv_write_abcdef…" in text
    assert "1 put aside: the time cannot be read" in text


def test_an_empty_store_says_what_to_do(tmp_path: Path) -> None:
    with contextlib.ExitStack() as stack:
        store = maker(tmp_path, None, stack)()
        with store.writing() as connection:
            wanted = NewUser("marketing@example.com", "Marketing", "marketing", HASH)
            create_user(connection, wanted, author="test", now=NOW)
        visitor = PagesWorld(store).visitor("marketing")
        texts = [visitor.page(path).text for path in ("/data", "/data/events", "/data/traits", "/data/identity")]

    assert "Nothing arrives yet" in texts[0]
    assert "Waiting for the first message" in texts[1]
    assert "Nothing is known of anybody yet" in texts[2]
    assert "Nobody is known yet" in texts[3]


# --- messages as they arrive ---


def test_a_message_shows_whose_it_is_and_what_it_did_to_the_score(either_world: PagesWorld) -> None:
    world = either_world
    receive(world, message("track", "finn", event="demo_requested", minutes_ago=0))

    text = world.visitor("marketing").get("/data/events", target="live").text

    assert "<html" not in text
    first = text.split('<li class="arrival')[1]
    assert "demo_requested" in first
    assert 'href="/leads/finn"' in first
    # Finn has 20 as a director and 15 for 60 employees; the demo gives 25 more
    assert "35 → <b>60</b>" in " ".join(first.split())


def test_what_waits_and_what_was_put_aside_is_shown_beside_what_counts(world: PagesWorld) -> None:
    put_aside(world)
    receive(world, message("track", "ann", event="chat_started", minutes_ago=0), scored=False)
    page = world.visitor("marketing").page("/data/events")

    assert "waiting read in a moment" in page.text
    assert "put aside The time cannot be read" in page.text
    assert "timestamp is 'soon'. Write it like 2026-05-03T14:30:00Z" in page.text


FILTERS = (  # what is asked for, what is shown, what is not
    ("name=unsubscribed", "unsubscribed", "demo_requested"),
    ("type=identify", "identify", "unsubscribed"),
    ("person=dan@gmail.com", "unsubscribed", "demo_requested"),
    ("person=nobody", "No such message", "unsubscribed"),
    ("source=elsewhere", "No such message", "unsubscribed"),
    ("state=aside", "The time cannot be read", "unsubscribed"),
    ("state=aside&name=demo_requested", "The time cannot be read", "unsubscribed"),
    ("state=aside&type=identify", "No such message", "The time cannot be read"),
    ("state=waiting", "No such message", "The time cannot be read"),
    ("reason=bot", "No such message", "The time cannot be read"),
)


def test_filters_combine_and_live_in_the_address(either_world: PagesWorld) -> None:
    put_aside(either_world)
    visitor = either_world.visitor("marketing")

    for filters, there, not_there in FILTERS:
        html = visitor.get(f"/data/events?{filters}", target="live").text
        assert there in html, filters
        assert not_there not in html, filters


def test_asking_again_for_the_same_list_sends_nothing(world: PagesWorld) -> None:
    visitor = world.visitor("marketing")
    page = visitor.page("/data/events")
    poll = next(str(one["hx-get"]) for one in page.all("span") if one.get("id") == "poll")

    assert visitor.get(poll, target="live").status_code == 204
    receive(world, message("track", "ann", event="chat_started", minutes_ago=0))
    again = visitor.get(poll, target="live")
    assert again.status_code == 200
    assert "chat_started" in again.text


def test_a_paused_list_does_not_ask_again(world: PagesWorld) -> None:
    html = world.visitor("marketing").get("/data/events?paused=1&name=unsubscribed", target="live").text

    assert 'id="poll"' not in html
    assert "/data/events?name=unsubscribed" in html


def test_one_message_is_let_in_and_counts(either_world: PagesWorld) -> None:
    number = put_aside(either_world)
    visitor = either_world.visitor("marketing")

    answer = visitor.send(f"/data/events/{number}/replay", query="state=aside")

    assert (answer.status_code, answer.headers["location"]) == (303, "/data/events?state=aside")
    with either_world.store.reading() as connection:
        assert connection.execute(select(inbox.c.event)).scalars().all() == ["demo_requested"]
    assert "let in" in visitor.page("/data/events?state=aside").text


def test_all_of_a_reason_are_let_in_and_what_cannot_be_is_counted(either_world: PagesWorld) -> None:
    for number in range(3):
        body = f'{{"type":"track","event":"demo_requested","userId":"ann","messageId":"m{number}"}}'
        put_aside(either_world, "known_person", body=body)
    put_aside(either_world, "known_person", body='{"type":"track"}')
    put_aside(either_world, "bot")
    visitor = either_world.visitor("marketing")

    answer = visitor.send("/data/events/replay", reason="known_person", query="reason=known_person")

    assert answer.status_code == 303
    assert "3 messages are in again. 1 cannot be used" in visitor.page(answer.headers["location"]).text
    with either_world.store.reading() as connection:
        left = select(quarantine.c.reason).where(quarantine.c.replayed_at.is_(None)).order_by(quarantine.c.reason)
        assert connection.execute(left).scalars().all() == ["bot", "known_person"]


REFUSED_AGAIN = (  # why, and such a message as it is kept
    ("no_person", '{"type":"track","event":"visit"}'),
    ("bad_time", '{"type":"track","event":"visit","userId":"ann","timestamp":"soon"}'),
    ("bad_id", '{"type":"track","event":"visit","userId":["ann"]}'),
    ("bad_field", '{"type":"track","event":"visit","userId":"ann","properties":"x"}'),
    ("no_event", '{"type":"track","userId":"ann"}'),
    ("no_group", '{"type":"group","userId":"ann"}'),
    ("no_previous_id", '{"type":"alias","userId":"ann"}'),
    ("unknown_type", '{"type":"visit","userId":"ann"}'),
    ("not_an_object", '"visit"'),
    ("too_large", '{"type":"track","event":"visit","userId":"ann","properties":{"page":"cut'),
    ("too_deep", f'{{"type":"track","event":"v","userId":"ann","properties":{{"x":{"[" * 230}{"]" * 230}}}}}'),
    ("unreadable", "{"),
)


def test_what_would_be_refused_again_is_not_offered_to_be_let_in(world: PagesWorld) -> None:
    visitor = world.visitor("marketing")

    for reason, body in REFUSED_AGAIN:
        number = put_aside(world, reason, body=body)
        page = visitor.page(f"/data/events?reason={reason}")
        said = page.text.count("Letting it in would not help: send it again, corrected.")
        assert said == 2, reason  # of all of the reason, which are one, and of the one
        assert not [one for one in page.all("form") if "/replay" in str(one.get("action"))], reason
        assert visitor.send(f"/data/events/{number}/replay").status_code == 422, reason


def test_what_somebody_may_vouch_for_is_offered_to_be_let_in(world: PagesWorld) -> None:
    numbers = [put_aside(world, reason) for reason in ("bot", "known_person", "protected_trait", "unfoldable")]

    page = world.visitor("marketing").page("/data/events?state=aside")

    offered = {str(one["action"]) for one in page.all("form") if "/replay" in str(one.get("action"))}
    assert offered == {f"/data/events/{number}/replay" for number in numbers}
    assert "would not help" not in page.text


def test_no_form_of_the_page_can_be_sent_by_who_only_sells(world: PagesWorld) -> None:
    number = put_aside(world)
    visitor = world.visitor("sales")

    for path in (f"/data/events/{number}/replay", "/data/events/replay", "/data/links/1/undo", "/data/outcomes"):
        assert visitor.send(path, reason="bot").status_code == 403, path


# --- traits ---


def test_traits_show_how_full_they_are_and_who_said_them(either_world: PagesWorld) -> None:
    page = either_world.visitor("marketing").page("/data/traits")

    assert "All 6 leads." in page.text
    # five of the six people have a company; the model reads employees
    assert "employees in the model 83% number 3" in page.text
    assert "site" in page.text


def test_of_very_many_leads_some_are_looked_at_and_the_page_says_so(
    world: PagesWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("scoville.web.pages.data.traits.MOST_LEADS", 4)

    text = world.visitor("marketing").page("/data/traits").text

    assert "4 of 6 leads, picked evenly" in text


# --- identity ---


def test_a_merge_shows_its_cause_and_is_undone_by_hand(either_world: PagesWorld) -> None:
    world = either_world
    receive(world, message("identify", "ann", "browser-7", minutes_ago=5, traits={}))
    visitor = world.visitor("marketing")

    page = visitor.page("/data/identity")
    assert "A message named both ids" in page.text
    assert "browser-7" in page.text
    form = next(str(one["action"]) for one in page.all("form") if "/data/links/" in str(one.get("action")))
    answer = visitor.send(form)

    assert answer.status_code == 303
    with world.store.reading() as connection:
        number = int(form.split("/")[3])
        undone = connection.execute(select(links.c.undone_by).where(links.c.link_no == number)).scalar()
    assert str(undone).startswith("user:")
    assert "undone" in visitor.page("/data/identity").text


def test_an_address_beside_one_id_is_no_merge_and_a_refused_claim_is_shown(world: PagesWorld) -> None:
    put_aside(world, "known_person", person="bob")

    page = world.visitor("marketing").page("/data/identity")

    assert "No two ids were found to be one person yet." in page.text
    assert "bob A page claimed to be somebody who is known from elsewhere" in page.text
    assert "100% known" in page.text
    with world.store.writing() as connection:
        connection.execute(update(quarantine).values(replayed_at=NOW))
    assert "from elsewhere. let in" in world.visitor("marketing").page("/data/identity").text


# --- outcomes ---


def test_outcomes_are_counted_by_month_and_by_the_way_they_came(either_world: PagesWorld) -> None:
    world = either_world
    live = receive(world, scored=False)
    live.receive(message("outcome", "ann", event="Deal Won", minutes_ago=60, outcome="won", properties={"value": 5}))
    live.fold()
    with world.store.writing() as connection:
        row = {"identity_no": 1, "outcome": "accepted", "at": NOW, "event_id": b"x" * 16}
        connection.execute(insert(outcomes).values(row))

    text = world.visitor("marketing").page("/data/outcomes").text

    assert "May 2026 1 1" in text  # accepted and won, in the table; NOW is the first of May
    assert "won event Deal Won from site 1" in text
    assert "accepted a person, or a program through the API 1" in text


def test_which_events_are_outcomes_is_changed_by_an_admin(world: PagesWorld) -> None:
    visitor = world.visitor("admin")
    offered = {str(one.get("value")) for one in visitor.page("/data/outcomes").all("option")}
    assert {"demo_requested", "unsubscribed"} <= offered

    fields: dict[str, Any] = {"event": ["Deal Won", "demo_requested", ""], "outcome": ["won", "accepted", "won"]}
    answer = visitor.send("/data/outcomes", **fields)

    assert answer.status_code == 303
    with world.store.reading() as connection:
        assert dict(read_settings(connection).outcomes) == {"Deal Won": "won", "demo_requested": "accepted"}
    assert 'name="event"' not in world.visitor("marketing").get("/data/outcomes").text


def test_an_event_cannot_mean_two_outcomes(world: PagesWorld) -> None:
    answer = world.visitor("admin").send("/data/outcomes", event=["x", "x"], outcome=["won", "lost"])

    assert answer.status_code == 422
    assert "The event &#39;x&#39; stands there twice" in answer.text


# --- what to paste ---


def test_a_new_key_is_filled_into_the_snippet_and_shown_once(world: PagesWorld) -> None:
    visitor = world.visitor("admin")
    assert "WRITE_KEY" in visitor.page("/data/connect").text

    html = visitor.send("/data/connect", **{"with": "python", "name": "Billing"}).text

    with world.store.reading() as connection:
        made = connection.execute(select(keys).where(keys.c.name == "Billing")).one()
    assert (made.kind, made.scopes) == ("secret", ["ingest"])
    assert f"Client(&#34;{made.prefix}" in html
    assert "SECRET_KEY" not in html
    assert made.prefix not in visitor.get("/data/connect?with=python").text
    assert world.visitor("marketing").send("/data/connect", **{"with": "python"}).status_code == 403


def test_the_page_waits_for_a_message_and_says_when_one_came(either_world: PagesWorld) -> None:
    world, since = either_world, to_us(NOW)
    visitor = world.visitor("marketing")
    asked = f"/data/connect?with=site&since={since}"

    assert "Waiting for the first message" in visitor.get(asked, target="waiting").text
    receive(world, message("track", "ann", event="chat_started", minutes_ago=-1))
    answer = visitor.get(asked, target="waiting").text
    assert "It works: a message arrived." in answer
    assert "hx-trigger" not in answer


def test_a_message_that_could_not_be_used_is_told_with_the_reason(world: PagesWorld) -> None:
    put_aside(world, "no_person")

    answer = world.visitor("marketing").get(f"/data/connect?with=curl&since={to_us(NOW)}", target="waiting").text

    assert "it could not be used" in answer
    assert "It does not say who" in answer


def test_sources_count_only_what_is_theirs(world: PagesWorld) -> None:
    with world.store.writing() as connection:
        connection.execute(insert(sources).values(source_no=9, name="crm", created_at=NOW))

    assert "crm never 0 0 0" in world.visitor("marketing").page("/data").text


def test_where_more_came_than_is_counted_it_says_how_far_back_was_counted(
    either_world: PagesWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = either_world
    with world.store.writing() as connection:
        for number, name, hours in ((8, "old", 50), (9, "new", 0)):
            at = NOW - timedelta(hours=hours)
            connection.execute(insert(sources).values(source_no=number, name=name, created_at=at))

    texts = {}
    for most in (8, 7, 2):
        monkeypatch.setattr("scoville.live.queries.sources.MOST_COUNTED", most)
        texts[most] = world.visitor("marketing").page("/data").text

    # The site sent seven messages in the last day, the first 5 hours ago, and two of them in the last 40 minutes.
    assert "site 30 min ago 3 7 0" in texts[8]
    assert "old never 0 0 0" in texts[8]
    assert "site 30 min ago 3 7+ in 5 h 0" in texts[7]  # the hour was counted whole
    assert "site 30 min ago 2+ in 40 min 2+ in 40 min 0" in texts[2]
    assert "old never 0 in 40 min 0 in 40 min 0" in texts[2]  # exactly none of it in that time, and no more is known
    assert "new never 0 0 0" in texts[2]  # it is younger than all that was not counted
