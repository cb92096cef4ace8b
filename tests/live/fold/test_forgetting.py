from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import insert

from live_sending import Live, message
from scoville.live.forget import expire, forget, forget_ids, forget_those_of
from scoville.live.store.scores import adjustments
from scoville.live.store.tables import CATALOGUE

if TYPE_CHECKING:
    from live_stores import NewStore

MODEL = """
scoville: 1
name: M
engagement: {rules: [{name: Visit, event: page_viewed, points: 10, decay: none}]}
stages: [{name: Cold, from: 0}]
"""
MARK = "marker-7f3a"


def told_everywhere(live: Live) -> None:
    """A person about whom every table of the fold and of the scorer says something, and a neighbour."""
    live.publish(MODEL)
    live.send(
        message("page", anonymous=f"{MARK}-a", properties={"path": f"/{MARK}"}),
        message("identify", f"{MARK}-u", f"{MARK}-a", traits={"email": f"{MARK}@x.io", "name": MARK}),
        message("group", f"{MARK}-u", group="acme"),
        message("outcome", f"{MARK}-u", event="Deal Won", outcome="won", properties={"reason": MARK}),
        message("identify", "stranger", "a9", is_trusted=False, traits={"email": f"{MARK}@x.io"}),
        message("page", "neighbour"),
    )
    live.score()
    with live.store.writing() as connection:
        row = {"identity_no": 1, "points": 1.0, "reason": MARK, "author": "Ann", "created_at": live.now}
        connection.execute(insert(adjustments).values(row))
    live.receive(message("page", f"{MARK}-u", properties={"path": MARK}))


def said_of(live: Live) -> set[str]:
    """Tables in which the person's mark, or a number of theirs (lead 1, ids 1 to 3), still stands."""
    found = set()
    for table in CATALOGUE.sorted_tables:
        rows = live.rows(f"SELECT * FROM {table.name}")  # noqa: S608 - our own
        if any(MARK in str(list(row.values())) for row in rows):
            found.add(table.name)
        found |= {table.name for row in rows if row.get("lead_no") == 1}
        found |= {
            table.name for row in rows for name in ("identity_no", "one_no", "other_no") if row.get(name) in {1, 2, 3}
        }
    return found


def test_a_person_is_gone_from_every_table_and_the_neighbour_is_not(live: Live) -> None:
    told_everywhere(live)
    assert {
        "leads", "identities", "links", "traits", "events", "memberships", "outcomes", "adjustments", "scores",
        "ledger",
        "stage_changes", "quarantine", "inbox",
    } <= said_of(live)  # fmt: skip
    assert forget(live.store, [1], live.now) == 1
    assert said_of(live) == set()
    assert "neighbour" in live.lead_ids()
    live.score()
    assert live.wrongs() == []


def test_a_person_stays_gone_whatever_arrives_and_by_whichever_id_they_were_named(live: Live) -> None:
    told_everywhere(live)
    assert forget_ids(live.store, [f" {MARK}@X.io"], live.now) == 1
    live.send(
        message("page", anonymous=f"{MARK}-a"),
        message("track", f"{MARK}-u", event="x"),
        message("identify", "other", traits={"email": f"{MARK}@x.io"}),
    )
    assert said_of(live) == set()


def test_a_restored_store_forgets_again_whom_the_former_one_forgot(new_store: NewStore) -> None:
    former, restored = Live(new_store()), Live(new_store())
    for live in (former, restored):
        live.send(message("page", "gone"), message("page", "stays"))
    forget_ids(former.store, ["gone", "never seen"], former.now)
    assert forget_those_of(restored.store, former.store, now=restored.now) == 1
    restored.send(message("page", "gone"), message("page", "never seen"))
    assert restored.lead_ids() == ["stays"]


def test_a_name_that_was_given_up_comes_back(small: Live) -> None:
    small.send(message("page", anonymous="7"), message("page", "7"))
    (lead,) = small.rows("SELECT lead_no FROM leads WHERE lead_id = '7'")
    forget(small.store, [lead["lead_no"]], small.now)
    assert small.lead_ids() == ["7"]


def test_old_events_go_and_their_leads_are_scored_again(live: Live) -> None:
    live.settings = replace(live.settings, event_days=30, quarantine_days=5)
    live.publish(MODEL)
    live.send(message("page", "u", minutes_ago=60 * 24 * 31), message("page", "u"), message("page", "undefined"))
    live.score()
    assert live.scores()["u"]["score"] == 20
    live.now += timedelta(days=1)
    assert expire(live.store, live.settings, live.now) == 2  # the event, and the id of its message
    live.score()
    assert live.scores()["u"]["score"] == 10
    assert live.rows("SELECT cause FROM ledger ORDER BY entry_no DESC LIMIT 1") == [{"cause": "retention"}]
    live.now += timedelta(days=5)
    assert expire(live.store, live.settings, live.now) == 1  # what was put aside
    assert expire(live.store, live.settings, live.now) == 0
    assert live.wrongs() == []


def test_scores_of_former_models_go(live: Live) -> None:
    live.publish(MODEL)
    live.send(message("page", "u"))
    live.score()
    live.publish(MODEL.replace("10", "20"))
    assert len(live.rows("SELECT * FROM scores")) == 2
    assert expire(live.store, live.settings, live.now) == 1
    assert live.scores()["u"]["score"] == 20


def test_every_table_about_people_has_a_column_that_forgetting_follows() -> None:
    """A table that holds an id, a name or an address of a person under another column would be left out."""
    from scoville.live.forget import _of_people  # noqa: PLC0415 - what the test is about

    class Dialect:
        name = "sqlite"

    class Connection:
        dialect = Dialect()

    followed = {t.name for t in CATALOGUE.sorted_tables if any(_of_people(Connection(), t))}  # type: ignore[arg-type]
    by_value = {"inbox", "quarantine"}
    of_nobody = {
        "accounts", "account_traits", "account_owners", "actions", "seen", "settings", "sla_rules", "sources",
        "suppressed",
        "territories", "model_versions", "publications",
        "account_scores", "dirty_accounts", "matrix_counts",
    }  # fmt: skip
    of_those_who_work_with_it = {
        "absences", "answers", "audit_log", "drafts", "jobs", "keys", "login_attempts", "owners", "saved_views",
        "sessions", "users",
    }  # fmt: skip
    gone_within_a_day = {"uploads", "upload_pieces"}
    known = followed | by_value | of_nobody | of_those_who_work_with_it | gone_within_a_day
    assert {t.name for t in CATALOGUE.sorted_tables} == known


def test_what_was_put_aside_about_a_person_goes_however_it_was_written(live: Live) -> None:
    live.send(message("identify", "gone", traits={"email": "jürgen.ÄÖ@example.com"}), message("identify", "stays"))
    for number, claimed in enumerate((" Jürgen.äö@Example.com ", "JÜRGEN.ÄÖ@EXAMPLE.COM", "else@example.com")):
        live.send(message("identify", "stays", f"a{number}", is_trusted=False, traits={"email": claimed}))
    assert len(live.rows("SELECT * FROM quarantine")) == 3
    forget_ids(live.store, ["gone"], live.now)
    (left,) = live.rows("SELECT body FROM quarantine")
    assert "else@example.com" in left["body"]


def test_the_files_hold_nothing_of_a_forgotten_person(small: Live) -> None:
    told_everywhere(small)
    small.score()
    forget_ids(small.store, [f"{MARK}-u"], small.now)
    path = Path(str(small.store.engine.url.database))
    held = {one.name for one in path.parent.glob(f"{path.name}*") if MARK.encode() in one.read_bytes().lower()}
    assert held == set()
