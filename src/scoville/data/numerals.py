"""Numbers in text: `1,200`, `$5,000`, `12 %`, `1.234,56 €`.

A column is a number when every value that is not missing reads as one, by one decimal mark, in one currency. What
only looks like a number stays text: leading zeros, phone numbers, `1e5`, more than 15 digits.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from scoville.data.reading import Reading, full_match

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

    import ibis.expr.types as ir

    from scoville.data.workspace import DecimalMark, Settings

# 15 digits are what a float64 holds exactly. An exponent needs its sign: programs write 1e-05, people write 1e5 as ids.
PLAIN = r"-?(?:0|[1-9]\d{0,14})(?:\.\d+)?(?:[eE][+-]\d{1,3})?"
AMBIGUOUS_PLAIN = r"-?[1-9]\d{0,2}\.\d{3}"

CURRENCY = "(?:[$€£¥₹]|USD|EUR|GBP|JPY|CHF|INR|AUD|CAD|NZD|SEK|NOK|DKK|PLN|CZK|HUF|BRL|MXN|ZAR|CNY|SGD|HKD)"
BLANK = "[ \u00a0\u202f]"  # with the no-break spaces that French and Swiss exports use
APART = "'’ \u00a0\u202f"  # what may stand between thousands besides the other mark
BEFORE = f"(?:{CURRENCY}{BLANK}?)?[-−]?(?:{CURRENCY}{BLANK}?)?"
AFTER = f"(?:{BLANK}?(?:%|{CURRENCY}))?"
SAY_MARK = 'If that is wrong, set decimal_mark = "," (or ".") in scoville.toml.'
WITH_POINT = rf"{BEFORE}(?:[1-9]\d{{0,2}}(?:[,{APART}]\d{{3}})+|0|[1-9]\d{{0,14}})(?:\.\d+)?{AFTER}"
WITH_COMMA = rf"{BEFORE}(?:[1-9]\d{{0,2}}(?:[.{APART}]\d{{3}})+|0|[1-9]\d{{0,14}})(?:,\d+)?{AFTER}"


def propose_number(values: Collection[str], settings: Settings) -> PlainNumber | WrittenNumber | None:
    """What a sample of a column's values allows; null when one of them is no number."""
    if settings.decimal_mark != "," and full_match(PLAIN, values):
        return PlainNumber(settings)
    if full_match(WITH_POINT, values) or full_match(WITH_COMMA, values):
        return WrittenNumber(settings)
    return None


@dataclass(frozen=True)
class PlainNumber:
    """Digits as programs write them: `-12.5`, `1e-05`."""

    settings: Settings

    def evidence(self, value: ir.StringColumn) -> dict[str, ir.IntegerScalar]:
        """Counts over the whole column that `decide` needs."""
        return {
            "values": value.count(),
            "plain": full_match_in_sql(value, PLAIN).sum(),
            "decimals": value.re_search("[.eE]").sum(),
            "ambiguous": full_match_in_sql(value, AMBIGUOUS_PLAIN).sum(),
        }

    def decide(self, found: Mapping[str, int]) -> Reading | WrittenNumber:
        """A number, or on to the written forms when a value outside the sample is not plain."""
        if found["plain"] < found["values"]:
            return WrittenNumber(self.settings)
        type_ = "float64" if found["decimals"] else "int64"
        is_open = found["decimals"] and found["decimals"] == found["ambiguous"] and not self.settings.decimal_mark
        return Reading(type_, lambda value: value.cast(type_), notice=_open_mark("1.234", "1.234") if is_open else None)


@dataclass(frozen=True)
class WrittenNumber:
    """Digits as people write them, with thousands marks, a currency or a per cent sign."""

    settings: Settings

    def evidence(self, value: ir.StringColumn) -> dict[str, ir.Scalar]:
        """Counts over the whole column that `decide` needs, and the first and last currency of the alphabet."""
        currency = value.re_extract(CURRENCY, 0).nullif("")
        return {
            "values": value.count(),
            "with_point": full_match_in_sql(value, WITH_POINT).sum(),
            "with_comma": full_match_in_sql(value, WITH_COMMA).sum(),
            "points": value.contains(".").sum(),
            "commas": value.contains(",").sum(),
            "percents": value.contains("%").sum(),
            "first_currency": currency.min(),
            "last_currency": currency.max(),
        }

    def decide(self, found: Mapping[str, int]) -> Reading | None:
        """A number with the decimal mark that every value allows; text, with a notice, when units are mixed."""
        marks = [mark for mark, key in ((".", "with_point"), (",", "with_comma")) if found[key] == found["values"]]
        if self.settings.decimal_mark:
            marks = [mark for mark in marks if mark == self.settings.decimal_mark]
        if not marks:
            return None
        if found["first_currency"] != found["last_currency"]:
            text = f"mixes currencies ({found['first_currency']}, {found['last_currency']}), so it stays text."
            return Reading("string", lambda value: value, notice=text)
        if 0 < found["percents"] < found["values"]:
            text = "mixes percentages with other numbers, so it stays text."
            return Reading("string", lambda value: value, notice=text)
        return _written(marks[0], found, is_open=len(marks) > 1 and bool(found["points"] or found["commas"]))


def _written(mark: DecimalMark | str, found: Mapping[str, int], *, is_open: bool) -> Reading:
    type_ = "float64" if found["points" if mark == "." else "commas"] else "int64"
    notice = _open_mark(*(("1.234", "1.234") if found["points"] else ("1,234", "1234"))) if is_open else None
    return Reading(type_, lambda value: _digits(value, mark).cast(type_), notice=notice)


def _digits(value: ir.StringValue, mark: str) -> ir.StringValue:
    """Only sign, digits and a decimal point: `1.234,56 €` -> `1234.56`."""
    kept = value.replace("−", "-").re_replace("[^0-9.-]" if mark == "." else "[^0-9,-]", "")
    return kept if mark == "." else kept.replace(",", ".")


def _open_mark(written: str, read: str) -> str:
    return f"{written} may be a decimal or a thousands mark; read as {read}. {SAY_MARK}"


def full_match_in_sql(value: ir.StringValue, pattern: str) -> ir.BooleanValue:
    """Whether the whole text matches."""
    return value.re_search(f"^(?:{pattern})$")
