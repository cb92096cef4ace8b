"""What must hold for every model and all data: order is nothing, the past does not see what came after.

That the plan is the oracle, on every engine, is told in tests/conformance.

SCOVILLE_EXAMPLES=2000 looks longer than CI does (24 examples; a third of them where each needs two runs).
"""

from __future__ import annotations

import os
from dataclasses import replace
from datetime import datetime, timedelta
from random import Random
from typing import Any

import yaml
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from agreement import assert_same_numbers
from oracle import OracleResult, Row, oracle
from plan_runner import run_plan, version_of
from smallest import hold
from strategies import PROPERTIES, SPANS, TRAITS, Scene, models, scenes

EXAMPLES = int(os.environ.get("SCOVILLE_EXAMPLES", "24"))
some = settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
fewer = settings(some, max_examples=max(1, EXAMPLES // 3))


@fewer
@given(scenes(), st.integers(0, 2**32))
def test_order_of_rows_never_matters(scene: Scene, seed: int) -> None:
    def agree(scene: Scene) -> None:
        leads, events = list(scene.leads), list(scene.events)
        Random(seed).shuffle(leads)  # noqa: S311 -- no secret
        Random(seed).shuffle(events)  # noqa: S311
        assert_same_numbers(run(replace(scene, leads=leads, events=events)), run(scene))

    hold(agree, scene)


@fewer
@given(scenes(), st.sampled_from(SPANS))
def test_past_score_does_not_see_later_events(scene: Scene, span: timedelta) -> None:
    then = scene.as_of - span

    def agree(scene: Scene) -> None:
        known_then = [event for event in scene.events if event["occurred_at"] <= then]
        replayed = replace(scene, as_of=then)
        assert_same_numbers(run(replayed), run(replace(replayed, events=known_then)))

    hold(agree, scene)


# fmt: off
PLAN_COLUMNS = [
    "age_us", "amount", "as_of", "at_most", "both", "cap_fit", "day_no", "decay", "engagement", "event_no", "event_sum",
    "fit", "fit_0", "fit_sum", "grade", "group_0", "highest", "idle_0", "is_rule", "level", "lowest", "matched",
    "met_0", "name", "newest_at", "per_day", "points", "rank", "raw_points", "reasons", "repeat", "rule", "score",
    "section", "segment", "segment_no", "share", "span_us", "stage", "total", "window_us",
]
# fmt: on


def test_columns_may_be_called_as_the_plan_calls_its_own() -> None:
    """Every trait and every property at once: 7, 0 or missing, and rules that ask each of them for more than 1."""
    as_of = datetime.fromisoformat("2026-03-01")
    fading: Row = {"decay": {"half_life": "2d"}, "within": "9d", "at_most_per_day": 1, "at_most": 2, "max": 90}
    sevens = [PLAN_COLUMNS[start : start + 7] for start in range(0, len(PLAN_COLUMNS), 7)]
    asked = [{"name": names[0], "when": {name: {"gt": 1} for name in names}, "points": 1} for names in sevens]
    event_rules = [{**rule, "event": "visit", "group": "g", **fading} for rule in asked]
    counted = {"name": "every", "event": "*", "sum": {"of": "points", "bands": [{"below": 1, "points": -3}]}}
    model: Row = {
        "scoville": 1,
        "name": "Names",
        "fit": {"rules": asked},
        "engagement": {"groups": {"g": {"max": 20}}, "rules": [*event_rules, counted]},
        "segments": [{"name": "s", "when": {"segment_no": {"lt": 1}}, "fit": {"min": 3}}],
        "disqualify": [{"name": "d", "when": {"score": {"gt": 100}}}],
    }
    values = [dict.fromkeys(PLAN_COLUMNS, value) for value in (7, 0, None)]
    leads = [{"lead_id": str(number), **row} for number, row in enumerate(values)]
    events = [
        {"lead_id": "1", "event": "visit", "occurred_at": as_of - timedelta(days=age), **row}
        for age, row in ((1, values[0]), (2, values[0]), (2.5, values[1]), (3, values[2]), (4, values[0]))
    ]
    assert_same_numbers(run_plan(model, leads, events, as_of), oracle(model, leads, events, as_of))


@some
@given(models(), st.booleans(), st.integers(2, 9), st.randoms(use_true_random=False))
def test_model_version_survives_reformatting(model: Row, flow: Any, indent: int, random: Random) -> None:
    keys = list(model)
    random.shuffle(keys)
    shuffled = {key: model[key] for key in keys}
    text = yaml.safe_dump(shuffled, sort_keys=False, default_flow_style=flow, indent=indent, width=60)
    assert version_of("# a comment\n" + text + "\n\n") == version_of(model)


@some
@given(models())
def test_model_version_changes_with_a_point(model: Row) -> None:
    changed = yaml.safe_load(yaml.safe_dump(model))
    changed["engagement"]["rules"].append({"name": "One more", "event": "visit", "points": 0})
    before = version_of(changed)
    changed["engagement"]["rules"][-1]["points"] = 1
    assert version_of(changed) != before != version_of(model)


def run(scene: Scene) -> OracleResult:
    return run_plan(scene.model, scene.leads, scene.events, scene.as_of, traits=TRAITS, properties=PROPERTIES)
