from __future__ import annotations

from datetime import timedelta

import pytest

from scoville.live.scoring.motion import motion_of, refresh_us
from scoville.model.load import Model

DAY = 86_400_000_000
NOW = 1_000 * DAY


def moves_at(rule: str, days: float, **more: str) -> bool:
    """Whether a score still moves after the only event, of the name `x`, is so many days old."""
    text = f"scoville: 1\nname: M\nengagement: {{rules: [{{name: R, event: x, {rule}}}]}}\n" + "\n".join(more.values())
    return motion_of(Model.loads(text)).moves({"x": NOW - int(days * DAY)}, NOW)


@pytest.mark.parametrize(
    ("rule", "until_days"),
    [
        ("points: 10, decay: {linear: 60d}", 60),
        ("points: 10, decay: none, within: 7d", 7),
        ("points: 10, decay: {linear: 60d}, within: 7d", 7),
        ("points: 10, decay: {every: 10d, lose: 30%}", 40),  # after four periods nothing is left: 1 - 4 * 0.3 < 0
        ("within: 30d, count: [{from: 1, points: 5}]", 30),
        ("within: 30d, sum: {of: minutes, bands: [{from: 1, points: 5}]}", 30),
        ("recency: [{below: 7, points: 10}, {from: 7, below: 30, points: 4}]", 30),
        ("recency: [{from: 7, points: 10}]", 7),
        ("recency: [{from: 7, points: 10}], within: 90d", 90),
        # 10 points halve to less than 0.0005 after log2(10 / 0.0005) = 14.29 half-lives
        ("points: 10, decay: {half_life: 1d}", 14.29),
        # 0.75 ** n < 0.0005 / 10 after n = 35 periods
        ("points: 10, decay: {every: 1d, keep: 75%}", 35),
    ],
)
def test_a_score_moves_until_its_events_are_through(rule: str, until_days: float) -> None:
    assert moves_at(rule, until_days - 0.01)
    assert not moves_at(rule, until_days + 0.01)


@pytest.mark.parametrize("rule", ["points: 10, decay: none", "count: [{from: 1, points: 5}]"])
def test_what_does_not_fade_never_moves(rule: str) -> None:
    assert not moves_at(rule, 0)


def test_an_age_asked_of_a_trait_moves_everybody() -> None:
    text = "scoville: 1\nname: M\nfit: {rules: [{name: New, when: {created_at: {newer_than: 9d}}, points: 1}]}\n"
    assert motion_of(Model.loads(text)).moves({}, NOW)


def test_an_age_asked_of_a_property_moves_whoever_has_such_an_event() -> None:
    rule = "points: 1, decay: none, when: {ends: {older_than: 9d}}"
    assert moves_at(rule, 900)
    assert not motion_of(
        Model.loads(f"scoville: 1\nname: M\nengagement: {{rules: [{{name: R, event: x, {rule}}}]}}")
    ).moves({}, 0)


def test_a_rule_about_every_event_reads_all_names() -> None:
    text = (
        'scoville: 1\nname: M\nengagement: {rules: [{name: R, event: "*", within: 5d, count: [{from: 1, points: 5}]}]}'
    )
    motion = motion_of(Model.loads(text))
    assert motion.moves({"anything": NOW - 4 * DAY}, NOW)
    assert not motion.moves({"anything": NOW - 6 * DAY}, NOW)


@pytest.mark.parametrize(
    ("moves", "next_us", "expected"),
    [(False, None, None), (True, None, 900), (False, 5_000, 5_000), (True, 5_000, 900), (True, 100, 100)],
)
def test_a_lead_is_looked_at_after_the_interval_or_when_a_fact_begins_to_count(
    moves: bool,  # noqa: FBT001 - a column of the table
    next_us: int | None,
    expected: int | None,
) -> None:
    assert refresh_us(0, moves=moves, next_us=next_us, interval=timedelta(microseconds=900)) == expected
