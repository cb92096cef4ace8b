"""Files that people send, kept in the store until they are taken in.

In: bytes as they arrive. Out: a row of `uploads` with its pieces; later a file on this machine's disk. Called by the
API, which takes a file, and by the job that imports it, perhaps on another machine. A file is gone when it was taken
in, and after a day at the latest: it holds personal data.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import delete, func, insert, select, update

from scoville.errors import DataError, UsageError
from scoville.live.store.jobs import upload_pieces, uploads

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store

MOST_BYTES = 200 * 1024 * 1024
PIECE_BYTES = 1024 * 1024
MOST_FILES = 20  # that wait: together they may fill a disk
KEPT = timedelta(days=1)
ENDINGS = (".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".parquet")
_LONGEST_NAME = 200


@dataclass(frozen=True)
class Upload:
    """A file in the store. `is_whole` is false while it arrives."""

    upload_no: int
    name: str
    size_bytes: int
    is_whole: bool
    created_by: str
    created_at: datetime


class Arriving:
    """A file on its way in: `add` bytes of any size, then `done`. Each piece is a short transaction of its own."""

    def __init__(self, store: Store, name: str, *, by: str, now: datetime) -> None:
        """Raises: UsageError for a name that does not say what the file is, and while many files wait."""
        self.store = store
        self._rest = bytearray()
        self._size = self._place = 0
        row = {
            "name": checked_name(name), "size_bytes": 0, "is_whole": False, "created_by": by, "created_at": now,
        }  # fmt: skip
        with store.writing() as connection:
            _check_room(connection)
            self.upload_no = int(
                connection.execute(insert(uploads).values(row).returning(uploads.c.upload_no)).scalar_one()
            )

    def add(self, some: bytes) -> None:
        """Keep more of it. Raises: DataError when it becomes too large; what had come is removed."""
        if not self._size and some[8:12] == b"DUCK":
            self.drop()
            raise DataError("this is a DuckDB database: export the table as CSV or Parquet, and send that")
        self._size += len(some)
        if self._size > MOST_BYTES:
            self.drop()
            raise DataError(too_large())
        self._rest += some
        while len(self._rest) >= PIECE_BYTES:
            self._keep(bytes(self._rest[:PIECE_BYTES]))
            del self._rest[:PIECE_BYTES]

    def done(self) -> Upload:
        """All of it has come. Raises: DataError for a file without a byte."""
        if not self._size:
            self.drop()
            raise DataError("the file is empty: choose one with a line of column names and rows below it")
        if self._rest:
            self._keep(bytes(self._rest))
        whole = update(uploads).where(uploads.c.upload_no == self.upload_no)
        with self.store.writing() as connection:
            connection.execute(whole.values(size_bytes=self._size, is_whole=True))
        return find_upload(self.store, self.upload_no)

    def drop(self) -> None:
        """It will not become whole."""
        drop_upload(self.store, self.upload_no)

    def _keep(self, piece: bytes) -> None:
        row = {"upload_no": self.upload_no, "place": self._place, "bytes": piece}
        with self.store.writing() as connection:
            connection.execute(insert(upload_pieces).values(row))
        self._place += 1


def checked_name(name: str) -> str:
    """The file's own name, without the folders before it. Raises: UsageError when it does not say what it is."""
    bare = name.replace("\\", "/").rpartition("/")[2].strip()
    if Path(bare).suffix.lower() not in ENDINGS:
        raise UsageError(f"'{bare[-60:]}' is no file that can be read here; send one that ends in {', '.join(ENDINGS)}")
    return bare[-_LONGEST_NAME:]


def _check_room(connection: Connection) -> None:
    if int(connection.execute(select(func.count()).select_from(uploads)).scalar_one()) >= MOST_FILES:
        raise UsageError(f"{MOST_FILES} files wait to be taken in already: take them in or remove them first")


def too_large() -> str:
    """What to do about a file that is."""
    return (
        f"the file is larger than {MOST_BYTES // 1024**2} MB: split it, send it as Parquet, which is smaller, or use "
        "`scoville import` on the server"
    )


def find_upload(store: Store, upload_no: int) -> Upload:
    """One file. Raises: UsageError when it is not there, or not whole."""
    with store.reading() as connection:
        row = connection.execute(select(uploads).where(uploads.c.upload_no == upload_no)).first()
    if row is None or not row.is_whole:
        raise UsageError("the file is not here any more (it is kept for a day): send it again")
    return Upload(**row._mapping)  # noqa: SLF001 - SQLAlchemy's public name for it


def written_to(store: Store, upload_no: int, folder: Path, *, most_bytes: int | None = None) -> Path:
    """Write a file, or its beginning, into a folder, under its own name in plain letters. Raises: UsageError."""
    upload = find_upload(store, upload_no)
    path = folder / (re.sub(r"[^A-Za-z0-9_-]+", "_", Path(upload.name).stem)[:60] + Path(upload.name).suffix.lower())
    left = upload.size_bytes if most_bytes is None else most_bytes
    with path.open("wb") as file:
        for piece in _pieces(store, upload_no):
            file.write(piece[:left])
            left -= len(piece)
            if left <= 0:
                break
    return path


def drop_upload(store: Store, upload_no: int) -> None:
    """Remove a file; nothing happens when it is gone. Piece by piece: what is deleted is overwritten, which takes."""
    mine = upload_pieces.c.upload_no == upload_no
    with store.writing() as connection:
        connection.execute(update(uploads).where(uploads.c.upload_no == upload_no).values(is_whole=False))
        places = connection.execute(select(upload_pieces.c.place).where(mine)).scalars().all()
    for place in places:
        with store.writing() as connection:
            connection.execute(delete(upload_pieces).where(mine, upload_pieces.c.place == place))
    with store.writing() as connection:
        connection.execute(delete(uploads).where(uploads.c.upload_no == upload_no))


def expire_uploads(store: Store, now: datetime) -> int:
    """Remove files that nobody took in. How many."""
    with store.reading() as connection:
        old = connection.execute(select(uploads.c.upload_no).where(uploads.c.created_at < now - KEPT)).scalars().all()
    for upload_no in old:
        drop_upload(store, upload_no)
    return len(old)


def _pieces(store: Store, upload_no: int) -> Iterator[bytes]:
    """One after another, each read by itself: a long read would keep SQLite's log from being emptied."""
    place = 0
    while True:
        chosen = select(upload_pieces.c.bytes).where(
            upload_pieces.c.upload_no == upload_no, upload_pieces.c.place == place
        )
        with store.reading() as connection:
            piece = connection.execute(chosen).scalar()
        if piece is None:
            return
        yield bytes(piece)
        place += 1
