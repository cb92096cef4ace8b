"""Working hours in a form: a row for each day of the week, with two spans.

In: the fields of a form, or hours as they are stored. Out: the other of both. Called by owners and by the rules of the
first touch.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING
from zoneinfo import available_timezones

from scoville.errors import UsageError
from scoville.live.routing.hours import DAYS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from scoville.web.pages.forms import Sent

_NAMES = dict(zip(DAYS, ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"), strict=True))
_SPANS = 2  # a morning and an afternoon; whoever has more by the API keeps them
_MOST_SPANS = 12
_MIDNIGHT = {"24:00": "00:00"}  # a clock in a form goes from 00:00 to 23:59


@dataclass(frozen=True)
class Day:
    """One row: `code` begins the names of its fields, each span is from and until, empty where there is none."""

    code: str
    name: str
    spans: tuple[tuple[str, str], ...]


def days_of(hours: Mapping[str, Sequence[str]]) -> list[Day]:
    """Stored hours as rows."""
    return [Day(code, name, _spans(hours.get(code, ()))) for code, name in _NAMES.items()]


def hours_in(form: Sent) -> dict[str, tuple[str, ...]]:
    """The hours that somebody filled in; days without any are left out.

    Raises: UsageError for a span without a beginning or an end.
    """
    found = {code: tuple(_filled(form, code, name)) for code, name in _NAMES.items()}
    return {code: spans for code, spans in found.items() if spans}


def days_sent(form: Sent) -> list[Day]:
    """The rows as somebody filled them in, to be shown again, also where a span lacks an end."""
    return [Day(code, name, tuple(_typed(form, code))) for code, name in _NAMES.items()]


def said(hours: Mapping[str, Sequence[str]]) -> str:
    """In short: `Mon to Fri 09:00-17:00`; `at all hours` for none."""
    groups: list[tuple[list[str], str]] = []
    for code, name in _NAMES.items():
        spans = ", ".join(hours.get(code, ()))
        if groups and groups[-1][1] == spans:
            groups[-1][0].append(name[:3])
        else:
            groups.append(([name[:3]], spans))
    worked = [f"{_range(names)} {spans}" for names, spans in groups if spans]
    return "; ".join(worked) or "at all hours"


@cache
def zones() -> list[str]:
    """Names of all time zones that a person would choose."""
    named = (name for name in available_timezones() if "/" in name and not name.startswith(("Etc/", "SystemV/")))
    return ["UTC", *sorted(named)]


def _range(names: Sequence[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} to {names[-1]}"


def _spans(written: Sequence[str]) -> tuple[tuple[str, str], ...]:
    spans = [tuple(one.split("-", 1)) for one in written]
    shown = [(start, _MIDNIGHT.get(end, end)) for start, end in spans]
    return (*shown, *[("", "")] * (_SPANS - len(shown)))


def _typed(form: Sent, code: str) -> list[tuple[str, str]]:
    spans = [
        (form.get(f"{code}_from_{at}")[:5], form.get(f"{code}_until_{at}")[:5]) for at in range(1, _MOST_SPANS + 1)
    ]
    filled = [at for at, span in enumerate(spans, 1) if any(span)]
    return spans[: max(_SPANS, *filled)] if filled else spans[:_SPANS]


def _filled(form: Sent, code: str, name: str) -> list[str]:
    spans = []
    for at in range(1, _MOST_SPANS + 1):
        start, end = form.get(f"{code}_from_{at}")[:5], form.get(f"{code}_until_{at}")[:5]
        if bool(start) != bool(end):
            raise UsageError(f"{name} has a beginning without an end, or an end without a beginning")
        if start:
            spans.append(f"{start}-{'24:00' if end == '00:00' else end}")
    return spans
