"""`WHERE number IN (many)` in words that each store plans once, however many they are.

In: a dialect. Out: a piece of SQL, and the value to bind to it. Called by whatever reads or writes many rows at once.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


def among(connection: Connection, name: str) -> str:
    """`IN (...)` for the bound values `name`."""
    if connection.dialect.name == "sqlite":
        return f"IN (SELECT value FROM json_each(:{name}))"  # noqa: S608 - a name of our own
    return f"= ANY(:{name})"


def bound(connection: Connection, values: Collection[int] | Collection[str]) -> object:
    """The values as `among` takes them, in order."""
    return orjson.dumps(sorted(values)).decode() if connection.dialect.name == "sqlite" else sorted(values)
