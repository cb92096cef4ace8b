"""What comes out of a request: messages to store, refusals to put aside, and the error for what cannot be read at all.

Both are rows: their fields are the columns of `inbox` and `quarantine`, with instants as microseconds, so that a
hundred of them are handed to the database as they are.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import NamedTuple

from scoville.errors import DataError

_EVENT_ID_BYTES = 16  # 128 bits of a SHA-256: two messages in 10**18 share one with a chance of 1 in 700


class Message(NamedTuple):
    """A message that can be used: one row of `inbox`."""

    event_id: bytes
    source_no: int
    is_trusted: bool
    type: str
    message_id: str
    user_id: str | None
    anonymous_id: str | None
    group_id: str | None
    previous_id: str | None
    event: str | None
    occurred_us: int
    received_us: int
    payload: str


class Refused(NamedTuple):
    """A message that cannot be used: one row of `quarantine`. `refusal_id` makes a retry of it one row, not two."""

    refusal_id: bytes
    received_us: int
    source_no: int
    reason: str
    detail: str
    person: str | None
    body: str
    is_trusted: bool


@dataclass(frozen=True)
class Batch:
    """All of one request, in its order."""

    messages: list[Message]
    refused: list[Refused]

    def __len__(self) -> int:
        """How many rows it brings."""
        return len(self.messages) + len(self.refused)


class UnreadableError(DataError):
    """A whole request cannot be read: its sender is told so. `code` says why: invalid_json, too_large, ..."""

    def __init__(self, code: str, message: str) -> None:
        self.code = code
        super().__init__(message)


def event_id_of(source_no: int, message_id: str) -> bytes:
    """The id of a message for ever: the same source and message id give the same one."""
    return hashlib.sha256(f"{source_no}\x1f{message_id}".encode()).digest()[:_EVENT_ID_BYTES]


def refusal_id_of(source_no: int, reason: str, known_by: str) -> bytes:
    """The id of a refusal: of another kind than those of messages, so that a message put right is taken later.

    `known_by` is its message id, or all of it.
    """
    return hashlib.sha256(f"refused\x1f{source_no}\x1f{reason}\x1f{known_by}".encode()).digest()[:_EVENT_ID_BYTES]
