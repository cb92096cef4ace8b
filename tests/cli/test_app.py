"""The command line as a whole: help, version, and how a command ends."""

from __future__ import annotations

import errno
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from scoville import __version__
from scoville.cli.endings import ended_well
from scoville.errors import DataError

if TYPE_CHECKING:
    from cli.conftest import Scoville

VERBS = ("demo", "init", "check", "score", "explain", "sql")


def test_the_module_is_the_command() -> None:
    command = [sys.executable, "-m", "scoville", "--version"]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert done.stdout == f"scoville {__version__}\n"


def test_help_names_every_verb(scoville: Scoville) -> None:
    ended = scoville("--help")
    assert ended.code == 0
    assert all(verb in ended.out for verb in VERBS)


@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_has_help_with_an_example(scoville: Scoville, verb: str) -> None:
    ended = scoville(verb, "-h")
    assert ended.code == 0
    assert f"Example: scoville {verb}" in " ".join(ended.out.split())


def test_a_verb_that_does_not_exist_is_refused(scoville: Scoville) -> None:
    ended = scoville("scoer")
    assert ended.code == 2
    assert "scoer" in ended.err


@pytest.mark.parametrize(
    ("stopped_by", "code", "said"),
    [
        (DataError("leads.csv: no [such] file"), 2, "error: leads.csv: no [such] file\n"),
        (KeyboardInterrupt(), 130, "error: interrupted; no half-written file was left behind\n"),
        (RuntimeError("Query interrupted"), 130, "error: interrupted; no half-written file was left behind\n"),
        (OSError(errno.ENOSPC, "No space left on device"), 2, "error: the output: No space left on device\n"),
        (PermissionError(errno.EACCES, "Permission denied", "a.csv"), 2, "error: a.csv: Permission denied\n"),
    ],
)
def test_what_stops_a_command_becomes_a_message_and_a_code(
    stopped_by: BaseException, code: int, said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended, ended_well():
        raise stopped_by
    assert ended.value.code == code
    assert capsys.readouterr().err == said


def test_a_fault_of_ours_is_not_hidden() -> None:
    with pytest.raises(RuntimeError, match="ours"), ended_well():
        raise RuntimeError("ours")
