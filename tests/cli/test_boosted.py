"""`learn --boosted` writes a boosted model, and `score --boosted` puts it beside the points."""

from __future__ import annotations

import csv
import json
from typing import TYPE_CHECKING

import numpy as np
import pytest

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Scoville

LEARN = ("learn", "-l", "told.csv", "--outcome-column", "won", "-o", "card.yaml", "--boosted", "boosted.json")


@pytest.fixture
def told(folder: Path) -> Path:
    """800 leads; those of partners win five times as often. No dates."""
    dice = np.random.default_rng(3)
    path = folder / "told.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        write = csv.writer(file)
        write.writerow(["lead_id", "source", "employees", "won"])
        for number in range(800):
            source = dice.choice(["web", "partner"], p=[0.7, 0.3])
            won = dice.random() < (0.5 if source == "partner" else 0.1)
            write.writerow([f"L{number:03}", source, int(dice.integers(1, 500)), int(won)])
    return path


def test_it_is_learned_judged_and_scored_with(scoville: Scoville, told: Path) -> None:
    made = scoville(*LEARN, "--json")
    assert made.code == 0, made.err
    assert json.loads(made.out)["boosted"]["advice"].startswith(
        "keep the points"
    )  # one trait: there is no more to find
    scored = scoville("score", "card.yaml", "-l", "told.csv", "--boosted", "boosted.json", "-o", "scores.csv")
    assert scored.code == 0, scored.err
    with told.with_name("scores.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 800
    best = max(rows, key=lambda row: float(row["boosted_probability"]))
    assert 0.3 < float(best["boosted_probability"]) < 0.8  # half of them won
    assert "+ Source: partner" in best["boosted_reasons"]


def test_both_are_told_on_the_terminal(scoville: Scoville, told: Path) -> None:
    assert told.exists()
    made = scoville(*LEARN)
    assert "boosted: " in made.out
    assert "Keep the points" in made.out
    assert "wrote boosted.json" in made.err
    shown = scoville("score", "card.yaml", "-l", "told.csv", "--boosted", "boosted.json", "--blend", "0.5", "--top", 3)
    assert shown.code == 0, shown.err
    table = shown.out.partition("By the boosted model")[2]
    assert "blended" in table
    assert "+ Source: partner" in table


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--blend", "0.5"], "--boosted FILE"),
        (["--boosted", "none.json"], "none.json"),
        (["--boosted", "model.yaml"], "model.yaml"),
    ],
)
def test_what_cannot_be_is_said_plainly(scoville: Scoville, options: list[str], said: str) -> None:
    ended = scoville("score", "model.yaml", "-l", "leads.csv", *options)
    assert ended.code != 0
    assert said in ended.err
