"""Whom a request comes from: a key in Authorization, else the session in the cookie, else nobody.

In: the headers of a request, and the store. Out: a `Caller`. A key always goes before a cookie: whoever sends one means
it, and a browser never does so by itself.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from scoville.web.auth.access import NOBODY, Caller
from scoville.web.auth.keys import find_key, is_use_unmarked, mark_used
from scoville.web.auth.sessions import find_session, mark_seen
from scoville.web.auth.users import find_user

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scoville.live.store.opening import Store
    from scoville.web.settings import Settings

_BEARER = "bearer "


def key_in(headers: Mapping[str, str]) -> str | None:
    """The key that a request shows; null when it shows none."""
    said = headers.get("authorization", "")
    return said[len(_BEARER) :].strip() if said[: len(_BEARER)].lower() == _BEARER else None


def caller_by_key(store: Store, secret: str, now: datetime) -> Caller:
    """Who showed this key; nobody when it is not in force."""
    with store.reading() as connection:
        key = find_key(connection, secret, now)
    if key is None:
        return NOBODY
    if is_use_unmarked(key, now):
        with store.writing() as connection:
            mark_used(connection, key.key_id, now)
    return Caller(f"key:{key.key_id}", key.scopes, name=key.name)


def caller_by_session(store: Store, token: str, settings: Settings, now: datetime) -> Caller:
    """Who is logged in with this token; nobody when the session has ended or the login is switched off."""
    with store.reading() as connection:
        session = find_session(connection, token, now=now, limits=settings.sessions)
        user = find_user(connection, user_no=session.user_no) if session is not None else None
    if session is None or user is None or user.disabled_at is not None:
        return NOBODY
    if session.is_unmarked(now):
        with store.writing() as connection:
            mark_seen(connection, token, now=now)
    return Caller(
        f"user:{user.user_id}", role=user.role, name=user.name, user_no=user.user_no, user_id=user.user_id,
        session=token,
    )  # fmt: skip
