"""Models held against each other: who wins is known, because the truth was made here."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from statsmodels.stats.multitest import multipletests

import scoville
from scoville.errors import UsageError
from scoville.evidence.figures.ranking import paired_auc
from scoville.evidence.history import History, read_history
from scoville.evidence.versus.at_capacity import Rows
from scoville.evidence.versus.compare import Comparison, compare_models, conversions_a_week
from scoville.evidence.versus.paired import Versus, needed_for, versus_first

if TYPE_CHECKING:
    from pathlib import Path

    from scoville.evidence.figures.sample import Bools, Floats

DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC


def model(name: str, *traits: str, points: int = 10) -> scoville.Model:
    """Points for each trait that is yes; a lead is Warm with all of them."""
    rules = [{"name": trait, "when": {trait: "yes"}, "points": points} for trait in traits]
    stages = [{"name": "Cold", "from": 0}, {"name": "Warm", "from": points * len(traits)}]
    return scoville.Model.from_dict({"scoville": 1, "name": name, "fit": {"rules": rules}, "stages": stages})


GOOD, NOISE = model("Good", "a", "b"), model("Noise", "c", "d")


def history(leads: int = 500) -> History:
    """Leads of January; a and b make them win in March, c and d mean nothing."""
    dice = np.random.default_rng(3)
    people: list[dict[str, Any]] = []
    outcomes: list[dict[str, Any]] = []
    for number in range(leads):
        lead = {"lead_id": f"L{number:04}", "created_at": START + number % 28 * DAY}
        facts = {name: "yes" if dice.random() < 0.4 else "no" for name in "abcd"}
        people.append(lead | facts)
        odds = -3 + 2 * (facts["a"] == "yes") + 2 * (facts["b"] == "yes")
        if dice.random() < 1 / (1 + np.exp(-odds)):
            won = {"lead_id": lead["lead_id"], "outcome": "won", "at": START + 70 * DAY, "value": float(number % 7 + 1)}
            outcomes.append(won)
    outcomes += [{"lead_id": row["lead_id"], "outcome": "lost", "at": START + 130 * DAY} for row in people[::10]]
    return read_history(people, None, outcomes)


@pytest.fixture(scope="module")
def past() -> History:
    return history()


@pytest.fixture(scope="module")
def compared(past: History) -> Comparison:
    return compare_models(past, [NOISE, GOOD, NOISE], ["noise", "good", "again"], horizon=30 * DAY)


# Whole histories


def test_the_model_that_knows_is_shown_to_be_better(compared: Comparison) -> None:
    good, again = compared.challenges
    assert good.versus.answer == "better"
    assert good.is_better
    assert compared.verdict.startswith("good is better than noise: AUC 0.")
    assert again.versus.answer == "same"
    assert not compared.last_is_better


def test_the_model_that_does_not_know_is_shown_to_be_worse(past: History) -> None:
    found = compare_models(past, [GOOD, NOISE], horizon=30 * DAY)
    assert found.challenges[0].versus.answer == "worse"
    assert found.verdict.startswith("Noise against Good: worse: AUC")


def test_all_models_see_the_rows_of_a_single_backtest(past: History, compared: Comparison) -> None:
    panel = past.panel(past.plan(GOOD), 30 * DAY)
    assert compared.leads == len(panel)
    assert compared.conversions == panel.won.sum()
    assert compared.rivals[1].auc == compared.challenges[0].versus.auc.auc_a
    alone = paired_auc(panel.score, np.zeros(len(panel)), panel.won, panel.lead)
    assert compared.rivals[1].auc == pytest.approx(alone.auc_a)


def test_who_changes_stage_is_counted_and_named(past: History, compared: Comparison) -> None:
    # the newest snapshot is of 1 April
    good = compared.challenges[0]
    traits = {row["lead_id"]: row for row in past.engine.arrow("SELECT * FROM leads").to_pylist()}
    warm = {
        lead: (row["c"] == row["d"] == "yes", row["a"] == row["b"] == "yes") for lead, row in traits.items()
    }  # by noise, by good
    won = past.engine.arrow("SELECT DISTINCT lead_id FROM outcomes WHERE outcome = 'won'")["lead_id"].to_pylist()
    open_then = set(traits) - set(won)
    up = [lead for lead in open_then if warm[lead] == (False, True)]
    down = [lead for lead in open_then if warm[lead] == (True, False)]
    assert {(move.before, move.after): move.leads for move in good.moves} == {
        ("Cold", "Warm"): len(up), ("Warm", "Cold"): len(down),
    }  # fmt: skip
    assert set(good.movers.lead_id) == {*up, *down}
    changes = [abs(row["change"]) for row in good.movers.rows()]
    assert changes == sorted(changes, reverse=True)
    assert compared.newest_leads == len(open_then)


def test_movers_go_to_a_file(past: History, compared: Comparison, tmp_path: Path) -> None:
    compared.write_movers(past, tmp_path / "movers.jsonl")
    rows = [json.loads(line) for line in (tmp_path / "movers.jsonl").read_text(encoding="utf-8").splitlines()]
    assert len(rows) == len(compared.challenges[0].movers)
    assert rows[0]["model"] == "good"
    assert {(row["from"], row["to"]) for row in rows} == {("Cold", "Warm"), ("Warm", "Cold")}


def test_plain_values_are_json(compared: Comparison) -> None:
    plain = json.loads(json.dumps(compared.to_dict(), allow_nan=False))
    assert [one["model"] for one in plain["versus_first"]] == ["good", "again"]
    assert plain["versus_first"][0]["auc"]["p_adjusted"] < 0.05
    assert plain["snapshots"] == ["2025-02-01T00:00:00Z", "2025-03-01T00:00:00Z", "2025-04-01T00:00:00Z"]


def test_names_are_told_apart(past: History) -> None:
    other = model("Good", "a", points=20)
    found = compare_models(past, [GOOD, other, other], horizon=30 * DAY)
    names = [rival.name for rival in found.rivals]
    assert names == [f"Good {GOOD.version}", f"Good {other.version} (2)", f"Good {other.version} (3)"]


def test_progress_runs_over_all_models(past: History) -> None:
    heard: list[tuple[int, int]] = []
    compare_models(past, [GOOD, NOISE], horizon=30 * DAY, progress=lambda done, every: heard.append((done, every)))
    assert heard == [(done, 6) for done in range(1, 7)]


def test_one_model_is_no_comparison(past: History) -> None:
    with pytest.raises(UsageError, match="at least two"):
        compare_models(past, [GOOD])


def test_a_model_that_knows_the_outcome_is_not_believed() -> None:
    people = [
        {"lead_id": f"L{n:03}", "created_at": START, "a": "yes" if n % 3 else "no", "deal_closed_reason": None}
        for n in range(300)
    ]
    outcomes = [{"lead_id": row["lead_id"], "at": START + 40 * DAY} for row in people[::5]]
    for row in people[::5]:
        row["deal_closed_reason"] = "price"
    outcomes.append({"lead_id": "L000", "at": START + 90 * DAY})
    found = compare_models(
        read_history(people, None, outcomes), [model("Fair", "a"), leaking()], horizon=30 * DAY, snapshots="2025-02-01"
    )
    assert found.challenges[0].versus.answer == "better"
    assert found.verdict.startswith("do not believe this yet: traits look written after the outcome in Leaking (")
    assert not found.last_is_better


def leaking() -> scoville.Model:
    rule = {"name": "Reason", "when": {"deal_closed_reason": {"is": "present"}}, "points": 50}
    return scoville.Model.from_dict({"scoville": 1, "name": "Leaking", "fit": {"rules": [rule]}})


def test_outcomes_without_dates_are_compared_as_they_are() -> None:
    dice = np.random.default_rng(5)
    people: list[dict[str, Any]] = []
    for number in range(300):
        a = bool(dice.random() < 0.5)
        won = dice.random() < (0.5 if a else 0.1)
        people.append({"lead_id": str(number), "a": "yes" if a else "no", "c": "no", "Converted": int(won)})
    found = compare_models(read_history(people, outcome_column="Converted"), [model("C", "c"), model("A", "a")])
    assert found.challenges[0].versus.answer == "better"
    assert found.horizon_days is None
    assert found.conversions_a_week is None
    assert found.to_dict()["is_point_in_time"] is False


# One against the other, on arrays


def scored(seed: int, leads: int, *, better: float = 0.0) -> tuple[list[Floats], Rows]:
    """Two scores of the same strength, or the second closer to the truth."""
    dice = np.random.default_rng(seed)
    taste = dice.normal(size=leads)
    won: Bools = dice.random(leads) < 1 / (1 + np.exp(2 - taste))
    scores = [taste + dice.normal(size=leads), taste + (1 - better) * dice.normal(size=leads)]
    return scores, Rows(np.zeros(leads, np.int64), np.arange(leads), won, np.full(leads, np.nan))


def versus(seed: int, leads: int, *, better: float = 0.0, a_week: float | None = 10.0) -> Versus:
    return versus_first(*scored(seed, leads, better=better), 0.2, a_week)[0]


def test_what_is_not_shown_says_how_many_more_conversions_would_show_it() -> None:
    found = versus(1, 300, better=0.1)
    assert found.answer == "no difference shown"
    seen, smallest = found.needed
    assert seen.auc == pytest.approx(abs(found.auc.difference or 0))
    assert smallest.auc == 0.02
    assert seen.weeks == pytest.approx(seen.more / 10)
    assert "more conversions, some" in found.verdict
    assert "would likely show a difference of" in found.verdict


def test_without_dates_no_weeks_are_told() -> None:
    found = versus(1, 300, better=0.1, a_week=None)
    assert found.needed[0].weeks is None
    assert "week" not in found.verdict


def test_as_many_conversions_as_needed_show_the_difference_four_times_out_of_five() -> None:
    scores, rows = scored(0, 200_000, better=0.5)
    truth = paired_auc(scores[1], scores[0], rows.won)
    assert truth.difference is not None
    assert truth.high is not None
    se, have = (truth.high - truth.difference) / 1.959964, int(rows.won.sum())
    leads = round(needed_for(truth.difference, se, have, None).conversions / have * 200_000)
    shown = 0
    for seed in range(1, 301):
        some, these = scored(seed, leads, better=0.5)
        low = paired_auc(some[1], some[0], these.won).low
        shown += low is not None and low > 0
    assert shown / 300 == pytest.approx(0.8, abs=0.06)  # 2.6 standard errors of 300 sets


def test_needed_by_hand() -> None:
    # (1.95996 + 0.84162) * 0.01 / 0.02 = 1.40079; squared, times 100: 196.2
    found = needed_for(0.02, 0.01, 100, 12.0)
    assert (found.conversions, found.more, found.weeks) == (197, 97, 97 / 12)
    assert needed_for(0.02, 0.001, 100, 12.0).more == 0


def test_several_models_are_adjusted_for_their_number() -> None:
    dice = np.random.default_rng(8)
    scores, rows = scored(8, 600)
    more = [scores[0] + noise * dice.normal(size=600) for noise in (0.3, 0.6, 0.9)]
    found = versus_first([scores[0], *more], rows, 0.2, None)
    plain = [paired_auc(score, scores[0], rows.won).p for score in more]
    assert [one.p_adjusted for one in found] == pytest.approx(multipletests(plain, method="holm")[1])
    assert [one.auc.p for one in found] == pytest.approx(plain)


def test_better_in_all_but_worse_among_the_best_is_said_to_depend() -> None:
    # the second sorts the lower 80 % by their truth, and puts those who never buy on top
    dice = np.random.default_rng(2)
    taste = dice.uniform(size=4000)
    won = dice.random(4000) < taste / 3
    first = np.where(taste > 0.8, taste, dice.uniform(0, 0.8, 4000))
    second = np.where((taste > 0.45) & (taste < 0.6), 2.0, taste)
    rows = Rows(np.zeros(4000, np.int64), np.arange(4000), won, np.full(4000, np.nan))
    found = versus_first([first, second], rows, 0.15, None)[0]
    assert found.answer == "mixed"
    assert found.verdict.startswith("it depends: it ranks better in all (AUC")


@pytest.mark.parametrize("conversions", [0, 1, 4])
def test_few_conversions_tell_nothing(conversions: int) -> None:
    scores, rows = scored(1, 100)
    few = Rows(rows.snapshot, rows.lead, np.arange(100) < conversions, rows.value)
    found = versus_first(scores, few, 0.2, None)[0]
    noun = "conversion" if conversions == 1 else "conversions"
    assert (found.answer, found.verdict) == ("cannot tell", f"cannot tell: {conversions} {noun}")
    assert found.needed == ()


def test_two_models_that_give_all_the_same_are_the_same() -> None:
    _, rows = scored(1, 100)
    found = versus_first([np.zeros(100), np.ones(100)], rows, 0.2, None)[0]
    assert (found.answer, found.verdict) == ("same", "the same: both rank every lead alike")


def test_against_a_model_that_gives_all_the_same_a_good_one_is_better() -> None:
    scores, rows = scored(1, 2000)
    assert versus_first([np.zeros(2000), scores[0]], rows, 0.2, None)[0].answer == "better"


def test_conversions_a_week_count_leads_over_the_time_looked_at(past: History) -> None:
    # 1 February to 3 March, 1 March to 31 March, 1 April to 1 May: 30 + 28 + 30 days without overlap
    panel = past.panel(past.plan(GOOD), 30 * DAY)
    leads = len(np.unique(panel.lead[panel.won]))
    assert conversions_a_week(panel) == pytest.approx(leads / ((30 + 28 + 30) / 7))
