"""The text of a learned model: read back as it was meant, with what speaks for each rule beside it."""

from __future__ import annotations

import yaml

from scoville.learn.written.earned import Earned, Group, Line
from scoville.learn.written.write import flow, model_text, rate_of
from scoville.model.load import Model

CONTENT = {
    "scoville": 1,
    "name": "Learned: model",
    "scale": {"min": 0, "max": 100},
    "fit": {
        "rules": [
            {"name": "To start with", "when": {"lead_id": {"is": "present"}}, "points": 5},
            {"name": "Size", "by": "employees", "bands": [{"from": 0.1, "below": 50, "points": 3}], "missing": -2},
            {"name": "Source", "by": "Lead source", "values": {"yes": 4, "007": 2, "a: b #c": 1, "5": 3}, "other": 2},
        ]
    },
    "engagement": {
        "rules": [
            {"name": "Page", "event": "page_viewed", "when": {"path": {"starts_with": "/pricing"}}, "points": 2,
             "decay": {"half_life": "7.5d"}, "max": 9},
            {"name": "Quiet", "event": "*", "within": "30d", "count": [{"below": 1, "points": -5}]},
            {"name": "Minutes", "event": "seen", "sum": {"of": "minutes", "bands": [{"from": 1e-7, "points": 1}]}},
        ]
    },
    "grades": {"A": 3, "D": None},
    "levels": {"1": 2, "4": None},
    "stages": [{"name": "Prospect", "from": 0}, {"name": "MQL", "from": 7}],
    "probability": {"points": [[0, 0.01], [7, 0.2]], "horizon": "90d", "outcome": "won", "score_version": "1234567"},
}  # fmt: skip
HALF = Group(50, 0.5, 0.1, 0.04, 0.21)
NOBODY = Group(0, 0.0, None, None, None)
SIZE = Earned("Size", HALF, Group(50, 0.5, 0.02, 0.01, 0.09), HALF, NOBODY, (Line("", (0.1, 50), 3, HALF),))


def text() -> str:
    return model_text(CONTENT, {"Size": SIZE}, head=["First.", "Second."], stages_say="Where sales begins.")


def test_the_text_is_the_model() -> None:
    assert Model.loads(text()) == Model.from_dict(CONTENT)


def test_the_text_is_plain_yaml_for_others_too() -> None:
    found = yaml.safe_load(text())
    assert found["fit"]["rules"][2]["values"] == {"yes": 4, "007": 2, "a: b #c": 1, 5: 3}
    assert found["engagement"]["rules"][2]["sum"]["bands"][0]["from"] == 1e-7
    assert found["probability"]["score_version"] == "1234567"


def test_a_rule_has_its_evidence_above_it_and_a_band_beside_it() -> None:
    lines = text().splitlines()
    above = lines.index("    - name: Size") - 1
    assert "50% of leads get points from it: 10% (4 to 21) of them converted, 2.0% (1.0 to 9.0) of the others" in (
        " ".join(line.strip(" #") for line in lines[above - 1 : above + 1])
    )
    assert any(line.endswith("# 50% of leads, 10% (4 to 21) converted") for line in lines)


def test_the_head_comes_first_as_a_comment() -> None:
    assert text().startswith("# First.\n#\n# Second.\n\nscoville: 1\n")


def test_the_same_card_gives_the_same_text() -> None:
    assert text() == text()


def test_numbers_are_written_so_that_they_are_read_back_exactly() -> None:
    for number in (0.1 + 0.2, 1e-9, 123456789.125, 1e20):
        assert float(flow(number)) == number
        assert "e" not in flow(number)


def test_a_rate_of_nobody_is_a_dash() -> None:
    assert rate_of(NOBODY) == "-"
