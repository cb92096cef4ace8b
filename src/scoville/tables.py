"""The relations that travel through Scoville: their columns, types, units and keys.

Everything between two steps is one of these. Types are Ibis type names. All instants are UTC, without a zone in the
type, to the microsecond. Extra columns of leads are traits; extra columns of events are properties.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Column:
    """One column: its Ibis type, what stands in it (unit, when it is null), and `when` it is there (empty: always)."""

    name: str
    type: str
    doc: str
    when: str = ""


@dataclass(frozen=True)
class Relation:
    """A named set of rows. `key` names the columns that identify a row."""

    name: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    doc: str

    def names(self) -> tuple[str, ...]:
        """Names of the columns that are always there, in their fixed order."""
        return tuple(column.name for column in self.columns if not column.when)


LEADS = Relation(
    "leads",
    ("lead_id",),
    (Column("lead_id", "string", "Identifies the lead; never null, unique after cleaning."),),
    "One row per lead. Every other column is a trait; `email`, `phone`, `job_title`, `company`, `company_domain`, "
    "`country`, `created_at`, `owner`, `source` and `cost` are well known.",
)

EVENTS = Relation(
    "events",
    ("event_id",),
    (
        Column("event_id", "string", "Identifies the event; optional in files, null when the source has none."),
        Column("lead_id", "string", "Who did it."),
        Column("event", "string", "What was done, such as `page_viewed`."),
        Column("occurred_at", "timestamp(6)", "When it was done, UTC."),
    ),
    "One row per thing a lead did. Every other column is a property; `properties` may hold further ones as JSON.",
)

ADJUSTMENTS = Relation(
    "adjustments",
    (),
    (
        Column("lead_id", "string", "Whose score."),
        Column("points", "float64", "What it adds; below 0 it takes."),
        Column("reason", "string", "Why, in the words of who gave it; null when nobody said."),
        Column("created_at", "timestamp(6)", "It counts from here on, UTC; null: it always did."),
        Column("expires_at", "timestamp(6)", "It no longer counts from here on, UTC; null: it never ends."),
    ),
    "One row per change of a score by hand. They add to fit and engagement before the clamp of the scale.",
)

SCORES = Relation(
    "scores",
    ("lead_id",),
    (
        Column("lead_id", "string", "The lead."),
        Column("score", "float64", "Points after every clamp, within the model's scale."),
        Column("fit", "float64", "Points of the section `fit` after its clamp."),
        Column("engagement", "float64", "Points of the section `engagement` after its clamp."),
        Column("grade", "string", "Letter from fit; null when the model has no grades or none holds."),
        Column("level", "string", "Number from engagement; null when the model has no levels or none holds."),
        Column("priority", "string", "hot, nurture, engaged, cold, or the model's own words; null when none holds."),
        Column("stage", "string", "The last stage whose `from` and `needs` hold; `Disqualified`; or null."),
        Column("segment", "string", "The model's segment the lead falls in; null for the base model."),
        Column("rank", "int64", "1 is the highest score of the run; equal scores share a rank."),
        Column("percentile", "float64", "Share of leads of the run with a lower or equal score, in (0, 100]."),
        Column("disqualified_by", "string", "Name of the first qualification that failed; null for most."),
        Column("reasons", "string", "Top three up and the top one down, such as `+20 Demo requested; -10 Free email`."),
        Column(
            "probability",
            "float64",
            "Share of such leads that convert, 0 to 1, read from the model's `probability`; null for the disqualified.",
            "the model has `probability`",
        ),
        Column("model", "string", "Name of the model."),
        Column("model_version", "string", "Short hash of the model's canonical content."),
        Column("as_of", "timestamp(6)", "The instant the score speaks of, UTC."),
    ),
    "One row per lead, for one model and one as_of.",
)

CONTRIBUTIONS = Relation(
    "contributions",
    ("lead_id", "section", "rule"),
    (
        Column("lead_id", "string", "The lead."),
        Column("section", "string", "`fit`, `engagement`, or `score` for what happens to the sum of both."),
        Column("rule", "string", "Name of the rule, or `cap: Email`, `cap: fit`, `cap: scale`, `disqualified: Name`."),
        Column("points", "float64", "What the rule adds to the score. They add up to it, lead by lead."),
        Column("raw_points", "float64", "Points before the rule's own clamp."),
        Column("matched", "int64", "Events that counted; 1 for a fit rule; 0 for a cap or for 'no such event'."),
        Column("newest_at", "timestamp(6)", "Newest event that counted, UTC; null for a fit rule."),
    ),
    "One row per lead and rule that gave or took points.",
)

ACCOUNT_SCORES = Relation(
    "account_scores",
    ("account",),
    (
        Column("account", "string", "The account: the model's `accounts.by` trait in lower case."),
        Column("score", "float64", "rollup + breadth, within the model's scale."),
        Column("rank", "int64", "1 is the highest score; equal scores share a rank."),
        Column("rollup", "float64", "From the best people's scores."),
        Column("breadth", "float64", "Points for every engaged person beyond the first."),
        Column("people", "int64", "Qualified people of the account."),
        Column("engaged", "int64", "Those for whom the model's `breadth.when` holds."),
        Column("best_lead_id", "string", "The person with the highest score; the smallest id among equals."),
        Column("model", "string", "Name of the model."),
        Column("model_version", "string", "Short hash of the model's canonical content."),
        Column("as_of", "timestamp(6)", "The instant the score speaks of, UTC."),
    ),
    "One row per account with at least one qualified person, for a model with `accounts`.",
)
