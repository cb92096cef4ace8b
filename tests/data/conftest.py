"""What the tests of the data side share: a connection, files by their text, and rows back as dicts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import duckdb
import pytest

from scoville.data.in_duckdb import InDuckDB

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def con() -> InDuckDB:
    return InDuckDB(duckdb.connect())


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str, str | bytes], Path]:
    """Write a file and give its path."""

    def write_file(name: str, content: str | bytes) -> Path:
        path = tmp_path / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    return write_file


@pytest.fixture
def rows(con: InDuckDB) -> Callable[..., list[dict[str, Any]]]:
    """The rows of a table of the connection, in the order of all their columns."""

    def rows_of(table: str) -> list[dict[str, Any]]:
        cursor = con.con.execute(f"SELECT * FROM {table} ORDER BY ALL")  # noqa: S608 - our own names
        names = [column[0] for column in cursor.description]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]

    return rows_of
