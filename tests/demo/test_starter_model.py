"""The first model a new user sees: valid, without advice, and with lines that fit the demo data."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import numpy as np
import pyarrow.compute as pc
import pytest

from scoville import Model, score
from scoville.demo import TRUTH, Demo, expected_auc, starter_model
from scoville.model.lint import find_advice

if TYPE_CHECKING:
    import numpy.typing as npt
    import pyarrow as pa

SEPTEMBER = datetime(2025, 9, 1)  # noqa: DTZ001 - naive UTC


def scored(demo: Demo, text: str) -> tuple[pa.Table, npt.NDArray[np.int64]]:
    """Scores of the leads open in September, and their rows in `hidden`."""
    table = score(Model.loads(text), demo.leads, demo.events, as_of=SEPTEMBER).scores
    rows = np.asarray(pc.index_in(table["lead_id"], demo.hidden["lead_id"]))
    is_open = demo.open_at(SEPTEMBER)[rows]
    return table.filter(is_open), rows[is_open]


def test_it_loads_and_gets_no_advice() -> None:
    assert find_advice(Model.loads(starter_model())) == []


def test_stages_are_sensibly_filled_and_convert_in_their_order(demo: Demo) -> None:
    table, rows = scored(demo, starter_model())
    stage = np.array(table["stage"].to_pylist())
    probability = demo.conversion_probability(SEPTEMBER, 90)[rows]
    share = {name: np.mean(stage == name) for name in np.unique(stage)}
    assert 0.01 < share["SQL"] < 0.05
    assert 0.10 < share["SQL"] + share["MQL"] < 0.18
    rate = [probability[stage == name].mean() for name in ("Disqualified", "Prospect", "Lead", "MQL", "SQL")]
    assert rate == sorted(rate)
    assert rate[3] > 2 * rate[2]


def test_it_ranks_well_and_the_truth_ranks_better(demo: Demo) -> None:
    table, rows = scored(demo, starter_model())
    probability = demo.conversion_probability(SEPTEMBER, 90)[rows]
    ours = expected_auc(table["score"].to_numpy(), probability)
    assert 0.72 < ours < expected_auc(demo.log_odds(SEPTEMBER)[rows], probability)


def test_the_truth_as_a_model_gives_the_true_log_odds(demo: Demo) -> None:
    table, rows = scored(demo, TRUTH.as_model(points_per_log_odds=10))
    log_odds = TRUTH.intercept + table["score"].to_numpy() / 10
    assert log_odds == pytest.approx(demo.log_odds(SEPTEMBER)[rows], abs=1e-5)  # kept as 32 bit floats
