"""Versions of the model: saved once they are sound, and never changed afterwards.

In: YAML text. Out: rows of `model_versions`. Called by the API and by `scoville serve --model`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import insert, select

from scoville.evidence.versus.differences import model_changes
from scoville.live.store.scores import model_versions
from scoville.model.load import Model

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.evidence.versus.differences import Change

_SHOWN = tuple(column for column in model_versions.c if column.name != "text")


@dataclass(frozen=True)
class Version:
    """A version without its text. `model_version` is the hash of the content: equal for equal models."""

    version_no: int
    model_version: str
    name: str
    author: str
    note: str
    created_at: datetime


def save_version(connection: Connection, text: str, *, author: str, note: str = "", now: datetime) -> Version:
    """Check a model and keep it. The same text as the newest version is that version: nothing is added.

    Raises: ModelError with every problem, each with its place.
    """
    model = Model.loads(text)
    newest = connection.execute(select(model_versions).order_by(model_versions.c.version_no.desc()).limit(1)).first()
    if newest is not None and newest.text == text:
        return _version(newest)
    row = {
        "model_version": model.version, "name": model.name, "text": text, "author": author, "note": note,
        "created_at": now,
    }  # fmt: skip
    made = insert(model_versions).values(row).returning(*_SHOWN)
    return _version(connection.execute(made).one())


def list_versions(connection: Connection, limit: int, before: int | None = None) -> list[Version]:
    """Versions, the newest first; `before` is the number that the last page ended with."""
    chosen = select(*_SHOWN).order_by(model_versions.c.version_no.desc()).limit(limit)
    if before is not None:
        chosen = chosen.where(model_versions.c.version_no < before)
    return [_version(row) for row in connection.execute(chosen)]


def find_version(connection: Connection, version_no: int) -> Version | None:
    """One version; null when there is none with this number."""
    row = connection.execute(select(*_SHOWN).where(model_versions.c.version_no == version_no)).first()
    return _version(row) if row is not None else None


def text_of(connection: Connection, version_no: int) -> str | None:
    """The YAML of a version as it was given; null when there is none with this number."""
    chosen = select(model_versions.c.text).where(model_versions.c.version_no == version_no)
    found: str | None = connection.execute(chosen).scalar()
    return found


def differences(before: str, after: str) -> tuple[Change, ...]:
    """What two models, as YAML, say differently, in words. Raises: ModelError."""
    return model_changes(Model.loads(before), Model.loads(after))


def _version(row: object) -> Version:
    return Version(**{name: getattr(row, name) for name in Version.__dataclass_fields__})
