"""What differs between two model files, in words."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import pytest

import scoville
from scoville.evidence.versus.differences import model_changes

CONTENT: dict[str, Any] = {
    "scoville": 1,
    "name": "A",
    "disqualify": [{"name": "Rival", "when": {"email.domain": "rival.com"}}],
    "fit": {
        "max": 50,
        "rules": [
            {"name": "Director", "when": {"job_title": "director"}, "points": 15},
            {"name": "Size", "by": "employees", "bands": [{"below": 10, "points": -5}, {"from": 50, "points": 10}]},
            {"name": "Trade", "by": "industry", "values": {"software": 10, "finance": 8}},
        ],
    },
    "engagement": {
        "decay": {"half_life": "30d"},
        "groups": {"Email": {"max": 10}},
        "rules": [
            {"name": "Pricing", "event": "page_viewed", "points": 10, "within": "60d", "max": 25},
            {"name": "Minutes", "event": "webinar", "sum": {"of": "minutes", "bands": [{"from": 30, "points": 5}]}},
            {"name": "Mail", "event": "email_opened", "points": 1, "group": "Email"},
        ],
    },
    "grades": {"A": 20, "B": None},
    "stages": [{"name": "Lead", "from": 0}, {"name": "MQL", "from": 40}],
    "segments": [{"name": "Large", "when": {"employees": {"gte": 1000}}, "fit": {"max": 30}}],
}


def changed(*path_and_value: Any) -> list[tuple[str, str, str, str]]:
    """What is said when one thing is put at a path of the content."""
    *path, last, value = path_and_value
    content = deepcopy(CONTENT)
    inner = content
    for step in path:
        inner = inner[step]
    if value is None:
        del inner[last]
    else:
        inner[last] = value
    before, after = scoville.Model.from_dict(CONTENT), scoville.Model.from_dict(content)
    return [(one.kind, one.part, one.name, one.said) for one in model_changes(before, after)]


FIT, EVENTS = ("fit", "rules"), ("engagement", "rules")


@pytest.mark.parametrize(
    ("put", "expected"),
    [
        ((*FIT, 0, "points", 20), ("changed", "fit rule", "Director", "points 15 → 20")),
        (
            (*FIT, 0, "when", {"job_title": ["director", "owner"]}),
            ("changed", "fit rule", "Director", "when job title is director → job title is director or owner"),
        ),
        ((*FIT, 0, "name", "Boss"), ("renamed", "fit rule", "Director", "now called Boss")),
        ((*FIT, 0, None), ("removed", "fit rule", "Director", "when job title is director; points 15")),
        (
            (*FIT, 1, "bands", [{"below": 10, "points": -8}, {"from": 60, "points": 10}]),
            (
                "changed", "fit rule", "Size",
                "bands below 10: -5 → -8; bands from 50: +10 → no longer there; bands from 60: new, +10",
            ),
        ),
        (
            (*FIT, 2, "values", {"software": 12, "retail": 3}),
            ("changed", "fit rule", "Trade", "software: +10 → +12; finance: +8 → no longer there; retail: new, +3"),
        ),
        ((*EVENTS, 0, "within", "30d"), ("changed", "engagement rule", "Pricing", "window 60d → 30d")),
        ((*EVENTS, 0, "within", None), ("changed", "engagement rule", "Pricing", "window 60d → none")),
        (
            (*EVENTS, 0, "decay", {"linear": "90d"}),
            ("changed", "engagement rule", "Pricing", "decay none → linear 90d"),
        ),
        (
            (*EVENTS, 1, "sum", {"of": "minutes", "bands": [{"from": 30, "points": 9}]}),
            ("changed", "engagement rule", "Minutes", "bands from 30: +5 → +9"),
        ),
        (
            (*EVENTS, 1, None),
            ("removed", "engagement rule", "Minutes", "event webinar; sum of minutes bands from 30: +5"),
        ),
        (
            ("engagement", "decay", "half_life", "14d"),
            ("changed", "settings", "engagement decay half life", "30d → 14d"),
        ),
        (
            ("engagement", "groups", "Email", "max", 12),
            ("changed", "settings", "engagement groups Email max", "10 → 12"),
        ),
        (("fit", "max", None), ("changed", "settings", "fit max", "50 → none")),
        (
            ("probability", {"points": [[0, 0.01], [80, 0.3]], "score_version": "0123456789ab"}),
            ("changed", "settings", "probability points", "none → 2 points from 0.01 to 0.3"),
        ),
        (("grades", "B", None), ("changed", "settings", "grades B", "everything below → none")),
        (("accounts", {}), ("changed", "settings", "accounts", "none → as usual")),
        (("priorities", [{"name": "all"}]), ("added", "priority", "all", "for everybody")),
        (
            ("accounts", {"breadth": {"points": 5, "when": {"engagement": {"gte": 10}}}}),
            ("changed", "settings", "accounts breadth points", "none → 5"),
        ),
        (
            ("stages", 1, "needs", {"fit": {"gte": 6}}),
            ("changed", "stage", "MQL", "needs none → fit is at least 6"),
        ),
        (("grades", "A", 25), ("changed", "settings", "grades A", "20 → 25")),
        (("stages", 1, "from", 45), ("changed", "stage", "MQL", "from 40 → 45")),
        (("disqualify", 0, None), ("removed", "disqualification", "Rival", "when email domain is rival.com")),
        (
            ("segments", 0, "fit", "max", 35),
            ("changed", "settings of segment Large", "fit max", "30 → 35"),
        ),
        (
            ("segments", 0, "fit", "rules", [{"name": "Big", "when": {"employees": {"gte": 5000}}, "points": 5}]),
            ("added", "fit rule of segment Large", "Big", "when employees is at least 5,000; points 5"),
        ),
    ],
)  # fmt: skip
def test_a_change_is_said_in_words(put: tuple[Any, ...], expected: tuple[str, ...]) -> None:
    assert changed(*put)[0] == expected


def test_one_change_is_said_once() -> None:
    assert len(changed("fit", "rules", 0, "points", 20)) == 1
    said = changed("accounts", {"breadth": {"points": 5, "when": {"engagement": {"gte": 10}}}})
    assert said[1] == ("changed", "settings", "accounts breadth when", "when none → engagement is at least 10")


def test_what_changes_no_score_is_not_said() -> None:
    assert changed("name", "Another name") == []
    assert changed("description", "Reviewed in May") == []


def test_another_order_matters_where_the_first_that_holds_counts() -> None:
    content = {**CONTENT, "priorities": [{"name": "hot", "when": {"score": {"gte": 50}}}, {"name": "warm"}]}
    other = {**content, "priorities": [{"name": "warm"}, {"name": "hot", "when": {"score": {"gte": 50}}}]}
    other["priorities"][0]["when"] = {"score": {"gte": 10}}
    content["priorities"][1]["when"] = {"score": {"gte": 10}}
    changes = model_changes(scoville.Model.from_dict(content), scoville.Model.from_dict(other))
    assert [(one.name, one.said) for one in changes] == [("order of priorities", "hot, warm → warm, hot")]


def test_the_order_of_rules_means_nothing() -> None:
    content = deepcopy(CONTENT)
    content["fit"]["rules"].reverse()
    assert model_changes(scoville.Model.from_dict(CONTENT), scoville.Model.from_dict(content)) == ()


def test_there_and_back_are_told_from_both_sides() -> None:
    content = deepcopy(CONTENT)
    del content["engagement"]["rules"][2]
    one, other = scoville.Model.from_dict(CONTENT), scoville.Model.from_dict(content)
    assert [change.kind for change in model_changes(one, other)] == ["removed"]
    assert [change.kind for change in model_changes(other, one)] == ["added"]
