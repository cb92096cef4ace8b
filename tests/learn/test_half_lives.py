"""Half-lives: what was made up is found again, on leads that buy on a day with odds that fade as the truth says."""

from __future__ import annotations

from datetime import datetime, timedelta
from functools import cache
from typing import Any

import numpy as np
import pandas as pd
import pytest

from learn_truth import found_in  # benchmarks/ is on the path of the tests
from scoville.demo import TRUTH, generate
from scoville.evidence.history import read_history
from scoville.learn.learning import Learned, learn
from scoville.model.load import Model

BEGIN = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
HORIZON = timedelta(days=30)
LEADS, DAYS = 12_000, 240
TRUE_DAYS = {"demo_requested": 12.0, "webinar_watched": 60.0}


def made_up(seed: int) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Leads that are all there from the start, demos, webinars, and page views at the same instants that do nothing.

    On each day a lead buys with log odds of -7.6 and, for each demo and webinar, 2.2 times what is left of it.
    """
    dice = np.random.default_rng(seed)
    log_odds = np.full((LEADS, DAYS), -7.6)
    days = np.arange(DAYS)
    rows: list[tuple[int, str, float]] = []
    for name, half_life in TRUE_DAYS.items():
        who = dice.integers(0, LEADS, LEADS)
        at = dice.uniform(0, DAYS - 1, LEADS)
        age = days[None, :] - at[:, None]
        left = np.where(age >= 0, np.exp2(-age / half_life), 0.0)
        np.add.at(log_odds, who, 2.2 * left)
        rows += [(int(one), name, float(day)) for one, day in zip(who, at, strict=True)]
        rows += [(int(one), "page_viewed", float(day)) for one, day in zip(who, at, strict=True)]
    buys = dice.random((LEADS, DAYS)) < 1 / (1 + np.exp(-log_odds))
    won_on = np.where(buys.any(axis=1), buys.argmax(axis=1), DAYS)
    ids = [f"L{number:05}" for number in range(LEADS)]
    people = pd.DataFrame({"lead_id": ids, "created_at": BEGIN, "team": dice.choice(["red", "blue"], LEADS)})
    events = pd.DataFrame(
        [(ids[who], name, BEGIN + timedelta(days=day)) for who, name, day in rows if day < won_on[who]],
        columns=["lead_id", "event", "occurred_at"],
    )
    hour = dice.uniform(0.3, 0.7, LEADS)
    won = [(ids[who], "won", BEGIN + timedelta(days=float(won_on[who] + hour[who])))
           for who in np.flatnonzero(won_on < DAYS)]  # fmt: skip
    return people, events, pd.DataFrame(won, columns=["lead_id", "outcome", "at"])


@cache
def learned(seed: int) -> Learned:
    return learn(read_history(*made_up(seed)), horizon=HORIZON, factors=4)


def half_lives(found: Learned) -> dict[str, float]:
    rules: list[dict[str, Any]] = found.model.to_dict()["engagement"]["rules"]
    return {
        rule["event"]: float(rule["decay"]["half_life"].removesuffix("d"))
        for rule in rules
        if isinstance(rule.get("decay"), dict)
    }


@pytest.mark.parametrize("seed", [1, 2])
def test_half_lives_come_back_within_30_percent_although_none_is_on_the_grid(seed: int) -> None:
    found = half_lives(learned(seed))
    for event, days in TRUE_DAYS.items():
        assert found[event] == pytest.approx(days, rel=0.3)


def test_the_interval_stands_beside_the_rule_and_holds_the_truth() -> None:
    intervals = {one.rule: one.half_life for one in learned(1).evidence}
    low, high = intervals["Demo requested"] or (np.nan, np.nan)
    assert low < TRUE_DAYS["demo_requested"] < high
    assert f"Half-life: {low:.0f} to {high:.0f} days" in " ".join((learned(1).text or "").replace("#", " ").split())


def test_what_comes_on_the_same_days_and_does_nothing_takes_no_place_of_what_does() -> None:
    assert {"demo_requested", "webinar_watched"} <= {*half_lives(learned(1))}


def test_the_demo_gives_the_signs_of_behaviour_back() -> None:
    """The short form of benchmarks/learn_truth.py, where 100,000 leads tell half-lives and the signs of traits too."""
    demo = generate(6_000, seed=4)
    found = learn(read_history(demo.leads, demo.events, demo.outcomes), horizon=HORIZON, factors=10)
    told = found_in(found.model.to_dict())
    assert not {signal.name for signal in TRUTH.signals} & {*told.wrong}
    assert told.half_lives["Demo requested"] == pytest.approx(30, rel=0.5)


def test_the_truth_told_as_a_model_is_all_right() -> None:
    told = found_in(Model.loads(TRUTH.as_model()).to_dict())
    assert (told.wrong, told.absent) == ((), ())
    assert all(told.close.values())
