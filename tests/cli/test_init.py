"""`scoville init` as a new user meets it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from scoville.cli.app import app
from scoville.data.workspace import load_workspace
from scoville.errors import DataError, UsageError
from scoville.scoring import score

if TYPE_CHECKING:
    from typer.testing import Result

LEADS = """Prospect ID,Work Email,Position,Employees,Signup Date,Won
p-1,ada@acme.com,VP Sales,220,2025-03-01,1
p-2,bob@gmail.com,Student,,2025-03-02,0
p-3,eve@rival.com,Sales Manager,90,2025-03-05,0
"""
EVENTS = """who,what_event,when
p-1,demo_requested,2025-05-01T10:00:00Z
p-1,page_viewed,2025-05-02T10:00:00Z
p-2,page_viewed,2025-05-03T10:00:00Z
p-3,unsubscribed,2025-05-03T11:00:00Z
"""


@pytest.fixture(autouse=True)
def _in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def files() -> None:
    Path("leads.csv").write_text(LEADS, encoding="utf-8")
    Path("events.csv").write_text(EVENTS.replace("who", "lead_id"), encoding="utf-8")


def init(*arguments: str) -> Result:
    return CliRunner().invoke(app, ["init", *arguments], catch_exceptions=True)


def test_a_folder_becomes_a_workspace_and_a_model_that_score() -> None:
    files()
    result = init()
    assert result.exit_code == 0, result.output
    workspace = load_workspace(None)
    assert dict(workspace.leads.columns) == {
        "lead_id": "Prospect ID",
        "email": "Work Email",
        "job_title": "Position",
        "created_at": "Signup Date",
    }
    assert dict(workspace.events.columns) == {"lead_id": "lead_id", "event": "what_event", "occurred_at": "when"}
    assert dict(workspace.outcomes.columns) == {"lead_id": "Prospect ID", "outcome": "Won"}
    run = score("model.yaml", workspace.leads.source, workspace.events.source, workspace=workspace, as_of="2025-05-04")
    assert run.scores.column("lead_id").to_pylist() == ["p-1", "p-3", "p-2"]


def test_every_proposal_is_shown_with_its_reason() -> None:
    files()
    output = init().output
    assert "3 distinct of 3, never empty; the name says prospect id" in output
    assert "wrote scoville.toml" in output
    assert "scoville score model.yaml --as-of 2025-05-04" in output


def test_json_says_the_same_for_machines() -> None:
    files()
    result = init("--json")
    found = json.loads(result.stdout)
    assert [file["kind"] for file in found["files"]] == ["leads", "events"]
    assert found["outcome"]["column"] == "Won"
    assert found["newest_at"] == "2025-05-03T11:00:00Z"
    assert found["written"] == ["scoville.toml", "model.yaml"]
    assert found["next"][0] == "scoville score model.yaml --as-of 2025-05-04"


def test_what_is_there_is_never_replaced_unasked() -> None:
    files()
    Path("model.yaml").write_text("mine", encoding="utf-8")
    result = init()
    assert isinstance(result.exception, UsageError)
    assert "model.yaml is there already" in str(result.exception)
    assert Path("model.yaml").read_text(encoding="utf-8") == "mine"
    assert not Path("scoville.toml").exists()


def test_force_replaces() -> None:
    files()
    Path("model.yaml").write_text("mine", encoding="utf-8")
    assert init("--force").exit_code == 0
    assert Path("model.yaml").read_text(encoding="utf-8").startswith("# A first model for leads.csv and events.csv")


def test_the_model_may_be_written_elsewhere() -> None:
    files()
    Path("models").mkdir()
    assert init("--model", "models/first.yaml").exit_code == 0
    assert Path("models/first.yaml").is_file()
    assert not Path("model.yaml").exists()


def test_files_are_named_by_flags_too() -> None:
    files()
    Path("leads.csv").rename("a.csv")
    Path("events.csv").rename("b.csv")
    assert init("--leads", "a.csv", "--events", "b.csv").exit_code == 0
    workspace = load_workspace(None)
    assert (workspace.leads.source, workspace.events.source) == (str(Path.cwd() / "a.csv"), str(Path.cwd() / "b.csv"))


def test_an_empty_folder_leads_to_the_demo() -> None:
    result = init()
    assert isinstance(result.exception, UsageError)
    assert "scoville demo" in str(result.exception)


def test_a_file_that_is_not_there_is_named() -> None:
    files()
    result = init("lead.csv")
    assert isinstance(result.exception, DataError)
    assert "Did you mean 'leads.csv'?" in str(result.exception)


def test_nothing_is_written_when_it_cannot_be_done() -> None:
    Path("leads.csv").write_text("lead_id,name\n1,Ada\n2,Bob\n", encoding="utf-8")
    assert isinstance(init().exception, DataError)
    assert [path.name for path in Path.cwd().iterdir()] == ["leads.csv"]


def test_rows_without_an_id_are_numbered_in_a_copy_that_scores() -> None:
    rows = [f"{20 + n % 40},{('clerk', 'manager', 'student')[n % 3]},{n % 7 * 100}" for n in range(60)]
    Path("bank.csv").write_text("\n".join(["age,job,balance", *rows]) + "\n", encoding="utf-8")
    result = init("bank.csv")
    assert result.exit_code == 0, result.output
    lines = Path("bank_numbered.csv").read_text(encoding="utf-8").splitlines()
    assert lines[:2] == ["row_number,age,job,balance", "1,20,clerk,0"]
    assert lines[60] == "60,39,student,300"  # n = 59: 20 + 19, 59 % 3, 59 % 7 * 100
    workspace = load_workspace(None)
    run = score("model.yaml", workspace.leads.source, workspace=workspace)
    assert run.scores.num_rows == 60


@pytest.mark.parametrize("folder", ["xeducation", "bank", "bpi2012", "udacity", "olist", "shoppers"])
def test_real_data_scores_as_written(shared: Path, folder: str) -> None:
    result = init(str(shared / "datasets" / folder), "--json")
    assert result.exit_code == 0, result.output
    as_of = json.loads(result.stdout)["newest_at"]
    workspace = load_workspace(None)
    run = score("model.yaml", workspace.leads.source, workspace.events.source, workspace=workspace, as_of=as_of)
    leads = run.quality.relation("leads")
    assert leads is not None
    assert run.scores.num_rows == leads.rows
    assert len(set(run.scores.column("score").to_pylist())) > 3  # the model tells leads apart


def test_outcomes_among_the_leads_are_found_again_by_validate() -> None:
    rows = [f"{number},{number % 7},{'Customer' if number % 7 > 4 else 'Open'}" for number in range(70)]
    Path("people.csv").write_text("\n".join(["Lead ID,Visits,Lead Status", *rows]) + "\n", encoding="utf-8")
    assert "scoville validate model.yaml --won Customer" in init("people.csv").output
    model = "scoville: 1\nname: Visits\nfit: {rules: [{name: Visits, by: Visits, bands: [{from: 5, points: 10}]}]}\n"
    Path("model.yaml").write_text(model, encoding="utf-8")
    done = CliRunner().invoke(app, ["validate", "model.yaml", "--won", "Customer"])
    assert done.exit_code == 0, done.output
    assert "70 leads, 20 converted" in done.output
