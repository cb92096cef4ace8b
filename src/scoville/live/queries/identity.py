"""Who is who: how many are known, who was found to be one person and why, and who was not made one.

In: a connection. Out: plain rows and counts. Called by the page Data.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from scoville.live.queries.sampling import sampled_leads
from scoville.live.store.log import quarantine, sources
from scoville.live.store.people import identities, leads, links

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

MOST_LEADS = 5_000
"""So many are counted: all of a small store, and a share of a large one that is right to about two in a hundred."""
REFUSED = ("known_person", "unproven_person", "too_many_ids")
"""Reasons of quarantine that are merges which were not made."""
_MOST_LINKS = 500
_ADDRESS = "email"


@dataclass(frozen=True)
class Known:
    """How many leads are anonymous, known, and seen under several ids; `looked_at` of `leads` were counted."""

    leads: int
    looked_at: int
    anonymous: int
    merged: int

    @property
    def known(self) -> int:
        """With a user id or an e-mail address, of those looked at."""
        return self.looked_at - self.anonymous


@dataclass(frozen=True)
class Merge:
    """Two ids that are one person, and why; undone when `undone_at` is set."""

    link_no: int
    lead_id: str
    one_kind: str
    one: str
    other_kind: str
    other: str
    cause: str
    linked_at: datetime
    linked_by: str | None
    undone_at: datetime | None
    undone_by: str | None


def known_people(connection: Connection) -> Known:
    """How many leads are known."""
    sample = sampled_leads(connection, MOST_LEADS)
    chosen = select(
        leads.c.lead_no,
        leads.c.is_anonymous,
        func.count(identities.c.identity_no).filter(identities.c.kind != _ADDRESS).label("ids"),
    ).join(identities, identities.c.lead_no == leads.c.lead_no)
    anonymous = merged = 0
    for numbers in _pieces(sample.numbers):
        counted = chosen.where(leads.c.lead_no.in_(numbers)).group_by(leads.c.lead_no, leads.c.is_anonymous)
        for row in connection.execute(counted):
            anonymous += bool(row.is_anonymous)
            merged += row.ids > 1
    return Known(sample.leads, len(sample.numbers), anonymous, merged)


def recent_merges(connection: Connection, limit: int) -> list[Merge]:
    """The newest links that made two ids of people one; an address beside the one id of a lead is no merge."""
    one, other = identities.alias("one"), identities.alias("other")
    chosen = (
        select(
            links.c.link_no, one.c.lead_no, leads.c.lead_id, one.c.kind.label("one_kind"), one.c.value.label("one"),
            other.c.kind.label("other_kind"), other.c.value.label("other"), links.c.cause, links.c.linked_at,
            links.c.linked_by, links.c.undone_at, links.c.undone_by,
        )
        .join(one, one.c.identity_no == links.c.one_no)
        .join(other, other.c.identity_no == links.c.other_no)
        .join(leads, leads.c.lead_no == one.c.lead_no)
        .order_by(links.c.link_no.desc())
        .limit(_MOST_LINKS)
    )  # fmt: skip
    rows = connection.execute(chosen).mappings().all()
    by_address = {row["lead_no"] for row in rows if _ADDRESS in {row["one_kind"], row["other_kind"]}}
    several = _with_several_ids(connection, by_address)
    shown = [row for row in rows if _ADDRESS not in {row["one_kind"], row["other_kind"]} or row["lead_no"] in several]
    return [Merge(**{name: row[name] for name in Merge.__dataclass_fields__}) for row in shown[:limit]]


def refused_merges(connection: Connection, limit: int) -> list[dict[str, Any]]:
    """Messages that would have made two people one, and were not allowed to: the newest first."""
    chosen = (
        select(quarantine, sources.c.name.label("source"))
        .outerjoin(sources, sources.c.source_no == quarantine.c.source_no)
        .where(quarantine.c.reason.in_(REFUSED))
        .order_by(quarantine.c.quarantine_no.desc())
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(chosen).mappings()]


def _with_several_ids(connection: Connection, numbers: Collection[int]) -> set[int]:
    """Leads that were seen under more than one id, addresses not counted."""
    counted = (
        select(identities.c.lead_no)
        .where(identities.c.lead_no.in_(numbers), identities.c.kind != _ADDRESS)
        .group_by(identities.c.lead_no)
        .having(func.count() > 1)
    )
    return {*connection.execute(counted).scalars()}


def _pieces(numbers: tuple[int, ...], size: int = 5_000) -> list[tuple[int, ...]]:
    return [numbers[start : start + size] for start in range(0, len(numbers), size)]
