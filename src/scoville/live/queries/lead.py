"""What is known of leads: score rows, ids, traits, rank.

In: a connection, and lead numbers or an id. Out: plain rows. Called by the API.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select

from scoville.live.store.people import accounts, identities, leads, links, traits
from scoville.live.store.routing import assignments, owners
from scoville.live.store.scores import scores

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

Row = dict[str, Any]
SHOWN_TRAITS = ("name", "first_name", "last_name", "email", "company", "job_title", "country")
"""Beside a lead in a list: enough to know who it is."""
_SCORE = tuple(column for column in scores.c if column.name not in {"publication_no", "lead_no", "contributions"})
_PERSON = (leads.c.lead_no, leads.c.lead_id, leads.c.first_seen_at, leads.c.last_seen_at, leads.c.is_anonymous)


@dataclass(frozen=True)
class Standing:
    """Where a lead stands among all: 1 is the hottest; the share of leads with a lower or equal score, in (0, 100]."""

    rank: int
    percentile: float
    leads: int


def lead_no_of(connection: Connection, some_id: str) -> int | None:
    """The lead with this id, or the one that an id of any kind now belongs to."""
    own = connection.execute(select(leads.c.lead_no).where(leads.c.lead_id == some_id)).scalar()
    if own is not None:
        return int(own)
    known_under = select(identities.c.lead_no).where(
        identities.c.kind.in_(("user", "email", "anonymous")), identities.c.value == some_id
    )
    found = connection.execute(known_under.order_by(identities.c.identity_no).limit(1)).scalar()
    return int(found) if found is not None else None


def score_rows(connection: Connection, publication_no: int, lead_nos: Sequence[int]) -> list[Row]:
    """Person and score of some leads, in the order in which they are named; a lead without a score is left out."""
    joined = (
        select(*_PERSON, accounts.c.account_id, *_SCORE)
        .select_from(scores)
        .join(leads, leads.c.lead_no == scores.c.lead_no)
        .outerjoin(accounts, accounts.c.account_no == leads.c.account_no)
        .where(scores.c.publication_no == publication_no, scores.c.lead_no.in_(lead_nos))
    )
    found = {row["lead_no"]: dict(row) for row in connection.execute(joined).mappings()}
    return [found[lead_no] for lead_no in lead_nos if lead_no in found]


def contributions_of(connection: Connection, publication_no: int, lead_no: int) -> list[Row]:
    """Where every point of a lead comes from: rows of `tables.CONTRIBUTIONS` without lead_id."""
    chosen = select(scores.c.contributions).where(
        scores.c.publication_no == publication_no, scores.c.lead_no == lead_no
    )
    rows: list[Row] | None = connection.execute(chosen).scalar()
    return rows or []


def traits_of(connection: Connection, lead_nos: Sequence[int], names: Sequence[str] = ()) -> dict[int, Row]:
    """The traits of some leads as they are now, by lead: of several values the newest stands."""
    chosen = (
        select(identities.c.lead_no, traits.c.name, traits.c.changed_at, traits.c.event_id, traits.c.value)
        .join(traits, traits.c.identity_no == identities.c.identity_no)
        .where(identities.c.lead_no.in_(lead_nos))
    )
    if names:
        chosen = chosen.where(traits.c.name.in_(names))
    return _newest(connection.execute(chosen).mappings())


def traits_by_id(connection: Connection, lead_ids: Iterable[str], names: Sequence[str]) -> dict[str, Row]:
    """Some traits of leads as they are now, by the id of the lead; leads that are gone are left out."""
    chosen = select(leads.c.lead_no, leads.c.lead_id).where(leads.c.lead_id.in_(sorted(lead_ids)))
    ids = {row.lead_no: row.lead_id for row in connection.execute(chosen)}
    found = traits_of(connection, list(ids), names)
    return {lead_id: found.get(lead_no, {}) for lead_no, lead_id in ids.items()}


def identities_of(connection: Connection, lead_no: int) -> list[Row]:
    """Every id that a lead was seen under, the first one first."""
    columns = (identities.c.identity_no, identities.c.kind, identities.c.value, identities.c.first_seen_at)
    chosen = select(*columns).where(identities.c.lead_no == lead_no)
    ordered = chosen.order_by(identities.c.first_seen_at, identities.c.identity_no)
    return [dict(row) for row in connection.execute(ordered).mappings()]


def links_of(connection: Connection, lead_no: int) -> list[Row]:
    """What holds a lead together, undone links too, the oldest first."""
    one, other = identities.alias("one"), identities.alias("other")
    chosen = (
        select(
            links.c.link_no, one.c.kind.label("one_kind"), one.c.value.label("one"),
            other.c.kind.label("other_kind"), other.c.value.label("other"), links.c.cause, links.c.linked_at,
            links.c.linked_by, links.c.undone_at, links.c.undone_by,
        )
        .join(one, one.c.identity_no == links.c.one_no)
        .join(other, other.c.identity_no == links.c.other_no)
        .where((one.c.lead_no == lead_no) | (other.c.lead_no == lead_no))
        .order_by(links.c.link_no)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(chosen).mappings()]


def owners_of(connection: Connection, lead_nos: Sequence[int]) -> dict[int, Row]:
    """Who works some leads now, by lead: owner_id and name. Leads that nobody works are left out."""
    held = (
        select(identities.c.lead_no, owners.c.owner_id, owners.c.name, assignments.c.assigned_at)
        .join(assignments, assignments.c.identity_no == identities.c.identity_no)
        .join(owners, owners.c.owner_no == assignments.c.owner_no)
        .where(identities.c.lead_no.in_(lead_nos), assignments.c.released_at.is_(None))
        .order_by(assignments.c.assigned_at)
    )
    return {row["lead_no"]: dict(row) for row in connection.execute(held).mappings()}


def standing_of(connection: Connection, publication_no: int, score: float) -> Standing:
    """Where a score stands among all: counted along the index, without looking at a lead."""
    of_publication = scores.c.publication_no == publication_no
    count = select(func.count()).select_from(scores).where(of_publication)
    everyone = int(connection.execute(count).scalar_one())
    above = int(connection.execute(count.where(scores.c.score > score)).scalar_one())
    return Standing(above + 1, 100 * (everyone - above) / everyone if everyone else 0.0, everyone)


def _newest(rows: Iterable[Any]) -> dict[int, Row]:
    best: dict[tuple[int, str], Any] = {}
    for row in rows:
        key = (row["lead_no"], row["name"])
        if key not in best or (row["changed_at"], row["event_id"]) > (best[key]["changed_at"], best[key]["event_id"]):
            best[key] = row
    found: dict[int, Row] = {}
    for (lead_no, name), row in sorted(best.items()):
        if row["value"] is not None:
            found.setdefault(lead_no, {})[name] = row["value"]
    return found
