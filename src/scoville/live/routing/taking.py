"""What each owner can take now: who is there, at work, and has room. Read from the store for one round of choices.

In: the store and the instant. Out: `Taker`s. Called by `assigning` inside its transaction, so that the counts hold.
"""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from scoville.live.routing.deciding import Taker
from scoville.live.routing.owners import hours_of_owner
from scoville.live.store.routing import absences, assignments, owners

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import date, datetime

    from sqlalchemy import Connection, Row

    from scoville.live.routing.hours import Hours

_DAY, _WEEK = timedelta(days=1), timedelta(days=7)
_LEAST_PRESENCE = 0.02  # of a week: three hours; somebody just back is neither flooded nor forgotten
_FARTHEST_BACK = 8 * _DAY  # the day worked before this one; further back nothing is carried over


def takers_now(connection: Connection, now: datetime) -> dict[int, Taker]:
    """Every owner by number, also those who can take nothing: a reason names them."""
    away: dict[int, list[tuple[datetime, datetime]]] = defaultdict(list)
    a = absences.c
    recent = select(a.owner_no, a.from_at, a.until_at).where(a.until_at > now - 2 * _WEEK, a.from_at <= now)
    for owner_no, from_at, until_at in connection.execute(recent):
        away[owner_no].append((from_at, until_at))
    rows = connection.execute(select(owners)).all()
    return {row.owner_no: _taker(connection, row, away[row.owner_no], now) for row in rows}


def _taker(connection: Connection, row: Row[Any], away: Sequence[tuple[datetime, datetime]], now: datetime) -> Taker:
    hours = hours_of_owner(row)
    today = hours.day(now)
    monday = hours.midnight(today - today.weekday() * _DAY)
    return Taker(
        row.owner_no,
        row.owner_id,
        row.name,
        is_active=row.is_active,
        is_absent=any(start <= now < end for start, end in away),
        is_open=hours.are_open(now),
        room=_room(connection, row, hours, away, now) if row.is_active else 0,
        got=given_between(connection, row.owner_no, monday, now),
        weight=row.weight,
        presence=_presence(max(monday, row.created_at), monday, away, now),
    )


def _room(
    connection: Connection, row: Row[Any], hours: Hours, away: Sequence[tuple[datetime, datetime]], now: datetime
) -> int | None:
    """How many more leads fit: into the period, and among those held; None: any number."""
    rooms = []
    if row.capacity is not None:
        start = period_start(row.period, hours, hours.day(now))
        given = given_between(connection, row.owner_no, start, now)
        rooms.append(row.capacity + _carried(connection, row, hours, away, start) - given)
    if row.open_limit is not None:
        a = assignments.c
        held = select(func.count()).where(a.owner_no == row.owner_no, a.released_at.is_(None))
        rooms.append(row.open_limit - connection.execute(held).scalar_one())
    return min(rooms, default=None)


def period_start(period: str, hours: Hours, today: date) -> datetime:
    """When the day or the week (from Monday) of an owner began, on its own calendar."""
    return hours.midnight(today if period == "day" else today - today.weekday() * _DAY)


def _carried(
    connection: Connection,
    row: Row[Any],
    hours: Hours,
    away: Sequence[tuple[datetime, datetime]],
    start: datetime,
) -> int:
    """Unused room of the period before: the last day worked, or last week. An absence in it carries nothing over."""
    before = _period_before(row.period, hours, hours.day(start))
    if not row.carry_over or before is None or before[0] < row.created_at - _DAY:
        return 0
    begin, end = before
    if any(from_at < end and until_at > begin for from_at, until_at in away):
        return 0
    unused = int(row.capacity) - given_between(connection, row.owner_no, begin, end)
    return min(int(row.carry_over), max(unused, 0))


def _period_before(period: str, hours: Hours, first: date) -> tuple[datetime, datetime] | None:
    if period == "week":
        return hours.midnight(first - _WEEK), hours.midnight(first)
    for back in range(1, _FARTHEST_BACK.days):
        day = first - back * _DAY
        if hours.works_on(day):
            return hours.midnight(day), hours.midnight(day + _DAY)
    return None


def given_between(connection: Connection, owner_no: int, start: datetime, end: datetime) -> int:
    """How many leads an owner was given in [start, end], by whatever way, also those it has lost again."""
    a = assignments.c
    given = select(func.count()).where(a.owner_no == owner_no, a.assigned_at >= start, a.assigned_at <= end)
    return int(connection.execute(given).scalar_one())


def _presence(since: datetime, monday: datetime, away: Sequence[tuple[datetime, datetime]], now: datetime) -> float:
    """The part of the week up to now in which somebody was there: not away, and on our list."""
    week = now - monday
    if week < timedelta(hours=1):
        return 1.0
    gone = sum((max(min(end, now) - max(start, since), timedelta(0)) for start, end in away), timedelta(0))
    there = max(now - since, timedelta(0)) - gone
    return max(_LEAST_PRESENCE, there / week)
