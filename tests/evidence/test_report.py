"""The report: one page that is whole, strict, escaped, told in words, and the same figures as the evidence."""

from __future__ import annotations

import os
import re
import time
from dataclasses import replace
from datetime import datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import scoville
from scoville.errors import UsageError
from scoville.evidence.backtest import Evidence, validate
from scoville.evidence.drift.stability import advice_for
from scoville.evidence.leaks.named import Leak
from scoville.evidence.report import charts, check_report_place, report_html, write_report
from scoville.evidence.report.drawing import figure, movable
from scoville.evidence.report.page import sections_html
from scoville.evidence.told import answers, sentences
from scoville.evidence.told.numbers import change, decimals, label, minus, money, points, short_share
from scoville.evidence.told.rule_groups import rule_groups
from web_page import Page

if TYPE_CHECKING:
    from pathlib import Path

Row = dict[str, Any]
DAY = timedelta(days=1)
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
HOSTILE = """</svg><script>alert(1)</script>"'><img src=x onerror=alert(1)>&amp;{{ 7 * 7 }}"""


def model(name: str = "Reported", rule: str = "Visit", stage: str = "Warm") -> scoville.Model:
    return scoville.Model.from_dict(
        {
            "scoville": 1,
            "name": name,
            "fit": {"rules": [{"name": "Big", "by": "size", "bands": [{"from": 150, "points": 20}]}]},
            "engagement": {
                "decay": {"half_life": "60d"},
                "rules": [
                    {"name": rule, "event": "visit", "points": 10, "max": 60},
                    {"name": "Never", "event": "nothing", "points": 5},
                ],
            },
            "grades": {"A": 20, "B": None},
            "levels": {"1": 10, "2": None},
            "stages": [{"name": "Cold", "from": 0}, {"name": stage, "from": 20}],
        }
    )


def rows(source: str = "web", leads: int = 600) -> tuple[list[Row], list[Row], list[Row]]:
    """Leads of half a year. One in three visits soon after it came; those win with a chance of 0.5, others of 0.05."""
    dice = np.random.default_rng(3)
    people, events, outcomes = [], [], []
    for number in range(leads):
        lead_id, visits = f"L{number:04}", bool(dice.random() < 0.33)
        created = START + int(dice.integers(0, 180)) * DAY
        people.append(
            {
                "lead_id": lead_id, "created_at": created, "size": int(dice.integers(1, 300)),
                "source": source if number % 2 else "fair", "cost": 20.0,
            }
        )  # fmt: skip
        if visits:
            events += [{"lead_id": lead_id, "event": "visit", "occurred_at": created + day * DAY} for day in (1, 2)]
        if dice.random() < (0.5 if visits else 0.05):
            won = created + int(dice.integers(10, 90)) * DAY
            outcomes.append({"lead_id": lead_id, "outcome": "won", "at": won, "value": 100.0 + number})
    outcomes.append({"lead_id": "L0001", "outcome": "lost", "at": START + 300 * DAY, "value": None})
    events.append({"lead_id": "L0001", "event": "other", "occurred_at": START + 300 * DAY})
    return people, events, outcomes


@pytest.fixture(scope="module")
def evidence() -> Evidence:
    return validate(model(), *rows(), horizon=60 * DAY)


@pytest.fixture(scope="module")
def html(evidence: Evidence) -> str:
    return report_html(evidence)


@pytest.fixture(scope="module")
def page(html: str) -> Page:
    return Page(html)


# Strict and whole


def test_nothing_runs_and_nothing_is_loaded(page: Page) -> None:
    page.check_it_needs_nothing_else()


def test_the_policy_allows_the_one_style_sheet_and_nothing_else(page: Page) -> None:
    page.check_its_policy()


def test_the_same_evidence_gives_the_same_page_in_any_time_zone(
    evidence: Evidence, html: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = os.environ.get("TZ")
    monkeypatch.setenv("TZ", "Pacific/Honolulu")
    time.tzset()
    again = report_html(evidence)
    monkeypatch.setenv("TZ", before or "UTC")
    time.tzset()
    assert again == html


def test_hostile_names_are_text(evidence: Evidence) -> None:
    above = [replace(one, above={HOSTILE: one.above["Warm"]}) for one in evidence.stability.snapshots]
    hostile = replace(
        evidence,
        model=HOSTILE,
        verdict=HOSTILE,
        notes=(HOSTILE,),
        leaks=(Leak(HOSTILE, HOSTILE, is_used=True),),
        stages={HOSTILE: evidence.stages["Warm"]},
        rules=tuple(replace(rule, rule=HOSTILE, segment=HOSTILE, note=HOSTILE) for rule in evidence.rules),
        by={HOSTILE: tuple(replace(one, label=HOSTILE) for one in evidence.by["source"])},
        stability=replace(evidence.stability, snapshots=tuple(above)),
    )
    page = Page(report_html(hostile))
    assert not page.all("script", "img")
    assert ("h1", HOSTILE) in page.texts
    where = {tag for tag, text in page.texts if HOSTILE in text}
    assert {"title", "h1", "b", "th", "li", "span", "caption"} <= where
    labels = [one["aria-label"] for one in page.all("svg")]
    assert any(HOSTILE in str(one) for one in labels)
    assert any(tag == "text" and text.startswith("</svg>") for tag, text in page.texts)  # cut short in a chart


# Accessible


def test_headings_landmarks_and_tables_have_their_names(page: Page) -> None:
    page.check_its_outline()


def test_every_drawing_is_one_image_with_words(page: Page) -> None:
    assert len(page.all("svg")) > 20
    page.check_its_drawings()
    assert {"var(--accent)", "var(--ink)", "var(--soft)"} <= page.colours


def test_every_chart_is_there_for_a_desk_and_for_a_phone_and_has_a_table(page: Page) -> None:
    classes = [attributes.get("class") for _, attributes in page.elements]
    charts = len(page.all("figure"))
    assert charts == 8  # score, gains, trade-off, calibration, three over time, forecast
    assert classes.count("wide") == classes.count("narrow") == charts
    assert len(page.all("details")) >= 10


def palettes(style: str) -> dict[str, dict[str, str]]:
    """The colours of both themes: those of the dark one replace those of the light one."""
    blocks = re.findall(r":root \{(.*?)\}", style, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in blocks)
    return {"light": light, "dark": light | dark}


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2.2 defines it."""
    parts = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_words_and_lines_stand_out_in_both_themes(page: Page, theme: str) -> None:
    style = next(text for tag, text in page.texts if tag == "style")
    found = palettes(style)[theme]
    texts = [
        (name, ground) for name in ("ink", "soft", "good", "weak", "bad", "accent") for ground in ("paper", "raised")
    ]
    texts += [("ink", f"heat-{step}") for step in range(4)] + [
        ("on-hot", "heat-4"),
        ("on-hot", "heat-5"),
        ("ink", "tint"),
    ]
    for one, ground in texts:
        assert contrast(found[one], found[ground]) >= 4.5, (one, ground)  # WCAG 2.2 AA for text
    for one in ("accent", "other", "ink"):
        assert contrast(found[one], found["paper"]) >= 3, one  # and for what must be seen in a drawing


# The same figures


def table_rows(html: str, caption: str) -> list[list[str]]:
    """The rows of a table by its caption, as text."""
    body = html.partition(f"<caption>{caption}</caption>")[2].partition("</table>")[0]
    return [re.findall(r"<t[hd][^>]*>(.*?)</t[hd]>", row) for row in re.findall(r"<tr>(.*?)</tr>", body)]


def test_the_table_of_brackets_has_every_bracket_and_adds_up(evidence: Evidence, html: str) -> None:
    found = table_rows(html, "Conversion by score")
    assert [row[0] for row in found[1:-1]] == [label(one) for one in reversed(evidence.brackets)]
    assert sum(int(row[1].replace(",", "")) for row in found[1:-1]) == evidence.ranking.leads
    assert found[-1][1:3] == [f"{evidence.ranking.leads:,}", f"{evidence.ranking.conversions:,}"]


def test_every_rule_stands_in_the_table_and_in_exactly_one_group(evidence: Evidence, html: str) -> None:
    found = table_rows(html, "What becomes of the score without each rule")
    assert [row[0] for row in found[1:]] == [rule.rule for rule in evidence.rules]
    grouped = [rule.rule for group in rule_groups(evidence.rules) for rule in group.rules]
    assert sorted(grouped) == sorted(rule.rule for rule in evidence.rules)


def test_a_part_that_is_missing_is_not_spoken_of(evidence: Evidence, page: Page) -> None:
    parts = dict.fromkeys(("matrix", "misses", "stability", "trade_off", "business", "forecast"))
    bare: Any = SimpleNamespace(**vars(evidence) | parts)
    ids = {one.get("id") for one in Page(report_html(bare)).all("section")}
    every = {one.get("id") for one in page.all("section")}
    assert every - ids == {"matrix", "misses", "line", "business", "forecast"}


# Words


def test_a_model_that_predicts_is_said_to_in_words_and_what_to_do_is_said(page: Page, evidence: Evidence) -> None:
    best, worst = evidence.ranking.top_quarter_rate, evidence.ranking.bottom_quarter_rate
    assert f"Of the best quarter of leads {best:.0%} converted, of the worst {short_share(worst)}." in page.text
    assert "Repair or drop “Never”" in page.text  # no event has that name
    assert "test it again in 30 days" in page.text


def told(evidence: Evidence, **figures: Any) -> str:
    return sentences.headline(replace(evidence, ranking=replace(evidence.ranking, **figures))).title


def test_the_headline_says_no_more_than_is_shown(evidence: Evidence) -> None:
    assert told(evidence, auc=0.85) == "It predicts well"
    assert told(evidence, auc=0.75) == "It predicts"
    assert told(evidence, auc=0.6) == "It predicts, but weakly"
    assert told(evidence, auc=0.97) == "It predicts, almost too well"
    assert told(evidence, cannot_tell="cannot tell: 3 conversions") == "Cannot tell yet"
    unshown = replace(evidence, predicts=False)
    assert told(unshown, auc=0.5, auc_low=0.45, auc_high=0.55) == "Not shown to predict"
    assert told(unshown, auc=0.4, auc_low=0.35, auc_high=0.45) == "It points the wrong way"
    assert told(replace(evidence, is_point_in_time=False), auc=0.9) == "It seems to predict"


def test_a_leak_that_the_model_reads_comes_before_any_figure(evidence: Evidence) -> None:
    leaky = replace(evidence, leaks=(Leak("size", "filled for winners only", is_used=True),))
    found = sentences.headline(leaky)
    assert (found.tone, found.title) == ("bad", "Do not believe it yet")
    assert "the model reads “size”, which looks written after the outcome" in found.lead
    assert sentences.next_steps(leaky)[0].do.startswith("Take “size” out of the model")
    assert answers.of_trust(leaky).short == "Not yet"


def test_a_rule_against_the_data_is_to_be_turned_round(evidence: Evidence) -> None:
    first = replace(evidence.rules[0], rule="Odd", note="gives points, but its leads convert less than the others")
    assert [group.title for group in rule_groups((first,))] == ["Contradicted by the data"]
    steps = sentences.next_steps(replace(evidence, rules=(first,)))
    assert steps[0].do == "Turn round or drop “Odd”"


@pytest.mark.parametrize(
    ("age", "falls", "last"),
    [
        (None, False, "Put it to work, and test it again in 30 days"),
        (9.6, False, "Test it again in 21 days"),  # 30 days, as docs/drift.md says, less 9.6, in whole days
        (29.5, False, "Test it again in 1 day"),
        (30.0, False, "Look at its age"),
        (3.0, True, "Look at its age"),
    ],
)
def test_only_what_is_to_be_done_is_listed(evidence: Evidence, age: float | None, falls: bool, last: str) -> None:  # noqa: FBT001 - a table
    said = replace(evidence.stability, age_days=age, falls=falls, advice=advice_for(age, falls=falls))
    steps = sentences.next_steps(replace(evidence, predicts=True, is_point_in_time=True, leaks=(), stability=said))
    assert steps[-1].do == last
    assert not [step for step in steps if "nothing to do" in step.why]


def test_a_chance_is_told_at_round_scores() -> None:
    # a straight line from (0, 0) to (92, 0.92): a chance of 1 % for every point
    found = dict(answers.chances(((0.0, 0.0), (92.0, 0.92))))
    assert found == pytest.approx({0: 0.0, 20: 0.2, 40: 0.4, 60: 0.6, 80: 0.8})


@pytest.mark.parametrize(
    ("found", "wanted"),
    [
        (short_share(0.407), "41%"), (short_share(0.0114), "1.1%"), (short_share(0.0), "0%"), (short_share(None), "–"),
        (change(-0.0071), "−0.007"), (change(0.00001), "0.000"), (change(None), "–"),
        (points(-20.0), "−20"), (points(5.4), "+5.4"),
        (decimals(3.1, float("inf"), 1), "at least 3.1"), (decimals(-0.01, 0.02, 2), "−0.01 to 0.02"),
        (minus("-0.003 (-0.012 to +0.006)"), "−0.003 (−0.012 to +0.006)"), (minus("-5"), "−5"),
        (minus("A-1 of 2026-05-01, 3-5"), "A-1 of 2026-05-01, 3-5"),
        (money(18.4), "18.40"), (money(2858187.0), "2,858,187"), (money(20.0), "20"),
    ],
)  # fmt: skip
def test_figures_are_written_as_people_write_them(found: str, wanted: str) -> None:
    assert found == wanted


# Little to tell


@pytest.mark.parametrize("wins", [0, 1, 5])
def test_few_outcomes_still_make_a_page_that_says_so(wins: int) -> None:
    people, events, outcomes = rows(leads=120)
    won = [row for row in outcomes if row["outcome"] == "won"][:wins]
    page = Page(report_html(validate(model(), people, events, won + outcomes[-1:], horizon=60 * DAY)))
    assert "Cannot tell yet" in page.text or wins == 5
    assert "cannot tell" in page.text.lower()


def test_equal_scores_make_a_page_that_says_so() -> None:
    flat = scoville.Model.from_dict(
        {"scoville": 1, "name": "Flat", "fit": {"rules": [{"name": "No", "when": {"size": -1}, "points": 5}]}}
    )
    page = Page(report_html(validate(flat, *rows(leads=200), horizon=60 * DAY)))
    assert "Cannot tell yet The reason: all scores are equal." in page.text


def test_outcomes_without_dates_are_not_called_point_in_time() -> None:
    people, events, outcomes = rows()
    won = {row["lead_id"] for row in outcomes if row["outcome"] == "won"}
    known = [{**row, "bought": int(row["lead_id"] in won)} for row in people]
    page = Page(report_html(validate(model(), known, events, outcome_column="bought")))
    assert "It seems to predict" in page.text
    assert "not point in time" in page.text
    assert "Give the outcomes dates." in page.text


# The file


def test_a_report_is_written_whole(evidence: Evidence, html: str, tmp_path: Path) -> None:
    write_report(evidence, tmp_path / "report.html")
    assert (tmp_path / "report.html").read_text(encoding="utf-8") == html
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


def test_a_report_that_fails_leaves_what_was_there(tmp_path: Path) -> None:
    place = tmp_path / "report.html"
    place.write_text("yesterday", encoding="utf-8")
    with pytest.raises(AttributeError):
        write_report(SimpleNamespace(), place)  # type: ignore[arg-type]
    assert place.read_text(encoding="utf-8") == "yesterday"
    assert [path.name for path in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.parametrize(
    ("name", "said"),
    [("no/report.html", "there is no folder"), ("report.csv", "ends in .html"), ("", "it is a folder")],
)
def test_a_place_where_no_report_can_be_is_refused(tmp_path: Path, name: str, said: str) -> None:
    with pytest.raises(UsageError, match=said):
        check_report_place(tmp_path / name)


def test_sections_stand_on_other_pages_by_themselves(evidence: Evidence, html: str) -> None:
    wanted = ["rules", "time", "top_figures", "misses", "score"]
    found = sections_html(evidence, wanted, lambda lead_id: f"/leads/{lead_id}")
    assert list(found) == wanted
    assert str(found["rules"]) in html  # the same words and the same bars
    assert str(found["time"]) in html
    [first] = re.findall(r'<svg[^>]*class="chart".*?</svg>', str(found["score"]), re.DOTALL)[:1]
    assert first in html
    assert '<a href="/leads/L' in found["misses"]
    assert "/leads/" not in html


def test_a_section_with_nothing_to_say_is_left_out(evidence: Evidence) -> None:
    alone = replace(evidence, rules=(), snapshots=evidence.snapshots[:1])
    assert list(sections_html(alone, ["rules", "time", "gains"])) == ["gains"]


def test_a_mark_is_moved_as_if_the_chart_were_drawn_anew(evidence: Evidence) -> None:
    stages = {name: line.threshold for name, line in evidence.stages.items()}
    lines = evidence.trade_off
    low, high = lines[-1].threshold, lines[0].threshold

    def draw(width: int, at: float) -> Any:
        return charts.trade_off_chart(lines, stages, width, at)

    middle = low + 0.25 * (high - low)
    found = movable(draw, low, high)
    moved, anew = found.at(0.25, "a mark"), figure("a mark", lambda width: draw(width, middle))
    numbers = [[float(number) for number in re.findall(r"-?\d+(?:\.\d+)?", str(one.wide))] for one in (moved, anew)]
    assert numbers[0] == pytest.approx(numbers[1], abs=0.02)
    assert found.at(1, '"><script>').narrow.count("<script>") == 0
