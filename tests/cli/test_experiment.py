"""`scoville experiment`: plan, assign and read, as a marketer types them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Scoville


@pytest.fixture
def trial(folder: Path) -> Path:
    """Two thousand leads, half of whom got something new on their first day; 6 % and 12 % of them buy a week later."""
    lines, won = ["lead_id,variant,assigned_at"], ["lead_id,at"]
    for number in range(2000):
        variant, every = ("new", 8) if number % 2 else ("current", 16)
        lines.append(f"L{number},{variant},2026-01-01")
        if number // 2 % every == 0:
            won.append(f"L{number},2026-01-08")
    (folder / "assigned.csv").write_text("\n".join(lines), encoding="utf-8")
    (folder / "won.csv").write_text("\n".join(won), encoding="utf-8")
    return folder


def test_a_plan_says_leads_and_weeks(scoville: Scoville) -> None:
    done = scoville("experiment", "plan", "--rate", "5%", "--lift", "20%", "--per-week", "400")
    assert done.code == 0
    assert "To show 6.00% where 5.00% is usual (+20%)" in done.out
    assert "16,286" in done.out
    assert "41 weeks" in done.out
    assert "--planned 31232" in done.out


def test_a_plan_as_json(scoville: Scoville) -> None:
    done = scoville("experiment", "plan", "--rate", "0.05", "--json")
    assert json.loads(done.out)["leads"] == 16286


def test_the_usual_rate_comes_from_the_data(scoville: Scoville, trial: Path) -> None:
    assert trial.is_dir()
    lines = ["lead_id,created_at,bought", *(f"L{n},2026-01-01,{int(n % 20 == 0)}" for n in range(200))]
    (trial / "past.csv").write_text("\n".join(lines), encoding="utf-8")
    done = scoville("experiment", "plan", "--leads", "past.csv", "--outcome-column", "bought")
    assert "10 of 200 leads converted: 5.00%" in done.out
    assert "give --per-week to know" in done.out


def test_assigning_twice_gives_the_same(scoville: Scoville, folder: Path) -> None:
    for file in ("one.csv", "two.csv"):
        done = scoville("experiment", "assign", "--name", "welcome", "--leads", "leads.csv", "-o", file)
        assert done.code == 0
    assert (folder / "one.csv").read_text(encoding="utf-8") == (folder / "two.csv").read_text(encoding="utf-8")
    # SHA-256 of welcome:ada, welcome:bob, welcome:eve by GNU coreutils: 72..., b2..., a5...; below 80 is the first half
    rows = (folder / "one.csv").read_text(encoding="utf-8").splitlines()
    assert rows == ["lead_id,variant", "ada,current", "bob,new", "eve,new"]


def test_a_trial_that_shows_something_says_so(scoville: Scoville, trial: Path) -> None:
    assert trial.is_dir()
    done = scoville("experiment", "read", "assigned.csv", "--outcomes", "won.csv", "--horizon", "14d")
    assert done.code == 0
    assert "new is better: new 12.50% against current 6.30%" in done.out


def test_a_trial_read_too_early_counts_nobody(scoville: Scoville, trial: Path) -> None:
    assert trial.is_dir()
    done = scoville(
        "experiment", "read", "assigned.csv", "--outcomes", "won.csv", "--horizon", "14d", "--as-of", "2026-01-10",
        "--variants", "current=1,new=1", "--json",
    )  # fmt: skip
    found = json.loads(done.out)
    assert found["left_out"] == {"whose time is not over": 2000}
    assert found["verdict"] == "cannot tell: a variant has no leads yet"


def test_a_split_that_is_not_as_planned_exits_1(scoville: Scoville, trial: Path) -> None:
    assert trial.is_dir()
    done = scoville("experiment", "read", "assigned.csv", "--outcomes", "won.csv", "--variants", "current=60,new=40")
    assert done.code == 1
    assert "do not believe it: 1,000 to 1,000 leads came in where 60 to 40 was planned" in done.out


@pytest.mark.parametrize(
    ("arguments", "reason"),
    [
        (("plan",), "--rate 5%"),
        (("plan", "--rate", "five"), "--rate takes a share such as 5% or 0.05, not 'five'"),
        (("plan", "--rate", "5"), "must lie between 0 and 1, not 5"),
        (("plan", "--rate", "5%", "--variants", "alone"), "at least two"),
        (("read", "leads.csv"), "--outcomes FILE"),
        (("read", "leads.csv", "--outcomes", "outcomes.csv"), "outcomes.csv"),
        (("assign", "--name", "x", "--leads", "leads.csv", "-o", "leads.csv"), "would be overwritten"),
        (("assign", "--name", "x", "--leads", "leads.csv", "-o", "a.xlsx"), "a.xlsx"),
    ],
)
def test_what_cannot_run_says_why(scoville: Scoville, arguments: tuple[str, ...], reason: str) -> None:
    done = scoville("experiment", *arguments)
    assert done.code == 2
    assert reason in done.err
