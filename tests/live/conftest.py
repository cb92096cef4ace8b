"""Stores of both kinds."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from live_stores import NewStore, maker

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgres"])
def new_store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[NewStore]:
    """Makes stores of one kind, then of the other."""
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with contextlib.ExitStack() as stack:
        yield maker(tmp_path, server, stack)


@pytest.fixture
def new_file(tmp_path: Path) -> Iterator[NewStore]:
    """Makes stores in files, for what does not touch SQL."""
    with contextlib.ExitStack() as stack:
        yield maker(tmp_path, None, stack)
