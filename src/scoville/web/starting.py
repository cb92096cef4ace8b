"""What has to be done before a server starts, and what the person who starts it is told.

In: a store. Out: a model in force, and a few lines of text. Called by `scoville serve`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlalchemy import select

from scoville.errors import UsageError
from scoville.live.actions.sealing import VARIABLE
from scoville.live.models.apart import check_runs
from scoville.live.models.publishing import list_publications, publish
from scoville.live.models.versions import save_version
from scoville.live.store.access import keys, users

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime
    from pathlib import Path

    from scoville.live.store.opening import Store

_AUTHOR = "scoville serve"


def publish_file(store: Store, path: Path, *, now: datetime) -> bool:
    """Put the model of a file in force, unless it is already; whether that was needed.

    Raises: UsageError for a file that cannot be read; ModelError with every problem of the model; PlanError for one
    that cannot score live leads.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as wrong:
        raise UsageError(f"{path}: cannot be read: {getattr(wrong, 'strerror', None) or 'it is not UTF-8'}") from None
    check_runs(text)
    with store.writing() as connection:
        version = save_version(connection, text, author=_AUTHOR, note=f"from {path.name}", now=now)
        last = next(iter(list_publications(connection, 1)), None)
        if last is not None and last.model_version == version.model_version:
            return False
        publish(connection, version.version_no, author=_AUTHOR, note=f"from {path.name}", now=now)
    return True


def notes_for(store: Store, url: str) -> Iterator[str]:
    """Where it is reached, and what is missing before it is of use."""
    with store.reading() as connection:
        model = next(iter(list_publications(connection, 1)), None)
        has_keys = connection.execute(select(keys.c.key_id).limit(1)).first() is not None
        has_users = connection.execute(select(users.c.user_no).limit(1)).first() is not None
    yield f"Scoville at {url}, scoring by {model.name} ({model.model_version})." if model else f"Scoville at {url}."
    if model is None:
        yield "There is no model yet, so nothing is scored: start it with --model model.yaml, or publish one."
    if not store.is_sqlite and not os.environ.get(VARIABLE):
        yield f"Nothing can be sent yet: {VARIABLE} is not set, which keeps the secrets of actions. See docs/running.md"
    if not has_keys:
        yield "Nobody can send events yet. A key for a site: scoville key create website --kind write"
    if not has_users:
        yield "Nobody can log in yet. The first administrator: scoville user create ann@example.com --role admin"
