"""Where messages come from, and how each source is doing: its last message, how many came lately, what was put aside.

In: a connection and now. Out: `SourceShown`s. Called by the page Data. Only the newest messages are counted, however
many there are; where they do not reach back far enough, it is said how far they do.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from scoville.live.store.access import keys
from scoville.live.store.log import inbox, quarantine, sources
from scoville.live.store.people import events

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

MOST_COUNTED = 10_000
_HOUR, _DAY = timedelta(hours=1), timedelta(days=1)


@dataclass(frozen=True)
class KeyShown:
    """A key of a source, without what opens the door."""

    name: str
    prefix: str
    kind: str
    last_used_at: datetime | None
    is_in_force: bool


@dataclass(frozen=True)
class SourceShown:
    """One source. `last_at` is when its last message came: to the minute when only its key knows, null when never.

    `hour_of` and `day_of` are how far back was counted, null where all of the hour or day was. `is_least`: more of its
    messages may have come at the very instant where counting ended.
    """

    source_no: int
    name: str
    created_at: datetime
    last_at: datetime | None
    hour: int
    day: int
    hour_of: timedelta | None
    day_of: timedelta | None
    is_least: bool
    aside_day: int
    keys: tuple[KeyShown, ...]


def sources_shown(connection: Connection, now: datetime) -> list[SourceShown]:
    """All sources, the one that was heard last first."""
    counted = [_newest(connection, table, now) for table in (events, inbox)]
    arrived, ended_at = [one for found in counted for one in found], _ended_at(counted, now)
    aside = _newest(connection, quarantine, now)
    by_source = _keys(connection, now)
    found = [
        _shown(row, [at for number, at in arrived if number == row.source_no], aside, by_source, now, ended_at)
        for row in connection.execute(select(sources).order_by(sources.c.source_no))
    ]
    never = datetime.min  # noqa: DTZ901 - naive UTC, as all instants inside
    return sorted(found, key=lambda one: (one.last_at or never, -one.source_no), reverse=True)


def names_seen(connection: Connection) -> dict[str, int]:
    """Names of events among the newest messages, with how often each came, the most frequent first."""
    newest = select(events.c.event).order_by(events.c.received_at.desc()).limit(MOST_COUNTED).subquery()
    counted = select(newest.c.event, func.count()).where(newest.c.event.is_not(None)).group_by(newest.c.event)
    return dict(Counter({name: count for name, count in connection.execute(counted)}).most_common())  # noqa: C416 - rows


def source_names(connection: Connection) -> list[str]:
    """The names of all sources, in order."""
    return [*connection.execute(select(sources.c.name).order_by(sources.c.name)).scalars()]


def _newest(connection: Connection, table: Any, now: datetime) -> list[tuple[int, datetime]]:  # noqa: ANN401 - a table
    """Source and arrival of the newest rows of the last day; the very newest, where none came in a day."""
    chosen = select(table.c.source_no, table.c.received_at).order_by(table.c.received_at.desc())
    lately = chosen.where(table.c.received_at > now - _DAY).limit(MOST_COUNTED)
    rows = connection.execute(lately).all() or connection.execute(chosen.limit(MOST_COUNTED // 10)).all()
    return [(row.source_no, row.received_at) for row in rows]


def _ended_at(counted: Sequence[Sequence[tuple[int, datetime]]], now: datetime) -> datetime | None:
    """The instant before which not all messages of the last day were counted; null where all were."""
    ends = [found[-1][1] for found in counted if len(found) >= MOST_COUNTED]
    return max((at for at in ends if at > now - _DAY), default=None)


def _shown(
    row: Any,  # noqa: ANN401 - a row of `sources`
    arrived: Sequence[datetime],
    aside: Sequence[tuple[int, datetime]],
    by_source: dict[int, list[KeyShown]],
    now: datetime,
    ended_at: datetime | None,
) -> SourceShown:
    own = tuple(by_source.get(row.source_no, ()))
    is_least = ended_at in arrived
    is_younger = ended_at is not None and row.created_at >= ended_at and not is_least  # all that it ever sent counted
    back = None if ended_at is None or is_younger else now - ended_at
    heard = [*arrived, *(key.last_used_at for key in own if key.last_used_at is not None)]
    return SourceShown(
        source_no=row.source_no,
        name=row.name,
        created_at=row.created_at,
        last_at=max(arrived, default=max(heard, default=None)),
        hour=sum(at > now - _HOUR for at in arrived),
        day=sum(at > now - _DAY for at in arrived),
        hour_of=back if back is not None and back < _HOUR else None,
        day_of=back,
        is_least=is_least,
        aside_day=sum(number == row.source_no and at > now - _DAY for number, at in aside),
        keys=own,
    )


def _keys(connection: Connection, now: datetime) -> dict[int, list[KeyShown]]:
    found: dict[int, list[KeyShown]] = {}
    for row in connection.execute(select(keys).order_by(keys.c.created_at.desc())):
        is_in_force = row.revoked_at is None and (row.expires_at is None or row.expires_at > now)
        shown = KeyShown(row.name, row.prefix, row.kind, row.last_used_at, is_in_force)
        found.setdefault(row.source_no, []).append(shown)
    return found
