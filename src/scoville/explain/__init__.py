"""One lead explained: where every point comes from, what becomes of it, and the shortest way to the next stage.

In: a ScoreRun and a lead_id. Out: an `Explanation`. Called by the command line and by notebooks. Read `explain_lead`
first.
"""

# ruff: noqa: S608 - every name in the SQL is ours, and the one value from outside, a lead_id, goes through `literal`

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

from scoville.data.keep import literal
from scoville.errors import UsageError
from scoville.explain.explanation import Explanation
from scoville.explain.facts import Contribution, Future, NextStage, Outlook, Unknown, Way
from scoville.explain.outlook import outlook_of
from scoville.explain.sentences import Subject, contributions_in_words, probability_sentence
from scoville.explain.ways import next_stage_of
from scoville.explain.world import World

if TYPE_CHECKING:
    from scoville.scoring import ScoreRun

__all__ = [
    "Contribution", "Explanation", "Future", "NextStage", "Outlook", "Unknown", "Way", "explain_lead",
]  # fmt: skip

Row = dict[str, Any]
_NEAR_IDS = 3
_ROW_OF_ONE = (
    "lead_id", "model", "model_version", "as_of", "score", "fit", "engagement", "grade", "level", "priority", "stage",
    "segment", "disqualified_by", "rank", "percentile",
)  # fmt: skip


def explain_lead(run: ScoreRun, lead_id: str | int) -> Explanation:
    """Explain the score of one lead of a run.

    An id that was merged into another lead is explained as that lead. The outlook and the ways come from running the
    run's own plan over this lead alone: about a second, whatever the size of the run, once its scores are there.
    Raises:  UsageError for an id that the run does not know, with the ids nearest to it.
    Example: `print(explain_lead(run, "L00000387"))`
    """
    lead_id = str(lead_id)  # frames often hold ids as whole numbers; in a run they are text
    run.keep("scores")
    row = _score_row(run, lead_id) or _score_row(run, _owner(run, lead_id))
    if row is None:
        raise UsageError(_unknown(run, lead_id))
    with closing(World(run, row["lead_id"])) as world:
        subject = Subject(run.plan, world.lead, world.traits, row["segment"], run.as_of)
        contributions = contributions_in_words(world.contributions(), subject)
        return Explanation(
            asked_for=lead_id,
            **{name: row[name] for name in _ROW_OF_ONE},
            probability=row.get("probability"),
            probability_sentence=probability_sentence(run.model, row.get("probability")),
            leads=_count(run),
            contributions=contributions,
            outlook=outlook_of(world, row["stage"]),
            next_stage=next_stage_of(subject, world, row, [item.rule for item in contributions if item.newest_at]),
        )


def _score_row(run: ScoreRun, lead_id: str | None) -> Row | None:
    if lead_id is None:
        return None
    rows: list[Row] = run.engine.arrow(f"SELECT * FROM scores WHERE lead_id = {literal(lead_id)}").to_pylist()
    return rows[0] if rows else None


def _owner(run: ScoreRun, lead_id: str) -> str | None:
    """The lead that an id was merged into."""
    merged = f"SELECT scoville_survivor AS lead_id FROM lead_links WHERE scoville_from = {literal(lead_id)}"
    rows = run.engine.arrow(merged).to_pylist()
    return rows[0]["lead_id"] if rows else None


def _count(run: ScoreRun) -> int:
    return int(run.engine.arrow("SELECT count(*) AS leads FROM scores").to_pylist()[0]["leads"])


def _unknown(run: ScoreRun, lead_id: str) -> str:
    """What to say of an id that nobody knows, with the ids most like it."""
    near, by_bytes = run.engine.likeness("lead_id", lead_id), run.engine.sort_key("lead_id")
    rows = run.engine.arrow(
        f"SELECT lead_id FROM scores ORDER BY {near} DESC, {by_bytes} LIMIT {_NEAR_IDS}"
    ).to_pylist()
    if not rows:
        return f"there is no lead '{lead_id}': the run has no leads at all"
    ids = ", ".join(f"'{row['lead_id']}'" for row in rows)
    return f"there is no lead '{lead_id}' among the {_count(run):,} leads. Ids most like it: {ids}"
