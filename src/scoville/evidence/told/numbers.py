"""Figures as the report writes them: one way for each kind, and a dash where there is none."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from scoville import words
from scoville.evidence.figures.brackets import Bracket
from scoville.words import day, number

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from scoville.evidence.business.money import Group
    from scoville.evidence.figures.matrix import Side

NONE = "–"
FEW = 10  # leads; an interval of fewer may run out of its chart instead of flattening all others
_SURE_AT_ONE = 0.1  # from 10 % on, a sentence needs no decimals
_SMALL_MONEY = 100  # below it, cents count
_HYPHEN = re.compile(r"(?<![\w.)-])-(?=\d)")  # that begins a number


def share(value: float | None, digits: int = 1) -> str:
    """`12.7%`."""
    return NONE if value is None else f"{value:.{digits}%}"


def short_share(value: float | None) -> str:
    """`41%`, `1.1%`: as a sentence says it."""
    return share(value, 0 if value is None or value >= _SURE_AT_ONE or value == 0 else 1)


def count(value: float | None) -> str:
    """`4,071`."""
    return NONE if value is None else f"{value:,.0f}"


def money(value: float | None) -> str:
    """`1,250`, `18.40`: in the unit of the data, which has no name."""
    if value is None:
        return NONE
    digits = 2 if abs(value) < _SMALL_MONEY and not float(value).is_integer() else 0
    return f"{value:,.{digits}f}".replace("-", "−")


def decimal(value: float | None, digits: int = 3) -> str:
    """`0.879`."""
    return NONE if value is None or math.isinf(value) else f"{value:,.{digits}f}".replace("-", "−")


def change(value: float | None, digits: int = 3) -> str:
    """`+0.007`, with a real minus sign; `0.000` has none."""
    if value is None:
        return NONE
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def points(value: float | None) -> str:
    """`+5.4`, as reasons say it."""
    return NONE if value is None else words.points(value)


def shares(low: float | None, high: float | None) -> str:
    """`57.7 to 81.7%`."""
    return NONE if low is None or high is None else f"{low * 100:.1f} to {high:.1%}"


def decimals(low: float | None, high: float | None, digits: int = 3) -> str:
    """`0.863 to 0.893`; `at least 3.1` where there is no upper bound."""
    if low is None or high is None:
        return NONE
    text = f"at least {low:.{digits}f}" if math.isinf(high) else f"{low:.{digits}f} to {high:.{digits}f}"
    return text.replace("-", "−")


def along(value: float | None, top: float) -> str:
    """How far along a strip from 0 to `top` a figure lies, for SVG: `42.5%`; never beyond its ends."""
    return f"{100 * min(1.0, max(0.0, (value or 0.0) / top)) if top else 0.0:.2f}%"


def reach(rows: Iterable[Bracket | Group], base: float | None) -> float:
    """Where strips of these rates end: at the highest interval, but not at that of a handful of leads."""
    known = [_rate(row) for row in rows if row.leads]
    trusted = [high for leads, _, high in known if leads >= FEW]
    return max([base or 0.0, *(trusted or [rate for _, rate, _ in known])], default=0.0) or 1.0


def _rate(row: Bracket | Group) -> tuple[float, float, float]:
    if isinstance(row, Bracket):
        return row.effective_leads, row.rate or 0.0, row.high or 0.0
    found = row.conversion_in_time
    return found.of, found.value or 0.0, found.high or 0.0


def label(bracket: Bracket | Side, *, is_word: bool = False) -> str:
    """The name of a bracket or side; ends of a range to one decimal, as reasons say them."""
    if is_word or bracket.from_ is None or bracket.below is None:
        return bracket.label
    ends = _end(bracket.from_), _end(bracket.below)
    return ends[0] if ends[0] == ends[1] else " to ".join(ends)


def _end(value: float) -> str:
    return f"{round(value, 1) + 0.0:,.12g}".replace("-", "−")


def iso_day(text: str) -> str:
    """`2025-10-01` as `1 October 2025`."""
    return day(datetime.fromisoformat(text))


def minus(text: str) -> str:
    """Text whose negative numbers have a real minus sign; what is a hyphen, or a day as `2026-05-01`, stays."""
    return _HYPHEN.sub("−", text)


FILTERS: dict[str, Callable[..., Any]] = {
    "share": share, "short_share": short_share, "count": count, "money": money, "decimal": decimal, "change": change,
    "points": points, "shares": shares, "decimals": decimals, "along": along, "reach": reach, "label": label,
    "day": day, "iso_day": iso_day, "minus": minus, "number": number,
}  # fmt: skip
