from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING

import pytest

from browser import Browser, chromium
from live_stores import maker
from pages_world import PagesWorld, fill, filled_copy

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def world(tmp_path: Path) -> Iterator[PagesWorld]:
    """An app over an SQLite store with a few people in it."""
    store = filled_copy(tmp_path)
    yield PagesWorld(store)
    store.close()


@pytest.fixture(params=["sqlite", "postgres"])
def either_world(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[PagesWorld]:
    """The same over a store of each kind."""
    if request.param == "sqlite":
        store = filled_copy(tmp_path)
        yield PagesWorld(store)
        store.close()
        return
    with contextlib.ExitStack() as stack:
        store = maker(tmp_path, request.getfixturevalue("postgres"), stack)()
        fill(store)
        yield PagesWorld(store)


@pytest.fixture(scope="module")
def chrome() -> Iterator[Browser]:
    """A Chromium without a window; each `visit` has cookies of its own. While it runs, this thread has a loop."""
    with chromium() as started:
        yield started
