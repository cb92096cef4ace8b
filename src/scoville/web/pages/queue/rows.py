"""A lead as one row of the queue: who it is, how hot, since when, why, whose, and before when to call.

In: score rows with what stands beside them. Out: `Row`s, in which everything is said as a person would. Called by the
page of the queue; nothing here looks at the store.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from scoville import words
from scoville.web.pages.lead_said import NOTICED, name_of, reasons_of
from scoville.web.pages.queue.asked import WAITS

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from scoville.live.queries.queue_rows import Answered, Beside, Clock, Touched, Waiting
    from scoville.live.queries.week_ago import WeekAgo
    from scoville.web.pages.lead_said import Reason

_SOON = timedelta(hours=1)


@dataclass(frozen=True)
class Change:
    """How far a score went since a week ago. Null `points`: `is_new`, or there is nothing to compare with."""

    points: float | None
    is_new: bool


@dataclass(frozen=True)
class Row:
    """What a row shows. `owner` is a name, `score` in points, `left` the time until the clock runs out, or since."""

    lead_id: str
    name: str
    about: str
    account_id: str | None
    score: float
    change: Change
    stage: str | None
    priority: str | None
    grade: str | None
    level: str | None
    reasons: tuple[Reason, ...]
    owner: str | None
    is_mine: bool
    clock: Clock | None
    clock_kind: str
    left: str
    waiting: Waiting | None
    waits_because: str
    waits_for: str
    answer: Answered | None
    touch: Touched | None


def rows_of(found: Sequence[Mapping[str, Any]], beside: Beside, my_owner_id: str | None, now: datetime) -> list[Row]:
    """Score rows with traits and owner, as rows of the queue."""
    return [_row(one, beside, my_owner_id, now) for one in found]


def _row(one: Mapping[str, Any], beside: Beside, my_owner_id: str | None, now: datetime) -> Row:
    number, owner = one["lead_no"], one["owner"]
    clock, answer = beside.clocks.get(number), beside.answers.get(number)
    waits = None if owner else beside.waiting.get(number)
    since = one["standing_since"]
    is_past = answer is not None and since is not None and answer.at < since  # of an earlier time in the funnel
    return Row(
        lead_id=one["lead_id"], name=name_of(one), about=_about(one["traits"]),
        account_id=one["account_id"], score=one["score"],
        change=_change(one, beside.week_ago), stage=one["standing"], priority=one["priority"],
        grade=one["grade"], level=one["level"],
        reasons=tuple(reasons_of(one, beside.contributions.get(number, ()))),
        owner=owner["name"] if owner else None, is_mine=bool(owner) and owner["owner_id"] == my_owner_id,
        clock=clock, clock_kind=_kind(clock, now), left=words.lasting(clock.due_at - now) if clock else "",
        waiting=waits, waits_because=WAITS.get(waits.reason, waits.reason) if waits else "",
        waits_for=words.lasting(now - waits.since) if waits else "",
        answer=None if is_past else answer, touch=beside.touches.get(number),
    )  # fmt: skip


def _change(one: Mapping[str, Any], ago: WeekAgo) -> Change:
    before = ago.scores.get(one["lead_no"])
    if before is None:
        return Change(None, is_new=one["lead_no"] in ago.new)
    moved = words.rounded(one["score"] - before)
    return Change(moved if abs(moved) >= NOTICED else 0.0, is_new=False)


def _about(traits: Mapping[str, Any]) -> str:
    return ", ".join(str(traits[part]) for part in ("job_title", "company", "country") if traits.get(part))


def _kind(clock: Clock | None, now: datetime) -> str:
    if clock is None:
        return ""
    if clock.due_at <= now:
        return "bad"
    return "weak" if clock.due_at - now <= _SOON else "good"
