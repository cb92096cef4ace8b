"""Who may come in, and what they did here: keys, users, sessions, the audit log, settings, answers kept for a retry.

No secret is held in clear: keys, session tokens and setup tokens as SHA-256 of 256 random bits, passwords as Argon2id.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, LargeBinary, String, Table, Text

from scoville.live.store.metadata import Instant, Json, Number, metadata

Digest = LargeBinary(32)
"""A whole SHA-256."""

keys = Table(
    "keys",
    metadata,
    Column("key_id", String(40), primary_key=True, doc="Random: it may be shown and logged."),
    Column("hash", Digest, nullable=False, unique=True),
    Column("prefix", String(24), nullable=False, doc="The first characters, so that a person knows which one it is."),
    Column("kind", String(10), nullable=False, doc="write (for sites: it only sends events) or secret (for servers)."),
    Column("is_trusted", Boolean, nullable=False, doc="What it sends may speak for known people."),
    Column("scopes", Json, nullable=False, doc="Of ingest, read, write, admin."),
    Column("source_no", Number, ForeignKey("sources.source_no"), nullable=False),
    Column("name", String(200), nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("expires_at", Instant),
    Column("last_used_at", Instant, doc="To the minute."),
    Column("revoked_at", Instant),
)

users = Table(
    "users",
    metadata,
    Column("user_no", Number, primary_key=True),
    Column("user_id", String(40), nullable=False, unique=True, doc="Random: it may be shown and logged."),
    Column("email", Text, nullable=False, unique=True, doc="In lower case."),
    Column("name", Text, nullable=False),
    Column("role", String(20), nullable=False, doc="viewer, sales, marketing or admin."),
    Column("password_hash", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
    Column("created_by", Text, nullable=False),
    Column("password_changed_at", Instant, nullable=False),
    Column("disabled_at", Instant),
)

sessions = Table(
    "sessions",
    metadata,
    Column("hash", Digest, primary_key=True),
    Column("user_no", Number, ForeignKey("users.user_no"), nullable=False, index=True),
    Column("created_at", Instant, nullable=False),
    Column("seen_at", Instant, nullable=False, doc="To the minute."),
)
"""Who is logged in. A row that is gone is a session that ended."""

saved_views = Table(
    "saved_views",
    metadata,
    Column("view_id", String(40), primary_key=True, doc="Random: it stands in addresses."),
    Column("user_no", Number, ForeignKey("users.user_no"), nullable=False, index=True, doc="Who saved it."),
    Column("name", String(60), nullable=False),
    Column("filters", Text, nullable=False, doc="As in the address of the queue; never what somebody searched for."),
    Column("is_shared", Boolean, nullable=False, doc="Everybody sees it."),
    Column("saved_at", Instant, nullable=False),
    Index("ix_saved_views_is_shared", "is_shared"),
)
"""Lists of leads that somebody looks at again and again."""

login_attempts = Table(
    "login_attempts",
    metadata,
    Column("attempt_no", Number, primary_key=True),
    Column("subject", Digest, nullable=False, doc="Of an account or of an address: neither is held in clear."),
    Column("at", Instant, nullable=False),
    Index("ix_login_attempts_subject_at", "subject", "at"),
)
"""Logins that failed lately: enough to slow down who guesses."""

audit_log = Table(
    "audit_log",
    metadata,
    Column("entry_no", Number, primary_key=True, autoincrement=False, doc="1, 2, 3: a missing one shows."),
    Column("at", Instant, nullable=False, index=True),
    Column("actor", Text, nullable=False, doc="user:ID, key:ID, cli:NAME or nobody."),
    Column("action", String(60), nullable=False, doc="What was done, such as model.published."),
    Column("object", Text, nullable=False, doc="What it was done to, by id."),
    Column("detail", Json, nullable=False),
    Column("previous_hash", Digest, nullable=False),
    Column("hash", Digest, nullable=False, doc="SHA-256 of the entry and of the hash before it."),
)
"""Written once, never changed: each entry seals the one before it."""

settings = Table(
    "settings",
    metadata,
    Column("name", String(100), primary_key=True),
    Column("value", Json, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("changed_by", Text, nullable=False),
)

answers = Table(
    "answers",
    metadata,
    Column("hash", Digest, primary_key=True, doc="Of the caller and of the Idempotency-Key that came."),
    Column(
        "request_hash", Digest, nullable=False, doc="Of method, path and body: the same key means the same request."
    ),
    Column("status", Integer, nullable=False),
    Column("body", Text, nullable=False),
    Column("created_at", Instant, nullable=False, index=True),
)
"""What a change was answered with, written in its own transaction: a retry gets the same, and changes nothing."""
