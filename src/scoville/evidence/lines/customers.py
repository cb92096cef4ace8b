"""Where the last customers stood just before they bought.

In: a panel and when each lead bought. Out: `LastCustomers`. Pure. Called by `threshold.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from scoville.evidence.figures.sample import CONFIDENCE, FEW, counted
from scoville.evidence.lines.crossings import shortest

if TYPE_CHECKING:
    import numpy.typing as npt

    from scoville.evidence.figures.sample import Floats, Ints
    from scoville.evidence.snapshots import Panel

HELD = 0.8  # of the last customers, at or above their line
QUANTILES = (0.1, 0.25, 0.5, 0.75, 0.9)
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Purchases:
    """When leads bought for the first time: one entry for each that did. `created_at` is when the lead came to be."""

    lead: Ints
    created_at: npt.NDArray[np.datetime64]
    won_at: npt.NDArray[np.datetime64]


@dataclass(frozen=True)
class LastCustomers:
    """Scores of the last customers at their last snapshot before they bought.

    `customers` of them have such a score; `unseen` more were created and bought between two snapshots. `scores` has
    quantiles, keys are the share below ("0.5": the median). `line` still holds 80 % of them at or above it,
    `line_low` to `line_high` its interval; None, with `cannot_tell`, where there are too few.
    """

    wanted: int
    customers: int
    unseen: int
    days_before_median: float | None
    scores: dict[str, float] = field(default_factory=dict)
    line: float | None = None
    line_low: float | None = None
    line_high: float | None = None
    cannot_tell: str | None = None


def last_customers(panel: Panel, score: Floats, bought: Purchases, wanted: int) -> LastCustomers:
    """The last `wanted` customers who bought by one step after the last snapshot, and the score that each had.

    Shape:  `score` is one column of the panel. The interval of the line is that of a quantile by order statistics
    (Thompson 1936): it asks nothing of how scores are spread.
    """
    instants = np.array(panel.as_of, dtype="datetime64[us]")
    step = instants[-1] - instants[-2] if instants.size > 1 else np.timedelta64(0, "us")
    in_sight = (bought.won_at > instants[0]) & (bought.won_at <= instants[-1] + step)
    newest = np.flatnonzero(in_sight)[np.argsort(bought.won_at[in_sight], kind="stable")][-wanted:]
    rows = _last_rows(panel, bought.lead[newest])
    seen = rows >= 0
    scores = np.sort(score[rows[seen]])
    days = (bought.won_at[newest[seen]] - instants[panel.snapshot[rows[seen]]]) / _DAY
    plain = LastCustomers(wanted, scores.size, int((~seen).sum()), float(np.median(days)) if scores.size else None)
    if scores.size < FEW:
        return _with(plain, {}, None, f"cannot tell: {counted(scores.size, 'customer')} seen before buying")
    quantiles = {f"{share:g}": float(np.quantile(scores, share)) for share in QUANTILES}
    return _with(plain, quantiles, _line(scores), None)


def _with(
    plain: LastCustomers, scores: dict[str, float], line: tuple[float, float, float] | None, reason: str | None
) -> LastCustomers:
    at, low, high = line if line is not None else (None, None, None)
    return LastCustomers(
        plain.wanted, plain.customers, plain.unseen, plain.days_before_median, scores, at, low, high, reason
    )


def _last_rows(panel: Panel, lead: Ints) -> Ints:
    """The row of each lead at the last snapshot at which it was open; -1 where there is none."""
    rows = np.flatnonzero(np.isin(panel.lead, lead))
    rows = rows[np.lexsort((panel.snapshot[rows], panel.lead[rows]))]
    if not rows.size:
        return np.full(lead.size, -1)
    leads = panel.lead[rows]
    place = np.searchsorted(leads, lead, side="right") - 1
    return np.where((place >= 0) & (leads[place] == lead), rows[place], -1)


def _line(scores: Floats) -> tuple[float, float, float]:
    """The line that holds 80 % of rising scores at or above it, shortly written, and the order statistics around it."""
    from scipy.stats import binom  # noqa: PLC0415 - takes half a second

    count, below = scores.size, 1 - HELD
    at = count - int(np.ceil(HELD * count - 1e-9))  # 1e-9: 0.8 times 5 is a hair above 4
    low, high = (int(binom.ppf(tail, count, below)) for tail in ((1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2))
    line = shortest(np.unique([scores[0], scores[at], scores[max(at - 1, 0)]]))
    return float(line[-1]), float(scores[max(low - 1, 0)]), float(scores[min(high, count - 1)])
