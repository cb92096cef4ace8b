"""Which model readers see now."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import select

from scoville.live.store.scores import model_versions, publications

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection


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
    joined = (
        select(
            publications.c.publication_no, publications.c.version_no, model_versions.c.model_version,
            model_versions.c.name, model_versions.c.text, publications.c.switched_at,
        )
        .join(model_versions)
        .where(publications.c.switched_at.is_not(None))
        .order_by(publications.c.publication_no.desc())
        .limit(1)
    )  # fmt: skip
    row = connection.execute(joined).mappings().first()
    return InForce(**row) if row is not None else None
