"""One row per lead out of the history: when it came and from where, what it cost and brought, what happened first.

In: a history, whose engine does the work. Out: `LeadRows`, columns as arrays. Called by `business.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.data.keep import literal, quoted
from scoville.data.outcomes import NO_MONEY
from scoville.data.suggest import did_you_mean, listed
from scoville.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from scoville.engines.duckdb import DuckDB
    from scoville.evidence.figures.sample import Bools, Floats
    from scoville.evidence.history import History

TOUCHES = ("accepted", "contacted")  # outcomes that say that somebody in sales has looked at the lead
_DAY_US = 86_400_000_000


@dataclass(frozen=True)
class LeadRows:
    """Columns with one entry per lead; numbers are NaN where nothing is known.

    `source` is the place in `sources`, -1 without one; `month` is text such as 2026-01, empty where the creation is not
    known. `days_seen` is how long the lead had been there when the data end. `is_young`: less than the horizon.
    `engaged`: an event of the lead's own (not an outcome, not a touch) by the end of the horizon after creation.
    """

    until: datetime | None
    touch: tuple[str, ...]
    sources: tuple[str, ...]
    source: npt.NDArray[np.int32]
    month: npt.NDArray[np.str_]
    cost: Floats
    value: Floats
    won: Bools
    won_in_time: Bools
    is_young: Bools
    engaged: Bools
    days_seen: Floats
    days_to_win: Floats
    days_to_touch: Floats
    has_events: bool
    has_cost: bool
    has_value: bool

    def __len__(self) -> int:
        """Number of leads."""
        return len(self.won)


def lead_rows(history: History, horizon: timedelta | None, touch: str | None = None) -> LeadRows:
    """What is known of each lead, with the first win and the first touch after its creation.

    Raises: DataError when no event and no outcome is called `touch`.
    """
    engine = history.engine
    touches = _touches(engine, touch)
    until = history.span.end if horizon is not None else None
    columns = engine.columns("leads")
    rows = engine.arrow(_query(history, touches))
    horizon_days = horizon / timedelta(days=1) if horizon is not None else np.inf
    end_us = _micros(until) if until is not None else np.nan
    created = _numbers(rows, "created_us")
    seen, to_win = (end_us - created) / _DAY_US, (_numbers(rows, "won_us") - created) / _DAY_US
    to_event = (_numbers(rows, "event_us") - created) / _DAY_US
    won = np.asarray(rows["won"].to_numpy(zero_copy_only=False), bool)
    coded = rows["source"].combine_chunks().dictionary_encode()
    is_open_ended = horizon is None
    value, cost = _amounts(rows, "value"), _amounts(rows, "cost")
    return LeadRows(
        until=until, touch=touches,
        sources=tuple(coded.dictionary.to_pylist()),
        source=coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int32),
        month=np.asarray(rows["month"].fill_null("").to_pylist(), np.str_),
        cost=cost, value=value, won=won,
        won_in_time=won & (is_open_ended | (to_win <= horizon_days) | np.isnan(to_win)),
        is_young=seen < horizon_days if horizon is not None else np.zeros(len(won), bool),
        engaged=np.isfinite(_numbers(rows, "event_us")) & (np.isnan(to_event) | (to_event <= horizon_days)),
        days_seen=seen, days_to_win=to_win,
        days_to_touch=(_numbers(rows, "touch_us") - created) / _DAY_US,
        has_events=history.loaded.has_events,
        has_cost="cost" in columns,
        has_value=bool(np.isfinite(value[won]).any()),
    )  # fmt: skip


def _query(history: History, touches: Sequence[str]) -> str:
    """Leads with their first event, first win and first touch; outcomes that are events are no events of the lead."""
    columns = history.engine.columns("leads")
    created = "coalesce(l.created_at, e.first_at)" if "created_at" in columns else "e.first_at"
    source = "nullif(trim(l.source::VARCHAR), '')" if "source" in columns else "NULL::VARCHAR"
    cost = "TRY_CAST(l.cost AS DOUBLE)" if "cost" in columns else "NULL::DOUBLE"
    won = _names(name.strip() for name in history.won)
    which = f"WHERE lower(outcome) IN ({won})" if history.outcomes.has_dates else ""
    called = _names(touches)
    if_any = "" if touches else "false AND "  # events are not read for nothing
    return f"""
        WITH first_event AS (
            SELECT lead_id, min(occurred_at) AS first_at,
                min(occurred_at) FILTER (WHERE lower(event) NOT IN ({won}, {called})) AS own_at
            FROM events GROUP BY 1
        ), win AS (
            SELECT lead_id, min("at") AS won_at, arg_min(value, "at") AS value, any_value(value) AS some_value
            FROM outcomes {which} GROUP BY 1
        ), base AS (
            SELECT l.lead_id, {created} AS created_at, {source} AS source, {cost} AS cost,
                w.lead_id IS NOT NULL AS won, w.won_at, coalesce(w.value, w.some_value) AS value, e.own_at
            FROM leads l LEFT JOIN first_event e USING (lead_id) LEFT JOIN win w USING (lead_id)
        ), touched AS (
            SELECT b.lead_id, min(t."at") AS touched_at
            FROM (
                SELECT lead_id, occurred_at AS "at" FROM events WHERE {if_any}lower(event) IN ({called})
                UNION ALL SELECT lead_id, "at" FROM outcomes WHERE {if_any}lower(outcome) IN ({called})
            ) t JOIN base b ON b.lead_id = t.lead_id AND t."at" >= b.created_at
            GROUP BY 1
        )
        SELECT epoch_us(created_at) AS created_us, strftime(created_at, '%Y-%m') AS month, source, cost, won, value,
            epoch_us(won_at) AS won_us, epoch_us(own_at) AS event_us, epoch_us(touched_at) AS touch_us
        FROM base LEFT JOIN touched USING (lead_id) ORDER BY lead_id"""  # noqa: S608 - quoted names


def _touches(engine: DuckDB, touch: str | None) -> tuple[str, ...]:
    """Which names are a first touch: the one asked for, or those of the usual outcomes that there are."""
    known = _known(engine, "outcomes", "outcome")
    if touch is None:
        return tuple(name for name in TOUCHES if name in known)
    known |= _known(engine, "events", "event")
    if touch.strip().lower() not in known:
        names = sorted(known.values())
        raise DataError(
            f"no event and no outcome is called '{touch}'.{did_you_mean(touch, names)} Known: {listed(names)}"
        )
    return (touch.strip().lower(),)


def _known(engine: DuckDB, table: str, column: str) -> dict[str, str]:
    """Names that there are, as they are written, by their lower case."""
    named = quoted(column)
    rows = engine.arrow(f"SELECT DISTINCT {named} AS name FROM {table} WHERE {named} IS NOT NULL")  # noqa: S608 - our own
    return {name.lower(): name for name in sorted(rows["name"].to_pylist())}


def _names(names: Any) -> str:  # noqa: ANN401 - any names
    return ", ".join(literal(name.lower()) for name in names) or "''"  # NULL would make NOT IN unknown


def _numbers(rows: Any, name: str) -> Floats:  # noqa: ANN401 - an Arrow table
    import pyarrow as pa  # noqa: PLC0415 - only here

    found = np.asarray(rows[name].cast(pa.float64(), safe=False).to_numpy(zero_copy_only=False), np.float64)
    return np.where(np.isfinite(found), found, np.nan)


def _amounts(rows: Any, name: str) -> Floats:  # noqa: ANN401 - an Arrow table
    found = _numbers(rows, name)
    return np.where(np.abs(found) < NO_MONEY, found, np.nan)


def _micros(instant: datetime) -> float:
    return (instant - datetime(1970, 1, 1)) / timedelta(microseconds=1)  # noqa: DTZ001 - naive UTC
