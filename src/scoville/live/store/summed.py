"""What is summed up from scores, so that nobody who looks waits for a count: accounts, and fit against engagement."""

from __future__ import annotations

from sqlalchemy import Column, Float, Index, Integer, PrimaryKeyConstraint, Table, Text

from scoville.live.store.metadata import Instant, Json, Number, metadata

account_people = Table(
    "account_people",
    metadata,
    Column("lead_no", Number, nullable=False),
    Column("publication_no", Number, nullable=False),
    Column("account", Text, nullable=False, doc="The model's `accounts.by` trait of this lead, in lower case."),
    PrimaryKeyConstraint("lead_no", "publication_no"),  # in this order: merging and forgetting know the lead alone
    Index("ix_account_people_account", "account", "publication_no"),
    sqlite_with_rowid=False,
)
"""Who belongs to which account, as the model groups them: written where it changes, when a lead is scored."""

account_scores = Table(
    "account_scores",
    metadata,
    Column("account", Text, nullable=False),
    Column("publication_no", Number, nullable=False),
    Column("score", Float, nullable=False, doc="As `tables.ACCOUNT_SCORES`: rollup + breadth, within the scale."),
    Column("rollup", Float, nullable=False),
    Column("breadth", Float, nullable=False),
    Column("people", Integer, nullable=False, doc="Those who are not disqualified."),
    Column("engaged", Integer, nullable=False),
    Column("stages", Json, nullable=False, doc="People by the stage that they stand in, disqualified ones too."),
    Column("newest_at", Instant, nullable=False, doc="When anybody of it was last seen."),
    Column("account_no", Number, doc="The account that messages name, where all its people share one."),
    PrimaryKeyConstraint("account", "publication_no"),
    Index("ix_account_scores_ranked", "publication_no", "score", "account"),
    # what begins so, whatever the language of the database
    Index("ix_account_scores_beginning", "account", postgresql_ops={"account": "text_pattern_ops"}).ddl_if(
        "postgresql"
    ),
    sqlite_with_rowid=False,
)

dirty_accounts = Table(
    "dirty_accounts",
    metadata,
    Column("dirt_no", Number, primary_key=True),
    Column("account", Text, nullable=False),
    sqlite_autoincrement=True,  # a number that was read is not given out again while its account is being summed up
)
"""Accounts of which somebody has another score: written in the same transaction. One may stand here several times."""

matrix_counts = Table(
    "matrix_counts",
    metadata,
    Column("publication_no", Number, primary_key=True, autoincrement=False),
    Column("counted_at", Instant, nullable=False),
    Column("took_ms", Float, nullable=False),
    Column("ledger_no", Number, nullable=False, doc="The last entry of the ledger when it was counted."),
    Column("cells", Json, nullable=False, doc="[[row, column, leads], ...] by the labels of `scoring.cells`."),
)
"""How many leads stand in each cell of fit against engagement, as counted last."""
