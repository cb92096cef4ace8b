"""A file appears whole or not at all: written beside its place, then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
from glob import glob
from pathlib import Path
from typing import TYPE_CHECKING

from scoville.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

FORMATS = {
    ".csv": "FORMAT csv, HEADER",
    ".parquet": "FORMAT parquet",
    ".jsonl": "FORMAT json",
    ".ndjson": "FORMAT json",
}


def check_ending(path: Path) -> None:
    """Whether a file can be written in the format that its ending names. Raises: UsageError when there is none."""
    if path.suffix.lower() not in FORMATS:
        raise UsageError(f"cannot tell the format of {path} by its ending; allowed: {', '.join(FORMATS)}")


def check_place(path: Path) -> None:
    """Whether there is a place for a file. Raises: UsageError without its folder, or for a folder in its place."""
    if not path.parent.is_dir():
        raise UsageError(f"cannot write {path}: there is no folder {path.parent}. Make it first")
    if path.is_dir():
        raise UsageError(f"cannot write {path}: it is a folder; name a file in it")


def refuse_targets(targets: Sequence[Path], sources: Sequence[str | None]) -> None:
    """Nothing is written over what is read, nor twice to one place. Raises: UsageError for the first that would be."""
    for path in targets:
        check_place(path)
        check_ending(path)
    refuse_overwriting(targets, sources)


def refuse_overwriting(targets: Sequence[Path], sources: Sequence[str | None]) -> None:
    """As `refuse_targets`, for files of any kind."""
    read = {file for source in sources if source is not None for file in _files_of(source)}
    written: set[Path] = set()
    for path in targets:
        if path.resolve() in read:
            raise UsageError(f"{path} is read in this run and would be overwritten; name another file to write to")
        if path.resolve() in written:
            raise UsageError(f"{path} is named for two outputs; give each its own file")
        written.add(path.resolve())


def _files_of(source: str) -> Iterator[Path]:
    """The files behind a path, a glob or FILE.duckdb::TABLE."""
    path = str(Path(source.partition("::")[0]).expanduser())
    for file in (path, *glob(path, recursive=True)):  # noqa: PTH207 - as the data are found
        yield Path(file).resolve()


@contextlib.contextmanager
def written_beside(path: Path) -> Iterator[Path]:
    """A path in the same folder to write to; on success it replaces `path`, on any error (or Ctrl-C) it is removed.

    Raises: UsageError when the folder is not there; DataError when the disk is full.
    """
    check_place(path)
    beside = path.with_name(f".{path.stem}.{secrets.token_hex(4)}.part{path.suffix}")
    try:
        yield beside
        os.replace(beside, path)  # noqa: PTH105 - Path.replace hides that this is atomic
    except OSError as error:
        message = f"cannot write {path}: {error.strerror or error}"
        raise DataError(message) from None
    finally:
        beside.unlink(missing_ok=True)
