"""Does it still hold? A model from snapshot to snapshot: does it rank as well, do as many convert, are leads the same?

In: a history, a plan, its panel and a few of its leads. Out: a `Stability`, with plain sentences first. Called by
`scoville validate`.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.evidence.drift.change import Change, auc_change, rate_change
from scoville.evidence.drift.moved import Moved, indices, moved
from scoville.evidence.drift.profile import Created, Reader, created_of, only, profile_of
from scoville.evidence.figures.ranking import ranking
from scoville.evidence.figures.sample import counted, wilson
from scoville.words import iso

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scoville.evidence.figures.sample import Bools
    from scoville.evidence.history import History
    from scoville.evidence.sampled import Few
    from scoville.evidence.snapshots import Panel
    from scoville.model.load import Model
    from scoville.plan.compile import Plan

REVIEW_DAYS, RETUNE_DAYS, DISTRUST_DAYS = 30, 90, 180
_DAY = timedelta(days=1)
_NAMED = 3  # columns in a sentence, to begin with
_WINDOW = timedelta(days=28), timedelta(days=90)  # the shortest and the longest time within which leads are new


@dataclass(frozen=True)
class Share:
    """A share of leads between 0 and 1 with its Wilson interval; None of nobody."""

    value: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True)
class SnapshotHold:
    """One snapshot of all open leads, and of the new ones among them.

    `above` is the share of leads at or above each stage's threshold. `cannot_tell` says why a figure of all open leads
    is missing or not to be relied on. `is_whole` is false where the data begin within the window of the new ones.
    """

    as_of: datetime
    leads: int
    conversions: int
    rate: Share
    auc: Share
    top_quarter: Share
    bottom_quarter: Share
    above: dict[str, Share]
    cannot_tell: str | None
    new_leads: int
    new_conversions: int
    new_rate: Share
    new_auc: Share
    is_whole: bool


@dataclass(frozen=True)
class ColumnOverTime:
    """The population stability index of one column at each snapshot after the base; None before, and of nobody."""

    kind: str
    name: str
    section: str | None
    psi: tuple[float | None, ...]


@dataclass(frozen=True)
class Stability:
    """Whether a model still holds; read `sentences` first.

    Changes are told of **new** leads: created within `window_days` before their snapshot (None: all open ones, where
    leads have no dates), at snapshots that are whole. `moved` compares those of the last snapshot with those of the
    base one, `over_time` has every snapshot against the base; both are empty where there is nothing to compare. `falls`
    says whether the AUC falls beyond chance. `age_days` is None where nobody said since when the model is in use.
    """

    sentences: tuple[str, ...]
    advice: str
    falls: bool
    age_days: float | None
    snapshots: tuple[SnapshotHold, ...]
    auc_change: Change
    rate_change: Change
    base_as_of: datetime | None
    last_as_of: datetime
    window_days: float | None
    moved: tuple[Moved, ...]
    over_time: tuple[ColumnOverTime, ...]

    @property
    def review_in_days(self) -> int | None:
        """How soon to look at the model again; 0: now. None where nobody said how old it is and nothing is wrong."""
        if self.falls:
            return 0
        return None if self.age_days is None else max(0, math.ceil(REVIEW_DAYS - self.age_days))

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; instants are ISO 8601 and end in Z."""
        return {
            **{name: getattr(self, name) for name in ("advice", "falls", "age_days", "window_days")},
            "sentences": list(self.sentences),
            "base_as_of": iso(self.base_as_of),
            "last_as_of": iso(self.last_as_of),
            "auc_change": asdict(self.auc_change),
            "rate_change": asdict(self.rate_change),
            "snapshots": [{**asdict(one), "as_of": iso(one.as_of)} for one in self.snapshots],
            "moved": [one.to_dict() for one in self.moved],
            "over_time": [{**asdict(one), "psi": list(one.psi)} for one in self.over_time],
        }


def stability(
    history: History,
    plan: Plan,
    panel: Panel,
    few: Few,
    model_since: datetime | None = None,
    now: datetime | None = None,
) -> Stability:
    """How a model did from snapshot to snapshot, and how far its leads have moved.

    Args:
        history: whose panel was built last in its engine.
        plan: the model's plan.
        panel: every snapshot; the figures of each are of all open leads.
        few: some of its leads, for rules and traits.
        model_since: since when the model is in use; the first snapshot after it is then what others are compared with.
        now: for the age of the model; None: the end of the last horizon. Naive UTC, as all instants.
    """
    scope = _scope(panel, created_of(history.engine), model_since)
    holds = tuple(_hold(plan.model, panel, scope, number) for number in range(len(panel.as_of)))
    changes = _changes(only(panel, scope.new & np.isin(np.arange(len(panel.as_of)), scope.whole)[panel.snapshot]))
    compared, over_time = _compared(few, plan, panel, scope)
    end = now if now is not None else panel.as_of[-1] + (panel.horizon or timedelta(0))
    age_days = (end - model_since) / _DAY if model_since is not None else None
    return Stability(
        sentences=tuple(_sentences(holds, changes, compared, panel.as_of[scope.base])),
        advice=advice_for(age_days, falls=changes[0].falls),
        falls=changes[0].falls,
        age_days=age_days,
        snapshots=holds,
        auc_change=changes[0],
        rate_change=changes[1],
        base_as_of=panel.as_of[scope.base] if compared else None,
        last_as_of=panel.as_of[-1],
        window_days=scope.window / _DAY if scope.window is not None else None,
        moved=compared,
        over_time=over_time,
    )


def advice_for(age_days: float | None, *, falls: bool) -> str:
    """What to do about a model of this age: review at 30 days, re-tune at 90, distrust at 180 and falling."""
    if age_days is None:
        said = "how old the model is, is not known: say since when it is in use with --model-date"
        return f"it ranks worse than it did: tune it again; {said}" if falls else said
    aged = f"the model is {counted(round(age_days), 'day')} old"
    if falls and age_days >= DISTRUST_DAYS:
        return f"{aged} and ranks worse than it did: do not trust it until it is tuned again"
    if falls:
        return f"{aged} and ranks worse than it did already: tune it again"
    if age_days >= RETUNE_DAYS:
        return f"{aged}: tune it again, even if nothing is shown to have changed"
    if age_days >= REVIEW_DAYS:
        return f"{aged}: look through its rules with sales"
    return f"{aged}: nothing to do yet; review it at {REVIEW_DAYS} days"


def _changes(panel: Panel) -> tuple[Change, Change]:
    return (
        auc_change(panel.score, panel.won, panel.lead, panel.snapshot, panel.as_of),
        rate_change(panel.won, panel.lead, panel.snapshot, panel.as_of),
    )


def _hold(model: Model, panel: Panel, scope: _Scope, number: int) -> SnapshotHold:
    here = panel.snapshot == number
    score, new, figures = panel.score[here], scope.new & here, panel.rankings[number]
    among_new = ranking(panel.score[new], panel.won[new], panel.lead[new])
    return SnapshotHold(
        as_of=panel.as_of[number],
        leads=figures.leads,
        conversions=figures.conversions,
        rate=_share(figures.conversions, figures.leads),
        auc=Share(figures.auc, figures.auc_low, figures.auc_high),
        top_quarter=Share(figures.top_quarter_rate, *(figures.top_quarter_interval or (None, None))),
        bottom_quarter=Share(figures.bottom_quarter_rate, *(figures.bottom_quarter_interval or (None, None))),
        above={stage.name: _share(int((score >= stage.from_).sum()), score.size) for stage in model.stages},
        cannot_tell=figures.cannot_tell,
        new_leads=among_new.leads,
        new_conversions=among_new.conversions,
        new_rate=_share(among_new.conversions, among_new.leads),
        new_auc=Share(among_new.auc, among_new.auc_low, among_new.auc_high),
        is_whole=number in scope.whole,
    )


def _share(part: int, whole: int) -> Share:
    return Share(part / whole, *wilson(part, whole)) if whole else Share(None, None, None)


# Which leads to compare


@dataclass(frozen=True)
class _Scope:
    """Which rows of a panel are of new leads, which snapshots have a whole window of them, and which is the base."""

    window: timedelta | None
    new: Bools
    whole: tuple[int, ...]
    base: int


def _scope(panel: Panel, created: Created, model_since: datetime | None) -> _Scope:
    """The base is the first whole snapshot since the model is in use, or else the first whole one."""
    first, window = created.first(), _window(panel, created)
    whole = [
        number
        for number, as_of in enumerate(panel.as_of)
        if window is None or first is None or as_of - window >= first - _DAY
    ]
    since = [n for n in whole[:-1] if model_since is None or panel.as_of[n] >= model_since]
    return _Scope(window, created.within(panel, window), tuple(whole), next(iter((*since, *whole)), 0))


def _window(panel: Panel, created: Created) -> timedelta | None:
    """How old a new lead may be: the time between snapshots, 28 to 90 days, so that most leads are new only once."""
    if created.first() is None or len(panel.as_of) == 1:
        return None
    gap = min(later - earlier for earlier, later in pairwise(panel.as_of))
    return min(max(gap, _WINDOW[0]), _WINDOW[1])


def _compared(
    few: Few, plan: Plan, panel: Panel, scope: _Scope
) -> tuple[tuple[Moved, ...], tuple[ColumnOverTime, ...]]:
    base, last = scope.base, len(panel.as_of) - 1
    if base == last:
        return (), ()
    reader = Reader(few, plan, only(panel, scope.new))
    profile = profile_of(plan, panel.as_of[base], scope.window, reader.columns(base))
    later = {number: reader.columns(number) for number in range(base + 1, last + 1)}
    found = {number: indices(profile, columns) for number, columns in later.items()}
    over_time = tuple(
        ColumnOverTime(
            one.kind, one.name, one.section,
            tuple(found.get(number, {}).get((one.kind, one.section, one.name)) for number in range(last + 1)),
        )
        for one in profile.columns
    )  # fmt: skip
    return moved(profile, later[last]), over_time


# In words


def _sentences(
    holds: Sequence[SnapshotHold], changes: tuple[Change, Change], compared: Sequence[Moved], base: datetime
) -> list[str]:
    if len(holds) == 1:
        return ["cannot tell whether it still holds: there is one snapshot"]
    return [_auc_words(changes[0]), _rate_words(changes[1]), moved_words(compared, base)]


def _auc_words(change: Change) -> str:
    if change.cannot_tell is not None or change.per_month is None:
        return f"whether it ranks new leads as well as before: {change.cannot_tell}"
    slope = f"its AUC {'falls' if change.per_month < 0 else 'rises'} by {abs(change.per_month):.3f} a month"
    if change.falls:
        return f"it ranks new leads worse and worse: {slope}, beyond chance"
    if change.rises:
        return f"it ranks new leads better and better: {slope}, beyond chance"
    if change.changes:
        return "how well it ranks new leads goes up and down more than chance does"
    return f"it ranks new leads as well as before, as far as can be told ({slope}, which may be chance)"


def _rate_words(change: Change) -> str:
    if change.cannot_tell is not None or change.per_month is None:
        return f"whether as many new leads convert: {change.cannot_tell}"
    slope = f"{abs(change.per_month):.2%} {'fewer' if change.per_month < 0 else 'more'} a month"
    if change.falls or change.rises:
        word = "fewer" if change.falls else "more"
        return f"{word} new leads convert than did ({slope}): a score promises something else now"
    if change.changes:
        return "how many new leads convert goes up and down more than chance does"
    return f"as many new leads convert as before, as far as can be told ({slope}, which may be chance)"


def moved_words(compared: Sequence[Moved], base: datetime) -> str:
    """Which columns moved since the base, in one sentence."""
    if not compared or all(one.shift.word == "cannot tell" for one in compared):
        return "whether new leads look as before: cannot tell, there are too few"
    far = [one for one in compared if one.has_moved]
    if not far:
        return f"new leads look like those of {base:%-d %B %Y}: nothing the model reads or gives is shown to have moved"
    names = ", ".join(f"{one.name} (PSI {one.shift.psi:.2f})" for one in far[:_NAMED])
    more = f" and {len(far) - _NAMED} more" if len(far) > _NAMED else ""
    return f"new leads differ from those of {base:%-d %B %Y} in {names}{more}"
