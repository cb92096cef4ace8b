"""An explanation as HTML, for notebooks: a waterfall whose steps add up to the score."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from scoville import words
from scoville.display import bar_cell, block, head_row, number_cell, titled_list
from scoville.explain.lines import (
    context,
    headline,
    outlook_lines,
    shown_contributions,
    total_line,
    ways_lines,
    ways_title,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.explain.facts import Contribution, Facts


def explanation_html(explanation: Facts) -> str:
    """A waterfall whose steps add up to the score, what time will do to it, and the shortest way to the next stage."""
    title = f"<h4>{escape(explanation.lead_id)} <small>{escape(headline(explanation))}</small></h4>"
    merged = ""
    if explanation.asked_for != explanation.lead_id:
        merged = f"<p>{escape(explanation.asked_for)} was merged into {escape(explanation.lead_id)}.</p>"
    about = f"<p class=quiet>{escape(context(explanation))}</p>"
    steps = _waterfall(explanation, shown_contributions(explanation))
    likely = f"<p>{escape(explanation.probability_sentence)}</p>" if explanation.probability_sentence else ""
    return block(title + merged + about + likely + steps + _lists(explanation))


def _waterfall(explanation: Facts, shown: Sequence[Contribution]) -> str:
    totals = [0.0, explanation.score, *(item.running_total for item in explanation.contributions)]
    low, high = min(totals), max(totals)
    body = "".join(_step_row(item, low, high) for item in shown)
    foot = (
        f"<tr><th scope=row>{escape(total_line(explanation))}</th>{number_cell(words.number(explanation.score))}"
        f"{bar_cell(0.0, explanation.score, low, high, 'sum')}{number_cell(words.number(explanation.score))}</tr>"
    )
    head = head_row("Why", "Points", "", "Total")
    caption = "<caption>Where the points come from</caption>"
    return f"<table class=steps>{caption}{head}<tbody>{body}</tbody><tfoot>{foot}</tfoot></table>"


def _step_row(item: Contribution, low: float, high: float) -> str:
    before = item.running_total - item.points
    bar = bar_cell(before, item.running_total, low, high, "up" if item.points >= 0 else "down")
    points, total = number_cell(words.signed(item.points)), number_cell(words.number(item.running_total))
    return f"<tr><th scope=row>{escape(item.sentence)}</th>{points}{bar}{total}</tr>"


def _lists(explanation: Facts) -> str:
    ways = titled_list(ways_title(explanation), ways_lines(explanation))
    unknown = titled_list("Not known yet", (each.sentence for each in explanation.next_stage.unknown))
    return titled_list("If nothing happens", outlook_lines(explanation)) + ways + unknown
