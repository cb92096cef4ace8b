"""What must hold for every model and all data: the plan is the oracle, order is nothing, contributions add up.

SCOVILLE_EXAMPLES=2000 looks longer than CI does (25 for each property).
"""

from __future__ import annotations

import math
import os
from random import Random
from typing import Any

import yaml
from hypothesis import given, note, settings
from hypothesis import strategies as st

from oracle import Contribution, OracleResult, Row, ScoreRow, named, oracle, ranked
from plan_runner import run_plan, version_of
from strategies import SPANS, Scene, models, scenes

EXAMPLES = int(os.environ.get("SCOVILLE_EXAMPLES", "25"))
some = settings(max_examples=EXAMPLES)


@some
@given(scenes())
def test_plan_agrees_with_the_oracle(scene: Scene) -> None:
    expected = oracle(scene.model, scene.leads, scene.events, scene.as_of)
    found = run_plan(scene.model, scene.leads, scene.events, scene.as_of)
    assert_same_numbers(found, expected)
    assert_names_follow_from_numbers(scene, found)


@some
@given(scenes(), st.integers(0, 2**32))
def test_order_of_rows_never_matters(scene: Scene, seed: int) -> None:
    leads, events = list(scene.leads), list(scene.events)
    Random(seed).shuffle(leads)  # noqa: S311 -- no secret
    Random(seed).shuffle(events)  # noqa: S311
    as_given = run_plan(scene.model, scene.leads, scene.events, scene.as_of)
    assert_same_numbers(run_plan(scene.model, leads, events, scene.as_of), as_given)


@some
@given(scenes(), st.sampled_from(SPANS))
def test_past_score_does_not_see_later_events(scene: Scene, span: Any) -> None:
    then = scene.as_of - span
    events = [event for event in scene.events if event["occurred_at"] <= then]
    assert_same_numbers(
        run_plan(scene.model, scene.leads, scene.events, then), run_plan(scene.model, scene.leads, events, then)
    )


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


def assert_same_numbers(found: OracleResult, expected: OracleResult) -> None:
    assert set(found.scores) == set(expected.scores)
    found_by_lead, expected_by_lead = by_lead(found), by_lead(expected)
    assert set(found_by_lead) <= set(found.scores)
    for lead_id, row in expected.scores.items():
        note(f"lead {lead_id}")
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
    return 1e-9 * max(
        1.0, *(abs(row.points) for row in rows.values()), *(abs(row.raw_points or 0) for row in rows.values())
    )


def assert_same_row(found: ScoreRow, expected: ScoreRow, allowed: float) -> None:
    for column in ("score", "fit", "engagement"):
        assert math.isclose(getattr(found, column), getattr(expected, column), abs_tol=allowed, rel_tol=0), column
    assert (found.segment, found.disqualified_by) == (expected.segment, expected.disqualified_by)


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
    for expected in ranked(list(found.scores.values())):
        row = found.scores[expected.lead_id]
        assert row.rank == expected.rank
        assert math.isclose(row.percentile, expected.percentile, rel_tol=1e-9)
