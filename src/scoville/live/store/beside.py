"""Where files lie that are made from a store and can be made again: for this user of this machine alone.

In: a store. Out: a folder. Called by the workbench, and by `forget`, after which nothing made before may lie around.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from scoville.errors import EngineError

if TYPE_CHECKING:
    from scoville.live.store.opening import Store

_PRIVATE = 0o700
_HISTORY = "history-*.duckdb"


def folder_of(store: Store) -> Path:
    """The folder, made where it is not there: beside the file of SQLite, else among the temporary files.

    Raises: EngineError when it belongs to somebody else.
    """
    folder = _place_of(store)
    folder.mkdir(mode=_PRIVATE, parents=True, exist_ok=True)
    found = folder.stat()
    if found.st_uid != os.getuid():
        raise EngineError(f"the folder {folder} belongs to somebody else; remove it, or point TMPDIR to another place")
    if found.st_mode & 0o077:
        folder.chmod(_PRIVATE)
    return folder


def throw_away(store: Store) -> None:
    """Remove what was made from the store: it may hold somebody who was forgotten meanwhile."""
    for path in _place_of(store).glob(_HISTORY):
        path.unlink(missing_ok=True)


def _place_of(store: Store) -> Path:
    url = store.engine.url
    if store.is_sqlite:
        path = Path(url.database or "")
        return path.with_name(f"{path.name}.workbench")
    named = hashlib.sha256(url.set(password=None).render_as_string().encode()).hexdigest()[:16]
    return Path(tempfile.gettempdir(), f"scoville-{os.getuid()}-{named}")
