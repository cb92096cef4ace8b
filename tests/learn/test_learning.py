"""Learning from the start to the end, on leads whose truth is known because it was made up here."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pandas as pd
import pytest

import scoville
from scoville.errors import UsageError
from scoville.evidence.history import History, read_history
from scoville.learn.learning import Learned, learn
from scoville.learn.rows import rows_of
from scoville.model.lint import find_advice

LEADS = 3000
BEGIN = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
HORIZON = timedelta(days=30)
STARTER = """scoville: 1
name: By hand
fit: {rules: [{name: Small, when: {employees: {lt: 50}}, points: 10}]}
"""


def made_up(leads: int = LEADS, seed: int = 7) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Leads with a size, a source, noise and a leak; demos and page views; who wins goes by size, source and demos."""
    dice = np.random.default_rng(seed)
    ids = [f"L{number:05}" for number in range(leads)]
    created = [BEGIN + timedelta(days=float(day)) for day in dice.uniform(0, 300, leads)]
    size = np.exp(dice.normal(4, 1.5, leads)).round()
    source = dice.choice(["web", "fair", "partner"], leads, p=[0.6, 0.3, 0.1])
    demo = dice.random(leads) < 0.3
    log_odds = -3.5 + 1.2 * (size > 100) + 1.5 * (source == "partner") + 2.0 * demo
    won = dice.random(leads) < 1 / (1 + np.exp(-log_odds))
    after = dice.uniform(20, 60, leads)
    people = pd.DataFrame(
        {
            "lead_id": ids, "created_at": created, "employees": size, "source": source,
            "favourite": dice.choice(list("pqrs"), leads), "one": "same",
            "closed_reason": ["signed" if one else None for one in won],
        }
    )  # fmt: skip
    rows = [
        (ids[at], "demo_requested", created[at] + timedelta(days=float(after[at]) - 12)) for at in np.flatnonzero(demo)
    ]
    rows += [
        (ids[at], "page_viewed", created[at] + timedelta(days=float(dice.uniform(0, 80))))
        for at in dice.integers(0, leads, 2 * leads)
    ]
    events = pd.DataFrame(rows, columns=["lead_id", "event", "occurred_at"])
    wins = np.flatnonzero(won)
    outcomes = pd.DataFrame(
        {
            "lead_id": [ids[at] for at in wins],
            "outcome": "won",
            "at": [created[at] + timedelta(days=float(after[at])) for at in wins],
        }
    )
    return people, events, outcomes


@pytest.fixture(scope="module")
def history() -> History:
    return read_history(*made_up())


@pytest.fixture(scope="module")
def learned(history: History) -> Learned:
    return learn(history, horizon=HORIZON, against=scoville.Model.loads(STARTER))


def rules_of(learned: Learned) -> dict[str, dict[str, Any]]:
    content = learned.model.to_dict()
    return {rule["name"]: rule for kind in ("fit", "engagement") for rule in content[kind]["rules"]}


def test_it_finds_what_was_put_in_and_no_noise(learned: Learned) -> None:
    assert learned.why_not is None
    assert {"Company size", "Source"} <= {*rules_of(learned)}
    assert any("emo requested" in name for name in rules_of(learned))
    assert "Favourite" not in rules_of(learned)


def test_the_signs_are_right(learned: Learned) -> None:
    rules = rules_of(learned)
    assert rules["Source"]["values"]["partner"] > rules["Source"].get("other", 0)
    size = rules["Company size"]["bands"]
    of = {number: next((band["points"] for band in size if band.get("from", 0) <= number < band.get("below", 1e9)), 0)
          for number in (10, 1000)}  # fmt: skip
    assert of[1000] > of[10]


def test_it_ranks_later_leads_and_says_so_with_an_interval(learned: Learned) -> None:
    found = learned.held_out
    assert found is not None
    assert found.auc_low is not None
    assert found.auc_low > 0.6  # by the made-up odds the best possible score reaches about 0.8
    assert f"{found.auc:.3f}" in (learned.text or "")


def test_it_is_better_than_traits_alone_and_than_points_by_hand(learned: Learned) -> None:
    rivals = {rival.name: rival for rival in learned.rivals}
    assert {*rivals} == {"the best card of traits alone", "By hand"}
    assert all(rival.low is not None and rival.low > 0 for rival in rivals.values())


def test_the_path_has_a_card_of_each_size_with_its_interval(learned: Learned) -> None:
    assert [step.factors for step in learned.path] == list(range(1, len(learned.path) + 1))
    assert all(step.low is not None and step.auc is not None and step.low < step.auc for step in learned.path)
    assert learned.enough is not None
    assert 1 <= learned.enough <= len(learned.path)


def test_check_has_nothing_to_advise(learned: Learned) -> None:
    assert find_advice(learned.model) == []


def test_the_plan_scores_every_row_as_the_learner_did(history: History, learned: Learned) -> None:
    rows = rows_of(history, HORIZON)
    panel = history.panel(
        history.plan(learned.model), HORIZON, ",".join(at.isoformat() for at in sorted({*rows.as_of}))
    )
    of = {
        (panel.as_of[at], lead): score for at, lead, score in zip(panel.snapshot, panel.lead, panel.score, strict=True)
    }
    through_the_plan = [of[rows.as_of[at], lead] for at, lead in zip(rows.snapshot, rows.lead, strict=True)]
    assert learned.card is not None
    np.testing.assert_allclose(through_the_plan, learned.card.score, atol=1e-9, rtol=0)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_without_dates_too_the_plan_scores_every_lead_as_the_learner_did(seed: int) -> None:
    people, _, outcomes = made_up(seed=seed)
    people = people.drop(columns="closed_reason")
    people.loc[::11, "employees"] = np.nan
    people.loc[::7, "source"] = None
    past = read_history(people.assign(won=people["lead_id"].isin(outcomes["lead_id"])), outcome_column="won")
    found = learn(past, factors=5)
    assert found.card is not None
    panel = past.panel(past.plan(found.model))
    of = dict(zip(panel.lead.tolist(), panel.score.tolist(), strict=True))
    through_the_plan = [of[lead] for lead in rows_of(past).lead.tolist()]
    np.testing.assert_allclose(through_the_plan, found.card.score, atol=1e-9, rtol=0)
    assert find_advice(found.model) == []


def test_what_is_written_after_the_outcome_is_named_and_not_used(learned: Learned) -> None:
    left_out = dict(learned.left_out)
    assert left_out["closed_reason"].startswith("looks written after the outcome")
    assert "one" in left_out
    assert not any(rule.get("by") == "closed_reason" for rule in rules_of(learned).values())


def test_the_same_data_and_seed_give_the_same_file(learned: Learned) -> None:
    assert learn(read_history(*made_up()), horizon=HORIZON).text == learned.text


def test_it_declines_with_fewer_than_20_conversions() -> None:
    people, events, outcomes = made_up(600)
    found = learn(read_history(people, events, outcomes.head(12)), horizon=HORIZON)
    assert found.text is None
    assert found.why_not is not None
    assert found.why_not.endswith("Until then write points by hand (scoville init)")
    with pytest.raises(UsageError, match="no model was learned"):
        _ = found.model


@pytest.mark.parametrize("seed", [3, 4, 5, 6])
def test_shuffled_outcomes_teach_nothing(seed: int) -> None:
    people, events, outcomes = made_up()
    dice = np.random.default_rng(seed)
    people["closed_reason"] = None
    # a date of its own, else the age of a lead would still tell when it wins
    outcomes["lead_id"] = dice.choice(people["lead_id"], len(outcomes), replace=False)
    outcomes["at"] = [BEGIN + timedelta(days=float(day)) for day in dice.uniform(0, 360, len(outcomes))]
    found = learn(read_history(people, events, outcomes), horizon=HORIZON)
    assert found.text is None
    assert "nothing was found" in (found.why_not or "")


def test_few_conversions_are_held_back_and_said() -> None:
    people, events, outcomes = made_up(1000, seed=2)
    found = learn(read_history(people, events, outcomes.head(70)), horizon=HORIZON)
    assert any("drawn to the average" in note for note in found.notes) or found.why_not is not None
    assert len(found.path) <= 7


def test_a_trait_can_be_left_out_and_a_direction_asked_for(history: History) -> None:
    found = learn(history, horizon=HORIZON, leave_out=["source"], shapes={"employees": "down"}, factors=3)
    names = {name for step in found.path for name in step.names}
    assert "Source" not in names
    assert "Company size" not in names  # it rises, so that a card that may only fall has no use for it


def test_sections_end_where_they_were_asked_to(history: History) -> None:
    found = learn(history, horizon=HORIZON, most={"fit": 30, "engagement": 12}, factors=4)
    content = found.model.to_dict()
    assert (content["fit"]["max"], content["engagement"]["max"]) == (30, 12)
    assert found.card is not None
    assert found.card.section("fit").max() <= 30
    assert found.card.section("engagement").max() <= 12
    assert found.held_out is not None
    assert (found.held_out.auc or 0) > 0.7  # points shrink with the room, so that hardly any lead is clamped


def test_no_band_has_more_points_than_were_asked_for(history: History) -> None:
    found = learn(history, horizon=HORIZON, max_points=6, factors=4)
    assert max(abs(line.points) for one in found.evidence for line in one.lines) <= 6


def test_what_most_leads_have_is_0_and_the_scale_is_used(learned: Learned) -> None:
    assert learned.card is not None
    score = learned.card.score
    assert np.quantile(score, 0.98) - np.quantile(score, 0.02) > 30
    assert ((score <= 0) | (score >= 100)).mean() < 0.06
    source = rules_of(learned)["Source"]
    assert source["values"].get("web", source.get("other", 0)) == 0  # six of ten leads


def test_a_model_that_is_as_good_is_kept(history: History, learned: Learned) -> None:
    again = learn(history, horizon=HORIZON, against=learned.model)
    assert not again.is_worth_it  # against itself, or a thousandth from it
    assert again.text is not None
    assert learned.is_worth_it


def test_the_month_in_which_a_lead_came_is_no_reason_to_call_it() -> None:
    people, events, outcomes = made_up()
    people["join_month"] = [f"{at:%Y-%m}" for at in people["created_at"]]
    people["wave"] = people["created_at"].rank().astype(int) * 3 + 70_000
    found = learn(read_history(people, events, outcomes), horizon=HORIZON, factors=4)
    left_out = dict(found.left_out)
    assert "will not come again" in left_out["join_month"]
    assert left_out["wave"] == "its numbers follow the date of creation"
    assert "source" not in left_out


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"shapes": {"employes": "up"}}, "employees"),
        ({"shapes": {"employees": "sideways"}}, "up or down"),
        ({"factors": 0}, "whole number from 1"),
        ({"most": {"fit": 120}}, "the most of fit is 120: give a number from 1 to 100"),
    ],
)
def test_options_that_do_not_exist_are_refused(history: History, options: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        learn(history, horizon=HORIZON, **options)
