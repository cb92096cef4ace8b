"""What is known of a lead now, for conditions and for messages: traits, its account's traits, its identities.

In: numbers of leads. Out: plain values by lead. Called by routing and by actions, inside their transactions.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from scoville.live.store.people import account_traits, identities, leads, traits

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from sqlalchemy import Connection

AT_ONCE = 500  # leads in one statement: below every store's limit of parameters
ACCOUNT = "account."


def traits_of_leads(
    connection: Connection, lead_nos: Sequence[int], names: Iterable[str] | None = None
) -> dict[int, dict[str, Any]]:
    """The newest value of each trait, those of the account as `account.NAME`; all of them, or the named ones.

    Nulls: a trait that is missing or was taken away is not there.
    """
    wanted = None if names is None else set(names)
    known: dict[int, dict[str, Any]] = {number: {} for number in lead_nos}
    if wanted is not None and not wanted:
        return known
    for start in range(0, len(lead_nos), AT_ONCE):
        some = lead_nos[start : start + AT_ONCE]
        for row in connection.execute(_own(some, wanted)):
            known[row.lead_no][row.name] = row.value
        if wanted is None or any(name.startswith(ACCOUNT) for name in wanted):
            for row in connection.execute(_of_account(some, wanted)):
                known[row.lead_no][f"{ACCOUNT}{row.name}"] = row.value
    return {number: {k: v for k, v in values.items() if v is not None} for number, values in known.items()}


def _own(lead_nos: Sequence[int], wanted: set[str] | None) -> Any:  # noqa: ANN401 - a statement
    """In the order of time, so that the last one read of each name stands."""
    t, i = traits.c, identities.c
    own = select(i.lead_no, t.name, t.value).join(identities, i.identity_no == t.identity_no)
    own = own.where(i.lead_no.in_(lead_nos)).order_by(t.changed_at, t.event_id)
    return own if wanted is None else own.where(t.name.in_(wanted))


def _of_account(lead_nos: Sequence[int], wanted: set[str] | None) -> Any:  # noqa: ANN401 - a statement
    t = account_traits.c
    theirs = select(leads.c.lead_no, t.name, t.value).join(leads, leads.c.account_no == t.account_no)
    theirs = theirs.where(leads.c.lead_no.in_(lead_nos)).order_by(t.changed_at, t.event_id)
    if wanted is None:
        return theirs
    return theirs.where(t.name.in_({name.removeprefix(ACCOUNT) for name in wanted if name.startswith(ACCOUNT)}))


def first_identities(connection: Connection, lead_nos: Sequence[int]) -> dict[int, int]:
    """The identity that stands for each lead: the one seen first. What is known of a person hangs on it."""
    first: dict[int, int] = {}
    for start in range(0, len(lead_nos), AT_ONCE):
        i = identities.c
        some = select(i.lead_no, i.identity_no).where(i.lead_no.in_(lead_nos[start : start + AT_ONCE]))
        for row in connection.execute(some.order_by(i.first_seen_at.desc(), i.identity_no.desc())):
            first[row.lead_no] = row.identity_no
    return first


def lead_no_of(connection: Connection, lead_id: str) -> int | None:
    """The number of a lead by its id; None when there is none."""
    found: int | None = connection.execute(select(leads.c.lead_no).where(leads.c.lead_id == lead_id)).scalar()
    return found
