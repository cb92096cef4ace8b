"""Which model scores leads now, and which one is about to: read from the store, compiled once each.

In: an open store. Out: `Models`. Held by the worker; `refreshed` costs one small query while nothing was published.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import text

from scoville.live.scoring.compiled import Compiled
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store

_log = structlog.get_logger(__name__)
_LATEST = """
SELECT p.publication_no, p.version_no, p.switched_at IS NOT NULL AS is_seen, v.text
FROM publications p JOIN model_versions v ON v.version_no = p.version_no
WHERE p.publication_no = (SELECT publication_no FROM publications WHERE switched_at IS NOT NULL
                          ORDER BY publication_no DESC LIMIT 1)
   OR p.publication_no = (SELECT max(publication_no) FROM publications WHERE switched_at IS NULL)
"""


@dataclass(frozen=True)
class Published:
    """A publication and its model, ready to run."""

    publication_no: int
    compiled: Compiled


@dataclass
class Models:
    """The publication in force and the one that is being built; null where there is none.

    `make` compiles a model, which takes half a second. `built_to` is the lead up to which the pending one was built.
    """

    lists: Mapping[str, Path] = field(default_factory=dict)
    make: Callable[[Model, Mapping[str, Path]], Compiled] = Compiled
    current: Published | None = None
    pending: Published | None = None
    built_to: int = 0
    _ready: dict[int, Compiled] = field(default_factory=dict)
    _cannot_run: set[int] = field(default_factory=set)

    @property
    def all(self) -> list[Published]:
        """Those that leads are scored by, the one in force first."""
        return [one for one in (self.current, self.pending) if one is not None]

    def refresh(self, store: Store) -> None:
        """Read again what is in force."""
        with store.reading() as connection:
            self.read(connection)

    def read(self, connection: Connection) -> None:
        """The same in a transaction that is open."""
        rows = connection.execute(text(_LATEST)).all()
        current = next((self._published(row) for row in rows if row.is_seen), None)
        pending = next((self._to_come(row) for row in rows if not row.is_seen), None)
        if pending is not None and current is not None and pending.publication_no < current.publication_no:
            pending = None  # another was published and seen meanwhile: it will never be
        if pending is None or self.pending is None or pending.publication_no != self.pending.publication_no:
            self.built_to = 0
        self.current, self.pending = current, pending
        self._drop_old({row.version_no for row in rows})

    def _published(self, row: object) -> Published:
        version: int = row.version_no  # type: ignore[attr-defined]  # a row of _LATEST
        if version not in self._ready:
            self._ready[version] = self.make(Model.loads(row.text), self.lists)  # type: ignore[attr-defined]
        return Published(row.publication_no, self._ready[version])  # type: ignore[attr-defined]

    def _to_come(self, row: object) -> Published | None:
        """A model that cannot run never comes into force, and does not stop the one that is."""
        version: int = row.version_no  # type: ignore[attr-defined]  # a row of _LATEST
        if version in self._cannot_run:
            return None
        try:
            return self._published(row)
        except Exception as failed:  # noqa: BLE001 - whatever is wrong with it, leads are scored by the other one
            self._cannot_run.add(version)
            _log.warning("a model cannot run", version_no=version, error=type(failed).__name__)
            return None

    def _drop_old(self, used: set[int]) -> None:
        for version in self._ready.keys() - used:
            self._ready.pop(version).close()
