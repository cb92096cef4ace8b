"""The list that somebody looks at, as a file: the same leads in the same order, one line each.

In: the model in force, and a question to the ranked list. Out: CSV in pieces, read from one state of the store. No
cell of it is a formula. Called by the page of the queue.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from scoville.live.queries.lead import SHOWN_TRAITS, owners_of, score_rows, traits_of
from scoville.live.queries.queue_rows import beside
from scoville.live.queries.ranking import page_of
from scoville.web.api.exports import cell, csv_lines

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.queries.in_force import InForce
    from scoville.live.queries.ranking import Place, Question
    from scoville.live.store.opening import Store

MOST = 10_000
"""Leads in a file: whoever needs all of them takes the export of the API, which is made for that."""
_CHUNK = 250
_COLUMNS = (
    "place", "lead_id", *SHOWN_TRAITS, "account_id", "score", "score_week_ago", "stage", "priority", "grade", "level",
    "reasons", "owner", "due_at", "answer", "answered_at", "waits_because", "first_seen_at", "last_seen_at",
)  # fmt: skip


def csv_of(store: Store, model: InForce, question: Question, now: datetime) -> Iterator[bytes]:
    """The header, then the best `MOST` leads of a list."""
    yield csv_lines([_COLUMNS])
    with store.reading() as connection:
        after: Place | None = None
        for start in range(0, MOST, _CHUNK):
            page = page_of(connection, question, _CHUNK, after)
            yield csv_lines(_lines(connection, model, page.lead_nos, start + 1, now))
            after = page.end
            if after is None:
                return


def _lines(
    connection: Connection, model: InForce, lead_nos: Sequence[int], first: int, now: datetime
) -> list[list[object]]:
    known, owned = traits_of(connection, lead_nos, SHOWN_TRAITS), owners_of(connection, lead_nos)
    near = beside(connection, model, lead_nos, now)
    lines = []
    for at, one in enumerate(score_rows(connection, model.publication_no, lead_nos)):
        number = one["lead_no"]
        clock, answer, waits = near.clocks.get(number), near.answers.get(number), near.waiting.get(number)
        row: dict[str, Any] = {
            **one, **known.get(number, {}), "place": first + at, "stage": one["standing"],
            "score_week_ago": near.week_ago.scores.get(number), "owner": owned.get(number, {}).get("name"),
            "due_at": clock and clock.due_at, "answer": answer and answer.outcome, "answered_at": answer and answer.at,
            "waits_because": waits and waits.detail,
        }  # fmt: skip
        lines.append([cell(row.get(name)) for name in _COLUMNS])
    return lines
