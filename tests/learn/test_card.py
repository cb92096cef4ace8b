"""A card as rules of a model: what the file says gives every lead what the learner gave it, through the plan."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import cast

import numpy as np
import pandas as pd
import pytest

import scoville
from scoville.learn.choosing.bands import Bands, numbers, values
from scoville.learn.choosing.selecting import Amount, Cap
from scoville.learn.choosing.together import Both
from scoville.learn.tried.origins import Counted, Decayed, Happening, Recent, Summed, Trait
from scoville.learn.written.card import START, Card, card_of
from scoville.learn.written.lines import Lines, Scores, lines_of
from scoville.learn.written.pointed import Pointed
from scoville.model.lint import find_advice
from scoville.model.load import Model

NO_LINES = Lines((("Prospect", 0.0),), {}, {})
AS_OF = pd.Timestamp("2026-03-01")
EMPLOYEES = np.array([5.0, 50, 500, np.nan, 49, 10])
SOURCES = np.array(["web", "Fair", None, "web", "phone", "web"], dtype=object)


def leads() -> pd.DataFrame:
    return pd.DataFrame({"lead_id": list("abcdef"), "employees": EMPLOYEES, "source": SOURCES})


def events() -> pd.DataFrame:
    """Lead a viewed 3 pages 0, 10 and 20 days ago, b one 40 days ago; c unsubscribed twice, 1 and 5 days ago."""
    rows = [("a", "page_viewed", 0, 4), ("a", "page_viewed", 10, 8), ("a", "page_viewed", 20, None),
            ("b", "page_viewed", 40, 30), ("c", "unsubscribed", 1, None), ("c", "unsubscribed", 5, None)]  # fmt: skip
    return pd.DataFrame(
        {
            "lead_id": [lead for lead, *_ in rows],
            "event": [name for _, name, *_ in rows],
            "occurred_at": [AS_OF - timedelta(days=age) for *_, age, _ in rows],
            "minutes": [minutes for *_, minutes in rows],
        }
    )


def size(points: tuple[float, ...] = (0, 5, 9)) -> Pointed:
    """Bands below 20, from 20 below 100, from 100; missing as the first."""
    column = numbers("employees", EMPLOYEES)
    edges = column.cells.edges
    assert edges is not None
    of = [int(np.searchsorted([20, 100], start, side="right")) for start in (0.0, *edges)]
    return Pointed(column, Trait("employees"), Bands(np.array([*of, 0])), points)


def source(points: tuple[float, ...] = (0, 7)) -> Pointed:
    """The fair against all others."""
    column = values("source", np.repeat(SOURCES, 30))
    column = type(column)(column.name, column.cells, column.cells.codes(SOURCES))
    of = np.array([int(value == "Fair") for value in column.cells.values] + [0, 0])
    return Pointed(column, Trait("source"), Bands(of), points)


def decayed(points: float, most: float, event: str = "page_viewed") -> Pointed:
    """Sums of 2^(-age / 10 days), by hand from the ages above."""
    sums = {"page_viewed": [1.75, 2**-4, 0, 0, 0, 0], "unsubscribed": [0, 0, 2**-0.1 + 2**-0.5, 0, 0, 0]}[event]
    amount = Amount(event, np.array(sums))
    return Pointed(amount, Decayed(Happening(event), 10), Cap(abs(most / points)), (points,), most)


def counted_views(points: tuple[float, ...]) -> Pointed:
    """None, one, two and more in 30 days."""
    column = numbers("views", np.array([3.0, 0, 0, 0, 0, 0]))
    column = type(column)(column.name, type(column.cells)(edges=np.array([1.0, 2.0])), np.array([2, 0, 0, 0, 0, 0]))
    return Pointed(column, Counted(Happening("page_viewed"), 30), Bands(np.array([0, 1, 2, 0])), points)


def recent(points: tuple[float, ...]) -> Pointed:
    """Below 7 days, from 7, never."""
    column = numbers("days", np.array([0, 40, np.nan, np.nan, np.nan, np.nan]))
    column = type(column)(column.name, type(column.cells)(edges=np.array([7.0])), np.array([0, 1, 2, 2, 2, 2]))
    return Pointed(column, Recent(Happening("page_viewed")), Bands(np.array([0, 1, 2])), points)


def minutes(points: tuple[float, ...]) -> Pointed:
    """Below 10 minutes, from 10, in all."""
    column = numbers("minutes", np.array([12.0, 30, 0, 0, 0, 0]))
    column = type(column)(column.name, type(column.cells)(edges=np.array([10.0])), np.array([1, 1, 0, 0, 0, 0]))
    return Pointed(column, Summed(Happening("page_viewed"), "minutes", None), Bands(np.array([0, 1, 0])), points)


def model_of(card: Card) -> Model:
    return Model.from_dict(card.content("Test", NO_LINES))


def scored(card: Card) -> pd.DataFrame:
    run = scoville.score(model_of(card), leads(), events(), as_of=AS_OF.isoformat())
    return pd.DataFrame(run.scores).sort_values("lead_id")


@pytest.mark.parametrize(
    "factors",
    [
        [size()],
        [source()],
        [decayed(3, 4)],
        [size(), decayed(-4, -6, "unsubscribed")],
        [counted_views((0, 4, 9)), source()],
        [counted_views((6, 2, 0)), source()],
        [recent((9, 4, 0))],
        [recent((0, 3, 5)), size()],
        [minutes((0, 8)), size((4, 0, 9))],
        [size(), source(), decayed(2, 9), recent((5, 2, 1)), decayed(-3, -3, "unsubscribed")],
    ],
    ids=lambda factors: " + ".join(type(one.origin).__name__ for one in factors),
)
def test_the_plan_gives_every_lead_what_the_card_gives_it(factors: list[Pointed]) -> None:
    card = card_of(factors)
    found = scored(card)
    np.testing.assert_allclose(found["score"], card.score, atol=1e-9, rtol=0)
    np.testing.assert_allclose(found["fit"], card.section("fit"), atol=1e-9, rtol=0)


def test_points_that_the_learner_gives_differ_by_a_constant_only_so_the_ranking_is_the_same() -> None:
    factors = [size((3, 8, 12)), recent((0, 3, 5)), decayed(-4, -6, "unsubscribed")]
    given = sum(factor.gives() for factor in factors)
    assert np.ptp(card_of(factors).score - given) == pytest.approx(0, abs=1e-9)


def test_a_part_of_two_traits_is_a_rule_about_both() -> None:
    of_size, of_source = size(), source()
    big = np.array([low >= 20 for low in (0.0, *np.asarray(of_size.column.cells.edges))] + [False])
    by_web = np.array([value == "web" for value in np.asarray(of_source.column.cells.values)] + [False, False])
    both = Pointed(
        of_size.column, of_size.origin, Both(big, 1, by_web), (0, 6), None, of_source.column, of_source.origin
    )
    card = card_of([both, source()])
    rule = next(rule for rule in card.rules if rule.name == "Company size with source")
    assert rule.content["when"]["source"] == ["web"]
    np.testing.assert_allclose(scored(card)["score"], card.score, atol=1e-9, rtol=0)


def test_a_missing_value_has_its_own_points_where_it_has_a_band_of_its_own() -> None:
    sizes = replace(size(), form=Bands(np.array([*cast("Bands", size().form).of[:-1], 3])), points=(0, 5, 9, 4))
    rule = card_of([sizes]).rules[0].content
    assert rule["missing"] == 4
    assert [band["points"] for band in rule["bands"]] == [5, 9]


def test_what_most_leads_have_gives_nothing_so_that_what_is_rare_stands_out_either_way() -> None:
    rule = card_of([source((7, 0))]).rules[0].content  # by hand: one of six came from the fair
    assert rule["values"] == {"Fair": -7}


def test_never_having_done_it_gives_nothing() -> None:
    rules = [card_of([factor]).rules[0].content for factor in (recent((1, 2, 5)), counted_views((5, 2, 1)))]
    assert [band["points"] for band in rules[0]["recency"]] == [-4, -3]
    assert [band["points"] for band in rules[1]["count"]] == [-3, -4]


def test_negative_rules_lift_everybody_so_that_hardly_anybody_falls_below_0() -> None:
    card = card_of([source(), decayed(-4, -6, "unsubscribed")])
    assert card.start == 6
    assert card.content("Test", NO_LINES)["fit"]["rules"][0]["name"] == START
    assert card.score.min() >= 0


def test_a_card_that_only_gives_says_once_what_speaks_against_a_lead() -> None:
    card = card_of([size(), decayed(3, 9), source()])
    assert min(rule.factor.low for rule in card.rules) < 0
    assert not [one for one in find_advice(model_of(card)) if "no rule takes points away" in one.message]


def test_names_are_those_a_person_would_give_and_no_two_rules_share_one() -> None:
    card = card_of([size(), decayed(3, 9), decayed(2, 4), recent((9, 4, 0))])
    assert sorted(rule.name for rule in card.rules) == [
        "Company size", "Days since page viewed", "Page viewed", "Page viewed (2)",
    ]  # fmt: skip


def test_lines_follow_the_calibrated_rate_near_the_shares_they_are_meant_for() -> None:
    score = np.arange(100.0)
    rate = np.linspace(0.0, 0.5, 101)  # the base of 0.1 is doubled at 40, four times it is reached at 80
    lines = dict(lines_of(Scores(score, score, score), rate, 0.1).stages)
    # by hand: half of the scores are from 50; MQL may be from 60 (40 %) to 90 (10 %), SQL from 90 (10 %) to 97 (2.5 %)
    assert lines == {"Prospect": 0, "Lead": 50, "MQL": 60, "SQL": 90}


def test_lines_without_a_rate_stand_at_the_shares() -> None:
    score = np.arange(100.0)
    lines = dict(lines_of(Scores(score, score, score), None, 0.1).stages)
    assert lines == {"Prospect": 0, "Lead": 50, "MQL": 80, "SQL": 95}


def test_the_line_of_sales_is_above_what_one_rule_reaches() -> None:
    score = np.array([*np.zeros(990), *np.arange(1.0, 11)])
    lines = dict(lines_of(Scores(score, score, score), None, 0.1, alone=card_of([size()]).highest_alone).stages)
    assert lines["SQL"] == 10  # the largest rule gives 9


def test_a_section_ends_where_it_was_asked_to_and_the_plan_agrees() -> None:
    card = card_of([size(), source(), decayed(3, 9)], {"fit": 8, "engagement": 4})
    assert card.section("fit").max() == 8
    assert card.section("engagement").max() == 4
    np.testing.assert_allclose(scored(card)["score"], card.score, atol=1e-9, rtol=0)
