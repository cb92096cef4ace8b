"""Working hours on the clocks of a wall. Expected instants are worked out by hand from the rules of the zones.

Berlin is UTC+1, and UTC+2 from 2026-03-29 01:00 UTC to 2026-10-25 01:00 UTC. New York is UTC-5, UTC-4 in summer.
"""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoville.errors import UsageError
from scoville.live.routing.hours import DAYS, hours_of

OFFICE = {day: ["09:00-17:00"] for day in DAYS[:5]}
NIGHT = {day: ["00:00-06:00"] for day in DAYS}


def at(text: str) -> datetime:
    return datetime.fromisoformat(text)


@pytest.mark.parametrize(
    ("zone", "instant", "are_open"),
    [
        ("UTC", "2026-03-02T09:00", True),  # Monday
        ("UTC", "2026-03-02T08:59:59", False),
        ("UTC", "2026-03-02T17:00", False),
        ("UTC", "2026-03-01T12:00", False),  # Sunday
        ("Europe/Berlin", "2026-03-02T08:00", True),  # 09:00 there
        ("Europe/Berlin", "2026-03-02T07:59", False),
        ("Europe/Berlin", "2026-03-30T07:00", True),  # 09:00 in summer
        ("America/New_York", "2026-03-02T14:00", True),  # 09:00 there
        ("America/New_York", "2026-03-09T13:00", True),  # 09:00, a day after its clocks went forward
        ("Asia/Kolkata", "2026-03-02T03:30", True),  # 09:00 at UTC+5:30
        ("Pacific/Auckland", "2026-03-01T20:00", True),  # Monday 09:00 at UTC+13
    ],
)
def test_hours_are_those_of_the_wall(zone: str, instant: str, *, are_open: bool) -> None:
    assert hours_of(OFFICE, zone).are_open(at(instant)) is are_open


@pytest.mark.parametrize(
    ("week", "zone", "start", "end", "expected_h"),
    [
        (OFFICE, "UTC", "2026-03-02T00:00", "2026-03-09T00:00", 40),
        (OFFICE, "UTC", "2026-03-06T16:00", "2026-03-09T10:00", 2),  # an hour on Friday, one on Monday
        (NIGHT, "Europe/Berlin", "2026-03-28T12:00", "2026-03-29T12:00", 5),  # 02:00 to 03:00 is left out
        (NIGHT, "Europe/Berlin", "2026-10-24T12:00", "2026-10-25T12:00", 7),  # 02:00 to 03:00 comes twice
        ({"mon": ["09:00-12:00", "13:00-17:00"]}, "UTC", "2026-03-02T11:00", "2026-03-02T14:00", 2),
        ({"sun": ["00:00-24:00"]}, "Europe/Berlin", "2026-03-28T00:00", "2026-03-31T00:00", 23),
        ({}, "UTC", "2026-03-01T00:00", "2026-03-02T12:00", 36),
        (OFFICE, "UTC", "2026-03-03T00:00", "2026-03-02T00:00", 0),
    ],
)
def test_the_hours_between_two_instants(
    week: dict[str, list[str]], zone: str, start: str, end: str, expected_h: float
) -> None:
    assert hours_of(week, zone).between(at(start), at(end)) == timedelta(hours=expected_h)


@pytest.mark.parametrize(
    ("week", "zone", "start", "hours", "expected"),
    [
        (OFFICE, "UTC", "2026-03-02T09:00", 1, "2026-03-02T10:00"),
        (OFFICE, "UTC", "2026-03-06T16:30", 1, "2026-03-09T09:30"),  # over the weekend
        (OFFICE, "UTC", "2026-03-06T16:00", 1, "2026-03-06T17:00"),  # the last instant of Friday
        (OFFICE, "Europe/Berlin", "2026-03-27T15:30", 1, "2026-03-30T07:30"),  # Friday 16:30, Monday 09:30 in summer
        (OFFICE, "UTC", "2026-02-28T12:00", 0, "2026-03-02T09:00"),
        ({}, "UTC", "2026-02-28T12:00", 30, "2026-03-01T18:00"),
    ],
)
def test_when_so_many_hours_have_gone_by(
    week: dict[str, list[str]], zone: str, start: str, hours: int, expected: str
) -> None:
    assert hours_of(week, zone).after(at(start), timedelta(hours=hours)) == at(expected)


@given(
    st.datetimes(at("2026-01-01"), at("2027-12-31")),
    st.integers(0, 200 * 60),
    st.sampled_from(["UTC", "Europe/Berlin", "America/New_York", "Australia/Lord_Howe"]),
)
def test_what_has_gone_by_lies_between(start: datetime, minutes: int, zone: str) -> None:
    hours = hours_of(OFFICE | {"sat": ["01:00-03:30"], "sun": ["00:30-02:45"]}, zone)
    duration = timedelta(minutes=minutes)
    assert hours.between(start, hours.after(start, duration)) == duration


@pytest.mark.parametrize(
    ("week", "zone", "message"),
    [
        ({}, "Mars/Phobos", "no time zone"),
        ({}, "../../etc/passwd", "no time zone"),
        ({}, "", "no time zone"),
        ({"monday": ["09:00-17:00"]}, "UTC", "no day"),
        ({"mon": ["9-17"]}, "UTC", "no span"),
        ({"mon": ["17:00-09:00"]}, "UTC", "no span"),
        ({"mon": ["09:00-24:30"]}, "UTC", "no span"),
        ({"mon": [None]}, "UTC", "no span"),
        ({"mon": "09:00-17:00"}, "UTC", "a list such as"),
        ({"mon": ["09:00-12:00", "11:00-17:00"]}, "UTC", "overlap"),
    ],
)
def test_hours_that_cannot_be_are_refused(week: dict[str, object], zone: str, message: str) -> None:
    with pytest.raises(UsageError, match=message):
        hours_of(week, zone)
