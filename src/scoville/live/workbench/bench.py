"""A file of history, open: what leads have, what they did, and how many a rule would touch.

In: a file as `making` writes it. Out: answers. Held by `keeping`, asked by the studio and by `sides`. Every question
gets a cursor of its own, so that typing a rule never waits for a preview; what is worth keeping stands in the memory
that they share.
"""

from __future__ import annotations

import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import duckdb

from scoville.data.keep import literal
from scoville.engines.duckdb import DuckDB
from scoville.errors import EngineError
from scoville.live.workbench.proof import Proofs
from scoville.live.workbench.sides import Sides, rows_of
from scoville.live.workbench.tables import EVENTS, FILE, LEADS, PEOPLE
from scoville.live.workbench.totals import Totals

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

_MEMORY = "1GB"  # what does not fit goes to the disk
_SAMPLE = 5_000  # events of one name that are looked at for their properties
_SHOWN = 50
_PROPERTIES = f"""
WITH sampled AS (SELECT properties FROM {EVENTS} {{named}} USING SAMPLE {_SAMPLE} ROWS (reservoir, 1)),
     said AS (SELECT unnest(json_keys(properties)) AS name, properties FROM sampled),
     valued AS (SELECT name, json_extract_string(properties, '$."' || replace(name, '"', '\\"') || '"') AS value
                FROM said),
     counted AS (SELECT name, value, count(*) AS count FROM valued WHERE value <> '' GROUP BY ALL)
SELECT name, sum(count) AS events, (SELECT count(*) FROM sampled) AS seen,
       list({{{{'value': value, 'count': count}}}} ORDER BY count DESC, value)[:?] AS values
FROM counted GROUP BY name ORDER BY events DESC, name
"""  # noqa: S608 - our own names


@dataclass(frozen=True)
class Column:
    """A trait. `kind` is text, number, time, or yes or no; `leads` have it; `held` is its column in the file.

    `is_derived`: it is worked out from others.
    """

    name: str
    held: str
    kind: str
    leads: int
    is_derived: bool


@dataclass(frozen=True)
class Value:
    """A value of a trait or property, with how many leads or events have it."""

    value: str
    count: int


@dataclass(frozen=True)
class EventName:
    """Events of one name: how many, of how many leads, from when to when."""

    event: str
    events: int
    leads: int
    first_at: datetime
    last_at: datetime


@dataclass(frozen=True)
class Property:
    """A property of events of one name. `share` of the events looked at have it; `values` are the most frequent."""

    name: str
    share: float
    values: tuple[Value, ...]


class Bench:
    """One file, open for reading. Raises: EngineError when it is not there or cannot be read."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._opening = threading.Lock()
        self.engine = DuckDB(memory_limit=_MEMORY)
        self.attach(self.engine)
        self.as_of: datetime = self.rows(f"SELECT as_of FROM {FILE}.made")[0]["as_of"]  # noqa: S608 - our own names
        self.totals = Totals(self.cursor)
        self.sides = Sides(self)
        self.proofs = Proofs(self)
        self.leads = int(self.rows(f"SELECT count(*) AS n FROM {PEOPLE}")[0]["n"])  # noqa: S608 - likewise

    def attach(self, engine: DuckDB) -> None:
        """Make the file's tables readable in an engine, as `history.NAME`."""
        try:
            engine.connection.execute(f"ATTACH {literal(str(self.path))} AS {FILE} (READ_ONLY)")
        except duckdb.Error as error:
            raise EngineError(f"the history in {self.path} cannot be read: {str(error).splitlines()[0]}") from None

    @contextmanager
    def cursor(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """A connection for one question, with temporary tables of its own."""
        with self._opening:  # the connection refuses whoever asks it while another one does
            cursor = self.engine.connection.cursor()
        try:
            yield cursor
        finally:
            cursor.close()

    @cached_property
    def columns(self) -> tuple[Column, ...]:
        """Traits of leads, the most frequent first, those that are worked out after those that were said."""
        rows = self.rows(f"SELECT * FROM {FILE}.columns ORDER BY is_derived, leads DESC, name")  # noqa: S608 - ours
        return tuple(Column(**row) for row in rows)

    def column(self, name: str) -> Column | None:
        """One trait; null where nobody has it."""
        return next((one for one in self.columns if one.name == name), None)

    def values_of(self, name: str, beginning: str = "", most: int = _SHOWN) -> tuple[Value, ...]:
        """The most frequent values of a trait, those alone that begin so, in any case; none for one nobody has."""
        column = self.column(name)
        if column is None:
            return ()
        rows = self.rows(
            f"SELECT {column.held}::VARCHAR AS value, count(*) AS count FROM {LEADS} "  # noqa: S608 - our own names
            f"WHERE starts_with(lower({column.held}::VARCHAR), lower(?)) GROUP BY ALL "
            "ORDER BY count DESC, value LIMIT ?",
            beginning,
            most,
        )
        return tuple(Value(**row) for row in rows)

    @cached_property
    def events(self) -> tuple[EventName, ...]:
        """Names of events, the most frequent first."""
        rows = self.rows(f"SELECT * FROM {FILE}.event_names ORDER BY events DESC, event")  # noqa: S608 - ours
        return tuple(EventName(**row) for row in rows)

    def properties_of(self, event: str, most: int = 10) -> tuple[Property, ...]:
        """Properties of events of a name (`*`: of any), by a sample, the most frequent first, with their values."""
        named, marks = ("", ()) if event == "*" else ("WHERE event = ?", (event,))
        rows = self.rows(_PROPERTIES.format(named=named), *marks, most)
        return tuple(
            Property(row["name"], float(row["events"]) / row["seen"], tuple(Value(**one) for one in row["values"]))
            for row in rows
        )

    def ids(self, leads: list[str]) -> dict[str, str]:
        """Ids as people know them, by the ids of the file."""
        rows = self.rows(f"SELECT lead_id, id FROM {PEOPLE} WHERE lead_id IN (SELECT unnest(?::VARCHAR[]))", leads)  # noqa: S608 - ours
        return {row["lead_id"]: row["id"] for row in rows}

    def close(self) -> None:
        """Let go of the file and of what was worked out. Who asks it just then still gets an answer."""
        with self._opening, suppress(duckdb.ResourceInUseException):
            self.engine.close()

    def run(self, statement: str) -> None:
        """Do something of our own in the memory that all cursors share."""
        with self.cursor() as cursor:
            cursor.execute(statement)

    def rows(self, query: str, *marks: object) -> list[dict[str, Any]]:
        """The rows of a question of our own."""
        with self.cursor() as cursor:
            return rows_of(cursor.execute(query, [*marks]))
