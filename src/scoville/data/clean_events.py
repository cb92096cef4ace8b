"""Raw events -> clean ones: of known leads, named, timed, each event_id once; the others rejected with a reason.

The usual large case, typed columns in which nothing is wrong, stays a view over the source: it is surveyed once, and
never copied.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, cast

import ibis
import ibis.expr.datatypes as dt

from scoville.data.clean import REASON, Cleaned, key_value, rejected_view, typed_or_text
from scoville.data.columns import resolve_columns
from scoville.data.keep import count_rows
from scoville.data.moments import MOMENT
from scoville.data.quality import (
    AFTER_AS_OF,
    DUPLICATE_EVENT_ID,
    NO_EVENT_NAME,
    NO_LEAD_ID,
    NO_ROWS,
    NO_TIME,
    REASONS,
    UNKNOWN_LEAD,
    UNREADABLE_TIME,
    Notice,
)
from scoville.data.seen import Staged, read_since
from scoville.data.values import content_hash, key_text, read_texts, row_as_json, without_placeholders

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping
    from datetime import datetime

    import ibis.expr.types as ir

    from scoville.data.columns import Columns
    from scoville.data.identity import People
    from scoville.data.keep import Place
    from scoville.data.seen import Since
    from scoville.data.sources import Raw
    from scoville.data.workspace import Settings

# Computed columns stand beside those of the file under names that no file has.
KEY, EVENT, TIME, HAS_TIME, IS_LATE, EVENT_ID, OWNER, IS_REPEATED = (
    f"scoville: {name}" for name in ("key", "event", "time", "has time", "is late", "event_id", "owner", "is repeated")
)
JSON_COLUMN = "properties"
STRANGE_SHARE = 0.5  # share of events of unknown leads from which the ids of the two files seem to differ


def clean_events(
    con: Place,
    raw: Raw,
    mapping: Mapping[str, str],
    settings: Settings,
    *,
    people: People,
    as_of: datetime | None,
    since: Since | None = None,
) -> Cleaned:
    """Events of known leads up to `as_of`, each event_id once (the earliest, then the smallest content).

    Shape:   event_id, lead_id (the survivor's), event, occurred_at, then the properties; text stays text.
    Units:   `as_of` is naive UTC; with null no event is set aside for being in the future.
    Nulls:   event_id is null where the file has none; such events are never duplicates.
    Since:   with an earlier run, only the events that came after it, and those of leads whose past has changed.
    Raises:  DataError for a column that is missing or ambiguous, and for times that do not parse.
    """
    columns = resolve_columns("events", raw.name, raw.table.columns, mapping)
    if people.is_keyed_by_email:  # then the ids of events are addresses too, whatever their column is called
        columns = replace(columns, is_keyed_by_email=True)
    staged = _staged(con, raw, columns, settings, as_of)
    said: tuple[Notice, ...] = ()
    if since is not None and as_of is not None:
        known = people.known(by_email=columns.is_keyed_by_email)
        ids = EVENT_ID if "event_id" in columns.names else None
        given = columns.names["lead_id"]
        parts = Staged(staged, given, lambda key: key_value(key, columns, settings), KEY, TIME, ids, known)
        staged, said = read_since(con, parts, since, as_of)
    has_plain_keys = not (raw.is_text or people.has_links or columns.is_keyed_by_email)
    as_given = _as_given(con, raw, staged, columns, settings, people) if has_plain_keys else None
    cleaned = as_given or _held_against(con, raw, staged, columns, settings, people)
    said = said if cleaned.rows or said else (Notice("events", None, NO_ROWS),)
    return replace(cleaned, notices=(*cleaned.notices, *said))


def _staged(con: Place, raw: Raw, columns: Columns, settings: Settings, as_of: datetime | None) -> ir.Table:
    """The raw rows, and beside them their key, name, time and id as we read them."""
    table, names = raw.table, columns.names
    time = cast("ir.Value", typed_or_text(con, raw, "occurred_at", table[names["occurred_at"]], settings))
    has_time = time.notnull()
    if time.type().is_string():
        times = table.select(occurred_at=time)
        found = read_texts(con, times, ["occurred_at"], settings, relation="events", source=raw.name)
        time = found["occurred_at"].value(cast("ir.StringValue", time)) if found else time.try_cast(MOMENT)
    is_late = time > ibis.literal(as_of, MOMENT) if as_of else ibis.literal(False)  # noqa: FBT003 - a value, no flag
    return table.mutate(
        **{
            KEY: key_value(table[names["lead_id"]], columns, settings),
            EVENT: key_text(table[names["event"]], settings),
            TIME: time,
            HAS_TIME: has_time,
            IS_LATE: is_late,
            EVENT_ID: key_text(table[names["event_id"]], settings) if "event_id" in names else ibis.null("string"),
        }
    )


# --- the swift way: typed columns in which nothing is wrong ----------------------------------------------------------


def _as_given(
    con: Place, raw: Raw, staged: ir.Table, columns: Columns, settings: Settings, people: People
) -> Cleaned | None:
    """The events as a view over the source; null if one is without a name or time, twice, or of an unknown lead.

    Only late events may be left out: a run at a past date has them as a rule.
    """
    texts = [name for name in _texts(staged, columns) if name not in {"lead_id", "event_id", "occurred_at"}]
    found = _survey(con, staged, columns, settings, texts)
    if found["wrong"] or found.get("ids", 0) != found.get("distinct", 0):
        return None
    staged = staged.mutate(**{OWNER: staged[KEY]})
    in_time = staged.filter(~staged[IS_LATE]) if found["late"] else staged
    key = in_time[columns.names["lead_id"]]
    if _has_stranger(con, in_time.select(scoville_from=key if key.type().is_string() else in_time[KEY]), people):
        return None
    plain = {name for name in texts if not found[f"dirt: {name}"]} | {"event_id", "lead_id"}
    broken = found.get("broken", 0)
    plain -= {JSON_COLUMN} if broken else set()
    values = _values(con, raw, in_time, columns, settings, plain=plain)
    late = staged.filter(staged[IS_LATE]).mutate(**{REASON: ibis.literal(AFTER_AS_OF)})
    return Cleaned(
        in_time.select(**values),
        rejected_view(raw, late, REASON),
        rows=found["rows"],
        rejected={AFTER_AS_OF: found["late"]} if found["late"] else {},
        notices=(*raw.notices, *columns.notices, *_no_json(broken)),
    )


def _survey(
    con: Place, staged: ir.Table, columns: Columns, settings: Settings, texts: Collection[str]
) -> dict[str, int]:
    """One pass: rows without name or time, late rows, ids and how many differ, what is no JSON, which texts are dirty.

    Ids are not held against the placeholders, which would take longer than all else together: a lead_id that is one
    belongs to no lead, and an event_id that is one twice makes fewer distinct ids than ids.
    """
    wanted: dict[str, ir.Scalar] = {
        "rows": staged.count(),
        "wrong": (staged[EVENT].isnull() | staged[TIME].isnull()).sum(),
        "late": staged[IS_LATE].sum(),
    }
    if "event_id" in columns.names:
        ids = staged[columns.names["event_id"]]
        wanted |= {"ids": ids.count(), "distinct": content_hash(ids).nunique(where=ids.notnull())}
    if JSON_COLUMN in texts:
        properties = without_placeholders(cast("ir.StringColumn", staged[columns.names[JSON_COLUMN]]), settings)
        wanted["broken"] = _is_broken(properties).sum(where=~staged[IS_LATE])
    wanted |= {f"dirt: {name}": _is_dirty(staged[columns.names[name]], settings) for name in texts}
    return {key: value or 0 for key, value in con.fetch_rows(staged.aggregate(**wanted))[0].items()}


def _texts(table: ir.Table, columns: Columns) -> list[str]:
    return [name for name, found in columns.names.items() if table[found].type().is_string()]


def _is_dirty(column: ir.Column, settings: Settings) -> ir.BooleanScalar:
    text = cast("ir.StringColumn", column)
    return (without_placeholders(text, settings).fill_null("scoville: missing") != text).any()


def _has_stranger(con: Place, keys: ir.Table, people: People) -> bool:
    return count_rows(con, keys.anti_join(people.known(), "scoville_from")) > 0


# --- the thorough way ------------------------------------------------------------------------------------------------


def _held_against(
    con: Place, raw: Raw, staged: ir.Table, columns: Columns, settings: Settings, people: People
) -> Cleaned:
    """Every row with its owner and the first reason against it, kept once; the raw rows in it replace the raw table."""
    owned = con.keep_table("owned_events", _owned(staged, people.known(by_email=columns.is_keyed_by_email)))
    if raw.is_text:
        con.drop_table("raw_events")
    judged = _once(con, raw, owned) if "event_id" in columns.names and _has_twice(con, owned) else owned
    rejected = _counted(con, judged)
    rows = judged.filter(judged[REASON].isnull())
    broken = _count_broken(con, rows, columns, settings)
    return Cleaned(
        con.keep_table("clean_events", rows.select(**_values(con, raw, rows, columns, settings))),
        rejected_view(raw, judged.filter(judged[REASON].notnull()), REASON),
        rows=count_rows(con, owned),
        rejected=rejected,
        notices=(*raw.notices, *columns.notices, *_no_json(broken), *_strangers(con, owned, people, rejected)),
    )


def _owned(staged: ir.Table, known: ir.Table) -> ir.Table:
    joined = staged.left_join(known, staged[KEY] == known["scoville_from"])
    reason = ibis.cases(
        (joined[KEY].isnull(), NO_LEAD_ID),
        (joined[EVENT].isnull(), NO_EVENT_NAME),
        (~joined[HAS_TIME], NO_TIME),
        (joined[TIME].isnull(), UNREADABLE_TIME),
        (joined[IS_LATE], AFTER_AS_OF),
        (joined["scoville_survivor"].isnull(), UNKNOWN_LEAD),
        else_=ibis.null("string"),
    )
    return joined.select(
        *(joined[name] for name in staged.columns), **{OWNER: joined["scoville_survivor"], REASON: reason}
    )


def _has_twice(con: Place, owned: ir.Table) -> bool:
    ids = owned[EVENT_ID]
    counts = owned.aggregate(all=ids.count(), distinct=content_hash(ids).nunique(where=ids.notnull()))
    found = con.fetch_rows(counts)[0]
    return bool(found["all"] != found["distinct"])


def _once(con: Place, raw: Raw, owned: ir.Table) -> ir.Table:
    """Of rows of one event_id that have no other reason, all but the earliest, then the smallest, have this one.

    Only the rows of repeated ids are sorted: sorting twenty million to find three would take most of the run.
    """
    may_count = owned.filter(owned[REASON].isnull(), owned[EVENT_ID].notnull()).select(scoville_id=owned[EVENT_ID])
    times = may_count.group_by("scoville_id").aggregate(times=may_count.count())
    repeated = times.filter(times["times"] > 1).select("scoville_id")
    joined = owned.left_join(repeated, owned[EVENT_ID] == repeated["scoville_id"])
    is_repeated = joined[REASON].isnull() & joined["scoville_id"].notnull()
    marked = joined.select(*(joined[name] for name in owned.columns), **{IS_REPEATED: is_repeated})
    rows = marked.filter(marked[IS_REPEATED])
    order = [rows[TIME], rows[OWNER], rows[EVENT], row_as_json(rows, sorted(raw.table.columns))]
    is_again = ibis.row_number().over(group_by=rows[EVENT_ID], order_by=order) > 0
    again = rows.mutate(**{REASON: ibis.ifelse(is_again, DUPLICATE_EVENT_ID, ibis.null("string"))})
    return con.keep_table("judged_events", marked.filter(~marked[IS_REPEATED]).union(again))


def _counted(con: Place, judged: ir.Table) -> dict[str, int]:
    wrong = judged.filter(judged[REASON].notnull()).select(reason=judged[REASON])
    counts = wrong.group_by("reason").aggregate(rows=wrong.count())
    found = {row["reason"]: int(row["rows"]) for row in con.fetch_rows(counts)}
    return {reason: found[reason] for reason in REASONS if reason in found}


def _strangers(con: Place, owned: ir.Table, people: People, rejected: Mapping[str, int]) -> tuple[Notice, ...]:
    """A notice when so many events are of unknown leads that the ids of the two files seem to be different things."""
    strangers = rejected.get(UNKNOWN_LEAD, 0)
    rows = count_rows(con, owned) if strangers else 0
    if strangers <= STRANGE_SHARE * rows:
        return ()
    theirs = con.fetch_rows(owned.aggregate(key=owned[KEY].min()))[0]["key"]
    ours = con.fetch_rows(people.table.aggregate(key=people.table["lead_id"].min()))[0]["key"]
    text = (
        f"{strangers:,} of {rows:,} events are of unknown leads. Is lead_id the same thing in both files? "
        f"In events it is such as {theirs!r}, in leads such as {ours!r}; map another column if not."
    )
    return (Notice("events", "lead_id", text),)


# --- properties in JSON, which the plan would stop at where they are none ---------------------------------------------


@ibis.udf.scalar.builtin(name="json_valid", signature=((dt.string,), dt.boolean))
def _is_json(text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Whether a text is JSON, null for null."""


def _is_broken(properties: ir.Value) -> ir.BooleanColumn:
    return cast("ir.BooleanColumn", ~_is_json(properties))


def _count_broken(con: Place, rows: ir.Table, columns: Columns, settings: Settings) -> int:
    found = rows[columns.names[JSON_COLUMN]] if JSON_COLUMN in columns.names else None
    if found is None or not found.type().is_string():
        return 0
    properties = without_placeholders(cast("ir.StringColumn", found), settings)
    return con.fetch_rows(rows.aggregate(broken=_is_broken(properties).sum()))[0]["broken"] or 0


def _no_json(broken: int) -> tuple[Notice, ...]:
    if not broken:
        return ()
    of_events = "of 1 event is" if broken == 1 else f"of {broken:,} events are"
    return (Notice("events", JSON_COLUMN, f"{of_events} no JSON, so missing; those events count without them."),)


# --- both ways -------------------------------------------------------------------------------------------------------


def _values(
    con: Place,
    raw: Raw,
    rows: ir.Table,
    columns: Columns,
    settings: Settings,
    *,
    plain: Collection[str] = frozenset(),
) -> dict[str, ir.Value]:
    """The clean columns by name. Texts in `plain` need no cleaning and are passed as they are."""
    ours = {"event_id": rows[EVENT_ID], "lead_id": rows[OWNER], "event": rows[EVENT], "occurred_at": rows[TIME]}
    values: dict[str, ir.Value] = {}
    for name in (*ours, *(name for name in columns.names if name not in ours)):
        found = rows[columns.names[name]] if name in columns.names else None
        if found is not None and name in plain and found.type().is_string():
            values[name] = found
        elif name in ours:
            values[name] = ours[name]
        elif found is not None:
            value = typed_or_text(con, raw, name, found, settings)
            if name == JSON_COLUMN and found.type().is_string():
                value = ibis.ifelse(_is_json(value), value, ibis.null("string"))
            values |= {} if value is None else {name: value}
    return values
