"""Lists of leads that people look at again and again: filters with a name, for oneself or for everybody.

In: filters as they stand in the address of the queue. Out: rows of `saved_views`. Called by the API. Who saved a view
may change it; a shared one also whoever may share.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, delete, func, insert, or_, select, update

from scoville.errors import UsageError
from scoville.live.store.access import saved_views
from scoville.live.store.seen import check_seen, hold, version_of

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

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

    @property
    def version(self) -> str:
        """Changes with what everybody sees of it."""
        return _version(self)


@dataclass(frozen=True)
class NewView:
    """A view to keep, or what an old one is to be from now on."""

    name: str
    filters: str
    is_shared: bool = False


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


def add_view(connection: Connection, keeper: Keeper, wanted: NewView, now: datetime) -> str:
    """Keep a view; its id. Raises: UsageError for a name that one of theirs has, or for too many."""
    _check_sharing(keeper, wanted)
    mine = select(func.count()).where(saved_views.c.user_no == keeper.user_no)
    if connection.execute(mine).scalar_one() >= MOST:
        raise UsageError(f"you have {MOST} views already: delete one that you no longer need")
    _check_name(connection, keeper, wanted.name, None)
    view_id = secrets.token_urlsafe(9)
    row = {**vars(wanted), "view_id": view_id, "user_no": keeper.user_no, "saved_at": now}
    connection.execute(insert(saved_views).values(row))
    return view_id


def replace_view(
    connection: Connection, keeper: Keeper, view_id: str, wanted: NewView, now: datetime, *, seen: str | None = None
) -> None:
    """Another name, other filters for a view of which somebody saw a version.

    Raises: UsageError for a view that they may not change, or a name that is taken; ChangedError.
    """
    _check_sharing(keeper, wanted)
    _check_changeable(connection, keeper, view_id, seen)
    _check_name(connection, keeper, wanted.name, view_id)
    row = {**vars(wanted), "saved_at": now}
    connection.execute(update(saved_views).where(saved_views.c.view_id == view_id).values(row))


def delete_view(connection: Connection, keeper: Keeper, view_id: str, *, seen: str | None = None) -> None:
    """Raises: UsageError for a view that they may not delete, or that is gone; ChangedError."""
    _check_changeable(connection, keeper, view_id, seen)
    connection.execute(delete(saved_views).where(saved_views.c.view_id == view_id))


def _check_changeable(connection: Connection, keeper: Keeper, view_id: str, seen: str | None) -> None:
    hold(connection)
    found = connection.execute(select(saved_views).where(*_changeable(keeper, view_id))).one_or_none()
    if found is None:
        raise UsageError(_NOT_YOURS)
    check_seen(seen, _version(found), view_id)


def _version(view: View | Row[Any]) -> str:
    return version_of((view.name, view.filters, view.is_shared))


_NOT_YOURS = "there is no such view of yours: it is gone, or somebody else shares it"


def _changeable(keeper: Keeper, view_id: str) -> tuple[ColumnElement[bool], ...]:
    v = saved_views.c
    may = or_(v.user_no == keeper.user_no, v.is_shared) if keeper.may_share else v.user_no == keeper.user_no
    return v.view_id == view_id, may


def _check_sharing(keeper: Keeper, wanted: NewView) -> None:
    if wanted.is_shared and not keeper.may_share:
        raise UsageError("sharing a view with everybody is for marketing and admins; keep it for yourself")


def _check_name(connection: Connection, keeper: Keeper, name: str, view_id: str | None) -> None:
    v = saved_views.c
    other = select(v.view_id).where(v.user_no == keeper.user_no, func.lower(v.name) == name.lower())
    if connection.execute(other).scalar() not in {None, view_id}:
        raise UsageError(f"you have a view named '{name}' already: replace it, or take another name")
