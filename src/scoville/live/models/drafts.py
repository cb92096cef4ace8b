"""Drafts: the model that somebody is writing, kept for them until they publish it or throw it away.

In: text, as it is typed. Out: rows of `drafts`, one for each author. Called by the studio. A draft may have faults: it
is saved as a version, which may not, before anything is scored by it.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite

from scoville.live.store.scores import drafts

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True)
class Draft:
    """A draft. `based_on` is the version it began as; null where it began as something else, which `origin` names."""

    text: str
    based_on: int | None
    origin: str
    changed_at: datetime


def find_draft(connection: Connection, author: str) -> Draft | None:
    """What somebody is writing; null when there is nothing."""
    row = connection.execute(select(drafts).where(drafts.c.author == author)).first()
    return Draft(row.text, row.based_on, row.origin, row.changed_at) if row is not None else None


def keep_draft(connection: Connection, author: str, draft: Draft) -> None:
    """Keep what somebody is writing, in place of what they wrote before."""
    row = {
        "author": author, "text": draft.text, "based_on": draft.based_on, "origin": draft.origin,
        "changed_at": draft.changed_at,
    }  # fmt: skip
    new = (postgresql.insert if connection.dialect.name == "postgresql" else sqlite.insert)(drafts).values(row)
    connection.execute(new.on_conflict_do_update(index_elements=[drafts.c.author], set_=row))


def discard_draft(connection: Connection, author: str) -> bool:
    """Throw it away; whether there was one."""
    return bool(connection.execute(delete(drafts).where(drafts.c.author == author)).rowcount)
