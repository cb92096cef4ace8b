"""How many conversions, and how much value, lie among the best leads that you have time for: model against model.

In: the scores of several models for the same rows. Out: differences with intervals. Pure. Called by `compare.py`.

The line is drawn at every snapshot anew: its best 20 % (say), tied leads sharing what a random order would give. The
interval is a paired cluster bootstrap: whole leads are drawn again, with all their snapshots, and every model is looked
at on the same draw, with the line drawn anew.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zlib import crc32

import numpy as np

from scoville.errors import UsageError
from scoville.evidence.figures.sample import Z, sample

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from scoville.evidence.figures.sample import Bools, Floats, Ints

MOST_DRAWS, FEWEST_DRAWS = 1000, 200
_WORK = 50_000_000  # rows times draws: some seconds; past it the draws become fewer, down to 200
_FAR_AWAY = 8  # standard errors: never, in as many draws as anybody makes
_AT_ONCE = 2_000_000  # numbers held in memory for one batch of draws


@dataclass(frozen=True)
class Reached:
    """A share reached by two models when each calls its best leads, and the difference (`other` - `first`).

    All are between 0 and 1 (the difference between -1 and 1). None where it cannot be told; `cannot_tell` says why.
    """

    first: float | None
    other: float | None
    difference: float | None
    low: float | None
    high: float | None
    cannot_tell: str | None = None


@dataclass(frozen=True)
class AtCapacity:
    """What one model reaches against the first: `recall` of conversions, `value` of their value."""

    recall: Reached
    value: Reached


@dataclass(frozen=True)
class Rows:
    """What became of the rows of a panel. `value` is NaN where there is none. `lead` numbers the leads."""

    snapshot: Ints
    lead: Ints
    won: Bools
    value: Floats


@dataclass(frozen=True)
class _Order:
    """Rows of one model from its best to its worst, snapshot by snapshot, ties together as one level.

    So are all rows that are far above the line, and all that are far below it.
    """

    rows: Any  # a sparse matrix: how many rows of each level are of each lead
    first: Ints  # first level of each snapshot
    snapshot: Ints  # of each level
    level_of_won: Ints  # of each won row, in the order of the panel


def at_capacity(scores: Sequence[Floats], rows: Rows, share: float, draws: int | None = None) -> tuple[AtCapacity, ...]:
    """Each further model against the first, when the best `share` of the leads are called at every snapshot.

    The draws come from the outcomes themselves, so that the same data always give the same interval.

    Raises:  UsageError for a share that is not between 0 and 1, and for columns of different length.
    Example: `at_capacity([a, b], rows, 0.2)[0].recall.difference` -> 0.03
    """
    if not 0 < share < 1:
        raise UsageError(f"the share of leads called must lie between 0 and 1, not {share:g}; 0.2 is the best fifth")
    given = [sample(score, rows.won, rows.lead) for score in scores]
    if reason := _too_little(given[0].cannot_tell):
        none = Reached(None, None, None, None, None, reason)
        return tuple(AtCapacity(none, none) for _ in scores[1:])
    lead, leads = given[0].cluster, given[0].leads
    orders = [_ordered(one.score, rows, lead, share) for one in given]
    value = np.nan_to_num(rows.value[rows.won]) if _has_value(rows) else None
    won_lead = lead[rows.won]
    once = np.ones((1, leads))
    point = _shares(orders, once, won_lead, value, share)[:, :, 0]
    wanted = draws or int(np.clip(_WORK // max(len(rows.won), 1), FEWEST_DRAWS, MOST_DRAWS))
    batch = max(1, _AT_ONCE // len(rows.won))
    drawn = np.concatenate(
        [_shares(orders, w, won_lead, value, share) for w in _weights(rows, leads, wanted, batch)], axis=2
    )
    return tuple(
        AtCapacity(
            _reached(point[0, 0], point[place, 0], drawn[place, 0] - drawn[0, 0]),
            _reached(point[0, 1], point[place, 1], drawn[place, 1] - drawn[0, 1])
            if value is not None
            else Reached(None, None, None, None, None, "cannot tell: outcomes have no value"),
        )
        for place in range(1, len(orders))
    )


def _too_little(reason: str | None) -> str | None:
    """Few conversions are a reason; equal scores are none here: the other model may set leads apart."""
    return None if reason == "cannot tell: all scores are equal" else reason


def _has_value(rows: Rows) -> bool:
    return bool(np.nansum(rows.value[rows.won]) > 0)


def _ordered(score: Floats, rows: Rows, lead: Ints, share: float) -> _Order:
    order = np.lexsort((-score, rows.snapshot))
    snapshot, sorted_score = rows.snapshot[order], score[order]
    first_row = np.flatnonzero(np.diff(snapshot, prepend=-1))
    is_new = np.zeros(order.size, np.bool_)
    is_new[1:] = sorted_score[1:] != sorted_score[:-1]
    is_new[first_row] = True
    starts = np.flatnonzero(is_new)
    starts = starts[_near_the_line(starts, first_row, order.size, share)]
    level = np.empty(order.size, np.int64)
    level[order] = np.repeat(np.arange(starts.size), np.diff(starts, append=order.size))
    _, first, of_level = np.unique(snapshot[starts], return_index=True, return_inverse=True)
    return _Order(_rows_of(lead[order], starts), first, of_level, level[rows.won])


def _rows_of(lead: Ints, starts: Ints) -> Any:  # noqa: ANN401 - scipy does not type its matrices
    from scipy.sparse import csr_array  # noqa: PLC0415 - takes a while

    ends = np.append(starts, lead.size)
    return csr_array((np.ones(lead.size), lead, ends), shape=(starts.size, int(lead.max()) + 1))


def _near_the_line(starts: Ints, first_row: Ints, rows: int, share: float) -> Bools:
    """Which levels need a place of their own: those that the line may reach in some draw, the next one, and the first.

    Farther up all are called, farther down none ever is, and they may go together: they are most of the work. The line
    moves by the standard error of a share.
    """
    snapshot = np.searchsorted(first_row, starts, "right") - 1
    size = np.diff(first_row, append=rows)
    reach = _FAR_AWAY * np.sqrt(share * (1 - share) * size)
    line = first_row + share * size
    ends = np.append(starts[1:], rows)
    near: Bools = (ends >= (line - reach)[snapshot]) & (starts <= (line + reach)[snapshot])
    near[1:] |= near[:-1].copy()
    return near | np.isin(starts, first_row)


def _weights(rows: Rows, leads: int, draws: int, batch: int) -> Iterator[Floats]:
    """How often each lead is drawn: batches of rows, each of which adds up to the number of leads."""
    dice = np.random.default_rng(crc32(np.packbits(rows.won).tobytes(), crc32(rows.lead.astype("<i8").tobytes())))
    for start in range(0, draws, batch):
        some = range(min(batch, draws - start))
        yield np.stack([np.bincount(dice.integers(leads, size=leads), minlength=leads) for _ in some]).astype(float)


def _shares(orders: Sequence[_Order], weight: Floats, won_lead: Ints, value: Floats | None, share: float) -> Floats:
    """Share of conversions and of value reached: by model, by which of both, and by draw."""
    won = weight[:, won_lead]
    of = [np.ones(won_lead.size), value if value is not None else np.zeros(won_lead.size)]
    found = []
    for order in orders:
        reached = _called(order, weight, share)[:, order.level_of_won] * won
        found.append([_over(reached @ each, won @ each) for each in of])
    return np.asarray(found)


def _called(order: _Order, weight: Floats, share: float) -> Floats:
    """Per draw and level, how much of the level is called: 1 above the line, 0 below, in between where it runs."""
    rows = np.ascontiguousarray((order.rows @ weight.T).T)
    above = np.cumsum(rows, axis=1) - rows
    above -= above[:, order.first][:, order.snapshot]
    room = share * np.add.reduceat(rows, order.first, axis=1)[:, order.snapshot] - above
    return _over(np.clip(room, 0, rows), rows, 0.0)


def _over(above: Floats, below: Floats, nothing: float = np.nan) -> Floats:
    """The ratio; over nothing, `nothing`."""
    ratio: Floats = np.divide(above, below, out=np.full(np.shape(below), nothing), where=below > 0)
    return ratio


def _reached(first: float, other: float, drawn: Floats) -> Reached:
    """The interval is as wide as the draws scatter (Efron 1979); a draw without a conversion tells nothing."""
    difference, reach = other - first, Z * float(np.nanstd(drawn))
    low, high = max(-1.0, difference - reach), min(1.0, difference + reach)
    return Reached(float(first), float(other), float(difference), float(low), float(high))
