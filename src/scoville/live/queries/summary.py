"""How many leads stand where."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from scoville.live.store.scores import scores

if TYPE_CHECKING:
    from sqlalchemy import Connection


@dataclass(frozen=True)
class Counts:
    """Leads by the stage that they are held in, by priority and by grade; those without one are left out."""

    leads: int
    standings: dict[str, int]
    priorities: dict[str, int]
    grades: dict[str, int]


def stage_counts(connection: Connection, publication_no: int) -> Counts:
    """Counted along the index of the ranked list."""
    one_way = (scores.c.standing, scores.c.priority, scores.c.grade)
    chosen = select(*one_way, func.count().label("leads")).where(scores.c.publication_no == publication_no)
    rows = [tuple(row) for row in connection.execute(chosen.group_by(*one_way))]
    return Counts(sum(row[-1] for row in rows), *(_by(rows, place) for place in range(len(one_way))))


def _by(rows: list[tuple[object, ...]], place: int) -> dict[str, int]:
    counts: dict[str, int] = {}
    for row in rows:
        if row[place] is not None:
            counts[str(row[place])] = counts.get(str(row[place]), 0) + int(str(row[-1]))
    return counts
