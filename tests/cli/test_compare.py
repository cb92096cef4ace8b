"""`scoville compare`: the verdict, what is shown beside it, files and exit codes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from scoville.cli.app import app
from scoville.demo import write

if TYPE_CHECKING:
    from pathlib import Path

CHANCE = (
    "scoville: 1\nname: Chance\nfit: {rules: [{name: A, when: {first_name: {starts_with: a}}, points: 10}]}\n"
    "stages: [{name: Prospect, from: 0}, {name: MQL, from: 10}]\n"
)


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compare")
    write(folder, 1500, format="csv")
    text = (folder / "b2b_saas.yaml").read_text(encoding="utf-8")
    (folder / "cooler.yaml").write_text(text.replace("decay: {half_life: 30d}", "decay: {half_life: 29d}"), "utf-8")
    (folder / "chance.yaml").write_text(CHANCE, encoding="utf-8")
    return folder


def compared(demo: Path, models: str, *more: str) -> tuple[int, str]:
    files = [f"--{name}={demo / name}.csv" for name in ("leads", "events", "outcomes")]
    paths = [str(demo / f"{name}.yaml") for name in models.split()]
    done = CliRunner().invoke(app, ["compare", *paths, *files, "--snapshots", "2025-05-01,2025-09-01", *more])
    return done.exit_code, " ".join(done.output.split())


def test_a_good_model_is_better_than_chance(demo: Path) -> None:
    code, said = compared(demo, "chance b2b_saas", "--require-better")
    assert code == 0, said
    assert "b2b_saas.yaml against" in said
    assert "chance.yaml: better: AUC 0." in said
    for title in ("What differs in the files", "Who changes stage on 1 September 2025", "Whose score changes most"):
        assert title in said
    assert "fit rule A removed when first name starts with a; points 10" in said


def test_a_model_by_chance_is_not_better_and_a_pipeline_can_ask_for_that(demo: Path) -> None:
    assert compared(demo, "b2b_saas chance")[0] == 0
    code, said = compared(demo, "b2b_saas chance", "--require-better")
    assert code == 1
    assert "worse: AUC" in said


def test_hardly_any_change_is_no_difference_shown(demo: Path) -> None:
    code, said = compared(demo, "b2b_saas cooler")
    assert code == 0
    assert "no difference shown: AUC" in said
    assert "settings engagement decay half life changed 30d → 29d" in said


def test_a_copy_is_the_same(demo: Path) -> None:
    said = compared(demo, "b2b_saas b2b_saas")[1]
    assert "the same: both rank every lead alike" in said
    assert "The files say the same." in said
    assert "No lead changes stage on 1 September 2025." in said


def test_outcomes_without_dates_are_said_to_be_no_point_in_time(demo: Path) -> None:
    lines = ["lead_id,first_name,Converted", *(f"{n},{'Ada' if n % 3 else 'Bob'},{int(n % 7 == 0)}" for n in range(90))]
    (demo / "plain.csv").write_text("\n".join(lines), encoding="utf-8")
    (demo / "other.yaml").write_text(CHANCE.replace("a}", "b}"), encoding="utf-8")
    models = [str(demo / name) for name in ("chance.yaml", "other.yaml")]
    data = ["--leads", str(demo / "plain.csv"), "--outcome-column", "Converted"]
    done = CliRunner().invoke(app, ["compare", *models, *data])
    assert done.exit_code == 0, done.output
    assert "not point in time" in " ".join(done.output.split())


def test_json_and_the_file_of_movers_agree(demo: Path) -> None:
    target = demo / "movers.jsonl"
    code, said = compared(demo, "b2b_saas cooler chance", "--json", "--movers", str(target))
    found = json.loads(said)
    assert code == 0
    assert found["written"] == [str(target)]
    rows = [json.loads(line) for line in target.read_text(encoding="utf-8").splitlines()]
    for one in found["versus_first"]:
        assert sum(row["model"] == one["model"] for row in rows) == one["moved"]
        assert sum(move["leads"] for move in one["moves"]) == one["moved"]
    assert found["versus_first"][1]["answer"] == "worse"


@pytest.mark.parametrize(
    ("models", "more", "reason"),
    [
        ("b2b_saas", (), "at least two"),
        ("b2b_saas nothing", (), "no model file"),
        ("b2b_saas chance", ("--capacity", "20"), "between 0 and 1"),
        ("b2b_saas chance", ("--movers", "movers.xlsx"), "movers.xlsx"),
        ("b2b_saas chance", ("--horizon", "soon"), "--horizon"),
    ],
)
def test_what_cannot_run_says_why(demo: Path, models: str, more: tuple[str, ...], reason: str) -> None:
    files = [f"--{name}={demo / name}.csv" for name in ("leads", "events", "outcomes")]
    paths = [str(demo / f"{name}.yaml") for name in models.split()]
    done = CliRunner().invoke(app, ["compare", *paths, *files, "--snapshots", "2025-09-01", *more])
    assert done.exit_code != 0
    assert reason in str(done.exception)
