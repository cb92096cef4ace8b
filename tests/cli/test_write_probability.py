"""`scoville validate --write-probability`: measured on the past, in the model file, and in the next scores."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING

import pytest

from scoville.demo import write
from scoville.model.load import Model

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Scoville


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("probability")
    write(folder, 1500, format="csv")
    return folder


def data(demo: Path, *names: str) -> list[str]:
    return [f"--{name}={demo / name}.csv" for name in names]


def test_what_was_measured_is_in_the_file_and_in_the_scores(demo: Path, scoville: Scoville) -> None:
    model = demo / "measured.yaml"
    before = (demo / "b2b_saas.yaml").read_text(encoding="utf-8")
    model.write_text(before, encoding="utf-8")
    files = data(demo, "leads", "events", "outcomes")
    ended = scoville("validate", model, *files, "--snapshots", "2025-05-01,2025-09-01", "--write-probability")
    assert ended.code == 0, ended.err
    assert "wrote the probability into" in ended.err.replace("\n", " ")
    assert model.read_text(encoding="utf-8").startswith(before)
    assert "probability:  # measured by scoville validate: " in model.read_text(encoding="utf-8")
    found = Model.load(model).probability
    assert found is not None
    assert found.score_version == Model.load(demo / "b2b_saas.yaml").score_version

    scored = scoville("score", model, *data(demo, "leads", "events"), "--as-of", "2025-09-01", "-o", demo / "s.csv")
    assert scored.code == 0, scored.err
    with (demo / "s.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all((row["probability"] == "") == (row["disqualified_by"] != "") for row in rows)
    given = sorted((float(row["score"]), float(row["probability"])) for row in rows if row["probability"])
    assert [probability for _, probability in given] == sorted(probability for _, probability in given)
    assert found.points[0][1] <= given[0][1] < given[-1][1] / 3
    assert given[-1][1] <= found.points[-1][1]


def test_without_enough_conversions_nothing_is_written_and_the_reason_is_said(demo: Path, scoville: Scoville) -> None:
    model, few = demo / "few.yaml", demo / "few.csv"
    model.write_bytes((demo / "b2b_saas.yaml").read_bytes())
    outcomes = (demo / "outcomes.csv").read_text(encoding="utf-8").splitlines()
    won = [line for line in outcomes[1:] if "won" in line and "2025-09" in line]
    few.write_text("\n".join([outcomes[0], *won[:12]]) + "\n", encoding="utf-8")
    files = [*data(demo, "leads", "events"), f"--outcomes={few}", "--snapshots", "2025-09-01", "--horizon", "30d"]
    ended = scoville("validate", model, *files, "--write-probability")
    assert ended.code == 2, ended.err
    assert "the probability was not written: cannot tell: " in ended.err
    assert model.read_bytes() == (demo / "b2b_saas.yaml").read_bytes()


def test_a_score_that_does_not_predict_gets_no_probability(demo: Path, scoville: Scoville) -> None:
    chance = "scoville: 1\nname: Chance\nfit: {rules: [{name: A, when: {first_name: {starts_with: a}}, points: 10}]}\n"
    model = demo / "chance.yaml"
    model.write_text(chance, encoding="utf-8")
    files = data(demo, "leads", "events", "outcomes")
    ended = scoville("validate", model, *files, "--snapshots", "2025-05-01,2025-09-01", "--write-probability")
    assert ended.code == 2, ended.err
    assert "the score does not predict" in ended.err.replace("\n", " ")
    assert model.read_text(encoding="utf-8") == chance


def test_a_read_only_model_is_said_before_the_work(demo: Path, scoville: Scoville) -> None:
    model = demo / "fixed.yaml"
    model.write_bytes((demo / "b2b_saas.yaml").read_bytes())
    model.chmod(0o444)
    ended = scoville("validate", model, "--leads", demo / "no such file.csv", "--write-probability")
    assert ended.code == 2
    assert "read-only" in ended.err
