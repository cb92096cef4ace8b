"""Whether a change would have ranked better: both models on the same leads of the same past, at the ends of months.

In: a bench, and two models as YAML. Out: a `Proof`. Called by the studio. A past score sees what had happened by then
and nothing later; what became of the lead afterwards judges it. Statistics are those of `evidence.versus`.
"""

from __future__ import annotations

import threading
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

import numpy as np

from scoville.data.keep import literal
from scoville.data.outcomes import WON
from scoville.engines.duckdb import DuckDB
from scoville.errors import DataError
from scoville.evidence.snapshots import Span, snapshot_instants, span_of
from scoville.evidence.versus.at_capacity import Rows
from scoville.evidence.versus.compare import CAPACITY
from scoville.evidence.versus.paired import Versus, versus_first
from scoville.live.workbench.tables import EVENTS, LEADS, OUTCOMES

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from scoville.live.workbench.bench import Bench
    from scoville.live.workbench.sides import Side

    Floats = npt.NDArray[np.float64]

HORIZONS = tuple(timedelta(days=days) for days in (90, 60, 30, 14))  # the longest that leaves two snapshots
MOST_SNAPSHOTS = 6  # the newest
_ENOUGH = 2
_KEPT = 4  # models whose past scores are held: of 100,000 leads at six instants some 5 MB each
_DAY = timedelta(days=1)
_WEEK = timedelta(days=7)


@dataclass(frozen=True)
class Proof:
    """What the past says. `versus` is null where it says nothing: `cannot_tell` says why, in a sentence.

    `rows` are lead snapshots, `conversions` those that were followed by a won outcome within the horizon.
    """

    versus: Versus | None
    cannot_tell: str | None
    horizon_days: int | None = None
    snapshots: tuple[datetime, ...] = ()
    rows: int = 0
    conversions: int = 0
    capacity: float = CAPACITY


@dataclass(frozen=True)
class Past:
    """The leads that were open at some instants, and what became of them: the same for every model.

    In SQL they are the table `past_leads`, with a number `n`.
    """

    instants: tuple[datetime, ...]
    horizon: timedelta
    rows: Rows
    a_week: float


class Proofs:
    """Proofs over one bench: what does not depend on a model, and past scores of models, are worked out once."""

    def __init__(self, bench: Bench) -> None:
        self._bench = bench
        self._past: Past | str | None = None
        self._scores: dict[str, Floats] = {}
        self._turn = threading.Lock()

    def of(self, text_before: str, text_after: str) -> Proof:
        """Hold a model against another one. Raises: ModelError, PlanError."""
        sides = [self._bench.sides.of(text) for text in (text_before, text_after)]
        past = self._found_past()
        if isinstance(past, str):
            return Proof(None, past)
        scores = [self._scores_of(side, past) for side in sides]
        (versus,) = versus_first(scores, past.rows, CAPACITY, past.a_week)
        won = int(past.rows.won.sum())
        return Proof(versus, None, past.horizon // _DAY, past.instants, len(past.rows.won), won)

    def prepare(self, text: str) -> None:
        """Work out what a model said in the past, so that others are held against it at once."""
        side, past = self._bench.sides.of(text), self._found_past()
        if not isinstance(past, str):
            self._scores_of(side, past)

    def _found_past(self) -> Past | str:
        with self._turn:
            if self._past is None:
                self._past = _past(self._bench)
            return self._past

    def _scores_of(self, side: Side, past: Past) -> Floats:
        with self._turn:
            if side.table not in self._scores:
                while len(self._scores) >= _KEPT:
                    self._scores.pop(next(iter(self._scores)))
                self._bench.totals.have(side.plan.ledger.events, past.instants)
                self._scores[side.table] = np.concatenate([self._scores_at(side, at) for at in past.instants])
            return self._scores[side.table]

    def _scores_at(self, side: Side, at: datetime) -> Floats:
        """Scores of the leads that were open then, in the order of their numbers."""
        sums = side.plan.sql("sums", given=side.given)
        query = f"SELECT p.n, s.score FROM ({sums}) s JOIN past_leads p USING (lead_id) ORDER BY p.n"  # noqa: S608 - ours
        some = f"lead_id IN (SELECT lead_id FROM past_leads WHERE {_open_at(at)})"  # noqa: S608 - likewise
        with self._bench.sides.set_at(side, at, some) as cursor:
            found = cursor.execute(query).fetchnumpy()
        return np.asarray(found["score"], dtype=np.float64)


def _past(bench: Bench) -> Past | str:
    """Which instants to look at, and who was open then; or in a sentence why there is nothing to look at."""
    if not bench.rows(f"SELECT 1 FROM {OUTCOMES} WHERE lower(outcome) = '{WON}' LIMIT 1"):  # noqa: S608 - our own names
        return "No lead is marked as won yet, so nothing can be said about how well either model ranks."
    try:
        horizon, instants = _instants(_span(bench))
    except DataError:
        return "The history is too short: there is no past day after which two weeks of outcomes are known."
    _keep_leads(bench)
    rows = _rows(bench, instants, horizon)
    won = len(np.unique(rows.lead[rows.won]))
    watched = instants[-1] + horizon - instants[0]
    return Past(instants, horizon, rows, won / (watched / _WEEK))


def _span(bench: Bench) -> Span:
    """In an engine of its own: that of the bench answers others meanwhile."""
    with closing(DuckDB()) as engine:
        bench.attach(engine)
        engine.run(f"CREATE TEMP VIEW leads AS SELECT lead_id, t0 AS created_at FROM {LEADS}")  # noqa: S608 - ours
        engine.run(f"CREATE TEMP VIEW events AS FROM {EVENTS}")
        engine.run(f"CREATE TEMP VIEW outcomes AS FROM {OUTCOMES}")
        return span_of(engine)


def _instants(span: Span) -> tuple[timedelta, tuple[datetime, ...]]:
    """The longest horizon that leaves two snapshots, else the shortest. Raises: DataError when none is over."""
    for horizon in HORIZONS[:-1]:
        with suppress(DataError):
            found = snapshot_instants("monthly", span, horizon)[-MOST_SNAPSHOTS:]
            if len(found) >= _ENOUGH:
                return horizon, found
    return HORIZONS[-1], snapshot_instants("monthly", span, HORIZONS[-1])[-MOST_SNAPSHOTS:]


def _keep_leads(bench: Bench) -> None:
    won = (
        f'SELECT lead_id, min("at") AS won_at, arg_min(value, "at") AS value FROM {OUTCOMES} '  # noqa: S608 - ours
        f"WHERE lower(outcome) = '{WON}' GROUP BY lead_id"
    )
    bench.run(
        "CREATE OR REPLACE TABLE past_leads AS SELECT lead_id, row_number() OVER (ORDER BY lead_id) AS n, "  # noqa: S608
        f"t0 AS created_at, won_at, value FROM {LEADS} LEFT JOIN ({won}) USING (lead_id)"
    )


def _rows(bench: Bench, instants: Sequence[datetime], horizon: timedelta) -> Rows:
    """Lead by lead, at each instant those who were open, in the order in which `_scores_at` gives their scores."""
    parts = []
    for place, at in enumerate(instants):
        with bench.cursor() as cursor:
            end = literal(str(at + horizon))
            found = cursor.execute(
                f"SELECT n, coalesce(won_at <= TIMESTAMP {end}, false) AS won, "  # noqa: S608 - our own names
                f"CASE WHEN won_at <= TIMESTAMP {end} THEN value END AS value "
                f"FROM past_leads WHERE {_open_at(at)} ORDER BY n"
            ).fetchnumpy()
        value = np.ma.filled(np.ma.asarray(found["value"], dtype=np.float64), np.nan)
        parts.append((np.full(len(found["n"]), place), found["n"], np.asarray(found["won"], dtype=bool), value))
    snapshot, lead, won, values = (np.concatenate(column) for column in zip(*parts, strict=True))
    return Rows(snapshot, lead, won, values)


def _open_at(at: datetime) -> str:
    instant = f"TIMESTAMP {literal(str(at))}"
    return f"created_at <= {instant} AND (won_at IS NULL OR won_at > {instant})"
