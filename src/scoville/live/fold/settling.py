"""What a lead is called, when it was first and last seen, whose account it belongs to: read off its ids.

In: numbers of leads whose ids changed. Out: their rows in `leads`, put right. Called by the fold, by merging and
undoing, and after a person was forgotten. The rows depend on the ids alone, not on the order in which they came.
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from sqlalchemy import text

from scoville.live.fold.among import among, bound
from scoville.live.fold.messages import ANONYMOUS, EMAIL, USER

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

_STRENGTH = {USER: 0, ANONYMOUS: 1, EMAIL: 2}
_RENAMING = "\ue000"  # no id has it: a private character, before the number


class Seen(NamedTuple):
    """An id of a lead."""

    kind: str
    value: str
    first_seen_us: int


def settle(connection: Connection, leads: Collection[int]) -> None:
    """Put right the rows of some leads, and of those whose name is wanted by one of them."""
    if not leads:
        return
    ids = _ids_of(connection, leads)
    contested = _called(connection, {one.value for several in ids.values() for one in several}) - set(leads)
    if contested:
        ids |= _ids_of(connection, contested)
    names = _names(connection, ids)
    accounts = _accounts_of(connection, ids)
    _rename(connection, names)
    connection.execute(
        text(
            "UPDATE leads SET first_seen_at = :first, is_anonymous = :anonymous, account_no = :account "
            "WHERE lead_no = :lead_no"
        ),
        [
            {
                "lead_no": lead,
                "first": min(one.first_seen_us for one in several),
                "anonymous": all(one.kind == ANONYMOUS for one in several),
                "account": accounts.get(lead),
            }
            for lead, several in ids.items()
        ],
    )


def first_name(ids: Sequence[Seen]) -> Seen:
    """The id that a lead is called by: a user's before an anonymous one, the first seen, then the smallest."""
    return min(ids, key=lambda one: (_STRENGTH[one.kind], one.first_seen_us, one.value))


def _ids_of(connection: Connection, leads: Collection[int]) -> dict[int, list[Seen]]:
    rows = connection.execute(
        text(
            "SELECT lead_no, kind, value, first_seen_at FROM identities "  # noqa: S608 - our own marks
            f"WHERE lead_no {among(connection, 'leads')}"
        ),
        {"leads": bound(connection, leads)},
    )
    found: dict[int, list[Seen]] = defaultdict(list)
    for lead, kind, value, first_seen_us in rows:
        found[lead].append(Seen(kind, value, first_seen_us))
    return dict(found)


def _called(connection: Connection, names: set[str]) -> set[int]:
    """Leads that are called by one of these names now."""
    rows = connection.execute(
        text(f"SELECT lead_no FROM leads WHERE lead_id {among(connection, 'names')}"),  # noqa: S608 - our own marks
        {"names": bound(connection, names)},
    )
    return {lead for (lead,) in rows}


def _names(connection: Connection, ids: Mapping[int, Sequence[Seen]]) -> dict[int, str]:
    """A name for each lead that no other can have: the value of its first id, if need be with the kind before it."""
    first = {lead: first_name(several) for lead, several in ids.items()}
    kinds = _kinds_of(connection, {one.value for one in first.values() if one.kind != USER})
    names = {}
    for lead, one in first.items():
        stronger = any(_STRENGTH[kind] < _STRENGTH[one.kind] for kind in kinds.get(one.value, ()))
        names[lead] = _free_name(connection, one) if stronger else one.value
    return names


def _kinds_of(connection: Connection, values: set[str]) -> dict[str, set[str]]:
    """The kinds of ids that have each of some values."""
    found: dict[str, set[str]] = defaultdict(set)
    for kind in _STRENGTH:
        rows = connection.execute(
            text(f"SELECT value FROM identities WHERE kind = :kind AND value {among(connection, 'values')}"),  # noqa: S608
            {"kind": kind, "values": bound(connection, values)},
        )
        for (value,) in rows:
            found[value].add(kind)
    return found


def _free_name(connection: Connection, one: Seen) -> str:
    name = f"{one.kind}:{one.value}"
    while _kinds_of(connection, {name}):
        name = f"{one.kind}:{name}"
    return name


def _accounts_of(connection: Connection, leads: Collection[int]) -> dict[int, int]:
    """The account of each lead: by its newest membership."""
    rows = connection.execute(
        text(
            "SELECT i.lead_no, m.account_no FROM identities i JOIN memberships m ON m.identity_no = i.identity_no "  # noqa: S608
            f"WHERE i.lead_no {among(connection, 'leads')} ORDER BY m.changed_at, m.event_id"
        ),
        {"leads": bound(connection, [*leads])},
    )
    return {lead: account for lead, account in rows}  # noqa: C416 - the last one stands


def _rename(connection: Connection, names: Mapping[int, str]) -> None:
    """Give leads their names. Where one gets a name that another gives up, all step aside first."""
    rows = connection.execute(
        text(f"SELECT lead_no, lead_id FROM leads WHERE lead_no {among(connection, 'leads')}"),  # noqa: S608 - ours
        {"leads": bound(connection, names.keys())},
    )
    changed = {lead: names[lead] for lead, before in rows if names[lead] != before}
    for given in ({lead: f"{_RENAMING}{lead}" for lead in changed}, changed):
        if given:
            connection.execute(
                text("UPDATE leads SET lead_id = :name WHERE lead_no = :lead_no"),
                [{"lead_no": lead, "name": name} for lead, name in given.items()],
            )
