"""How far an installation is on its way from nothing to a scored list.

In: a connection. Out: `SetUp`. Called by the first run, and by whatever shows an empty page and wants to say what next.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import exists, func, select

from scoville.live.models.publishing import list_publications
from scoville.live.store.access import keys
from scoville.live.store.log import inbox
from scoville.live.store.people import events, leads, outcomes
from scoville.live.store.routing import owners
from scoville.live.store.scores import scores

if TYPE_CHECKING:
    from sqlalchemy import Connection, Table

WINS_TO_LEARN = 50
"""From so many won leads on, points that are learned beat a guess more often than not."""

_LOOKED_AT = 2_000


@dataclass(frozen=True)
class SetUp:
    """What is there. `publication_no` is of the model that was published last, `is_in_force` whether readers see it."""

    has_leads: bool
    has_events: bool
    has_outcomes: bool
    has_keys: bool
    has_owners: bool
    is_folding: bool
    publication_no: int | None
    is_in_force: bool
    is_scored: bool

    @property
    def is_begun(self) -> bool:
        """Whether anything is there that a list could be made of."""
        return self.has_leads or self.is_folding or self.publication_no is not None

    @property
    def is_done(self) -> bool:
        """Whether there is a ranked list."""
        return self.is_scored


def set_up_of(connection: Connection) -> SetUp:
    """How far it is. Each question is answered by the first row that there is."""
    last = next(iter(list_publications(connection, 1)), None)
    in_force = [one for one in list_publications(connection, 2) if one.switched_at is not None]
    return SetUp(
        has_leads=_any(connection, leads),
        has_events=_are_deeds_known(connection),
        has_outcomes=_any(connection, outcomes),
        has_keys=_any(connection, keys),
        has_owners=_any(connection, owners),
        is_folding=_any(connection, inbox),
        publication_no=last.publication_no if last is not None else None,
        is_in_force=bool(in_force),
        is_scored=any(_is_scored(connection, one.publication_no) for one in in_force),
    )


def wins(connection: Connection) -> int:
    """How many leads were won, counted up to what learning needs and a little more."""
    some = select(outcomes.c.identity_no).where(outcomes.c.outcome == "won").distinct().limit(20 * WINS_TO_LEARN)
    return int(connection.execute(select(func.count()).select_from(some.subquery())).scalar_one())


def _any(connection: Connection, table: Table) -> bool:
    return bool(connection.execute(select(exists(select(1).select_from(table)))).scalar())


def _are_deeds_known(connection: Connection) -> bool:
    """Whether anything was done, among the first and the last messages: some only say who somebody is."""
    for order in (events.c.received_at, events.c.received_at.desc()):
        some = select(events.c.event).order_by(order).limit(_LOOKED_AT).subquery()
        if connection.execute(select(1).select_from(some).where(some.c.event.is_not(None)).limit(1)).first():
            return True
    return False


def _is_scored(connection: Connection, publication_no: int) -> bool:
    chosen = select(1).where(scores.c.publication_no == publication_no)
    return bool(connection.execute(select(exists(chosen))).scalar())
