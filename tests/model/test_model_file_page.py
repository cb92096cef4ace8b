"""The worked values of docs/model-file.md: every rule is accepted, and the oracle computes what the page says."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from oracle import oracle
from scoville.model.lint import find_advice
from scoville.model.load import Model

PAGE = Path(__file__).parents[2] / "docs" / "model-file.md"
AS_OF = datetime(2026, 3, 31, 12)  # noqa: DTZ001 - UTC, as everywhere
WORKED = re.compile(r"<!-- worked -->\n```yaml\n(?P<yaml>.*?)```\n\n(?P<table>(?:\|[^\n]*\n)+)", re.DOTALL)
Row = dict[str, Any]


class Worked(NamedTuple):
    """One row of a table: the model, what is known of the lead, its events, and the points the page names."""

    model: Row
    lead: Row
    events: list[Row]
    section: str
    points: float


def worked_values() -> list[Worked]:
    return [
        worked(yaml.safe_load(block["yaml"]), header, row)
        for block in WORKED.finditer(PAGE.read_text(encoding="utf-8"))
        for header, *rows in [[cells(line) for line in block["table"].splitlines() if not line.startswith("|--")]]
        for row in rows
    ]


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def worked(part: Row, header: list[str], row: list[str]) -> Worked:
    """`part` is one rule, or a section; the last cell ends with the points."""
    points = float(re.findall(r"-?[0-9]+(?:\.[0-9]+)?", row[-1])[-1])
    section = "engagement" if "event" in part or "engagement" in part else "fit"
    model = part if section in part else {section: {"rules": [part]}}
    lead: Row = {"lead_id": "ann"}
    events: list[Row] = []
    for title, cell in zip(header[:-1], row, strict=False):
        name = title.split("`")[1] if "`" in title else ""
        if section == "fit":
            lead[name] = None if cell == "missing" else float(cell) if re.fullmatch("[0-9]+", cell) else cell
        elif "of the events" in title:
            events += [event(part["event"], 1, **{name: value}) for value in values(cell)]
        else:
            events += [event(name or part["event"], age) for age in values(cell)]
    return Worked({"scoville": 1, "name": "Page", **model}, lead, events, section, points)


def values(cell: str) -> list[Any]:
    if cell == "none":
        return []
    return [None if value == "missing" else float(value) for value in cell.split(", ")]


def event(name: str, age_days: float, **properties: object) -> Row:
    return {"lead_id": "ann", "event": name, "occurred_at": AS_OF - timedelta(days=age_days), **properties}


@pytest.mark.parametrize(
    "case", worked_values(), ids=lambda case: next(iter(case.model[case.section]["rules"]))["name"]
)
def test_a_worked_value_is_what_the_oracle_computes(case: Worked) -> None:
    Model.from_dict(case.model)
    row = oracle(case.model, [case.lead], case.events, AS_OF).scores["ann"]
    assert getattr(row, case.section) == pytest.approx(case.points)


def test_every_kind_of_rule_and_decay_is_worked() -> None:
    text = "".join(block["yaml"] for block in WORKED.finditer(PAGE.read_text(encoding="utf-8")))
    fit = ("when:", "by:", "bands:", "values:", "missing:", "other:")
    engagement = ("repeat:", "at_most:", "at_most_per_day:", "within:", "count:", "sum:", "recency:", "groups:", "max:")
    for key in (*fit, *engagement, "half_life:", "linear:", "keep:", "lose:"):
        assert key in text, f"no worked value for `{key}`"


@pytest.fixture
def whole_model() -> Model:
    text = PAGE.read_text(encoding="utf-8")
    return Model.loads(text.partition("<!-- file: model.yaml -->\n```yaml\n")[2].partition("```")[0])


def test_the_whole_model_of_the_page_deserves_no_advice(whole_model: Model) -> None:
    assert find_advice(whole_model) == []


# By hand, from the thresholds of the whole model: A from 35, C from 5; 1 from 35; SQL from 71 with a fit of 20.
@pytest.mark.parametrize(("fit", "engagement", "grade", "stage"), [(40, 35, "A", "SQL"), (15, 60, "C", "MQL")])
def test_what_the_page_says_of_two_leads_holds(
    whole_model: Model, fit: int, engagement: int, grade: str, stage: str
) -> None:
    content = whole_model.to_dict()
    content |= {
        "fit": {
            "rules": [{"name": "F", "when": {"x": 1}, "points": fit}, {"name": "More", "when": {"x": 2}, "points": 50}]
        }
    }
    content |= {
        "engagement": {"rules": [{"name": "E", "event": "e", "points": engagement}]},
        "qualify": [],
        "disqualify": [],
    }
    row = oracle(content, [{"lead_id": "ann", "x": 1}], [event("e", 1)], AS_OF).scores["ann"]
    assert (row.score, row.grade, row.level, row.stage) == (75, grade, "1", stage)


def test_the_parts_shown_alone_are_accepted(whole_model: Model) -> None:
    blocks = re.findall(
        r"(?<!-->\n)```yaml\n((?:segments|accounts):.*?)```", PAGE.read_text(encoding="utf-8"), re.DOTALL
    )
    assert len(blocks) == 2
    for block in blocks:
        Model.from_dict(whole_model.to_dict() | yaml.safe_load(block))
