"""Putting a version in force: a publication, which the worker builds and then switches all readers to at once.

In: a version. Out: a row of `publications` whose `switched_at` is null until every lead has a score by it. Called by
the API. Rolling back is publishing an earlier version: nothing is undone, and the ledger tells both.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, insert, select

from scoville.errors import UsageError
from scoville.live.store.people import leads
from scoville.live.store.scores import model_versions, publications, scores

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row


@dataclass(frozen=True)
class Publication:
    """A version on its way into force, in force, or once in force."""

    publication_no: int
    version_no: int
    model_version: str
    name: str
    published_at: datetime
    published_by: str
    note: str
    switched_at: datetime | None


@dataclass(frozen=True)
class Progress:
    """How far a publication is: leads that have a score by it, of all."""

    scored: int
    leads: int


def publish(connection: Connection, version_no: int, *, author: str, note: str = "", now: datetime) -> Publication:
    """Put a version in force, as soon as every lead is scored by it.

    Raises: UsageError for a number that is none, and for the version that is in force or on its way already.
    """
    if connection.execute(select(1).where(model_versions.c.version_no == version_no)).first() is None:
        raise UsageError(f"there is no version {version_no} of the model")
    last = next(iter(list_publications(connection, 1)), None)
    if last is not None and last.version_no == version_no:
        state = "in force" if last.switched_at is not None else "on its way into force"
        raise UsageError(f"version {version_no} is {state} already")
    row = {"version_no": version_no, "published_at": now, "published_by": author, "note": note}
    connection.execute(insert(publications).values(row))
    return list_publications(connection, 1)[0]


def roll_back(connection: Connection, *, author: str, note: str = "", now: datetime) -> Publication:
    """Publish the version that was in force before the present one.

    Raises: UsageError when there was none before.
    """
    switched = [one for one in list_publications(connection, 100) if one.switched_at is not None]
    earlier = next((one for one in switched[1:] if one.version_no != switched[0].version_no), None)
    if earlier is None:
        raise UsageError("no other version was in force before: there is nothing to go back to")
    return publish(connection, earlier.version_no, author=author, note=note or "rolled back", now=now)


def list_publications(connection: Connection, limit: int) -> list[Publication]:
    """Publications, the newest first."""
    joined = (
        select(publications, model_versions.c.model_version, model_versions.c.name)
        .join(model_versions)
        .order_by(publications.c.publication_no.desc())
        .limit(limit)
    )
    return [_publication(row) for row in connection.execute(joined)]


def progress_of(connection: Connection, publication_no: int) -> Progress:
    """How far the worker is with a publication."""
    scored = select(func.count()).select_from(scores).where(scores.c.publication_no == publication_no)
    everyone = select(func.count()).select_from(leads)
    return Progress(int(connection.execute(scored).scalar_one()), int(connection.execute(everyone).scalar_one()))


def _publication(row: Row[tuple[object, ...]]) -> Publication:
    return Publication(**{name: getattr(row, name) for name in Publication.__dataclass_fields__})
