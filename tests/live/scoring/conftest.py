"""A store of each kind, and a sender."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from live_sending import Live

if TYPE_CHECKING:
    from live_stores import NewStore


@pytest.fixture
def live(new_store: NewStore) -> Live:
    return Live(new_store())


@pytest.fixture
def small(new_file: NewStore) -> Live:
    """SQLite alone, for what does not touch SQL."""
    return Live(new_file())
