"""A folder as a new user has it, and the command as the shell runs it, without the cost of a new process."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from scoville.cli import main

if TYPE_CHECKING:
    from pathlib import Path

MODEL = """scoville: 1
name: Tiny
scale: {min: 0, max: 100}
disqualify:
  - {name: Competitor, when: {company: [rival]}}
fit:
  max: 20
  rules:
    - {name: Director, when: {job_title: director}, points: 15}
    - {name: Company size, by: employees, bands: [{from: 100, points: 10}], missing: -2}
engagement:
  decay: {half_life: 30d}
  rules:
    - {name: Demo, event: demo_requested, points: 25}
    - {name: Pricing, event: page_viewed, when: {path: {starts_with: /pricing}}, points: 10, repeat: 5, max: 12}
    - {name: Quiet, event: "*", within: 10d, count: [{below: 1, points: -5}]}
grades: {A: 15, B: null}
levels: {1: 20, 2: null}
stages: [{name: Lead, from: 0}, {name: MQL, from: 40}]
accounts: {by: company, rollup: {top: 2, how: mean}}
"""
LEADS = """lead_id,job_title,company,employees
ada,Director,Acme,150
bob,Clerk,Acme,
eve,Director,Rival,500
"""
EVENTS = """lead_id,event,occurred_at,path
ada,demo_requested,2026-01-02T00:00:00Z,
ada,page_viewed,2026-01-31T00:00:00Z,/pricing
ada,page_viewed,2026-01-31T00:00:00Z,/pricing/enterprise
bob,page_viewed,2026-01-31T00:00:00Z,/home
nobody,page_viewed,2026-01-31T00:00:00Z,/home
eve,demo_requested,2026-03-31T00:00:00Z,
"""
AS_OF = "2026-02-01"


@dataclass(frozen=True)
class Ended:
    """How a command ended."""

    code: int
    out: str
    err: str


Scoville = Callable[..., Ended]


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The current folder, with a model, leads and events."""
    monkeypatch.chdir(tmp_path)
    for name, text in (("model.yaml", MODEL), ("leads.csv", LEADS), ("events.csv", EVENTS)):
        (tmp_path / name).write_text(text, encoding="utf-8")
    return tmp_path


@pytest.fixture
def scoville(folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Scoville:
    """Run a command in that folder. An error that is not meant for a user is raised, as a traceback would show it."""
    assert folder.is_dir()

    def run(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["scoville", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        return Ended(int(ended.value.code or 0), out, err)

    return run
