"""What a batch found out -> rows, in the transaction that is open.

In: `People` and `Changes`. Out: rows of every table of `store/people`, dirty leads, quarantine. Called by `folding`.
A row that is there already stays as it is: folding a message twice changes nothing.
"""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

from sqlalchemy import insert, text

from scoville.live.fold.among import among, bound
from scoville.live.fold.changes import Dirt
from scoville.live.fold.dirty import mark_dirty
from scoville.live.fold.merging import merge
from scoville.live.fold.settling import settle
from scoville.live.store.metadata import from_us
from scoville.live.store.people import identities, leads

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from scoville.live.fold.changes import Changes
    from scoville.live.fold.messages import Id
    from scoville.live.fold.people import People

_INSERTS = {
    "events": text(
        "INSERT INTO events (identity_no, occurred_at, event_id, type, event, properties, source_no, message_id, "
        "received_at) VALUES (:number, :at, :event_id, :type, :event, :properties, :source_no, :message_id, "
        ":received_at) ON CONFLICT DO NOTHING"
    ),
    "traits": text(
        "INSERT INTO traits (identity_no, name, changed_at, event_id, value) "
        "VALUES (:number, :name, :at, :event_id, :value) ON CONFLICT DO NOTHING"
    ),
    "name_words": text("INSERT INTO name_words (word, identity_no) VALUES (:word, :number) ON CONFLICT DO NOTHING"),
    "memberships": text(
        "INSERT INTO memberships (identity_no, changed_at, event_id, account_no) "
        "VALUES (:number, :at, :event_id, :account_no) ON CONFLICT DO NOTHING"
    ),
    "account_traits": text(
        "INSERT INTO account_traits (account_no, name, changed_at, event_id, value) "
        "VALUES (:account_no, :name, :at, :event_id, :value) ON CONFLICT DO NOTHING"
    ),
    "outcomes": text(
        "INSERT INTO outcomes (identity_no, outcome, at, value, reason, event_id) "
        "VALUES (:number, :outcome, :at, :value, :reason, :event_id) ON CONFLICT DO NOTHING"
    ),
}
_QUARANTINE = text(
    "INSERT INTO quarantine (received_at, source_no, reason, detail, person, body, is_trusted) "
    "VALUES (:received_at, :source_no, :reason, :detail, :person, :body, :is_trusted)"
)
_LINK = text(
    "INSERT INTO links (one_no, other_no, cause, event_id, linked_at) VALUES (:one, :other, :cause, :event_id, :at) "
    "ON CONFLICT (one_no, other_no) DO UPDATE SET cause = excluded.cause "
    "WHERE excluded.cause = 'alias' AND links.cause = 'identify'"
)
_ACCOUNT = text(
    "INSERT INTO accounts (account_id, first_seen_at) VALUES (:account, :at) ON CONFLICT (account_id) DO UPDATE "
    "SET first_seen_at = excluded.first_seen_at WHERE excluded.first_seen_at < accounts.first_seen_at"
)
_LAST_SEEN = text("UPDATE leads SET last_seen_at = :at WHERE lead_no = :lead_no AND last_seen_at < :at")
_FIRST_SEEN = text("UPDATE identities SET first_seen_at = :at WHERE identity_no = :number")


def write(connection: Connection, people: People, changes: Changes, now_us: int) -> None:
    """Store all of it. Dirty leads come first: whoever scores one of them is waited for before anything is held."""
    _mark_stored(connection, people, changes)
    accounts = _accounts(connection, changes)
    stored = _new_leads(connection, people, changes)
    numbers = _numbers(connection, people, stored)
    merged = people.merged()
    merge(connection, merged, now_us)
    _insert_links(connection, people, numbers)
    _insert_rows(connection, changes, numbers, accounts)
    write_quarantine(connection, changes)
    regrouped = {placed["id"] for placed in changes.memberships}
    settle(connection, _lead_numbers(people, stored, (k.id for k in people.changed()), regrouped) | {*merged.values()})
    _see_last(connection, people, changes, stored)
    _mark_the_rest(connection, people, changes, stored, accounts)


def write_quarantine(connection: Connection, changes: Changes) -> None:
    """Store what was put aside."""
    if changes.quarantine:
        connection.execute(_QUARANTINE, changes.quarantine)


def _mark_stored(connection: Connection, people: People, changes: Changes) -> None:
    dirty: dict[int, Dirt] = {}
    for one, dirt in changes.dirty_ids.items():
        lead = people.lead_of(one)
        if lead > 0:
            dirty[lead] = _earlier(dirty.get(lead), dirt)
    for lead, survivor in people.merged().items():
        dirty[survivor] = dirty[lead] = _merge_dirt(people, survivor, dirty.get(survivor), changes)
    mark_dirty(connection, dirty)


def _merge_dirt(people: People, survivor: int, waits: Dirt | None, changes: Changes) -> Dirt:
    since = [dirt.since_us for dirt in changes.dirty_ids.values()]
    refs = [dirt.ref for one, dirt in changes.dirty_ids.items() if people.lead_of(one) == survivor]
    return Dirt(waits.since_us if waits else min(since), "merge", refs[0] if refs else None)


def _earlier(before: Dirt | None, dirt: Dirt) -> Dirt:
    if before is None or (before.cause == "outcome" and dirt.cause != "outcome"):
        return dirt if before is None else Dirt(min(before.since_us, dirt.since_us), dirt.cause, dirt.ref)
    return Dirt(min(before.since_us, dirt.since_us), before.cause, before.ref)


def _accounts(connection: Connection, changes: Changes) -> dict[str, int]:
    """Accounts by their ids, those of the batch stored."""
    if not changes.accounts:
        return {}
    rows = [{"account": account, "at": at} for account, at in sorted(changes.accounts.items())]
    connection.execute(_ACCOUNT, rows)
    found = connection.execute(
        text(f"SELECT account_id, account_no FROM accounts WHERE account_id {among(connection, 'names')}"),  # noqa: S608
        {"names": bound(connection, changes.accounts.keys())},
    )
    return {account: number for account, number in found}  # noqa: C416 - rows are no pairs to mypy


def _new_leads(connection: Connection, people: People, changes: Changes) -> dict[int, int]:
    """New leads stored, under names of their own until they are settled: their numbers below 0 -> real ones."""
    roots = sorted(people.new_leads(), reverse=True)
    if not roots:
        return {}
    seen: dict[int, list[int]] = {}
    for known in people.known.values():
        seen.setdefault(people.root(known.lead), []).append(known.first_seen_us)
    last = {people.lead_of(one): at for one, at in changes.last_seen.items()}
    batch = secrets.token_hex(8)
    rows = [
        {
            "lead_id": f"\ue000{batch}{root}",
            "first_seen_at": from_us(min(seen[root])),
            "last_seen_at": from_us(last.get(root, max(seen[root]))),
            "is_anonymous": True,
        }
        for root in roots
    ]
    numbers = connection.execute(insert(leads).returning(leads.c.lead_no, sort_by_parameter_order=True), rows).scalars()
    return dict(zip(roots, numbers, strict=True))


def _numbers(connection: Connection, people: People, stored: Mapping[int, int]) -> dict[Id, int]:
    """The number of every id, new ones stored."""
    new = [known for known in people.known.values() if known.is_new]
    if new:
        rows = [
            {"kind": one.id.kind, "value": one.id.value, "lead_no": _number(people, one.id, stored),
             "first_seen_at": from_us(one.first_seen_us)}
            for one in new
        ]  # fmt: skip
        numbers = connection.execute(
            insert(identities).returning(identities.c.identity_no, sort_by_parameter_order=True), rows
        ).scalars()
        for known, number in zip(new, numbers, strict=True):
            known.number = number
    earlier = [{"number": k.number, "at": k.first_seen_us} for k in people.known.values() if k.is_earlier]
    if earlier:
        connection.execute(_FIRST_SEEN, earlier)
    return {known.id: known.number for known in people.known.values() if known.number is not None}


def _number(people: People, one: Id, stored: Mapping[int, int]) -> int:
    lead = people.lead_of(one)
    return stored.get(lead, lead)


def _lead_numbers(people: People, stored: Mapping[int, int], *several: Iterable[Id]) -> set[int]:
    return {_number(people, one, stored) for ids in several for one in ids}


def _insert_links(connection: Connection, people: People, numbers: Mapping[Id, int]) -> None:
    rows = []
    for tie in people.ties.values():
        one, other = sorted((numbers[tie.one], numbers[tie.other]))
        rows.append({"one": one, "other": other, "cause": tie.cause, "event_id": tie.event_id, "at": tie.at_us})
    if rows:
        connection.execute(_LINK, rows)


def _insert_rows(
    connection: Connection, changes: Changes, numbers: Mapping[Id, int], accounts: Mapping[str, int]
) -> None:
    for table, statement in _INSERTS.items():
        rows = getattr(changes, table)
        for row in rows:
            if "id" in row:
                row["number"] = numbers[row["id"]]
            if "account" in row:
                row["account_no"] = accounts[row["account"]]
        if rows:
            connection.execute(
                statement, [{k: v for k, v in row.items() if k not in {"id", "account"}} for row in rows]
            )


def _see_last(connection: Connection, people: People, changes: Changes, stored: Mapping[int, int]) -> None:
    latest: dict[int, int] = {}
    for one, at in changes.last_seen.items():
        lead = _number(people, one, stored)
        latest[lead] = max(at, latest.get(lead, at))
    if latest:
        connection.execute(_LAST_SEEN, [{"lead_no": lead, "at": at} for lead, at in sorted(latest.items())])


def _mark_the_rest(
    connection: Connection, people: People, changes: Changes, stored: Mapping[int, int], accounts: Mapping[str, int]
) -> None:
    """New leads, and everybody whose account is known better now."""
    dirty: dict[int, Dirt] = {}
    for one, dirt in changes.dirty_ids.items():
        if (lead := people.lead_of(one)) < 0:
            dirty[stored[lead]] = _earlier(dirty.get(stored[lead]), dirt)
    by_account = {accounts[name]: dirt for name, dirt in changes.dirty_accounts.items()}
    if by_account:
        rows = connection.execute(
            text(f"SELECT lead_no, account_no FROM leads WHERE account_no {among(connection, 'accounts')}"),  # noqa: S608
            {"accounts": bound(connection, by_account.keys())},
        )
        for lead, account in rows:
            dirty.setdefault(lead, by_account[account])
    mark_dirty(connection, dirty)
