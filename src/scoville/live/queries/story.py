"""The story of a lead: what it did and what was done with it, in one line of time, the newest first, page by page.

In: a connection, a lead, how much, and where the last page ended. Out: `Entry`s. Called by the page of a lead. Each
kind of entry comes from a table of its own; the order over all of them is that of time, then kind, then number, so that
no entry is shown twice or missed however many happened at one instant.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from heapq import merge
from itertools import islice
from typing import TYPE_CHECKING, Any, Literal, get_args

from sqlalchemy import literal, select, tuple_

from scoville.errors import UsageError
from scoville.live.queries.cursors import from_cursor, to_cursor
from scoville.live.queries.past import timeline_of
from scoville.live.store.metadata import Instant
from scoville.live.store.people import identities, outcomes
from scoville.live.store.routing import assignments, owners, touches
from scoville.live.store.scores import adjustments, stage_changes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection, Select

Kind = Literal["event", "touch", "outcome", "given", "released", "stage", "points", "points_back"]
KINDS: tuple[Kind, ...] = get_args(Kind)
THEIRS: tuple[Kind, ...] = ("event", "stage")
OURS: tuple[Kind, ...] = ("touch", "outcome", "given", "released", "points", "points_back")
_TICK = timedelta(microseconds=1)
_DIGITS = re.compile(r"[0-9]{1,18}")  # that fit 64 bits
_EVENT_KEY = re.compile(r"(?:[0-9a-f]{2}){1,16}")
_FOREIGN = "this cursor is none of ours: hand back the one of the page before as it was"


@dataclass(frozen=True)
class Place:
    """Where a page ended. `key` is the number of the entry in its table, of an event its id in hexadecimal digits."""

    at: datetime
    kind: Kind
    key: str


@dataclass(frozen=True)
class Entry:
    """One thing that happened; `facts` is the row that says it."""

    at: datetime
    kind: Kind
    key: str
    facts: Mapping[str, Any]

    @property
    def place(self) -> Place:
        """Where a page ends with this entry."""
        return Place(self.at, self.kind, self.key)


def story_of(
    connection: Connection, lead_no: int, limit: int, before: Place | None = None, kinds: Sequence[Kind] = KINDS
) -> list[Entry]:
    """The newest entries before a place, of some kinds."""
    each = [_entries(connection, kind, lead_no, limit, before) for kind in kinds]
    return list(islice(merge(*each, key=_order, reverse=True), limit))


def text_of_place(place: Place) -> str:
    """A place as an address has it."""
    return to_cursor(place.at, place.kind, place.key)


def place_of_text(text: str) -> Place:
    """The place that an address names. Raises: UsageError for a text that is none."""
    at, kind, key = from_cursor(text, datetime, str, str)
    is_key = _EVENT_KEY.fullmatch(key) if kind == "event" else _DIGITS.fullmatch(key)
    if kind not in KINDS or not is_key:
        raise UsageError(_FOREIGN)
    return Place(at, kind, key)


def _order(entry: Entry) -> tuple[datetime, int, int, str]:
    is_event = entry.kind == "event"
    return entry.at, KINDS.index(entry.kind), 0 if is_event else int(entry.key), entry.key if is_event else ""


def _entries(connection: Connection, kind: Kind, lead_no: int, limit: int, before: Place | None) -> Iterator[Entry]:
    if kind == "event":
        for deed in timeline_of(connection, lead_no, limit, _before_event(before)):
            yield Entry(deed["occurred_at"], kind, deed["event_id"].hex(), deed)
        return
    chosen, at, number = _CHOSEN[kind]
    mine = chosen.where(_IS_OF[kind](lead_no), at.is_not(None))
    if before is not None:
        mine = mine.where(_is_before(kind, at, number, before))
    for row in connection.execute(mine.order_by(at.desc(), number.desc()).limit(limit)).mappings():
        yield Entry(row["at"], kind, str(row["number"]), dict(row))


def _before_event(before: Place | None) -> tuple[datetime, bytes] | None:
    """Events come last among what happened at one instant."""
    if before is None:
        return None
    return (before.at, bytes.fromhex(before.key)) if before.kind == "event" else (before.at + _TICK, b"")


def _is_before(kind: Kind, at: ColumnElement[Any], number: ColumnElement[Any], before: Place) -> ColumnElement[bool]:
    there = literal(before.at, Instant)
    if kind == before.kind:
        return tuple_(at, number) < tuple_(there, literal(int(before.key)))
    return at <= there if KINDS.index(kind) < KINDS.index(before.kind) else at < there


def _of_identities(column: ColumnElement[int]) -> Any:  # noqa: ANN401 - a condition, given a lead
    return lambda lead_no: column.in_(select(identities.c.identity_no).where(identities.c.lead_no == lead_no))


_answers = touches.alias("answers")
_points = (adjustments.c.points, adjustments.c.reason, adjustments.c.author, adjustments.c.removed_by)


def _held(at: ColumnElement[Any]) -> Select[Any]:
    a = assignments.c
    told = (owners.c.name, a.way, a.assigned_by, a.released_by, a.release_reason)
    return select(at.label("at"), a.assignment_no.label("number"), *told).join(owners, owners.c.owner_no == a.owner_no)


def _adjusted(at: ColumnElement[Any]) -> Select[Any]:
    return select(at.label("at"), adjustments.c.adjustment_no.label("number"), *_points)


_CHOSEN: dict[Kind, tuple[Select[Any], ColumnElement[Any], ColumnElement[Any]]] = {
    "touch": (
        select(touches.c.at, touches.c.touch_no.label("number"), touches.c.kind, touches.c.touched_by, touches.c.note)
        .where(touches.c.kind != "answer"),  # those stand in the outcome that they made
        touches.c.at, touches.c.touch_no,
    ),
    "outcome": (
        select(
            outcomes.c.at, outcomes.c.outcome_no.label("number"), outcomes.c.outcome, outcomes.c.value,
            outcomes.c.reason, _answers.c.touched_by,
        ).outerjoin(
            _answers,
            (_answers.c.identity_no == outcomes.c.identity_no) & (_answers.c.at == outcomes.c.at)
            & (_answers.c.kind == "answer"),
        ),
        outcomes.c.at, outcomes.c.outcome_no,
    ),
    "given": (_held(assignments.c.assigned_at), assignments.c.assigned_at, assignments.c.assignment_no),
    "released": (_held(assignments.c.released_at), assignments.c.released_at, assignments.c.assignment_no),
    "stage": (
        select(
            stage_changes.c.at, stage_changes.c.change_no.label("number"), stage_changes.c.stage_before,
            stage_changes.c.stage, stage_changes.c.direction, stage_changes.c.score, stage_changes.c.cause,
        ),
        stage_changes.c.at, stage_changes.c.change_no,
    ),
    "points": (_adjusted(adjustments.c.created_at), adjustments.c.created_at, adjustments.c.adjustment_no),
    "points_back": (_adjusted(adjustments.c.removed_at), adjustments.c.removed_at, adjustments.c.adjustment_no),
}  # fmt: skip
_IS_OF: dict[Kind, Any] = {
    "touch": _of_identities(touches.c.identity_no),
    "outcome": _of_identities(outcomes.c.identity_no),
    "given": _of_identities(assignments.c.identity_no),
    "released": _of_identities(assignments.c.identity_no),
    "stage": lambda lead_no: stage_changes.c.lead_no == lead_no,
    "points": _of_identities(adjustments.c.identity_no),
    "points_back": _of_identities(adjustments.c.identity_no),
}
