"""What is known now, and how it came to be: dirty leads, scores, the ledger, stage changes, models, adjustments."""

from __future__ import annotations

from sqlalchemy import Column, Float, ForeignKey, Index, Integer, String, Table, Text

from scoville.live.store.metadata import Instant, Json, Number, metadata

dirty = Table(
    "dirty",
    metadata,
    Column("lead_no", Number, primary_key=True, autoincrement=False),
    Column("since", Instant, nullable=False, doc="When the first message that it waits for was received."),
    Column("turn", Integer, nullable=False, doc="Counts up when it gets dirty again while it is being scored."),
    Column("cause", String(12), nullable=False, doc="event, merge, model, adjustment, outcome."),
    Column("cause_ref", Text, doc="The message, link, model version or adjustment that caused it."),
    Index("ix_dirty_since", "since"),
)
"""Leads whose score is to be worked out again: written in the transaction that changed what it rests on."""

scores = Table(
    "scores",
    metadata,
    Column("publication_no", Number, primary_key=True, autoincrement=False),
    Column("lead_no", Number, primary_key=True, autoincrement=False),
    Column("score", Float, nullable=False),
    Column("fit", Float, nullable=False),
    Column("engagement", Float, nullable=False),
    Column("grade", Text),
    Column("level", Text),
    Column("priority", Text),
    Column("stage", Text, doc="What the model says of this score."),
    Column("standing", Text, doc="The stage it is held in: as `stage`, but left only below the line by a margin."),
    Column("standing_since", Instant),
    Column("segment", Text),
    Column("disqualified_by", Text),
    Column("probability", Float),
    Column("reasons", Text),
    Column("contributions", Json, nullable=False, doc="Rows of tables.CONTRIBUTIONS without lead_id; add up to score."),
    Column("model_version", Text, nullable=False),
    Column("as_of", Instant, nullable=False),
    Column("refresh_at", Instant, doc="When it has to be looked at again without any event; null: it stands still."),
    Column("told_score", Float, doc="What the ledger says the score is: fading below half a point is told later."),
    # the further columns answer every filter of the ranked list from the index alone
    Index(
        "ix_scores_ranked",
        "publication_no",
        "score",
        "lead_no",
        "standing",
        "stage",
        "grade",
        "level",
        "priority",
        "segment",
        "standing_since",
    ),
    Index("ix_scores_standing_score", "publication_no", "standing", "score", "lead_no", "standing_since"),
    Index("ix_scores_refresh_at", "publication_no", "refresh_at"),
    sqlite_with_rowid=False,
)
"""The score of every lead, as of its own instant, by each publication that is in force or about to be.

A model to come is scored beside the one in force; the switch is one row of `publications`, so readers see all or none.
"""

ledger = Table(
    "ledger",
    metadata,
    Column("entry_no", Number, primary_key=True),
    Column("lead_no", Number, nullable=False),
    Column("at", Instant, nullable=False),
    Column("cause", String(12), nullable=False, doc="event, decay, model, adjustment, merge, outcome."),
    Column("cause_ref", Text),
    Column("score_before", Float, doc="Null for the first."),
    Column("score", Float, nullable=False),
    Column("fit", Float, nullable=False),
    Column("engagement", Float, nullable=False),
    Column("stage_before", Text),
    Column("stage", Text),
    Column("model_version", Text, nullable=False),
    Index("ix_ledger_lead_no_at", "lead_no", "at"),
    Index("ix_ledger_at_lead_no", "at", "lead_no"),
)
"""Every change of a score with its cause. The changes of a lead add up to its score."""

stage_changes = Table(
    "stage_changes",
    metadata,
    Column("change_no", Number, primary_key=True),
    Column("lead_no", Number, nullable=False),
    Column("at", Instant, nullable=False, index=True),
    Column("stage_before", Text),
    Column("stage", Text),
    Column("direction", String(4), nullable=False, doc="up or down."),
    Column("score", Float, nullable=False),
    Column("cause", String(12), nullable=False),
    Column("model_version", Text, nullable=False),
    Column("received_at", Instant, doc="Of the message that caused it: where the clock of speed to lead starts."),
    Index("ix_stage_changes_lead_no_at", "lead_no", "at"),
)
"""Each crossing of a line, once: what actions, routing and clocks hang on."""

model_versions = Table(
    "model_versions",
    metadata,
    Column("version_no", Number, primary_key=True),
    Column("model_version", String(64), nullable=False, index=True, doc="Hash of the content."),
    Column("name", Text, nullable=False),
    Column("text", Text, nullable=False, doc="The YAML as it was given."),
    Column("author", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("created_at", Instant, nullable=False),
)

drafts = Table(
    "drafts",
    metadata,
    Column("author", String(60), primary_key=True, doc="user:ID."),
    Column("text", Text, nullable=False, doc="YAML, perhaps with faults in it."),
    Column("based_on", Number, ForeignKey("model_versions.version_no"), doc="Null: it began as something else."),
    Column("origin", Text, nullable=False, doc="What it began as, in words."),
    Column("changed_at", Instant, nullable=False),
)
"""What people are writing in the studio, one draft each: nothing is scored by it until it is saved and published."""

publications = Table(
    "publications",
    metadata,
    Column("publication_no", Number, primary_key=True),
    Column("version_no", Number, ForeignKey("model_versions.version_no"), nullable=False),
    Column("published_at", Instant, nullable=False),
    Column("published_by", Text, nullable=False),
    Column("note", Text, nullable=False),
    Column("switched_at", Instant, doc="When every lead was scored by it, and readers saw it; null until then."),
)
"""Which version was in force since when; the last one with `switched_at` is. Scores of older ones are removed later."""

adjustments = Table(
    "adjustments",
    metadata,
    Column("adjustment_no", Number, primary_key=True),
    Column("identity_no", Number, ForeignKey("identities.identity_no"), nullable=False, index=True),
    Column("points", Float, nullable=False),
    Column("reason", Text, nullable=False),
    Column("author", Text, nullable=False),
    Column("created_at", Instant, nullable=False, doc="It counts from here on."),
    Column("expires_at", Instant, doc="It no longer counts from here on; null: never."),
    Column("removed_at", Instant),
    Column("removed_by", Text),
)
"""Points given by a person, beside those of the model."""
