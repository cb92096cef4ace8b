"""Who gets which leads: rules in the order in which they are asked, with conditions as a model has them.

In: a `Territory` as a person sets it. Out: rows, checked. Called by the API; each change wakes the queue.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, insert, select, update

from scoville.errors import UsageError
from scoville.live.routing.queue import wake
from scoville.live.store.routing import owners, territories
from scoville.live.store.seen import check_seen, hold, version_of
from scoville.model.conditions import ConditionError, parse_condition

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from scoville.live.store.opening import Store
    from scoville.model.conditions import Condition


@dataclass(frozen=True)
class Territory:
    """One rule: whose leads are those for whom `when` holds; None holds for everybody.

    The first rule that holds decides; with `falls_through` the next one is asked when nobody of this one can take it.
    """

    name: str
    owner_ids: tuple[str, ...]
    when: Mapping[str, Any] | None = None
    position: int = 0
    falls_through: bool = False
    is_enabled: bool = True


@dataclass(frozen=True)
class KnownTerritory:
    """A territory with the id that addresses and pages show."""

    territory_id: str
    territory: Territory

    @property
    def version(self) -> str:
        """Changes with what the rule says, and with its place."""
        return version_of(self.territory)


@dataclass(frozen=True)
class Rule:
    """A territory as routing asks it."""

    name: str
    condition: Condition | None
    owner_nos: tuple[int, ...]
    falls_through: bool


def save_territory(
    store: Store, territory: Territory, now: datetime, *, territory_id: str | None = None, seen: str | None = None
) -> str:
    """Write a new rule, or change one of which somebody saw a version; the id.

    Raises: UsageError for a condition that is none, an unknown owner or id, or a name that is taken; ChangedError.
    """
    _parsed(territory)
    with store.writing() as connection:
        hold(connection)
        t = territories.c
        if territory_id is not None:
            check_seen(seen, _find(connection, territory_id).version, territory_id)
        holder = connection.execute(select(t.territory_id).where(t.name == territory.name)).scalar()
        if holder not in {None, territory_id}:
            raise UsageError(f"there is a territory '{territory.name}' already; give this one another name")
        row = _row(connection, territory)
        if territory_id is None:
            territory_id = secrets.token_urlsafe(16)
            connection.execute(insert(territories).values(row | {"territory_id": territory_id}))
        else:
            connection.execute(update(territories).where(t.territory_id == territory_id).values(row))
        wake(connection, now)
    return territory_id


def _parsed(territory: Territory) -> Condition | None:
    if not territory.name.strip():
        raise UsageError("a territory needs a name")
    try:
        return None if territory.when is None else parse_condition(dict(territory.when))
    except ConditionError as wrong:
        raise UsageError(f"territory '{territory.name}': {wrong}") from None


def _row(connection: Connection, territory: Territory) -> dict[str, Any]:
    known = {row.owner_id: row.owner_no for row in connection.execute(select(owners.c.owner_id, owners.c.owner_no))}
    if unknown := [one for one in territory.owner_ids if one not in known]:
        raise UsageError(f"territory '{territory.name}': there is no owner '{unknown[0]}'")
    if not territory.owner_ids:
        raise UsageError(f"territory '{territory.name}' needs at least one owner")
    return {
        "name": territory.name,
        "position": territory.position,
        "conditions": None if territory.when is None else dict(territory.when),
        "owner_nos": [known[one] for one in dict.fromkeys(territory.owner_ids)],
        "falls_through": territory.falls_through,
        "is_enabled": territory.is_enabled,
    }


def list_territories(store: Store) -> list[KnownTerritory]:
    """All rules in the order in which they are asked."""
    with store.reading() as connection:
        return _list(connection)


def delete_territory(store: Store, territory_id: str, now: datetime, *, seen: str | None = None) -> None:
    """Take a rule away of which somebody saw a version. Raises: UsageError for an unknown id; ChangedError."""
    with store.writing() as connection:
        hold(connection)
        check_seen(seen, _find(connection, territory_id).version, territory_id)
        connection.execute(delete(territories).where(territories.c.territory_id == territory_id))
        wake(connection, now)


def rules_in_force(connection: Connection) -> list[Rule]:
    """The enabled rules in the order in which they are asked."""
    return [
        Rule(
            row.name,
            None if row.conditions is None else parse_condition(row.conditions),
            tuple(row.owner_nos),
            row.falls_through,
        )
        for row in _ordered(connection)
        if row.is_enabled
    ]


def _list(connection: Connection) -> list[KnownTerritory]:
    ids = {row.owner_no: row.owner_id for row in connection.execute(select(owners.c.owner_id, owners.c.owner_no))}
    return [KnownTerritory(row.territory_id, _territory(row, ids)) for row in _ordered(connection)]


def _find(connection: Connection, territory_id: str) -> KnownTerritory:
    found = next((one for one in _list(connection) if one.territory_id == territory_id), None)
    if found is None:
        raise UsageError(f"there is no territory '{territory_id}'")
    return found


def _ordered(connection: Connection) -> list[Row[Any]]:
    t = territories.c
    return list(connection.execute(select(territories).order_by(t.position, t.territory_no)).all())


def _territory(row: Row[Any], ids: Mapping[int, str]) -> Territory:
    owner_ids = tuple(ids[number] for number in row.owner_nos)
    return Territory(row.name, owner_ids, row.conditions, row.position, row.falls_through, row.is_enabled)
