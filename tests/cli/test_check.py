"""`scoville check`: every mistake at once, advice, and an exit code."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from cli.conftest import Scoville

TEN_MISTAKES = """scoville: 1
name: Ten
scale: {min: 100, max: 0}
fitt: {rules: []}
fit:
  rules:
    - {name: A, when: {title: {gtee: 1}}, points: 5}
    - {name: B, when: {title: x}, points: many}
    - {name: B2, by: employees, bands: [{from: 10, below: 5, points: 1}]}
    - {name: C, when: {title: x}}
engagement:
  decay: {half_life: 30 fortnights}
  rules:
    - {name: D, event: x, points: 1, at_mos: 3}
    - {name: E, event: x, points: 1, group: Nowhere}
    - {name: F, event: x, points: 1, max: 1, min: 2}
    - {name: G, event: x, within: -3d, count: [{from: 1, points: 1}]}
stages: [{name: High, from: 50}, {name: Low, from: 10}]
"""


def test_a_model_without_fault_says_so(scoville: Scoville) -> None:
    ended = scoville("check", "model.yaml", "--leads", "leads.csv", "--events", "events.csv")
    assert ended.code == 0
    assert "model.yaml: fine - Tiny" in ended.out
    assert "why: " in ended.out  # there is advice, with its reason


def test_advice_counts_only_when_asked_to(scoville: Scoville) -> None:
    assert scoville("check", "model.yaml", "--strict").code == 1


def test_ten_mistakes_are_all_told_at_once_each_with_its_line(scoville: Scoville) -> None:
    Path("ten.yaml").write_text(TEN_MISTAKES, encoding="utf-8")
    ended = scoville("check", "ten.yaml")
    assert ended.code == 2
    lines = TEN_MISTAKES.splitlines()
    told = {int(line.split(":")[1]) for line in ended.out.splitlines() if ": error: " in line}
    words = ("scale", "fitt", "gtee", "many", "below: 5", "name: C,", "fortnights", "at_mos", "Nowhere", "-3d")
    assert {number for number, line in enumerate(lines, start=1) if any(word in line for word in words)} <= told
    assert "Did you mean 'fit'?" in ended.out


def test_score_refuses_the_same_model_with_the_same_places(scoville: Scoville) -> None:
    Path("ten.yaml").write_text(TEN_MISTAKES, encoding="utf-8")
    ended = scoville("score", "ten.yaml", "--leads", "leads.csv")
    assert ended.code == 2
    assert ended.err.count("ten.yaml:") >= 10


def test_columns_are_held_against_the_model(scoville: Scoville) -> None:
    text = Path("leads.csv").read_text(encoding="utf-8")
    Path("leads.csv").write_text(text.replace("job_title", "job_titel"), encoding="utf-8")
    ended = scoville("check", "model.yaml", "--leads", "leads.csv", "--json")
    assert ended.code == 2
    document = json.loads(ended.out)
    assert list(document) == ["model", "version", "problems"]
    errors = [problem for problem in document["problems"] if problem["kind"] == "error"]
    assert [(error["path"], error["line"]) for error in errors] == [("model.yaml", 9)]
    assert "Did you mean 'job_titel'?" in errors[0]["message"]


BOMB = "a: &a [x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 9)}]\n" for before, name in zip("abcdefgh", "bcdefghi", strict=True)
)


@pytest.mark.parametrize(
    "content",
    [
        BOMB.encode(),
        b"[" * 100_000,
        b"a: !!python/object/apply:os.system ['echo hacked']",
        b"\xff\xfe\x00binary",
        b"",
        b"just text",
        b"- a\n- list\n",
        b"scoville: 1\nname: [unclosed\n",
    ],
    ids=["bomb", "deep", "code", "binary", "empty", "text", "list", "unclosed"],
)
def test_what_is_no_model_is_refused_at_once(scoville: Scoville, content: bytes) -> None:
    Path("bad.yaml").write_bytes(content)
    ended = scoville("check", "bad.yaml")
    assert ended.code == 2
    assert "bad.yaml:" in ended.out
    assert "hacked" not in ended.out
    assert len(ended.out) < 2_000


def test_a_missing_model_names_its_neighbour(scoville: Scoville) -> None:
    ended = scoville("check", "modle.yaml")
    assert ended.code == 2
    assert "Did you mean 'model.yaml'?" in ended.err
