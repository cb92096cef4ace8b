"""Numbers, days and conditions as a person would say them."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest

from scoville import words
from scoville.model.conditions import parse_condition


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (12.38, "+12.4"), (15.0, "+15"), (-8.0, "-8"), (0.0, "0"), (-0.0, "0"), (-1.4e-14, "0"), (0.0123, "+0.01"),
        (-0.004, "-0.004"), (1_234_567.0, "+1,234,567"), (0.05, "+0.1"), (99.96, "+100"),
        (6.25, "+6.3"), (-6.25, "-6.3"),
    ],
)  # fmt: skip
def test_points_have_a_sign_and_one_decimal(value: float, said: str) -> None:
    assert words.signed(value) == said


def test_instants_are_days_unless_they_have_a_time() -> None:
    assert words.moment_of(datetime(2026, 5, 3)) == "3 May 2026"  # noqa: DTZ001 - naive UTC
    assert words.moment_of(datetime(2026, 5, 3, 18, 5)) == "3 May 2026 18:05 UTC"  # noqa: DTZ001 - naive UTC


def test_counts_are_words_where_english_has_them() -> None:
    assert [words.times(count) for count in (0, 1, 2, 3, 1200)] == ["never", "once", "twice", "3 times", "1,200 times"]
    assert [words.counted(count, "day") for count in (0, 1, 2)] == ["no day", "1 day", "2 days"]


@pytest.mark.parametrize(
    ("value", "share", "so_many"),
    [
        (0.0, "0%", "hardly any"), (1e-6, "0.0001%", "hardly any"), (0.00041, "0.041%", "about 1 in 2,400"),
        (0.004, "0.4%", "about 1 in 250"), (0.0149, "1.5%", "about 1 in 67"), (1 / 12, "8%", "about 1 in 12"),
        (0.2, "20%", "about 1 in 5"), (0.31, "31%", "about 3 in 10"), (0.5, "50%", "about half of"),
        (0.88, "88%", "about 9 in 10"), (0.97, "97%", "nearly all"), (0.997, "over 99%", "nearly all"),
        (1.0, "100%", "nearly all"),
    ],
)  # fmt: skip
def test_shares_are_percent_and_so_many_of_a_few(value: float, share: str, so_many: str) -> None:
    assert (words.share(value), words.so_many(value)) == (share, so_many)


def test_periods_are_days_where_they_are_whole() -> None:
    assert [words.period(timedelta(hours=hours)) for hours in (24, 36, 720)] == ["1 day", "36 hours", "30 days"]


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(0.4, "0 s"), (59, "59 s"), (90, "1 min"), (-7_199, "1 h"), (86_400, "1 day"), (3 * 86_400 - 1, "2 days")],
)
def test_what_lasts_is_said_in_its_largest_unit_and_cut_off(seconds: float, said: str) -> None:
    assert words.lasting(timedelta(seconds=seconds)) == said


@pytest.mark.parametrize(
    ("asked", "said"),
    [
        ({"country": "US"}, "country is US"),
        ({"country": ["US", "CA", "GB"]}, "country is US, CA or GB"),
        ({"job_title.seniority": {"not_in": ["staff", "student"]}}, "job title seniority is neither staff nor student"),
        ({"employees": {"gte": 50, "lt": 5000}}, "employees is at least 50 and employees is below 5,000"),
        ({"employees": {"between": [1, 9.5]}}, "employees is from 1 to 9.5"),
        ({"created_at": {"gte": "2026-01-31"}}, "created at is on or after 31 January 2026"),
        ({"created_at": {"newer_than": "30d"}}, "created at is less than 30 days ago"),
        ({"created_at": {"older_than": "12h"}}, "created at is 12 hours ago or longer"),
        ({"paid": True}, "paid is yes"),
        ({"phone": {"is": "missing"}}, "phone is missing"),
        ({"phone": {"is": "present"}}, "phone is known"),
        ({"not": {"country": "US"}}, "not (country is US)"),
        ({"a": 1, "any": [{"b": 2}, {"c": {"not": 3}}]}, "a is 1 and (b is 2 or c is not 3)"),
        ({"path": {"matches": "^/a"}}, "path matches ^/a"),
    ],
)
def test_conditions_read_as_sentences(asked: dict[str, object], said: str) -> None:
    assert words.condition(parse_condition(asked)) == said


@pytest.mark.parametrize(("count", "said"), [(30.0, "30 days"), (1.0, "1 day"), (1 / 24, "1 hour"), (0.5, "12 hours")])
def test_days_are_said_in_the_unit_that_fits(count: float, said: str) -> None:
    assert words.days(count) == said
