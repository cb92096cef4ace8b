"""The past as it was: all open leads at several instants, scored with what was known then, and what became of them.

In: a model, leads, events, outcomes. Out: a `Panel`, one row for each snapshot and open lead. Called by `backtest.py`.

A snapshot at T sees only events up to T, and leads created by T that had not converted by T; its label is a wanted
outcome in (T, T + horizon]. Snapshots whose horizon is not over are left out. Every score comes from the one plan, run
once for each snapshot with another `as_of`: it is what `scoville score --as-of T` gives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np

from scoville.data.keep import literal, quoted
from scoville.errors import DataError, UsageError
from scoville.evidence.figures.ranking import Ranking, ranking
from scoville.evidence.figures.sample import Sample, rows_of, sample
from scoville.scoring import as_instant

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt
    import pyarrow as pa

    from scoville.engines.duckdb import DuckDB
    from scoville.plan.compile import Plan

LABELS = ("grade", "level", "priority", "stage", "segment", "source")
MOST_SNAPSHOTS = 60  # five years of months
EARLIEST, LATEST = datetime(1900, 1, 1), datetime(2200, 1, 1)  # noqa: DTZ001 - naive UTC; other dates are typed wrong
_DAY = timedelta(days=1)
_REACH = 3  # times the way from the median to the first or last hundredth that a date may lie beyond it


class Span(NamedTuple):
    """From when to when the data tell anything: the first lead, and the last event or outcome."""

    start: datetime
    end: datetime


@dataclass(frozen=True)
class Labels:
    """A text column: for each row the place of its text in `names`, -1 where there is none."""

    names: tuple[str, ...]
    codes: npt.NDArray[np.int64]

    @property
    def is_empty(self) -> bool:
        """Whether no row has a text."""
        return not self.names


@dataclass(frozen=True)
class Panel:
    """One row for each snapshot and lead that was open then. All arrays have the length of the panel.

    `lead` numbers the leads, so that the rows of one lead can be told; `won` is the label; `value` that of the first
    wanted outcome, NaN without one. `as_of` has one instant per snapshot; `horizon` is null where outcomes have no
    dates. `today` is one more snapshot where the data end, whose outcomes are still to come, if it was asked for.
    """

    as_of: tuple[datetime, ...]
    horizon: timedelta | None
    snapshot: npt.NDArray[np.int64]
    lead: npt.NDArray[np.int64]
    score: npt.NDArray[np.float64]
    fit: npt.NDArray[np.float64]
    engagement: npt.NDArray[np.float64]
    won: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float64]
    labels: dict[str, Labels]
    today: Panel | None = None

    @cached_property
    def sample(self) -> Sample:
        """Scores and outcomes of all rows, made once for all figures."""
        return sample(self.score, self.won, self.lead)

    @cached_property
    def rankings(self) -> tuple[Ranking, ...]:
        """How well the score ranks the leads of each snapshot, by itself."""
        return tuple(ranking(self.sample.some(here)) for here in rows_of(self.snapshot, len(self.as_of)))

    def __len__(self) -> int:
        """Number of lead snapshots."""
        return len(self.score)


def snapshot_instants(wanted: str, span: Span, horizon: timedelta) -> tuple[datetime, ...]:
    """The instants of `monthly`, `weekly`, or a comma separated list, whose horizon lies within the data.

    Raises:  UsageError for something else; DataError when the data are too short for a single one.
    Example: monthly over a year of data with a horizon of 90 days: the firsts of nine months.
    """
    if wanted == "monthly":
        every = _months(span)
    elif wanted == "weekly":
        every = [span.start + i * 7 * _DAY for i in range(1, (span.end - span.start) // (7 * _DAY) + 1)]
    else:
        every = [_instant(text) for text in wanted.split(",")]
    over = tuple(sorted(instant for instant in set(every) if instant + horizon <= span.end))
    if not over:
        days = horizon / _DAY
        raise DataError(
            f"no snapshot has its horizon of {days:g} days within the data, which reach from {span.start:%Y-%m-%d} to "
            f"{span.end:%Y-%m-%d}. Give a shorter --horizon, or other --snapshots"
        )
    if len(over) > MOST_SNAPSHOTS:
        raise UsageError(
            f"{len(over):,} snapshots are more than {MOST_SNAPSHOTS}: the data reach from {span.start:%Y-%m-%d} to "
            f"{span.end:%Y-%m-%d}. Give --snapshots dates such as 2026-01-01,2026-04-01, or put wrong dates right"
        )
    return over


def _months(span: Span) -> list[datetime]:
    """Firsts of the months in the span, the first of them at least a day after its start."""
    first = span.start.year * 12 + span.start.month  # the month after the first lead
    last = span.end.year * 12 + span.end.month - 1
    return [datetime(month // 12, month % 12 + 1, 1) for month in range(first, last + 1)]  # noqa: DTZ001 - naive UTC


def _instant(text: str) -> datetime:
    try:
        found = as_instant(text)
    except UsageError:
        found = LATEST
    if not EARLIEST <= found < LATEST:
        raise UsageError(
            "--snapshots takes monthly, weekly or dates such as 2026-01-01,2026-02-01, from the years "
            f"{EARLIEST.year} to {LATEST.year - 1}, not '{text.strip()}'"
        )
    return found


def span_of(engine: DuckDB) -> Span:
    """Where the data begin and end: creations (or events), events and outcomes, without dates far from all others.

    A date typed wrong must neither add a century of snapshots nor pretend that a horizon is over. So a date counts
    only where it lies within four times as far from their median as 98 of 100 do.

    Raises:  DataError when there is no date at all, or all that happened lies before the first lead.
    """
    created = "created_at" in engine.columns("leads")
    first = ("leads", "created_at") if created else ("events", "occurred_at")
    row = engine.arrow(
        f"SELECT coalesce({_edge(*first, 'min')}, {_edge('outcomes', 'at', 'min')}) AS first, "
        f"greatest({_edge('events', 'occurred_at', 'max')}, {_edge('outcomes', 'at', 'max')}) AS last"
    ).to_pylist()[0]
    if row["first"] is None or row["last"] is None:
        raise DataError("neither leads, events nor outcomes have a date: there is no past to look at")
    if row["last"] < row["first"]:
        raise DataError(
            f"the last event or outcome ({row['last']:%Y-%m-%d}) is before the first lead came "
            f"({row['first']:%Y-%m-%d}): is one of the columns of dates another one? See --map"
        )
    return Span(row["first"], row["last"])


def _edge(table: str, column: str, which: Literal["min", "max"]) -> str:
    """The first or last date of a column that is not far from all others."""
    share, side = (0.01, ">=") if which == "min" else (0.99, "<=")
    years = " AND ".join(f"day {than} TIMESTAMP {literal(str(end))}" for than, end in ((">=", EARLIEST), ("<", LATEST)))
    dates = f"SELECT day FROM (SELECT {quoted(column)} AS day FROM {table}) WHERE {years}"  # noqa: S608 - our own names
    usual = f"SELECT quantile_disc(day, {share}) AS far, quantile_disc(day, 0.5) AS half FROM dates"  # noqa: S608
    return (
        f"(WITH dates AS ({dates}) SELECT {which}(day) FROM dates, ({usual}) "  # noqa: S608
        f"WHERE day {side} far + {_REACH} * (far - half))"
    )


def build_panel(
    engine: DuckDB,
    plan: Plan,
    instants: Sequence[datetime],
    horizon: timedelta,
    won: Sequence[str],
    *,
    today: datetime | None = None,
    progress: Callable[[int], None] = lambda _done: None,
) -> Panel:
    """Score every snapshot by the plan and label its open leads.

    `won` names the outcomes that count. `today` is scored likewise, to be `Panel.today`. `progress` hears how many
    snapshots are done.
    """
    keep_lead_times(engine, won)
    shared = plan.timeless("graded") if len(instants) > 1 or today is not None else ()
    engine.materialise(plan, shared)
    graded = plan.sql("graded", engine.dialect, given=shared)
    parts = []
    for number, instant in enumerate(instants):
        parts.append(_snapshot(engine, graded, number, instant, horizon))
        progress(number + 1)
    last = [_snapshot(engine, graded, 0, today, horizon)] if today is not None else []
    engine.drop(shared)
    panel = _panel(parts, tuple(instants), horizon)
    return replace(panel, today=_panel(last, (today,), horizon)) if today is not None else panel


def open_panel(engine: DuckDB, plan: Plan, instant: datetime, horizon: timedelta) -> Panel:
    """One more snapshot after a panel was built in this engine, whose leads and outcomes are the same."""
    graded = plan.sql("graded", engine.dialect)
    return _panel([_snapshot(engine, graded, 0, instant, horizon)], (instant,), horizon)


def _snapshot(engine: DuckDB, graded: str, number: int, instant: datetime, horizon: timedelta) -> pa.Table:
    engine.bind_as_of(instant)
    end = instant + horizon
    return engine.arrow(
        f"SELECT {number} AS snapshot, l.lead_no, g.score, g.fit, g.engagement, "  # noqa: S608 - our own steps
        f"l.won_at <= TIMESTAMP {literal(end.isoformat(' '))} AS won, l.value, {_label_columns(engine)} "
        f"FROM ({graded}) g JOIN panel_leads l USING (lead_id) "
        f"WHERE {open_at(f'TIMESTAMP {literal(str(instant))}')}"
    )


def single_panel(engine: DuckDB, plan: Plan, as_of: datetime) -> Panel:
    """All leads as they are, labelled by outcomes without dates: no point in time, and so no backtest."""
    keep_lead_times(engine, ())
    graded = plan.sql("graded", engine.dialect)
    rows = engine.arrow(
        "SELECT 0 AS snapshot, l.lead_no, g.score, g.fit, g.engagement, "  # noqa: S608 - our own steps
        f"l.lead_id IN (SELECT lead_id FROM outcomes) AS won, l.value, {_label_columns(engine)} "
        f"FROM ({graded}) g JOIN panel_leads l USING (lead_id)"
    )
    return _panel([rows], (as_of,), None)


def _label_columns(engine: DuckDB) -> str:
    source = "l.source" if "source" in engine.columns("leads") else "NULL"
    return ", ".join([*(f"g.{quoted(name)}" for name in LABELS if name != "source"), f"{source} AS source"])


def keep_lead_times(engine: DuckDB, won: Sequence[str]) -> None:
    """Make the table `panel_leads`: each lead with a number, when it was created, and its first wanted outcome."""
    engine.run("CREATE OR REPLACE TEMP TABLE panel_leads AS " + _lead_times(engine, won))


def open_at(at: str) -> str:
    """Whether a lead `l` of `panel_leads` was there and not won yet at an instant, in SQL."""
    return f"l.created_at <= {at} AND (l.won_at IS NULL OR l.won_at > {at})"


def _lead_times(engine: DuckDB, won: Sequence[str]) -> str:
    columns = engine.columns("leads")
    created = "l.created_at" if "created_at" in columns else "e.first_at"
    source = ", l.source::VARCHAR AS source" if "source" in columns else ""
    names = ", ".join(literal(name.strip().lower()) for name in won) or "NULL"
    return (
        f"SELECT l.lead_id, row_number() OVER (ORDER BY l.lead_id) AS lead_no, o.won_at, o.value{source}, "  # noqa: S608
        f"coalesce({created}, TIMESTAMP '1900-01-01') AS created_at FROM leads l "
        "LEFT JOIN (SELECT lead_id, min(occurred_at) AS first_at FROM events GROUP BY 1) e USING (lead_id) "
        'LEFT JOIN (SELECT lead_id, min("at") AS won_at, arg_min(value, "at") AS value FROM outcomes '
        f"WHERE lower(outcome) IN ({names}) GROUP BY 1) o USING (lead_id)"
    )


def _panel(parts: Sequence[Any], instants: tuple[datetime, ...], horizon: timedelta | None) -> Panel:
    import pyarrow as pa  # noqa: PLC0415 - only here

    rows = pa.concat_tables(parts)

    def numbers(name: str) -> npt.NDArray[np.float64]:
        return np.asarray(rows[name].cast(pa.float64()).to_numpy(zero_copy_only=False), dtype=np.float64)

    return Panel(
        as_of=instants,
        horizon=horizon,
        snapshot=rows["snapshot"].cast(pa.int64()).to_numpy(),
        lead=rows["lead_no"].cast(pa.int64()).to_numpy(),
        score=numbers("score"),
        fit=numbers("fit"),
        engagement=numbers("engagement"),
        won=np.asarray(rows["won"].fill_null(pa.scalar(value=False)).to_numpy(zero_copy_only=False), dtype=bool),
        value=numbers("value"),
        labels={name: _labels(rows[name].cast(pa.string())) for name in LABELS},
    )


def _labels(column: Any) -> Labels:  # noqa: ANN401 - an Arrow array
    coded = column.combine_chunks().dictionary_encode()
    codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
    return Labels(tuple(coded.dictionary.to_pylist()), codes)
