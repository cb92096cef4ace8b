"""An empty store with one source, of both kinds."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from ingest_server import new_store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from scoville.live.store.opening import Store


@pytest.fixture(params=["sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """SQLite, then PostgreSQL."""
    if request.param == "sqlite":
        with new_store(f"sqlite:///{tmp_path}/live.db") as opened:
            yield opened
        return
    with request.getfixturevalue("postgres").database() as url, new_store(url) as opened:
        yield opened
