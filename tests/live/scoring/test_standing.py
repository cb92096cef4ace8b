from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoville.live.scoring.standing import direction, standing_after
from scoville.model.load import Model

MODEL = Model.loads("""
scoville: 1
name: M
fit: {rules: [{name: A, when: {plan: pro}, points: 100}]}
stages:
  - {name: Prospect, from: 0}
  - {name: Lead, from: 10}
  - {name: MQL, from: 40}
  - {name: SQL, from: 70, needs: {fit: {gte: 20}}}
""")
NAMES = [stage.name for stage in MODEL.stages]


@pytest.mark.parametrize(
    ("before", "score", "stage", "after"),
    [
        (None, 45, "MQL", "MQL"),
        ("Lead", 40, "MQL", "MQL"),  # entered at the line
        ("MQL", 39.9, "Lead", "MQL"),  # held within the margin of 3
        ("MQL", 37, "Lead", "MQL"),
        ("MQL", 36.9, "Lead", "Lead"),
        ("SQL", 38, "Lead", "MQL"),  # through with SQL, within the margin of MQL
        ("SQL", 68, "MQL", "SQL"),
        ("SQL", 75, "MQL", "MQL"),  # high enough, but what it needs is gone
        ("MQL", 90, "Disqualified", "Disqualified"),
        ("Disqualified", 45, "MQL", "MQL"),
        ("Customer", 39, "Lead", "Lead"),  # of another model
        ("Prospect", -2, None, "Prospect"),
        ("Prospect", -4, None, None),
        (None, -4, None, None),
    ],
)
def test_a_stage_is_left_only_well_below_its_line(
    before: str | None, score: float, stage: str | None, after: str | None
) -> None:
    assert standing_after(MODEL, before, stage, score, 3) == after


@given(st.sampled_from([None, *NAMES]), st.floats(0, 100))
def test_without_a_margin_the_standing_is_the_stage(before: str | None, score: float) -> None:
    stage = [one.name for one in MODEL.stages if score >= one.from_][-1]
    assert standing_after(MODEL, before, stage, score, 0) == stage


@given(st.floats(0, 100), st.floats(0, 20))
def test_a_standing_that_holds_keeps_holding(score: float, margin: float) -> None:
    stage = [one.name for one in MODEL.stages if score >= one.from_][-1]
    for before in NAMES:
        after = standing_after(MODEL, before, stage, score, margin)
        assert standing_after(MODEL, after, stage, score, margin) == after


def test_the_disqualified_stand_below_them_all() -> None:
    order = ["Disqualified", None, *NAMES]
    for i, low in enumerate(order):
        for high in order[i + 1 :]:
            assert (direction(MODEL, low, high), direction(MODEL, high, low)) == ("up", "down")
