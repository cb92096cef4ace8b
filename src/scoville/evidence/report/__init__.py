"""The report of a backtest: one HTML file that needs nothing else, for a person to read, print and pass on.

In: an `Evidence`. Out: HTML. Words first, charts after them, tables behind a click; no script, nothing loaded from
anywhere, every text escaped. `sentences` says what figures come to, `charts` draws, `templates/` has one small file for
each section, left out where its part of the evidence is None. Called by the command line and by notebooks. What another
report is drawn and written with too is in `sheet`, `drawing`, `sheet.html.j2`, `parts.html.j2` and `style.css`.

Raises: UsageError on import, when the libraries that draw are not installed; it says how to install them.
"""

from __future__ import annotations

from importlib.util import find_spec
from typing import TYPE_CHECKING

from scoville.errors import UsageError

_EXTRA = ("altair", "jinja2", "vl_convert")

if _missing := [name for name in _EXTRA if find_spec(name) is None]:
    raise UsageError(f'the report needs {", ".join(_missing)}: pip install "scoville[evidence]"')

from scoville.evidence.report.page import report_html  # noqa: E402 - it needs what is checked above
from scoville.evidence.report.sheet import check_report_place, write_page  # noqa: E402 - as above

if TYPE_CHECKING:
    from pathlib import Path

    from scoville.evidence.backtest import Evidence

__all__ = ["check_report_place", "report_html", "write_report"]


def write_report(evidence: Evidence, path: Path) -> None:
    """Write the report as one file, which appears whole or not at all.

    Raises:  UsageError for a place where none can be; DataError when it cannot be written.
    Example: `write_report(validate("model.yaml", "leads.csv", "events.csv", "outcomes.csv"), Path("report.html"))`
    """
    check_report_place(path)
    write_page(report_html(evidence), path)
