"""Figures as the report writes them: one way for each kind, and a dash where there is none."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from scoville.words import day, number, signed

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

NONE = "–"
_SURE_AT_ONE = 0.1  # from 10 % on, a sentence needs no decimals


def share(value: float | None, digits: int = 1) -> str:
    """`12.7%`."""
    return NONE if value is None else f"{value:.{digits}%}"


def short_share(value: float | None) -> str:
    """`41%`, `1.1%`: as a sentence says it."""
    return share(value, 0 if value is None or value >= _SURE_AT_ONE or value == 0 else 1)


def count(value: float | None) -> str:
    """`4,071`."""
    return NONE if value is None else f"{value:,.0f}"


def decimal(value: float | None, digits: int = 3) -> str:
    """`0.879`."""
    return NONE if value is None or math.isinf(value) else f"{value:,.{digits}f}"


def change(value: float | None, digits: int = 3) -> str:
    """`+0.007`, with a real minus sign; `0.000` has none."""
    if value is None:
        return NONE
    text = f"{value:+.{digits}f}"
    return text[1:] if float(text) == 0 else text.replace("-", "−")


def points(value: float | None) -> str:
    """`+5.4`, as reasons say it."""
    return NONE if value is None else signed(value).replace("-", "−")


def shares(low: float | None, high: float | None) -> str:
    """`57.7 to 81.7%`."""
    return NONE if low is None or high is None else f"{low * 100:.1f} to {high:.1%}"


def decimals(low: float | None, high: float | None, digits: int = 3) -> str:
    """`0.863 to 0.893`; `at least 3.1` where there is no upper bound."""
    if low is None or high is None:
        return NONE
    return f"at least {low:.{digits}f}" if math.isinf(high) else f"{low:.{digits}f} to {high:.{digits}f}"


def along(value: float | None, top: float) -> str:
    """How far along a strip from 0 to `top` a figure lies, for SVG: `42.5%`; never beyond its ends."""
    return f"{100 * min(1.0, max(0.0, (value or 0.0) / top)) if top else 0.0:.2f}%"


def month(moment: datetime) -> str:
    """`May 2026`."""
    return day(moment).split(" ", 1)[1]


FILTERS: dict[str, Callable[..., str]] = {
    "share": share, "short_share": short_share, "count": count, "decimal": decimal, "change": change,
    "points": points, "shares": shares, "decimals": decimals, "along": along, "month": month,
    "day": day, "number": number,
}  # fmt: skip
