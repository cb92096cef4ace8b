"""A raw relation -> what can be seen of each column: type, how full, how many values, which ones, what they look like.

A file of up to 200,000 rows is looked at as a whole, a longer one by a sample taken by the content of the rows, so that
the same file always looks the same. `recognise.py` decides what it means; values are read as `clean.py` reads them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import ibis

from scoville.data.keep import count_rows, fetch_aggregates, quoted
from scoville.data.moments import AMBIGUOUS_ORDER
from scoville.data.values import (
    content_hash,
    is_country_name,
    key_text,
    read_texts,
    typed_value,
    without_placeholders,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import ibis.expr.types as ir

    from scoville.data.in_duckdb import InDuckDB
    from scoville.data.sources import Raw
    from scoville.data.workspace import Settings

LOOK_ROWS = 200_000  # read in about a second; shares from so many rows are exact to a fraction of a per cent
SHOWN_ROWS = 500  # rows whose values are held against patterns in Python
FEW_VALUES = 300  # distinct values up to which the most frequent ones are counted
TOP = 40  # of them kept
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
KINDS = {"string": "text", "int64": "number", "float64": "number", "boolean": "yes/no"}


@dataclass(frozen=True)
class ColumnLook:
    """What can be seen of one column.

    `key` names it in `FileLook.seen`. `type` is text, number, yes/no or time. `filled` counts the values of the rows
    looked at, without missing ones; `placeholders` counts the texts that are taken for missing, such as `Select`. `top`
    has the most frequent values of a column with few, ignoring case; `quantiles` are those of QUANTILES, of a number;
    `longest` is the length of the longest text. `notice` is what a person should know of how its texts were read.
    """

    name: str
    key: str
    type: str
    rows: int
    filled: int
    distinct: int
    placeholders: int = 0
    top: tuple[tuple[str, int], ...] = ()
    shown: tuple[str, ...] = ()
    quantiles: tuple[float, ...] = ()
    longest: int = 0
    notice: str | None = None

    @property
    def filled_share(self) -> float:
        """Share of rows with a value, in [0, 1]; 0 without rows."""
        return self.filled / self.rows if self.rows else 0.0

    @property
    def distinct_share(self) -> float:
        """Distinct values for each value, in [0, 1]: 1 when no value comes twice."""
        return self.distinct / self.filled if self.filled else 0.0

    @property
    def is_order_open(self) -> bool:
        """Whether it has dates that may be day/month or month/day."""
        return self.notice == AMBIGUOUS_ORDER


@dataclass(frozen=True)
class FileLook:
    """One relation as seen. `seen` has the rows looked at, typed, under the keys of the columns; `rows` counts all."""

    raw: Raw
    rows: int
    columns: tuple[ColumnLook, ...]
    seen: ir.Table

    @property
    def name(self) -> str:
        """What the user calls it."""
        return self.raw.name

    @property
    def is_sample(self) -> bool:
        """Whether only some of the rows were looked at."""
        return self.rows > LOOK_ROWS

    def column(self, name: str) -> ColumnLook:
        """The look of a column by the name in the file."""
        return next(one for one in self.columns if one.name == name)


def look_at(con: InDuckDB, raw: Raw, settings: Settings) -> FileLook:
    """Every column of a relation, in the order of the file; those that hold bytes are left out."""
    rows = count_rows(con, raw.table)
    picked = _picked(raw.table, rows)
    keyed, texts = _shaped(picked, settings)
    shaped = con.keep_table(f"shaped_{raw.relation}", picked.select(**keyed))
    readings = read_texts(con, shaped, texts, settings, relation=raw.relation, source=raw.name)
    read = {key: reading.value(cast("ir.StringColumn", shaped[key])) for key, reading in readings.items()}
    seen = con.keep_table(f"seen_{raw.relation}", shaped.mutate(**read).select(*keyed))
    con.drop_table(f"shaped_{raw.relation}")  # each column is asked about by itself: texts are read once, not each time
    counts = fetch_aggregates(con, seen, _counts(seen)) | _texts_given(con, picked, texts)
    shown = _shown(con, seen)
    notices = {key: reading.notice for key, reading in readings.items()}
    names = dict(zip(_keys(raw.table), raw.table.columns, strict=True))
    columns = tuple(_column(con, seen, (key, names[key]), counts, shown[key], notices.get(key)) for key in keyed)
    return FileLook(raw, rows, columns, seen)


def distinct_keys(con: InDuckDB, raw: Raw, column: str, settings: Settings) -> tuple[int, int]:
    """How many rows of the whole relation have a value in this column, and how many different ones, exactly."""
    keys = raw.table.select(key=key_text(raw.table[column], settings))
    found = con.fetch_rows(keys.aggregate(filled=keys["key"].count(), distinct=keys["key"].nunique()))[0]
    return found["filled"], found["distinct"]


def share_known(con: InDuckDB, one: Raw, column: str, other: Raw, other_column: str, settings: Settings) -> float:
    """Share of the different ids of `one` that are ids of `other`, in [0, 1], over at most LOOK_ROWS rows of `one`."""
    rows = _picked(one.table, count_rows(con, one.table))
    asked = (
        rows.select(key=key_text(rows[column], settings).lower()).filter(lambda row: row["key"].notnull()).distinct()
    )
    known = other.table.select(key=key_text(other.table[other_column], settings).lower()).distinct()
    total = count_rows(con, asked)
    return count_rows(con, asked.semi_join(known, "key")) / total if total else 0.0


def _picked(table: ir.Table, rows: int) -> ir.Table:
    """All rows of a short relation; about LOOK_ROWS of a long one, by their content."""
    if rows <= LOOK_ROWS:
        return table
    row = ibis.struct({name: table[name] for name in table.columns})
    return table.filter(content_hash(row) % -(-rows // LOOK_ROWS) == 0)


def _keys(table: ir.Table) -> list[str]:
    """A name of our own for each column: unique ignoring case, and no name that has to be a time."""
    return [f"{place}_{name}" for place, name in enumerate(table.columns)]


def _shaped(table: ir.Table, settings: Settings) -> tuple[dict[str, ir.Value], list[str]]:
    """Columns without placeholders, typed where the source knows the type, and the keys of those that are text."""
    keyed: dict[str, ir.Value] = {}
    texts = []
    for key, name in zip(_keys(table), table.columns, strict=True):
        value = _value(table, name, settings)
        if value is None:
            continue
        keyed[key] = value
        if table[name].type().is_string():
            texts.append(key)
    return keyed, texts


def _value(table: ir.Table, name: str, settings: Settings) -> ir.Value | None:
    if table[name].type().is_string():
        keep = frozenset({"na"}) if is_country_name(name) else frozenset[str]()  # Namibia
        return without_placeholders(cast("ir.StringColumn", table[name]), settings, keep=keep)
    return typed_value(table[name], settings)


def _counts(seen: ir.Table) -> dict[str, ir.Scalar]:
    """All aggregates of all columns."""
    wanted: dict[str, ir.Scalar] = {"rows": seen.count()}
    for key in seen.columns:
        column = seen[key]
        wanted[f"filled: {key}"] = column.count()
        wanted[f"distinct: {key}"] = column.nunique()
        if column.type().is_string():
            wanted[f"longest: {key}"] = column.length().max()
        if column.type().is_numeric():
            wanted[f"quantiles: {key}"] = column.cast("float64").quantile(QUANTILES)
    return wanted


def _texts_given(con: InDuckDB, picked: ir.Table, texts: Collection[str]) -> dict[str, int]:
    """For each column of text, how many rows have any text in it, placeholders among them."""
    names = {f"given: {key}": picked[key.partition("_")[2]] for key in texts}
    return fetch_aggregates(con, picked, {given: (column != "").sum() for given, column in names.items()})


def _shown(con: InDuckDB, seen: ir.Table) -> dict[str, tuple[str, ...]]:
    """Some values of each column as text, the same ones whatever the order of the rows."""
    row = ibis.struct({key: seen[key] for key in seen.columns})
    rows = con.fetch_rows(seen.order_by(content_hash(row)).limit(SHOWN_ROWS))
    return {key: tuple(str(one[key]) for one in rows if one[key] is not None) for key in seen.columns}


def _column(
    con: InDuckDB,
    seen: ir.Table,
    named: tuple[str, str],
    counts: Mapping[str, Any],
    shown: tuple[str, ...],
    notice: str | None,
) -> ColumnLook:
    key, name = named
    type_ = KINDS.get(str(seen[key].type()), "time" if seen[key].type().is_timestamp() else "text")
    distinct = counts[f"distinct: {key}"]
    return ColumnLook(
        name=name,
        key=key,
        type="time" if notice == AMBIGUOUS_ORDER else type_,
        rows=counts["rows"],
        filled=counts[f"filled: {key}"],
        distinct=distinct,
        placeholders=max(0, (counts.get(f"given: {key}") or 0) - counts[f"filled: {key}"]),
        top=_top(con, seen, key) if 0 < distinct <= FEW_VALUES and type_ != "time" else (),
        shown=shown,
        quantiles=tuple(counts.get(f"quantiles: {key}") or ()),
        longest=counts.get(f"longest: {key}") or 0,
        notice=notice,
    )


def _top(con: InDuckDB, seen: ir.Table, key: str) -> tuple[tuple[str, int], ...]:
    """The most frequent values with their counts; spellings that differ in case only are one.

    In SQL, because a wide file has hundreds of columns and Ibis takes longer to write each query than it takes to run.
    """
    is_float = seen[key].type().is_floating()  # a whole number is written `3`, not `3.0`, as a model would
    text = f"format('{{:.15g}}', {quoted(key)})" if is_float else f"{quoted(key)}::VARCHAR"
    rows = con.con.execute(
        f"SELECT min(text), count(*) FROM (SELECT {text} AS text FROM {quoted(seen.op().name)}) WHERE text IS NOT NULL "  # noqa: S608 - our own names
        f"GROUP BY lower(trim(text)) ORDER BY 2 DESC, lower(trim(min(text))) LIMIT {TOP}"
    ).fetchall()
    # A model compares as Python does, for which more letters have a small form and more characters are blanks.
    values: dict[str, tuple[str, int]] = {}
    for value, count in rows:
        if folded := value.strip().lower():
            values[folded] = (values.get(folded, (value, 0))[0], values.get(folded, (value, 0))[1] + count)
    return tuple(values.values())
