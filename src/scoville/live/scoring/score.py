"""Dirty leads get their score: by the plan of the model in force, in a transaction that tells everything it did.

In: rows of `dirty`, or leads that fade. Out: scores, ledger, stage changes and what hangs on them. Called by the
worker, over and over. Read `score_some` first. On SQLite the plan runs outside of any transaction and the one worker
writes afterwards; on PostgreSQL each worker holds the leads it scores, and the others pass them by.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, NamedTuple, Protocol

import structlog
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError

from scoville.errors import EngineError
from scoville.live.fold.among import among, bound
from scoville.live.scoring.motion import refresh_us
from scoville.live.scoring.relations import Relations, read_relations
from scoville.live.scoring.writing import Why, write_pending, write_scores
from scoville.live.store.metadata import to_us

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from scoville.live.scoring.compiled import Compiled, Scored
    from scoville.live.scoring.in_force import Models, Published
    from scoville.live.store.opening import Store
    from scoville.live.store.settings import LiveSettings

SCORING = 0x5C0FFEE  # the advisory lock on PostgreSQL: shared by who scores, alone for who switches models
_NEWEST = 4  # one of so many that are claimed is of the newest
AT_ONCE = 1_000  # leads of a refresh or a build: an event that arrives meanwhile waits for no more
PUT_ASIDE = timedelta(minutes=10)  # before a lead that cannot be scored is tried again; other clocks differ by less
_PATIENCE_MS = (
    100  # for a lead that the fold marks dirty just now; below what PostgreSQL waits before it looks for knots
)
_HELD_BY_ANOTHER = "55P03"  # lock_not_available
_OF_VALUES = (EngineError, DBAPIError, ArithmeticError, ValueError, TypeError)  # what the values of a lead can lead to
_log = structlog.get_logger(__name__)


class OnStageChanges(Protocol):
    """What hangs on crossings, done in the same transaction: `queue_actions`, for one."""

    def __call__(self, connection: Connection, change_nos: Sequence[int], now: datetime, /) -> object:
        """Numbers of rows of `stage_changes`, at an instant."""


def nothing_more(connection: Connection, change_nos: Sequence[int], now: datetime, /) -> None:
    """Nothing hangs on crossings."""


class Claimed(NamedTuple):
    """A dirty lead that is about to be scored."""

    lead_no: int
    turn: int
    why: Why


class Worked(NamedTuple):
    """What the plan gave for some leads by one publication."""

    published: Published
    scored: Sequence[Scored]
    refresh: Mapping[int, int | None]


def score_leads(
    connection: Connection, compiled: Compiled, leads: Collection[int], as_of: datetime
) -> tuple[list[Scored], Relations]:
    """The scores of some leads by any model at an instant, not stored. Leads that are gone are left out."""
    relations = read_relations(connection, leads, compiled.wanted, to_us(as_of))
    return compiled.score(relations, as_of), relations


def score_some(
    store: Store,
    models: Models,
    settings: LiveSettings,
    now: datetime,
    limit: int = 50,
    *,
    on_stage_changes: OnStageChanges = nothing_more,
) -> int:
    """Score the dirty leads that wait longest; how many they were. 0 also when no model is in force.

    `now`, naive UTC, is the `as_of` of the scores.
    """
    run = Run(store, models, settings, now, on_stage_changes)

    def some(most: int) -> int:
        newest = limit // _NEWEST if most == limit else 0  # a lead that fails is looked for from the oldest on
        return run.score(lambda connection: _waiting(connection, most, now, newest) if models.current else [])

    return _apart_from_poison(run, some, limit, lambda: _put_last(store, now))


def refresh_some(
    store: Store,
    models: Models,
    settings: LiveSettings,
    now: datetime,
    limit: int = AT_ONCE,
    *,
    on_stage_changes: OnStageChanges = nothing_more,
) -> int:
    """Score leads that time alone has moved, those whose turn it is longest first; how many they were."""
    run = Run(store, models, settings, now, on_stage_changes)

    def some(most: int) -> int:
        return run.score(lambda connection: _claimed(connection, _due(connection, models, now, most), "decay"))

    return _apart_from_poison(run, some, limit, lambda: _put_off(store, models, now))


def build_some(store: Store, models: Models, settings: LiveSettings, now: datetime, limit: int = AT_ONCE) -> int:
    """Score leads by the publication to come that have no score by it; how many they were, 0 when all have one."""
    run = Run(store, models, settings, now, nothing_more, is_building=True)
    return run.score(lambda connection: _claimed(connection, _unbuilt(connection, models, limit), "model"))


@dataclass(frozen=True)
class Run:
    """One batch: which leads, by which models, at which instant."""

    store: Store
    models: Models
    settings: LiveSettings
    now: datetime
    on_stage_changes: OnStageChanges
    is_building: bool = False

    def score(self, claim: Callable[[Connection], list[Claimed]]) -> int:
        """Claim leads, run the plan, write what came of it."""
        if not self.store.is_sqlite:
            return self._score_held(claim)
        with self.store.reading() as connection:
            claimed, worked = self._work(connection, claim)
        if claimed:
            with self.store.writing() as connection:
                self._write(connection, claimed, worked)
        return len(claimed)

    def _score_held(self, claim: Callable[[Connection], list[Claimed]]) -> int:
        """On PostgreSQL all of it in one transaction, which holds the leads."""
        try:
            with self.store.writing() as connection:
                share_scoring(connection)
                claimed, worked = self._work(connection, claim)
                self._write(connection, claimed, worked)
        except OperationalError as refused:
            if getattr(refused.orig, "sqlstate", None) != _HELD_BY_ANOTHER:
                raise
            return 0  # the fold is at work on one of them: next time
        return len(claimed)

    def _work(
        self, connection: Connection, claim: Callable[[Connection], list[Claimed]]
    ) -> tuple[list[Claimed], list[Worked]]:
        self.models.read(connection)
        claimed = claim(connection)
        chosen = [self.models.pending] if self.is_building else self.models.all
        leads = [one.lead_no for one in claimed]
        return claimed, [
            worked_out(connection, published, leads, self.now, self.settings)
            for published in chosen
            if published and leads
        ]

    def _write(self, connection: Connection, claimed: Sequence[Claimed], worked: Sequence[Worked]) -> None:
        whys = {one.lead_no: one.why for one in claimed}
        there = _still_there(connection, whys.keys())
        margin, changes = self.settings.stage_margin, list[int]()
        for one in worked:
            scored = [lead for lead in one.scored if lead.lead_no in there]
            if one.published is self.models.current:
                changes += write_scores(connection, one.published, scored, whys, one.refresh, margin, self.now)
            else:
                write_pending(connection, one.published, self.models.current, scored, one.refresh, margin, self.now)
        if changes:
            self.on_stage_changes(connection, changes, self.now)
        clean(connection, claimed)


def worked_out(
    connection: Connection, published: Published, leads: Collection[int], as_of: datetime, settings: LiveSettings
) -> Worked:
    """What a publication gives some leads at an instant, and when each has to be looked at again."""
    scored, relations = score_leads(connection, published.compiled, leads, as_of)
    newest: dict[int, dict[str, int]] = {}
    for (lead, name), at_us in relations.newest_us.items():
        newest.setdefault(lead, {})[name] = at_us
    motion, as_of_us = published.compiled.motion, to_us(as_of)
    interval = timedelta(minutes=settings.refresh_minutes)
    refresh = {
        lead: refresh_us(
            as_of_us,
            moves=motion.moves(newest.get(lead, {}), as_of_us),
            next_us=relations.next_us.get(lead),
            interval=interval,
        )
        for lead in relations.numbers
    }
    return Worked(published, scored, refresh)


def _apart_from_poison(run: Run, work: Callable[[int], int], limit: int, put_aside: Callable[[], None]) -> int:
    """Work on some leads; one whose values fail a batch is found by halving it, and put aside: nobody waits behind it.

    Raises: what the store raises when it is away or busy, and what a model that cannot run raises; nothing happened.
    """
    while True:
        try:
            return work(limit)
        except (OperationalError, InterfaceError):
            raise
        except _OF_VALUES as failed:
            run.models.refresh(run.store)  # is it the model, and not a lead?
            if limit == 1:
                _log.warning("a lead cannot be scored", error=type(failed).__name__, again_s=PUT_ASIDE.total_seconds())
                put_aside()
                return 1
            limit //= 2


def _put_last(store: Store, now: datetime) -> None:
    """The dirty lead that waits longest stays dirty, and is tried again later; at once when it gets dirty anew."""
    with store.writing() as connection:
        oldest = _waiting(connection, 1, now)
        connection.execute(
            text("UPDATE dirty SET since = :later WHERE lead_no = :lead_no AND turn = :turn"),
            [{"later": to_us(now + PUT_ASIDE), "lead_no": one.lead_no, "turn": one.turn} for one in oldest],
        )


def _put_off(store: Store, models: Models, now: datetime) -> None:
    """The first lead that time has moved keeps its score for now."""
    with store.writing() as connection:
        rows = [{"lead_no": lead, "later": to_us(now + PUT_ASIDE), "now": to_us(now)}
                for lead in _due(connection, models, now, 1)]  # fmt: skip
        moved = "UPDATE scores SET refresh_at = :later WHERE lead_no = :lead_no AND refresh_at <= :now"
        connection.execute(text(moved), rows)


def share_scoring(connection: Connection) -> None:
    """Score beside others, but not while models are switched."""
    if connection.dialect.name != "sqlite":
        connection.execute(text("SELECT pg_advisory_xact_lock_shared(:key)"), {"key": SCORING})


def _waiting(connection: Connection, limit: int, now: datetime, newest: int = 0) -> list[Claimed]:
    """Dirty leads but those put aside; on PostgreSQL those that nobody else holds, held until the transaction ends.

    Those that have waited longest, and among them so many of the newest: who acts now is not kept behind history.
    """
    held = "" if connection.dialect.name == "sqlite" else " FOR UPDATE SKIP LOCKED"
    found: dict[int, Claimed] = {}
    for order, count in (("since", limit - newest), ("since DESC", newest)):
        rows = connection.execute(
            text(
                "SELECT lead_no, turn, cause, cause_ref, since FROM dirty WHERE since <= :until "  # noqa: S608 - ours
                f"ORDER BY {order} LIMIT :limit{held}"
            ),
            {"limit": count, "until": to_us(now + PUT_ASIDE / 2)},
        )
        found |= {lead: Claimed(lead, turn, Why(cause, ref, since)) for lead, turn, cause, ref, since in rows}
    return list(found.values())


def _claimed(connection: Connection, leads: Sequence[int], cause: str) -> list[Claimed]:
    """Leads for this transaction alone. Who is dirty is scored anyway; but a model to come is worked out for them too.

    On PostgreSQL a row of `dirty` holds a lead against other workers and the fold. It is gone before anybody sees it,
    unless it was there before.
    """
    if connection.dialect.name == "sqlite" or not leads:
        return [Claimed(lead, 0, Why(cause)) for lead in leads]
    connection.execute(text(f"SET LOCAL lock_timeout = {_PATIENCE_MS}"))
    rows = connection.execute(
        text(
            "INSERT INTO dirty (lead_no, since, turn, cause) SELECT lead_no, 0, 1, :cause FROM leads "
            "WHERE lead_no = ANY(:leads) ORDER BY lead_no ON CONFLICT DO NOTHING RETURNING lead_no"
        ),
        {"leads": list(leads), "cause": cause},
    ).all()
    connection.execute(text("SET LOCAL lock_timeout = 0"))
    claimed = {lead: Claimed(lead, 1, Why(cause)) for (lead,) in rows}
    if cause == "model":
        held = text("SELECT lead_no FROM dirty WHERE lead_no = ANY(:leads) ORDER BY lead_no FOR UPDATE SKIP LOCKED")
        for (lead,) in connection.execute(held, {"leads": list(leads)}):
            claimed.setdefault(lead, Claimed(lead, 0, Why(cause)))
    return [*claimed.values()]


def _due(connection: Connection, models: Models, now: datetime, limit: int) -> list[int]:
    found: dict[int, None] = {}
    for published in models.all:
        rows = connection.execute(
            text(
                "SELECT lead_no FROM scores WHERE publication_no = :publication AND refresh_at <= :now "
                "ORDER BY refresh_at LIMIT :limit"
            ),
            {"publication": published.publication_no, "now": to_us(now), "limit": limit},
        )
        found |= dict.fromkeys(lead for (lead,) in rows)
    return sorted(found)


def _unbuilt(connection: Connection, models: Models, limit: int) -> list[int]:
    """The next leads without a score by the publication to come."""
    if models.pending is None:
        return []
    rows = connection.execute(
        text(
            "SELECT l.lead_no FROM leads l WHERE l.lead_no > :after AND NOT EXISTS (SELECT 1 FROM scores s "
            "WHERE s.publication_no = :publication AND s.lead_no = l.lead_no) ORDER BY l.lead_no LIMIT :limit"
        ),
        {"after": models.built_to, "publication": models.pending.publication_no, "limit": limit},
    )
    leads = [lead for (lead,) in rows]
    models.built_to = max(leads, default=models.built_to)
    return leads


def _still_there(connection: Connection, leads: Collection[int]) -> set[int]:
    """Leads that did not become part of another, and were not forgotten, since they were read."""
    rows = connection.execute(
        text(f"SELECT lead_no FROM leads WHERE lead_no {among(connection, 'leads')}"),  # noqa: S608 - our own marks
        {"leads": bound(connection, leads)},
    )
    return {lead for (lead,) in rows}


def clean(connection: Connection, claimed: Sequence[Claimed]) -> None:
    """They are dirty no more, unless something changed since they were read."""
    rows = [{"lead_no": one.lead_no, "turn": one.turn} for one in claimed if one.turn]
    if rows:
        connection.execute(text("DELETE FROM dirty WHERE lead_no = :lead_no AND turn = :turn"), rows)
