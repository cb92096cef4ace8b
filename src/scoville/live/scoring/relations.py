"""Some leads as they were at an instant: the relations of the plan, read from the store.

In: numbers of leads, what is wanted of them, an instant. Out: Arrow tables `leads`, `events` and `adjustments`, and
what time will change by itself. Called by the scorer for a few leads and by the export for all of them, so both see the
same. Everything hangs on ids: a lead's facts are those of all its ids.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import pyarrow as pa
import pyarrow.compute as pc
from sqlalchemy import text

from scoville.data.values import TIME_COLUMNS
from scoville.live.fold.among import among, bound
from scoville.live.fold.names import as_text
from scoville.live.scoring.wanted import ACCOUNT
from scoville.live.store.metadata import from_us

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from sqlalchemy import Connection

    from scoville.live.scoring.wanted import Wanted

_INSTANT = pa.timestamp("us")
ADJUSTMENTS = pa.schema([
    ("lead_id", pa.string()), ("points", pa.float64()), ("reason", pa.string()),
    ("created_at", _INSTANT), ("expires_at", _INSTANT),
])  # fmt: skip


@dataclass
class Ahead:
    """What time alone will change: the next instant at which a fact begins or ends to count, by lead."""

    next_us: dict[int, int] = field(default_factory=dict)

    def note(self, lead: int, at_us: int | None, as_of_us: int) -> None:
        """Something of a lead changes at an instant, if that is still to come."""
        if at_us is not None and at_us > as_of_us:
            self.next_us[lead] = min(at_us, self.next_us.get(lead, at_us))


@dataclass(frozen=True)
class Relations:
    """The tables of the plan; lead_id is the lead's number as text. `newest_us`: of each lead and event name."""

    leads: pa.Table
    events: pa.Table
    adjustments: pa.Table
    numbers: Sequence[int]
    newest_us: Mapping[tuple[int, str], int]
    next_us: Mapping[int, int]


def read_relations(
    connection: Connection, numbers: Collection[int], wanted: Wanted, as_of_us: int, *, presumes: bool = False
) -> Relations:
    """The facts of some leads up to an instant; leads that are gone are left out.

    `presumes`: a trait, or an account, of which nothing was said by then is taken to have been as it was first said
    later. A file that is read in today says who somebody is today, though they have been so for long.
    Nulls: a trait that was never said, or was taken away, is null.
    """
    ahead = Ahead()
    first_seen = _first_seen(connection, numbers)
    leads = _leads(connection, first_seen, wanted, as_of_us, ahead, presumes=presumes)
    events, newest = _events(connection, first_seen, wanted, as_of_us, ahead)
    adjustments = _adjustments(connection, first_seen, as_of_us, ahead)
    return Relations(leads, events, adjustments, [*first_seen], newest, ahead.next_us)


def read_leads(
    connection: Connection, numbers: Collection[int], wanted: Wanted, as_of_us: int
) -> tuple[pa.Table, Ahead]:
    """Of the same the table `leads` alone."""
    ahead = Ahead()
    return _leads(connection, _first_seen(connection, numbers), wanted, as_of_us, ahead), ahead


def read_adjustments(connection: Connection, numbers: Collection[int], as_of_us: int) -> tuple[pa.Table, Ahead]:
    """Of the same the table `adjustments` alone."""
    ahead = Ahead()
    return _adjustments(connection, numbers, as_of_us, ahead), ahead


def _marks(connection: Connection, numbers: Collection[int], **more: object) -> dict[str, object]:
    return {"leads": bound(connection, numbers), **more}


def _first_seen(connection: Connection, numbers: Collection[int]) -> dict[int, int]:
    rows = connection.execute(
        text(
            f"SELECT lead_no, first_seen_at FROM leads WHERE lead_no {among(connection, 'leads')} ORDER BY lead_no"  # noqa: S608
        ),
        _marks(connection, numbers),
    )
    return {lead: at for lead, at in rows}  # noqa: C416 - rows are no pairs to mypy


# --- who they are ----------------------------------------------------------------------------------------------------


def _leads(
    connection: Connection,
    first_seen: Mapping[int, int],
    wanted: Wanted,
    as_of_us: int,
    ahead: Ahead,
    *,
    presumes: bool = False,
) -> pa.Table:
    said = _traits(connection, first_seen, wanted.traits, as_of_us, ahead, presumes=presumes)
    if wanted.has_account:
        for lead, traits in _account_traits(connection, first_seen, as_of_us, ahead, presumes=presumes).items():
            said[lead] |= traits
    columns: dict[str, pa.Array] = {"lead_id": pa.array([str(lead) for lead in first_seen], pa.string())}
    for name in wanted.traits:
        values = [said[lead].get(name) for lead in first_seen]
        columns[name] = _instants(name, values, first_seen) if name in TIME_COLUMNS else pa.array(values, pa.string())
    return pa.table(columns)


def _instants(name: str, values: Sequence[str | None], first_seen: Mapping[int, int]) -> pa.Array:
    """Instants of leads; who never said when they were created was created when first seen."""
    found = [None if value is None else datetime.fromisoformat(value) for value in values]
    if name == "created_at":
        found = [at or from_us(us) for at, us in zip(found, first_seen.values(), strict=True)]
    return pa.array(found, _INSTANT)


def _traits(
    connection: Connection,
    leads: Collection[int],
    names: Collection[str],
    as_of_us: int,
    ahead: Ahead,
    *,
    presumes: bool,
) -> dict[int, dict[str, str]]:
    """By lead the newest value of each trait over all its ids; of two at one instant the one of the greater message."""
    said: dict[int, dict[str, str]] = {lead: {} for lead in leads}
    if not names:
        return said
    rows = connection.execute(
        text(
            "SELECT i.lead_no, t.name, t.changed_at, t.event_id, t.value FROM identities i "  # noqa: S608 - ours
            "JOIN traits t ON t.identity_no = i.identity_no "
            f"WHERE i.lead_no {among(connection, 'leads')} AND t.name {among(connection, 'names')}"
        ),
        _marks(connection, leads, names=bound(connection, [*names])),
    )
    return said | _newest(rows, as_of_us, ahead, said, presumes=presumes)


def _newest(
    rows: Any,  # noqa: ANN401 - rows of lead, name, instant, message, value
    as_of_us: int,
    ahead: Ahead,
    said: dict[int, dict[str, str]],
    *,
    presumes: bool,
) -> dict[int, dict[str, str]]:
    stands: dict[tuple[int, str], tuple[int, bytes, str | None]] = {}
    first_later: dict[tuple[int, str], tuple[int, bytes, str | None]] = {}
    for lead, name, at_us, event_id, value in rows:
        candidate = (at_us, bytes(event_id), value)
        if at_us > as_of_us:
            ahead.note(lead, at_us, as_of_us)
            first = first_later.setdefault((lead, name), candidate)
            first_later[lead, name] = min(first, candidate, key=lambda one: one[:2])
            continue
        before = stands.get((lead, name))
        if before is None or candidate[:2] > before[:2]:
            stands[lead, name] = candidate
    if presumes:
        stands = first_later | stands
    for (lead, name), (_, _, value) in stands.items():
        plain = None if value is None else as_text(orjson.loads(value))
        if plain is not None:
            said[lead][name] = plain
    return said


def _account_traits(
    connection: Connection, leads: Collection[int], as_of_us: int, ahead: Ahead, *, presumes: bool
) -> dict[int, dict[str, str]]:
    """By lead the traits of its account as `account.NAME`, and the account's id."""
    belongs = _memberships(connection, leads, as_of_us, ahead, presumes=presumes)
    members: dict[int, list[int]] = defaultdict(list)
    for lead, account in belongs.items():
        members[account].append(lead)
    rows = connection.execute(
        text(
            "SELECT account_no, name, changed_at, event_id, value FROM account_traits "  # noqa: S608 - our own marks
            f"WHERE account_no {among(connection, 'accounts')}"
        ),
        {"accounts": bound(connection, members.keys())},
    )
    later = Ahead()
    said = _newest(rows, as_of_us, later, {account: {} for account in members}, presumes=presumes)
    for account, at_us in later.next_us.items():
        for lead in members[account]:
            ahead.note(lead, at_us, as_of_us)
    ids = _account_ids(connection, members)
    return {
        lead: {"account_id": ids[account]} | {f"{ACCOUNT}{name}": value for name, value in said[account].items()}
        for lead, account in belongs.items()
    }


def _memberships(
    connection: Connection, leads: Collection[int], as_of_us: int, ahead: Ahead, *, presumes: bool
) -> dict[int, int]:
    rows = connection.execute(
        text(
            "SELECT i.lead_no, m.changed_at, m.account_no FROM identities i "  # noqa: S608 - our own marks
            "JOIN memberships m ON m.identity_no = i.identity_no "
            f"WHERE i.lead_no {among(connection, 'leads')} ORDER BY m.changed_at, m.event_id"
        ),
        _marks(connection, leads),
    )
    belongs: dict[int, int] = {}
    first_later: dict[int, int] = {}
    for lead, at_us, account in rows:
        ahead.note(lead, at_us, as_of_us)
        if at_us <= as_of_us:
            belongs[lead] = account
        else:
            first_later.setdefault(lead, account)
    return first_later | belongs if presumes else belongs


def _account_ids(connection: Connection, accounts: Collection[int]) -> dict[int, str]:
    rows = connection.execute(
        text(f"SELECT account_no, account_id FROM accounts WHERE account_no {among(connection, 'accounts')}"),  # noqa: S608
        {"accounts": bound(connection, accounts)},
    )
    return {account: name for account, name in rows}  # noqa: C416 - rows are no pairs to mypy


# --- what they did ---------------------------------------------------------------------------------------------------


def _events(
    connection: Connection, leads: Collection[int], wanted: Wanted, as_of_us: int, ahead: Ahead
) -> tuple[pa.Table, dict[tuple[int, str], int]]:
    named = "" if wanted.events is None else f"AND e.event {among(connection, 'names')}"
    held = ", e.properties" if wanted.properties else ""
    rows = connection.execute(
        text(
            f"SELECT i.lead_no, e.event, e.occurred_at{held} FROM identities i "  # noqa: S608 - our own names
            "JOIN events e ON e.identity_no = i.identity_no "
            f"WHERE i.lead_no {among(connection, 'leads')} AND e.event IS NOT NULL {named}"
        ),
        _marks(connection, leads, names=bound(connection, wanted.events or ())),
    ).all()
    leads_, names, instants, *held_ = zip(*rows, strict=True) if rows else ((), (), ())
    numbers, at_us = pa.array(leads_, pa.int64()), pa.array(instants, pa.int64())
    said = pa.table({"lead": numbers, "event": pa.array(names, pa.string()), "at": at_us})
    table = {"lead_id": numbers.cast(pa.string()), "event": said["event"], "occurred_at": at_us.cast(_INSTANT)}
    if wanted.properties:
        table |= _properties(held_[0] if held_ else (), wanted.properties)
    return pa.table(table), _newest_events(said, as_of_us, ahead)


def _newest_events(said: pa.Table, as_of_us: int, ahead: Ahead) -> dict[tuple[int, str], int]:
    """The newest event of each lead and name; those still to come are noted."""
    is_past = pc.less_equal(said["at"], as_of_us)
    to_come = said.filter(pc.invert(is_past)).group_by("lead").aggregate([("at", "min")])
    for lead, at_us in zip(to_come["lead"].to_pylist(), to_come["at_min"].to_pylist(), strict=True):
        ahead.note(lead, at_us, as_of_us)
    past = said.filter(is_past).group_by(["lead", "event"]).aggregate([("at", "max")])
    leads, names, newest = (past[name].to_pylist() for name in ("lead", "event", "at_max"))
    return dict(zip(zip(leads, names, strict=True), newest, strict=True))


def _properties(held: Sequence[str], names: Sequence[str]) -> dict[str, pa.Array]:
    """Columns of text. Most events have none of the properties, and are not parsed for them."""
    has_one = re.compile("|".join(re.escape(orjson.dumps(name).decode()) for name in names)).search
    columns: list[list[str | None]] = [[None] * len(held) for _ in names]
    filled = list(zip(columns, names, strict=True))
    for place, said in enumerate(held):
        if has_one(said):
            found = orjson.loads(said)
            for column, name in filled:
                column[place] = as_text(found.get(name))
    return {name: pa.array(column, pa.string()) for column, name in filled}


def _adjustments(connection: Connection, leads: Collection[int], as_of_us: int, ahead: Ahead) -> pa.Table:
    """Points given by hand. One that was taken back counted until then."""
    rows = connection.execute(
        text(
            "SELECT i.lead_no, a.points, a.reason, a.created_at, a.expires_at, a.removed_at FROM identities i "  # noqa: S608
            f"JOIN adjustments a ON a.identity_no = i.identity_no WHERE i.lead_no {among(connection, 'leads')}"
        ),
        _marks(connection, leads),
    )
    found = []
    for lead, points, reason, created_us, expires_us, removed_us in rows:
        ends = [end for end in (expires_us, removed_us) if end is not None]
        end_us = min(ends) if ends else None
        ahead.note(lead, created_us, as_of_us)
        ahead.note(lead, end_us, as_of_us)
        end = None if end_us is None else from_us(end_us)
        found.append((str(lead), points, reason, from_us(created_us), end))
    columns = zip(*found, strict=True) if found else [[] for _ in ADJUSTMENTS]
    return pa.table([pa.array(c, f.type) for c, f in zip(columns, ADJUSTMENTS, strict=True)], schema=ADJUSTMENTS)
