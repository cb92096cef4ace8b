"""Does it still hold: what is said of a model from snapshot to snapshot, on histories of which everything is known."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

import scoville
from scoville.evidence.drift.stability import Stability, advice_for, stability
from scoville.evidence.history import History, read_history
from scoville.evidence.sampled import few_of

Row = dict[str, Any]
DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
MODEL = scoville.Model.from_dict(
    {
        "scoville": 1,
        "name": "Holding",
        "fit": {"rules": [{"name": "Source", "by": "source", "values": {"web": 10, "fair": 20}}]},
        "engagement": {
            "decay": {"half_life": "30d"},
            "rules": [{"name": "Visit", "event": "visit", "points": 20, "repeat": 10, "max": 40}],
        },
        "stages": [{"name": "Cold", "from": 0}, {"name": "Warm", "from": 30}],
    }
)


def leads_of(
    changes_at: int | None = None, per_day: int = 8, days: int = 270
) -> tuple[list[Row], list[Row], list[Row]]:
    """Leads that visit within days and win 40 days later, visitors four times as often.

    From the day `changes_at` on, sources change and visits say nothing more.
    """
    dice = np.random.default_rng(1)
    people, events, outcomes = [], [], []
    for number in range(per_day * days):
        day, lead_id = number // per_day, f"L{number:05}"
        is_later = changes_at is not None and day >= changes_at
        source = dice.choice(["web", "fair", "list"], p=[0.1, 0.1, 0.8] if is_later else [0.5, 0.3, 0.2])
        people.append({"lead_id": lead_id, "created_at": START + day * DAY, "source": str(source)})
        visits = bool(dice.random() < 0.4)
        if visits:
            events.append({"lead_id": lead_id, "event": "visit", "occurred_at": START + (day + 0.5) * DAY})
        if dice.random() < (0.4 if visits and not is_later else 0.1 if not is_later else 0.2):
            outcomes.append({"lead_id": lead_id, "outcome": "won", "at": START + (day + 40) * DAY})
    return people, events, outcomes


def held(*data: list[Row], since: datetime | None = None, now: datetime | None = None) -> Stability:
    history: History = read_history(*data)
    plan = history.plan(MODEL)
    panel = history.panel(plan, 45 * DAY)
    return stability(history, plan, panel, few_of(history, panel), since, now)


@pytest.fixture(scope="module")
def steady() -> Stability:
    return held(*leads_of())


@pytest.fixture(scope="module")
def turned() -> Stability:
    return held(*leads_of(changes_at=135))


def test_nothing_is_said_to_change_where_nothing_does(steady: Stability) -> None:
    assert not steady.falls
    assert [one.shift.word for one in steady.moved] == ["stable"] * len(steady.moved)
    ranks, converts, looks = steady.sentences
    assert ranks.startswith("it ranks new leads as well as before")
    assert converts.startswith("as many new leads convert as before")
    assert looks.startswith("new leads look like those of 1 February 2025")


def test_a_score_that_stops_knowing_falls(turned: Stability) -> None:
    assert turned.falls
    assert turned.sentences[0].startswith("it ranks new leads worse and worse")


def test_what_moved_is_named_with_shares_then_and_now(turned: Stability) -> None:
    found = {(one.kind, one.name): one for one in turned.moved}
    source = found["trait", "source"]
    assert source.shift.word == "shifted"
    shares = {one.label: (one.base, one.now) for one in source.bins}
    assert list(shares["list"]) == pytest.approx([0.2, 0.8], abs=0.06)
    assert source.sentence.startswith("list: ")
    assert found["rule", "Source"].has_moved
    assert not found["rule", "Visit"].has_moved
    assert "source" in turned.sentences[2]


def test_every_snapshot_is_compared_with_the_first(turned: Stability) -> None:
    over_time = {(one.kind, one.name): one.psi for one in turned.over_time}
    score = over_time["score", "score"]
    assert len(score) == len(turned.snapshots)
    assert score[0] is None
    # the change is on 16 May: new leads of June are the first that differ wholly
    assert all(value is not None and value < 0.1 for value in score[1:4])
    assert all(value is not None and value > 0.25 for value in score[5:])


def test_all_open_leads_and_the_new_ones_among_them_are_counted(steady: Stability) -> None:
    first, second = steady.snapshots[:2]
    assert (first.as_of, steady.window_days) == (datetime(2025, 2, 1), 28.0)  # noqa: DTZ001 - naive UTC
    assert first.new_leads == 8 * 28  # created after 4 January 00:00 until 1 February 00:00, both days' leads at 00:00
    assert second.new_leads == 8 * 28
    assert second.leads > second.new_leads
    share = second.above["Warm"]
    assert share.value is not None and share.low is not None and share.high is not None  # noqa: PT018
    assert share.low < share.value < share.high


def test_the_first_snapshot_since_the_model_is_in_use_is_the_base() -> None:
    found = held(*leads_of(), since=datetime(2025, 3, 10), now=datetime(2025, 9, 6))  # noqa: DTZ001 - naive UTC
    assert found.base_as_of == datetime(2025, 4, 1)  # noqa: DTZ001 - naive UTC
    assert found.age_days == 180
    assert found.advice == "the model is 180 days old: tune it again, even if nothing is shown to have changed"


@pytest.mark.parametrize(
    ("age", "falls", "said"),
    [
        (None, False, "--model-date"),
        (None, True, "tune it again"),
        (10, False, "nothing to do yet"),
        (30, False, "look through its rules"),
        (90, False, "tune it again, even if"),
        (45, True, "ranks worse than it did already: tune it again"),
        (180, True, "do not trust it until it is tuned again"),
        (400, False, "tune it again, even if"),
    ],
)
def test_advice_goes_by_age_and_fall(age: float | None, falls: bool, said: str) -> None:  # noqa: FBT001 - a table
    assert said in advice_for(age, falls=falls)


def test_plain_values_are_json(turned: Stability) -> None:
    plain = json.loads(json.dumps(turned.to_dict(), allow_nan=False))
    assert plain["snapshots"][0]["as_of"] == "2025-02-01T00:00:00Z"
    assert plain["moved"][0]["name"] == "score"
    assert plain["sentences"] == list(turned.sentences)


def test_without_dates_there_is_nothing_to_compare() -> None:
    people = [{"lead_id": str(i), "source": "web", "converted": i % 3 == 0} for i in range(60)]
    history = read_history(people, outcome_column="converted")
    model = scoville.Model.from_dict({"scoville": 1, "name": "Fit", "fit": MODEL.to_dict()["fit"]})
    plan = history.plan(model)
    panel = history.panel(plan)
    found = stability(history, plan, panel, few_of(history, panel))
    assert found.sentences == ("cannot tell whether it still holds: there is one snapshot",)
    assert found.moved == ()
    assert found.auc_change.cannot_tell is not None


def test_no_conversions_are_said_and_leads_are_compared_all_the_same() -> None:
    people, events, _ = leads_of(per_day=2)
    events.append({"lead_id": "L00000", "event": "won", "occurred_at": START + 10 * DAY})
    history = read_history(people, events)
    plan = history.plan(MODEL)
    panel = history.panel(plan, 45 * DAY)
    found = stability(history, plan, panel, few_of(history, panel))
    assert "cannot tell" in found.sentences[0]
    assert "cannot tell" in found.sentences[1]
    assert found.moved[0].shift.psi is not None
