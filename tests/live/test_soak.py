"""What was acknowledged is stored, counted once, scored and told, whatever was killed meanwhile. The short form."""

from __future__ import annotations

import contextlib
import sys
from typing import TYPE_CHECKING

import pytest

from soak import soak

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(sys.platform != "linux", reason="processes are found by their entries in /proc"),
]


@pytest.mark.parametrize("kind", ["sqlite", "postgres"])
def test_nothing_is_lost_when_processes_are_killed(kind: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    with contextlib.ExitStack() as stack:
        url = f"sqlite:///{tmp_path}/soak.db"
        if kind == "postgres":
            url = stack.enter_context(request.getfixturevalue("postgres").database())
        figures = soak(url, tmp_path, kills=4)
    assert figures["acknowledged"] > 50
    assert sum(figures["killed"].values()) == 4
