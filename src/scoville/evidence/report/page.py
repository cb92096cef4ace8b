"""The page: which sections there are, and what each of them is given.

In: an `Evidence`. Out: HTML. Pure but for reading this package's templates. The same evidence gives the same bytes.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoville.evidence.report.drawn import CALLED, drawn
from scoville.evidence.report.sheet import page_html, part_html
from scoville.evidence.told import answers, sentences
from scoville.evidence.told.rule_groups import rule_groups

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from markupsafe import Markup

    from scoville.evidence.backtest import Evidence

PARTS = ("matrix", "misses", "stability", "trade_off", "business", "forecast")  # each may be None or empty
SECTIONS = (
    "score", "gains", "lines", "trade_off", "matrix", "rules", "misses", "calibration", "time", "groups", "business",
    "forecast", "method",
)  # fmt: skip
_BESIDE = ("next", "top_figures")  # parts that are no sections
_CHARTS = {"time": ("auc", "rate", "above"), "forecast": ("checks",)}  # of sections whose charts are called otherwise


def report_html(evidence: Evidence) -> str:
    """The whole report.

    Example: `Path("report.html").write_text(report_html(evidence), encoding="utf-8")`
    """
    facts = _facts(evidence)
    return page_html(__package__, "page.html.j2", facts | {"drawn": drawn(evidence, facts)})


def sections_html(
    evidence: Evidence, wanted: Sequence[str] = SECTIONS, lead_page: Callable[[str], str] | None = None
) -> dict[str, Markup]:
    """Sections of the report for another page, by name; those that have nothing to say are left out.

    `wanted` may also name `next`, what to do next, and `top_figures`, the first numbers. `lead_page` gives the address
    of a lead's page.

    Example: `sections_html(evidence, ["rules", "misses"])["rules"]`
    """
    facts = _facts(evidence, lead_page)
    shown = [name for name in wanted if name in facts["sections"] or name in _BESIDE]
    facts["drawn"] = drawn(evidence, facts, {chart for name in shown for chart in _CHARTS.get(name, (name,))})
    return {name: part_html(__package__, f"{name}.html.j2", facts) for name in shown}


def _facts(evidence: Evidence, lead_page: Callable[[str], str] | None = None) -> dict[str, Any]:
    """What the templates are told, but for what is drawn."""
    parts = {name: getattr(evidence, name) for name in PARTS}
    return {
        "evidence": evidence,
        **parts,
        "headline": sentences.headline(evidence),
        "steps": sentences.next_steps(evidence),
        "answers": answers,
        "called": CALLED,
        "rule_groups": rule_groups(evidence.rules),
        "lead_page": lead_page,
        "sections": [name for name in SECTIONS if _is_told(name, evidence, parts)],
    }


def _is_told(name: str, evidence: Evidence, parts: dict[str, Any]) -> bool:
    """Whether a section has anything to say: calibration and method always do."""
    told = {
        "score": evidence.ranking.leads, "lines": evidence.stages, "gains": evidence.ranking.recall_at,
        "rules": evidence.rules, "time": len(evidence.snapshots) > 1, "groups": evidence.by,
    } | parts  # fmt: skip
    return bool(told.get(name, True)) and not _is_empty(name, parts.get(name))


def _is_empty(name: str, part: Any) -> bool:  # noqa: ANN401 - a part of any kind
    """Whether a part is there and says nothing: a matrix of one row, figures of no group, a forecast of nothing."""
    if part is None:
        return False
    if name == "matrix":
        return min(len(part.rows), len(part.columns)) < 2  # noqa: PLR2004 - of one side alone, the groups tell
    if name == "business":
        return part.horizon_days is None and not part.by_source
    return name == "forecast" and part.now.cannot_tell is not None and not part.checks
