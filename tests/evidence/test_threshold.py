"""Where to put the line: counts by hand and against plain loops, rates against scikit-learn, and wishes that fail."""

from __future__ import annotations

import itertools
import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np
import pytest
from sklearn.metrics import precision_recall_curve

import scoville
from scoville.errors import DataError, UsageError
from scoville.evidence.figures.sample import wilson
from scoville.evidence.lines.choices import Choice, Chooser, described, for_recall
from scoville.evidence.lines.crossings import GROUPS, crossings, lines_for
from scoville.evidence.lines.customers import Purchases, last_customers
from scoville.evidence.lines.threshold import Thresholds, section_named, thresholds_of, weekly
from scoville.evidence.lines.trade_off import reach, trade_off
from scoville.evidence.lines.wishes import Wishes
from scoville.evidence.snapshots import Panel, Span

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.figures.sample import Bools, Floats

WEEK = timedelta(days=7)
START = datetime(2025, 1, 6)  # noqa: DTZ001 - naive UTC
MODEL = scoville.Model.from_dict(
    {
        "scoville": 1,
        "name": "Lines",
        "fit": {"rules": [{"name": "Big", "by": "size", "bands": [{"from": 100, "points": 100}]}]},
        "stages": [{"name": "Lead", "from": 0}, {"name": "MQL", "from": 41}, {"name": "SQL", "from": 71}],
    }
)


def panel_of(rows: Sequence[tuple[int, int, float, bool]], step: timedelta = WEEK, value: float = np.nan) -> Panel:
    """A panel of (snapshot, lead, score, won); each lead that won brings the same value."""
    snapshot, lead, score, won = (np.array(column) for column in zip(*rows, strict=True))
    score, won = score.astype(np.float64), won.astype(np.bool_)
    instants = tuple(START + number * step for number in range(int(snapshot.max()) + 1))
    worth = np.where(np.isin(lead, lead[won]), value, np.nan)
    return Panel(instants, timedelta(days=30), snapshot, lead, score, score / 2, score / 2, won, worth, {})


def a_list(score: Floats, won: Bools) -> Panel:
    """One snapshot."""
    return panel_of([(0, lead, float(score[lead]), bool(won[lead])) for lead in range(score.size)])


def drawn(seed: int, snapshots: int = 6, leads: int = 60) -> Panel:
    """Leads that come at some snapshot, warm up and cool down, and leave once they have bought."""
    dice, rows = np.random.default_rng(seed), []
    for lead in range(leads):
        heat, left = dice.integers(0, 60), int(dice.integers(2, snapshots + 4))
        for snapshot in range(int(dice.integers(0, snapshots)), min(left, snapshots)):
            score = float(np.clip(heat + dice.integers(-20, 30), 0, 100))
            rows.append((snapshot, lead, score, left < snapshots + 2 and left - snapshot <= 2))
    return panel_of(sorted(rows))


def chosen(panel: Panel, wishes: Wishes, *, known: int | None = None) -> Choice:
    """The answer to the one wish given."""
    (choice,) = thresholds_of(panel, MODEL, wishes, known=known).choices
    return choice


# What standing leads give, at every snapshot


@pytest.mark.parametrize(("seed", "steps"), [(1, 1e9), (2, 1), (3, 10)])
def test_the_trade_off_is_the_precision_recall_curve_of_scikit_learn(seed: int, steps: float) -> None:
    dice = np.random.default_rng(seed)
    score = np.round(dice.normal(50, 15, 700) * steps) / steps
    won = dice.random(700) < score / 150
    precision, recall, thresholds = precision_recall_curve(won, score)
    found = trade_off(a_list(score, won))
    assert len(found) > 8
    for line in found:
        place = np.searchsorted(thresholds, line.threshold)
        assert (line.precision, line.recall) == pytest.approx((precision[place], recall[place]), abs=1e-12)


def test_a_lead_counts_at_every_snapshot_but_widens_no_certainty() -> None:
    # by hand: six leads stand at 50 in both snapshots, two of them are won in both; two stand at 10
    rows = [(s, lead, 50.0 if lead < 6 else 10.0, lead in {0, 1}) for s in (0, 1) for lead in range(8)]
    high, low = trade_off(panel_of(rows))
    assert (high.threshold, high.leads, high.leads_per_snapshot, high.conversions) == (50, 12, 6.0, 4)
    assert (high.precision, high.recall) == pytest.approx((1 / 3, 1.0))
    assert (low.threshold, low.leads, low.conversions) == (10, 16, 4)
    assert high.precision_low is not None
    assert high.precision_low < wilson(4, 12)[0]  # 12 rows are not 12 leads


def test_counts_at_a_line_are_those_of_all_rows_there() -> None:
    panel = drawn(4)
    for line in trade_off(panel):
        above = panel.score >= line.threshold
        assert (line.leads, line.conversions) == (above.sum(), panel.won[above].sum())


def test_equal_scores_leave_one_line_and_no_conversion_no_recall() -> None:
    (line,) = trade_off(a_list(np.full(9, 7.5), np.zeros(9, dtype=bool)))
    assert (line.threshold, line.leads, line.precision, line.recall, line.recall_low) == (7, 9, 0.0, None, None)


# Who crosses a line, and when


def test_crossings_by_hand() -> None:
    rows = [
        (0, 1, 60.0, False), (1, 1, 60.0, False), (2, 1, 90.0, True),  # stood at 50 already; crosses 80 in week 2
        (0, 2, 10.0, False), (1, 2, 55.0, False), (2, 2, 20.0, False), (3, 2, 70.0, False),  # crosses 50 once
        (2, 3, 85.0, True),  # new in week 2, above both lines at once
    ]  # fmt: skip
    found = crossings(panel_of(rows), panel_of(rows).score, np.array([0.0, 50.0, 80.0]))
    assert found.reached.tolist() == [[0, 0, 0], [0, 1, 0], [1, 1, 2], [0, 0, 0]]
    assert found.won.tolist() == [[0, 0, 0], [0, 0, 0], [1, 1, 2], [0, 0, 0]]
    assert found.standing.tolist() == [[2, 1, 0], [2, 2, 0], [3, 2, 2], [1, 1, 0]]
    assert (found.weeks, found.buyers, found.group_buyers_reached.sum(axis=0).tolist()) == (3.0, 2, [2, 2, 2])


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("known", [1, 3, 6])
def test_crossings_are_what_a_plain_loop_counts(seed: int, known: int) -> None:
    panel, lines = drawn(seed), np.array([0.0, 17, 40, 41, 63, 90])
    found = crossings(panel, panel.score, lines, known)
    for place, line in enumerate(lines):
        reached, won, seen = np.zeros(6, dtype=int), np.zeros(6, dtype=int), set()
        for snapshot, lead, score, bought in sorted(
            zip(panel.snapshot, panel.lead, panel.score, panel.won, strict=True)
        ):
            if score >= line and lead not in seen:
                seen.add(lead)
                is_new = snapshot > 0 or known == 1
                reached[snapshot] += is_new
                won[snapshot] += is_new and bought
        buyers = set(panel.lead[panel.won].tolist())
        assert found.reached[:, place].tolist() == reached.tolist()
        assert found.won[:, place].tolist() == won.tolist()
        assert found.group_reached[:, place].sum() == reached[found.counted].sum()
        assert found.group_won[:, place].sum() == won[found.counted].sum()
        assert found.group_buyers_reached[:, place].sum() == len(buyers & seen)


def test_many_leads_are_resampled_in_groups_that_lose_none() -> None:
    score = np.random.default_rng(1).integers(0, 100, GROUPS + 500).astype(np.float64)
    found = crossings(a_list(score, score > 90), score, np.array([0.0, 50.0]))
    assert found.group_reached.shape == (GROUPS, 2)
    assert found.group_reached.sum(axis=0).tolist() == [score.size, (score >= 50).sum()]


def test_new_leads_a_week_have_garwoods_interval() -> None:
    # one week, 10 leads cross: 4.80 to 18.39 (Garwood 1936, as in tables of exact Poisson intervals)
    rows = [(s, lead, 60.0 if s else 0.0, False) for lead in range(10) for s in (0, 1)]
    at = reach(crossings(panel_of(rows), panel_of(rows).score, np.array([0.0, 50.0])), 1)
    assert (at.leads, at.leads_per_week) == (10, 10.0)
    assert (at.leads_per_week_low, at.leads_per_week_high) == pytest.approx((4.7954, 18.3904), abs=1e-4)


def test_weeks_that_differ_beyond_chance_widen_the_interval() -> None:
    even = [(s, 10 * s + k, 50.0, False) for s in range(5) for k in range(10)]
    uneven = [(s, 100 * s + k, 50.0, False) for s in range(5) for k in range(40 if s == 4 else 1)]
    widths = []
    for rows in (even, uneven):
        at = reach(crossings(panel_of(rows), panel_of(rows).score, np.array([0.0])), 0)
        assert at.leads_per_week_low is not None
        assert at.leads_per_week_high is not None
        widths.append((at.leads_per_week_high - at.leads_per_week_low) / (at.leads_per_week or 1))
    assert widths[1] > 3 * widths[0]


# Wishes


def crossing_panel() -> Panel:
    """Each week 20 leads come, one at each of 0, 5, ... 95; those from 80 on buy, and every second week that at 40."""
    rows = [
        (week, 20 * week + step, 5.0 * step, step >= 16 or (step == 8 and week % 2 == 0))
        for week in range(11) for step in range(20)
    ]  # fmt: skip
    return panel_of(rows, value=100.0)


def test_a_capacity_is_filled_and_not_exceeded() -> None:
    # by hand: five leads come each week above 70 (75, 80, 85, 90, 95), six with it; 71 is a stage of the model
    choice = chosen(crossing_panel(), Wishes(capacity_per_week=5.5))
    assert choice.at is not None
    assert (choice.is_met, choice.at.threshold, choice.at.leads_per_week, choice.at.leads) == (True, 71, 5.0, 50)
    assert (choice.at.conversions, choice.at.precision) == (40, 0.8)
    assert choice.sentence == "At 71: 5.0 new leads a week, 80% buy; you reach 88% of all who buy"  # 44 of 50 buyers
    assert [week.leads for week in choice.weeks] == [5] * 10
    assert {(week.conversions, week.precision) for week in choice.weeks} == {(4, 0.8)}


def test_a_capacity_below_the_ties_at_the_top_names_the_nearest() -> None:
    rows = [(week, 10 * week + k, 100.0, k == 0) for week in range(7) for k in range(8)]
    choice = chosen(panel_of(rows), Wishes(capacity_per_week=3))
    assert not choice.is_met
    assert "8.0 new leads a week reach 100" in choice.sentence
    assert choice.at is not None
    assert choice.at.leads_per_week == 8.0


def test_a_capacity_above_all_that_come_says_that_there_is_room() -> None:
    choice = chosen(crossing_panel(), Wishes(capacity_per_week=500))
    assert choice.at is not None
    assert (choice.is_met, choice.at.threshold, choice.at.leads_per_week) == (True, 0, 20.0)
    assert choice.remark == "there is room for more: no line brings more than 20"


def test_a_capacity_needs_no_conversions() -> None:
    panel = panel_of([(week, 20 * week + step, 5.0 * step, False) for week in range(11) for step in range(20)])
    choice = chosen(panel, Wishes(capacity_per_week=5.5))
    assert choice.is_met
    assert choice.sentence == "At 71: 5.0 new leads a week; nobody bought at all"


def test_the_newest_weeks_say_when_more_come_than_the_line_was_drawn_for() -> None:
    # 4 a week at 60 while outcomes are known; then 4 at 60 and 4 more at 50: known weeks alone would take both
    rows = [
        (week, 10 * week + k, 60.0 if k < 4 else 50.0, False)
        for week in range(13) for k in range(4 if week < 7 else 8)
    ]  # fmt: skip
    choice = chosen(panel_of(rows), Wishes(capacity_per_week=5), known=7)
    assert choice.at is not None
    assert (choice.at.threshold, choice.since_per_week) == (50, 8.0)
    assert choice.remark is not None
    assert "8.0 a week have come since 17 February: for these, the line is 60" in choice.remark
    assert [week.conversions is None for week in choice.weeks] == [False] * 6 + [True] * 6


def test_a_rate_is_met_by_the_lowest_line_that_has_it() -> None:
    # by hand, a week: at 75 4 of 5 buy, at 70 4 of 6, at 65 4 of 7 (57 %), at 60 4 of 8 (50 %)
    choice = chosen(crossing_panel(), Wishes(precision=0.55))
    assert choice.at is not None
    assert (choice.at.threshold, choice.at.precision) == pytest.approx((65, 4 / 7))
    assert choice.remark is not None
    assert "not sure" in choice.remark


def test_a_rate_that_no_line_has_names_the_best() -> None:
    rows = [(week, 10 * week + k, 10.0 * k, k == 9 and week % 2 == 0) for week in range(13) for k in range(10)]
    choice = chosen(panel_of(rows), Wishes(precision=0.9))
    assert (choice.is_met, choice.kind) == (False, "precision")
    assert "The nearest: At 90: 1.0 new leads a week, 50% buy" in choice.sentence


def test_a_reach_is_met_by_the_highest_line_that_has_it() -> None:
    # 44 of 50 buyers stand at 80 or above, 11 each at 80, 85, 90, 95; six at 40
    for wanted, line, reached in ((0.66, 85, 33), (0.8, 80, 44), (0.9, 40, 50)):
        at = chosen(crossing_panel(), Wishes(recall=wanted)).at
        assert at is not None
        assert (at.threshold, at.buyers_reached, at.buyers) == (line, reached, 50)


def test_all_buyers_may_need_everyone() -> None:
    rows = [(week, 10 * week + k, 10.0 * k, k in {0, 9}) for week in range(4) for k in range(10)]
    choice = chosen(panel_of(rows), Wishes(recall=1.0))
    assert choice.at is not None
    assert (choice.at.threshold, choice.remark) == (0, "only by calling everyone")


def test_the_most_valuable_line_by_hand() -> None:
    # from 95 down to 80 each lead costs 30 and brings 100; 75 and below only cost, until 40 brings 50 after 240 spent
    choice = chosen(crossing_panel(), Wishes(cost=30))
    assert choice.at is not None
    assert (choice.at.threshold, choice.at.net) == pytest.approx((80, 4 * 100 - 4 * 30))
    assert choice.at.net_low is not None
    assert choice.at.net_high is not None
    assert choice.at.net_low < 280 < choice.at.net_high
    # with a cost of 5, the lead at 40 pays for the eight calls above it: 50 more for 40 more
    cheap = chosen(crossing_panel(), Wishes(cost=5))
    assert cheap.at is not None
    assert (cheap.at.threshold, cheap.at.net) == pytest.approx((40, 450 - 12 * 5))
    # a value given stands in the place of the mean one: now none but those who always buy are worth the call
    assert chosen(crossing_panel(), Wishes(cost=5, value=50)).wish == "most value: a lead costs 5, a win brings 50"


def test_a_call_that_costs_more_than_any_lead_brings_is_said() -> None:
    choice = chosen(crossing_panel(), Wishes(cost=150))
    assert not choice.is_met
    assert choice.sentence.startswith("cannot be met: no line pays")
    assert choice.at is not None
    assert choice.at.threshold == 95  # the highest of those where all buy


def test_without_any_value_nobody_can_tell_what_pays() -> None:
    rows = [(week, 10 * week + k, 10.0 * k, k == 9) for week in range(9) for k in range(10)]
    choice = chosen(panel_of(rows), Wishes(cost=5))
    assert (choice.is_met, choice.sentence) == (False, "cannot tell: no outcome has a value")


# Little, or nothing, to go by


@pytest.mark.parametrize(("conversions", "told"), [(0, False), (1, False), (4, False), (5, True)])
def test_few_conversions_are_said_and_no_line_is_drawn_from_them(conversions: int, told: bool) -> None:  # noqa: FBT001
    score = np.arange(60.0)
    found = thresholds_of(a_list(score, score >= 60 - conversions), MODEL, Wishes(precision=0.5, recall=0.5))
    assert (found.cannot_tell is None) is told
    for choice in found.choices:
        assert choice.is_met is told
        if not told:
            assert choice.sentence == f"cannot tell: {conversions} conversion{'' if conversions == 1 else 's'}"


def test_one_class_and_equal_scores_draw_no_line() -> None:
    wishes = Wishes(capacity_per_week=3, precision=0.5, recall=0.5, cost=1, value=2)
    score = np.arange(30.0)
    everyone = thresholds_of(a_list(score, np.ones(30, dtype=bool)), MODEL, wishes)
    assert everyone.cannot_tell == "cannot tell: 0 leads without a conversion"
    equal = thresholds_of(a_list(np.full(30, 5.0), score < 10), MODEL, wishes)
    assert equal.cannot_tell == "cannot tell: all scores are equal"
    for found in (everyone, equal):
        assert {choice.kind for choice in found.choices if not choice.is_met} >= {"precision", "recall", "value"}
    (capacity, *_) = equal.choices
    assert "30 leads reach 5" in capacity.sentence
    json.dumps(equal.to_dict(), allow_nan=False)


def test_one_snapshot_is_a_list_without_weeks() -> None:
    score = np.arange(100.0)
    found = thresholds_of(a_list(score, score >= 80), MODEL, Wishes(capacity_per_week=25, cost=1, value=10))
    capacity, value = found.choices
    assert capacity.sentence == "At 75: 25 leads on the list, 80% buy; you reach 100% of all who buy"
    assert capacity.at is not None
    assert (found.weeks, capacity.at.leads_per_week, capacity.at.leads_per_week_low) == (None, None, None)
    assert value.at is not None
    assert (value.at.threshold, value.at.net) == (80, 180.0)
    assert any("there is one snapshot" in note for note in found.notes)


def test_wishes_that_make_no_sense_say_what_would() -> None:
    for wrong, hint in (
        ({"precision": 20.0}, "did you mean 0.2?"), ({"recall": 0.0}, "a share above 0"),
        ({"capacity_per_week": -1.0}, "must be above 0"), ({"cost": float("nan")}, "must be above 0"),
    ):  # fmt: skip
        with pytest.raises(UsageError, match=hint.replace("?", r"\?")):
            Wishes(**wrong)  # type: ignore[arg-type]
    with pytest.raises(UsageError, match="score, fit, engagement"):
        section_named("heat")


# How sure a line is


def test_the_interval_of_a_line_holds_the_true_line() -> None:
    # Buyers score as 60 + 10 x normal, others as 40 + 10 x normal; 80 % of buyers stand above 60 - 8.416 (normal table)
    held, sets, truth = 0, 60, 60 - 8.416
    for seed in range(sets):
        dice = np.random.default_rng(seed)
        won = dice.random(400) < 0.3
        panel = a_list(dice.normal(40, 10, 400) + 20 * won, won)
        choice = for_recall(Chooser(crossings(panel, panel.score, lines_for(panel.score)), Wishes()), 0.8)
        assert choice.line_low is not None
        assert choice.line_high is not None
        held += choice.line_low <= truth <= choice.line_high
    assert 52 <= held <= 60  # 57 of 60, less three binomial standard errors


def test_the_same_data_give_the_same_interval_in_any_order_of_rows() -> None:
    panel = drawn(7, leads=200)
    order = np.random.default_rng(2).permutation(len(panel))
    mixed = Panel(
        panel.as_of, panel.horizon, panel.snapshot[order], panel.lead[order], panel.score[order], panel.fit[order],
        panel.engagement[order], panel.won[order], panel.value[order], {},
    )  # fmt: skip
    wishes = Wishes(capacity_per_week=4, precision=0.2, recall=0.7, cost=2, value=30)
    assert thresholds_of(panel, MODEL, wishes).to_dict() == thresholds_of(mixed, MODEL, wishes).to_dict()


# The last customers


def bought_at(days: Sequence[float]) -> Purchases:
    """Lead 0, 1, 2 ... bought so many days after the first snapshot; each was created long before."""
    won = np.array([START + timedelta(days=day) for day in days], dtype="datetime64[us]")
    return Purchases(
        np.arange(len(days)), np.full(len(days), np.datetime64(START, "us") - np.timedelta64(900, "D")), won
    )


def test_the_line_of_the_last_customers_holds_four_of_five() -> None:
    # by hand: scores 10, 20 ... 100 the week before they bought; 8 of 10 stand at 30 or more
    rows = [(s, lead, 10.0 * (lead + 1) if s else 0.0, s == 1) for lead in range(10) for s in (0, 1)]
    found = last_customers(panel_of(rows), panel_of(rows).score, bought_at([9] * 10), 50)
    assert (found.customers, found.unseen, found.days_before_median, found.cannot_tell) == (10, 0, 2.0, None)
    assert (found.line, found.scores["0.5"]) == (30, 55.0)
    # ranks 1 and 6: binomial(10, 0.2) has its 2.5 % and 97.5 % points at 0 and 5
    assert (found.line_low, found.line_high) == (10.0, 60.0)


def test_only_the_newest_customers_count_and_those_never_seen_are_told() -> None:
    rows = [(s, lead, 50.0 + lead, False) for lead in range(12) if lead != 11 for s in range(3)]
    found = last_customers(panel_of(rows), panel_of(rows).score, bought_at([15 + lead / 2 for lead in range(12)]), 8)
    assert (found.customers, found.unseen) == (7, 1)  # leads 4 to 11, of which 11 stood in no snapshot
    assert found.scores["0.1"] == pytest.approx(54.6)  # linear between the lowest two, 54 and 55


def test_four_customers_are_too_few() -> None:
    rows = [(s, lead, 50.0, False) for lead in range(4) for s in range(2)]
    found = last_customers(panel_of(rows), panel_of(rows).score, bought_at([8] * 4), 50)
    assert (found.line, found.cannot_tell) == (None, "cannot tell: 4 customers seen before buying")


# Lines, weeks, and the whole


def test_lines_are_written_as_short_as_they_can_be() -> None:
    assert lines_for(np.array([0.3, 12.31, 12.39, 40.0, 71.99])).tolist() == [0.0, 12.0, 12.39, 40.0, 71.0]
    assert lines_for(np.array([-3.5, 2.0]), (1.5,)).tolist() == [-4.0, 1.5, 2.0]


def test_many_scores_thin_to_lines_that_lose_neither_end() -> None:
    score = np.random.default_rng(5).normal(50, 10, 5000)
    lines = lines_for(score, most=50)
    assert lines.size <= 50
    assert lines.tolist() == np.round(lines).tolist()  # 50 lines over some 70 points: whole numbers
    assert (lines[0], lines[-1]) == (np.floor(score.min()), np.floor(score.max()))


def test_weeks_end_with_the_data_and_the_first_is_one_more() -> None:
    span = Span(START, START + timedelta(days=365.5))
    instants, known = weekly(span, timedelta(days=90), 10)
    assert known == 11
    assert {after - before for before, after in itertools.pairwise(instants)} == {WEEK}
    assert instants[known - 1] == START + timedelta(days=275)  # midnight of the last day whose 90 days are over
    assert span.end - WEEK < instants[-1] <= span.end
    assert len(weekly(span, timedelta(days=90), 400)[0]) <= 60
    assert weekly(span, timedelta(days=90), 10, most=8)[1] == 8


def test_data_shorter_than_a_horizon_say_so() -> None:
    with pytest.raises(DataError, match="shorter --horizon"):
        weekly(Span(START, START + timedelta(days=60)), timedelta(days=90), 10)
    assert weekly(Span(START, START + timedelta(days=94)), timedelta(days=90), 10)[1] == 1
    with pytest.raises(UsageError, match="1 or more"):
        weekly(Span(START, START + timedelta(days=400)), timedelta(days=90), 0)


@pytest.fixture(scope="module")
def whole() -> Thresholds:
    panel = crossing_panel()
    return thresholds_of(panel, MODEL, Wishes(), known=9, bought=bought_at([3.0, 5.0]))


def test_without_a_wish_there_are_lines_worth_a_look_and_those_of_today(whole: Thresholds) -> None:
    assert [choice.kind for choice in whole.choices] == ["recall", "parting", "customers"]
    assert [(choice.wish, choice.at and choice.at.threshold) for choice in whole.today] == [("MQL", 41), ("SQL", 71)]
    assert {41, 71} <= {line.threshold for line in whole.curve}
    assert [line.threshold for line in whole.curve] == sorted({line.threshold for line in whole.curve}, reverse=True)


def test_the_line_is_written_as_a_stage(whole: Thresholds) -> None:
    assert whole.write == "stages:\n  - {name: MQL, from: 80}  # was 41"
    on_fit = thresholds_of(crossing_panel(), MODEL, Wishes(capacity_per_week=5.5), section="fit")
    assert on_fit.write == "stages:\n  - {name: MQL, from: 41, needs: {fit: {gte: 37}}}"
    assert on_fit.today == ()


def test_counts_of_the_curve_tie_to_weeks_and_rates(whole: Thresholds) -> None:
    assert whole.weeks == 8.0
    for line in whole.curve:
        assert line.leads_per_week == line.leads / 8
        assert line.precision == line.conversions / line.leads
        assert line.recall == line.buyers_reached / whole.buyers
    for choice in (*whole.choices, *whole.today):
        if choice.at is not None:
            known = [week for week in choice.weeks if week.conversions is not None]
            assert sum(week.leads for week in known) == choice.at.leads
            assert sum(week.conversions or 0 for week in known) == choice.at.conversions


def test_everything_is_plain_json(whole: Thresholds) -> None:
    told = json.loads(json.dumps(whole.to_dict(), allow_nan=False))
    assert told["snapshots"][0] == "2025-01-06T00:00:00Z"
    assert told["choices"][0]["at"]["threshold"] == 80


def test_a_line_that_nobody_newly_reached_says_who_stood_there() -> None:
    rows = [(week, lead, 50.0 + lead, False) for week in range(3) for lead in range(6)]
    at = reach(crossings(panel_of(rows), panel_of(rows).score, np.array([50.0, 90.0])), 0)
    assert described(at) == "At 50: the 6.0 leads there stood there from the start"
