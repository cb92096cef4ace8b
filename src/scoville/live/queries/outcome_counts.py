"""How leads ended, month by month, and by which way that became known.

In: a connection and now. Out: counts. Called by the page Data and by the first run.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import BigInteger, func, select, type_coerce

from scoville.live.store.log import sources
from scoville.live.store.metadata import from_us
from scoville.live.store.people import events, outcomes

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_DAY_US = 86_400_000_000
_MONTHS = 12
_MOST_LOOKED_AT = 1_000


@dataclass(frozen=True)
class Month:
    """One calendar month (UTC), with how many leads ended how in it."""

    begins_at: datetime
    counts: dict[str, int]


@dataclass(frozen=True)
class Way:
    """How an outcome became known: as which event of which source; both null when a person or a program said it."""

    outcome: str
    event: str | None
    source: str | None
    count: int


def outcomes_by_month(connection: Connection, now: datetime) -> list[Month]:
    """The last twelve months, the oldest first, also those in which nobody ended."""
    months = _months(now)
    day = type_coerce(outcomes.c.at, BigInteger) // _DAY_US
    chosen = select(day, outcomes.c.outcome, func.count()).where(outcomes.c.at >= months[0], outcomes.c.at <= now)
    counts: dict[datetime, Counter[str]] = {begins: Counter() for begins in months}
    for number, outcome, count in connection.execute(chosen.group_by(day, outcomes.c.outcome)):
        counts[from_us(int(number) * _DAY_US).replace(day=1)][outcome] += count
    return [Month(begins, dict(counts[begins])) for begins in months]


def outcome_totals(connection: Connection) -> dict[str, int]:
    """How many leads ended how, of all times, the most frequent first."""
    chosen = select(outcomes.c.outcome, func.count()).group_by(outcomes.c.outcome)
    return dict(Counter({outcome: count for outcome, count in connection.execute(chosen)}).most_common())  # noqa: C416 - rows


def ways_of_outcomes(connection: Connection) -> list[Way]:
    """How the newest outcomes became known, the most frequent way first."""
    newest = select(outcomes).order_by(outcomes.c.outcome_no.desc()).limit(_MOST_LOOKED_AT).subquery()
    said = (
        (events.c.identity_no == newest.c.identity_no)
        & (events.c.occurred_at == newest.c.at)
        & (events.c.event_id == newest.c.event_id)
    )
    chosen = (
        select(newest.c.outcome, events.c.event, sources.c.name, func.count())
        .select_from(newest)
        .outerjoin(events, said)
        .outerjoin(sources, sources.c.source_no == events.c.source_no)
        .group_by(newest.c.outcome, events.c.event, sources.c.name)
    )
    ways = [Way(*row) for row in connection.execute(chosen)]
    return sorted(ways, key=lambda way: (-way.count, way.outcome, way.event or ""))


def _months(now: datetime) -> list[datetime]:
    """The first instants of this month and of the eleven before it."""
    first = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    numbers = [first.year * 12 + first.month - 1 - back for back in range(_MONTHS)]
    return [first.replace(year=number // 12, month=number % 12 + 1) for number in reversed(numbers)]
