"""When two results agree: numbers to 1e-9, and letters and words that follow from them."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from oracle import Contribution, OracleResult, Row, ScoreRow, named, ranked

if TYPE_CHECKING:
    from strategies import Scene


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
