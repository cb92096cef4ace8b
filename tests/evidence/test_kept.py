"""Figures as plain values and back: nothing is lost on the way, whatever they hold."""

from __future__ import annotations

import json
from datetime import datetime, timedelta

import numpy as np

import scoville
from scoville.evidence.backtest import Evidence, validate
from scoville.evidence.kept import figures_of, plain

START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
MODEL = {
    "scoville": 1,
    "name": "Kept",
    "engagement": {"rules": [{"name": "Visit", "event": "visit", "points": 10}]},
    "stages": [{"name": "Cold", "from": 0}, {"name": "Warm", "from": 10}],
}


def evidence(wins: int) -> Evidence:
    """Sixty leads, of which as many won as visited."""
    days = [timedelta(days=day) for day in range(60)]
    leads = [{"lead_id": f"L{day.days}", "created_at": START + day} for day in days]
    events = [{"lead_id": f"L{number}", "event": "visit", "occurred_at": START + days[number]} for number in range(30)]
    won = [{"lead_id": f"L{number}", "outcome": "won", "at": START + days[number] + timedelta(days=45), "value": 9.5}
           for number in range(wins)]  # fmt: skip
    won.append({"lead_id": "L59", "outcome": "lost", "at": START + timedelta(days=300), "value": None})
    return validate(scoville.Model.from_dict(MODEL), leads, events, won, horizon=timedelta(days=60))


def test_evidence_is_the_same_after_it_was_kept_as_json() -> None:
    found = evidence(25)
    text = json.dumps(plain(found), allow_nan=False)
    again = figures_of(Evidence, json.loads(text))
    assert again.to_dict() == found.to_dict()
    assert again.snapshots == found.snapshots
    assert again.stability.moved == found.stability.moved
    assert again.forecast == found.forecast


def test_what_cannot_be_told_and_what_is_infinite_stay_so() -> None:
    found = evidence(0)
    again = figures_of(Evidence, json.loads(json.dumps(plain(found), allow_nan=False)))
    assert again.ranking.cannot_tell == found.ranking.cannot_tell == "cannot tell: 0 conversions"
    certain = evidence(30)
    line = figures_of(Evidence, plain(certain)).stages["Warm"]
    assert line.ratio_high == np.inf == certain.stages["Warm"].ratio_high
    assert plain(certain)["stages"]["Warm"]["ratio_high"] == "Infinity"
