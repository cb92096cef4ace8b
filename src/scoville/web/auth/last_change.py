"""Who changed a thing last, and when, as the audit log knows.

In: a connection, and the id under which the log knows the thing. Out: a `LastChange`. Called where a change is refused
because somebody else was quicker.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from scoville.live.store.access import audit_log, keys, users

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

_ENDS = ("owner.removed", "territory.removed", "sla.removed", "action.removed", "view.deleted")
_CHANGES = (
    "owner.added", "owner.changed", "account.owner_set", "territory.added", "territory.changed", "sla.set",
    "action.added", "action.changed", "action.secret_rotated", "action.secret_settled", "setting.changed",
    "user.created", "user.changed", "view.saved", "view.changed", *_ENDS,
)  # fmt: skip


@dataclass(frozen=True)
class LastChange:
    """What was done last to a thing. `who` is a name that people know; `is_end`: it was taken away."""

    actor: str
    who: str
    at: datetime
    is_end: bool


def last_change_of(connection: Connection, thing: str) -> LastChange | None:
    """The newest entry that changed a thing; null when the log has none."""
    a = audit_log.c
    mine = select(a.actor, a.action, a.at).where(a.object == thing, a.action.in_(_CHANGES))
    last = connection.execute(mine.order_by(a.entry_no.desc()).limit(1)).first()
    if last is None:
        return None
    return LastChange(last.actor, _name_of(connection, last.actor), last.at, last.action in _ENDS)


def _name_of(connection: Connection, actor: str) -> str:
    kind, _, named = actor.partition(":")
    if kind == "user":
        name = connection.execute(select(users.c.name).where(users.c.user_id == named)).scalar()
    elif kind == "key":
        name = connection.execute(select(keys.c.name).where(keys.c.key_id == named)).scalar()
        name = f"the key '{name}'" if name else None
    else:
        name = named
    return name or "somebody"
