"""The page: which sections there are, and what each of them is given.

In: an `Evidence`. Out: HTML. Pure but for reading the templates of this package. The same evidence gives the same bytes.
"""

from __future__ import annotations

import base64
import hashlib
from functools import cache, partial
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

import scoville
from scoville.evidence.report import charts, sentences
from scoville.evidence.report.figures import FILTERS, share, short_share

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.backtest import Evidence
    from scoville.evidence.brackets import Bracket

CALLED = 0.2  # share of leads marked on the curve: what a team can usually call
_TITLES = {"quantile": "tenths of the leads"}


def report_html(evidence: Evidence) -> str:
    """The whole report.

    Example: `Path("report.html").write_text(report_html(evidence), encoding="utf-8")`
    """
    style = (files(__package__) / "style.css").read_text(encoding="utf-8")
    return _templates().get_template("page.html.j2").render(
        evidence=evidence,
        version=scoville.__version__,
        style=Markup(style),  # noqa: S704 - a file of this package
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        headline=sentences.headline(evidence),
        steps=sentences.next_steps(evidence),
        say=sentences,
        groups=_groups(evidence),
        figures=_figures(evidence),
        sections=_sections(evidence),
    )


@cache
def _templates() -> Environment:
    found = Environment(
        loader=PackageLoader(__package__), autoescape=True, undefined=StrictUndefined, trim_blocks=True,
        lstrip_blocks=True, keep_trailing_newline=True,
    )  # fmt: skip
    found.filters.update(FILTERS)
    return found


def _sections(evidence: Evidence) -> tuple[str, ...]:
    """The templates to show, in the order of the page: those that have something to say."""
    there = {
        "score": evidence.ranking.leads > 0,
        "lines": bool(evidence.stages),
        "gains": bool(evidence.ranking.gains),
        "rules": bool(evidence.rules),
        "calibration": True,
        "time": len(evidence.snapshots) > 1,
        "groups": bool(evidence.by),
        "method": True,
    }
    return tuple(name for name, is_there in there.items() if is_there)


def _groups(evidence: Evidence) -> dict[str, Sequence[Bracket]]:
    """Brackets by label under the title of their table."""
    return {_TITLES.get(name, name): brackets for name, brackets in evidence.by.items()}


def _figures(evidence: Evidence) -> dict[str, Any]:
    """Every chart for which there is something to draw."""
    found: dict[str, Any] = {}
    if evidence.ranking.leads:
        found["brackets"] = charts.figure(_brackets_label(evidence), partial(charts.brackets_chart, evidence.brackets))
    if evidence.ranking.gains:
        label = f"Gains: {sentences.gains_answer(evidence).sentence}"
        found["gains"] = charts.figure(label, partial(charts.gains_chart, evidence.ranking.gains, CALLED))
    if evidence.calibration.curve:
        label = f"Predicted against observed conversion. {sentences.calibration_answer(evidence.calibration).sentence}"
        found["calibration"] = charts.figure(label, partial(charts.calibration_chart, evidence.calibration.curve))
    return found | _figures_over_time(evidence)


def _brackets_label(evidence: Evidence) -> str:
    filled = [one for one in evidence.brackets if one.leads]
    return (
        f"Conversion by score: {share(filled[0].rate)} at {filled[0].label} points, "
        f"{share(filled[-1].rate)} at {filled[-1].label}."
    )


def _figures_over_time(evidence: Evidence) -> dict[str, Any]:
    if len(evidence.snapshots) < 2:  # noqa: PLR2004 - one point is no line
        return {}
    auc = [charts.Instant(one.as_of, one.auc, one.auc_low, one.auc_high) for one in evidence.snapshots]
    rate = [charts.Instant(one.as_of, one.rate) for one in evidence.snapshots]
    said = f"from {short_share(rate[0].value)} to {short_share(rate[-1].value)}"
    return {
        "auc_over_time": charts.figure(
            f"AUC at each snapshot. {sentences.time_answer(evidence.snapshots).sentence}",
            lambda width: charts.over_time_chart(auc, "AUC, how well it ranks", width, level=0.5, share=False),
        ),
        "rate_over_time": charts.figure(
            f"Share of open leads that converted, {said}.",
            lambda width: charts.over_time_chart(rate, "converted", width, level=evidence.ranking.base_rate),
        ),
    }
