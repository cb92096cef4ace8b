"""Leads a part at a time, for DuckDB with little memory: a step then takes what one part of the leads takes.

In: the query of a step and the tables that it may read. Out: one query for each part, whose rows together are those of
the step. Called by `duckdb.py`.

Nothing but ranks and accounts looks at two leads, so leads are dealt out by a hash of their id, each with its events.
Events are read once for each part: dearer than once for all, and the only way that always ends. Grouped in one go, so
many leads and rules would have to go to the disk and back, and DuckDB gives up where it cannot hold what it puts there.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

BYTES_PER_LEAD = 256
BYTES_PER_RULE = 64
"""What a lead takes while it is worked out, and what each rule adds that it met: measured, with some air."""
FINER = 4
"""How many parts are made of each where no events are read: nearly free there, and room for the tables held by then."""
FOR_ALL_LEADS = ("ranks",)
"""Steps that look at all leads."""


def parts_needed(leads: int, rules: int, limit_bytes: int) -> int:
    """Into how many parts leads are dealt so that one fits, when each may meet all of so many rules; at least 1."""
    return max(1, math.ceil(leads * (BYTES_PER_LEAD + BYTES_PER_RULE * rules) / limit_bytes))


def in_parts(query: str, dealt: Sequence[str], parts: int) -> Iterator[str]:
    """The query for one part after another. `dealt` are the tables with a lead_id among those it may read.

    They are read where they stand, not copied first, however often the query names them.
    """
    for part in range(parts):
        chosen = f"WHERE hash(lead_id) % {parts} = {part}"
        own = ", ".join(f'"{name}" AS NOT MATERIALIZED (FROM temp.main."{name}" {chosen})' for name in dealt)
        yield f"WITH {own} FROM ({query}) q"
