"""Fit against engagement: into which cells a model sorts its leads, and how many stand in each.

In: a model, and the scores of its publication. Out: a row of `matrix_counts`. The worker calls `count_cells` over and
over: counting a million leads takes a second or so, and nobody who opens the page waits for it.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from datetime import timedelta
from itertools import pairwise
from typing import TYPE_CHECKING, Literal

import orjson
from sqlalchemy import case, func, select, text

from scoville.live.store.metadata import from_us, to_us
from scoville.live.store.scores import ledger, scores
from scoville.model.load import Model

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from scoville.live.store.opening import Store
    from scoville.model.schema import Engagement, Fit

NONE = "(none)"  # as in the evidence
_BANDS = 4
_REST = 30  # times as long as counting took: a thirtieth of one core at most
_SOONEST, _LATEST = timedelta(seconds=1), timedelta(minutes=10)
_IN_FORCE = text(
    "SELECT p.publication_no, v.text FROM publications p JOIN model_versions v ON v.version_no = p.version_no "
    "WHERE p.switched_at IS NOT NULL ORDER BY p.publication_no DESC LIMIT 1"
)
_UPSERT = text(
    "INSERT INTO matrix_counts (publication_no, counted_at, took_ms, ledger_no, cells) VALUES (:publication, :at, "
    ":took, :ledger, :cells) ON CONFLICT (publication_no) DO UPDATE SET counted_at = excluded.counted_at, "
    "took_ms = excluded.took_ms, ledger_no = excluded.ledger_no, cells = excluded.cells"
)


@dataclass(frozen=True)
class Band:
    """A row or a column: points at least `from_` and below `below`; either is null where nothing limits it."""

    label: str
    from_: float | None
    below: float | None


@dataclass(frozen=True)
class Side:
    """What leads are sorted by on one side, the best first: the model's own letters, or bands of points."""

    by: Literal["grade", "level", "fit", "engagement"]
    bands: tuple[Band, ...]

    @property
    def has_words(self) -> bool:
        """Whether the model names the bands, so that lists can be asked for them."""
        return self.by in {"grade", "level"}

    @property
    def points(self) -> Literal["fit", "engagement"]:
        """Whose points they are."""
        return "fit" if self.by in {"grade", "fit"} else "engagement"


def sides_of(model: Model) -> tuple[Side, Side]:
    """Rows (who they are) and columns (what they did)."""
    return (
        Side("grade", _words(model.grades)) if model.grades else Side("fit", _quarters(model, model.fit)),
        Side("level", _words(model.levels)) if model.levels else Side("engagement", _quarters(model, model.engagement)),
    )


def cells_of(connection: Connection, publication_no: int, model: Model) -> dict[tuple[str, str], int]:
    """Leads by row and column, counted now: every lead is looked at."""
    row, column = (_sorted_by(side) for side in sides_of(model))
    chosen = select(row, column, func.count()).where(scores.c.publication_no == publication_no).group_by(row, column)
    return {(str(one[0]), str(one[1])): int(one[2]) for one in connection.execute(chosen)}


def count_cells(store: Store, now: datetime) -> int:
    """Count again if it is time, and something may have changed; 1 when it was counted."""
    with store.reading() as connection:
        published = connection.execute(_IN_FORCE).first()
        newest = connection.execute(select(func.max(ledger.c.entry_no))).scalar() or 0
        if published is None or not _is_due(connection, published.publication_no, newest, now):
            return 0
        began_s = time.perf_counter()
        cells = cells_of(connection, published.publication_no, Model.loads(published.text))
        took_ms = (time.perf_counter() - began_s) * 1000
    told = [[*cell, leads] for cell, leads in sorted(cells.items())]
    row = {"publication": published.publication_no, "at": to_us(now), "took": took_ms, "ledger": newest}
    with store.writing() as connection:
        connection.execute(_UPSERT, {**row, "cells": orjson.dumps(told).decode()})
    return 1


def _is_due(connection: Connection, publication_no: int, newest: int, now: datetime) -> bool:
    last = connection.execute(
        text("SELECT counted_at, took_ms, ledger_no FROM matrix_counts WHERE publication_no = :publication"),
        {"publication": publication_no},
    ).first()
    if last is None:
        return True
    since = now - from_us(last.counted_at)
    rest = max(_SOONEST, timedelta(milliseconds=_REST * last.took_ms))
    return since >= (rest if newest != last.ledger_no else _LATEST)  # people who are forgotten leave no entry


def _words(thresholds: Mapping[str, float | None]) -> tuple[Band, ...]:
    below = [None, *thresholds.values()]
    return tuple(Band(name, from_, below[place]) for place, (name, from_) in enumerate(thresholds.items()))


def _quarters(model: Model, section: Fit | Engagement) -> tuple[Band, ...]:
    """Four bands of one width over the points that a section can give; the outer ones are open."""
    low = 0.0 if section.min is None else float(section.min)
    high = float(model.scale.max) if section.max is None else float(section.max)
    marks = [low + (high - low) * part / _BANDS for part in range(1, _BANDS)]
    inner = [Band(f"{start:g} to {end:g}", start, end) for start, end in pairwise(marks)]
    return (
        Band(f"{marks[-1]:g} or more", marks[-1], None),
        *reversed(inner),
        Band(f"below {marks[0]:g}", None, marks[0]),
    )


def _sorted_by(side: Side) -> ColumnElement[str]:
    if side.has_words:
        return func.coalesce(scores.c[side.by], NONE)
    points = scores.c[side.points]
    *upper, lowest = side.bands
    return case(*((points >= band.from_, band.label) for band in upper), else_=lowest.label)
