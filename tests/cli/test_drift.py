"""`scoville drift`: exit codes for a scheduler, baselines that appear whole, words for a person, JSON for machines."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from scoville.demo import write

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cli.conftest import Ended, Scoville

    Drift = Callable[..., Ended]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("drift")
    write(folder, 1200, format="csv")
    events = (folder / "events.csv").read_text(encoding="utf-8")
    (folder / "renamed.csv").write_text(events.replace('"trial_started"', '"trial_begun"'), encoding="utf-8")
    return folder


@pytest.fixture
def drift(demo: Path, scoville: Scoville) -> Drift:
    """The verb on the demo's model, leads and events."""

    def run(*more: object, events: str = "events.csv") -> Ended:
        files = ("--leads", demo / "leads.csv", "--events", demo / events)
        return scoville("drift", demo / "b2b_saas.yaml", *files, *more)

    return run


@pytest.fixture
def base(drift: Drift, demo: Path) -> Path:
    """A baseline of June 2025, made once."""
    path = demo / "base.json"
    if not path.exists():
        saved = drift("--to", "2025-06-01", "--save-baseline", path)
        assert saved.code == 0, saved.err
        assert "leads as of 1 June 2025, counts alone" in saved.out
    return path


def test_leads_that_are_as_before_exit_0(drift: Drift, demo: Path) -> None:
    ended = drift("--outcomes", demo / "outcomes.csv")
    assert ended.code == 0, ended.err
    assert "not drifted: new leads look like those of" in ended.out
    for title in ("Lines and outcomes", "conversion rate", "AUC", "What moved, of 25 things"):
        assert title in ended.out


def test_a_renamed_event_is_found_against_a_baseline_and_exits_1(drift: Drift, base: Path) -> None:
    ended = drift("--baseline", base, events="renamed.csv")
    assert ended.code == 1, ended.err
    assert "has drifted: rule Trial started" in ended.out
    assert "was an event or a value renamed?" in ended.out


def test_a_run_may_compare_and_keep_the_next_baseline(drift: Drift, folder: Path) -> None:
    ended = drift("--from", "2025-06-01", "--save-baseline", folder / "next.json")
    assert ended.code == 0, ended.err
    assert "not drifted" in ended.out
    kept = json.loads((folder / "next.json").read_text(encoding="utf-8"))
    assert kept["scoville_baseline"] == 1
    assert kept["window_days"] == 90
    assert sorted(path.name for path in folder.iterdir()) == ["events.csv", "leads.csv", "model.yaml", "next.json"]


def test_json_is_one_document(drift: Drift, folder: Path) -> None:
    found = json.loads(drift("--json").out)
    assert found["drifted"] is False
    assert {"score", "rule", "trait"} == {one["kind"] for one in found["moved"]}
    kept = json.loads(drift("--json", "--save-baseline", folder / "base.json").out)
    assert kept == json.loads((folder / "base.json").read_text(encoding="utf-8"))


def test_a_lower_limit_makes_a_smaller_shift_drift(drift: Drift, base: Path, folder: Path) -> None:
    content = json.loads(base.read_text(encoding="utf-8"))
    one = next(one for one in content["columns"] if (one["kind"], one["name"]) == ("trait", "source"))
    counts = sorted(one["counts"], reverse=True)
    first, second = one["counts"].index(counts[0]), one["counts"].index(counts[1])
    one["counts"][second] += round(0.45 * counts[0])  # as if the second source had been the larger one then
    one["counts"][first] -= round(0.45 * counts[0])
    (folder / "other.json").write_text(json.dumps(content), encoding="utf-8")
    assert drift("--baseline", folder / "other.json").code == 0
    lower = drift("--baseline", folder / "other.json", "--limit", 0.1)
    assert lower.code == 1
    assert "trait source has shifted" in lower.out


@pytest.mark.parametrize(
    ("more", "said"),
    [
        (("--from", "2025-06-01", "--baseline", "base.json"), "give one of them"),
        (("--baseline", "none.json"), "cannot read the baseline none.json"),
        (("--from", "someday"), "--from: "),
        (("--from", "2026-03-01"), "is not before"),
        (("--from", "2020-01-01"), "no lead was created within 90 days before 2020-01-01"),
        (("--window", "soon"), "--window: "),
        (("--limit", "0.01"), "is too low"),
        (("--save-baseline", "base.txt"), "ending .json"),
        (("--save-baseline", "nowhere/base.json"), "there is no folder nowhere"),
        (("--baseline", "old.json", "--save-baseline", "old.json"), "would be overwritten"),
    ],
)
def test_what_cannot_run_exits_2_and_says_what_to_do(more: tuple[str, ...], said: str, drift: Drift) -> None:
    ended = drift(*more)
    assert ended.code == 2
    assert said in ended.err
    assert not ended.out


def test_another_window_than_the_baselines_is_refused(drift: Drift, base: Path) -> None:
    ended = drift("--baseline", base, "--window", "30d")
    assert ended.code == 2
    assert "the baseline holds leads of --window 90d" in ended.err
