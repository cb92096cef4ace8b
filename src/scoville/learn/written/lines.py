"""Where stages, grades, levels and priorities of a learned model begin.

In: the scores of all open leads at all snapshots, and what share converts at each. Out: `Lines`. Pure. Called by
`finishing`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from scoville.learn.written.rules import plain_number

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

Content = dict[str, Any]
# name, share of the leads that are about above it, times the usual rate that it asks for
QUALIFIED = (("MQL", 0.20, 2.0), ("SQL", 0.05, 4.0))
LEAD_SHARE = 0.5
GRADES = (("A", 0.10), ("B", 0.30), ("C", 0.60))
LEVELS = (("1", 0.10), ("2", 0.30), ("3", 0.60))


@dataclass(frozen=True)
class Scores:
    """Scores, fit and engagement of all open leads at all snapshots: what lines are drawn from."""

    score: Floats
    fit: Floats
    engagement: Floats


@dataclass(frozen=True)
class Lines:
    """Where stages, grades and levels begin; `grades` and `levels` end with a letter for everything below."""

    stages: tuple[tuple[str, float], ...]
    grades: dict[str, float | None]
    levels: dict[str, float | None]


def lines_of(seen: Scores, rate: Floats | None, base: float, *, alone: float = 0.0) -> Lines:
    """Stages, grades and levels.

    `alone` is the highest score that a single rule can make. `rate` is the calibrated rate of each whole score from 0
    to the end of the scale, None where it is not known; `base` the rate of all.

    Lead begins at the middle score. MQL begins where leads convert twice as often as usual, SQL four times; but no
    lower than twice, and no higher than half, of the share that is meant for it (20 % and 5 % of the leads), and SQL
    above what any rule reaches alone.
    """
    at, stages = 0.0, [("Prospect", 0.0)]
    wanted = [("Lead", _above(seen.score, LEAD_SHARE))]
    wanted += [(name, _line(seen.score, rate, base, share, times)) for name, share, times in QUALIFIED]
    highest = math.floor(float(seen.score.max(initial=0.0)))
    for name, line in wanted:
        least = math.floor(alone) + 1 if name == QUALIFIED[-1][0] else 0
        start = max(line, at + 1, min(least, highest))
        if at < start <= highest:
            stages.append((name, start))
            at = start
    grades, levels = _thresholds(seen.fit, GRADES, "D"), _thresholds(seen.engagement, LEVELS, "4")
    return Lines(tuple(stages), grades, levels)


def _line(score: Floats, rate: Floats | None, base: float, share: float, times: float) -> float:
    if rate is None or not (reached := np.flatnonzero(rate >= times * base)).size:
        return _above(score, share)
    return float(min(max(reached[0], _above(score, 2 * share)), _above(score, share / 2)))


def _above(score: Floats, share: float) -> float:
    """The whole score that about this share of the rows reaches."""
    return float(math.ceil(np.quantile(score, 1 - share) - 1e-9)) if score.size else 0.0


def _thresholds(points: Floats, shares: Sequence[tuple[str, float]], last: str) -> dict[str, float | None]:
    """The round points that these shares of the rows reach, falling; the last letter takes all below."""
    if not points.size or np.ptp(points) == 0:
        return {}
    low, high = float(points.min()), float(points.max())
    step = 5.0 if high - low >= 40 else 1.0  # noqa: PLR2004 - rounding to fives keeps eight steps then
    found: dict[str, float | None] = {}
    at = math.inf
    for name, share in shares:
        line = round(float(np.quantile(points, 1 - share)) / step) * step
        line = min(line, at - step, math.floor(high))
        if line > low:
            found[name] = plain_number(line)
            at = line
    return {**found, last: None} if found else {}


def priorities_of(lines: Lines) -> list[Content]:
    """What to do with them, where the default ones do not fit the letters there are."""
    if {"A", "B"} <= {*lines.grades} and {"1", "2"} <= {*lines.levels}:
        return []
    key, letters = ("grade", lines.grades) if lines.grades else ("level", lines.levels)
    if lines.grades and lines.levels:
        best_fit, levels = ([*of][: max(1, min(2, len(of) - 1))] for of in (lines.grades, lines.levels))
        best_level = [int(level) for level in levels]
        return [
            {"name": "hot", "when": {"grade": best_fit, "level": best_level}},
            {"name": "nurture", "when": {"grade": best_fit}},
            {"name": "engaged", "when": {"level": best_level}},
            {"name": "cold"},
        ]
    named = list(
        zip(("hot", "nurture"), [letter for letter, line in letters.items() if line is not None], strict=False)
    )
    return [*({"name": name, "when": {key: [letter]}} for name, letter in named), {"name": "cold"}] if named else []
