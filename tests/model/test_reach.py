"""The lowest and highest points a model can give. Expected values are by hand."""

from __future__ import annotations

import math
from typing import Any

import pytest
from hypothesis import given, settings

from oracle import oracle
from scoville.model.load import Model
from scoville.model.reach import Reach, part_reach, rule_reach, score_reach, section_reach
from strategies import Scene, scenes


def model(**parts: object) -> Model:
    return Model.from_dict({"scoville": 1, "name": "Test", **parts})


def fit_rule(**rule: object) -> Reach:
    return rule_reach(model(fit={"rules": [{"name": "A", **rule}]}).fit.rules[0])


def event_rule(**rule: object) -> Reach:
    return rule_reach(model(engagement={"rules": [{"name": "A", "event": "x", **rule}]}).engagement.rules[0])


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        ({"when": {"x": 1}, "points": 5}, 0, 5),
        ({"when": {"x": 1}, "points": -5}, -5, 0),
        ({"by": "x", "bands": [{"below": 1, "points": -5}, {"from": 1, "points": 9}]}, -5, 9),
        ({"by": "x", "bands": [{"below": 1, "points": 5}], "missing": -3}, -3, 5),
        ({"by": "x", "values": {"a": 5, "b": 2}}, 0, 5),
        ({"by": "x", "values": {"a": 5, "b": 2}, "other": 1, "missing": 1}, 1, 5),
    ],
)
def test_a_fit_rule_reaches_from_its_lowest_to_its_highest_points(
    rule: dict[str, Any], low: float, high: float
) -> None:
    assert fit_rule(**rule) == (low, high)


@pytest.mark.parametrize(
    ("rule", "low", "high"),
    [
        ({"points": 5}, 0, math.inf),
        ({"points": -5}, -math.inf, 0),
        ({"points": 5, "repeat": 0}, 0, 5),
        ({"points": 5, "at_most": 1, "repeat": 100}, 0, 5),
        ({"points": 5, "at_most": 3}, 0, 15),
        ({"points": 5, "repeat": 2, "at_most": 3}, 0, 9),
        ({"points": 5, "repeat": -4, "at_most": 3}, -3, 5),
        ({"points": 5, "max": 12}, 0, 12),
        ({"points": -5, "min": -12}, -12, 0),
        ({"points": 5, "at_most_per_day": 1}, 0, math.inf),
        ({"count": [{"below": 1, "points": -10}, {"from": 3, "points": 4}]}, -10, 4),
        ({"sum": {"of": "m", "bands": [{"from": 3, "points": 4}]}}, 0, 4),
        ({"recency": [{"below": 7, "points": 10}]}, 0, 10),
    ],
)
def test_an_event_rule_reaches_as_far_as_its_limits_let_it(rule: dict[str, Any], low: float, high: float) -> None:
    assert event_rule(**rule) == (low, high)


def test_a_group_and_a_section_clamp_what_their_rules_reach() -> None:
    rules = [{"name": name, "event": "x", "points": 5, "group": "G"} for name in "AB"]
    section = {
        "groups": {"G": {"max": 8}},
        "rules": [*rules, {"name": "C", "event": "y", "points": -30, "at_most": 1}],
        "min": -20,
    }
    assert part_reach(model(engagement=section).engagement) == (-20, 8)


def test_a_section_reaches_as_far_as_its_widest_segment() -> None:
    def points(value: int) -> dict[str, object]:
        return {"rules": [{"name": "A", "when": {"x": 1}, "points": value}]}

    wide = model(fit=points(10), segments=[{"name": "S", "when": {"x": 1}, "fit": points(-40)}])
    assert section_reach(wide, "fit") == (-40, 10)
    assert section_reach(wide, "engagement") == (0, 0)


def test_a_score_stays_on_its_scale() -> None:
    rules = [{"name": "A", "when": {"x": 1}, "points": 500}, {"name": "B", "when": {"x": 2}, "points": -20}]
    assert score_reach(model(fit={"rules": rules})) == (0, 100)
    assert score_reach(model(fit={"rules": rules}, scale={"min": -10, "max": 1000})) == (-10, 500)


@settings(max_examples=25)
@given(scenes())
def test_no_lead_ever_leaves_the_reach(scene: Scene) -> None:
    """The oracle shares no code with the reach: what it scores must lie within."""
    made = Model.from_dict(scene.model)
    fit, engagement = section_reach(made, "fit"), section_reach(made, "engagement")
    for row in oracle(scene.model, scene.leads, scene.events, scene.as_of).scores.values():
        assert is_within(row.fit, fit)
        assert is_within(row.engagement, engagement)
        if row.disqualified_by is None:
            assert is_within(row.score, score_reach(made))


def is_within(value: float, reach: Reach) -> bool:
    slack = 1e-9 * max(1.0, abs(value))
    return reach.low - slack <= value <= reach.high + slack
