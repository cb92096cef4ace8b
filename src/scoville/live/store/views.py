"""Lists of leads that people look at again and again: filters with a name, for oneself or for everybody.

In: filters as they stand in the address of the queue. Out: rows of `saved_views`. Called by the API. Who saved a view
may change it; a shared one also whoever may share.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update

from scoville.errors import UsageError
from scoville.live.store.access import saved_views

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

MOST = 100
"""Views of one person: more would be a list of its own."""


@dataclass(frozen=True)
class View:
    """A view as a person sees it; `filters` as in an address: `stage=MQL&owner=mine`."""

    view_id: str
    name: str
    filters: str
    is_shared: bool
    is_mine: bool
    saved_at: datetime


@dataclass(frozen=True)
class Keeper:
    """Who looks at views: their number, and whether they may share views and change shared ones."""

    user_no: int
    may_share: bool


def list_views(connection: Connection, user_no: int) -> list[View]:
    """What somebody sees: the shared ones first, then their own, each by name."""
    v = saved_views.c
    seen = select(saved_views).where(or_(v.user_no == user_no, v.is_shared))
    rows = connection.execute(seen.order_by(v.is_shared.desc(), func.lower(v.name), v.view_id))
    return [View(row.view_id, row.name, row.filters, row.is_shared, row.user_no == user_no, row.saved_at)
            for row in rows]  # fmt: skip


def add_view(
    connection: Connection, keeper: Keeper, name: str, filters: str, now: datetime, *, is_shared: bool = False
) -> str:
    """Keep a view; its id. Raises: UsageError for a name that one of theirs has, or for too many."""
    _check_sharing(keeper, is_shared=is_shared)
    mine = select(func.count()).where(saved_views.c.user_no == keeper.user_no)
    if connection.execute(mine).scalar_one() >= MOST:
        raise UsageError(f"you have {MOST} views already: delete one that you no longer need")
    _check_name(connection, keeper, name, None)
    row = {"view_id": secrets.token_urlsafe(9), "user_no": keeper.user_no, "name": name, "filters": filters}
    connection.execute(insert(saved_views).values(**row, is_shared=is_shared, saved_at=now))
    return row["view_id"]  # type: ignore[return-value]


def replace_view(
    connection: Connection, keeper: Keeper, view_id: str, name: str, filters: str, now: datetime, *, is_shared: bool
) -> None:
    """Another name, other filters. Raises: UsageError for a view that they may not change, or a name that is taken."""
    _check_sharing(keeper, is_shared=is_shared)
    _check_name(connection, keeper, name, view_id)
    changed = update(saved_views).where(*_changeable(keeper, view_id))
    row = {"name": name, "filters": filters, "is_shared": is_shared, "saved_at": now}
    if not connection.execute(changed.values(row)).rowcount:
        raise UsageError(_NOT_YOURS)


def delete_view(connection: Connection, keeper: Keeper, view_id: str) -> None:
    """Raises: UsageError for a view that they may not delete, or that is gone."""
    if not connection.execute(delete(saved_views).where(*_changeable(keeper, view_id))).rowcount:
        raise UsageError(_NOT_YOURS)


_NOT_YOURS = "there is no such view of yours: it is gone, or somebody else shares it"


def _changeable(keeper: Keeper, view_id: str) -> tuple[ColumnElement[bool], ...]:
    v = saved_views.c
    may = or_(v.user_no == keeper.user_no, v.is_shared) if keeper.may_share else v.user_no == keeper.user_no
    return v.view_id == view_id, may


def _check_sharing(keeper: Keeper, *, is_shared: bool) -> None:
    if is_shared and not keeper.may_share:
        raise UsageError("sharing a view with everybody is for marketing and admins; keep it for yourself")


def _check_name(connection: Connection, keeper: Keeper, name: str, view_id: str | None) -> None:
    v = saved_views.c
    other = select(v.view_id).where(v.user_no == keeper.user_no, func.lower(v.name) == name.lower())
    if connection.execute(other).scalar() not in {None, view_id}:
        raise UsageError(f"you have a view named '{name}' already: replace it, or take another name")
