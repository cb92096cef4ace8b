"""Trials: splits that are even and stay, plans that keep their promise, readings that allow for looking often."""

from __future__ import annotations

import hashlib
import json
import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow.csv
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import chi2_contingency, chisquare, kstest, norm

from scoville.data.workspace import Workspace
from scoville.engines.duckdb import DuckDB
from scoville.errors import DataError, UsageError
from scoville.evidence.history import read_history
from scoville.evidence.trial.always_valid import Arm, Sequence, leads_with_power
from scoville.evidence.trial.assigning import assign, baseline, count
from scoville.evidence.trial.experiment import (
    Variant,
    alike,
    place_of,
    plan_experiment,
    read_experiment,
    variant_of,
    variants_of,
)

if TYPE_CHECKING:
    from pathlib import Path

DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
EVEN = variants_of("current=50,new=50")


# Who gets which


def test_a_place_is_the_digest_as_anybody_can_work_it_out() -> None:
    # printf welcome:ada | sha256sum (GNU coreutils) -> 72ac01d21ed5f5fe...; 0x72ac01d21ed5f / 16^13 = 0.447937...
    assert hashlib.sha256(b"welcome:ada").hexdigest().startswith("72ac01d21ed5f5fe")
    assert place_of("welcome", "ada") == 0x72AC01D21ED5F / 2**52
    assert place_of("welcome", "ada") == pytest.approx(0.447937120245)


def test_places_are_even() -> None:
    places = [place_of("even", str(lead)) for lead in range(20_000)]
    assert kstest(places, "uniform").pvalue > 0.001
    assert chisquare(np.histogram(places, 100, (0, 1))[0]).pvalue > 0.001


def test_two_experiments_split_independently() -> None:
    pairs = [(variant_of("one", str(i), EVEN), variant_of("two", str(i), EVEN)) for i in range(20_000)]
    table = [[pairs.count((a, b)) for b in ("current", "new")] for a in ("current", "new")]
    assert chi2_contingency(table).pvalue > 0.001


def test_weights_are_kept() -> None:
    thirds = variants_of("a=70, b=20, c=10")
    given = [variant_of("weights", str(lead), thirds) for lead in range(20_000)]
    assert chisquare([given.count(name) for name in "abc"], [14_000, 4_000, 2_000]).pvalue > 0.001


def test_a_place_on_the_line_belongs_to_the_next() -> None:
    place = place_of("x", "y")
    assert variant_of("x", "y", (Variant("a", place), Variant("b", 1 - place))) == "b"
    assert variant_of("x", "y", (Variant("a", place + 1e-9), Variant("b", 1 - place - 1e-9))) == "a"


@pytest.mark.parametrize("text", ["", "current", "a=1,a=2", "a=x,b=1", "a=0,b=1", "a=-1,b=2", "a=nan,b=1", "a=inf,b=1"])
def test_variants_that_are_none_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="--variants"):
        variants_of(text)


def test_variants_without_weights_are_alike() -> None:
    assert variants_of("a,b") == alike(["b", "a"]) == (Variant("a", 0.5), Variant("b", 0.5))
    with pytest.raises(UsageError, match="only the variant a"):
        alike(["a"])


# How many leads it takes


def test_leads_for_one_look_are_those_of_cohens_table() -> None:
    # Cohen 1988, table 6.4.1: h = 0.20, power 0.80, two-sided 5 %: 392 in each group
    rate = 0.3
    expected = math.sin(math.asin(math.sqrt(rate)) + 0.1) ** 2  # h = 2 asin(sqrt(p1)) - 2 asin(sqrt(p0)) = 0.2
    made = plan_experiment(rate, expected / rate - 1, EVEN)
    assert made.per_variant == {"current": 393, "new": 393}  # 392.4, rounded up


def test_a_smaller_share_needs_more_leads() -> None:
    even, uneven = (plan_experiment(0.05, 0.2, variants_of(f"a={a},b={100 - a}")) for a in (50, 90))
    assert uneven.leads > 2 * even.leads
    assert uneven.per_variant["a"] == pytest.approx(9 * uneven.per_variant["b"], rel=0.001)


def test_weeks_are_leads_over_leads_a_week() -> None:
    made = plan_experiment(0.05, 0.2, EVEN, leads_a_week=400)
    assert made.weeks == made.leads / 400
    assert made.weeks_when_peeking == made.leads_when_peeking / 400
    assert plan_experiment(0.05, 0.2, EVEN).weeks is None


def test_more_variants_are_tested_at_a_smaller_level() -> None:
    assert (
        plan_experiment(0.05, 0.2, variants_of("a,b,c")).per_variant["a"]
        == (plan_experiment(0.05, 0.2, EVEN, alpha=0.025).per_variant["current"])
    )


@pytest.mark.parametrize(("rate", "lift"), [(0.0, 0.2), (1.0, 0.2), (5.0, 0.2), (0.05, 0.0), (0.05, 20.0), (0.5, -1.0)])
def test_plans_that_make_no_sense_are_refused(rate: float, lift: float) -> None:
    with pytest.raises(UsageError, match="rate"):
        plan_experiment(rate, lift, EVEN)


def test_a_plan_for_peeking_keeps_its_power() -> None:
    made = plan_experiment(0.1, 0.4, EVEN)
    each = made.per_variant_when_peeking["new"]
    dice = np.random.default_rng(1)
    shown = 0
    for usual, new in zip(dice.binomial(each, 0.1, 1000), dice.binomial(each, 0.14, 1000), strict=True):
        low, _ = Sequence(0.05, made.leads_when_peeking).of_difference(Arm(each, int(new)), Arm(each, int(usual)))
        shown += low > 0
    assert 0.77 <= shown / 1000 <= 0.83  # at the last look alone; 2.6 standard errors


# Reading while it runs


Days = tuple[list[Arm], list[Arm]]


def trial(dice: np.random.Generator, rate: float, share: float, wait_days: float) -> Days:
    """The usual arm and the new one, that is no better, at every other day of 250, with 40 leads a day.

    Leads convert after a while of their own: what is read has not had its time.
    """
    came = np.repeat(np.arange(250), 40)
    is_new, wins = dice.random(came.size) < share, dice.random(came.size) < rate
    won_at = came + dice.exponential(wait_days, came.size) if wait_days else came
    days = np.arange(0, 250, 2)
    leads = [np.searchsorted(came[is_new == side], days, "right") for side in (False, True)]
    won = [np.searchsorted(np.sort(won_at[wins & (is_new == side)]), days, "right") for side in (False, True)]
    usual, new = ([Arm(int(n), int(x)) for n, x in zip(leads[i], won[i], strict=True)] for i in (0, 1))
    return usual, new


def false_alarms(rate: float, share: float, planned: int, wait_days: float = 0) -> float:
    """Share of 1000 trials without any difference that are read as one on some day."""
    dice = np.random.default_rng(7)
    variants, sequence = (Variant("a", 1 - share), Variant("b", share)), Sequence(0.05, planned)
    return (
        sum(
            any(is_shown(arms, variants, sequence) for arms in zip(*trial(dice, rate, share, wait_days), strict=True))
            for _ in range(1000)
        )
        / 1000
    )


def is_shown(arms: tuple[Arm, Arm], variants: tuple[Variant, ...], sequence: Sequence) -> bool:
    """Whether a reading says better or worse; the sequence first, for speed: what it does not show is not read."""
    if not (arms[0].leads and arms[1].leads):
        return False
    low, high = sequence.of_difference(arms[1], arms[0])
    if low <= 0 <= high:
        return False
    reading = read_experiment({"a": arms[0], "b": arms[1]}, variants, planned=int(sequence.planned))
    return reading.effects[0].answer in {"better", "worse"}


@pytest.mark.parametrize(
    ("rate", "share", "planned", "wait_days"),
    [(0.02, 0.5, 10_000, 0), (0.05, 0.5, 1_000, 0), (0.05, 0.1, 3_000, 0), (0.05, 0.5, 10_000, 40)],
)
def test_looking_every_other_day_raises_no_more_false_alarms_than_promised(
    rate: float, share: float, planned: int, wait_days: float
) -> None:
    assert false_alarms(rate, share, planned, wait_days) <= 0.05


def test_an_ordinary_test_would_not_stand_it() -> None:
    def differs(usual: Arm, new: Arm) -> bool:
        rate = (usual.conversions + new.conversions) / (usual.leads + new.leads)
        return abs(new.rate - usual.rate) > 1.96 * math.sqrt(rate * (1 - rate) * (1 / usual.leads + 1 / new.leads))

    dice = np.random.default_rng(7)
    alarms = sum(any(differs(*arms) for arms in zip(*trial(dice, 0.05, 0.5, 0), strict=True)) for _ in range(200))
    assert alarms / 200 > 0.2


def test_the_interval_is_that_of_the_paper() -> None:
    # Waudby-Smith et al. 2024, theorem 2.2, written out for t = 500 and rho^2 = c / 1000, as a multiple of sd / sqrt(t)
    c = -2 * math.log(0.05) + math.log(-2 * math.log(0.05) + 1)
    rho2, t = c / 1000, 500
    margin = math.sqrt(2 * (t * rho2 + 1) / (t**2 * rho2) * math.log(math.sqrt(t * rho2 + 1) / 0.05))
    assert Sequence(0.05, 1000).errors(500) == pytest.approx(margin * math.sqrt(t))


def test_the_interval_is_narrowest_after_as_many_leads_as_planned() -> None:
    best = minimize_scalar(lambda log: Sequence(0.05, math.exp(log)).errors(5000), (6, 9)).x
    assert math.exp(best) == pytest.approx(5000, rel=0.05)


def test_leads_with_power_by_hand() -> None:
    # after as many leads as planned the interval reaches sqrt(2 (c + 1) / c log(sqrt(c + 1) / 0.05)) = 3.0351 errors,
    # with c = 7.9359: (3.0351 + 0.8416) * 10 squared
    assert leads_with_power(0.1, 1.0, 0.05, norm.ppf(0.8)) == pytest.approx((3.0351 + 0.8416) ** 2 * 100, abs=1)


def test_a_difference_is_shown_with_its_words() -> None:
    found = read_experiment({"current": Arm(5000, 250), "new": Arm(5000, 400)}, EVEN).effects[0]
    assert found.answer == "better"
    assert found.difference == pytest.approx(0.03)
    assert found.verdict.startswith("new is better: new 8.00% against current 5.00%, +3.00 points (+1.")
    worse = read_experiment({"current": Arm(5000, 400), "new": Arm(5000, 250)}, EVEN).effects[0]
    assert worse.answer == "worse"
    assert worse.low == pytest.approx(-(found.high or 0))


def test_what_is_not_shown_yet_says_after_how_many_leads_it_would_be() -> None:
    counts = {"current": Arm(5000, 250), "new": Arm(5000, 300)}
    found = read_experiment(counts, EVEN).effects[0]
    assert found.answer == "no difference shown yet"
    assert found.more_leads is not None
    times = (10_000 + found.more_leads) / 10_000
    later = {name: Arm(round(arm.leads * times), round(arm.conversions * times)) for name, arm in counts.items()}
    almost = {name: Arm(round(0.97 * arm.leads), round(0.97 * arm.conversions)) for name, arm in later.items()}
    assert read_experiment(later, EVEN).effects[0].low == pytest.approx(0, abs=1e-4)
    assert read_experiment(almost, EVEN).effects[0].answer == "no difference shown yet"


def test_no_difference_at_all_needs_no_number() -> None:
    found = read_experiment({"current": Arm(5000, 250), "new": Arm(5000, 250)}, EVEN).effects[0]
    assert found.more_leads is None
    assert "hardly any number of leads" in found.verdict


@pytest.mark.parametrize(
    ("current", "new", "verdict"),
    [
        (Arm(0, 0), Arm(0, 0), "cannot tell: a variant has no leads yet"),
        (Arm(3, 1), Arm(0, 0), "cannot tell: a variant has no leads yet"),
        (Arm(50, 0), Arm(50, 0), "cannot tell yet: no conversion among 100 leads"),
        (Arm(50, 9), Arm(52, 10), "cannot tell yet: 19 conversions among 102 leads"),
        (Arm(50, 50), Arm(50, 50), "cannot tell yet: 100 conversions among 100 leads"),
    ],
)
def test_few_conversions_tell_nothing(current: Arm, new: Arm, verdict: str) -> None:
    found = read_experiment({"current": current, "new": new}, EVEN)
    assert found.effects[0].answer == "cannot tell"
    assert found.verdict == verdict


def test_a_variant_without_any_conversion_among_many_leads_tells() -> None:
    found = read_experiment({"current": Arm(2000, 120), "new": Arm(2000, 0)}, EVEN).effects[0]
    assert found.answer == "worse"


def test_several_variants_are_each_held_against_the_first() -> None:
    arms = {"a": Arm(4000, 200), "b": Arm(4000, 320), "c": Arm(4000, 205)}
    found = read_experiment(arms, variants_of("a,b,c"))
    assert [effect.answer for effect in found.effects] == ["better", "no difference shown yet"]
    alone = read_experiment({name: arms[name] for name in "ab"}, variants_of("a,b")).effects[0]
    assert (found.effects[0].low or 0) < (alone.low or 0)  # at 2.5 % instead of 5 %


def test_a_variant_that_nobody_planned_is_refused() -> None:
    with pytest.raises(UsageError, match="the variant old, which is not among current, new"):
        read_experiment({"old": Arm(5, 1)}, EVEN)


def test_plain_values_are_json() -> None:
    found = read_experiment({"current": Arm(5000, 250)}, EVEN)
    plain = json.loads(json.dumps(found.to_dict(), allow_nan=False))
    assert plain["variants"][1] == {
        "name": "new", "share": 0.5, "leads": 0, "conversions": 0, "rate": None, "low": None, "high": None,
    }  # fmt: skip
    assert json.loads(json.dumps(plan_experiment(0.05, 0.2, EVEN).to_dict()))["expected"] == pytest.approx(0.06)


# Whether the split is as planned


def test_52_to_48_among_many_leads_is_noticed() -> None:
    # by hand: (300^2 + 300^2) / 7500 = 24 on one degree of freedom, p = 9.6e-7
    found = read_experiment({"current": Arm(7800, 400), "new": Arm(7200, 380)}, EVEN)
    assert not found.split.is_as_planned
    assert found.split.p == pytest.approx(9.6e-7, rel=0.01)
    assert found.verdict.startswith("do not believe it: 7,800 to 7,200 leads came in where 50 to 50 was planned")
    assert found.effects[0].answer == "split is wrong"


def test_52_to_48_among_few_leads_is_chance() -> None:
    assert read_experiment({"current": Arm(520, 40), "new": Arm(480, 38)}, EVEN).split.is_as_planned


def test_an_uneven_split_that_was_planned_is_none() -> None:
    counts = {"current": Arm(8000, 400), "new": Arm(2000, 100)}
    assert read_experiment(counts, variants_of("current=80,new=20")).split.is_as_planned
    assert not read_experiment(counts, EVEN).split.is_as_planned


def test_a_split_made_by_assign_hardly_ever_alarms() -> None:
    alarms = 0
    for trial in range(50):
        given = [variant_of(f"trial {trial}", str(lead), EVEN) for lead in range(1000)]
        counts = {name: Arm(given.count(name), 0) for name in ("current", "new")}
        alarms += not read_experiment(counts, EVEN).split.is_as_planned
    assert alarms <= 1  # 0.05 are expected


# Files


def test_every_lead_is_assigned_once_and_for_good(tmp_path: Path) -> None:
    people = [{"lead_id": f" L{number} ", "email": "same@example.com"} for number in range(300)]
    given = assign(DuckDB(), people, "welcome", EVEN, tmp_path / "a.csv", workspace=Workspace())
    rows = pyarrow.csv.read_csv(tmp_path / "a.csv").to_pylist()
    assert {row["lead_id"]: row["variant"] for row in rows} == {
        f"L{number}": variant_of("welcome", f"L{number}", EVEN) for number in range(300)
    }
    assert sum(given.values()) == len(rows) == 300


def told(
    rows: list[dict[str, Any]], outcomes: list[dict[str, Any]], **more: Any
) -> tuple[dict[str, Arm], dict[str, int]]:
    found = count(read_history(rows, None, outcomes), **({"as_of": START + 100 * DAY} | more))
    return found.arms, found.left_out


def test_conversions_are_counted_by_variant() -> None:
    rows = [{"lead_id": str(n), "variant": "a" if n < 60 else "b"} for n in range(100)]
    outcomes = [{"lead_id": str(n), "at": START + n * DAY} for n in range(50, 70)]
    outcomes += [{"lead_id": "50", "at": START + 60 * DAY}, {"lead_id": "unknown", "at": START}]
    assert told(rows, outcomes) == ({"a": Arm(60, 10), "b": Arm(40, 10)}, {})


def test_what_came_before_too_late_or_after_now_does_not_count() -> None:
    rows = [
        {"lead_id": name, "variant": "a", "assigned_at": START + day * DAY}
        for name, day in {
            "before": 10,
            "soon": 10,
            "last": 10,
            "late": 10,
            "never": 10,
            "young": 80,
            "edge": 70,
        }.items()
    ]
    days = {"before": 9, "soon": 12, "last": 40, "late": 41, "young": 82, "edge": 100}
    outcomes = [{"lead_id": name, "at": START + day * DAY} for name, day in days.items()]
    # 30 days: soon, last (day 40 is still within) and edge (whose 30 days end right now) converted; late was too late
    expected = {"a": Arm(5, 3)}
    left_out = {"converted before they were assigned": 1, "whose time is not over": 1}
    assert told(rows, outcomes, horizon=30 * DAY) == (expected, left_out)
    assert told(rows, outcomes) == ({"a": Arm(6, 5)}, {"converted before they were assigned": 1})
    assert told(rows, outcomes, as_of=START + 50 * DAY) == (
        {"a": Arm(4, 3)},
        {"converted before they were assigned": 1, "whose time is not over": 2},
    )


def test_leads_in_two_variants_or_in_none_are_left_out_and_counted() -> None:
    rows: list[dict[str, Any]] = [{"lead_id": "1", "variant": name} for name in "ab"] + [{"lead_id": "2"}]
    rows += [{"lead_id": "3", "variant": "a"}, {"lead_id": "3", "variant": " a"}]
    arms, left_out = told(rows, [{"lead_id": "3", "at": START}])
    assert arms == {"a": Arm(1, 1)}
    assert left_out == {"with several variants": 1, "without a variant": 1}


def test_only_wanted_outcomes_count() -> None:
    rows = [{"lead_id": str(n), "variant": "a"} for n in range(4)]
    outcomes = [{"lead_id": str(n), "outcome": "Won" if n else "lost", "at": START} for n in range(4)]
    assert told(rows, outcomes)[0] == {"a": Arm(4, 3)}


def test_an_outcome_column_needs_no_dates() -> None:
    rows = [{"lead_id": str(n), "variant": "a" if n % 2 else "b", "bought": n < 3} for n in range(10)]
    found = count(read_history(rows, outcome_column="bought"), START)
    assert found.arms == {"a": Arm(5, 1), "b": Arm(5, 2)}


def test_a_file_without_variants_says_what_is_missing() -> None:
    with pytest.raises(DataError, match=r"no column 'variant'\. Did you mean 'varient'\?"):
        told([{"lead_id": "1", "varient": "a"}], [{"lead_id": "1", "at": START}])


def test_a_horizon_needs_dates() -> None:
    with pytest.raises(DataError, match="assigned_at"):
        told([{"lead_id": "1", "variant": "a"}], [{"lead_id": "1", "at": START}], horizon=DAY)


def test_the_usual_rate_is_of_leads_whose_horizon_is_over() -> None:
    # 100 leads, one a day; every fifth wins ten days later, the last on day 90: 61 leads have had their 30 days
    people = [{"lead_id": str(n), "created_at": START + n * DAY} for n in range(100)]
    outcomes = [{"lead_id": str(n), "at": START + (n + 10) * DAY} for n in range(0, 85, 5)]
    outcomes.append({"lead_id": "1", "at": START + 50 * DAY})  # 49 days after: too late to count
    found = baseline(read_history(people, None, outcomes), 30 * DAY)
    assert (found.leads, found.conversions) == (61, 13)
    assert found.leads_a_week == pytest.approx(7, rel=0.02)
    assert baseline(read_history(people, None, outcomes), 10 * DAY).conversions == 17
    with pytest.raises(DataError, match="--rate"):
        baseline(read_history(people, None, outcomes), 300 * DAY)


def test_the_usual_rate_of_an_outcome_column_is_of_all_leads() -> None:
    people = [{"lead_id": str(n), "bought": n < 3} for n in range(10)]
    found = baseline(read_history(people, outcome_column="bought"), 30 * DAY)
    assert (found.leads, found.conversions, found.leads_a_week) == (10, 3, None)
