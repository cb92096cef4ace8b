"""A file that was sent -> its first rows, what it is, and what its columns may be for.

In: an upload. Out: `Head`, for a person to correct before the file is taken in. Called by the API and by the first run.
Only the beginning of a file is looked at, so the answer comes at once.
"""

from __future__ import annotations

import contextlib
import re
import tempfile
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from scoville.data.columns import KNOWN_AS
from scoville.data.moments import SAY_ORDER
from scoville.data.numerals import SAY_MARK
from scoville.data.recognise.clues import CLUES, TRAITS
from scoville.data.recognise.kinds import what_it_is
from scoville.data.recognise.looks import look_at
from scoville.data.recognise.roles import roles_of
from scoville.data.workspace import Settings
from scoville.engines.duckdb import DuckDB
from scoville.errors import DataError
from scoville.live.jobs.uploads import find_upload, written_to

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from scoville.data.recognise.findings import RecognisedFile
    from scoville.data.recognise.looks import ColumnLook
    from scoville.live.jobs.uploads import Upload
    from scoville.live.store.opening import Store

ROWS = 50
_LOOKED_AT = 2_000  # rows of a Parquet file
_LOOKED_AT_BYTES = 512 * 1024  # of a text file
_LONGEST_CELL = 200
_MOST_COLUMNS = 1_000  # 800 take some 8 s; every one is a row on the page, and nobody reads more of them
_EXAMPLES = 4
_REMEMBERED = 4  # files: whoever sends one sees its columns, and chooses, in a row; one of 800 columns takes seconds
# What values may leave open: the setting that settles it, what the command line says to do, and what is said here.
_OPEN = (
    ("decimal_mark", SAY_MARK, "If that is wrong, say how numbers are written."),
    ("date_order", SAY_ORDER, "Say which comes first."),
)
_FLAGS = re.compile(r" (Say which(?: column it is)?|Name another column): --map .*", re.DOTALL)
WHATS = ("leads", "events", "outcomes")


@dataclass(frozen=True)
class Meant:
    """A column of the file that may be our `name`: how sure that is, from 0 to 1, and why, in words."""

    name: str
    column: str
    confidence: float
    reason: str
    is_sure: bool


@dataclass(frozen=True)
class Seen:
    """One column of the file: its type in words, some of its values as text, and what is open about how it is read.

    `settled_by` is what settles it, decimal_mark or date_order; null where nothing is to be settled.
    """

    name: str
    type: str
    examples: tuple[str, ...]
    notice: str | None = None
    settled_by: str | None = None


@dataclass(frozen=True)
class Head:
    """The beginning of a file. `what` is leads, events or outcomes; null when it is neither, as `reason` says.

    `rows` are the first ones, every value as text, null where there is none. `meant` has, for each of the three kinds,
    what the columns may be for; `needed` which of our names each cannot do without.
    """

    upload_no: int
    file: str
    size_bytes: int
    what: str | None
    reason: str
    columns: tuple[Seen, ...]
    rows: tuple[Mapping[str, str | None], ...]
    meant: Mapping[str, tuple[Meant, ...]]
    needed: Mapping[str, tuple[str, ...]]


def head_of(store: Store, upload_no: int) -> Head:
    """Look at the beginning of a file. Raises: UsageError when it is not here; DataError when it cannot be read."""
    return _looked_at(store, find_upload(store, upload_no))


@lru_cache(maxsize=_REMEMBERED)
def _looked_at(store: Store, upload: Upload) -> Head:
    with tempfile.TemporaryDirectory(prefix="scoville-head-") as name, speaking_of(name):
        folder = Path(name)
        is_parquet = upload.name.lower().endswith(".parquet")
        path = written_to(store, upload.upload_no, folder, most_bytes=None if is_parquet else _LOOKED_AT_BYTES)
        if not is_parquet and upload.size_bytes > _LOOKED_AT_BYTES:
            _cut_after_last_line(path)
        with contextlib.closing(DuckDB(threads=1)) as engine:
            engine.run("SET preserve_insertion_order = true")
            return _head(engine, path, upload)


@contextlib.contextmanager
def speaking_of(folder: str) -> Iterator[None]:
    """Errors for who sent a file: without the folder that it lies in here, and without flags of the command line."""
    try:
        yield
    except DataError as wrong:
        said = _said_here(_FLAGS.sub(r" \1.", str(wrong).replace(f"{folder}/", "")))
        raise DataError(said) from None


def _head(engine: DuckDB, path: Path, upload: Upload) -> Head:
    source: object = path
    if path.suffix == ".parquet":
        engine.place.open_source(path, relation="whole")
        source = engine.arrow(f"FROM raw_whole LIMIT {_LOOKED_AT}")
    raw = engine.place.open_source(source, relation="head")
    _check_width(len(raw.table.columns))
    found = what_it_is(look_at(engine.place, raw, Settings()))
    shown = engine.place.fetch_rows(raw.table.limit(ROWS))
    kind = found.kind if found.kind in WHATS else next((what for what in WHATS if what in path.stem.lower()), None)
    return Head(
        upload_no=upload.upload_no,
        file=upload.name,
        size_bytes=upload.size_bytes,
        what=kind,
        reason=found.reason,
        columns=tuple(map(_seen, found.look.columns)),
        rows=tuple({name: None if value is None else _cell(value) for name, value in row.items()} for row in shown),
        meant={what: _meant(found, what) for what in WHATS},
        needed={what: tuple(KNOWN_AS[what]) for what in WHATS},
    )


def _said_here(said: str) -> str:
    for _, there, here in _OPEN:
        said = said.replace(there, here)
    return said


def _seen(column: ColumnLook) -> Seen:
    notice, examples = column.notice or "", tuple(map(_cell, column.shown[:_EXAMPLES]))
    settled_by = next((name for name, said, _ in _OPEN if said in notice), None)
    return Seen(column.name, column.type, examples, _said_here(notice) or None, settled_by)


def _check_width(columns: int) -> None:
    if columns > _MOST_COLUMNS:
        raise DataError(
            f"the file has {columns:,} columns, and at most {_MOST_COLUMNS:,} can be looked at here: leave out those "
            "that say nothing about a lead"
        )


def _meant(found: RecognisedFile, what: str) -> tuple[Meant, ...]:
    roles = found.roles if found.kind == what else roles_of(found.look.columns, CLUES[what])
    if what == "leads":
        taken = {role.column for role in roles if role.is_sure}
        roles += roles_of((one for one in found.look.columns if one.name not in taken), TRAITS)
    ours = {"at": "occurred_at"} if what == "outcomes" else {}
    return tuple(
        Meant(ours.get(one.name, one.name), one.column, one.confidence, one.reason, one.is_sure) for one in roles
    )


def _cell(value: Any) -> str:  # noqa: ANN401 - any value of a file
    return str(value)[:_LONGEST_CELL]


def _cut_after_last_line(path: Path) -> None:
    """A beginning ends with a whole line; where it ends within a quoted cell with a line break, an error says so."""
    content = path.read_bytes()
    end = content.rfind(b"\n")
    if end > 0:
        path.write_bytes(content[: end + 1])
