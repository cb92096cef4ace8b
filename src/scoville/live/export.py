"""The store as it was at an instant -> a folder of files that `scoville score`, `validate` and `learn` read.

In: an open store, an instant, a folder. Out: leads, events, outcomes, accounts and adjustments as Parquet, and the
`scoville.toml` that names them. Called by the API, by `audit` and by people. Leads are read by the same code as the
scorer's, in chunks, from one state of the store; so the scores of the files are those of the store.
"""

from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import text

from scoville.data.values import TIME_COLUMNS
from scoville.data.workspace import FILE_NAME, PLACEHOLDERS
from scoville.live.fold.among import among, bound
from scoville.live.fold.names import as_text
from scoville.live.scoring.relations import ADJUSTMENTS, read_adjustments, read_leads
from scoville.live.scoring.wanted import ACCOUNT, Wanted, kind_of
from scoville.live.store.metadata import from_us, to_us

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store

_CHUNK = 2_000  # leads at once; with a thousand events each it takes about 200 MB
_AHEAD_US = 300_000_000  # so far ahead may the clock of a sender be: ingestion lets no more pass
_INSTANT = pa.timestamp("us")
_EVENTS = pa.schema([
    ("event_id", pa.string()), ("lead_id", pa.string()), ("event", pa.string()), ("occurred_at", _INSTANT),
    ("properties", pa.string()),
])  # fmt: skip
_OUTCOMES = pa.schema([
    ("lead_id", pa.string()), ("outcome", pa.string()), ("at", _INSTANT), ("value", pa.float64()),
    ("reason", pa.string()),
])  # fmt: skip
# Values are clean already, so nothing is to be taken for a placeholder, and no two leads are one person.
_WORKSPACE = """# The store of Scoville as of {as_of} UTC.
merge = "none"
keep_values = [{kept}]

[leads]
source = "leads.parquet"

[events]
source = "events.parquet"

[outcomes]
source = "outcomes.parquet"

[adjustments]
source = "adjustments.parquet"
"""


@dataclass(frozen=True)
class Exported:
    """What was written: rows by relation, and the folder."""

    folder: Path
    rows: Mapping[str, int]


def export(
    store: Store, folder: Path, as_of: datetime, *, reads: Collection[str] = (), leads: Collection[int] | None = None
) -> Exported:
    """Write the store as of an instant (naive UTC) into a folder, made where it is not there.

    `reads` are traits that have to be columns even where nobody has them: those of a model. `leads` narrows it to some.
    Traits and properties are text, an account's as `account.NAME` beside its people; properties are one JSON column.
    """
    folder.mkdir(parents=True, exist_ok=True)
    with store.reading() as connection, contextlib.ExitStack() as files:
        names = _trait_names(connection, to_us(as_of), reads)
        writers = {
            name: files.enter_context(pq.ParquetWriter(folder / f"{name}.parquet", schema))
            for name, schema in _schemas(names).items()
        }
        rows = dict.fromkeys(writers, 0)
        for tables in _chunks(connection, names, to_us(as_of), leads):
            for name, table in tables.items():
                writers[name].write_table(table)
                rows[name] += table.num_rows
        accounts = _accounts(connection, to_us(as_of))
        pq.write_table(accounts, folder / "accounts.parquet")
    kept = ", ".join(f'"{one}"' for one in sorted(PLACEHOLDERS - {""}))
    (folder / FILE_NAME).write_text(_WORKSPACE.format(as_of=as_of.isoformat(sep=" "), kept=kept), encoding="utf-8")
    return Exported(folder, {**rows, "accounts": accounts.num_rows})


def _schemas(names: Collection[str]) -> dict[str, pa.Schema]:
    return {
        "leads": pa.schema([("lead_id", pa.string()), *((name, _type(name)) for name in names)]),
        "events": _EVENTS,
        "outcomes": _OUTCOMES,
        "adjustments": ADJUSTMENTS,
    }


def _type(trait: str) -> pa.DataType:
    return pa.string() if kind_of(trait) == "string" else _INSTANT


def _chunks(
    connection: Connection, names: Collection[str], as_of_us: int, only: Collection[int] | None
) -> Iterator[dict[str, pa.Table]]:
    wanted = Wanted(tuple(names), (), None)
    for ids in _leads(connection, only, as_of_us):
        told, _ = read_leads(connection, ids.keys(), wanted, as_of_us)
        given, _ = read_adjustments(connection, ids.keys(), as_of_us)
        yield {
            "leads": _renamed(told, ids),
            "events": _events(connection, ids, as_of_us),
            "outcomes": _outcomes(connection, ids, as_of_us),
            "adjustments": _renamed(given, ids),
        }


def _leads(connection: Connection, only: Collection[int] | None, as_of_us: int) -> Iterator[dict[int, str]]:
    """Numbers and ids of leads, some at a time: those asked for, else those known by then."""
    after = 0
    narrowed = "AND first_seen_at <= :known_by" if only is None else f"AND lead_no {among(connection, 'only')}"
    while True:
        rows = connection.execute(
            text(
                f"SELECT lead_no, lead_id FROM leads WHERE lead_no > :after {narrowed} ORDER BY lead_no LIMIT :chunk"  # noqa: S608
            ),
            {"after": after, "chunk": _CHUNK, "only": bound(connection, only or ()), "known_by": as_of_us + _AHEAD_US},
        ).all()
        if not rows:
            return
        yield {number: name for number, name in rows}  # noqa: C416 - rows are no pairs to mypy
        after = rows[-1][0]


def _renamed(table: pa.Table, ids: Mapping[int, str]) -> pa.Table:
    """The table with ids in place of numbers."""
    named = pa.array([ids[int(number)] for number in table["lead_id"].to_pylist()], pa.string())
    return table.set_column(0, "lead_id", named)


def _trait_names(connection: Connection, as_of_us: int, reads: Collection[str]) -> list[str]:
    """Columns of leads: what a model reads, then every trait that anybody has. Of two spellings the first is kept.

    Names that differ in capitals alone cannot stand beside each other in a table of DuckDB.
    """
    said = [("", "traits"), (ACCOUNT, "account_traits")]
    found = [
        prefix + name
        for prefix, table in said
        for (name,) in connection.execute(
            text(f"SELECT DISTINCT name FROM {table} WHERE changed_at <= :as_of ORDER BY name"),  # noqa: S608 - ours
            {"as_of": as_of_us},
        )
    ]
    named: dict[str, str] = {}
    for name in ("created_at", "account_id", *reads, *found):
        named.setdefault(name.casefold(), name)
    named.pop("lead_id", None)
    return [*named.values()]


def _events(connection: Connection, ids: Mapping[int, str], as_of_us: int) -> pa.Table:
    rows = connection.execute(
        text(
            "SELECT i.lead_no, e.event_id, e.event, e.occurred_at, e.properties FROM identities i "  # noqa: S608
            "JOIN events e ON e.identity_no = i.identity_no "
            f"WHERE i.lead_no {among(connection, 'leads')} AND e.event IS NOT NULL AND e.occurred_at <= :as_of"
        ),
        {"leads": bound(connection, ids.keys()), "as_of": as_of_us},
    )
    return _table(
        _EVENTS, [(e.hex(), ids[lead], name, from_us(at), properties_as_text(held)) for lead, e, name, at, held in rows]
    )


def properties_as_text(held: str) -> str:
    """Properties as rules read them: every value a text."""
    return orjson.dumps({name: as_text(value) for name, value in orjson.loads(held).items()}).decode()


def _outcomes(connection: Connection, ids: Mapping[int, str], as_of_us: int) -> pa.Table:
    rows = connection.execute(
        text(
            "SELECT i.lead_no, o.outcome, o.at, o.value, o.reason FROM identities i "  # noqa: S608 - our own marks
            "JOIN outcomes o ON o.identity_no = i.identity_no "
            f"WHERE i.lead_no {among(connection, 'leads')} AND o.at <= :as_of"
        ),
        {"leads": bound(connection, ids.keys()), "as_of": as_of_us},
    )
    return _table(_OUTCOMES, [(ids[lead], outcome, from_us(at), *rest) for lead, outcome, at, *rest in rows])


def _accounts(connection: Connection, as_of_us: int) -> pa.Table:
    """Accounts with their traits as they were."""
    rows = connection.execute(
        text(
            "SELECT a.account_id, t.name, t.value FROM accounts a LEFT JOIN account_traits t "
            "ON t.account_no = a.account_no AND t.changed_at <= :as_of WHERE a.first_seen_at <= :as_of "
            "ORDER BY a.account_no, t.changed_at, t.event_id"
        ),
        {"as_of": as_of_us},
    )
    found: dict[str, dict[str, Any]] = {}
    for account, name, value in rows:
        traits = found.setdefault(account, {})
        if name is not None:
            traits[name] = None if value is None else as_text(orjson.loads(value))
    names = {name.casefold(): name for traits in found.values() for name in traits if name.casefold() != "account_id"}
    columns = {name: [traits.get(name) for traits in found.values()] for name in names.values()}
    columns = {name: _plain(name, column) for name, column in columns.items()}
    return pa.table({"account_id": pa.array([*found], pa.string()), **columns})


def _plain(name: str, column: list[str | None]) -> pa.Array:
    if name not in TIME_COLUMNS:
        return pa.array(column, pa.string())
    return pa.array(column, pa.string()).cast(_INSTANT)


def _table(schema: pa.Schema, rows: list[tuple[Any, ...]]) -> pa.Table:
    columns = zip(*rows, strict=True) if rows else [[] for _ in schema]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)], schema=schema)
