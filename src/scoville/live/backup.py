"""The whole store in one file, and back: for disasters, and to move from SQLite to PostgreSQL.

In: a store. Out: a zip with a Parquet file for each table and `manifest.json`. Called by `scoville backup` and
`scoville restore`. A backup is one state of the store, taken while the server works on.
"""

from __future__ import annotations

import json
import tempfile
import zipfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq
from sqlalchemy import Boolean, Float, Integer, LargeBinary, column, func, insert, select, table, text

from scoville import words
from scoville.engines.beside import written_beside
from scoville.errors import DataError, UsageError
from scoville.live.store.migrating import is_empty, step_of, upgrade, upgrade_to
from scoville.live.store.tables import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection, Select, Table

    from scoville.live.store.opening import Store

FORMAT = 1
_ROWS = 20_000  # at a time in memory
_MANIFEST = "manifest.json"
_PASSING = frozenset({"uploads", "upload_pieces"})  # files that are taken in within a day: send them again


@dataclass(frozen=True)
class Manifest:
    """What a backup holds: `step` of the schema, and how many rows of each table. `created_at` is ISO 8601."""

    format: int
    step: str
    created_at: str
    rows: dict[str, int]


def back_up(store: Store, path: Path, *, now: datetime, told: Callable[[str], None] = lambda name: None) -> Manifest:  # noqa: ARG005
    """Write the store to a file, which appears whole or not at all. `told` hears the name of each table.

    Raises: DataError when the file cannot be written.
    """
    with written_beside(path) as beside, _private(beside) as archive, store.reading() as connection:
        rows = {}
        for one in CATALOGUE.sorted_tables:
            if one.name not in _PASSING:
                told(one.name)
                rows[one.name] = _packed(connection, one, archive)
        manifest = Manifest(FORMAT, step_of(connection) or "", words.iso(now) or "", rows)
        archive.writestr(_MANIFEST, json.dumps(vars(manifest), indent=2))
    return manifest


def restore(store: Store, path: Path, *, told: Callable[[str], None] = lambda name: None) -> Manifest:  # noqa: ARG005
    """Read a backup into a store that holds nothing yet, and bring it up to this release.

    Raises: UsageError for a store that holds something; DataError for a file that is no backup, or is damaged.
    """
    if not is_empty(store):
        raise UsageError("the store holds data already; a backup is restored into a new one: name another --store")
    with _opened(path) as archive:
        manifest = _manifest(archive, path)
        upgrade_to(store, manifest.step)
        with store.writing() as connection:
            for one in CATALOGUE.sorted_tables:
                if one.name in manifest.rows:
                    told(one.name)
                    _unpacked(connection, one.name, archive, manifest.rows[one.name])
            _count_on(connection)
    upgrade(store)
    return manifest


# --- out ------------------------------------------------------------------------------------------------------------


def _private(path: Path) -> zipfile.ZipFile:
    path.touch(mode=0o600)  # like the store: nobody else on this machine reads it
    return zipfile.ZipFile(path, "w")


def _packed(connection: Connection, one: Table, archive: zipfile.ZipFile) -> int:
    """One table into the archive; how many rows it has."""
    schema = pa.schema([(each.name, _arrow_type(each.type)) for each in one.columns])
    count = 0
    with tempfile.NamedTemporaryFile(suffix=".parquet") as file:
        with pq.ParquetWriter(file.name, schema, compression="zstd") as writer:
            for rows in _stored(connection, one):
                count += len(rows)
                columns = zip(*rows, strict=True)
                arrays = [_array(values, kind.type) for values, kind in zip(columns, schema, strict=True)]
                writer.write_table(pa.table(arrays, schema=schema))
        archive.write(file.name, f"{one.name}.parquet", zipfile.ZIP_STORED)
    return count


def _stored(connection: Connection, one: Table) -> Iterator[list[tuple[Any, ...]]]:
    """The rows as they are stored, without what our types make of them."""
    plain: Select[*tuple[Any, ...]] = select(*(column(each.name) for each in one.columns)).select_from(table(one.name))
    result = connection.execution_options(stream_results=True, max_row_buffer=_ROWS).execute(plain)
    while rows := result.fetchmany(_ROWS):
        yield [tuple(row) for row in rows]


def _array(values: tuple[Any, ...], kind: pa.DataType) -> pa.Array:
    if pa.types.is_boolean(kind):  # SQLite has 0 and 1
        return pa.array([None if value is None else bool(value) for value in values], kind)
    return pa.array(values, kind)


def _arrow_type(kind: Any) -> pa.DataType:  # noqa: ANN401 - any type of a column
    stored = getattr(kind, "impl_instance", kind)
    if isinstance(stored, Boolean):
        return pa.bool_()
    if isinstance(stored, Integer):
        return pa.int64()
    if isinstance(stored, Float):
        return pa.float64()
    return pa.binary() if isinstance(stored, LargeBinary) else pa.string()


# --- in -------------------------------------------------------------------------------------------------------------


def _opened(path: Path) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(path)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; name one that `scoville backup` wrote") from None
    except (zipfile.BadZipFile, OSError) as wrong:
        raise DataError(f"{path}: cannot be read as a backup: {wrong}") from None


def _manifest(archive: zipfile.ZipFile, path: Path) -> Manifest:
    try:
        manifest = Manifest(**json.loads(archive.read(_MANIFEST)))
    except (KeyError, TypeError, json.JSONDecodeError):
        raise DataError(f"{path}: is no backup of Scoville; name a file that `scoville backup` wrote") from None
    if manifest.format != FORMAT:
        raise DataError(
            f"{path}: has format {manifest.format}; this release reads {FORMAT}. Install the one that wrote it"
        )
    return manifest


def _unpacked(connection: Connection, name: str, archive: zipfile.ZipFile, expected: int) -> None:
    """One table out of the archive. Raises: DataError when it is damaged or not whole."""
    with tempfile.TemporaryDirectory() as folder:
        try:
            file = pq.ParquetFile(archive.extract(f"{name}.parquet", folder))
        except (KeyError, zipfile.BadZipFile, pa.ArrowException) as wrong:
            raise DataError(f"the backup is damaged at the table {name}: {wrong}") from None
        into = insert(table(name, *(column(each) for each in file.schema_arrow.names)))
        count = 0
        for batch in file.iter_batches(_ROWS):
            count += batch.num_rows
            connection.execute(into, batch.to_pylist())
        if count != expected:
            raise DataError(f"the backup is damaged: the table {name} has {count:,} rows, not {expected:,}")


def _count_on(connection: Connection) -> None:
    """Numbers that the store gives out go on after the greatest that is taken."""
    if connection.dialect.name == "sqlite":
        return  # it looks at the rows; `sqlite_sequence` follows inserts of its own accord
    for one in CATALOGUE.sorted_tables:
        key = one.autoincrement_column
        if key is not None:
            greatest = connection.execute(select(func.max(column(key.name))).select_from(table(one.name))).scalar()
            named = {"table": one.name, "key": key.name, "value": greatest or 1, "is_taken": greatest is not None}
            connection.execute(text("SELECT setval(pg_get_serial_sequence(:table, :key), :value, :is_taken)"), named)
