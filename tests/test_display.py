"""HTML for notebooks: well formed, everything escaped, nothing fetched, bars that meet end to end."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest

import scoville
from scoville.data.quality import Notice, Quality, RelationQuality
from scoville.display import quality_line
from scoville.explain import explain_lead
from scoville.explain.page import explanation_html

AS_OF = datetime(2026, 5, 31)  # noqa: DTZ001 - naive UTC, as in the relations
ODD = '<script>alert("&")</script>'
MODEL: dict[str, Any] = {
    "scoville": 1,
    "name": f"Model {ODD}",
    "scale": {"min": -20, "max": 50},
    "fit": {"rules": [{"name": f"Rule {ODD}", "by": "city", "values": {ODD: 20, "far": -15}}]},
    "engagement": {"rules": [{"name": "Demo", "event": "demo", "points": 40}]},
    "stages": [{"name": f"Stage {ODD}", "from": 0}, {"name": "Next", "from": 45}],
}


@pytest.fixture(scope="module")
def run() -> scoville.ScoreRun:
    """`ODD` has 20 + 40 clamped to 50; the others -15 and 0."""
    leads = [{"lead_id": ODD, "city": ODD}, {"lead_id": "far", "city": "far"}, {"lead_id": "quiet", "city": None}]
    events = [
        {"lead_id": ODD, "event": "demo", "occurred_at": AS_OF - timedelta(days=1)},
        {"lead_id": "nobody", "event": "demo", "occurred_at": AS_OF},
    ]
    return scoville.score(scoville.Model.from_dict(MODEL), leads, events, as_of=AS_OF)


class Strict(HTMLParser):
    """Reads HTML and notes its elements and text; fails where tags do not close in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.found: set[str] = set()
        self.text = ""
        self.feed(html)
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not {"src", "href", "onclick", "onload"} & {name for name, _ in attrs}
        self.open.append(tag)
        self.found.add(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data if self.open[-1] != "style" else ""


def bars(html: str) -> list[tuple[str, float, float]]:
    """Kind, start and end of each bar, in percent of the width."""
    found = re.findall(r'<i class="(\w+)" style="margin-left:([\d.]+)%;width:([\d.]+)%">', html)
    return [(kind, float(left), float(left) + float(width)) for kind, left, width in found]


def test_run_is_shown_with_its_best_leads_first(run: scoville.ScoreRun) -> None:
    read = Strict(run._repr_html_())
    assert re.search(r"as of 31 May 2026.*The best 3 leads.*Rank.*50.*Rule.*quiet.*far", read.text, re.DOTALL)
    assert run._repr_html_() == run._repr_html_()


def test_a_run_shows_the_columns_that_its_model_fills(run: scoville.ScoreRun) -> None:
    text = Strict(run._repr_html_()).text
    assert "Stage" in text
    assert "Grade" not in text
    assert "Priority" not in text


def test_bars_of_a_run_are_shares_of_the_scale(run: scoville.ScoreRun) -> None:
    # scores 50, 0 and -15 on a scale from -20 to 50
    assert bars(run._repr_html_()) == [("up", 0, 100), ("up", 0, 28.57), ("up", 0, 7.14)]


def test_run_says_what_became_of_the_rows(run: scoville.ScoreRun) -> None:
    assert "3 leads. 1 event out of 2 rows: 1 rejected (1 unknown lead)." in Strict(run._repr_html_()).text


def test_names_from_data_and_model_are_escaped(run: scoville.ScoreRun) -> None:
    for html in (
        run._repr_html_(),
        explanation_html(explain_lead(run, ODD)),
        explanation_html(explain_lead(run, "far")),
    ):
        read = Strict(html)
        assert "script" not in read.found
        assert ODD in read.text


def test_nothing_is_fetched_from_anywhere(run: scoville.ScoreRun) -> None:
    html = run._repr_html_() + explanation_html(explain_lead(run, ODD))
    assert not re.search(r"https?:|url\(|@import|<(img|link|iframe|script)", html)


def test_probability_is_shown_when_the_model_has_one(run: scoville.ScoreRun) -> None:
    assert "Probability" not in run._repr_html_()
    likely = scoville.Model.from_dict(MODEL | {"probability": {"points": [[-20, 0.004], [50, "31%"]]}})
    shown = scoville.score(likely, [{"lead_id": "far", "city": "far"}, {"lead_id": ODD, "city": ODD}], as_of=AS_OF)
    text = Strict(shown._repr_html_()).text
    # -15 is 5/70 of the way from 0.4 % to 31%: 2.6%; 20 is 40/70: 17.9 %
    assert "Probability" in text
    assert "2.6%" in text
    assert "18%" in text
    assert "about 1 in 6 such leads convert (18%)" in Strict(explanation_html(explain_lead(shown, ODD))).text


def test_waterfall_steps_meet_end_to_end_and_end_at_the_score(run: scoville.ScoreRun) -> None:
    # running totals 40, 60, 50 on a line from 0 to 60
    explanation = explain_lead(run, ODD)
    assert [item.running_total for item in explanation.contributions] == [40, 60, 50]
    assert bars(explanation_html(explanation)) == [
        ("up", 0, 66.67), ("up", 66.67, 100), ("down", 83.33, 100), ("sum", 0, 83.33),
    ]  # fmt: skip


def test_waterfall_below_zero_starts_at_zero(run: scoville.ScoreRun) -> None:
    # one step from 0 down to -15: all of the line from -15 to 0
    assert bars(explanation_html(explain_lead(run, "far"))) == [("down", 0, 100), ("sum", 0, 100)]


def test_lead_without_points_has_an_empty_bar(run: scoville.ScoreRun) -> None:
    assert bars(explanation_html(explain_lead(run, "quiet"))) == [("sum", 0, 0)]


def test_explanation_shows_outlook_and_ways(run: scoville.ScoreRun) -> None:
    text = Strict(explanation_html(explain_lead(run, "quiet"))).text
    assert "If nothing happensin 7 days: 0" in text
    assert "The shortest way to Next" in text
    assert "Demo twice: +50, reaches Next at 50" in text
    assert "Not known yet+20 fit if city is" in text


def test_explanation_draws_itself_in_a_notebook(run: scoville.ScoreRun) -> None:
    explanation = explain_lead(run, "quiet")
    assert explanation._repr_html_() == explanation_html(explanation)


def test_quality_line_counts_what_was_merged_and_noticed() -> None:
    leads = RelationQuality("leads", "leads.csv", rows=1_204, used=1_200, merged=4)
    quality = Quality((leads,), (Notice("leads", "employees", "read 1,2 as 1.2"),))
    assert quality_line(quality) == "1,200 leads out of 1,204 rows: 4 merged. 1 notice in `.quality.notices`."
    assert quality_line(None) == ""
