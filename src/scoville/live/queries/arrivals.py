"""Messages as they arrive, the newest first, each with what became of it, or why it was put aside.

In: a connection, a filter, how many. Out: `Arrival`s. Called by the page that people debug their sending with. However
much the store holds, only the newest few thousand messages are looked at, so the answer comes at once.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

import orjson
from sqlalchemy import select

from scoville.live.queries.in_force import in_force
from scoville.live.queries.lead import lead_no_of
from scoville.live.store.log import inbox, quarantine, sources
from scoville.live.store.people import events, identities, leads
from scoville.live.store.scores import dirty, ledger, scores

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Select

MOST_LOOKED_AT = 5_000
"""Of each of the three places where a message can be: the newest so many are looked through by a filter."""
_MOST_READ = 500  # of those put aside, whose type and name stand in their text alone
_WITH_OTHERS = timedelta(seconds=10)  # a change so soon after a message is its doing, whatever else had a part
_BY_MESSAGES = ("event", "outcome", "merge")
State = Literal["waiting", "counted", "aside"]


@dataclass(frozen=True)
class Looked:
    """Which messages. All that is given must hold; `person` is any id of a lead, `name` the name of an event."""

    source: str | None = None
    type: str | None = None
    name: str | None = None
    person: str | None = None
    state: State | None = None
    reason: str | None = None


@dataclass(frozen=True)
class Became:
    """What a message did: the lead that it belongs to, its score now, and the change that it made or had a part in."""

    lead_id: str
    score: float | None
    is_being_scored: bool
    score_before: float | None = None
    score_after: float | None = None
    stage_before: str | None = None
    stage_after: str | None = None

    @property
    def is_changed(self) -> bool:
        """Whether a change of the score is known to be of this message."""
        return self.score_after is not None


@dataclass(frozen=True)
class Arrival:
    """One message. `became` is null until it is folded in; `aside_no`, `reason` and `detail` are of what was put aside.

    `raw` is the message as far as it is kept: of a message that counts its content, of one put aside its text.
    """

    key: str
    state: State
    received_at: datetime
    occurred_at: datetime | None
    source: str
    is_trusted: bool | None
    type: str
    name: str | None
    person: str | None
    raw: str
    became: Became | None = None
    aside_no: int | None = None
    reason: str | None = None
    detail: str | None = None
    replayed_at: datetime | None = None


def newest_arrivals(connection: Connection, looked: Looked, limit: int) -> list[Arrival]:
    """The newest messages that a filter lets through."""
    person = _Person.of(connection, looked.person)
    found = [
        *(_waiting(connection, looked, person, limit) if looked.state in {None, "waiting"} else ()),
        *(_counted(connection, looked, person, limit) if looked.state in {None, "counted"} else ()),
        *(_aside(connection, looked, person, limit) if looked.state in {None, "aside"} else ()),
    ]
    found.sort(key=lambda one: (one.received_at, one.key), reverse=True)
    return found[:limit]


@dataclass(frozen=True)
class _Person:
    """Every id of the person who is asked for; no numbers for one that nobody is known by."""

    ids: tuple[str, ...]
    identity_nos: tuple[int, ...]

    @classmethod
    def of(cls, connection: Connection, some_id: str | None) -> _Person | None:
        if some_id is None:
            return None
        lead_no = lead_no_of(connection, some_id)
        if lead_no is None:
            return cls((some_id,), ())
        chosen = select(identities.c.value, identities.c.identity_no).where(identities.c.lead_no == lead_no)
        rows = connection.execute(chosen).all()
        return cls((some_id, *(row.value for row in rows)), tuple(row.identity_no for row in rows))


# --- in the inbox ----------------------------------------------------------------------------------------------------


def _waiting(connection: Connection, looked: Looked, person: _Person | None, limit: int) -> list[Arrival]:
    newest = select(inbox).order_by(inbox.c.seq.desc()).limit(MOST_LOOKED_AT).subquery()
    conditions = _conditions(newest.c, looked)
    if person is not None:
        conditions.append(newest.c.user_id.in_(person.ids) | newest.c.anonymous_id.in_(person.ids))
    chosen = _of_source(select(newest, sources.c.name.label("source")), newest, looked).where(*conditions)
    rows = map(dict, connection.execute(chosen.order_by(newest.c.seq.desc()).limit(limit)).mappings())
    return [
        Arrival(
            key=f"w{row['seq']}", state="waiting", received_at=row["received_at"], occurred_at=row["occurred_at"],
            source=row["source"], is_trusted=row["is_trusted"], type=row["type"], name=row["event"],
            person=row["user_id"] or row["anonymous_id"], raw=_pretty(_message(row) | _held(row["payload"])),
        )
        for row in rows
    ]  # fmt: skip


def _message(row: Mapping[str, Any]) -> dict[str, Any]:
    said = {
        "messageId": row["message_id"], "userId": row.get("user_id"), "anonymousId": row.get("anonymous_id"),
        "groupId": row.get("group_id"), "previousId": row.get("previous_id"),
    }  # fmt: skip
    return {name: value for name, value in said.items() if value is not None}


def _held(payload: object) -> dict[str, Any]:
    return payload if isinstance(payload, dict) else {}


# --- folded in -------------------------------------------------------------------------------------------------------


def _counted(connection: Connection, looked: Looked, person: _Person | None, limit: int) -> list[Arrival]:
    if looked.reason is not None:
        return []
    rows = _events(connection, looked, person, limit)
    became = _became(connection, rows)
    return [
        Arrival(
            key=f"e{row['event_id'].hex()}", state="counted", received_at=row["received_at"],
            occurred_at=row["occurred_at"], source=row["source"], is_trusted=None, type=row["type"],
            name=row["event"], person=row["value"], became=became[row["event_id"]],
            raw=_pretty({"messageId": row["message_id"], "kept": row["properties"]}),
        )
        for row in rows
    ]  # fmt: skip


def _events(connection: Connection, looked: Looked, person: _Person | None, limit: int) -> list[Mapping[str, Any]]:
    if person is None:
        is_filtered = any((looked.source, looked.type, looked.name))
        found = select(events).order_by(events.c.received_at.desc()).limit(MOST_LOOKED_AT if is_filtered else limit)
        return _event_rows(connection, found, looked, limit)
    rows: list[Mapping[str, Any]] = []
    for number in person.identity_nos:  # each one's events lie together, in the order of time
        of_one = select(events).where(events.c.identity_no == number)
        rows += _event_rows(connection, of_one.order_by(events.c.occurred_at.desc()).limit(limit), looked, limit)
    return sorted(rows, key=lambda row: row["received_at"], reverse=True)[:limit]


def _event_rows(connection: Connection, found: Select[Any], looked: Looked, limit: int) -> list[Mapping[str, Any]]:
    newest = found.subquery()
    chosen = (
        _of_source(
            select(newest, sources.c.name.label("source"), identities.c.value, leads.c.lead_no, leads.c.lead_id),
            newest,
            looked,
        )
        .join(identities, identities.c.identity_no == newest.c.identity_no)
        .join(leads, leads.c.lead_no == identities.c.lead_no)
        .where(*_conditions(newest.c, looked))
        .order_by(newest.c.received_at.desc())
        .limit(limit)
    )
    return [dict(row) for row in connection.execute(chosen).mappings()]


def _became(connection: Connection, rows: Sequence[Mapping[str, Any]]) -> dict[bytes, Became]:
    numbers = {row["lead_no"] for row in rows}
    now_scored, waiting = _scores_now(connection, numbers), _being_scored(connection, numbers)
    found = {}
    for row in rows:
        change = _change_of(connection, row)
        told = {} if change is None else {
            "score_before": change.score_before, "score_after": change.score, "stage_before": change.stage_before,
            "stage_after": change.stage,
        }  # fmt: skip
        number = row["lead_no"]
        found[row["event_id"]] = Became(row["lead_id"], now_scored.get(number), number in waiting, **told)
    return found


def _scores_now(connection: Connection, numbers: set[int]) -> dict[int, float]:
    model = in_force(connection)
    if model is None:
        return {}
    chosen = select(scores.c.lead_no, scores.c.score).where(
        scores.c.publication_no == model.publication_no, scores.c.lead_no.in_(numbers)
    )
    return {row.lead_no: row.score for row in connection.execute(chosen)}


def _being_scored(connection: Connection, numbers: set[int]) -> set[int]:
    return {*connection.execute(select(dirty.c.lead_no).where(dirty.c.lead_no.in_(numbers))).scalars()}


def _change_of(connection: Connection, row: Mapping[str, Any]) -> Any:  # noqa: ANN401 - a row of the ledger
    """The change that the message made; else the first one after it came, if it came just before."""
    chosen = (
        select(ledger)
        .where(ledger.c.lead_no == row["lead_no"], ledger.c.at >= row["received_at"], ledger.c.cause.in_(_BY_MESSAGES))
        .order_by(ledger.c.cause_ref.is_distinct_from(row["message_id"]), ledger.c.at, ledger.c.entry_no)
        .limit(1)
    )
    change = connection.execute(chosen).first()
    if change is None:
        return None
    is_its_own = change.cause_ref == row["message_id"] or change.at - row["received_at"] <= _WITH_OTHERS
    return change if is_its_own else None


# --- put aside -------------------------------------------------------------------------------------------------------


def _aside(connection: Connection, looked: Looked, person: _Person | None, limit: int) -> list[Arrival]:
    chosen = select(quarantine).order_by(quarantine.c.quarantine_no.desc())
    if person is not None:
        chosen = chosen.where(quarantine.c.person.in_(person.ids))
    newest = chosen.limit(MOST_LOOKED_AT).subquery()
    shown = select(newest, sources.c.name.label("source")).outerjoin(sources, sources.c.source_no == newest.c.source_no)
    if looked.source is not None:
        shown = shown.where(sources.c.name == looked.source)
    if looked.reason is not None:
        shown = shown.where(newest.c.reason == looked.reason)
    is_read = looked.type is not None or looked.name is not None
    ordered = shown.order_by(newest.c.quarantine_no.desc()).limit(_MOST_READ if is_read else limit)
    found = [_put_aside(row) for row in map(dict, connection.execute(ordered).mappings())]
    return [one for one in found if looked.type in {None, one.type} and looked.name in {None, one.name}][:limit]


def _put_aside(row: Mapping[str, Any]) -> Arrival:
    said = _read(row["body"])
    return Arrival(
        key=f"q{row['quarantine_no']}", state="aside", received_at=row["received_at"], occurred_at=None,
        source=row["source"] or "", is_trusted=row["is_trusted"], type=_text(said.get("type")) or "?",
        name=_text(said.get("event")), person=row["person"], raw=_pretty(said) if said else row["body"],
        aside_no=row["quarantine_no"], reason=row["reason"], detail=row["detail"], replayed_at=row["replayed_at"],
    )  # fmt: skip


def _read(body: str) -> dict[str, Any]:
    try:
        found = orjson.loads(body)
    except orjson.JSONDecodeError:
        return {}
    return found if isinstance(found, dict) else {}


def _text(value: object) -> str | None:
    return value if isinstance(value, str) else None


# --- in all three ----------------------------------------------------------------------------------------------------


def _of_source(chosen: Select[Any], newest: Any, looked: Looked) -> Select[Any]:  # noqa: ANN401 - a subquery
    joined = chosen.select_from(newest).join(sources, sources.c.source_no == newest.c.source_no)
    return joined if looked.source is None else joined.where(sources.c.name == looked.source)


def _conditions(columns: Any, looked: Looked) -> list[ColumnElement[bool]]:  # noqa: ANN401 - columns of a subquery
    given = {"type": looked.type, "event": looked.name}
    return [columns[name] == value for name, value in given.items() if value is not None]


def _pretty(message: Mapping[str, Any]) -> str:
    return orjson.dumps(message, option=orjson.OPT_INDENT_2).decode()
