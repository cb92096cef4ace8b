"""Which model readers see now, and which one they saw at another time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from scoville.live.store.scores import model_versions, publications

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Select


@dataclass(frozen=True)
class InForce:
    """The publication that scores are read of. `text` is the model's YAML."""

    publication_no: int
    version_no: int
    model_version: str
    name: str
    text: str
    switched_at: datetime


def in_force(connection: Connection) -> InForce | None:
    """The last publication that readers were switched to; null before the first."""
    return _read(connection, _SWITCHED.order_by(publications.c.publication_no.desc()))


def in_force_at(connection: Connection, at: datetime) -> InForce | None:
    """The publication that readers saw at an instant, naive UTC; of the time before the first one, that one."""
    then = _SWITCHED.where(publications.c.switched_at <= at).order_by(publications.c.publication_no.desc())
    return _read(connection, then) or _read(connection, _SWITCHED.order_by(publications.c.publication_no))


_SWITCHED = (
    select(
        publications.c.publication_no, publications.c.version_no, model_versions.c.model_version,
        model_versions.c.name, model_versions.c.text, publications.c.switched_at,
    )
    .join(model_versions)
    .where(publications.c.switched_at.is_not(None))
)  # fmt: skip


def _read(connection: Connection, chosen: Select[Any]) -> InForce | None:
    row = connection.execute(chosen.limit(1)).mappings().first()
    return InForce(**row) if row is not None else None
