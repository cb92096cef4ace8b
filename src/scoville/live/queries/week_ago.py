"""The scores of a few leads as of a week ago, for how far each went since; and who came only then.

In: a connection, the model in force, numbers of the leads of one page, the instant. Out: `WeekAgo`. Called by the queue
and the API. Where the ledger begins later than that, as after a file was read in, the score of then is worked out again
from the log, by the model in force: all leads of the page in one run, and kept until one of them is scored again.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import accumulate
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from sqlalchemy import func, literal, select

from scoville.live.models.apart import compiled
from scoville.live.queries.lead import traits_of
from scoville.live.scoring.relations import read_relations
from scoville.live.store.metadata import to_us
from scoville.live.store.people import events, identities, leads
from scoville.live.store.scores import ledger, scores

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection, Engine

    from scoville.live.queries.in_force import InForce

WEEK = timedelta(days=7)
_MOST_EVENTS, _MOST_TOGETHER = 1_000, 30_000  # of one lead, and of all that are worked out at once
_PATIENCE_S = 0.25  # for others who work theirs out: a list without it is better than one that comes late
_MOST_KEPT = 50_000
_turn = threading.BoundedSemaphore(1)
_Key = tuple[int, int, datetime, datetime]


@dataclass(frozen=True)
class WeekAgo:
    """`scores` leaves out who had none, or whose score of then is not known; of those `new` came since."""

    scores: Mapping[int, float]
    new: frozenset[int]


@dataclass(frozen=True)
class _Scored:
    """Of a lead that the ledger does not know of then: when it was first seen, and as of when it was scored last."""

    first_seen_at: datetime
    as_of: datetime


@dataclass(frozen=True)
class _Kept:
    """Scores that were worked out, of one store: by publication, lead, instant, and the instant of its last score.

    Whatever changes what is known of a lead has it scored again, and then nothing is found here any more.
    """

    found: dict[_Key, float] = field(default_factory=dict)

    def keep(self, some: Mapping[_Key, float]) -> None:
        """Keep these too; when there are many, these alone."""
        if len(self.found) > _MOST_KEPT:
            self.found.clear()
        self.found.update(some)


_kept: WeakKeyDictionary[Engine, _Kept] = WeakKeyDictionary()


def week_before(now: datetime) -> datetime:
    """A week ago, to the hour: so that who asks again within it is answered from what was worked out."""
    return (now - WEEK).replace(minute=0, second=0, microsecond=0)


def week_ago(connection: Connection, model: InForce, lead_nos: Sequence[int], now: datetime) -> WeekAgo:
    """What the scores of some leads were a week before `now`, naive UTC.

    Nulls: left out is a lead that was not known then, one with very many events, and, while many ask at once, any.
    """
    at = week_before(now)
    told = scores_at(connection, lead_nos, at)
    others = _not_told(connection, model.publication_no, [number for number in lead_nos if number not in told])
    known = _known_by(connection, others, at)
    worked_out = _worked_out(connection, model, {number: others[number] for number in known}, at)
    return WeekAgo({**told, **worked_out}, frozenset(others.keys() - known))


def scores_at(connection: Connection, lead_nos: Sequence[int], at: datetime) -> dict[int, float]:
    """What the ledger said then; who had no score yet is left out."""
    then = (
        select(ledger.c.score)
        .where(ledger.c.lead_no == leads.c.lead_no, ledger.c.at <= at)
        .order_by(ledger.c.at.desc(), ledger.c.entry_no.desc())
        .limit(1)
        .scalar_subquery()
    )
    rows = connection.execute(select(leads.c.lead_no, then).where(leads.c.lead_no.in_(lead_nos)))
    return {lead_no: score for lead_no, score in rows if score is not None}


def _not_told(connection: Connection, publication_no: int, lead_nos: Sequence[int]) -> dict[int, _Scored]:
    if not lead_nos:
        return {}
    mine = (scores.c.publication_no == publication_no, scores.c.lead_no.in_(lead_nos))
    joined = select(leads.c.lead_no, leads.c.first_seen_at, scores.c.as_of).join(
        scores, scores.c.lead_no == leads.c.lead_no
    )
    return {row.lead_no: _Scored(row.first_seen_at, row.as_of) for row in connection.execute(joined.where(*mine))}


def _known_by(connection: Connection, others: Mapping[int, _Scored], at: datetime) -> set[int]:
    """Who was seen by then, or was created by then in another system, whose file came later."""
    seen = {number for number, one in others.items() if one.first_seen_at <= at}
    later = sorted(others.keys() - seen)
    said = traits_of(connection, later, ("created_at",)) if later else {}
    return seen | {number for number, traits in said.items() if _is_by(traits["created_at"], at)}


def _is_by(said: object, at: datetime) -> bool:
    try:
        return datetime.fromisoformat(str(said)).replace(tzinfo=None) <= at  # as the fold writes it: UTC
    except ValueError:
        return False


def _worked_out(connection: Connection, model: InForce, known: Mapping[int, _Scored], at: datetime) -> dict[int, float]:
    if not known:
        return {}
    kept = _kept.setdefault(connection.engine, _Kept())
    keys = {number: (model.publication_no, number, at, one.as_of) for number, one in known.items()}
    found = {number: kept.found[key] for number, key in keys.items() if key in kept.found}
    missing = _quick(connection, sorted(known.keys() - found.keys()))
    if not missing or not _turn.acquire(timeout=_PATIENCE_S):
        return found
    try:
        fresh = replayed(connection, model.text, missing, at)
    finally:
        _turn.release()
    kept.keep({keys[number]: score for number, score in fresh.items()})
    return {**found, **fresh}


def replayed(connection: Connection, text: str, lead_nos: Collection[int], at: datetime) -> dict[int, float]:
    """The scores of some leads at an instant by a model, given as YAML, worked out in one run.

    Events count up to then. What a lead said of itself later alone is taken to have been so before.
    """
    ready = compiled(text)
    relations = read_relations(connection, lead_nos, ready.wanted, to_us(at), presumes=True)
    return {one.lead_no: one.row["score"] for one in ready.score(relations, at)}


def _quick(connection: Connection, lead_nos: Sequence[int]) -> list[int]:
    """Those whose events are so few that nobody waits for them, from the first on."""
    if not lead_nos:
        return []
    few = select(literal(1)).where(events.c.identity_no == identities.c.identity_no).limit(_MOST_EVENTS + 1)
    count = select(func.count()).select_from(few.correlate(identities).subquery()).scalar_subquery()
    rows = connection.execute(select(identities.c.lead_no, count).where(identities.c.lead_no.in_(lead_nos)))
    counts = dict.fromkeys(lead_nos, 0)
    for number, some in rows:
        counts[number] += some
    light = [number for number in lead_nos if counts[number] <= _MOST_EVENTS]
    totals = accumulate(counts[number] for number in light)
    return [number for number, total in zip(light, totals, strict=True) if total <= _MOST_TOGETHER]
