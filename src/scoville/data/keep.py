"""Where relations are kept while they are cleaned: what `data/` asks of an engine, and no more.

Everything kept is temporary, so that a user's own database is never written to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import ibis.expr.types as ir

    from scoville.data.sources import Raw


class Place(Protocol):
    """One session of an engine, with temporary tables and views of its own.

    Expressions are over tables that it gave; functions that only some engines have are asked for by their names in
    DuckDB, and `scoville.spelling` says them in the words of the others.
    """

    dialect: str

    def open_source(self, source: object, *, relation: str, delimiter: str | None = None) -> Raw:
        """Make what the user named a relation `raw_<relation>`. Raises: DataError for whatever cannot be read."""

    def keep_table(self, name: str, expression: ir.Table) -> ir.Table:
        """Compute now, and keep the rows under a name. Replaces what has this name."""

    def keep_view(self, name: str, expression: ir.Table) -> ir.Table:
        """Keep only the query. Replaces what has this name."""

    def keep_empty(self, name: str, columns: Mapping[str, str]) -> ir.Table:
        """A table without rows; `columns` maps names to Ibis types."""

    def drop_table(self, name: str) -> None:
        """Forget a kept table, so that its memory can be used again."""

    def fetch_rows(self, expression: ir.Table) -> list[dict[str, Any]]:
        """The rows of a small answer."""


# DuckDB takes far more than twice the time to plan twice the aggregates: 3,000 in one query half a minute, a hundred at
# a time one second.
AGGREGATES_AT_ONCE = 100
Asked = TypeVar("Asked")


def fetch_aggregates(place: Place, table: ir.Table, wanted: Mapping[Asked, ir.Scalar]) -> dict[Asked, Any]:
    """The answer to each aggregate over a table, in as many queries as their number needs."""
    found: dict[Asked, Any] = {}
    for some in _some_at_once(list(wanted.items())):
        numbered = {f"n{number}": aggregate for number, (_, aggregate) in enumerate(some)}  # names may be too long
        row = place.fetch_rows(table.aggregate(**numbered))[0]
        found |= zip((asked for asked, _ in some), row.values(), strict=True)
    return found


def _some_at_once(every: Sequence[tuple[Asked, ir.Scalar]]) -> Iterator[Sequence[tuple[Asked, ir.Scalar]]]:
    for first in range(0, len(every), AGGREGATES_AT_ONCE):
        yield every[first : first + AGGREGATES_AT_ONCE]


def count_rows(place: Place, table: ir.Table) -> int:
    """How many rows there are."""
    return int(place.fetch_rows(table.aggregate(rows=table.count()))[0]["rows"])


def quoted(name: str) -> str:
    """A name as an identifier of DuckDB or PostgreSQL."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A text as a literal of DuckDB or PostgreSQL."""
    return "'" + text.replace("'", "''") + "'"
