"""Every chart for which there is something to draw, each with a sentence for those who do not see it.

In: an `Evidence` and its parts. Out: figures by name. Pure.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any, NamedTuple

from scoville.evidence.report import charts
from scoville.evidence.report.charts import Instant
from scoville.evidence.report.drawing import Figure, figure
from scoville.evidence.told import answers
from scoville.evidence.told.numbers import label, share, short_share

if TYPE_CHECKING:
    from collections.abc import Callable, Collection

    import altair as alt

    from scoville.evidence.backtest import Evidence
    from scoville.evidence.drift.stability import Stability

CALLED = 0.2  # share of leads marked on the curve: what a team can usually call


class _Sketch(NamedTuple):
    """A chart that is not drawn yet: what it shows in words, and how it is drawn at a width."""

    words: str
    draw: Callable[[int], alt.LayerChart]


def drawn(evidence: Evidence, parts: dict[str, Any], wanted: Collection[str] | None = None) -> dict[str, Figure]:
    """Figures by the name under which the templates ask for them: those that are wanted; None: all."""
    found: dict[str, _Sketch] = {}
    if evidence.ranking.leads:
        found["score"] = _Sketch(_score_words(evidence), partial(charts.brackets_chart, evidence.brackets))
    reached = evidence.ranking.recall_at.get(f"{CALLED:g}")
    if reached is not None:
        words = answers.of_gains(evidence.ranking, CALLED).sentence
        found["gains"] = _Sketch(words, partial(charts.gains_chart, evidence.ranking.gains, CALLED, reached))
    if evidence.calibration.curve:
        words = f"Chance foretold and share that converted. {answers.of_calibration(evidence.calibration).sentence}"
        found["calibration"] = _Sketch(words, partial(charts.calibration_chart, evidence.calibration.curve))
    found |= _trade_off(evidence, parts) | _over_time(evidence, parts["stability"]) | _checks(parts)
    return {name: figure(*sketch) for name, sketch in found.items() if wanted is None or name in wanted}


def _score_words(evidence: Evidence) -> str:
    filled = [one for one in evidence.brackets if one.leads]
    first, last = filled[0], filled[-1]
    return f"Share converted by score: {share(first.rate)} at {label(first)}, {share(last.rate)} at {label(last)}."


def _trade_off(evidence: Evidence, parts: dict[str, Any]) -> dict[str, _Sketch]:
    lines = parts["trade_off"]
    if not lines:
        return {}
    stages = {name: line.threshold for name, line in evidence.stages.items()}
    top, bottom = lines[0], lines[-1]
    words = (
        f"Where the line is put, from {top.threshold:g} down to {bottom.threshold:g}: of leads above it "
        f"{short_share(top.precision)} to {short_share(bottom.precision)} convert, and they hold "
        f"{short_share(top.recall)} to {short_share(bottom.recall)} of all conversions."
    )
    return {"trade_off": _Sketch(words, partial(charts.trade_off_chart, lines, stages))}


def _over_time(evidence: Evidence, stability: Stability | None) -> dict[str, _Sketch]:
    """AUC, rate and the share of leads above the last line at each snapshot."""
    if len(evidence.snapshots) < 2:  # noqa: PLR2004 - one point is no line
        return {}
    auc = [Instant(one.as_of, one.auc, one.auc_low, one.auc_high) for one in evidence.snapshots]
    rates = [Instant(one.as_of, one.rate) for one in evidence.snapshots]
    if stability is not None:
        rates = [Instant(one.as_of, one.rate.value, one.rate.low, one.rate.high) for one in stability.snapshots]
    auc_words = f"AUC at each snapshot. {answers.of_time(evidence.snapshots, stability).sentence}"
    base = evidence.ranking.base_rate
    found = {
        "auc": _Sketch(auc_words, partial(charts.auc_chart, auc)),
        "rate": _Sketch(_ends("Share converted", rates), partial(charts.share_chart, rates, "converted", base)),
    }
    return found | (_above(evidence, stability) if stability is not None else {})


def _above(evidence: Evidence, stability: Stability) -> dict[str, _Sketch]:
    if not evidence.stages:
        return {}
    last = list(evidence.stages)[-1]
    shares = [one.above[last] for one in stability.snapshots]
    instants = [
        Instant(one.as_of, found.value, found.low, found.high)
        for one, found in zip(stability.snapshots, shares, strict=True)
    ]
    title = f"leads above the line of {last}"
    return {"above": _Sketch(_ends(title, instants), partial(charts.share_chart, instants, title, None))}


def _ends(what: str, instants: list[Instant]) -> str:
    return f"{what} over time: {short_share(instants[0].value)} at first, {short_share(instants[-1].value)} at last."


def _checks(parts: dict[str, Any]) -> dict[str, _Sketch]:
    forecast = parts["forecast"]
    told = [one for one in forecast.checks if one.expected.wins is not None] if forecast is not None else []
    if not told:
        return {}
    return {
        "checks": _Sketch(f"Wins foretold and wins that came. {forecast.record}.", partial(charts.checks_chart, told))
    }
