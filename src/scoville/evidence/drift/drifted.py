"""Has a model drifted? Its new leads at one instant against those of an earlier one, or against a saved baseline.

In: a history, a plan, and which instants. Out: a `Drift`, and the `Profile` of now, which can be kept as a baseline.
Called by `scoville drift`. Read `find_drift` first.

It has drifted where something moved so far (population stability index 0.25 or more, or less than a tenth of it left)
that chance does so at most once in a hundred runs, where the AUC fell, or where the conversion rate changed, each so
far that chance does it at most once in two hundred. A scheduler that asks every week would otherwise cry wolf every few
months.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, replace
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scoville.errors import DataError, UsageError
from scoville.evidence.drift.moved import Moved, moved, unmatched
from scoville.evidence.drift.profile import Judged, Profile, Reader, created_of, only, profile_of
from scoville.evidence.drift.psi import SHIFTED
from scoville.evidence.drift.stability import moved_words
from scoville.evidence.drift.then_and_now import Difference, StageShare, auc_difference, rate_difference, stage_shares
from scoville.evidence.figures.ranking import ranking
from scoville.evidence.history import DEFAULT_HORIZON
from scoville.evidence.sampled import few_of
from scoville.evidence.snapshots import Panel, Span, build_panel
from scoville.words import iso

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from scoville.evidence.drift.profile import Column, Created
    from scoville.evidence.history import History
    from scoville.plan.compile import Plan

WINDOW = timedelta(days=90)
APART = timedelta(days=180)  # between the two instants, where nobody says: twice the window, so that no lead is in both
_DAY = timedelta(days=1)


@dataclass(frozen=True)
class Drift:
    """A model's new leads now against those of the base. `reasons` say why it has drifted; empty when it has not."""

    model: str
    model_version: str
    base_as_of: datetime
    now_as_of: datetime
    window_days: float | None
    base_leads: int
    now_leads: int
    drifted: bool
    verdict: str
    reasons: tuple[str, ...]
    to_do: tuple[str, ...]
    moved: tuple[Moved, ...]
    stages: tuple[StageShare, ...]
    auc: Difference
    rate: Difference
    notes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON; instants are ISO 8601 and end in Z."""
        return {
            **{name: value for name, value in vars(self).items() if name not in {"auc", "rate"}},
            "base_as_of": iso(self.base_as_of),
            "now_as_of": iso(self.now_as_of),
            "reasons": list(self.reasons),
            "to_do": list(self.to_do),
            "moved": [one.to_dict() for one in self.moved],
            "stages": [asdict(one) for one in self.stages],
            "auc": asdict(self.auc),
            "rate": asdict(self.rate),
            "notes": list(self.notes),
        }


@dataclass(frozen=True)
class Asked:
    """Which instants to compare, of leads how old, judged by outcomes how far ahead.

    `now` None: the end of the data. `base` None: 180 days before. `window` None: all open leads. `limit` is the
    population stability index from which something has drifted.
    """

    base: datetime | None = None
    now: datetime | None = None
    window: timedelta | None = WINDOW
    horizon: timedelta = DEFAULT_HORIZON
    limit: float = SHIFTED


def find_drift(
    history: History,
    plan: Plan,
    asked: Asked,
    baseline: Profile | None = None,
    progress: Callable[[int, int], None] = lambda _done, _all: None,
) -> tuple[Drift, Profile]:
    """Compare two instants of a model, or now with a baseline, whose window of new leads is then taken.

    Gives the profile of now too, to be kept as the next baseline.

    Raises: UsageError for instants that cannot be compared; DataError without leads at either.
    """
    if baseline is not None:  # leads of another age are another crowd
        days = baseline.window_days
        asked = replace(asked, window=None if days is None else timedelta(days=days))
    span = history.span
    now = asked.now or span.end
    base = baseline.as_of if baseline is not None else asked.base or _default_base(now, asked, span)
    if base >= now:
        told = "compare it with later data" if baseline is not None else "give an earlier --from or a later --to"
        what = "the baseline" if baseline is not None else "the base"
        raise UsageError(f"{what} of {base:%Y-%m-%d} is not before {now:%Y-%m-%d}: {told}")
    instants = (now,) if baseline is not None else (base, now)
    seen = _looked_at(history, plan, asked, span, instants, progress)
    before = baseline if baseline is not None else _profile(seen, 0)
    columns = seen.reader.columns(len(instants) - 1)
    after = _profile(seen, len(instants) - 1, columns)
    return _drift(plan, asked, before, after, columns, _notes(before, after, columns, span)), after


def profile_now(
    history: History, plan: Plan, asked: Asked, progress: Callable[[int, int], None] = lambda _done, _all: None
) -> Profile:
    """The leads of one instant, to be kept as a baseline. Raises: DataError without leads."""
    span = history.span
    return _profile(_looked_at(history, plan, asked, span, (asked.now or span.end,), progress), 0)


def no_outcomes() -> pa.Table:
    """What to read as outcomes where there are none: all leads stay open, and only the leads can be compared."""
    import pyarrow as pa  # noqa: PLC0415 - only here

    return pa.table({"lead_id": pa.array([], pa.string()), "at": pa.array([], pa.timestamp("us"))})


def _default_base(now: datetime, asked: Asked, span: Span) -> datetime:
    base = now - APART
    if base - (asked.window or timedelta(0)) < span.start - _DAY:
        raise UsageError(
            f"say what to compare with: --from DATE or --baseline FILE. The data begin on {span.start:%Y-%m-%d}, too "
            f"late for new leads of {APART.days} days ago"
        )
    return base


# What was seen


@dataclass(frozen=True)
class _Seen:
    """New leads at the instants asked for, and at those whose horizon is over."""

    reader: Reader
    judged: tuple[Judged | None, ...]
    window: timedelta | None


def _looked_at(
    history: History,
    plan: Plan,
    asked: Asked,
    span: Span,
    instants: Sequence[datetime],
    progress: Callable[[int, int], None],
) -> _Seen:
    """The leads of each instant, and of the latest one not after it whose horizon lies within the data."""
    over = [min(instant, span.end - asked.horizon) for instant in instants] if history.outcomes.rows else []
    every = (*instants, *(instant for instant in dict.fromkeys(over) if instant not in instants))
    history.bind(plan, every[0])
    panel = build_panel(
        history.engine, plan, every, asked.horizon, history.won, progress=lambda done: progress(done, len(every))
    )
    created = created_of(history.engine)
    new = only(panel, created.within(panel, asked.window))
    for number, instant in enumerate(instants):
        _check_leads(new, number, instant, asked, created)
    judged = [_judged(new, every.index(instant), asked, span) for instant in over] or [None] * len(instants)
    shown = only(new, new.snapshot < len(instants))
    return _Seen(Reader(few_of(history, shown), plan, shown), tuple(judged), asked.window)


def _check_leads(new: Panel, number: int, instant: datetime, asked: Asked, created: Created) -> None:
    if (new.snapshot == number).any():
        return
    if asked.window is None:
        raise DataError(f"no lead was open on {instant:%Y-%m-%d}: give other --from and --to")
    first = created.first()
    begin = f"The first lead came on {first:%Y-%m-%d}" if first is not None else "Leads have no date of creation"
    raise DataError(
        f"no lead was created within {asked.window / _DAY:g} days before {instant:%Y-%m-%d}. {begin}: give another "
        "date, or --window all for all open leads"
    )


def _judged(new: Panel, number: int, asked: Asked, span: Span) -> Judged | None:
    as_of = new.as_of[number]
    here = new.snapshot == number
    if as_of < span.start or not here.any():
        return None
    figures = ranking(new.score[here], new.won[here], new.lead[here])
    return Judged(
        as_of, asked.horizon / _DAY, figures.leads, figures.conversions, figures.auc, figures.auc_se,
        figures.cannot_tell,
    )  # fmt: skip


def _profile(seen: _Seen, number: int, columns: tuple[Column, ...] | None = None) -> Profile:
    reader = seen.reader
    columns = columns if columns is not None else reader.columns(number)
    return replace(
        profile_of(reader.plan, reader.panel.as_of[number], seen.window, columns), judged=seen.judged[number]
    )


# What it comes to


def _drift(
    plan: Plan, asked: Asked, before: Profile, after: Profile, columns: tuple[Column, ...], notes: Sequence[str]
) -> Drift:
    found = moved(before, columns)
    auc, rate = auc_difference(before.judged, after.judged), rate_difference(before.judged, after.judged)
    far = [one for one in found if one.is_gone or (one.has_moved and (one.shift.psi or 0.0) >= asked.limit)]
    reasons = [_reason(one) for one in far] + _outcome_reasons(auc, rate)
    return Drift(
        model=plan.model.name,
        model_version=plan.model.version,
        base_as_of=before.as_of,
        now_as_of=after.as_of,
        window_days=after.window_days,
        base_leads=before.leads,
        now_leads=after.leads,
        drifted=bool(reasons),
        verdict=_verdict(reasons, found, before),
        reasons=tuple(reasons),
        to_do=tuple(_to_do(far, auc, rate)),
        moved=found,
        stages=tuple(stage_shares(before, after)),
        auc=auc,
        rate=rate,
        notes=tuple(notes),
    )


def _reason(one: Moved) -> str:
    what = one.name if one.kind == "score" else f"{one.kind} {one.name}"
    how = "is as good as gone" if one.is_gone else "has shifted"
    return f"{what} {how} (PSI {one.shift.psi:.2f}): {one.sentence}"


def _outcome_reasons(auc: Difference, rate: Difference) -> list[str]:
    lines = [f"it ranks worse: AUC {auc.now:.2f} now, {auc.base:.2f} then"] if auc.is_real else []
    return lines + ([f"another share converts: {rate.now:.1%} now, {rate.base:.1%} then"] if rate.is_real else [])


def _verdict(reasons: Sequence[str], found: Sequence[Moved], before: Profile) -> str:
    said = moved_words(found, before.as_of)
    if not reasons:
        is_told = any(one.shift.word != "cannot tell" for one in found)
        return f"not drifted: {said}" if is_told else f"not shown to have drifted: {said}"
    return f"has drifted: {reasons[0]}" + (f" - and {len(reasons) - 1} more" if len(reasons) > 1 else "")


def _to_do(far: Sequence[Moved], auc: Difference, rate: Difference) -> list[str]:
    lines = [f"{one.name}: {one.advice}" for one in far]
    if auc.is_real:
        lines.append("tune the model again: scoville validate shows which rules still earn their place")
    if rate.is_real:
        lines.append("a score promises something else now: set probabilities and lines anew (scoville threshold)")
    return lines


def _notes(before: Profile, after: Profile, columns: Sequence[Column], span: Span) -> list[str]:
    notes = []
    if before.model != after.model:
        notes.append(f"the baseline is of another model, '{before.model}'; this is '{after.model}'")
    elif before.model_version != after.model_version:
        notes.append(
            f"the baseline is of another version of the model ({before.model_version}, this is {after.model_version}): "
            "what moved may be the model itself"
        )
    window = timedelta(days=after.window_days) if after.window_days is not None else None
    if window is not None and before.as_of - window < span.start - _DAY and before.as_of >= span.start:
        notes.append(f"the data begin on {span.start:%Y-%m-%d}: leads of the base are younger than those of now")
    if window is None:
        notes.append("all open leads are compared: that they have grown older alone moves them")
    return notes + unmatched(before, columns)
