"""Single terms of the arithmetic: conditions, bands, decay, clamps, as Ibis expressions over columns.

In: parts of a Model and the columns of a relation. Out: one expression each, nothing is run. Called by the other files
here. Columns are clean: a missing value is null (see `traits.present`), text carries no outer blanks.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import ibis
import ibis.expr.types as ir

from scoville.model.conditions import (
    AGES,
    All,
    Compare,
    Condition,
    Either,
    Not,
    as_number,
    comparisons_of,
    parse_instant,
)
from scoville.model.patterns import portable_pattern

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from scoville.model.schema import Band

MICROSECONDS_PER_DAY = 86_400_000_000
TRUE, FALSE = ibis.literal(value=True), ibis.literal(value=False)
_MOST_EXACT = 2.0**53  # beyond it a float is no exact whole number
_WORDS = {True: ("true", "yes"), False: ("false", "no")}  # how forms write it into a column of text
_TRUTH = {word: truth for truth, words in _WORDS.items() for word in words}
_YEAR = "^ *[0-9]{4}[^0-9]"  # of others an age may be beyond 64 bits, and one such text would stop a whole run
_NUMBER = r"^[-+]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][-+]?[0-9]+)?$"


def microseconds(duration: timedelta) -> int:
    """Exact length in microseconds."""
    return duration // timedelta(microseconds=1)


def age_us(as_of: ir.Value, instant: ir.Value) -> ir.IntegerValue:
    """Microseconds from `instant` to `as_of`; negative in the future, null for a null instant."""
    return as_of.delta(instant, unit="microsecond")


def beside_as_of(table: ir.Table, as_of: ir.Table, conditions: Iterable[Condition]) -> ir.Table:
    """The table with a column `as_of`: the instant where a condition asks for an age, else null.

    What does not know the time is the same at every instant, and worked out once for many of them.
    """
    if asks_for_age(conditions):
        return table.cross_join(as_of)
    return table.mutate(as_of=ibis.null("timestamp(6)"))


def asks_for_age(conditions: Iterable[Condition]) -> bool:
    """Whether one of the conditions may hold at one instant and not at another."""
    return any(one.operator in AGES for condition in conditions for one in comparisons_of(condition))


def condition_holds(condition: Condition, column: Callable[[str], ir.Value], as_of: ir.Value) -> ir.BooleanValue:
    """Whether the condition holds for a row: true or false, never null.

    `column` gives the column for a name of the model. A missing value makes every comparison false.
    """
    if isinstance(condition, All):
        return _conjunction([condition_holds(part, column, as_of) for part in condition.parts])
    if isinstance(condition, Either):
        return ibis.or_(*(condition_holds(part, column, as_of) for part in condition.parts))
    if isinstance(condition, Not):
        return ~condition_holds(condition.part, column, as_of)
    return _comparison_holds(condition, column(condition.trait), as_of)


def _conjunction(parts: Sequence[ir.BooleanValue]) -> ir.BooleanValue:
    return ibis.and_(*parts) if parts else TRUE


def _comparison_holds(comparison: Compare, column: ir.Value, as_of: ir.Value) -> ir.BooleanValue:
    operator = comparison.operator
    if operator == "is":
        return column.isnull() if comparison.value == "missing" else column.notnull()
    return _COMPARISONS[operator](column, comparison.value, as_of).fill_null(FALSE)


def equals(column: ir.Value, value: object, _as_of: ir.Value | None = None) -> ir.BooleanValue:
    """Whether a column equals a value of a model, text ignoring case and outer blanks; null for a missing value."""
    return _is_in(column, (value,))


def _differs(column: ir.Value, value: object, _as_of: ir.Value) -> ir.BooleanValue:
    return column.notnull() & ~_is_in(column, (value,)).fill_null(FALSE)


def _listed(column: ir.Value, values: object, _as_of: ir.Value) -> ir.BooleanValue:
    return _is_in(column, values)  # type: ignore[arg-type]


def _not_listed(column: ir.Value, values: object, _as_of: ir.Value) -> ir.BooleanValue:
    return column.notnull() & ~_is_in(column, values).fill_null(FALSE)  # type: ignore[arg-type]


def _is_in(column: ir.Value, values: Iterable[object]) -> ir.BooleanValue:
    """Equality with any of the values, each compared in the way its kind and the column's allow.

    Null only for a null.
    """
    if isinstance(column, ir.NumericValue) and not isinstance(column, ir.BooleanValue):
        return _any_of(column.cast("float64"), [_numeric(value) for value in values])
    if isinstance(column, ir.BooleanValue):
        return _any_of(column, [_TRUTH.get(str(value).strip().lower()) for value in values])
    if isinstance(column, (ir.TimestampValue, ir.DateValue)):
        instants = [parse_instant(value) if isinstance(value, str) else None for value in values]
        return _any_of(column.cast("timestamp"), instants)
    numbers = [value for value in values if isinstance(value, (int, float)) and not isinstance(value, bool)]
    texts = [folded(value) for value in values if isinstance(value, str)]
    texts += [word for value in values if isinstance(value, bool) for word in _WORDS[value]]
    either = [_any_of(text(column), texts)] if texts else []
    either += [_any_of(number(column), numbers).fill_null(FALSE)] if numbers else []
    return ibis.or_(*either)


def _any_of(column: ir.Value, values: Sequence[object]) -> ir.BooleanValue:
    usable = [value for value in values if value is not None]
    if not usable:
        return column.isnull() & column.notnull()
    return column == usable[0] if len(usable) == 1 else column.isin(usable)


def _numeric(value: object) -> float | None:
    if isinstance(value, str):
        return as_number(value)
    return float(value)  # type: ignore[arg-type]


def text(column: ir.Value) -> ir.StringValue:
    """A column as lower-case text without outer blanks, the form in which text compares.

    A whole number without a point.
    """
    if isinstance(column, ir.FloatingValue):
        is_whole = (column == column.floor()) & (column.abs() < _MOST_EXACT)
        column = ibis.ifelse(
            is_whole, ibis.ifelse(is_whole, column, 0.0).cast("int64").cast("string"), column.cast("string")
        )
    return column.cast("string").strip().lower()


def folded(value: str) -> str | ir.StringValue:
    """A text of the model in the same form.

    Letters beyond ASCII are left to the engine, whose capitals may differ from ours.
    """
    plain = value.strip()
    return plain.lower() if plain.isascii() else ibis.literal(plain).lower()


def number(column: ir.Value) -> ir.FloatingValue:
    """A column as float64; text that is not a plain decimal or scientific number is null."""
    if isinstance(column, ir.StringValue):
        plain = column.strip()
        return ibis.ifelse(plain.re_search(_NUMBER), plain, ibis.null("string")).cast("float64")
    return column.cast("float64")


def instant(column: ir.Value) -> ir.TimestampValue:
    """A column as a timestamp (naive UTC); text that does not begin with a year of four digits is null."""
    if isinstance(column, (ir.TimestampValue, ir.DateValue)):
        return column.cast("timestamp")
    text = column.cast("string")
    plain = ibis.ifelse(text.re_search(_YEAR), text, ibis.null("string"))
    return plain.try_cast("timestamp('UTC')").cast("timestamp")


def _ordered(compare: Callable[[ir.Value, object], ir.BooleanValue]) -> Callable[..., ir.BooleanValue]:
    def holds(column: ir.Value, value: object, _as_of: ir.Value) -> ir.BooleanValue:
        end = value[0] if isinstance(value, tuple) else value
        return compare(instant(column) if isinstance(end, datetime) else number(column), value)

    return holds


def _textual(compare: Callable[[ir.StringValue, str], ir.BooleanValue]) -> Callable[..., ir.BooleanValue]:
    def holds(column: ir.Value, value: str, _as_of: ir.Value) -> ir.BooleanValue:
        return compare(text(column), folded(value))

    return holds


def _matches(column: ir.Value, pattern: str, _as_of: ir.Value) -> ir.BooleanValue:
    portable = portable_pattern(pattern)
    # in one group, for where a dialect searches by `.*` around the pattern: `.*a|b.*` is not `.*(a|b).*`
    return text(column).re_search(f"({portable})" if "|" in portable else portable)


def _newer_than(column: ir.Value, duration: timedelta, as_of: ir.Value) -> ir.BooleanValue:
    return age_us(as_of, instant(column)) < microseconds(duration)


def _older_than(column: ir.Value, duration: timedelta, as_of: ir.Value) -> ir.BooleanValue:
    return age_us(as_of, instant(column)) >= microseconds(duration)


_COMPARISONS: Mapping[str, Callable[..., ir.BooleanValue]] = {
    "equals": equals,
    "not": _differs,
    "in": _listed,
    "not_in": _not_listed,
    "gt": _ordered(lambda column, value: column > value),
    "gte": _ordered(lambda column, value: column >= value),
    "lt": _ordered(lambda column, value: column < value),
    "lte": _ordered(lambda column, value: column <= value),
    "between": _ordered(lambda column, ends: column.between(ends[0], ends[1])),  # type: ignore[index]
    "contains": _textual(lambda column, value: column.contains(value)),
    "starts_with": _textual(lambda column, value: column.startswith(value)),
    "ends_with": _textual(lambda column, value: column.endswith(value)),
    "matches": _matches,
    "newer_than": _newer_than,
    "older_than": _older_than,
}


def band_points(value: ir.NumericValue, bands: Sequence[Band]) -> ir.FloatingValue:
    """Points of the first band that holds `value`, else 0; a null value gives 0."""
    return cases([(_in_band(value, band), ibis.literal(float(band.points))) for band in bands], ibis.literal(0.0))


def band_points_at(value: float, bands: Sequence[Band]) -> float:
    """The same for a known number."""
    for band in bands:
        low = -math.inf if band.from_ is None else band.from_
        high = math.inf if band.below is None else band.below
        if low <= value < high:
            return band.points
    return 0.0


def _in_band(value: ir.NumericValue, band: Band) -> ir.BooleanValue:
    ends = []
    if band.from_ is not None:
        ends.append(value >= band.from_)
    if band.below is not None:
        ends.append(value < band.below)
    return ibis.and_(*ends) if ends else value.notnull()


def cases(branches: Sequence[tuple[ir.BooleanValue, ir.Value]], otherwise: ir.Value) -> ir.Value:
    """The value of the first branch that holds, else `otherwise`."""
    return ibis.cases(*branches, else_=otherwise) if branches else otherwise


def weight(
    decay: ir.StringValue | None, kinds: Sequence[str], age: ir.IntegerValue, span_us: ir.Value, share: ir.Value
) -> ir.Value:
    """Share of the points left after `age` microseconds, in [0, 1].

    `decay` names the kind for the row, `kinds` those that occur; a null age gives null.
    Source: the decay table of docs/model-file.md.
    """
    periods = (age / span_us).floor()
    formulas: dict[str, ir.Value] = {
        "half_life": (-(math.log(2) * (age / span_us))).exp(),
        "linear": ibis.greatest(1.0 - age / span_us, 0.0),
        "keep": share**periods,
        "lose": ibis.greatest(1.0 - share * periods, 0.0),
        "none": ibis.literal(1.0),
    }
    if len(kinds) == 1 or decay is None:
        return formulas[kinds[0]]
    *others, last = sorted(kinds, key=list(formulas).index)
    return cases([(decay == kind, formulas[kind]) for kind in others], formulas[last])


def clamped(value: ir.NumericValue, low: object, high: object) -> ir.NumericValue:
    """`value` within [low, high]; None for either end leaves it open."""
    if low is not None:
        value = ibis.greatest(value, low)
    if high is not None:
        value = ibis.least(value, high)
    return value


def total(parts: Sequence[ir.NumericValue]) -> ir.NumericValue:
    """Sum of expressions; 0 for none."""
    result: ir.NumericValue = ibis.literal(0.0)
    for i, part in enumerate(parts):
        result = part if i == 0 else result + part
    return result
