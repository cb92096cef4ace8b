"""What happened to a lead -> messages in the outbox, in the transaction in which it happened.

In: numbers of stage changes, or other notices. Out: one outbox row for each of them and each action that applies; a
second call for the same makes no second row. Called by the scorer (`queue_actions`), by routing and by clocks
(`queue_notices`).
"""

from __future__ import annotations

import secrets as dice
from typing import TYPE_CHECKING, Any

from sqlalchemy import and_, func, select
from sqlalchemy.dialects import postgresql, sqlite

from scoville.errors import UsageError
from scoville.live.actions.defining import CROSSINGS
from scoville.live.routing.facts import AT_ONCE, traits_of_leads
from scoville.live.store.actions import actions, outbox
from scoville.live.store.people import identities, leads
from scoville.live.store.routing import assignments, owners
from scoville.live.store.scores import publications, scores, stage_changes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row, Select

    from scoville.live.routing.notice import Notice
    from scoville.live.store.opening import Store

_TYPES = {
    "entered": "lead.stage.entered",
    "left": "lead.stage.left",
    "assigned": "lead.assigned",
    "reassigned": "lead.reassigned",
    "reminder": "lead.sla.reminder",
    "escalation": "lead.sla.escalation",
}
_SCORE = ("fit", "engagement", "grade", "level", "priority", "segment", "reasons")
_NEWEST = 3  # publications that may still be scored by


def queue_actions(connection: Connection, change_nos: Sequence[int], now: datetime) -> int:
    """Messages for the crossings of this transaction; how many there are.

    The scorer calls it after it wrote scores and stage changes, before it commits. What is sent is fixed here: a later
    change of the lead is another crossing.
    """
    asked = _enabled(connection, CROSSINGS)
    if not asked:
        return 0
    queued = 0
    for start in range(0, len(change_nos), AT_ONCE):
        happened = [_crossing(row) for row in _changes(connection, change_nos[start : start + AT_ONCE])]
        queued += _queue(connection, asked, happened, now)
    return queued


def queue_notices(connection: Connection, notices: Sequence[Notice], now: datetime) -> int:
    """Messages for what else happened: a lead was assigned, or waits too long. How many there are."""
    asked = _enabled(connection, {notice.occasion for notice in notices})
    if not asked:
        return 0
    queued = 0
    for start in range(0, len(notices), AT_ONCE):
        some = notices[start : start + AT_ONCE]
        standing = _standing(connection, [notice.lead_no for notice in some])
        happened = [{**standing.get(n.lead_no, {}), **_named(n), **n.more} for n in some]
        queued += _queue(connection, asked, happened, now)
    return queued


def queue_test(store: Store, action_id: str, now: datetime) -> str:
    """A message that says that it is a test, to see whether an action arrives; its id.

    Raises: UsageError for an unknown action.
    """
    with store.writing() as connection:
        number = connection.execute(select(actions.c.action_no).where(actions.c.action_id == action_id)).scalar()
        if number is None:
            raise UsageError(f"there is no action '{action_id}'")
        row = _outbox_row(number, f"test:{dice.token_hex(8)}", None, "test", {"lead_id": "test"}, now)
        connection.execute(outbox.insert().values(row))
    return str(row["message_id"])


def _named(notice: Notice) -> dict[str, Any]:
    return {"occasion": notice.occasion, "cause_key": notice.cause, "lead_no": notice.lead_no}


def _enabled(connection: Connection, occasions: Iterable[str]) -> list[Row[Any]]:
    wanted = select(actions).where(actions.c.is_enabled, actions.c.occasion.in_(list(occasions)))
    return list(connection.execute(wanted.order_by(actions.c.action_no)).all())


def _changes(connection: Connection, change_nos: Sequence[int]) -> list[Row[Any]]:
    """Crossings with the score that made them: of several publications of that version, the newest."""
    c, s = stage_changes.c, scores.c
    # Named one by one, the publications let scores be found by their key; a join by version reads them all.
    same = and_(s.lead_no == c.lead_no, s.model_version == c.model_version, s.publication_no.in_(_newest(connection)))
    rows = connection.execute(
        select(stage_changes, leads.c.lead_id, s.publication_no, s.as_of, *(s[name] for name in _SCORE))
        .join(leads, leads.c.lead_no == c.lead_no)
        .outerjoin(scores, same)
        .where(c.change_no.in_(change_nos))
        .order_by(c.change_no, s.publication_no)
    )
    return list({row.change_no: row for row in rows}.values())


def _newest(connection: Connection) -> list[int]:
    """The publications whose scores crossings are made of: the one in force, and the one to come."""
    newest = select(publications.c.publication_no).order_by(publications.c.publication_no.desc()).limit(_NEWEST)
    return list(connection.execute(newest).scalars())


def _crossing(row: Row[Any]) -> dict[str, Any]:
    return {
        "cause_key": f"change:{row.change_no}",
        "lead_no": row.lead_no,
        "lead_id": row.lead_id,
        **_points_of(row),
        "stage": row.stage,
        "stage_before": row.stage_before,
        "direction": row.direction,
        "caused_by": row.cause,
        "model_version": row.model_version,
        "as_of": _iso(row.as_of or row.at),
    }


def _points_of(row: Row[Any]) -> dict[str, Any]:
    """The score and what it is made of; without the millionths by which a click of a second ago has faded."""
    named = {name: getattr(row, name) for name in ("score", *_SCORE)}
    return {name: round(value, 4) if isinstance(value, float) else value for name, value in named.items()}


def _standing(connection: Connection, lead_nos: Sequence[int]) -> dict[int, dict[str, Any]]:
    """What the publication in force says of leads now."""
    in_force = select(func.max(publications.c.publication_no)).where(publications.c.switched_at.is_not(None))
    s = scores.c
    mine = and_(s.lead_no == leads.c.lead_no, s.publication_no == in_force.scalar_subquery())
    wanted: Select[Any] = select(
        leads.c.lead_no, leads.c.lead_id, s.score, *(s[n] for n in _SCORE), s.standing, s.model_version, s.as_of
    )
    rows = connection.execute(wanted.select_from(leads).outerjoin(scores, mine).where(leads.c.lead_no.in_(lead_nos)))
    return {row.lead_no: _now(row) for row in rows}


def _now(row: Row[Any]) -> dict[str, Any]:
    return {
        "lead_id": row.lead_id,
        **_points_of(row),
        "stage": row.standing,
        "model_version": row.model_version,
        "as_of": row.as_of and _iso(row.as_of),
    }


def _queue(
    connection: Connection, asked: Sequence[Row[Any]], happened: Sequence[Mapping[str, Any]], now: datetime
) -> int:
    matches = [(action, one) for action in asked for one in happened if applies(action, one)]
    if not matches:
        return 0
    lead_nos = sorted({one["lead_no"] for _, one in matches})
    wanted = {name for action, _ in matches for name in action.settings["traits"]}
    traits, holders = traits_of_leads(connection, lead_nos, wanted), _owners(connection, lead_nos)
    rows = [_message(action, one, traits, holders, now) for action, one in matches]
    return _insert_new(connection, rows)


def applies(action: Row[Any], happened: Mapping[str, Any]) -> bool:
    """Whether an action is for what happened: every condition that was set holds."""
    left = action.occasion == "left"
    if happened.get("occasion", action.occasion) != action.occasion:
        return False
    stage = happened.get("stage_before") if left else happened.get("stage")
    if action.occasion in CROSSINGS and stage is None:
        return False
    wanted, score = action.conditions, happened.get("score")
    return (
        (not wanted["stages"] or stage in wanted["stages"])
        and (wanted["direction"] is None or happened.get("direction") == wanted["direction"])
        and (wanted["min_score"] is None or (score is not None and score >= wanted["min_score"]))
        and (not wanted["segments"] or happened.get("segment") in wanted["segments"])
    )


def _message(
    action: Row[Any],
    happened: Mapping[str, Any],
    traits: Mapping[int, Mapping[str, Any]],
    holders: Mapping[int, Mapping[str, str]],
    now: datetime,
) -> dict[str, Any]:
    number = happened["lead_no"]
    data = {name: value for name, value in happened.items() if name not in {"cause_key", "lead_no", "occasion"}}
    data.setdefault("owner", holders.get(number))
    if action.settings["traits"]:
        data["traits"] = {name: traits[number].get(name) for name in action.settings["traits"]}
    return _outbox_row(action.action_no, happened["cause_key"], number, _TYPES[action.occasion], data, now)


def _outbox_row(
    action_no: int, cause: str, lead_no: int | None, kind: str, data: Mapping[str, Any], now: datetime
) -> dict[str, Any]:
    return {
        "message_id": f"msg_{dice.token_urlsafe(18)}",
        "action_no": action_no,
        "cause": cause,
        "lead_no": lead_no,
        "payload": {"type": kind, "timestamp": _iso(now), "data": dict(data)},
        "created_at": now,
        "state": "waiting",
        "attempts": 0,
        "due_at": now,
    }


def _insert_new(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> int:
    """Insert what is not there yet; how many that were."""
    maker = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    fresh = maker(outbox).on_conflict_do_nothing(index_elements=["action_no", "cause"])
    return len(connection.execute(fresh.returning(outbox.c.outbox_no), list(rows)).all())


def _owners(connection: Connection, lead_nos: Sequence[int]) -> dict[int, dict[str, str]]:
    """Who holds each lead now; the first of them where a merge brought two."""
    a = assignments.c
    held = (
        select(identities.c.lead_no, owners.c.owner_id, owners.c.name, owners.c.email)
        .join(assignments, a.identity_no == identities.c.identity_no)
        .join(owners, owners.c.owner_no == a.owner_no)
        .where(identities.c.lead_no.in_(lead_nos), a.released_at.is_(None))
        .order_by(a.assigned_at.desc(), a.assignment_no.desc())
    )
    return {
        row.lead_no: {"owner_id": row.owner_id, "name": row.name, "email": row.email}
        for row in connection.execute(held)
    }


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="milliseconds") + "Z"
