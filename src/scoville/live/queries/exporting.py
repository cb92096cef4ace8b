"""Whole tables, row by row: for a file that somebody takes away.

In: a connection that reads one state of the store. Out: column names, and rows in chunks; memory does not grow with the
table. Called by the API's exports.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from scoville.live.queries.in_force import in_force
from scoville.live.queries.lead import SHOWN_TRAITS, traits_of
from scoville.live.store.people import accounts, identities, leads, outcomes
from scoville.live.store.scores import ledger, scores, stage_changes

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from sqlalchemy import Connection

Row = dict[str, Any]
_CHUNK = 2_000
_SCORES = tuple(column for column in scores.c if column.name not in {"publication_no", "contributions"})
_LEADS = (leads.c.lead_id, leads.c.first_seen_at, leads.c.last_seen_at, leads.c.is_anonymous)


@dataclass(frozen=True)
class Export:
    """What can be taken away: its columns in their order, and where the rows come from."""

    columns: tuple[str, ...]
    chunks: Callable[[Connection], Iterator[Sequence[Row]]]


def _scores(connection: Connection) -> Iterator[Sequence[Row]]:
    """Every lead with its score, the oldest lead first, and the traits that tell who it is."""
    now = in_force(connection)
    last: int | None = 0 if now is not None else None
    while last is not None and now is not None:
        chosen = (
            select(*_LEADS, accounts.c.account_id, *_SCORES)
            .select_from(scores)
            .join(leads, leads.c.lead_no == scores.c.lead_no)
            .outerjoin(accounts, accounts.c.account_no == leads.c.account_no)
            .where(scores.c.publication_no == now.publication_no, scores.c.lead_no > last)
            .order_by(scores.c.lead_no)
            .limit(_CHUNK)
        )
        rows = [dict(row) for row in connection.execute(chosen).mappings()]
        found = traits_of(connection, [row["lead_no"] for row in rows], SHOWN_TRAITS)
        yield [{**row, **dict.fromkeys(SHOWN_TRAITS), **found.get(row["lead_no"], {})} for row in rows]
        last = rows[-1]["lead_no"] if rows else None


def _numbered(number: Any, *columns: Any) -> Callable[[Connection], Iterator[Sequence[Row]]]:  # noqa: ANN401 - columns
    """Rows of a table about leads, in the order of their numbers."""

    def chunks(connection: Connection) -> Iterator[Sequence[Row]]:
        last: int | None = 0
        while last is not None:
            chosen = select(number.label("row_no"), leads.c.lead_id, *columns)
            if number.table is outcomes:
                chosen = chosen.join(identities, identities.c.identity_no == outcomes.c.identity_no)
                chosen = chosen.join(leads, leads.c.lead_no == identities.c.lead_no)
            else:
                chosen = chosen.join(leads, leads.c.lead_no == number.table.c.lead_no)
            rows = connection.execute(chosen.where(number > last).order_by(number).limit(_CHUNK)).mappings().all()
            yield [dict(row) for row in rows]
            last = rows[-1]["row_no"] if rows else None

    return chunks


def _of(table: Any, *names: str) -> tuple[Any, ...]:  # noqa: ANN401 - a table
    return tuple(table.c[name] for name in names)


_HISTORY = ("at", "cause", "score_before", "score", "fit", "engagement", "stage_before", "stage", "model_version")
_CROSSINGS = ("at", "stage_before", "stage", "direction", "score", "cause", "model_version")
_OUTCOMES = ("outcome", "at", "value", "reason")

EXPORTS = {
    "scores": Export(
        (
            "lead_id", *SHOWN_TRAITS, "account_id", "score", "fit", "engagement", "grade", "level", "priority", "stage",
            "standing", "standing_since", "segment", "disqualified_by", "probability", "reasons", "first_seen_at",
            "last_seen_at", "is_anonymous", "model_version", "as_of",
        ),
        _scores,
    ),
    "history": Export(("lead_id", *_HISTORY), _numbered(ledger.c.entry_no, *_of(ledger, *_HISTORY))),
    "stage_changes": Export(
        ("lead_id", *_CROSSINGS), _numbered(stage_changes.c.change_no, *_of(stage_changes, *_CROSSINGS))
    ),
    "outcomes": Export(("lead_id", *_OUTCOMES), _numbered(outcomes.c.outcome_no, *_of(outcomes, *_OUTCOMES))),
}  # fmt: skip
