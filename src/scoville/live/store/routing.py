"""Who works which lead, since when and why: owners, their absences, rules, the queue, assignments, touches, clocks.

Everything about a person hangs on an identity (the first one of the lead at the time), so that merging two leads
changes nothing here: the assignments of a lead are those of all its identities.
"""

from __future__ import annotations

from sqlalchemy import Boolean, Column, Float, ForeignKey, Index, Integer, String, Table, Text

from scoville.live.store.metadata import Instant, Json, Number, metadata

owners = Table(
    "owners",
    metadata,
    Column("owner_no", Number, primary_key=True),
    Column("owner_id", String(32), nullable=False, unique=True, doc="Random."),
    Column("name", String(200), nullable=False),
    Column("email", String(320), nullable=False, unique=True),
    Column("is_active", Boolean, nullable=False, doc="False: gets nothing, by no way."),
    Column("capacity", Integer, doc="Leads in a period; null: no limit."),
    Column("period", String(4), nullable=False, doc="day or week (from Monday), in the owner's time zone."),
    Column("carry_over", Integer, nullable=False, doc="At most so many unused ones of the period before."),
    Column("open_limit", Integer, doc="Leads held at one time; null: no limit."),
    Column("weight", Float, nullable=False, doc="Share of the leads, relative to the others."),
    Column("hours", Json, nullable=False, doc='{"mon": ["09:00-12:00", "13:00-17:00"], ...}; empty: at all hours.'),
    Column("time_zone", String(64), nullable=False, doc="IANA name."),
    Column("created_at", Instant, nullable=False),
)

absences = Table(
    "absences",
    metadata,
    Column("absence_no", Number, primary_key=True),
    Column("owner_no", Number, ForeignKey("owners.owner_no"), nullable=False, index=True),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False, doc="Back from here on."),
    Column("note", Text, nullable=False),
)

territories = Table(
    "territories",
    metadata,
    Column("territory_no", Number, primary_key=True),
    Column("territory_id", String(32), nullable=False, unique=True, doc="Random."),
    Column("name", String(200), nullable=False, unique=True),
    Column("position", Integer, nullable=False, doc="Asked in this order; the first that holds decides."),
    Column("conditions", Json, doc="As `when:` of a model, over traits and the score row; null: everybody."),
    Column("owner_nos", Json, nullable=False, doc="Who shares these leads."),
    Column("falls_through", Boolean, nullable=False, doc="When nobody here can take a lead, the next one is asked."),
    Column("is_enabled", Boolean, nullable=False),
)

account_owners = Table(
    "account_owners",
    metadata,
    Column("account_no", Number, ForeignKey("accounts.account_no"), primary_key=True, autoincrement=False),
    Column("owner_no", Number, ForeignKey("owners.owner_no"), nullable=False, index=True),
    Column("since", Instant, nullable=False),
    Column("set_by", Text, nullable=False, doc="A person, or `routing` for the owner of its first lead."),
)

waiting = Table(
    "waiting",
    metadata,
    Column("identity_no", Number, ForeignKey("identities.identity_no"), primary_key=True, autoincrement=False),
    Column("since", Instant, nullable=False, doc="Its age counts from here, however often it was tried."),
    Column("cause", String(60), nullable=False, doc="change:17, manual, released, no_touch."),
    Column("reason", String(20), nullable=False, doc="new, no_rule, no_owner, absent, at_capacity or outside_hours."),
    Column("detail", Text, nullable=False, doc="The reason in a sentence."),
    Column("not_owner_no", Number, doc="Who has just lost it, and does not get it again from this queue."),
    Column("tries", Integer, nullable=False),
    Column("try_at", Instant, nullable=False, index=True),
    Index("ix_waiting_reason", "reason"),
)
"""Leads without an owner that are to have one: they leave by being assigned, answered or taken out by a person."""

assignments = Table(
    "assignments",
    metadata,
    Column("assignment_no", Number, primary_key=True),
    Column("identity_no", Number, ForeignKey("identities.identity_no"), nullable=False, index=True),
    Column("owner_no", Number, ForeignKey("owners.owner_no"), nullable=False),
    Column("assigned_at", Instant, nullable=False),
    Column("way", String(10), nullable=False, doc="rule, account, manual or claim."),
    Column("assigned_by", Text, nullable=False, doc="A person, or `routing`."),
    Column("score", Float, doc="Of that moment; null when it had none."),
    Column("why", Json, nullable=False, doc="The territory, who was asked, what each had got: the choice again."),
    Column("released_at", Instant, doc="Null: it holds."),
    Column("released_by", Text),
    Column("release_reason", String(60), doc="released, reassigned, no_touch, rejected, won, lost, merged."),
    Index("ix_assignments_owner_no_assigned_at", "owner_no", "assigned_at"),
    Index("ix_assignments_owner_no_released_at", "owner_no", "released_at"),
)
"""Every time a lead was given to somebody, with the reason."""

touches = Table(
    "touches",
    metadata,
    Column("touch_no", Number, primary_key=True),
    Column("identity_no", Number, ForeignKey("identities.identity_no"), nullable=False),
    Column("kind", String(10), nullable=False, doc="call, email, meeting, note or answer."),
    Column("at", Instant, nullable=False),
    Column("touched_by", Text, nullable=False),
    Column("note", Text),
    Index("ix_touches_identity_no_at", "identity_no", "at"),
)

sla_rules = Table(
    "sla_rules",
    metadata,
    Column("stage", String(200), primary_key=True),
    Column("touch_within_s", Integer, nullable=False, doc="From the crossing to the first touch."),
    Column("remind_after_s", Integer),
    Column("escalate_after_s", Integer),
    Column("reassign_after_s", Integer),
    Column("hours", Json, nullable=False, doc="Only this time counts; empty: all time does."),
    Column("time_zone", String(64), nullable=False),
)

clocks = Table(
    "clocks",
    metadata,
    Column("clock_no", Number, primary_key=True),
    Column("change_no", Number, nullable=False, unique=True, doc="The crossing that started it."),
    Column("identity_no", Number, ForeignKey("identities.identity_no"), nullable=False),
    Column("stage", Text, nullable=False),
    Column("started_at", Instant, nullable=False, doc="When the message that caused the crossing was received."),
    Column("due_at", Instant, nullable=False),
    Column("steps", Json, nullable=False, doc="What is still to be done: [[microseconds, reminder|...], ...]."),
    Column("next_at", Instant, doc="The first of them; null: nothing more."),
    Column("stopped_at", Instant, doc="First touch, or the stage was left."),
    Column("stopped_by", String(10), doc="touch, answer or left."),
    Column("waited_s", Float, doc="Seconds from start to stop, all hours."),
    Column("working_s", Float, doc="The same, counting working hours alone."),
    Column("owner_no", Number, doc="Who held it at the stop."),
    Index("ix_clocks_identity_no_stopped_at", "identity_no", "stopped_at"),
    Index("ix_clocks_next_at", "next_at"),
    Index("ix_clocks_stopped_at", "stopped_at"),
    Index("ix_clocks_started_at", "started_at"),
)
"""Time to the first touch, one for each crossing into a stage that has a rule."""
