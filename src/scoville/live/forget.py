"""A person is forgotten: gone from every table, and whatever arrives about them later is dropped.

In: leads, or the people that another store forgot. Out: rows gone; hashes of their ids in `suppressed`. Called by the
API, the command line and `restore`. Which tables hold something of a person is read off the catalogue: those with an
`identity_no` or a `lead_no`, and what points at their rows. A new table is covered by having one of these columns.
`expire` is the same for what is merely old.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import orjson
from sqlalchemy import select, text

from scoville.live.fold.accounts import leave_accounts
from scoville.live.fold.among import among, bound
from scoville.live.fold.dirty import mark_leads
from scoville.live.fold.folding import wait_alone
from scoville.live.fold.messages import ANONYMOUS, EMAIL, USER, Id, normal_email
from scoville.live.fold.settling import settle
from scoville.live.fold.suppression import person_hash
from scoville.live.store.beside import throw_away
from scoville.live.store.metadata import to_us
from scoville.live.store.people import identities, suppressed
from scoville.live.store.tables import CATALOGUE

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from datetime import datetime

    from sqlalchemy import Column, Connection, Table

    from scoville.live.store.opening import Store
    from scoville.live.store.settings import LiveSettings

_PERSON = ("identity_no", "lead_no")
_AT_ONCE = 500  # people of one transaction
_ROWS = 5_000  # of one transaction that drops old rows: others that write wait no longer than it lasts
_SEEN_DAYS = 30  # how long a repeated message is known for one; clients give up after three days


def forget(store: Store, leads: Collection[int], now: datetime) -> int:
    """Remove leads with everything known of them, all their ids included; how many there were.

    What waits in the inbox and in quarantine about one of their ids goes too.
    """
    gone = 0
    for some in _parts(sorted(leads)):
        with store.writing() as connection:
            wait_alone(connection)
            gone += _forget(connection, some, now)
    store.clear_log()
    throw_away(store)
    return gone


def forget_ids(store: Store, ids: Collection[str], now: datetime) -> int:
    """Forget people by any id: a user id, an anonymous id or an e-mail address.

    An id that nobody was seen under is remembered as forgotten all the same; how many leads were removed.
    """
    named = {Id(kind, one) for one in ids for kind in (USER, ANONYMOUS)}
    named |= {Id(EMAIL, address) for one in ids if (address := normal_email(one)) is not None}
    with store.writing() as connection:
        wait_alone(connection)
        leads: set[int] = set()
        for kind in (USER, ANONYMOUS, EMAIL):
            values = [one.value for one in named if one.kind == kind]
            rows = connection.execute(
                text(f"SELECT lead_no FROM identities WHERE kind = :kind AND value {among(connection, 'values')}"),  # noqa: S608
                {"kind": kind, "values": bound(connection, values)},
            )
            leads |= {lead for (lead,) in rows}
        _suppress(connection, named, now)
        _drop_said(connection, named)
        gone = _forget(connection, leads, now)
    store.clear_log()
    throw_away(store)
    return gone


def forget_those_of(store: Store, former: Store, *, now: datetime) -> int:
    """Forget again whom another store forgot: after a backup from before was restored. How many leads were removed."""
    with former.reading() as connection:
        hashes = {bytes(one) for one in connection.execute(select(suppressed.c.person_hash)).scalars()}
    with store.reading() as connection:
        rows = connection.execute(select(identities.c.kind, identities.c.value, identities.c.lead_no))
        leads = {lead for kind, value, lead in rows if person_hash(Id(kind, value)) in hashes}
    gone = forget(store, leads, now)
    with store.writing() as connection:
        _suppress_hashes(connection, hashes, now)
    return gone


def expire(store: Store, settings: LiveSettings, now: datetime) -> int:
    """Drop what is older than the settings keep, some rows at a time; how many rows went, 0 when nothing is left to do.

    Events beyond `event_days`, quarantine beyond `quarantine_days`, ids of messages beyond 30 days, and scores of
    publications that are not in force any more. Leads whose events went are scored again.
    """
    gone = _expire_seen(store, "quarantine", now - timedelta(days=settings.quarantine_days))
    gone += _expire_seen(store, "seen", now - timedelta(days=_SEEN_DAYS))
    gone += _expire_scores(store)
    if settings.event_days is not None:
        gone += _expire_events(store, now - timedelta(days=settings.event_days), now)
    return gone


# --- people ----------------------------------------------------------------------------------------------------------


def _parts(leads: list[int]) -> Iterator[list[int]]:
    for start in range(0, len(leads), _AT_ONCE):
        yield leads[start : start + _AT_ONCE]


def _forget(connection: Connection, leads: Collection[int], now: datetime) -> int:
    if not leads:
        return 0
    mark_leads(connection, leads, to_us(now), "forgotten", None)  # whoever scores one of them is waited for
    rows = connection.execute(
        text(f"SELECT identity_no, kind, value FROM identities WHERE lead_no {among(connection, 'leads')}"),  # noqa: S608
        {"leads": bound(connection, leads)},
    ).all()
    ids = {Id(kind, value) for _, kind, value in rows}
    _suppress(connection, ids, now)
    _drop_said(connection, ids)
    leave_accounts(connection, leads)
    numbers = {"identity_no": [number for number, _, _ in rows], "lead_no": [*leads]}
    for table in reversed(CATALOGUE.sorted_tables):  # who points at a row goes before it
        for condition in _of_people(connection, table):
            marks = {name: bound(connection, several) for name, several in numbers.items()}
            connection.execute(text(f"DELETE FROM {table.name} WHERE {condition}"), marks)  # noqa: S608 - our own names
    _rename_others(connection, ids)
    return len(leads)


def _rename_others(connection: Connection, ids: Collection[Id]) -> None:
    """A lead that stood back with its name for one of these people is called by it now."""
    names = {f"{kind}:{one.value}" for one in ids for kind in (ANONYMOUS, EMAIL)}
    rows = connection.execute(
        text(f"SELECT lead_no FROM leads WHERE lead_id {among(connection, 'names')}"),  # noqa: S608 - our own marks
        {"names": bound(connection, names)},
    )
    settle(connection, {lead for (lead,) in rows})


def _of_people(connection: Connection, table: Table) -> Iterator[str]:
    """Conditions under which a row of a table belongs to some people: by its own columns, or by what it points at."""
    for column in table.columns:
        if person := _person_column(column):
            yield f"{column.name} {among(connection, person)}"
        for key in column.foreign_keys:
            parent = key.column.table
            if parent.name not in {"identities", "leads", table.name}:
                for condition in _of_people(connection, parent):
                    rows = f"SELECT {key.column.name} FROM {parent.name} WHERE {condition}"  # noqa: S608 - likewise
                    yield f"{column.name} IN ({rows})"


def _person_column(column: Column[object]) -> str | None:
    """`identity_no` or `lead_no`, when that is what a column holds."""
    points_at = {key.column.name for key in column.foreign_keys}
    return next((name for name in _PERSON if column.name == name or name in points_at), None)


def _suppress(connection: Connection, ids: Collection[Id], now: datetime) -> None:
    _suppress_hashes(connection, {person_hash(one) for one in ids}, now)


def _suppress_hashes(connection: Connection, hashes: Collection[bytes], now: datetime) -> None:
    rows = [{"hash": one, "at": to_us(now)} for one in sorted(hashes)]
    if rows:
        connection.execute(
            text("INSERT INTO suppressed (person_hash, deleted_at) VALUES (:hash, :at) ON CONFLICT DO NOTHING"), rows
        )


def _drop_said(connection: Connection, ids: Collection[Id]) -> None:
    """What was said about some ids and never folded in: in the inbox, and in quarantine."""
    if not ids:
        return
    marks = {"values": bound(connection, {one.value for one in ids})}
    for table, columns in (("inbox", ("user_id", "anonymous_id", "previous_id")), ("quarantine", ("person",))):
        for column in columns:
            connection.execute(
                text(f"DELETE FROM {table} WHERE {column} {among(connection, 'values')}"),  # noqa: S608 - our own names
                marks,
            )
    _drop_quarantined(connection, {_quoted(one.value) for one in ids})


def _drop_quarantined(connection: Connection, quoted: Collection[str]) -> None:
    """Messages put aside that name somebody anywhere. SQLite's `lower` knows ASCII alone: others are sought here."""
    plain = {one for one in quoted if one.isascii()}
    place = "instr" if connection.dialect.name == "sqlite" else "strpos"
    if plain:
        connection.execute(
            text(f"DELETE FROM quarantine WHERE {place}(replace(lower(body), ' ', ''), :quoted) > 0"),  # noqa: S608 - ours
            [{"quoted": one} for one in plain],
        )
    if others := set(quoted) - plain:
        rows = connection.execute(text("SELECT quarantine_no, body FROM quarantine")).all()
        found = [number for number, body in rows if any(one in _bare(body) for one in others)]
        connection.execute(
            text(f"DELETE FROM quarantine WHERE quarantine_no {among(connection, 'found')}"),  # noqa: S608 - our own marks
            {"found": bound(connection, found)},
        )


def _quoted(value: str) -> str:
    return orjson.dumps(_bare(value)).decode()


def _bare(said: str) -> str:
    """In small letters and without blanks, as ids are compared."""
    return said.lower().replace(" ", "")


# --- what is old -----------------------------------------------------------------------------------------------------


def _expire_seen(store: Store, table: str, before: datetime) -> int:
    key = "quarantine_no" if table == "quarantine" else "event_id"
    with store.writing() as connection:
        return connection.execute(
            text(
                f"DELETE FROM {table} WHERE {key} IN (SELECT {key} FROM {table} WHERE received_at < :before "  # noqa: S608
                "ORDER BY received_at LIMIT :rows)"
            ),
            {"before": to_us(before), "rows": _ROWS},
        ).rowcount


def _expire_scores(store: Store) -> int:
    """Scores of publications from before the one in force."""
    with store.writing() as connection:
        return connection.execute(
            text(
                "DELETE FROM scores WHERE (publication_no, lead_no) IN (SELECT publication_no, lead_no FROM scores "
                "WHERE publication_no < (SELECT max(publication_no) FROM publications WHERE switched_at IS NOT NULL) "
                "LIMIT :rows)"
            ),
            {"rows": _ROWS},
        ).rowcount


def _expire_events(store: Store, before: datetime, now: datetime) -> int:
    """The oldest events. They are found by the instant at which they were received: none can be older than it."""
    with store.writing() as connection:
        wait_alone(connection)
        rows = connection.execute(
            text(
                "SELECT e.identity_no, e.occurred_at, e.event_id, i.lead_no FROM events e "
                "JOIN identities i ON i.identity_no = e.identity_no WHERE e.received_at < :before "
                "ORDER BY e.received_at LIMIT :rows"
            ),
            {"before": to_us(before), "rows": _ROWS},
        ).all()
        if not rows:
            return 0
        mark_leads(connection, {row.lead_no for row in rows}, to_us(now), "retention", None)
        connection.execute(
            text("DELETE FROM events WHERE identity_no = :number AND occurred_at = :at AND event_id = :event_id"),
            [{"number": row.identity_no, "at": row.occurred_at, "event_id": row.event_id} for row in rows],
        )
    return len(rows)
