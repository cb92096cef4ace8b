"""Odd files end in a sensible answer or an error that says what to do: never a traceback, never a wrong number."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from typer.testing import CliRunner

from scoville.cli import main
from scoville.cli.app import app
from scoville.errors import DataError, ScovilleError, UsageError
from scoville.evidence.drift.psi import number_bins

if TYPE_CHECKING:
    from pathlib import Path

MODEL = """scoville: 1
name: Odd
fit: {rules: [{name: NAME, by: employees, bands: [{from: 50, points: 20}]}]}
stages: [{name: NAME, from: 0}, {name: MQL, from: 20}]
"""
START = datetime(2025, 1, 1)  # noqa: DTZ001 - naive UTC
VERBS = ("validate", "threshold", "compare", "figures", "drift")
Row = dict[str, Any]


def leads() -> list[Row]:
    return [
        {
            "lead_id": f"L{number}", "created_at": START + timedelta(days=number), "source": "ads",
            "employees": 80 if number % 3 else 5, "cost": 10,
        }
        for number in range(300)
    ]  # fmt: skip


def outcomes(rows: list[Row], after_days: float = 20, value: object = 100) -> list[Row]:
    wins = [row for number, row in enumerate(rows) if number % 4 == 0]
    return [
        {"lead_id": row["lead_id"], "outcome": "won", "at": row["created_at"] + timedelta(days=after_days),
         "value": value}
        for row in wins
    ]  # fmt: skip


def write(folder: Path, people: list[Row], became: list[Row], name: str = "Size") -> None:
    for file, rows in (("leads.csv", people), ("outcomes.csv", became)):
        with (folder / file).open("w", newline="", encoding="utf-8") as opened:
            writer = csv.DictWriter(opened, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    (folder / "model.yaml").write_text(MODEL.replace("NAME", json.dumps(name)), encoding="utf-8")


def ran(folder: Path, verb: str, *more: str) -> str:
    models = [str(folder / "model.yaml")] * {"compare": 2, "plan": 0}.get(verb, 1)
    verbs = ["experiment", verb] if verb == "plan" else [verb]
    files = [f"--leads={folder / 'leads.csv'}", f"--outcomes={folder / 'outcomes.csv'}"]
    done = CliRunner().invoke(app, [*verbs, *models, *files, *more])
    if isinstance(done.exception, ScovilleError):
        raise done.exception
    assert done.exit_code in {0, 1}, done.exception
    return done.output


@pytest.mark.parametrize("verb", VERBS)
def test_names_are_shown_as_they_are_and_cannot_colour_a_terminal(verb: str, tmp_path: Path) -> None:
    people = [{**row, "source": "\x1b[31mads[/]"} for row in leads()]
    write(tmp_path, people, outcomes(people), name="[bold]Size[/] \x1b[2J\u202e[/x]")
    said = ran(tmp_path, verb, *(["--details"] if verb == "validate" else []))
    assert "\x1b" not in said
    assert "\u202e" not in said
    assert {"validate": "[bold]Size[/] [2J[/x]", "figures": "[31mads[/]"}.get(verb, "") in said


def test_a_report_holds_no_character_that_html_may_not(tmp_path: Path) -> None:
    people = leads()
    write(tmp_path, people, outcomes(people), name="Size \x1b[31m")
    ran(tmp_path, "validate", f"--report={tmp_path / 'r.html'}")
    page = (tmp_path / "r.html").read_text(encoding="utf-8")
    assert "Size [31m" in page
    assert "\x1b" not in page


def test_an_error_cannot_colour_a_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.argv", ["scoville", "check", str(tmp_path / "\x1b[31mno.yaml")])
    with pytest.raises(SystemExit):
        main()
    assert "\x1b[31mno" not in capsys.readouterr().err


@pytest.mark.parametrize("verb", ["validate", "compare", "figures"])
@pytest.mark.parametrize("value", ["1e300", "inf", "nan"])
def test_a_value_that_is_no_money_counts_as_none(verb: str, value: str, tmp_path: Path) -> None:
    people = leads()
    became = outcomes(people)
    became[3]["value"] = value
    write(tmp_path, people, became)
    found = json.loads(ran(tmp_path, verb, "--json"), parse_constant=pytest.fail)
    if verb == "figures":
        assert found["figures"]["overall"]["value_per_win"]["value"] == 100


def test_dates_of_no_century_are_no_end_of_the_data(tmp_path: Path) -> None:
    people = leads()
    became = outcomes(people)
    for number in range(0, len(became), 5):  # too many for a hundredth at each end
        became[number]["at"] = ["0001-01-01", "9999-12-31"][number % 2]
    write(tmp_path, people, became)
    for verb in VERBS:
        said = ran(tmp_path, verb, "--json")
        assert "9999-" not in said
    assert len(json.loads(ran(tmp_path, "validate", "--json"))["snapshots"]) == 7  # February to August


@pytest.mark.parametrize(
    ("verb", "option"),
    [
        ("validate", "--snapshots=9999-12-31"),
        ("validate", "--model-date=0001-01-01"),
        ("drift", "--to=9999-12-31"),
        ("drift", "--from=0001-01-01"),
        ("figures", "--as-of=9999-12-31"),
        ("validate", "--horizon=99999999999d"),
    ],
)
def test_a_date_or_time_beyond_all_data_is_refused_by_its_option(verb: str, option: str, tmp_path: Path) -> None:
    people = leads()
    write(tmp_path, people, outcomes(people))
    with pytest.raises(UsageError, match=option.split("=", maxsplit=1)[0]):
        ran(tmp_path, verb, option)


def test_a_snapshot_may_say_its_time_zone(tmp_path: Path) -> None:
    people = leads()
    write(tmp_path, people, outcomes(people))
    found = json.loads(ran(tmp_path, "validate", "--snapshots=2025-04-01T02:00:00+05:00", "--json"))
    assert [one["as_of"] for one in found["snapshots"]] == ["2025-03-31T21:00:00Z"]


def test_wins_before_the_lead_was_created_are_not_within_the_horizon(tmp_path: Path) -> None:
    people = leads()
    became = outcomes(people[:40], after_days=-30) + outcomes(people[40:])
    write(tmp_path, people, became)
    overall = json.loads(ran(tmp_path, "figures", "--json"))["figures"]["overall"]
    assert overall["conversion_in_time"]["of"] == overall["conversion_rate"]["of"] - 10  # a quarter of 40


def test_outcomes_that_all_lie_before_the_leads_are_a_wrong_column(tmp_path: Path) -> None:
    people = leads()
    write(tmp_path, people, outcomes(people, after_days=-400))
    with pytest.raises(DataError, match=r"last event or outcome \(2024-\d\d-\d\d\) is before the first lead"):
        ran(tmp_path, "validate")


def test_a_trial_of_leads_that_never_convert_cannot_be_planned(tmp_path: Path) -> None:
    people = leads()
    write(tmp_path, people, outcomes(people, after_days=100))
    with pytest.raises(DataError, match=r"0 of \d+ leads converted within 90 days"):
        ran(tmp_path, "plan")


def test_without_dates_of_creation_nothing_is_said_about_time_since_it(tmp_path: Path) -> None:
    people = leads()
    became = outcomes(people)
    write(tmp_path, [{"lead_id": row["lead_id"], "employees": row["employees"]} for row in people], became)
    overall = json.loads(ran(tmp_path, "figures", "--json"))["figures"]["overall"]
    assert overall["conversion_in_time"]["value"] is None
    assert overall["conversion_in_time"]["cannot_tell"] == "cannot tell: nothing says when leads were created"


@pytest.mark.parametrize(
    "option",
    ["--per-week=nan", "--lift=nan", "--lift=1e-9", "--power=0.01", "--alpha=1e-300", "--alpha=0.9", "--rate=1e-300",
     "--variants=a=1,b=1e-300", "--variants=a=1e308,b=1e308"],
)  # fmt: skip
def test_a_trial_that_nobody_can_run_is_refused(option: str) -> None:
    done = CliRunner().invoke(app, ["experiment", "plan", "--rate=5%", option])
    assert isinstance(done.exception, UsageError)


def read_trial(folder: Path, variants: dict[str, str], *more: str) -> str:
    write(folder, people := leads(), outcomes(people))
    rows = "".join(f"{lead},{variant},2025-02-01\n" for lead, variant in variants.items())
    (folder / "given.csv").write_text("lead_id,variant,assigned_at\n" + rows, encoding="utf-8")
    asked = ["experiment", "read", str(folder / "given.csv"), f"--outcomes={folder / 'outcomes.csv'}", *more]
    done = CliRunner().invoke(app, asked)
    if isinstance(done.exception, ScovilleError):
        raise done.exception
    return done.output


def test_a_trial_that_has_just_begun_has_no_outcomes_yet(tmp_path: Path) -> None:
    assert "cannot tell yet: no conversion" in read_trial(tmp_path, {"new-1": "a", "new-2": "b"})


def test_a_trial_in_which_no_lead_counts_says_why(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no variant counts: left out are 2 leads whose time is not over"):
        read_trial(tmp_path, {"L1": "a", "L2": "b"}, "--as-of=2025-01-01")


def test_outcomes_of_other_ids_than_those_of_leads_are_an_error(tmp_path: Path) -> None:
    people = leads()
    write(tmp_path, people, [{**row, "lead_id": f"other-{row['lead_id']}"} for row in outcomes(people)])
    for verb in VERBS:
        with pytest.raises(DataError, match="no lead has any of the 75 outcomes"):
            ran(tmp_path, verb)


def test_an_outcome_without_any_name_is_an_error(tmp_path: Path) -> None:
    people = leads()
    write(tmp_path, people, [{**row, "outcome": ""} for row in outcomes(people)])
    with pytest.raises(DataError, match="the column outcome of outcomes is empty"):
        ran(tmp_path, "validate")


@pytest.mark.parametrize(("verb", "option"), [("validate", "--report"), ("drift", "--save-baseline")])
def test_what_is_read_is_never_written_over(verb: str, option: str, tmp_path: Path) -> None:
    people = leads()
    write(tmp_path, people, outcomes(people))
    read = tmp_path / ("events.html" if option == "--report" else "events.json")
    read.write_text("lead_id,event,occurred_at\nL1,a,2025-02-02\n", encoding="utf-8")
    with pytest.raises(UsageError, match="is read in this run and would be overwritten"):
        ran(tmp_path, verb, f"--events={read}", f"{option}={read}")
    assert read.read_text(encoding="utf-8").startswith("lead_id")


Change = Callable[[dict[str, Any]], object]
DAMAGE: dict[str, Change] = {
    "leads without end": lambda found: found.update(leads=float("inf")),
    "a window of no length": lambda found: found.update(window_days=float("nan")),
    "a window of ages": lambda found: found.update(window_days=1e300),
    "a window before its end": lambda found: found.update(window_days=-3),
    "words for figures": lambda found: found["judged"].update(horizon_days="x"),
    "an AUC above 1": lambda found: found["judged"].update(auc=2),
    "more wins than leads": lambda found: found["judged"].update(conversions=10**6),
    "rates of nobody": lambda found: found["judged"].update(leads=0, conversions=0),
    "fewer than no leads at a stage": lambda found: found["stages"]["MQL"].update(leads=-1),
    "more leads at a stage than there are": lambda found: found["stages"]["MQL"].update(leads=10**6),
    "columns of no kind": lambda found: found["columns"][0].update(kind="x"),
    "a list for a name": lambda found: found["columns"][0].update(section=["x"]),
    "fewer than no leads in a bin": lambda found: found["columns"][0].update(counts=[-1] * 99),
}


@pytest.fixture(scope="module")
def baseline(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("baseline")
    people = leads()
    write(folder, people, outcomes(people))
    ran(folder, "drift", "--to=2025-06-01", f"--save-baseline={folder / 'whole.json'}")
    return folder


@pytest.mark.parametrize("damage", DAMAGE)
def test_a_damaged_baseline_is_said_to_be_one(damage: str, baseline: Path) -> None:
    content = json.loads((baseline / "whole.json").read_text(encoding="utf-8"))
    DAMAGE[damage](content)
    (baseline / "damaged.json").write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(DataError, match="--save-baseline"):
        ran(baseline, "drift", f"--baseline={baseline / 'damaged.json'}")


def test_a_baseline_of_another_model_is_said_to_be_one(baseline: Path) -> None:
    (baseline / "model.yaml").write_text(MODEL.replace("Odd", "Other").replace("NAME", "Size"), encoding="utf-8")
    said = ran(baseline, "drift", f"--baseline={baseline / 'whole.json'}")
    assert "the baseline is of another model, 'Odd'; this is 'Other'" in said


def test_scores_above_nothing_are_from_zero_on() -> None:
    bins = number_bins(np.array([0.0] * 50 + [5.0] * 50 + [9.0] * 50))
    assert not [label for label in bins.labels if "e-" in label]


def test_a_table_whose_reader_goes_away_ends_well(tmp_path: Path) -> None:
    plan = "from scoville.cli import main; main()"
    command = [sys.executable, "-c", plan, "experiment", "plan", "--rate", "5%"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=tmp_path) as running:
        assert running.stdout is not None
        assert running.stderr is not None
        running.stdout.close()  # before anything is written
        assert running.stderr.read() == b""
        assert running.wait(timeout=60) == 0
