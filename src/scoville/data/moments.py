"""Instants in text or numbers -> UTC: ISO 8601, `03/05/2024`, `03.05.2024`, `3 May 2024`, `May 3, 2024`, epochs.

A column has one format. Values with an offset become UTC by it; the others are local to the workspace's time zone.
In the hour that a zone skips in spring the clock runs on, the hour that it repeats in autumn is the later one.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, cast

import ibis
import ibis.expr.datatypes as dt

from scoville.data.reading import Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping

    import ibis.expr.types as ir

    from scoville.data.workspace import Settings

MOMENT = "timestamp(6)"
TRAIT_SHARE = 0.99  # readable share from which a column of text is a time; the rest is counted as unreadable
TIME_SHARE = 0.5  # the same for a column that has to be a time: below, it is the wrong column or format
SAMPLE_SHARE = 0.9  # of the sample; below the share over all rows, so that the sample never decides a close case
TIME_SAMPLE_SHARE = 0.3

CLOCK = r"\d{1,2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?"
OFFSET = r" ?(?:Z|UTC|GMT|[+-]\d{2}(?::?\d{2})?)"
HALF_DAY = r" ?[AaPp][Mm]"
TIME = rf"(?:,?[T ]{CLOCK}(?:{OFFSET}|{HALF_DAY})?)?"
MONTH = "(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*"
HAS_OFFSET = rf":\d{{2}}(?:\.\d+)?{OFFSET}$"
HALF_DAY_FORMATS = ["%Y-%m-%d %I:%M %p", "%Y-%m-%d %I:%M:%S %p", "%Y-%m-%d %I:%M:%S.%f %p"]
EPOCH_UNITS = {
    "seconds": (r"\d{9,10}(?:\.\d+)?", 1e6),
    "milliseconds": (r"\d{12,13}", 1e3),
    "microseconds": (r"\d{15,16}", 1),
}

ALLOWED = (
    "ISO 8601 (2024-05-03, 2024-05-03 14:30:00, 2024-05-03T14:30:00+02:00), 03/05/2024, 03.05.2024, 3 May 2024, "
    "May 3, 2024, each with or without a time of day"
)

Order = Literal["dmy", "mdy"]


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, dt.Timestamp(timezone="UTC")), dt.Timestamp(scale=6)))
def _without_zone(zone, value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The wall clock of a zone at an instant."""


@ibis.udf.scalar.builtin(name="timezone", signature=((dt.string, dt.Timestamp(scale=6)), dt.Timestamp(timezone="UTC")))
def _in_zone(zone, value):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The instant at which a zone's wall clock shows this."""


@ibis.udf.scalar.builtin(name="try_strptime", signature=((dt.string, dt.Array(dt.string)), dt.Timestamp(scale=6)))
def _try_strptime(text, formats):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """The first format that reads the text, else null."""


@ibis.udf.scalar.builtin(name="make_timestamp", signature=((dt.int64,), dt.Timestamp(scale=6)))
def _make_timestamp(microseconds):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
    """Microseconds since 1970 as a time."""


def aware_to_utc(value: ir.TimestampValue) -> ir.TimestampValue:
    """A time with a zone as naive UTC, to the microsecond."""
    micros = cast("ir.TimestampValue", value.cast(dt.Timestamp(timezone="UTC", scale=6)))
    return _without_zone("UTC", micros)


def local_to_utc(value: ir.TimestampValue, time_zone: str) -> ir.TimestampValue:
    """A time without a zone, local to `time_zone`, as naive UTC."""
    return value if time_zone == "UTC" else _without_zone("UTC", _in_zone(time_zone, value))


def epoch_to_utc(value: ir.NumericValue, unit: str) -> ir.TimestampValue:
    """A number of seconds, milliseconds or microseconds since 1970 as naive UTC."""
    return _make_timestamp((value.cast("float64") * EPOCH_UNITS[unit][1]).round().cast("int64"))


@dataclass(frozen=True)
class Format:
    """A family of ways to write a time: what it looks like, and its text as ISO 8601 (or nearly)."""

    name: str
    pattern: str
    to_iso: Callable[[ir.StringValue], ir.StringValue]
    order: Order | None = None


def _from_parts(separators: str, order: Order) -> Callable[[ir.StringValue], ir.StringValue]:
    """Day, month and year in digits as ISO. Two digits of a year are 1970-2069."""
    day, month = (r"\1", r"\2") if order == "dmy" else (r"\2", r"\1")
    head = rf"^(\d{{1,2}})[{separators}](\d{{1,2}})[{separators}]"

    def to_iso(value: ir.StringValue) -> ir.StringValue:
        full = value.re_replace(rf"{head}(\d{{4}}),?", rf"\3-{month}-{day}")
        this = full.re_replace(rf"{head}([0-6]\d)(?:,?([ T])|$)", rf"20\3-{month}-{day}\4")
        return this.re_replace(rf"{head}([7-9]\d)(?:,?([ T])|$)", rf"19\3-{month}-{day}\4")

    return to_iso


def _from_names(pattern: str, order: str) -> Callable[[ir.StringValue], ir.StringValue]:
    """Day, name of the month and year as ISO: the date is read by its name, the rest of the text stays."""

    def to_iso(value: ir.StringValue) -> ir.StringValue:
        date = _try_strptime(value.re_replace(f"{pattern}.*$", order), ["%d %b %Y"])
        return date.strftime("%Y-%m-%d") + value.re_replace(f"{pattern},?", "")

    return to_iso


FORMATS = (
    Format("ISO 8601", rf"\d{{4}}[-/]\d{{1,2}}[-/]\d{{1,2}}{TIME}", lambda value: value),
    Format("day/month/year", rf"\d{{1,2}}[/-]\d{{1,2}}[/-](?:\d{{4}}|\d{{2}}){TIME}", _from_parts("/-", "dmy"), "dmy"),
    Format("month/day/year", rf"\d{{1,2}}[/-]\d{{1,2}}[/-](?:\d{{4}}|\d{{2}}){TIME}", _from_parts("/-", "mdy"), "mdy"),
    Format("day.month.year", rf"\d{{1,2}}\.\d{{1,2}}\.(?:\d{{4}}|\d{{2}}){TIME}", _from_parts(".", "dmy")),
    Format(
        "day month year",
        rf"(?i)\d{{1,2}}[ -]{MONTH}[ ,-]{{1,2}}\d{{4}}{TIME}",
        _from_names(r"^(\d{1,2})[ -]([A-Za-z]{3})[a-z]*[ ,-]{1,2}(\d{4})", r"\1 \2 \3"),
    ),
    Format(
        "month day, year",
        rf"(?i){MONTH} \d{{1,2}},? \d{{4}}{TIME}",
        _from_names(r"^([A-Za-z]{3})[a-z]* (\d{1,2}),? (\d{4})", r"\2 \1 \3"),
    ),
)


def propose_moment(values: Collection[str], settings: Settings, *, is_time: bool) -> Moment | Epoch | None:
    """What a sample of a column's values allows. `is_time`: the column has to be a time, so more is tried."""
    share = TIME_SAMPLE_SHARE if is_time else SAMPLE_SHARE
    formats = tuple(one for one in FORMATS if _share_like(one.pattern, values) >= share)
    if formats:
        return Moment(formats, settings, TIME_SHARE if is_time else TRAIT_SHARE)
    if is_time:
        units = [unit for unit, (pattern, _) in EPOCH_UNITS.items() if _share_like(pattern, values) >= share]
        return Epoch(units[0]) if units else None
    return None


def _share_like(pattern: str, values: Collection[str]) -> float:
    whole = re.compile(pattern, re.ASCII)
    return sum(bool(whole.fullmatch(value)) for value in values) / len(values) if values else 0.0


@dataclass(frozen=True)
class Moment:
    """A time written in one of the formats that the sample allows."""

    formats: tuple[Format, ...]
    settings: Settings
    least_share: float

    def evidence(self, value: ir.StringColumn) -> dict[str, ir.IntegerScalar]:
        """How many values each format reads, and whether there are offsets and half days at all."""
        counts = {
            "values": value.count(),
            "offsets": value.re_search(HAS_OFFSET).sum(),
            "half_days": value.re_search(f"{HALF_DAY}$").sum(),
        }
        for format_ in self.formats:
            counts[format_.name] = self._read(format_, value, has_offsets=True, has_half_days=True).count()
        return counts

    def decide(self, found: Mapping[str, int]) -> Reading | None:
        """The format that reads the most values, if enough; text with a notice when day and month are open."""
        open_formats = [one for one in self.formats if self._is_wanted(one)]
        best = max(open_formats, key=lambda one: found[one.name])
        unreadable = found["values"] - found[best.name]
        if found[best.name] < self.least_share * found["values"]:
            return None
        equals = [one for one in open_formats if found[one.name] == found[best.name]]
        if len(equals) > 1 and best.order:
            return Reading("string", lambda value: value, notice=AMBIGUOUS_ORDER)
        has = {"has_offsets": bool(found["offsets"]), "has_half_days": bool(found["half_days"])}
        is_guarded = unreadable > 0
        return Reading(
            MOMENT, lambda value: self._read(best, value, is_guarded=is_guarded, **has), unreadable=unreadable
        )

    def _is_wanted(self, format_: Format) -> bool:
        return format_.order is None or self.settings.date_order in {None, format_.order}

    def _read(
        self,
        format_: Format,
        value: ir.StringValue,
        *,
        has_offsets: bool,
        has_half_days: bool,
        is_guarded: bool = True,
    ) -> ir.TimestampValue:
        """Text as UTC. Unguarded it trusts that every text matches the pattern, which saves a match per row."""
        text = ibis.ifelse(value.re_search(f"^(?:{format_.pattern})$"), value, ibis.null()) if is_guarded else value
        iso = format_.to_iso(text)
        moment = local_to_utc(iso.try_cast(MOMENT), self.settings.time_zone)
        if has_half_days:
            half_day = _try_strptime(iso.re_replace(r" ?([AaPp][Mm])$", r" \1"), HALF_DAY_FORMATS)
            is_half_day = iso.re_search(f"{HALF_DAY}$")
            moment = ibis.ifelse(is_half_day, local_to_utc(half_day, self.settings.time_zone), moment)
        if has_offsets:
            aware = iso.re_replace(r" ([+-]\d{2})", r"\1").try_cast(dt.Timestamp(timezone="UTC"))
            moment = ibis.ifelse(iso.re_search(HAS_OFFSET), aware_to_utc(aware), moment)
        return moment


SAY_ORDER = 'Set date_order = "dmy" or "mdy" in scoville.toml.'
AMBIGUOUS_ORDER = f"every date reads as day/month and as month/day; it stays text. {SAY_ORDER}"


@dataclass(frozen=True)
class Epoch:
    """Seconds or parts of them since 1970."""

    unit: str

    def evidence(self, value: ir.StringColumn) -> dict[str, ir.IntegerScalar]:
        """How many values have as many digits as the unit needs for the years 1973 to 2286."""
        return {"values": value.count(), "readable": self._guarded(value).count()}

    def decide(self, found: Mapping[str, int]) -> Reading | None:
        """A time when enough values are readable."""
        if found["readable"] < TIME_SHARE * found["values"]:
            return None
        unreadable = found["values"] - found["readable"]
        return Reading(
            MOMENT, lambda value: epoch_to_utc(self._guarded(value).cast("float64"), self.unit), unreadable=unreadable
        )

    def _guarded(self, value: ir.StringValue) -> ir.StringValue:
        return ibis.ifelse(value.re_search(f"^(?:{EPOCH_UNITS[self.unit][0]})$"), value, ibis.null())
