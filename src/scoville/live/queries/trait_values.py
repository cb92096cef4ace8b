"""What is known of leads, trait by trait: the values as they are now, and the source that said each.

In: a connection, a sample of leads. Out: `TraitValues`. Called by the page Data, which judges them.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import orjson
from sqlalchemy import text

from scoville.live.fold.among import among, bound
from scoville.live.store.log import sources

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from scoville.live.queries.sampling import Sample

MOST_LEADS = 2_000
"""So many are looked at: a share is then right to about two in a hundred, and the answer there in a moment."""


@dataclass
class TraitValues:
    """One trait: each lead's value as it is now, and how many each source said. A lead without it is left out."""

    name: str
    values: list[Any] = field(default_factory=list)
    by_source: Counter[str] = field(default_factory=Counter)


def trait_values(connection: Connection, sample: Sample) -> list[TraitValues]:
    """The traits of some leads, the one that most have first. Of several values of one lead the newest stands."""
    names = {row.source_no: row.name for row in connection.execute(sources.select())}
    newest: dict[tuple[int, str], tuple[Any, ...]] = {}
    for lead, *row in connection.execute(_rows(connection), {"leads": bound(connection, sample.numbers)}):
        name, changed_at, event_id, value, source_no = row
        held = newest.get((lead, name))
        if held is None or (changed_at, bytes(event_id)) > held[:2]:
            newest[lead, name] = (changed_at, bytes(event_id), value, source_no)
    found: dict[str, TraitValues] = {}
    for (_, name), (*_, value, source_no) in newest.items():
        if value is not None:
            trait = found.setdefault(name, TraitValues(name))
            trait.values.append(orjson.loads(value))
            trait.by_source[names.get(source_no, "")] += 1
    return sorted(found.values(), key=lambda trait: (-len(trait.values), trait.name))


def _rows(connection: Connection) -> Any:  # noqa: ANN401 - a statement
    """Every value of every trait of the leads; the message that said it names the source."""
    return text(
        "SELECT i.lead_no, t.name, t.changed_at, t.event_id, t.value, e.source_no FROM identities i "  # noqa: S608
        "JOIN traits t ON t.identity_no = i.identity_no "
        "LEFT JOIN events e ON e.identity_no = t.identity_no AND e.occurred_at = t.changed_at "
        f"AND e.event_id = t.event_id WHERE i.lead_no {among(connection, 'leads')}"
    )
