"""One HTML file that needs nothing else: what every report is written on, whatever it tells.

In: a template of a package, and the facts that it asks for. Out: HTML. Pure but for reading templates and style sheets.
A page extends `sheet.html.j2` and is built of `parts.html.j2`, both of this package; what its own
package has in `style.css` comes after the style of all reports. `part_html` gives a single part to another page.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache
from importlib.metadata import version
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from scoville.engines.beside import check_place, written_beside
from scoville.errors import UsageError
from scoville.evidence.told.numbers import FILTERS
from scoville.words import UNSHOWN

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

_ENDINGS = (".html", ".htm")
_HERE = __package__


def page_html(package: str, template: str, facts: Mapping[str, Any]) -> str:
    """A page of a package, told of these facts. Every text in it is escaped, and only its style sheet allowed."""
    style = _style(package)
    page = (
        _templates(package)
        .get_template(template)
        .render(
            version=version("scoville"),
            style=Markup(style),  # noqa: S704 - files of ours
            style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
            **facts,
        )
    )
    return page.translate(UNSHOWN)  # HTML may not hold them


def part_html(package: str, template: str, facts: Mapping[str, Any]) -> Markup:
    """A part of a page, for a page of somebody else's. Every text in it is escaped."""
    written = _templates(package).get_template(template).render(facts)
    return Markup(written.translate(UNSHOWN))  # noqa: S704 - a template of ours wrote it, and escaped what it was told


def macro(name: str) -> Callable[..., Markup]:
    """A small part that reports are drawn with, such as `strip`, for templates of somebody else's."""
    found: Callable[..., Markup] = getattr(_templates(_HERE).get_template("parts.html.j2").module, name)
    return found


def check_report_place(path: Path) -> None:
    """Whether a report can be written there: asked before the work, not after it. Raises: UsageError."""
    check_place(path)
    if path.suffix.lower() not in _ENDINGS:
        raise UsageError(f"a report is a web page: give it a name that ends in .html, not {path.name}")


def write_page(html: str, path: Path) -> None:
    """Write a page as one file, which appears whole or not at all. Raises: UsageError, DataError."""
    check_report_place(path)
    with written_beside(path) as beside:
        beside.write_text(html, encoding="utf-8")


@cache
def _templates(package: str) -> Environment:
    loader = ChoiceLoader([PackageLoader(one) for one in dict.fromkeys((package, _HERE))])
    found = Environment(
        loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True,
        keep_trailing_newline=True,
    )  # fmt: skip
    found.filters.update(FILTERS)
    return found


@cache
def _style(package: str) -> str:
    own = [_read(package, "style.css")] if package != _HERE and (files(package) / "style.css").is_file() else []
    return "\n".join([theme(), _read(_HERE, "style.css"), parts(), *own])


def theme() -> str:
    """The style sheet with the colours, by name: of reports, and of every other page that shows their charts."""
    return _read(_HERE, "theme.css")


def parts() -> str:
    """The style sheet of what reports are built of: of reports, and of every other page that shows parts of them."""
    return _read(_HERE, "parts.css")


def _read(package: str, name: str) -> str:
    return (files(package) / name).read_text(encoding="utf-8")
