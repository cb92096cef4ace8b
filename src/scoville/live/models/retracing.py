"""The past scores of a stored lead, worked out again: for a time of which no ledger tells, such as before an import.

In: a model, the lead's facts as the store holds them, instants. Out: the score of each. Called by the API. What the
lead did counts when it was done, and what it said of itself when it was said; points by hand from when they were given.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from scoville.live.models.apart import compiled
from scoville.live.scoring.score import score_leads
from scoville.live.store.people import events, identities

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import date, datetime

    from sqlalchemy import Connection

_MOST_EVENTS = 2_000  # looked at for their days
_SPREAD = 5
_TICK = timedelta(microseconds=1)


def retraced(connection: Connection, text: str, lead_no: int, instants: Iterable[datetime]) -> list[float]:
    """The scores of a lead at some instants by one model, given as YAML. Some 50 ms for each."""
    ready = compiled(text)
    return [score_leads(connection, ready, [lead_no], at)[0][0].row["score"] for at in instants]


def moments_of(connection: Connection, lead_no: int, begin: datetime, end: datetime, most: int) -> list[datetime]:
    """Instants that show how a score went: before and after what the lead did last, day by day, and some between.

    At most `most`, from `begin` to `end`, in order. Nobody did anything in between, so straight lines join them well.
    """
    mine = select(identities.c.identity_no).where(identities.c.lead_no == lead_no)
    inside = (events.c.identity_no.in_(mine), events.c.occurred_at > begin, events.c.occurred_at <= end)
    newest = select(events.c.occurred_at).where(*inside).order_by(events.c.occurred_at.desc()).limit(_MOST_EVENTS)
    days: dict[date, list[datetime]] = defaultdict(list)
    for at in connection.execute(newest).scalars():
        days[at.date()].append(at)
    spread = [begin + (end - begin) * number / _SPREAD for number in range(_SPREAD + 1)]
    steps = [at for ats in islice(days.values(), (most - len(spread)) // 2) for at in (min(ats) - _TICK, max(ats))]
    return sorted({*spread, *(max(at, begin) for at in steps)})


def first_deed(connection: Connection, lead_no: int) -> datetime | None:
    """When a lead did the first thing that is known of it; null for one that did nothing."""
    mine = select(identities.c.identity_no).where(identities.c.lead_no == lead_no)
    earliest: datetime | None = connection.execute(
        select(func.min(events.c.occurred_at)).where(events.c.identity_no.in_(mine))
    ).scalar()
    return earliest
