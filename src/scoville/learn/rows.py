"""History -> rows to learn from: every open lead at several instants, and what became of it.

In: a history. Out: `Rows`: arrays, and the table `learn_rows` from which `candidates` works out what was known then.
Called by `learning`.

Two choices are made here. Weights: windows of a horizon overlap, so that one conversion stands in several rows. Each
row counts for one in so many as there are windows about the same days, which makes every lead and day count once. One
over the number of rows of the lead would not do: who converts soon has few rows, so winners would weigh more than
losers, and every trait that goes with age would seem to tell. Split: what is held out lies later than all that is
trained on, and no lead stands on both sides. Leads that are there on both sides are therefore dealt by a hash of their
id; to leave out of either side those that stand on the other would leave out losers, who stay open, and not winners.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import numpy as np

from scoville.data.keep import literal
from scoville.errors import DataError
from scoville.evidence.history import DEFAULT_HORIZON
from scoville.evidence.snapshots import keep_lead_times, open_at, snapshot_instants
from scoville.scoring import as_instant

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime, timedelta

    from numpy.typing import NDArray

    from scoville.engines.duckdb import DuckDB
    from scoville.evidence.history import History

    Floats = NDArray[np.float64]
    Ints = NDArray[np.int64]
    Bools = NDArray[np.bool_]

MOST_ROWS = 200_000  # more of them move no band, and cost time
LOSERS_EACH, LEAST_LOSERS = 20, 40_000  # of training rows for each won one; so many tell as much as all, but for 5 %
HELD_OUT = 0.28  # share of the time that is wanted for the held-out rows
KEPT_FOR_LATER = 0.25  # share of the leads that were there before, for the held-out side
_BUCKETS = 1_000_000

Split = Literal["time", "lead"]


@dataclass(frozen=True)
class Rows:
    """One row for each snapshot and lead that was open then. All arrays have the length of the rows.

    `lead` numbers the leads, from 1; `won` is the label. `train` and `held_out` are the two sides; no lead stands on
    both. `split` says by what they are told apart: by time, so that every label of the training rows is known when the
    held-out begin (`held_out_from`), or by lead alone, `why` saying for which reason. `weight` is what a row counts on
    its side, where held-out leads that were there before stand for all such leads; `own_weight` is what it counts
    where both sides are taken together. `share` is the share of all rows that are here, by a hash; `losers_share` that
    of the training rows that did not win, of which each stands for as many more. `horizon` is None where outcomes have
    no dates.

    The table `learn_rows` of `engine` has row_no (from 0), lead_id, lead_no, as_of and is_train, until `rows_of` is
    called again.
    """

    engine: DuckDB
    as_of: tuple[datetime, ...]
    horizon: timedelta | None
    snapshot: Ints
    lead: Ints
    won: Bools
    weight: Floats
    own_weight: Floats
    train: Bools
    split: Split
    held_out_from: datetime | None = None
    why: str | None = None
    share: float = 1.0
    losers_share: float = 1.0

    @property
    def held_out(self) -> Bools:
        """The rows that nothing is learned from."""
        return ~self.train

    def __len__(self) -> int:
        """How many rows there are."""
        return self.won.size


def rows_of(
    history: History,
    horizon: timedelta = DEFAULT_HORIZON,
    snapshots: str = "monthly",
    most_rows: int = MOST_ROWS,
    seed: int = 0,
    *,
    hold_out: bool = True,
    thin: bool = False,
) -> Rows:
    """The rows of a history. The same data and seed give the same rows.

    With `thin`, of the training rows that did not win only some are kept, many for each that did (see `Rows`); what was
    held out is never thinned. Without `hold_out` all snapshots and leads are for training: for a last fit after the
    held-out rows have judged. Where outcomes have no dates, every lead is one row, as it is, and a quarter of the leads
    are held out.

    Raises: UsageError for other words than `snapshot_instants` knows; DataError when no snapshot has its horizon
        within the data, or none has an open lead.
    """
    if not history.outcomes.has_dates:
        return _undated(history, most_rows, seed, KEPT_FOR_LATER if hold_out else 0.0)
    instants = snapshot_instants(snapshots, history.span, horizon)
    keep_lead_times(history.engine, history.won)
    parts = _parts(instants, horizon) if hold_out else _Parts(instants)
    kept = KEPT_FOR_LATER if hold_out else 0.0
    found = _rows(history.engine, parts, kept, horizon, most_rows, seed, thin=thin)
    if not len(found):
        raise DataError("no lead was open at any snapshot: were all created after the last one? See --snapshots")
    return found


# By time


@dataclass(frozen=True)
class _Parts:
    """The snapshots of both sides; without later ones, all leads are dealt by a hash alone."""

    early: tuple[datetime, ...]
    late: tuple[datetime, ...] = ()


def _parts(instants: Sequence[datetime], horizon: timedelta) -> _Parts:
    """The cut with the share of time after it nearest to what is wanted; what overlaps it is left out."""
    end = instants[-1] + horizon
    cuts = [cut for cut in instants if instants[0] + horizon <= cut]
    if not cuts:
        return _Parts(tuple(instants))
    cut = min(cuts, key=lambda at: abs((end - at) / (end - instants[0]) - HELD_OUT))
    early = tuple(at for at in instants if at + horizon <= cut)
    return _Parts(early, tuple(at for at in instants if at >= cut))


def _rows(
    engine: DuckDB, parts: _Parts, kept: float, horizon: timedelta, most_rows: int, seed: int, *, thin: bool
) -> Rows:
    _keep_open(engine, parts, kept, horizon, seed)
    of_losers = _losers_share(engine) if thin else 1.0
    is_loser = "is_train AND NOT won"
    count = engine.arrow(
        f"SELECT count(*) FILTER ({is_loser}) * {of_losers} + count(*) FILTER (NOT ({is_loser})) AS n FROM learn_open"  # noqa: S608
    )["n"][0].as_py()
    share = min(1.0, most_rows / float(count)) if count else 1.0
    # rows and not leads are drawn: two rows of one lead tell less than one row each of two
    drawn = f"CASE WHEN {is_loser} THEN {share * of_losers} ELSE {share} END"
    _keep_rows(engine, f"{_draw('lead_id || snapshot', seed + 1)} < {drawn}")
    instants = (*parts.early, *parts.late)
    counts = np.array([*window_shares(parts.early, horizon, share), *window_shares(parts.late, horizon, share)])
    table = _arrays(engine)
    loses = (table["is_train"] == 1) & (table["won"] == 0)
    own = counts[table["snapshot"]] * np.where(loses, 1 / of_losers, 1.0)
    weight = own * np.where(table["stands_for_more"].astype(bool), 1 / KEPT_FOR_LATER, 1.0)
    too_short = "the data are too short for a horizon of training and another one after it"
    return Rows(
        engine, instants, horizon, table["snapshot"], table["lead_no"], table["won"].astype(bool), weight, own,
        table["is_train"].astype(bool), "time" if parts.late else "lead", parts.late[0] if parts.late else None,
        None if parts.late or not kept else too_short, share, of_losers,
    )  # fmt: skip


def _losers_share(engine: DuckDB) -> float:
    """What share of the training rows that did not win to keep: those that won are dear, the others many alike."""
    row = engine.arrow(
        "SELECT count(*) FILTER (won) AS won, count(*) FILTER (NOT won) AS lost FROM learn_open WHERE is_train"
    ).to_pylist()[0]
    wanted = max(LEAST_LOSERS, LOSERS_EACH * int(row["won"]))
    return min(1.0, wanted / max(1, int(row["lost"])))


def window_shares(instants: Sequence[datetime], horizon: timedelta, share: float = 1.0) -> list[float]:
    """For each instant, what its row counts: the mean, over its horizon, of one in so many windows as cover the day.

    `share` of the rows are there, so that fewer windows do.
    Example: instants 30 days apart with a horizon of 90 days: a third, and more at both ends.
    """
    ends = sorted({edge for at in instants for edge in (at, at + horizon)})
    stretches = list(pairwise(ends))
    windows = [sum(at <= low < at + horizon for at in instants) for low, _ in stretches]
    counts = [
        ((high - low) / horizon, low, 1 / max(1.0, covering * share))
        for (low, high), covering in zip(stretches, windows, strict=True)
    ]
    return [sum(part * of for part, low, of in counts if at <= low < at + horizon) for at in instants]


def _keep_open(engine: DuckDB, parts: _Parts, kept: float, horizon: timedelta, seed: int) -> None:
    """The table `learn_open`: open leads at the snapshots, each lead on one side only."""
    listed = ", ".join(
        f"({number}, {_at(instant)}, {_at(instant + horizon)}, {is_late})"
        for number, (instant, is_late) in enumerate(
            [*((i, False) for i in parts.early), *((i, True) for i in parts.late)]
        )
    )
    later = f"{_draw('l.lead_id', seed)} < {kept}"
    was_there = f"l.created_at <= {_at(parts.early[-1])}"
    side = f"is_late = ({was_there} AND kept) OR (is_late AND NOT {was_there})" if parts.late else "true"
    engine.run(
        "CREATE OR REPLACE TEMP TABLE learn_open AS "  # noqa: S608 - our own tables
        f"SELECT s.snapshot, s.as_of, l.lead_id, l.lead_no, coalesce(l.won_at <= s.until, false) AS won, "
        f"{'NOT is_late' if parts.late else 'NOT kept'} AS is_train, is_late AND {was_there} AS stands_for_more "
        f"FROM (VALUES {listed}) s(snapshot, as_of, until, is_late) "
        f"JOIN (SELECT *, {later} AS kept FROM panel_leads l) l ON {open_at('s.as_of')} AND ({side})"
    )


def _at(instant: datetime) -> str:
    return f"TIMESTAMP {literal(str(instant))}"


def _draw(text: str, seed: int) -> str:
    """A number in [0, 1) that looks drawn and is always the same for a text, in SQL."""
    return f"(md5_number_lower({text} || ' {int(seed)}') % {_BUCKETS})::DOUBLE / {_BUCKETS}"


def _keep_rows(engine: DuckDB, condition: str) -> None:
    engine.run(
        "CREATE OR REPLACE TEMP TABLE learn_rows AS "  # noqa: S608 - our own tables
        "SELECT row_number() OVER (ORDER BY snapshot, lead_no) - 1 AS row_no, * "
        f"FROM learn_open WHERE {condition} ORDER BY snapshot, lead_no"
    )
    engine.run("DROP TABLE learn_open")


def _arrays(engine: DuckDB) -> dict[str, Ints]:
    columns = ("snapshot", "lead_no", "won", "is_train", "stands_for_more")
    read = ", ".join(f"{name}::BIGINT AS {name}" for name in columns)
    table = engine.arrow(f"SELECT {read} FROM learn_rows ORDER BY row_no")  # noqa: S608 - our own table
    return {name: table[name].to_numpy() for name in columns}


# Without dates


def _undated(history: History, most_rows: int, seed: int, kept: float) -> Rows:
    engine, as_of = history.engine, as_instant(None)
    keep_lead_times(engine, ())
    engine.run(
        "CREATE OR REPLACE TEMP TABLE learn_open AS "  # noqa: S608 - our own tables
        f"SELECT 0 AS snapshot, {_at(as_of)} AS as_of, l.lead_id, l.lead_no, "
        f"l.lead_id IN (SELECT lead_id FROM outcomes) AS won, "
        f"{_draw('l.lead_id', seed)} >= {kept} AS is_train, false AS stands_for_more FROM panel_leads l"
    )
    count = engine.arrow("SELECT count(*) AS n FROM learn_open")["n"][0].as_py()
    share = min(1.0, most_rows / count) if count else 1.0
    _keep_rows(engine, f"{_draw('lead_id', seed + 1)} < {share}")
    table = _arrays(engine)
    won = table["won"].astype(bool)
    return Rows(
        engine, (as_of,), None, table["snapshot"], table["lead_no"], won, np.ones(won.size),
        np.ones(won.size), table["is_train"].astype(bool), "lead", why="outcomes have no dates", share=share,
    )  # fmt: skip
