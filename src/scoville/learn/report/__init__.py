"""The report on learning: one HTML file that needs nothing else, for those who decide whether a card goes live.

In: a `Learned`, or a `Retuned`. Out: HTML, drawn and written as the report of a backtest is (`evidence.report`), with
the card as a picture. `verdict`, `told`, `beside` and `retold` say what figures come to, `pictured` lays out the card,
`charts` draws, `templates/` has a small file for each section. Called by the command line and by notebooks.

Raises: UsageError on import, when the libraries that draw are not installed; it says how to install them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.evidence.report.sheet import check_report_place, write_page
from scoville.learn.report.page import report_html

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path
    from typing import Any

    from scoville.learn.learning import Learned
    from scoville.learn.retuning.retune import Retuned

__all__ = ["check_report_place", "report_html", "write_report"]


def write_report(found: Learned | Retuned, path: Path, boosted: Mapping[str, Any] | None = None) -> None:
    """Write the report as one file, which appears whole or not at all.

    `boosted` is the `about` of a boosted model that was judged beside the card.

    Raises:  UsageError for a place where none can be; DataError when it cannot be written.
    Example: `write_report(learn(read_history("leads.csv", "events.csv", "outcomes.csv")), Path("learned.html"))`
    """
    check_report_place(path)
    write_page(report_html(found, boosted), path)
