"""`scoville demo`: from nothing to a ranked list, and on from there."""

from __future__ import annotations

import shlex
import sys
from typing import TYPE_CHECKING

from scoville.cli.output import print_next

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from cli.conftest import Scoville


def test_the_demo_ranks_leads_and_the_commands_it_names_run(scoville: Scoville, folder: Path) -> None:
    ended = scoville("demo", "made", "--leads", "60", "--months", "2", "--top", "3")
    assert ended.code == 0
    assert len([line for line in ended.out.splitlines() if line[:1].isdigit()]) == 3
    files = {file.name for file in (folder / "made").iterdir()}
    assert files == {"leads.csv", "events.csv", "outcomes.csv", "accounts.csv", "b2b_saas.yaml"}
    named = [line.strip() for line in ended.err.splitlines() if line.strip().startswith("scoville ")]
    explain, score = (shlex.split(line)[1:] for line in named[:2])
    assert (explain[0], score[0]) == ("explain", "score")
    assert named[-1] == "scoville serve --demo --store sqlite:///made/scoville.db"  # the last word: in a browser
    again = scoville(*score, "--top", "3")
    assert again.code == 0
    assert again.out == ended.out


def test_commands_can_be_pasted_where_the_shell_does_not_know_the_program(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr(sys, "argv", [".venv/bin/scoville", "demo"])  # as `make demo` calls it
    print_next(("your own files", "scoville init"), ("in dbt", "dbt build"))
    lines = capsys.readouterr().err.splitlines()
    assert "    .venv/bin/scoville init" in lines
    assert "    dbt build" in lines


def test_the_same_seed_makes_the_same_files(scoville: Scoville, folder: Path) -> None:
    for name in ("one", "two"):
        assert scoville("demo", name, "--leads", "20", "--months", "1", "--top", "0").code == 0
    for file in (folder / "one").iterdir():
        assert file.read_bytes() == (folder / "two" / file.name).read_bytes()


def test_a_folder_that_cannot_be_made_is_said(scoville: Scoville) -> None:
    ended = scoville("demo", "model.yaml", "--leads", "5")
    assert ended.code == 2
    assert "model.yaml" in ended.err
    assert "Traceback" not in ended.err
