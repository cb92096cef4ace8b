"""Where messages come from, by name: a site, a server, an import.

In: a name. Out: the number of the source. Called by whatever makes keys, and by imports.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from scoville.live.store.log import sources

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


def source_named(connection: Connection, name: str, now: datetime) -> int:
    """The number of a source; a new one is made for a new name."""
    known = connection.execute(select(sources.c.source_no).where(sources.c.name == name)).scalar()
    if known is not None:
        return int(known)
    made = insert(sources).values(name=name, created_at=now).returning(sources.c.source_no)
    return int(connection.execute(made).scalar_one())
