from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from live_world import new_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.live.store.opening import Store


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """An empty store of each kind."""
    server = request.getfixturevalue("postgres") if request.param == "postgres" else None
    with new_store(request.param, tmp_path, server) as opened:
        yield opened


@pytest.fixture
def small_store(tmp_path: Path) -> Iterator[Store]:
    """An empty store, where its kind does not matter."""
    with new_store("sqlite", tmp_path, None) as opened:
        yield opened
