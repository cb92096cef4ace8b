"""Clocks of the first touch. NOW is Monday, 2026-03-02, 09:00 UTC; expected instants are worked out by hand."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.fernet import Fernet

from live_world import NOW
from scoville.errors import UsageError
from scoville.live.actions.addresses import Policy
from scoville.live.actions.defining import Action, save_action
from scoville.live.actions.queueing import queue_notices
from scoville.live.actions.sealing import Sealer
from scoville.live.routing.assigning import route_some
from scoville.live.routing.by_hand import assign
from scoville.live.routing.ending import assignments_of
from scoville.live.routing.touching import answer, record_touch, touches_of
from scoville.live.sla import (
    SlaRule,
    delete_sla_rule,
    list_sla_rules,
    nearest_rank,
    on_crossings,
    save_sla_rule,
    sla_some,
    speed_to_lead,
)
from scoville.live.store.actions import outbox
from scoville.live.store.people import outcomes
from scoville.live.store.routing import clocks
from scoville.live.store.scores import dirty

if TYPE_CHECKING:
    from live_office import Office

MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
OFFICE_HOURS = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}
RULE = SlaRule("MQL", 3600, remind_after_s=1800, escalate_after_s=3600, reassign_after_s=7200)


def cross(office: Office, lead_id: str, received_at: datetime = NOW, **more: Any) -> int:
    number = office.crossing(lead_id, received_at=received_at, at=received_at + timedelta(seconds=1), **more)
    with office.store.writing() as connection:
        on_crossings(connection, [number], NOW)
    return number


def listen(office: Office) -> None:
    """Actions for all that a clock says."""
    for occasion in ("reminder", "escalation", "reassigned"):
        action = Action(occasion, "webhook", occasion, url="https://example.com/")
        save_action(office.store, Sealer(Fernet.generate_key().decode()), Policy(), action, NOW)


def said(office: Office) -> list[str]:
    return [row.payload["type"] for row in office.rows(outbox)]


def test_a_clock_reminds_escalates_and_gives_the_lead_to_somebody_else_each_once(office: Office) -> None:
    listen(office)
    save_sla_rule(office.store, RULE)
    office.owner("Olga", weight=100.0)
    office.lead("ann")
    assign(office.store, "ann", office.ids["Olga"], "boss", NOW, office.tell)
    cross(office, "ann")
    assert sla_some(office.store, NOW + 30 * MINUTE - timedelta(microseconds=1)) == 0
    assert sla_some(office.store, NOW + 30 * MINUTE) == 1
    assert sla_some(office.store, NOW + 30 * MINUTE) == 0
    assert sla_some(office.store, NOW + HOUR) == 1
    (reminder, escalation) = office.rows(outbox)
    assert (reminder.payload["type"], escalation.payload["type"]) == ("lead.sla.reminder", "lead.sla.escalation")
    assert reminder.payload["data"]["due_at"] == "2026-03-02T10:00:00Z"
    assert reminder.payload["data"]["owner"]["name"] == "Olga"
    office.owner("Paul")
    office.territory("All", "Olga", "Paul")
    assert sla_some(office.store, NOW + 2 * HOUR) == 1
    assert office.reasons() == {"ann": "new"}
    route_some(office.store, NOW + 2 * HOUR, queue_notices)
    assert office.held() == {"ann": "Paul"}  # who let it lie does not get it again
    assert said(office)[2:] == ["lead.reassigned"]
    assert assignments_of(office.store, "ann")[1]["release_reason"] == "no_touch"
    assert sla_some(office.store, NOW + 99 * HOUR) == 0


def test_steps_that_came_due_while_nobody_looked_are_all_done(office: Office) -> None:
    listen(office)
    save_sla_rule(office.store, RULE)
    office.lead("ann")
    cross(office, "ann")
    assert sla_some(office.store, NOW + 99 * HOUR) == 3
    assert said(office) == ["lead.sla.reminder", "lead.sla.escalation"]  # nobody held it: it is taken from nobody


@pytest.mark.parametrize("kind", ["touch", "answer", "left"])
def test_a_touch_an_answer_or_another_stage_stops_the_clock(office: Office, kind: str) -> None:
    save_sla_rule(office.store, RULE)
    office.lead("ann")
    cross(office, "ann")
    at = NOW + 25 * MINUTE
    if kind == "touch":
        record_touch(office.store, "ann", "call", "olga", at, note="no answer")
    elif kind == "answer":
        answer(office.store, "ann", "accepted", "olga", at)
    else:
        cross(office, "ann", at - timedelta(seconds=1), stage="SQL", before="MQL")
    (clock,) = office.rows(clocks)
    assert (clock.stopped_by, clock.stopped_at, clock.waited_s) == (kind, at, 25 * 60)
    assert sla_some(office.store, NOW + 99 * HOUR) == 0


def test_a_crossing_shown_twice_starts_one_clock_and_does_not_stop_it(office: Office) -> None:
    save_sla_rule(office.store, RULE)
    office.lead("ann")
    number = cross(office, "ann")
    with office.store.writing() as connection:
        on_crossings(connection, [number], NOW)
    (clock,) = office.rows(clocks)
    assert (clock.change_no, clock.stopped_at, clock.started_at, clock.due_at) == (number, None, NOW, NOW + HOUR)


def test_a_stage_without_a_rule_has_no_clock(office: Office) -> None:
    save_sla_rule(office.store, RULE)
    office.lead("ann")
    cross(office, "ann", stage="SQL", before="MQL")
    assert office.rows(clocks) == []


@pytest.mark.parametrize(
    ("zone", "received", "due", "touched", "working_s"),
    [
        # Friday 16:30: half an hour is left, the other half runs on Monday; touched on Monday 09:10
        ("UTC", "2026-03-06T16:30", "2026-03-09T09:30", "2026-03-09T09:10", 40 * 60),
        # the same in Berlin (UTC+1) over the change to summer time (UTC+2)
        ("Europe/Berlin", "2026-03-27T15:30", "2026-03-30T07:30", "2026-03-30T07:10", 40 * 60),
        # at night: it starts to run when work begins; touched before that counts as no working time
        ("UTC", "2026-03-02T22:00", "2026-03-03T10:00", "2026-03-03T08:00", 0),
    ],
)
def test_a_clock_may_run_in_working_hours_alone(
    small_office: Office, zone: str, received: str, due: str, touched: str, working_s: float
) -> None:
    save_sla_rule(small_office.store, SlaRule("MQL", 3600, hours=OFFICE_HOURS, time_zone=zone))
    small_office.lead("ann")
    cross(small_office, "ann", datetime.fromisoformat(received))
    record_touch(small_office.store, "ann", "email", "olga", datetime.fromisoformat(touched))
    (clock,) = small_office.rows(clocks)
    assert (clock.due_at, clock.working_s) == (datetime.fromisoformat(due), working_s)
    assert clock.waited_s == (datetime.fromisoformat(touched) - datetime.fromisoformat(received)).total_seconds()


def test_speed_to_lead_by_owner_and_by_stage(office: Office) -> None:
    """Olga touches after 10, 20, ... 100 minutes: median 55, the ninth of ten is 90; six within the hour."""
    save_sla_rule(office.store, RULE)
    office.owner("Olga")
    for i in range(1, 11):
        office.lead(f"lead{i}")
        assign(office.store, f"lead{i}", office.ids["Olga"], "boss", NOW, office.tell)
        cross(office, f"lead{i}")
        record_touch(office.store, f"lead{i}", "call", "olga", NOW + 10 * i * MINUTE)
    office.lead("waits")
    cross(office, "waits")
    office.lead("earlier")
    cross(office, "earlier", NOW - HOUR)
    olga, nobody = speed_to_lead(office.store, NOW, NOW + HOUR)
    assert (olga.of, olga.touched, olga.in_time, olga.still_waiting) == (office.ids["Olga"], 10, 6, 0)
    assert (olga.median_s, olga.p90_s) == (55 * 60, 90 * 60)
    assert (nobody.of, nobody.touched, nobody.still_waiting, nobody.median_s, nobody.p90_s) == (None, 0, 1, None, None)
    (stage,) = speed_to_lead(office.store, NOW, NOW + HOUR, by="stage")
    assert (stage.of, stage.touched, stage.still_waiting, stage.median_working_s) == ("MQL", 10, 1, 55 * 60)


@pytest.mark.parametrize(
    ("values", "share", "expected"), [([], 0.9, None), ([7], 0.9, 7), ([3, 1, 2], 0.5, 2), (range(1, 101), 0.9, 90)]
)
def test_nearest_rank(values: list[float], share: float, expected: float | None) -> None:
    assert nearest_rank(values, share) == expected


@pytest.mark.parametrize("outcome", ["accepted", "rejected", "won", "lost"])
def test_an_answer_is_an_outcome_and_an_ending_makes_room(office: Office, outcome: Any) -> None:
    office.owner("Olga", open_limit=1)
    office.territory("All", "Olga")
    office.lead("ann", 60.0)
    office.lead("bob")
    office.wait("ann", "bob")
    office.route()
    answer(office.store, "ann", outcome, "olga", NOW, reason="too small", value=990.0)
    (row,) = office.rows(outcomes)
    assert (row.identity_no, row.outcome, row.at, row.value, row.reason) == (1, outcome, NOW, 990.0, "too small")
    assert len(row.event_id) == 16
    assert [(one.lead_no, one.cause) for one in office.rows(dirty)] == [(1, "outcome")]
    assert [(one["kind"], one["touched_by"]) for one in touches_of(office.store, "ann")] == [("answer", "olga")]
    office.route()
    assert office.held() == ({"ann": "Olga"} if outcome == "accepted" else {"bob": "Olga"})
    answer(office.store, "ann", outcome, "olga", NOW, reason="again")
    assert len(office.rows(outcomes)) == 2


def test_answers_and_touches_that_cannot_be_are_refused(small_office: Office) -> None:
    small_office.lead("ann")
    bad: Any = "maybe"
    with pytest.raises(UsageError, match="allowed: accepted"):
        answer(small_office.store, "ann", bad, "olga", NOW)
    with pytest.raises(UsageError, match="needs a reason"):
        answer(small_office.store, "ann", "rejected", "olga", NOW, reason=" ")
    with pytest.raises(UsageError, match="no lead 'nobody'"):
        answer(small_office.store, "nobody", "won", "olga", NOW)
    with pytest.raises(UsageError, match="allowed: call"):
        record_touch(small_office.store, "ann", bad, "olga", NOW)


def test_rules_are_kept_as_they_were_given_and_wrong_ones_refused(small_office: Office) -> None:
    rule = replace(RULE, hours=OFFICE_HOURS, time_zone="Europe/Berlin")
    save_sla_rule(small_office.store, RULE)
    save_sla_rule(small_office.store, rule)
    assert list_sla_rules(small_office.store) == [rule]
    delete_sla_rule(small_office.store, "MQL")
    with pytest.raises(UsageError, match="no rule"):
        delete_sla_rule(small_office.store, "MQL")
    for wrong in ({"touch_within_s": 0}, {"remind_after_s": 1.5}, {"stage": ""}, {"time_zone": "x"}):
        with pytest.raises(UsageError):
            save_sla_rule(small_office.store, replace(RULE, **wrong))
