"""What of a score moves with time alone, and until when: so that a lead at rest is never looked at.

In: a Model, and the newest event of each name of a lead. Out: when it has to be scored again. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from scoville.model.schema import CountRule, PointsRule, RecencyRule, SumRule, TraitRule
from scoville.plan.ledger import ledger_of
from scoville.plan.terms import asks_for_age, microseconds

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scoville.model.conditions import Condition
    from scoville.model.load import Model
    from scoville.plan.ledger import NumberedEventRule

_SEEN_POINTS = 0.0005  # what is left below it shows in no figure: fading by halves never ends by itself
_DAY_US = 86_400_000_000
_EVERY = "*"
FOR_EVER = math.inf


@dataclass(frozen=True)
class Motion:
    """For each event name the age in microseconds after which its events change nothing any more; `*`: of any name.

    `always`: a condition on a trait or on the score asks for an age, so every lead may move at any time.
    """

    rests_after_us: Mapping[str, float]
    always: bool

    def moves(self, newest_us: Mapping[str, int], as_of_us: int) -> bool:
        """Whether time alone may change the score after an instant, given the newest event of each name."""
        of_any = self.rests_after_us.get(_EVERY, 0.0)
        return self.always or any(
            as_of_us - at_us < max(of_any, self.rests_after_us.get(name, 0.0)) for name, at_us in newest_us.items()
        )


def refresh_us(as_of_us: int, *, moves: bool, next_us: int | None, interval: timedelta) -> int | None:
    """When a lead has to be scored again without any event; null when never.

    After the interval while it moves, or earlier when a fact begins or ends to count before that.
    """
    usual = as_of_us + interval // timedelta(microseconds=1) if moves else None
    known = [at for at in (usual, next_us) if at is not None]
    return min(known) if known else None


def motion_of(model: Model) -> Motion:
    """What moves the scores of a model."""
    ledger = ledger_of(model)
    rests: dict[str, float] = {}
    for entry in ledger.events:
        for name in entry.rule.event:
            rests[name] = max(rests.get(name, 0.0), _rests_after_us(entry))
    return Motion(rests, asks_for_age(_conditions(model)))


def _conditions(model: Model) -> Iterator[Condition]:
    """Conditions over traits and over the score row."""
    for condition in (
        *(q.when for q in (*model.qualify, *model.disqualify)),
        *(s.when for s in model.segments),
        *(e.rule.when for e in ledger_of(model).fit if isinstance(e.rule, TraitRule)),
        *(p.when for p in model.priority_rules),
        *(s.needs for s in model.stages),
    ):
        if condition is not None:
            yield condition


def _rests_after_us(entry: NumberedEventRule) -> float:
    rule = entry.rule
    if rule.when is not None and asks_for_age([rule.when]):
        return FOR_EVER  # a property may hold an instant of any age
    window = FOR_EVER if rule.within is None else float(microseconds(rule.within))
    if isinstance(rule, CountRule | SumRule):
        return 0.0 if window == FOR_EVER else window
    if isinstance(rule, RecencyRule):
        ends = [end for band in rule.recency for end in (band.from_, band.below) if end is not None]
        return max(ends, default=0.0) * _DAY_US if window == FOR_EVER else window
    faded = _faded_after_us(entry)
    return window if faded == 0.0 and window != FOR_EVER else min(window, faded)


def _faded_after_us(entry: NumberedEventRule) -> float:
    """Age after which one event of a rule has no points left; 0 when it keeps them."""
    rule, fading = entry.rule, entry.fading
    assert isinstance(rule, PointsRule), "others do not fade"  # noqa: S101
    most = max(abs(rule.points), abs(rule.repeat if rule.repeat is not None else rule.points), _SEEN_POINTS)
    span = float(fading.span_us or 0)
    if fading.kind == "linear":
        return span
    if fading.kind == "half_life":
        return span * max(0.0, math.log2(most / _SEEN_POINTS))
    share = float(fading.share or 0.0)
    if fading.kind == "lose":
        return span * math.ceil(1 / share) if share > 0 else 0.0
    if fading.kind == "keep":
        if share >= 1:
            return 0.0
        return span * (math.ceil(math.log(_SEEN_POINTS / most) / math.log(share)) if share > 0 else 1)
    return 0.0
