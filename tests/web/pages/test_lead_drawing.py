"""The pictures of a lead's page: steps that add up, and a course that says when what happened."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoville.web.api.explaining import Told
from scoville.web.api.leads import Contribution
from scoville.web.pages.lead.chart import Chart, Course, Line, Point, chart_of
from scoville.web.pages.lead.waterfall import moved_between, waterfall_of

NOW = datetime(2026, 5, 1, 12)  # noqa: DTZ001 - naive UTC
SECTIONS = ("fit", "engagement", "score")
given_points = st.lists(st.tuples(st.sampled_from(SECTIONS), st.floats(-50, 50)), max_size=12)


def row(section: str, rule: str, points: float) -> Contribution:
    return Contribution(section=section, rule=rule, points=points)


def rows(found: list[tuple[str, float]]) -> list[Contribution]:
    return [row(section, f"rule {number}", points) for number, (section, points) in enumerate(found)]


@given(given_points)
def test_each_step_begins_where_the_one_before_ended_and_the_last_ends_at_the_score(
    found: list[tuple[str, float]],
) -> None:
    score = sum(points for _, points in found)
    fall = waterfall_of(rows(found), score)
    steps = [step for part in fall.parts for step in part.steps]

    assert sum(part.sum for part in fall.parts) == pytest.approx(score, abs=1e-6)
    total, edge = 0.0, fall.zero
    for step in steps:
        total += step.points
        assert step.total == pytest.approx(total, abs=1e-6)
        start, end = (step.left, step.left + step.width)[:: 1 if step.points > 0 else -1]
        assert start == pytest.approx(edge, abs=0.05)
        assert -0.02 <= step.left <= step.left + step.width <= 100.05
        edge = end


def test_rules_come_before_the_limits_of_their_section_and_what_acts_on_the_sum_comes_last() -> None:
    found = [
        row("score", "disqualified: Rival", -30), row("score", "cap: scale", -5), row("score", "adjusted: Fair", 5),
        row("engagement", "cap: engagement", -4), row("engagement", "cap: Email", -2), row("engagement", "Visit", 16),
        row("fit", "cap: fit", -10), row("fit", "Small", -5), row("fit", "Chief", 35),
    ]  # fmt: skip
    fall = waterfall_of(found, 0.0)

    assert [[step.rule for step in part.steps] for part in fall.parts] == [
        ["Chief", "Small", "Limit of the section fit"],
        ["Visit", "Limit of Email", "Limit of the section engagement"],
        ["By hand", "Limit of the scale", "Disqualified: Rival"],
    ]
    kinds = [[step.kind for step in part.steps] for part in fall.parts]
    assert kinds == [["up", "down", "cap"], ["up", "cap", "cap"], ["hand", "cap", "out"]]


def test_what_gives_nothing_is_no_step_and_no_steps_are_said_so() -> None:
    assert waterfall_of([row("fit", "Chief", 0.0)], 0.0).is_empty


def test_numbers_that_do_not_add_up_as_shown_are_said_to_be_rounded() -> None:
    assert waterfall_of([row("fit", "a", 1.04), row("fit", "b", 1.04)], 2.08).is_rounded  # 1 + 1 is not 2.1
    assert not waterfall_of([row("fit", "a", 1.0), row("fit", "b", 1.5)], 2.5).is_rounded


@pytest.mark.parametrize(
    ("rule", "sentence", "says"),
    [
        ("Chief", "Chief (job title: CEO (seniority c_level))", "job title: CEO (seniority c_level)"),
        ("Visit", "Visit: 3 times, last on 3 May 2026 (25 when fresh)", "3 times, last on 3 May 2026 (25 when fresh)"),
        (
            "cap: fit",
            "lost to the limit of the section fit (at most 50)",
            "lost to the limit of the section fit (at most 50)",
        ),
    ],
)
def test_a_sentence_is_said_beside_the_name_of_its_rule_and_not_after_it_again(
    rule: str, sentence: str, says: str
) -> None:
    told = Told(
        section="fit", rule=rule, points=1.0, raw_points=1.0, fresh_points=None, matched=1, newest_at=None,
        running_total=1.0, sentence=sentence,
    )  # fmt: skip

    assert waterfall_of([told], 1.0).parts[0].steps[0].says == says


@given(given_points, given_points)
def test_what_moved_a_score_adds_up_to_the_difference(
    before: list[tuple[str, float]], now: list[tuple[str, float]]
) -> None:
    moved = moved_between(rows(before), rows(now))

    difference = sum(points for _, points in now) - sum(points for _, points in before)
    assert sum(one.points for one in moved) == pytest.approx(difference, abs=1e-6)
    assert [abs(one.points) for one in moved] == sorted((abs(one.points) for one in moved), reverse=True)


# --- the course -----------------------------------------------------------------------------------------------------


def course(points: list[Point], **more: object) -> Course:
    what = {"to_come": [], "lines": [Line("MQL", 41)], "events": [], "scale": (0.0, 100.0), "now": NOW} | more
    return Course(points=points, **what)  # type: ignore[arg-type]


def places(path: str) -> list[tuple[float, float]]:
    return [(float(x), float(y)) for x, y in re.findall(r"[ML]([\d.]+) ([\d.]+)", path)]


def drawn(**more: object) -> Chart:
    points = [
        Point(NOW - timedelta(days=20), 10, is_jump=False), Point(NOW - timedelta(days=10), 60, is_jump=True),
        Point(NOW, 50, is_jump=False),
    ]  # fmt: skip
    return chart_of(course(points, **more), 700, 240)


def test_a_jump_is_upright_and_fading_is_a_slope() -> None:
    first, level, jump, end = places(drawn().past)

    assert first[1] == level[1]  # it stood still
    assert level[0] == jump[0]  # then it rose at once
    assert jump[0] < end[0]
    assert jump[1] < end[1]  # and faded: further down


def test_what_is_to_come_begins_where_the_past_ends() -> None:
    later = [Point(NOW, 50, is_jump=False), Point(NOW + timedelta(days=30), 20, is_jump=False)]
    chart = drawn(to_come=later)

    assert places(chart.to_come)[0] == places(chart.past)[-1]
    assert places(chart.to_come)[-1][0] == chart.width - 10
    assert chart.now_x == places(chart.past)[-1][0]


def test_days_with_events_are_named_by_what_was_done_most() -> None:
    day = NOW - timedelta(days=3)
    chart = drawn(events=[(day, "visit"), (day, "visit"), (day, "demo"), (NOW, "mail"), (NOW - timedelta(900), "old")])

    assert [mark.says for mark in chart.days] == ["28 April 2026: visit twice, demo", "1 May 2026: mail"]


def test_everything_lies_inside_the_picture_and_today_is_named() -> None:
    far = [Point(NOW - timedelta(days=900), -20, is_jump=False), Point(NOW, 400, is_jump=False)]
    for chart in (drawn(), chart_of(course(far), 340, 230), chart_of(course([]), 340, 230)):
        marks = [*chart.dots, *chart.days, *chart.ticks, *chart.lines]
        spots = [(mark.x, mark.y) for mark in marks] + places(chart.past) + places(chart.to_come)
        assert all(0 <= x <= chart.width and 0 <= y <= chart.height for x, y in spots)
        assert "today" in {mark.says for mark in chart.ticks}


def test_the_picture_says_in_words_what_it_shows() -> None:
    assert drawn().label == "Score over time: 10 on 11 April 2026, 50 now"
    assert chart_of(course([]), 700, 240).label == "No score yet"
