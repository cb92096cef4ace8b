"""Many snapshots as one: what each rule gave every lead at each of them, the scores with and without, who converted.

In: a few leads, a plan, a panel. Out: `Pooled`, one row for each snapshot and open lead. Called by `earning.py`.

One snapshot of a small team has a few dozen conversions, of which a rule touches a handful: too few to tell anything.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.sample import sample
from scoville.evidence.rules.left_out import trials_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.figures.sample import Floats, Ints, Sample
    from scoville.evidence.rules.left_out import RulePlace, Trial
    from scoville.evidence.sampled import Few
    from scoville.evidence.snapshots import Panel
    from scoville.plan.compile import Plan

MOST_SNAPSHOTS = 12  # a year of months; what lies between two of them says hardly more, and every one costs time
STALE = timedelta(days=90)  # three of the usual half-lives: what happened before says little about this week


@dataclass(frozen=True)
class Pooled:
    """Rows of some snapshots, one after the other.

    `given` has score, outcome and lead of each row, `segment` the number of the lead's segment. `points` is rules by
    rows; `without` has a score per row for each rule, null where there is none; `stale_shares` one number per rule,
    null where it gives nobody points.
    """

    rules: tuple[RulePlace, ...]
    given: Sample
    segment: Ints
    points: Floats
    without: tuple[Floats | None, ...]
    stale_shares: tuple[float | None, ...]


def pooled(few: Few, plan: Plan, panel: Panel) -> Pooled:
    """Every rule tried at up to 12 snapshots, spread evenly over the panel, on those of a few leads open then."""
    at = spread_evenly(len(panel.as_of), MOST_SNAPSHOTS)
    tried = [
        _tried(trial, few, panel, number)
        for number, trial in zip(at, trials_of(few, plan, [panel.as_of[number] for number in at]), strict=True)
    ]
    rows = np.concatenate([one.rows for one in tried])
    points = np.concatenate([one.points for one in tried], axis=1)
    return Pooled(
        rules=tried[0].rules,
        given=sample(np.concatenate([one.score for one in tried]), panel.won[rows], panel.lead[rows]),
        segment=np.concatenate([one.segment for one in tried]),
        points=points,
        without=tuple(_joined(scores) for scores in zip(*(one.without for one in tried), strict=True)),
        stale_shares=_shares(np.sum([one.stale for one in tried], axis=0), np.abs(points).sum(axis=1)),
    )


def spread_evenly(snapshots: int, most: int) -> list[int]:
    """The numbers of at most so many snapshots, the first and the last among them."""
    places = np.linspace(0, snapshots - 1, min(most, snapshots)) if snapshots > 1 else np.zeros(1)
    return [int(place) for place in places.round()]


@dataclass(frozen=True)
class _Tried:
    """One snapshot: its rows of the panel, and what `Pooled` has of them; `stale` are points by rule."""

    rules: tuple[RulePlace, ...]
    rows: Ints
    score: Floats
    segment: Ints
    points: Floats
    without: tuple[Floats | None, ...]
    stale: Floats


def _tried(trial: Trial, few: Few, panel: Panel, snapshot: int) -> _Tried:
    rows = few.rows(panel, snapshot)
    open_ = few.places(panel, rows)
    points, fresh = trial.points[:, open_], trial.points_since(STALE)[:, open_]
    left_out = (trial.scores_without(rule) for rule in trial.rules)
    return _Tried(
        trial.rules, rows, trial.scores[open_], trial.segment[open_], points,
        tuple(scores[open_] if scores is not None else None for scores in left_out), _stale(points, fresh),
    )  # fmt: skip


def _joined(scores: Sequence[Floats | None]) -> Floats | None:
    known = [one for one in scores if one is not None]
    return np.concatenate(known) if len(known) == len(scores) else None


def _stale(points: Floats, fresh: Floats) -> Floats:
    """Per rule, the points that would not be there had nothing happened before the last 90 days."""
    kept = np.clip(np.divide(fresh, points, out=np.ones_like(points), where=points != 0), 0, 1)
    stale: Floats = (np.abs(points) * (1 - kept)).sum(axis=1)
    return stale


def _shares(stale: Floats, given: Floats) -> tuple[float | None, ...]:
    return tuple(float(old / whole) if whole else None for old, whole in zip(stale, given, strict=True))
