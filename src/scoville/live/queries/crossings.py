"""Who has just got hot: crossings upward since a number that somebody has already seen.

In: a connection, which leads matter, and that number. Out: the crossings, the newest first. Called by pages that are
open and ask every few seconds, so a quiet moment costs one look at the end of the table.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, or_, select

from scoville.live.queries.matching import filter_of
from scoville.live.store.scores import scores, stage_changes

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.queries.ranking import Question

_FARTHEST = 1_000  # crossings looked through: who was away for longer opens the list again


@dataclass(frozen=True)
class GotHot:
    """A lead that crossed a line upward. `stage_before` is null for one that had no stage yet."""

    change_no: int
    lead_no: int
    stage_before: str | None
    stage: str | None
    at: datetime


def newest_crossing(connection: Connection) -> int:
    """The number of the last crossing of all; 0 before the first."""
    return int(connection.execute(select(func.max(stage_changes.c.change_no))).scalar() or 0)


def got_hot_since(
    connection: Connection, question: Question, seen: int, newest: int, first_stage: str | None
) -> Sequence[GotHot]:
    """Leads of a list that crossed upward after `seen` up to `newest`, each once, the newest first.

    It is no news of a lead that the model changed, nor that it came in at the first stage of all.
    """
    c = stage_changes.c
    lately = (c.change_no > max(seen, newest - _FARTHEST), c.change_no <= newest, c.direction == "up")
    rows = connection.execute(
        select(c.change_no, c.lead_no, c.stage_before, c.stage, c.at)
        .where(*lately, c.cause != "model", or_(c.stage_before.is_not(None), c.stage != first_stage))
        .order_by(c.change_no.desc())
    ).all()
    wanted_nos = _among(connection, question, {row.lead_no for row in rows})
    last: dict[int, GotHot] = {}
    for row in rows:
        if row.lead_no in wanted_nos:
            last.setdefault(row.lead_no, GotHot(*row))
    return list(last.values())


def _among(connection: Connection, question: Question, lead_nos: set[int]) -> set[int]:
    """Those of some leads that a list is about."""
    if not lead_nos:
        return set()
    same = (scores.c.publication_no == question.publication_no, scores.c.lead_no.in_(sorted(lead_nos)))
    conditions = filter_of(connection, question.wanted).conditions
    return {*connection.execute(select(scores.c.lead_no).where(*same, *conditions)).scalars()}
