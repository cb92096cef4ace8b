"""Values of any type -> the few types of a clean table: text, int64, float64, boolean, UTC time. Missing is null.

Text columns of CSV and JSON are looked at as a whole first: a sample proposes how to read a column, then one
aggregate over all rows decides. The sample is taken by the content of the rows, so their order changes nothing.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import ibis
import ibis.expr.datatypes as dt

from scoville.data.columns import snake_case
from scoville.data.keep import count_rows, fetch_aggregates
from scoville.data.moments import (
    ALLOWED,
    AMBIGUOUS_ORDER,
    MOMENT,
    SAY_ORDER,
    aware_to_utc,
    epoch_to_utc,
    local_to_utc,
    propose_moment,
)
from scoville.data.numerals import propose_number
from scoville.data.reading import Reading, propose_truth
from scoville.data.suggest import listed
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import ibis.expr.types as ir

    from scoville.data.keep import Place
    from scoville.data.reading import Candidate
    from scoville.data.workspace import Settings

SAMPLE_ROWS = 1000
TIME_COLUMNS = frozenset({"created_at", "updated_at", "occurred_at"})  # have to be times: more is tried, or it fails

# Names of labels that are written in digits. `phone_calls` is a number, `phone` and `Phone No` are not.
LABEL = re.compile(
    r"(?:^|_)(?:id|uuid|guid|iban|code|"
    r"(?:phone|mobile|telephone|tel|fax|zip|postal|post|postcode|zipcode|plz)(?:_(?:number|no|nr|code))?|"
    r"telefon|telefono|movil|celular|(?:telefon|ruf|handy|mobil|kunden)nummer|postleitzahl)$|"
    r"^id_(?:de_|del_|du_)?(?:client|contact)"
)
COUNTRY = re.compile(r"(?:^|_)country(?:_code)?$")


@ibis.udf.scalar.builtin(name="hash")  # type: ignore[untyped-decorator]
def _hash(value) -> dt.uint64:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """DuckDB's hash of a value of any type."""


@ibis.udf.scalar.builtin(name="to_json")  # type: ignore[untyped-decorator]
def _to_json(value) -> dt.json:  # type: ignore[no-untyped-def]  # noqa: ANN001
    """A value of any type as JSON."""


@ibis.udf.scalar.builtin(name="trim", signature=((dt.string,), dt.string))
def _trim(text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Text without outer blanks: half the time of Ibis's strip, which looks for six kinds of them."""


@ibis.udf.scalar.builtin(name="list_position", signature=((dt.Array(dt.string), dt.string), dt.int32))
def _place_in(texts, text):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Where a text stands in a list, from 1 on; 0 or null when it does not. `IN` makes a join for each column."""


def content_hash(value: ir.Value) -> ir.IntegerValue:
    """A number that depends on the value alone."""
    return cast("ir.IntegerValue", _hash(value))


def row_as_json(table: ir.Table, names: Collection[str]) -> ir.StringValue:
    """Columns of a row as the text of a JSON object."""
    return cast("ir.StringValue", _to_json(ibis.struct({name: table[name] for name in names})).cast("string"))


def without_placeholders(value: ir.StringValue, settings: Settings, *, keep: frozenset[str] = frozenset()) -> ir.Value:
    """Text without outer blanks; null for a placeholder in any case."""
    text = cast("ir.StringValue", _trim(value))
    is_placeholder = _place_in(sorted(settings.placeholders - keep), text.lower()) > 0
    return ibis.ifelse(is_placeholder, ibis.null("string"), text)


def key_text(column: ir.Column, settings: Settings) -> ir.StringValue:
    """An id as text, null when missing. `7.0`, which pandas makes of an id beside a missing one, is `7` again."""
    if isinstance(column.type(), dt.String):
        return cast("ir.StringValue", without_placeholders(cast("ir.StringValue", column), settings))
    if column.type().is_floating():
        number = cast("ir.FloatingValue", column)
        whole = number.try_cast("int64")
        text = ibis.ifelse(whole.cast("float64") == number, whole.cast("string"), number.cast("string"))
        return cast("ir.StringValue", ibis.ifelse(number.isnan() | number.isinf(), ibis.null("string"), text))
    return cast("ir.StringValue", column.cast("string"))


def typed_value(column: ir.Column, settings: Settings) -> ir.Value | None:
    """A column that has a type already, as one of ours; null for bytes, which no rule can speak of."""
    kind = column.type()
    if kind.is_string():
        return without_placeholders(cast("ir.StringValue", column), settings)
    if kind.is_floating() or kind.is_decimal() or kind == dt.uint64:
        return _finite(cast("ir.FloatingValue", column.cast("float64")))
    if kind.is_integer():
        return column if kind == dt.int64 else column.cast("int64")
    if kind.is_boolean():
        return column
    if kind.is_timestamp() or kind.is_date():
        return _utc(column, settings)
    if kind.is_nested():
        return cast("ir.Value", _to_json(column).cast("string"))
    return None if kind.is_binary() else column.cast("string")


def typed_time(con: Place, column: ir.Column, name: str, settings: Settings, *, source: str) -> ir.Value:
    """A column that has to be a time and has a type other than text: a time, a date, or a number since 1970.

    Raises:  DataError for a type that can be no time, and for numbers that are no seconds, milli- or microseconds.
    """
    kind = column.type()
    if kind.is_timestamp() or kind.is_date():
        return _utc(column, settings)
    if kind.is_null():
        return column.cast(MOMENT)
    if not kind.is_numeric():
        raise DataError(f"{source}: {name} is of type {kind}, which is no time. Allowed: a timestamp or a date.")
    numbers = column.as_table().rename(number=column.get_name())
    newest = con.fetch_rows(numbers.aggregate(newest=numbers["number"].abs().max()))[0]["newest"]
    units = (("seconds", 1e9, 1e11), ("milliseconds", 1e11, 1e14), ("microseconds", 1e14, 1e17))
    unit = next((unit for unit, low, high in units if low <= float(newest or low) < high), None)
    if unit is None:
        raise DataError(f"{source}: {name} holds numbers up to {newest}, which are no time. {_TIME_ADVICE}")
    return epoch_to_utc(cast("ir.NumericValue", column), unit)


def _finite(number: ir.FloatingValue) -> ir.Value:
    return ibis.ifelse(number.isnan() | number.isinf(), ibis.null("float64"), number)


def _utc(column: ir.Column, settings: Settings) -> ir.Value:
    kind = column.type()
    if isinstance(kind, dt.Timestamp) and kind.timezone:
        return aware_to_utc(cast("ir.TimestampValue", column)).cast(MOMENT)
    return local_to_utc(cast("ir.TimestampValue", column.cast(MOMENT)), settings.time_zone)


def read_texts(
    con: Place, table: ir.Table, names: Collection[str], settings: Settings, *, relation: str, source: str
) -> dict[str, Reading]:
    """How each of these text columns, free of placeholders, is read. One that is not in the answer stays text.

    Raises:  DataError when `created_at`, `updated_at` or `occurred_at` cannot be read as a time.
    """
    samples = _samples(con, table, names)
    waiting: dict[str, Candidate] = {}
    for name, values in samples.items():
        candidate = propose(name, values, settings)
        if candidate is not None:
            waiting[name] = candidate
    readings = _decided(con, table, waiting)
    for name in TIME_COLUMNS & samples.keys():
        _check_time(name, readings.get(name), samples[name], relation=relation, source=source)
    return readings


def propose(name: str, values: Collection[str], settings: Settings) -> Candidate | None:
    """What a sample of the values of a column, and its name, allow; null: text."""
    if not values:
        return None
    if name in TIME_COLUMNS:
        return propose_moment(values, settings, is_time=True)
    if LABEL.search(snake_case(name)):
        return None
    return propose_truth(values) or propose_number(values, settings) or propose_moment(values, settings, is_time=False)


def is_country_name(name: str) -> bool:
    """Whether a column is called country, so that it may hold codes."""
    return bool(COUNTRY.search(snake_case(name)))


def _samples(con: Place, table: ir.Table, names: Collection[str]) -> dict[str, set[str]]:
    if not names:
        return {}
    wanted = table.select(*names)
    if count_rows(con, wanted) > SAMPLE_ROWS:
        row = ibis.struct({name: wanted[name] for name in names})
        wanted = wanted.order_by(content_hash(row)).limit(SAMPLE_ROWS)
    rows = con.fetch_rows(wanted)
    return {name: {row[name] for row in rows} - {None} for name in names}


def _decided(con: Place, table: ir.Table, waiting: Mapping[str, Candidate]) -> dict[str, Reading]:
    """Hold every candidate against all rows, all columns in one aggregate; again where that leads to another one."""
    readings: dict[str, Reading] = {}
    while waiting:
        found = _evidence(con, table, waiting)
        verdicts = {name: candidate.decide(found[name]) for name, candidate in waiting.items()}
        readings |= {name: verdict for name, verdict in verdicts.items() if isinstance(verdict, Reading)}
        waiting = {name: again for name, again in verdicts.items() if again and not isinstance(again, Reading)}
    return readings


def _evidence(con: Place, table: ir.Table, waiting: Mapping[str, Candidate]) -> dict[str, dict[str, Any]]:
    wanted = {
        (name, key): aggregate
        for name, candidate in waiting.items()
        for key, aggregate in candidate.evidence(cast("ir.StringColumn", table[name])).items()
    }
    found: dict[str, dict[str, Any]] = {name: {} for name in waiting}
    for (name, key), value in fetch_aggregates(con, table, wanted).items():
        found[name][key] = value if isinstance(value, str) else value or 0
    return found


def _check_time(name: str, reading: Reading | None, sample: set[str], *, relation: str, source: str) -> None:
    shown = listed(repr(value) for value in sorted(sample)[:3])
    if reading is None and sample:
        raise DataError(f"{source}: {relation}.{name} does not read as a time, such as {shown}. {_TIME_ADVICE}")
    if reading is not None and reading.notice == AMBIGUOUS_ORDER:
        raise DataError(
            f"{source}: {relation}.{name} may be day/month or month/day: every value reads as both, such as {shown}. "
            f"{SAY_ORDER}"
        )


_TIME_ADVICE = f"Allowed, one format for the whole column: {ALLOWED}, or a number of seconds since 1970."
