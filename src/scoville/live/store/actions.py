"""What is to be said to the world, and what became of it: actions, their messages (the outbox), and every attempt.

An outbox row is written in the transaction of what it tells of, once for each action, and leaves `waiting` only when
the other side has taken it or every attempt has failed.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, ForeignKey, Index, Integer, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from scoville.live.store.metadata import Instant, Json, Number, metadata

actions = Table(
    "actions",
    metadata,
    Column("action_no", Number, primary_key=True),
    Column("action_id", String(32), nullable=False, unique=True, doc="Random: what addresses and pages show."),
    Column("name", String(200), nullable=False, unique=True),
    Column("kind", String(10), nullable=False, doc="webhook, slack, email, assign or tag."),
    Column("occasion", String(20), nullable=False, doc="entered, left, assigned, reassigned, reminder or escalation."),
    Column("conditions", Json, nullable=False, doc="{stages, direction, min_score, segments}: all must hold."),
    Column("settings", Json, nullable=False, doc="What is no secret: text, traits, tag, who gets mail."),
    Column("sealed", Text, doc="Encrypted JSON: the address, signing secrets, headers, passwords."),
    Column("is_enabled", Boolean, nullable=False),
    Column("disabled_because", Text, doc="Set when we did it: the other side said that it is gone."),
    Column("failing_since", Instant, doc="The first failure since the last success."),
    Column("created_at", Instant, nullable=False),
    Column("changed_at", Instant, nullable=False),
)

outbox = Table(
    "outbox",
    metadata,
    Column("outbox_no", Number, primary_key=True),
    Column("message_id", String(40), nullable=False, unique=True, doc="The same at every attempt: the receiver's key."),
    Column("action_no", Number, ForeignKey("actions.action_no"), nullable=False),
    Column("cause", String(60), nullable=False, doc="change:17, assignment:4, clock:9:reminder, test:...: once each."),
    Column("lead_no", Number, index=True, doc="Null for a test."),
    Column("payload", Json, nullable=False, doc="The body as it was when it happened; sent byte for byte."),
    Column("created_at", Instant, nullable=False),
    Column("state", String(10), nullable=False, doc="waiting, sent or dead."),
    Column("attempts", Integer, nullable=False, doc="Begun since it was queued or replayed."),
    Column("due_at", Instant, nullable=False, doc="Not before; while it is being sent, the end of the lease."),
    Column("finished_at", Instant),
    Unique("action_no", "cause"),
    Index("ix_outbox_state_action_no_due_at", "state", "action_no", "due_at"),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("delivery_no", Number, primary_key=True),
    Column("outbox_no", Number, ForeignKey("outbox.outbox_no"), nullable=False, index=True),
    Column("attempt", Integer, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("outcome", String(10), nullable=False, doc="sent, failed, gone or refused (the address may not be used)."),
    Column("status", Integer, doc="HTTP or SMTP status; null when there was no answer."),
    Column("detail", Text, nullable=False, doc="Why it failed, in our words."),
    Column("answer", Text, doc="The first 4 KiB of what came back: for the operator's eyes, never for a browser."),
    Column("duration_ms", Integer, nullable=False),
)
"""Every attempt, also the failed ones."""

tags = Table(
    "tags",
    metadata,
    Column("identity_no", Number, ForeignKey("identities.identity_no"), primary_key=True),
    Column("tag", String(100), primary_key=True),
    Column("tagged_at", Instant, nullable=False),
    Column("action_no", Number, ForeignKey("actions.action_no")),
    Index("ix_tags_tag", "tag", "tagged_at"),
    sqlite_with_rowid=False,
)
"""Marks on leads that another tool fetches, such as a nurture list. They hang on an identity, so a merge keeps them."""
