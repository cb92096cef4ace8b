"""Which rules earn their place: what each touches, how its leads convert, and what is lost without it.

In: a run's engine and plan, a panel. Out: `RuleEvidence` for each rule. Called by `backtest.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.evidence.ranking import ranking
from scoville.evidence.sample import wilson
from scoville.model.load import Model
from scoville.plan.compile import compile_plan
from scoville.scoring import columns_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    import numpy.typing as npt

    from scoville.evidence.sampled import Few
    from scoville.evidence.snapshots import Panel
    from scoville.plan.compile import Plan

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


def rule_evidence(few: Few, plan: Plan, panel: Panel, snapshot: int) -> tuple[RuleEvidence, ...]:
    """Every rule of the model, tried on those of a few leads that were open at one snapshot."""
    rows = few.rows(panel, snapshot)
    trial = _Trial(few, panel.as_of[snapshot], panel.won[rows], few.places(panel, rows))
    base = _figures(trial.scores(plan.model), trial.won)
    return tuple(_evidence(trial, plan.model, where, base) for where in _rules(plan.model))


@dataclass(frozen=True)
class _Trial:
    """A few leads at one snapshot: `won` of those that were open, `places` where they stand among the few."""

    few: Few
    as_of: datetime
    won: npt.NDArray[np.bool_]
    places: npt.NDArray[np.int64]

    def scores(self, model: Model) -> npt.NDArray[np.float64]:
        """What a model gives the leads that were open."""
        engine = self.few.engine
        plan = compile_plan(model, columns_of(engine, with_events=self.few.has_events))
        self.few.bind(plan, self.as_of)
        rows = engine.arrow(f"SELECT score FROM ({plan.sql('sums', engine.dialect)}) ORDER BY lead_id")  # noqa: S608
        return np.asarray(rows["score"].to_numpy(), dtype=np.float64)[self.places]


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


def _evidence(trial: _Trial, model: Model, where: _Where, base: tuple[float | None, float | None]) -> RuleEvidence:
    won = trial.won
    points = trial.scores(_without(model, where, alone=True))
    touched = points != 0
    leads, conversions = int(touched.sum()), int(won[touched].sum())
    others, others_won = len(won) - leads, int(won.sum()) - conversions
    low, high = wilson(conversions, leads) if leads else (None, None)
    rate = conversions / leads if leads else None
    rate_without = others_won / others if others else None
    auc_left, recall_left = _figures(trial.scores(_without(model, where)), won)
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
