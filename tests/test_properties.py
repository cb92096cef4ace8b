"""What must hold for every model and all data: the plan is the oracle, order is nothing, contributions add up.

SCOVILLE_EXAMPLES=2000 looks longer than CI does (24 examples; a third of them where each needs two runs).
"""

from __future__ import annotations

import math
import os
from dataclasses import replace
from datetime import datetime, timedelta
from pprint import pformat
from random import Random
from typing import TYPE_CHECKING, Any

import yaml
from hypothesis import Phase, given, note, settings
from hypothesis import strategies as st

import scoville.errors
from oracle import Contribution, OracleResult, Row, ScoreRow, named, oracle, ranked
from plan_runner import run_plan, version_of
from smallest import smallest
from strategies import PROPERTIES, SPANS, TRAITS, Scene, models, scenes

if TYPE_CHECKING:
    from collections.abc import Callable

EXAMPLES = int(os.environ.get("SCOVILLE_EXAMPLES", "24"))
some = settings(max_examples=EXAMPLES, phases=[Phase.explicit, Phase.reuse, Phase.generate])
fewer = settings(some, max_examples=max(1, EXAMPLES // 3))


@some
@given(scenes())
def test_plan_agrees_with_the_oracle(scene: Scene) -> None:
    def agree(scene: Scene) -> None:
        found = run(scene)
        assert_same_numbers(found, oracle(scene.model, scene.leads, scene.events, scene.as_of))
        assert_names_follow_from_numbers(scene, found)

    hold(agree, scene)


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


def hold(agree: Callable[[Scene], None], scene: Scene) -> None:
    """Call `agree`; when it fails, say so for the smallest scene that fails."""

    def fails(candidate: Scene) -> bool:
        try:
            agree(candidate)
        except AssertionError:
            return True
        except scoville.errors.ScovilleError:
            return False  # what was left out is needed to make a model
        return False

    if fails(scene):
        found = smallest(scene, fails)
        note(pformat(found, width=120))
        agree(found)
    agree(scene)


def assert_same_numbers(found: OracleResult, expected: OracleResult) -> None:
    assert set(found.scores) == set(expected.scores)
    found_by_lead, expected_by_lead = by_lead(found), by_lead(expected)
    assert set(found_by_lead) <= set(found.scores)
    for lead_id, row in expected.scores.items():
        theirs, ours = found_by_lead.get(lead_id, {}), expected_by_lead.get(lead_id, {})
        allowed = tolerance(ours)
        assert_same_row(found.scores[lead_id], row, allowed)
        assert_add_up(found.scores[lead_id], theirs, allowed)
        for key in sorted(set(ours) | set(theirs)):
            assert_same_contribution(key, theirs.get(key), ours.get(key), allowed)


def by_lead(result: OracleResult) -> dict[str, dict[tuple[str, str], Contribution]]:
    rows: dict[str, dict[tuple[str, str], Contribution]] = {}
    for row in result.contributions:
        own = rows.setdefault(row.lead_id, {})
        assert (row.section, row.rule) not in own, f"two rows for {row.section}, {row.rule}"
        own[row.section, row.rule] = row
    return rows


def tolerance(rows: dict[tuple[str, str], Contribution]) -> float:
    """1e-9, absolute below 1 and relative above: a sum cannot be more exact than its largest term."""
    sizes = [max(abs(row.points), abs(row.raw_points or 0)) for row in rows.values()]
    return 1e-9 * max([1.0, *sizes])


def assert_same_row(found: ScoreRow, expected: ScoreRow, allowed: float) -> None:
    for column in ("score", "fit", "engagement"):
        values = getattr(found, column), getattr(expected, column)
        assert math.isclose(*values, abs_tol=allowed, rel_tol=0), (found.lead_id, column, *values)
    assert (found.segment, found.disqualified_by) == (expected.segment, expected.disqualified_by), found.lead_id


def assert_same_probability(found: ScoreRow, expected: ScoreRow) -> None:
    assert (found.probability is None) == (expected.probability is None), found
    if found.probability is not None and expected.probability is not None:
        assert math.isclose(found.probability, expected.probability, abs_tol=1e-9, rel_tol=0), (found, expected)
        assert 0 <= found.probability <= 1


def assert_add_up(row: ScoreRow, rows: dict[tuple[str, str], Contribution], allowed: float) -> None:
    total = math.fsum(each.points for each in rows.values())
    assert math.isclose(total, row.score, abs_tol=allowed, rel_tol=0), f"contributions give {total}, score {row.score}"


def assert_same_contribution(
    key: tuple[str, str], found: Contribution | None, expected: Contribution | None, allowed: float
) -> None:
    """A row of nothing may be left out: rounding decides whether a clamp took anything at all."""
    points = [row.points if row else 0.0 for row in (found, expected)]
    assert math.isclose(*points, abs_tol=allowed, rel_tol=0), f"{key}: {points[0]}, expected {points[1]}"
    if key[1].startswith(("cap: ", "disqualified: ")):
        return
    raw = [row.raw_points or 0.0 if row else 0.0 for row in (found, expected)]
    assert math.isclose(*raw, abs_tol=allowed, rel_tol=0), f"{key}: raw {raw[0]}, expected {raw[1]}"
    if found and expected:
        assert (found.matched, found.newest_at) == (expected.matched, expected.newest_at), key
    else:
        assert abs(points[0]) <= allowed, f"{key}: a row is missing"


def assert_names_follow_from_numbers(scene: Scene, found: OracleResult) -> None:
    """Grade, level, priority, stage and rank, from the product's own numbers: rounding may not blur a threshold."""
    for row in found.scores.values():
        facts: Row = {name: getattr(row, name) for name in ("score", "fit", "engagement", "segment")}
        expected = named(scene.model, row.lead_id, facts, row.disqualified_by, scene.as_of)
        for column in ("grade", "level", "priority", "stage"):
            assert getattr(row, column) == getattr(expected, column), (row.lead_id, column, facts)
        assert_same_probability(row, expected)
    for expected in ranked(list(found.scores.values())):
        row = found.scores[expected.lead_id]
        assert row.rank == expected.rank
        assert math.isclose(row.percentile, expected.percentile, rel_tol=1e-9)
