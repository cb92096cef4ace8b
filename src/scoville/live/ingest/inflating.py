"""Compressed bytes as they arrive -> the bytes that were meant, never more than the limit of them.

In: the chunks of a request and its Content-Encoding. Out: its body. Called by the door of the server. A gzip bomb is
found out while it is unpacked: what lies beyond the limit is never in memory.
"""

from __future__ import annotations

import zlib

from scoville.live.ingest.messages import UnreadableError

_GZIP_OR_ZLIB = 47  # 32 lets zlib look at the first bytes, 15 is the largest window
_BARE_DEFLATE = -15  # what some clients send as "deflate"
_GZIP_MAGIC = b"\x1f\x8b"
_COMPRESSED = frozenset({"gzip", "x-gzip", "deflate"})
_PLAIN = frozenset({"", "identity"})


class Inflating:
    """A body that grows chunk by chunk."""

    def __init__(self, encoding: str, limit_bytes: int) -> None:
        """`encoding` as the request names it. Raises: UnreadableError for one that is not known here."""
        encoding = encoding.strip().lower()
        if encoding not in _COMPRESSED | _PLAIN:
            allowed = "gzip, deflate or none"
            raise UnreadableError("unknown_encoding", f"Content-Encoding is {encoding[:40]!r}; send {allowed}.")
        self._chunks: list[bytes] = []
        self._size = 0
        self._limit = limit_bytes
        self._unpacking = None if encoding in _PLAIN else zlib.decompressobj(_GZIP_OR_ZLIB)
        self._is_begun = False

    def feed(self, chunk: bytes) -> None:
        """Take the next bytes. Raises: UnreadableError when they are no gzip, or more than the limit come out."""
        if self._unpacking is None:
            self._keep(chunk)
            return
        try:
            self._unpack(chunk)
        except zlib.error:
            raise _not_packed() from None

    def body(self) -> bytes:
        """All of it. Raises: UnreadableError when the compressed bytes end too early."""
        if self._unpacking is not None and not self._unpacking.eof:
            raise _not_packed()
        return b"".join(self._chunks) if len(self._chunks) != 1 else self._chunks[0]

    def _keep(self, chunk: bytes) -> None:
        self._size += len(chunk)
        if self._size > self._limit:
            raise too_large(self._limit)
        self._chunks.append(chunk)

    def _unpack(self, chunk: bytes) -> None:
        while chunk:
            unpacking = self._next_member(chunk)
            if unpacking is None:
                return  # what follows the end is no gzip: some clients pad
            chunk = self._unpacked(unpacking, chunk)
            chunk = unpacking.unconsumed_tail or unpacking.unused_data

    def _next_member(self, chunk: bytes) -> zlib._Decompress | None:
        """The one to unpack with: a gzip file may hold several, one after the other."""
        if self._unpacking is not None and self._unpacking.eof:
            if not chunk.startswith(_GZIP_MAGIC):
                return None
            self._unpacking = zlib.decompressobj(_GZIP_OR_ZLIB)
        return self._unpacking

    def _unpacked(self, unpacking: zlib._Decompress, chunk: bytes) -> bytes:
        """One step: at most one byte more than the limit comes out of it."""
        room = self._limit - self._size + 1
        try:
            self._keep(unpacking.decompress(chunk, room))
        except zlib.error:
            if self._is_begun:
                raise
            self._unpacking = zlib.decompressobj(_BARE_DEFLATE)
            self._keep(self._unpacking.decompress(chunk, room))
        self._is_begun = True
        return chunk


def too_large(limit_bytes: int) -> UnreadableError:
    """The error for a body beyond the limit."""
    return UnreadableError(
        "too_large", f"The request is larger than {limit_bytes:,} bytes (after unpacking); send smaller batches."
    )


def _not_packed() -> UnreadableError:
    return UnreadableError("bad_encoding", "The body cannot be unpacked as its Content-Encoding says, or it is cut.")
