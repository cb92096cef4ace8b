"""Fit against engagement: every row of the panel stands in one cell, and in the right one."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

import scoville
from scoville.evidence.figures.matrix import Matrix, matrix_of
from scoville.evidence.snapshots import LABELS, Labels, Panel

PLAIN: dict[str, Any] = {
    "scoville": 1,
    "name": "Squared",
    "fit": {"rules": [{"name": "Big", "by": "size", "bands": [{"from": 100, "points": 20}]}]},
    "engagement": {"rules": [{"name": "Visit", "event": "visit", "points": 10, "max": 60}]},
}
GRADES = {"A": 15, "B": 5, "C": None}
LEVELS = {"1": 30, "2": 10}


def labels_of(texts: list[str | None]) -> Labels:
    names = tuple(dict.fromkeys(text for text in texts if text is not None))
    return Labels(names, np.array([-1 if text is None else names.index(text) for text in texts], dtype=np.int32))


def panel_of(
    fit: list[float], engagement: list[float], won: list[bool], lead: list[int], **words: list[str | None]
) -> Panel:
    nothing: list[str | None] = [None] * len(fit)
    return Panel(
        as_of=(datetime(2025, 1, 1),),  # noqa: DTZ001 - naive UTC
        horizon=timedelta(days=30),
        snapshot=np.zeros(len(fit), dtype=np.int64),
        lead=np.array(lead, dtype=np.int64),
        score=np.array(fit) + np.array(engagement),
        fit=np.array(fit),
        engagement=np.array(engagement),
        won=np.array(won),
        value=np.full(len(fit), np.nan),
        labels={name: labels_of(words.get(name, nothing)) for name in LABELS},
    )


@pytest.fixture
def lettered() -> Matrix:
    # by hand: eight rows of seven leads; lead 1 stands twice in B2
    grade: list[str | None] = ["A", "A", "B", "B", "B", "C", "C", "C"]
    level: list[str | None] = ["1", "2", "2", "2", None, "1", None, None]
    panel = panel_of(
        [20, 16, 8, 8, 5, 0, 4, -3], [40, 12, 11, 12, 3, 35, 0, 0],
        [True, False, True, False, False, True, False, False], [0, 6, 1, 1, 2, 3, 4, 5], grade=grade, level=level,
    )  # fmt: skip
    return matrix_of(scoville.Model.from_dict({**PLAIN, "grades": GRADES, "levels": LEVELS}), panel)


def test_rows_are_grades_and_columns_levels_with_their_points(lettered: Matrix) -> None:
    assert (lettered.rows_by, lettered.columns_by) == ("grade", "level")
    assert [(side.label, side.from_, side.below) for side in lettered.rows] == [
        ("A", 15, None), ("B", 5, 15), ("C", None, 5),
    ]  # fmt: skip
    assert [(side.label, side.from_, side.below) for side in lettered.columns] == [
        ("1", 30, None), ("2", 10, 30), ("(none)", None, 10),
    ]  # fmt: skip


def test_each_row_of_the_panel_stands_in_its_cell(lettered: Matrix) -> None:
    counted = [[(cell.leads, cell.conversions) for cell in row] for row in lettered.cells]
    assert counted == [[(1, 1), (1, 0), (0, 0)], [(0, 0), (2, 1), (1, 0)], [(1, 1), (0, 0), (2, 0)]]


def test_an_empty_cell_has_no_rate_and_a_lead_counts_once(lettered: Matrix) -> None:
    assert lettered.cells[0][2].rate is None
    twice = lettered.cells[1][1]
    assert twice.effective_leads == pytest.approx(1.0)  # two rows of one lead


def test_without_words_there_are_thirds_that_tie_to_the_whole() -> None:
    dice = np.random.default_rng(1)
    fit, engagement = dice.normal(10, 5, 900), np.round(dice.exponential(10, 900))
    won = dice.random(900) < 0.2
    panel = panel_of(fit.tolist(), engagement.tolist(), won.tolist(), list(range(900)))
    found = matrix_of(scoville.Model.from_dict(PLAIN), panel)
    assert (found.rows_by, found.columns_by) == ("fit", "engagement")
    cells = [cell for row in found.cells for cell in row]
    assert (sum(cell.leads for cell in cells), sum(cell.conversions for cell in cells)) == (900, won.sum())
    assert [sum(cell.leads for cell in row) for row in found.cells] == [300, 300, 300]
    best = found.rows[0]
    assert best.from_ is not None
    assert sum(cell.leads for cell in found.cells[0]) == (fit >= best.from_).sum()


def test_where_all_points_are_equal_there_is_one_row() -> None:
    panel = panel_of([0.0] * 6, [1.0, 2, 3, 4, 5, 6], [False] * 6, list(range(6)))
    found = matrix_of(scoville.Model.from_dict(PLAIN), panel)
    assert [side.label for side in found.rows] == ["0"]
    assert [side.label for side in found.columns] == ["5 to 6", "3 to 5", "1 to 3"]


def test_a_panel_without_rows_gives_a_matrix_without_cells() -> None:
    found = matrix_of(scoville.Model.from_dict(PLAIN), panel_of([], [], [], []))
    assert found.cells == ()


def test_it_is_plain_in_json(lettered: Matrix) -> None:
    plain = json.loads(json.dumps(lettered.to_dict(), allow_nan=False))
    assert plain["rows"][1] == {"label": "B", "from": 5.0, "below": 15.0}
    assert len(plain["cells"]) == 9
    assert plain["cells"][4] == {
        "row": "B", "column": "2", "leads": 2, "conversions": 1, "rate": 0.5,
        "low": pytest.approx(0.0546, abs=1e-3), "high": pytest.approx(0.9454, abs=1e-3),
    }  # fmt: skip # Wilson for half of one lead: centre 0.5, reach 1.96 sqrt(0.25 + 0.96) / (1 + 3.84)
