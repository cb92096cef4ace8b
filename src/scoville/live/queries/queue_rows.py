"""What stands beside a score in the queue: how it was before, its reasons, its clock, who answered, why nobody has it.

In: a connection, the model in force, lead numbers of one page, the instant. Out: plain values by lead; a lead of which
nothing is known is left out. Each answer is one look along an index for each lead. Called by the page of the queue.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from scoville.live.queries.week_ago import WeekAgo, week_ago
from scoville.live.store.people import identities, outcomes
from scoville.live.store.routing import clocks, touches, waiting
from scoville.live.store.scores import scores

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.queries.in_force import InForce

_ANSWERS = ("accepted", "rejected", "won", "lost")


@dataclass(frozen=True)
class Clock:
    """Until when a lead is to be touched, for the stage that it crossed into."""

    stage: str
    started_at: datetime
    due_at: datetime


@dataclass(frozen=True)
class Waiting:
    """Why a lead has no owner yet, and since when. `reason` is a code, `detail` a sentence."""

    reason: str
    detail: str
    since: datetime


@dataclass(frozen=True)
class Answered:
    """The last answer that was given about a lead."""

    outcome: str
    at: datetime
    reason: str | None


@dataclass(frozen=True)
class Touched:
    """The last time that somebody worked a lead."""

    kind: str
    at: datetime


@dataclass(frozen=True)
class Beside:
    """All that the queue shows beside the score rows, by lead number. Contributions are rows as they are stored."""

    week_ago: WeekAgo
    contributions: dict[int, list[dict[str, Any]]]
    clocks: dict[int, Clock]
    waiting: dict[int, Waiting]
    answers: dict[int, Answered]
    touches: dict[int, Touched]


def beside(connection: Connection, model: InForce, lead_nos: Sequence[int], now: datetime) -> Beside:
    """Everything for one page of leads; what was before is as of a week before `now`."""
    return Beside(
        week_ago(connection, model, lead_nos, now),
        _contributions(connection, model.publication_no, lead_nos),
        _clocks(connection, lead_nos),
        _waiting(connection, lead_nos),
        _answers(connection, lead_nos),
        _touches(connection, lead_nos),
    )


def _contributions(
    connection: Connection, publication_no: int, lead_nos: Sequence[int]
) -> dict[int, list[dict[str, Any]]]:
    mine = (scores.c.publication_no == publication_no, scores.c.lead_no.in_(lead_nos))
    rows = connection.execute(select(scores.c.lead_no, scores.c.contributions).where(*mine))
    return {lead_no: found for lead_no, found in rows if found}


def _clocks(connection: Connection, lead_nos: Sequence[int]) -> dict[int, Clock]:
    """Those that run; of several the one that is due first."""
    c = clocks.c
    rows = (  # the stopped ones too: asked for those that run, SQLite would go through all that run anywhere
        select(identities.c.lead_no, c.stage, c.started_at, c.due_at, c.stopped_at)
        .join(clocks, c.identity_no == identities.c.identity_no)
        .where(identities.c.lead_no.in_(lead_nos))
        .order_by(c.due_at.desc())
    )
    return {row[0]: Clock(*row[1:4]) for row in connection.execute(rows) if row.stopped_at is None}


def _waiting(connection: Connection, lead_nos: Sequence[int]) -> dict[int, Waiting]:
    w = waiting.c
    rows = (
        select(identities.c.lead_no, w.reason, w.detail, w.since)
        .join(waiting, w.identity_no == identities.c.identity_no)
        .where(identities.c.lead_no.in_(lead_nos))
        .order_by(w.since.desc())
    )
    return {row[0]: Waiting(*row[1:]) for row in connection.execute(rows)}


def _answers(connection: Connection, lead_nos: Sequence[int]) -> dict[int, Answered]:
    o = outcomes.c
    rows = (
        select(identities.c.lead_no, o.outcome, o.at, o.reason)
        .join(outcomes, o.identity_no == identities.c.identity_no)
        .where(identities.c.lead_no.in_(lead_nos), o.outcome.in_(_ANSWERS))
        .order_by(o.at, o.outcome_no)
    )
    return {row[0]: Answered(*row[1:]) for row in connection.execute(rows)}


def _touches(connection: Connection, lead_nos: Sequence[int]) -> dict[int, Touched]:
    t = touches.c
    rows = (
        select(identities.c.lead_no, t.kind, t.at)
        .join(touches, t.identity_no == identities.c.identity_no)
        .where(identities.c.lead_no.in_(lead_nos), t.kind != "answer")
        .order_by(t.at, t.touch_no)
    )
    return {row[0]: Touched(*row[1:]) for row in connection.execute(rows)}
