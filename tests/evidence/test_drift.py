"""Drift between two dates or against a baseline: what is found, how often chance is taken for it, what is kept."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from statsmodels.stats.proportion import proportions_ztest

import scoville
from scoville.errors import DataError, UsageError
from scoville.evidence.drift.baseline import from_json, load_baseline, save_baseline, to_json
from scoville.evidence.drift.drifted import Asked, find_drift, no_outcomes, profile_now
from scoville.evidence.drift.moved import moved
from scoville.evidence.drift.profile import Column, Judged, profile_of
from scoville.evidence.drift.then_and_now import auc_difference, rate_difference
from scoville.evidence.history import History, read_history
from scoville.plan.compile import compile_plan
from scoville.scoring import columns_of

if TYPE_CHECKING:
    from pathlib import Path

    from scoville.evidence.drift.drifted import Drift
    from scoville.evidence.drift.profile import Profile
    from scoville.plan.compile import Plan

Row = dict[str, Any]
DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
CONTENT: dict[str, Any] = {
    "scoville": 1,
    "name": "Drifting",
    "disqualify": [{"name": "Rival", "when": {"email.domain": ["rival.com"]}}],
    "fit": {
        "rules": [
            {"name": "Source", "by": "source", "values": {"web": 10, "fair": 20}},
            {"name": "Free mail", "when": {"email.kind": "free"}, "points": -5},
            {"name": "Size", "by": "employees", "bands": [{"from": 100, "points": 15}]},
        ]
    },
    "engagement": {
        "rules": [
            {"name": "Visit", "event": "visit", "points": 20},
            {"name": "Demo", "event": "demo", "points": 30},
        ]
    },
    "stages": [{"name": "Cold", "from": 0}, {"name": "Warm", "from": 30}],
}
MODEL = scoville.Model.from_dict(CONTENT)


def rows(
    *, list_share: float = 0.2, demo: str = "demo", says_nothing: bool = False, per_day: int = 6
) -> tuple[list[Row], list[Row], list[Row]]:
    """Two years of leads; from 2026 on, sources and the name of an event are as said, and a visit may say nothing."""
    dice = np.random.default_rng(3)
    people, events, outcomes = [], [], []
    for number in range(per_day * 640):
        day, lead_id = number // per_day, f"L{number:05}"
        later = day >= 365
        share = list_share if later else 0.2
        at = START + (day + 0.5) * DAY
        people.append(
            {
                "lead_id": lead_id,
                "created_at": START + day * DAY,
                "email": f"p{number}@{dice.choice(['gmail.com', 'acme.example'], p=[0.3, 0.7])}",
                "employees": int(dice.integers(1, 300)) if dice.random() < 0.9 else None,
                "source": str(dice.choice(["web", "fair", "list"], p=[0.9 - share, 0.1, share])),
            }
        )
        visits = bool(dice.random() < 0.4)
        events += [{"lead_id": lead_id, "event": "visit", "occurred_at": at}] if visits else []
        if dice.random() < 0.03:
            events.append({"lead_id": lead_id, "event": demo if later else "demo", "occurred_at": at})
        if dice.random() < (0.22 if later and says_nothing else 0.4 if visits else 0.1):
            outcomes.append({"lead_id": lead_id, "outcome": "won", "at": START + (day + 40) * DAY})
    return people, events, outcomes


def seen(data: tuple[list[Row], list[Row], list[Row]], *, with_outcomes: bool = True) -> tuple[History, Plan]:
    people, events, outcomes = data
    history = read_history(people, events, outcomes if with_outcomes else no_outcomes())
    return history, history.plan(MODEL)


ASKED = Asked(base=START + 300 * DAY, now=START + 560 * DAY, window=90 * DAY, horizon=45 * DAY)


def found_in(data: tuple[list[Row], list[Row], list[Row]], asked: Asked = ASKED) -> Drift:
    return find_drift(*seen(data), asked)[0]


@pytest.fixture(scope="module")
def steady() -> tuple[Drift, Profile, History, Plan]:
    history, plan = seen(rows())
    return *find_drift(history, plan, ASKED), history, plan


# What is found


def test_where_nothing_changed_nothing_has_drifted(steady: tuple[Drift, Profile, History, Plan]) -> None:
    drift = steady[0]
    assert not drift.drifted
    assert drift.reasons == drift.to_do == ()
    assert drift.verdict.startswith("not drifted: new leads look like those of 28 October 2025")
    assert not any(one.has_moved for one in drift.moved)
    assert drift.auc.p is not None
    assert drift.rate.p is not None


def test_only_new_leads_are_compared(steady: tuple[Drift, Profile, History, Plan]) -> None:
    # six a day for 90 days, of whom those that won within them are gone
    drift = steady[0]
    assert 0.85 * 540 < drift.base_leads <= 540
    assert 0.85 * 540 < drift.now_leads <= 540


def test_every_rule_and_trait_is_looked_at_derived_ones_too(steady: tuple[Drift, Profile, History, Plan]) -> None:
    names = {(one.kind, one.name) for one in steady[0].moved}
    assert names == {
        ("score", "score"), ("rule", "disqualified: Rival"), ("rule", "Source"), ("rule", "Free mail"),
        ("rule", "Size"), ("rule", "Visit"), ("rule", "Demo"), ("trait", "email.domain"), ("trait", "email.kind"),
        ("trait", "source"), ("trait", "employees"),
    }  # fmt: skip


def test_other_people_are_found_and_named() -> None:
    drift = found_in(rows(list_share=0.75))
    assert drift.drifted
    far = {one.name: one for one in drift.moved if one.has_moved}
    assert far["source"].shift.word == "shifted"
    assert "score" in far
    assert "Visit" not in far
    assert any(line.startswith("source: other people come in") for line in drift.to_do)


def test_a_renamed_event_is_found_though_few_leads_had_it() -> None:
    # 3 % of the leads: the index of going from 3 % to nobody is small, and yet the rule is dead
    drift = found_in(rows(demo="demo_booked"))
    one = next(one for one in drift.moved if one.name == "Demo")
    assert one.is_gone
    assert one.shift.psi is not None
    assert one.shift.psi < 0.25
    assert drift.drifted
    assert any("was an event or a value renamed?" in line for line in drift.to_do)


def test_a_score_that_ranks_worse_has_drifted_though_leads_are_the_same_and_as_many_convert() -> None:
    drift = found_in(rows(says_nothing=True, per_day=14), replace(ASKED, window=40 * DAY))
    assert drift.drifted
    assert not any(one.has_moved for one in drift.moved)
    assert drift.auc.is_real
    assert not drift.rate.is_real
    assert drift.auc.high is not None
    assert drift.auc.high < 0
    assert any("tune the model again" in line for line in drift.to_do)


def test_no_outcomes_are_needed() -> None:
    people, events, _ = rows(list_share=0.75)
    history, plan = seen((people, events, []), with_outcomes=False)
    drift, _profile = find_drift(history, plan, ASKED)
    assert drift.drifted
    assert drift.base_leads == drift.now_leads == 540
    assert drift.auc.cannot_tell == "cannot tell: no outcomes are known of the leads of now"


def test_outcomes_are_judged_where_their_horizon_is_over(steady: tuple[Drift, Profile, History, Plan]) -> None:
    _, profile, history, plan = steady
    assert profile.judged is not None
    assert profile.judged.as_of == ASKED.now  # the data reach to day 679
    late, _ = find_drift(history, plan, replace(ASKED, base=START + 640 * DAY, now=START + 670 * DAY))
    assert late.auc.cannot_tell is not None
    assert late.auc.cannot_tell.startswith("cannot tell: no later day than")


# How often chance is taken for drift


def tossed(dice: np.random.Generator, leads: int, moved_by: float = 0.0) -> tuple[Column, ...]:
    """A score, ten rules and ten traits of leads drawn at random."""
    score = np.where(dice.random(leads) < 0.3, 0.0, dice.normal(40 + 10 * moved_by, 10, leads))
    rules = [np.where(dice.random(leads) < share, 10.0, 0.0) for share in np.linspace(0.02, 0.6, 10)]
    texts = [dice.choice(np.array([*"abcde", None], dtype=object), leads) for _ in range(10)]
    return (
        Column("score", "score", None, score),
        *(Column("rule", f"r{i}", "fit", values) for i, values in enumerate(rules)),
        *(Column("trait", f"t{i}", None, values) for i, values in enumerate(texts)),
    )


@pytest.fixture(scope="module")
def plan() -> Plan:
    history, _ = seen(rows(per_day=1))
    return compile_plan(MODEL, columns_of(history.engine, with_events=True))


@pytest.mark.parametrize("leads", [60, 250])
def test_chance_is_taken_for_drift_at_most_once_in_a_hundred_runs(leads: int, plan: Plan) -> None:
    dice, times, alarms = np.random.default_rng(9), 120, 0
    for _ in range(times):
        base = profile_of(plan, START, None, tossed(dice, leads))
        alarms += any(one.has_moved for one in moved(base, tossed(dice, leads)))
    assert alarms <= 6  # of 120: more than that happens once in 3,800 runs where the truth is 1 %


def test_a_real_shift_is_found(plan: Plan) -> None:
    dice, found = np.random.default_rng(9), 0
    for _ in range(40):
        base = profile_of(plan, START, None, tossed(dice, 400))
        found += moved(base, tossed(dice, 400, moved_by=1.0))[0].shift.word == "shifted"
    assert found >= 38


# Then and now


def judged(leads: int, conversions: int, auc: float | None = 0.8, day: int = 0, why: str | None = None) -> Judged:
    return Judged(START + day * DAY, 90.0, leads, conversions, auc, 0.02 if auc is not None else None, why)


def test_rates_are_compared_as_two_proportions() -> None:
    found = rate_difference(judged(1000, 50), judged(1000, 90, day=30))
    assert (found.base, found.now, found.is_real) == (0.05, 0.09, True)
    assert found.p == pytest.approx(proportions_ztest([90, 50], [1000, 1000])[1], rel=0.02)
    # Newcombe's method 10 by hand from Wilson's intervals (0.03814, 0.06535) and (0.07377, 0.10937)
    assert found.low == pytest.approx(0.04 - np.hypot(0.09 - 0.07377, 0.06535 - 0.05), abs=2e-4)
    assert found.high == pytest.approx(0.04 + np.hypot(0.10937 - 0.09, 0.05 - 0.03814), abs=2e-4)


def test_a_sure_but_small_change_is_no_alarm() -> None:
    found = rate_difference(judged(1_000_000, 50_000), judged(1_000_000, 51_500, day=30))
    assert found.p is not None
    assert found.p < 0.001
    assert not found.is_real
    fell = auc_difference(replace(judged(10**6, 9), auc_se=0.001), replace(judged(10**6, 9, 0.79, 30), auc_se=0.001))
    assert not fell.is_real


def test_aucs_are_compared_with_both_errors() -> None:
    found = auc_difference(judged(1000, 100), judged(1000, 100, 0.7, 30))
    # 0.1 / sqrt(2 * 0.02^2) = 3.5355; two-sided p of the normal law: 0.000407
    assert found.p == pytest.approx(0.000407, abs=2e-6)
    assert [found.low, found.high] == pytest.approx([-0.15544, -0.04456], abs=1e-5)
    assert found.is_real
    assert not auc_difference(judged(1000, 100, 0.7), judged(1000, 100, 0.8, 30)).is_real  # better is no alarm


@pytest.mark.parametrize(
    ("base", "now", "said"),
    [
        (None, judged(100, 10), "of the base"),
        (judged(100, 10), None, "of now"),
        (judged(100, 10), judged(100, 10), "no later day than 2025-01-01"),
        (judged(100, 10), replace(judged(100, 10, day=30), horizon_days=30.0), "looked 90 days ahead, this run 30"),
        (judged(100, 2, why="cannot tell: 2 conversions"), judged(100, 9, day=9), "cannot tell: 2 conversions"),
        (judged(100, 0, None), judged(100, 0, None, 30), "cannot tell"),
    ],
)
def test_what_cannot_be_compared_says_why(base: Judged | None, now: Judged | None, said: str) -> None:
    found = auc_difference(base, now)
    assert said in (found.cannot_tell or "")
    assert not found.is_real
    assert (found.low, found.p) == (None, None)


def test_no_conversion_at_all_is_no_change() -> None:
    assert rate_difference(judged(100, 0), judged(100, 0, day=30)).cannot_tell == "cannot tell: 0 conversions"
    assert rate_difference(judged(9, 9), judged(9, 9, day=30)).cannot_tell == "cannot tell: all leads converted"


# Baselines


def test_a_baseline_gives_the_same_answer_as_its_date(
    steady: tuple[Drift, Profile, History, Plan], tmp_path: Path
) -> None:
    drift, _, history, plan = steady
    save_baseline(profile_now(history, plan, replace(ASKED, now=ASKED.base)), tmp_path / "base.json")
    again, _ = find_drift(history, plan, replace(ASKED, base=None, window=None), load_baseline(tmp_path / "base.json"))
    assert again.moved == drift.moved
    assert (again.verdict, again.window_days, again.stages) == (drift.verdict, 90.0, drift.stages)
    assert again.auc.p == pytest.approx(drift.auc.p)


def test_a_baseline_holds_no_lead(steady: tuple[Drift, Profile, History, Plan]) -> None:
    text = json.dumps(to_json(steady[1]), allow_nan=False)
    assert from_json(json.loads(text)) == steady[1]
    assert "@" not in text
    assert "L0" not in text


def test_a_personal_trait_is_kept_as_given_or_not() -> None:
    content = {**CONTENT, "disqualify": [{"name": "Test", "when": {"first_name": {"contains": "test"}}}]}
    people, events, outcomes = rows(per_day=1)
    for row in people:
        row["first_name"] = "Anna"  # though many leads share it
    history = read_history(people, events, outcomes)
    profile = profile_now(history, history.plan(scoville.Model.from_dict(content)), ASKED)
    assert "anna" not in json.dumps(to_json(profile)).lower()
    name = next(one for one in profile.columns if one.name == "first_name")
    assert name.bins.texts == ("(given)",)


def test_a_baseline_of_another_version_is_said(steady: tuple[Drift, Profile, History, Plan]) -> None:
    _, profile, history, plan = steady
    base = replace(profile, as_of=START + 300 * DAY, model_version="000000000000", columns=profile.columns[1:])
    drift, _ = find_drift(history, plan, ASKED, base)
    assert "another version of the model (000000000000" in drift.notes[0]
    assert "score 'score' is new since the baseline" in drift.notes


def test_a_trait_that_holds_texts_now_is_said(steady: tuple[Drift, Profile, History, Plan]) -> None:
    _, profile, history, plan = steady
    columns = tuple(
        replace(one, bins=replace(one.bins, texts=None), counts=(10, 5)) if one.name == "source" and one.kind == "trait"
        else one
        for one in profile.columns
    )  # fmt: skip
    drift, _ = find_drift(history, plan, ASKED, replace(profile, as_of=START + 300 * DAY, columns=columns))
    assert "trait 'source' held numbers in the baseline and holds texts now: was the import changed?" in drift.notes


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "cannot read the baseline"),
        ("[]", "is no baseline"),
        ('{"scoville_baseline": 9}', "is version 9; allowed: version 1"),
        ('{"scoville_baseline": 1, "model": "x"}', "is damaged (KeyError"),
    ],
)
def test_a_file_that_is_no_baseline_says_what_to_do(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "b.json").write_text(text, encoding="utf-8")
    with pytest.raises(DataError) as raised:
        load_baseline(tmp_path / "b.json")
    assert said in str(raised.value)
    assert "--save-baseline" in str(raised.value)


def test_counts_that_do_not_fit_their_bins_are_refused(steady: tuple[Drift, Profile, History, Plan]) -> None:
    plain = to_json(steady[1])
    plain["columns"][0]["counts"].append(1)
    with pytest.raises(ValueError, match="counts for"):
        from_json(plain)


# What makes no sense


@pytest.mark.parametrize(
    ("asked", "error", "said"),
    [
        (replace(ASKED, now=ASKED.base), UsageError, "is not before"),
        (replace(ASKED, base=None, now=START + 100 * DAY), UsageError, "say what to compare with"),
        (replace(ASKED, base=START - 400 * DAY), DataError, "no lead was created within 90 days before"),
        (replace(ASKED, base=START - 400 * DAY, window=None), DataError, "no lead was open on"),
    ],
)
def test_dates_that_cannot_be_compared_say_what_to_do(
    asked: Asked, error: type[Exception], said: str, steady: tuple[Drift, Profile, History, Plan]
) -> None:
    with pytest.raises(error) as raised:
        find_drift(steady[2], steady[3], asked)
    assert said in str(raised.value)


def test_all_open_leads_may_be_compared_with_a_warning(steady: tuple[Drift, Profile, History, Plan]) -> None:
    drift, _ = find_drift(steady[2], steady[3], replace(ASKED, window=None))
    assert drift.now_leads > drift.base_leads > 540
    assert any("grown older" in note for note in drift.notes)


def test_plain_values_are_json(steady: tuple[Drift, Profile, History, Plan]) -> None:
    plain = json.loads(json.dumps(steady[0].to_dict(), allow_nan=False))
    assert plain["base_as_of"] == "2025-10-28T00:00:00Z"
    assert plain["moved"][0]["name"] == "score"
    assert plain["drifted"] is False
