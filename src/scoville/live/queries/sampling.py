"""Some leads that stand for all: where there are a million, what is said of them rests on a few thousand.

In: a connection, how many. Out: a `Sample`. Which ones has nothing to do with what they are like, and is the same each
time, so that a figure does not flicker. Called by the queries that describe the data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select, text

from scoville.live.fold.among import among, bound
from scoville.live.store.people import leads

if TYPE_CHECKING:
    from sqlalchemy import Connection

_SPREAD = 2_654_435_761  # a prime near 2**32 divided by the golden ratio: takes numbers apart that lie together


@dataclass(frozen=True)
class Sample:
    """Numbers of leads, and of how many they were taken."""

    numbers: tuple[int, ...]
    leads: int

    @property
    def is_all(self) -> bool:
        """Whether nobody was left out."""
        return len(self.numbers) == self.leads


def sampled_leads(connection: Connection, most: int) -> Sample:
    """All leads, or about `most` of them, found by number without walking through the others."""
    total = int(connection.execute(select(func.count()).select_from(leads)).scalar_one())
    if total <= most:
        return Sample(tuple(connection.execute(select(leads.c.lead_no).order_by(leads.c.lead_no)).scalars()), total)
    last = int(connection.execute(select(func.max(leads.c.lead_no))).scalar_one())
    tried = round(most * last / total)  # numbers of leads that are gone are holes
    drawn = {1 + place * _SPREAD % last for place in range(tried)}
    there = text(f"SELECT lead_no FROM leads WHERE lead_no {among(connection, 'drawn')} ORDER BY lead_no")  # noqa: S608
    return Sample(tuple(connection.execute(there, {"drawn": bound(connection, drawn)}).scalars()), total)
