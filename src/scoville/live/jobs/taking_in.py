"""A file that somebody sent -> rows in the inbox: the job `import`.

In: an upload, what it holds, and what its columns mean. Out: how many rows became what. The rows go the way of
`importing`: each is stored once, however often the file is sent. The file is removed when it was taken in; one that
could not be read stays for its day, so that its columns can be corrected.
"""

from __future__ import annotations

import tempfile
from dataclasses import asdict, replace
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pyarrow.parquet as pq

from scoville.data.workspace import RelationSettings, Settings, Workspace
from scoville.live.importing import import_history
from scoville.live.jobs.looking import speaking_of
from scoville.live.jobs.uploads import drop_upload, find_upload, written_to

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from scoville.live.importing import Imported
    from scoville.live.jobs.kinds import Told
    from scoville.live.store.opening import Store

_BLOCK = 1 << 20


def run_import(store: Store, asked: dict[str, Any], told: Told, now: datetime) -> dict[str, Any]:
    """Take a file in. Raises: DataError for columns that are missing or values that cannot be read; UsageError."""
    upload = find_upload(store, asked["upload_no"])
    told(None, f"Reading {upload.name}")
    with tempfile.TemporaryDirectory() as folder, speaking_of(folder):
        path = written_to(store, upload.upload_no, Path(folder))
        rows = max(1, _rows_about(path))

        def far(imported: Imported) -> None:
            done = imported.accepted + imported.refused + imported.known
            told(min(0.99, done / rows), f"{done:,} {'row' if done == 1 else 'rows'} read")

        imported = import_history(
            store, asked["what"], str(path), source=asked["source"], now=now, told=far,
            workspace=_workspace(asked), leave_out=asked["leave_out"],
        )  # fmt: skip
    drop_upload(store, upload.upload_no)
    return {"what": asked["what"], "file": upload.name, **asdict(imported)}


def _workspace(asked: Mapping[str, Any]) -> Workspace:
    """What the columns mean, and how values are written. `at` and `occurred_at` are one for outcomes."""
    given = RelationSettings(columns=MappingProxyType(dict(asked["columns"])))
    written = Settings(decimal_mark=asked.get("decimal_mark"), date_order=asked.get("date_order"))
    relation: dict[str, Any] = {asked["what"]: given}
    return replace(Workspace(), settings=written, **relation)


def _rows_about(path: Path) -> int:
    """About how many rows a file has: its lines, but for line breaks within quotes."""
    if path.suffix == ".parquet":
        try:
            return int(pq.read_metadata(path).num_rows)
        except (OSError, ValueError):
            return 0
    lines = 0
    with path.open("rb") as file:
        while block := file.read(_BLOCK):
            lines += block.count(b"\n")
    return lines
