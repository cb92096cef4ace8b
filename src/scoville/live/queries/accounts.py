"""Accounts: ranked by the model's own sum of their people, page by page, and one of them with its people.

In: a connection, and the publication in force. Out: plain rows. Called by the pages. Everything is an index away: the
worker sums accounts up as scores change.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import func, literal, select, tuple_

from scoville.live.queries.lead import SHOWN_TRAITS, owners_of, score_rows, traits_of
from scoville.live.queries.past import timeline_of
from scoville.live.store.people import account_traits, accounts, leads
from scoville.live.store.routing import account_owners, owners
from scoville.live.store.scores import scores
from scoville.live.store.summed import account_people, account_scores, dirty_accounts

if TYPE_CHECKING:
    from collections.abc import Collection

    from sqlalchemy import ColumnElement, Connection

Row = dict[str, Any]
_LAST_CHARACTER = "\U0010ffff"


@dataclass(frozen=True)
class Place:
    """Where a page of accounts ended."""

    score: float
    account: str
    shown: int


@dataclass(frozen=True)
class Page:
    """Accounts, best first; `end` is null on the last page. `first` counts from 1 over all pages."""

    accounts: list[Row]
    first: int
    end: Place | None


def page_of_accounts(
    connection: Connection, publication_no: int, limit: int, *, search: str | None = None, after: Place | None = None
) -> Page:
    """One page: each account with its score, people by stage, newest activity, name and owner.

    `search` is the beginning of the account's id, in any letters.
    """
    columns = account_scores.c
    chosen = select(account_scores).where(columns.publication_no == publication_no)
    if search:
        chosen = chosen.where(_begins_with(connection, search.strip().lower()))
    if after is not None:
        chosen = chosen.where(
            tuple_(columns.score, columns.account) < tuple_(literal(after.score), literal(after.account))
        )
    ordered = chosen.order_by(columns.score.desc(), columns.account.desc()).limit(limit + 1)
    rows = [dict(row) for row in connection.execute(ordered).mappings()]
    shown, before = rows[:limit], after.shown if after is not None else 0
    _add_names_and_owners(connection, shown)
    more = len(rows) > limit
    end = Place(shown[-1]["score"], shown[-1]["account"], before + len(shown)) if more else None
    return Page(shown, before + 1, end)


def count_accounts(connection: Connection, publication_no: int) -> int:
    """How many accounts have a score, counted along an index."""
    chosen = select(func.count()).select_from(account_scores).where(account_scores.c.publication_no == publication_no)
    return int(connection.execute(chosen).scalar_one())


def waiting_accounts(connection: Connection) -> bool:
    """Whether some accounts still wait to be summed up."""
    return connection.execute(select(dirty_accounts.c.dirt_no).limit(1)).first() is not None


def find_account(connection: Connection, publication_no: int, account: str) -> Row | None:
    """One account by what the model groups by, or by the id that messages name; null for neither.

    One that has no score (nobody in it is qualified, or the model sums up no accounts) has nulls.
    """
    chosen = select(account_scores).where(
        account_scores.c.account == account.strip().lower(), account_scores.c.publication_no == publication_no
    )
    found = connection.execute(chosen).mappings().first()
    row = dict(found) if found is not None else _named(connection, account)
    if row is not None:
        _add_names_and_owners(connection, [row])
    return row


def rank_of(connection: Connection, publication_no: int, score: float) -> int:
    """1 is the best account; equal scores share a rank."""
    above = (account_scores.c.publication_no == publication_no) & (account_scores.c.score > score)
    return int(connection.execute(select(func.count()).select_from(account_scores).where(above)).scalar_one()) + 1


def people_of(connection: Connection, publication_no: int, account: Row, limit: int, first: int = 0) -> list[Row]:
    """The people of an account, best first, with who they are and who works them."""
    members = _members(publication_no, account)
    ranked = (
        select(scores.c.lead_no)
        .where(scores.c.publication_no == publication_no, scores.c.lead_no.in_(members))
        .order_by((scores.c.score + literal(0.0)).desc(), scores.c.lead_no.desc())  # not along the index of all leads
        .limit(limit)
        .offset(first)
    )
    numbers = list(connection.execute(ranked).scalars())
    traits, held = traits_of(connection, numbers, SHOWN_TRAITS), owners_of(connection, numbers)
    return [
        {**row, "traits": traits.get(row["lead_no"], {}), "owner": held.get(row["lead_no"])}
        for row in score_rows(connection, publication_no, numbers)
    ]


def events_of_account(connection: Connection, publication_no: int, account: Row, limit: int) -> list[Row]:
    """What its people did last, the newest first, with who it was."""
    lately = (
        select(leads.c.lead_no, leads.c.lead_id)
        .where(leads.c.lead_no.in_(_members(publication_no, account)))
        .order_by(leads.c.last_seen_at.desc())
        .limit(limit)  # the newest so many events are among those of the so many people who were seen last
    )
    people = connection.execute(lately).all()
    traits = traits_of(connection, [one.lead_no for one in people], SHOWN_TRAITS)
    rows = [
        {**row, "lead_id": one.lead_id, "traits": traits.get(one.lead_no, {})}
        for one in people
        for row in timeline_of(connection, one.lead_no, limit)
        if row["event"] is not None
    ]
    return sorted(rows, key=lambda row: (row["occurred_at"], row["event_id"]), reverse=True)[:limit]


def _members(publication_no: int, account: Row) -> Any:  # noqa: ANN401 - a select of lead numbers
    if account["score"] is None:
        return select(leads.c.lead_no).where(leads.c.account_no == account["account_no"])
    return select(account_people.c.lead_no).where(
        account_people.c.account == account["account"], account_people.c.publication_no == publication_no
    )


def _named(connection: Connection, account_id: str) -> Row | None:
    """An account that messages name, without a score of its own."""
    found = connection.execute(select(accounts).where(accounts.c.account_id == account_id)).first()
    if found is None:
        return None
    people = connection.execute(
        select(func.count(), func.max(leads.c.last_seen_at)).where(leads.c.account_no == found.account_no)
    ).one()
    nothing = dict.fromkeys(("score", "rollup", "breadth", "engaged"))
    return {
        "account": account_id, "account_no": found.account_no, "people": people[0], "newest_at": people[1],
        "stages": {}, **nothing,
    }  # fmt: skip


def _add_names_and_owners(connection: Connection, rows: Collection[Row]) -> None:
    """`name` and `account_id` as messages say, and `owner`; null where there is none."""
    numbers = [row["account_no"] for row in rows if row["account_no"] is not None]
    known = select(accounts.c.account_no, accounts.c.account_id).where(accounts.c.account_no.in_(numbers))
    ids = {row.account_no: row.account_id for row in connection.execute(known)}
    held = {
        row.account_no: {"owner_id": row.owner_id, "name": row.name}
        for row in connection.execute(
            select(account_owners.c.account_no, owners.c.owner_id, owners.c.name)
            .join(owners, owners.c.owner_no == account_owners.c.owner_no)
            .where(account_owners.c.account_no.in_(numbers))
        )
    }
    said = _names(connection, numbers)
    for row in rows:
        number = row["account_no"]
        row |= {"account_id": ids.get(number), "owner": held.get(number), "name": said.get(number)}


def _names(connection: Connection, numbers: Collection[int]) -> dict[int, str]:
    named = select(account_traits.c.account_no, account_traits.c.value).where(account_traits.c.name == "name")
    ordered = named.order_by(account_traits.c.changed_at, account_traits.c.event_id)
    rows = connection.execute(ordered.where(account_traits.c.account_no.in_(numbers)))
    return {row.account_no: str(row.value) for row in rows if row.value is not None}


def _begins_with(connection: Connection, beginning: str) -> ColumnElement[bool]:
    """As each store finds it by an index."""
    account = account_scores.c.account
    if connection.dialect.name == "postgresql":
        return account.startswith(beginning, autoescape=True)
    return account.between(beginning, beginning + _LAST_CHARACTER)
