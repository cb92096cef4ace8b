"""Evidence on the data of an installation: does a model predict, which of two is better, what does a trial show?

In: the store, and a question. Out: plain values that pages and the API tell, draw and move lines in, without the data.
Run by the worker as jobs of the kinds `evidence`, `compare` and `trial`. All statistics are those of `evidence/`.

A result names leads by their numbers in the store, never by their ids: who is forgotten later is forgotten here too.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from scoville.data.workspace import Workspace
from scoville.errors import DataError, UsageError
from scoville.evidence.backtest import Evidence, evidence_of
from scoville.evidence.drift.drifted import APART, WINDOW, find_drift
from scoville.evidence.drift.drifted import Asked as DriftAsked
from scoville.evidence.history import read_history
from scoville.evidence.kept import plain
from scoville.evidence.lines.positions import positions
from scoville.evidence.trial.assigning import ASSIGNED_AT, VARIANT, baseline, by_id_alone, count
from scoville.evidence.trial.experiment import read_experiment, variant_of, variants_of
from scoville.evidence.versus.compare import compare_models
from scoville.live.models.versions import text_of
from scoville.live.queries.proof import used_since
from scoville.live.store.people import leads
from scoville.live.workbench import history
from scoville.model.load import Model
from scoville.words import days as days_said
from scoville.words import iso

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping, Sequence

    import pyarrow as pa

    from scoville.evidence.history import History
    from scoville.evidence.rules.misses import Group
    from scoville.evidence.snapshots import Span
    from scoville.evidence.trial.experiment import Variant
    from scoville.live.jobs.kinds import Told
    from scoville.live.store.opening import Store
    from scoville.plan.compile import Plan

_TRIAL_LOADED = 0.5
_LOADED, _SCORED, _LINES = 0.1, 0.6, 0.9  # shares of the work of `evidence` that are done by then
_DAY = timedelta(days=1)
_SHORT_WINDOW = timedelta(days=28)  # in which leads are new, where there is less than a year
_MANY = 500  # ids looked up at once


@dataclass(frozen=True)
class Question:
    """What is asked of the past: who counts as won, how many days ahead, seen from which days."""

    won: tuple[str, ...]
    horizon: timedelta
    snapshots: str

    @classmethod
    def of(cls, asked: Mapping[str, Any]) -> Question:
        """From what a job was asked for."""
        return cls(tuple(asked["won"]), timedelta(days=asked["horizon_days"]), asked["snapshots"])


def run_evidence(store: Store, asked: Mapping[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    """Everything a backtest of one version shows, every place its line could stand, and how far its leads have drifted.

    Raises: DataError where the past is too short, or no lead was there; PlanError for a model that does not fit.
    """
    question = Question.of(asked)
    with _past(store, question, told, now) as past:
        return _evidence(store, asked["version_no"], past, question, told, now)


def _evidence(
    store: Store, version_no: int, past: History, question: Question, told: Told, now: datetime
) -> dict[str, Any]:
    model, since = _model(store, version_no), _since(store, version_no)
    plan = past.plan(model)
    panel = past.panel(
        plan, question.horizon, question.snapshots,
        partial(_step, told, _LOADED, _SCORED, "Scoring leads as they were"), with_today=True,
    )  # fmt: skip
    told(_SCORED, "Working out the figures, rule by rule")
    found = evidence_of(past, plan, panel, since, now)
    ids = {miss.lead_id for group in (found.misses.overlooked, found.misses.overrated) for miss in group.shown}
    step = partial(_step, told, _SCORED, _LINES, "Trying lines")
    lines = positions(past, plan, horizon=question.horizon, progress=step) if past.outcomes.has_dates else None
    told(_LINES, "Looking for drift")
    return {
        "evidence": plain(_numbered(found, _numbers(store, ids))),
        "positions": plain(lines) if lines is not None else None,
        "drift": _drift(past, plan, question),
        "baseline": _baseline(past, question),
        "until": iso(past.span.end),
    }


def run_compare(store: Store, asked: Mapping[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    """Two versions on the same past: which is better, and who changes stage. Raises: as `run_evidence`."""
    question = Question.of(asked)
    models = [_model(store, version) for version in asked["versions"]]
    with _past(store, question, told, now) as past:
        found = compare_models(
            past, models, [f"version {version}" for version in asked["versions"]],
            horizon=question.horizon, snapshots=question.snapshots, capacity=asked["capacity"],
            progress=partial(_step, told, _LOADED, _LINES, "Scoring leads as they were"),
        ).to_dict()  # fmt: skip
        until = iso(past.span.end)
    movers = found["versus_first"][0]["movers"]
    numbers = _numbers(store, {mover["lead_id"] for mover in movers})
    for mover in movers:
        mover["lead_no"] = numbers.get(mover.pop("lead_id"))
    return {**found, "until": until}


def run_trial(store: Store, asked: Mapping[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    """What a trial shows so far: of all leads created since it began, each in the variant that its id falls into.

    Raises: DataError when no lead came since then; UsageError for variants that are none.
    """
    since, named = datetime.fromisoformat(asked["since"]), variants_of(asked["variants"])
    past = history(store, now=now, won=tuple(asked["won"]), told=partial(_part, told, _TRIAL_LOADED))
    try:
        came = _created(past, since)
        outcomes = past.engine.arrow('SELECT lead_id, outcome, "at", value FROM outcomes')
    finally:
        past.engine.close()
    if not came:
        raise DataError(f"no lead was created since {since:%-d %B %Y}: there is nothing to read yet")
    told(_TRIAL_LOADED, "Counting by variant")
    assigned = _assigned(asked["name"], named, came)
    given = read_history(assigned, None, outcomes, won=past.won, workspace=by_id_alone(Workspace()), allow_others=True)
    ahead = timedelta(days=asked["horizon_days"]) if asked["horizon_days"] is not None else None
    counted = count(given, now, ahead)
    reading = read_experiment(counted.arms, named, planned=asked["planned"])
    return {**reading.to_dict(), "left_out": counted.left_out, "until": iso(now)}


def _assigned(trial: str, variants: tuple[Variant, ...], came: Sequence[tuple[str, datetime]]) -> pa.Table:
    import pyarrow as pa  # noqa: PLC0415 - only here

    return pa.table(
        {
            "lead_id": [lead_id for lead_id, _ in came],
            VARIANT: [variant_of(trial, lead_id, variants) for lead_id, _ in came],
            ASSIGNED_AT: pa.array([at for _, at in came], pa.timestamp("us")),
        }
    )


# The past


@contextmanager
def _past(store: Store, question: Question, told: Told, now: datetime) -> Iterator[History]:
    found = history(store, now=now, won=question.won, told=partial(_part, told, _LOADED))
    try:
        _check_length(found.span, question.horizon)
        yield found
    finally:
        found.engine.close()


def _check_length(span: Span, horizon: timedelta) -> None:
    """Raises: DataError where no lead has had its horizon yet, in words for who reads a page."""
    over = span.start + horizon + _DAY
    if over > span.end:
        raise DataError(
            f"the data reach from {span.start:%-d %B %Y} to {span.end:%-d %B %Y}, and no lead has been watched for "
            f"{days_said(horizon / _DAY)} yet: choose fewer days ahead, or come back after {over:%-d %B %Y}"
        )


def _created(past: History, since: datetime) -> list[tuple[str, datetime]]:
    if "created_at" not in past.engine.columns("leads"):
        raise DataError("leads have no date of creation, so nobody knows which came since the trial began")
    rows = past.engine.arrow(
        f"SELECT lead_id, created_at FROM leads WHERE created_at >= TIMESTAMP '{since.isoformat(' ')}'"  # noqa: S608 - an instant
    )
    return list(zip(rows["lead_id"].to_pylist(), rows["created_at"].to_pylist(), strict=True))


def _model(store: Store, version_no: int) -> Model:
    with store.reading() as connection:
        text = text_of(connection, version_no)
    if text is None:
        raise UsageError(f"there is no version {version_no} of the model")
    return Model.loads(text)


def _since(store: Store, version_no: int) -> datetime | None:
    with store.reading() as connection:
        return used_since(connection, version_no)


def _drift(past: History, plan: Plan, question: Question) -> dict[str, Any]:
    """New leads now against those of half a year ago, or of less where the data are shorter."""
    span = past.span
    window = WINDOW if span.end - span.start >= APART + WINDOW else _SHORT_WINDOW
    base = max(span.end - APART, span.start + window)
    if base + window > span.end:
        watched = days_said((span.end - span.start) // _DAY)
        return {"cannot_tell": f"the data reach over {watched}: drift is told from {days_said(2 * window / _DAY)} on"}
    try:
        found, _ = find_drift(past, plan, DriftAsked(base=base, window=window, horizon=question.horizon))
    except DataError as short:
        return {"cannot_tell": str(short)}
    return {**found.to_dict(), "cannot_tell": None}


def _baseline(past: History, question: Question) -> dict[str, Any] | None:
    """How leads convert as a rule, for who plans a trial; null where nobody can tell."""
    try:
        found = baseline(past, question.horizon)
    except DataError:
        return None
    return {"rate": found.rate, "leads_a_week": found.leads_a_week}


def _step(told: Told, start: float, end: float, said: str, done: int, of: int) -> None:
    told(start + (end - start) * done / max(of, 1), f"{said}: {done} of {of}")


def _part(told: Told, end: float, share: float | None, said: str) -> None:
    """The copy of the history is the first part of the work."""
    told(None if share is None else share * end, said)


# Leads by their numbers


def _numbers(store: Store, ids: Collection[str]) -> dict[str, int]:
    """The numbers of leads by their ids; those that are gone are left out."""
    wanted = sorted(ids)
    found: dict[str, int] = {}
    with store.reading() as connection:
        for start in range(0, len(wanted), _MANY):
            some = leads.c.lead_id.in_(wanted[start : start + _MANY])
            rows = connection.execute(select(leads.c.lead_id, leads.c.lead_no).where(some))
            found |= {row.lead_id: row.lead_no for row in rows}
    return found


def _numbered(evidence: Evidence, numbers: Mapping[str, int]) -> Evidence:
    """The same evidence with numbers for ids; leads that are gone are left out."""
    misses = evidence.misses
    overlooked, overrated = (_group(group, numbers) for group in (misses.overlooked, misses.overrated))
    return replace(evidence, misses=replace(misses, overlooked=overlooked, overrated=overrated))


def _group(group: Group, numbers: Mapping[str, int]) -> Group:
    there = [miss for miss in group.shown if miss.lead_id in numbers]
    return replace(group, shown=tuple(replace(miss, lead_id=str(numbers[miss.lead_id])) for miss in there))
