"""The store -> one DuckDB file with its whole history, ready to be asked.

In: an open store, a path, an instant. Out: the file, with the tables below. Called by `keeping`, also as a process of
its own (`python -m scoville.live.workbench.making`). All of it is one state of the store.

| table | what |
|---|---|
| made | one row: as_of, and how many people the store had forgotten |
| people | lead_id (the lead's number as text, as in every table here), id (as people know it), first_seen_at |
| leads | lead_id, and each trait as a column `t0`, `t1`, ... of text or instants; derived traits too |
| columns | what these columns are: name, column, kind, leads (that have it), is_derived |
| events | lead_id, event, occurred_at, properties (JSON, every value a text), in the order of their names |
| event_names | event, events, leads, first_at, last_at |
| outcomes, adjustments, accounts | as their export has them |
"""

from __future__ import annotations

from contextlib import closing
from functools import lru_cache
from typing import TYPE_CHECKING, Any

import duckdb
import ibis
import orjson
import pyarrow as pa
from sqlalchemy import text

from scoville.data.columns import snake_case
from scoville.data.keep import literal, quoted
from scoville.data.traits import DERIVED, LOOKUPS
from scoville.data.values import LABEL, TIME_COLUMNS
from scoville.live.export import properties_as_text
from scoville.live.fold.names import as_text
from scoville.live.scoring.wanted import ACCOUNT
from scoville.live.store.metadata import to_us
from scoville.plan.people import add_traits, trait_column
from scoville.plan.steps import Steps, to_sql

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store

MOST_TRAITS = 1_000  # columns of leads: the traits that most leads have
_ROWS = 10_000  # at a time in memory
_MEMORY = "1GB"  # of the database that is being written; what is more goes to the disk
_US = pa.int64()
_COPIED: dict[str, tuple[str, dict[str, pa.DataType]]] = {
    "raw_ids": ("SELECT identity_no, lead_no FROM identities", {"identity_no": _US, "lead_no": _US}),
    "raw_people": (
        "SELECT lead_no, lead_id, first_seen_at FROM leads",
        {"lead_no": _US, "id": pa.string(), "first_us": _US},
    ),
    "raw_traits": (
        "SELECT identity_no, name, changed_at, event_id, value FROM traits WHERE changed_at <= :as_of",
        {"identity_no": _US, "name": pa.string(), "at_us": _US, "event_id": pa.binary(), "value": pa.string()},
    ),
    "raw_members": (
        "SELECT identity_no, changed_at, event_id, account_no FROM memberships WHERE changed_at <= :as_of",
        {"identity_no": _US, "at_us": _US, "event_id": pa.binary(), "account_no": _US},
    ),
    "raw_accounts": ("SELECT account_no, account_id FROM accounts", {"account_no": _US, "account_id": pa.string()}),
    "raw_account_traits": (
        "SELECT account_no, name, changed_at, event_id, value FROM account_traits WHERE changed_at <= :as_of",
        {"account_no": _US, "name": pa.string(), "at_us": _US, "event_id": pa.binary(), "value": pa.string()},
    ),
    "raw_events": (
        (
            "SELECT identity_no, event, occurred_at, properties FROM events "
            "WHERE event IS NOT NULL AND occurred_at <= :as_of"
        ),
        {"identity_no": _US, "event": pa.string(), "at_us": _US, "properties": pa.string()},
    ),
    "raw_outcomes": (
        "SELECT identity_no, outcome, at, value, reason FROM outcomes WHERE at <= :as_of",
        {"identity_no": _US, "outcome": pa.string(), "at_us": _US, "value": pa.float64(), "reason": pa.string()},
    ),
    "raw_adjustments": (
        "SELECT identity_no, points, reason, created_at, expires_at, removed_at FROM adjustments",
        {"identity_no": _US, "points": pa.float64(), "reason": pa.string(), "created_us": _US, "expires_us": _US,
         "removed_us": _US},
    ),
}  # fmt: skip
_SAID = {"raw_events": "Reading what leads did", "raw_traits": "Reading who they are"}


def make(store: Store, path: Path, as_of: datetime, told: Callable[[float | None, str], None]) -> int:
    """Write the file (it must not be there yet), as of an instant, naive UTC; how many people were forgotten by then.

    `told` hears how far it is, from 0 to 1, and what is being done.
    """
    with duckdb.connect(str(path)) as file, store.reading() as connection:
        file.execute(
            f"SET memory_limit = '{_MEMORY}'; SET TimeZone = 'UTC'; SET preserve_insertion_order = false; "
            f"SET temp_directory = {literal(str(path.with_suffix('.spilled')))}"
        )
        forgotten = forgotten_in(connection)
        _copy_all(connection, file, to_us(as_of), told)
        _arrange(file, as_of, told)
        file.execute("CREATE TABLE made AS SELECT ?::TIMESTAMP AS as_of, ?::BIGINT AS forgotten", [as_of, forgotten])
        file.execute("CHECKPOINT")
    told(1.0, "Ready")
    return forgotten


def forgotten_in(connection: Connection) -> int:
    """How many ids of forgotten people a store remembers: it grows with each person who is forgotten."""
    return int(connection.execute(text("SELECT count(*) FROM suppressed")).scalar_one())


# --- rows of the store -> rows of DuckDB -----------------------------------------------------------------------------


def _copy_all(
    connection: Connection, file: duckdb.DuckDBPyConnection, as_of_us: int, told: Callable[[float | None, str], None]
) -> None:
    expected = {name: _count(connection, query, as_of_us) for name, (query, _) in _COPIED.items()}
    every, done = max(1, sum(expected.values())), 0
    for name, (query, columns) in _COPIED.items():
        schema = pa.schema([*columns.items()])
        with_text = {"raw_traits": _plain, "raw_account_traits": _plain, "raw_events": _texts}.get(name)
        file.register("rows", schema.empty_table())
        file.execute(f"CREATE TEMP TABLE {name} AS FROM rows")
        for rows in _batches(connection, query, as_of_us):
            _append(file, name, schema, rows, with_text)
            done += len(rows)
            told(0.8 * done / every, _SAID.get(name, "Reading the store"))


def _count(connection: Connection, query: str, as_of_us: int) -> int:
    counted = connection.execute(text(f"SELECT count(*) FROM ({query}) q"), {"as_of": as_of_us})  # noqa: S608 - ours
    return int(counted.scalar_one())


def _batches(connection: Connection, query: str, as_of_us: int) -> Iterator[Sequence[Any]]:
    """By the driver's own cursor, which takes half the time; PostgreSQL gives a part at a time to one with a name."""
    named = {} if connection.dialect.name == "sqlite" else {"name": "copied"}
    with closing(connection.connection.cursor(**named)) as cursor:
        cursor.execute(query.replace(":as_of", str(int(as_of_us))))
        while rows := cursor.fetchmany(_ROWS):
            yield rows


def _append(
    file: duckdb.DuckDBPyConnection,
    name: str,
    schema: pa.Schema,
    rows: Sequence[Any],
    as_words: Callable[[str | None], str | None] | None,
) -> None:
    columns: list[Any] = [*zip(*rows, strict=True)]
    if as_words is not None:  # the last one is JSON
        columns[-1] = [as_words(held) for held in columns[-1]]
    arrays = [pa.array(column, field.type) for column, field in zip(columns, schema, strict=True)]
    file.register("rows", pa.table(arrays, schema=schema))
    file.execute(f"INSERT INTO {name} FROM rows")
    file.unregister("rows")


@lru_cache(maxsize=100_000)
def _plain(held: str | None) -> str | None:
    """A value as rules read it; null for one that was taken away."""
    return None if held is None else as_text(orjson.loads(held))


@lru_cache(maxsize=100_000)
def _texts(held: str) -> str:
    return properties_as_text(held)


# --- rows of DuckDB -> what is asked ---------------------------------------------------------------------------------


def _arrange(file: duckdb.DuckDBPyConnection, as_of: datetime, told: Callable[[float | None, str], None]) -> None:
    told(0.8, "Putting leads together")
    _people(file)
    _leads(file)
    told(0.9, "Putting events in order")
    _events(file)
    _others(file, as_of)


def _people(file: duckdb.DuckDBPyConnection) -> None:
    file.execute(
        "CREATE TABLE people AS SELECT lead_no::VARCHAR AS lead_id, id, make_timestamp(first_us) AS first_seen_at "
        "FROM raw_people ORDER BY lead_no"
    )
    file.execute("CREATE TEMP TABLE ids AS SELECT identity_no, lead_no::VARCHAR AS lead_id FROM raw_ids")


def _leads(file: duckdb.DuckDBPyConnection) -> None:
    """Traits as columns. The newest value counts; of two at one instant the one of the greater message."""
    newest = "QUALIFY row_number() OVER (PARTITION BY {} ORDER BY at_us DESC, event_id DESC) = 1"
    file.execute(
        "CREATE TEMP TABLE said AS SELECT lead_id, name, value FROM raw_traits JOIN ids USING (identity_no) "  # noqa: S608
        + newest.format("lead_id, name")
    )
    file.execute(
        "CREATE TEMP TABLE belongs AS SELECT lead_id, account_no FROM raw_members JOIN ids USING (identity_no) "  # noqa: S608
        + newest.format("lead_id")
    )
    file.execute(
        "CREATE TEMP TABLE account_said AS SELECT account_no, name, value FROM raw_account_traits "  # noqa: S608
        + newest.format("account_no, name")
    )
    file.execute(
        "INSERT INTO said SELECT lead_id, 'account_id', account_id FROM belongs JOIN raw_accounts USING (account_no) "  # noqa: S608
        f"UNION ALL SELECT lead_id, '{ACCOUNT}' || name, value FROM belongs JOIN account_said USING (account_no)"
    )
    names = [
        name
        for (name,) in file.execute(
            "SELECT name FROM said WHERE value IS NOT NULL AND name <> 'created_at' GROUP BY name "
            "ORDER BY count(*) DESC, name LIMIT ?",
            [MOST_TRAITS],
        ).fetchall()
    ]
    _pivot(file, names)
    _derive(file, ["created_at", *names])


def _pivot(file: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    columns = ["coalesce(max(value) FILTER (name = 'created_at')::TIMESTAMP, any_value(first_seen_at)) AS t0"]
    for place, name in enumerate(names, 1):
        value = f"max(value) FILTER (name = {literal(name)})"
        columns.append(f"{value}{'::TIMESTAMP' if name in TIME_COLUMNS else ''} AS t{place}")
    file.execute(
        f"CREATE TEMP TABLE wide AS SELECT p.lead_id, {', '.join(columns)} FROM people p "  # noqa: S608 - quoted names
        "LEFT JOIN said USING (lead_id) GROUP BY p.lead_id"
    )


def _derive(file: duckdb.DuckDBPyConnection, names: Sequence[str]) -> None:
    """Traits that are worked out stand beside the others, so that no preview has to wait for them."""
    places = {name: f"t{place}" for place, name in enumerate(names)}
    sources = {name for one in DERIVED.values() for name in one.sources if name in places}
    derived = [one.name for one in DERIVED.values() if sources & {*one.sources}]
    kept = [*places.items()]
    if derived:
        chosen = "".join(f", {places[name]} AS {quoted(name)}" for name in sorted(sources))
        file.execute(f"CREATE TEMP VIEW leads_said AS SELECT lead_id{chosen} FROM wide")  # noqa: S608 - quoted names
        steps = Steps()
        given = ibis.table({"lead_id": "string"} | dict.fromkeys(sorted(sources), "string"), name="leads_said")
        add_traits(
            steps, given, derived, {name: ibis.table(dict(one.columns), name=name) for name, one in LOOKUPS.items()}
        )
        for name, lookup in LOOKUPS.items():
            file.register("rows", lookup.rows({}))
            file.execute(f"CREATE TEMP TABLE {quoted(name)} AS FROM rows")
        kept = [one for one in kept if one[0] not in derived]
        places |= {name: f"t{len(names) + place}" for place, name in enumerate(derived)}
        file.execute(f"CREATE TEMP TABLE worked_out AS {to_sql(steps.relations, 'traits', 'duckdb')}")
    own = "".join(f", w.{column}" for _, column in kept)
    more = "".join(f", d.{quoted(trait_column(name))} AS {places[name]}" for name in derived)
    joined = "JOIN worked_out d USING (lead_id)" if derived else ""
    file.execute(f"CREATE TABLE leads AS SELECT w.lead_id{own}{more} FROM wide w {joined}")  # noqa: S608 - as above
    _describe(file, [*dict(kept), *derived], places, {*derived})


def _describe(file: duckdb.DuckDBPyConnection, names: Sequence[str], places: dict[str, str], derived: set[str]) -> None:
    file.execute("CREATE TABLE columns (name VARCHAR, held VARCHAR, kind VARCHAR, leads BIGINT, is_derived BOOLEAN)")
    for name in names:
        column = places[name]
        kind = "'time'" if name in TIME_COLUMNS else _kind(column, may_be_number=LABEL.search(snake_case(name)) is None)
        file.execute(
            f"INSERT INTO columns SELECT ?, ?, {kind}, count({column}), ? FROM leads",  # noqa: S608 - our own names
            [name, column, name in derived],
        )


def _kind(column: str, *, may_be_number: bool) -> str:
    """What the texts of a column are. Digits that begin with a nought, or that name something, are no number."""
    is_number = f"count({column}) = count(TRY_CAST({column} AS DOUBLE))"
    is_label = f"bool_or(regexp_matches({column}, '^-?0[0-9]'))"
    number = f"WHEN {is_number} AND NOT {is_label} THEN 'number' " if may_be_number else ""
    return (
        f"CASE WHEN count({column}) = 0 THEN 'text' "
        f"WHEN count(*) FILTER ({column} NOT IN ('true', 'false')) = 0 THEN 'yes or no' {number}ELSE 'text' END"
    )


def _events(file: duckdb.DuckDBPyConnection) -> None:
    """In the order of their names, so that a rule about one name reads a part of the file alone."""
    file.execute(
        "CREATE TABLE events AS SELECT lead_id, event, make_timestamp(at_us) AS occurred_at, properties "
        "FROM raw_events JOIN ids USING (identity_no) ORDER BY event, lead_id, occurred_at"
    )
    file.execute(
        "CREATE TABLE event_names AS SELECT event, count(*) AS events, count(DISTINCT lead_id) AS leads, "
        "min(occurred_at) AS first_at, max(occurred_at) AS last_at FROM events GROUP BY event"
    )


def _others(file: duckdb.DuckDBPyConnection, as_of: datetime) -> None:
    file.execute(
        "CREATE TABLE outcomes AS SELECT lead_id, outcome, make_timestamp(at_us) AS at, value, reason "
        "FROM raw_outcomes JOIN ids USING (identity_no)"
    )
    file.execute(
        "CREATE TABLE adjustments AS SELECT lead_id, points, reason, make_timestamp(created_us) AS created_at, "
        "make_timestamp(least(expires_us, removed_us)) AS expires_at "
        "FROM raw_adjustments JOIN ids USING (identity_no) WHERE created_us <= ?",
        [to_us(as_of)],
    )
    file.execute(
        "CREATE TABLE accounts AS SELECT account_id, name, value FROM raw_accounts "
        "LEFT JOIN account_said USING (account_no)"
    )
