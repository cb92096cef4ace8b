"""What a command takes is counted with what it starts; a failure is no figure; the large table has its lines."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import run
from watched import Figure, watched
from workload import Data

BUSY = "import time; end = time.process_time() + 0.6\nwhile time.process_time() < end: pass"
STARTS_ANOTHER = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {BUSY!r}], check=True)"


def test_what_a_command_starts_is_counted_with_it() -> None:
    found = watched([sys.executable, "-c", STARTS_ANOTHER])
    assert 0.4 < found.cpu_s < 2  # it burns 0.6 s; what it burns after the last look is not seen
    assert found.seconds >= 0.6
    assert found.peak_gib > 0


def test_what_a_server_does_meanwhile_is_counted() -> None:
    with subprocess.Popen([sys.executable, "-c", BUSY]) as server:
        found = watched([sys.executable, "-c", "import time; time.sleep(0.9)"], [server.pid])
    assert found.cpu_s > 0.2


def test_a_command_that_fails_is_no_figure() -> None:
    with pytest.raises(subprocess.CalledProcessError) as failed:
        watched([sys.executable, "-c", "raise SystemExit('no such table')"])
    assert failed.value.stderr == "no such table\n"
    assert watched([sys.executable, "-c", "raise SystemExit(1)"], answers=(0, 1)).seconds > 0


def test_the_large_table_holds_growth_against_the_usual_one() -> None:
    usual, large = (Data(Path(), Path(), Path(), events // 20, events) for events in (20, 100))
    names = dict.fromkeys(line.name for line in run.LARGE)
    found = {name: [Figure(5.0, 11.0, 1.0)] for name in names}
    rows = [*run._large_rows({name: [Figure(1.0, 2.0, 1.0)] for name in names}, found, usual, large, "cpu_s")]
    assert [len(row) for row in rows] == [len(run.HEAD)] * len(rows)
    assert rows[-1][:3] == ("command: 100 of 20", "5.0 times", "5.5 times")
    assert rows[-1][-2:] == ("at most 5.5", "pass")
