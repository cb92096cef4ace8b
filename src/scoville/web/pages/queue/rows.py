"""A lead as one row of the queue: who it is, how hot, since when, why, whose, and before when to call.

In: score rows with what stands beside them. Out: `Row`s, in which everything is said as a person would. Called by the
page of the queue; nothing here looks at the store.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from scoville import words
from scoville.plan.adjusted import PREFIX
from scoville.web.pages.queue.asked import WAITS

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from scoville.live.queries.queue_rows import Answered, Beside, Clock, Touched, Waiting
    from scoville.live.queries.week_ago import WeekAgo

_MOST_UP = 3
_SOON = timedelta(hours=1)
_NOTICED = 0.5  # points: what is not a point is no news
_BETWEEN = re.compile(r"; (?=[+-]\d)")
_MINUS = re.compile(r"^-(?=\d)")


@dataclass(frozen=True)
class Reason:
    """Points that one rule gave, with what met it: `Pricing page`, `2 times`, and when last. Null points: no rule."""

    text: str
    points: float | None = None
    times: int = 1
    newest_at: datetime | None = None


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


def name_of(one: Mapping[str, Any]) -> str:
    """What a person calls this lead: a name, else an address, else its id."""
    traits = one["traits"]
    whole = " ".join(str(traits[part]) for part in ("first_name", "last_name") if traits.get(part))
    return str(traits.get("name") or whole or traits.get("email") or one["lead_id"])


def reasons_of(one: Mapping[str, Any], contributions: Sequence[Mapping[str, Any]]) -> Iterator[Reason]:
    """The three rules that gave most and the one that took most, as everywhere; a disqualification says it all."""
    if one["disqualified_by"]:
        yield Reason(f"Disqualified: {one['disqualified_by']}")
        return
    best = sorted((row for row in contributions if _is_reason(row)), key=lambda row: -row["points"])
    chosen = [row for row in best[:_MOST_UP] if row["points"] >= _NOTICED]
    chosen += [row for row in best[-1:] if row["points"] <= -_NOTICED]
    if chosen:
        yield from (_reason(row) for row in chosen)
    elif one["reasons"]:
        yield from (Reason(_MINUS.sub("−", part)) for part in _BETWEEN.split(one["reasons"]))


def _reason(row: Mapping[str, Any]) -> Reason:
    newest = row.get("newest_at")
    at = datetime.fromisoformat(newest) if isinstance(newest, str) else newest
    return Reason(row["rule"].replace(PREFIX, "By hand: ", 1), row["points"], row.get("matched") or 1, at)


def _is_reason(row: Mapping[str, Any]) -> bool:
    """What a limit took is none: it says nothing of the lead."""
    rule = row["rule"]
    return bool(rule.startswith(PREFIX) if row["section"] == "score" else not rule.startswith("cap: "))


def _change(one: Mapping[str, Any], ago: WeekAgo) -> Change:
    before = ago.scores.get(one["lead_no"])
    if before is None:
        return Change(None, is_new=one["lead_no"] in ago.new)
    moved = words.rounded(one["score"] - before)
    return Change(moved if abs(moved) >= _NOTICED else 0.0, is_new=False)


def _about(traits: Mapping[str, Any]) -> str:
    return ", ".join(str(traits[part]) for part in ("job_title", "company", "country") if traits.get(part))


def _kind(clock: Clock | None, now: datetime) -> str:
    if clock is None:
        return ""
    if clock.due_at <= now:
        return "bad"
    return "weak" if clock.due_at - now <= _SOON else "good"
