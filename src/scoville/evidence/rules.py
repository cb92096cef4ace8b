"""Which rules earn their place: what each touches, how its leads convert, and what is lost without it.

In: a run's engine and plan, a panel. Out: `RuleEvidence` for each rule. Called by `backtest.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.engines.duckdb import DuckDB
from scoville.evidence.ranking import ranking
from scoville.evidence.sample import wilson
from scoville.model.load import Model
from scoville.plan.compile import Columns, compile_plan

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import numpy.typing as npt

    from scoville.evidence.snapshots import Panel
    from scoville.plan.compile import Plan

MOST_LEADS = 20_000  # enough for a difference of 0.01 in AUC to show; every rule means one more scoring of them
CAPACITY = "0.2"  # share of leads that get a person's time, for recall
FEW = 20  # conversions below which a sign says nothing
_ONLY_WORDS = ("grades", "levels", "priorities", "stages", "accounts")  # what turns a score into words, not points


@dataclass(frozen=True)
class RuleEvidence:
    """One rule over the open leads of the newest snapshot that has enough outcomes.

    `leads` got points from it, `conversions` of them converted, `rate` with its Wilson interval; `rate_without` is
    that of the others. `mean_points` is over the leads it touches. `auc_without` and `recall_without` are the model's
    figures when the rule is left out (recall among the best 20 %), null where they cannot be told. `note` says what a
    person should know.
    """

    section: str
    rule: str
    segment: str | None
    leads: int
    coverage: float
    conversions: int
    rate: float | None
    low: float | None
    high: float | None
    rate_without: float | None
    mean_points: float | None
    auc_change: float | None
    recall_change: float | None
    note: str | None


@dataclass(frozen=True)
class _Where:
    """A rule by its place in the model's plain content."""

    section: str
    segment: int | None
    place: int
    name: str


def rule_evidence(engine: DuckDB, plan: Plan, panel: Panel, snapshot: int) -> tuple[RuleEvidence, ...]:
    """Every rule of the model, tried on the open leads of one snapshot.

    At most 20,000, chosen by a hash of their id.
    """
    small, won = _sample(engine, plan, panel, snapshot)
    as_of = panel.as_of[snapshot]
    columns = Columns(small.columns("leads"), small.columns("events") if "events" in plan.inputs else None)
    whole = _scores(small, plan.model, columns, as_of)
    base = _figures(whole, won)
    return tuple(_evidence(small, plan.model, where, columns, as_of, won, base) for where in _rules(plan.model))


def _rules(model: Model) -> Iterator[_Where]:
    for section in ("fit", "engagement"):
        for place, rule in enumerate(getattr(model, section).rules):
            yield _Where(section, None, place, rule.name)
        for number, segment in enumerate(model.segments):
            content = getattr(segment, section)
            for place, rule in enumerate(content.rules if content is not None else ()):
                yield _Where(section, number, place, rule.name)


def _without(model: Model, where: _Where | None, *, alone: bool = False) -> Model:
    """The model without one rule, or with that rule alone and no limits.

    And without words, which need points to be reached.
    """
    content: dict[str, Any] = {key: value for key, value in model.to_dict().items() if key not in _ONLY_WORDS}
    if where is None:
        return Model.from_dict(content)
    holder = content if where.segment is None else content["segments"][where.segment]
    rules = holder[where.section]["rules"]
    if alone:
        rule = {key: value for key, value in rules[where.place].items() if key != "group"}
        decay = {"decay": holder[where.section]["decay"]} if "decay" in holder[where.section] else {}
        section = {where.section: {**decay, "rules": [rule]}}
        whole: dict[str, Any] = {"scoville": 1, "name": model.name, "scale": {"min": -1e15, "max": 1e15}, **section}
        return Model.from_dict(whole)
    holder[where.section] = {**holder[where.section], "rules": [*rules[: where.place], *rules[where.place + 1 :]]}
    return Model.from_dict(content)


def _scores(engine: DuckDB, model: Model, columns: Columns, as_of: datetime) -> npt.NDArray[np.float64]:
    plan = compile_plan(model, columns)
    engine.bind(plan, as_of)
    rows = engine.arrow(f"SELECT score FROM ({plan.sql('sums', engine.dialect)}) ORDER BY lead_id")  # noqa: S608
    return np.asarray(rows["score"].to_numpy(), dtype=np.float64)


def _evidence(
    engine: DuckDB,
    model: Model,
    where: _Where,
    columns: Columns,
    as_of: datetime,
    won: npt.NDArray[np.bool_],
    base: tuple[float | None, float | None],
) -> RuleEvidence:
    points = _scores(engine, _without(model, where, alone=True), columns, as_of)
    touched = points != 0
    leads, conversions = int(touched.sum()), int(won[touched].sum())
    others, others_won = len(won) - leads, int(won.sum()) - conversions
    low, high = wilson(conversions, leads) if leads else (None, None)
    rate = conversions / leads if leads else None
    rate_without = others_won / others if others else None
    auc_left, recall_left = _figures(_scores(engine, _without(model, where), columns, as_of), won)
    mean = float(points[touched].mean()) if leads else None
    segment = model.segments[where.segment].name if where.segment is not None else None
    return RuleEvidence(
        where.section, where.name, segment, leads, leads / len(won) if len(won) else 0.0, conversions, rate, low, high,
        rate_without, mean, _change(base[0], auc_left), _change(base[1], recall_left),
        _note(leads, conversions, others_won, mean, low, high, rate_without),
    )  # fmt: skip


def _figures(score: npt.NDArray[np.float64], won: npt.NDArray[np.bool_]) -> tuple[float | None, float | None]:
    """AUC and recall among the best 20 %."""
    figures = ranking(score, won)
    return figures.auc, figures.recall_at.get(CAPACITY)


def _change(whole: float | None, without: float | None) -> float | None:
    """What the model loses without the rule: negative when it ranks worse without it."""
    return None if whole is None or without is None else without - whole


def _note(
    leads: int,
    conversions: int,
    others_won: int,
    mean: float | None,
    low: float | None,
    high: float | None,
    rate_without: float | None,
) -> str | None:
    if not leads:
        return "touches nobody"
    if conversions + others_won < FEW or mean is None or low is None or high is None or rate_without is None:
        return f"cannot tell: {conversions + others_won} conversions"
    if mean > 0 and high < rate_without:
        return "gives points, but its leads convert less than the others"
    if mean < 0 and low > rate_without:
        return "takes points, but its leads convert more than the others"
    return None


def _sample(engine: DuckDB, plan: Plan, panel: Panel, snapshot: int) -> tuple[DuckDB, npt.NDArray[np.bool_]]:
    """A small engine with open leads of a snapshot and all their events, and the labels in order of lead_id."""
    import pyarrow as pa  # noqa: PLC0415 - only here

    here = panel.snapshot == snapshot
    labels = pa.table({"lead_no": panel.lead[here], "won": panel.won[here]})
    with engine.registered(labels) as source:
        engine.run(
            "CREATE OR REPLACE TEMP TABLE sample_leads AS SELECT p.lead_id, s.won "  # noqa: S608 - our own tables
            f"FROM {source} s JOIN panel_leads p USING (lead_no) ORDER BY hash(p.lead_id), p.lead_id LIMIT {MOST_LEADS}"
        )
    small = DuckDB()
    for name in ("leads", *(("events",) if "events" in plan.inputs else ())):
        rows = engine.arrow(f'SELECT t.* FROM "{name}" t SEMI JOIN sample_leads USING (lead_id)')  # noqa: S608
        with small.registered(rows) as source:
            small.run(f'CREATE TEMP TABLE "{name}" AS FROM {source}')
    won = engine.arrow("SELECT won FROM sample_leads ORDER BY lead_id")["won"]
    return small, np.asarray(won.to_numpy(zero_copy_only=False), dtype=bool)
