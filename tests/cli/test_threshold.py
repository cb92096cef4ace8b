"""`scoville threshold`: the answer to each wish, and the exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from scoville.cli.app import app
from scoville.demo import write
from scoville.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("threshold")
    write(folder, 1500, format="csv")
    return folder


def asked(demo: Path, *more: str) -> tuple[int, str]:
    files = [f"--{name}={demo / name}.csv" for name in ("leads", "events", "outcomes")]
    done = CliRunner().invoke(app, ["threshold", str(demo / "b2b_saas.yaml"), *files, *more])
    return done.exit_code, done.output


def refused(demo: Path, *more: str) -> str:
    with pytest.raises(UsageError) as said:
        CliRunner().invoke(app, ["threshold", str(demo / "b2b_saas.yaml"), *more], catch_exceptions=False)
    return str(said.value)


def test_a_capacity_is_answered_in_words_with_past_weeks_and_the_yaml(demo: Path) -> None:
    code, said = asked(demo, "--capacity", "10", "--weeks", "8")
    assert code == 0, said
    for part in (
        "at most 10 new leads a week", "buys; you reach", "What each line trades", "your capacity", "MQL today",
        "Week by week at", "Where the last customers stood", "- {name: MQL, from: ",
    ):  # fmt: skip
        assert part in said


def test_reps_and_calls_are_a_capacity_and_json_has_all_figures(demo: Path) -> None:
    code, said = asked(demo, "--reps", "2", "--calls", "5", "--cost", "50", "--weeks", "6", "--json")
    assert code == 0, said
    found = json.loads(said)
    capacity, value = found["choices"]
    assert (capacity["wish"], capacity["is_met"]) == ("at most 10 new leads a week", True)
    assert capacity["at"]["leads_per_week"] <= 10
    assert value["at"]["net_low"] <= value["at"]["net"] <= value["at"]["net_high"]
    assert found["known_snapshots"] == 7
    assert len(found["snapshots"]) > 7
    assert found["customers"]["customers"] + found["customers"]["unseen"] <= 50


def test_without_a_wish_lines_worth_a_look_are_shown(demo: Path) -> None:
    code, said = asked(demo, "--snapshots", "2025-05-01,2025-06-01,2025-07-01")
    assert code == 0, said
    for part in ("reach 80% of all who buy", "where buyers and others part best", "more than a week apart"):
        assert part in said


def test_a_wish_that_cannot_be_met_exits_1_and_names_the_nearest(demo: Path) -> None:
    code, said = asked(demo, "--precision", "0.99", "--snapshots", "2025-05-01,2025-06-01,2025-07-01")
    assert code == 1, said
    assert "cannot be met" in said
    assert "The nearest: At" in said


@pytest.mark.parametrize(
    "wrong",
    [("--reps", "4"), ("--precision", "20"), ("--capacity", "5", "--reps", "1", "--calls", "2"), ("--section", "heat")],
)
def test_options_that_make_no_sense_are_refused(demo: Path, wrong: tuple[str, ...]) -> None:
    code, said = asked(demo, *wrong)
    assert code != 0
    assert "What each line trades" not in said


def test_a_share_may_be_written_in_percent(demo: Path) -> None:
    assert asked(demo, "--recall", "80%", "--weeks", "8") == asked(demo, "--recall", "0.8", "--weeks", "8")
    assert "--precision takes a share such as 5% or 0.05" in refused(demo, "--precision", "a fifth")


def test_a_value_without_a_cost_is_not_passed_over(demo: Path) -> None:
    assert "--value goes with --cost" in refused(demo, "--value", "900")
