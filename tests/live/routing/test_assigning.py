"""From the queue to an owner: capacity, carry-over, absence, hours, territories, and nobody dropped.

NOW is Monday, 2026-03-02, 09:00 UTC. Expected counts are worked out by hand.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from live_world import NOW
from scoville.errors import UsageError
from scoville.live.forget import forget
from scoville.live.routing.assigning import route_some
from scoville.live.routing.by_hand import assign, claim, release
from scoville.live.routing.deciding import chosen_again
from scoville.live.routing.ending import assignments_of, end_double_assignments
from scoville.live.routing.owners import (
    Owner,
    delete_absence,
    find_owner,
    list_absences,
    list_owners,
    save_absence,
    save_account_owner,
    save_owner,
)
from scoville.live.routing.queue import count_waiting, list_waiting
from scoville.live.routing.territories import Territory, delete_territory, list_territories, save_territory
from scoville.live.store.people import account_traits, accounts, identities
from scoville.live.store.routing import account_owners, assignments, waiting

if TYPE_CHECKING:
    from live_office import Office

DAY = timedelta(days=1)
OFFICE_HOURS = {day: ["09:00-17:00"] for day in ("mon", "tue", "wed", "thu", "fri")}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


def many(office: Office, count: int, start: int = 0, since: datetime = NOW) -> list[str]:
    """Leads that wait; the later ones score higher."""
    names = [f"lead{i}" for i in range(start, start + count)]
    for i, name in enumerate(names):
        office.lead(name, 40.0 + i)
    office.wait(*names, now=since)
    return names


def test_the_best_leads_fill_the_capacity_and_the_rest_waits_for_tomorrow(office: Office) -> None:
    office.owner("Olga", capacity=2)
    office.territory("All", "Olga")
    many(office, 5)
    office.route()
    assert office.held() == {"lead4": "Olga", "lead3": "Olga"}
    assert office.reasons() == dict.fromkeys(["lead0", "lead1", "lead2"], "at_capacity")
    office.route(NOW + timedelta(hours=14, minutes=59))  # 23:59
    assert len(office.held()) == 2
    office.route(NOW + timedelta(hours=15))  # midnight in UTC
    assert len(office.held()) == 4
    office.route(NOW + 2 * DAY)
    assert len(office.held()) == 5
    assert office.reasons() == {}


def test_a_better_lead_that_came_later_goes_first_when_there_is_room_again(office: Office) -> None:
    office.owner("Olga", capacity=1)
    office.territory("All", "Olga")
    many(office, 3)
    office.route()
    office.lead("late", 99.0)
    office.wait("late", now=NOW + DAY - timedelta(minutes=10))
    office.route(NOW + DAY)
    assert office.held() == {"lead2": "Olga", "late": "Olga"}


def test_days_and_weeks_are_those_of_the_owner(office: Office) -> None:
    """09:00 UTC is 22:00 in Auckland (UTC+13) and 23:00 on Sunday in Honolulu (UTC-10)."""
    office.owner("Kiri", capacity=1, time_zone="Pacific/Auckland")
    office.owner("Leila", capacity=1, period="week", time_zone="Pacific/Honolulu")
    office.territory("Kiri's", "Kiri", when={"lead_id": {"starts_with": "k"}})
    office.territory("Leila's", "Leila")
    for name in ("k1", "k2", "l1", "l2"):
        office.lead(name)
    office.wait("k1", "k2", "l1", "l2")
    office.route()
    assert Counter(office.held().values()) == {"Kiri": 1, "Leila": 1}
    office.route(NOW + timedelta(minutes=59))
    assert len(office.held()) == 2
    office.route(NOW + timedelta(hours=1))  # midnight of Monday in Honolulu: a new week
    assert Counter(office.held().values()) == {"Kiri": 1, "Leila": 2}
    office.route(NOW + timedelta(hours=2))  # midnight in Auckland
    assert Counter(office.held().values()) == {"Kiri": 2, "Leila": 2}


@pytest.mark.parametrize(
    ("given_on_friday", "away_on_friday", "expected"),
    [(5, False, 5), (3, False, 7), (0, False, 8), (0, True, 5)],
)
def test_unused_room_of_the_last_day_worked_is_carried_over(
    small_office: Office, given_on_friday: int, expected: int, *, away_on_friday: bool
) -> None:
    """Capacity 5, at most 3 carried over: 5 + min(3, 5 - given), over a weekend without work; none from an absence."""
    friday = NOW - 3 * DAY
    owner_id = small_office.owner("Olga", since=NOW - 30 * DAY, capacity=5, carry_over=3, hours=OFFICE_HOURS)
    small_office.territory("All", "Olga", now=friday)
    if away_on_friday:
        save_absence(small_office.store, owner_id, friday - timedelta(hours=2), friday + timedelta(hours=2), friday)
    else:
        many(small_office, given_on_friday, since=friday)
        small_office.route(friday)
    many(small_office, 10, start=100)
    small_office.route(NOW)
    today = [row for row in small_office.rows(assignments) if row.assigned_at == NOW]
    assert len(today) == expected


def test_open_leads_are_limited_and_a_released_one_makes_room(office: Office) -> None:
    office.owner("Olga", open_limit=2)
    office.territory("All", "Olga")
    many(office, 3)
    office.route()
    assert office.reasons() == {"lead0": "at_capacity"}
    release(office.store, "lead2", "boss", NOW, is_to_be_routed=False)
    office.route(NOW)  # at once: a release wakes the queue
    assert office.held() == {"lead1": "Olga", "lead0": "Olga"}


def test_nobody_gets_leads_who_is_away_or_no_longer_active(office: Office) -> None:
    away = office.owner("Away", hours=OFFICE_HOURS)
    gone = office.owner("Gone")
    office.territory("All", "Away", "Gone")
    save_owner(office.store, Owner("Gone", "gone@example.com", is_active=False), NOW, owner_id=gone)
    number = save_absence(office.store, away, NOW - DAY, NOW + 3 * DAY, NOW, note="ski")
    many(office, 1)
    office.route()
    assert office.reasons() == {"lead0": "absent"}
    office.route(NOW + 3 * DAY + timedelta(hours=9))  # back on Thursday, but it is 18:00
    assert office.reasons() == {"lead0": "outside_hours"}
    delete_absence(office.store, away, number, NOW)
    office.route(NOW + timedelta(minutes=1))
    assert office.held() == {"lead0": "Away"}


def test_outside_hours_leads_wait_and_are_given_out_when_work_begins(office: Office) -> None:
    office.owner("Berta", hours=OFFICE_HOURS, time_zone="Europe/Berlin")
    office.territory("All", "Berta")
    many(office, 1)
    sunday_night, monday = at("2026-03-29T22:00"), at("2026-03-30T07:00")  # 09:00 in Berlin, summer since Sunday
    office.route(sunday_night)
    assert office.reasons() == {"lead0": "outside_hours"}
    office.route(monday - timedelta(seconds=61))
    assert office.reasons() == {"lead0": "outside_hours"}
    office.route(monday)
    assert office.held() == {"lead0": "Berta"}


def test_territories_are_conditions_over_traits_derived_traits_account_and_score(office: Office) -> None:
    for name in ("Emea", "Big", "Free", "Rest"):
        office.owner(name)
    office.territory("Big", "Big", position=1, when={"account.employees": {"gte": 1000}, "score": {"gte": 50}})
    office.territory("Emea", "Emea", position=2, when={"any": [{"country": ["DE", "FR"]}, {"stage": "SQL"}]})
    office.territory("Free", "Free", position=3, when={"email.kind": "free"})
    office.territory("Rest", "Rest", position=4, when={"not": {"country": "XX"}})
    office.lead("big", 60.0, account="Huge", country="DE")
    office.lead("small score", 40.0, account="Huge2", country="de")
    office.lead("free", email="ann@gmail.com")
    office.lead("rest", email="ann@acme.example", country=" ")
    office.lead("nobody", country="XX")
    for row in office.rows(accounts):
        said = {"name": "employees", "changed_at": NOW, "event_id": bytes(16), "value": 2000}
        office.put(account_traits, said | {"account_no": row.account_no})
    office.wait(*office.numbers)
    office.route()
    assert office.held() == {"big": "Big", "small score": "Emea", "free": "Free", "rest": "Rest"}
    assert office.reasons() == {"nobody": "no_rule"}
    office.territory("World", "Rest", position=5)
    office.route()  # a new rule wakes the queue
    assert office.held()["nobody"] == "Rest"


def test_accounts_stay_with_their_owner(office: Office) -> None:
    for name in ("Olga", "Paul"):
        office.owner(name)
    office.territory("All", "Olga", "Paul")
    for i in range(3):
        office.lead(f"acme{i}", account="Acme")
    office.wait("acme0", "acme1", "acme2")
    office.route()
    (owner,) = set(office.held().values())
    assert [row.set_by for row in office.rows(account_owners)] == ["routing"]
    other = "Paul" if owner == "Olga" else "Olga"
    save_account_owner(office.store, "Acme", office.ids[other], "boss", NOW)
    office.lead("acme3", account="Acme")
    office.wait("acme3")
    office.route()
    assert office.held()["acme3"] == other


def test_every_assignment_says_why_and_can_be_made_again(office: Office) -> None:
    for name in ("Olga", "Paul", "Rita"):
        office.owner(name)
    office.territory("All", "Olga", "Paul", "Rita")
    names = many(office, 7)
    office.route(seed="2026")
    for name in names:
        (record,) = assignments_of(office.store, name)
        assert record["why"]["because"] == "All"
        assert chosen_again(record["why"], name) == record["owner_id"]
        assert (record["way"], record["assigned_by"], record["assigned_at"]) == ("rule", "routing", NOW)
    assert {notice.cause for notice in office.told} == {f"assignment:{i}" for i in range(1, 8)}
    assert office.told[0].more["owner"]["email"].endswith("@example.com")


def test_two_workers_do_not_exceed_a_capacity(office: Office) -> None:
    office.owner("Olga", capacity=7)
    office.territory("All", "Olga")
    many(office, 30)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(3):
                route_some(office.store, NOW, lambda *_: None, limit=5)
        except BaseException as failed:  # noqa: BLE001 - shown by the test
            failures.append(failed)

    threads = [threading.Thread(target=work) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert len(office.held()) == 7
    assert len(office.held()) + len(office.reasons()) == 30


def test_leads_beyond_the_limit_of_a_round_are_not_starved(office: Office) -> None:
    office.owner("Olga")
    office.territory("Some", "Olga", when={"lead_id": "lead0"})  # the one with the lowest score
    many(office, 10)
    for _ in range(4):
        office.route(limit=3)
    assert office.held() == {"lead0": "Olga"}
    assert set(office.reasons().values()) == {"no_rule"}
    assert office.route(limit=3) == 0  # nothing is due


def test_people_decide_by_hand(office: Office) -> None:
    office.owner("Olga", capacity=0)
    office.owner("Paul")
    gone = office.owner("Gone", is_active=False)
    office.lead("ann", 61.0)
    office.wait("ann")
    assign(office.store, "ann", office.ids["Olga"], "boss", NOW, office.tell)  # above her capacity: a person said so
    assert (office.held(), office.reasons()) == ({"ann": "Olga"}, {})
    with pytest.raises(UsageError, match="belongs to Olga"):
        claim(office.store, "ann", office.ids["Paul"], "paul", NOW, office.tell)
    with pytest.raises(UsageError, match="not active"):
        assign(office.store, "ann", gone, "boss", NOW, office.tell)
    assign(office.store, "ann", office.ids["Paul"], "boss", NOW + DAY, office.tell)
    assert office.held() == {"ann": "Paul"}
    release(office.store, "ann", "paul", NOW + 2 * DAY)
    assert (office.held(), office.reasons()) == ({}, {"ann": "new"})
    claim(office.store, "ann", office.ids["Olga"], "olga", NOW + 3 * DAY, office.tell)
    ways = [(one["name"], one["way"], one["release_reason"]) for one in assignments_of(office.store, "ann")]
    assert ways == [("Olga", "claim", None), ("Paul", "manual", "released"), ("Olga", "manual", "reassigned")]
    for bad in (("nobody", office.ids["Paul"]), ("ann", "nobody")):
        with pytest.raises(UsageError, match="there is no"):
            assign(office.store, *bad, "boss", NOW, office.tell)


def test_the_queue_says_who_waits_why_and_how_long(office: Office) -> None:
    office.owner("Olga", capacity=0)
    office.territory("All", "Olga", when={"lead_id": {"not": "stranger"}})
    for name in ("a", "b", "stranger"):
        office.lead(name)
    office.wait("a", now=NOW - DAY)
    office.wait("b", "stranger")
    office.route()
    later = NOW + timedelta(hours=2)
    first, *_ = list_waiting(office.store, later, limit=1)
    assert (first.lead_id, first.reason, first.age_s, first.tries) == ("a", "at_capacity", 26 * 3600, 1)
    assert "Olga" in first.detail
    assert [one.lead_id for one in list_waiting(office.store, later, after=first.place)] == ["b", "stranger"]
    assert [one.lead_id for one in list_waiting(office.store, later, reason="no_rule")] == ["stranger"]
    assert count_waiting(office.store) == {"at_capacity": (2, NOW - DAY), "no_rule": (1, NOW)}


def test_a_merge_leaves_one_owner_and_one_place_in_the_queue(office: Office) -> None:
    office.owner("Olga")
    office.owner("Paul")
    office.territory("All", "Olga", "Paul")
    many(office, 4)
    merged: dict[str, Any] = {"lead_no": 1}
    with office.store.writing() as connection:
        connection.execute(identities.update().where(identities.c.identity_no == 2).values(merged))
    office.route()
    assert len(office.rows(assignments)) == 3
    assert office.rows(waiting) == []
    with office.store.writing() as connection:  # now the other two become one person
        connection.execute(identities.update().where(identities.c.identity_no == 4).values(lead_no=3))
        assert end_double_assignments(connection, NOW) == 1
        assert end_double_assignments(connection, NOW) == 0
    assert sum(row.released_at is None for row in office.rows(assignments)) == 2


def test_forgetting_a_person_leaves_nothing_of_it(office: Office) -> None:
    office.owner("Olga", capacity=1)
    office.territory("All", "Olga")
    many(office, 2)
    office.route()
    forget(office.store, [1, 2], NOW)
    assert (office.rows(assignments), office.rows(waiting)) == ([], [])


def test_owners_absences_and_territories_are_kept_as_they_were_given(office: Office) -> None:
    owner = Owner("Olga", "olga@example.com", capacity=3, period="week", carry_over=1, open_limit=9, weight=0.5,
                  hours={"mon": ["09:00-12:00"]}, time_zone="Europe/Berlin")  # fmt: skip
    owner_id = save_owner(office.store, owner, NOW)
    known = find_owner(office.store, owner_id)
    assert known is not None
    assert (known.owner, [one.owner_id for one in list_owners(office.store)]) == (owner, [owner_id])
    save_owner(office.store, replace(owner, weight=1.0), NOW, owner_id=owner_id)
    save_absence(office.store, owner_id, NOW, NOW + DAY, NOW, note="ill")
    with pytest.raises(UsageError, match="overlaps"):
        save_absence(office.store, owner_id, NOW + DAY / 2, NOW + 2 * DAY, NOW)
    save_absence(office.store, owner_id, NOW + DAY, NOW + 2 * DAY, NOW)
    assert [one.note for one in list_absences(office.store, owner_id)] == ["ill", ""]
    territory = Territory("All", (owner_id,), {"country": ["DE"]}, 3, falls_through=True)
    territory_id = save_territory(office.store, territory, NOW)
    assert [one.territory for one in list_territories(office.store)] == [territory]
    delete_territory(office.store, territory_id, NOW)
    assert list_territories(office.store) == []


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"name": " "}, "name and a mail address"), ({"email": "nobody"}, "no"), ({"period": "month"}, "no period"),
        ({"capacity": -1}, "capacity"), ({"capacity": 1.5}, "capacity"), ({"open_limit": True}, "open_limit"),
        ({"weight": 0.0}, "weight"), ({"weight": float("nan")}, "weight"), ({"time_zone": "Nowhere"}, "time zone"),
        ({"hours": {"mon": ["x"]}}, "no span"),
    ],
)  # fmt: skip
def test_an_owner_that_cannot_be_is_refused(small_office: Office, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(UsageError, match=message):
        save_owner(small_office.store, replace(Owner("Olga", "olga@example.com"), **changes), NOW)


@pytest.mark.parametrize(
    ("when", "message"),
    [
        ({}, "empty condition"),
        ({"country": {"same": 1}}, "unknown operator"),
        ({"company": {"matches": "(a+"}}, "company|\\(a"),
    ],
)
def test_a_territory_with_a_condition_that_is_none_is_refused(
    small_office: Office, when: dict[str, Any], message: str
) -> None:
    owner_id = small_office.owner("Olga")
    with pytest.raises(UsageError, match=message):
        save_territory(small_office.store, Territory("T", (owner_id,), when), NOW)
    with pytest.raises(UsageError, match="no owner 'x'"):
        save_territory(small_office.store, Territory("T", ("x",)), NOW)
