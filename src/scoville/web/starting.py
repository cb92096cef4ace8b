"""What has to be done before a server starts, and what the person who starts it is told.

In: a store. Out: a model in force, and a few lines of text. Called by `scoville serve`.
"""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

from sqlalchemy import select

from scoville.errors import UsageError
from scoville.live.actions.sealing import VARIABLE
from scoville.live.jobs.asking import ask_for, newest_job
from scoville.live.jobs.kinds import DEMO_LEADS
from scoville.live.models.apart import check_runs
from scoville.live.models.publishing import list_publications, publish
from scoville.live.models.versions import save_version
from scoville.live.store.access import keys
from scoville.live.store.people import leads
from scoville.web.auth.audit import record
from scoville.web.auth.users import new_setup_token

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


def ask_for_demo(store: Store, *, now: datetime) -> bool:
    """Have the worker fill an empty store with a made-up company's leads; False where there are leads already."""
    with store.writing() as connection:
        if connection.execute(select(leads.c.lead_no).limit(1)).first() is not None:
            return False
        before = newest_job(connection, "demo")
        if before is None or not before.is_under_way:
            asked = {"leads": DEMO_LEADS, "by": _AUTHOR, "until": now.replace(second=0, microsecond=0).isoformat()}
            ask_for(connection, "demo", asked, by=_AUTHOR, now=now)
    return True


def notes_for(store: Store, url: str, *, now: datetime) -> Iterator[str]:
    """Where it is reached, and what is missing before it is of use.

    While nobody has a login, a new link for the first one is made: it works once, within the hour.
    """
    with store.writing() as connection:
        model = next(iter(list_publications(connection, 1)), None)
        has_keys = connection.execute(select(keys.c.key_id).limit(1)).first() is not None
        token = new_setup_token(connection, now=now)
        if token is not None:
            record(connection, _AUTHOR, "setup.begun", now=now)
    yield f"Scoville at {url}, scoring by {model.name} ({model.model_version})." if model else f"Scoville at {url}."
    if token is not None:
        yield "To begin, make the first login. This link works once, within the hour:"
        yield f"\n  {url}/setup?token={token}\n"
    if not store.is_sqlite and not os.environ.get(VARIABLE):
        yield f"Nothing can be sent yet: {VARIABLE} is not set, which keeps the secrets of actions. See docs/running.md"
    if token is not None:
        return  # the pages say what comes next
    if model is None:
        yield f"There is no model yet, so nothing is scored: {url}/welcome leads to one."
    if not has_keys:
        yield f"Nobody can send events yet: {url}/data/connect makes a key, and says what to paste."
