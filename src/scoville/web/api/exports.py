"""Everything to take away: CSV as it is read, Parquet, and the whole store as files for `scoville score`."""

from __future__ import annotations

import csv
import io
import tempfile
import zipfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path as FilePath
from typing import Annotated, Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq
from fastapi import APIRouter, Path, Query
from fastapi.responses import StreamingResponse
from starlette.responses import Response

from scoville.live.export import export
from scoville.live.queries.exporting import EXPORTS, Export
from scoville.live.store.opening import Store
from scoville.web.api.changes import Changing
from scoville.web.api.route import GuardedRoute

router = APIRouter(route_class=GuardedRoute, tags=["exports"])
_BLOCK = 1 << 20
# what makes a spreadsheet take a text for a formula; the last four are the wide forms of the first four
_FORMULA = "=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20"
_NUMBERS = frozenset({"score", "score_before", "fit", "engagement", "probability", "value"})
_INSTANTS = frozenset({"at", "as_of", "standing_since", "first_seen_at", "last_seen_at"})


@router.get("/v1/exports/store", summary="The whole store as files for `scoville score`", response_class=Response)
def take_store(changing: Changing) -> Response:
    """A zip of leads, events, outcomes, accounts and adjustments as Parquet, with the scoville.toml that names them."""
    _note(changing, "store")
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - closed when all of it was sent
    with tempfile.TemporaryDirectory(prefix="scoville-export-") as folder:
        written = export(changing.store, FilePath(folder), changing.now)
        with zipfile.ZipFile(kept, "w", zipfile.ZIP_STORED) as archive:  # Parquet is packed already
            for path in sorted(written.folder.iterdir()):
                archive.write(path, path.name)
    return file_of(_blocks(kept), "store.zip", "application/zip")


@router.get("/v1/exports/{what}", summary="A table as CSV or Parquet", response_class=Response)
def take_table(
    changing: Changing,
    what: Annotated[Literal["scores", "history", "stage_changes", "outcomes"], Path()],
    format: Annotated[Literal["csv", "parquet"], Query()] = "csv",  # noqa: A002 - the name of the parameter
) -> Response:
    """One state of the store, however long it takes. No cell of the CSV is a formula: such texts begin with a '."""
    _note(changing, what)
    if format == "csv":
        return file_of(_csv(changing.store, EXPORTS[what]), f"{what}.csv", "text/csv; charset=utf-8")
    parquet = _blocks(_parquet(changing.store, EXPORTS[what]))
    return file_of(parquet, f"{what}.parquet", "application/vnd.apache.parquet")


def cell(value: object) -> object:
    """A value as a cell of a CSV that no spreadsheet takes for a formula. A leading ' means: take it away again.

    Example: "=1+1" -> "'=1+1", "'tis" -> "''tis", -5.0 -> -5.0
    """
    if isinstance(value, datetime):
        return value.isoformat() + "Z"
    if isinstance(value, str) and value and (value[0] in _FORMULA or value[0] == "'"):
        return "'" + value
    return value


def _note(changing: Changing, what: str) -> None:
    """Who takes data away stands in the audit log."""
    with changing.begin() as change:
        change.done("exported", what)


def _csv(store: Store, wanted: Export) -> Iterator[bytes]:
    yield csv_lines([wanted.columns])
    with store.reading() as connection:
        for rows in wanted.chunks(connection):
            yield csv_lines([[cell(row[name]) for name in wanted.columns] for row in rows])


def csv_lines(rows: Sequence[Sequence[object]]) -> bytes:
    """Rows as lines of CSV; whoever shows them to a spreadsheet passes each value through `cell` first."""
    text = io.StringIO()
    csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()


def _parquet(store: Store, wanted: Export) -> Any:  # noqa: ANN401 - a file of tempfile
    schema = pa.schema([(name, _type(name)) for name in wanted.columns])
    kept = tempfile.TemporaryFile()  # noqa: SIM115 - closed when all of it was sent
    with store.reading() as connection, pq.ParquetWriter(kept, schema) as writer:
        for rows in wanted.chunks(connection):
            columns = [_column([row[name] for row in rows], schema.field(name).type) for name in wanted.columns]
            writer.write_table(pa.table(columns, schema=schema))
    return kept


def _type(name: str) -> Any:  # noqa: ANN401 - pyarrow is not typed
    if name in _NUMBERS:
        return pa.float64()
    if name == "is_anonymous":
        return pa.bool_()
    return pa.timestamp("us", tz="UTC") if name in _INSTANTS else pa.string()


def _column(values: Sequence[Any], kind: Any) -> Any:  # noqa: ANN401 - likewise
    if kind == pa.string():
        values = [None if value is None else str(value) for value in values]
    return pa.array(values, kind)


def _blocks(kept: Any) -> Iterator[bytes]:  # noqa: ANN401 - a file of tempfile
    with kept:
        kept.seek(0)
        while block := kept.read(_BLOCK):
            yield block


def file_of(blocks: Iterator[bytes], name: str, kind: str) -> Response:
    """A file to take away, sent as it is made."""
    return StreamingResponse(blocks, media_type=kind, headers={"Content-Disposition": f'attachment; filename="{name}"'})
