"""Which leads a list is about: what was asked -> conditions over `scores`.

In: a `Wanted`. Out: a `Filter`. Called by `ranking`.
"""

from __future__ import annotations

from dataclasses import astuple, dataclass
from typing import TYPE_CHECKING

from sqlalchemy import and_, exists, false, func, literal, or_, select

from scoville.live.store.metadata import EPOCH, Instant
from scoville.live.store.naming import words_of
from scoville.live.store.people import accounts, identities, leads, name_words, outcomes
from scoville.live.store.routing import assignments, owners, waiting
from scoville.live.store.scores import ledger, scores

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

_MOST_FOUND = 500  # leads by the beginning of an id: who sees more types another letter
_FEW = 5_000
_LAST_CHARACTER = "\U0010ffff"
_LONG_AGO = literal(EPOCH, Instant)
_HELD = (assignments.c.identity_no == identities.c.identity_no, assignments.c.released_at.is_(None))
WON = "won"
ENDINGS = ("rejected", WON, "lost")
"""Answers after which nobody has to call any more, until the lead crosses another line."""
_EQUALS = ("standing", "stage", "grade", "level", "priority", "segment")


@dataclass(frozen=True)
class Wanted:
    """Which leads: all conditions that are given must hold. `standing` is the stage a lead is held in.

    `is_unowned`: nobody works it. `waits_for`: why it waits for an owner, or `any`. `is_open`: not rejected, won or
    lost since it came to the stage that it is in.
    """

    standing: str | None = None
    stage: str | None = None
    grade: str | None = None
    level: str | None = None
    priority: str | None = None
    segment: str | None = None
    min_score: float | None = None
    max_score: float | None = None
    owner_id: str | None = None
    account_id: str | None = None
    changed_since: datetime | None = None
    search: str | None = None
    is_unowned: bool = False
    waits_for: str | None = None
    is_open: bool = False

    def __str__(self) -> str:
        """The same text for the same question."""
        return repr(astuple(self))


@dataclass(frozen=True)
class Filter:
    """What holds for the leads that are wanted, and whether those are so few that sorting them beats walking all."""

    conditions: tuple[ColumnElement[bool], ...]
    is_narrow: bool


def filter_of(connection: Connection, wanted: Wanted) -> Filter:
    """The conditions of a list. What names some leads is looked up first."""
    broad, narrow = [*_broad(wanted)], [*_narrow(connection, wanted)]
    if wanted.changed_since is not None:
        few = _few_changed(connection, wanted.changed_since)
        if few is not None:
            narrow.append(scores.c.lead_no.in_(few) if few else false())
        else:  # asked lead by lead, best first: the more leads changed, the sooner a page is full
            same = (ledger.c.lead_no == scores.c.lead_no) & (ledger.c.at >= wanted.changed_since)
            broad.append(exists().where(same))
    return Filter((*broad, *narrow), bool(narrow))


def _broad(wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    for name in _EQUALS:
        if (value := getattr(wanted, name)) is not None:
            yield scores.c[name] == value
    if wanted.min_score is not None:
        yield scores.c.score >= wanted.min_score
    if wanted.max_score is not None:
        yield scores.c.score <= wanted.max_score
    if wanted.is_unowned:
        yield ~exists().where(identities.c.lead_no == scores.c.lead_no, *_HELD)
    if wanted.is_open:
        yield ~exists().where(identities.c.lead_no == scores.c.lead_no, *_is_over())


def _is_over() -> Iterator[ColumnElement[bool]]:
    """An identity was won, or rejected or lost and did not come to its stage by what it did since.

    Who is accepted after that is open again.
    """
    again = outcomes.alias("again")
    yield outcomes.c.identity_no == identities.c.identity_no
    yield outcomes.c.outcome.in_(ENDINGS)
    yield leads.c.lead_no == identities.c.lead_no
    stood = outcomes.c.at >= func.coalesce(scores.c.standing_since, _LONG_AGO)
    yield or_(outcomes.c.outcome == WON, stood, outcomes.c.at >= leads.c.last_seen_at)
    later = (again.c.identity_no == outcomes.c.identity_no, again.c.at > outcomes.c.at)
    yield ~exists().where(*later, again.c.outcome == "accepted").correlate(outcomes)


def _narrow(connection: Connection, wanted: Wanted) -> Iterator[ColumnElement[bool]]:
    if wanted.owner_id is not None:
        yield scores.c.lead_no.in_(_owned_by(wanted.owner_id))
    if wanted.account_id is not None:
        account = select(accounts.c.account_no).where(accounts.c.account_id == wanted.account_id).scalar_subquery()
        yield scores.c.lead_no.in_(select(leads.c.lead_no).where(leads.c.account_no == account))
    if wanted.waits_for is not None:
        yield scores.c.lead_no.in_(_waiting(wanted.waits_for))
    if wanted.search is not None:
        found = _found(connection, wanted.search)
        yield scores.c.lead_no.in_(found) if found else false()


def _few_changed(connection: Connection, since: datetime) -> list[int] | None:
    """The leads whose score changed since then; null when they are many."""
    chosen = select(ledger.c.lead_no).where(ledger.c.at >= since).limit(_FEW + 1)
    found = list(connection.execute(chosen).scalars())
    return sorted({*found}) if len(found) <= _FEW else None


def _owned_by(owner_id: str) -> ColumnElement[int]:
    held = (
        select(identities.c.lead_no)
        .join(assignments, assignments.c.identity_no == identities.c.identity_no)
        .join(owners, owners.c.owner_no == assignments.c.owner_no)
        .where(owners.c.owner_id == owner_id, assignments.c.released_at.is_(None))
    )
    return held.scalar_subquery()


def _waiting(reason: str) -> ColumnElement[int]:
    waits = select(waiting.c.identity_no) if reason == "any" else _waits_for(reason)
    # as a list: joined, SQLite would go through all identities
    return select(identities.c.lead_no).where(identities.c.identity_no.in_(waits)).scalar_subquery()


def _waits_for(reason: str) -> Select[tuple[int]]:
    return select(waiting.c.identity_no).where(waiting.c.reason == reason)


def _found(connection: Connection, beginning: str) -> list[int]:
    """Leads of which an id, the e-mail address or the account's id begins so, or the names have words that do."""
    kinds = {"user": beginning, "email": beginning.lower(), "anonymous": beginning}
    matches = [
        and_(identities.c.kind == kind, _begins(connection, identities.c.value, text)) for kind, text in kinds.items()
    ]
    by_id = select(identities.c.lead_no).where(or_(*matches)).limit(_MOST_FOUND)
    companies = select(accounts.c.account_no).where(_begins(connection, accounts.c.account_id, beginning.lower()))
    of_company = leads.c.account_no.in_(companies.limit(_MOST_FOUND).scalar_subquery())
    by_company = select(leads.c.lead_no).where(of_company).limit(_MOST_FOUND)
    chosen = [by_id, by_company, *_named(connection, beginning)]
    return sorted({lead_no for one in chosen for lead_no in connection.execute(one).scalars()})


def _named(connection: Connection, beginning: str) -> Iterator[Select[tuple[int]]]:
    """Leads whose names have a word for each that was typed, which begins so."""
    words = words_of(beginning)
    if not words:
        return
    longest, *others = sorted(words, key=len, reverse=True)  # few begin with many letters: they are gone through
    named = select(name_words.c.identity_no).where(_begins(connection, name_words.c.word, longest))
    for number, word in enumerate(others):
        other = name_words.alias(f"other_{number}")
        same = other.c.identity_no == name_words.c.identity_no
        named = named.where(exists().where(same, _begins(connection, other.c.word, word)))
    # as a list: joined, SQLite would go through all identities
    yield select(identities.c.lead_no).where(identities.c.identity_no.in_(named.limit(_MOST_FOUND).scalar_subquery()))


def _begins(connection: Connection, column: ColumnElement[str], beginning: str) -> ColumnElement[bool]:
    """What begins so, as each store finds it by an index: by the bytes, whatever the language of the database."""
    if connection.dialect.name == "postgresql":
        return column.startswith(beginning, autoescape=True)
    return column.between(beginning, beginning + _LAST_CHARACTER)
