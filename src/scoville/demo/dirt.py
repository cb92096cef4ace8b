"""Spoils a few rows the way real exports are spoilt, so that cleaning has something to show."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoville.demo.columns import Ints

PLACEHOLDERS = (("industry", "Select"), ("job_title", "N/A"), ("country", "-"), ("owner", "n/a"), ("phone", "unknown"))
LONG_AGO_US = 0  # 1970-01-01, what a missing date becomes in many an export
FAR_AHEAD_US = 4_070_908_800_000_000  # 2099-01-01


@dataclass(frozen=True)
class Tables:
    """What gets spoilt."""

    leads: pa.Table
    events: pa.Table


def spoil(rng: np.random.Generator, tables: Tables, share: float) -> Tables:
    """The tables with about `share` of the rows spoilt in each of several ways; untouched when it is 0.

    Leads: placeholder words instead of nothing, creation in 1970, the same lead twice (its id in a second form fill, or
    a new id with the same address in capitals). Events: the same event twice, a time in 2099 or none, an unknown lead.
    """
    if share == 0:
        return tables
    return Tables(_spoil_leads(rng, tables.leads, share), _spoil_events(rng, tables.events, share))


def _spoil_leads(rng: np.random.Generator, leads: pa.Table, share: float) -> pa.Table:
    twice = leads.take(_some(rng, len(leads), share))
    known_by_mail = leads.take(_some(rng, len(leads), share))
    known_by_mail = known_by_mail.filter(pc.is_valid(known_by_mail["email"]))
    for column, word in PLACEHOLDERS:
        leads = _put(leads, column, _some(rng, len(leads), share), word)
    leads = _put(leads, "created_at", _some(rng, len(leads), share / 4), pa.scalar(LONG_AGO_US, pa.timestamp("us")))
    again = pc.binary_join_element_wise(known_by_mail["lead_id"], "2", "-")
    known_by_mail = _replaced(known_by_mail, "lead_id", again)
    known_by_mail = _replaced(known_by_mail, "email", pc.utf8_upper(known_by_mail["email"]))
    return pa.concat_tables([leads, twice, known_by_mail])


def _spoil_events(rng: np.random.Generator, events: pa.Table, share: float) -> pa.Table:
    twice = events.take(_some(rng, len(events), share))
    events = _put(
        events, "occurred_at", _some(rng, len(events), share / 4), pa.scalar(FAR_AHEAD_US, pa.timestamp("us"))
    )
    events = _put(events, "occurred_at", _some(rng, len(events), share / 4), pa.scalar(None, pa.timestamp("us")))
    events = _put(events, "lead_id", _some(rng, len(events), share / 4), "L99999999")
    return pa.concat_tables([events, twice])


def _some(rng: np.random.Generator, rows: int, share: float) -> Ints:
    """Row numbers, in order: about `share` of all."""
    chosen: npt.NDArray[np.bool_] = rng.random(rows) < share
    return np.flatnonzero(chosen)


def _put(table: pa.Table, column: str, rows: Ints, value: str | pa.Scalar) -> pa.Table:
    chosen = np.zeros(len(table), dtype=bool)
    chosen[rows] = True
    return _replaced(table, column, pc.if_else(pa.array(chosen), value, table[column]))


def _replaced(table: pa.Table, column: str, values: pa.ChunkedArray) -> pa.Table:
    return table.set_column(table.column_names.index(column), column, values)
