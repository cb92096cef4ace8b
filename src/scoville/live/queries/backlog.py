"""What waits in the store to be done: for the counters that an operator watches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from scoville.live.store.actions import outbox
from scoville.live.store.log import inbox, quarantine
from scoville.live.store.routing import waiting
from scoville.live.store.scores import dirty

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Table


@dataclass(frozen=True)
class Backlog:
    """Rows that wait, and for how long the first lead that waits for its score has done so."""

    unfolded: int
    unscored: int
    unscored_age_s: float
    unsent: int
    undeliverable: int
    unassigned: int
    quarantined: int


def backlog_of(connection: Connection, now: datetime) -> Backlog:
    """Counted along indexes; a long backlog is counted too."""
    since = connection.execute(select(func.min(dirty.c.since))).scalar()
    return Backlog(
        unfolded=_count(connection, inbox),
        unscored=_count(connection, dirty),
        unscored_age_s=max(0.0, (now - since).total_seconds()) if since is not None else 0.0,
        unsent=_count(connection, outbox, outbox.c.state == "waiting"),
        undeliverable=_count(connection, outbox, outbox.c.state == "dead"),
        unassigned=_count(connection, waiting),
        quarantined=_count(connection, quarantine, quarantine.c.replayed_at.is_(None)),
    )


def _count(connection: Connection, table: Table, *conditions: ColumnElement[bool]) -> int:
    return int(connection.execute(select(func.count()).select_from(table).where(*conditions)).scalar_one())
