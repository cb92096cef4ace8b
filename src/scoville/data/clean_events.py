"""Raw events -> clean ones: of known leads, named, timed, each event_id once; the others rejected with a reason.

The usual large case, typed columns without duplicates, stays a view over the source: it is surveyed once, and never
copied.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import ibis

from scoville.data.clean import Cleaned, key_value, rejected_view, typed_or_text
from scoville.data.columns import resolve_columns
from scoville.data.keep import count_rows, fetch_rows, keep_table
from scoville.data.moments import MOMENT
from scoville.data.quality import (
    AFTER_AS_OF,
    DUPLICATE_EVENT_ID,
    NO_EVENT_NAME,
    NO_LEAD_ID,
    NO_TIME,
    UNKNOWN_LEAD,
    UNREADABLE_TIME,
    Notice,
)
from scoville.data.values import content_hash, key_text, read_texts, row_as_json, without_placeholders

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    import ibis.expr.types as ir
    from ibis.backends.duckdb import Backend

    from scoville.data.columns import Columns
    from scoville.data.identity import People
    from scoville.data.sources import Raw
    from scoville.data.workspace import Settings

# Computed columns stand beside those of the file under names that no file has.
KEY, EVENT, TIME, EVENT_ID, REASON, OWNER, PLACE = (
    f"scoville: {name}" for name in ("key", "event", "time", "event_id", "reason", "owner", "place")
)
STANDARD = ("event_id", "lead_id", "event", "occurred_at")
LOCAL_REASONS = (NO_LEAD_ID, NO_EVENT_NAME, NO_TIME, UNREADABLE_TIME, AFTER_AS_OF)  # seen from the row alone
STRANGE_SHARE = 0.5  # share of events of unknown leads from which the ids of the two files seem to differ


def clean_events(  # noqa: PLR0913 - a relation, how to read it, and what it is held against
    con: Backend, raw: Raw, mapping: Mapping[str, str], settings: Settings, *, people: People, as_of: datetime | None
) -> Cleaned:
    """Events of known leads up to `as_of`, each event_id once (the earliest, then the smallest content).

    Shape:   event_id, lead_id (the survivor's), event, occurred_at, then the properties; text stays text.
    Units:   `as_of` is naive UTC; with null no event is set aside for being in the future.
    Nulls:   event_id is null where the file has none; such events are never duplicates.
    Raises:  DataError for a column that is missing or ambiguous, and for times that do not parse.
    """
    columns = resolve_columns("events", raw.name, raw.table.columns, mapping)
    staged = _staged(con, raw, columns, settings, as_of)
    survey = _survey(con, raw, staged, columns, settings)
    judged, is_as_given = _judged(con, raw, staged, people, survey, is_by_email=columns.is_keyed_by_email)
    used = _used(con, raw, judged, columns, settings, survey)
    rejected = survey.rejected if is_as_given else _counted(con, judged)
    return Cleaned(
        used if is_as_given and not raw.is_text else keep_table(con, "clean_events", used),
        rejected_view(raw, judged.filter(judged[REASON].notnull()), REASON),
        rows=survey.rows,
        rejected=rejected,
        notices=(*raw.notices, *columns.notices, *_strangers(con, staged, people, survey.rows, rejected)),
        is_keyed_by_email=columns.is_keyed_by_email,
    )


@dataclass(frozen=True)
class _Survey:
    """What one pass over the raw events found: `dirty` names text columns with placeholders or outer blanks."""

    rows: int
    rejected: dict[str, int]
    has_duplicates: bool
    dirty: frozenset[str]


def _staged(con: Backend, raw: Raw, columns: Columns, settings: Settings, as_of: datetime | None) -> ir.Table:
    """The raw rows, beside them their key, name, time and id as we read them, and what is wrong with the row alone."""
    table, names = raw.table, columns.names
    time = typed_or_text(con, raw, "occurred_at", table[names["occurred_at"]], settings)
    has_time = time.notnull()
    if time.type().is_string():
        times = table.select(occurred_at=time)
        found = read_texts(con, times, ["occurred_at"], settings, relation="events", source=raw.name)
        time = found["occurred_at"].value(cast("ir.StringColumn", time)) if found else time.try_cast(MOMENT)
    staged = table.mutate(
        **{
            KEY: key_value(table[names["lead_id"]], columns, settings),
            EVENT: key_text(table[names["event"]], settings),
            TIME: time,
            EVENT_ID: key_text(table[names["event_id"]], settings) if "event_id" in names else ibis.null("string"),
            "scoville: has_time": has_time,
        }
    )
    is_late = staged[TIME] > ibis.literal(as_of, MOMENT) if as_of else ibis.literal(value=False)
    reason = ibis.cases(
        (staged[KEY].isnull(), NO_LEAD_ID),
        (staged[EVENT].isnull(), NO_EVENT_NAME),
        (~staged["scoville: has_time"], NO_TIME),
        (staged[TIME].isnull(), UNREADABLE_TIME),
        (is_late, AFTER_AS_OF),
        else_=ibis.null("string"),
    )
    return staged.mutate(**{REASON: reason})


def _survey(con: Backend, raw: Raw, staged: ir.Table, columns: Columns, settings: Settings) -> _Survey:
    counts: dict[str, ir.Scalar] = {reason: (staged[REASON] == reason).sum() for reason in LOCAL_REASONS}
    if "event_id" in columns.names:
        counts["ids"] = staged[EVENT_ID].count()
        counts["distinct"] = content_hash(staged[EVENT_ID]).nunique()
    texts = [] if raw.is_text else _texts(staged, columns)
    dirt = {f"dirt: {name}": _is_dirty(staged[columns.names[name]], settings) for name in texts}
    found = fetch_rows(con, staged.aggregate(rows=staged.count(), **counts, **dirt))[0]
    return _Survey(
        rows=found["rows"],
        rejected={reason: int(found[reason]) for reason in LOCAL_REASONS if found[reason]},
        has_duplicates=found.get("ids", 0) != found.get("distinct", 0),
        dirty=frozenset(name for name in texts if found[f"dirt: {name}"]),
    )


def _texts(table: ir.Table, columns: Columns) -> list[str]:
    wanted = (name for name in columns.names if name not in {"occurred_at"})
    return [name for name in wanted if table[columns.names[name]].type().is_string()]


def _is_dirty(column: ir.Column, settings: Settings) -> ir.BooleanScalar:
    text = cast("ir.StringColumn", column)
    return (without_placeholders(text, settings).fill_null("") != text).any()


def _judged(  # noqa: PLR0913 - the events, and all they are held against
    con: Backend, raw: Raw, staged: ir.Table, people: People, survey: _Survey, *, is_by_email: bool
) -> tuple[ir.Table, bool]:
    """Every row with its owner and its reason; and whether the rows' own keys and reasons already said it all."""
    known = people.known(by_email=is_by_email)
    is_as_given = not (survey.has_duplicates or people.has_links or is_by_email) and not _has_stranger(
        con, staged, known
    )
    if is_as_given:
        return staged.mutate(**{OWNER: staged[KEY]}), True
    joined = staged.left_join(known, staged[KEY] == known["from_id"])
    owned = joined.select(
        *(joined[name] for name in staged.columns if name != REASON),
        **{
            OWNER: joined["owner"],
            REASON: ibis.coalesce(
                joined[REASON], ibis.ifelse(joined["owner"].isnull(), UNKNOWN_LEAD, ibis.null("string"))
            ),
        },
    )
    return (_once(con, raw, owned) if survey.has_duplicates else owned), False


def _has_stranger(con: Backend, staged: ir.Table, known: ir.Table) -> bool:
    keys = staged.filter(staged[REASON].isnull()).select(from_id=staged[KEY])
    return count_rows(con, keys.anti_join(known, "from_id")) > 0


def _once(con: Backend, raw: Raw, owned: ir.Table) -> ir.Table:
    """Rows whose event_id another row has too keep no reason only if they are the earliest, then the smallest.

    Only the rows of repeated ids are sorted: sorting twenty million to find three would take most of the run.
    """
    owned = keep_table(con, "owned_events", owned)
    may_count = owned.filter(owned[REASON].isnull(), owned[EVENT_ID].notnull())
    repeated = may_count.group_by(EVENT_ID).aggregate(times=may_count.count()).filter(lambda row: row["times"] > 1)
    is_repeated = owned[REASON].isnull() & owned[EVENT_ID].isin(repeated[EVENT_ID])
    rows = owned.filter(is_repeated)
    order = [rows[TIME], rows[OWNER], rows[EVENT], row_as_json(rows, raw.table.columns)]
    placed = rows.mutate(**{PLACE: ibis.row_number().over(group_by=rows[EVENT_ID], order_by=order)})
    is_again = placed[PLACE] > 0
    again = placed.mutate(**{REASON: ibis.ifelse(is_again, DUPLICATE_EVENT_ID, ibis.null("string"))}).drop(PLACE)
    once = owned.filter(~is_repeated.fill_null(value=False))
    return keep_table(con, "judged_events", once.union(again.select(*once.columns)))


def _used(  # noqa: PLR0913 - the rows, and all that decides what becomes of each column
    con: Backend, raw: Raw, judged: ir.Table, columns: Columns, settings: Settings, survey: _Survey
) -> ir.Table:
    """The clean columns of the rows without a reason. A text column that the survey found clean is passed as it is."""
    rows = judged.filter(judged[REASON].isnull()) if survey.rejected or OWNER in judged.columns else judged
    names = columns.names

    def clean(name: str, value: ir.Column) -> ir.Value:
        found = rows[names[name]] if name in names else value
        is_clean = not raw.is_text and found.type().is_string() and name not in survey.dirty
        return found if is_clean else value

    values: dict[str, ir.Value] = {
        "event_id": clean("event_id", rows[EVENT_ID]),
        "lead_id": rows[OWNER],
        "event": clean("event", rows[EVENT]),
        "occurred_at": rows[TIME],
    }
    for name, found in names.items():
        value = None if name in STANDARD else typed_or_text(con, raw, name, rows[found], settings)
        if value is not None:
            values[name] = clean(name, cast("ir.Column", value))
    return rows.select(**values)


def _counted(con: Backend, judged: ir.Table) -> dict[str, int]:
    counts = judged.filter(judged[REASON].notnull()).group_by(REASON).aggregate(rows=judged.count())
    return {row[REASON]: row["rows"] for row in fetch_rows(con, counts.order_by(REASON))}


def _strangers(
    con: Backend, staged: ir.Table, people: People, rows: int, rejected: Mapping[str, int]
) -> tuple[Notice, ...]:
    """A notice when so many events are of unknown leads that the ids of the two files seem to be different things."""
    strangers = rejected.get(UNKNOWN_LEAD, 0)
    if strangers <= STRANGE_SHARE * rows:
        return ()
    theirs = fetch_rows(con, staged.aggregate(key=staged[KEY].min()))[0]["key"]
    ours = fetch_rows(con, people.table.aggregate(key=people.table["lead_id"].min()))[0]["key"]
    text = (
        f"{strangers:,} of {rows:,} events are of unknown leads. Is lead_id the same thing in both files? "
        f"In events it is such as {theirs!r}, in leads such as {ours!r}; map another column if not."
    )
    return (Notice("events", "lead_id", text),)
