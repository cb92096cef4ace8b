"""Leads of the queue -> owners, written down with the reason.

In: the store, the instant. Out: rows of `assignments`, notices for those who are to know, and for all who stay in
the queue the reason. Called by the worker.

Conditions are worked out before the transaction begins; the choice is made inside it, where the counts hold.
"""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, bindparam, delete, func, insert, select, text, update

from scoville.live.routing.deciding import Choice, Lead, Share, choose
from scoville.live.routing.facts import traits_of_leads
from scoville.live.routing.holding import columns_needed, which_hold
from scoville.live.routing.notice import Notice, Tell
from scoville.live.routing.owners import set_account_owner
from scoville.live.routing.taking import takers_now
from scoville.live.routing.territories import rules_in_force
from scoville.live.store.people import identities, leads
from scoville.live.store.routing import account_owners, assignments, owners, waiting
from scoville.live.store.scores import publications, scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from scoville.live.routing.territories import Rule
    from scoville.live.store.opening import Store

_LOCK = 5_052_027  # one round of choices at a time, so that nobody gets more than fits
_SCORE = ("score", "fit", "engagement", "grade", "level", "priority", "standing", "segment", "probability")
_NEAR = ("outside_hours", "at_capacity", "absent")
"""Reasons that time alone can end: tried again each minute. The others wait for a change, or for new facts."""
_AGAIN = {reason: timedelta(minutes=1) for reason in _NEAR}
_LATER = timedelta(minutes=15)


def route_some(store: Store, now: datetime, tell: Tell, *, limit: int = 500, seed: str = "scoville") -> int:
    """Give out what can be given, the best score first; how many leads were looked at. 0: nothing is due.

    `tell` hears of each assignment in the same transaction. Whoever gets nobody stays, with the reason.
    """
    with store.reading() as connection:
        if connection.execute(select(waiting.c.identity_no).where(waiting.c.try_at <= now).limit(1)).first() is None:
            return 0
        rules = rules_in_force(connection)
        rows = _candidates(connection, now, limit)
        facts = _facts(connection, rules, rows)
    held = _holding(rules, [_lead(row) for row in rows], facts, now)
    with store.writing() as connection:
        take_turn(connection)
        here = _still_waiting(connection, [lead.identity_no for lead in held])
        shares = [Share(rule.name, rule.owner_nos, rule.falls_through) for rule in rules]
        accounts = _account_owners(connection, [lead for lead in held if lead.identity_no in here])
        choices = choose(
            [lead for lead in held if lead.identity_no in here], takers_now(connection, now), shares, accounts, seed
        )
        given = [choice for choice in choices if choice.owner_no is not None]
        _assign_chosen(connection, given, now, tell)
        _note_reasons(connection, [choice for choice in choices if choice.owner_no is None], rows, now)
    return len(held)


def take_turn(connection: Connection) -> None:
    """Until this transaction ends, nobody else gives out leads."""
    if connection.dialect.name == "postgresql":  # on SQLite one writer writes at a time anyway
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})


def _candidates(connection: Connection, now: datetime, limit: int) -> list[Row[Any]]:
    """Leads that are due, and those who wait for room: a better one of these goes before a worse one that is new."""
    w = waiting.c
    due = _waiting_rows(connection, w.try_at <= now, limit)
    near = _waiting_rows(connection, and_(w.try_at > now, w.reason.in_(_NEAR)), limit)
    return [*due, *near]


def _facts(connection: Connection, rules: Sequence[Rule], rows: Sequence[Row[Any]]) -> list[dict[str, Any]]:
    """What conditions may read of each lead."""
    wanted = columns_needed([rule.condition for rule in rules if rule.condition is not None])
    known = traits_of_leads(connection, [row.lead_no for row in rows], wanted)
    return [known[row.lead_no] | _score_row(row) for row in rows]


def _waiting_rows(connection: Connection, which: Any, limit: int) -> list[Row[Any]]:  # noqa: ANN401 - a condition
    w, i, s = waiting.c, identities.c, scores.c
    in_force = select(func.max(publications.c.publication_no)).where(publications.c.switched_at.is_not(None))
    mine = and_(s.lead_no == leads.c.lead_no, s.publication_no == in_force.scalar_subquery())
    wanted = (
        select(waiting, leads.c.lead_no, leads.c.lead_id, leads.c.account_no)
        .add_columns(*(s[name] for name in _SCORE))
        .select_from(waiting)
        .join(identities, i.identity_no == w.identity_no)
        .join(leads, leads.c.lead_no == i.lead_no)
        .outerjoin(scores, mine)
        .where(which)
        .order_by(func.coalesce(s.score, -1e300).desc(), w.since, w.identity_no)
    )
    return list(connection.execute(wanted.limit(limit)).all())


def _lead(row: Row[Any]) -> Lead:
    return Lead(row.identity_no, row.lead_id, row.score, row.since, row.account_no, row.not_owner_no)


def _score_row(row: Row[Any]) -> dict[str, Any]:
    """Columns of the score by the names that conditions use; of a trait of that name nothing is seen."""
    told = {name: getattr(row, name) for name in _SCORE if name != "standing"} | {"stage": row.standing}
    return {name: value for name, value in told.items() if value is not None} | {"lead_id": row.lead_id}


def _holding(
    rules: Sequence[Rule], found: Sequence[Lead], facts: Sequence[Mapping[str, Any]], now: datetime
) -> list[Lead]:
    """The leads with the rules that hold for each."""
    conditions = [rule.condition for rule in rules if rule.condition is not None]
    held = []
    for lead, truth in zip(found, which_hold(conditions, facts, now), strict=True):
        asked = iter(truth)
        holds = tuple(place for place, rule in enumerate(rules) if rule.condition is None or next(asked))
        held.append(replace(lead, holds=holds))
    return held


def _still_waiting(connection: Connection, identity_nos: Sequence[int]) -> set[int]:
    """Those nobody took meanwhile, one of each person: a merge may have brought two of them together."""
    w, i, a = waiting.c, identities.c, assignments.c
    rows = connection.execute(
        select(w.identity_no, i.lead_no)
        .join(identities, i.identity_no == w.identity_no)
        .where(w.identity_no.in_(identity_nos))
        .order_by(w.since.desc())
    ).all()
    mine = {row.lead_no: row.identity_no for row in rows}
    held = (
        select(i.lead_no)
        .join(assignments, a.identity_no == i.identity_no)
        .where(i.lead_no.in_(mine), a.released_at.is_(None))
    )
    has_owner = set(connection.execute(held).scalars())
    stay = {number for lead_no, number in mine.items() if lead_no not in has_owner}
    gone = [row.identity_no for row in rows if row.identity_no not in stay]
    if gone:
        connection.execute(delete(waiting).where(w.identity_no.in_(gone)))
    return stay


def _account_owners(connection: Connection, found: Sequence[Lead]) -> dict[int, int]:
    a = account_owners.c
    asked = {lead.account_no for lead in found if lead.account_no is not None}
    rows = connection.execute(select(a.account_no, a.owner_no).where(a.account_no.in_(asked)))
    return {row.account_no: row.owner_no for row in rows}


def _assign_chosen(connection: Connection, choices: Sequence[Choice], now: datetime, tell: Tell) -> None:
    if not choices:
        return
    rows = [
        {
            "identity_no": choice.lead.identity_no,
            "owner_no": choice.owner_no,
            "assigned_at": now,
            "way": choice.reason,
            "assigned_by": "routing",
            "score": choice.lead.score,
            "why": {"because": choice.detail, **choice.why},
        }
        for choice in choices
    ]
    made = insert(assignments).returning(assignments.c.assignment_no, sort_by_parameter_order=True)
    numbers = connection.execute(made, rows).scalars().all()
    connection.execute(delete(waiting).where(waiting.c.identity_no.in_([row["identity_no"] for row in rows])))
    firsts: dict[int, int] = {}
    for choice in choices:
        if choice.lead.account_no is not None and choice.owner_no is not None:
            firsts.setdefault(choice.lead.account_no, choice.owner_no)
    set_account_owner(connection, firsts, "routing", now)
    tell_of(connection, list(numbers), now, tell)


def tell_of(connection: Connection, numbers: Sequence[int], now: datetime, tell: Tell) -> None:
    """Assignments become notices."""
    a, i = assignments.c, identities.c
    rows = connection.execute(
        select(a.assignment_no, i.lead_no, a.way, owners.c.owner_id, owners.c.name, owners.c.email)
        .join(identities, i.identity_no == a.identity_no)
        .join(owners, owners.c.owner_no == a.owner_no)
        .where(a.assignment_no.in_(numbers))
        .order_by(a.assignment_no)
    )
    notices = [
        Notice("assigned", f"assignment:{row.assignment_no}", row.lead_no, {
            "owner": {"owner_id": row.owner_id, "name": row.name, "email": row.email}, "way": row.way,
        }) for row in rows
    ]  # fmt: skip
    tell(connection, notices, now)


def _note_reasons(connection: Connection, choices: Sequence[Choice], rows: Sequence[Row[Any]], now: datetime) -> None:
    """Why they wait, and when they are tried again; who was not due and waits as before is left as it is."""
    before = {row.identity_no: row for row in rows}
    w = waiting.c
    news = [
        {"mine": choice.lead.identity_no, "why": choice.reason, "told": choice.detail}
        | {"again_at": now + _AGAIN.get(choice.reason, _LATER)}
        for choice in choices
        if before[choice.lead.identity_no].try_at <= now or choice.detail != before[choice.lead.identity_no].detail
    ]
    if news:
        noted = update(waiting).where(w.identity_no == bindparam("mine"))
        said: dict[str, Any] = {
            "reason": bindparam("why"),
            "detail": bindparam("told"),
            "try_at": bindparam("again_at"),
        }
        connection.execute(noted.values(said | {"tries": w.tries + 1}), news)
