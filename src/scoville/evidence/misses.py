"""Where is it wrong? Leads that converted with a low score, leads that did not with a high one, and what they share.

In: a history, a few of its leads, a plan, a panel. Out: `Misses`. Called by `backtest.py`. Read `find_misses` first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.evidence.features import features_of
from scoville.evidence.in_common import Common, in_common
from scoville.evidence.sample import FEW, counted, even_groups, levels
from scoville.plan.people import used_traits

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from scoville.evidence.features import Feature
    from scoville.evidence.history import History
    from scoville.evidence.leaks import Leak
    from scoville.evidence.sample import Bools, Floats, Ints
    from scoville.evidence.sampled import Few
    from scoville.evidence.snapshots import Panel
    from scoville.plan.compile import Plan

HALVES, TENTHS = 2, 10
MOST_SHOWN = 10


@dataclass(frozen=True)
class Given:
    """Points that one rule (or limit) gave a lead."""

    section: str
    rule: str
    points: float


@dataclass(frozen=True)
class Miss:
    """A lead whose score did not say what became of it, with every point of the score; `won_at` is null without one."""

    lead_id: str
    score: float
    won_at: datetime | None
    contributions: tuple[Given, ...]


@dataclass(frozen=True)
class Group:
    """Leads that the score got wrong, within a range of scores from `from_` to `to`, both included.

    `misses` of the `leads` in the range; `shown` are at most 10 of them, the farthest off first. `in_common` is what
    the misses have more often than the other leads of the range; `cannot_tell` says why nothing can be said of that.
    """

    from_: float | None
    to: float | None
    leads: int
    misses: int
    shown: tuple[Miss, ...]
    in_common: tuple[Common, ...]
    cannot_tell: str | None


@dataclass(frozen=True)
class Misses:
    """Where the score was wrong at one snapshot, among `leads` open leads (at most 20,000 of them).

    `overlooked` converted from the lower half by score; `overrated` did not from the best tenth. Tied scores stay on
    one side, so that a half may be less, or more, than one.
    """

    as_of: datetime
    leads: int
    overlooked: Group
    overrated: Group

    def to_dict(self) -> dict[str, Any]:
        """Plain values; instants are ISO 8601 and end in Z."""
        return {
            "as_of": f"{self.as_of.isoformat()}Z",
            "leads": self.leads,
            "overlooked": _plain(self.overlooked),
            "overrated": _plain(self.overrated),
        }


def _plain(group: Group) -> dict[str, Any]:
    values = asdict(group)
    shown = [
        {**miss, "won_at": f"{miss['won_at'].isoformat()}Z" if miss["won_at"] is not None else None}
        for miss in values["shown"]
    ]
    return {"from": values.pop("from_"), **values, "shown": shown}


def find_misses(
    history: History, few: Few, plan: Plan, panel: Panel, snapshot: int, leaks: Sequence[Leak] = ()
) -> Misses:
    """What the score got wrong among those of a few leads that were open at one snapshot.

    Columns that leak the outcome are no answer to what was overlooked: they are left out.
    """
    as_of, rows = panel.as_of[snapshot], few.rows(panel, snapshot)
    score, won, open_ = panel.score[rows], panel.won[rows], few.places(panel, rows)
    asked = _Asked(history, few, plan, as_of, score, won, open_)
    not_asked = {*(leak.name for leak in leaks), *([history.outcome_column] if history.outcome_column else [])}
    features = features_of(few, as_of, open_, not_asked)
    low, high = _group_of(score, HALVES), _group_of(score, TENTHS)
    tells = score.size > 0 and score.min() < score.max()
    below = (low == 0) & tells
    top = (high == high.max(initial=0)) & tells
    return Misses(
        as_of,
        score.size,
        _group(asked, features, below, won, _Words("low-scoring leads that converted", "the other low-scoring ones")),
        _group(asked, features, top, ~won, _Words("high-scoring leads that did not convert", "those that did")),
    )


def _group_of(score: Floats, groups: int) -> Ints:
    """Which of some even groups by score each lead is in, from the lowest; ties share one."""
    if not score.size:
        return np.zeros(0, dtype=np.int64)
    _, level = levels(score)
    return even_groups(np.bincount(level).astype(np.float64), groups)[level]


@dataclass(frozen=True)
class _Words:
    """What the misses are called, and the other leads of their range."""

    misses: str
    others: str


@dataclass(frozen=True)
class _Asked:
    """The open leads that are looked at: arrays in the order of `open_`, their places in `few`."""

    history: History
    few: Few
    plan: Plan
    as_of: datetime
    score: Floats
    won: Bools
    open_: Ints


def _group(asked: _Asked, features: Sequence[Feature], range_: Bools, missed: Bools, words: _Words) -> Group:
    group, others = range_ & missed, range_ & ~missed
    scores = asked.score[range_]
    reason = _cannot_tell(group, others, words) if scores.size else "cannot tell: all scores are equal"
    found = () if reason else in_common(features, group, others, _sayer(words), _reader(asked.plan))
    return Group(
        from_=float(scores.min()) if scores.size else None,
        to=float(scores.max()) if scores.size else None,
        leads=int(range_.sum()),
        misses=int(group.sum()),
        shown=_shown(asked, group),
        in_common=found,
        cannot_tell=reason,
    )


def _cannot_tell(group: Bools, others: Bools, words: _Words) -> str | None:
    if group.sum() < FEW:
        return f"cannot tell: {int(group.sum()) or 'no'} {words.misses}"
    if others.sum() < FEW:
        return f"cannot tell: {counted(int(others.sum()), 'lead')} to hold them against"
    return None


def _sayer(words: _Words) -> Callable[[Feature, int, int, float], str]:
    def say(feature: Feature, with_it: int, leads: int, others_share: float) -> str:
        share = f"{others_share:.0%}".replace("%", " %")
        return f"{with_it:,} of {leads:,} {words.misses} {feature.says}; of {words.others} {share}"

    return say


def _reader(plan: Plan) -> Callable[[Feature], bool]:
    """Whether a rule reads what a feature speaks of; one about every event reads none in particular."""
    traits = set(used_traits(plan.model, plan.ledger))
    events = {name for entry in plan.ledger.events for name in entry.rule.event}
    return lambda feature: feature.name in (traits if feature.kind == "trait" else events)


def _shown(asked: _Asked, group: Bools) -> tuple[Miss, ...]:
    """The misses that are farthest off: lowest scores of leads that converted, highest of those that did not."""
    places = np.flatnonzero(group)
    if not places.size:
        return ()
    sign = 1 if asked.won[places[0]] else -1
    chosen = places[np.argsort(sign * asked.score[places], kind="stable")[:MOST_SHOWN]]
    lead_no = asked.few.lead[asked.open_[chosen]].tolist()
    known, given = _won_at(asked, lead_no), _contributions(asked, lead_no)
    return tuple(
        Miss(known[lead][0], float(asked.score[place]), known[lead][1] if sign > 0 else None, given.get(lead, ()))
        for lead, place in zip(lead_no, chosen.tolist(), strict=True)
    )


def _won_at(asked: _Asked, lead_no: Sequence[int]) -> dict[int, tuple[str, datetime | None]]:
    """Each lead's id, and when it was first won."""
    numbers = ", ".join(map(str, lead_no))
    rows = asked.history.engine.arrow(
        f"SELECT lead_no, lead_id, won_at FROM panel_leads WHERE lead_no IN ({numbers})"  # noqa: S608 - our own numbers
    )
    return {row["lead_no"]: (str(row["lead_id"]), row["won_at"]) for row in rows.to_pylist()}


def _contributions(asked: _Asked, lead_no: Sequence[int]) -> dict[int, tuple[Given, ...]]:
    import pyarrow as pa  # noqa: PLC0415 - only here
    import pyarrow.compute as pc  # noqa: PLC0415 - as above

    rows = asked.few.contributions(asked.plan, asked.as_of)
    found: dict[int, tuple[Given, ...]] = {}
    for row in rows.filter(pc.is_in(rows["lead_no"], value_set=pa.array(lead_no))).to_pylist():
        given = Given(row["section"], row["rule"], row["points"])
        found[row["lead_no"]] = (*found.get(row["lead_no"], ()), given)
    return found
