"""Time to the first touch: a clock for each crossing into a stage that has a rule, and what happens when it runs on.

In: crossings, from the scorer; the instant, from the worker. Out: reminders, escalations and reassignments, each once,
through the outbox; and how fast leads are touched. `on_crossings` is all that the scorer calls.
"""

from __future__ import annotations

import math
import statistics
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Literal

from sqlalchemy import delete, insert, select, update
from sqlalchemy.dialects import postgresql, sqlite

from scoville.errors import UsageError
from scoville.live.actions.queueing import queue_actions, queue_notices
from scoville.live.routing.ending import end_assignments, end_double_assignments
from scoville.live.routing.facts import AT_ONCE, first_identities
from scoville.live.routing.hours import hours_of
from scoville.live.routing.notice import Notice
from scoville.live.routing.queue import enqueue
from scoville.live.routing.touching import stop_clocks
from scoville.live.store.metadata import from_us, to_us
from scoville.live.store.people import identities
from scoville.live.store.routing import assignments, clocks, owners, sla_rules
from scoville.live.store.scores import stage_changes
from scoville.live.store.seen import check_seen, hold, version_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from scoville.live.store.opening import Store

_LONGEST_S = 365 * 86_400


@dataclass(frozen=True)
class SlaRule:
    """How soon a lead of a stage is to be touched. Seconds from the crossing; None: that step is left out.

    `hours`: only this time counts, in `time_zone`; empty: all time does.
    """

    stage: str
    touch_within_s: int
    remind_after_s: int | None = None
    escalate_after_s: int | None = None
    reassign_after_s: int | None = None
    hours: Mapping[str, Sequence[str]] = field(default_factory=dict)
    time_zone: str = "UTC"

    @property
    def version(self) -> str:
        """Changes with what the rule says. A stage without a rule has the version of null."""
        return version_of(self)


@dataclass(frozen=True)
class Speed:
    """How fast leads were touched that began to wait in a period: `of` is an owner's id, a stage, or null for nobody.

    Times are seconds from the crossing to the first touch, all hours, and working hours alone; null when none was.
    """

    of: str | None
    touched: int
    in_time: int
    still_waiting: int
    median_s: float | None
    p90_s: float | None
    median_working_s: float | None
    p90_working_s: float | None


def save_sla_rule(store: Store, rule: SlaRule, *, seen: str | None = None) -> None:
    """Set the rule of a stage, of which somebody saw a version, for the crossings from now on.

    Raises: UsageError for times that cannot be; ChangedError.
    """
    check_sla_rule(rule)
    row = vars(rule) | {"hours": {day: list(spans) for day, spans in rule.hours.items()}}
    with store.writing() as connection:
        hold(connection)
        check_seen(seen, version_of(_rule_of(connection, rule.stage)), rule.stage)
        connection.execute(delete(sla_rules).where(sla_rules.c.stage == rule.stage))
        connection.execute(insert(sla_rules).values(row))


def check_sla_rule(rule: SlaRule) -> None:
    """Raises: UsageError with the first thing that cannot be."""
    if not rule.stage.strip():
        raise UsageError("a rule needs the stage it is for")
    for word in ("touch_within_s", "remind_after_s", "escalate_after_s", "reassign_after_s"):
        value = getattr(rule, word)
        if value is None and word != "touch_within_s":
            continue
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value <= _LONGEST_S:
            raise UsageError(f"{word} is a whole number of seconds from 1 to {_LONGEST_S:,}, and not {value!r}")
    hours_of(rule.hours, rule.time_zone)


def list_sla_rules(store: Store) -> list[SlaRule]:
    """All rules, by stage."""
    with store.reading() as connection:
        rows = connection.execute(select(sla_rules).order_by(sla_rules.c.stage)).mappings()
        return [SlaRule(**row) for row in rows]


def delete_sla_rule(store: Store, stage: str, *, seen: str | None = None) -> None:
    """Take the rule of a stage away, of which somebody saw a version; clocks that run go on.

    Raises: UsageError when there is none; ChangedError.
    """
    with store.writing() as connection:
        hold(connection)
        found = _rule_of(connection, stage)
        if found is None:
            raise UsageError(f"there is no rule for the stage '{stage}'")
        check_seen(seen, found.version, stage)
        connection.execute(delete(sla_rules).where(sla_rules.c.stage == stage))


def _rule_of(connection: Connection, stage: str) -> SlaRule | None:
    row = connection.execute(select(sla_rules).where(sla_rules.c.stage == stage)).mappings().one_or_none()
    return SlaRule(**row) if row is not None else None


# Clocks


def on_crossings(connection: Connection, change_nos: Sequence[int], now: datetime) -> None:
    """All that hangs on crossings, in the transaction that wrote them: messages, and clocks started and stopped."""
    queue_actions(connection, change_nos, now)
    start_clocks(connection, change_nos)


def start_clocks(connection: Connection, change_nos: Sequence[int]) -> int:
    """A clock for each crossing into a stage that has a rule; those of the stage that was left stop. How many began."""
    rules = {row.stage: row for row in connection.execute(select(sla_rules))}
    begun = 0
    for start in range(0, len(change_nos), AT_ONCE):
        c = stage_changes.c
        some = connection.execute(
            select(stage_changes).where(c.change_no.in_(change_nos[start : start + AT_ONCE])).order_by(c.change_no)
        ).all()
        _stop_left(connection, some)
        begun += _start(connection, [row for row in some if row.stage in rules], rules)
    return begun


def _stop_left(connection: Connection, changes: Sequence[Row[Any]]) -> None:
    """Nobody has to touch a lead in a stage in which it no longer is."""
    running = {row.lead_no: row.change_no for row in _running(connection, [change.lead_no for change in changes])}
    for change in changes:
        if running.get(change.lead_no, change.change_no) < change.change_no:
            stop_clocks(connection, [change.lead_no], "left", change.at)


def _running(connection: Connection, lead_nos: Sequence[int]) -> Sequence[Row[Any, Any]]:
    i = identities.c
    mine = select(clocks.c.change_no, i.lead_no).join(identities, i.identity_no == clocks.c.identity_no)
    return connection.execute(mine.where(i.lead_no.in_(lead_nos), clocks.c.stopped_at.is_(None))).all()


def _start(connection: Connection, changes: Sequence[Row[Any]], rules: Mapping[str, Row[Any]]) -> int:
    first = first_identities(connection, [change.lead_no for change in changes])
    rows = [_clock(change, rules[change.stage], first[change.lead_no]) for change in changes if change.lead_no in first]
    if not rows:
        return 0
    maker = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    fresh = maker(clocks).on_conflict_do_nothing(index_elements=["change_no"]).returning(clocks.c.clock_no)
    return len(connection.execute(fresh, rows).all())


def _clock(change: Row[Any], rule: Row[Any], identity_no: int) -> dict[str, Any]:
    hours, started_at = hours_of(rule.hours, rule.time_zone), change.received_at or change.at
    planned = (
        (rule.remind_after_s, "reminder"),
        (rule.escalate_after_s, "escalation"),
        (rule.reassign_after_s, "reassignment"),
    )
    steps = sorted(
        (to_us(hours.after(started_at, timedelta(seconds=after_s))), step)
        for after_s, step in planned
        if after_s is not None
    )
    return {
        "change_no": change.change_no,
        "identity_no": identity_no,
        "stage": change.stage,
        "started_at": started_at,
        "due_at": hours.after(started_at, timedelta(seconds=rule.touch_within_s)),
        "steps": steps,
        "next_at": from_us(steps[0][0]) if steps else None,
    }


def sla_some(store: Store, now: datetime, *, limit: int = 200) -> int:
    """Do what is due of clocks that run: remind, escalate, give to somebody else. How many steps; 0: nothing is due."""
    with store.reading() as connection:
        due = select(clocks.c.clock_no).where(clocks.c.next_at <= now).limit(1)
        if connection.execute(due).first() is None:
            return 0
    with store.writing() as connection:
        end_double_assignments(connection, now)
        c = clocks.c
        mine = select(clocks).where(c.next_at <= now).order_by(c.next_at, c.clock_no).limit(limit)
        rows = connection.execute(mine.with_for_update(skip_locked=True)).all()
        return sum(_do_due(connection, row, now) for row in rows)


def _do_due(connection: Connection, clock: Row[Any], now: datetime) -> int:
    due = [step for at_us, step in clock.steps if from_us(at_us) <= now]
    left = [[at_us, step] for at_us, step in clock.steps if from_us(at_us) > now]
    lead_no = connection.execute(
        select(identities.c.lead_no).where(identities.c.identity_no == clock.identity_no)
    ).scalar_one()
    for step in due:
        _do(connection, clock, lead_no, step, now)
    next_at = from_us(left[0][0]) if left else None
    connection.execute(update(clocks).where(clocks.c.clock_no == clock.clock_no).values(steps=left, next_at=next_at))
    return len(due)


def _do(connection: Connection, clock: Row[Any], lead_no: int, step: str, now: datetime) -> None:
    more = {
        "due_at": clock.due_at.isoformat(timespec="seconds") + "Z",
        "waits_since": clock.started_at.isoformat() + "Z",
    }
    occasion = "reassigned" if step == "reassignment" else step
    notice = Notice(occasion, f"clock:{clock.clock_no}:{step}", lead_no, more)
    if step == "reassignment":
        holder = _holder(connection, lead_no)
        if holder is None:
            return  # it waits in the queue anyway, with its reason
        queue_notices(connection, [notice], now)  # while it is still known whom it is taken from
        end_assignments(connection, [lead_no], "sla", "no_touch", now)
        enqueue(connection, {lead_no: "no_touch"}, now, not_owner_no=holder)
        return
    queue_notices(connection, [notice], now)


def _iso(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds") + "Z"


def _holder(connection: Connection, lead_no: int) -> int | None:
    i, a = identities.c, assignments.c
    held = select(a.owner_no).join(identities, i.identity_no == a.identity_no)
    held = held.where(i.lead_no == lead_no, a.released_at.is_(None)).order_by(a.assigned_at)
    found: int | None = connection.execute(held).scalar()
    return found


# Speed to lead


def speed_to_lead(
    store: Store, since: datetime, until: datetime, *, by: Literal["owner", "stage"] = "owner"
) -> list[Speed]:
    """How fast leads were touched whose clocks started in [since, until), by owner or stage, by name.

    A lead that left its stage untouched is in no figure.
    """
    if by not in {"owner", "stage"}:
        raise UsageError(f"'{by}' is nothing to group by; allowed: owner, stage")
    c = clocks.c
    wanted = (
        select(owners.c.owner_id if by == "owner" else c.stage, c.stopped_by, c.waited_s, c.working_s)
        .add_columns(c.stopped_at, c.due_at)
        .select_from(clocks)
        .outerjoin(owners, owners.c.owner_no == c.owner_no)
        .where(c.started_at >= since, c.started_at < until)
    )
    groups: dict[str | None, list[Row[Any]]] = defaultdict(list)
    with store.reading() as connection:
        for row in connection.execute(wanted):
            groups[row[0]].append(row)
    return [_speed(of, groups[of]) for of in sorted(groups, key=lambda name: (name is None, name or ""))]


def _speed(of: str | None, rows: Sequence[Row[Any]]) -> Speed:
    touched = [row for row in rows if row.stopped_by in {"touch", "answer"}]
    waited, working = [row.waited_s for row in touched], [row.working_s for row in touched]
    return Speed(
        of,
        len(touched),
        sum(row.stopped_at <= row.due_at for row in touched),
        sum(row.stopped_at is None for row in rows),
        statistics.median(waited) if waited else None,
        nearest_rank(waited, 0.9),
        statistics.median(working) if working else None,
        nearest_rank(working, 0.9),
    )


def nearest_rank(values: Sequence[float], share: float) -> float | None:
    """The smallest of the values that at least this share of them does not exceed; None for no values.

    Example: of 1 to 10, 0.9 -> 9
    """
    return sorted(values)[max(math.ceil(share * len(values)), 1) - 1] if values else None
