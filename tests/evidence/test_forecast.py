"""The forecast of a whole history: it knows only what was known, and is held against what came in."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

import scoville
from scoville.evidence.business.forecast import Forecast, forecast
from scoville.evidence.history import read_history

Row = dict[str, Any]
Tables = tuple[list[Row], list[Row], list[Row]]
DAY = timedelta(days=1)
START = datetime(2024, 1, 1)  # noqa: DTZ001 - naive UTC
HORIZON = 30 * DAY
MODEL = scoville.Model.from_dict(
    {
        "scoville": 1,
        "name": "Forecast",
        "fit": {"rules": [{"name": "Big", "by": "size", "bands": [{"from": 100, "points": 20}]}]},
        "stages": [{"name": "Cold", "from": 0}, {"name": "Warm", "from": 20}],
    }
)


def tables(leads: int = 900, days: int = 420, seed: int = 1) -> Tables:
    """Leads come evenly over the first 300 days; each wins with a daily chance, four times as high for big ones."""
    dice = np.random.default_rng(seed)
    people, outcomes = [], []
    for number in range(leads):
        created, size = number * 300 / leads, int(dice.integers(1, 200))
        people.append({"lead_id": f"L{number:04}", "created_at": START + created * DAY, "size": size})
        at = created + dice.exponential(1 / (0.004 if size >= 100 else 0.001))
        if at < days:
            value = round(float(dice.gamma(3, 400)), 2)
            outcomes.append({"lead_id": f"L{number:04}", "outcome": "won", "at": START + at * DAY, "value": value})
    return people, [{"lead_id": "L0000", "event": "end", "occurred_at": START + days * DAY}], outcomes


def forecast_of(given: Tables, as_of: datetime | None = None, snapshots: str = "monthly", **more: Any) -> Forecast:
    people, events, outcomes = given
    history = read_history(people, events, None if "outcome_column" in more else outcomes, **more)
    plan = history.plan(MODEL)
    return forecast(history, plan, history.panel(plan, HORIZON, snapshots), as_of)


@pytest.fixture(scope="module")
def found() -> Forecast:
    return forecast_of(tables())


def test_open_leads_are_those_that_have_not_won(found: Forecast) -> None:
    people, _, outcomes = tables()
    assert found.as_of == START + 420 * DAY
    assert found.now.leads == len(people) - len(outcomes)


def test_the_forecast_lies_near_the_hidden_truth(found: Forecast) -> None:
    people, _, outcomes = tables()
    won = {row["lead_id"] for row in outcomes}
    daily = np.array([0.004 if row["size"] >= 100 else 0.001 for row in people if row["lead_id"] not in won])
    truth = float((1 - np.exp(-30 * daily)).sum())
    assert found.now.wins == pytest.approx(truth, rel=0.25)
    assert found.now.revenue == pytest.approx(1200 * truth, rel=0.3)  # a win brings 3 * 400 on average


def test_each_check_forecasts_as_it_would_have_on_that_day(found: Forecast) -> None:
    check = found.checks[-1]
    until = check.as_of
    people, events, outcomes = tables()
    known = [row for row in outcomes if row["at"] <= until]
    # the same day with nothing known of what came later, but the leads that were open then
    then = forecast_of((people, events, known), as_of=until)
    assert then.now.wins == check.expected.wins
    assert then.now.wins_high == check.expected.wins_high
    assert then.now.revenue == check.expected.revenue


def test_checks_count_what_came_in_within_the_horizon(found: Forecast) -> None:
    people, _, outcomes = tables()
    created = {row["lead_id"]: row["created_at"] for row in people}
    for check in found.checks:
        came = [
            row for row in outcomes
            if created[row["lead_id"]] <= check.as_of and check.as_of < row["at"] <= check.as_of + HORIZON
        ]  # fmt: skip
        assert check.came_wins == len(came)
        assert check.came_revenue == pytest.approx(sum(row["value"] for row in came))


def test_the_record_is_that_of_the_checks(found: Forecast) -> None:
    hits = sum(check.is_wins_within for check in found.checks)
    assert len(found.checks) >= 5
    assert found.wins_within.value == pytest.approx(hits / len(found.checks))
    errors = [(check.expected.wins or 0) - check.came_wins for check in found.checks]
    assert found.wins_error.value == pytest.approx(sum(errors) / sum(check.came_wins for check in found.checks))
    assert found.wins_error.low is not None  # more than five separate months
    assert f"wins were within the interval on {hits} of them" in found.record


def test_wins_by_leads_that_came_later_are_said_to_be_missing(found: Forecast) -> None:
    assert found.already_there.value is not None
    assert 0.8 < found.already_there.value < 1  # within a month, few leads that come in it win in it


def test_without_enough_of_a_past_there_is_a_forecast_but_no_check() -> None:
    some = forecast_of(tables(), as_of=START + 420 * DAY, snapshots="2024-10-01")
    assert some.now.wins is not None
    assert some.checks == ()
    assert some.record == "cannot tell: no snapshot had 20 conversions of earlier ones behind it"
    assert "the past is too short" in some.sentence


def test_few_conversions_cannot_tell() -> None:
    people, events, outcomes = tables()
    for wins in (0, 1, 5):
        few = forecast_of((people, events, [*outcomes[:wins], {**outcomes[-1], "outcome": "lost"}]))
        assert few.now.wins is None
        assert few.sentence.startswith("cannot tell: ")


def test_wins_without_values_are_forecast_alone() -> None:
    people, events, outcomes = tables()
    bare = forecast_of((people, events, [{**row, "value": None} for row in outcomes]))
    assert bare.now.wins is not None
    assert bare.now.revenue is None
    assert "nothing is said of money: no win has a value" in bare.sentence
    assert bare.revenue_within.value is None


def test_outcomes_without_dates_cannot_tell() -> None:
    people, events, _ = tables(60)
    people = [{**row, "Converted": number % 2} for number, row in enumerate(people)]
    assert forecast_of((people, events, []), outcome_column="Converted").sentence.startswith("cannot tell: outcomes")


def test_json_has_no_infinity_and_instants_end_in_z(found: Forecast) -> None:
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["as_of"] == "2025-02-24T00:00:00Z"
    assert plain["checks"][0]["as_of"].endswith("T00:00:00Z")
