"""How far a distribution has moved between two periods: the population stability index, and what chance makes of it.

In: values of a base period and of now, or their counts. Out: `Bins`, `Shift`. Pure. The index is that of Siddiqi
(Credit Risk Scorecards, 2006): the sum over bins of (now - base) * ln(now / base), in shares of the leads. Between two
samples of one population it is about (1 / leads then + 1 / leads now) times a chi-square variable with bins - 1 degrees
of freedom (Yurdakul, Statistical Properties of Population Stability Index, Western Michigan University 2018): few leads
make a large index by chance alone.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from scoville.evidence.figures.sample import Z, even_groups, levels

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from scoville.evidence.figures.sample import Floats

Word = Literal["stable", "moved", "shifted", "not shown", "cannot tell"]

BINS = 10
MOVED, SHIFTED = 0.1, 0.25  # the usual words: below 0.1 nothing to do, from 0.25 act (Siddiqi 2006)
FEWEST_LEADS = 30  # on either side: with fewer, chance alone passes 0.25 even with two bins
FALSE_ALARMS = 0.01  # of all columns together: a scheduler that asks every week must not cry wolf twice a year
RARE_SHARE, RARE_LEADS = 0.01, 10  # a text on less than either is one of the others, and names nobody
MOST_TEXTS = 20
MISSING, OTHERS = "(missing)", "(others)"
_WHOLE = 1000  # from here on, digits after the point are noise
_EMPTY = 0.5  # leads that an empty bin counts for, where the index would be infinite
_FEWEST_EXPECTED = 3  # leads to expect in a bin of the smaller side, for the chi-square law to hold


@dataclass(frozen=True)
class Bins:
    """Where a column is cut, by what it was in the base period.

    Numbers: `starts` are the lowest values of all bins but the lowest, rising. A value that many leads share is a bin
    of its own. Texts: `texts` in lower case, as a model compares them; all others are counted together. Both have a
    last bin for what is missing.
    """

    starts: tuple[float, ...] = ()
    texts: tuple[str, ...] | None = None

    @property
    def labels(self) -> tuple[str, ...]:
        """What each bin holds, in words; missing is last."""
        if self.texts is not None:
            return (*self.texts, OTHERS, MISSING)
        return (*_ranges(self.starts), MISSING)

    def counts(self, values: NDArray[Any]) -> tuple[int, ...]:
        """Leads in each bin. Missing: NaN in numbers, None in texts."""
        if self.texts is not None:
            return self._texts(values)
        numbers = np.asarray(values, dtype=np.float64)
        known = numbers[~np.isnan(numbers)]
        places = np.searchsorted(np.array(self.starts), known, side="right")
        found = np.bincount(places, minlength=len(self.starts) + 1)
        return (*found.tolist(), numbers.size - known.size)

    def _texts(self, values: NDArray[Any]) -> tuple[int, ...]:
        names, found = text_counts(values)
        by_name = dict(zip(names, found, strict=True))
        kept = [by_name.get(text, 0) for text in self.texts or ()]
        return (*kept, sum(found) - sum(kept), len(values) - sum(found))


def text_counts(values: NDArray[Any]) -> tuple[list[str], list[int]]:
    """The different texts in lower case, without missing ones, and how many leads have each."""
    known = [str(value).lower() for value in values.tolist() if value is not None]
    names, found = np.unique(np.array(known, dtype=np.str_), return_counts=True)
    return names.tolist(), found.tolist()


def number_bins(values: Floats, bins: int = BINS) -> Bins:
    """About equal parts of the base period's numbers; NaN is missing.

    A value is never split, so that ties may leave fewer or uneven parts. A part that is a single value (0 points, say)
    holds that value alone: a new value beside it, which the base period did not have, is seen.
    """
    known = values[~np.isnan(values)]
    if not known.size:
        return Bins()
    found, level = levels(known)
    group = even_groups(np.bincount(level).astype(np.float64), bins)
    first = np.flatnonzero(np.diff(group, prepend=-1))
    last = np.append(first[1:] - 1, found.size - 1)
    alone = first == last
    starts = set(found[first[1:]].tolist()) | set(np.nextafter(found[last[alone]], np.inf).tolist())
    if alone[0]:
        starts.add(float(found[0]))
    return Bins(tuple(sorted(starts)))


def text_bins(values: NDArray[Any]) -> Bins:
    """Texts on at least 1 % and 10 of the base period's leads, the 20 most frequent at most."""
    names, found = text_counts(values)
    least = max(RARE_LEADS, RARE_SHARE * len(values))
    ranked = sorted((-count, name) for name, count in zip(names, found, strict=True) if count >= least)
    return Bins(texts=tuple(name for _, name in ranked[:MOST_TEXTS]))


def _ranges(starts: Sequence[float]) -> list[str]:
    if not starts:
        return ["any number"]
    inner = [
        _plain(low) if high == np.nextafter(low, np.inf) else f"{_plain(_told(low))} to {_plain(high)}"
        for low, high in pairwise(starts)
    ]
    return [f"below {_plain(starts[0])}", *inner, f"{_plain(_told(starts[-1]))} or more"]


def _told(number: float) -> float:
    """The next number after 0 is 0 to a person."""
    return 0.0 if abs(number) < np.finfo(np.float64).tiny else number


def _plain(number: float) -> str:
    return f"{number:,.0f}" if abs(number) >= _WHOLE else f"{number:.3g}"


@dataclass(frozen=True)
class Shift:
    """How far one column has moved.

    `psi` with its 95 % interval from `low` to `high`; `by_chance` is what the index of unmoved columns stays below 99
    times in 100, all of them together; `p` how often chance alone makes at least this much of this column, by Pearson's
    chi-square test of the same bins: the index tends to the same law, but leaps more while leads are few. `word`:
    "stable" (below 0.1), "moved" (0.1 to 0.25, beyond chance), "shifted" (from 0.25, beyond chance), "not shown" (0.1
    or more, but chance may do that), "cannot tell" (fewer than 30 leads on a side; then all figures are None).
    """

    psi: float | None
    low: float | None
    high: float | None
    by_chance: float | None
    p: float | None
    base_leads: int
    now_leads: int
    word: Word


def stability_index(base: Sequence[float], now: Sequence[float]) -> float:
    """The population stability index of counts per bin; unitless, at least 0.

    A bin that is empty on both sides counts for nothing, one that is empty on one side as half a lead.

    Example: stability_index([50, 50], [40, 60]) -> 0.0405 (0.1 ln 1.2 + 0.1 ln 1.25)
    """
    before, after = _shares(base, now)
    return float((after - before) @ np.log(after / before))


def shift(base: Sequence[int], now: Sequence[int], columns: int = 1) -> Shift:
    """How far the counts per bin have moved, and whether chance alone does that.

    `columns` is how many columns are looked at together: each must then be the surer of itself (Bonferroni), so that
    all together raise a false alarm at most once in a hundred times.
    """
    from scipy.stats import chi2, chi2_contingency  # noqa: PLC0415 - takes half a second

    leads = int(sum(base)), int(sum(now))
    if min(leads) < FEWEST_LEADS:
        return Shift(None, None, None, None, None, *leads, "cannot tell")
    psi, scale = stability_index(base, now), 1 / leads[0] + 1 / leads[1]
    merged, sure = _merged(base, now), FALSE_ALARMS / columns
    freedom = max(1, merged.shape[1] - 1)
    p = float(chi2_contingency(merged, correction=False).pvalue)
    by_chance = scale * float(chi2.isf(sure, freedom))
    low, high = _interval(base, now, psi, freedom * scale, 2 * freedom * scale**2)
    return Shift(psi, low, high, by_chance, p, *leads, _word(psi, p < sure))


def _word(psi: float, is_sure: bool) -> Word:  # noqa: FBT001 - one of two facts
    if psi < MOVED:
        return "stable"
    if not is_sure:
        return "not shown"
    return "shifted" if psi >= SHIFTED else "moved"


def _shares(base: Sequence[float], now: Sequence[float]) -> tuple[Floats, Floats]:
    before, after = np.asarray(base, np.float64), np.asarray(now, np.float64)
    filled = before + after > 0
    before, after = before[filled], after[filled]
    return np.maximum(before, _EMPTY) / before.sum(), np.maximum(after, _EMPTY) / after.sum()


def _merged(base: Sequence[int], now: Sequence[int]) -> Floats:
    """The counts as two rows, bins too small for the chi-square law put together."""
    share = min(sum(base), sum(now)) / (sum(base) + sum(now))
    pairs = sorted(zip(base, now, strict=True), key=sum)
    kept = [pair for pair in pairs if sum(pair) * share >= _FEWEST_EXPECTED]
    rest = pairs[: len(pairs) - len(kept)]
    if kept and sum(map(sum, rest)) * share < _FEWEST_EXPECTED:  # too few even together
        rest.append(kept.pop(0))
    return np.array([tuple(map(sum, zip(*rest, strict=True))), *kept], dtype=np.float64).T


def _interval(
    base: Sequence[int], now: Sequence[int], psi: float, bias: float, variance_by_chance: float
) -> tuple[float, float]:
    """Around the index less what chance adds to it: the delta method on multinomial shares, and the law of no change.

    The first alone has no width where nothing moved, the second alone is too narrow where much did.
    """
    before, after = _shares(base, now)
    slopes = np.log(before / after) + 1 - after / before, np.log(after / before) + 1 - before / after
    variance = variance_by_chance + sum(
        _spread(share, slope) / sum(leads)
        for share, slope, leads in zip((before, after), slopes, (base, now), strict=True)
    )
    reach = Z * math.sqrt(variance)
    return max(0.0, psi - bias - reach), max(0.0, psi - bias + reach)


def _spread(share: Floats, slope: Floats) -> float:
    return float(share @ slope**2) - float(share @ slope) ** 2
