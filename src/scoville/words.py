"""Numbers, days and conditions as a person would say them: the words of reasons, explanations and pages.

In: plain values and the parts of a model. Out: text. Nothing here knows a plan, an engine or a page.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from scoville.model.conditions import All, Compare, Condition, Either, Not

if TYPE_CHECKING:
    from collections.abc import Iterable

_MONTHS = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip
_SHOWN = 0.05  # anything less would be rounded to 0.0
_NOTHING = 1e-9  # points; what adding and taking away again leaves behind
_FINE_BELOW, _NEARLY_ALL, _HARDLY_ANY = 0.03, 0.995, 1e-5  # shares
_UNITS_OF_TIME = ((60, "s"), (60, "min"), (24, "h"))  # how many of each make the next
_OFTEN = ("never", "once", "twice")
_SAYS = {
    "equals": "is {}", "in": "is {}", "not": "is not {}", "not_in": "is neither {}",
    "gt": "is more than {}", "gte": "is at least {}", "lt": "is below {}", "lte": "is at most {}", "between": "is {}",
    "contains": "contains {}", "starts_with": "starts with {}", "ends_with": "ends with {}", "matches": "matches {}",
    "newer_than": "is less than {} ago", "older_than": "is {} ago or longer",
}  # fmt: skip
_TURNS = (*range(0x202A, 0x202F), *range(0x2066, 0x206A))  # marks that turn the direction of what follows
UNSHOWN = dict.fromkeys(code for code in (*range(0x20), *range(0x7F, 0xA0), *_TURNS) if chr(code) not in "\t\n")
"""For `str.translate`: characters that show nothing, and can colour, erase or turn the text around them."""
_SAYS_OF_TIME = {"gt": "is after {}", "gte": "is on or after {}", "lt": "is before {}", "lte": "is on or before {}"}


def number(value: float) -> str:
    """A number of points to one decimal; what would round to nothing keeps its first digit.

    Example: 12.38 -> "12.4", 15.0 -> "15", 0.0123 -> "0.01", 1234567.0 -> "1,234,567"
    """
    if _NOTHING < abs(value) < _SHOWN:
        return f"{value:.1g}"
    return f"{rounded(value):,.1f}".removesuffix(".0")


def rounded(value: float) -> float:
    """To one decimal, halves away from zero: the way in which the plan rounds its reasons, so that both say the same.

    Example: 6.25 -> 6.3, -6.25 -> -6.3; `round` would give 6.2
    """
    return math.copysign(math.floor(abs(value) * 10 + 0.5) / 10, value) + 0.0  # adding 0.0 makes -0.0 a plain 0


def signed(value: float) -> str:
    """`number` with its sign: `+12.4`, `-8`, `0`."""
    return f"+{number(value)}" if value > 0 else number(value)


def points(value: float) -> str:
    """`signed`, as pages and reports show it: with a minus that is as wide as a plus."""
    return signed(value).replace("-", "−")


def plain(value: float) -> str:
    """A number of the data or of the model, as written: 50, 0.25, 1,200."""
    return f"{value:,.12g}"


def day(moment: datetime) -> str:
    """`3 May 2026`."""
    return f"{moment.day} {_MONTHS[moment.month - 1]} {moment.year}"


def moment_of(moment: datetime) -> str:
    """`3 May 2026`, with the time of day unless it is midnight: `3 May 2026 18:05 UTC`."""
    at_midnight = (moment.hour, moment.minute, moment.second, moment.microsecond) == (0, 0, 0, 0)
    return day(moment) if at_midnight else f"{day(moment)} {moment:%H:%M} UTC"


def share(value: float) -> str:
    """A share of one in whole percent, a small one with two digits; 0% and 100% are said of nothing less.

    Example: 0.0833 -> "8%", 0.0041 -> "0.41%", 0.998 -> "over 99%"
    """
    if _FINE_BELOW <= value < _NEARLY_ALL or value in (0, 1):
        return f"{value:.0%}"
    if value >= _NEARLY_ALL:
        return "over 99%"
    return f"{float(f'{value * 100:.2g}'):f}".rstrip("0").rstrip(".") + "%"


def so_many(value: float) -> str:
    """A share in small whole numbers: `about 1 in 12`, `about 4 in 10`, `hardly any`.

    Example: 0.081 -> "about 1 in 12", 0.43 -> "about 4 in 10", 0.5 -> "about half of", 0.0037 -> "about 1 in 270"
    """
    if value < _HARDLY_ANY:
        return "hardly any"
    if value < 0.28:  # noqa: PLR2004 - from here on tenths are nearer than 1 in 3
        return f"about 1 in {float(f'{1 / value:.2g}'):,.0f}"
    tenths = round(value * 10)
    return {5: "about half of", 10: "nearly all"}.get(tenths, f"about {tenths} in 10")


def times(count: int) -> str:
    """`once`, `twice`, `3 times`."""
    return _OFTEN[count] if count < len(_OFTEN) else f"{count:,} times"


def counted(count: int, noun: str) -> str:
    """`1 event`, `1,200 events`, `no event`."""
    return f"no {noun}" if count == 0 else f"{count:,} {noun}{'' if count == 1 else 's'}"


def days(count: float) -> str:
    """`30 days`, `1 hour`: a number of days as `period` says it."""
    return period(timedelta(days=count))


def period(duration: timedelta) -> str:
    """`30 days`, `12 hours`."""
    hours = duration.total_seconds() / 3600
    count, noun = (hours / 24, "day") if hours % 24 == 0 else (hours, "hour")
    return f"{count:g} {noun}{'' if count == 1 else 's'}"


def lasting(duration: timedelta) -> str:
    """How long something has lasted or lasts, in its largest unit, cut off: `40 s`, `5 min`, `3 h`, `2 days`.

    Example: 90 s -> "1 min", 47 h -> "1 day", less than a second -> "0 s"
    """
    left: float = abs(duration.total_seconds())
    for many, unit in _UNITS_OF_TIME:
        if left < many:
            return f"{int(left)} {unit}"
        left /= many
    return counted(int(left), "day")


def trait(name: str) -> str:
    """`job_title.seniority` -> `job title seniority`."""
    return name.replace("_", " ").replace(".", " ")


def value(found: object) -> str:
    """A value of a trait or of a condition."""
    if isinstance(found, bool):
        return "yes" if found else "no"
    if isinstance(found, datetime):
        return moment_of(found)
    if isinstance(found, timedelta):
        return period(found)
    return plain(found) if isinstance(found, (int, float)) else str(found)


def listed(items: Iterable[str], joint: str = "or") -> str:
    """`US, CA or GB`."""
    *before, last = items
    return f"{', '.join(before)} {joint} {last}" if before else last


def condition(of: Condition) -> str:
    """A condition in words, such as `employees is at least 50 and country is US or CA`."""
    if isinstance(of, Compare):
        return f"{trait(of.trait)} {comparison(of)}"
    if isinstance(of, Not):
        return f"not ({condition(of.part)})"
    parts = [f"({condition(part)})" if isinstance(part, (All, Either)) else condition(part) for part in of.parts]
    return (" and " if isinstance(of, All) else " or ").join(parts) or "always"


def comparison(of: Compare) -> str:
    """What a comparison asks of its trait, without the trait: `is at least 50`."""
    if of.operator == "is":
        return "is missing" if of.value == "missing" else "is known"
    if of.operator == "between" and isinstance(of.value, tuple):
        return f"is from {value(of.value[0])} to {value(of.value[1])}"
    said = _SAYS_OF_TIME.get(of.operator, _SAYS[of.operator]) if isinstance(of.value, datetime) else _SAYS[of.operator]
    values = of.value if isinstance(of.value, tuple) else (of.value,)
    return said.format(listed(map(value, values), "nor" if of.operator == "not_in" else "or"))


def iso(instant: datetime | None) -> str | None:
    """An instant, naive UTC, as machines read it: ISO 8601, ending in Z."""
    return f"{instant.isoformat()}Z" if instant is not None else None
