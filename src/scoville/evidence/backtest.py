"""A model held against its own past: does it rank, does conversion rise with the score, which rules earn their place?

In: a model, leads, events, outcomes. Out: an `Evidence` with every figure, and the same as plain values. Called by the
command line and by notebooks. Read `validate` first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.data.outcomes import WON, Outcomes
from scoville.evidence.business.forecast import Forecast, forecast
from scoville.evidence.business.money import Business, business_figures
from scoville.evidence.drift.stability import Stability, stability
from scoville.evidence.figures.brackets import (
    Bracket,
    ThresholdRatio,
    Trend,
    by_code,
    by_quantile,
    by_tens,
    rises,
    threshold_ratio,
)
from scoville.evidence.figures.calibration import Calibration, calibrate
from scoville.evidence.figures.matrix import Matrix, matrix_of
from scoville.evidence.figures.ranking import Ranking, ranking
from scoville.evidence.history import DEFAULT_HORIZON, History, read_history
from scoville.evidence.leaks.named import Leak, find_leaks
from scoville.evidence.lines.trade_off import Line, trade_off
from scoville.evidence.rules.earning import RuleEvidence, rule_evidence
from scoville.evidence.rules.lost import FEW
from scoville.evidence.rules.misses import Misses, find_misses
from scoville.evidence.sampled import few_of
from scoville.evidence.snapshots import LABELS, Panel
from scoville.scoring import read_model
from scoville.words import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from scoville.data.workspace import Workspace
    from scoville.engines.duckdb import DuckDB
    from scoville.model.load import Model
    from scoville.plan.compile import Plan


@dataclass(frozen=True)
class SnapshotFigures:
    """One snapshot.

    How many leads were open, how many converted within the horizon, and how well the score ranked them.
    """

    as_of: datetime
    leads: int
    conversions: int
    rate: float | None
    auc: float | None
    auc_low: float | None
    auc_high: float | None


@dataclass(frozen=True)
class Evidence:
    """Everything a backtest shows. `is_point_in_time` is false where outcomes have no dates.

    `leads` and `conversions` of `ranking` count lead snapshots: a lead that was open at three snapshots is there three
    times, and every interval knows it. `brackets` are tens of points of the scale; `by` has the same by grade, level
    ..., and `trends` whether they rise, where labels have an order.
    """

    model: str
    model_version: str
    horizon_days: float | None
    is_point_in_time: bool
    ranking: Ranking
    calibration: Calibration
    brackets: tuple[Bracket, ...]
    trend: Trend
    by: dict[str, tuple[Bracket, ...]]
    trends: dict[str, Trend]
    matrix: Matrix
    stages: dict[str, ThresholdRatio]
    rules: tuple[RuleEvidence, ...]
    misses: Misses
    trade_off: tuple[Line, ...]
    stability: Stability
    business: Business
    forecast: Forecast
    leaks: tuple[Leak, ...]
    snapshots: tuple[SnapshotFigures, ...]
    notes: tuple[str, ...]
    predicts: bool
    verdict: str

    def to_dict(self) -> dict[str, Any]:
        """The same as plain values, for JSON. Instants are ISO 8601 and end in Z."""
        figures = asdict(self.ranking)
        kept = (
            "leads", "conversions", "base_rate", "auc", "auc_low", "auc_high", "pr_auc", "pr_auc_interval",
            "ks", "ks_interval", "top_quarter_rate", "top_quarter_interval", "bottom_quarter_rate",
            "bottom_quarter_interval", "recall_at", "recall_interval", "lift_at", "lift_interval", "gains",
        )  # fmt: skip
        return {
            "model": self.model,
            "model_version": self.model_version,
            "horizon_days": self.horizon_days,
            "is_point_in_time": self.is_point_in_time,
            **{name: figures[name] for name in kept},
            "cannot_tell": self.ranking.cannot_tell,
            "brier": self.calibration.brier,
            "calibration": asdict(self.calibration),
            "trend": asdict(self.trend),
            "brackets": [_bracket(bracket) for bracket in self.brackets],
            "by": {name: [_bracket(bracket) for bracket in brackets] for name, brackets in self.by.items()},
            "trends": {name: asdict(trend) for name, trend in self.trends.items()},
            "matrix": self.matrix.to_dict(),
            "stages": [{"stage": name, **_finite(asdict(line))} for name, line in self.stages.items()],
            "rules": [asdict(rule) for rule in self.rules],
            "misses": self.misses.to_dict(),
            "trade_off": [asdict(line) for line in self.trade_off],
            "stability": self.stability.to_dict(),
            "business": self.business.to_dict(),
            "forecast": self.forecast.to_dict(),
            "leaks": [asdict(leak) for leak in self.leaks],
            "snapshots": [{**asdict(one), "as_of": iso(one.as_of)} for one in self.snapshots],
            "notes": list(self.notes),
            "predicts": self.predicts,
            "verdict": self.verdict,
        }


def _bracket(bracket: Bracket) -> dict[str, Any]:
    return {_key(name): value for name, value in asdict(bracket).items()}


def _finite(values: dict[str, Any]) -> dict[str, Any]:
    """Without infinities, which JSON cannot hold: a ratio over nobody is null, and its sentence says why."""
    return {name: None if isinstance(value, float) and np.isinf(value) else value for name, value in values.items()}


def _key(name: str) -> str:
    return "from" if name == "from_" else name


def validate(  # noqa: PLR0913 - what to test, on what, and what counts
    model: Model | str | Path,
    leads: object,
    events: object | None = None,
    outcomes: object | None = None,
    *,
    outcome_column: str | None = None,
    won: Sequence[str] = (WON,),
    horizon: timedelta = DEFAULT_HORIZON,
    snapshots: str = "monthly",
    workspace: Workspace | None = None,
    engine: DuckDB | None = None,
    model_since: datetime | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> Evidence:
    """Test a model on its own past.

    Outcomes come from a file or frame, or, with neither `outcomes` nor `outcome_column`, from the events called as
    `won` says, or from a column of leads: then without dates, and not point in time. `model_since` says since when the
    model is in use (naive UTC).

    Raises:  as `score`; DataError when no snapshot has its horizon within the data.
    Example: `validate("model.yaml", "leads.csv", "events.csv", "outcomes.csv").ranking.auc`
    """
    model = read_model(model)  # its mistakes are said before the data are read
    history = read_history(
        leads, events, outcomes, outcome_column=outcome_column, won=won, workspace=workspace, engine=engine
    )
    plan = history.plan(model)
    panel = history.panel(plan, horizon, snapshots, progress, with_today=True)
    return evidence_of(history, plan, panel, model_since)


def evidence_of(
    history: History, plan: Plan, panel: Panel, model_since: datetime | None = None, now: datetime | None = None
) -> Evidence:
    """Every figure of a backtest, for one model's plan and its panel.

    `now` is what the model's age is counted to; None: where the last horizon ends.
    """
    model = plan.model
    leaks = find_leaks(history, plan)
    figures = ranking(panel.sample)
    brackets = by_tens(panel.sample, None, (model.scale.min, model.scale.max))
    stages, by = _stages(model, panel), _by_labels(model, panel)
    newest, few = _snapshot_for_rules(panel), few_of(history, panel)
    return Evidence(
        model=model.name,
        model_version=model.version,
        horizon_days=panel.horizon / timedelta(days=1) if panel.horizon is not None else None,
        is_point_in_time=panel.horizon is not None,
        ranking=figures,
        calibration=calibrate(panel.sample),
        brackets=brackets,
        trend=rises(brackets),
        by=by,
        trends=_trends(model, by),
        matrix=matrix_of(model, panel),
        stages=stages,
        rules=rule_evidence(few, plan, panel),
        misses=find_misses(history, few, plan, panel, newest, leaks),
        trade_off=trade_off(panel),
        stability=stability(history, plan, panel, few, model_since, now),
        business=business_figures(history, plan, panel),
        forecast=forecast(history, plan, panel),
        leaks=leaks,
        snapshots=tuple(_figures(panel, number) for number in range(len(panel.as_of))),
        notes=tuple(_notes(panel, history.outcomes, leaks)),
        predicts=_predicts(figures),
        verdict=_verdict(figures, stages, leaks),
    )


def _by_labels(model: Model, panel: Panel) -> dict[str, tuple[Bracket, ...]]:
    """Brackets by tenths of the leads, and by each text column that is not empty in the order of the model."""
    order = _best_first(model)
    found = {"quantile": by_quantile(panel.sample)}
    for name in LABELS:
        labels = panel.labels[name]
        if not labels.is_empty:
            found[name] = by_code(labels.names, labels.codes, panel.sample, order.get(name, ()))
    return found


def _best_first(model: Model) -> dict[str, list[str]]:
    """The labels of the model from the one that should convert most."""
    return {
        "grade": list(model.grades or ()),
        "level": list(model.levels or ()),
        "priority": [priority.name for priority in model.priority_rules],
        "stage": [stage.name for stage in reversed(model.stages)],
    }


def _trends(model: Model, by: dict[str, tuple[Bracket, ...]]) -> dict[str, Trend]:
    """Whether conversion rises from the worst to the best, where there is an order: tenths, grades, levels ..."""
    found = {"quantile": rises(by["quantile"])}
    for name, labels in _best_first(model).items():
        if name in by:
            ordered = {bracket.label: bracket for bracket in by[name]}
            found[name] = rises([ordered[label] for label in reversed(labels)])
    return found


def _stages(model: Model, panel: Panel) -> dict[str, ThresholdRatio]:
    """Each stage as a line, but those below which nobody is."""
    lines = [stage for stage in model.stages if stage.from_ > panel.score.min(initial=np.inf)]
    return {stage.name: threshold_ratio(panel.sample, None, stage.from_) for stage in lines}


def _figures(panel: Panel, number: int) -> SnapshotFigures:
    figures = panel.rankings[number]
    return SnapshotFigures(
        panel.as_of[number], figures.leads, figures.conversions, figures.base_rate,
        figures.auc, figures.auc_low, figures.auc_high,
    )  # fmt: skip


def _snapshot_for_rules(panel: Panel) -> int:
    """The newest snapshot with enough conversions to tell anything, else the one with the most."""
    counts = np.bincount(panel.snapshot, weights=panel.won, minlength=len(panel.as_of))
    enough = np.flatnonzero(counts >= FEW)
    return int(enough[-1]) if len(enough) else int(counts.argmax())


def _notes(panel: Panel, outcomes: Outcomes, leaks: Sequence[Leak]) -> list[str]:
    notes = []
    if panel.horizon is None:
        notes.append("outcomes have no dates: leads are judged as they are now, which may know the outcome already")
    if outcomes.unknown:
        notes.append(f"{outcomes.unknown:,} outcomes are of leads that nobody knows, and were left out")
    if outcomes.undated:
        notes.append(f"{outcomes.undated:,} outcomes have no date, and were left out")
    if used := [leak.name for leak in leaks if leak.is_used]:
        notes.append(f"the model reads what looks written after the outcome: {', '.join(used)}")
    return notes


def _predicts(figures: Ranking) -> bool:
    """Whether the score ranks better than a coin, beyond its interval, on enough outcomes to tell."""
    return figures.cannot_tell is None and figures.auc_low is not None and figures.auc_low > 0.5  # noqa: PLR2004


def _verdict(figures: Ranking, stages: dict[str, ThresholdRatio], leaks: Sequence[Leak]) -> str:
    """One sentence that a sales lead understands."""
    if any(leak.is_used for leak in leaks):
        return "do not believe these figures yet: the model reads what looks written after the outcome"
    if figures.cannot_tell is not None:
        return figures.cannot_tell
    if not _predicts(figures):
        return "does not predict: the score ranks those who bought no better than chance could"
    top, bottom = figures.top_quarter_rate or 0.0, figures.bottom_quarter_rate or 0.0
    told = f"the best quarter converts at {top:.1%}, the worst at {bottom:.1%}"
    last = list(stages)[-1:]
    return f"predicts: {told}" + "".join(f"; {name}: {stages[name].sentence}" for name in last)
