"""Without the extra of the server its commands say how to get it, and all others work."""

from __future__ import annotations

import subprocess
import sys

import pytest

# What a Python without the packages does when it is asked for one of them.
HIDDEN = """
import sys
class Absent:
    def find_spec(self, name, path=None, target=None):
        if name in {"sqlalchemy", "alembic", "fastapi", "structlog", "orjson", "httpx"}:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)
sys.meta_path.insert(0, Absent())
from scoville.cli import main
sys.argv = ["scoville", *sys.argv[1:]]
main()
"""


def run(*words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, "-c", HIDDEN, *words], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("verb", ["serve", "key list", "user list", "audit", "backup x.zip", "import events x.csv"])
def test_a_command_of_the_server_says_what_to_install(verb: str) -> None:
    done = run(*verb.split())
    assert done.returncode == 2
    assert "pip install 'scoville[serve]'" in done.stderr
    assert "Traceback" not in done.stderr


def test_the_others_need_none_of_it() -> None:
    assert run("score", "--help").returncode == 0
    assert "serve" in run("--help").stdout
