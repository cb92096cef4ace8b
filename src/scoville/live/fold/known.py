"""What the store knows of the ids of a batch: read before any message of it is placed.

In: ids. Out: `People`. Called by `folding`. A few queries for a whole batch, each by a key.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import orjson
from sqlalchemy import text

from scoville.live.fold.among import among, bound
from scoville.live.fold.messages import ANONYMOUS, Id
from scoville.live.fold.people import Known, People

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import Connection


def known_people(connection: Connection, ids: Collection[Id]) -> People:
    """The people that some ids belong to, as far as the store knows."""
    people = People()
    for kind in sorted({one.kind for one in ids}):
        values = [one.value for one in ids if one.kind == kind]
        rows = connection.execute(
            text(
                "SELECT value, identity_no, lead_no, first_seen_at FROM identities "  # noqa: S608 - our own marks
                f"WHERE kind = :kind AND value {among(connection, 'values')}"
            ),
            {"kind": kind, "values": bound(connection, values)},
        )
        for value, number, lead, first_seen_us in rows:
            people.known[Id(kind, value)] = Known(Id(kind, value), number, lead, first_seen_us)
    by_number = {known.number: known.id for known in people.known.values() if known.number is not None}
    people.sizes = _sizes(connection, people)
    people.undone = _undone(connection, by_number)
    people.previous = _previous(connection, people)
    return people


def known_accounts(connection: Connection, names: Collection[str]) -> dict[str, dict[str, object]]:
    """Those accounts that are stored, each with its traits as they stand: name -> value."""
    if not names:
        return {}
    which, marks = among(connection, "names"), {"names": bound(connection, names)}
    known: dict[str, dict[str, object]] = {
        account: {} for (account,) in connection.execute(
            text(f"SELECT account_id FROM accounts WHERE account_id {which}"), marks  # noqa: S608 - our own marks
        )
    }  # fmt: skip
    traits = text(
        "SELECT a.account_id, t.name, t.value FROM accounts a JOIN account_traits t ON t.account_no = a.account_no "  # noqa: S608
        f"WHERE a.account_id {which} ORDER BY t.changed_at, t.event_id"
    )
    for account, name, value in connection.execute(traits, marks):
        known[account][name] = None if value is None else orjson.loads(value)  # the newest stands
    return known


def _sizes(connection: Connection, people: People) -> dict[int, int]:
    """How many ids each lead has; only asked where leads could merge."""
    leads = {known.lead for known in people.known.values()}
    if not leads:
        return {}
    rows = connection.execute(
        text(f"SELECT lead_no, count(*) FROM identities WHERE lead_no {among(connection, 'leads')} GROUP BY lead_no"),  # noqa: S608
        {"leads": bound(connection, leads)},
    )
    return {lead: count for lead, count in rows}  # noqa: C416 - rows are no pairs to mypy


def _undone(connection: Connection, by_number: dict[int, Id]) -> set[frozenset[Id]]:
    """Pairs that somebody took apart."""
    if not by_number:
        return set()
    rows = connection.execute(
        text(
            f"SELECT one_no, other_no FROM links WHERE one_no {among(connection, 'ids')} "  # noqa: S608 - our own marks
            "AND undone_at IS NOT NULL"
        ),
        {"ids": bound(connection, by_number.keys())},
    )
    pairs = [(one, other) for one, other in rows if other in by_number]
    return {frozenset((by_number[one], by_number[other])) for one, other in pairs}


def _previous(connection: Connection, people: People) -> set[Id]:
    """Anonymous ids that an alias named as what a person was called before."""
    found = {
        known.number: known.id
        for known in people.known.values()
        if known.number is not None and known.id.kind == ANONYMOUS
    }
    if not found:
        return set()
    sides = [
        f"SELECT {side} FROM links WHERE {side} {among(connection, 'ids')} AND cause = 'alias'"  # noqa: S608 - ours
        for side in ("one_no", "other_no")
    ]
    rows = connection.execute(text(" UNION ALL ".join(sides)), {"ids": bound(connection, found.keys())})
    return {found[number] for (number,) in rows}
