"""A line that is moved about without the data says what `threshold` says of it with them."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np
import pytest

import scoville
from scoville.evidence.kept import figures_of, plain
from scoville.evidence.lines.choices import choices
from scoville.evidence.lines.positions import MOST_POSITIONS, Positions, positions_of, round_lines
from scoville.evidence.lines.threshold import thresholds_of
from scoville.evidence.lines.wishes import Wishes
from scoville.evidence.snapshots import Panel

START = datetime(2025, 1, 6)  # noqa: DTZ001 - naive UTC
WEEK = timedelta(days=7)
MODEL = scoville.Model.from_dict(
    {
        "scoville": 1,
        "name": "Lines",
        "fit": {"rules": [{"name": "Big", "by": "size", "bands": [{"from": 100, "points": 100}]}]},
        "stages": [{"name": "Lead", "from": 0}, {"name": "MQL", "from": 41}, {"name": "SQL", "from": 71}],
    }
)


@pytest.fixture(scope="module")
def panel() -> Panel:
    """Ten weeks, forty new leads in each; the higher the score, the more win. Scores are whole numbers."""
    dice, weeks, each = np.random.default_rng(7), 10, 40
    lead = np.arange(weeks * each)
    score = dice.integers(0, 101, lead.size).astype(np.float64)
    won = dice.random(lead.size) < score / 250
    instants = tuple(START + number * WEEK for number in range(weeks))
    value = np.where(won, 900.0, np.nan)
    return Panel(instants, timedelta(days=30), lead // each, lead, score, score, score, won, value, {})


@pytest.fixture(scope="module")
def lines(panel: Panel) -> Positions:
    return figures_of(Positions, json.loads(json.dumps(plain(positions_of(panel, MODEL)), allow_nan=False)))


def test_a_line_gives_what_threshold_says_of_it(panel: Panel, lines: Positions) -> None:
    wishes = Wishes(capacity_per_week=12, cost=10)
    told = thresholds_of(panel, MODEL, wishes)
    chooser = lines.chooser(wishes)
    assert lines.stages == {"MQL": 41, "SQL": 71}
    for stage in told.today:
        found = chooser.given("today", stage.wish, lines.place(lines.stages[stage.wish]))
        assert found == stage  # its counts, its intervals, its money with that interval, its weeks and its words


def test_a_capacity_finds_the_line_that_threshold_finds(panel: Panel, lines: Positions) -> None:
    wishes = Wishes(capacity_per_week=12, cost=10, value=900)
    [at_capacity, of_most_value] = choices(lines.chooser(wishes))
    told = thresholds_of(panel, MODEL, wishes).choices
    assert at_capacity == told[0]  # there is a line for every whole number, as the scores are
    assert of_most_value == told[1]


def test_wins_a_week_are_those_of_the_newly_reached(panel: Panel, lines: Positions) -> None:
    place = lines.place(71)
    counted = (panel.score >= 71) & panel.won & (panel.snapshot > 0)  # the first week says who stood there already
    found = lines.wins_a_week(place)
    assert found is not None
    assert found.value == pytest.approx(counted.sum() / 9)  # nine weeks follow it
    assert found.low is not None
    assert found.high is not None
    assert found.low < counted.sum() / 9 < found.high


@pytest.mark.parametrize(
    ("scores", "extra", "lines"),
    [
        ([3.2, 88.0], (), [3.0, 4.0, 88.0, 86]),  # first, second, last, how many
        ([0.0, 1000.0], (), [0.0, 10.0, 1000.0, 101]),
        ([0.0, 39.7], (), [0.0, 1.0, 39.0, 40]),
        ([0.0, 0.4], (), [0.0, 0.005, 0.4, 81]),  # a hundredth of it is 0.004, and 5 thousandths the next round step
        ([5.0, 5.0], (), [5.0, None, 5.0, 1]),
        ([0.0, 100.0], (12.5,), [0.0, 1.0, 100.0, 102]),
        ([0.0, 10.0], (-4.0, 11.0), [0.0, 0.1, 10.0, 101]),  # lines that part nobody are left out
    ],
)
def test_lines_stand_on_round_numbers(scores: list[float], extra: tuple[float, ...], lines: list[float]) -> None:
    found = round_lines(np.array(scores), extra)
    first, second, last, many = lines
    assert (found[0], found[-1], found.size) == (first, last, many)
    assert found.size <= MOST_POSITIONS + len(extra)
    if second is not None:
        assert found[1] == second
