"""Where is it wrong? Leads that converted with a low score, leads that did not with a high one, and what they share.

In: a history, a few of its leads, a plan, a panel. Out: `Misses`. Called by `backtest.py`. Read `find_misses` first.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime  # noqa: TC003 - kept figures are read back by the types of their fields
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.evidence.figures.sample import FEW, counted, even_groups, levels
from scoville.evidence.rules.features import features_of
from scoville.evidence.rules.in_common import Common, in_common
from scoville.plan.people import used_traits
from scoville.words import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from scoville.evidence.figures.sample import Bools, Floats, Ints
    from scoville.evidence.history import History
    from scoville.evidence.leaks.named import Leak
    from scoville.evidence.rules.features import Feature
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
            "as_of": iso(self.as_of),
            "leads": self.leads,
            "overlooked": _plain(self.overlooked),
            "overrated": _plain(self.overrated),
        }


def _plain(group: Group) -> dict[str, Any]:
    values = asdict(group)
    shown = [{**miss, "won_at": iso(miss["won_at"])} for miss in values["shown"]]
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
    below, top = (low == 0) & tells, (high == high.max(initial=0)) & tells
    picked = np.concatenate([_picked(score, below & won, 1), _picked(score, top & ~won, -1)])
    shown = _shown(asked, picked)
    return Misses(
        as_of,
        score.size,
        _group(asked, features, shown, below, won, _OVERLOOKED),
        _group(asked, features, shown, top, ~won, _OVERRATED),
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


_OVERLOOKED = _Words("low-scoring leads that converted", "the other low-scoring ones")
_OVERRATED = _Words("high-scoring leads that did not convert", "those that did")


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


def _group(
    asked: _Asked,
    features: Sequence[Feature],
    shown: Mapping[int, Miss],
    range_: Bools,
    missed: Bools,
    words: _Words,
) -> Group:
    group, others = range_ & missed, range_ & ~missed
    scores = asked.score[range_]
    reason = _cannot_tell(group, others, words) if scores.size else "cannot tell: all scores are equal"
    found = () if reason else in_common(features, group, others, _sayer(words), _reader(asked.plan))
    return Group(
        from_=float(scores.min()) if scores.size else None,
        to=float(scores.max()) if scores.size else None,
        leads=int(range_.sum()),
        misses=int(group.sum()),
        shown=tuple(miss for place, miss in shown.items() if group[place]),
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


def _picked(score: Floats, group: Bools, sign: int) -> Ints:
    """The places of at most 10 of a group: the lowest scores first, or with sign -1 the highest."""
    places = np.flatnonzero(group)
    return places[np.argsort(sign * score[places], kind="stable")[:MOST_SHOWN]]


def _shown(asked: _Asked, picked: Ints) -> dict[int, Miss]:
    """The leads at some places, in their order, each with every point of its score."""
    if not picked.size:
        return {}
    lead_no = asked.few.lead[asked.open_[picked]].tolist()
    known, given = _known(asked, lead_no), _contributions(asked, lead_no)
    found = {}
    for lead, place in zip(lead_no, picked.tolist(), strict=True):
        lead_id, won_at = known[lead]
        at = won_at if asked.won[place] else None
        found[place] = Miss(lead_id, float(asked.score[place]), at, tuple(given.get(lead, ())))
    return found


def _known(asked: _Asked, lead_no: Sequence[int]) -> dict[int, tuple[str, datetime | None]]:
    """Each lead's id, and when it was first won."""
    numbers = ", ".join(map(str, lead_no))
    rows = asked.history.engine.arrow(
        f"SELECT lead_no, lead_id, won_at FROM panel_leads WHERE lead_no IN ({numbers})"  # noqa: S608 - our own numbers
    )
    return {row["lead_no"]: (str(row["lead_id"]), row["won_at"]) for row in rows.to_pylist()}


def _contributions(asked: _Asked, lead_no: Sequence[int]) -> dict[int, list[Given]]:
    """Every contribution to some leads: the plan run on them alone."""
    few, numbers = asked.few, ", ".join(map(str, lead_no))
    few.bind(asked.plan, asked.as_of)
    rows = few.engine.arrow(
        f"WITH shown AS (SELECT lead_id, lead_no FROM few WHERE lead_no IN ({numbers})), "  # noqa: S608 - as above
        "leads AS (FROM temp.main.leads SEMI JOIN shown USING (lead_id))"
        f"{', events AS (FROM temp.main.events SEMI JOIN shown USING (lead_id))' if few.has_events else ''} "
        f"SELECT s.lead_no, c.section, c.rule, c.points FROM ({asked.plan.sql('contributions', few.engine.dialect)}) c "
        "JOIN shown s USING (lead_id) ORDER BY lead_id, section, points DESC, rule"
    )
    found: dict[int, list[Given]] = {}
    for row in rows.to_pylist():
        found.setdefault(row["lead_no"], []).append(Given(row["section"], row["rule"], row["points"]))
    return found
