"""What a lead is worth: a share that wins, times what a win brings, less what working it costs."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from scoville.evidence.business.expected import Expected
from scoville.evidence.business.worth import worth_of
from scoville.evidence.figures.brackets import Bracket


def evidence(points: tuple[tuple[float, float], ...] = (), wins: float | None = 40.0) -> Any:
    """As much of an evidence as is read."""
    stages = (
        Bracket(None, None, "SQL", 100, 20, 0.2, 0.13, 0.29, 100.0),
        Bracket(None, None, "Lead", 1_000, 5, 0.005, 0.002, 0.012, 1_000.0),
        Bracket(None, None, "MQL", 0, 0, None, None, None, 0.0),
    )
    now = Expected(500, 100, 3.0, wins, None if wins is None else 30.0, None if wins is None else 52.0)
    return SimpleNamespace(
        by={"stage": stages}, calibration=SimpleNamespace(points=points), forecast=SimpleNamespace(now=now)
    )


def test_a_stage_is_worth_its_share_of_wins_less_the_cost() -> None:
    found = worth_of(evidence(), value=9_000, cost=50)
    sql, lead = found.by_stage  # nobody is an MQL: nothing is said of it
    assert (sql.stage, sql.worth.value, sql.worth.low, sql.worth.high) == ("SQL", 1_750, 0.13 * 9_000 - 50, 2_560)
    assert lead.worth.value == pytest.approx(-5)  # 0.5 % of 9,000 is 45
    assert found.break_even == pytest.approx(50 / 9_000)


def test_working_leads_pays_from_the_score_whose_chance_is_enough() -> None:
    rising = ((0.0, 0.01), (50.0, 0.05), (100.0, 0.25))
    assert worth_of(evidence(rising), 1_000, 100).pays_from == pytest.approx(62.5)  # 10 % is a quarter of the way
    assert worth_of(evidence(rising), 1_000, 5).pays_from == 0  # even the lowest chance is
    assert worth_of(evidence(rising), 1_000, 300).pays_from is None  # none is
    assert worth_of(evidence(()), 1_000, 100).pays_from is None


def test_what_is_coming_is_the_forecast_at_this_value() -> None:
    coming = worth_of(evidence(), 9_000).coming
    assert coming is not None
    assert (coming.value, coming.low, coming.high) == (360_000, 270_000, 468_000)
    assert worth_of(evidence(wins=None), 9_000).coming is None
