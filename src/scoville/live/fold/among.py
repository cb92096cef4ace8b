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
        return f"IN (SELECT value FROM json_each(:{name}))"
    return f"= ANY(:{name})"


def bound(connection: Connection, values: Collection[int] | Collection[str]) -> str | list[int] | list[str]:
    """The values as `among` takes them, in order."""
    if connection.dialect.name == "sqlite":
        return orjson.dumps(sorted(values)).decode()  # type: ignore[type-var]  # numbers or texts, never both
    return sorted(values)  # type: ignore[type-var]
