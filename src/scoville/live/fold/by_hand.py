"""Who is who, as a person says it: two ids made one, or taken apart again for good.

In: an open store, ids or a link. Out: links, leads put right, dirty leads. Called by the API. What is undone is never
made again by a message.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import insert, select, text, update

from scoville.errors import UsageError
from scoville.live.fold.among import among, bound
from scoville.live.fold.dirty import mark_leads
from scoville.live.fold.folding import wait_alone
from scoville.live.fold.merging import merge
from scoville.live.fold.people import MOST_IDS
from scoville.live.fold.settling import settle
from scoville.live.store.metadata import to_us
from scoville.live.store.people import identities, leads, links

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.store.opening import Store

_LAST_SEEN = """
UPDATE leads SET last_seen_at = coalesce((SELECT max(e.occurred_at) FROM identities i
JOIN events e ON e.identity_no = i.identity_no WHERE i.lead_no = leads.lead_no), last_seen_at) WHERE lead_no = :lead_no
"""


def link_by_hand(store: Store, one_no: int, other_no: int, *, by: str, now: datetime) -> int:
    """Make two ids one person; the number of the link. One that was undone holds again.

    Raises: UsageError for an id that is none, for twice the same, and for a lead that would get too large.
    """
    first, second = sorted((one_no, other_no))
    with store.writing() as connection:
        wait_alone(connection)
        owners = _leads_of(connection, {first, second})
        if first == second or len(owners) < 2:  # noqa: PLR2004 - both ends of the link
            raise UsageError("a link needs two different ids that are known")
        survivor, other = sorted((owners[first], owners[second]))
        _check_size(connection, {survivor, other})
        number = _hold(connection, first, second, by, now)
        mark_leads(connection, {survivor, other}, to_us(now), "merge", f"link {number}")
        if survivor != other:
            merge(connection, {other: survivor}, to_us(now))
            settle(connection, {survivor})
    return number


def undo_link(store: Store, link_no: int, *, by: str, now: datetime) -> list[int]:
    """Take two ids apart: what hangs together without the link stays together. The numbers of the leads there are now.

    The part that the lead is called by keeps its number and its history; the other is a lead of its own. Where other
    links still join them, nothing is split.
    Raises: UsageError for a link that is none, or is undone already.
    """
    with store.writing() as connection:
        wait_alone(connection)
        undone = update(links).where(links.c.link_no == link_no, links.c.undone_at.is_(None))
        if not connection.execute(undone.values(undone_at=now, undone_by=by)).rowcount:
            raise UsageError(f"there is no link {link_no} that holds")
        one = select(links.c.one_no).where(links.c.link_no == link_no).scalar_subquery()
        lead = connection.execute(select(identities.c.lead_no).where(identities.c.identity_no == one)).scalar_one()
        return split(connection, lead, f"undone link {link_no}", now)


def split(connection: Connection, lead: int, ref: str, now: datetime) -> list[int]:
    """Give each part of a lead that no link joins to the rest a lead of its own; all leads it is now."""
    mark_leads(connection, {lead}, to_us(now), "merge", ref)
    parts = components(connection, lead)
    called = connection.execute(
        select(identities.c.identity_no)
        .join(leads, leads.c.lead_no == identities.c.lead_no)
        .where(identities.c.lead_no == lead, identities.c.value == leads.c.lead_id)
    ).scalars()
    name = {*called}
    stays = max(parts, key=lambda part: (bool(part & name), -min(part)))
    numbers = [lead, *(_new_lead(connection, lead, part) for part in parts if part is not stays)]
    settle(connection, numbers)
    connection.execute(text(_LAST_SEEN), [{"lead_no": number} for number in numbers])
    mark_leads(connection, numbers[1:], to_us(now), "merge", ref)
    return numbers


def components(connection: Connection, lead: int) -> list[set[int]]:
    """The ids of a lead in parts that hang together by links that hold."""
    rows = connection.execute(select(identities.c.identity_no).where(identities.c.lead_no == lead))
    ids = [number for (number,) in rows]
    return joined(ids, held_links(connection, ids))


def held_links(connection: Connection, ids: Collection[int]) -> list[tuple[int, int]]:
    """The links between some ids that hold."""
    rows = connection.execute(
        text(
            f"SELECT one_no, other_no FROM links WHERE one_no {among(connection, 'ids')} AND undone_at IS NULL"  # noqa: S608
        ),
        {"ids": bound(connection, ids)},
    )
    return [(one, other) for one, other in rows]


def joined(ids: Iterable[int], pairs: Iterable[tuple[int, int]]) -> list[set[int]]:
    """Ids in parts that hang together.

    Example: [1, 2, 3], [(1, 3)] -> [{1, 3}, {2}]
    """
    parts = {one: {one} for one in ids}
    for one, other in pairs:
        if one in parts and other in parts and parts[one] is not parts[other]:
            small, large = sorted((parts[one], parts[other]), key=len)
            large |= small
            parts |= dict.fromkeys(small, large)
    found: dict[int, set[int]] = {id(part): part for part in parts.values()}
    return [*found.values()]


def _leads_of(connection: Connection, ids: set[int]) -> dict[int, int]:
    chosen = select(identities.c.identity_no, identities.c.lead_no).where(identities.c.identity_no.in_(ids))
    return {number: lead for number, lead in connection.execute(chosen)}  # noqa: C416 - rows are no pairs to mypy


def _check_size(connection: Connection, leads_: set[int]) -> None:
    chosen = select(identities.c.identity_no).where(identities.c.lead_no.in_(leads_)).limit(MOST_IDS + 1)
    if len(connection.execute(chosen).all()) > MOST_IDS:
        raise UsageError(f"the lead would have more than {MOST_IDS:,} ids; nobody has so many")


def _hold(connection: Connection, one: int, other: int, by: str, now: datetime) -> int:
    """The link between two ids, holding; made where there is none."""
    found = connection.execute(select(links).where(links.c.one_no == one, links.c.other_no == other)).first()
    if found is None:
        row = {"one_no": one, "other_no": other, "cause": "manual", "linked_at": now, "linked_by": by}
        return int(connection.execute(insert(links).values(row).returning(links.c.link_no)).scalar_one())
    again = {"undone_at": None, "undone_by": None, "cause": "manual", "linked_at": now, "linked_by": by}
    connection.execute(update(links).where(links.c.link_no == found.link_no).values(again))
    return int(found.link_no)


def _new_lead(connection: Connection, former: int, part: set[int]) -> int:
    """A lead for some ids of another; its name is settled afterwards."""
    times = select(leads.c.first_seen_at, leads.c.last_seen_at).where(leads.c.lead_no == former)
    first, last = connection.execute(times).one()
    row = {"lead_id": f"\ue000split{min(part)}", "first_seen_at": first, "last_seen_at": last, "is_anonymous": True}
    number = int(connection.execute(insert(leads).values(row).returning(leads.c.lead_no)).scalar_one())
    connection.execute(
        text(f"UPDATE identities SET lead_no = :lead WHERE identity_no {among(connection, 'ids')}"),  # noqa: S608
        {"lead": number, "ids": bound(connection, part)},
    )
    return number
