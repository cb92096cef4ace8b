"""A file appears whole or not at all: written beside its place, then renamed."""

from __future__ import annotations

import contextlib
import os
import secrets
from typing import TYPE_CHECKING

from scoville.errors import DataError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


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
