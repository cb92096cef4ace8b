from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import orjson

from live_sending import Live, message
from scoville.live.fold.changes import Changes

if TYPE_CHECKING:
    import pytest

    from scoville.live.fold.placing import Placed
    from scoville.live.ingest.messages import Message


def named(live: Live, table: str, column: str) -> list[object]:
    return [row[column] for row in live.rows(f"SELECT {column} FROM {table} ORDER BY 1")]  # noqa: S608


def test_a_visitor_who_says_who_he_is_is_one_lead(live: Live) -> None:
    live.send(
        message("page", anonymous="a1", properties={"path": "/pricing"}),
        message("identify", "u1", "a1", traits={"email": "Ann@Acme.com"}),
        message("track", "u1", event="Signed Up"),
    )
    assert live.lead_ids() == ["u1"]
    (facts,) = live.facts().values()
    assert [(kind, value) for kind, value, _ in facts["ids"]] == [
        ("anonymous", "a1"), ("email", "ann@acme.com"), ("user", "u1"),
    ]  # fmt: skip
    assert sorted(str(name) for name, *_ in facts["events"]) == ["None", "Signed Up", "page_viewed"]


def test_everything_of_a_batch_leaves_the_inbox_and_its_leads_are_dirty(live: Live) -> None:
    live.send(message("track", "u1", event="x", key="m-1"), message("track", "u2", event="x"))
    assert live.rows("SELECT * FROM inbox") == []
    dirty = live.rows("SELECT cause, cause_ref, turn FROM dirty ORDER BY lead_no")
    assert dirty[0] == {"cause": "event", "cause_ref": "m-1", "turn": 1}
    live.send(message("track", "u1", event="x"))
    assert live.rows("SELECT max(turn) AS turn FROM dirty") == [{"turn": 2}]


def test_an_address_makes_two_users_one_unless_the_setting_says_no(live: Live) -> None:
    said = [message("identify", user, traits={"email": "a@x.io"}) for user in ("u1", "u2")]
    live.send(*said)
    assert live.lead_ids() == ["u1"]


def test_without_merging_by_address_they_stay_two(small: Live) -> None:
    small.settings = replace(small.settings, merge_by_email=False)
    small.send(*(message("identify", user, traits={"email": "a@x.io"}) for user in ("u1", "u2")))
    assert small.lead_ids() == ["u1", "u2"]


def test_a_lead_is_called_by_the_user_seen_first(small: Live) -> None:
    small.send(message("identify", "later", "a1", minutes_ago=5), message("identify", "first", "a1", minutes_ago=50))
    assert small.lead_ids() == ["first"]


def test_an_anonymous_id_steps_back_with_its_name_for_a_user_of_the_same(small: Live) -> None:
    small.send(message("page", anonymous="7"))
    assert small.lead_ids() == ["7"]
    small.send(message("track", "7", event="x"))
    assert small.lead_ids() == ["7", "anonymous:7"]


def test_an_alias_joins_what_somebody_was_called_before(live: Live) -> None:
    live.send(
        message("alias", "u1", previous="old"), message("track", "old", event="x"), message("page", anonymous="old")
    )
    assert live.lead_ids() == ["old"]
    assert len(live.rows("SELECT * FROM identities")) == 3


def test_a_group_gives_an_account_and_its_traits_make_all_its_people_dirty(live: Live) -> None:
    live.publish("scoville: 1\nname: M\nfit: {rules: [{name: A, when: {account.plan: pro}, points: 3}]}\n")
    live.send(message("group", "u1", group="acme", traits={"plan": "free"}, minutes_ago=9))
    live.send(message("group", "u2", group="acme", minutes_ago=8))
    live.score()
    assert {name: row["score"] for name, row in live.scores().items()} == {"u1": 0, "u2": 0}
    live.send(message("group", "u2", group="acme", traits={"plan": "pro"}, minutes_ago=2))
    live.score()
    assert {name: row["score"] for name, row in live.scores().items()} == {"u1": 3, "u2": 3}


def test_the_page_and_campaign_of_the_context_are_properties(small: Live) -> None:
    context = {"page": {"path": "/a", "title": "T"}, "campaign": {"source": "mail"}}
    small.send(message("page", anonymous="a", properties={"path": "/b"}, context=context))
    (row,) = small.rows("SELECT properties FROM events")
    assert orjson.loads(row["properties"]) == {
        "path": "/b", "title": "T", "page.path": "/a", "page.title": "T", "campaign.source": "mail",
    }  # fmt: skip


def test_an_outcome_is_kept_as_one_and_as_an_event(live: Live) -> None:
    live.send(
        message("outcome", "u1", event="Deal Won", outcome="won", properties={"revenue": "1200", "reason": "fit"})
    )
    assert live.rows("SELECT outcome, value, reason FROM outcomes") == [
        {"outcome": "won", "value": 1200, "reason": "fit"}
    ]
    assert named(live, "events", "event") == ["Deal Won"]


def test_a_message_that_cannot_be_read_is_put_aside_alone(live: Live) -> None:
    broken = message("track", "u1", event="x")._replace(payload="[]")
    live.send(message("track", "u1", event="a"), broken, message("track", "u1", event="b"))
    assert named(live, "events", "event") == ["a", "b"]
    assert [(row["reason"], row["person"]) for row in live.rows("SELECT * FROM quarantine")] == [("unreadable", "u1")]


def test_a_message_that_fails_its_batch_is_put_aside_and_nobody_waits_behind_it(
    live: Live, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = Changes.add

    def failing(changes: Changes, placed: Placed) -> None:
        if placed.said.row.message_id == "poison":
            raise ZeroDivisionError
        usual(changes, placed)

    monkeypatch.setattr(Changes, "add", failing)
    several = [message("track", "u1", event="x", key=f"{i}" if i != 5 else "poison") for i in range(9)]
    live.send(*several)
    assert len(live.rows("SELECT * FROM events")) == 8
    (aside,) = live.rows("SELECT reason, detail, person FROM quarantine")
    assert tuple(aside.values()) == ("unfoldable", "it cannot be folded in: ZeroDivisionError.", "u1")
    assert live.rows("SELECT * FROM inbox") == []


def test_ids_that_are_words_for_nothing_make_no_person(small: Live) -> None:
    small.send(message("track", "undefined", event="x"), message("track", "null", "a1", event="x"))
    assert small.lead_ids() == ["a1"]
    assert named(small, "quarantine", "reason") == ["no_person"]


def test_who_was_forgotten_is_dropped_and_leaves_the_inbox(live: Live) -> None:
    from scoville.live.forget import forget_ids  # noqa: PLC0415 - beside what it is about

    forget_ids(live.store, ["u1"], live.now)
    live.send(message("track", "u1", event="x"), message("track", "u2", event="x"))
    assert live.lead_ids() == ["u2"]
    assert live.rows("SELECT * FROM inbox") == live.rows("SELECT * FROM quarantine") == []


def test_too_many_ids_are_not_tied_together_and_it_is_said(small: Live) -> None:
    small.send(*(message("identify", f"u{i}", traits={"email": "info@acme.com"}) for i in range(1_005)))
    sizes = sorted(row["n"] for row in small.rows("SELECT count(*) AS n FROM identities GROUP BY lead_no"))
    assert sizes == [1, 1, 1, 1, 1, 1, 1_000]  # 999 people and the address they share
    assert {row["reason"] for row in small.rows("SELECT reason FROM quarantine")} == {"too_many_ids"}
    assert len(small.rows("SELECT * FROM events")) == 1_005


# --- what a public key may not do ------------------------------------------------------------------------------------


def public(kind: str, user: str | None = None, anonymous: str | None = None, **said: Any) -> Message:
    return message(kind, user, anonymous, is_trusted=False, **said)


def facts_without(live: Live, *ids: str) -> dict[str, object]:
    return {name: facts for name, facts in live.facts().items() if name not in ids}


def test_a_public_key_may_name_people_whom_nobody_knows(live: Live) -> None:
    live.send(
        public("page", None, "a1"),
        public("identify", "u1", "a1", traits={"email": "a@x.io"}),
        public("track", "u1", "a1", event="x"),
    )
    assert live.lead_ids() == ["u1"]
    assert live.rows("SELECT * FROM quarantine") == []


def test_a_public_key_cannot_speak_for_a_known_person(live: Live) -> None:
    live.send(message("identify", "boss", traits={"email": "boss@acme.com"}), message("page", anonymous="evil"))
    before = live.facts()
    live.send(
        public("identify", "boss", "evil", traits={"job_title": "Nobody"}),
        public("identify", "new", "evil", traits={"email": "BOSS@acme.com"}),
        public("alias", "boss", "evil", previous="evil"),
        public("alias", "new", "evil", previous="boss"),
        public("group", "boss", "evil", group="acme"),
        public("identify", "boss"),
    )
    assert live.facts() == before
    assert named(live, "quarantine", "reason") == ["known_person"] * 5 + ["unproven_person"]


def test_what_a_stranger_does_in_a_known_name_counts_for_his_own_id_alone(live: Live) -> None:
    live.send(message("identify", "boss"))
    live.send(public("track", "boss", "evil", event="Demo Requested"))
    assert [name for name, facts in live.facts().items() if any(e[0] for e in facts["events"])] == ["evil"]


def test_an_alias_made_with_a_public_key_lays_no_trap_for_a_later_user(live: Live) -> None:
    live.send(public("alias", "evil-user", "evil", previous="tomorrow"))
    live.send(message("identify", "tomorrow", traits={"email": "t@x.io"}))
    assert {"evil-user", "tomorrow"} <= set(live.lead_ids())


def test_a_public_key_changes_nothing_of_an_account_that_is_known(live: Live) -> None:
    live.send(message("group", "boss", group="big", traits={"employees": 5000, "plan": "pro"}))
    live.send(public("group", anonymous="evil", group="big", traits={"employees": 1, "plan": "pro"}))
    live.send(public("group", anonymous="evil", group="big", traits={"plan": "pro"}))  # nothing new: nothing to say
    assert sorted(map(str, named(live, "account_traits", "value"))) == ['"pro"', '"pro"', '"pro"', "5000"]
    assert named(live, "quarantine", "reason") == ["known_account"]
    live.send(public("group", anonymous="first", group="new", traits={"employees": 7}))  # nobody knew it
    assert "7" in named(live, "account_traits", "value")


def test_protected_traits_are_set_by_servers_alone(live: Live) -> None:
    live.settings = replace(live.settings, protected_traits=("plan", "account.plan"))
    live.send(
        public("identify", "u1", "a1", traits={"plan": "pro", "city": "Bonn"}),
        public("group", "u1", "a1", group="g", traits={"plan": "pro"}),
    )
    assert named(live, "traits", "name") == ["city"]
    assert named(live, "account_traits", "name") == []
    assert named(live, "quarantine", "reason") == ["protected_trait", "protected_trait"]
    live.send(message("identify", "u1", traits={"plan": "pro"}))
    assert named(live, "traits", "name") == ["city", "plan"]
