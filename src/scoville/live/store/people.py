"""Who they are and what they did: the relations that scores are computed from.

Everything hangs on an identity (one id somebody was seen under), not on a lead: merging two leads, or undoing it,
changes `identities.lead_no` and nothing else.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, PrimaryKeyConstraint, String, Table, Text
from sqlalchemy import UniqueConstraint as Unique

from scoville.live.store.metadata import EventId, Instant, Json, Number, metadata

leads = Table(
    "leads",
    metadata,
    Column("lead_no", Number, primary_key=True),
    Column("lead_id", Text, nullable=False, unique=True, doc="The first user id known, else the first anonymous id."),
    Column("first_seen_at", Instant, nullable=False),
    Column("last_seen_at", Instant, nullable=False),
    Column("account_no", Number, ForeignKey("accounts.account_no"), index=True),
    Column("is_anonymous", Boolean, nullable=False, doc="No user id and no e-mail address is known."),
    sqlite_autoincrement=True,  # the number of a lead that is gone is not given out again: it may be being scored
)
"""One row per person, as the identities now say."""

identities = Table(
    "identities",
    metadata,
    Column("identity_no", Number, primary_key=True),
    Column("kind", String(10), nullable=False, doc="user, anonymous or email."),
    Column("value", Text, nullable=False),
    Column("lead_no", Number, ForeignKey("leads.lead_no"), nullable=False, index=True),
    Column("first_seen_at", Instant, nullable=False),
    Unique("kind", "value"),
    # what begins so, whatever the language of the database
    Index("ix_identities_beginning", "kind", "value", postgresql_ops={"value": "text_pattern_ops"}).ddl_if(
        "postgresql"
    ),
)
"""One row per id that anybody was seen under. Those of one lead hang together by `links`."""

links = Table(
    "links",
    metadata,
    Column("link_no", Number, primary_key=True),
    Column("one_no", Number, ForeignKey("identities.identity_no"), nullable=False, doc="The smaller of both."),
    Column("other_no", Number, ForeignKey("identities.identity_no"), nullable=False, index=True),
    Column("cause", String(10), nullable=False, doc="identify, alias, email or manual."),
    Column("event_id", EventId, doc="The message that said so; null for one made by hand."),
    Column("linked_at", Instant, nullable=False),
    Column("linked_by", Text, doc="The person who made it by hand."),
    Column("undone_at", Instant, doc="Then it no longer holds, and no message makes it hold again."),
    Column("undone_by", Text),
    Unique("one_no", "other_no"),
)
"""Two ids that are one person, and why. An undone link stays, so that the next message does not make it again."""

events = Table(
    "events",
    metadata,
    Column("identity_no", Number, ForeignKey("identities.identity_no"), nullable=False),
    Column("occurred_at", Instant, nullable=False),
    Column("event_id", EventId, nullable=False),
    Column("type", String(10), nullable=False),
    Column("event", Text, doc="Null for identify, group and alias, which are kept for the timeline and for replay."),
    Column("properties", Json, nullable=False),
    Column("source_no", Number, ForeignKey("sources.source_no"), nullable=False),
    Column("message_id", Text, nullable=False),
    Column("received_at", Instant, nullable=False),
    PrimaryKeyConstraint("identity_no", "occurred_at", "event_id"),
    Index("ix_events_received_at", "received_at"),
    sqlite_with_rowid=False,
)
"""What was done, stored person by person in the order of time: a lead's history lies together on the disk."""

traits = Table(
    "traits",
    metadata,
    Column("identity_no", Number, ForeignKey("identities.identity_no"), nullable=False),
    Column("name", Text, nullable=False, doc="Nested ones with dots: `address.city`."),
    Column("changed_at", Instant, nullable=False),
    Column("event_id", EventId, nullable=False, doc="Of two at one instant, the greater id stands."),
    Column("value", Json, doc="Text, number or boolean; NULL when it was taken away."),
    PrimaryKeyConstraint("identity_no", "name", "changed_at", "event_id"),
    sqlite_with_rowid=False,
)
"""Every value that a trait ever had. A lead's value at an instant: the newest up to it, over all its identities."""

name_words = Table(
    "name_words",
    metadata,
    Column("word", Text, nullable=False, doc="Folded: without case and accents."),
    Column("identity_no", Number, ForeignKey("identities.identity_no"), nullable=False, index=True),
    PrimaryKeyConstraint("word", "identity_no"),
    Index("ix_name_words_beginning", "word", postgresql_ops={"word": "text_pattern_ops"}).ddl_if("postgresql"),
    sqlite_with_rowid=False,
)
"""The words of the names of people and of their companies, also of former ones: what a search finds them by."""

accounts = Table(
    "accounts",
    metadata,
    Column("account_no", Number, primary_key=True),
    Column("account_id", Text, nullable=False, unique=True),
    Column("first_seen_at", Instant, nullable=False),
    Index("ix_accounts_beginning", "account_id", postgresql_ops={"account_id": "text_pattern_ops"}).ddl_if(
        "postgresql"
    ),
)

memberships = Table(
    "memberships",
    metadata,
    Column("identity_no", Number, ForeignKey("identities.identity_no"), nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("event_id", EventId, nullable=False),
    Column("account_no", Number, ForeignKey("accounts.account_no"), nullable=False, index=True),
    PrimaryKeyConstraint("identity_no", "changed_at", "event_id"),
    sqlite_with_rowid=False,
)
"""Who belongs to which account since when: the newest up to an instant stands."""

account_traits = Table(
    "account_traits",
    metadata,
    Column("account_no", Number, ForeignKey("accounts.account_no"), nullable=False),
    Column("name", Text, nullable=False),
    Column("changed_at", Instant, nullable=False),
    Column("event_id", EventId, nullable=False),
    Column("value", Json),
    PrimaryKeyConstraint("account_no", "name", "changed_at", "event_id"),
    sqlite_with_rowid=False,
)

outcomes = Table(
    "outcomes",
    metadata,
    Column("outcome_no", Number, primary_key=True),
    Column("identity_no", Number, ForeignKey("identities.identity_no"), nullable=False),
    Column("outcome", String(60), nullable=False, doc="won, lost, accepted, rejected, ..."),
    Column("at", Instant, nullable=False, index=True),
    Column("value", Float),
    Column("reason", Text),
    Column("event_id", EventId, nullable=False, unique=True),
    Index("ix_outcomes_identity_no_at", "identity_no", "at"),
)

suppressed = Table(
    "suppressed",
    metadata,
    Column("person_hash", EventId, primary_key=True, doc="Half a SHA-256 of kind and id."),
    Column("deleted_at", Instant, nullable=False),
)
"""People who asked to be forgotten: what arrives about them later is acknowledged and dropped."""
