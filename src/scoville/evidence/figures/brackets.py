"""Conversion by bracket: do leads with more points convert more often, and does a threshold part them?

In: arrays of scores (or labels) and outcomes. Out: frozen brackets whose counts always add up to the whole. Pure.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist
from typing import TYPE_CHECKING, Literal

import numpy as np

from scoville.errors import UsageError
from scoville.evidence.figures.sample import FEW, Z, counted, design_effect, even_groups, rows_of, sample, wilson

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scoville.evidence.figures.sample import Bools, Floats, Ints, Sample

Verdict = Literal["works", "helps", "does not predict", "not shown", "points the wrong way", "cannot tell"]

TENS = 10  # points
WORKS = 3  # times as often above a threshold as below: what a threshold should reach
NEAR_ONE = 1.5  # an interval of the ratio within 1/1.5 and 1.5 shows that there is no difference worth having
SURE = 0.05
_NARROW, _WIDE = 20, 200  # points; outside of it, a tenth of the scale says more than tens of points


@dataclass(frozen=True)
class Bracket:
    """Rows whose score is at least `from_` and below `below` (the last one: up to `below`), or that carry `label`.

    `rate` is conversions / leads, with Wilson's interval from `low` to `high`; all None where the bracket is empty.
    `effective_leads` is what the rows count for once rows of one lead are counted as one: at most `leads`.
    """

    from_: float | None
    below: float | None
    label: str
    leads: int
    conversions: int
    rate: float | None
    low: float | None
    high: float | None
    effective_leads: float


@dataclass(frozen=True)
class Trend:
    """Whether the rate rises from bracket to bracket: True, False, or None where that is not shown; and why, in words.

    `z` and `p` are those of the Cochran-Armitage test for trend, two-sided; None where there is nothing to test.
    """

    rises: bool | None
    sentence: str
    z: float | None = None
    p: float | None = None


@dataclass(frozen=True)
class ThresholdRatio:
    """How many times as often rows at or above a threshold converted as rows below it.

    `leads`, `conversions`, `rate`: at or above. `ratio_above_below` is None where it is 0 / 0 or nothing stands on one
    side, and infinite where nobody below converted; `ratio_high` is infinite where the data sets no bound.
    """

    threshold: float
    leads: int
    conversions: int
    rate: float | None
    below_leads: int
    below_conversions: int
    below_rate: float | None
    ratio_above_below: float | None
    ratio_low: float | None
    ratio_high: float | None
    verdict: Verdict
    sentence: str


# Brackets


def by_tens(
    score: Floats | Sample, won: Bools | None, scale: tuple[float, float], lead: Ints | None = None
) -> tuple[Bracket, ...]:
    """Brackets of ten points over the whole scale (min, max), empty ones too; a tenth of a very short or long scale.

    A score outside of the scale goes to the bracket next to it.

    Raises:
        UsageError: an empty scale, columns of different length, or scores that are not finite.
    """
    low, high = scale
    if not low < high:
        raise UsageError(f"the scale must rise: found {low:g} to {high:g}")
    given = sample(score, won, lead)
    width = TENS if _NARROW <= high - low <= _WIDE else (high - low) / 10
    count = math.ceil(round((high - low) / width, 9))
    edges = [*(float(low + width * step) for step in range(count)), float(high)]
    group = np.clip(np.searchsorted(edges, given.score, side="right") - 1, 0, count - 1)
    return _brackets(given, group, edges)


def by_quantile(
    score: Floats | Sample, won: Bools | None = None, k: int = 10, lead: Ints | None = None
) -> tuple[Bracket, ...]:
    """At most `k` brackets of about equal size. Tied scores stay together, so that ties may leave fewer or uneven ones.

    Raises:
        UsageError: k below 1, columns of different length, or scores that are not finite.
    """
    if k < 1:
        raise UsageError(f"k must be 1 or more: found {k}")
    given = sample(score, won, lead)
    if not given.score.size:
        return ()
    values, level = given.levels
    group = even_groups(np.bincount(level).astype(np.float64), k)
    starts = values[np.flatnonzero(np.diff(group, prepend=-1))]
    return _brackets(given, group[level], [*starts.tolist(), float(values[-1])])


def by_label(
    labels: Sequence[str | None], won: Bools, order: Iterable[str] = (), lead: Ints | None = None
) -> tuple[Bracket, ...]:
    """One bracket per label: those of `order` first and always, then others by name; "(none)" is last.

    Give `order` from the label that should convert least to the one that should convert most, if `rises` is asked next.

    Raises:
        UsageError: columns of different length.
    """
    names = np.array(["" if label is None else label for label in labels], dtype=np.str_)
    places, codes = np.unique(names, return_inverse=True)
    return by_code(places.tolist(), codes, sample(np.zeros(names.size), won, lead), order)


def by_code(names: Sequence[str], codes: Ints, given: Sample, order: Iterable[str] = ()) -> tuple[Bracket, ...]:
    """As `by_label`, for rows that hold the place of their label in `names`; -1, and an empty name, are "(none)"."""
    known = np.flatnonzero(np.bincount(codes + 1)).tolist()
    there = {names[place - 1] if place else "" for place in known}
    ordered = list(dict.fromkeys([*order, *sorted(name for name in there if name), *([""] if "" in there else [])]))
    place_of = {name: place for place, name in enumerate(ordered)}
    places = np.array([place_of.get(name, -1) for name in (*names, "")], dtype=np.int64)  # the last one is code -1
    return tuple(
        _bracket(given, rows, None, None, name or "(none)")
        for name, rows in zip(ordered, rows_of(places[codes], len(ordered)), strict=True)
    )


def _brackets(given: Sample, group: Ints, edges: Sequence[float]) -> tuple[Bracket, ...]:
    groups = rows_of(group, len(edges) - 1)
    return tuple(
        _bracket(given, rows, start, end, f"{_end(start)} to {_end(end)}")
        for rows, start, end in zip(groups, edges[:-1], edges[1:], strict=True)
    )


def _end(points: float) -> str:
    """An end of a bracket as people read it: tenths of a point, and more digits only where points are that small."""
    return f"{points:,.1f}".removesuffix(".0") if abs(points) >= 1 or not points else f"{points:.1g}"


def _bracket(given: Sample, rows: Ints, start: float | None, end: float | None, label: str) -> Bracket:
    won, leads, wins = given.won[rows], rows.size, int(given.won[rows].sum())
    if not leads:
        return Bracket(start, end, label, 0, 0, None, None, None, 0.0)
    effect = design_effect(won, given.cluster[rows])
    return Bracket(start, end, label, leads, wins, wins / leads, *wilson(wins, leads, effect), leads / effect)


# Does the rate rise?


def rises(brackets: Sequence[Bracket]) -> Trend:
    """Whether the conversion rate rises along the brackets, in the order given.

    False where it falls: by the Cochran-Armitage test for trend (two-sided, 5 %), or where a bracket lies below an
    earlier one by more than both their intervals. True where the test shows a rise and no such fall. None otherwise.
    """
    filled = [bracket for bracket in brackets if bracket.leads]
    wins, leads = (sum(getattr(bracket, name) for bracket in filled) for name in ("conversions", "leads"))
    if min(wins, leads - wins) < FEW:
        short = counted(wins, "conversion") if wins <= leads - wins else f"{counted(leads - wins, 'lead')} without one"
        return Trend(None, f"cannot tell: {short}")
    if len(filled) == 1:
        return Trend(None, "cannot tell: all leads are in one bracket")
    z = _cochran_armitage(filled)
    p = 2 * NormalDist().cdf(-abs(z))
    if fall := _clear_fall(filled):
        high, low = fall
        rates = f"{low.label} converts at {low.rate:.1%}, {high.label} before it at {high.rate:.1%}"
        return Trend(rises=False, sentence=f"does not rise: {rates}, beyond chance", z=z, p=p)
    if p >= SURE:
        return Trend(None, f"not shown: so small a trend is often chance (p = {p:.2g})", z, p)
    shown = "rises from bracket to bracket" if z > 0 else "falls from bracket to bracket, the wrong way"
    return Trend(z > 0, f"{shown} ({_p(p)})", z, p)


def _p(p: float) -> str:
    return f"p = {p:.2g}" if p >= 0.001 else "p < 0.001"  # noqa: PLR2004 - where a p-value stops being read


def _cochran_armitage(filled: Sequence[Bracket]) -> float:
    """The statistic of Armitage 1955, doses 0, 1, 2 ... in the order of the brackets; effective leads as counts."""
    leads = np.array([bracket.effective_leads for bracket in filled])
    rate = np.array([bracket.rate for bracket in filled], dtype=np.float64)
    dose, whole = np.arange(leads.size), float(leads.sum())
    mean = float(leads @ rate) / whole
    spread = float(leads @ dose**2) - float(leads @ dose) ** 2 / whole
    return float((leads * dose) @ (rate - mean)) / math.sqrt(mean * (1 - mean) * spread)


def _clear_fall(filled: Sequence[Bracket]) -> tuple[Bracket, Bracket] | None:
    """The first bracket that lies below an earlier one beyond both intervals, with the highest of those earlier."""
    floor = filled[0]
    for bracket in filled:
        if (bracket.high or 0) < (floor.low or 0):
            return floor, bracket
        floor = max(floor, bracket, key=lambda one: one.low or 0)
    return None


# Does the threshold part them?


def threshold_ratio(
    score: Floats | Sample, won: Bools | None, threshold: float, lead: Ints | None = None
) -> ThresholdRatio:
    """Conversion at or above the threshold over conversion below it, with a score interval and a plain verdict.

    The interval inverts the score test of the ratio (Koopman 1984, with the variance of Miettinen and Nurminen 1985),
    which holds with zero conversions on either side, where Katz's log interval does not exist. Rows are first divided
    by the design effect of the log ratio, leads as clusters.

    Verdict, in this order: "cannot tell" (nobody on one side, or too few conversions); "works" (ratio 3 or more,
    interval above 1); "helps" (below 3, interval above 1); "points the wrong way" (interval below 1); "does not
    predict" (interval within 2/3 and 1.5); "not shown" (interval includes 1, and more than that).

    Raises:
        UsageError: columns of different length, or scores that are not finite.
    """
    given = sample(score, won, lead)
    above = given.score >= threshold
    rows, wins = _counts(given, above)
    below_rows, below_wins = _counts(given, ~above)
    ratio, low, high = _ratio(given, above)
    verdict, sentence = _judged(given, threshold, (rows, below_rows), (ratio, low, high))
    return ThresholdRatio(
        threshold=threshold,
        leads=rows,
        conversions=wins,
        rate=wins / rows if rows else None,
        below_leads=below_rows,
        below_conversions=below_wins,
        below_rate=below_wins / below_rows if below_rows else None,
        ratio_above_below=ratio,
        ratio_low=low,
        ratio_high=high,
        verdict=verdict,
        sentence=sentence,
    )


def _counts(given: Sample, side: Bools) -> tuple[int, int]:
    return int(side.sum()), int(given.won[side].sum())


def _ratio(given: Sample, above: Bools) -> tuple[float | None, float | None, float | None]:
    """The ratio and the ends of its interval; None where there is nothing to divide."""
    (rows, wins), (below_rows, below_wins) = _counts(given, above), _counts(given, ~above)
    if not (rows and below_rows and wins + below_wins):
        return None, None, None
    ratio = (wins / rows) / (below_wins / below_rows) if below_wins else math.inf
    effect = _ratio_effect(given, above)
    sides = (wins / effect, rows / effect, below_wins / effect, below_rows / effect)
    return ratio, _score_bound(*sides, upper=False), _score_bound(*sides, upper=True)


def _ratio_effect(given: Sample, above: Bools) -> float:
    """How many rows count for one in the log ratio, at least 1: its clustered variance over its binomial one.

    A lead may stand above in one snapshot and below in another; summing its deviations over both sees that. Where a
    side has no conversion (or nothing else) there is no variance to see, and every lead counts once.
    """
    if given.leads == given.score.size:
        return 1.0
    (rows, wins), (below_rows, below_wins) = _counts(given, above), _counts(given, ~above)
    if wins in {0, rows} or below_wins in {0, below_rows} or given.leads == 1:
        return given.score.size / given.leads
    deviation = np.where(above, (given.won - wins / rows) / wins, -(given.won - below_wins / below_rows) / below_wins)
    by_lead = np.bincount(given.cluster, deviation)
    clustered = float(by_lead @ by_lead) * given.leads / (given.leads - 1)
    return max(1.0, clustered / (1 / wins - 1 / rows + 1 / below_wins - 1 / below_rows))


def _score_bound(wins: float, rows: float, below_wins: float, below_rows: float, *, upper: bool) -> float:
    """Where the score test stops accepting a ratio, searched between e**-30 and e**30 by halving."""
    if not (below_wins if upper else wins):
        return math.inf if upper else 0.0
    rate, below_rate = wins / rows, below_wins / below_rows

    def rejected(log_ratio: float) -> bool:
        ratio = math.exp(log_ratio)
        a, b = (rows + below_rows) * ratio, rows * ratio + wins + below_rows + below_wins * ratio
        fitted_below = 2 * (wins + below_wins) / (b + math.sqrt(max(b * b - 4 * a * (wins + below_wins), 0.0)))
        fitted = ratio * fitted_below
        variance = fitted * (1 - fitted) / rows + ratio**2 * fitted_below * (1 - fitted_below) / below_rows
        whole = rows + below_rows
        return (rate - ratio * below_rate) ** 2 > Z**2 * variance * whole / (whole - 1)

    sign = 1 if upper else -1
    best = math.log(rate / below_rate) if wins and below_wins else -30.0 * sign
    inside, outside = best, 30.0 * sign
    for _ in range(80):
        middle = (inside + outside) / 2
        inside, outside = (inside, middle) if rejected(middle) else (middle, outside)
    return math.exp(inside)


def _judged(
    given: Sample, threshold: float, rows: tuple[int, int], ratio: tuple[float | None, float | None, float | None]
) -> tuple[Verdict, str]:
    value, low, high = ratio
    line = f"{threshold:g}"
    for side, count in zip((f"at or above {line}", f"below {line}"), rows, strict=True):
        if not count:
            return "cannot tell", f"cannot tell: no leads {side}"
    if min(given.leads_won, given.leads_lost) < FEW or value is None or low is None or high is None:
        return "cannot tell", given.cannot_tell or "cannot tell: no conversions"
    verdict = _verdict(value, low, high)
    reach = f"at least {low:.1f}" if math.isinf(high) else f"between {low:.1f} and {high:.1f}"
    if math.isinf(value):
        return verdict, f"{_SAYS[verdict]}: nobody below {line} converted ({reach} times as often above)"
    return verdict, f"{_SAYS[verdict]}: leads at or above {line} convert {value:.1f} times as often ({reach})"


_SAYS: dict[Verdict, str] = {
    "works": "it works",
    "helps": f"it helps, but less than {WORKS} times",
    "points the wrong way": "it points the wrong way",
    "does not predict": "it does not predict",
    "not shown": "not shown, chance alone may do this",
}


def _verdict(ratio: float, low: float, high: float) -> Verdict:
    if low > 1:
        return "works" if ratio >= WORKS else "helps"
    if high < 1:
        return "points the wrong way"
    return "does not predict" if low >= 1 / NEAR_ONE and high <= NEAR_ONE else "not shown"
