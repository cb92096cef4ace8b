"""What stands around one lead: its place among all, its clock, its queue, its people, and what became of it.

In: a connection and the number of a lead. Out: plain rows; null or nothing where there is none. Called by the page of
a lead, all of them along an index, so that a person is shown as fast among a million as among ten.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select

from scoville.live.store.access import keys, users
from scoville.live.store.people import accounts, events, identities, leads, outcomes
from scoville.live.store.routing import clocks, touches, waiting
from scoville.live.store.scores import dirty, scores

if TYPE_CHECKING:
    from collections.abc import Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Select

Row = dict[str, Any]


def person_of(connection: Connection, lead_no: int) -> Row:
    """lead_id, first_seen_at, last_seen_at, is_anonymous, account_no and account_id of a lead that is known."""
    chosen = (
        select(leads, accounts.c.account_id)
        .outerjoin(accounts, accounts.c.account_no == leads.c.account_no)
        .where(leads.c.lead_no == lead_no)
    )
    return dict(connection.execute(chosen).mappings().one())


def place_among(connection: Connection, publication_no: int, score: float, most: int = 1_000) -> int | None:
    """The place of a score among all, 1 for the highest; null past `most`: further along nobody wants to count."""
    above = select(literal(1)).where(scores.c.publication_no == publication_no, scores.c.score > score).limit(most)
    found = int(connection.execute(select(func.count()).select_from(above.subquery())).scalar_one())
    return found + 1 if found < most else None


def clock_of(connection: Connection, lead_no: int) -> Row | None:
    """The clock that runs for a lead and ends first: stage, started_at, due_at."""
    chosen = (
        select(clocks.c.stage, clocks.c.started_at, clocks.c.due_at)
        .where(clocks.c.identity_no.in_(_ids(lead_no)), clocks.c.stopped_at.is_(None))
        .order_by(clocks.c.due_at)
    )
    return _first(connection, chosen)


def queued(connection: Connection, lead_no: int) -> Row | None:
    """Since when a lead waits for an owner, and why it has none yet: since, reason, detail."""
    chosen = select(waiting.c.since, waiting.c.reason, waiting.c.detail).where(waiting.c.identity_no.in_(_ids(lead_no)))
    return _first(connection, chosen)


def waits_for_score(connection: Connection, lead_no: int) -> datetime | None:
    """Since when something has changed that the score does not show yet; null when it shows everything."""
    since: datetime | None = connection.execute(select(dirty.c.since).where(dirty.c.lead_no == lead_no)).scalar()
    return since


def last_outcome(connection: Connection, lead_no: int) -> Row | None:
    """The newest thing that was said of what became of a lead: outcome, at, value, reason."""
    chosen = (
        select(outcomes.c.outcome, outcomes.c.at, outcomes.c.value, outcomes.c.reason)
        .where(outcomes.c.identity_no.in_(_ids(lead_no)))
        .order_by(outcomes.c.at.desc(), outcomes.c.outcome_no.desc())
    )
    return _first(connection, chosen)


def last_touch(connection: Connection, lead_no: int) -> Row | None:
    """When somebody last worked a lead, and how: kind, at. An answer is no touch of its own here."""
    chosen = (
        select(touches.c.kind, touches.c.at)
        .where(touches.c.identity_no.in_(_ids(lead_no)), touches.c.kind != "answer")
        .order_by(touches.c.at.desc(), touches.c.touch_no.desc())
    )
    return _first(connection, chosen)


def mates_of(connection: Connection, publication_no: int, account_no: int, lead_no: int, most: int) -> list[Row]:
    """The other people of an account, the hottest first: lead_no, lead_id, score, standing, priority, last_seen_at."""
    chosen = (
        select(
            leads.c.lead_no, leads.c.lead_id, leads.c.last_seen_at,
            scores.c.score, scores.c.standing, scores.c.priority,
        )
        .join(scores, (scores.c.lead_no == leads.c.lead_no) & (scores.c.publication_no == publication_no))
        .where(leads.c.account_no == account_no, leads.c.lead_no != lead_no)
        .order_by(scores.c.score.desc(), leads.c.lead_no)
        .limit(most)
    )  # fmt: skip
    return [dict(row) for row in connection.execute(chosen).mappings()]


def done_lately(connection: Connection, lead_no: int, most: int) -> list[Row]:
    """The newest named events of a lead, over all its ids, the newest first: event, occurred_at, type, properties."""
    numbers = list(connection.execute(_ids(lead_no)).scalars())
    found = []
    for number in numbers:
        chosen = (
            select(events.c.event, events.c.occurred_at, events.c.type, events.c.properties)
            .where(events.c.identity_no == number, events.c.event.is_not(None))
            .order_by(events.c.occurred_at.desc(), events.c.event_id.desc())
            .limit(most)
        )
        found += [dict(row) for row in connection.execute(chosen).mappings()]
    return sorted(found, key=lambda row: row["occurred_at"], reverse=True)[:most]


def names_of(connection: Connection, actors: Iterable[str | None]) -> dict[str, str]:
    """What people and keys are called, by what the audit log calls them; those that are gone are left out."""
    said = {actor for actor in actors if actor is not None}
    by_id = {kind: [one.partition(":")[2] for one in said if one.startswith(f"{kind}:")] for kind in ("user", "key")}
    people = select(users.c.user_id, users.c.name).where(users.c.user_id.in_(by_id["user"]))
    programs = select(keys.c.key_id, keys.c.name).where(keys.c.key_id.in_(by_id["key"]))
    named = {f"user:{row.user_id}": row.name for row in connection.execute(people)} if by_id["user"] else {}
    if by_id["key"]:
        named |= {f"key:{row.key_id}": row.name for row in connection.execute(programs)}
    return named


def _ids(lead_no: int) -> Select[tuple[int]]:
    return select(identities.c.identity_no).where(identities.c.lead_no == lead_no)


def _first(connection: Connection, chosen: Select[Any]) -> Row | None:
    row = connection.execute(chosen.limit(1)).mappings().first()
    return dict(row) if row is not None else None
