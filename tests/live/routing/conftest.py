"""Both stores, with owners by name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from live_office import Office
from live_world import new_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["sqlite", "postgres"])
def office(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Office]:
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with new_store(request.param, tmp_path, server) as store:
        yield Office(store)


@pytest.fixture
def small_office(tmp_path: Path) -> Iterator[Office]:
    """SQLite alone, for what does not touch SQL."""
    with new_store("sqlite", tmp_path, None) as store:
        yield Office(store)
