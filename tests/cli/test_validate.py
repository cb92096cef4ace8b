"""`scoville validate`: what is said of a model that predicts and of one that does not, and the exit codes."""

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
    folder = tmp_path_factory.mktemp("validate")
    write(folder, 1500, format="csv")
    return folder


def validated(demo: Path, *more: str, model: str = "b2b_saas.yaml") -> tuple[int, str]:
    files = [f"--{name}={demo / name}.csv" for name in ("leads", "events", "outcomes")]
    done = CliRunner().invoke(app, ["validate", str(demo / model), *files, *more])
    return done.exit_code, done.output


def test_the_demo_model_predicts(demo: Path) -> None:
    code, said = validated(demo, "--snapshots", "2025-05-01,2025-09-01")
    assert code == 0, said
    assert "It predicts" in said
    assert "Of the best quarter of leads" in said
    for question in ("ranks", "rises", "best 20%", "rules", "wrong", "holds", "ahead", "next:"):
        assert f"\n{question}" in said
    assert "Conversion by score" not in said


def test_details_have_the_tables_behind_it(demo: Path) -> None:
    code, said = validated(demo, "--snapshots", "2025-05-01,2025-09-01", "--details", "--model-date", "2025-01-01")
    assert code == 0, said
    for title in ("Conversion by score", "The lines", "Which rules earn their place", "Over time", "Overlooked"):
        assert title in said
    assert "Conversion by fit (down)" in said or "Conversion by grade (down)" in said
    assert "days old" in said


def test_json_is_the_same_figures(demo: Path) -> None:
    code, said = validated(demo, "--snapshots", "2025-09-01", "--json")
    found = json.loads(said)
    assert code == 0
    assert found["conversions"] == sum(bracket["conversions"] for bracket in found["brackets"])


def test_a_model_by_chance_exits_1(demo: Path) -> None:
    chance = "scoville: 1\nname: Chance\nfit: {rules: [{name: A, when: {first_name: {starts_with: a}}, points: 10}]}\n"
    (demo / "chance.yaml").write_text(chance, encoding="utf-8")
    code, said = validated(demo, "--snapshots", "2025-09-01", model="chance.yaml")
    assert code == 1, said
    assert "Not shown to predict" in said or "Cannot tell" in said


def test_a_horizon_that_is_no_time_says_how_to_write_it(demo: Path) -> None:
    code, said = validated(demo, "--horizon", "soon")
    assert code != 0
    assert "predicts" not in said


def test_a_report_is_written_beside_the_figures(demo: Path) -> None:
    place = demo / "report.html"
    code, said = validated(demo, "--snapshots", "2025-09-01", "--report", str(place))
    assert code == 0, said
    assert f"wrote {place}" in said.replace("\n", "")
    assert place.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_report_that_can_be_nowhere_is_refused_before_the_work(demo: Path) -> None:
    words = ["validate", str(demo / "b2b_saas.yaml"), "--report", str(demo / "nowhere" / "report.html")]
    done = CliRunner().invoke(app, words)  # without leads, which would be asked for later
    assert isinstance(done.exception, UsageError)
    assert "there is no folder" in str(done.exception)
