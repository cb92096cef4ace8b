"""Which owner somebody who is logged in is: the one whose e-mail address is theirs.

In: a connection and the number of a user. Out: an owner_id. Called by pages, where "mine" and "claim" mean this owner.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import func, select

from scoville.live.store.access import users
from scoville.live.store.routing import owners

if TYPE_CHECKING:
    from sqlalchemy import Connection


def owner_id_of_user(connection: Connection, user_no: int | None) -> str | None:
    """Null for who is no owner, or one that gets no leads any more."""
    same = func.lower(owners.c.email) == users.c.email  # addresses of users are in lower case
    mine = select(owners.c.owner_id).join(users, same).where(users.c.user_no == user_no, owners.c.is_active)
    found: str | None = connection.execute(mine.order_by(owners.c.owner_no).limit(1)).scalar()
    return found
