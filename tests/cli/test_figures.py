"""`scoville figures`: words first, tables after, the same as JSON."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from scoville.cli.app import app
from scoville.demo import write

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("figures")
    write(folder, 1500, format="csv", dirt=0)
    return folder


def figured(demo: Path, *more: str) -> tuple[int, str]:
    files = [f"--{name}={demo / name}.csv" for name in ("leads", "events", "outcomes")]
    done = CliRunner().invoke(app, ["figures", str(demo / "b2b_saas.yaml"), *files, *more])
    return done.exit_code, done.output


def test_words_come_first_then_the_tables(demo: Path) -> None:
    code, said = figured(demo, "--horizon", "60d")
    assert code == 0, said
    assert "converted so far" in said.splitlines()[1]
    titles = ("All leads", "By source", "From stage to stage", "Forecast: ", "Such forecasts before")
    assert [said.index(title) for title in titles] == sorted(said.index(title) for title in titles)
    for name in ("engagement rate", "cost per customer", "sales cycle, median", "speed to lead, median", "SQL to won"):
        assert name in said


def test_months_that_are_young_are_marked(demo: Path) -> None:
    code, said = figured(demo, "--by", "month", "--horizon", "60d")
    assert code == 0, said
    by_month = {line.split()[0]: line for line in said.splitlines() if line.startswith("2025-")}
    assert by_month["2025-12"].rstrip().endswith("still open")
    assert not by_month["2025-02"].rstrip().endswith("still open")


def test_json_is_the_same_figures(demo: Path) -> None:
    code, said = figured(demo, "--json", "--touch", "demo_requested", "--as-of", "2025-10-01", "--horizon", "60d")
    found = json.loads(said)
    assert code == 0
    assert found["figures"]["touch"] == ["demo_requested"]
    assert found["forecast"]["as_of"] == "2025-10-01T00:00:00Z"
    assert found["figures"]["overall"]["leads"] == sum(group["leads"] for group in found["figures"]["by_month"])


def test_a_touch_that_is_none_says_which_there_are(demo: Path) -> None:
    code, said = figured(demo, "--touch", "demo_request")
    assert code != 0
    assert "All leads" not in said


def test_a_column_without_dates_has_figures_and_no_forecast(tmp_path: Path) -> None:
    (tmp_path / "model.yaml").write_text(
        "scoville: 1\nname: Tiny\nfit: {rules: [{name: Big, when: {size: big}, points: 10}]}\n", encoding="utf-8"
    )
    rows = "".join(f"l{n},{'big' if n % 3 else 'small'},{n % 2}\n" for n in range(40))
    (tmp_path / "leads.csv").write_text(f"lead_id,size,Converted\n{rows}", encoding="utf-8")
    options = ["--leads", str(tmp_path / "leads.csv"), "--outcome-column", "Converted"]
    done = CliRunner().invoke(app, ["figures", str(tmp_path / "model.yaml"), *options])
    assert done.exit_code == 0, done.output
    assert "of 40 leads, 50.0% converted so far" in done.output
    assert "Forecast: cannot tell: outcomes have no dates" in done.output
