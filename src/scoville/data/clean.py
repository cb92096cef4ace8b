"""Raw relations -> clean ones: our column names, our types, missing is null, every row used or rejected for a reason.

`clean_leads` and `clean_accounts` leave duplicates in; `identity.py` merges them. Rejected rows stay a view over the
raw ones: they cost nothing until someone asks for them.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import ibis

from scoville.data.columns import resolve_columns
from scoville.data.keep import fetch_aggregates
from scoville.data.quality import NO_ACCOUNT_ID, NO_LEAD_ID, Notice
from scoville.data.values import (
    TIME_COLUMNS,
    is_country_name,
    key_text,
    read_texts,
    row_as_json,
    typed_time,
    typed_value,
    without_placeholders,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import ibis.expr.types as ir

    from scoville.data.columns import Columns
    from scoville.data.keep import Place
    from scoville.data.sources import Raw
    from scoville.data.workspace import Settings

REASON = "scoville: reason"  # stands beside the columns of a file under a name that no file has
UNREAD = "scoville: unread "


@dataclass(frozen=True)
class Cleaned:
    """A clean relation and what did not get into it.

    `table` has our columns; `rejects` has relation, reason and the row as JSON text; `rejected` counts them by
    reason; `rows` counts what came in; `unreadable` counts values that became missing, by column.
    """

    table: ir.Table
    rejects: ir.Table
    rows: int
    rejected: Mapping[str, int]
    unreadable: Mapping[str, int] = field(default_factory=dict)
    notices: tuple[Notice, ...] = ()
    is_keyed_by_email: bool = False


def clean_leads(con: Place, raw: Raw, mapping: Mapping[str, str], settings: Settings) -> Cleaned:
    """Leads with our columns and types; every row has a lead_id, several rows may have the same.

    Nulls:   a placeholder, a NaN, and a value that its column's format does not read are null.
    Raises:  DataError for a column that is missing or ambiguous, and for times that do not parse.
    """
    return clean_profiles(con, raw, mapping, settings, key="lead_id", reason=NO_LEAD_ID)


def clean_accounts(con: Place, raw: Raw, mapping: Mapping[str, str], settings: Settings) -> Cleaned:
    """Accounts, as `clean_leads` does it, with account_id for the key."""
    return clean_profiles(con, raw, mapping, settings, key="account_id", reason=NO_ACCOUNT_ID)


def clean_profiles(
    con: Place,
    raw: Raw,
    mapping: Mapping[str, str],
    settings: Settings,
    *,
    key: str,
    reason: str,
    keep_unread: Collection[str] = (),
) -> Cleaned:
    """Any relation whose rows belong to a key, with our columns and types.

    What `clean_leads` and others have in common. A text in one of the columns `keep_unread` that its column's format
    does not read stays in a column `UNREAD` + name; there is none where all of them were read.
    """
    columns = resolve_columns(raw.relation, raw.name, raw.table.columns, mapping)
    keyed = key_value(raw.table[columns.names[key]], columns, settings)
    values, dropped = _shaped(con, raw, columns, settings, key=key, keyed=keyed)
    shaped = con.keep_table(f"shaped_{raw.relation}", raw.table.select(**values))
    texts = [name for name in shaped.columns if name != key and _is_to_read(raw, name, shaped)]
    readings = read_texts(con, shaped, texts, settings, relation=raw.relation, source=raw.name)
    read = {name: reading.value(cast("ir.StringColumn", shaped[name])) for name, reading in readings.items()}
    unread = {
        UNREAD + name: ibis.ifelse(read[name].isnull(), shaped[name], ibis.null("string"))
        for name in keep_unread if name in readings and readings[name].unreadable
    }  # fmt: skip
    table = con.keep_table(
        f"clean_{raw.relation}", shaped.mutate(**read, **unread).filter(lambda row: row[key].notnull())
    )
    counts = shaped.aggregate(rows=shaped.count(), missing=shaped[key].isnull().sum())
    rows, missing = con.fetch_rows(counts)[0].values()
    said = [Notice(raw.relation, name, reading.notice) for name, reading in readings.items() if reading.notice]
    return Cleaned(
        table,
        rejected_view(raw, raw.table.filter(keyed.isnull()).mutate(**{REASON: ibis.literal(reason)}), REASON),
        rows=rows,
        rejected={reason: missing} if missing else {},
        unreadable={name: reading.unreadable for name, reading in readings.items() if reading.unreadable},
        notices=(*raw.notices, *columns.notices, *dropped, *said),
        is_keyed_by_email=columns.is_keyed_by_email,
    )


def key_value(column: ir.Column, columns: Columns, settings: Settings) -> ir.StringValue:
    """The column that says whose row it is, as text; e-mail addresses in lower case."""
    text = key_text(column, settings)
    return text.lower() if columns.is_keyed_by_email else text


def _shaped(
    con: Place, raw: Raw, columns: Columns, settings: Settings, *, key: str, keyed: ir.StringValue
) -> tuple[dict[str, ir.Value], list[Notice]]:
    """Our columns with their values typed as far as the source knows the type, and notices of what was left out."""
    codes = _country_codes(con, raw, columns, settings)
    values: dict[str, ir.Value] = {key: keyed}
    dropped = []
    for name, found in columns.names.items():
        if name == key:
            continue
        keep = frozenset({"na"}) if name in codes else frozenset[str]()
        value = typed_or_text(con, raw, name, raw.table[found], settings, keep=keep)
        if value is None:
            dropped.append(Notice(raw.relation, name, "left out: it holds bytes, not values."))
        else:
            values[name] = value
    return values, dropped


def typed_or_text(
    con: Place, raw: Raw, name: str, column: ir.Column, settings: Settings, *, keep: frozenset[str] = frozenset()
) -> ir.Value | None:
    """A value without placeholders, of its own type where the source knows it; null for bytes."""
    if column.type().is_string():
        return without_placeholders(cast("ir.StringColumn", column), settings, keep=keep)
    if name in TIME_COLUMNS:
        return typed_time(con, column, name, settings, source=raw.name)
    return typed_value(column, settings)


def _is_to_read(raw: Raw, name: str, shaped: ir.Table) -> bool:
    """Text is read for its type where the source has no types; elsewhere only times that were left as text."""
    return bool(shaped[name].type().is_string()) and (raw.is_text or name in TIME_COLUMNS)


def _country_codes(con: Place, raw: Raw, columns: Columns, settings: Settings) -> set[str]:
    """Columns of two-letter country codes, where `NA` is a country and no placeholder."""
    candidates = {
        name: without_placeholders(cast("ir.StringColumn", raw.table[found]), settings, keep=frozenset({"na"}))
        for name, found in columns.names.items()
        if raw.table[found].type().is_string() and is_country_name(name)
    }
    is_code = {name: (value.length() == len("NA")).all() for name, value in candidates.items()}
    return {name for name, holds in fetch_aggregates(con, raw.table, is_code).items() if holds}


def rejected_view(raw: Raw, rows: ir.Table, reason: str) -> ir.Table:
    """Rejected rows as relation, reason and the raw row as JSON text; `reason` names the column that holds it."""
    return rows.select(
        relation=ibis.literal(raw.relation), reason=rows[reason], row=row_as_json(rows, raw.table.columns)
    )
