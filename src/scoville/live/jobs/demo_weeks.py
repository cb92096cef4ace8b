"""The last two weeks of the demo, as a server would have seen them: scores, crossings, who was given whom, who called.

In: a store whose history is folded in, and that no model scores yet. Out: the model in force for two weeks, with all
that came of it, by the same functions that the worker calls, a few times a day. Called by the job `demo`. Scores are
worked out first, which takes seconds; all is written in one transaction, so that the worker sees nothing of it, or all.
"""

from __future__ import annotations

import contextlib
from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text, update

from scoville.live.actions.delivering import deliver_some
from scoville.live.actions.queueing import queue_notices
from scoville.live.jobs.demo_team import HOURS, STAGES, hire
from scoville.live.models.publishing import list_publications, publish
from scoville.live.models.versions import save_version
from scoville.live.queries.matching import Wanted
from scoville.live.queries.ranking import Question, page_of
from scoville.live.routing.assigning import route_some
from scoville.live.routing.ending import end_assignments, leave_queue
from scoville.live.routing.hours import hours_of
from scoville.live.routing.queue import enqueue
from scoville.live.routing.touching import Touch, record_touch, stop_clocks
from scoville.live.scoring.compiled import Compiled
from scoville.live.scoring.in_force import Published
from scoville.live.scoring.score import Claimed, Worked, clean, worked_out
from scoville.live.scoring.switching import score_alone
from scoville.live.scoring.writing import Why, write_scores
from scoville.live.sla import on_crossings
from scoville.live.store.opening import Store
from scoville.live.store.people import events, identities, leads, outcomes
from scoville.live.store.routing import assignments, clocks, owners, touches
from scoville.live.store.scores import publications
from scoville.live.store.settings import read_settings
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    from sqlalchemy import Connection, Row

    from scoville.live.actions.delivering import Parcel
    from scoville.live.actions.sending import Attempt
    from scoville.live.store.settings import LiveSettings

DAYS = 14
_HOURS_LOOKED_AT = (8, 12, 16)  # UTC; each takes a moment, and of what was long ago nobody sees more
_HOURS_SINCE_YESTERDAY = (2, 5, 8, 10, 12, 14, 16, 18, 21)
_DAYS_AGO_FOR_ALL = (7, 1)  # so that what faded in two weeks is not told as a change of today
_LATELY_MIN = (95, 50, 20, 0)  # before now: of today one sees more
_ENDINGS = ("rejected", "won", "lost")
_NOTE = "The model of the demo"
_AT_WORK = hours_of(HOURS, "UTC")
_WAYS: tuple[Touch, ...] = ("call", "call", "email", "meeting")
_Answer = tuple[datetime, int, str]


@dataclass(frozen=True)
class Moment:
    """Leads that were looked at together: what they were scored, and why each."""

    at: datetime
    worked: Worked
    whys: Mapping[int, Why]


def live_through(store: Store, model: str, *, by: str, until: datetime, told: Callable[[float], None]) -> bool:
    """Put a model, given as YAML, in force as of two weeks before an instant, and all that came of it since.

    `told` hears how far it is, from 0 to 1. False where a model is in force meanwhile: then nothing was written.
    """
    ready = Compiled(Model.loads(model))
    try:
        with store.reading() as connection:
            settings, dirty = read_settings(connection), _dirty(connection)
            passed = [*_moments(connection, ready, until, settings, told)]
        with store.writing() as connection:
            return _write(connection, store, model, by, passed, settings, dirty)
    finally:
        ready.close()


def times_looked_at(until: datetime) -> list[datetime]:
    """The instants at which leads are looked at, from two weeks ago to now."""
    begin, lately = until - timedelta(days=DAYS), [until - timedelta(minutes=ago) for ago in _LATELY_MIN]
    midnight = begin.replace(hour=0, minute=0, second=0, microsecond=0)
    daily = (
        midnight + timedelta(days=day, hours=hour)
        for day in range(DAYS + 1)
        for hour in (_HOURS_LOOKED_AT if day < DAYS - 1 else _HOURS_SINCE_YESTERDAY)
    )
    return [begin, *(at for at in daily if begin < at < lately[0]), *lately]


# --- what the leads were scored --------------------------------------------------------------------------------------


def _moments(
    connection: Connection, ready: Compiled, until: datetime, settings: LiveSettings, told: Callable[[float], None]
) -> Iterator[Moment]:
    """Everybody first; then who did something, and whom time alone may have moved."""
    times, published = times_looked_at(until), Published(0, ready)
    came, warm = _came(connection), set[int]()
    deeds = _deeds(connection, came, times[0])
    for number, (before, at) in enumerate(pairwise([times[0], *times])):
        cooling, first = dict.fromkeys(_cooling(at, until, came, warm), Why("decay")), Why("model", ready.model.version)
        whys = cooling | _moved(deeds, before, at) if number else dict.fromkeys(_known(came, at), first)
        if whys:
            worked = worked_out(connection, published, sorted(whys), at, settings)
            warm |= {one.lead_no for one in worked.scored if one.row["stage"] in STAGES}
            yield Moment(at, worked, whys)
        told((number + 1) / len(times))


def _cooling(at: datetime, until: datetime, came: Mapping[int, datetime], warm: Iterable[int]) -> Iterable[int]:
    """Whom time alone may have moved: each morning who is warm, and now and then everybody."""
    is_morning = at.hour == _HOURS_LOOKED_AT[0]
    if at == until or (is_morning and (until - at).days in _DAYS_AGO_FOR_ALL):
        return _known(came, at)
    return warm if is_morning else ()


def _known(came: Mapping[int, datetime], at: datetime) -> list[int]:
    return [lead for lead, since in came.items() if since <= at]


def _came(connection: Connection) -> dict[int, datetime]:
    """When each lead was first seen."""
    rows = connection.execute(select(leads.c.lead_no, leads.c.first_seen_at))
    return {row.lead_no: row.first_seen_at for row in rows}


def _deeds(connection: Connection, came: Mapping[int, datetime], since: datetime) -> list[tuple[datetime, int]]:
    """Who did something, and when, in order; to come is a deed too."""
    chosen = select(events.c.occurred_at, identities.c.lead_no).join(
        identities, identities.c.identity_no == events.c.identity_no
    )
    rows = connection.execute(chosen.where(events.c.occurred_at > since, events.c.event.is_not(None)))
    return sorted([(row.occurred_at, row.lead_no) for row in rows] + [(at, lead) for lead, at in came.items()])


def _moved(deeds: Sequence[tuple[datetime, int]], after: datetime, until: datetime) -> dict[int, Why]:
    """Who did something, or came."""
    return {lead: Why("event") for at, lead in deeds if after < at <= until}


def _dirty(connection: Connection) -> list[Claimed]:
    rows = connection.execute(text("SELECT lead_no, turn FROM dirty")).all()
    return [Claimed(lead, turn, Why("event")) for lead, turn in rows]


# --- what came of it -------------------------------------------------------------------------------------------------

_HELD = (  # whom owners have: since when, whether a clock runs, and when it was last touched
    select(
        assignments.c.assignment_no, assignments.c.assigned_at, clocks.c.started_at, leads.c.lead_id, owners.c.name,
        select(func.max(touches.c.at)).where(touches.c.identity_no == assignments.c.identity_no)
        .scalar_subquery().label("touched_at"),
    )
    .join(identities, identities.c.identity_no == assignments.c.identity_no)
    .join(leads, leads.c.lead_no == identities.c.lead_no)
    .join(owners, owners.c.owner_no == assignments.c.owner_no)
    .outerjoin(clocks, (clocks.c.identity_no == assignments.c.identity_no) & clocks.c.stopped_at.is_(None))
    .where(assignments.c.released_at.is_(None))
    .order_by(assignments.c.assignment_no)
)  # fmt: skip


@dataclass(frozen=True)
class _Within(Store):
    """A store inside one transaction: whatever is done with it is done whole, or not at all."""

    connection: Connection

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """The one transaction."""
        yield self.connection

    reading = writing


class _Nobody:
    """Carries nothing: what would leave the store is never begun."""

    def room(self, action: Row[tuple[object, ...]]) -> int:  # noqa: ARG002 - as `deliver_some` asks
        """None."""
        return 0

    def begin(self, parcel: Parcel, now: datetime) -> None:
        """Never called, for there is no room."""

    def finished(self) -> Sequence[tuple[Parcel, datetime, Attempt]]:
        """None."""
        return ()

    def forget(self, count: int) -> None:
        """There is nothing to forget."""


def _write(
    connection: Connection,
    store: Store,
    model: str,
    by: str,
    passed: Sequence[Moment],
    settings: LiveSettings,
    dirty: Sequence[Claimed],
) -> bool:
    score_alone(connection)
    if not passed or list_publications(connection, 1):
        return False
    within, begun = _Within(store.engine, connection), passed[0].at
    hire(within, by, begun)
    version = save_version(connection, model, author=by, note=_NOTE, now=begun)
    made = publish(connection, version.version_no, author=by, note=_NOTE, now=begun)
    mine = publications.c.publication_no == made.publication_no
    connection.execute(update(publications).where(mine).values(switched_at=begun))
    answers = _answers(connection, begun)
    for moment in passed:
        published = Published(made.publication_no, moment.worked.published.compiled)
        given = (moment.worked.scored, moment.whys, moment.worked.refresh, settings.stage_margin, moment.at)
        changes = write_scores(connection, published, *given)
        if moment.at == begun:  # by a first model nobody crosses anything: who is hot is queued by hand
            enqueue(connection, dict.fromkeys(_hot(connection, made.publication_no), "manual"), begun)
        else:
            on_crossings(connection, changes, moment.at)
        _sell(within, answers, moment.at)
    clean(connection, dirty)
    return True


def _hot(connection: Connection, publication_no: int) -> Iterator[int]:
    """Who stands high and was not answered yet."""
    for stage in STAGES:
        wanted = Wanted(standing=stage, is_open=True)
        yield from page_of(connection, Question(publication_no, wanted), 100_000).lead_nos


def _sell(within: _Within, answers: deque[_Answer], now: datetime) -> None:
    """What the team has done by an instant: leads given out, called, and answered."""
    deliver_some(within, _Nobody(), now)
    route_some(within, now, queue_notices)
    _call(within, now)
    while answers and answers[0][0] <= now:
        at, lead_no, outcome = answers.popleft()
        stop_clocks(within.connection, [lead_no], "answer", at)
        if outcome in _ENDINGS:
            end_assignments(within.connection, [lead_no], "demo", outcome, now)
            leave_queue(within.connection, lead_no)


def _call(within: _Within, now: datetime) -> None:
    """Owners touch what they were given, and what got hotter since: most of it before the clock runs out."""
    for row in within.connection.execute(_HELD).all():
        since = max(row.assigned_at, row.started_at or row.assigned_at)
        at = _AT_WORK.after(since, timedelta(minutes=12 + row.assignment_no * 47 % 150))
        if at <= now and (row.touched_at is None or row.touched_at < since):
            record_touch(within, row.lead_id, _WAYS[row.assignment_no % len(_WAYS)], row.name, at)


def _answers(connection: Connection, since: datetime) -> deque[_Answer]:
    """What was said of leads, in order; the history holds it already."""
    said = select(outcomes.c.at, identities.c.lead_no, outcomes.c.outcome)
    rows = connection.execute(
        said.join(identities, identities.c.identity_no == outcomes.c.identity_no)
        .where(outcomes.c.at > since)
        .order_by(outcomes.c.at, outcomes.c.outcome_no)
    )
    return deque((row.at, row.lead_no, row.outcome) for row in rows)
