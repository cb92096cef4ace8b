"""What the data was like: rows in, used, merged and rejected by reason, and how full each trait is.

Nothing here reads or prints; the command line shows it, and `to_dict` feeds JSON. For every relation
`rows == used + merged + rejected`: each row that came in is in exactly one of the three.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

# Reasons of rejected rows, in the order in which they are tried: a row has the first that holds.
NO_LEAD_ID = "no lead_id"
NO_ACCOUNT_ID = "no account_id"
NO_EVENT_NAME = "no event name"
NO_TIME = "no time"
UNREADABLE_TIME = "unreadable time"
AFTER_AS_OF = "after as_of"
UNKNOWN_LEAD = "unknown lead"
DUPLICATE_EVENT_ID = "duplicate event_id"
NO_POINTS = "no points"

NO_ROWS = "no rows: the run goes on as without events."

REASONS = (
    NO_LEAD_ID,
    NO_ACCOUNT_ID,
    NO_EVENT_NAME,
    NO_TIME,
    UNREADABLE_TIME,
    AFTER_AS_OF,
    UNKNOWN_LEAD,
    DUPLICATE_EVENT_ID,
)


@dataclass(frozen=True)
class Notice:
    """Something a person should know, though the run went on: a choice made, or values set aside."""

    relation: str
    column: str | None
    message: str

    def __str__(self) -> str:
        """`leads.amount: read 1,234 as one thousand ...`."""
        return f"{self.relation}.{self.column}: {self.message}" if self.column else f"{self.relation}: {self.message}"


@dataclass(frozen=True)
class TraitQuality:
    """One trait: its type after cleaning, the share of used rows without it, and values that could not be read.

    `missing_share` is in [0, 1], null when no row is used. `unreadable` values became missing.
    """

    name: str
    type: str
    missing_share: float | None
    unreadable: int = 0


@dataclass(frozen=True)
class RelationQuality:
    """One relation: where each of its rows went. `rejected` maps a reason to a number of rows, none of them 0."""

    relation: str
    source: str
    rows: int
    used: int
    merged: int = 0
    rejected: dict[str, int] = field(default_factory=dict)
    traits: tuple[TraitQuality, ...] = ()


@dataclass(frozen=True)
class Quality:
    """The data quality summary of one run."""

    relations: tuple[RelationQuality, ...]
    notices: tuple[Notice, ...] = ()

    def relation(self, name: str) -> RelationQuality | None:
        """The summary of one relation, null when the run had no such relation."""
        return next((one for one in self.relations if one.relation == name), None)

    def to_dict(self) -> dict[str, Any]:
        """The same as plain dicts, lists, text and numbers, for JSON."""
        relations = {one.relation: asdict(one) for one in self.relations}
        for summary in relations.values():
            summary.pop("relation")
            summary["traits"] = list(summary["traits"])
        return {"relations": relations, "notices": [asdict(notice) for notice in self.notices]}
