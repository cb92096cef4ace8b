"""Which table of a database a name means, on DuckDB and PostgreSQL alike.

In: a name as a person writes it, `table`, `schema.table` or with the quotes of SQL; the tables that are there. Out: the
one that is meant. Called by `sources.py` and `in_postgres.py`.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from scoville.data.suggest import listed
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    Table = tuple[str, str, bool]
    """Schema, name, and whether the name alone is enough."""

_PART = r'(?:"(?:[^"]|"")+"|[^".]+)'
_QUOTED = re.compile(rf"^(?:({_PART})\.)?({_PART})$")


def table_called(name: str, tables: Sequence[Table]) -> tuple[str, str] | None:
    """Schema and name of a table, null when there is none. Case counts only where it tells two tables apart.

    Raises:  DataError when several schemas have such a table, and none of them is looked into by itself.
    Example: `table_called('"My CRM".leads', [("My CRM", "leads", False)])` -> `("My CRM", "leads")`.
    """
    for said in _readings(name):
        for same in (str, str.casefold):
            for schema, table, is_visible in tables:
                if same(said) == same(f"{schema}.{table}") or (same(said) == same(table) and is_visible):
                    return schema, table
        for same in (str, str.casefold):
            elsewhere = [(schema, table) for schema, table, _ in tables if same(table) == same(said)]
            if len(elsewhere) > 1:
                choices = listed([".".join(one) for one in elsewhere])
                raise DataError(f"{name}: there is a table of this name in several schemas. Say which: {choices}.")
            if elsewhere:
                return elsewhere[0]
    return None


def names_of(tables: Sequence[Table]) -> list[str]:
    """The shortest name by which each table is found."""
    return [table if is_visible else f"{schema}.{table}" for schema, table, is_visible in tables]


def _readings(name: str) -> Iterator[str]:
    """The name as it stands, and as SQL reads it when it has quotes."""
    yield name
    parts = _QUOTED.match(name.strip()) if '"' in name else None
    if parts is not None:
        yield ".".join(_unquoted(part) for part in parts.groups() if part is not None)


def _unquoted(part: str) -> str:
    return part[1:-1].replace('""', '"') if part.startswith('"') else part
