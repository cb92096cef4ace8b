"""History through the same door: rows of a file -> messages, as if a server had sent them when they happened.

In: a file or frame of leads, events or outcomes, with the columns and date formats that `scoville score` reads. Out:
rows in the inbox, in transactions of a few thousand. Called by `scoville import`.

It may be stopped and begun anew at any time: a row that is stored already is known by its event_id, or by its content
and how often that has come before in the file, and is stored once.
"""

from __future__ import annotations

import hashlib
import math
import uuid
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from time import sleep
from typing import TYPE_CHECKING, Any, Literal

import ibis
import orjson
from sqlalchemy import func, select

from scoville.data.clean import UNREAD, clean_profiles
from scoville.data.clean_events import JSON_COLUMN
from scoville.data.outcomes import WON
from scoville.data.quality import NO_LEAD_ID, NO_TIME
from scoville.data.values import content_hash
from scoville.engines.duckdb import DuckDB
from scoville.errors import DataError, UsageError
from scoville.live.ingest.reading import Arrival, read_batch
from scoville.live.ingest.rules import Rules
from scoville.live.ingest.sources import source_named
from scoville.live.ingest.writing import Written, write_batches
from scoville.live.store.log import inbox
from scoville.live.store.metadata import to_us

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator, Mapping

    import ibis.expr.types as ir

    from scoville.data.workspace import Workspace
    from scoville.live.store.opening import Store

What = Literal["events", "leads", "outcomes"]
Row = dict[str, Any]
_MOST_UNFOLDED = 4_000  # rows: a second of folding
_LOOK_S, _LOOKS = 0.2, 15
# Of one transaction: a running server waits for it no longer than a moment. Rows of a wide file are as long as many.
_MOST_ROWS, _MOST_VALUES = 2_000, 100_000
_ROW_BYTES = 256 * 1024  # what 1,000 columns come to; a client's message has far less
_AGAIN = "scoville: again"  # how often a row of this content has come before
_UNREAD_TIME = f"{UNREAD}occurred_at"  # what stands in the file where the time of a row does not read
_OUTCOME_KEYS = {"at": "occurred_at"}


@dataclass(frozen=True)
class Imported:
    """What became of the rows: new in the inbox, in quarantine, known already, and without a lead_id.

    `unreadable` counts values that became missing, by column, in rows that stay; none of the counts is 0.
    """

    accepted: int = 0
    refused: int = 0
    known: int = 0
    unusable: int = 0
    unreadable: dict[str, int] = field(default_factory=dict)

    def plus(self, written: Written) -> Imported:
        """With another transaction."""
        return replace(
            self, accepted=self.accepted + written.accepted, refused=self.refused + written.refused,
            known=self.known + written.known,
        )  # fmt: skip


def import_history(  # noqa: PLR0913 - what to read, and how
    store: Store,
    what: What,
    file: object,
    *,
    source: str,
    workspace: Workspace,
    now: datetime,
    leave_out: Collection[str] = (),
    told: Callable[[Imported], None] = lambda imported: None,  # noqa: ARG005
) -> Imported:
    """Store all rows of a file. `told` hears after each transaction how far it is.

    `now` is when leads without `updated_at` are said to be so; naive UTC. `leave_out` are columns of the file that are
    not taken in.
    Nulls:  an event or an outcome whose time is missing or does not read is refused, never taken to be of now; any
            other value that does not read becomes missing and is counted.
    Raises: DataError for columns that are missing or ambiguous, and for times that do not parse; EngineError.
    """
    engine = DuckDB()
    try:
        rows, lost, names = _rows(engine, what, file, workspace, leave_out)
        said = {name: name for name in names}
        rules = replace(Rules(), outcomes=said, are_bots_refused=False, message_bytes=_ROW_BYTES)
        arrival = Arrival(_source(store, source, now), is_trusted=True, received_us=to_us(now), is_history=True)
        imported, pace = lost, _Pace()
        for some in _fetched(engine, rows):
            items = [_READERS[what](row, now) for row in some]
            batch = read_batch(items, arrival, rules, lambda: str(uuid.uuid4()))
            with store.writing() as connection:
                imported = imported.plus(write_batches(connection, [batch]))
            told(imported)
            pace.wait(store)
    finally:
        engine.close()
    return imported


@dataclass
class _Pace:
    """Keeps the line in the inbox short, so that what happens now is not kept behind all of history."""

    patience: int = _LOOKS  # looks without a change that are left: without a worker there is nothing to wait for

    def wait(self, store: Store) -> None:
        """Until few rows wait, as long as they become fewer."""
        before = math.inf
        while self.patience and (left := _unfolded(store)) > _MOST_UNFOLDED:
            self.patience = _LOOKS if left < before else self.patience - 1
            before = left
            sleep(_LOOK_S)


def _unfolded(store: Store) -> int:
    """About how many rows the inbox has: from its ends, which costs nothing."""
    with store.reading() as connection:
        last, first = (connection.execute(select(end(inbox.c.seq))).scalar() for end in (func.max, func.min))
    return 0 if last is None or first is None else int(last - first)


def _rows(
    engine: DuckDB, what: What, file: object, workspace: Workspace, leave_out: Collection[str]
) -> tuple[ir.Table, Imported, list[str]]:
    """The typed rows, what of the file is not in them, and the names of outcomes."""
    given = getattr(workspace, what)
    raw = engine.place.open_source(file, relation=what, delimiter=given.delimiter)
    raw = replace(raw, table=raw.table.drop(*(name for name in raw.table.columns if name in leave_out)))
    mapping = {_OUTCOME_KEYS.get(name, name): column for name, column in given.columns.items()}
    cleaned = clean_profiles(
        engine.place, raw, mapping, workspace.settings, key="lead_id", reason=NO_LEAD_ID, keep_unread=_TIMED[what]
    )
    rows, names = cleaned.table, []
    for wanted in _TIMED[what]:
        if not (rows[wanted].type().is_timestamp() or rows[wanted].type().is_date()):
            raise DataError(
                f"{raw.name}: {what}.{wanted} holds no times. Name another column: --map {what}.{wanted}=..."
            )
    if what == "outcomes":
        if "outcome" not in rows.columns:
            rows = rows.mutate(outcome=ibis.literal(WON))
        rows = rows.mutate(outcome=rows["outcome"].cast("string").strip().lower())
        names = [row["outcome"] for row in engine.place.fetch_rows(rows.select("outcome").distinct()) if row["outcome"]]
    content = content_hash(ibis.struct({name: rows[name] for name in rows.columns}))
    again = ibis.row_number().over(group_by=content)
    numbered = engine.place.keep_table("imported", rows.mutate(**{_AGAIN: again}))
    unreadable = {name: count for name, count in cleaned.unreadable.items() if name not in _TIMED[what]}
    return numbered, Imported(unusable=sum(cleaned.rejected.values()), unreadable=unreadable), names


def _fetched(engine: DuckDB, rows: ir.Table) -> Iterator[list[Row]]:
    """The rows, some thousand at a time, or some hundred of a wide file."""
    query = engine.connection.sql(engine.place.compile(rows))
    for some in query.to_arrow_reader(min(_MOST_ROWS, max(1, _MOST_VALUES // len(rows.columns)))):
        yield [{name: _plain(value) for name, value in row.items()} for row in some.to_pylist()]


def _plain(value: object) -> object:
    """A value as JSON has it; what is missing is null."""
    if isinstance(value, datetime):
        return f"{value.isoformat()}Z"
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, Decimal):
        return float(value)
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _time(row: Row) -> str:
    """When it was. Where nothing says so, words that are no time: without any, a message is taken to be of now."""
    return str(row["occurred_at"] or row.get(_UNREAD_TIME) or NO_TIME)


def _event(row: Row, now: datetime) -> Row:  # noqa: ARG001 - as the others
    properties = {name: value for name, value in row.items() if name not in _OF_EVENTS and value is not None}
    held = properties.pop(JSON_COLUMN, None)
    return {
        "type": "track", "userId": row["lead_id"], "event": row["event"], "timestamp": _time(row),
        "messageId": row.get("event_id") or _content_id("event", row), "properties": properties | _unpacked(held),
    }  # fmt: skip


def _unpacked(held: object) -> Row:
    """The properties of a JSON column; what is no object is left out, as when files are scored."""
    try:
        found = orjson.loads(held) if isinstance(held, str) else held
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _lead(row: Row, now: datetime) -> Row:
    """What is known of a lead, since its `updated_at`; without one, since now: then it is stored anew each time."""
    traits = {name: value for name, value in row.items() if name not in _OF_LEADS and value is not None}
    dated = {"messageId": _content_id("lead", row)} if row.get("updated_at") else {"messageId": str(uuid.uuid4())}
    since = row.get("updated_at") or _plain(now)
    return {"type": "identify", "userId": row["lead_id"], "traits": traits, "timestamp": since, **dated}


def _outcome(row: Row, now: datetime) -> Row:  # noqa: ARG001 - as the others
    properties = {name: row[name] for name in ("value", "reason") if row.get(name) is not None}
    return {
        "type": "track", "userId": row["lead_id"], "event": row["outcome"], "timestamp": _time(row),
        "messageId": _content_id("outcome", row), "properties": properties,
    }  # fmt: skip


def _content_id(what: str, row: Row) -> str:
    """The id of a row that has none of its own: equal for equal rows, but for how often they have come before.

    A row whose time reads keeps its id when another row of the file comes to have one that does not.
    """
    known = {name: value for name, value in row.items() if name != _UNREAD_TIME or value is not None}
    written = orjson.dumps(known, option=orjson.OPT_SORT_KEYS)
    return f"{what}-{hashlib.sha256(written).hexdigest()[:32]}"


def _source(store: Store, name: str, now: datetime) -> int:
    """The number of a source, made when there is none of this name. Raises: UsageError for a name without letters."""
    if not name.strip():
        raise UsageError("a source needs a name, such as --source crm")
    with store.writing() as connection:
        return source_named(connection, name.strip(), now)


_READERS: Mapping[What, Callable[[Row, datetime], Row]] = {"events": _event, "leads": _lead, "outcomes": _outcome}
_TIMED: Mapping[What, tuple[str, ...]] = {"events": ("occurred_at",), "leads": (), "outcomes": ("occurred_at",)}
_OF_EVENTS = frozenset({"lead_id", "event", "occurred_at", "event_id", _AGAIN, _UNREAD_TIME})
_OF_LEADS = frozenset({"lead_id", "updated_at", _AGAIN})
