from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import insert, text

from live_sending import Live, message
from scoville.errors import EngineError, PlanError
from scoville.live.audit import audit
from scoville.live.models.apart import check_runs
from scoville.live.scoring.score import PUT_ASIDE, build_some, score_some
from scoville.live.scoring.switching import switch
from scoville.live.store.metadata import to_us
from scoville.live.store.people import outcomes
from scoville.live.store.scores import adjustments

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from live_stores import NewStore
    from scoville.live.scoring.relations import Relations

MODEL = """
scoville: 1
name: M
fit: {{rules: [{{name: Boss, when: {{job_title.seniority: c_level}}, points: 20}}]}}
engagement:
  decay: {{half_life: 10d}}
  rules:
    - {{name: Demo, event: demo, points: {demo}}}
    - {{name: Price, event: page_viewed, when: {{path: {{starts_with: /pricing}}}}, points: 8, at_most: 2}}
stages: [{{name: Cold, from: 0}}, {{name: Hot, from: 40}}]
"""
PLAIN = MODEL.format(demo=30)
RENEWED = """
scoville: 1
name: R
fit: {rules: [{name: Renewed, when: {renewal: {newer_than: 30d}}, points: 20}, {name: Old, when: {renewal: {older_than:
  30d}}, points: 5}]}
"""


def test_a_score_is_that_of_the_facts_and_says_where_it_comes_from(live: Live) -> None:
    live.publish(PLAIN)
    live.send(
        message("identify", "u", traits={"title": "CEO"}),
        message("track", "u", event="demo", minutes_ago=0),
        message("page", "u", properties={"path": "/pricing/x"}, minutes_ago=10 * 24 * 60),
    )
    assert live.score() == 1
    row = live.scores()["u"]
    assert (row["score"], row["fit"], row["engagement"]) == (54, 20, 34)  # 20; 30 and 8 / 2 after a half-life
    assert (row["stage"], row["standing"], row["reasons"]) == ("Hot", "Hot", "+30 Demo; +20 Boss; +4 Price")
    assert live.rows("SELECT * FROM dirty") == []
    assert live.score() == 0
    assert live.wrongs() == []


def test_a_first_score_and_a_crossing_are_told_once(live: Live) -> None:
    told: list[list[dict[str, object]]] = []

    def listen(connection: Connection, numbers: Sequence[int], _now: object) -> None:
        rows = connection.execute(text("SELECT change_no, stage_before, stage, direction, cause FROM stage_changes"))
        told.append([dict(row) for row in rows.mappings() if row["change_no"] in numbers])

    live.publish(PLAIN)
    for event, minutes in (("other", 3), ("demo", 2), ("demo", 1), ("other", 0)):
        live.send(message("track", "u", event=event, minutes_ago=minutes))
        score_some(live.store, live.models, live.settings, live.now, on_stage_changes=listen)
    assert [[tuple(row.values())[1:] for row in some] for some in told] == [
        [(None, "Cold", "up", "event")], [("Cold", "Hot", "up", "event")],
    ]  # fmt: skip
    (ledger,) = live.rows("SELECT count(*) AS n, sum(score - coalesce(score_before, 0)) AS total FROM ledger")
    assert ledger["n"] == 3  # the first, and two events that gave points
    assert ledger["total"] == pytest.approx(live.scores()["u"]["told_score"])


def test_what_fails_after_the_scores_leaves_nothing_of_them(live: Live) -> None:
    live.publish(PLAIN)
    live.send(message("track", "u", event="demo"))

    def fail(*_: object) -> None:
        raise ConnectionError

    with pytest.raises(ConnectionError):
        score_some(live.store, live.models, live.settings, live.now, on_stage_changes=fail)
    assert live.rows("SELECT * FROM scores") == live.rows("SELECT * FROM ledger") == []
    assert live.score() == 1


def test_a_lead_that_gets_dirty_while_it_is_scored_stays_dirty(small: Live) -> None:
    """On SQLite the plan runs outside of a transaction: what arrives meanwhile is not lost."""
    small.publish(PLAIN)
    small.send(message("track", "u", event="demo"))
    published = small.models.current
    assert published is not None
    usual = published.compiled.score

    def interrupted(*given: object) -> object:
        small.send(message("track", "u", event="demo"))
        return usual(*given)  # type: ignore[arg-type]

    published.compiled.score = interrupted  # type: ignore[method-assign, assignment]
    assert score_some(small.store, small.models, small.settings, small.now) == 1
    assert len(small.rows("SELECT * FROM dirty")) == 1
    published.compiled.score = usual  # type: ignore[method-assign]
    small.score()
    assert small.scores()["u"]["score"] == pytest.approx(60, abs=0.3)


def test_nothing_shown_is_older_than_the_interval_and_small_fading_is_told_later(live: Live) -> None:
    live.publish(PLAIN)
    live.send(message("track", "u", event="demo", minutes_ago=0), message("identify", "idle"))
    live.score()
    assert live.scores()["idle"]["refresh_at"] is None
    for _ in range(8):
        live.now += timedelta(minutes=15)
        assert live.refresh() == 1
    row = live.scores()["u"]
    assert row["as_of"] == live.rows("SELECT max(as_of) AS at FROM scores")[0]["at"]
    assert row["score"] == pytest.approx(30 * 2 ** (-2 / 240))  # two hours of a half-life of 240
    assert [entry["cause"] for entry in live.rows("SELECT cause FROM ledger WHERE cause = 'decay'")] == []
    live.now += timedelta(days=2)
    assert live.refresh() == 1
    (entry,) = live.rows("SELECT score_before, score FROM ledger WHERE cause = 'decay'")
    assert entry["score_before"] == 30
    assert live.wrongs() == []


def test_fading_moves_a_stage_without_any_event(live: Live) -> None:
    live.publish(PLAIN)
    live.send(*(message("track", "u", event="demo", minutes_ago=0) for _ in range(2)))
    live.score()
    assert live.scores()["u"]["standing"] == "Hot"
    live.now += timedelta(days=6)  # 60 / 2 ** 0.6 = 39.6: below the line of 40, within the margin of 3
    live.refresh()
    assert (live.scores()["u"]["stage"], live.scores()["u"]["standing"]) == ("Cold", "Hot")
    live.now += timedelta(days=1)  # 60 / 2 ** 0.7 = 36.9
    live.refresh()
    assert live.scores()["u"]["standing"] == "Cold"
    assert [row["direction"] for row in live.rows("SELECT direction FROM stage_changes ORDER BY change_no")] == [
        "up",
        "down",
    ]


def test_a_new_model_is_built_beside_and_seen_at_once(live: Live) -> None:
    live.publish(PLAIN)
    live.send(*(message("track", f"u{i}", event="demo", minutes_ago=0) for i in range(3)))
    live.score()
    live.publish(MODEL.format(demo=50))
    assert {row["score"] for row in live.scores().values()} == {50}
    assert {row["standing"] for row in live.scores().values()} == {"Hot"}
    moved = live.rows("SELECT cause, score_before, score FROM ledger WHERE cause = 'model'")
    assert [tuple(row.values()) for row in moved] == [("model", 30, 50)] * 3
    assert len(live.rows("SELECT * FROM stage_changes WHERE cause = 'model'")) == 3
    live.send(message("track", "u1", event="demo", minutes_ago=0))
    live.score()
    assert live.scores()["u1"]["score"] == 100
    assert live.wrongs() == []


def test_a_first_model_tells_nobody_of_those_who_were_there_and_a_second_one_of_those_it_moves(live: Live) -> None:
    told: list[int] = []

    def listen(_connection: Connection, numbers: Sequence[int], _now: object) -> None:
        told.extend(numbers)

    live.send(message("track", "u", event="demo", minutes_ago=0), message("track", "v", event="visit", minutes_ago=0))
    for demo, crossed in ((30, 0), (45, 1)):  # 30 of 40: both are Cold; by 45 points u is Hot
        live.publish(MODEL.format(demo=demo), on_stage_changes=listen)
        assert len(told) == crossed


def test_a_model_is_not_switched_to_before_everybody_has_a_score_by_it(live: Live) -> None:
    live.publish(PLAIN)
    live.send(*(message("track", f"u{i}", event="demo") for i in range(3)))
    live.score()
    with live.store.writing() as connection:
        connection.execute(
            text("INSERT INTO publications (version_no, published_at, published_by, note) VALUES (1, 0, 'a', '')")
        )
    build_some(live.store, live.models, live.settings, live.now, 2)
    assert not switch(live.store, live.models, live.now)
    live.send(message("track", "new", event="demo"))  # dirty: it is scored by both soon
    while build_some(live.store, live.models, live.settings, live.now, 2):
        pass
    assert switch(live.store, live.models, live.now)
    live.score()
    assert len(live.scores()) == 4
    assert live.wrongs() == []


def test_points_given_by_hand_count_from_their_beginning_to_their_end(live: Live) -> None:
    live.publish(PLAIN)
    live.send(message("track", "u", event="other"))
    with live.store.writing() as connection:
        row = {"identity_no": 1, "points": 7.0, "reason": "Met at the fair", "author": "Ann"}
        end = live.now + timedelta(minutes=5)
        connection.execute(insert(adjustments).values(**row, created_at=live.now, expires_at=end))
    live.score()
    assert (live.scores()["u"]["score"], live.scores()["u"]["reasons"]) == (7, "+7 Adjusted by hand")
    live.now = end
    assert live.refresh() == 1
    assert live.scores()["u"]["score"] == 0
    assert live.wrongs() == []


def test_an_event_ahead_of_its_time_counts_when_it_has_come(live: Live) -> None:
    live.publish(PLAIN)
    live.send(message("track", "u", event="demo", minutes_ago=-3))
    live.score()
    assert live.scores()["u"]["score"] == 0
    live.now += timedelta(minutes=3)
    assert live.refresh() == 1
    assert live.scores()["u"]["score"] == 30


def test_a_late_message_changes_the_score_as_if_it_had_come_in_time(live: Live) -> None:
    live.publish(PLAIN)
    live.send(message("identify", "u", traits={"title": "Intern"}, minutes_ago=1))
    live.send(message("identify", "u", traits={"title": "CEO"}, minutes_ago=9))
    live.score()
    assert live.scores()["u"]["score"] == 0
    live.send(message("identify", "u", traits={"title": "CTO"}, minutes_ago=0))
    live.score()
    assert live.scores()["u"]["score"] == 20


def test_without_a_model_leads_wait(live: Live) -> None:
    live.send(message("track", "u", event="demo"))
    assert live.score() == 0
    live.publish(PLAIN)
    live.score()
    assert live.scores()["u"]["score"] == pytest.approx(30, abs=0.1)


def test_two_workers_share_the_dirty_leads(postgres: object, new_store: NewStore) -> None:  # noqa: ARG001
    live = Live(new_store())
    if live.store.is_sqlite:
        pytest.skip("one file has one worker")
    live.publish(PLAIN)
    live.send(*(message("track", f"u{i}", event="demo") for i in range(4)))
    other = Live.__new__(Live)
    other.store, other.settings, other.now, other.models = live.store, live.settings, live.now, type(live.models)()
    taken = []

    def meanwhile(*_: object) -> None:
        taken.append(score_some(other.store, other.models, other.settings, other.now, 10))

    assert score_some(live.store, live.models, live.settings, live.now, 2, on_stage_changes=meanwhile) == 2
    assert taken == [2]
    assert live.rows("SELECT * FROM dirty") == []
    assert live.wrongs() == []


def test_the_audit_finds_a_score_a_ledger_and_a_link_that_are_wrong(live: Live) -> None:
    live.publish(PLAIN)
    live.send(message("identify", "u", "a"), message("track", "u", event="demo"), message("track", "v", event="demo"))
    live.score()
    with live.store.writing() as connection:
        for wrong in (
            "UPDATE scores SET score = score + 1 WHERE lead_no = 1",
            "DELETE FROM ledger WHERE lead_no = 2",
            "UPDATE links SET undone_at = 1",
            "INSERT INTO dirty (lead_no, since, turn, cause) VALUES (99, 0, 1, 'event')",
        ):
            connection.execute(text(wrong))
    found = {(one.check, one.about) for one in live.wrongs()}
    assert {
        ("score", "lead 1"),
        ("batch", "u"),
        ("ledger", "lead 2"),
        ("people", "lead 1"),
        ("references", "dirty.lead_no"),
    } <= found


def test_outcomes_and_leads_of_the_audit_are_counted(live: Live) -> None:
    live.publish(PLAIN)
    live.send(message("outcome", "u", event="Deal Won", outcome="won"))
    with live.store.reading() as connection:
        assert connection.execute(outcomes.select()).one().outcome == "won"
    assert audit(live.store, models=live.models).waiting == 1
    live.score()
    done = audit(live.store, models=live.models)
    assert (done.leads, done.waiting, done.by_batch) == (1, 0, 1)


@pytest.mark.parametrize("are_refreshed", [False, True])
def test_a_lead_that_cannot_be_scored_holds_up_nobody(live: Live, *, are_refreshed: bool) -> None:
    live.publish(PLAIN)
    people = [f"u{number}" for number in range(5)]
    live.send(*(message("track", one, event="demo") for one in people))
    if are_refreshed:
        live.score()
        live.now += timedelta(minutes=20)
    live.models.refresh(live.store)
    published = live.models.current
    assert published is not None
    usual, poison = published.compiled.score, live.rows("SELECT lead_no FROM leads WHERE lead_id = 'u2'")[0]["lead_no"]

    def poisoned(relations: Relations, as_of: datetime) -> object:
        if poison in relations.numbers:
            raise EngineError("out of range")
        return usual(relations, as_of)

    published.compiled.score = poisoned  # type: ignore[method-assign, assignment]
    assert (live.refresh if are_refreshed else live.score)() == 5
    scored = {one for one, row in live.scores().items() if row["as_of"] == to_us(live.now)}
    assert scored == {*people} - {"u2"}
    published.compiled.score = usual  # type: ignore[method-assign]
    live.now += 2 * PUT_ASIDE
    live.refresh()
    live.score()
    assert live.scores()["u2"]["as_of"] == to_us(live.now)
    assert live.rows("SELECT * FROM dirty") == []


def test_an_instant_far_outside_of_all_calendars_is_none(small: Live) -> None:
    """An age beyond 64 bits once failed the whole batch."""
    small.publish(RENEWED)
    far = ("290309-12-22 (BC) 00:00:00", "-290308-12-22", "294247-01-10", "infinity")
    small.send(*(message("identify", f"u{n}", traits={"renewal": one}) for n, one in enumerate(far)))
    small.send(message("identify", "known", traits={"renewal": "2026-04-30"}))
    small.score()
    assert {one for one, row in small.scores().items() if row["score"]} == {"known"}
    assert small.wrongs() == []


def test_a_model_that_cannot_run_does_not_stop_the_one_in_force(live: Live) -> None:
    live.publish(PLAIN)
    broken = PLAIN.replace("job_title.seniority", "lead_id")
    with pytest.raises(AssertionError):  # it is never switched to
        live.publish(broken)
    live.send(message("track", "u", event="demo", minutes_ago=0))
    assert live.score() == 1
    assert live.scores()["u"]["score"] == 30  # of the demo
    live.publish(PLAIN.replace("points: 20", "points: 21"))
    assert live.wrongs() == []


@pytest.mark.parametrize(
    ("fit", "engagement"),
    [
        ("{LEAD_ID: x}", "{a: b}"),
        ("{any: [{Plan: x}, {plan: x}]}", "{a: b}"),
        ("{a: b}", "{lead_id: x}"),
        ("{a: b}", "{event: demo}"),
        ("{a: b}", "{Occurred_At: x}"),
        ("{a: b}", "{any: [{Path: x}, {path: x}]}"),
    ],
)
def test_a_model_that_asks_for_what_no_message_can_set_is_refused(fit: str, engagement: str) -> None:
    text = PLAIN.replace("{job_title.seniority: c_level}", fit).replace("{path: {starts_with: /pricing}}", engagement)
    with pytest.raises(PlanError, match=r"the (trait|property) '"):
        check_runs(text)


def test_who_stands_somewhere_is_built_before_the_switch_even_when_dirty(live: Live) -> None:
    """Else their standing would be lost, and the same crossing be told a second time."""
    live.publish(PLAIN)
    live.send(*(message("track", "u", event="demo", minutes_ago=minutes) for minutes in (0, 1)))
    live.score()
    with live.store.writing() as connection:
        connection.execute(
            text("INSERT INTO publications (version_no, published_at, published_by, note) VALUES (1, 0, 'a', '')")
        )
    live.models.refresh(live.store)
    live.models.built_to = 99  # a build that broke off went past the lead
    live.send(message("page", "u"))
    assert not switch(live.store, live.models, live.now)
    assert build_some(live.store, live.models, live.settings, live.now) == 1
    assert switch(live.store, live.models, live.now)
    live.score()
    assert [row["stage"] for row in live.rows("SELECT stage FROM stage_changes")] == ["Hot"]
    assert live.wrongs() == []
