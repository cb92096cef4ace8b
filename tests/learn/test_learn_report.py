"""The report on learning: one strict page, the card as a picture, and no word more than its figures."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import scoville
from scoville.errors import UsageError
from scoville.evidence.figures.calibration import checked
from scoville.evidence.figures.ranking import PairedAuc
from scoville.evidence.history import History, read_history
from scoville.learn.learning import Learned, learn
from scoville.learn.report import check_report_place, report_html, write_report
from scoville.learn.report.beside import BOOSTED, is_beaten, is_better, own_model, verdict_of, with_boosted
from scoville.learn.report.pictured import Picture, picture_of
from scoville.learn.report.told import of_path, of_rivals, of_tried, steps_said
from scoville.learn.report.verdict import headline, next_steps
from scoville.learn.retuning.retune import Retuned, retune
from scoville.learn.rivals import TRAITS_ALONE, Rival
from web_page import Page

if TYPE_CHECKING:
    from pathlib import Path

BEGIN = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
HORIZON = timedelta(days=30)
LEADS = 2000
HOSTILE = """</pre></svg><script>alert(1)</script>"'><img src=x onerror=alert(1)>&amp;{{ 7 * 7 }}"""
TWISTED = """scoville: 1
name: Twisted
fit:
  rules:
    - {name: Source, by: source, values: {fair: 10}}
    - {name: Company size, by: employees, bands: [{from: 100, points: 1}]}
engagement:
  decay: {half_life: 30d}
  rules: [{name: Demo, event: demo_requested, points: 30, at_most: 1}]
stages: [{name: Cold, from: 0}, {name: Warm, from: 15}]
"""


def made_up(partner: str, demo: str) -> tuple[pd.DataFrame, pd.DataFrame, pd.DataFrame]:
    """Leads with a size, a source and a leak; who wins goes by size, by coming from the partner, and by a demo."""
    dice = np.random.default_rng(7)
    ids = [f"L{number:05}" for number in range(LEADS)]
    created = [BEGIN + timedelta(days=float(day)) for day in dice.uniform(0, 300, LEADS)]
    size = np.exp(dice.normal(4, 1.5, LEADS)).round()
    source = dice.choice(["web", "fair", partner], LEADS, p=[0.6, 0.25, 0.15])
    asked = dice.random(LEADS) < 0.3
    log_odds = -3.5 + 1.4 * (size > 100) + 1.6 * (source == partner) + 2.0 * asked
    won = dice.random(LEADS) < 1 / (1 + np.exp(-log_odds))
    after = dice.uniform(20, 60, LEADS)
    leads = pd.DataFrame(
        {
            "lead_id": ids, "created_at": created, "employees": size, "source": source, "one": "same",
            "closed_reason": ["signed" if one else None for one in won],
        }
    )  # fmt: skip
    events = pd.DataFrame(
        [(ids[at], demo, created[at] + timedelta(days=float(after[at]) - 12)) for at in np.flatnonzero(asked)]
        + [(ids[at], "page_viewed", created[at] + timedelta(days=float(after[at]) / 2)) for at in range(0, LEADS, 3)],
        columns=["lead_id", "event", "occurred_at"],
    )
    outcomes = pd.DataFrame(
        [(ids[at], "won", created[at] + timedelta(days=float(after[at]))) for at in np.flatnonzero(won)],
        columns=["lead_id", "outcome", "at"],
    )
    return leads, events, outcomes


def learned_from(history: History) -> Learned:
    return learn(history, horizon=HORIZON, factors=4, against=scoville.Model.loads(TWISTED))


@pytest.fixture(scope="module")
def history() -> History:
    return read_history(*made_up("partner", "demo_requested"))


@pytest.fixture(scope="module")
def learned(history: History) -> Learned:
    return learned_from(history)


@pytest.fixture(scope="module")
def retuned(history: History) -> Retuned:
    return retune(history, scoville.Model.loads(TWISTED), horizon=HORIZON, add=1)


@pytest.fixture(scope="module")
def declined() -> Learned:
    leads, events, outcomes = made_up("partner", "demo_requested")
    return learn(read_history(leads, events, outcomes.head(12)), horizon=HORIZON)


@pytest.fixture(scope="module")
def page(learned: Learned) -> Page:
    return Page(report_html(learned))


@pytest.fixture(scope="module")
def picture(learned: Learned) -> Picture:
    found = picture_of(learned)
    assert found is not None
    return found


def ids(page: Page) -> set[str | None]:
    return {one.get("id") for one in page.all("section")} - {None}


def cells(html: str, caption: str) -> list[list[str]]:
    """The rows of a table by the begin of its caption, as text."""
    body = html.partition(f"<caption>{caption}")[2].partition("</table>")[0]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)][1:]


# Strict and whole


@pytest.mark.parametrize("which", ["learned", "retuned", "declined"])
def test_every_report_is_strict_and_has_its_outline(which: str, request: pytest.FixtureRequest) -> None:
    page = Page(report_html(request.getfixturevalue(which)))
    page.check_it_needs_nothing_else()
    page.check_its_policy()
    page.check_its_outline()
    page.check_its_drawings()


def test_the_same_data_and_seed_give_the_same_page(history: History, page: Page) -> None:
    assert report_html(learned_from(history)) == page.html
    assert len(page.html) < 200_000


def test_all_sections_are_there_and_every_chart_has_its_table(page: Page) -> None:
    wanted = {"card", "stages", "path", "gains", "rivals", "calibration", "tried", "trust", "file"}
    assert ids(page) == wanted
    assert len(page.all("figure")) == 4  # stages, path, gains, calibration
    assert len(page.all("table")) >= 8


def test_hostile_values_events_and_names_are_text() -> None:
    partner, demo = f"P{HOSTILE}", f"demo{HOSTILE}"
    rival = scoville.Model.from_dict(
        {"scoville": 1, "name": HOSTILE, "fit": {"rules": [{"name": "S", "when": {"source": "web"}, "points": 1}]}}
    )
    found = learn(read_history(*made_up(partner, demo)), horizon=HORIZON, factors=5, against=rival)
    found = replace(found, left_out=((HOSTILE, f"looks written after the outcome: {HOSTILE}"), ("x", HOSTILE)))
    page = Page(report_html(found))
    assert not page.all("script", "img")
    page.check_it_needs_nothing_else()
    where = {tag for tag, text in page.texts if "<script>alert(1)" in text}
    assert {"pre", "b", "small", "span", "td", "p"} <= where
    assert any("<img src=x onerror=alert(1)>" in text for tag, text in page.texts if tag == "pre")


def test_hostile_names_of_a_tuned_model_are_text(retuned: Retuned) -> None:
    values = tuple(replace(one, rule=HOSTILE, label=HOSTILE, why=HOSTILE) for one in retuned.values)
    further = f"# {HOSTILE}"
    page = Page(report_html(replace(retuned, name=HOSTILE, values=values, further=further, further_says=(HOSTILE,))))
    assert not page.all("script", "img")
    assert ("h1", HOSTILE) in page.texts
    assert any(HOSTILE in text for tag, text in page.texts if tag == "pre")


# The card


def test_the_picture_has_the_points_of_the_model(learned: Learned, picture: Picture) -> None:
    content = learned.model.to_dict()
    told = [rule.name for side in picture.sides for rule in side.rules]
    assert told == [rule["name"] for kind in ("fit", "engagement") for rule in content[kind]["rules"]]
    source = next(rule for side in picture.sides for rule in side.rules if rule.reads == "source")
    written = next(rule for rule in content["fit"]["rules"] if rule.get("by") == "source")
    partner = next(line for line in source.lines if "partner" in line.whole)
    assert partner.points == written["values"]["partner"]


def test_shares_of_the_lines_of_a_rule_add_up_to_all_leads(picture: Picture) -> None:
    for side in picture.sides:
        for rule in side.rules:
            groups = [line.group for line in rule.lines if line.group is not None]
            assert not groups or sum(group.share for group in groups) == pytest.approx(1)


def test_the_reach_of_a_side_is_that_of_its_lines(picture: Picture) -> None:
    for side in picture.sides:
        ends = [
            [end for line in rule.lines for end in (line.points, line.most) if end is not None] for rule in side.rules
        ]
        assert side.low == sum(min(some) for some in ends)
        assert side.high == sum(max(some) for some in ends)


def test_bars_begin_at_zero_and_are_as_long_as_their_points() -> None:
    # by hand: from -5 to 15 is 20 points wide, so 0 lies at a quarter, and 10 points are half of the width
    found = Picture((), (-5.0, 15.0), 1.0, None)
    assert (found.zero, found.bar(10.0), found.bar(-5.0)) == ("25.00%", ("25.00%", "50.00%"), ("0.00%", "25.00%"))


def test_every_line_of_the_card_is_in_its_table(page: Page, picture: Picture) -> None:
    lines = [line for side in picture.sides for rule in side.rules for line in rule.lines]
    assert [row[2] for row in cells(page.html, "Every line of the card")] == [
        line.said.replace("-", "−") for line in lines
    ]


def test_the_file_stands_on_the_page_as_it_is_written(page: Page, learned: Learned) -> None:
    assert [text for tag, text in page.texts if tag == "pre"] == [learned.text]


def test_stages_are_told_as_the_model_has_them(page: Page, learned: Learned) -> None:
    rows = cells(page.html, "Open leads at or above")
    assert [(row[0], float(row[1])) for row in rows] == [(one.name, one.from_) for one in learned.model.stages]


# Figures


def test_the_path_is_told_step_by_step(page: Page, learned: Learned) -> None:
    rows = cells(page.html, "Cards of 1, 2, ... rules")
    assert [row[2] for row in rows] == [f"{step.auc:.3f}" for step in learned.path]
    assert [row[4] for row in rows] == [f"{step.log_loss:.4f}" for step in learned.path]
    assert page.text.count("enough") >= 2


def test_what_is_new_in_a_step_is_named_with_what_it_replaces(learned: Learned) -> None:
    first = replace(learned.path[0], names=("A",))
    found = replace(learned, path=(first, replace(first, names=("A", "B")), replace(first, names=("A", "C", "D"))))
    assert steps_said(found) == ["A", "B", "C and D, instead of B"]


def test_how_many_are_enough_is_said_with_both_figures(learned: Learned) -> None:
    steps = tuple(replace(learned.path[0], factors=at, auc=0.7 + at / 100) for at in (1, 2, 3))
    assert of_path(replace(learned, path=steps, enough=2)).short == "2 would do"
    assert "AUC 0.720" in of_path(replace(learned, path=steps, enough=2)).sentence
    assert of_path(replace(learned, path=steps, enough=3)).short == "All 3"


def test_chances_are_checked_on_what_was_held_out(learned: Learned, page: Page) -> None:
    later = learned.later
    assert later is not None
    curve = checked(later.chance, later.won, later.lead).curve
    rows = cells(page.html, "Held-out rows by the chance foretold")
    assert [int(row[1].replace(",", "")) for row in rows] == [one.leads for one in curve]
    assert sum(one.leads for one in curve) == later.won.size == learned.held_out.leads  # type: ignore[union-attr]


def test_chances_that_somebody_else_foretold_are_compared_with_what_came() -> None:
    # by hand: 100 leads of chance 0.2 of which 30 won, 100 of 0.6 of which 60 did: off by 0.1 and 0, on average 0.05
    chance, won = np.repeat([0.2, 0.6], 100), np.concatenate([np.arange(100) < 30, np.arange(100) < 60])
    found = checked(chance, won)
    assert [one.leads for one in found.curve] == [100, 100]
    assert [one.predicted for one in found.curve] == pytest.approx([0.2, 0.6])
    assert [one.observed for one in found.curve] == pytest.approx([0.3, 0.6])
    assert found.calibration_error == pytest.approx(0.05)
    assert found.points == ()
    assert checked(chance, np.zeros(200, bool)).cannot_tell is not None


# Rivals


def rival(low: float, high: float, name: str = "By hand") -> Rival:
    return Rival(name, 0.7, (low + high) / 2, low, high, 0.5, None)


def test_only_what_is_beyond_its_interval_is_better() -> None:
    better, worse, unclear = rival(0.01, 0.05), rival(-0.05, -0.01), rival(-0.02, 0.02)
    assert [is_beaten(one) for one in (better, worse, unclear)] == [True, False, False]
    assert [is_better(one) for one in (better, worse, unclear)] == [False, True, False]
    assert [verdict_of(one) for one in (better, worse, unclear)] == [
        "the card is better", "it is better", "no clear difference",
    ]  # fmt: skip
    assert (
        verdict_of(replace(unclear, low=None, cannot_tell="cannot tell: 3 conversions")) == "cannot tell: 3 conversions"
    )


def test_a_boosted_model_is_a_rival_with_its_difference_turned_round(learned: Learned) -> None:
    pair = {"auc_a": 0.8, "auc_b": 0.75, "difference": 0.05, "low": 0.02, "high": 0.08, "p": 0.01, "cannot_tell": None}
    found = with_boosted(learned, {"against_points": pair})[-1]
    assert (found.name, found.auc, found.difference, found.low, found.high) == (BOOSTED, 0.8, -0.05, -0.08, -0.02)
    assert is_better(found)
    assert with_boosted(learned, None) == learned.rivals
    page = Page(report_html(learned, {"against_points": pair}))
    assert "The boosted model" in page.text
    assert "scoville score model.yaml --boosted FILE ..." in page.text


def test_a_model_of_the_users_that_ranks_better_comes_before_all(learned: Learned) -> None:
    rivals = (rival(0.01, 0.05, TRAITS_ALONE), rival(-0.05, -0.01))
    assert own_model(rivals) == rivals[1]
    assert headline(learned, rivals).title == "Your own model ranks better"
    assert next_steps(learned, rivals)[0].do == "Keep “By hand”"
    assert of_rivals(learned, rivals).short == "Not than By hand"
    assert of_rivals(learned, rivals[:1]).short == "Yes"
    assert next_steps(learned, (rival(-0.02, 0.02),))[0].do.startswith("Take it in place of “By hand” only if")


# Words


@pytest.mark.parametrize(
    ("auc", "title"),
    [
        (0.65, "It ranks later leads, but weakly"), (0.75, "It ranks later leads"),
        (0.85, "It ranks later leads well"), (0.97, "It ranks almost too well"),
    ],
)  # fmt: skip
def test_the_headline_says_no_more_than_is_shown(learned: Learned, auc: float, title: str) -> None:
    figures: Any = replace(learned.held_out, auc=auc)  # type: ignore[type-var]
    assert headline(replace(learned, held_out=figures), ()).title == title
    undated = headline(replace(learned, held_out=figures, held_out_from=None), ())
    assert (undated.tone, undated.title.startswith("It seems to rank")) == ("weak", True)


def test_leaks_are_named_first_and_with_their_reason(page: Page, learned: Learned) -> None:
    assert of_tried(learned).short == "1 leak left out"
    assert "“closed_reason” looks written after the outcome and was never used." in page.text
    assert page.text.index("Left out: it looks written after the outcome") < page.text.index(
        "Left out for other reasons"
    )


def test_what_was_not_learned_still_makes_an_honest_page(declined: Learned) -> None:
    page = Page(report_html(declined))
    assert f"Nothing was learned {declined.conversions} conversions cannot teach anything: 20 are needed" in page.text
    assert "Write points by hand for now." in page.text
    assert ids(page) == set()
    assert "AUC of 0.5" not in page.text


def test_a_card_that_holds_no_better_than_chance_is_shown_with_its_path(learned: Learned) -> None:
    nothing: Any = {"text": None, "card": None, "evidence": (), "rivals": (), "stages": (), "later": None}
    page = Page(report_html(replace(learned, why_not="nothing was found that holds: AUC 0.51", **nothing)))
    assert "Nothing was found that holds: AUC 0.51." in page.text
    assert ids(page) == {"path", "gains", "tried", "trust"}
    assert "nothing was kept" in page.text


def test_outcomes_without_dates_are_said_to_be_of_other_leads() -> None:
    leads, _, _ = made_up("partner", "demo_requested")
    known = leads.assign(bought=leads["closed_reason"].notna().astype(int)).drop(
        columns=["closed_reason", "created_at"]
    )
    page = Page(report_html(learn(read_history(known, outcome_column="bought"))))
    assert "It seems to rank" in page.text
    assert "Judged on other leads of the same time." in page.text
    assert "Give the outcomes dates." in page.text
    assert "later leads" not in page.text.replace("judged on later leads, which", "")


# Re-tuning


def test_every_changed_number_is_told_with_old_new_and_why(retuned: Retuned) -> None:
    assert retuned.changes
    page = Page(report_html(retuned))
    rows = cells(page.html, "Old and new")
    assert [row[0] for row in rows] == [one.rule for one in retuned.values]
    assert [row[3] == "kept" for row in rows] == [not one.changed for one in retuned.values]
    for one in retuned.changes:
        assert f"{one.why[:1].upper()}{one.why[1:]}." in page.text
    assert ids(page) >= {"changes", "gain", "stays", "file"}


def test_new_points_are_advised_only_where_they_are_shown_to_be_better(retuned: Retuned) -> None:
    gain = PairedAuc(0.72, 0.70, 0.02, -0.01, 0.05, 0.2, None)
    advice = "keep the old points: there is no evidence that the new ones are better"
    kept = Page(report_html(replace(retuned, better=False, gain=gain, advice=advice)))
    assert "Keep the old points There is no evidence that the new ones are better." in kept.text
    assert "+0.020 (−0.010 to 0.050)" in kept.text
    taken = Page(report_html(replace(retuned, better=True, gain=replace(gain, low=0.01))))
    assert "Take the new points On later leads the AUC is 0.720 with the new points instead of 0.700" in taken.text


def test_a_model_of_which_nothing_changes_is_said_to_hold(retuned: Retuned) -> None:
    values = tuple(replace(one, new=one.old) for one in retuned.values)
    still: Any = {"text": None, "gain": None, "better": False, "why_not": "the past speaks against no number of it"}
    page = Page(report_html(replace(retuned, values=values, **still)))
    assert "The points still hold The past speaks against no number of it. Keep the model as it is." in page.text
    assert "file" not in ids(page)


def test_a_model_without_a_measure_is_not_said_to_hold(retuned: Retuned) -> None:
    nothing: Any = {"text": None, "gain": None, "better": False, "values": (), "drop": (), "further": None, "notes": ()}
    page = Page(report_html(replace(retuned, why_not="12 conversions cannot teach anything: 20 are needed", **nothing)))
    assert "Cannot tell 12 conversions cannot teach anything: 20 are needed." in page.text
    assert ids(page) == set()


# The file


def test_a_report_is_written_whole(learned: Learned, page: Page, tmp_path: Path) -> None:
    write_report(learned, tmp_path / "learned.html")
    assert (tmp_path / "learned.html").read_text(encoding="utf-8") == page.html
    with pytest.raises(UsageError, match=r"ends in \.html"):
        check_report_place(tmp_path / "learned.yaml")
