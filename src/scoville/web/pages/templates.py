"""The templates of all pages, with the words and the small parts that each of them may use.

In: files of `web/templates` and `web/static`. Out: `TEMPLATES`. Every text is escaped; a name that is missing is an
error. What shows an instant says it as far away as it is from the `now` of its page.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

from jinja2 import Environment, PackageLoader, StrictUndefined, pass_context
from jinja2.runtime import Context
from markupsafe import Markup, escape

from scoville import words
from scoville.evidence.told.numbers import FILTERS, short_share
from scoville.web.pages.files import FILES

_HARDLY_ANY, _NEARLY_ALL = 0.0005, 0.995  # shares that would be rounded to 0.0% and 100%
_IN_TICKS = re.compile(r"`([^`]+)`")
_DAYS_SAID = 14  # past that a date says more


def _instant(at: datetime | str) -> datetime:
    """Answers of the API hold instants; those that were JSON already hold them as text."""
    return at if isinstance(at, datetime) else datetime.fromisoformat(at.removesuffix("Z"))


def distance(from_now: timedelta) -> str:
    """How far away: `just now`, `3 min ago`, `in 5 h`, `2 days ago`."""
    if abs(from_now) < timedelta(seconds=1):
        return "just now"
    said = words.lasting(from_now)
    return f"{said} ago" if from_now < timedelta(0) else f"in {said}"


def _dated(moment: datetime, now: datetime) -> str:
    """`3 May`, and the year where it is not the one that everybody thinks of."""
    return words.day(moment).removesuffix(f" {now.year}")


@pass_context
def ago(context: Context, at: datetime | str | None) -> Markup:
    """An instant by its distance from now, with the instant itself for who hovers or listens. Null: a dash."""
    if at is None:
        return Markup("–")
    moment = _instant(at)
    away = moment - context["now"]
    said = distance(away) if abs(away) < timedelta(days=_DAYS_SAID) else _dated(moment, context["now"])
    return Markup('<time datetime="{}Z" title="{}">{}</time>').format(
        moment.isoformat(timespec="seconds"), words.moment_of(moment.replace(microsecond=0)), said
    )


def when(at: datetime | str | None) -> str:
    """`3 May 2026 18:05 UTC`; a dash for null."""
    return words.moment_of(_instant(at).replace(second=0, microsecond=0)) if at is not None else "–"


def day(at: datetime | str | None) -> str:
    """`3 May 2026`; a dash for null."""
    return words.day(_instant(at)) if at is not None else "–"


def percent(share: float | None) -> str:
    """A share of one, as reports say it; 0% and 100% are said of nothing else, and null is a dash.

    Example: 0.127 -> "13%", 0.0833 -> "8.3%", 0.0001 -> "under 0.1%", 0.998 -> "over 99%"
    """
    if share is not None and 0 < share < _HARDLY_ANY:
        return "under 0.1%"
    if share is not None and _NEARLY_ALL <= share < 1:
        return "over 99%"
    return short_share(share)


def points(value: float | None) -> str:
    """With its sign, and a minus that is one."""
    return words.points(value) if value is not None else "–"


def whole(value: float | None) -> str:
    """A score as lists show it, in whole points; a dash for null."""
    return f"{round(value):,}".replace("-", "−") if value is not None else "–"


def number(value: float | None) -> str:
    """To one decimal at most."""
    return words.number(value).replace("-", "−") if value is not None else "–"


def coded(text: str) -> Markup:
    """Text of ours or of others, escaped; what stands between `backticks` is shown as code."""
    return Markup(_IN_TICKS.sub(r"<code>\1</code>", str(escape(text))))  # noqa: S704 - escaped the line before


def in_path(value: object) -> str:
    """Any text as one part of a path or of a query."""
    return quote(str(value), safe="")


def script(name: str) -> Markup:
    """A script of ours, which runs only if it is the one that this page was made with."""
    file = FILES[name]
    tag = Markup('<script defer src="/static/{}?v={}" integrity="{}"></script>')
    return tag.format(name, file.version, file.integrity)


def sheet(name: str) -> Markup:
    """A style sheet of ours."""
    file = FILES[name]
    tag = Markup('<link rel="stylesheet" href="/static/{}?v={}" integrity="{}">')
    return tag.format(name, file.version, file.integrity)


def _made() -> Environment:
    made = Environment(
        loader=PackageLoader("scoville.web"), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, auto_reload=False,
    )  # fmt: skip
    filters: dict[str, Any] = {
        "points": points, "number": number, "whole": whole, "percent": percent, "when": when, "day": day,
        "in_path": in_path, "coded": coded, "ago": ago, "counted": words.counted, "lasting": words.lasting,
    }  # fmt: skip
    made.filters.update(FILTERS | filters)  # figures are written as reports write them
    made.globals.update(script=script, sheet=sheet, ago=ago)
    macros = made.get_template("macros.html").module
    made.globals.update({name: getattr(macros, name) for name in vars(macros) if not name.startswith("_")})
    return made


TEMPLATES = _made()
