"""`scoville learn` as a person types it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest

from scoville.model.load import Model

if TYPE_CHECKING:
    from cli.conftest import Scoville

LEADS = 1500
FILES = ("--leads", "past/leads.csv", "--events", "past/events.csv", "--outcomes", "past/outcomes.csv")


@pytest.fixture
def past(folder: Path) -> Path:
    """Made-up leads: partners and those who asked for a demo win more often."""
    place = folder / "past"
    place.mkdir()
    dice = np.random.default_rng(5)
    ids = [f"L{number:04}" for number in range(LEADS)]
    created = [datetime(2025, 1, 1) + timedelta(days=float(day)) for day in dice.uniform(0, 300, LEADS)]  # noqa: DTZ001
    source = dice.choice(["web", "partner"], LEADS, p=[0.8, 0.2])
    demo = dice.random(LEADS) < 0.4
    won = dice.random(LEADS) < 1 / (1 + np.exp(3.0 - 2.0 * (source == "partner") - 2.0 * demo))
    people = pd.DataFrame({"lead_id": ids, "created_at": created, "source": source, "customer": won.astype(int)})
    people.to_csv(place / "with_outcome.csv", index=False)
    people.drop(columns="customer").to_csv(place / "leads.csv", index=False)
    after = dice.uniform(20, 60, LEADS)
    pd.DataFrame(
        [
            (ids[at], "demo_requested", created[at] + timedelta(days=float(after[at]) - 12))
            for at in np.flatnonzero(demo)
        ],
        columns=["lead_id", "event", "occurred_at"],
    ).to_csv(place / "events.csv", index=False)
    pd.DataFrame(
        [(ids[at], "won", created[at] + timedelta(days=float(after[at]))) for at in np.flatnonzero(won)],
        columns=["lead_id", "outcome", "at"],
    ).to_csv(place / "outcomes.csv", index=False)
    return place


def test_it_writes_a_model_that_checks_and_scores(past: Path, scoville: Scoville) -> None:
    ended = scoville("learn", *FILES, "--horizon", "30d", "-o", "learned.yaml")
    assert ended.code == 0, ended.err
    assert "AUC" in ended.out
    assert "Source" in ended.out
    assert "next: scoville score learned.yaml" in ended.out
    assert "wrote learned.yaml" in ended.err
    checked = scoville("check", "learned.yaml", *FILES[:4])
    assert checked.code == 0, checked.out
    assert "advice" not in checked.out
    assert scoville("score", "learned.yaml", *FILES[:4], "--as-of", "2025-10-01").code == 0
    assert past.is_dir()


def test_without_a_file_nothing_is_written(past: Path, scoville: Scoville) -> None:
    before = sorted(past.parent.iterdir())
    ended = scoville("learn", *FILES, "--horizon", "30d")
    assert ended.code == 0
    assert "-o model.yaml writes it" in ended.out
    assert sorted(past.parent.iterdir()) == before


def test_machines_get_the_model_and_every_figure(past: Path, scoville: Scoville) -> None:
    found = json.loads(scoville("learn", *FILES, "--horizon", "30d", "--factors", "1", "--json").out)
    assert Model.from_dict(found["model"]).name == "Learned model"
    assert len(found["path"]) == 1
    assert found["held_out"]["auc_low"] < found["held_out"]["auc"] < found["held_out"]["auc_high"]
    assert found["conversions"] > 100
    assert past.is_dir()


def test_outcomes_may_be_a_column(past: Path, scoville: Scoville) -> None:
    ended = scoville(
        "learn", "--leads", past / "with_outcome.csv", "--outcome-column", "customer", "-o", "learned.yaml"
    )
    assert ended.code == 0
    assert "outcomes have no dates" in ended.out
    assert [rule.name for rule in Model.load("learned.yaml").fit.rules if rule.name == "Source"]


def test_traits_and_events_can_be_chosen(past: Path, scoville: Scoville) -> None:
    left = json.loads(scoville("learn", *FILES, "--horizon", "30d", "--leave-out", "source", "--json").out)
    assert "Source" not in json.dumps(left["path"])
    ended = scoville("learn", *FILES, "--horizon", "30d", "--traits", "sauce")
    assert ended.code == 2
    assert "source" in ended.err
    assert past.is_dir()


def test_too_few_conversions_are_a_no_with_a_reason_and_no_file(past: Path, scoville: Scoville) -> None:
    short = pd.read_csv(past / "outcomes.csv").head(10)
    short.to_csv(past / "outcomes.csv", index=False)
    ended = scoville("learn", *FILES, "--horizon", "30d", "-o", "learned.yaml")
    assert ended.code == 1
    assert "20 are needed" in " ".join(ended.out.split())
    assert not Path("learned.yaml").exists()


def test_a_place_that_cannot_be_written_is_refused_before_the_work(past: Path, scoville: Scoville) -> None:
    ended = scoville("learn", *FILES, "-o", past)
    assert ended.code == 2
    assert "it is a folder" in ended.err
    assert scoville("learn", *FILES, "-o", "nowhere/learned.yaml").code == 2


def test_a_model_to_compare_with_is_named(past: Path, scoville: Scoville) -> None:
    Path("hand.yaml").write_text(
        "scoville: 1\nname: By hand\nfit: {rules: [{name: Web, when: {source: web}, points: 5}]}\n", encoding="utf-8"
    )
    ended = scoville("learn", *FILES, "--horizon", "30d", "--against", "hand.yaml")
    assert ended.code == 0
    assert "against By hand" in ended.out
    assert past.is_dir()


def test_a_report_is_written_of_what_was_learned_and_of_what_was_not(past: Path, scoville: Scoville) -> None:
    ended = scoville("learn", *FILES, "--horizon", "30d", "--factors", "2", "--report", "learned.html", "--json")
    assert (ended.code, "wrote learned.html" in ended.err) == (0, True)
    assert "What gives points?" in Path("learned.html").read_text(encoding="utf-8")
    pd.read_csv(past / "outcomes.csv").head(10).to_csv(past / "outcomes.csv", index=False)
    assert scoville("learn", *FILES, "--horizon", "30d", "--report", "not.html").code == 1
    assert "Nothing was learned" in Path("not.html").read_text(encoding="utf-8")


def test_a_report_has_a_place_of_its_own(past: Path, scoville: Scoville) -> None:
    ended = scoville("learn", *FILES, "-o", "one.html", "--report", "one.html")
    assert (ended.code, "named for two outputs" in ended.err) == (2, True)
    assert scoville("learn", *FILES, "--report", "learned.yaml").code == 2
    assert past.is_dir()
