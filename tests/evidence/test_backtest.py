"""A backtest on small histories of which everything is known: who was open when, with what score, and who converted."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pytest

import scoville
from scoville.evidence.backtest import Evidence, validate
from scoville.evidence.history import read_history
from scoville.evidence.snapshots import Span, snapshot_instants, span_of

Row = dict[str, Any]
DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
MODEL = scoville.Model.from_dict(
    {
        "scoville": 1,
        "name": "Backtested",
        "fit": {"rules": [{"name": "Big", "by": "size", "bands": [{"from": 100, "points": 20}]}]},
        "engagement": {
            "decay": {"half_life": "30d"},
            "rules": [
                {"name": "Visit", "event": "visit", "points": 10, "max": 60},
                {"name": "Never", "event": "nothing", "points": 5},
            ],
        },
        "stages": [{"name": "Cold", "from": 0}, {"name": "Warm", "from": 20}],
    }
)


def history(leads: int = 240, seed: int = 1) -> tuple[list[Row], list[Row], list[Row]]:
    """Leads of January; those that visit in March win in April with a chance of 0.5, the others of 0.05."""
    dice = np.random.default_rng(seed)
    people, events, outcomes = [], [], []
    for number in range(leads):
        lead_id, visits = f"L{number:04}", bool(dice.random() < 0.4)
        people.append({"lead_id": lead_id, "created_at": START + number % 28 * DAY, "size": int(dice.integers(1, 300))})
        if visits:
            events += [{"lead_id": lead_id, "event": "visit", "occurred_at": START + (60 + i) * DAY} for i in range(3)]
        if dice.random() < (0.5 if visits else 0.05):
            outcomes.append({"lead_id": lead_id, "outcome": "won", "at": START + 100 * DAY, "value": 10.0})
    events.append({"lead_id": "L0000", "event": "other", "occurred_at": START + 200 * DAY})
    outcomes.append({"lead_id": "L0001", "outcome": "lost", "at": START + 200 * DAY, "value": None})
    return people, events, outcomes


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return validate(MODEL, *history(), horizon=30 * DAY)


def test_a_score_that_knows_is_said_to_predict(evidence: Evidence) -> None:
    assert evidence.predicts
    assert evidence.ranking.auc_low is not None
    assert evidence.ranking.auc_low > 0.6
    assert evidence.verdict.startswith("predicts")


def test_snapshots_are_months_whose_horizon_is_over(evidence: Evidence) -> None:
    # data reach from 1 January to 20 July (day 200): the firsts of February to June have 30 days after them
    assert [one.as_of.month for one in evidence.snapshots] == [2, 3, 4, 5, 6]


def test_leads_that_converted_are_open_no_more(evidence: Evidence) -> None:
    # day 100 is 11 April: only the snapshot of 1 April has conversions ahead, and those leads are gone on 1 May
    by_month = {one.as_of.month: one for one in evidence.snapshots}
    won = len({row["lead_id"] for row in history()[2] if row["outcome"] == "won"})
    assert {month: one.conversions for month, one in by_month.items()} == {2: 0, 3: 0, 4: won, 5: 0, 6: 0}
    assert by_month[5].leads == by_month[4].leads - won


def test_brackets_stages_and_labels_add_up_to_the_counts(evidence: Evidence) -> None:
    for brackets in (evidence.brackets, *evidence.by.values()):
        assert sum(bracket.leads for bracket in brackets) == evidence.ranking.leads
        assert sum(bracket.conversions for bracket in brackets) == evidence.ranking.conversions
    line = evidence.stages["Warm"]
    assert line.leads + line.below_leads == evidence.ranking.leads


def test_rules_that_touch_nobody_are_named(evidence: Evidence) -> None:
    notes = {rule.rule: rule.note for rule in evidence.rules}
    assert notes["Never"] == "touches nobody"
    change = {rule.rule: rule.auc_change for rule in evidence.rules}
    assert change["Visit"] is not None
    assert change["Visit"] < -0.1


def test_a_rule_that_contradicts_the_data_is_named() -> None:
    content = MODEL.to_dict()
    content["engagement"]["rules"][0] = {"name": "Visit", "event": "visit", "points": -10, "min": -60}
    found = validate(scoville.Model.from_dict(content), *history(), horizon=30 * DAY)
    notes = {rule.rule: rule.note for rule in found.rules}
    assert notes["Visit"] == "takes points, but its leads convert more than the others"


def test_what_happens_after_a_snapshot_changes_none_of_its_scores() -> None:
    people, events, outcomes = history()
    at = "2025-03-01"
    later = [{"lead_id": row["lead_id"], "event": "visit", "occurred_at": START + 150 * DAY} for row in people]
    before = validate(MODEL, people, events, outcomes, horizon=60 * DAY, snapshots=at)
    after = validate(MODEL, people, [*events, *later], outcomes, horizon=60 * DAY, snapshots=at)
    assert before.brackets == after.brackets
    assert before.ranking == after.ranking


FRESH = {"name": "Fresh", "when": {"created_at": {"newer_than": "80d"}}, "points": 30}


@pytest.mark.parametrize("fit", [[], [FRESH]], ids=["nothing knows the time", "a rule asks for an age"])
def test_scores_of_every_snapshot_are_those_of_a_plain_run_at_that_date(fit: list[Row]) -> None:
    # with several snapshots, what does not know the time is worked out once and read by all of them
    content = MODEL.to_dict()
    content["fit"]["rules"] += fit
    model = scoville.Model.from_dict(content)
    people, events, outcomes = history()
    dates = ["2025-02-15", "2025-03-10", "2025-04-01"]
    expected = {(at, row["score"]) for at in dates for row in scoville.score(model, people, events, as_of=at).scores}
    past = read_history(people, events, outcomes)
    panel = past.panel(past.plan(model), 30 * DAY, ",".join(dates))
    assert {(dates[number], score) for number, score in zip(panel.snapshot, panel.score, strict=True)} == expected
    assert len({at for at, _ in expected}) == len(dates)


def test_outcomes_may_be_events() -> None:
    people, events, outcomes = history()
    events += [{"lead_id": row["lead_id"], "event": "signed", "occurred_at": row["at"]} for row in outcomes[:-1]]
    found = validate(MODEL, people, events, won=["signed"], horizon=30 * DAY)
    assert found.ranking.conversions == len(outcomes) - 1


def test_outcomes_may_be_a_column_and_then_it_is_not_point_in_time() -> None:
    people, events, outcomes = history()
    won = {row["lead_id"] for row in outcomes if row["outcome"] == "won"}
    people = [{**row, "Converted": int(row["lead_id"] in won)} for row in people]
    found = validate(MODEL, people, events, outcome_column="Converted")
    assert not found.is_point_in_time
    assert found.ranking.conversions == len(won)
    assert any("no dates" in note for note in found.notes)


def test_a_trait_written_by_winners_is_named_and_the_figures_are_not_believed() -> None:
    people, events, outcomes = history()
    won = {row["lead_id"] for row in outcomes if row["outcome"] == "won"}
    people = [{**row, "contract": "signed" if row["lead_id"] in won else None} for row in people]
    content = MODEL.to_dict()
    content["fit"]["rules"].append({"name": "Contract", "when": {"contract": {"is": "present"}}, "points": 30})
    found = validate(scoville.Model.from_dict(content), people, events, outcomes, horizon=30 * DAY)
    assert [(leak.name, leak.is_used) for leak in found.leaks] == [("contract", True)]
    assert found.verdict.startswith("do not believe")


@pytest.mark.parametrize("wins", [0, 1, 5])
def test_few_conversions_say_that_nothing_can_be_told(wins: int) -> None:
    people, events, outcomes = history(80)
    found = validate(MODEL, people, events, [*outcomes[:wins], outcomes[-1]], horizon=30 * DAY)
    assert found.ranking.conversions == wins
    assert not found.predicts
    assert found.to_dict()["brier"] is None


def test_json_has_the_agreed_keys(evidence: Evidence) -> None:
    wanted = {
        "leads", "conversions", "base_rate", "auc", "auc_low", "auc_high", "pr_auc", "ks", "brier", "top_quarter_rate",
        "bottom_quarter_rate", "recall_at", "lift_at", "brackets", "stages", "rules", "leaks", "snapshots", "verdict",
    }  # fmt: skip
    found = evidence.to_dict()
    assert wanted <= found.keys()
    assert {"from", "below", "leads", "conversions", "rate", "low", "high"} <= found["brackets"][0].keys()
    stage = {"stage", "leads", "conversions", "rate", "ratio_above_below", "ratio_low", "ratio_high"}
    assert stage <= found["stages"][0].keys()


def test_no_snapshot_within_the_data_says_what_to_do() -> None:
    with pytest.raises(scoville.DataError, match="shorter --horizon"):
        snapshot_instants("monthly", Span(START, START + 20 * DAY), 90 * DAY)


def test_weekly_snapshots_are_seven_days_apart() -> None:
    found = snapshot_instants("weekly", Span(START, START + 30 * DAY), 10 * DAY)
    assert found == (START + 7 * DAY, START + 14 * DAY)


def test_a_few_dates_typed_wrong_move_neither_end_of_the_data() -> None:
    people, events, outcomes = history(1000)
    for row, year in zip(people, [1970] * 4, strict=False):
        row["created_at"] = row["created_at"].replace(year=year)
    events += [{"lead_id": "L0009", "event": "visit", "occurred_at": datetime(2099, 1, 1)}] * 4  # noqa: DTZ001
    span = span_of(read_history(people, events, outcomes).engine)
    assert span.start == START
    assert span.end.year == 2025
