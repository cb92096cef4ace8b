"""The door: what was accepted and not yet folded in, what was seen, and what could not be taken.

`inbox` rows are written in the transaction that a request is acknowledged after, and leave it when they are folded.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, String, Table, Text

from scoville.live.store.metadata import EventId, Instant, Json, Number, metadata

sources = Table(
    "sources",
    metadata,
    Column("source_no", Number, primary_key=True),
    Column("name", String(200), nullable=False, unique=True),
    Column("created_at", Instant, nullable=False),
)
"""Where messages come from: a site, a server, an import. Message ids are unique within one."""

inbox = Table(
    "inbox",
    metadata,
    Column("seq", Number, primary_key=True, autoincrement=True),
    Column("event_id", EventId, nullable=False),
    Column("source_no", Number, ForeignKey("sources.source_no"), nullable=False),
    Column("is_trusted", Boolean, nullable=False, doc="Sent with a key that may speak for known people."),
    Column("type", String(10), nullable=False, doc="identify, track, page, screen, group, alias, outcome."),
    Column("message_id", Text, nullable=False),
    Column("user_id", Text),
    Column("anonymous_id", Text),
    Column("group_id", Text),
    Column("previous_id", Text),
    Column("event", Text, doc="Name of what was done; null for identify, group and alias."),
    Column("occurred_at", Instant, nullable=False, doc="Corrected for the sender's clock."),
    Column("received_at", Instant, nullable=False),
    Column("payload", Json, nullable=False, doc="{traits|properties, context}: cleaned of what no store can hold."),
    sqlite_autoincrement=True,
)
"""Accepted messages in the order of acceptance, until they are folded in."""

seen = Table(
    "seen",
    metadata,
    Column("event_id", EventId, primary_key=True),
    Column("received_at", Instant, nullable=False),
    Index("ix_seen_received_at", "received_at"),
    sqlite_with_rowid=False,
)
"""Every message that was ever accepted: a second one with the same id is acknowledged and dropped."""

quarantine = Table(
    "quarantine",
    metadata,
    Column("quarantine_no", Number, primary_key=True),
    Column("received_at", Instant, nullable=False, index=True),
    Column("source_no", Number, ForeignKey("sources.source_no")),
    Column("reason", String(60), nullable=False, doc="A code: no_person, bad_time, too_large, known_person, ..."),
    Column("detail", Text, nullable=False, doc="What was found, what is allowed, in a sentence."),
    Column("person", Text, index=True, doc="user or anonymous id, where one could be read: for deletion."),
    Column("body", Text, nullable=False, doc="The message as text, cut at 32 KiB."),
    Column("is_trusted", Boolean, nullable=False),
    Column("replayed_at", Instant),
)
"""Messages that were acknowledged, and could not be used: kept with the reason, for a person to look at and replay."""
