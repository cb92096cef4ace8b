"""`scoville learn --from MODEL` as a person types it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

if TYPE_CHECKING:
    from cli.conftest import Scoville

LEADS = 3000
FILES = ("--leads", "leads.csv", "--outcome-column", "customer", "--won", "1")
MODEL = """scoville: 1
name: By hand   # in spring
fit:
  rules:
    - {name: Source, by: source, values: {partner: SOURCE, fair: 5}}
    - {name: Size, by: employees, bands: [{from: 100, points: 20}]}
"""


@pytest.fixture
def past(folder: Path) -> Path:
    """Leads of one day: partners and large companies win more often, both alike."""
    dice = np.random.default_rng(5)
    source = dice.choice(["web", "partner", "fair"], LEADS)
    size = dice.integers(1, 200, LEADS)
    log_odds = -3 + 2.0 * (source == "partner") + 0.5 * (source == "fair") + 2.0 * (size >= 100)
    won = (dice.random(LEADS) < 1 / (1 + np.exp(-log_odds))).astype(int)
    ids = [f"L{number:04}" for number in range(LEADS)]
    leads = pd.DataFrame({"lead_id": ids, "source": source, "employees": size, "customer": won})
    leads.to_csv(folder / "leads.csv", index=False)
    return folder


def written(points: int) -> Path:
    path = Path("model.yaml")
    path.write_text(MODEL.replace("SOURCE", str(points)), encoding="utf-8")
    return path


@pytest.mark.usefixtures("past")
def test_a_wrong_number_is_replaced_in_the_text_of_the_model(scoville: Scoville) -> None:
    result = scoville("learn", "--from", str(written(2)), *FILES, "-o", "new.yaml")
    assert result.code == 0
    assert "Take the new points" in result.out
    before, after = (Path(name).read_text(encoding="utf-8").splitlines() for name in ("model.yaml", "new.yaml"))
    different = [new for old, new in zip(before, after, strict=True) if old != new]
    assert len(different) == 1
    assert "Source" in different[0]
    assert "# in spring" in after[1]


@pytest.mark.usefixtures("past")
def test_a_model_that_is_right_is_not_written_again(scoville: Scoville) -> None:
    result = scoville("learn", "--from", str(written(20)), *FILES, "-o", "new.yaml", "--anyway", "--json")
    assert result.code == 1
    found = json.loads(result.out)
    assert found["text"] is None
    assert found["advice"] == "keep the model as it is"
    assert not any(value["changed"] for value in found["values"])
    assert not Path("new.yaml").exists()


@pytest.mark.usefixtures("past")
def test_options_that_choose_rules_do_not_go_with_a_model(scoville: Scoville) -> None:
    result = scoville("learn", "--from", str(written(20)), *FILES, "--traits", "source")
    assert result.code == 2
    assert "leave out --traits" in result.err


@pytest.mark.usefixtures("past")
def test_a_report_says_what_changes_and_why(scoville: Scoville) -> None:
    assert scoville("learn", "--from", str(written(2)), *FILES, "--report", "tuned.html").code == 0
    page = Path("tuned.html").read_text(encoding="utf-8")
    assert "Take the new points" in page
    assert "The past speaks against 2." in page
